"""`judge`: what the audit lets pass is never accused, what `accuracy` refutes is, and what nobody can prove is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from nightly import FURTHER, tried_roles

from extremum.properties.answers.extremes import arguments, extremes
from extremum.properties.answers.judgement import DECIDING, judge
from extremum.properties.calling.call import Call, quiet
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Observation
from extremum.properties.roles.registry import roles
from extremum.properties.steps.blocks import block
from extremum.properties.steps.decide import decide, decide_observed
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array
from extremum.reference.errors import UsageError
from extremum.reference.softmax import shifted
from extremum.reference.subjects.subject import Subject, subjects

LENGTHS = (1, 2, 5, 17, 64, 257)
LONG_LENGTHS = (1000, 4099)  # of roles of rows: where sums in 16 bits stagnate
JUDGED = [role for role in tried_roles() if any(map(role.property_named, DECIDING))]
SOUND_IN = ("accuracy", "bitwise", "finite", "mask")
F32 = np.float32


def deciding(role: Role) -> Property:
    return next(filter(None, map(role.property_named, DECIDING)))


def sound(role: Role, dtype: str) -> list[Subject]:
    return [s for s in subjects(role.name, "reference") if not any(s.may_fail(p, dtype) for p in SOUND_IN)]


def rows_of(role: Role, dtype: str) -> Iterator[tuple[str, dict[str, Array]]]:
    """Rows of every regime at several lengths, with the regime's name."""
    lengths = LENGTHS + (LONG_LENGTHS if role.signature.batched else ())
    for n in [n for n in lengths if role.signature.width(n) <= LONG_LENGTHS[-1] and n <= role.longest]:
        for regime in role.regimes:
            made = block(role.arguments, dtype, (role.heights(n)[0], n), 4, 1, 3, (regime,))
            yield regime.name, dict(made.arguments)


@pytest.mark.parametrize("dtype", ["float32", *FURTHER])
@pytest.mark.parametrize("role", JUDGED, ids=lambda role: role.name)
def test_no_sound_reference_is_accused_in_any_regime(role: Role, dtype: str) -> None:
    accused, judged = [], 0
    with quiet():
        for regime, rows in rows_of(role, dtype):
            given = role.signature.of(rows)
            for subject in sound(role, dtype):
                answer = Call(subject, role.signature).rows(rows)
                shape = (*answer.shape[:1], *role.signature.answer(role.signature.row(rows, 0), -1))
                judgement = judge(answer.reshape(shape), role, **given)
                judged += int(judgement.judged.sum())
                if not judgement.ok:
                    accused.append((subject.name, regime, judgement.worst()))
    assert judged > 500
    assert accused == []


@pytest.mark.parametrize("role", JUDGED, ids=lambda role: role.name)
def test_what_accuracy_refutes_is_refuted_and_nothing_else(role: Role) -> None:
    """On the same rows, for every mutant that is named for the deciding property; some of them hold on few rows."""
    prop, regimes = deciding(role), tuple(regime for regime in role.regimes if not regime.masked)
    verdicts = []
    for mutant in subjects(role.name, "mutant"):
        for dtype in [d for d in mutant.fails.get(prop.name, ()) if d in ("float32", "bfloat16")]:
            experiment = Experiment(Call(mutant, role.signature), role, prop, FORMATS[dtype])
            for n in (2, 9, 40):
                made = block(role.arguments, dtype, (role.heights(n)[0], n), 2 * len(regimes), 1, 3, regimes)
                with quiet():
                    out = experiment.observe(Case(made.arguments)).out
                    assert out is not None
                    shape = (len(out), *role.signature.answer(role.signature.row(made.arguments, 0), -1))
                    judgement = judge(out.reshape(shape), role, **role.signature.of(made.arguments))
                    refuted = decide_observed(experiment, Observation(made.arguments, out), np.inf).refuted
                assert refuted is not judgement.ok, (mutant.name, dtype, n)
                verdicts.append(refuted)
    assert verdicts.count(True) > len(verdicts) / 3


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_an_entry_a_hair_beyond_its_bound_is_refuted_and_one_a_hair_within_is_not(dtype: str) -> None:
    """In softmax of a few entries, by walking the float number line: judge and `decide` change at the same float."""
    role, fmt = roles()["softmax"], FORMATS[dtype]
    x = fmt.round(np.array([[0.5, -1.25, 2.0]]))
    exact = fmt.round(judge(np.zeros_like(x), "softmax", x).exact)
    verdicts = []
    for steps in range(40):
        answer = exact.copy()
        answer[0, 1] = fmt.step(exact[0, 1], steps)
        subject = Subject("fixed", "softmax", lambda x, axis=-1, answer=answer: answer)
        experiment = Experiment(Call(subject, role.signature), role, deciding(role), fmt)
        ok = judge(answer, "softmax", x).ok
        assert ok is not decide(experiment, Case({"x": x}), final=True).refuted
        verdicts.append(ok)
    assert verdicts == sorted(verdicts, reverse=True)
    assert verdicts[0]
    assert not verdicts[-1]


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_the_numbers_of_an_entry_are_those_of_its_exact_value(dtype: str) -> None:
    fmt = FORMATS[dtype]
    x = fmt.round(np.zeros((2, 4)))
    answer = fmt.round(np.full((2, 4), 0.25))
    answer[1, 2] = fmt.step(0.25, 3)
    judgement = judge(answer, "softmax", x)
    assert judgement.exact.tolist() == [[0.25] * 4] * 2
    assert judgement.error_ulps.tolist() == [[0.0] * 4, [0.0, 0.0, 3.0, 0.0]]
    assert (judgement.bound_ulps > 1).all()
    assert (judgement.within == (judgement.error_ulps <= judgement.bound_ulps)).all()


