"""Experiments on what a caller is owed: calls, rows, axes, layouts, dtypes and masks that disturb the answer.

Each experiment returns the name of a cause in `properties.diagnosis.diagnose`, or an empty string where it shows none.
`python benchmarks/causes.py` judges the constants, together with those of `arithmetic_causes`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extremum.properties.calling.caller import Misbehaviour, differing, is_floating
from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun, same_bits
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array

DITHER_SHARE = 2.0**-6  # of the largest value: a larger difference is no dither of the last bit
FAR_LOGITS = 1e4  # a shift that no exponential survives; a narrow format takes its largest value instead
SAME_ROUNDINGS = 8.0  # unit roundoffs, relative, that two sound answers to the same rows may be apart


def purity(run: DiagnosisRun) -> str:
    """Whether a call changes its argument, or the answer that was given before."""
    # A layout may be read-only: a subject that writes into its argument fails there by an exception.
    if run.prop.name not in ("purity", "layout"):
        return ""
    refused = run.case.layout != "C" and "read-only" in _raised(run, run.case)
    if refused and not _raised(run, replace(run.case, layout="C")):
        return "input mutated"
    arguments = {name: np.asarray(a) for name, a in run.call.calls(run.case.arguments)[0].items()}
    effects = run.call.effects(arguments, {name: a[..., ::-1] if a.ndim else a for name, a in arguments.items()})
    if effects.changed:
        return "input mutated"
    return "state leaks between rows" if run.prop.name == "purity" and effects.overwritten else ""


def _raised(run: DiagnosisRun, case: Case) -> str:
    try:
        run.experiment.observe(case)
    except Misbehaviour as error:
        return str(error)
    return ""


def memory_of_calls(run: DiagnosisRun) -> str:
    """Whether a row is answered differently after different rows, and alike after the same."""
    rows = run.ordinary()
    target, one, two = ({name: a[r : r + 1] for name, a in rows.items()} for r in range(3))
    last = list(run.signature.inputs)[-1]
    # What is remembered may depend on the whole row, or only on the last argument (a cotangent, a label).
    for before, instead in ((one, two), ({**target, last: one[last]}, {**target, last: two[last]})):
        # Three calls after each row, in an order in which neither comes first throughout: a drift shows as a spread.
        after: dict[bool, list[Array]] = {True: [], False: []}
        for which in (True, False, False, True, True, False):
            # Rows of another length clear what is kept by length. Two of them keep the number of calls even, for a
            # subject that alternates.
            for clearing in (slice(0, 2), slice(1, 3)):
                run.call.rows({name: a[:1, clearing] if a.ndim > 1 else a[:1] * 0 for name, a in rows.items()})
            run.call.rows(before if which else instead)
            after[which].append(np.nan_to_num(run.call.rows(target).astype(np.float64)))
        a, b = np.array(after[True]), np.array(after[False])
        # Only a gap between the two groups that is wide beside the spread within them is memory, and no noise.
        spread = np.maximum(np.ptp(a, axis=0), np.ptp(b, axis=0))
        between = np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0))
        if (between > np.maximum(4 * spread, DITHER_SHARE * np.abs(a).max())).any():
            return "state leaks between rows"
    return ""


def memory_of_rows(run: DiagnosisRun) -> str:
    """Which rows of an array change the answers to which: those above and below, or only those that come after."""
    if not run.signature.batched or run.prop.name == "determinism":
        return ""
    rows = run.ordinary()  # square, so that an axis too few broadcasts in silence
    base = run.call.array(rows)
    # An answer that is merely transposed, or that varies, shows nothing about the rows.
    if len(base) != len(rows[run.x]) or (base.ndim > 1 and not run.probe(rows).sound and _transposed(run, rows)):
        return ""
    if differing(base, run.call.array(rows)):
        return ""
    upwards = downwards = False
    for changed in range(len(base)):
        for by in (1.0, FAR_LOGITS):
            x = rows[run.x].astype(np.float64)
            x[changed] = x[changed, ::-1] + by  # reversed too: to a shift alone a softmax is blind
            out, again = (run.call.array(run.with_logits(rows, x)) for _ in range(2))
            if differing(out, again):
                return ""
            others = np.logical_not(same_bits(out, base)).reshape(len(base), -1).max(axis=1)
            upwards |= bool(others[:changed].any())
            downwards |= bool(others[changed + 1 :].any())
    # A reduction over the wrong axis mixes rows both ways. State that is carried from row to row goes only down.
    return "wrong axis" if upwards and downwards else "state leaks between rows" if downwards else ""


def _transposed(run: DiagnosisRun, rows: Arguments) -> bool:
    exact = run.probe(rows).exact
    return bool(np.allclose(run.call.array(rows).astype(np.float64).T, exact, rtol=1e-2, atol=1e-3))


def along_axis(run: DiagnosisRun) -> str:
    """Ordinary rows along the axis of the case, against the same rows as a matrix."""
    if run.prop.name != "axis" or run.call.axis is None:
        return ""
    axis, dimensions = run.case.axis, run.case.x.ndim
    # Rows of 5 under axes of 2 and 3: a reduction along a wrong axis gives another shape, or other values.
    rows = run.ordinary(n=5, rows=int(np.prod((2, 3, 2)[: dimensions - 1], dtype=int)))
    if not run.probe(rows).sound:
        return ""
    laid = np.moveaxis(first(rows).reshape(*(2, 3, 2)[: dimensions - 1], 5), -1, axis)
    try:
        out = run.call.answer({run.x: np.ascontiguousarray(laid)}, axis)
    except Misbehaviour:
        return "wrong axis"
    kept = np.moveaxis(out, axis, -1) if out.ndim == dimensions else out
    return "" if _alike(run, kept.reshape(len(first(rows)), -1), run.call.rows(rows)) else "wrong axis"


def in_layout(run: DiagnosisRun) -> str:
    """Ordinary rows in the layout of the case, against the same rows in C order."""
    if run.prop.name != "layout" or run.case.layout in ("C", "read-only"):
        return ""
    rows = run.ordinary(n=5, rows=4)
    if run.case.layout == "broadcast":  # zero strides need equal rows
        rows = {name: np.repeat(a[:1], 4, axis=0) for name, a in rows.items()}
    if run.signature.batched and run.case.x.ndim == len((2, 2, 5)):
        rows = {name: a.reshape(2, 2, 5) for name, a in rows.items()}
    other = run.call.rows(rows)
    if differing(other, run.call.rows(rows)):  # an answer that varies shows nothing about the layout
        return ""
    return "" if _alike(run, run.call.rows(rows, run.case.layout), other) else "storage order ignored"


def _alike(run: DiagnosisRun, a: Array, b: Array) -> bool:
    return bool(np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=SAME_ROUNDINGS * run.fmt.unit_roundoff))


def narrower_dtype(run: DiagnosisRun) -> str:
    """Whether the answer comes in a dtype of fewer bits."""
    if run.prop.name != "dtype":
        return ""
    out = run.call.array(run.call.calls(run.case.arguments)[0])
    narrower = is_floating(out) and out.dtype.itemsize < run.fmt.dtype.itemsize
    return "precision narrowed" if narrower else ""


def masked(run: DiagnosisRun) -> str:
    """Whether the row is answered well without its masked entries, or a row of nothing else is not."""
    if not run.prop.masked:
        return ""
    if run.rows and not np.isposinf(run.case.x).any():
        kept = [run.probe(row) for row in run.rows]
        sound, lost = all(probe.sound for probe in kept), any(probe.lost.any() for probe in kept)
        # `extra` counts what masked entries got: above 0 they leak, even where the other entries are off as well.
        extra = None if lost else run.experiment.observe(run.case).extra
        return "masked value leaks" if sound or (extra is not None and (extra > 0).any()) else ""
    # Without a finite row to compare, a row of masked entries alone decides: its empty sum has the logarithm -inf.
    nothing = run.rows_of(np.full((1, 2), -np.inf))
    return "" if (run.call.rows(nothing) == -np.inf).all() else "masked value leaks"
