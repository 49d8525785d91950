"""A script of a few lines that reproduces a finding without extremum's engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extremum.properties.conventions import property_of
from extremum.properties.finding import Cell, Witness
from extremum.properties.roles import roles
from extremum.properties.signature import Signature
from extremum.reference.subjects import subjects

LAYOUTS = {
    "F": "{x} = np.asfortranarray({x})",
    "reversed": "{x} = np.ascontiguousarray({x}[..., ::-1])[..., ::-1]",
    "rows-reversed": "{x} = np.ascontiguousarray({x}[::-1])[::-1]",
    "rows-sliced": "{x} = np.concatenate([{x}, {x}], axis=-1)[..., : {x}.shape[-1]]",
    "sliced": "{x} = np.repeat({x}, 2, axis=-1)[..., ::2]",
    "broadcast": "{x} = np.broadcast_to({x}[:1].copy(), {x}.shape)",
    "read-only": "{x}.flags.writeable = False",
    "byte-swapped": '{x} = {x}.astype({x}.dtype.newbyteorder(">"))',
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
    role = roles().get(cell.role)
    signature = role.signature if role else Signature()
    inputs = list(signature.inputs)
    stacked = not signature.batched and any(
        len(arguments[x]["shape"]) > rank for x, rank in signature.inputs.items() if x in arguments
    )
    lines += [*_function(cell, subject, inputs, signature.batched, stacked), "", 'np.seterr(all="ignore")']
    lines += [f"{name} = {_value(argument)}" for name, argument in arguments.items()]
    layout = next(iter(arguments.values())).get("layout", "C")
    named = {
        "args": ", ".join(inputs),
        "first": inputs[0],
        "reversed": ", ".join(f"{x}[::-1]" for x in inputs),
        "turned": ", ".join(f"(1 - {x}[..., ::-1]).astype({x}.dtype)" if signature.inputs[x] else x for x in inputs),
    }
    show = f"print(f({named['args']}))"
    if layout in LAYOUTS:
        presented = [LAYOUTS[layout].format(x=x) for x in inputs if signature.inputs[x]]
        return "\n".join([*lines, show, *presented, show]) + "\n"
    prop = property_of(cell.role, cell.property)
    return "\n".join([*lines, *(line.format(**named) for line in prop.script)] if prop else [*lines, show]) + "\n"


def _function(cell: Cell, subject: Mapping[str, str], inputs: Sequence[str], batched: bool, stacked: bool) -> list[str]:
    place, attribute = _place(cell)
    root, _, rest = attribute.partition(".")
    name = f"{root}.{rest}" if rest else root
    head = f"f = lambda {', '.join(inputs)}" + (", axis=-1" if batched else "")
    keyword = f", {subject['axis']}=axis" if batched and subject.get("axis") else ""
    as_they_are = cell.property.startswith(("integer=", "boolean="))  # conventions: the dtype is what they are about
    given = {
        "torch": "torch.tensor({x})" if as_they_are else f"torch.tensor({{x}}.astype(float)).to(torch.{cell.dtype})",
        "jax": "jax.numpy.asarray({x})",
    }.get(subject.get("arrays", ""), "{x}")
    ranks = _ranks(cell)
    call = f"{name}({', '.join(given.format(x=x) if ranks.get(x, 1) else x for x in inputs)}{keyword})"
    match subject.get("arrays", "numpy"):
        case "torch":
            head_lines, body = ["import torch"], f"{call}.to(torch.float64).numpy()"
        case "jax":
            head_lines, body = ["import jax"], f"np.asarray({call})"
        case _:
            head_lines, body = [], call
    if stacked:  # one call for each row
        rows = f"zip({', '.join(inputs)})" if len(inputs) > 1 else inputs[0]
        body = f"np.stack([{body} for {', '.join(inputs)} in {rows}])"
    settings = ['jax.config.update("jax_enable_x64", True)'] if "import jax" in head_lines else []
    return [*head_lines, f"from {place} import {root}", "", *settings, f"{head}: {body}"]


def _ranks(cell: Cell) -> Mapping[str, int]:
    role = roles().get(cell.role)
    return role.signature.inputs if role else {}


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
        values = ", ".join(argument["values"])
        return f"np.array([{values}])" if shape else values
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
