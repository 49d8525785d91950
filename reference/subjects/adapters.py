"""Array libraries as data: an adapter is a row of `ADAPTERS`. `properties.calling.caller` converts the arrays."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
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
    of `{x}`; empty where the library's arrays cannot be written into. `put` puts the array `{x}` on a `{device}`, the
    `{number}`th of its `{kind}`, and
    `fetched` brings an answer back. What is in `first` comes before all that is imported.
    """

    first: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    given: str = "{x}"
    given_as_is: str = "{x}"
    taken: str = "{call}"
    blank: str = ""
    put: str = "{x}"
    fetched: str = "{call}"

    def on(self, device: str) -> Lines:
        """The lines for arrays on this device; of "" the same."""
        if device in ("", INTERPRET):
            return replace(self, first=INTERPRETED) if device else self
        kind, _, number = device.partition(":")
        put = self.put.replace("{device}", device).replace("{kind}", kind).replace("{number}", number or "0")
        given, as_it_is, blank = (
            put.replace("{x}", text) if text else "" for text in (self.given, self.given_as_is, self.blank)
        )
        taken = self.taken.replace("{call}", self.fetched)
        return replace(self, given=given, given_as_is=as_it_is, blank=blank, taken=taken)


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
                put="{x}.to('{device}')",
                fetched="{call}.cpu()",
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
                put="jax.device_put({x}, jax.devices('{kind}')[{number}])",
            ),
            compiles=True,
        ),
    }
)


INTERPRET = "interpret"  # the device of Triton's kernels where they are run as Python, on the CPU
INTERPRETED = ("import os", "", 'os.environ["TRITON_INTERPRET"] = "1"  # before triton is imported')
COMPILERS = ("jax.jit", "torch.compile")  # what a subject may be wrapped by, and compiles for every shape


def adapter_of(name: str) -> Adapter:
    """The adapter of that name; else that of the arrays which the module of that name makes, by the array API."""
    if name in ADAPTERS:
        return ADAPTERS[name]
    lines = Lines(
        imports=(f"import {name}",),
        given=f"{name}.asarray({{x}})",
        given_as_is=f"{name}.asarray({{x}})",
        taken="np.from_dlpack({call})",
    )
    return Adapter(name, ("C",), lines)


def candidates(module: str, loaded: Collection[str] | None = None, annotated: Sequence[str] = ()) -> list[Adapter]:
    """The adapters to try, in this order, for a function of `module`.

    First the libraries of its annotations, then the one that it comes from, then NumPy, then what is `loaded`; None: in
    this process.
    """
    root = module.partition(".")[0]
    known = [name for name in ADAPTERS if name != "numpy" and name in sys.modules] if loaded is None else [*loaded]
    order = [*annotated, *([root] if root in (*ADAPTERS, *known) else []), "numpy", *known]
    return [adapter_of(name) for name in dict.fromkeys(order)]
