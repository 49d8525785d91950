"""Witnesses: a refuted case is written down, read back, and run again from scratch before it is reported."""

from __future__ import annotations

from typing import Any

from extremum.properties.case import Case, decode, encode, integer
from extremum.properties.decide import FAR, Decision, decide
from extremum.properties.finding import Witness, number
from extremum.properties.role import Experiment
from extremum.reference.formats import Array


class Contradiction(RuntimeError):
    """The screen and the balls disagree by more than the screen's error: a defect of extremum, not of the subject."""


AGAIN = 3  # runs in which a subject that is not deterministic may show its failure again


def witness_of(experiment: Experiment, case: Case, regime: str, seen: Decision) -> Witness:
    """The witness of a refuted case, with what its rerun from the record measured.

    Where no rerun refutes it (the subject is not deterministic), what was seen the first time stands, and
    `certified` says so. Raises `Contradiction`, rather than accuse, where the balls clear what the screen is
    sure of.
    """
    record = encode(case)
    for _ in range(AGAIN):
        again = decide(experiment, decode(record), final=True)
        if not again.refuted and again.ratio > FAR:
            raise Contradiction(f"balls clear what the screen refuted {again.ratio:.3g} times over: {record}"[:2000])
        if again.refuted:
            return _written(record, regime, again, again.certified)
    return _written(record, regime, seen, f"{seen.certified}; seen once, {AGAIN} reruns differed")


def _written(record: dict[str, Any], regime: str, decision: Decision, how: str) -> Witness:
    return Witness(
        arguments=record,
        regime=regime,
        measured=number(decision.measured),
        allowed=number(decision.allowed),
        got=decision.got,
        exact=decision.exact,
        index=[decision.row, decision.column],
        certified=how,
    )


def unfinished(x: Array, axis: int | None) -> Witness:
    """The witness of a call that did not return: its arguments, and nothing measured."""
    arguments = {"x": x} if axis is None or axis == -1 else {"x": x, "axis": integer(axis)}
    return Witness(encode(Case(arguments)), regime="", measured=None, allowed=None)
