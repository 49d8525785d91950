"""Shrinking: a refuted case is cut down to ever smaller calls of the same kind that are refuted too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import decide
from extremum.properties.steps.screen import Candidate
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array

REDUCTIONS = 40  # parts of a witness that are tried
ENTRIES = 8  # of a row that are tried one by one; of a longer one the halves


def smaller(experiment: Experiment, candidate: Candidate) -> Iterator[Candidate]:
    """Ever smaller parts of the candidate that are refuted too: what a search finds, it shrinks by chance.

    Only of rows of which one call decides: others say how their arguments belong together.
    """
    prop = experiment.prop
    if not prop.pointwise:
        return
    left, found = REDUCTIONS, True
    while found and left > 0:
        found = False
        for part in islice(parts(candidate.case), left):
            left -= 1
            decision = decide(experiment, part)
            if decision.refuted:
                candidate, found = Candidate(part, candidate.regime, decision), True
                yield candidate
                break


def parts(case: Case) -> Iterator[Case]:
    """One row, halves of the rows, then parts of a single row: all arrays alike, with a number for each row if any.

    Of a matrix and its vectors no part is a call of the same kind: there are none.
    """
    x = case.x
    if not x.ndim or any(a.ndim and a.shape not in (x.shape, x.shape[:1]) for a in case.arguments.values()):
        return
    axis = case.axis % x.ndim
    rows = [along for along in range(x.ndim) if along != axis and x.shape[along] > 1]
    if rows:
        yield taken(case, np.arange(1), rows[0])
    along, count = (rows[0], x.shape[rows[0]]) if rows else (axis, x.shape[axis])
    if count > 1:
        if not rows and count <= ENTRIES:
            yield from (taken(case, np.arange(k, k + 1), along) for k in range(count))
        yield from (taken(case, places, along) for places in np.array_split(np.arange(count), 2))


def taken(case: Case, places: Array, along: int) -> Case:
    """The case with these places of an axis alone; a label that is cut off becomes the last that is left."""
    x = case.x

    def part(name: str, a: Array) -> Any:
        if name == "axis":
            return a
        if a.shape == x.shape or (a.ndim and along == 0):
            return np.ascontiguousarray(np.take(a, places, axis=along))
        return np.minimum(a, len(places) - 1) if a.dtype.kind in "iu" and along == case.axis % x.ndim else a

    return Case({name: part(name, a) for name, a in case.arguments.items()})
