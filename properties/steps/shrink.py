"""Shrinking: a refuted case is cut down to ever smaller calls of the same kind that are refuted too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import decide
from extremum.properties.steps.evidence import Evidence, Refutation
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array

MOST_PARTS = 40  # of a witness that are tried
SHORT_ROW = 8  # entries at most, which are tried one by one; of a longer row the halves are


def shrink(evidence: Evidence, experiment: Experiment) -> None:
    """Cut the simplest refutation down to ever smaller parts that are refuted too, each of them evidence.

    Only if one call on a row decides the property: other properties arrange arguments that belong together.
    """
    if not experiment.prop.pointwise:
        return
    left, smaller = MOST_PARTS, True
    while smaller and left > 0:
        smaller = False
        whole = evidence.simplest
        for part in islice(parts(whole.case), left):
            left -= 1
            decision = decide(experiment, part)
            if decision.refuted:
                # Kept at once: time may run out before a smaller part is found. Then the search goes on from this part.
                evidence.shrunk.append(Refutation(part, whole.regime, decision))
                smaller = True
                break


def parts(case: Case) -> Iterator[Case]:
    """One row, halves of the rows, then parts of a single row: all arrays alike, with a number for each row if any.

    Of a matrix and its vectors no part is a call of the same kind: there are none.
    """
    x = case.x
    # A matrix and its vectors, or a row with arguments of other shapes, belong together.
    if not x.ndim or any(a.ndim and a.shape not in (x.shape, x.shape[:1]) for a in case.arguments.values()):
        return
    axis = case.axis % x.ndim
    rows = [along for along in range(x.ndim) if along != axis and x.shape[along] > 1]
    if rows:
        yield taken(case, np.arange(1), rows[0])
    along, count = (rows[0], x.shape[rows[0]]) if rows else (axis, x.shape[axis])
    if count > 1:
        # Single entries first: a witness of one number needs no explanation.
        if not rows and count <= SHORT_ROW:
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
