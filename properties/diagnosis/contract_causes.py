"""Experiments on what a caller is owed: calls, rows, axes, layouts, dtypes and masks that disturb the answer.

Each gives the name of a cause in `properties.diagnosis.diagnose`, or an empty string where it shows none.
"""

from __future__ import annotations

import numpy as np

from extremum.properties.calling.call import Misbehaviour, is_floating
from extremum.properties.diagnosis.bench import Bench, same_bits
from extremum.properties.inputs.layouts import present
from extremum.properties.laws.comparison import differing
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array

LEAK = 2.0**-6  # of the largest value: more than any dither of the last bit
FAR = 1e4  # a shift that no exponential survives, in a format with room for it
SAME = 8.0  # roundings that two answers to the same rows may be apart


def purity(bench: Bench) -> str:
    """Whether a call changes its argument, or the answer that was given before."""
    if bench.prop.name not in ("purity", "layout"):
        return ""
    arguments = {name: np.asarray(a) for name, a in bench.call.calls(bench.case.arguments)[0].items()}
    handed = {name: present(a, "C") for name, a in arguments.items()}
    answer = bench.call.raw(handed)
    if any(differing(handed[name], a) for name, a in arguments.items()):
        return "input mutated"
    if bench.prop.name != "purity":
        return ""
    before = np.array(bench.call.taken(answer), copy=True)
    bench.call.raw({name: present(a[..., ::-1] if a.ndim else a, "C") for name, a in arguments.items()})
    return "state leaks between rows" if differing(bench.call.taken(answer), before) else ""


def memory_of_calls(bench: Bench) -> str:
    """Whether a row is answered differently after different rows, and alike after the same."""
    rows = bench.ordinary()
    target, one, two = ({name: a[r : r + 1] for name, a in rows.items()} for r in range(3))
    last = list(bench.signature.inputs)[-1]
    for before, instead in ((one, two), ({**target, last: one[last]}, {**target, last: two[last]})):
        # A row of another length comes first, which clears what is kept by length; an even number of calls each.
        after: dict[bool, list[Array]] = {True: [], False: []}
        for which in (True, False, False, True, True, False):
            for clearing in (slice(0, 2), slice(1, 3)):
                bench.call.rows({name: a[:1, clearing] if a.ndim > 1 else a[:1] * 0 for name, a in rows.items()})
            bench.call.rows(before if which else instead)
            after[which].append(np.nan_to_num(bench.call.rows(target).astype(np.float64)))
        a, b = np.array(after[True]), np.array(after[False])
        spread = np.maximum(np.ptp(a, axis=0), np.ptp(b, axis=0))
        between = np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0))
        if (between > np.maximum(4 * spread, LEAK * np.abs(a).max())).any():
            return "state leaks between rows"
    return ""


def memory_of_rows(bench: Bench) -> str:
    """Which rows of an array change the answers of which: those above and below, or only those that come after."""
    if not bench.signature.batched or bench.prop.name == "determinism":
        return ""
    rows = bench.ordinary()  # square, so that an axis too few broadcasts in silence
    base = bench.call.array(rows)
    # An answer that is merely transposed, or that varies, shows nothing.
    if len(base) != len(rows[bench.x]) or (base.ndim > 1 and not bench.trial(rows).sound and _transposed(bench, rows)):
        return ""
    if differing(base, bench.call.array(rows)):
        return ""
    upwards = downwards = False
    for changed in range(len(base)):
        for by in (1.0, FAR):
            x = rows[bench.x].astype(np.float64)
            x[changed] = x[changed, ::-1] + by
            out, again = (bench.call.array(bench.with_logits(rows, x)) for _ in range(2))
            if differing(out, again):
                return ""
            others = np.logical_not(same_bits(out, base)).reshape(len(base), -1).max(axis=1)
            upwards |= bool(others[:changed].any())
            downwards |= bool(others[changed + 1 :].any())
    return "wrong axis" if upwards and downwards else "state leaks between rows" if downwards else ""


def _transposed(bench: Bench, rows: Arguments) -> bool:
    exact = bench.trial(rows).exact
    return bool(np.allclose(bench.call.array(rows).astype(np.float64).T, exact, rtol=1e-2, atol=1e-3))


def along_axis(bench: Bench) -> str:
    """Ordinary rows along the axis of the case, against the same rows as a matrix."""
    if bench.prop.name != "axis" or bench.call.axis is None:
        return ""
    axis, dimensions = bench.case.axis, bench.case.x.ndim
    rows = bench.ordinary(n=5, rows=int(np.prod((2, 3, 2)[: dimensions - 1], dtype=int)))
    if not bench.trial(rows).sound:
        return ""
    laid = np.moveaxis(first(rows).reshape(*(2, 3, 2)[: dimensions - 1], 5), -1, axis)
    try:
        out = bench.call.answer({bench.x: np.ascontiguousarray(laid)}, axis)
    except Misbehaviour:
        return "wrong axis"
    kept = np.moveaxis(out, axis, -1) if out.ndim == dimensions else out
    return "" if _alike(bench, kept.reshape(len(first(rows)), -1), bench.call.rows(rows)) else "wrong axis"


def in_layout(bench: Bench) -> str:
    """Ordinary rows in the layout of the case, against the same rows in C order."""
    if bench.prop.name != "layout" or bench.case.layout in ("C", "read-only"):
        return ""
    rows = bench.ordinary(n=5, rows=4)
    if bench.case.layout == "broadcast":
        rows = {name: np.repeat(a[:1], 4, axis=0) for name, a in rows.items()}
    if bench.signature.batched and bench.case.x.ndim == len((2, 2, 5)):
        rows = {name: a.reshape(2, 2, 5) for name, a in rows.items()}
    other = bench.call.rows(rows)
    if differing(other, bench.call.rows(rows)):
        return ""
    return "" if _alike(bench, bench.call.rows(rows, bench.case.layout), other) else "storage order ignored"


def _alike(bench: Bench, a: Array, b: Array) -> bool:
    return bool(np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=SAME * bench.fmt.unit_roundoff))


def narrower_dtype(bench: Bench) -> str:
    """Whether the answer comes in a dtype of fewer bits."""
    if bench.prop.name != "dtype":
        return ""
    out = bench.call.array(bench.call.calls(bench.case.arguments)[0])
    narrower = is_floating(out) and out.dtype.itemsize < bench.fmt.dtype.itemsize
    return "precision narrowed" if narrower else ""


def masked(bench: Bench) -> str:
    """Whether the row is answered well without its masked entries, or a row of nothing else is not."""
    if not bench.prop.masked:
        return ""
    if bench.rows and not np.isposinf(bench.case.x).any():
        kept = [bench.trial(row) for row in bench.rows]
        sound, lost = all(trial.sound for trial in kept), any(trial.lost.any() for trial in kept)
        extra = None if lost else bench.experiment.observe(bench.case).extra
        return "masked value leaks" if sound or (extra is not None and (extra > 0).any()) else ""
    nothing = bench.probe(np.full((1, 2), -np.inf))
    return "" if (bench.call.rows(nothing) == -np.inf).all() else "masked value leaks"
