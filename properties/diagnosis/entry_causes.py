"""Experiments on functions of single entries: where values are lost, and whose they are.

They ask of the numbers themselves: such a function has no row that could be moved or cut.
`python benchmarks/causes.py` judges the constants, together with those of the other experiments.
"""

from __future__ import annotations

import numpy as np

from extremum.properties.diagnosis.arithmetic_causes import FURTHER_FACTOR, begins_with_subnormals, formats
from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun, Probe
from extremum.properties.inputs.regimes import log_max

PLACES = 1024  # that are tried from 0 past an entry: several in the range where values of a tail are subnormal
NEAR, BEYOND = 1 - 2.0**-5, 1 + 2.0**-5  # of the place where an exponential overflows: just before it, and just beyond


def overflowing_entries(run: DiagnosisRun) -> str:
    """Whether numbers get no number just beyond log max of a format, or half of it, and a good answer just before."""
    if not run.role.entrywise:
        return ""
    for edge in (sign * log_max(fmt) / factors for fmt in formats(run) for factors in (1, 2) for sign in (1, -1)):
        if abs(edge) * BEYOND < run.fmt.max and _sound(run, edge * NEAR) and not _numbers(run, edge * BEYOND):
            return "exp overflow"
    return ""


def fading_entries(run: DiagnosisRun) -> str:
    """Whether numbers get 0 from where the exact value becomes subnormal, on the way from 0 past one that does."""
    row = run.row or next(iter(run.rows), None)
    if not run.role.entrywise or row is None:
        return ""
    probe = run.probe(row)
    zero = (probe.out == 0) & (probe.exact != 0) & (np.abs(probe.exact) < probe.tiny)
    if not zero.any():
        return ""
    entry = float(row[run.x][0, zero[0].argmax()])
    places = entry * np.linspace(0.0, FURTHER_FACTOR, PLACES)[:, None]
    return "subnormals flushed" if begins_with_subnormals(run.probe(run.rows_of(places))) else ""


def another_entry(run: DiagnosisRun) -> str:
    """Whether ordinary numbers are answered as their opposites should be, and not as they should be themselves."""
    if not run.role.entrywise:
        return ""
    rows = run.ordinary_wide(n=5, rows=4)
    if run.probe(rows).sound:
        return ""
    negated = {**rows, run.x: -rows[run.x]}
    return "wrong sign" if run.judged(negated, run.call.rows(rows)).sound else ""


def _at(run: DiagnosisRun, number: float) -> Probe:
    return run.probe(run.rows_of(np.full((1, 2), number)))


def _sound(run: DiagnosisRun, number: float) -> bool:
    return _at(run, number).sound


def _numbers(run: DiagnosisRun, number: float) -> bool:
    return not _at(run, number).wrong_nonfinite.any()
