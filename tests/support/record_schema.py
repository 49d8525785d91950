"""The published JSON Schemas of the record and of its findings, as the installed package has them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def schema_named(name: str) -> Any:
    """The JSON Schema in a file of the folder of the record."""
    return json.loads((files("extremum.reports") / "record" / name).read_text(encoding="utf-8"))


SCHEMA = schema_named("report.schema.json")
FINDINGS_SCHEMA = schema_named("findings.schema.json")
