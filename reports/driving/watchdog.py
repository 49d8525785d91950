"""The watchdog: it ends workers whose calls do not return.

It looks from another process, so that it sees a call in compiled code that never lets go of the interpreter. And it
counts its own looks, not the hours: where the whole run stands still (Ctrl-Z, a frozen container, a debugger), no call
has taken longer for it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from extremum.properties.calling.recorder import Recorded, calling

POLL_SECONDS = 0.5  # between two looks, at most
PR_SET_PDEATHSIG = 1  # of prctl(2)


class Watchdog:
    """Looks at the flight recorders in a folder, and ends the process of a call that has taken `limit` seconds.

    It leaves a file `NAME.hung` beside the recorder `NAME.call`.
    """

    def __init__(self, folder: Path, limit: float | None) -> None:
        self.folder, self.limit = folder, limit
        self.poll_seconds = POLL_SECONDS if limit is None else min(POLL_SECONDS, limit / 4)
        self._looks: dict[Path, tuple[Recorded, int]] = {}
        self._forgotten: set[str] = set()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        if self.limit is not None:
            threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def forget(self, name: str) -> None:
        """Look no more at the recorder of a worker that has ended: its number may be another process's."""
        self._forgotten.add(name)

    def look(self) -> None:
        """Count one more look for each call that is under way, and end those that have had too many."""
        for file in self.folder.glob("*.call"):
            call = calling(file)
            before, looks = self._looks.get(file, (None, 0))
            if call is None or file.stem in self._forgotten:
                self._looks.pop(file, None)
            elif call != before:
                self._looks[file] = call, 0
            elif self.limit is not None and (looks + 1) * self.poll_seconds <= self.limit:
                self._looks[file] = call, looks + 1
            elif _ended(call.process):
                self.forget(file.stem)  # it crashed, and nobody has told of it yet
            elif calling(file) == call:
                self.forget(file.stem)
                file.with_suffix(".hung").write_text(f"one call had not returned after {self.limit:g} s\n")
                with suppress(ProcessLookupError):
                    os.kill(call.process, getattr(signal, "SIGKILL", signal.SIGTERM))

    def _run(self) -> None:
        while not self._over.wait(self.poll_seconds):
            self.look()


def _ended(process: int) -> bool:
    """Whether this process of ours has ended, though nobody may have asked for its exit status yet."""
    try:
        return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except (AttributeError, ChildProcessError):  # there is no such call, or it is no child
        return False


def end_with_parent(parent: int | None = None) -> None:
    """See to it that this process ends when its parent does, whatever a call is doing then.

    Linux does that; elsewhere a thread looks, which a call that never lets go of the interpreter keeps from it. Where
    the number of the `parent` is known, this process ends at once if that has ended before.
    """
    parent = parent or os.getppid()
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0:
        if os.getppid() != parent:
            os._exit(1)
        return

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