def test_all_zeros_of_393_216_entries_are_wrong_though_allclose_passes_them() -> None:
    x = np.zeros((3, 131_072), F32)
    zeros = np.zeros_like(x)
    np.testing.assert_allclose(zeros, shifted(x), atol=1e-4)
    judgement = judge(zeros, "softmax", x)
    assert not judgement
    assert judgement.wrong == 393_216
    assert judge(shifted(x), "softmax", x).ok


# Batch shapes, axes, numbers.


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
@pytest.mark.parametrize("role", ["softmax", "log_softmax", "logsumexp"])
def test_rows_lie_along_any_axis(role: str, axis: int) -> None:
    x = np.random.default_rng(0).normal(0, 3, (2, 3, 4)).astype(F32)
    exact = np.moveaxis(x, axis, -1).astype(float)
    total = np.log(np.exp(exact).sum(-1, keepdims=True))
    answers = {"softmax": np.exp(exact - total), "log_softmax": exact - total, "logsumexp": total}
    answer = answers[role][..., 0] if role == "logsumexp" else np.moveaxis(answers[role], -1, axis)
    judgement = judge(answer.astype(F32), role, x, axis=axis)
    assert judgement.ok
    assert judgement.exact.shape == judgement.within.shape == answer.shape
    np.testing.assert_allclose(judgement.exact, answer, rtol=1e-6, atol=1e-6)
    wrong = answer.astype(F32)
    wrong[(0,) * wrong.ndim] += F32(0.5)
    assert np.argwhere(~judge(wrong, role, x, axis=axis).within).tolist() == [[0] * wrong.ndim]


def test_a_role_of_single_rows_takes_any_batch_and_numbers_for_all_of_it() -> None:
    x = np.zeros((2, 3, 4), F32)
    loss = np.full((2, 3), np.log(4.0), F32)
    assert judge(loss, "cross_entropy", x, 3).ok
    assert judge(loss, "cross_entropy", x, L=np.array([0, 1, 2])).ok
    assert judge(F32(np.log(4.0)), "cross_entropy", x[0, 0], 1).ok
    assert not judge(loss + 1, "cross_entropy", logits=x, L=3).ok
    A = np.arange(9, dtype=float).reshape(3, 3)
    v = np.array([[1.0, 0, 0], [0, 1, 0]])
    assert judge(v @ (A + A.T), "quadratic_form_gradient", A, v).ok
    assert judge(np.ones((2, 3)) - 0.5 * v, "descent_step", np.ones(3), v, 0.5).ok


def test_a_step_size_that_the_format_has_not_may_be_rounded() -> None:
    x, g = np.ones(3, F32), np.array([1, 3, 0.7], F32)
    assert judge(x - F32(0.1) * g, "descent_step", x, g, 0.1).ok
    assert judge((x - 0.1 * g.astype(float)).astype(F32), "descent_step", x, g, 0.1).ok
    assert not judge(x - F32(0.101) * g, "descent_step", x, g, 0.1).ok
    assert not judge(x, "descent_step", x, g, 1e-60).judged.any()


def test_an_empty_batch_is_within() -> None:
    for shape in ((0, 3), (3, 0), (2, 0, 4)):
        judgement = judge(np.zeros(shape, F32), "softmax", np.zeros(shape, F32))
        assert judgement.ok
        assert judgement.within.shape == judgement.exact.shape == shape
        assert not judgement.judged.any()


# What is contested, and what is masked.


