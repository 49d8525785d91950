"""The published JSON Schema of the record, as the installed package has it."""

from __future__ import annotations

import json
from importlib.resources import files

SCHEMA = json.loads((files("extremum.reports") / "record" / "report.schema.json").read_text(encoding="utf-8"))
