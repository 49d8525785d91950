"""Underflow in roles of single entries: answers below the normal range, rounded or flushed to zero.

A flush is no error of `accuracy`, `symmetry` or `limits`: `gradual_underflow` judges it, and it is of low severity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.laws.entry_errors import Bound, gradual
from extremum.properties.laws.measures import larger
from extremum.properties.model.property import Property, subnormal
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import Arithmetic, choose, screen_arithmetic
from extremum.reference.truth import Truth

Formula = Callable[[Arguments, Arithmetic], Truth]
FLUSHED = 2.0  # smallest normals: a derivative may be 1.13 times a subnormal cotangent
SMALL_NORMAL = 1.5  # smallest normals that a subject is asked for beside its subnormal answers


@dataclass(frozen=True)
class Tail:
    """Where values go to 0: they fall in size from `start` to `end`, whatever the `others` are that stand beside x."""

    truth: Formula
    start: float
    end: float
    others: tuple[tuple[str, float], ...] = ()


def unflushed_error(view: View) -> Measured:
    """The distance of each entry from its exact value; a flush to zero passes: `gradual_underflow` judges it."""
    return view.error(abs(view.out - view.exact)), or_flushed(view, view.answer)


def or_flushed(view: View, answer: Array) -> Any:
    """The error bound, or twice the exact value where that is more and a flush to zero may have lost it."""
    bound = view.error_bound
    return choose(flushed(view, answer), larger(view, abs(view.exact) * 2.0, bound), bound)


def flushed(view: View, answer: Array) -> Array:
    """Where an answer may have been flushed to zero: it is 0, and the exact value about a subnormal or below."""
    zero: Array = answer[:, view.columns] == 0
    return zero & (np.abs(view.narrow(view.exact)) < FLUSHED * view.fmt.tiny)


def gradual_underflow(tail: Tail, lost: Bound = lambda _: 0.0, spread: Bound = lambda _: 1.0, **texts: Any) -> Property:
    """Outputs below the smallest normal are rounded, of a function with a tail.

    A sound form may lose what `lost` says to overflow, and gradual underflow costs it `spread` times the usual.
    """
    texts = {
        "bound": """Judged where the output is 0, the exact value is subnormal and the subject answers small normal
        values to a factor of two: a form without digits in its tail is graded by `accuracy`. Allowed is what gradual
        underflow costs, r_e / u + 1 smallest subnormals, times what they are multiplied by on the way. Severity is low:
        processors and compilers flush on purpose, for speed.""",
        "fix": """leave gradual underflow on where these outputs matter. The usual cause: flush-to-zero mode, set by
        -ffast-math or by a GPU's kernel.""",
        **texts,
    }
    return Property(
        name="gradual_underflow",
        code="06",
        statement="Outputs below the smallest normal are rounded, not flushed to zero.",
        measure=partial(flushed_tail, tail=tail, lost=lost, spread=spread),
        observe=partial(beside_the_normal_range, tail=tail),
        unit="ulp",
        scale=subnormal,
        severity="low",
        **texts,
    )


def beside_the_normal_range(call: Call, case: Case, tail: Tail) -> Observation:
    """f of the case, and f where it is a small normal number."""
    place = {"x": normal_edge(tail, case.x.dtype.name)[0], **dict(tail.others)}
    edge = {name: np.full_like(a, place[name]) for name, a in case.arguments.items()}
    return Observation(case.arguments, call.rows(case.arguments), call.rows(edge))


def flushed_tail(view: View, tail: Tail, lost: Bound, spread: Bound) -> Measured:
    """The exact value where it is subnormal and the answer 0, though small normal values are answered."""
    assert view.observation.other is not None
    small = normal_edge(tail, view.fmt.name)[1]
    kept = np.abs(view.observation.other.astype(np.float64)[:, view.columns])
    # On the other side of a product with a cotangent, a form without digits there may be 0 for a value of any size.
    beside = view.at(view.observation.x.astype(np.float64)) * np.sign(tail.end) >= 0
    below = (np.abs(view.narrow(view.exact)) < view.fmt.tiny) & beside
    in_tail: Array = below & (kept > small / 2) & (kept < small * 2)
    zero = (view.answer[:, view.columns] == 0) & (in_tail | _of_subnormals(view))
    allowed = lost(view) + gradual(view.fmt) * spread(view)
    return choose(zero, abs(view.exact), view.exact * 0.0), allowed


def _of_subnormals(view: View) -> Array:
    """Where the exact value is subnormal as the argument is that it is in proportion to: x near 0 alone, or g."""
    given = view.observation.arguments
    proportional = given.get("g", given["x"] if len(given) == 1 else np.ones_like(given["x"]))
    small = np.abs(view.at(proportional.astype(np.float64))) < FLUSHED * view.fmt.tiny
    exact = np.abs(view.narrow(view.exact))
    return np.asarray(small & (exact < view.fmt.tiny))


@cache
def normal_edge(tail: Tail, dtype: str) -> tuple[float, float]:
    """The last number of a tail whose value is `SMALL_NORMAL` smallest normals or more, and the size of that value."""
    fmt = FORMATS[dtype]
    first, last = (int(fmt.ordinal(fmt.round(np.array([end])))[0]) for end in (tail.start, tail.end))
    while abs(last - first) > 1:
        middle = (first + last) // 2
        if _size(tail, fmt, middle) >= SMALL_NORMAL * fmt.tiny:
            first = middle
        else:
            last = middle
    return float(fmt.from_ordinal(np.array([first]))[0]), _size(tail, fmt, first)


def _size(tail: Tail, fmt: Format, ordinal: int) -> float:
    place = {"x": float(fmt.from_ordinal(np.array([ordinal]))[0]), **dict(tail.others)}
    arithmetic = screen_arithmetic(fmt)
    arguments = {name: fmt.round(np.array([[number]])) for name, number in place.items()}
    return abs(float(arithmetic.narrow(tail.truth(arguments, arithmetic).exact())[0, 0]))
