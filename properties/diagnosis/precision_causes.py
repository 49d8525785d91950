"""Experiments on the precision: fewer bits than the dtype has, and errors that follow the dtype.

Each experiment returns the name of a cause of `diagnosis.cause_table`, or an empty string where it shows none.
`python benchmarks/causes.py` judges the constants, together with those of the other experiments.
"""

from __future__ import annotations

import numpy as np

from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun, Probe, bits_used, same_bits
from extremum.properties.model.rounding import RECURSIVE_FROM
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import FORMATS, Array, Format

DTYPE_FACTOR = 2.0**8  # by which an error of rounding is larger in float32 than in float64 (their u differ by 2**29)
ROUNDING_SHARE = 2.0**-4  # of the largest exact value: a larger error is no rounding of float32
DIGIT_GAP_LOGITS = 14.0  # a gap at which 1 - s has few digits in float32, and some in float64
SPARE_DIVISOR = 3  # the last 1/3 of the significand is zero in an answer that was kept in fewer bits
CLOSE_ERROR = 2.0**-6  # relative, or absolute beside 1: how far off an answer that was kept in fewer bits may be
FULL_VALUES_MIN = 3  # exact values with a full significand that the evidence needs, so that it is no chance
TINY_STEP, VISIBLE_STEP = 2.0**-15, 0.0105  # logits: below the spacing of bfloat16 near 1, and above it
SMALL_STEPS = (2.0**-15, 2.0**-34)  # of an entry: below the spacing of 16-bit formats, and below that of float32
VISIBLE_SHARE = 2.0**-4  # of an entry: a step that every format shows
STILL_SHARE = 0.75  # of the answers that should move: a step over a rounding boundary shows in the others
MOVE_DIVISOR = 16.0  # below a step by which the exact value counts as moved
COTANGENTS = (1.2345678, 1.7654321, 1.3579246, 1.1234567, 1.4142136)  # significands of full length
NEAR_LOGITS, NEAR_DEPTH_LOGITS = 16.0, 24.0  # where no exponential comes near underflow in float32


def of_rounding(run: DiagnosisRun, row: Arguments, most: float = ROUNDING_SHARE) -> bool:
    """Whether the error follows the precision: that in float32 is out of bounds, and in float64 is far smaller.

    At `most` that share of the largest exact value: a value that is lost in float32 alone has no rounding error.
    """
    coarse, fine = (run.in_dtype(row, name) for name in ("float32", "float64"))
    if coarse is None or fine is None:
        return False
    low, high = run.probe(coarse), run.probe(fine)
    wrong = low.failing
    if not wrong.any() or low.wrong_nonfinite.any() or high.wrong_nonfinite.any():
        return False
    error, largest = float(low.error[wrong].max()), max(1.0, float(np.abs(low.exact).max()))
    return DTYPE_FACTOR * float(high.error[wrong].max()) < error < most * largest


def significant_bits(run: DiagnosisRun) -> str:
    """Whether answers have few significant bits, or stand still where the input moves."""
    fmt = run.fmt
    # A significand of 11 bits or fewer is too short to show that bits are missing. An error that follows the dtype is
    # one of rounding, not of a format in between.
    if run.row is None or fmt.precision < RECURSIVE_FROM or of_rounding(run, run.row):
        return ""
    sets = [[run.ordinary(n=5, rows=3)]]
    if run.role.shiftable:
        # Ties of an odd number: 1 / n and log n have a full significand, whatever the rounding of exp.
        sets.append([run.rows_of(np.zeros((1, n))) for n in (3, 5, 7, 11, 13)])
        sets.append([run.rows_of(np.zeros((1, 8)), np.eye(8)[:1] * g) for g in COTANGENTS])
    if any(_few_bits([run.probe(rows) for rows in group], fmt) for group in sets):
        return "precision narrowed"
    stands_still = _stands_still if run.role.shiftable else _takes_no_small_step
    return "precision narrowed" if stands_still(run) else ""


