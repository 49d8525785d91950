"""Functions of the libraries that people run, as subjects by name where they are installed."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from extremum.reference.arithmetic.formats import DEFAULT_DTYPES
from extremum.reference.subjects.adapters import ADAPTERS, INTERPRET
from extremum.reference.subjects.subject import RANKS, subject

WRAPPERS = "extremum.reference.subjects.wrappers"
# Name (the library's, as it is imported, and behind a hyphen how it is called), role, module, attribute, keyword of the
# axis, adapter.
ROWS = (
    ("scipy", "softmax", "scipy.special", "softmax", "axis", "numpy"),
    ("torch", "softmax", "torch.nn.functional", "softmax", "dim", "torch"),
    ("jax", "softmax", "jax.nn", "softmax", "axis", "jax"),
    ("torch-compiled", "softmax", "torch.nn.functional", "softmax", "dim", "torch"),
    ("jax-jit", "softmax", "jax.nn", "softmax", "axis", "jax"),
    ("scipy", "log_softmax", "scipy.special", "log_softmax", "axis", "numpy"),
    ("torch", "log_softmax", "torch.nn.functional", "log_softmax", "dim", "torch"),
    ("jax", "log_softmax", "jax.nn", "log_softmax", "axis", "jax"),
    ("torch-compiled", "log_softmax", "torch.nn.functional", "log_softmax", "dim", "torch"),
    ("jax-jit", "log_softmax", "jax.nn", "log_softmax", "axis", "jax"),
    ("scipy", "logsumexp", "scipy.special", "logsumexp", "axis", "numpy"),
    ("torch", "logsumexp", "torch", "logsumexp", "dim", "torch"),
    ("jax", "logsumexp", "jax.scipy.special", "logsumexp", "axis", "jax"),
    ("torch-compiled", "logsumexp", "torch", "logsumexp", "dim", "torch"),
    ("jax-jit", "logsumexp", "jax.scipy.special", "logsumexp", "axis", "jax"),
    ("scipy", "sigmoid", "scipy.special", "expit", None, "numpy"),
    ("torch", "sigmoid", "torch", "sigmoid", None, "torch"),
    ("jax", "sigmoid", "jax.nn", "sigmoid", None, "jax"),
    ("torch-compiled", "sigmoid", "torch", "sigmoid", None, "torch"),
    ("jax-jit", "sigmoid", "jax.nn", "sigmoid", None, "jax"),
    ("torch", "tanh", "torch", "tanh", None, "torch"),
    ("jax", "tanh", "jax.numpy", "tanh", None, "jax"),
    ("scipy", "softplus", "scipy.special", "softplus", None, "numpy"),
    ("torch", "softplus", "torch.nn.functional", "softplus", None, "torch"),
    ("jax", "softplus", "jax.nn", "softplus", None, "jax"),
    ("scipy", "log_sigmoid", "scipy.special", "log_expit", None, "numpy"),
    ("torch", "log_sigmoid", "torch.nn.functional", "logsigmoid", None, "torch"),
    ("jax", "log_sigmoid", "jax.nn", "log_sigmoid", None, "jax"),
    ("torch", "silu", "torch.nn.functional", "silu", None, "torch"),
    ("jax", "silu", "jax.nn", "silu", None, "jax"),
    ("torch", "gelu", "torch.nn.functional", "gelu", None, "torch"),
    ("jax", "gelu", WRAPPERS, "jax_gelu", None, "jax"),
    ("torch", "gelu_tanh", WRAPPERS, "torch_gelu_tanh", None, "torch"),
    ("jax", "gelu_tanh", "jax.nn", "gelu", None, "jax"),
    ("torch", "sigmoid_vjp", WRAPPERS, "torch_sigmoid_vjp", None, "torch"),
    ("jax", "sigmoid_vjp", WRAPPERS, "jax_sigmoid_vjp", None, "jax"),
    ("torch", "tanh_vjp", WRAPPERS, "torch_tanh_vjp", None, "torch"),
    ("jax", "tanh_vjp", WRAPPERS, "jax_tanh_vjp", None, "jax"),
    ("torch", "softplus_vjp", WRAPPERS, "torch_softplus_vjp", None, "torch"),
    ("jax", "softplus_vjp", WRAPPERS, "jax_softplus_vjp", None, "jax"),
    ("torch", "log_sigmoid_vjp", WRAPPERS, "torch_log_sigmoid_vjp", None, "torch"),
    ("jax", "log_sigmoid_vjp", WRAPPERS, "jax_log_sigmoid_vjp", None, "jax"),
    ("torch", "silu_vjp", WRAPPERS, "torch_silu_vjp", None, "torch"),
    ("jax", "silu_vjp", WRAPPERS, "jax_silu_vjp", None, "jax"),
    ("torch", "gelu_vjp", WRAPPERS, "torch_gelu_vjp", None, "torch"),
    ("jax", "gelu_vjp", WRAPPERS, "jax_gelu_vjp", None, "jax"),
    ("torch", "gelu_tanh_vjp", WRAPPERS, "torch_gelu_tanh_vjp", None, "torch"),
    ("jax", "gelu_tanh_vjp", WRAPPERS, "jax_gelu_tanh_vjp", None, "jax"),
    ("torch", "bce_with_logits", WRAPPERS, "torch_bce_with_logits", None, "torch"),
    ("optax", "bce_with_logits", "optax", "sigmoid_binary_cross_entropy", None, "jax"),
    (
        "torch",
        "bce_with_logits_gradient",
        WRAPPERS,
        "torch_bce_with_logits_gradient",
        None,
        "torch",
    ),
    ("torch", "cross_entropy", WRAPPERS, "torch_cross_entropy", None, "torch"),
    ("torch", "descent_step", WRAPPERS, "torch_sgd", None, "torch"),
    ("torch-fused", "descent_step", WRAPPERS, "torch_fused_sgd", None, "torch"),
    ("sklearn", "softmax", "sklearn.utils.extmath", "softmax", None, "numpy"),
    ("tensorflow", "softmax", WRAPPERS, "tensorflow_softmax", "axis", "numpy"),
    ("tensorflow", "log_softmax", WRAPPERS, "tensorflow_log_softmax", "axis", "numpy"),
    ("tensorflow", "logsumexp", WRAPPERS, "tensorflow_logsumexp", "axis", "numpy"),
    ("tensorflow", "sigmoid", WRAPPERS, "tensorflow_sigmoid", None, "numpy"),
    ("tensorflow", "tanh", WRAPPERS, "tensorflow_tanh", None, "numpy"),
    ("tensorflow", "softplus", WRAPPERS, "tensorflow_softplus", None, "numpy"),
    ("tensorflow", "log_sigmoid", WRAPPERS, "tensorflow_log_sigmoid", None, "numpy"),
    ("tensorflow", "gelu", WRAPPERS, "tensorflow_gelu", None, "numpy"),
    ("tensorflow", "gelu_tanh", WRAPPERS, "tensorflow_gelu_tanh", None, "numpy"),
    (
        "tensorflow",
        "bce_with_logits",
        WRAPPERS,
        "tensorflow_bce_with_logits",
        None,
        "numpy",
    ),
    ("tensorflow", "silu", WRAPPERS, "tensorflow_silu", None, "numpy"),
    ("optax", "descent_step", WRAPPERS, "optax_sgd", None, "jax"),
    ("liger_kernel", "softmax", WRAPPERS, "liger_softmax", None, "torch"),
    ("liger_kernel", "softmax_vjp", WRAPPERS, "liger_softmax_vjp", None, "torch"),
    ("liger_kernel", "cross_entropy", WRAPPERS, "liger_cross_entropy", None, "torch"),
    (
        "liger_kernel",
        "cross_entropy_gradient",
        WRAPPERS,
        "liger_cross_entropy_gradient",
        None,
        "torch",
    ),
)
KERNELS = {"liger_kernel": (INTERPRET, "cuda", "xpu")}  # of Triton: the kinds of devices that they run on


WRAPPED = {"torch-compiled": "torch.compile", "jax-jit": "jax.jit"}  # by name: what is called on the function first
MATRICES = (2,)  # the numbers of dimensions that a function of scikit-learn takes
LIBRARIES = (  # as it is imported
    *("scipy", "sklearn", "torch", "tensorflow", "jax", "autograd", "optax"),
    *("onnxruntime", "openvino", "triton", "liger_kernel"),
)
EXTRAS = {"onnxruntime": "onnx", "sklearn": "scikit-learn", "liger_kernel": "liger"}  # where its name is another


@dataclass(frozen=True)
class Library:
    """A library by name, with its version where it can be imported, else why not, and which extra installs it."""

    name: str
    version: str = ""
    why: str = ""

    @property
    def line(self) -> str:
        """What is to be known of it, in a line."""
        if not self.why:
            return f"usable, {self.version}"
        return f"not usable: {self.why}; pip install 'extremum[{EXTRAS.get(self.name, self.name)}]'"


def libraries() -> list[Library]:
    """The libraries whose functions have names, each imported in a process of its own: some take seconds."""
    started = [(name, _importing(name)) for name in LIBRARIES]
    return [_library(name, *process.communicate(), process.returncode) for name, process in started]


def _importing(name: str) -> subprocess.Popen[str]:
    told = (
        f"import {name}; from importlib.metadata import packages_distributions as found, version; "
        f"print(getattr({name}, '__version__', None) or version(found()[{name!r}][0]))"
    )
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", told]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, errors="replace")


def _library(name: str, out: str, said: str, code: int) -> Library:
    if code == 0:
        return Library(name, (out.splitlines() or [""])[-1])
    last = (said.splitlines() or [""])[-1].strip()
    return Library(name, why=last or f"its import ends the process with {code}")


def _late(library: str, module: str, attribute: str) -> Callable[..., Any]:
    """The function, imported at its first call: importing PyTorch takes seconds that most runs need not pay."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        return getattr(importlib.import_module(module), attribute)(*arguments, **keywords)

    call.__name__, call.__module__ = attribute, module
    call.library = library  # type: ignore[attr-defined]
    return call


for _name, _role, _module, _attribute, _axis, _adapter in ROWS:
    _root = _name.partition("-")[0]
    if importlib.util.find_spec(_root):
        _declared = {"axis": _axis, "adapter": ADAPTERS[_adapter], "dtypes": DEFAULT_DTYPES}
        _devices = KERNELS.get(_name, ())
        # JAX and what is wrapped compile anew for every shape: minutes and gigabytes for a whole audit.
        _wrap = WRAPPED.get(_name, "")
        _slow = _adapter == "jax" or bool(_devices or _wrap)
        _ranks = MATRICES if _name == "sklearn" else RANKS
        subject(_role, kind="library", name=_name, slow=_slow, ranks=_ranks, devices=_devices, wrap=_wrap, **_declared)(
            _late(_root, _module, _attribute)
        )
