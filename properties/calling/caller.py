"""Calls a function in the process that it is in: arrays go in, its answer comes out, and what a call changes is told.

A host runs this file beside the subject, in an environment that may not have extremum: it needs the standard library
and NumPy alone, and imports nothing of extremum. What the judge calls itself goes through it too.
"""

from __future__ import annotations

import io
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.random  # now: NumPy would load it when it is asked for, and a subject may be in the way by then

if TYPE_CHECKING:  # a host has it from a file of its own
    from extremum.properties.calling.array_library import Arrays

Array = np.ndarray[Any, Any]

LARGEST_ANSWER = 2**31  # bytes: a broadcast array may claim any number, and a copy of it would have them
CAUSE_WIDTH = 300  # characters of what a subject raises


class Misbehaviour(Exception):
    """The subject gave no answer that can be judged; its text is the cause, in one line.

    It is `grave` where what was raised is no `Exception`: what wants to end the process.
    """

    def __init__(self, text: str, grave: bool = False) -> None:
        super().__init__(text)
        self.grave = grave


class Printed(io.StringIO):
    """What a subject prints; it cannot be closed under our feet."""

    def close(self) -> None:
        """Stay open."""


def presented(arguments: Sequence[Array], layout: str) -> list[Array]:
    """Fresh arrays with the values of the arguments, in the named layout, or each in its own, as in "C,reversed"."""
    names = layout.split(",") if "," in layout else [layout] * len(arguments)
    return [present(a, name) for a, name in zip(arguments, names, strict=False)]


def present(x: Array, layout: str) -> Array:
    """A fresh array with the values of `x` in the named memory layout; numbers have none."""
    if x.ndim == 0 or x.dtype.kind in "iu":
        return np.array(x, order="C", copy=True)
    if layout == "offset":  # by one entry from where an allocator begins
        whole = np.zeros(x.size + 1, x.dtype)  # as a witness is made again: no chance in what stands before it
        whole[1:] = x.reshape(-1)
        return whole[1:].reshape(x.shape)
    if layout == "F":
        return np.array(x.T, order="C", copy=True).T
    if layout == "reversed":
        return np.ascontiguousarray(x[..., ::-1])[..., ::-1]
    if layout == "sliced":
        whole = np.zeros((*x.shape[:-1], 2 * x.shape[-1] + 1), x.dtype)
        whole[..., 1::2] = x
        return whole[..., 1::2]
    if layout == "rows-reversed":
        return np.ascontiguousarray(x[::-1])[::-1]
    if layout == "rows-sliced":  # the stride between rows is longer than a row
        whole = np.zeros((*x.shape[:-1], x.shape[-1] + 3), x.dtype)
        whole[..., : x.shape[-1]] = x
        return whole[..., : x.shape[-1]]
    if layout == "broadcast":  # zero stride along the first axis: valid where the rows are equal
        return np.broadcast_to(x[:1].copy(), x.shape)
    copy = np.array(x, order="C", copy=True)
    if layout == "read-only":
        copy.flags.writeable = False
    if layout == "byte-swapped":
        return copy.astype(x.dtype.newbyteorder(">"))
    return copy


def blank(form: str, arguments: Sequence[Array], axis: int | None = None) -> Array:
    """A new array of NaN for the answer, of the form that `Caller.out` has: an entry that is not written stays NaN."""
    x = arguments[0]
    if form.startswith("like "):
        shape = arguments[int(form.removeprefix("like "))].shape
    elif form == "rows":
        shape = tuple(np.delete(x.shape, -1 if axis is None else axis).tolist())
    else:
        shape = {"square": (*x.shape, *x.shape[-1:]), "number": ()}[form]
    dtype = x.dtype if is_floating(x) else np.dtype(np.float64)  # an array of integers has no NaN
    return np.full(shape, np.nan, dtype if dtype.isnative else dtype.newbyteorder("="))


def dtype_named(name: str) -> np.dtype[Any]:
    """NumPy's dtype of that name, or one that `ml_dtypes` adds; raises `Misbehaviour` where that is not installed."""
    if name.startswith(("bfloat", "float8")):
        try:
            import ml_dtypes
        except ImportError:
            raise Misbehaviour(f"has no {name}: ml_dtypes is not installed") from None
        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype(name)


def is_floating(a: Array) -> bool:
    """Whether the dtype is a real floating one, those of ml_dtypes included."""
    return a.dtype.kind == "f" or a.dtype.name.startswith(("bfloat", "float8"))


def checked(out: Array, expected: tuple[int, ...], given: Array) -> Array:
    """The answer in the byte order of the machine; raises `Misbehaviour` for another shape, or one not of floats."""
    if out.shape != expected:
        raise Misbehaviour(f"returned shape {out.shape}, not {expected}, for input of shape {given.shape}")
    if not is_floating(out):
        raise Misbehaviour(f"returned dtype {out.dtype} for input of dtype {given.dtype}")
    return out if out.dtype.isnative else out.astype(out.dtype.newbyteorder("="))


