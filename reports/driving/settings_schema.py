"""The JSON Schema of the settings, from the table of options; `python -m` this module writes it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from extremum.properties.contested.conventions import CONVENTIONS
from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.roles.registry import roles
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.driving.options import FILES, REQUEST, Option

ID = "extremum.settings/1"
TYPES = {str: "string", int: "integer", float: "number"}


def schema() -> dict[str, Any]:
    """The schema of `[tool.extremum]`. Editors complete keys and names by it."""
    names = _names()
    subject = {o.setting: _of(o, names) for o in REQUEST if not o.common}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Settings of extremum: [tool.extremum] of pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{o.setting: _of(o, names) for o in (*REQUEST, *FILES)},
            "subjects": {
                "description": "What a bare audit is of: file.py:function or module:function, with its own options.",
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/subject"},
            },
        },
        "$defs": {"subject": {"type": "object", "additionalProperties": False, "properties": subject}},
    }


def text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), indent=1) + "\n"


def _names() -> dict[str, Collection[str]]:
    return {
        "role": roles(),
        "dtype": FORMATS,
        "property": sorted({p.name for role in roles().values() for p in role.properties}),
        "regime": [*{regime.name: None for role in roles().values() for regime in role.regimes}],
        "convention": CONVENTIONS,
        "exhaustive": DOMAINS,
    }


def _of(option: Option, names: dict[str, Collection[str]]) -> dict[str, Any]:
    said = {"description": option.help}
    if option.flag:
        return {**said, "type": "boolean"}
    if option.plural:
        one = _named(names[option.name])
        several: Iterable[Any] = [{"type": "array", "items": one}, {"type": "string"}]  # commas between names
        return {**said, "anyOf": list(several)}
    if option.name in names:
        file = [{"type": "string", "pattern": r"\.py$"}] if option.place else []
        return {**said, "anyOf": [_named(names[option.name]), *file]} if file else said | _named(names[option.name])
    kinds = [TYPES[kind] for kind in option.kind.types]
    return {**said, "type": kinds[0] if len(kinds) == 1 else kinds}


def _named(names: Collection[str]) -> dict[str, Any]:
    return {"enum": list(names)}


if __name__ == "__main__":
    print(text(), end="")
