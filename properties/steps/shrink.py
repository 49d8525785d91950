"""Shrinking: a refuted case is cut down to ever smaller calls of the same kind that are refuted too.

Then its numbers are made plain: 0 or 1 in place of a number, or one that is nearer to 0 and has few digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.inputs.regimes import log_eta, log_max, log_tiny
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import decide
from extremum.properties.steps.evidence import Evidence, Refutation
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import FORMATS, Array

MOST_PARTS = 40  # of a witness that are tried
SHORT_ROW = 8  # entries at most, which are tried one by one; of a longer row the halves are
MOST_PLAIN = 60  # cases with plainer numbers that are tried
FEW_NUMBERS = 8  # entries at most of a case whose numbers are made plain
WHOLE = (1.0, 2.0, 3.0, 10.0, 30.0, 100.0, 1000.0, 1e4)  # plain numbers, tried where they are nearer to 0
DIGITS = (1, 2, 3)  # significant ones, that are kept


def shrink(evidence: Evidence, experiment: Experiment) -> None:
    """Cut the simplest refutation down to ever smaller parts that are refuted too, each of them evidence.

    Only if a call on rows decides the property, or calls on the same rows, along an axis or in a layout: others arrange
    arguments that belong together.
    """
    prop, given = experiment.prop, evidence.simplest.case.arguments
    arranged = prop.places is not None and not prop.asks_twice  # in shapes and layouts
    if not prop.pointwise and not (arranged and {*given} <= {*experiment.role.signature.inputs, "axis"}):
        return
    left, smaller = MOST_PARTS, True
    while smaller and left > 0:
        smaller = False
        for part in islice(parts(evidence.simplest.case), left):
            left -= 1
            if _refuted(evidence, experiment, part):
                smaller = True
                break
    if prop.pointwise:
        _make_plain(evidence, experiment)


def _refuted(evidence: Evidence, experiment: Experiment, part: Case) -> bool:
    """Whether the part is refuted; then it is kept at once: time may run out before a smaller one is found."""
    try:
        decision = decide(experiment, part)
    except Declined:  # it is nothing that the property could be asked of
        return False
    if decision.refuted:
        evidence.shrunk.append(Refutation(part, evidence.simplest.regime, decision))
    return decision.refuted


def _make_plain(evidence: Evidence, experiment: Experiment) -> None:
    """Replace each number of the simplest refutation by the plainest with which it is refuted too.

    Or by an edge of the format, where it is refuted from there on.
    """
    given, left = evidence.simplest.case, MOST_PLAIN
    if given.size > FEW_NUMBERS:
        return
    for name, a in given.arguments.items():
        for place in range(a.size if a.dtype.kind not in "iub" else 0):
            for value in plainer(float(a.flat[place]), a.dtype):
                left -= 1
                if left < 0:
                    return
                if _refuted(evidence, experiment, _with(evidence.simplest.case, name, place, value)):
                    break
            case = evidence.simplest.case
            for before, edge in edges(float(case.arguments[name].flat[place]), a.dtype):
                if not decide(experiment, _with(case, name, place, before)).refuted:
                    _refuted(evidence, experiment, _with(case, name, place, edge))


def _with(case: Case, name: str, place: int, value: float) -> Case:
    changed = np.array(case.arguments[name])
    changed.flat[place] = value
    return Case({**case.arguments, name: changed}, case.layout)


def edges(value: float, dtype: np.dtype[Any]) -> Iterator[tuple[float, float]]:
    """Where exp overflows, leaves the normal range, and leaves the subnormal range for zero, where that is nearer to 0.

    Of each the last number before, and the first beyond, with the sign of the value.
    """
    fmt = FORMATS[dtype.name]
    for limit in (log_max(fmt), -log_tiny(fmt), -log_eta(fmt), -log_eta(fmt) + np.log(2)):
        nearest = float(fmt.round(limit))
        before, beyond = (float(fmt.step(nearest, steps)) for steps in ((-1, 0) if nearest > limit else (0, 1)))
        if np.isfinite(value) and beyond < abs(value):
            yield float(np.copysign(before, value)), float(np.copysign(beyond, value))


def plainer(value: float, dtype: np.dtype[Any]) -> Iterator[float]:
    """Numbers of the dtype with fewer digits, nearer to 0 than a finite one or of magnitude 1, the plainest first.

    1 in place of a tiny number: an error that shows there as well is seldom as petty.
    """
    if not np.isfinite(value) or value == 0:
        return
    kept = {0.0, value}
    yield 0.0
    figures, exponent = f"{value:.16e}".split("e")
    point = figures.index(".")
    cut = (float(f"{figures[: point + digits]}e{exponent}") for digits in DIGITS)
    for candidate in (*np.copysign(WHOLE, value), *cut):
        number = float(np.asarray(candidate).astype(dtype))
        if (abs(number) < abs(value) or abs(number) == 1.0) and number not in kept:
            kept.add(number)
            yield number


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

    return Case({name: part(name, a) for name, a in case.arguments.items()}, case.layout)
