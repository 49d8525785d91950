"""Experiments on how a row is added up and divided: parts that are not brought to one maximum, and an epsilon.

Each predicts the answer that its defect gives, and names the cause where the subject answers that, to rounding.
`python benchmarks/causes.py` judges the constants, together with those of the other experiments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun, Probe
from extremum.properties.diagnosis.formula_causes import DIVISOR_SHARE, FIT_ROUNDINGS
from extremum.properties.model.rounding import RECURSIVE_FROM
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import FORMATS, Array

PARTS = tuple(2**k for k in range(11))  # entries of the parts of a row, and those between two of them
SIZES_BETWEEN = 16  # that are tried between two powers of two
ROWS, SEVERAL, LONG_ROW = 3, 5, 81  # rows that are tried, parts of the longer ones, and their entries at least
MOST_ENTRIES = 2**14  # of the answers to the longest rows: what is computed here is no longer there for others
PEAK = 2.0  # of a row's last entry above all others
GAPS = np.arange(3.0, 41.0)  # below the maximum: probabilities from 0.05 to 4e-18
FAR_BELOW, WIDTHS = -90.0, (2, 8)  # entries that weigh nothing, and the lengths of rows
LARGEST_EPSILON = 2.0**-7  # a larger number that is added is a term
AROUND = 16.0  # times the epsilon: where a probability and the epsilon both count
FEWEST, SPREAD = 3, 2.0**-4  # probabilities that show the same epsilon, to a share of it


def unrescaled(run: DiagnosisRun) -> str:
    """Whether rows are divided by sums of parts, each under a maximum of its own or under that so far.

    The shortest rows of two parts that are wrong tell how long the parts are, rows of several show it. A sum that is
    the number of entries tells nothing: a mean is divided by that too.
    """
    for part in PARTS if run.role.shiftable else ():
        if ROWS * run.signature.width(2 * part) > MOST_ENTRIES:
            break
        if not run.probe(_peaked(run, 2 * part)).sound:
            sizes = range(part, 2 * part, max(part // SIZES_BETWEEN, 1))
            longer = max(SEVERAL * part + 1, LONG_ROW)
            others = (size for size in PARTS if 2 <= size <= longer // 2)  # lanes that a short row does not fill
            return "sums not rescaled" if _shows(run, longer, {*sizes, *others}) else ""
    return ""


def _peaked(run: DiagnosisRun, n: int) -> Arguments:
    """Ordinary rows, whose last entry is the maximum: that of one part alone, however long the parts are."""
    rows = run.ordinary_wide(n, ROWS)
    x = rows[run.x].astype(np.float64)
    x[:, -1] = x.max(axis=1) + PEAK
    return run.with_logits(rows, x)


def _shows(run: DiagnosisRun, n: int, sizes: Iterable[int]) -> bool:
    rows = _peaked(run, n)
    probe = run.probe(rows)
    x, u = first(rows).astype(np.float64), FORMATS[first(rows).dtype.name].unit_roundoff
    whole = np.exp(x - x.max(axis=1, keepdims=True)).sum(axis=1)
    return any(_divided_by(probe, n, whole, seen, u) for size in sizes for seen in _sums_of_parts(x, size))


def _sums_of_parts(x: Array, size: int) -> Iterator[Array]:
    """What the exponentials of rows add up to in parts, (rows,): blocks, blocks under the maximum so far, lanes."""
    rows, n = x.shape
    parts = np.full((rows, -(-n // size) * size), -np.inf)
    parts[:, :n] = x
    parts = parts.reshape(rows, -1, size)
    own = parts.max(axis=2, keepdims=True)
    for top in (own, np.maximum.accumulate(own, axis=1), parts.max(axis=1, keepdims=True)):
        yield np.exp(parts - top).sum(axis=(1, 2))


def _divided_by(probe: Probe, n: int, whole: Array, seen: Array, u: float) -> bool:
    """Whether answers are the exact ones with another sum in the place of the whole one, or with its logarithm."""
    if np.abs(seen / whole - 1).max() <= DIVISOR_SHARE or (np.abs(seen / n - 1) <= DIVISOR_SHARE).all():
        return False
    if not np.isfinite(probe.out).all():
        return False
    out, exact, ratio = probe.out, probe.exact, (whole / seen)[:, None]
    allowed = FIT_ROUNDINGS * u * (np.abs(out) + np.abs(exact) + np.abs(np.log(ratio))).max(axis=1, keepdims=True)
    return any(
        (np.abs(out - p) <= allowed).all() for p in (exact * ratio, exact + np.log(ratio), exact - np.log(ratio))
    )


def epsilon_added(run: DiagnosisRun) -> str:
    """Whether a probability, or what a logarithm is taken of, is too large by the same number wherever that counts.

    It is the same number in longer rows too: a share of a uniform distribution is not.
    """
    if not run.role.shiftable:
        return ""
    numbers = [_added(run, n) for n in WIDTHS]
    alike = min(numbers) > 0 and max(numbers) <= min(numbers) * (1 + SPREAD)
    return "epsilon added" if alike and max(numbers) < LARGEST_EPSILON else ""


def _added(run: DiagnosisRun, n: int) -> float:
    """The number that is added to the small probability of rows [-g, 0, others far below]; 0 where there is none."""
    dtype = run.fmt.dtype if run.fmt.precision >= RECURSIVE_FROM else np.dtype(np.float32)
    x = np.full((len(GAPS), n), FAR_BELOW)
    x[:, 0], x[:, 1] = -GAPS, 0.0
    probe = run.probe(run.rows_of(x, dtype=dtype))
    p = 1 / (1 + np.exp(GAPS))
    for exact, given in zip(probe.exact.T, probe.out.T, strict=True):
        for right, seen in ((np.log(p), np.exp(given)), (-np.log(p), np.exp(-given)), (p, given)):
            if np.allclose(exact, right, rtol=2.0**-40, atol=0.0):
                return _one_number(seen - p, p)
    return 0.0


def _one_number(added: Array, p: Array) -> float:
    counts = (added > p / AROUND) & (added < p * AROUND)
    mean = float(added[counts].mean()) if counts.sum() >= FEWEST else 0.0
    return mean if mean and np.ptp(added[counts]) <= SPREAD * mean else 0.0
