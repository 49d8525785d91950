"""Array libraries as data: an adapter is a row of `ADAPTERS`. `properties.calling.caller` converts the arrays."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType

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
    "offset",
)


@dataclass(frozen=True)
class Lines:
    """What a script that reproduces a finding says in place of `give` and `take`.

    `given` turns the NumPy array `{x}` into the library's own, in the cell's dtype, `{dtype}`; `given_as_is` keeps the
    dtype that it has. `taken` turns the answer `{call}` into a NumPy array. `blank` is an array of NaN, with the dtype
    of `{x}`; empty where the library's arrays cannot be written into.
    """

    imports: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    given: str = "{x}"
    given_as_is: str = "{x}"
    taken: str = "{call}"
    blank: str = ""


@dataclass(frozen=True)
class Adapter:
    """One array library: its name, the layouts that its arrays can have, the lines of a script.

    Where it `compiles`, every new shape of an argument costs a compilation, of a function or of each of its steps.
    """

    name: str
    layouts: tuple[str, ...] = EVERY_LAYOUT
    lines: Lines = Lines()
    compiles: bool = False


ADAPTERS = MappingProxyType(
    {
        "numpy": Adapter("numpy", lines=Lines(blank="np.full({shape}, np.nan, {x}.dtype.newbyteorder('='))")),
        "C-order": Adapter("C-order", ("C",)),  # of a C symbol or a process: rows along the last axis
        "torch": Adapter(
            "torch",
            ("C", "F", "sliced", "rows-sliced", "broadcast", "offset"),
            Lines(
                imports=("import torch",),
                given="torch.tensor({x}.astype(float)).to(torch.{dtype})",
                given_as_is="torch.tensor({x})",
                taken="{call}.to(torch.float64).numpy()",
                blank="torch.full({shape}, torch.nan, dtype={x}.dtype)",
            ),
        ),
        "jax": Adapter(
            "jax",
            ("C",),
            Lines(
                imports=("import jax",),
                settings=('jax.config.update("jax_enable_x64", True)',),
                given="jax.numpy.asarray({x})",
                given_as_is="jax.numpy.asarray({x})",
                taken="np.asarray({call})",
            ),
            compiles=True,
        ),
    }
)


COMPILERS = ("jax.jit", "torch.compile")  # what a subject may be wrapped by, and compiles for every shape


def candidates(module: str, loaded: Collection[str] | None = None) -> list[Adapter]:
    """The adapters to try, in this order, for a function of `module`.

    The library that the function comes from comes first, then NumPy, then what is `loaded`; None: in this process.
    """
    root = module.partition(".")[0]
    known = [name for name in ADAPTERS if name != "numpy" and name in (sys.modules if loaded is None else loaded)]
    order = [root] if root in ADAPTERS else []
    return [ADAPTERS[name] for name in dict.fromkeys([*order, "numpy", *known])]
