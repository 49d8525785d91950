"""Functions of JAX and PyTorch on exact numbers: each step against the library's own derivative, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np
import pytest

from extremum.reference.arithmetic.exact_calls import exactly
from extremum.reference.arithmetic.exact_graphs import (
    POINTWISE,
    chosen,
    compared,
    larger,
    largest,
    product,
    smaller,
    smallest,
    total,
)
from extremum.reference.arithmetic.exact_jax import RULES as JAX_RULES
from extremum.reference.arithmetic.exact_torch import RULES as TORCH_RULES
from extremum.reference.arithmetic.jets import Undecided, jets

X = np.array([0.5, -1.25, 3.0])
V = np.array([1.0, 2.0, -1.0])
A = np.arange(12.0).reshape(4, 3)
Y = np.array([1.0, -1.0, 1.0, -1.0])
AGREEMENT = 1e-12  # relative, of a derivative of the library in float64


def balls(x: Any = X, v: Any = V) -> Any:
    return jets([flint.arb(a) for a in x], [flint.arb(b) for b in v])


def slope_of(answer: Any) -> float:
    return float(np.asarray(answer, object).item().slope.mid())


@pytest.mark.parametrize("name", sorted({*POINTWISE} - {"sign"}))
def test_a_pointwise_function_has_the_slope_of_its_differences(name: str) -> None:
    f, x, h = POINTWISE[name], 0.375, 2.0**-18
    ahead, behind, here = (np.asarray(f(balls([x + d], [1.0])), object).item() for d in (h, -h, 0.0))
    assert float(here.slope) == pytest.approx(float((ahead.value - behind.value) / (2 * h)), rel=1e-9)


def test_a_sign_has_no_slope_and_none_at_zero() -> None:
    assert POINTWISE["sign"](balls()).tolist() == [1.0, -1.0, 1.0]
    with pytest.raises(Undecided):
        POINTWISE["sign"](balls([0.0], [1.0]))


def test_reductions_and_choices_are_those_of_the_numbers() -> None:
    x = balls()
    assert slope_of(total(x)) == 2.0
    assert slope_of(largest(x)) == -1.0
    assert slope_of(smallest(x)) == 2.0
    assert slope_of(product(x)) == pytest.approx(1 * -1.25 * 3 + 0.5 * 2 * 3 + 0.5 * -1.25 * -1)
    assert [e.slope for e in larger(x, -np.inf)] == V.tolist()
    assert [e.slope for e in smaller(np.inf, x)] == V.tolist()
    assert compared("gt", x, 0.0).tolist() == [True, False, True]
    assert compared("lt", x, np.inf).all()
    assert not compared("ne", x, x).any()
    assert slope_of(total(chosen(compared("gt", x, 0.0), x * x, x))) == pytest.approx(2 * 0.5 + 2.0 - 2 * 3.0)


def test_equal_numbers_with_other_slopes_are_not_compared() -> None:
    with pytest.raises(Undecided):
        largest(balls([1.0, 1.0], [1.0, 2.0]))


def test_a_function_of_numpy_is_called_on_the_numbers_themselves() -> None:
    assert slope_of(exactly(lambda x: np.exp(x).sum(), balls())) == pytest.approx(float(np.exp(X) @ V))


def test_the_tables_of_rules_have_no_step_twice() -> None:
    assert not {*JAX_RULES} & {*POINTWISE}
    assert not {*TORCH_RULES} & {*POINTWISE}


def of_jax() -> dict[str, Callable[[Any], Any]]:
    jax = pytest.importorskip("jax", reason="JAX is not installed: its recordings are not tried")
    np_, nn, special = jax.numpy, jax.nn, jax.scipy.special
    return {
        "exp": lambda x: np_.exp(x).sum() + np_.expm1(x).sum() + np_.log1p(x * x).sum(),
        "logsumexp": special.logsumexp,
        "softmax": lambda x: (nn.softmax(x) * np_.arange(3)).sum(),
        "log_softmax": lambda x: nn.log_softmax(x)[0],
        "logaddexp": lambda x: np_.logaddexp(0, x).sum(),
        "where": lambda x: np_.where(x > 0, x * x, np_.exp(x)).sum(),
        "maximum": lambda x: np_.maximum(x, 0).sum() + np_.max(x),
        "clip": lambda x: np_.clip(x, -1, 1).sum(),
        "norm": np_.linalg.norm,
        "tanh": lambda x: np_.tanh(x).sum() + nn.sigmoid(x).sum() + nn.relu(x).sum() + nn.gelu(x).sum(),
        "softplus": lambda x: nn.softplus(x).sum() + nn.log_sigmoid(x).sum(),
        "xlogy": lambda x: special.xlogy(2.0, np_.exp(x)).sum(),
        "erf": lambda x: special.erf(x).sum() + special.expit(x).sum(),
        "logistic loss": lambda x: np_.logaddexp(0, -Y * (A @ x)).mean(),
        "dot": lambda x: np_.dot(x, x) + np_.einsum("i,ij->", x, A.T),
        "variance": lambda x: np_.var(x) + np_.mean(x),
        "places": lambda x: x[0] * x[1] + x[-1] + x[1:].sum() + np_.cumsum(x)[1],
        "powers": lambda x: (x**3).sum() + (np_.abs(x) ** 1.5).sum() + np_.square(x).sum(),
        "joined": lambda x: np_.concatenate([x, x * 2]).prod() + np_.stack([x, x]).sum() + np_.outer(x, x).sum(),
        "compiled": jax.jit(lambda x: (x * x).sum()),
        "vmap": lambda x: jax.vmap(lambda t: t * t)(x).sum(),
    }


def of_torch() -> dict[str, Callable[[Any], Any]]:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: its recordings are not tried")
    nn, a, y = torch.nn.functional, torch.from_numpy(A), torch.from_numpy(Y)
    layer = torch.nn.Linear(3, 2).double()
    return {
        "exp": lambda x: torch.exp(x).sum() + torch.expm1(x).sum() + torch.log1p(x * x).sum(),
        "logsumexp": lambda x: torch.logsumexp(x, 0),
        "softmax": lambda x: (torch.softmax(x, 0) * torch.arange(3)).sum(),
        "log_softmax": lambda x: nn.log_softmax(x, -1)[0],
        "logaddexp": lambda x: torch.logaddexp(torch.zeros_like(x), x).sum(),
        "where": lambda x: torch.where(x > 0, x * x, torch.exp(x)).sum() + torch.where(torch.isfinite(x), x, 0.0).sum(),
        "maximum": lambda x: torch.maximum(x, torch.zeros_like(x)).sum() + x.max() + x.amax(),
        "clamp": lambda x: (torch.clamp(x, -1, 1) * x).sum() + x.clamp(min=0).sum(),
        "norm": lambda x: torch.linalg.norm(x) + torch.linalg.vector_norm(x, 1),
        "tanh": lambda x: torch.tanh(x).sum() + torch.sigmoid(x).sum() + nn.relu(x).sum() + nn.silu(x).sum(),
        "gelu": lambda x: nn.gelu(x).sum() + nn.gelu(x, approximate="tanh").sum(),
        "softplus": lambda x: nn.softplus(x).sum() + nn.softplus(x, threshold=2).sum() + nn.logsigmoid(x).sum(),
        "xlogy": lambda x: torch.xlogy(2.0, torch.exp(x)).sum() + torch.erf(x).sum(),
        "logistic loss": lambda x: nn.softplus(-y * (a @ x)).mean(),
        "dot": lambda x: torch.dot(x, x) + torch.einsum("i,ij->", x, a.T) + (x[None] @ a.T).sum(),
        "variance": lambda x: x.var() + x.std() + x.mean() + x.var(correction=0),
        "places": lambda x: x[0] * x[1] + x[-1] + x[1:].sum() + torch.cumsum(x, 0)[1] + x[torch.tensor([0, 2])].sum(),
        "powers": lambda x: (x**3).sum() + (x.abs() ** 1.5).sum() + torch.rsqrt(x * x + 1).sum() - (1 - x / 3).sum(),
        "joined": lambda x: torch.cat([x, x * 2]).prod() + torch.stack([x, x]).sum() + torch.outer(x, x).sum(),
        "layer": lambda x: torch.tanh(layer(x)).sum(),
        "losses": lambda x: nn.binary_cross_entropy_with_logits(x, x.new_ones(3)) + nn.mse_loss(x, x.new_ones(3)),
        "each": lambda x: sum(t * t for t in x),
    }


def test_the_slope_of_a_function_of_jax_is_that_of_its_own_gradient() -> None:
    functions = of_jax()
    import jax

    jax.config.update("jax_enable_x64", True)
    for name, f in functions.items():
        own = float(np.dot(jax.grad(f)(jax.numpy.asarray(X)), V))
        assert slope_of(exactly(f, balls(), "jax")) == pytest.approx(own, rel=AGREEMENT), name


def test_the_slope_of_a_function_of_pytorch_is_that_of_its_own_gradient() -> None:
    functions = of_torch()
    import torch

    for name, f in functions.items():
        x = torch.tensor(X, requires_grad=True)
        f(x).backward()
        assert x.grad is not None
        assert slope_of(exactly(f, balls(), "torch")) == pytest.approx(float(x.grad.numpy() @ V), rel=AGREEMENT), name


def test_what_reads_the_values_of_its_argument_in_jax_is_not_recorded() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed: its recordings are not tried")
    reading: list[Callable[[Any], Any]] = [
        lambda x: (x * x).sum() if x.sum() > 0 else x.sum(),
        lambda x: np.sum(np.asarray(x)),
        lambda x: x * float(x[0]),
        lambda x: jax.numpy.sort(x)[0],
        lambda x: jax.lax.fori_loop(0, 3, lambda i, c: c + x[i], 0.0),
    ]
    for f in reading:
        with pytest.raises(Exception, match=r"(?i)tracer|traced|no rule|of exact numbers"):
            exactly(f, balls(), "jax")


def test_what_reads_or_writes_values_in_pytorch_is_not_recorded() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: its recordings are not tried")

    def written(x: Any) -> Any:
        y = x.clone()
        y[0] = 0
        return y.sum()

    reading: list[Callable[[Any], Any]] = [
        lambda x: (x * x).sum() if x.sum() > 0 else x.sum(),
        lambda x: torch.tensor(x.numpy() ** 2).sum(),
        lambda x: sum(x.tolist()) * x.sum(),
        lambda x: x.sum() * x[0].item(),
        lambda x: x.clone().mul_(2).sum(),
        written,
        lambda x: x.sort()[0][0],
    ]
    for f in reading:
        with pytest.raises(Exception, match=r"data-dependent|not supported|of exact numbers"):
            exactly(f, balls(), "torch")


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_a_recording_is_kept_by_the_caller_alone_since_data_may_change(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed: its recordings are not tried")
    data, kept = [2.0], dict[tuple[int, int], Any]()

    def f(x: Any) -> Any:
        return (x * data[0]).sum()

    assert slope_of(exactly(f, balls(), library, kept)) == pytest.approx(2 * V.sum())
    assert len(kept) == 1
    data[0] = 3.0
    assert slope_of(exactly(f, balls(), library)) == pytest.approx(3 * V.sum())


def test_a_function_called_logaddexp_is_judged_by_its_own_steps() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed: its recordings are not tried")

    def logaddexp(a: Any, b: Any) -> Any:
        return a + 3 * b

    declared = jax.custom_jvp(logaddexp)
    declared.defjvps(None, None)
    assert slope_of(exactly(lambda x: declared(x[0], x[1]), balls(), "jax")) == 7.0
