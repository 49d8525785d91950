"""Sound behaviour that must not be accused, in every role where it occurs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from nightly import FURTHER, NIGHTLY, tried_roles
from shared_cells import judge_cell

from extremum.properties.calling.call import Call
from extremum.properties.engine import Settings
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.model.property import ulp
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.log_softmax import in_roundoffs
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import decide
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.softmax import shifted
from extremum.reference.subjects.subject import Subject, subjects

QUICK = Settings(examples=2, seed=1, effort=EFFORTS["standard" if NIGHTLY else "quick"])


def judged(function: Callable[..., Any], role: str, prop: str, dtype: str = "float32") -> Cell:
    found = role_named(role).property_named(prop)
    assert found is not None
    return judge_cell(Subject("it", role, function), role_named(role), found, dtype, QUICK)


def accused(function: Callable[..., Any], role: str, dtype: str) -> list[tuple[str, str, str]]:
    cells = [judged(function, role, p.name, dtype) for p in role_named(role).properties]
    return [(c.property, c.verdict, c.severity) for c in cells if c.found]


# Logsumexp of parts


def logsumexp(x: Array, axis: int = -1) -> Array:
    a = np.max(x, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(a), a, np.zeros((), x.dtype))
    with np.errstate(divide="ignore"):
        return np.asarray(np.squeeze(a + np.log(np.exp(x - shift).sum(axis=axis, keepdims=True)), axis))


def of_four_parts(x: Array, axis: int = -1) -> Array:
    parts = [logsumexp(p, axis) for p in np.array_split(x, 4, axis) if p.shape[axis]]
    return logsumexp(np.stack(parts, -1))


def by_a_tree(x: Array, axis: int = -1) -> Array:
    y = np.moveaxis(x, axis, 0)
    while len(y) > 1:
        odd = y[len(y) - len(y) % 2 :]
        y = np.concatenate([np.logaddexp(y[: len(y) - len(odd) : 2], y[1::2]), odd])
    return np.asarray(y[0])


def by_a_chain(x: Array, axis: int = -1) -> Array:
    return np.asarray(np.logaddexp.reduce(x, axis=axis))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("form", "grade"), [(of_four_parts, "tree of parts"), (by_a_tree, "tree of parts"), (by_a_chain, "recursive")]
)
def test_a_logsumexp_of_parts_is_let_alone(form: Callable[..., Any], grade: str, dtype: str) -> None:
    assert accused(form, "logsumexp", dtype) == []
    assert judged(form, "logsumexp", "accuracy", dtype).grade == grade


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_tree_that_is_kept_in_sixteen_bits_is_sound_and_a_chain_is_not(dtype: str) -> None:
    def rounded(y: Array) -> Array:
        return y.astype(dtype).astype(np.float32)

    def tree(x: Array, axis: int = -1) -> Array:
        y = np.moveaxis(x, axis, 0).astype(np.float32)
        while len(y) > 1:
            odd = y[len(y) - len(y) % 2 :]
            y = np.concatenate([rounded(np.logaddexp(y[: len(y) - len(odd) : 2], y[1::2])), odd])
        return np.asarray(y[0].astype(x.dtype))

    assert judged(tree, "logsumexp", "accuracy", dtype).verdict == "held"
    assert judged(tree, "logsumexp", "between", dtype).verdict == "held"


# Answers within an ulp


def within_an_ulp(role: Role, fmt: Format) -> Callable[..., Array]:
    """A subject that answers with one of the two floats beside the exact value, either of them."""
    names, arithmetic = list(role.signature.inputs), screen_arithmetic(fmt)

    def answer(*given: Any, axis: int = -1) -> Array:
        arrays = [np.asarray(a) for a in given]
        if role.signature.batched:
            moved, *others = (np.moveaxis(a, axis, -1) for a in arrays)
            both = zip(names, (moved, *others), strict=True)
            rows = {name: np.ascontiguousarray(a).reshape(-1, a.shape[-1]) for name, a in both}
        else:
            rows = {name: a[None] for name, a in zip(names, arrays, strict=True)}
        # A masked entry is as the lowest value; what its place must get is none of this test's.
        x = rows[names[0]]
        exact = role.truth(rows, arithmetic).exact(slice(None))
        near = fmt.round(arithmetic.narrow(exact))
        beyond = arithmetic.narrow(exact - arithmetic.lift(near))
        way = np.where(beyond > 0, 1, np.where(beyond < 0, -1, 0))
        chosen = fmt.ordinal(near) * 7 + np.arange(near.shape[1]) + x.shape[-1]
        out = fmt.step(near, np.where(chosen % 2 == 0, way, 0))
        if role.signature.batched and role.signature.width(5) > 1:
            return np.moveaxis(out.reshape(moved.shape), -1, axis)
        shape = moved.shape[:-1] if role.signature.batched else role.signature.answer(role.signature.row(rows, 0), -1)
        return np.asarray(out.reshape(shape))

    return answer


def in_ulps_of_the_result(role: Role) -> list[str]:
    """The properties of plain rows whose unit is an ulp of the result."""
    return [p.name for p in role.properties if p.scale in (ulp, in_roundoffs) and not p.masked]


MEASURED_IN_ULPS = [(role, prop) for role in tried_roles() for prop in in_ulps_of_the_result(role)]


@pytest.mark.parametrize("dtype", ["float32", *FURTHER])
@pytest.mark.parametrize(("role", "prop"), MEASURED_IN_ULPS, ids=[f"{r.name}-{p}" for r, p in MEASURED_IN_ULPS])
def test_an_answer_within_an_ulp_is_no_finding(role: Role, prop: str, dtype: str) -> None:
    cell = judged(within_an_ulp(role, FORMATS[dtype]), role.name, prop, dtype)
    assert cell.verdict == "held", cell.detail


# Scaling by a number that is no power of two


def complex_step(f: Callable[..., Any], h: float = 1e-20) -> Callable[..., Array]:
    """The gradient by the last argument but `c`, Im f(x + i h e_j) / h."""

    def gradient(*arguments: Array) -> Array:
        first, x, *rest = arguments
        steps = x.astype(complex) + 1j * h * np.eye(len(x))
        return np.array([np.imag(f(first, step, *rest)) / h for step in steps])

    return gradient


def over_seven(f: Callable[..., Array]) -> Callable[..., Array]:
    """7 (f / 7), of the gradient of a mean over seven terms."""
    return lambda *arguments: np.asarray(f(*arguments) / arguments[1].dtype.type(7) * arguments[1].dtype.type(7))


FORMS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "quadratic_form_gradient": (lambda A, x: x @ A @ x, lambda A, x: (A + A.T) @ x),
    "squared_norm_gradient": (lambda B, x: (B @ x) @ (B @ x), lambda B, x: 2 * (B.T @ (B @ x))),
    "least_squares_gradient": (lambda B, x, c: (B @ x - c) @ (B @ x - c), lambda B, x, c: 2 * (B.T @ (B @ x - c))),
    "inner_product_gradient": (lambda w, x: w @ x, lambda w, x: w.copy()),
}


@pytest.mark.parametrize("role", FORMS)
@pytest.mark.parametrize("prop", ["identity", "linear_in_A", "linear_in_x", "linear_in_w", "hessian_symmetric"])
def test_scaling_by_no_power_of_two_is_let_alone(role: str, prop: str) -> None:
    f, gradient = FORMS[role]
    found = role_named(role).property_named(prop)
    if found is None:  # another role's
        return
    for form, dtype in ((complex_step(f), "float64"), (over_seven(gradient), "float32")):
        cell = judged(form, role, prop, dtype)
        assert cell.verdict == "held", cell.simplest


# Petty truths


def by_reciprocal_above(x: Array, axis: int = -1) -> Array:
    """A softmax whose reciprocal of the sum is one ulp up."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e * np.nextafter(1 / e.sum(axis=axis, keepdims=True), np.asarray(np.inf, x.dtype)))


