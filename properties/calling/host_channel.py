"""One process of a host, seen from the judge: how it is started, asked, listened to and ended.

What a process does to itself is told apart: `Ended` where it ended, `NoReturn` where it took too long, `OutOfMemory`.
`host_process` is the other end, and says what goes over the channel.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

import extremum.reference.subjects.loading
from extremum.properties.calling import array_library, caller, host_process
from extremum.properties.calling.resident_memory import ResidentMemory
from extremum.reference.arithmetic.formats import Array

T = TypeVar("T")

FILES = 2  # in each direction: one request is answered while the next is sent
LOOK_SECONDS = 0.25  # between two looks at a host that has not answered
LETTING_GO_SECONDS = 10.0  # until a supervisor that does not end is killed
MEMORY_SHARE = 4  # of the machine's memory one part in so many, where no limit is given
LINE_WIDTH = 300  # characters of such a line
LINES_KEPT = 2  # the last ones, of what a host printed before it ended
LONGEST_LINE = 2**24  # of an answer
STRANGE = "what came from it is no answer: the subject wrote where its process answers"
# What a host is given lies in a file that it inherits: nothing that a subject sees should tell it who calls it.
BOOT = """import sys
sys.path[:] = [p for p in sys.path if p]
import json, os
given = json.loads(os.pread(int(sys.argv.pop()), 2**16, 0))
host = {"__name__": "_host_process"}
with open(given[0], encoding="utf-8") as file:
    exec(compile(file.read(), "<host>", "exec"), host)
host["main"](*given[1:])"""
SENT_BY_OTHERS = ("SIGHUP", "SIGINT", "SIGKILL", "SIGTERM")
KILLS_BORNE = 2  # of one step: a subject that does it to itself does it again
HIDDEN = ("EXTREMUM", "HYPOTHESIS", "PYTEST")  # what begins the names of variables that a host is not given


class Ended(BaseException):
    """The subject ended its process, or was ended with it; the text says how, as "SIGSEGV" or "exit 3".

    Not an `Exception`, so that nothing on the way takes it for an answer.
    """


class NoReturn(Ended):
    """A call, or the import, took longer than its limit."""


class Killed(Ended):
    """It was ended by a signal that others send as well, as the system does where memory is short."""


class OutOfMemory(Exception):
    """The process needed more memory than it may have, and was ended."""


@dataclass(frozen=True)
class Limits:
    """What a host may take: seconds for its import and for a first call, which may compile; bytes of memory."""

    import_seconds: float = 30.0
    first_call_seconds: float = 60.0
    memory: int | None = None

    @property
    def memory_bytes(self) -> int:
        """The limit, or that share of the machine's memory."""
        return self.memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEMORY_SHARE


