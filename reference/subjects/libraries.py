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
    ("torch", "cross_entropy", "extremum.reference.subjects.wrappers", "torch_cross_entropy", None, "torch"),
    ("torch", "descent_step", "extremum.reference.subjects.wrappers", "torch_sgd", None, "torch"),
    ("torch-fused", "descent_step", "extremum.reference.subjects.wrappers", "torch_fused_sgd", None, "torch"),
    ("sklearn", "softmax", "sklearn.utils.extmath", "softmax", None, "numpy"),
    ("tensorflow", "softmax", "extremum.reference.subjects.wrappers", "tensorflow_softmax", "axis", "numpy"),
    ("tensorflow", "log_softmax", "extremum.reference.subjects.wrappers", "tensorflow_log_softmax", "axis", "numpy"),
    ("tensorflow", "logsumexp", "extremum.reference.subjects.wrappers", "tensorflow_logsumexp", "axis", "numpy"),
    ("optax", "descent_step", "extremum.reference.subjects.wrappers", "optax_sgd", None, "jax"),
    ("liger_kernel", "softmax", "extremum.reference.subjects.wrappers", "liger_softmax", None, "torch"),
    ("liger_kernel", "softmax_vjp", "extremum.reference.subjects.wrappers", "liger_softmax_vjp", None, "torch"),
    ("liger_kernel", "cross_entropy", "extremum.reference.subjects.wrappers", "liger_cross_entropy", None, "torch"),
    (
        "liger_kernel",
        "cross_entropy_gradient",
        "extremum.reference.subjects.wrappers",
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
