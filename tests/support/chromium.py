"""Headless Chromium, driven by the DevTools protocol over a pipe: pages are opened, clicked in and measured.

with Browser() as browser:
    page = browser.open(path, width=1280)
    page.run("document.title")
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")
# Chromium reads commands from descriptor 3 and answers on 4, whatever numbers the pipes have here.
LAUNCH = """
import fcntl, os, sys
given, answers = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(given, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def chromium() -> str | None:
    """The path of a Chromium, if one is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A Chromium of its own, with a profile that goes with it."""

    def __enter__(self) -> Self:
        found = chromium()
        assert found is not None
        self.profile = tempfile.mkdtemp()
        theirs, ours = os.pipe()
        answers, their_answers = os.pipe()
        command = [sys.executable, "-c", LAUNCH, str(theirs), str(their_answers), found, *FLAGS]
        self.process = subprocess.Popen(
            [*command, f"--user-data-dir={self.profile}"],
            pass_fds=(theirs, their_answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(their_answers)
        self.commands, self.answers = os.fdopen(ours, "wb", 0), os.fdopen(answers, "rb", 0)
        self.buffer, self.number = b"", 0
        self.events: list[dict[str, Any]] = []
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.commands.close()
        self.process.terminate()
        self.process.wait()
        self.answers.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The answer to a command; raises `RuntimeError` where it fails. Events on the way are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        self.commands.write(json.dumps({**message, **({"sessionId": session} if session else {})}).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result = answer["result"]
                assert isinstance(result, dict)
                return result
            self.events.append(answer)

    def wait(self, method: str) -> None:
        """Wait for an event."""
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            part = self.answers.read(1 << 16)
            if not part:
                raise RuntimeError("chromium has ended")
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(line)
        assert isinstance(message, dict)
        return message

    def open(self, path: Path, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        """The page in a file, in a window of that size."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        self.ask("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        for domain in ("Page", "Runtime", "Log"):
            page.ask(f"{domain}.enable")
        page.ask("Emulation.setFocusEmulationEnabled", enabled=True)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        page.ask("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        page.ask("Page.navigate", url=path.resolve().as_uri())
        self.wait("Page.loadEventFired")
        return page


class Page:
    """A page that is open."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command about this page."""
        return self.browser.ask(method, self.session, **parameters)

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript, as after a click; raises `RuntimeError` for an exception."""
        asked = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = self.ask("Runtime.evaluate", expression=expression, **asked)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    @property
    def complaints(self) -> list[str]:
        """What the page logged as an error, or raised."""
        told = [e for e in self.browser.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
        return [json.dumps(e["params"]) for e in told]
