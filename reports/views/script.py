"""A script of a few lines that reproduces a finding without extremum's engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from extremum.properties.contested.conventions import property_of
from extremum.properties.roles.registry import roles
from extremum.properties.values.case import with_last
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import Signature
from extremum.reference.subjects.adapters import ADAPTERS
from extremum.reference.subjects.subject import subjects

LAYOUTS = {  # as `properties.inputs.layouts.present` makes them
    "F": '{x} = np.array({x}.T, order="C").T',
    "reversed": "{x} = np.ascontiguousarray({x}[..., ::-1])[..., ::-1]",
    "rows-reversed": "{x} = np.ascontiguousarray({x}[::-1])[::-1]",
    "rows-sliced": "host = np.zeros((*{x}.shape[:-1], {x}.shape[-1] + 3), {x}.dtype)\n"
    "host[..., : {x}.shape[-1]] = {x}\n"
    "{x} = host[..., : {x}.shape[-1]]",
    "sliced": "host = np.zeros((*{x}.shape[:-1], 2 * {x}.shape[-1] + 1), {x}.dtype)\n"
    "host[..., 1::2] = {x}\n"
    "{x} = host[..., 1::2]",
    "broadcast": "{x} = np.broadcast_to({x}[:1].copy(), {x}.shape)",
    "read-only": "{x}.flags.writeable = False",
    "offset": "host = np.zeros({x}.size + 1, {x}.dtype)\nhost[1:] = {x}.ravel()\n{x} = host[1:].reshape({x}.shape)",
    "byte-swapped": '{x} = {x}.astype({x}.dtype.newbyteorder(">"))',
}
OTHER = "np.linspace(2, 5, {x}.size).reshape({x}.shape).astype({x}.dtype)"


def script(cell: Cell, witness: Witness, subject: Mapping[str, str]) -> str:
    """Python that builds the witness bit for bit, calls the subject and prints what it gives.

    `subject` is the report's record of the subject. NumPy is all that it needs, besides the subject, and
    ml_dtypes for the formats that NumPy lacks; only a row kept as its recipe needs extremum to make it again.
    """
    arguments = {_identifier(name): argument for name, argument in witness.arguments.items()}
    lines = ["import numpy as np"]
    if any(a["dtype"].startswith(("bfloat", "float8")) for a in arguments.values()):
        lines.append("import ml_dtypes  # registers the dtype with NumPy")
    if any("recipe" in a for a in arguments.values()):
        lines.append("from extremum.properties.steps.blocks import restore")
    role = roles().get(cell.role)
    known = role is not None and all(x in arguments for x in role.signature.inputs)
    signature = role.signature if role and known else Signature({x: len(a["shape"]) for x, a in arguments.items()})
    inputs = list(signature.inputs)
    stacked = not signature.batched and any(len(arguments[x]["shape"]) > rank for x, rank in signature.inputs.items())
    moved = known and "axis" in arguments
    lines += [*_function(cell, subject, signature, stacked, moved), ""]
    lines += ['np.seterr(all="ignore")', "np.set_printoptions(precision=17)"]
    if not signature.batched and not stacked:  # what the property adds has an axis of rows still
        arguments |= {x: {**a, "shape": a["shape"][1:]} for x, a in arguments.items() if x not in inputs}
    lines += [f"{name} = {value_text(argument)}" for name, argument in arguments.items()]
    layouts = {x: arguments[x].get("layout", "C") for x in inputs if x in arguments}
    named = {
        "args": ", ".join(inputs),
        **{f"at_{d}": ", ".join(f"x + {d}" if x == "x" else x for x in inputs) for d in "ab"},
        "at_sum": ", ".join("x + x2" if x == "x" else x for x in inputs),
        "second": ", ".join("x2" if x == "x" else x for x in inputs),
        "first": next(iter(inputs), ""),
        "again": f"f({', '.join(f'{x}[::-1]' for x in inputs)})[::-1]" if stacked else f"f({', '.join(inputs)})",
        "other": ", ".join(OTHER.format(x=x) if rank else x for x, rank in signature.inputs.items()),
        "turned": ", ".join(f"(1 - {x}[..., ::-1]).astype({x}.dtype)" if signature.inputs[x] else x for x in inputs),
    }
    show = f"print(f({named['args']}{', axis=axis' if moved else ''}))"
    if set(layouts.values()) & LAYOUTS.keys():
        presented = [LAYOUTS[layout].format(x=x) for x, layout in layouts.items() if layout in LAYOUTS]
        return "\n".join([*lines, show, *presented, show]) + "\n"
    ended = cell.verdict in ("crashed", "hung")  # the witness is the one call
    prop = property_of(cell.role, cell.property) if known and not ended else None
    return "\n".join([*lines, *(line.format(**named) for line in prop.script)] if prop else [*lines, show]) + "\n"


def _function(cell: Cell, subject: Mapping[str, str], signature: Signature, stacked: bool, moved: bool) -> list[str]:
    """The lines that import the subject and make it `f`, of the role's arguments as NumPy arrays.

    `stacked` arguments are rows for one call each; with `moved` rows, a subject without an axis gets them last.
    """
    inputs = list(signature.inputs)
    imported, name = _imported(*_place(cell))
    head = f"f = lambda {', '.join(inputs)}" + (", axis=-1" if signature.batched else "")
    keyword = f", {subject['axis']}=axis" if signature.batched and subject.get("axis") else ""
    as_they_are = cell.property.startswith(("integer=", "boolean="))  # conventions: the dtype is what they are about
    library = ADAPTERS.get(subject.get("arrays", ""), ADAPTERS["numpy"]).lines
    given = (library.given_as_is if as_they_are else library.given).replace("{dtype}", cell.dtype)
    if moved and not keyword:
        given = given.replace("{x}", "np.moveaxis({x}, axis, -1).copy()")
    number = library.given_as_is if subject.get("numbers") == "arrays" else "{x}"
    shown = ((given if rank else number).replace("{x}", x) for x, rank in signature.inputs.items())
    body = library.taken.replace("{call}", f"{name}({', '.join(shown)}{keyword})")
    if stacked:  # one call for each row
        rows = f"zip({', '.join(inputs)})" if len(inputs) > 1 else inputs[0]
        body = f"np.stack([{body} for {', '.join(inputs)} in {rows}])"
    return [*library.imports, imported, "", *library.settings, f"{head}: {body}"]


def _imported(place: str, attribute: str) -> tuple[str, str]:
    """The line that imports a function, and the expression that it is called by."""
    root = attribute.partition(".")[0]
    if all(part.isidentifier() for part in (*place.split("."), *attribute.split("."))):
        return f"from {place} import {root}", attribute
    return "from importlib import import_module", f"getattr(import_module({place!r}), {attribute!r})"


def _identifier(name: str) -> str:
    return name if name.isidentifier() else re.sub(r"\W", "_", f"_{name}")


def _place(cell: Cell) -> tuple[str, str]:
    place, _, attribute = cell.subject.rpartition(":")
    known = next((s for s in subjects(cell.role) if s.name == cell.subject), None)
    if known is not None and place:
        return "extremum.reference.subjects.autodiff", f"{place.replace('-', '_')}.{attribute}"
    if place:
        return place.removesuffix(".py"), attribute
    if known is None:
        return "your_module", attribute
    return known.function.__module__, known.function.__name__


def value_text(argument: Mapping[str, Any]) -> str:
    """The expression that gives the argument of a witness, bit for bit."""
    shape, dtype = tuple(argument["shape"]), argument["dtype"]
    if dtype == "int64":
        values = ", ".join(argument["values"])
        return f"np.array([{values}])" if shape else values
    if not shape:  # a number: a Python float, or a scalar of a dtype that NumPy promotes by one
        number = _literal(argument["values"][0])
        return number if dtype in ("float64", "float32", "float16") else f'np.array({number}).astype("{dtype}")[()]'
    if "recipe" in argument:
        return f"restore({dict(argument['recipe'])!r}, {dtype!r}).reshape({shape})"
    if "tile" in argument:
        tile = f"np.array([{', '.join(_literal(v) for v in argument['tile'])}])"
        rows = f"np.resize({tile}, {with_last(shape, argument['along'])})"
        return f'np.moveaxis({rows}, -1, {argument["along"]}).astype("{dtype}").copy()'
    if "runs" in argument:
        parts = ", ".join(f"np.full({count}, {_literal(value)})" for value, count in argument["runs"])
        flat = f"np.concatenate([{parts}])"
    else:
        flat = f"np.array([{', '.join(_literal(v) for v in argument['values'])}])"
    reshape = "" if len(shape) == 1 else f".reshape({shape})"
    return f'{flat}.astype("{dtype}"){reshape}'


def _literal(value: str) -> str:
    return f'float.fromhex("{value}")' if value not in ("-inf", "inf", "nan") else f'float("{value}")'
