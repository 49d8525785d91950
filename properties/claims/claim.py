"""A claim: a statement of an exercise as code that runs, and the verdict that follows from the evidence.

| verdict | evidence |
|---|---|
| `confirmed` | it holds in exact arithmetic, and in floating point to the bound that the evidence states |
| `exact only` | it holds of real numbers, and is refuted in floating point |
| `refuted` | a counterexample, and the corrected statement is confirmed |
| `unclear` | what is printed has several readings, and they do not agree |
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reference.subjects.subject import Subject

T = TypeVar("T")

VERDICTS = ("confirmed", "exact only", "refuted", "unclear")
EXACT = "exact"
FLOATING = "floating point"


@dataclass(frozen=True)
class Evidence:
    """What one check found.

    `says` is what was checked, and `holds` whether it did in all of the `examined` cases. The `witness` is the smallest
    counterexample; for a statement of existence it is the smallest example. `about` is the statement, a reading of it
    or its correction. `measured` may vary with the machine; nothing else does. `cells` are those of an audit.
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
class CellRequest:
    """A cell of the audit that a check rests on."""

    subject: Subject
    prop: str
    dtype: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from all other requests."""
        return self.subject.role, self.subject.name, self.prop, self.dtype

    def judge(self, seed: int, shared: Shared) -> Cell:
        """Judge the cell, without a time limit."""
        role = role_named(self.subject.role)
        prop = role.property_named(self.prop)
        assert prop is not None, self.prop
        return judge_cell(self.subject, role, prop, self.dtype, Settings(seed=seed, timeout=None), shared)


@dataclass(frozen=True)
class Check:
    """Something that is decided by running it; `requests` are the cells of the audit that it asks the run for."""

    arithmetic: str
    run: Callable[[ClaimRun], Evidence]
    requests: Callable[[], Sequence[CellRequest]] = tuple


@dataclass(frozen=True)
class Claim:
    """One statement of an exercise.

    `statement` is in our own words, `printed` is the formula as it is printed. Formulas are LaTeX, those in sentences
    between dollar signs. `verdict` is the recorded one. `checks` are of the statement, and each of the `readings` is a
    check that reads the statement in another way. `correction` is what holds instead, and `corrected` are its checks.
    """

    id: str
    statement: str
    verdict: str
    checks: Sequence[Check] = ()
    readings: Sequence[Check] = ()
    printed: str = ""
    correction: str = ""
    corrected: Sequence[Check] = ()

    @property
    def parts(self) -> Sequence[tuple[str, Sequence[Check]]]:
        """All checks, by what they are about."""
        return ("statement", self.checks), ("reading", self.readings), ("correction", self.corrected)


class ClaimRun:
    """One run of claims with a seed; several claims may rest on the same evidence, which it computes once.

    `claims` are those that the run is for. A cell that one of them asks for is judged together with all others of its
    role that any of them asks for.
    """

    def __init__(self, seed: int = 0, claims: Iterable[Claim] = ()) -> None:
        self.seed = seed
        self._claims = claims
        self._shared = Shared()
        self._known: dict[Hashable, Any] = {}
        self._cells: dict[Hashable, Cell] = {}

    def generator(self) -> np.random.Generator:
        """A generator of random numbers from the seed of the run."""
        return np.random.default_rng(self.seed)

    def once(self, function: Callable[..., T], *arguments: Hashable) -> T:
        """`function(*arguments)`, called once in this run."""
        key = function, arguments
        if key not in self._known:
            self._known[key] = function(*arguments)
        value: T = self._known[key]
        return value

    def judge(self, claim: Claim) -> Judged:
        """Run the checks of a claim."""
        return Judged(
            claim,
            [replace(self.once(check.run, self), about=about) for about, checks in claim.parts for check in checks],
        )

    def cells(self, requests: Sequence[CellRequest]) -> list[Cell]:
        """The judged cells, in the order of the requests."""
        roles = {request.subject.role for request in requests}
        wanted = [*requests, *(r for r in self.once(self._requests) if r.subject.role in roles)]
        missing = {request.key: request for request in wanted if request.key not in self._cells}
        # The engine keeps the exact values of a dtype's blocks, and the answers of one subject in one dtype at a time:
        # in this order it computes each of them once.
        for key, request in sorted(missing.items(), key=lambda item: (item[1].dtype, item[0])):
            self._cells[key] = request.judge(self.seed, self._shared)
        return [self._cells[request.key] for request in requests]

    def _requests(self) -> list[CellRequest]:
        return [r for claim in self._claims for _, checks in claim.parts for check in checks for r in check.requests()]


@dataclass(frozen=True)
class Judged:
    """A claim that was run, and its evidence."""

    claim: Claim
    evidence: Sequence[Evidence] = field(default_factory=tuple)

    @property
    def verdict(self) -> str:
        """The verdict that follows from the evidence. A correction that does not hold makes it unclear."""
        statement, readings, correction = (
            [e for e in self.evidence if e.about == about] for about, _ in self.claim.parts
        )
        if len({e.holds for e in readings}) > 1 or not all(e.holds for e in correction):
            return "unclear"
        asserted = statement + readings
        if not asserted or not all(e.examined for e in self.evidence):
            return "unclear"
        exact = [e.holds for e in asserted if e.arithmetic == EXACT]
        if all(e.holds for e in asserted):
            return "confirmed"
        if exact and all(exact):
            return "exact only"
        return "refuted" if correction else "unclear"

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
