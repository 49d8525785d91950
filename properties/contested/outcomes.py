"""Outcomes: the answers to contested inputs that are in use, and how each is recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from extremum.properties.calling.caller import is_floating
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.values.signature import Arguments, Shape, first
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import screen_arithmetic

LISTED_ENTRIES_MAX = 4  # of an answer; a longer one is summed up


@dataclass(frozen=True)
class Answer:
    """The result of one call in a situation: an array, or what went wrong instead.

    `rows` are the arguments as rows, before they took the form of the call. `given` is the dtype of the first argument
    of the call, and `shape` the shape that the role gives the answer.
    """

    role: Role
    rows: Arguments
    given: np.dtype[Any]
    shape: Shape
    out: Array | None = None
    error: str = ""

    @property
    def values(self) -> Array | None:
        """The answer, where its dtype is floating and its shape the role's."""
        return self.out if self.out is not None and self.out.shape == self.shape and is_floating(self.out) else None

    @cached_property
    def limit(self) -> bool:
        """Whether it is the limit of the truth as all infinite entries grow alike, to the accuracy of its dtype."""
        fmt = FORMATS.get(self.out.dtype.name) if self.out is not None else None
        if self.values is None or fmt is None:
            return False
        # A number keeps its own precision: a step size may be no float of the dtype.
        ranks = self.role.signature.inputs
        rows = {name: _ends(a, fmt) if ranks.get(name, 1) else a for name, a in self.rows.items()}
        out = self.values.reshape(len(first(rows)), -1)
        with np.errstate(all="ignore"):
            view = View(self.role, fmt, Observation(rows, out), screen_arithmetic(fmt))
            exact, allowed = view.narrow(view.exact), view.narrow(view.error_bound)
            expected = np.where(np.abs(exact) >= fmt.max / 2, np.copysign(np.inf, exact), exact)
            wide = out.astype(np.float64)
            return bool(np.where(np.isfinite(expected), np.abs(wide - expected) <= allowed, wide == expected).all())

    @property
    def text(self) -> str:
        """The answer in a few words: the error, or the values, with a dtype or a shape that is not the role's."""
        if self.out is None:
            return self.error.partition(":")[0] if self.error.startswith("raises ") else self.error
        usual = self.out.dtype == self.given == first(self.rows).dtype
        dtype = "" if usual else f"{self.out.dtype.name} "
        shape = f", shape {self.out.shape}" if self.out.shape != self.shape else ""
        return f"{dtype}{describe(self.out)}{shape}"


def describe(out: Array) -> str:
    """An array in a few words: its values if they are few, else what they have in common."""
    if out.size == 0:
        return "empty"
    wide = out.astype(np.float64).ravel()
    missing = int(np.isnan(wide).sum())
    if missing == out.size:
        return "NaN"
    if out.size == 1:
        return _number(wide[0])
    if (wide == wide[0]).all():
        return f"{_number(wide[0])} throughout" if wide[0] else "zeros"
    if out.size <= LISTED_ENTRIES_MAX:
        return f"[{', '.join(map(_number, wide.tolist()))}]"
    if missing:
        return f"NaN in {missing} of {out.size} entries"
    return f"{out.size} entries from {_number(wide.min())} to {_number(wide.max())}"


def _ends(a: Array, fmt: Format) -> Array:
    """The values in the format, with the ends of its number line for infinities."""
    return np.nan_to_num(a.astype(np.float64), nan=np.nan, posinf=fmt.max, neginf=-fmt.max).astype(fmt.dtype)


def _number(value: float) -> str:
    return "NaN" if np.isnan(value) else f"{value + 0.0:.4g}"


IS_LIMIT = (
    "np.all((np.ravel(np.float64(y)) == limit.ravel()) "
    "| (abs(np.ravel(np.float64(y)) - limit.ravel()) <= within.ravel()))"
)


@dataclass(frozen=True)
class Outcome:
    """An answer that is in use: how it is recognised, shown in a table, stated and arrived at.

    `arises` says whether the role could give it at all, for an answer of that shape. `script` is the expression that
    recognises it in the answer `y`, for a script; `limit` and `within` in it are the right answer and its error bound.
    """

    name: str
    holds: Callable[[Answer], bool]
    shown: str
    gives: str
    fix: str
    arises: Callable[[Role, Shape], bool] = lambda _role, _shape: True
    script: str = IS_LIMIT


def _throughout(test: Callable[[Array], Any]) -> Callable[[Answer], bool]:
    return lambda a: a.values is not None and a.values.size > 0 and bool(np.all(test(a.values)))


