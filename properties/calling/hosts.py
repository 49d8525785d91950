"""Hosts: a process for each subject, which imports it and makes the calls. The judge never imports it.

`Host` has the methods of `caller.Caller`, so that a `Call` need not know in which process the subject is. What a
subject does to its process is told apart: `Misbehaviour` is an answer that is none, `Ended` a process that ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import extremum.reference.subjects.loading
from extremum.properties.calling import caller, host_process
from extremum.properties.calling.caller import Misbehaviour, dtype_named
from extremum.reference.arithmetic.formats import Array

CAN_HOST = hasattr(os, "fork") and hasattr(socket, "socketpair")  # not on Windows
FILES = 2  # in each direction: one request is answered while the next is sent
LOOK_SECONDS = 0.25  # between two looks at a host that has not answered
STARTING_SECONDS = 60.0  # of a process before it imports anything of a subject's
LETTING_GO_SECONDS = 10.0  # until a supervisor that does not end is killed
MEMORY_SHARE = 4  # of the machine's memory one part in so many, where no limit is given
LINES_KEPT = 2  # the last ones, of what a host printed before it ended
LONGEST_LINE = 2**20  # of an answer
STRANGE = "its host answered with something else"
BOOT = """import importlib.util as u, json, sys
sys.path[:] = [p for p in sys.path if p]
g = json.loads(sys.argv[1])
s = u.spec_from_file_location("_host_process", g[0])
m = u.module_from_spec(s)
s.loader.exec_module(m)
m.main(*g[1:])"""


class Ended(BaseException):
    """The subject ended its process, or was ended with it; the text says how, as "SIGSEGV" or "exit 3".

    Not an `Exception`, so that nothing on the way takes it for an answer. `label` is that of a call sent ahead.
    """

    label: Any = None


class NoReturn(Ended):
    """A call, or the import, took longer than its limit."""


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


@dataclass
class Host:
    """A subject in a process of its own, which is started at the first call, and anew after it ended.

    `origin` says what is imported: {"spec": "file.py:softmax"} or {"registered": [role, name]}, and with which `python`
    where that is not this one. `library`, `axis` and
    `numbers` are as in `Caller`. A call of more than `seconds` raises `NoReturn`, unless another limit is given.
    """

    origin: Mapping[str, Any]
    limits: Limits = field(default_factory=Limits)
    library: str = "numpy"
    axis: str | None = None
    numbers: Sequence[bool] = ()
    seconds: float | None = None
    prepared: set[str] = field(default_factory=set)  # dtypes in which this process has been called
    too_long: dict[str, int] = field(default_factory=dict)  # by dtype: rows for which its memory did not suffice
    _process: _Process | None = None
    _loaded: bool = False
    _sent: _Question | None = None  # ahead
    _early: list[_Question] = field(default_factory=list)  # answered before they were asked for

    @property
    def pid(self) -> int | None:
        """The process that the subject is in, if there is one."""
        return self._process.pid if self._process else None

    def load(self) -> dict[str, Any]:
        """Start the process, and import the subject there: the `error` as `NotLoaded` has it, or nothing."""
        if self._loaded:
            self.end()
        self.begin()
        assert self._process is not None
        with self._ending():
            self._process.hello(STARTING_SECONDS)
            told = self._process.receive(self.limits.import_seconds, "the import")
        self._loaded = True
        return told

    def begin(self) -> None:
        """Start the process if there is none, and wait for nothing."""
        if self._process is None:
            self.prepared, self._loaded = set(), False
            self._process = _Process(self.limits, str(self.origin.get("python", sys.executable)))
            with self._ending():
                path = [] if "python" in self.origin else [place for place in sys.path if place]
                self._process.send([({"do": "load", "path": path, **self.origin}, ())])

    def about(self, inputs: Sequence[str], keywords: Sequence[str]) -> dict[str, Any]:
        """What `loading.about` says of the subject."""
        told = self._ask({"do": "about", "inputs": [*inputs], "keywords": [*keywords]}, ())
        names = {"callable": bool, "line": str, "module": str, "version": str, "type": str, "name": str, "shown": str}
        return self._checked(told, {**names, "libraries": list, "files": list, "refusals": dict})

    def fingerprint(self) -> str:
        """What `loading.fingerprint` says of all that is loaded in the process."""
        return str(self._checked(self._ask({"do": "fingerprint"}, ()), {"fingerprint": str})["fingerprint"])

    def start(self) -> None:
        """Start the process if there is none. Raises `Ended`, also where the subject can't be imported any more."""
        if not self._loaded:
            told = self.load()
            if "error" in told:
                self.end()
                raise Ended(str(told["error"]))

    def answer(
        self, arguments: Sequence[Array], axis: int | None = None, layout: str = "C", seconds: float | None = None
    ) -> Array:
        """As `Caller.answer`; with `seconds`, raises `NoReturn` where the answer takes longer."""
        return self._array(arguments, axis, layout, None, seconds)

    def answers(
        self, arguments: Sequence[Array], expected: tuple[int, ...], layout: str = "C", seconds: float | None = None
    ) -> Array:
        """As `Caller.answers`: the rows are gone through in the host."""
        return self._array(arguments, None, layout, expected, seconds)

    def watch(self, arguments: Sequence[Array], others: Sequence[Array]) -> dict[str, Any]:
        """As `Caller.watch`."""
        told = self._ask({"do": "watch"}, [*arguments, *others])
        return self._checked(told, {"changed": int, "overwritten": int, "printed": int, "states": list})

    def functions_called(self, arguments: Sequence[Array]) -> int:
        """As `Caller.functions_called`."""
        return int(self._checked(self._ask({"do": "count"}, arguments), {"count": int})["count"])

    def ahead(self, arguments: Sequence[Array], expected: tuple[int, ...] | None, label: Any) -> None:
        """Send the call that will be asked for next, by `answer` or with `expected` by `answers`, of these same arrays.

        It is made while the caller does something else. If the process ends in it, `Ended` has the `label`.
        """
        if self._loaded and self._sent is None:
            question = _Question(_answer(None, "C", expected), list(arguments), label)
            self._send([question])
            self._sent = question

    def end(self) -> None:
        """End the process, and all that it started."""
        process, self._process, self._sent, self._loaded = self._process, None, None, False
        if process is not None:
            process.end()

    def abandon(self) -> None:
        """End the process if a request was not answered: its answer may come when another is waited for."""
        if self._process is not None and self._loaded and self._process.unanswered:
            self.end()

    def _array(
        self,
        arguments: Sequence[Array],
        axis: int | None,
        layout: str,
        expected: tuple[int, ...] | None,
        seconds: float | None = None,
    ) -> Array:
        question = _Question(_answer(axis, layout, expected), list(arguments))
        self._settle()
        early = next((q for q in self._early if q.same(question)), None)
        if early is not None:
            self._early.remove(early)
            return early.answer()
        self.start()
        self._send([question])
        with self._ending():
            self._take(question, seconds)
        return question.answer()

    def together(self, each: Sequence[tuple[Sequence[Array], tuple[int, ...] | None]]) -> Iterator[Callable[[], Array]]:
        """Send several calls at once; yields for each what waits for its answer, or raises what came in its place.

        Each is as of `answer`, or with the shape that is expected of its rows as of `answers`.
        """
        self._settle()
        self.start()
        questions = [_Question(_answer(None, "C", expected), list(arguments)) for arguments, expected in each]
        self._send(questions)
        waiting = deque(questions)

        def answer() -> Array:
            question = waiting.popleft()
            with self._ending():
                self._take(question, None)
            return question.answer()

        try:
            for _ in each:
                yield answer
        finally:  # where one raised, nobody asks for the others
            while waiting and self._process is not None:
                with self._ending():
                    self._take(waiting.popleft(), None)

    def _send(self, questions: Sequence[_Question]) -> None:
        assert self._process is not None
        with self._ending():
            self._process.send([({**q.request, **self._form()}, q.arguments) for q in questions])

    def _settle(self) -> None:
        """Take the answer to what was sent ahead."""
        question, self._sent = self._sent, None
        if question is None:
            return
        try:
            with self._ending():
                self._take(question, None)
        except Ended as end:
            end.label = question.label
            raise
        except OutOfMemory as error:
            question.error = error
        self._early = [*self._early[-1:], question]

    def _take(self, question: _Question, seconds: float | None) -> None:
        assert self._process is not None
        told = self._process.receive(self.seconds if seconds is None else seconds, "one call")
        if "misbehaviour" in told:
            question.error = _misbehaviour(told)
            return
        try:
            out = np.empty([int(n) for n in told["shape"]], dtype_named(told["dtype"]))
            self._process.read(out, int(told["place"]))
        except (KeyError, TypeError, ValueError, MemoryError, Misbehaviour):
            raise Ended(STRANGE) from None
        question.out = out.astype(out.dtype.newbyteorder("S")) if told.get("swapped") else out

    def _ask(self, request: Mapping[str, Any], arrays: Sequence[Array], seconds: float | None = None) -> dict[str, Any]:
        self._settle()
        self.start()
        assert self._process is not None
        with self._ending():
            self._process.send([({**request, **self._form()}, arrays)])
            told = self._process.receive(seconds, "one call")
        if "misbehaviour" in told:
            raise _misbehaviour(told)
        return told

    def _checked(self, told: dict[str, Any], kinds: Mapping[str, type]) -> dict[str, Any]:
        """The answer, where it has these names with values of these kinds: a subject may write to the channel too."""
        if not all(isinstance(told.get(name), kind) for name, kind in kinds.items()):
            self.end()
            raise Ended(STRANGE)
        return told

    def _form(self) -> dict[str, Any]:
        return {"library": self.library, "keyword": self.axis, "numbers": [*self.numbers]}

    def _ending(self) -> _Ending:
        return _Ending(self)


