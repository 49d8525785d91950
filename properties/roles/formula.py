"""Roles of formulas: what a user writes as text, in x or in x and y, entry by entry.

A subject is graded against the formula as it is written. With u the unit roundoff, f the exact value and B what an
evaluation as written may be off (`reference.arithmetic.running_errors` derives it), each entry has one of these:

| grade | error |
|---|---|
| full | 4 u abs(f), and gradual underflow |
| conditioned | B of arguments that are first off by 2 u relative: above B + 2 u abs(x f'(x)), to first order |

`accuracy` allows the larger of the two. So it accuses nobody who evaluates the formula step by step with a sound
library, in any format, unless a step overflows on the way, nor who rounds an argument: a tail that the formula as
written cancels is not asked for, and where its rounding may meet a pole or the end of a domain any finite answer
passes. A better algorithm keeps the grade full. An algorithm that is worse than the formula is a finding: write the
formula that it follows.

With `ulps` an answer may be off by that many units in the last place of the exact value, and nothing else is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np

from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.laws.measures import all_in_range, nonfinite_in_range
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import Measured, View
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.elementary import larger_of
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.arithmetic.spacings import spacing, spacing_of_ball
from extremum.reference.arithmetic.wide import Balls
from extremum.reference.errors import UsageError
from extremum.reference.truth.expressions import Entries, Expression, parsed

FULL = 4.0  # u
ROUNDED_ARGUMENT = 2.0  # u
SCREENED = 2.0**-4  # the share of what is allowed that a screen may be off; beyond, balls decide
LONGEST = 4096  # entries of a row
ROWS, FEW_ROWS = 96, 24  # of a block: few where float64 is screened in balls, a hundred times slower
TURNS: tuple[Callable[[Array], Array], ...] = (  # of numbers for which a formula has no value: what it may have one for
    np.negative,
    np.reciprocal,
    lambda a: -1.0 / a,
)
NAME = re.compile(r"(.*?)(?: within (\S+) ulps)?")


def formula(text: str, ulps: float | None = None) -> Role:
    """The role of the formula `text` in x, or in x and y: what a function is audited against, entry by entry.

    `text` has numbers, x, y, pi, e, + - * / **, abs, min, max and the functions that ball arithmetic has: exp, log,
    log1p, expm1, sqrt, sin, cos, tan, their inverses and hyperbolic ones, erf, erfc, gamma and lgamma (of positive
    arguments). It is read, never run. Decimals are meant exactly. Arguments for which it is undefined, as log of a
    negative number, are not asked; an infinity in place of a finite value, or NaN, is a finding. With `ulps` an answer
    may be off by so many units in the last place of the exact value; else by what rounding costs an evaluation of the
    formula as it is written. Raises `UsageError` for a text that is no such formula, and for `ulps` that are no
    positive number.

    >>> role = extremum.formula("log(1 + x)", ulps=4)
    >>> extremum.judge([0.6931471805599453], role, [1.0]).ok
    True
    >>> extremum.judge([0.0], role, [1e-20]).ok
    False
    """
    expression = parsed(text)
    check_ulps("ulps", ulps)
    return _role(expression, None if ulps is None else float(ulps))


def check_ulps(name: str, ulps: Any) -> None:
    """Raise `UsageError` for what is no number of ulps."""
    try:
        good = not isinstance(ulps, bool) and isinstance(ulps, Real) and 0 < float(ulps) < np.inf
    except OverflowError:
        good = False
    if ulps is not None and not good:
        raise UsageError(f"{name}={ulps!r} must be a positive number of units in the last place")


def name_of(text: str, ulps: float | None = None) -> str:
    """The name of the role of a formula. It has a parenthesis, which no other role's name has."""
    text = " ".join(text.split())
    text = text if "(" in text else f"({text})"
    return text if ulps is None else f"{text} within {ulps:.17g} ulps"


def written(name: str) -> tuple[str, float | None] | None:
    """The formula and the ulps that a role is named by, or None of another role; the inverse of `name_of`."""
    match = NAME.fullmatch(name)
    if "(" not in name or match is None:
        return None
    try:
        return match[1], None if match[2] is None else float(match[2])
    except ValueError:
        return name, None


def options_of(name: str) -> list[str]:
    """The options of the command that name a role: its formula, or its name."""
    told = written(name)
    if told is None:
        return ["--role", name]
    text, ulps = told
    return ["--formula", text, *([] if ulps is None else ["--ulps", f"{ulps:.17g}"])]


def error_bound(view: View) -> Any:
    """The larger of full accuracy and what the formula as written may lose with a rounded argument."""
    return larger_of(of_full_accuracy(view), _entries(view).error(view.fmt, ROUNDED_ARGUMENT))


def of_full_accuracy(view: View) -> Any:
    """A small multiple of u, relative, and as many smallest subnormals."""
    size = abs(view.exact) if _certifies(view) else np.minimum(np.abs(view.narrow(view.exact)), FORMATS["float64"].max)
    return _where_asked(view, size * (FULL * view.fmt.unit_roundoff) + FULL * view.fmt.eta)


def of_ulps(view: View, count: float) -> Any:
    """So many ulps of the exact value: of the smaller spacing where the screen does not know the binade."""
    if _certifies(view):
        at = partial(spacing_of_ball, view.fmt)
        return _where_asked(view, np.frompyfunc(lambda size: at(size) * count, 1, 1)(abs(view.exact)))
    size = np.abs(view.narrow(view.exact)) - np.asarray(_entries(view).off, np.float64)
    return _where_asked(view, spacing(view.fmt, np.maximum(size, 0.0)) * count)


def _entries(view: View) -> Entries:
    entries: Entries = view.parts.at(view.columns)
    return entries