@pytest.mark.parametrize("contested", [[np.nan, 1], [np.inf, 1], [-np.inf, -np.inf], [np.inf, -np.inf]])
@pytest.mark.parametrize("role", ["softmax", "log_softmax", "logsumexp", "softmax_jacobian"])
def test_a_contested_row_is_not_judged_and_the_others_are(role: str, contested: list[float]) -> None:
    x = np.array([contested, [0.0, 0.0]])
    shape = {"logsumexp": (2,), "softmax_jacobian": (2, 2, 2)}.get(role, (2, 2))
    judgement = judge(np.full(shape, 77.0), role, x)
    assert judgement.within[0].all()
    assert not judgement.within[1].any()
    assert np.isnan(judgement.exact[0]).all()
    assert not judgement.judged[0].any()
    assert judgement.judged[1].all()


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_a_masked_entry_is_exactly_what_the_role_says(dtype: str) -> None:
    fmt = FORMATS[dtype]
    x = fmt.round(np.array([0.0, -np.inf, 0.0]))
    halves = fmt.round(np.array([0.5, 0.0, 0.5]))
    assert judge(halves, "softmax", x).ok
    leak = halves.copy()
    leak[1] = fmt.eta
    assert judge(leak, "softmax", x).within.tolist() == [True, False, True]
    logs = fmt.round(np.array([-np.log(2.0), -np.inf, -np.log(2.0)]))
    assert judge(logs, "log_softmax", x).ok
    lowest = np.where(np.isneginf(logs), fmt.dtype.type(-fmt.max), logs)
    assert judge(lowest, "log_softmax", x).within.tolist() == [True, False, True]
    thirds = fmt.round(np.array([1 / 3, 0.0, 1 / 3]))
    assert judge(thirds, "softmax", x).within.tolist() == [False, True, False]


def test_rows_of_the_lowest_number_beside_a_mask_are_judged_where_something_lies_below() -> None:
    x = np.array([-np.finfo(F32).max, -np.inf], F32)
    assert judge(np.array([1, 0], F32), "softmax", x).ok
    assert not judge(np.array([0.5, 0], F32), "softmax", x).ok
    assert not judge(np.array([0.5, 0]), "softmax", np.array([-np.finfo(float).max, -np.inf])).judged.any()


def test_a_masked_label_is_contested() -> None:
    x = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    judgement = judge(np.array([5.0, 5.0]), "cross_entropy", x, np.array([0, 1]))
    assert judgement.within.tolist() == [False, True]


def test_a_cotangent_whose_sum_may_overflow_is_not_judged() -> None:
    x, g = np.zeros(2, F32), np.full(2, np.finfo(F32).max / 4)
    assert not judge(np.array([np.inf, np.inf], F32), "softmax_vjp", x, g).judged.any()
    x, g = np.full(2, np.finfo(F32).max), np.full(2, -np.finfo(F32).max)
    assert not judge(np.array([np.inf, np.inf], F32), "descent_step", x, g, 1.0).judged.any()


def test_an_overflow_that_the_exact_value_has_too_is_within() -> None:
    x = np.array([0.0, -np.finfo(F32).max], F32)
    assert judge(F32(np.finfo(F32).max), "cross_entropy", x, 1).ok
    assert not judge(F32(np.inf), "cross_entropy", x / 2, 1).ok


# Array libraries and dtypes.


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_the_formats_of_ml_dtypes_are_taken(dtype: str) -> None:
    x = np.zeros((2, 4), getattr(ml_dtypes, dtype))
    quarter = np.full((2, 4), 0.25).astype(x.dtype)
    assert judge(quarter, "softmax", x).ok
    assert not judge(np.zeros_like(x), "softmax", x).ok


def test_another_byte_order_and_layout_are_the_same_numbers() -> None:
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(F32)
    answer = shifted(x)
    assert judge(answer.astype(">f4"), "softmax", x.astype(">f4")).ok
    assert judge(np.asfortranarray(answer), "softmax", x[::-1][::-1]).ok
    assert judge(answer.tolist(), "softmax", x.tolist()).answer.dtype == np.float64


def test_arrays_of_pytorch_are_taken() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        x = torch.randn(3, 5, dtype=dtype, requires_grad=True)
        assert judge(torch.softmax(x, -1), "softmax", x).ok
        assert not judge(torch.zeros_like(x), "softmax", x).ok


