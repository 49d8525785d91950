"""What entrywise roles share: roles whose answer to an entry is a function of that entry alone.

A sound form of such a function keeps one of four grades at every input: *full*, an error of a few units relative to
the value; *conditioned*, the same for an argument rounded once; *lost*, full but 0 where exp overflows, so that the
value is at most about 1 / max; *absolute*, where a tail has no digits. What `accuracy` allows is the widest of them.

A role is made by `role` of its formula, its bounds by grade, and its properties, each of which is made by the function
of its name here of what this role says about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import accumulate
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.cotangents import with_cotangent
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.laws.entry_errors import Bound, at_its_end, gradual, widest
from extremum.properties.laws.measures import all_in_range, larger, nonfinite
from extremum.properties.model.property import Property, subnormal, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import KnownTruth, Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Signature
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import Arithmetic, choose, screen_arithmetic
from extremum.reference.truth import Truth
from extremum.reference.truth.logistic import Arguments

Formula = Callable[[Arguments, Arithmetic], Truth]
CONTESTED = ("empty-batch", "empty-row", "integer", "boolean", "zero-dimensional")
FLUSHED = 2.0  # smallest normals: a derivative may be 1.13 times a subnormal cotangent
SMALL_NORMAL = 1.5  # smallest normals that a subject is asked for beside its subnormal answers


@dataclass(frozen=True)
class Tail:
    """Where values go to 0: they fall in size from `start` to `end`, whatever the `others` are that stand beside x."""

    truth: Formula
    start: float
    end: float
    others: tuple[tuple[str, float], ...] = ()


def role(
    module: str, name: str, number: int, value: str, truth: Formula, grades: Mapping[str, Bound], **fields: Any
) -> Role:
    """The role of a formula, in its module, with the error bounds of its sound forms by grade, from best to worst.

    A grade allows what those before it allow too. The codes of its properties begin with the number.
    """
    bounds = accumulate(((bound,) for bound in grades.values()), lambda a, b: (*a, *b))
    graded = dict(zip(grades, map(widest, bounds), strict=True))
    error_bound = list(graded.values())[-1]
    told: dict[str, Any] = {
        "accuracy": {"grades": {grade: bound for grade, bound in graded.items() if bound is not error_bound}},
        "range": {"petty": error_bound},
        "sign": {"petty": error_bound},
    }
    told["accuracy"]["grades"][list(grades)[-1]] = None  # the role's own
    properties = tuple(
        replace(p, code=f"EX{number}{p.code}", source=module, **told.get(p.name, {})) for p in fields.pop("properties")
    )
    fields = {"call": "f(x)", "bounded": True, "contested": CONTESTED, **fields}
    return Role(
        name=name,
        value=value,
        truth=truth,
        error_bound=error_bound,
        entrywise=True,
        properties=(*properties, *contract.BATCHED),
        **fields,
    )


def vjp(
    module: str, name: str, number: int, value: str, truth: Formula, grades: Mapping[str, Bound], **fields: Any
) -> Role:
    """The role of a product of a cotangent with a derivative, f(x, g) = g f'(x)."""
    signature = Signature(inputs={"x": 1, "g": 1})
    own = {"signature": signature, "arguments": entries_and_cotangents, "derived_for": cotangents_have_room}
    return role(module, name, number, value, truth, grades, **{"call": "f(x, g)", **own, **fields})


def entries_and_cotangents(draw: Draw, regime: Regime) -> Arguments:
    """Entries `x`, and a cotangent `g` for each."""
    return {"x": regime.fill(draw), "g": with_cotangent(draw)}


def cotangents_have_room(arguments: Arguments, fmt: Format) -> Array:
    """Rows (a mask) whose cotangents are at most half of the largest float: the derivatives are below 2 in size."""
    return np.asarray((np.abs(arguments["g"].astype(np.float64)) <= fmt.max / 2).all(axis=-1))


def finite(**texts: Any) -> Property:
    """No output is NaN or infinite, of a function that stays in range."""
    return Property(
        name="finite",
        code="01",
        statement="No output is NaN or infinite.",
        measure=nonfinite,
        clear=all_in_range,
        unit="outputs",
        severity="critical",
        exact=True,
        **texts,
    )


