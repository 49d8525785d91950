"""Calling a subject safely: copies in, copies out, and every misbehaviour as one kind of error."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeVar

import numpy as np

from extremum.properties.calling.recorder import Recorder
from extremum.properties.calling.time_limit import OutOfTime, limited
from extremum.properties.inputs.layouts import present
from extremum.properties.values.signature import Arguments, Signature, first
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.subjects.subject import Subject


def _sole_references() -> int:
    """What `getrefcount` tells of an array in one variable, by this interpreter: from 3.14 on, 1 where it was 2."""
    out = np.empty(1)
    return sys.getrefcount(out)


OURS = _sole_references()


class Misbehaviour(Exception):
    """The subject gave no answer that can be judged; its text is the cause, in one line."""


class Declined(Exception):
    """The subject refused an input that it may refuse; nothing was shown either way."""


T = TypeVar("T")


@dataclass(frozen=True)
class Expired:
    """A step that ran out of time, and the call that was then under way: its arguments and how long it had taken."""

    arguments: Arguments | None
    axis: int | None
    seconds_in_call: float


class Printed(io.StringIO):
    """What a subject prints; it cannot be closed under our feet."""

    def close(self) -> None:
        """Stay open."""


@dataclass
class Call:
    """A subject ready to be called with NumPy arrays, by the signature of its role.

    The subject gets fresh copies, so that it cannot harm the caller's arrays. `printed` collects what it
    wrote to standard output and error; `last` are the arguments and the axis of the last call, and `began` is when
    it did, on `clock`.
    """

    subject: Subject
    signature: Signature = field(default_factory=Signature)
    recorder: Recorder | None = None
    printed: io.StringIO = field(default_factory=Printed)
    last: tuple[Arguments, int | None] | None = None
    clock: Callable[[], float] = time.monotonic
    began: float = 0.0
    under_way: bool = False

    @property
    def axis(self) -> str | None:
        """The keyword that the subject takes the axis by, if the role has one."""
        return self.subject.axis if self.signature.batched else None

    def seconds_in_call(self) -> float:
        """Seconds since the call that is under way began; 0 where none is."""
        return self.clock() - self.began if self.under_way else 0.0

    def within(self, seconds: float | None, step: Callable[[], T]) -> T | Expired:
        """What `step()` returns, or how it ran out of time: after `seconds`, if these are not None."""
        try:
            with quiet(), limited(seconds) as clock:
                self.clock = clock
                return step()
        except OutOfTime:
            return self._expired()
        except Exception:
            # The alarm may come inside a library, which turns it into an error of its own.
            if seconds is None or self.clock() < seconds:
                raise
            return self._expired()
        finally:
            self.returned()

    def _expired(self) -> Expired:
        arguments, axis = self.last if self.last is not None else (None, None)
        return Expired(arguments, axis, self.seconds_in_call())

    def raw(self, arguments: Arguments, axis: int | None = None) -> Any:
        """The answer to one call as it came, for arrays handed over as they are: no copy is made."""
        self.last, self.began, self.under_way = (arguments, axis), self.clock(), True
        if self.recorder is not None:
            self.recorder.note(arguments, axis)
        keywords = {self.axis: -1 if axis is None else axis} if self.axis else {}
        try:
            # What it prints is kept from the terminal; what it does to NumPy's error state ends with the call.
            with redirect_stdout(self.printed), redirect_stderr(self.printed), np.errstate():
                given = [self._given(name, a) for name, a in arguments.items()]
                return self.subject.function(*given, **keywords)
        except (KeyboardInterrupt, OutOfTime):
            raise
        except BaseException as error:  # SystemExit and its like too: it is the subject's, not ours
            self.returned()
            text = (str(error).splitlines() or [""])[0]
            raise Misbehaviour(f"raises {type(error).__name__}: {text}"[:300]) from error

    def returned(self) -> None:
        """The last call has come back: tell the recorder, and let its arguments go."""
        self.under_way, self.last = False, None
        if self.recorder is not None:
            self.recorder.back()

    def array(self, arguments: Arguments, axis: int | None = None, layout: str = "C") -> Array:
        """The answer to one call as a NumPy array of memory that nobody else holds, whatever its shape and dtype."""
        handed = {name: present(np.asarray(a), layout) for name, a in self.signature.of(arguments).items()}
        out = self.taken(self.raw(handed, axis))
        own = type(out) is np.ndarray and out.flags.owndata and out.flags.c_contiguous and sys.getrefcount(out) <= OURS
        return out if own else np.array(out, copy=True)

    def taken(self, answer: Any) -> Array:
        """A raw answer as a NumPy array, on the same memory where the library shares it; a Python float as float64."""
        try:
            array = np.asarray(answer) if isinstance(answer, float) else self.subject.adapter.take(answer)
        except TypeError as error:
            raise Misbehaviour(str(error)) from error
        finally:  # not before: a library may compute it only now
            self.returned()
        if array.dtype.hasobject:
            raise Misbehaviour(f"returned an array of dtype {array.dtype}")
        return array

    def answer(self, arguments: Arguments, axis: int | None = None, layout: str = "C") -> Array:
        """The answer to one call, floating and of the role's shape; its values are kept whatever its dtype."""
        out = self.array(arguments, axis, layout)
        given = first(arguments)
        expected = self.signature.answer(arguments, -1 if axis is None else axis)
        if out.shape != expected:
            raise Misbehaviour(f"returned shape {out.shape}, not {expected}, for input of shape {given.shape}")
        if not is_floating(out):
            raise Misbehaviour(f"returned dtype {out.dtype} for input of dtype {given.dtype}")
        return out if out.dtype.isnative else out.astype(out.dtype.newbyteorder("="))

    def calls(self, arguments: Arguments) -> list[Arguments]:
        """The arguments of the calls that rows of arguments come to: one, or one for each row."""
        if self.signature.batched:
            return [self.signature.of(arguments)]
        return [self.signature.row(arguments, r) for r in range(len(first(arguments)))]

    def rows(self, arguments: Arguments, layout: str = "C") -> Array:
        """The answers to rows of arguments, under any leading axes, flattened to (rows, width)."""
        count = prod(first(arguments).shape[:-1]) if self.signature.batched else 1
        answers = [self.answer(one, layout=layout).reshape(count, -1) for one in self.calls(arguments)]
        return answers[0] if len(answers) == 1 else np.concatenate(answers)

    def _given(self, name: str, a: Array) -> Any:
        if self.signature.inputs.get(name) == 0:
            number: Any = a[()]
            if self.subject.adapter.name == "numpy" and not isinstance(number, np.number):
                return number  # a Python float promotes the arrays of ml_dtypes
            return int(a) if a.dtype.kind in "iu" else float(a)
        return self.subject.adapter.give(a)


def is_floating(a: Array) -> bool:
    """Whether the dtype is a real floating one, those of ml_dtypes included."""
    return a.dtype.kind == "f" or a.dtype in EXTENDED_DTYPES


EXTENDED_DTYPES = frozenset(fmt.dtype for fmt in FORMATS.values())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence floating-point warnings: infinities and NaN are what an audit looks for."""
    import warnings

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
