"""Hosts: a process for each subject, which imports it and makes the calls. The judge never imports it.

`Host` has the methods of `caller.Caller`, so that a `Call` need not know in which process the subject is. An answer
that is none is `Misbehaviour` here too; what the subject does to its process is as `host_channel` tells it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from types import UnionType
from typing import Any

import numpy as np

from extremum.properties.calling.caller import CAUSE_WIDTH, LARGEST_ANSWER, Misbehaviour, dtype_named
from extremum.properties.calling.host_channel import STRANGE, Ended, HostProcess, Limits, OutOfMemory
from extremum.reference.arithmetic.exact_text import jets_of, request
from extremum.reference.arithmetic.formats import Array

CAN_HOST = hasattr(os, "fork") and hasattr(socket, "socketpair")  # not on Windows
STARTING_SECONDS = 60.0  # of a process before it imports anything of a subject's
# What reading a message raises that a subject made up: its values may be of any type and any size.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, TypeError, ValueError, Misbehaviour)


@dataclass
class Host:
    """A subject in a process of its own, which is started at the first call, and anew after it ended.

    `origin` says what is imported: {"spec": "file.py:softmax"} or {"registered": [role, name]}, and with which `python`
    where that is not this one. `library`, `axis`, `numbers`, `out` and `beside` are as in `Caller`. A call of more than
    `seconds` raises `NoReturn`, unless another limit is given. `awaited` is the label of a call sent ahead, while its
    answer is waited for, and after it ended the process.
    """

    origin: Mapping[str, Any]
    limits: Limits = field(default_factory=Limits)
    library: str = "numpy"
    axis: str | None = None
    numbers: Sequence[bool] = ()
    out: str = ""
    seconds: float | None = None
    prepared: set[str] = field(default_factory=set)  # dtypes in which this process has been called
    too_long: dict[str, int] = field(default_factory=dict)  # by dtype: rows for which its memory did not suffice
    seen: set[Any] = field(default_factory=set)  # shapes, dtypes and axes with which this process has been called
    has_hung: bool = False  # in a call that was made again: what does not return is waited for no longer than it must
    awaited: Any = None
    beside: str = ""
    _process: HostProcess | None = None
    _loaded: bool = False
    _sent: _Question | None = None  # ahead
    _early: list[_Question] = field(default_factory=list)  # answered before they were asked for

    @property
    def pid(self) -> int | None:
        """The process that the subject is in, if there is one."""
        return self._process.pid if self._process else None

    def anew(self) -> Host:
        """Another host of the same subject, whose process has answered nothing yet."""
        return Host(self.origin, self.limits, self.library, self.axis, self.numbers, self.out, self.seconds)

    def call_as(self, other: Host) -> None:
        """Call the subject from now on as another host does: in whose arrays, and with what."""
        self.library, self.axis, self.numbers, self.out = other.library, other.axis, other.numbers, other.out

    def load(self) -> dict[str, Any]:
        """Start the process, and import the subject there: the `error` as `NotLoaded` has it, or nothing."""
        if self._loaded:
            self.end()
        self.begin()
        assert self._process is not None
        try:
            with self._ending():
                self._process.hello(STARTING_SECONDS)
                told = self._process.receive(self.limits.import_seconds, "the import")
        except OutOfMemory as error:
            raise Ended(f"its import {error}") from None
        self._loaded = True
        if "error" not in told:
            return self._checked_texts(self._checked(told, {"warnings": list}), told["warnings"])
        told = self._checked(told, {"error": str, "word": str, "failed": bool, "choices": list | None})
        return self._checked_texts(told, told["choices"] or ())

    def begin(self) -> None:
        """Start the process if there is none, and wait for nothing."""
        if self._process is None:
            self.prepared, self.seen, self._loaded = set(), set(), False
            self._process = HostProcess(self.limits, str(self.origin.get("python", sys.executable)))
            with self._ending():
                path = [] if "python" in self.origin else [place for place in sys.path if place]
                self._process.send([({"do": "load", "path": path, **self.origin}, ())])

    def about(self, inputs: Sequence[str], keywords: Sequence[str]) -> dict[str, Any]:
        """What `loading.about` says of the subject."""
        told = self._ask({"do": "about", "inputs": [*inputs], "keywords": [*keywords]}, (), self.limits.import_seconds)
        texts_of = dict.fromkeys(("line", "module", "version", "type", "name", "shown"), str)
        names = {"callable": bool, "instance": bool, **texts_of}
        lists = dict.fromkeys(("arrays", "annotated", "libraries", "files"), list)
        told = self._checked(told, {**names, **lists, "defaults": dict, "sizes": dict})
        sizes = told["sizes"].values()
        if not all(isinstance(own, list) and own and all(isinstance(n, int | None) for n in own) for own in sizes):
            raise self._strange()
        self._checked(told, {"definition": list | None})
        match told["definition"]:
            case None | [str(), int()]:
                pass
            case _:
                raise self._strange()
        parameters, refusals = told.get("parameters"), told.get("refusals")
        if not isinstance(parameters, list | None) or not isinstance(refusals, dict):
            raise self._strange()
        asked = set() if parameters is None else {"", *keywords}
        texts = [
            *(parameters or ()),
            *told["arrays"],
            *told["annotated"],
            *told["libraries"],
            *told["files"],
            *told["defaults"].values(),
        ]
        if not asked <= refusals.keys():
            raise self._strange()
        return self._checked_texts(told, (*texts, *refusals.values()))

    def absent(self, library: str) -> str:
        """Why it gets no arrays of that library, or not on its device: there are none here. Else ""."""
        told = self._ask({"do": "absent", "library": library}, (), self.limits.first_call_seconds)
        return str(self._checked(told, {"absent": str})["absent"])

    def fingerprint(self) -> str:
        """What `loading.fingerprint` says of all that is loaded in the process."""
        told = self._ask({"do": "fingerprint"}, (), self.limits.import_seconds)
        return str(self._checked(told, {"fingerprint": str})["fingerprint"])

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

    def exact(self, argument: Array) -> Array:
        """The answer to an array of jets, shape (n,); raises `Misbehaviour` with what it does in place of an answer."""
        told = self._ask({"do": "exact", "library": self.library, **request(argument)}, (), self.seconds)
        if "unanswered" in told:
            raise Misbehaviour(str(told["unanswered"])[:CAUSE_WIDTH])
        try:
            return jets_of(told, argument)
        except UNREADABLE:
            raise self._strange() from None

    def functions_called(self, arguments: Sequence[Array]) -> int:
        """As `Caller.functions_called`."""
        return int(self._checked(self._ask({"do": "count"}, arguments), {"count": int})["count"])

    def ahead(self, arguments: Sequence[Array], expected: tuple[int, ...] | None, label: Any) -> None:
        """Send the call that will be asked for next, by `answer` or with `expected` by `answers`, of these same arrays.

        It is made while the caller does something else. `awaited` is the `label` while its answer is waited for.
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

    @contextmanager
    def together(self, each: Sequence[tuple[Sequence[Array], tuple[int, ...] | None]]) -> Iterator[Callable[[], Array]]:
        """Send several calls at once; what this gives waits for the answer to the next, or raises what came instead.

        Each is as of `answer`, or with the shape that is expected of its rows as of `answers`.
        """
        self._settle()
        self.start()
        waiting = deque(_Question(_answer(None, "C", expected), list(arguments)) for arguments, expected in each)
        self._send(list(waiting))

        def answer() -> Array:
            question = waiting.popleft()
            with self._ending():
                self._take(question, None)
            return question.answer()

        try:
            yield answer
        except (Misbehaviour, OutOfMemory):  # nobody asks for the others
            while waiting and self._process is not None:
                with self._ending():
                    self._take(waiting.popleft(), None)
            raise

    def _send(self, questions: Sequence[_Question]) -> None:
        assert self._process is not None
        with self._ending():
            self._process.send([({**q.request, **self._form()}, q.arguments) for q in questions])

    def _settle(self) -> None:
        """Take the answer to what was sent ahead."""
        question, self._sent, self.awaited = self._sent, None, None
        if question is None:
            return
        self.awaited = question.label
        try:
            with self._ending():
                self._take(question, None)
        except OutOfMemory as error:
            question.error = error
        self.awaited = None
        self._early = [*self._early[-1:], question]

    def _take(self, question: _Question, seconds: float | None) -> None:
        assert self._process is not None
        told = self._process.receive(self.seconds if seconds is None else seconds, "one call")
        if "misbehaviour" in told:
            question.error = _misbehaviour(told)
            return
        try:
            shape, dtype = [int(n) for n in told["shape"]], dtype_named(told["dtype"])
            if prod(shape) * dtype.itemsize > LARGEST_ANSWER:
                raise ValueError(shape)
            out = np.empty(shape, dtype)
            self._process.read(out, int(told["place"]))
            self.beside = str(told["beside"])[:CAUSE_WIDTH]
        except UNREADABLE:
            raise Ended(STRANGE) from None
        question.out = out.astype(out.dtype.newbyteorder("S")) if told.get("swapped") else out

    def _ask(self, request: Mapping[str, Any], arrays: Sequence[Array], seconds: float | None = None) -> dict[str, Any]:
        self._settle()
        self.start()
        assert self._process is not None
        with self._ending():
            self._process.send([({**self._form(), **request}, arrays)])
            told = self._process.receive(seconds, "one call")
        if "misbehaviour" in told:
            raise _misbehaviour(told)
        return told

    def _checked(self, told: dict[str, Any], kinds: Mapping[str, type | UnionType]) -> dict[str, Any]:
        """The answer, where it has these names with values of these kinds: a subject may write to the channel too."""
        if not all(name in told and isinstance(told[name], kind) for name, kind in kinds.items()):
            raise self._strange()
        return told

    def _checked_texts(self, told: dict[str, Any], texts: Iterable[Any]) -> dict[str, Any]:
        """The answer, where these values of it are texts."""
        if not all(isinstance(text, str) for text in texts):
            raise self._strange()
        return told

    def _strange(self) -> Ended:
        self.end()
        return Ended(STRANGE)

    def _form(self) -> dict[str, Any]:
        return {"library": self.library, "keyword": self.axis, "numbers": [*self.numbers], "out": self.out}

    def _ending(self) -> _Ending:
        return _Ending(self)


def _misbehaviour(told: Mapping[str, Any]) -> Misbehaviour:
    return Misbehaviour(str(told["misbehaviour"])[:CAUSE_WIDTH], bool(told.get("grave")))


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