def in_range(low: float, high: float, **texts: Any) -> Property:
    """No output leaves the interval, whose ends may be infinite."""
    nearest = f"min(max(got, {low}), {high})" if np.isfinite([low, high]).all() else f"{_side(low)}(got, 0.0)"
    return Property(
        name="range",
        code="02",
        measure=partial(outside, low=low, high=high),
        clear=partial(inside, low=low, high=high),
        unit="value",
        exact=True,
        script=("got = float(f({args}){at})", f"expected = {nearest}", "allowed = 0.0"),
        **texts,
    )


def _side(low: float) -> str:
    return "min" if np.isinf(low) else "max"


def outside(view: View, low: float, high: float) -> Measured:
    """How far each output lies outside of the interval, 0 for NaN; nothing is allowed."""
    out = np.nan_to_num(view.answer[:, view.columns].astype(np.float64), nan=max(low, 0.0))
    return np.maximum(np.maximum(low - out, out - high), 0.0), 0.0


def inside(view: View, _whole: View | None, low: float, high: float) -> bool:
    """Whether all outputs lie in the interval."""
    return bool(view.answer.min() >= low and view.answer.max() <= high)


def sign(argument: str, **texts: Any) -> Property:
    """No output has the other sign than an argument."""
    return Property(
        name="sign",
        code="02",
        statement=f"No output has the other sign than {argument}.",
        measure=partial(beyond_zero, argument=argument),
        unit="value",
        exact=True,
        script=(
            "got = float(f({args}){at})",
            f"expected = got if got * float({argument}{{at}}) >= 0 else 0.0",
            "allowed = 0.0",
        ),
        **texts,
    )


def beyond_zero(view: View, argument: str) -> Measured:
    """The size of each output whose sign is not that of the argument, 0 for NaN; nothing is allowed."""
    out = np.nan_to_num(view.answer[:, view.columns].astype(np.float64), nan=0.0)
    signs = np.sign(view.at(view.observation.arguments[argument].astype(np.float64)))
    return np.maximum(-out * signs, 0.0), 0.0


def accuracy(**texts: Any) -> Property:
    """Every output is as close to the exact value as a sound algorithm comes."""
    given = {"measure": unflushed_error, **texts}
    return Property(
        name="accuracy",
        code="05",
        statement="Every output is as close to the exact value as a sound algorithm comes.",
        unit="ulp",
        scale=ulp,
        **given,
    )


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


def monotone(start: float = -np.inf, **texts: Any) -> Property:
    """A larger input has no smaller output, from `start` on."""
    texts = {
        "statement": "A larger input has no smaller output, and equal inputs have equal outputs, up to rounding.",
        "bound": """Entries are compared in the order of x, neighbours with each other. The exact values do not fall,
        and each output is within the error bound of `accuracy` of its own: allowed is the sum of the two. What
        is not finite is judged by `finite`.""",
        **texts,
    }
    return Property(
        name="monotone",
        code="09",
        measure=drop,
        observe=partial(in_order, start=start),
        unit="value",
        beside="for the next larger entry",
        severity="medium",
        lengths="moderate",
        script=(
            "row, y = x{pick}.astype(float), f(x.copy()){pick}.astype(float)",
            "smaller, larger = np.lexsort((-y, row))[{column} : {column} + 2]",
            "got = float(y[larger])",
            "expected = max(got, float(y[smaller]))  # what a smaller input gets",
        ),
        **texts,
    )


def in_order(call: Call, case: Case, start: float) -> Observation:
    """Pairs of neighbours in the order of x: `out` belongs to the smaller entry, `other` to the next.

    Of equal entries the larger answer comes first, so that their disagreement shows as a drop. Where one is not finite,
    or lies below `start`, both are shown as 0.
    """
    x, out = case.x, call.rows(case.arguments)
    order = np.lexsort((-out.astype(np.float64), x.astype(np.float64)), axis=-1)
    x, out = np.take_along_axis(x, order, -1), np.take_along_axis(out, order, -1)
    after = np.concatenate([out[:, 1:], out[:, -1:]], axis=-1)
    flawed = ~np.isfinite(out.astype(np.float64)) | ~np.isfinite(after.astype(np.float64)) | (x < start)
    return Observation({"x": x}, np.where(flawed, np.zeros_like(out), out), np.where(flawed, np.zeros_like(out), after))


def drop(view: View) -> Measured:
    """By how much an output falls from one entry to the next larger; allowed is what both may be off."""
    following = np.minimum(np.arange(view.width)[view.columns] + 1, view.width - 1)
    known = KnownTruth(view.truth)
    after = View(view.role, view.fmt, view.observation, view.arithmetic, following, known)
    return view.out - view.other, view.error_bound + after.error_bound


