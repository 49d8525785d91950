"""Causes: each finding is diagnosed by experiment, as one of the names of `CAUSES`.

`EXPERIMENTS` are a decision list. Each experiment changes one circumstance of the refuted case, calls the subject
again, and names a cause only where the answer shows it. A finding that no experiment explains is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from extremum.properties.calling.call import quiet
from extremum.properties.calling.time_limit import OutOfTime
from extremum.properties.diagnosis.arithmetic_causes import (
    centred_row,
    error_by_dtype,
    narrower_row,
    order_of_sum,
    shifted_row,
    shorter_row,
    significant_bits,
    subnormal_answer,
    wider_row,
)
from extremum.properties.diagnosis.contract_causes import (
    along_axis,
    in_layout,
    masked,
    memory_of_calls,
    memory_of_rows,
    narrower_dtype,
    purity,
)
from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import Decision
from extremum.properties.values.case import Case


@dataclass(frozen=True)
class Cause:
    """A cause in words: what it means, the experiment by which the diagnosis decides it, and the usual fix.

    `brief` is the fix in a sentence, `corrections` are those of `diagnosis.corrections` that make it. A `loss` hides
    what is added up wrongly after it.
    """

    meaning: str
    experiment: str
    fix: str
    brief: str
    corrections: tuple[str, ...] = ()
    loss: bool = False


CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "exp overflow": Cause(
            "An exponential is infinite.",
            "The largest entry is moved up, with all others 40 below it, and the answer is lost just above log max (of "
            "the dtype, of float32 or of float64, or half of that for a product of two exponentials) and not just "
            "below; or the answer to the largest entry is not finite once the others lie far enough below it.",
            "Subtract the maximum of the row before the exponential is taken: exp(x - max x).",
            "Subtract the row's maximum first.",
            ("shift",),
            loss=True,
        ),
        "sum overflow": Cause(
            "The sum of the exponentials is infinite and none of them is.",
            "The row is cut, lowered or stretched until the sum of its exponentials is in range, where each of them "
            "was before: then it is answered well.",
            "Subtract the maximum of the row, so that no term exceeds 1; in 16 bits accumulate in float32.",
            "Subtract the row's maximum first; in 16 bits add up in float32.",
            ("shift", "float32"),
            loss=True,
        ),
        "underflow to zero": Cause(
            "An exponential or a probability is zero where its quotient or logarithm is not.",
            "The row, or all of it but its maximum, is moved down: values are lost from where the smallest subnormal "
            "of the dtype, of float32 or of float64 is left behind, and not well before.",
            "Subtract the maximum of the row itself, not one that starts from 0 or a floor; where a logarithm is "
            "wanted, compute it as x - max x - log S, never from the probability.",
            "Subtract the row's own maximum first; compute a logarithm as x - max x - log S.",
            ("shift",),
            loss=True,
        ),
        "accumulator stagnation": Cause(
            "The sum stops growing, since its terms are less than half of its spacing.",
            "Many terms, each less than half of the spacing at a large one, are put after the large one and before "
            "it: they are lost after it and not before it, and the row of the finding is answered well when it is cut "
            "to fewer than 6 entries.",
            "Accumulate in float32 or wider, or add pairwise.",
            "Add up in float32 or wider, or pairwise.",
            ("float32",),
        ),
        "cancellation": Cause(
            "A small value is the difference of larger ones, and holds their rounding.",
            "The row is repeated in float32 and in float64: the error in float32 exceeds its bound and is more than "
            "256 times that in float64; or an error that a shift to zero takes away is there for a tie of all entries "
            "too.",
            "Compute the small value itself: the sum of the others for 1 - s, log1p for log(1 + t), and x - max x "
            "before log S is taken off.",
            "Compute the small value itself, not as a difference of larger ones.",
            ("shift",),
        ),
        "rounding of the gap": Cause(
            "Entries are rounded before they are subtracted.",
            "The row is shifted to a maximum of zero: the error goes away, and before the shift it was at most 16 "
            "times its bound for each unit of the largest entry, which the rounding of the entries explains.",
            "Subtract the maximum from the entries first: (x - max x) - log S, never x - (max x + log S).",
            "Subtract the row's maximum from the entries before anything else.",
            ("shift",),
        ),
        "subnormals flushed": Cause(
            "A value below the smallest normal is made zero.",
            "The answer is zero where the exact value is subnormal, and no sooner; or, as the gaps of the row grow, "
            "values are lost from where an exponential becomes subnormal.",
            "Leave out -ffast-math and flush-to-zero mode, or say that values below the smallest normal are dropped.",
            "Compute without -ffast-math and flush-to-zero mode.",
        ),
        "masked value leaks": Cause(
            "Masked entries count.",
            "The row is called without its masked entries, and is then answered well; or the masked entries get "
            "something themselves; or a row of nothing else is not answered with -inf, the logarithm of an empty sum.",
            "Mask with -inf, or leave the masked entries out: a number such as -1e4 is not below every logit, and 0 * "
            "-inf is NaN.",
            "Mask with -inf, or leave masked entries out.",
        ),
        "wrong axis": Cause(
            "The reduction runs along another axis or over the whole array.",
            "Ordinary rows are answered well as a matrix, and differently along the axis of the case; or a change of "
            "one row of a matrix changes the answers both above and below it.",
            "Hand the axis on to every reduction, with keepdims.",
            "Hand the axis on to every reduction, with keepdims.",
            ("rows last", "one by one"),
        ),
        "state leaks between rows": Cause(
            "The answer depends on an earlier call or row, or changes with a later one.",
            "The same row is called after either of two others, in turn: its answers form two groups, farther apart "
            "than those within a group; or a change of one row of a matrix changes only answers below it; or a later "
            "call overwrites an earlier answer.",
            "Start each row and each call from scratch, and return a new array each time.",
            "Start each row and each call from scratch.",
        ),
        "storage order ignored": Cause(
            "Strides, offset or byte order are ignored.",
            "Ordinary rows are answered differently in the layout of the case and in C order, where two calls agree "
            "bit for bit.",
            "Walk the strides, or copy with np.ascontiguousarray before the pointer is taken.",
            "Walk the strides, or copy the argument into C order first.",
            ("plain layout",),
        ),
        "input mutated": Cause(
            "The call writes into its argument.",
            "The bits of the argument are compared before and after a call: they differ.",
            "Write into new arrays only: `x = x - x.max()`, not `x -= x.max()`.",
            "Write into new arrays only.",
        ),
        "precision narrowed": Cause(
            "Something is kept in fewer bits than the dtype has.",
            "The answer has a narrower dtype; or, in float32 and float64, the last third of its significand is zero "
            "where the exact values have a full one; or a step of 2**-15 in an entry leaves it as it was, and one of "
            "0.0105 does not.",
            "Keep every value on the way in the dtype of the input or wider, and return that dtype.",
            "Keep every value in the dtype of the input or wider.",
        ),
        "unknown": Cause(
            "No experiment shows the cause.",
            "Every experiment was tried and showed nothing, or the time limit of the diagnosis ended first.",
            "Look at the simplest input of the finding, and at the usual fix of its property.",
            "Look at the simplest input.",
        ),
    }
)

UNKNOWN = "unknown"

EXPERIMENTS: tuple[Callable[[DiagnosisRun], str], ...] = (
    # What a caller is owed comes first: where calls or rows disturb each other, no experiment on a row shows anything.
    purity,
    narrower_dtype,
    memory_of_calls,
    memory_of_rows,
    along_axis,
    in_layout,
    masked,
    # Then values that are lost. A lost value looks like an error of any size, so errors are explained only afterwards.
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
    return UNKNOWN
