"""The gradients that automatic differentiation makes, as subjects by name where its library is installed.

A `Tool` is one library's reverse mode. Its methods are the gradients of the functions whose gradients are roles, each
written as a user writes it, in the library's own arrays; `torch_autograd.quadratic_form` is the subject
`torch-autograd:quadratic_form`. Nothing is imported before the first call.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from extremum.reference.arithmetic.formats import DEFAULT_DTYPES
from extremum.reference.subjects.adapters import ADAPTERS
from extremum.reference.subjects.subject import EVERY, subject

Function = Callable[[Any], Any]


def _pull_back_torch(f: Function, x: Any, g: Any) -> Any:
    import torch

    x = x.detach().requires_grad_()
    y = f(x)
    return torch.autograd.grad(y, x, torch.ones_like(y) if g is None else g)[0]


def _pull_back_jax(f: Function, x: Any, g: Any) -> Any:
    import jax

    y, back = jax.vjp(f, x)
    return back(jax.numpy.ones_like(y) if g is None else g)[0]


def _pull_back_autograd(f: Function, x: Any, g: Any) -> Any:
    from autograd import make_vjp
    from autograd.numpy import ones_like

    back, y = make_vjp(f)(x)
    return back(ones_like(y) if g is None else g)


def _softmax_torch(x: Any) -> Any:
    import torch

    return torch.softmax(x, -1)


def _softmax_jax(x: Any) -> Any:
    import jax

    return jax.nn.softmax(x)


def _softmax_autograd(x: Any) -> Any:
    import autograd.numpy as np

    e = np.exp(x - np.max(x))  # the library has no softmax: this is what its users write
    return e / np.sum(e)


def _logsumexp_torch(x: Any, axis: int) -> Any:
    import torch

    return torch.logsumexp(x, axis)


def _logsumexp_jax(x: Any, axis: int) -> Any:
    import jax

    return jax.nn.logsumexp(x, axis)


def _logsumexp_autograd(x: Any, axis: int) -> Any:
    from autograd.scipy.special import logsumexp

    return logsumexp(x, axis)


@dataclass(frozen=True)
class Tool:
    """A library that differentiates: by what name, in which module, in whose arrays, and how.

    `pull_back(f, x, g)` is the gradient of <f(x), g> in x, with ones for g where it is None.
    """

    name: str
    module: str
    adapter: str
    pull_back: Callable[[Function, Any, Any], Any]
    softmax_of: Function
    logsumexp_of: Callable[[Any, int], Any]
    dtypes: tuple[str, ...] = DEFAULT_DTYPES
    slow: bool = False

    def inner_product(self, w: Any, x: Any) -> Any:
        """The gradient of <w, x>."""
        return self.pull_back(lambda v: w @ v, x, None)

    def quadratic_form(self, A: Any, x: Any) -> Any:
        """The gradient of <x, A x>."""
        return self.pull_back(lambda v: v @ (A @ v), x, None)

    def squared_norm(self, B: Any, x: Any) -> Any:
        """The gradient of norm(B x)^2, as the sum of the squares."""
        return self.pull_back(lambda v: ((B @ v) ** 2).sum(), x, None)

    def least_squares(self, B: Any, x: Any, c: Any) -> Any:
        """The gradient of norm(B x - c)^2, as the sum of the squares."""
        return self.pull_back(lambda v: ((B @ v - c) ** 2).sum(), x, None)

    def softmax(self, x: Any, g: Any) -> Any:
        """The product of `g` with the Jacobian of softmax."""
        return self.pull_back(self.softmax_of, x, g)

    def logsumexp(self, x: Any, axis: int = -1) -> Any:
        """The gradient of logsumexp, which is softmax; of the sum over rows where there are several."""
        return self.pull_back(lambda v: self.logsumexp_of(v, axis), x, None)


torch_autograd = Tool("torch-autograd", "torch.autograd", "torch", _pull_back_torch, _softmax_torch, _logsumexp_torch)
jax_grad = Tool("jax-grad", "jax", "jax", _pull_back_jax, _softmax_jax, _logsumexp_jax, slow=True)
autograd = Tool(
    "autograd",
    "autograd",
    "numpy",
    _pull_back_autograd,
    _softmax_autograd,
    _logsumexp_autograd,
    dtypes=("float64", "float32", "float16"),  # its table of types has none of ml_dtypes
)

TOOLS = (torch_autograd, jax_grad, autograd)
ROWS = (  # the method of a tool, the role, the keyword of the axis
    ("inner_product", "inner_product_gradient", None),
    ("quadratic_form", "quadratic_form_gradient", None),
    ("squared_norm", "squared_norm_gradient", None),
    ("least_squares", "least_squares_gradient", None),
    ("softmax", "softmax_vjp", None),
    ("logsumexp", "softmax", "axis"),
)

# exp(x_i - y), and y = logsumexp(x) is rounded: that costs abs(y) u. In float16 two logits of 65504 get 1 each.
GAP: dict[str, Any] = {
    "fails": dict.fromkeys(("sum_to_one", "accuracy", "shift_invariance"), EVERY),
    "may": dict.fromkeys(("permutation_equivariance", "axis", "mask", "layout", "row_independence"), EVERY),
}
# XLA flushes subnormals to zero on the CPU, in some of its kernels: in the answer, and in products on the way to it.
FLUSHED: dict[str, Any] = {"may": {"gradual_underflow": EVERY}}
# Of a tool's gradient, what it fails, and what the same defect reaches on some inputs. They are findings all the same:
# a library is not broken on purpose.
DEFECTS: dict[tuple[str, str], dict[str, Any]] = {
    ("torch-autograd", "logsumexp"): GAP,
    ("autograd", "logsumexp"): GAP,
    ("autograd", "softmax"): {
        # The maximum is differentiated too: what it gets is minus the sum of the others, with all their rounding
        # errors. Its rule divides by an integer count, which makes float64 of float32. The rule of the quotient squares
        # the sum of the exps, which is infinite in float16 from n = 256 on.
        "fails": {"accuracy": EVERY, "dtype": ("float32", "float16")},
        "may": dict.fromkeys(("annihilates_constants", "sum_to_zero", "linear", "gradual_underflow"), EVERY),
    },
    ("jax-grad", "inner_product"): FLUSHED,
    ("jax-grad", "quadratic_form"): FLUSHED,
    ("jax-grad", "squared_norm"): FLUSHED,
    ("jax-grad", "least_squares"): FLUSHED,
    ("jax-grad", "softmax"): {"may": dict.fromkeys(("gradual_underflow", "accuracy", "sum_to_zero"), EVERY)},
    ("jax-grad", "logsumexp"): FLUSHED,
}


def _of_library(tool: Tool, method: str) -> Callable[..., Any]:
    """The method as a function that says which library it is of."""
    bound = getattr(tool, method)

    def call(*arguments: Any, **keywords: Any) -> Any:
        return bound(*arguments, **keywords)

    call.__name__, call.__module__, call.__doc__ = method, tool.module, bound.__doc__
    return call


for _tool in TOOLS:
    if importlib.util.find_spec(_tool.module.partition(".")[0]):
        for _method, _role, _axis in ROWS:
            _taken = {"adapter": ADAPTERS[_tool.adapter], "dtypes": _tool.dtypes, "slow": _tool.slow, "axis": _axis}
            subject(_role, kind="library", name=f"{_tool.name}:{_method}", **_taken)(_of_library(_tool, _method))
