"""Experiments on the arithmetic along a row: it is shifted, drawn together, cut short, reordered, in other precision.

Each experiment returns the name of a cause of `diagnosis.cause_table`, or an empty string where it shows none.
All but `subnormal_answer` and `clipped` need a role whose rows can be shifted (`Role.shiftable`).

The thresholds are judged together: `python benchmarks/causes.py` counts how often the diagnosis names the defect that
was planted, over the mutants of all roles. Run it after any change to one of them. "Logits" below is the unit of the
entries of such a row: the exponents that exp is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from extremum.properties.diagnosis.diagnosis_run import (
    FAR_BELOW_LOGITS,
    DiagnosisRun,
    Probe,
    depth,
)
from extremum.properties.diagnosis.precision_causes import DTYPE_FACTOR, of_rounding
from extremum.properties.inputs.regimes import log_eta, log_max, log_tiny
from extremum.properties.model.rounding import RECURSIVE_FROM
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import FORMATS, Array, Format

# How far from the edge of a format a failure may begin, in logits: half of what sets two edges apart.
EDGE_LOGITS = 0.35
MODERATE_LOGITS = 4.0  # a shift or gap that overflows and underflows in no format
FAR_FACTOR = 16.0  # times the gaps of a row with subnormal exponentials: there they are zero in every format
FURTHER_OUT = (2.0, 4.0)  # times as far out, where what is clipped is answered alike
FURTHER_FACTOR = 1.1  # times as far out, where a value is lost for sure
LOG2_E = math.log2(math.e)
BASE_2_NEAR, BASE_2_FURTHER = 0.9, 1.1  # of the largest finite value over log2(e): times 1.1 is within the range
ORDINARY_ENTRIES = 12  # of ordinary rows, at most: few enough that no sum loses digits that count
NORMAL_SHARE = 0.8  # of the gap at which an exponential becomes subnormal: there it has all its digits
SUM_SHARE = 0.9  # of the largest finite value: a sum of this size does not overflow
APART_LOGITS = 40.0  # a gap at which the smaller entries weigh nothing: exp(-40) is below every unit roundoff
FAR_OUT_LOGITS = 2.0**20  # an offset at which one rounding in float32 is 1/16
GAP_RATIO = 16.0  # error bounds, per logit of the largest entry, that the rounding of a gap explains
SHORT_ROW_MAX = 6  # entries: in a row shorter than this no sum stagnates
STAGNATION_LOSS = 2.0**-5  # absolute error of an answer that shows stagnation; a stagnating sum loses about 1/2


def formats(run: DiagnosisRun) -> list[Format]:
    """The formats that the subject may compute in: its own, and the two wide ones."""
    return list(dict.fromkeys((run.fmt, FORMATS["float32"], FORMATS["float64"])))


def begins(lost: Callable[[float], bool], place: float, fmt: Format) -> bool:
    """Whether values are lost just above `place` and not just below; between the two lie the roundings of the place."""
    # A float16 entry at an edge of float64 is rounded by as much as EDGE_LOGITS.
    near = EDGE_LOGITS + (2 * place * fmt.unit_roundoff if fmt.name == "float16" else 0.0)
    return lost(place + near) and not lost(place - near)


def answers_ordinary_rows(run: DiagnosisRun, row: Arguments) -> bool:
    """Whether ordinary rows are answered well, as long as the row if that is short: all of whose entries differ."""
    return run.probe(run.ordinary(n=min(row[run.x].shape[1], ORDINARY_ENTRIES))).sound


def shorter_row(run: DiagnosisRun) -> str:
    """A row whose sum leaves the range by the number of its terms alone is cut until the sum stays in range."""
    row = run.row
    if not run.role.shiftable or row is None:
        return ""
    gaps = depth(row[run.x])
    share = run.fmt.max / float(np.exp(gaps).sum())
    if share >= 1:  # a sum of terms that are at most 1 fits: its overflow would need a missing shift, tried next
        return ""
    shorter = run.shortened(row, int(SUM_SHARE * share * gaps.size))
    return "" if run.fails(shorter) else "sum overflow"


def shifted_row(run: DiagnosisRun) -> str:
    """Values are lost where a row lies high or low, and not around zero: at which offset does that begin?"""
    row = run.row
    if not run.role.shiftable or row is None:
        return ""
    top = float(row[run.x].astype(np.float64).max())
    if not run.lost(row):  # a witness at the very edge is off and not yet lost
        row = run.moved(row, FURTHER_FACTOR * top)
    if not run.lost(row) or any(run.lost(run.moved(row, t)) for t in (0.0, MODERATE_LOGITS, -MODERATE_LOGITS)):
        return ""
    drawn = (run.moved(row, t, MODERATE_LOGITS) for t in (0.0, MODERATE_LOGITS, -MODERATE_LOGITS))
    if not all(run.probe(one).sound for one in drawn) or not answers_ordinary_rows(run, row):
        return ""  # an ordinary row fails too, so that the offset explains nothing
    if in_base_2(run, lambda place: run.moved(row, float(np.copysign(place, top)), MODERATE_LOGITS)):
        return "base 2 out of range"
    return too_high(run, row) if top > 0 else too_low(run, row)


def in_base_2(run: DiagnosisRun, at: Callable[[float], Arguments]) -> bool:
    """Whether the row is lost from where its entries times log2(e) leave the range of a format."""
    for place in (fmt.max / LOG2_E for fmt in formats(run)):
        if BASE_2_FURTHER * place < run.fmt.max and not run.lost(at(BASE_2_NEAR * place)):
            return run.lost(at(BASE_2_FURTHER * place))
    return False


def too_high(run: DiagnosisRun, row: Arguments) -> str:
    """Where a row is lost on its way up: where the largest exponential leaves a format, or where the sum does."""
    gaps = depth(row[run.x])
    # Alone, the largest entry decides: its exponential overflows at log max, and the sum of one entry no sooner.
    alone = run.with_logits(row, np.where(np.arange(gaps.size) == gaps.argmax(), 0.0, -APART_LOGITS)[None])
    weight = float(np.log(np.exp(gaps).sum()))
    # A product of two exponentials overflows at half of log max: that too is an overflow of exp.
    for place in (log_max(fmt) / factors for fmt in formats(run) for factors in (1, 2)):
        if begins(lambda top: run.lost(run.moved(alone, top)), place, run.fmt):
            return "exp overflow"
    for fmt in formats(run):
        above, below = log_max(fmt) - weight / 2, log_max(fmt) - weight - EDGE_LOGITS
        here = below < row[run.x].max() <= log_max(fmt)  # the row itself lies where only its sum overflows
        if (here or run.lost(run.moved(row, above))) and not run.lost(run.moved(row, below)):
            return "sum overflow"
    return ""


def too_low(run: DiagnosisRun, row: Arguments) -> str:
    """Whether a row is lost on its way down, and not before the exponentials of a format are zero."""
    if not run.lost(run.moved(row, -min(FAR_BELOW_LOGITS, run.fmt.max / 4))):
        return ""
    for fmt in formats(run):
        if run.lost(run.moved(row, FURTHER_FACTOR * log_eta(fmt))):
            # Half of log eta is where a product of two exponentials is zero. A row that is lost above 0.45 of it was
            # lost to something else.
            return "" if run.lost(run.moved(row, 0.45 * log_eta(fmt))) else "underflow to zero"
    return "underflow to zero"


def narrower_row(run: DiagnosisRun) -> str:
    """Values are lost in a wide row, and not where it is drawn together: at which gap does that begin?"""
    row = run.row
    if not run.role.shiftable or row is None or not run.lost(row):
        return ""
    if not run.probe(run.moved(row, 0.0, MODERATE_LOGITS)).sound or not answers_ordinary_rows(run, row):
        return ""
    wide = run.probe(run.moved(row, 0.0, 4 * log_max(FORMATS["float64"])))
    if not wide.lost.any():
        return ""
    largest = depth(row[run.x])[0] == 0
    width, n = wide.out.shape[1], len(largest)
    wrong_nonfinite = (
        wide.wrong_nonfinite[0, :: n + 1] if width == n * n else wide.wrong_nonfinite[0]
    )  # a matrix: its diagonal
    if wide.vector:
        # Underflow takes the small entries of an answer and leaves the largest: one that is not finite overflowed.
        if wrong_nonfinite[largest].any():
            return "exp overflow"
        if width == n and wide.lost[0][largest].any():
            return ""
    elif not run.labels and wide.wrong_nonfinite.any():  # a number: the sign of the infinity tells inf from log 0
        return "exp overflow" if wide.out[0, 0] > 0 else "underflow to zero"
    if in_base_2(run, lambda gap: run.moved(row, 0.0, gap)):
        return "base 2 out of range"
    edges = [
        edge
        for fmt in formats(run)
        for edge in (
            *([] if wide.vector else [("exp overflow", log_max(fmt))]),  # an answer for each entry showed it above
            ("subnormals flushed", -log_tiny(fmt)),
            ("underflow to zero", -log_eta(fmt) + float(np.log(2))),
        )
    ]
    for cause, place in edges:
        if begins(lambda gap: run.lost(run.moved(row, 0.0, gap)), place, run.fmt):
            return cause
    for fmt in formats(run):  # where 1 - s is 1: that place follows the precision
        place = -float(np.log(fmt.unit_roundoff / 2))
        if begins(lambda gap: run.lost(run.moved(row, 0.0, gap)), place, run.fmt):
            beyond = run.moved(row, 0.0, FURTHER_FACTOR * place)  # where it is lost for sure
            return "cancellation" if of_rounding(run, beyond) else ""
    return ""


def wider_row(run: DiagnosisRun) -> str:
    """Everything is lost wherever the row lies, and nothing once the others weigh nothing beside the largest."""
    row = run.row
    if not run.role.shiftable or row is None or row[run.x].shape[1] == 1 or not run.probe(row).lost.all():
        return ""
    if np.exp(-APART_LOGITS) < run.fmt.tiny:  # in such a dtype zeros are a sound answer, and show nothing
        return ""
    top = np.arange(row[run.x].shape[1]) == row[run.x][0].astype(np.float64).argmax()
    apart = run.with_logits(row, np.where(top, 0.0, -APART_LOGITS)[None])
    near = run.with_logits(row, np.zeros((1, len(top))))
    return "sum overflow" if run.probe(apart).sound and run.probe(near).lost.all() else ""


def subnormal_answer(run: DiagnosisRun) -> str:
    """Whether the answer is zero where the exact value is subnormal, and not where it is larger.

    The case only raises the question. Other rows, ordinary but for their size, answer it: what else makes a value zero,
    as an overflow or another formula does, does not begin where subnormals do.
    """
    row = run.row or next(iter(run.rows), None)
    if row is None:
        return ""
    probe = run.probe(row)
    wrong = probe.failing if not probe.sound else np.ones_like(probe.failing)  # a flush may be within the bound
    small = (probe.out == 0) & (np.abs(probe.exact) < probe.tiny) & (np.abs(probe.exact) >= run.fmt.eta)
    if not (wrong & small).any() or (probe.failing & ~small).any():
        return ""
    if not run.role.shiftable:
        return "subnormals flushed" if _scaled_is_flushed(run) else ""
    # Two entries with the smaller around the edge; a cotangent of 1 and 2, so that their difference counts.
    edges = -log_tiny(run.fmt) + np.array([-2.0, -1.5, -1.0, -0.6, 0.6, 1.0, 1.3])
    rows = run.rows_of(np.stack([0 * edges, -edges], axis=1), np.tile([1.0, 2.0], (len(edges), 1)))
    alone = run.rows_of(run.fmt.tiny * np.array([[0.15], [0.3], [0.6], [2.0], [3.0]]))  # of a number alone, a logsumexp
    if any(begins_with_subnormals(run.probe(one)) for one in (rows, alone)):
        return "subnormals flushed"
    # The dtype's own subnormals are not at fault. Those of float32 may be, if the subject computes in it.
    place = -log_tiny(FORMATS["float32"])
    there = begins(lambda gap: run.lost(run.moved(row, 0.0, gap)), place, run.fmt)
    return "subnormals flushed" if there else ""


def begins_with_subnormals(probe: Probe) -> bool:
    """Whether in some entry all values that are surely subnormal are zero, and none that is surely normal."""
    exact, zero = np.abs(probe.exact), probe.out == 0
    below, above = (exact > probe.tiny / 8) & (exact < probe.tiny / 1.5), exact > probe.tiny * 1.5
    flushed = below.any(axis=0) & (zero | ~below).all(axis=0)
    return bool((flushed & above.any(axis=0) & ~(zero & above).any(axis=0)).any())


def _scaled_is_flushed(run: DiagnosisRun) -> bool:
    """Whether ordinary rows are answered well, and with zeros once their exact values are subnormal, and not before."""
    rows = run.ordinary(n=4, rows=4)
    if not run.probe(rows).sound:
        return False
    names = [name for name, axes in run.signature.inputs.items() if axes]

    def zeros(scaled: list[str], share: float) -> Array:
        """Of the entries that are surely subnormal, or surely normal, which are zero; the share says which are."""
        small = {
            name: run.fmt.round(a.astype(np.float64) * run.fmt.tiny * share) if name in scaled else a
            for name, a in rows.items()
        }
        probe = run.probe(small)
        size = np.abs(probe.exact) / probe.tiny
        counted = size > 1.5 if share > 1 else (size < 1 / 1.5) & (size * probe.tiny > 2 * run.fmt.eta)
        return np.asarray(probe.out[counted] == 0)

    for scaled in (names[:1], names[-1:], names):
        below = [zeros(scaled, share) for share in (1 / 4, 1 / 16, 1 / 64)]
        above = [zeros(scaled, share) for share in (4.0, 16.0)]
        if any(z.size and z.all() for z in below) and not any(z.any() for z in above):
            return True
    return False


def order_of_sum(run: DiagnosisRun) -> str:
    """A row of many small terms is summed with the large one first, and with it last; and the row is cut short.

    Each small term is less than half of the spacing at the large one; all together they weigh about half as much as it.
    """
    row = run.row
    if not run.role.shiftable or row is None:
        return ""
    shorter = range(2, min(row[run.x].shape[1], SHORT_ROW_MAX))
    if not shorter or any(run.fails(run.shortened(row, length)) for length in shorter):
        return ""
    u, wide = run.fmt.unit_roundoff, run.fmt.precision >= RECURSIVE_FROM
    half = 2.0**-9 if wide else u
    n = int(min(1 / half, run.role.longest))
    # In float32 and float64 no row that a diagnosis affords has terms below half of u. If a running logarithm is the
    # accumulator, an offset makes its spacing coarse: there the row lies high up.
    after = np.where(np.arange(n) == 0, 0.0, np.log(0.9 * half))[None]
    top, finer = (half / u, run.fmt.dtype) if wide else (0.0, FORMATS["float32"].dtype)
    lost, kept = (run.probe(run.rows_of(top + x)).error.max() for x in (after, after[:, ::-1]))
    control = run.probe(run.rows_of(after, dtype=finer)).error.max()  # where nothing can stagnate
    return "accumulator stagnation" if lost > max(2 * kept, DTYPE_FACTOR * control, STAGNATION_LOSS) else ""


def centred_row(run: DiagnosisRun) -> str:
    """Whether the error goes away where the row is shifted to a maximum of zero, and is as large as a rounding."""
    row = run.row
    if not run.role.shiftable or row is None or run.fails(run.moved(row, 0.0)):
        return ""
    # Further out a rounding is larger than any answer, so that the size of the error says nothing.
    top = float(row[run.x].astype(np.float64).max())
    row = row if abs(top) <= FAR_OUT_LOGITS else run.moved(row, float(np.copysign(FAR_OUT_LOGITS, top)))
    fine = run.in_dtype(row, "float64")
    # A rounding is as large on the other side of zero. Digits that are lost as values near underflow are not.
    if fine is None or not run.fails(row) or not run.fails(run.moved(row, -float(row[run.x].astype(np.float64).max()))):
        return ""
    # A few roundings of each value are allowed. The rounding of an entry costs as many as the entry is large.
    size = float(np.abs(row[run.x].astype(np.float64)).max())
    if max(run.probe(fine).ratio.max(), run.probe(row).ratio.max()) > GAP_RATIO * size:
        return ""
    # Of a loss or a logarithm, a tie is off too where log S was added to the maximum first: a cancellation.
    tie = run.with_logits(row, np.full_like(row[run.x], row[run.x].max(), np.float64))
    return "cancellation" if not run.role.bounded and not run.probe(tie).sound else "rounding of the gap"


def fading(run: DiagnosisRun) -> str:
    """Whether digits are lost where an exponential is subnormal, in a row that is lost altogether farther out."""
    row = run.row
    if not run.role.shiftable or row is None or row[run.x].shape[1] == 1 or run.lost(row):
        return ""
    far = run.with_logits(row, depth(row[run.x]) * FAR_FACTOR)
    if not np.isfinite(far[run.x].astype(np.float64)).all() or not run.lost(far):
        return ""
    gap = float(-depth(row[run.x]).min())
    for fmt in formats(run):
        normal, gone = -log_tiny(fmt), -log_eta(fmt) + float(np.log(2)) + EDGE_LOGITS
        if normal < gap < gone and run.probe(run.moved(row, 0.0, NORMAL_SHARE * normal)).sound:
            return "underflow to zero"
    return ""


def clipped(run: DiagnosisRun) -> str:
    """Whether rows that lie ever farther out have the same wrong answer, and smaller ones are answered well."""
    row = run.row
    if row is None or run.probe(row).sound:
        return ""
    x = row[run.x].astype(np.float64)
    if not MODERATE_LOGITS < np.abs(x).max() <= run.fmt.max / max(FURTHER_OUT):
        return ""
    base, *further = (run.probe(run.with_logits(row, x * factor)) for factor in (1.0, *FURTHER_OUT))
    where = base.failing & np.isfinite(base.out) & (base.out != 0)
    for probe in further:
        where &= probe.failing & (probe.out == base.out)
    near = run.with_logits(row, x * (MODERATE_LOGITS / np.abs(x).max()))
    return "values clipped" if where.any() and run.probe(near).sound else ""
