"""Bias: rounding errors that all have one side, as those of a truncation, which no bound of their size shows."""

from __future__ import annotations

import numpy as np

from extremum.properties.model.role import Experiment
from extremum.properties.model.view import View
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.wide import screen_arithmetic

LENGTHS = (2, 3, 5, 8, 17)  # of the rows that are looked at
ONE_SIDED = 0.98  # of the mean size of the errors: so much their mean is
LEAST_ULPS = 0.25  # on average: of errors to nearest it is next to none
LEAST_ROWS = 64
NONE = 1e-3  # ulps: what a format was computed in that is wider by ten bits leaves of any answer


def bias_of(experiment: Experiment, shared: Shared) -> str:
    """The bias of the answers that the sweep has seen, with the number of rows behind it; empty where there is none.

    It is that of the magnitudes, in ulps, where they are off by more than `NONE` and above the smallest normal.
    """
    role, prop, fmt = experiment.role, experiment.prop, experiment.fmt
    if not prop.pointwise or prop.unit != "ulp" or not prop.grades:
        return ""
    errors, rows = [np.zeros(0)], 0
    for block, observation in shared.answers(experiment).observations.items():
        if block.x.shape[-1] not in LENGTHS or observation.out is None:
            continue
        view = View(role, fmt, observation, screen_arithmetic(fmt), known=shared.truth(role.truth, block, fmt.name))
        exact, out = view.narrow(view.exact), observation.out.astype(np.float64)
        off = view.narrow(abs(view.out) - abs(view.exact)) / prop.scale(view)
        judged = np.isfinite(out) & (np.abs(exact) >= fmt.tiny) & (np.abs(exact) <= fmt.max) & (np.abs(off) > NONE)
        errors.append(off[judged])
        rows += int(judged.any(axis=-1).sum())
    off = np.concatenate(errors)
    if rows < LEAST_ROWS:
        return ""
    mean, size = float(off.mean()), float(np.abs(off).mean())
    if abs(mean) < max(LEAST_ULPS, ONE_SIDED * size):
        return ""
    side = "towards zero" if mean < 0 else "away from zero"
    return f"its errors have one side, {side}: {abs(mean):.2f} ulp on average in {rows:,} rows"
