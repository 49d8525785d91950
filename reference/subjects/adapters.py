"""Array libraries as data: how an array goes into a subject and how its answer comes out.

An adapter is a row of `ADAPTERS`. `give` turns a NumPy array into the library's own, `take` turns an
answer back into a NumPy array without changing a bit, or raises `TypeError` for what is no array.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array

EVERY_LAYOUT = (
    "C",
    "F",
    "reversed",
    "rows-reversed",
    "sliced",
    "rows-sliced",
    "broadcast",
    "read-only",
    "byte-swapped",
)


@dataclass(frozen=True)
class Lines:
    """What a script that reproduces a finding says in place of `give` and `take`.

    `given` turns the NumPy array `{x}` into the library's own, in the cell's dtype, `{dtype}`; `given_as_is` keeps the
    dtype that it has. `taken` turns the answer `{call}` into a NumPy array.
    """

    imports: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    given: str = "{x}"
    given_as_is: str = "{x}"
    taken: str = "{call}"


@dataclass(frozen=True)
class Adapter:
    """One array library: its name, the two conversions, the layouts that its arrays can have, the lines of a script."""

    name: str
    give: Callable[[Array], Any]
    take: Callable[[Any], Array]
    layouts: tuple[str, ...] = EVERY_LAYOUT
    lines: Lines = Lines()


def _same(x: Array) -> Array:
    return x


def _from_numpy(answer: Any) -> Array:
    if isinstance(answer, (np.ndarray, np.generic)):
        return np.asarray(answer)
    raise TypeError(f"returned {type(answer).__name__}, not a NumPy array")


def _to_torch(x: Array) -> Any:
    import torch

    if x.dtype == ml_dtypes.bfloat16:  # NumPy has no bfloat16 that PyTorch reads: the bits go over
        return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(x)


def _from_torch(answer: Any) -> Array:
    import torch

    if not isinstance(answer, torch.Tensor):
        raise TypeError(f"returned {type(answer).__name__}, not a torch.Tensor")
    tensor = answer.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        return np.asarray(tensor.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16))
    return np.asarray(tensor.numpy())


def _to_jax(x: Array) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)  # without it JAX narrows float64 in silence
    return jax.numpy.asarray(x)


def _from_jax(answer: Any) -> Array:
    import jax

    if not isinstance(answer, jax.Array):
        raise TypeError(f"returned {type(answer).__name__}, not a jax.Array")
    return np.asarray(answer)


ADAPTERS = MappingProxyType(
    {
        "numpy": Adapter("numpy", _same, _from_numpy),
        "torch": Adapter(
            "torch",
            _to_torch,
            _from_torch,
            ("C", "F", "sliced", "rows-sliced", "broadcast"),
            Lines(
                imports=("import torch",),
                given="torch.tensor({x}.astype(float)).to(torch.{dtype})",
                given_as_is="torch.tensor({x})",
                taken="{call}.to(torch.float64).numpy()",
            ),
        ),
        "jax": Adapter(
            "jax",
            _to_jax,
            _from_jax,
            ("C",),
            Lines(
                imports=("import jax",),
                settings=('jax.config.update("jax_enable_x64", True)',),
                given="jax.numpy.asarray({x})",
                given_as_is="jax.numpy.asarray({x})",
                taken="np.asarray({call})",
            ),
        ),
    }
)


def candidates(module: str) -> list[Adapter]:
    """The adapters to try, in this order, for a function of `module`.

    The library that the function comes from comes first, then NumPy, then what is imported already.
    """
    root = module.partition(".")[0]
    loaded = [name for name in ADAPTERS if name != "numpy" and name in sys.modules]
    order = [root] if root in ADAPTERS else []
    return [ADAPTERS[name] for name in dict.fromkeys([*order, "numpy", *loaded])]
