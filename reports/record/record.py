"""The record of an audit, from which every other form is rendered."""

from __future__ import annotations

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from extremum.properties.contested.situations import Behaviour
from extremum.properties.values.finding import VERDICTS, Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.loading import first_line
from extremum.reports.record.compact import compacted, expanded
from extremum.reports.record.findings import Finding, findings_of

SCHEMA = "extremum.report/4"
EARLIER = ("extremum.report/3", "extremum.report/2", "extremum.report/1")  # what they lack has a default
READABLE = (SCHEMA, *EARLIER)
SHARD = "shard"  # the key of the environment that says which part of a run a record is
BASELINE = "baseline"  # the one that says what became of each entry of a baseline
WORKERS = "workers"  # the one that says what the workers of a cluster are, where they differ
GONE = "GONE"  # the status there of one whose subject is not there any more
NOT_REACHED = "not reached"  # the detail of a cell that a run ended before
DEPENDENCIES = ("numpy", "hypothesis", "pytest", "pytest-xdist", "python-flint", "ml-dtypes")
LIBRARIES = ("scipy", "torch", "jax", "numba")


@dataclass
class Record:
    """Cells and what they came from. `subjects` are the records of `properties.steps.resolve.introduce`.

    `contested` tells what each subject does where its answer is nobody's to prove; none of it is a finding. A run that
    was `interrupted` has judged some of the cells only.
    """

    cells: list[Cell]
    seed: int = 0
    command: Sequence[str] = ()
    subjects: Sequence[Mapping[str, str]] = ()
    claims: Sequence[Mapping[str, Any]] = ()
    environment: Mapping[str, Any] = field(default_factory=lambda: environment())  # noqa: PLW0108
    contested: Sequence[Behaviour] = ()
    interrupted: bool = False

    @property
    def findings(self) -> list[Finding]:
        """The defects, each with the cells that it explains; what nobody declared first, the most severe first."""
        return findings_of(self.cells)

    @property
    def unexpected(self) -> list[Cell]:
        """The cells that fail the run: failures that no reference declares, and declared ones that did not come."""
        return [c for c in self.cells if c.unexpected]

    @property
    def exit_code(self) -> int:
        """As pytest's: 0 nothing found, 1 findings, 2 interrupted, 5 nothing was tested, but in another shard."""
        if self.interrupted:
            return 2
        if self.unexpected:
            return 1
        if SHARD in self.environment:
            return 0
        return 0 if any(c.verdict not in ("inapplicable", "incomplete") for c in self.cells) else 5

    @property
    def ending(self) -> str:
        """How far a run came that was interrupted; empty for one that was not."""
        finished = sum(c.detail != NOT_REACHED for c in self.cells)
        return f"interrupted: {finished:,} of {len(self.cells):,} cells finished" if self.interrupted else ""

    def named(self, role: str, name: str) -> Mapping[str, str]:
        """What found a subject of the user's: the `word` that named it, in which `folder`; empty of any other."""
        rows = self.environment.get("named", [])
        return next((r for r in rows if (r.get("role"), r.get("name")) == (role, name)), {})

    @property
    def summary(self) -> dict[str, Any]:
        """Counts: cells by verdict, rows examined, findings, and cells expected and not."""
        counts = Counter(c.verdict for c in self.cells)
        return {
            "cells": len(self.cells),
            "examined": sum(c.examined for c in self.cells),
            **{verdict: counts[verdict] for verdict in VERDICTS},
            "findings": sum(not f.expected for f in self.findings),
            "expected": sum(c.expected for c in self.cells),
            "unexpected": len(self.unexpected),
            "missed": sum(c.missed for c in self.cells),
        }

    def to_json(self) -> dict[str, Any]:
        """The record, as `report.schema.json` describes it."""
        plans, cells = compacted(self.cells)
        return {
            "schema": SCHEMA,
            "tool": {"name": "extremum", "version": version()},
            "environment": dict(self.environment),
            "command": list(self.command),
            "seed": self.seed,
            "subjects": [dict(s) for s in self.subjects],
            "interrupted": self.interrupted,
            "summary": self.summary,
            "findings": [f.to_json() for f in self.findings],
            "plans": plans,
            "cells": cells,
            "contested": [b.to_json() for b in self.contested],
            "claims": [dict(c) for c in self.claims],
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`; raises `UsageError` for a record of another schema, or without what it has."""
        schema = record.get("schema") if isinstance(record, Mapping) else None
        if schema not in READABLE:
            raise UsageError(f"schema={schema!r} is not {SCHEMA!r}: not a report of this version")
        record = record if schema in EARLIER else expanded(record)
        try:
            return cls(
                [Cell.from_json(c) for c in record["cells"]],
                record["seed"],
                record["command"],
                record.get("subjects", ()),
                record.get("claims", ()),
                record["environment"],
                [Behaviour.from_json(b) for b in record.get("contested", [])],
                record.get("interrupted", False),
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"the report is damaged: {type(error).__name__}: {first_line(error)}") from None


def version() -> str:
    """The installed version of extremum."""
    return importlib.metadata.version("extremum")


def environment() -> dict[str, Any]:
    """What the audit ran on: Python, platform, processor features that NumPy dispatches on, versions."""
    import numpy as np

    versions = {}
    for name in (*DEPENDENCIES, *LIBRARIES):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    config: Any = np.show_config(mode="dicts")
    features = (config or {}).get("SIMD Extensions", {}).get("found", [])
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "simd": features,
        "versions": versions,
    }
