"""Functions of NumPy and SciPy on exact numbers; functions of many weights with data; poles beside a point."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest
from scipy import special

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import QUICK
from extremum.properties.roles.gradient_of.directional import QUOTIENT_STEPS, NotEvaluable, enclosure, quotient
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.exact_functions import Jets, of_exact_numbers
from extremum.reference.arithmetic.jets import jets
from extremum.reports import audit

X = np.array([0.5, -1.25, 3.0])
V = np.array([1.0, 2.0, -1.0])
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "logaddexp": lambda x: np.logaddexp(0, x).sum() + np.logaddexp(x[0], x[1]),
    "logaddexp.reduce": np.logaddexp.reduce,
    "log1p": lambda x: np.log1p(np.exp(x)).sum(),
    "expm1": lambda x: np.expm1(x).sum(),
    "where": lambda x: np.where(x > 0, x * x, np.exp(x)).sum(),
    "maximum": lambda x: np.maximum(x, 0).sum() + np.minimum(x, 1).prod(),
    "abs": lambda x: np.abs(x).sum(),
    "clip": lambda x: (np.clip(x, -1, 1) * x).sum(),
    "norm": lambda x: np.linalg.norm(x) + np.linalg.norm(x, 1) + np.hypot(x[0], x[1]),
    "tanh": lambda x: np.tanh(x).sum(),
    "isfinite": lambda x: np.where(np.isfinite(x), x, 0).sum(),
    "not isfinite": lambda x: np.where(~np.isfinite(x), 0, x * x).sum(),
    "of the finite": lambda x: (x[np.isfinite(x)] ** 2).sum() + (0 if np.isnan(x[0]) else x[0]),
    "sum": lambda x: np.sum(x * x, where=[True, False, True], initial=0),
    "expit": lambda x: special.expit(x).sum() + special.log_expit(x).sum(),
    "logit": lambda x: special.logit(special.expit(x)).sum(),
    "logsumexp": lambda x: special.logsumexp(x) + special.logsumexp(x, b=np.array([1.0, 2.0, 0.5])),
    "softmax": lambda x: (special.softmax(x) * np.arange(3)).sum() + special.log_softmax(x)[0],
    "softmax by name": lambda x: special.softmax(x=x, axis=0)[0] + special.logsumexp(b=x * x, a=x),
    "xlogy": lambda x: special.xlogy(2.0, np.exp(x)).sum() + special.xlogy(0, x).sum(),
    "erf": lambda x: special.erf(x).sum(),
    "asarray": lambda x: np.exp(np.asarray(x)).sum(),
}
WEIGHTS = """
import numpy as np
from scipy.special import expit, logsumexp, softmax

rng = np.random.default_rng(0)
DATA = rng.integers(-3, 4, (12, {n})).astype(float)
SIGN = rng.integers(0, 2, 12) * 2.0 - 1


def loss(w):
    return np.logaddexp(0, -SIGN * (DATA @ w)).mean()


def gradient(w):
    return (DATA.T @ (-SIGN * expit(-SIGN * (DATA @ w))) / len(DATA)).astype(w.dtype)


def of_one_row_less(w):
    return (DATA[1:].T @ (-SIGN[1:] * expit(-SIGN[1:] * (DATA[1:] @ w))) / len(DATA)).astype(w.dtype)


def total(x):
    return logsumexp(x)


def of_total(x):
    return softmax(x)


class Total:
    def __call__(self, x):
        return logsumexp(x)
