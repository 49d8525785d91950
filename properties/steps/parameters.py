"""What the parameters of a function tell: by what keyword it takes the axis, and whether the role's arguments fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extremum.properties.model.role import Role
from extremum.reference.errors import UsageError
from extremum.reference.subjects.adapters import Adapter

AXIS_KEYWORDS = ("axis", "dim")
GRADIENT_OF = "gradient_of"  # the role of a gradient whose function is given


def keywords_of(role: Role) -> tuple[str, ...]:
    """The keywords that a subject of the role may take the axis by."""
    return AXIS_KEYWORDS if role.signature.batched else ()


def axis_of(told: Mapping[str, Any], name: str, role: Role) -> str | None:
    """The keyword that a function takes the axis by, by what `loading.about` says of it.

    "" where it has none, None where its signature cannot be read. Raises `UsageError` where it takes other arguments.
    """
    if told["parameters"] is None:
        return None
    axis = next((k for k in keywords_of(role) if k in told["parameters"]), "")
    wanted = list(role.signature.inputs)
    names = told["parameters"][: len(wanted)]
    # The same names in another order: called by position it would compute something else, and be refuted for that.
    if names != wanted and sorted(names) == sorted(wanted):
        raise UsageError(f"subject={name!r} takes ({', '.join(names)}), role {role.name} calls {role.call}: wrap it")
    if told["refusals"][axis]:
        shown = f"{told['name'] or name}{told['shown']}"
        raise UsageError(f"subject={name!r} is {shown}, role {role.name} calls {role.call}: {told['refusals'][axis]}")
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
