"""What entrywise roles share: roles whose answer to an entry is a function of that entry alone.

A sound form of such a function keeps one of four grades at every input: *full*, an error of a few units relative to
the value; *conditioned*, the same for an argument rounded once; *lost*, full but 0 where exp overflows, so that the
value is at most about 1 / max; *absolute*, where a tail has no digits. What `accuracy` allows is the widest of them.

A role is made by `role` of its formula, its bounds by grade, and its properties, each of which is made by the function
of its name here of what this role says about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.cotangents import with_cotangent
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.laws.entry_errors import Bound, Shown, at_its_end, cotangent, gradual, widest
from extremum.properties.laws.entry_underflow import Formula, flushed, or_flushed, unflushed_error
from extremum.properties.laws.measures import all_in_range, nonfinite
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import KnownTruth, Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import choose, where

CONTESTED = ("empty-batch", "empty-row", "integer", "boolean", "zero-dimensional")


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
        "accuracy": {
            "grades": {grade: bound for grade, bound in graded.items() if bound is not error_bound},
            "least": next(iter(grades.values())),
        },
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
        clear=partial(on_one_side, argument=argument),
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


def on_one_side(view: View, _whole: View | None, argument: str) -> bool:
    """Whether all outputs and all values of the argument are 0 or more, or all 0 or less."""
    both = view.answer, view.observation.arguments[argument]
    return all(bool(a.min() >= 0) for a in both) or all(bool(a.max() <= 0) for a in both)


def accuracy(**texts: Any) -> Property:
    """Every output is as close to the exact value as a sound algorithm comes."""
    given = {"measure": unflushed_error, **texts}
    return Property(
        name="accuracy",
        code="05",
        statement="Every output is as close to the exact value as a sound algorithm comes.",
        unit="ulp",
        scale=ulp,
        counted=True,
        **given,
    )


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


def adding_up_to_cotangent(**texts: Any) -> Property:
    """f(x, g) + f(-x, g) is g, of a derivative of which that of -x is 1 less."""
    statement = "The outputs for x and for -x add up to g."
    return symmetry(+1, cotangent, "float(g{at})", "g", statement=statement, **texts)


def even(**texts: Any) -> Property:
    """f(x, g) is f(-x, g), of an even derivative."""
    statement = "The outputs for x and for -x are the same."
    return symmetry(-1, lambda view: Shown(view).none, "0.0", "g", statement=statement, **texts)


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


def limits_of_cotangent(allowed_there: str, **texts: Any) -> Property:
    """`limits` of a derivative between 0 and 1: 0 and g, at which `allowed_there` says in words what is allowed."""
    return limits(
        cotangent,
        statement="Where the exact value rounds to 0 or g, the output is that, or near to it.",
        bound=f"""Judged where the distance is below a quarter of the spacing at g, or the value at most half of the
        smallest subnormal. Allowed at g is {allowed_there}. At 0 it is what underflow costs.""",
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
    off, elsewhere = choose(at_zero, view.out, view.out * 0.0), ~at_zero
    for limit in toward:
        value = limit(view)
        near = ~at_zero & (np.abs(view.narrow(exact - value)) <= quarter)
        off, elsewhere = choose(near, view.out - value, off), elsewhere & ~near
    off = choose(flushed(view, view.answer), off * 0.0, off)  # `gradual_underflow` judges it
    return where(elsewhere, 0.0, view.error(abs(off))), choose(  # what is not finite elsewhere is judged by `finite`
        at_zero, off * 0.0 + gradual(view.fmt) * spread(view), off * 0.0 + allowed(view)
    )