def _misbehaviour(told: Mapping[str, Any]) -> Misbehaviour:
    return Misbehaviour(str(told["misbehaviour"]), bool(told.get("grave")))


def _answer(axis: int | None, layout: str, expected: tuple[int, ...] | None) -> dict[str, Any]:
    return {"do": "answer", "axis": axis, "layout": layout, "expected": expected}


@dataclass(eq=False)
class _Question:
    """A call that is asked for, and then what came of it."""

    request: Mapping[str, Any]
    arguments: list[Array]
    label: Any = None
    out: Array | None = None
    error: Exception | None = None

    def same(self, other: _Question) -> bool:
        """Whether both are the same call of the same arrays."""
        pairs = zip(self.arguments, other.arguments, strict=False)
        return (
            self.request == other.request
            and len(self.arguments) == len(other.arguments)
            and all(a is b for a, b in pairs)
        )

    def answer(self) -> Array:
        """The answer, or what is raised in its place."""
        if self.error is not None:
            raise self.error
        assert self.out is not None
        return self.out


@dataclass
class _Ending:
    """Where the process ended while the block ran, the host forgets it."""

    host: Host

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _at: object) -> None:
        if isinstance(error, (Ended, OutOfMemory)):
            self.host.end()


class _Process:
    """One process of a host, the channel to it, and the files that arrays go through."""

    def __init__(self, limits: Limits, python: str) -> None:
        self.limits = limits
        self.pid: int | None = None
        self._received = b""
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        self._asked, self._answered = _files(FILES), _files(FILES)
        self._messages, self._number, self._slot = 0, 0, 0
        self._asked_for: deque[int] = deque()  # the files of the requests without an answer
        self._channel, theirs = socket.socketpair()
        self._lifeline, beneath = socket.socketpair()
        given = [theirs.fileno(), beneath.fileno(), self._asked, self._answered]
        places = [host_process.__file__, extremum.reference.subjects.loading.__file__, caller.__file__]
        try:
            self._supervisor = subprocess.Popen(
                [python, "-c", BOOT, json.dumps([*places, *given])],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=(theirs.fileno(), beneath.fileno(), *self._asked, *self._answered),
                start_new_session=True,  # Ctrl-C is for the judge
            )
        finally:
            theirs.close()
            beneath.close()
        self._channel.settimeout(LOOK_SECONDS)

    def hello(self, seconds: float) -> None:
        """Wait for the process to be there."""
        self.pid = int(self._line(seconds, "its process")["process"])

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
            raise Ended(self._how()) from None

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
                data = self._channel.recv(2**16)
            except TimeoutError:
                looks += 1
                if seconds is not None and looks * LOOK_SECONDS > seconds:
                    raise NoReturn(f"{doing} had not returned after {seconds:g} s") from None
                if self._resident() > self.limits.memory_bytes:
                    raise OutOfMemory(f"needs more than {self.limits.memory_bytes / 1e9:.3g} GB of memory") from None
                continue
            except OSError:
                data = b""
            if not data or len(self._received) > LONGEST_LINE:
                raise Ended(self._how())
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Ended(STRANGE)
        return told

    def _resident(self) -> int:
        """The resident memory of the process in bytes, where that can be known."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError, ValueError):
            return 0

    def _how(self) -> str:
        """How the process ended, which it just did, and the last lines that it printed."""
        try:
            code = self._supervisor.wait(LETTING_GO_SECONDS)
        except subprocess.TimeoutExpired:
            return "its host closed the channel"
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        self._output.seek(0)
        said = self._output.read()[-(2**12) :].decode(errors="replace").rstrip().splitlines()
        lines = [line for line in said if line[:1].strip() and not line.startswith("Traceback")]
        return ": ".join([how, " / ".join(lines[-LINES_KEPT:])] if lines else [how])


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
