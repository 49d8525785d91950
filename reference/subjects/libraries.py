"""Functions of the libraries that people run, as subjects by name where they are installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from extremum.reference.arithmetic.formats import DEFAULT_DTYPES
from extremum.reference.subjects.adapters import ADAPTERS
from extremum.reference.subjects.subject import subject

ROWS = (  # name (that the library is imported by), role, module, attribute, keyword of the axis, adapter
    ("scipy", "softmax", "scipy.special", "softmax", "axis", "numpy"),
    ("torch", "softmax", "torch.nn.functional", "softmax", "dim", "torch"),
    ("jax", "softmax", "jax.nn", "softmax", "axis", "jax"),
    ("scipy", "log_softmax", "scipy.special", "log_softmax", "axis", "numpy"),
    ("torch", "log_softmax", "torch.nn.functional", "log_softmax", "dim", "torch"),
    ("jax", "log_softmax", "jax.nn", "log_softmax", "axis", "jax"),
    ("scipy", "logsumexp", "scipy.special", "logsumexp", "axis", "numpy"),
    ("torch", "logsumexp", "torch", "logsumexp", "dim", "torch"),
    ("jax", "logsumexp", "jax.scipy.special", "logsumexp", "axis", "jax"),
    ("torch", "cross_entropy", "extremum.reference.subjects.wrappers", "torch_cross_entropy", None, "torch"),
    ("torch", "descent_step", "extremum.reference.subjects.wrappers", "torch_sgd", None, "torch"),
    ("optax", "descent_step", "extremum.reference.subjects.wrappers", "optax_sgd", None, "jax"),
)


def _late(module: str, attribute: str) -> Callable[..., Any]:
    """The function, imported at its first call: importing PyTorch takes seconds that most runs need not pay."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        return getattr(importlib.import_module(module), attribute)(*arguments, **keywords)

    call.__name__, call.__module__ = attribute, module
    return call


for _name, _role, _module, _attribute, _axis, _adapter in ROWS:
    if importlib.util.find_spec(_name):
        _declared = {"axis": _axis, "adapter": ADAPTERS[_adapter], "dtypes": DEFAULT_DTYPES}
        _slow = _adapter == "jax"  # it compiles anew for every shape: minutes and gigabytes for a whole audit
        subject(_role, kind="library", name=_name, slow=_slow, **_declared)(_late(_module, _attribute))