def _sole_references() -> int:
    """What `getrefcount` tells of an array in one variable, by this interpreter: from 3.14 on, 1 where it was 2."""
    out = np.empty(1)
    return sys.getrefcount(out)


OURS = _sole_references()


@dataclass
class Caller:
    """A function, and how it is called: in whose arrays, and with numbers for which arguments.

    `arrays` are those of `array_library`. `axis` is the keyword that it takes the axis by, or None. With `out` it gets
    an array of NaN as its last argument, whose entries after the call are its answer: `out` is the form of that, "like
    1" as the shape of that argument (from 0), "rows" as the first without its axis, "square" with that axis twice,
    "number". `beside` is the type of what it returns besides, where that is not this array. `printed` collects what it
    writes to Python's standard output and error. `passing` are exceptions that are no subject's: they end what the
    caller of this does.
    """

    function: Callable[..., Any]
    arrays: Arrays
    axis: str | None = None
    numbers: Sequence[bool] = ()
    out: str = ""
    passing: tuple[type[BaseException], ...] = ()
    printed: io.StringIO = field(default_factory=Printed)
    beside: str = ""

    def raw(self, arguments: Sequence[Array], axis: int | None = None, given: list[Any] | None = None) -> Any:
        """The answer to one call as it came, for arrays handed over as they are: no copy is made.

        What the function gets for them is put into the list `given`.
        """
        given = [] if given is None else given
        keywords = {self.axis: -1 if axis is None else axis} if self.axis else {}
        try:
            # What it prints is kept from the terminal; what it does to NumPy's error state ends with the call.
            with redirect_stdout(self.printed), redirect_stderr(self.printed), np.errstate():
                given += [self._given(i, a) for i, a in enumerate(arguments)]
                out = [self.arrays.give(blank(self.out, arguments, axis))] if self.out else []
                returned = self.function(*given, *out, **keywords)
                answer = out[0] if out else returned
                self.arrays.wait(answer)
        except self.passing:
            raise
        except BaseException as error:  # SystemExit and its like too: it is the subject's, not ours
            self.arrays.examine()
            raise Misbehaviour(self._raised(error), not isinstance(error, Exception)) from error
        if out and returned is not None and returned is not answer:
            self.beside = str(type(returned).__name__)
        return answer

    def taken(self, answer: Any) -> Array:
        """A raw answer as a NumPy array, on the same memory where the library shares it; a Python number too."""
        try:
            array = np.asarray(answer) if isinstance(answer, (float, complex)) else self.arrays.take(answer)
            nbytes = array.nbytes
        except self.passing:
            raise
        except TypeError as error:
            raise Misbehaviour(str(error)) from error
        except BaseException as error:  # a class of the subject's own may raise wherever it is asked
            self.arrays.examine()
            raise Misbehaviour(f"returned what is no array: {self._raised(error)}"[:CAUSE_WIDTH]) from error
        if array.dtype.hasobject:
            raise Misbehaviour(f"returned an array of dtype {array.dtype}")
        if nbytes > LARGEST_ANSWER:
            raise Misbehaviour(f"returned an array of shape {array.shape}, which is {nbytes:.2g} bytes")
        return array

    def answer(self, arguments: Sequence[Array], axis: int | None = None, layout: str = "C") -> Array:
        """The answer to one call on fresh copies, as an array of memory that nobody else holds, of whatever shape."""
        out = self.taken(self.raw(presented(arguments, layout), axis))
        own = type(out) is np.ndarray and out.flags.owndata and out.flags.c_contiguous and sys.getrefcount(out) <= OURS
        return out if own else np.array(out, copy=True)

    def lent(self, arguments: Sequence[Array], axis: int | None = None, layout: str = "C") -> Array:
        """As `answer`, of arrays that it may write into, on memory that others may hold."""
        given = arguments if layout == "C" else presented(arguments, layout)
        return self.taken(self.raw(given, axis))

    def answers(self, arguments: Sequence[Array], expected: tuple[int, ...], layout: str = "C") -> Array:
        """The answers to a call for each row of the arguments, each of the `expected` shape, under one axis."""
        rows = list(zip(*arguments, strict=True))
        outs = self._remote(rows, layout) if self.arrays.remote else [self.answer(row, layout=layout) for row in rows]
        return np.stack([checked(out, expected, row[0]) for out, row in zip(outs, rows, strict=True)])

    def _remote(self, rows: Sequence[Sequence[Array]], layout: str) -> Sequence[Array]:
        """The answers to a call for each row, which come from the device in one copy where they are alike."""
        answers = [self.arrays.copied(self.raw(presented(row, layout))) for row in rows]
        outs = self.arrays.together(answers)
        return [self.taken(answer) for answer in answers] if outs is None else list(outs)

    def watch(
        self, arguments: Sequence[Array], others: Sequence[Array], mode: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Call it on the arguments, then on others, and tell what that changed beside the result.

        `changed`: entries of the arguments; `overwritten`: entries of the first answer after the second call;
        `printed`: lines; `states`: what else, in words. The floating-point `mode` was that before it was imported.
        """
        handed = [present(a, "C") for a in arguments]
        given: list[Any] = []
        before = self.printed.tell()
        _ = random.random(), np.random.random()  # so that a state which is set to the same value every time shows
        states, mode = random_states(), float_mode() if mode is None else mode
        answer = self.raw(handed, given=given)
        first = np.array(self.taken(answer), copy=True)
        self.raw([present(a, "C") for a in others])
        overwritten = differing(self.taken(answer), first)
        touched = [name for name, state in random_states().items() if state != states[name]]
        now = float_mode()
        return {
            "changed": sum(differing(a, b) for a, b in zip(self._after(handed, given), arguments, strict=True)),
            "overwritten": overwritten,
            "printed": len(self.printed.getvalue()[before:].splitlines()),
            "states": touched + ([f"the floating-point mode: {', '.join(now) or 'usual'}"] if now != [*mode] else []),
        }

    def _after(self, handed: Sequence[Array], given: Sequence[Any]) -> Sequence[Array]:
        """The arguments as a call has left them: those on a device have memory of their own, and come back from it."""
        if not self.arrays.remote:
            return handed
        return [a if isinstance(g, int | float) else self.taken(g) for a, g in zip(handed, given, strict=True)]

    def functions_called(self, arguments: Sequence[Array]) -> int:
        """How many functions a call calls, in Python and from it."""
        calls = Counter[str]()

        def profile(_frame: Any, event: str, _argument: Any) -> None:
            calls[event] += 1

        self.answer(arguments)  # the first call of a shape may compile, which is not counted
        sys.setprofile(profile)
        try:
            self.answer(arguments)
        finally:
            sys.setprofile(None)
        return calls["call"] + calls["c_call"]

    def _given(self, place: int, a: Array) -> Any:
        if place < len(self.numbers) and self.numbers[place]:
            number: Any = a[()]
            if self.arrays.library == "C-order":
                return number
            if self.arrays.library == "numpy" and not isinstance(number, np.number):
                return number  # a Python float promotes the arrays of ml_dtypes
            return int(a) if a.dtype.kind in "iu" else float(a)
        return self.arrays.give(a)

    def _raised(self, error: BaseException) -> str:
        """What was raised, in one line; the text of an exception may raise too."""
        try:
            text = (str(error).splitlines() or [""])[0]
        except self.passing:
            raise
        except BaseException as another:
            text = f"(its text raises {type(another).__name__})"
        return f"raises {type(error).__name__}{': ' if text else ''}{text}"[:CAUSE_WIDTH]


def differing(a: Array, b: Array) -> int:
    """How many entries of two arrays differ in their bits; all of them where shape or dtype do."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return max(a.size, 1)
    return int((_bytes(a) != _bytes(b)).reshape(-1, a.dtype.itemsize).any(axis=-1).sum())


def _bytes(a: Array) -> Array:
    return np.ascontiguousarray(a).reshape(-1).view(np.uint8)


def random_states() -> dict[str, object]:
    """The states of the generators that all code of a process shares: what a draw or a seed changes."""
    _, key, *rest = np.random.get_state()
    return {"the state of random": random.getstate(), "the state of numpy.random": (np.asarray(key).tobytes(), *rest)}


# Names, so that nothing is computed before it is asked.
_SMALLEST_NORMAL, _SMALLEST, _HALF_ULP = sys.float_info.min, 5e-324, 2.0**-53


def float_mode() -> list[str]:
    """What is unusual in the floating-point mode of this thread, found by arithmetic; empty as IEEE 754 has it."""
    one = 2.0 * 0.5
    # Upwards the first is raised, downwards the second; towards zero the third is cut, which to nearest is raised.
    raised, lowered = one + _HALF_ULP > one, -one - _HALF_ULP < -one
    cut = one + 1.5 * _HALF_ULP == one
    return [
        text
        for text, holds in (
            ("subnormal results are made zero", _SMALLEST_NORMAL * 0.5 == 0),
            ("subnormal arguments are taken for zero", _SMALLEST * 2.0**60 == 0),
            ("results are rounded up", raised),
            ("results are rounded down", lowered),
            ("results are rounded towards zero", cut and not lowered),
        )
        if holds
    ]