def _takes_no_small_step(run: DiagnosisRun) -> bool:
    """Whether the answer stays as it was where one entry of an argument takes a small step, and not where a larger."""
    rows = run.ordinary(n=4, rows=16)
    if run.probe(rows).sound:
        return False
    steps = SMALL_STEPS[: 1 if run.fmt.precision == FORMATS["float32"].precision else 2]
    for name in (name for name, a in rows.items() if a.dtype.kind not in "iu"):
        far = _still_after(run, rows, name, VISIBLE_SHARE)
        if far.size and not far.any() and any((_still_after(run, rows, name, s)).mean() > STILL_SHARE for s in steps):
            return True
    return False


def _still_after(run: DiagnosisRun, rows: Arguments, name: str, step: float) -> Array:
    """Of the answers that should move with the first entry of an argument, which stand still."""
    a = rows[name]
    changed = a.astype(np.float64)
    changed.reshape(len(a), -1)[:, 0] *= 1 + step
    here, there = run.probe(rows), run.probe({**rows, name: run.fmt.round(changed).astype(a.dtype)})
    moves = np.abs(there.exact - here.exact) > step / MOVE_DIVISOR * np.abs(here.exact)
    return np.asarray(same_bits(there.out, here.out)[moves])


def _few_bits(probes: list[Probe], fmt: Format) -> bool:
    """Whether an entry, the same in all probes, has few significant bits and its exact value has not."""
    width = min(probe.out.shape[1] for probe in probes)
    out, exact = (np.concatenate([getattr(t, name)[:, :width] for t in probes]) for name in ("out", "exact"))
    # An exact value that is short by itself, as 1/2, says nothing of how the answer was kept.
    full = bits_used(fmt.round(exact).astype(np.float64), fmt.precision) > fmt.precision - SPARE_DIVISOR
    close = np.abs(out - exact) <= CLOSE_ERROR * np.abs(exact)
    few = close & (out != 0) & (bits_used(out, fmt.precision) <= fmt.precision - fmt.precision // SPARE_DIVISOR)
    return bool(((few | ~full).all(axis=0) & (full.sum(axis=0) >= FULL_VALUES_MIN)).any())


def _stands_still(run: DiagnosisRun) -> bool:
    """Whether a tiny step of an entry leaves the answer as it was, though the exact one moves, and a larger step not.

    `VISIBLE_STEP` is more than the spacing of bfloat16 in the entry, its exponential and the logarithm of the sum.
    """
    entries = np.array([0.28, 0.305, 0.33, 0.35, 0.37, 0.39, 0.41])

    def at(step: float) -> Probe:
        return run.probe(run.rows_of(np.stack([0 * entries, -entries - step], axis=1)))

    here, near, far = at(0.0), at(TINY_STEP), at(VISIBLE_STEP)
    # Where the exact answer does not depend on the entry, standing still is right.
    moves = np.abs(near.exact - here.exact) > 2.0**-4 * np.abs(far.exact - here.exact) * TINY_STEP / VISIBLE_STEP
    still = same_bits(here.out, near.out) & moves
    column = int(still.sum(axis=0).argmax())
    close = np.abs(here.out - here.exact) <= CLOSE_ERROR
    # Two of the entries may lie beside a rounding boundary of the narrow format, where even a tiny step shows.
    stuck = still[:, column].sum() >= len(entries) - 2 and not same_bits(here.out, far.out)[:, column].any()
    return bool(stuck and close.all() and not here.sound)


def error_by_dtype(run: DiagnosisRun) -> str:
    """Whether the error follows the precision of the dtype, wherever the row lies and however short it is."""
    row = run.row
    if not run.role.shiftable:
        return "cancellation" if of_rounding(run, run.ordinary(n=4, rows=4), 1.0) else ""
    if row is None:
        return ""
    drawn = run.moved(row, 0.0, DIGIT_GAP_LOGITS)  # at a larger gap no digit may be left, in any dtype
    # Further out, or deeper, the digits that are missing may be those of an exponential near underflow.
    top = float(row[run.x].astype(np.float64).max())
    near = abs(top) <= NEAR_LOGITS and of_rounding(run, run.moved(row, top, NEAR_DEPTH_LOGITS))
    return "cancellation" if near or of_rounding(run, drawn) else ""
