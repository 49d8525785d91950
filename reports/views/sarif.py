"""The findings as SARIF 2.1.0, which code scanning and editors read: a rule a property, a result a finding.

The standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/. With a baseline each result says whether it is new,
unchanged, updated (worse) or absent (fixed).
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from extremum.properties.contested.conventions import property_of
from extremum.properties.steps.rerun import FIXED, WORSE
from extremum.properties.values.finding import Cell, severity_rank
from extremum.reference.errors import LINES, printable
from extremum.reports.record.baseline import KNOWN
from extremum.reports.record.findings import Finding
from extremum.reports.record.numbers import listed
from extremum.reports.record.places import Place, places
from extremum.reports.record.record import BASELINE, Record, version
from extremum.reports.views.answer import phrase
from extremum.reports.views.explain import explanation, markdown
from extremum.reports.views.finding_text import paragraphs, title

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"  # what paths are relative to, as other tools call the folder of the sources
FINGERPRINT = "extremumFinding/v1"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}  # by severity
UNGRADED = "warning"  # what crashed has no severity
SHOWN = ("fails", "said", "input", "worst", "got", "measured", "fix", "usual fix", "then", "hides", "again")


def sarif(report: Record) -> str:
    """The text of report.sarif: what nobody declared; what the user lets pass is suppressed, with the reason."""
    found = [finding for finding in report.findings if any(c.found or c.missed for c in finding.cells)]
    told = [finding for finding in found if not all(c.expected for c in finding.cells)]
    states, where = _states(report), places(report)
    results = [_result(finding, report, states, where.get(finding.key)) for finding in told]
    failing = {cell.key for finding in found for cell in finding.cells}
    mended: dict[tuple[str, str, str], list[Mapping[str, str]]] = defaultdict(list)
    for key, row in states.items():
        if row["status"] == FIXED and key not in failing:
            mended[row["role"], row["subject"], row.get("cause", "")].append(row)
    results += [_absent(rows, where.get((role, subject))) for (role, subject, _), rows in mended.items()]
    _tell_apart(results)
    rules = {result["ruleId"]: result.pop("rule") for result in results}
    for result in results:
        result["ruleIndex"] = list(rules).index(result["ruleId"])
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "extremum", "version": version(), "rules": list(rules.values())}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that the audit ran in."}}},
        "invocations": [
            {"executionSuccessful": not report.interrupted, "commandLine": printable(shlex.join(report.command))}
        ],
        "results": results,
        "properties": {"seed": report.seed, **report.summary},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False) + "\n"


def message(text: str) -> str:
    """Text as a message of SARIF has it, in which braces are doubled and [a](b) would be a link."""
    return printable(text, LINES).replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _result(
    finding: Finding, report: Record, states: Mapping[tuple[str, ...], Mapping[str, str]], place: Place | None
) -> dict[str, Any]:
    head = _gravest(finding.cells)
    text = phrase(finding)
    lines = [f"{title(finding)}: {text[:1].upper()}{text[1:]}.", *_lines(finding, report)]
    result = _bare(head, finding.cause, message("\n".join(lines)), place, finding.severity)
    result["properties"] |= {"properties": finding.properties, "dtypes": finding.dtypes}
    if BASELINE in report.environment:
        result["baselineState"] = _state(finding, states)
    excuses = list(dict.fromkeys(c.accepted for c in finding.cells if c.accepted))
    if excuses and not any(c.unexpected for c in finding.cells):
        result["suppressions"] = [{"kind": "external", "justification": printable("; ".join(excuses))}]
    return result


def _absent(rows: Sequence[Mapping[str, str]], place: Place | None) -> dict[str, Any]:
    """The result of an entry of the baseline, or of a part of it, that is mended."""
    cells = [
        Cell(r["subject"], r["role"], r["property"], r["code"], r["dtype"], "held", severity=r.get("severity", ""))
        for r in rows
    ]
    head = _gravest(cells)
    properties, dtypes = (listed(list(dict.fromkeys(r[key] for r in rows))) for key in ("property", "dtype"))
    text = f"{properties} in {dtypes} {'is' if len(cells) == 1 else 'are'} mended: the baseline still has it."
    result = _bare(head, rows[0].get("cause", ""), message(text), place, head.severity)
    return result | {"baselineState": "absent"}


def _bare(head: Cell, cause: str, text: str, place: Place | None, severity: str) -> dict[str, Any]:
    """A result of the rule of a cell; `rule` is taken from it when all are known."""
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": head.subject, "kind": "function"}]}
    if place is not None:
        region = {"startLine": place.line, "startColumn": place.column}
        region |= {"endLine": place.end_line, "endColumn": place.end_column}
        location["physicalLocation"] = {"artifactLocation": _artifact(place.file), "region": region}
    known = [head.role, head.subject, head.code, cause]
    return {
        "rule": _rule(head),
        "ruleId": head.code,
        "level": LEVELS.get(severity, UNGRADED),
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: hashlib.sha256(json.dumps(known).encode()).hexdigest()},
        "properties": {"role": head.role, "cause": cause} | ({"severity": severity} if severity else {}),
    }


def _tell_apart(results: Iterable[dict[str, Any]]) -> None:
    """Number those that are of one rule, subject and cause, so that no two have one fingerprint."""
    uses: Counter[str] = Counter()
    for result in results:
        prints = result["partialFingerprints"]
        uses[prints[FINGERPRINT]] += 1
        prints[FINGERPRINT] += f":{uses[prints[FINGERPRINT]]}"


def _rule(cell: Cell) -> dict[str, Any]:
    """The property of a cell, with what `extremum explain` tells of it."""
    prop = property_of(cell.role, cell.property)
    if prop is None:  # a role of the user's, which is not known here
        return {"id": cell.code, "name": cell.property}
    told = explanation(prop)
    sections = [(name, parts) for name, parts in told.sections if any(parts)]
    text = "\n\n".join(f"{name}: {' '.join(parts)}" for name, parts in sections)
    marked = "\n\n".join(f"**{name}**: {' '.join(map(markdown, parts))}" for name, parts in sections)
    return {
        "id": told.code,
        "name": told.name,
        "shortDescription": {"text": told.statement},
        "fullDescription": {"text": f"{told.statement} It is a property of {listed(list(told.roles)) or cell.role}."},
        "help": {"text": text, "markdown": marked},
        "defaultConfiguration": {"level": LEVELS.get(told.severity, UNGRADED)},
        "properties": {"tags": ["numerics"], "precision": "very-high"},  # each refutation is proved for its input
    }


def _lines(finding: Finding, report: Record) -> Iterable[str]:
    last = ""
    for name, text in paragraphs(finding, report):
        last = name or last
        if last in SHOWN:
            yield f"{name + ': ' if name else ''}{text}"


def _gravest(cells: Sequence[Cell]) -> Cell:
    """The cell that names the rule: of the gravest the first in the role's order, whatever dtypes were asked for."""
    return min(cells, key=lambda cell: (severity_rank(cell.severity), cell.code, cell.dtype))


def _artifact(file: str) -> dict[str, str]:
    """A file as a URI, relative to the folder of the sources unless its path is absolute."""
    if PurePosixPath(file).is_absolute() or re.match(r"[A-Za-z]:/", file):
        return {"uri": f"file://{'' if file.startswith('/') else '/'}{quote(file)}"}
    return {"uri": quote(file), "uriBaseId": ROOT}


def _states(report: Record) -> dict[tuple[str, ...], Mapping[str, str]]:
    """What became of each entry of the baseline, by role, subject, property and dtype."""
    rows = report.environment.get(BASELINE, [])
    return {(row["role"], row["subject"], row["property"], row["dtype"]): row for row in rows}


def _state(finding: Finding, states: Mapping[tuple[str, ...], Mapping[str, str]]) -> str:
    worse = any(states.get(cell.key, {}).get("status") == WORSE for cell in finding.cells)
    known = all(cell.accepted == KNOWN for cell in finding.cells if cell.found and not cell.expected)
    return "updated" if worse else "unchanged" if known else "new"