def _is_right(answer: Answer) -> bool:
    return answer.limit


def _has_entries(shape: Shape) -> bool:
    return 0 not in shape


NAN = Outcome(
    "nan",
    _throughout(np.isnan),
    "NaN",
    "NaN throughout",
    "leave the arithmetic alone, or return NaN where the maximum is not finite.",
    script="np.isnan(y).all()",
)
PROPAGATES = Outcome(
    "propagates",
    NAN.holds,
    "NaN",
    "NaN throughout",
    "a maximum that keeps NaN, as np.max does; np.nanmax, fmax and comparisons drop it.",
    script="np.isnan(y).all()",
)
ZERO = Outcome(
    "zero",
    _throughout(lambda out: out == 0),
    "zeros",
    "zeros",
    "take 0 for a maximum of -inf, and return 0 where the sum is 0.",
    script="(np.asarray(y) == 0).all()",
)
MINUS_INF = Outcome(
    "minus-inf",
    _throughout(np.isneginf),
    "-inf",
    "-inf throughout",
    "return -inf, the logarithm of 0, where the sum has no terms.",
    lambda role, shape: _has_entries(shape) and not role.bounded,
    script="np.isneginf(y).all()",
)
UNIFORM = Outcome(
    "uniform",
    _is_right,
    "uniform",
    "what a row of equal numbers gives",
    "take the lowest finite value for -inf where a row has nothing else.",
)
LIMIT = Outcome(
    "limit",
    _is_right,
    "limit {answer}",
    "what the exact value tends to as that entry grows",
    "where the maximum is +inf, count the entries that equal it, and give all others nothing.",
)
SHARED = Outcome(
    "shared",
    _is_right,
    "shared {answer}",
    "what the exact value tends to as those entries grow alike",
    LIMIT.fix,
)
RAISES = Outcome(
    "raises",
    lambda a: a.error.startswith("raises "),
    "{answer}",
    "an exception",
    "check the argument first, and raise ValueError or TypeError with its shape and dtype.",
)
EMPTY = Outcome(
    "empty",
    lambda a: a.values is not None and a.values.size == 0,
    "empty",
    "an answer without entries, of the role's shape",
    "give reductions of nothing their initial value: x.max(..., initial=-inf).",
    lambda _, shape: not _has_entries(shape),
    script="np.size(y) == 0",
)
FLOAT64 = Outcome(
    "float64",
    lambda a: a.limit and a.out is not None and a.out.dtype == np.float64,
    "float64",
    "the right answer in float64",
    "convert what is not floating to float64 first.",
    script=f"np.asarray(y).dtype == np.float64 and {IS_LIMIT}",
)
FLOATING = Outcome(
    "floating",
    _is_right,
    "{dtype}",
    "the right answer in some floating dtype",
    "convert what is not floating to a floating dtype first.",
)
EXACT = Outcome(
    "exact",
    lambda a: a.limit and a.out is not None and a.out.dtype == a.given,
    "exact",
    "the right answer in the dtype of the arrays, with the step size as it was given",
    "multiply in a wider format, and round the answer to the dtype of the arrays.",
    script=f"np.asarray(y).dtype == np.asarray(x).dtype and {IS_LIMIT}",
)
WIDER = Outcome(
    "wider",
    lambda a: a.limit and a.out is not None and a.out.dtype.itemsize > a.given.itemsize,
    "{dtype}",
    "the right answer in a wider dtype than that of the arrays",
    "let the step size promote the arrays: hand it over as np.float64, or as an array.",
    script=f"np.asarray(y).dtype.itemsize > np.asarray(x).dtype.itemsize and {IS_LIMIT}",
)
UNCHANGED = Outcome(
    "unchanged",
    lambda a: a.values is not None and bool((a.values.ravel() == first(a.rows).ravel()).all()),
    "x unchanged",
    "x as it was",
    "convert the step size to the dtype of the arrays first, where it becomes zero.",
    script="np.array_equal(np.ravel(np.float64(y)), np.ravel(np.float64(x)))",
)
INFINITE = Outcome(
    "infinite",
    _throughout(np.isinf),
    "infinite",
    "infinities throughout",
    "convert the step size to the dtype of the arrays first, where it becomes infinite.",
    script="np.isinf(np.float64(y)).all()",
)
ONE_ENTRY = Outcome(
    "row",
    _is_right,
    "as a row of one",
    "what a row of this one entry gives, as a number without axes",
    "take the number for a row of one entry, and remove the axis from the answer.",
)
