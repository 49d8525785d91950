"""The ledger of claims, arranged for any rendering from the records of a report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from extremum.properties.claims.claim import VERDICTS
from extremum.properties.values.finding import FOUND


def counted(verdicts: Iterable[str]) -> str:
    """How many statements have each verdict, in a sentence."""
    counts = Counter(verdicts)
    parts = [f"{counts[v]} {v}" for v in VERDICTS if counts[v]]
    total = counts.total()
    return f"{total} statement{'' if total == 1 else 's'} of the exercises: {', '.join(parts)}"


def exercises(claims: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The records of claims by exercise: its number and what it is about."""
    table: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for claim in claims:
        table[f"{claim['id'].rpartition('.')[0]} {claim['exercise']}"].append(claim)
    return table


class Audited(NamedTuple):
    """Cells that are evidence of a claim, in a line; `key` is role, subject and property where it is of these alone."""

    key: tuple[str, str, str] | None
    name: str
    verdicts: str


def audits(evidence: Mapping[str, Any]) -> list[Audited]:
    """The cells of a claim's evidence: a line for each subject and property that was found, and one for all others."""
    table: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for role, subject, prop, dtype, verdict in evidence["cells"]:
        table[role, subject, prop][dtype] = verdict
    findings = {key: cells for key, cells in table.items() if set(cells.values()) & set(FOUND)}
    lines = [
        Audited(key, f"{key[1]} {key[2]}", ", ".join(f"{verdict} in {dtype}" for dtype, verdict in cells.items()))
        for key, cells in findings.items()
    ]
    others = {key: cells for key, cells in table.items() if key not in findings}
    if others:
        subjects = ", ".join(dict.fromkeys(subject for _, subject, _ in others))
        properties = ", ".join(dict.fromkeys(prop for _, _, prop in others))
        counts = Counter(verdict for cells in others.values() for verdict in cells.values())
        verdicts = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        lines.append(Audited(None, properties, f"of {subjects}: {verdicts}"))
    return lines