def gaps_below_ceiling(x: Array, axis: int = -1) -> tuple[Array, Array]:
    """x - ceil(max x), and the logarithm of the sum of its exps."""
    with np.errstate(all="ignore"):
        a = np.ceil(x.max(axis=axis, keepdims=True))
        gaps = x - np.where(np.isfinite(a), a, np.zeros((), x.dtype))
        return gaps, np.log(np.exp(gaps).sum(axis=axis, keepdims=True))


def log_softmax_below_ceiling(x: Array, axis: int = -1) -> Array:
    gaps, log_total = gaps_below_ceiling(x, axis)
    return np.asarray(gaps - log_total)


def logsumexp_below_ceiling(x: Array, axis: int = -1) -> Array:
    a = np.ceil(x.max(axis=axis, keepdims=True))
    return np.asarray(np.squeeze(np.where(np.isfinite(a), a, x.max()) + gaps_below_ceiling(x, axis)[1], axis))


def softmax_below_ceiling(x: Array, axis: int = -1) -> Array:
    e = np.exp(gaps_below_ceiling(x, axis)[0])
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


@pytest.mark.parametrize(
    ("function", "role", "prop"),
    [
        (by_reciprocal_above, "softmax", "at_most_one"),
        (log_softmax_below_ceiling, "log_softmax", "nonpositive"),
        (lambda logits, L: -log_softmax_below_ceiling(logits)[L], "cross_entropy", "nonnegative"),
        (
            lambda logits, L: by_reciprocal_above(logits) - (np.arange(len(logits)) == L).astype(logits.dtype),
            "cross_entropy_gradient",
            "range",
        ),
        (logsumexp_below_ceiling, "logsumexp", "one_element"),
    ],
)
def test_a_truth_that_is_broken_by_a_rounding_is_of_low_severity(
    function: Callable[..., Any], role: str, prop: str
) -> None:
    cell = judged(function, role, prop)
    assert (cell.verdict, cell.severity) == ("refuted", "low")


