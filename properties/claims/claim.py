"""A claim: a statement of an exercise as code that runs, and the verdict that follows from what was found.

| verdict | what was found |
|---|---|
| `confirmed` | it holds in exact arithmetic, and in floating point to the bound that the evidence states |
| `exact only` | it holds of real numbers, and is refuted in floating point |
| `refuted` | a counterexample, and the corrected statement is confirmed |
| `unclear` | what is printed has several readings, and they do not agree |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extremum.properties.values.finding import Cell

VERDICTS = ("confirmed", "exact only", "refuted", "unclear")
EXACT = "exact"
FLOATING = "floating point"


@dataclass(frozen=True)
class Evidence:
    """What one check found.

    `says` is what was checked, `holds` whether it did in all of the `examined` cases; the `witness` is the smallest
    counterexample, or for a statement of existence the smallest example. `about` is the statement, a reading
    of it or its correction. `measured` may vary with the machine; nothing else does. `cells` are those of the audit, where
    the check was one.
    """

    says: str
    holds: bool
    arithmetic: str
    examined: int = 0
    witness: str = ""
    measured: str = ""
    about: str = "statement"
    cells: Sequence[Cell] = ()

    def to_json(self) -> dict[str, Any]:
        """The evidence as JSON; a cell by its key and verdict."""
        record = {k: v for k, v in vars(self).items() if k != "cells"}
        return {**record, "cells": [[*cell.key, cell.verdict] for cell in self.cells]}


@dataclass(frozen=True)
class Check:
    """Something that is decided by running it with a seed."""

    arithmetic: str
    run: Callable[[int], Evidence]


@dataclass(frozen=True)
class Claim:
    """One statement of an exercise.

    `statement` is in our own words, `printed` the formula as it is printed; formulas are LaTeX, those in sentences
    between dollar signs. `verdict` is the recorded one. `checks` are of the statement, and `readings` are checks of
    which each reads the statement in another way. `correction` is what holds in its place, with
    `corrected` its checks.
    """

    id: str
    statement: str
    verdict: str
    checks: Sequence[Check] = ()
    readings: Sequence[Check] = ()
    printed: str = ""
    correction: str = ""
    corrected: Sequence[Check] = ()


@dataclass(frozen=True)
class Judged:
    """A claim that was run, and what was found."""

    claim: Claim
    evidence: Sequence[Evidence] = field(default_factory=tuple)

    @property
    def verdict(self) -> str:
        """The verdict that follows from the evidence. A correction that does not hold makes it unclear."""
        found = {
            about: [e for e in self.evidence if e.about == about] for about in ("statement", "reading", "correction")
        }
        if len({e.holds for e in found["reading"]}) > 1 or not all(e.holds for e in found["correction"]):
            return "unclear"
        of_it = found["statement"] + found["reading"]
        if not of_it or not all(e.examined for e in self.evidence):
            return "unclear"
        exact = [e.holds for e in of_it if e.arithmetic == EXACT]
        if all(e.holds for e in of_it):
            return "confirmed"
        if exact and all(exact):
            return "exact only"
        return "refuted" if found["correction"] else "unclear"

    @property
    def differs(self) -> bool:
        """Whether the verdict is not the recorded one."""
        return self.verdict != self.claim.verdict

    @property
    def cells(self) -> list[Cell]:
        """The audit's cells that are evidence."""
        return [cell for e in self.evidence for cell in e.cells]

    def to_json(self) -> dict[str, Any]:
        """The claim as the record has it."""
        claim = self.claim
        return {
            "id": claim.id,
            "statement": claim.statement,
            "printed": claim.printed,
            "verdict": self.verdict,
            "recorded": claim.verdict,
            "evidence": [e.to_json() for e in self.evidence],
            "correction": claim.correction,
        }


def judge(claim: Claim, seed: int = 0) -> Judged:
    """Run the checks of a claim."""
    kinds = (("statement", claim.checks), ("reading", claim.readings), ("correction", claim.corrected))
    return Judged(claim, [replace(check.run(seed), about=about) for about, checks in kinds for check in checks])
