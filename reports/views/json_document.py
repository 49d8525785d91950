"""The answer for programs: one document of JSON, short enough to be read whole."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extremum.reports.record.files import lines
from extremum.reports.record.findings import Finding
from extremum.reports.record.numbers import counted, decimals, exact_text
from extremum.reports.record.places import places
from extremum.reports.record.record import Record
from extremum.reports.record.text import argument_text
from extremum.reports.views.answer import phrase
from extremum.reports.views.arrange import outcome
from extremum.reports.views.finding_text import command

SCHEMA = "extremum.findings/1"
MOST_FINDINGS = 10
MOST_BYTES = 8_000
WIDTHS = (400, 240, 160, 100, 60)  # characters of a text, the first with which the document is short enough
COUNTS = ("findings", "cells", "examined", "proved", "held", "refuted", "crashed", "hung", "incomplete")


def document(report: Record, exit_code: int, folder: Path | None, baseline: str = "") -> str:
    """The findings that fail the run, the gravest first: sentence, cause, fix, input, got, exact, place, command.

    `folder` has the report. `more` counts the findings beyond the first ten; `known` those that are let pass.
    """
    found = [finding for finding in report.findings if not finding.expected]
    place = "" if folder is None else str(folder / "report.json")
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "exit_code": exit_code,
        "interrupted": report.interrupted,
        "verdict": outcome(report),
        "counts": {name: report.summary[name] for name in COUNTS},
        "known": sum(bool(cell.accepted) for cell in report.cells),
        "baseline": baseline,
        "report": place,
        "replay": shlex.join(["extremum", "replay", place]) if place else "",
        "more": max(len(found) - MOST_FINDINGS, 0),
        "findings": [_row(finding, report) for finding in found[:MOST_FINDINGS]],
    }
    texts = (lines(_shortened(whole, width)) for width in WIDTHS)
    return next((text for text in texts if len(text.encode()) < MOST_BYTES), lines(_shortened(whole, WIDTHS[-1])))


def _row(finding: Finding, report: Record) -> dict[str, Any]:
    sign = finding.simplest
    cell, witness, place = sign.cell, sign.witness, places(report).get(finding.key)
    text = phrase(finding)
    row: dict[str, Any] = {
        "subject": finding.subject,
        "role": finding.role,
        "severity": finding.severity,
        "cause": finding.cause,
        "sentence": f"{text[:1].upper()}{text[1:]}.",
        "fix": finding.fix,
        "properties": finding.properties,
        "dtypes": finding.dtypes,
        "code": cell.code,
        "location": {} if place is None else {"file": place.file, "line": place.line, "column": place.column},
        "again": command(finding, report),
    }
    if witness is not None:
        given = {name: argument_text(argument) for name, argument in witness.arguments.items()}
        error = "" if witness.measured is None else counted(witness.measured, cell.unit)
        row |= {
            "input": given,
            "got": decimals(witness.got, cell.dtype) if witness.got else "",
            "exact": exact_text(witness.exact, cell.dtype) if witness.exact else "",
            "error": error and f"{error}, allowed {counted(witness.allowed, '')}",
        }
    return {name: value for name, value in row.items() if value}


def _shortened(value: Any, width: int) -> Any:
    """The same with texts of at most so many characters; a command stays whole, since half of one is none."""
    if isinstance(value, Mapping):
        kept = ("again", "replay", "report", "file")
        return {name: part if name in kept else _shortened(part, width) for name, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part, width) for part in value]
    return f"{value[: width - 3]}..." if isinstance(value, str) and len(value) > width else value