def symmetry(sign_of_other: int, rest: Bound, expected: str, *beside: str, **texts: Any) -> Property:
    """f(x) plus or minus f(-x) is `rest`, which a script writes as `expected`; `beside` are the other arguments."""
    texts = {
        "bound": """The exact values are, and negation is exact. Each output is within the error bound of `accuracy` of
        its own exact value: allowed is the sum of the two.""",
        **texts,
    }
    operator, negated = "+" if sign_of_other > 0 else "-", ", ".join(("-x", *beside))
    return Property(
        name="symmetry",
        code="10",
        measure=partial(asymmetry, sign_of_other=sign_of_other, rest=rest),
        observe=mirrored,
        unit="value",
        beside="for -x",
        severity="medium",
        lengths="moderate",
        script=(f"got = float(f({{copies}}){{at}}) {operator} float(f({negated}){{at}})", f"expected = {expected}"),
        **texts,
    )


def mirrored(call: Call, case: Case) -> Observation:
    """f(x) and f(-x), for the same other arguments."""
    return Observation(case.arguments, call.rows(case.arguments), call.rows({**case.arguments, "x": -case.x}))


def asymmetry(view: View, sign_of_other: int, rest: Bound) -> Measured:
    """How far f(x) plus or minus f(-x) is from `rest`; allowed is what both may be off."""
    negated = replace(view.observation, arguments={**view.observation.arguments, "x": -view.observation.x})
    columns = None if isinstance(view.columns, slice) else view.columns
    opposite = View(view.role, view.fmt, negated, view.arithmetic, columns)
    both = view.out + view.other * float(sign_of_other)
    assert view.observation.other is not None
    allowed = or_flushed(view, view.answer) + or_flushed(opposite, view.observation.other)
    return view.error(abs(both - rest(view))), allowed


def limits(*toward: Bound, allowed: Bound = ulp, spread: Bound = lambda _: 1.0, **texts: Any) -> Property:
    """Where the exact value rounds to a limit, the output is that, or next to it.

    `toward` are the limits other than 0, and `allowed` is what an output may be off them: an ulp, unless it is said. At
    0 it is what gradual underflow costs, `spread` times the usual.
    """
    return Property(
        name="limits",
        code="11",
        measure=partial(short_of_limits, toward=toward, allowed=allowed, spread=spread),
        clear=partial(at_limits, toward=toward),
        unit="value",
        severity="medium",
        **texts,
    )


def at_limits(view: View, whole: View | None, toward: tuple[Bound, ...]) -> bool:
    """Whether all outputs are equal to each limit that an exact value may be near enough to."""
    if whole is None:
        return False
    low, high = _ends(whole.exact)
    near = max(abs(low), abs(high)) * view.fmt.unit_roundoff + view.fmt.eta  # above a quarter of an ulp
    for bound in (lambda v: v.exact * 0.0, *toward):
        least, most = _ends(bound(whole))
        if not (low > most + near or high < least - near):  # NaN is near everything
            limit = least if least == most else view.narrow(bound(view))
            if not (view.answer == limit).all():
                return False
    return True


def _ends(values: Any) -> tuple[float, float]:
    ball = values[0, 0]
    return float(ball.lower()), float(ball.upper())


def short_of_limits(view: View, toward: tuple[Bound, ...], allowed: Bound, spread: Bound) -> Measured:
    """How far an output is from a limit that the exact value rounds to, else 0."""
    exact, quarter = view.exact, ulp(view) / 4  # half of the distance of a power of two from the float below it
    # Elsewhere a small cotangent, or a zero of the function, makes the value small, and the error with it or not.
    at_zero = (np.abs(view.narrow(exact)) <= view.fmt.eta / 2) & at_its_end(view, view.fmt.unit_roundoff)
    off = choose(at_zero, view.out, view.out * 0.0)
    for limit in toward:
        value = limit(view)
        off = choose(~at_zero & (np.abs(view.narrow(exact - value)) <= quarter), view.out - value, off)
    off = choose(flushed(view, view.answer), off * 0.0, off)  # `gradual_underflow` judges it
    return view.error(abs(off)), choose(
        at_zero, off * 0.0 + gradual(view.fmt) * spread(view), off * 0.0 + allowed(view)
    )
