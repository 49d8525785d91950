"""What the parameters of a function tell: by what keyword it takes the axis, and whether the role's arguments fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extremum.properties.model.role import Role
from extremum.reference.errors import UsageError
from extremum.reference.subjects.adapters import Adapter

AXIS_KEYWORDS = ("axis", "dim")
OUT = "out"  # what that array is called
GRADIENT_OF = "gradient_of"  # the role of a gradient whose function is given


def keywords_of(role: Role) -> tuple[str, ...]:
    """The keywords that a subject of the role may take the axis by."""
    return AXIS_KEYWORDS if role.signature.batched else ()


def passed(role: Role, out: bool) -> list[str]:
    """The names of what is passed by position: the role's arguments, and the array that the answer is written into."""
    return [*role.signature.inputs, *([OUT] if out else [])]


def axis_of(told: Mapping[str, Any], name: str, role: Role, out: bool = False) -> str | None:
    """The keyword that a function takes the axis by, by what `loading.about` says of it.

    "" where it has none, None where its signature cannot be read. Raises `UsageError` where it takes other arguments.
    With `out` it gets the array that its answer is written into besides.
    """
    if told["parameters"] is None:
        return None
    axis = next((k for k in keywords_of(role) if k in told["parameters"]), "")
    wanted, inputs = list(role.signature.inputs), ", ".join(role.signature.inputs)
    names = told["parameters"][: len(wanted)]
    call = role.call.replace(inputs, f"{inputs}, {OUT}", 1) if out else role.call
    # The same names in another order: called by position it would compute something else, and be refuted for that.
    if names != wanted and sorted(names) == sorted(wanted):
        raise UsageError(f"subject={name!r} takes ({', '.join(names)}), role {role.name} calls {call}: wrap it")
    if told["refusals"][axis]:
        shown = f"{told['name'] or name}{told['shown']}"
        lacks = told["refusals"][axis]
        option = "; add --out (out=True in Python)" if not out and lacks.endswith(f"argument: {OUT!r}") else ""
        raise UsageError(f"subject={name!r} is {shown}, role {role.name} calls {call}: {lacks}{option}")
    return axis


def numbers_as(told: Mapping[str, Any], role: Role, adapter: Adapter) -> list[bool]:
    """In what order it is tried whether what the role passes as a number, a label, goes in as one, or as an array.

    What is annotated as an array is one first. What is not may want the library's own; NumPy's functions take numbers.
    """
    places = [i for i, rank in enumerate(role.signature.inputs.values()) if rank == 0]
    parameters = told["parameters"] or []
    if any(place < len(parameters) and parameters[place] in told["arrays"] for place in places):
        return [False, True]
    return [True, False] if places and adapter.name != "numpy" else [True]


def without_of(name: str) -> str:
    """What is said of a gradient without the function that it is of, or of such a function without its gradient."""
    return f"subject={name!r}: role {GRADIENT_OF} takes the function that it is of: add --of FILE.py:FUNCTION"
