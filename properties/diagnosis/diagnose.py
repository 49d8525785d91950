"""Causes: each finding is diagnosed by experiment, as one of the names of `CAUSES`.

`EXPERIMENTS` are a decision list: each changes one circumstance of the refuted case, calls the subject again, and
names a cause only where the answer shows it. What none explains is unknown. What a caller is owed comes first:
where calls or rows disturb each other, no experiment on a row alone shows anything. Then come values that are lost,
and last those that are merely off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from extremum.properties.calling.call import quiet
from extremum.properties.calling.time_limit import OutOfTime
from extremum.properties.diagnosis.arithmetic_causes import (
    drawn_together,
    kept_in_fewer_bits,
    moved_apart,
    outweighed,
    rounded_apart,
    shifted,
    subnormals_flushed,
    subtracted,
    summed,
)
from extremum.properties.diagnosis.bench import Bench
from extremum.properties.diagnosis.contract_causes import (
    along_axis,
    in_layout,
    masked,
    memory_of_calls,
    memory_of_rows,
    narrower_dtype,
    purity,
)
from extremum.properties.model.role import Experiment
from extremum.properties.steps.decide import Decision
from extremum.properties.values.case import Case

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "exp overflow": "An exponential is infinite: the largest entry fails by itself as soon as it, or its gap to "
        "what is subtracted, passes log max of a format, and not where the row is shifted or drawn together.",
        "sum overflow": "The sum of the exponentials is infinite and none of them is: the largest entry alone is "
        "answered well, and so is the row where the others weigh nothing.",
        "underflow to zero": "An exponential or a probability is zero where its quotient or logarithm is not: the row "
        "fails far below zero, or from a gap on at which the smallest subnormal is left behind.",
        "accumulator stagnation": "The sum stops growing, since its terms are less than half of its spacing: many "
        "small terms after a large one are lost, before it they are not, and a short row is answered well.",
        "cancellation": "A small value is the difference of larger ones, and holds their rounding: the error follows "
        "the precision of the dtype, and no shift of the row (or, of a loss, no tie) takes it away.",
        "rounding of the gap": "Entries are rounded before they are subtracted: the error is of the size of a rounding "
        "of the entries, and goes away where the row is shifted to a maximum of zero.",
        "subnormals flushed": "A value below the smallest normal is made zero: the answer is zero where the exact one "
        "is subnormal and no sooner, or is lost from a gap on at which an exponential becomes subnormal.",
        "masked value leaks": "Masked entries count: without them the row is answered well, or a row of nothing else "
        "is not answered with the value of an empty sum.",
        "wrong axis": "The reduction runs along another axis or over the whole array: ordinary rows fail along the "
        "axis of the case and not as a matrix, or rows change each other's answers both ways.",
        "state leaks between rows": "The answer depends on an earlier call or row, or changes with a later one: "
        "the same row is answered differently after different rows, time and again.",
        "storage order ignored": "Strides, offset or byte order are ignored: ordinary rows are answered differently "
        "in the layout of the case and in C order, and the input is left as it was.",
        "input mutated": "The call writes into its argument: after it the argument is another.",
        "precision narrowed": "Something is kept in fewer bits than the dtype has: the answer has another, narrower "
        "dtype or few significant bits, or stands still where the input moves by less than a coarser spacing.",
        "unknown": "No experiment shows the cause.",
    }
)

EXPERIMENTS: tuple[Callable[[Bench], str], ...] = (
    purity,
    narrower_dtype,
    memory_of_calls,
    memory_of_rows,
    along_axis,
    in_layout,
    masked,
    outweighed,
    shifted,
    drawn_together,
    moved_apart,
    subnormals_flushed,
    kept_in_fewer_bits,
    summed,
    rounded_apart,
    subtracted,
)


def diagnose(experiment: Experiment, case: Case, decision: Decision) -> str:
    """The cause of a refuted case, one of `CAUSES`: unknown where the time limit ends before.

    Never raises for what the subject does, nor for the role's.
    """
    bench = Bench(experiment, case, decision)
    with quiet():
        for experiment_on in EXPERIMENTS:
            try:
                cause = experiment_on(bench)
            except OutOfTime:
                return "unknown"
            except Exception:  # an experiment that the subject or the role has no answer to shows nothing
                continue
            if cause:
                return cause
    return "unknown"
