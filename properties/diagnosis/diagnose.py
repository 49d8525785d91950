"""The diagnosis: the cause of each finding is named by experiment, as one of `diagnosis.cause_table`.

`EXPERIMENTS` are a decision list. Each experiment changes one circumstance of the refuted case, calls the subject
again, and names a cause only where the answer shows it. A finding that no experiment explains is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.calling.time_limit import OutOfTime
from extremum.properties.diagnosis.arithmetic_causes import (
    centred_row,
    clipped,
    fading,
    narrower_row,
    order_of_sum,
    shifted_row,
    shorter_row,
    subnormal_answer,
    wider_row,
)
from extremum.properties.diagnosis.cause_table import UNKNOWN
from extremum.properties.diagnosis.contract_causes import (
    along_axis,
    in_layout,
    masked,
    memory_of_calls,
    memory_of_rows,
    narrow_sum,
    purity,
    returned,
    varying,
)
from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun
from extremum.properties.diagnosis.entry_causes import another_entry, fading_entries, overflowing_entries
from extremum.properties.diagnosis.formula_causes import (
    another_label,
    divided,
    fitted,
    padded,
    unnormalised,
    unread_entries,
)
from extremum.properties.diagnosis.precision_causes import error_by_dtype, significant_bits
from extremum.properties.diagnosis.sum_causes import epsilon_added, unrescaled
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import Decision, decide
from extremum.properties.values.case import Case

ACCURACY = "accuracy"  # the property that asks of a value how far it is off

EXPERIMENTS: tuple[Callable[[DiagnosisRun], str], ...] = (
    # What a caller is owed comes first: where calls or rows disturb each other, no experiment on a row shows anything.
    purity,
    returned,
    memory_of_calls,
    varying,
    memory_of_rows,
    narrow_sum,
    along_axis,
    in_layout,
    # Then another formula: where ordinary rows fail it, and no row is needed to show it.
    another_label,
    another_entry,
    unrescaled,
    epsilon_added,  # before the fit, to which it is a term
    fitted,
    unread_entries,
    padded,
    divided,
    unnormalised,
    masked,
    # Then values that are lost. A lost value looks like an error of any size, so errors are explained only afterwards.
    overflowing_entries,
    fading_entries,
    shorter_row,
    shifted_row,
    narrower_row,
    wider_row,
    subnormal_answer,
    # Last, values that are off. A narrower format and a stagnating sum leave errors that look like roundings.
    significant_bits,
    order_of_sum,
    centred_row,
    error_by_dtype,
    fading,
    clipped,
)


def diagnose(experiment: Experiment, case: Case, decision: Decision) -> str:
    """The cause of a refuted case, one of `CAUSES`: unknown where the time limit ends before.

    Never raises for what the subject does, nor for the role's.
    """
    run = DiagnosisRun(experiment, case, decision)
    with quiet():
        for experiment_of_cause in EXPERIMENTS:
            try:
                cause = experiment_of_cause(run)
            except OutOfTime:
                return UNKNOWN
            except Exception:  # the subject or the role has no answer to it, or the budget is spent: it shows nothing
                continue
            if cause:
                return cause
    return _without_its_mask(experiment, run)


def _without_its_mask(experiment: Experiment, run: DiagnosisRun) -> str:
    """The cause of the row with finite entries that weigh nothing in place of masked ones, where it fails as well."""
    accuracy = experiment.role.property_named(ACCURACY)
    if not experiment.prop.masked or accuracy is None or not np.isneginf(run.case.x).any():
        return UNKNOWN
    with suppress(Exception):  # as above
        rows = run.weightless(run.signature.of(run.case.arguments))
        plain = replace(experiment, prop=accuracy)
        if rows is not None and (decision := decide(plain, Case(rows))).refuted:
            return diagnose(plain, Case(rows), decision)
    return UNKNOWN