def _certifies(view: View) -> bool:
    return isinstance(view.arithmetic, Balls)


def _where_asked(view: View, bound: Any) -> Any:
    return np.where(_entries(view).asked, bound, np.inf)


def undefined(view: View) -> Array:
    """Where the formula has no value: whatever comes there is excused."""
    return ~_entries(view).asked


def error(view: View) -> Measured:
    """The largest distance that each entry may have from its exact value; NaN where a screen can't tell that.

    Infinite where an entry is not finite and the exact value is in range.
    """
    allowed, distance = view.error_bound, abs(view.out - view.exact)
    if not _certifies(view):
        off = _entries(view).off
        distance = np.where(off / SCREENED > allowed, np.nan, view.narrow(distance) + off)
    return view.error(distance), allowed


FINITE = Property(
    name="finite",
    code="EX9201",
    statement="No output is NaN or infinite where the exact value is finite and in range.",
    bound="""Asked where the formula is defined: ball arithmetic encloses its value there. An infinity is right where
    the exact value, with what rounding costs, is not below the largest finite number of the format, and has its sign;
    otherwise none is allowed, and NaN nowhere. What the formula gives beside a pole or the end of its domain is not
    asked where it has no value, as log(x) at 0.""",
    example="log(cosh(x)) of 100 in float32 is infinite where cosh overflows; exact 99.3.",
    fix="rewrite what overflows on the way: log(cosh(x)) is abs(x) + log1p(exp(-2 abs(x))) - log 2.",
    measure=nonfinite_in_range,
    clear=all_in_range,
    source=__name__,
    unit="outputs",
    severity="critical",
    exact=True,
)
ACCURACY = Property(
    name="accuracy",
    code="EX9205",
    statement="Every output is as close to the exact value as the formula allows.",
    bound="""Allowed is the larger of 4 u abs(f) and what an evaluation of the formula as it is written may be off, of
    an argument that is first off by 2 u: each operation errs by a unit, each function by 8 (1.01 where it is computed
    in a wider format and rounded), and the next ones pass the error on, bounded over the whole interval that it spans.
    So a tail that the formula as written cancels may be 0 or have the wrong sign, but no larger error; where it meets
    a pole or the end of a domain within its rounding errors, any finite output passes. The grade tells whether a
    subject keeps 4 u abs(f) at every input. With --ulps so many units in the last place of the exact value are allowed,
    and no more.

    Source: the running error analysis of Higham, Accuracy and Stability of Numerical Algorithms, 3.3, with bounds over
    intervals; `reference.arithmetic.running_errors` derives it, operation by operation.""",
    example="log(1 + x) of 1e-9 in float32 is 0 where the formula is log1p(x); exact 1e-9.",
    fix="use the function that keeps these digits (log1p, expm1, erfc), or write the formula that the code follows.",
    measure=error,
    source=__name__,
    unit="ulp",
    scale=ulp,
    counted=True,
    grades={"full": of_full_accuracy, "conditioned": None},
)

PROPERTIES = (FINITE, ACCURACY)  # of every formula


def _role(expression: Expression, ulps: float | None) -> Role:
    homes = _homes(expression)

    def arguments(draw: Draw, regime: Regime) -> Arguments:
        drawn = {name: regime.fill(draw) for name in expression.variables}
        found = dict(drawn)
        for turned in (*TURNS, None):
            outside = expression.outside(found)
            if not outside.any():
                break
            for name, a in drawn.items():
                other = homes[name] if turned is None else _turned(a, turned, homes[name])
                found[name] = np.where(outside, draw.fmt.round(other), found[name])
        return found

    alone, fast = len(expression.variables) == 1, expression.has(np.longdouble)
    accuracy = ACCURACY if ulps is None else replace(ACCURACY, grades={})
    return Role(
        name=name_of(expression.text, ulps),
        call=f"f({', '.join(expression.variables)})",
        value=expression.text,
        truth=expression.truth,
        error_bound=error_bound if ulps is None else partial(of_ulps, count=ulps),
        signature=Signature(MappingProxyType(dict.fromkeys(expression.variables, 1)), batched=alone),
        arguments=arguments,
        longest=LONGEST,
        rows=ROWS if fast else FEW_ROWS,
        edged=False,
        entrywise=True,
        may_overflow=undefined,
        contested=("empty-batch", "empty-row", "integer", "boolean", "zero-dimensional"),
        properties=(FINITE, accuracy, *(contract.BATCHED if alone else contract.BY_ROW)),
    )


def _turned(a: Array, turned: Callable[[Array], Array], home: float) -> Array:
    with np.errstate(all="ignore"):
        other = turned(a.astype(np.float64))
    return np.where(np.isfinite(other), other, home)


def _homes(expression: Expression) -> Mapping[str, float]:
    """Arguments for which the formula has a value, near 1, in place of those for which it has none."""
    fmt = FORMATS["float16"]
    ordinals = np.arange(-fmt.largest_ordinal, fmt.largest_ordinal + 1, 1 if len(expression.variables) == 1 else 199)
    line = fmt.from_ordinal(ordinals)
    grid = dict(zip(expression.variables, np.meshgrid(*[line] * len(expression.variables)), strict=True))
    inside = np.flatnonzero(~expression.outside({name: np.atleast_2d(a) for name, a in grid.items()}))
    if not inside.size:
        raise UsageError(f"formula={expression.text!r} has no value for any number of float16 that was tried")
    near = inside[np.argmin(sum(np.abs(a.ravel()[inside].astype(np.float64) - 1.0) for a in grid.values()))]
    return {name: float(a.ravel()[near]) for name, a in grid.items()}