"""


def along(f: Callable[..., Any], x: np.ndarray[Any, Any]) -> Any:
    with of_exact_numbers(f):
        return enclosure(f, x, V)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_evaluated_on_exact_numbers(name: str) -> None:
    f = FUNCTIONS[name]
    h = 2.0**-18
    slope = float(along(f, X).mid())
    assert slope == pytest.approx(float(f(X + h * V) - f(X - h * V)) / (2 * h), rel=1e-6)
    assert special.logsumexp is not None
    assert float(special.logsumexp([0.0, 0.0])) == pytest.approx(math.log(2))  # as it was


@pytest.mark.parametrize("size", [1e3, -1e3, 1e300])
def test_the_ends_of_the_format_are_no_ends_of_exact_numbers(size: float) -> None:
    assert float(along(lambda x: np.logaddexp(0, x).sum(), np.full(3, size)).mid()) == pytest.approx(
        2.0 if size > 0 else 0.0
    )


def test_what_is_asked_of_arrays_of_exact_numbers_gives_such_arrays() -> None:
    x = jets([flint.arb(1), flint.arb(2)], [flint.arb(1), flint.arb(0)])
    for y in (x[:1], x * 2, 2 - x, np.ones((2, 2)) @ x, np.where(x > 1.5, x, 0), np.exp(x), np.clip(x, 0, 9)):
        assert isinstance(y, Jets)
    with pytest.raises(TypeError):
        np.logaddexp.accumulate(x)
    with pytest.raises(TypeError, match="return_sign"), of_exact_numbers(len):
        special.logsumexp(x, return_sign=True)


def test_a_value_that_is_a_constant_has_no_slope() -> None:
    assert along(lambda x: np.clip(x, -0.1, 0.1).sum(), X) == 0


def test_a_pole_at_the_end_of_a_step_is_no_reason_to_pass_over_a_point() -> None:
    at = [flint.fmpq(2), flint.fmpq(0)]
    v = [flint.fmpq(1), flint.fmpq(0)]
    assert quotient(lambda x: 1 / (x[0] - 1) + x[1], at, v) == -1  # a pole at 2 - 1
    assert quotient(lambda x: 1 / (x[0] - 3) / (x[0] - flint.fmpq(5, 3)), at, v) == 6
    poles = [flint.fmpq(2) + h for h in QUOTIENT_STEPS[:3]]
    with pytest.raises(NotEvaluable, match="a pole at too many"):
        quotient(lambda x: np.prod([1 / (x[0] - pole) for pole in poles]) + x[1], at, v)


def judged(folder: Path, n: int, names: tuple[str, str], prop: str) -> Cell:
    (folder / "k.py").write_text(WEIGHTS.format(n=n))
    role, shared = role_named("gradient_of"), Shared()
    subject = tried(f"{folder}/k.py:{names[0]}", role, Wish(), f"{folder}/k.py:{names[1]}")
    found = role.property_named(prop)
    assert found is not None
    cell = judge_cell(subject, role, found, "float64", Settings(examples=0), shared)
    shared.close()
    return cell


@pytest.mark.parametrize("n", [40, 784])
@pytest.mark.parametrize(("name", "verdict"), [("gradient", "held"), ("of_one_row_less", "refuted")])
def test_a_gradient_of_many_weights_is_judged_on_the_data(tmp_path: Path, n: int, name: str, verdict: str) -> None:
    cell = judged(tmp_path, n, (name, "loss"), "derivative")
    assert cell.verdict == verdict
    assert cell.shapes["lengths"] == str(n)


def test_functions_that_a_module_has_imported_by_name_are_evaluated_too(tmp_path: Path) -> None:
    assert judged(tmp_path, 3, ("of_total", "total"), "derivative").verdict == "held"
    assert judged(tmp_path, 3, ("of_total", "Total"), "derivative").verdict == "held"


def test_a_function_of_forty_weights_is_audited_in_this_process() -> None:
    data = np.arange(40.0)
    found = audit(lambda w: 2 * data, of=lambda w: 2 * (w @ data), dtypes=["float64"], examples=0)
    assert {c.property: c.verdict for c in found.cells}["identity"] == "held"


IN_TORCH = """
import torch


def total(x):
    return torch.nn.functional.softplus(x).sum()


def overflowing(x):
    return torch.exp(x) / (1 + torch.exp(x))


def sound(x):
    return torch.sigmoid(x)
"""


@pytest.mark.parametrize(("name", "verdict"), [("overflowing", "refuted"), ("sound", "held")])
def test_a_gradient_in_pytorch_is_judged_at_the_ends_of_the_format(tmp_path: Path, name: str, verdict: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: its recordings are not tried")
    (tmp_path / "k.py").write_text(IN_TORCH)
    role, shared = role_named("gradient_of"), Shared()
    subject = tried(f"{tmp_path}/k.py:{name}", role, Wish(), f"{tmp_path}/k.py:total")
    finite = role.property_named("finite")
    assert finite is not None
    cell = judge_cell(subject, role, finite, "float64", Settings(examples=0, effort=QUICK), shared)
    shared.close()
    assert cell.verdict == verdict
