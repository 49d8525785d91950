"""A script of a few lines that reproduces a finding without extremum's engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extremum.properties.finding import Cell, Witness
from extremum.properties.roles import roles
from extremum.reference.subjects import subjects

LAYOUTS = {
    "F": "x = np.asfortranarray(x)",
    "reversed": "x = np.ascontiguousarray(x[..., ::-1])[..., ::-1]",
    "rows-reversed": "x = np.ascontiguousarray(x[::-1])[::-1]",
    "rows-sliced": "x = np.concatenate([x, x], axis=-1)[..., : x.shape[-1]]",
    "sliced": "x = np.repeat(x, 2, axis=-1)[..., ::2]",
    "broadcast": "x = np.broadcast_to(x[:1].copy(), x.shape)",
    "read-only": "x.flags.writeable = False",
    "byte-swapped": 'x = x.astype(x.dtype.newbyteorder(">"))',
}


def script(cell: Cell, witness: Witness, subject: Mapping[str, str]) -> str:
    """Python that builds the witness bit for bit, calls the subject and prints what it gives.

    `subject` is the report's record of the subject. NumPy is all that it needs, besides the subject, and
    ml_dtypes for the formats that NumPy lacks; only a row kept as its recipe needs extremum to make it again.
    """
    arguments = witness.arguments
    lines = ["import numpy as np"]
    if any(a["dtype"].startswith(("bfloat", "float8")) for a in arguments.values()):
        lines.append("import ml_dtypes  # registers the dtype with NumPy")
    if any("recipe" in a for a in arguments.values()):
        lines.append("from extremum.properties.sweep import restore")
    lines += [*_function(cell, subject), "", 'np.seterr(all="ignore")']
    lines += [f"{name} = {_value(argument)}" for name, argument in arguments.items()]
    layout = next(iter(arguments.values())).get("layout", "C")
    if layout in LAYOUTS:
        return "\n".join([*lines, "print(f(x))", LAYOUTS[layout], "print(f(x))"]) + "\n"
    role = roles().get(cell.role)
    prop = role.property_named(cell.property) if role else None
    return "\n".join([*lines, *(prop.script if prop else ("print(f(x))",))]) + "\n"


def _function(cell: Cell, subject: Mapping[str, str]) -> list[str]:
    place, attribute = _place(cell)
    root, _, rest = attribute.partition(".")
    name = f"{root}.{rest}" if rest else root
    lines = [f"from {place} import {root}"]
    keyword = f", {subject['axis']}=axis" if subject.get("axis") else ""
    match subject.get("arrays", "numpy"):
        case "torch":
            dtype = f"torch.{cell.dtype}"
            call = f"{name}(torch.tensor(x.astype(float)).to({dtype}){keyword}).to(torch.float64).numpy()"
            return ["import torch", *lines, "", f"f = lambda x, axis=-1: {call}"]
        case "jax":
            start = 'jax.config.update("jax_enable_x64", True)'
            return [
                "import jax",
                *lines,
                "",
                start,
                f"f = lambda x, axis=-1: np.asarray({name}(jax.numpy.asarray(x){keyword}))",
            ]
        case _:
            return [*lines, "", f"f = lambda x, axis=-1: {name}(x{keyword})"]


def _place(cell: Cell) -> tuple[str, str]:
    place, _, attribute = cell.subject.rpartition(":")
    if place:
        return place.removesuffix(".py"), attribute
    known = next((s for s in subjects(cell.role) if s.name == cell.subject), None)
    if known is None:
        return "your_module", attribute
    return known.function.__module__, known.function.__name__


def _value(argument: Mapping[str, Any]) -> str:
    shape, dtype = tuple(argument["shape"]), argument["dtype"]
    if dtype == "int64":
        return str(argument["values"][0])
    if "recipe" in argument:
        return f"restore({dict(argument['recipe'])!r}, {dtype!r}).reshape({shape})"
    if "runs" in argument:
        parts = ", ".join(f"np.full({count}, {_literal(value)})" for value, count in argument["runs"])
        flat = f"np.concatenate([{parts}])"
    else:
        flat = f"np.array([{', '.join(_literal(v) for v in argument['values'])}])"
    reshape = "" if len(shape) == 1 else f".reshape{shape}"
    return f'{flat}.astype("{dtype}"){reshape}'


def _literal(value: str) -> str:
    return f'float.fromhex("{value}")' if value not in ("-inf", "inf", "nan") else f'float("{value}")'