class HostProcess:
    """One process of a host, the channel to it, and the files that arrays go through."""

    def __init__(self, limits: Limits, python: str) -> None:
        self.limits = limits
        self.pid: int | None = None
        self._memory = ResidentMemory(0, 0)
        self._received = b""
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        self._asked, self._answered = _files(FILES), _files(FILES)
        self._messages, self._number, self._slot = 0, 0, 0
        self._asked_for: deque[int] = deque()  # the files of the requests without an answer
        self._channel, theirs = socket.socketpair()
        self._lifeline, beneath = socket.socketpair()
        given = [theirs.fileno(), beneath.fileno(), self._asked, self._answered]
        modules = host_process, extremum.reference.subjects.loading, caller, array_library
        places = [module.__file__ for module in modules]
        _write(self._asked[0], json.dumps([*places, *given]).encode(), 0)
        try:
            self._supervisor = subprocess.Popen(
                [python, "-c", BOOT, str(self._asked[0])],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=(theirs.fileno(), beneath.fileno(), *self._asked, *self._answered),
                start_new_session=True,  # Ctrl-C is for the judge
                env={name: value for name, value in os.environ.items() if not name.upper().startswith(HIDDEN)},
            )
        finally:
            theirs.close()
            beneath.close()
        self._channel.settimeout(LOOK_SECONDS)

    def hello(self, seconds: float) -> None:
        """Wait for the process to be there."""
        self.pid = int(self._line(seconds, "its process")["process"])
        self._memory.close()
        self._memory = ResidentMemory(self.pid, self._supervisor.pid)

    def send(self, requests: Sequence[tuple[Mapping[str, Any], Sequence[Array]]]) -> None:
        """Send requests, each with its arrays: those of all lie in one file."""
        self._messages += 1
        slot, place = self._messages % FILES, 0
        lines: list[str] = []
        for request, arrays in requests:
            self._asked_for.append(slot)
            self._number += 1
            head = {
                "arrays": [[a.dtype.name, a.shape] for a in arrays],
                "slot": slot,
                "place": place,
                "first": not lines,
            }
            lines.append(json.dumps({**request, **head, "number": self._number}))
            for array in arrays:
                place += _write(self._asked[slot], _bytes(array), place)
        try:
            self._channel.sendall("\n".join([*lines, ""]).encode())
        except TimeoutError:
            raise NoReturn("its host takes no requests") from None
        except OSError:
            raise self._end() from None

    def receive(self, seconds: float | None, doing: str) -> dict[str, Any]:
        """The answer to the request that was sent first of those without one."""
        told = self._line(seconds, doing)
        self._slot = self._asked_for.popleft()
        if told.get("number") != self._number - len(self._asked_for):
            raise Ended(STRANGE)
        return told

    @property
    def unanswered(self) -> bool:
        """Whether some request has no answer yet."""
        return bool(self._asked_for)

    def read(self, out: Array, place: int) -> None:
        """Fill `out` with what the last answer left at this place of its file; `ValueError` where that is less."""
        data, done = memoryview(_bytes(out)), 0
        while done < len(data):
            got = os.preadv(self._answered[self._slot], [data[done:]], place + done)
            if not got:
                raise ValueError("the file is shorter than the answer")
            done += got

    def end(self) -> None:
        """Let go of the supervisor, which then kills all that there is."""
        self._lifeline.close()
        self._channel.close()
        self._memory.close()
        try:
            self._supervisor.wait(LETTING_GO_SECONDS)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        self._output.close()
        for file in (*self._asked, *self._answered):
            with suppress(OSError):
                os.close(file)
        self._asked = self._answered = []

    def _line(self, seconds: float | None, doing: str) -> dict[str, Any]:
        """The next line. Time is counted in looks, so that what stands still as a whole takes no time."""
        looks = 0
        while b"\n" not in self._received:
            try:
                data: bytes | None = self._channel.recv(2**16)
            except TimeoutError:
                data = None
            except OSError:
                data = b""
            if data == b"" or len(self._received) > LONGEST_LINE:
                raise self._end()
            self._received += data or b""
            if data is None or len(data) < 2**16:  # a line that comes bit by bit is waited for no longer than another
                looks += 1
                if seconds is not None and looks * LOOK_SECONDS > seconds and b"\n" not in self._received:
                    raise NoReturn(f"{doing} had not returned after {seconds:g} s")
                if self._memory.exceeds(self.limits.memory_bytes):
                    raise OutOfMemory(f"needs more than {self.limits.memory_bytes / 1e9:.3g} GB of memory")
        line, _, self._received = self._received.partition(b"\n")
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise Ended(STRANGE)
        return told

    def _end(self) -> Ended:
        """How the process ended, which it just did, and the last lines that it printed."""
        try:
            code = self._supervisor.wait(LETTING_GO_SECONDS)
        except subprocess.TimeoutExpired:
            return Ended("its host closed the channel")
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        if how in SENT_BY_OTHERS:
            return Killed(how)
        self._output.seek(max(self._output.seek(0, os.SEEK_END) - 2**12, 0))
        said = self._output.read(2**12).decode(errors="replace").rstrip().splitlines()
        lines = [line[:LINE_WIDTH] for line in said if line[:1].strip() and not line.startswith("Traceback")]
        return Ended(": ".join([how, " / ".join(lines[-LINES_KEPT:])] if lines else [how]))


def undisturbed(step: Callable[[], T]) -> T:
    """What `step()` comes to, begun again where a process of its host was killed, whoever did that.

    Raises `Killed` where that happens again and again.
    """
    for _ in range(KILLS_BORNE):
        with suppress(Killed):
            return step()
    return step()


def _files(count: int) -> list[int]:
    """So many files that have no name: in memory where there is such a thing."""
    make = partial(os.memfd_create, "arrays") if hasattr(os, "memfd_create") else _unlinked
    return [make() for _ in range(count)]


def _unlinked() -> int:
    file, name = tempfile.mkstemp()
    os.unlink(name)
    return file


def _bytes(array: Array) -> Any:
    """The bytes of an array, in C order: those of its own memory, where that is contiguous."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _write(file: int, data: Any, place: int) -> int:
    view, done = memoryview(data), 0
    while done < len(view):
        done += os.pwrite(file, view[done:], place + done)
    return done
