"""Calling a subject safely: copies in, copies out, and every misbehaviour as one kind of error."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from extremum.properties.case import present
from extremum.properties.limit import OutOfTime
from extremum.properties.recorder import Recorder
from extremum.reference.formats import FORMATS, Array
from extremum.reference.subjects import Subject


class Misbehaviour(Exception):
    """The subject gave no answer that can be judged; its text is the cause, in one line."""


class Declined(Exception):
    """The subject refused an input that it may refuse; nothing was shown either way."""


class Printed(io.StringIO):
    """What a subject prints; it cannot be closed under our feet."""

    def close(self) -> None:
        """Stay open."""


@dataclass
class Call:
    """A subject ready to be called with NumPy arrays.

    The subject gets fresh copies, so that it cannot harm the caller's arrays. `printed` collects what it
    wrote to standard output and error.
    """

    subject: Subject
    recorder: Recorder | None = None
    printed: io.StringIO = field(default_factory=Printed)
    last: tuple[Array, int | None] | None = None
    began: float = 0.0

    def seconds_in_call(self) -> float:
        """Seconds since the last call began."""
        return time.monotonic() - self.began

    def raw(self, x: Array, axis: int | None = None) -> Any:
        """The answer as it came, for `x` handed over as it is: no copy is made."""
        self.last, self.began = (x, axis), time.monotonic()
        if self.recorder is not None:
            self.recorder.note(x, axis)
        keywords = {} if self.subject.axis is None else {self.subject.axis: -1 if axis is None else axis}
        try:
            # What it prints is kept from the terminal; what it does to NumPy's error state ends with the call.
            with redirect_stdout(self.printed), redirect_stderr(self.printed), np.errstate():
                return self.subject.function(self.subject.adapter.give(x), **keywords)
        except (KeyboardInterrupt, OutOfTime):
            raise
        except BaseException as error:  # SystemExit and its like too: it is the subject's, not ours
            text = (str(error).splitlines() or [""])[0]
            raise Misbehaviour(f"raises {type(error).__name__}: {text}"[:300]) from error

    def array(self, x: Array, axis: int | None = None, layout: str = "C") -> Array:
        """The answer as a NumPy array of its own memory, whatever its shape and dtype."""
        return np.array(self.taken(self.raw(present(x, layout), axis)), copy=True)

    def taken(self, answer: Any) -> Array:
        """A raw answer as a NumPy array, on the same memory where the library shares it."""
        try:
            array = self.subject.adapter.take(answer)
        except TypeError as error:
            raise Misbehaviour(str(error)) from error
        if array.dtype.hasobject:
            raise Misbehaviour(f"returned an array of dtype {array.dtype}")
        return array

    def same_shape(self, x: Array, axis: int | None = None, layout: str = "C") -> Array:
        """The answer, floating and of the shape of `x`; its values are kept whatever its dtype."""
        out = self.array(x, axis, layout)
        if out.shape != x.shape:
            raise Misbehaviour(f"returned shape {out.shape} for input of shape {x.shape}")
        if not is_floating(out):
            raise Misbehaviour(f"returned dtype {out.dtype} for input of dtype {x.dtype}")
        return out if out.dtype.isnative else out.astype(out.dtype.newbyteorder("="))


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