def test_arrays_of_jax_are_taken() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    for dtype in (jax.numpy.float32, jax.numpy.float16, jax.numpy.bfloat16):
        x = jax.numpy.arange(15.0).reshape(3, 5).astype(dtype)
        assert judge(jax.nn.softmax(x), "softmax", x).ok
        assert not judge(jax.numpy.zeros_like(x), "softmax", x).ok


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            np.zeros((2, 3)),
            "the answer is float64 of shape (2, 3); softmax of these arguments is float32 of shape (2,)",
        ),
        (np.zeros(2), "the answer is float64 of shape (2,)"),
        (np.zeros(2, complex), "the answer is complex128 of shape (2,)"),
        (None, "the answer is object of shape ()"),
        ([[1], [1, 2]], "the answer is no array: "),
    ],
)
def test_an_answer_of_another_shape_or_dtype_is_told_in_a_line_that_names_both(answer: Any, said: str) -> None:
    judgement = judge(answer, "softmax", np.zeros(2, F32))
    assert not judgement.ok
    assert judgement.misfit.startswith(said)
    assert "\n" not in judgement.misfit
    assert judgement.within.tolist() == [False, False]


# Arguments that are none.

X = np.zeros(2, F32)


@pytest.mark.parametrize(
    ("role", "given", "named", "said"),
    [
        ("sofmax", [X], {}, "did you mean 'softmax'?"),
        ("gradient_of", [X], {}, "role='gradient_of' has no exact value of its own"),
        ("softmax", [], {}, "0 arguments given: softmax is f(x, axis=-1), its own are x"),
        ("softmax", [X, X], {}, "2 arguments given"),
        ("softmax", [X], {"x": X}, "x=<ndarray> is given twice"),
        ("softmax", [X], {"dim": 0}, "dim=0 is no argument of softmax: valid: x, axis"),
        ("softmax", [X], {"axis": 1}, "axis=1 is no axis of shape (2,): valid are -1 to 0"),
        ("softmax", [X], {"axis": 0.0}, "axis=0.0 is no axis"),
        ("softmax", [F32(1)], {}, "x has shape (): it is (n,), under any batch axes"),
        ("softmax_vjp", [X, X], {"axis": 0}, "axis=0: softmax_vjp has rows along the last axis"),
        ("softmax", [X.astype(complex)], {}, "x has dtype complex128: softmax is judged in float64, float32"),
        ("softmax", [np.array([None])], {}, "x has dtype object"),
        ("softmax", [[1, 2]], {}, "x has dtype int64"),
        ("softmax_vjp", [X, np.zeros(2)], {}, "several dtypes, x float32, g float64"),
        ("softmax_vjp", [X, np.zeros(3, F32)], {}, "softmax_vjp are x (n,), g (n,), under batch axes, and have shapes"),
        ("quadratic_form_gradient", [X, X], {}, "A has shape (2,): it is (n, n), under any batch axes"),
        ("cross_entropy", [X, 2], {}, "L=2 is no label of 2 classes: valid are 0 to 1"),
        ("cross_entropy", [X, 0.5], {}, "L has dtype float64: it is an integer"),
        ("descent_step", [X, X, 1j], {}, "step_size has dtype complex128: it is a float"),
    ],
)
def test_arguments_that_are_none_of_the_roles_are_told_in_a_line(
    role: str, given: list[Any], named: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as error:
        judge(X, role, *given, **named)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


# Extreme arguments.


def test_extremes_go_through_every_regime_the_same_for_a_seed() -> None:
    role = roles()["softmax"]
    once, again, other = (list(extremes("softmax", "float32", seed=s)) for s in (0, 0, 1))
    assert {name for name, _ in once} == {regime.name for regime in role.regimes}
    assert all(np.array_equal(a[1][0], b[1][0]) for a, b in zip(once, again, strict=True))
    assert not all(np.array_equal(a[1][0], b[1][0]) for a, b in zip(once, other, strict=False))
    assert max(x.shape[-1] for _, (x,) in once) > 2**15
    assert all(x.flags.writeable and x.dtype == F32 for _, (x,) in once)
    assert not any("masked" in name for name, _ in extremes("softmax", "float8_e4m3fn"))


@pytest.mark.parametrize("role", roles().values(), ids=lambda role: role.name)
def test_extremes_and_examples_are_what_the_role_is_called_with(role: Role) -> None:
    from hypothesis import find

    names = role.signature.inputs
    _, first = next(extremes(role, "float32"))
    drawn = find(arguments(role, "float32", longest=4), lambda given: True)
    for given in (first, drawn):
        assert len(given) == len(names)
        for value, rank in zip(given, names.values(), strict=True):
            assert np.ndim(value) == rank + (role.signature.batched and rank > 0)
            assert rank or isinstance(value, (int, float))


def test_a_regime_or_dtype_that_is_not_known_is_told() -> None:
    with pytest.raises(UsageError, match="regimes='tie' is not one of softmax in float32: did you mean 'ties'"):
        extremes("softmax", "float32", regimes=["tie"])
    with pytest.raises(UsageError, match="dtype='float31' is not a format"):
        arguments("softmax", "float31")
    with pytest.raises(UsageError, match="longest=0 is no number of entries"):
        arguments("softmax", "float32", longest=0)