def test_a_truth_that_is_broken_by_more_is_of_its_own_severity() -> None:
    def some_far_above(x: Array, axis: int = -1) -> Array:
        return by_reciprocal_above(x, axis) * np.where(x.shape[axis] == 7, x.dtype.type(1.5), x.dtype.type(1))

    cell = judged(some_far_above, "softmax", "at_most_one")
    assert (cell.verdict, cell.severity) == ("refuted", "high")


# Flushes to zero


def flushed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on a processor that takes subnormal arguments, and gives subnormal answers, as zero."""

    def flush(a: Any) -> Any:
        if not isinstance(a, np.ndarray) or a.dtype.kind in "iu":
            return a
        return np.where(np.abs(a) < FORMATS[a.dtype.newbyteorder("=").name].tiny, a * 0, a).astype(a.dtype)

    return lambda *arguments, **keywords: flush(np.asarray(function(*map(flush, arguments), **keywords)))


def with_negative_zeros(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with -0 for each 0."""

    def answer(*arguments: Any, **keywords: Any) -> Any:
        out = np.asarray(function(*arguments, **keywords))
        return np.where(out == 0, -np.zeros((), out.dtype), out)

    return answer


def with_positive_zeros(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with 0 for each -0."""

    def answer(*arguments: Any, **keywords: Any) -> Any:
        out = np.asarray(function(*arguments, **keywords))
        return np.where(out == 0, np.zeros((), out.dtype), out)

    return answer


def sound_reference(role: Role) -> Subject:
    """A reference of the role that is sound in every dtype."""
    return next(s for s in subjects(role.name, "reference") if not s.fails)


WITH_REFERENCES = [role for role in tried_roles() if any(not s.fails for s in subjects(role.name, "reference"))]


def findings(function: Callable[..., Any], reference: Subject, dtype: str) -> list[tuple[str, str, str]]:
    """What a changed reference is accused of."""
    subject, role = replace(reference, function=function), role_named(reference.role)
    cells = [judge_cell(subject, role, p, dtype, replace(QUICK, examples=0)) for p in role.properties]
    return [(c.property, c.verdict, c.severity) for c in cells if c.found and not c.expected]


@pytest.mark.parametrize("role", WITH_REFERENCES, ids=lambda r: r.name)
def test_flushes_to_zero_are_of_low_severity_everywhere(role: Role) -> None:
    reference = sound_reference(role)
    assert {severity for *_, severity in findings(flushed(reference.function), reference, "float32")} <= {"low"}


@pytest.mark.parametrize("sign", [with_negative_zeros, with_positive_zeros])
@pytest.mark.parametrize("role", WITH_REFERENCES, ids=lambda r: r.name)
def test_the_sign_of_a_zero_is_no_finding(role: Role, sign: Callable[..., Any]) -> None:
    reference = sound_reference(role)
    assert findings(sign(reference.function), reference, "float32") == []


# Sums of products of subnormals


def jacobian_as_a_product(x: Array) -> Array:
    """P^T diag(s) P with P = I - 1 s^T: n products an entry, each of which may be subnormal."""
    e = np.exp(x - x.max())
    s = e / e.sum()
    p = np.eye(len(x), dtype=x.dtype) - s[None]
    return np.asarray((p.T * s) @ p)


def with_subnormal_products(n: int = 200) -> Array:
    """Logits of which two get probabilities so small that each product of theirs is 3.4 smallest subnormals."""
    x = np.zeros((1, n), np.float32)
    x[0, :2] = np.log(np.sqrt(3.4 * n * FORMATS["float32"].eta) * n)
    return x


@pytest.mark.parametrize("prop", ["accuracy", "symmetric", "rows_sum_to_zero", "gradual_underflow"])
def test_a_sum_of_subnormal_products_in_a_jacobian_is_let_alone(prop: str) -> None:
    role = role_named("softmax_jacobian")
    found = role.property_named(prop)
    assert found is not None
    subject = Subject("it", role.name, jacobian_as_a_product)
    experiment = Experiment(Call(subject, role.signature), role, found, FORMATS["float32"])
    decision = decide(experiment, Case({"x": with_subnormal_products()}), final=True)
    assert not decision.refuted, (decision.measured, decision.allowed)


@pytest.mark.parametrize("prop", ["accuracy", "sum_to_zero", "gradual_underflow"])
def test_a_sum_of_subnormal_products_in_a_vjp_is_let_alone(prop: str) -> None:
    role = role_named("softmax_vjp")
    found = role.property_named(prop)
    assert found is not None
    subject = Subject("it", role.name, lambda x, g: np.asarray(jacobian_as_a_product(x) @ g))
    experiment = Experiment(Call(subject, role.signature), role, found, FORMATS["float32"])
    x = with_subnormal_products()
    g = np.where(np.arange(x.shape[1]) == 0, 1.0, 0.0).astype(np.float32)[None]
    decision = decide(experiment, Case({"x": x, "g": g}), final=True)
    assert not decision.refuted, (decision.measured, decision.allowed)


# Refused byte orders


def refusing(error: BaseException) -> Callable[..., Any]:
    """A softmax that raises where an array has the other byte order."""

    def softmax(x: Array, axis: int = -1) -> Array:
        if not x.dtype.isnative:
            raise error
        return shifted(x, axis)

    return softmax


@pytest.mark.parametrize("error", [TypeError("no such order"), RuntimeError(), AssertionError("native")])
def test_an_exception_that_refuses_the_other_byte_order_is_let_alone(error: Exception) -> None:
    assert judged(refusing(error), "softmax", "layout").verdict == "held"


def test_leaving_for_the_other_byte_order_is_no_refusal() -> None:
    assert judged(refusing(SystemExit(1)), "softmax", "layout").found
