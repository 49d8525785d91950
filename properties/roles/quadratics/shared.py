"""The properties that the gradients of quadratic functions share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.laws.measures import absolute_error
from extremum.properties.model.property import Property, subnormal
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import choose, where

LARGEST_INTEGER = 4  # of the summands, so that the sum x + y is exact in every format
ON_INTEGERS, WITHIN = "exact on integers", "within the error bound"  # grades
CONTESTED = ("nan", "empty-row", "integer", "boolean")  # the situations that arise for a gradient


def at(view: View, **changed: Array) -> View:
    """The view of the same role at other arguments, whole and without an answer."""
    arguments = {name: view.observation.arguments[name] for name in view.role.signature.inputs} | changed
    return View(view.role, view.fmt, Observation(arguments), view.arithmetic)


def in_ulps_of_reach(view: View) -> Array:
    """The unit roundoff times the sum of the magnitudes of all terms: the unit of an error of a gradient."""
    sum_of_magnitudes = view.narrow(view.parts.sum_of_magnitudes(view.columns))
    return np.asarray(np.clip(sum_of_magnitudes * view.fmt.unit_roundoff, view.fmt.eta, view.fmt.max))


def finite(view: View) -> Measured:
    """1 for each entry that is not finite and has its exact value in range; allowed where overflow is excused."""
    wrong = ~np.isfinite(view.answer) & (np.zeros((1, 1), bool) if view.all_finite else ~view.left_range)
    return np.where(wrong, 1.0, 0.0), _excused(view)


def _excused(view: View) -> Array:
    """Infinitely much where an overflow is excused, and nothing elsewhere, shape (rows, 1)."""
    return np.where(view.may_overflow, np.inf, 0.0)


def _nothing(_view: View) -> Array:
    return np.zeros((1, 1))


def identity(view: View) -> Measured:
    """The distance of <gradient, v> from the difference quotient of f; the error bounds times abs(v) are allowed."""
    arithmetic = view.arithmetic
    v, h = view.argument("v"), view.argument("h")[:, None]
    x, two = view.argument("x"), arithmetic.constant(2.0)
    quotient = (view.parts.value(x + v * h) - view.parts.value(x - v * h)) / (h * two)
    difference = abs(arithmetic.total(view.whole * v) - quotient)
    flawed = np.asarray(view.wrong_nonfinite.any(axis=-1, keepdims=True))
    excused = ~np.isfinite(view.answer).all(axis=-1, keepdims=True) & ~flawed
    return where(flawed, np.inf, where(excused, 0.0, difference)), _along(view)


def _along(view: View) -> Any:
    """What `identity` allows, shape (rows, 1)."""
    return view.arithmetic.total(abs(view.argument("v")) * view.role.error_bound(at(view)))


def identity_on_integers(view: View) -> Any:
    """The grade of `identity`."""
    whole = at(view)
    return exact_on_integers(view, _along(view), [whole], _differs(view.whole, whole))


def integral(view: View) -> Array:
    """Rows in which float arithmetic is exact: integers, whose sums of magnitudes are at most an eighth of 2^p."""
    arguments = [view.observation.arguments[name] for name in view.role.signature.inputs]
    whole = [np.all(np.rint(w) == w, axis=tuple(range(1, w.ndim))) for w in (a.astype(np.float64) for a in arguments)]
    sum_of_magnitudes = view.narrow(view.parts.sum_of_magnitudes()).max(axis=-1)
    small = sum_of_magnitudes <= 2.0 ** (view.fmt.precision - 3)
    return np.asarray(np.logical_and.reduce([*whole, small]))[:, None]


def exact_on_integers(view: View, allowed: Any, whole: Sequence[View], differs: Array) -> Any:
    """What is allowed, but nothing in rows in which float arithmetic is exact at these views and an answer differs.

    The exact gradient of integers is exact in any arithmetic of a screen, and so is the comparison; a difference
    quotient is not.
    """
    rows = np.logical_and.reduce([differs, *(integral(part) for part in whole)])
    return choose(np.broadcast_to(rows, allowed.shape), allowed * view.arithmetic.constant(0.0), allowed)


def _differs(answer: Any, here: View) -> Array:
    """The rows in which an answer in all columns is not the exact gradient of a view, shape (rows, 1)."""
    return np.asarray(np.any(here.narrow(answer - here.truth.exact()) != 0, axis=-1, keepdims=True))


def with_direction(draw: Draw, arguments: Arguments) -> Case:
    """The arguments, with a direction v of small integers times about the size of x, and a step h for each row."""
    size = np.abs(arguments["x"].astype(np.float64)).max(axis=-1, keepdims=True)
    size = np.exp2(np.floor(np.log2(np.clip(size, draw.fmt.tiny, draw.fmt.max / 64))))
    v = draw.integers(-3, 3, each=True) * size
    h = np.broadcast_to(pick(draw, [1.0, 0.5, 2.0, 2.0**-10]), (len(size), 1))[:, 0]
    return Case({**arguments, "v": draw.fmt.round(v), "h": draw.fmt.round(h)})


def observe_beside(call: Call, case: Case) -> Observation:
    """The gradient, beside the direction and the step."""
    return Observation(case.arguments, call.rows(call.signature.of(case.arguments)))


def of_sum(view: View, *names: str) -> Measured:
    """The distance of f at a sum from the sum of f at its two summands, in these arguments.

    Allowed are the error bounds of the three answers and the rounding of their sum.
    """
    parts = _summands(view, names)
    excused = np.logical_or.reduce([part.may_overflow for part in parts])
    error = where(excused & ~view.finite, 0.0, view.error(abs(view.out - view.other)))
    return error, _of_three(view, parts)


def _summands(view: View, names: Sequence[str]) -> list[View]:
    second = {name: view.observation.arguments[f"{name}2"] for name in names}
    both = {name: view.observation.arguments[name] for name in names}
    with np.errstate(over="ignore"):
        one = {name: (both[name] - second[name]).astype(both[name].dtype) for name in names}
    return [at(view, **part) for part in (one, second)]


def _of_three(view: View, parts: Sequence[View]) -> Any:
    """What `of_sum` allows, by component."""
    u, eta = view.arithmetic.constant(view.fmt.unit_roundoff), view.arithmetic.constant(view.fmt.eta)
    apart = [view.at(view.role.error_bound(part)) for part in parts]
    return apart[0] + apart[1] + view.error_bound + abs(view.other) * u + eta


def sum_of_integers(view: View, *names: str) -> Any:
    """The grade of `of_sum`."""
    parts, here = _summands(view, names), at(view)
    differs = _differs(view.out, here) | _differs(view.other, here)
    return exact_on_integers(view, _of_three(view, parts), [here, *parts], differs)


def summands(draw: Draw, arguments: Arguments, *names: str) -> Case:
    """The arguments, with those named made of small integers times a power of two, and a second of the same kind."""
    scale = pick(draw, [1.0, 2.0**-4, 2.0**3])  # of each row, the same for both summands: their sum is exact

    def fill(a: Array) -> Array:
        values = draw.of_length(a[0].size).integers(-LARGEST_INTEGER, LARGEST_INTEGER, each=True) * scale
        return draw.fmt.round(values).reshape(a.shape)

    first = {name: fill(arguments[name]) for name in names}
    second = {f"{name}2": fill(arguments[name]) for name in names}
    return Case({**arguments, **first, **second})


def observe_sum(call: Call, case: Case, *names: str) -> Observation:
    """f at the sum, and the sum of f at the two summands."""
    one = call.signature.of(case.arguments)
    two = {**one, **{name: case.arguments[f"{name}2"] for name in names}}
    both = {**one, **{name: (one[name] + two[name]).astype(one[name].dtype) for name in names}}
    out, *parts = call.each([both, one, two])
    apart = parts[0] + parts[1]
    return Observation({**both, **{f"{name}2": two[name] for name in names}}, out, apart)


def hessian_symmetric(view: View) -> Measured:
    """The distance of <f(x + a) - f(x), b> from <f(x + b) - f(x), a>; the error bounds of the answers are allowed."""
    arithmetic, given = view.arithmetic, view.observation.arguments
    a, b = view.argument("a"), view.argument("b")
    answers = [given[name] for name in ("at_a", "at_b", "at_x")]
    settled = np.logical_and.reduce([np.isfinite(g.astype(np.float64)).all(axis=-1, keepdims=True) for g in answers])
    at_a, at_b, at_x = (arithmetic.lift(np.where(settled, g, np.zeros((), g.dtype))) for g in answers)
    sides = arithmetic.total((at_a - at_x) * b) - arithmetic.total((at_b - at_x) * a)
    return where(~settled, 0.0, abs(sides)), _of_both_sides(view, *_corners(view))


def _corners(view: View) -> list[View]:
    """The views at x + a, x + b and x."""
    given = view.observation.arguments
    x = given["x"]
    return [*(at(view, x=(x + given[name]).astype(x.dtype)) for name in ("a", "b")), at(view)]


def _of_both_sides(view: View, at_a: View, at_b: View, at_x: View) -> Any:
    """What `hessian_symmetric` allows, shape (rows, 1)."""
    bound, total = view.role.error_bound, view.arithmetic.total
    off = [bound(beside) + bound(at_x) for beside in (at_a, at_b)]
    return total(off[0] * abs(view.argument("b"))) + total(off[1] * abs(view.argument("a")))


def hessian_of_integers(view: View) -> Any:
    """The grade of `hessian_symmetric`."""
    corners = _corners(view)
    answers = (view.argument(name) for name in ("at_a", "at_b", "at_x"))
    differs = np.logical_or.reduce([_differs(g, corner) for g, corner in zip(answers, corners, strict=True)])
    return exact_on_integers(view, _of_both_sides(view, *corners), corners, differs)


def around(draw: Draw, arguments: Arguments) -> Case:
    """The arguments, with two directions of small integers, and x of small integers times a power of two.

    In some rows x is 0, and in some the directions are along one axis: one entry of the Hessian beside its mirror
    image, in which 16 bits see what the rounding of whole rows would hide.
    """
    x = summands(draw, arguments, "x").arguments["x"]
    zero_or_one = draw.of_length(x.shape[-1]).integers(0, 1).astype(x.dtype)
    return Case({**arguments, "x": x * zero_or_one, **_directions(draw, arguments)})


def _directions(draw: Draw, arguments: Arguments) -> Arguments:
    shape = arguments["x"].shape

    def direction() -> Array:
        dense = draw.integers(-LARGEST_INTEGER, LARGEST_INTEGER, each=True)
        axis = np.arange(shape[-1]) == draw.integers(0, shape[-1] - 1)
        return draw.fmt.round(np.broadcast_to(np.where(draw.integers(0, 1) == 1, axis, dense), shape))

    return {"a": direction(), "b": direction()}


def observe_around(call: Call, case: Case) -> Observation:
    """The gradient at x, at x + a and at x + b."""
    given = call.signature.of(case.arguments)
    x, beside = given["x"], {name: case.arguments[name] for name in ("a", "b")}
    out, *there = call.each([given, *({**given, "x": (x + d).astype(x.dtype)} for d in beside.values())])
    answers = {f"at_{name}": answer for name, answer in zip(beside, there, strict=True)}
    return Observation({**given, **beside, **answers, "at_x": out}, out)


def gradual_underflow(view: View) -> Measured:
    """Each error that a flush explains, 0 elsewhere; the bound with gradual underflow is allowed."""
    error = view.error(abs(view.out - view.exact))
    beyond = np.asarray(view.narrow(error) > view.narrow(view.error_bound))
    assert view.role.gradual_bound is not None
    return where(beyond, 0.0, error), view.role.gradual_bound(view)


# A role adds the code, its bound with the other texts, the module that derives it, and the grades.
accuracy = partial(
    Property,
    name="accuracy",
    statement="Every entry is as close to the exact value as a sound algorithm comes.",
    measure=absolute_error,
    unit="u sum",
    scale=in_ulps_of_reach,
    lengths="matrix",
    longest=4096,
)


def linear(*names: str) -> partial[Property]:
    """The property that the gradient is linear in these arguments together, but for its code, texts and script."""
    return partial(
        Property,
        name=f"linear_in_{'_and_'.join(names)}",
        measure=lambda view: of_sum(view, *names),
        grades={ON_INTEGERS: lambda view: sum_of_integers(view, *names), WITHIN: None},
        unit="u sum",
        scale=in_ulps_of_reach,
        arrange=lambda draw, arguments: summands(draw, arguments, *names),
        observe=lambda call, case: observe_sum(call, case, *names),
        beside="as the sum of two calls",
        rows=8,
        lengths="few",
    )


FINITE = Property(
    name="finite",
    code="EX911",
    statement="The gradient is finite wherever the exact value is representable.",
    bound="""
        A sum of products may overflow on its way to a value in range, and so may A + A^T, a residual, or the entries of
        a Gram matrix. Where the sum of the magnitudes of all terms, and of every one of these, stays below a quarter of
        the largest finite value no sound form overflows, and no NaN or infinity is allowed; beyond, it is no finding.
        The grade tells who stays finite there too, by scaling or in a wider format.
    """,
    example="a gradient that is computed in float16 from float32 arguments is infinite from 65,520 on.",
    fix="multiply and add in the dtype of the arguments at least; scale by a power of two where even that overflows.",
    measure=finite,
    unit="outputs",
    severity="critical",
    exact=True,
    grades={"wherever the exact value is in range": _nothing, "where no intermediate result overflows": _excused},
)
IDENTITY = Property(
    name="identity",
    code="EX902",
    statement=(
        "The difference quotient of f along any direction is the gradient's inner product with it, for every step."
    ),
    bound="""
        f is at most quadratic, so (f(x + h v) - f(x - h v)) / (2 h) = <grad f(x), v> exactly, however large h is: the
        terms that a difference quotient usually neglects are not there. It is evaluated without rounding, in rationals
        where it decides. The entries of the gradient may each be off by their error bound, times abs(v). Where all
        arguments are integers, and the sum of the magnitudes of all terms is at most an eighth of 2^p, every product,
        sum and residual of any order is an integer below 2^p: float arithmetic is exact, and the grade tells who is. A
        form that scales by no power of two on its way, as a complex step with h = 1e-20 does, is not.
    """,
    example="""
        2 A x for A = [[0, 1], [0, 0]] and x = [1, 1] is [2, 0]. With v = [0, 1] the quotient is 1, and the inner
        product 0.
    """,
    fix="derive the gradient again: (A + A^T) x, 2 B^T B x, 2 B^T (B x - c), and w itself.",
    measure=identity,
    unit="value",
    grades={ON_INTEGERS: identity_on_integers, WITHIN: None},
    arrange=with_direction,
    observe=observe_beside,
    rows=8,
    lengths="few",
    longest=33,
    script=(
        "import fractions",
        "pairs = zip(f({args}){pick}.tolist(), v{pick}.tolist())",
        "got = float(sum(fractions.Fraction(float(a)) * fractions.Fraction(float(b)) for a, b in pairs))",
        "expected = {along}",
    ),
)
LINEAR_IN_X = linear("x")(
    code="EX914",
    statement="The gradient is linear in x.",
    bound="""
        f(x + y) is compared with f(x) + f(y), for x and y whose sum is exact in the dtype. The exact values are equal;
        allowed are the three error bounds of `accuracy`, and the rounding of the sum of two answers. The grade is that
        of `identity`.
    """,
    example="A x for x of unit length only, as where x is normalised on the way, gives the same for x and for 2 x.",
    fix="x stands once in every term of (A + A^T) x and of 2 B^T B x, and nothing is added to it.",
    source=__name__,
    script=("got = float(f({at_sum}){at})", "expected = float(f({args}){at}) + float(f({second}){at})"),
)
HESSIAN_SYMMETRIC = Property(
    name="hessian_symmetric",
    code="EX915",
    statement="The Hessian that differences of the gradient imply is symmetric.",
    bound="""
        The Hessian of a quadratic is constant, so f(x + a) - f(x) is the Hessian times a, and <f(x + a) - f(x), b> is
        <f(x + b) - f(x), a> for all a and b. Both sides are evaluated without rounding from the three answers, which
        may each be off by the error bound of `accuracy`, times abs(b) or abs(a). The grade is that of `identity`.
        Answers that are not finite are judged by `finite`.
    """,
    example="A x for A = [[0, 1], [0, 0]]: with a = [1, 0] and b = [0, 1] the sides are 0 and 1.",
    fix="the sum with the transpose: A x + A^T x. No product of matrices but B^T B makes a Hessian from B.",
    measure=hessian_symmetric,
    unit="value",
    grades={ON_INTEGERS: hessian_of_integers, WITHIN: None},
    arrange=around,
    observe=observe_around,
    rows=8,
    lengths="few",
    script=(
        "at_x, at_a, at_b = (np.float64(g{pick}) for g in (f({args}), f({at_a}), f({at_b})))",
        "got = float(np.dot(at_a - at_x, np.float64(b{pick})))",
        "expected = float(np.dot(at_b - at_x, np.float64(a{pick})))",
    ),
)
GRADUAL_UNDERFLOW = Property(
    name="gradual_underflow",
    code="EX919",
    statement="Terms below the smallest normal are rounded, not flushed to zero.",
    bound="""
        Judged where the error is one that a flush explains: at most the error bound of `accuracy`, which lets flushes
        pass. Allowed is what gradual underflow costs, half the smallest subnormal for each product. Severity is low:
        processors and compilers flush on purpose, for speed.
    """,
    example="2 * 1e-39 in float32 is 0 in flush-to-zero mode, for 2e-39.",
    fix="leave out -ffast-math and flush-to-zero mode, or say that gradients below 1e-38 are dropped.",
    measure=gradual_underflow,
    unit="subnormals",
    scale=subnormal,
    severity="low",
)
