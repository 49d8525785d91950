"""Experiments on what a caller is owed: calls, rows, axes, layouts, dtypes and masks that disturb the answer.

Each experiment returns the name of a cause of `diagnosis.cause_table`, or an empty string where it shows none.
`python benchmarks/causes.py` judges the constants, together with those of `arithmetic_causes`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extremum.properties.calling.caller import Misbehaviour, differing, is_floating
from extremum.properties.diagnosis.cause_table import NONDETERMINISTIC
from extremum.properties.diagnosis.corrections import WIDE_PRECISION, corrected
from extremum.properties.diagnosis.diagnosis_run import EXAMINED_ROWS, DiagnosisRun, same_bits
from extremum.properties.laws import masking
from extremum.properties.laws.contract.purity import turned
from extremum.properties.steps.decide import decide
from extremum.properties.values.case import Case, integer
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import FORMATS, Array

DITHER_SHARE = 2.0**-6  # of the largest value: a larger difference is no dither of the last bit
FAR_LOGITS = 1e4  # a shift that no exponential survives; a narrow format takes its largest value instead
REPEATED_CALLS = 24  # on the same arguments, at most: an answer that varies in one call of eight is seen in 96 %
REPEATED_ROWS = 2048  # of one call: a row in 500 that varies is seen in 99 %
FEW_ROWS = 64  # in which such a row would hardly show
REPEATED_ENTRIES = 2**17  # of these calls together, at most
SHORT_SUM_ENTRIES = 3  # a sum of so few terms loses no digit that counts
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
    effects = run.call.effects(arguments, turned(arguments))
    if effects.changed:
        return "input mutated"
    return "answer overwritten" if run.prop.name == "purity" and effects.overwritten else ""


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
                run.call.rows({name: _cut(a, clearing) for name, a in rows.items()})
            run.call.rows(before if which else instead)
            after[which].append(np.nan_to_num(run.call.rows(target).astype(np.float64)))
        a, b = np.array(after[True]), np.array(after[False])
        # Only a gap between the two groups that is wide beside the spread within them is memory, and no noise.
        spread = np.maximum(np.ptp(a, axis=0), np.ptp(b, axis=0))
        between = np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0))
        if (between > np.maximum(4 * spread, DITHER_SHARE * np.abs(a).max())).any():
            return "state leaks between rows"
    return ""


def _cut(a: Array, kept: slice) -> Array:
    """The first row of an argument, with these of its entries: of a matrix in both directions, of a number 0."""
    return a[:1] * 0 if a.ndim == 1 else a[(slice(1), *[kept] * (a.ndim - 1))]


def memory_of_rows(run: DiagnosisRun) -> str:
    """Which rows of an array change the answers to which: those above and below, or only those that come after.

    Of a case of one row no other row is at fault: its entries may be taken for rows.
    """
    if not run.signature.batched or run.prop.name == "determinism":
        return ""
    if run.case.x.size == run.case.x.shape[run.case.axis]:
        return "wrong axis" if _answered_as_column(run) else ""
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


def _answered_as_column(run: DiagnosisRun) -> bool:
    """Whether the row of the case is answered badly, and well when it is laid along the first axis of a matrix."""
    row = run.row
    if row is None or first(row).size < 2 or run.probe(row).sound:
        return False
    out = run.call.array({name: np.ascontiguousarray(a.T) for name, a in row.items()})
    return out.size == run.probe(row).out.size and run.judged(row, out.reshape(1, -1)).sound


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
    same = _alike(run, rows, kept.reshape(len(first(rows)), -1), run.call.rows(rows))
    return "" if same else "wrong axis"


def in_layout(run: DiagnosisRun) -> str:
    """Ordinary rows in the layout of the case, against the same rows in C order: in its dtype, and in float32."""
    if run.prop.name != "layout" or run.case.layout in ("C", "read-only"):
        return ""
    # In 16 bits a sound answer may be off by so much that another row's is within its error bound.
    for rows in (run.ordinary(n=5, rows=4), run.ordinary_wide(n=5, rows=4)):
        if _layout_shows(run, rows):
            return "storage order ignored"
    return ""


def _layout_shows(run: DiagnosisRun, rows: Arguments) -> bool:
    if run.case.layout == "broadcast":  # zero strides need equal rows
        rows = {name: np.repeat(a[:1], 4, axis=0) for name, a in rows.items()}
    if run.signature.batched and run.case.x.ndim == len((2, 2, 5)):
        rows = {name: a.reshape(2, 2, 5) for name, a in rows.items()}
    other = run.call.rows(rows)
    # An answer that varies shows nothing about the layout, nor does one that is wrong in C order too.
    if differing(other, run.call.rows(rows)) or not run.judged(run.signature.flat(rows), other).sound:
        return False
    return not _alike(run, rows, run.call.rows(rows, run.case.layout), other)


def _alike(run: DiagnosisRun, rows: Arguments, a: Array, b: Array) -> bool:
    """Whether two answers to the same rows differ by no more than two sound ones do, or by a few roundings.

    Near zero a sound answer has no digit in common with another, and a sum in another order is rounded otherwise.
    """
    flat = run.signature.flat(rows)
    both_sound = all(run.judged(flat, out.reshape(len(first(flat)), -1)).sound for out in (a, b))
    rtol = SAME_ROUNDINGS * FORMATS[first(rows).dtype.name].unit_roundoff
    close = np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=rtol)
    return both_sound or bool(close)


def returned(run: DiagnosisRun) -> str:
    """Whether the answer comes in a dtype of fewer bits, in another dtype, or in another shape."""
    arguments = run.call.calls(run.case.arguments)[0]
    try:
        out = run.call.array(arguments)
    except Misbehaviour:
        return ""
    if run.prop.name == "dtype" and out.dtype != run.fmt.dtype:
        narrower = is_floating(out) and out.dtype.itemsize < run.fmt.dtype.itemsize
        return "precision narrowed" if narrower else "wrong dtype"
    if run.prop.name == "axis" or out.shape == run.signature.answer(arguments, -1):
        return ""
    return "wrong axis" if _reduced_otherwise(run) else "wrong shape"


def _reduced_otherwise(run: DiagnosisRun) -> bool:
    """Whether the answer is that of ordinary rows along the first axis, or of all of them as one row.

    Where an entry has its own answer, whatever stands beside it, along the last axis it is the same.
    """
    if not run.signature.batched:
        return False
    rows = run.ordinary(n=3, rows=2)
    out = run.call.array(rows)

    def answers(arguments: Arguments) -> bool:
        size = len(first(arguments)) * run.signature.width(first(arguments).shape[1])
        return out.size == size and run.judged(arguments, out.reshape(len(first(arguments)), -1)).sound

    others = {k: a.T for k, a in rows.items()}, {k: a.reshape(1, -1) for k, a in rows.items()}
    return not answers(rows) and any(map(answers, others))


def varying(run: DiagnosisRun) -> str:
    """Whether calls on the same arguments, one right after the other, are answered differently.

    Where the answer depends on the calls before, `memory_of_calls` has shown that already.
    """
    axis = run.case.axis if "axis" in run.case.arguments else None
    for arguments in run.call.calls(run.case.arguments)[:EXAMINED_ROWS]:
        calls = max(2, min(REPEATED_CALLS, REPEATED_ENTRIES // max(first(arguments).size, 1)))
        base = run.call.array(arguments, axis, run.case.layout)
        if any(differing(base, run.call.array(arguments, axis, run.case.layout)) for _ in range(calls)):
            return NONDETERMINISTIC
    return NONDETERMINISTIC if _varies_rarely(run) else ""


def _varies_rarely(run: DiagnosisRun) -> bool:
    """Whether one row in hundreds varies: rows that are alike are as many tries as some calls on each."""
    n = run.case.x.shape[run.case.axis] if run.case.x.ndim else 0
    count = min(REPEATED_ROWS, REPEATED_ENTRIES // max(run.signature.width(n), n)) if n else 0
    if count < FEW_ROWS:
        return False
    if run.signature.batched:
        rows = {run.x: np.moveaxis(run.case.x, run.case.axis, -1).reshape(-1, n)}
    elif run.prop.name != "determinism" and decide(run.experiment, run.case).refuted:
        return False  # so many calls are for what does not fail again
    else:
        rows = dict(run.signature.of(run.case.arguments))
    many = {name: np.resize(a, (count, *a.shape[1:])) for name, a in rows.items()}
    try:
        base, *others = run.call.each([many] * 3)
    except Misbehaviour:
        return False
    return any(differing(base, other) for other in others)


def narrow_sum(run: DiagnosisRun) -> str:
    """Whether long rows of 16 bits are answered badly along an axis or in a layout, and short ones well.

    The same rows are answered well in float32, and as plain rows: NumPy widens a sum of 16 bits along the last axis
    alone, and only where that is contiguous.
    """
    strided = run.prop.name == "axis" or run.case.layout not in ("C", "read-only")
    if run.fmt.precision >= WIDE_PRECISION or not strided or not run.signature.batched:
        return ""
    wide = run.in_dtype(run.case.arguments, "float32")
    plain = replace(run.experiment, call=corrected(run.call, run.role, ["plain layout", "rows last"]))
    if wide is None or decide(plain, run.case).refuted:
        return ""
    in_float32 = replace(run.experiment, fmt=FORMATS["float32"])
    if decide(in_float32, Case(wide, run.case.layout)).refuted:
        return ""
    short = run.ordinary(n=SHORT_SUM_ENTRIES, rows=4)
    laid = {**run.case.arguments, run.x: np.ascontiguousarray(np.moveaxis(first(short), -1, 0)), "axis": integer(0)}
    at_fault = Case(laid, run.case.layout) if run.prop.name == "axis" else Case(short, run.case.layout)
    return "" if decide(run.experiment, at_fault).refuted else "sum in 16 bits"


def masked(run: DiagnosisRun) -> str:
    """Whether a row is answered badly with masked entries, and well with finite ones in their place that weigh nothing.

    The row keeps its length and its places, so that a defect of these shows in both.
    """
    hidden = np.isneginf(run.case.x)
    if not run.prop.masked or not hidden.any() or np.isposinf(run.case.x).any():
        return ""
    if hidden.all():  # its empty sum has the logarithm -inf
        nothing = run.rows_of(np.full((1, 2), -np.inf))
        out = run.call.rows(nothing)
        return "" if (out == -np.inf).all() else _leak(np.isnan(out))
    given, hidden = run.signature.of(run.case.arguments), hidden.reshape(-1, hidden.shape[-1])
    seen = run.experiment.observe(run.case)
    assert seen.out is not None
    with_mask = run.judged(seen.arguments, seen.out.reshape(len(hidden), -1))
    finite = run.weightless(given)
    if finite is None:
        return ""
    without = run.probe(finite)
    width = without.out.shape[1]
    at_masked = (
        hidden if width == hidden.shape[1] else masking.in_matrix(hidden) if width > 1 else np.zeros((1, 1), bool)
    )
    if (without.failing & ~at_masked).any():  # the others fail without a mask too
        return ""
    if (with_mask.failing & ~at_masked).any():
        return _leak(np.isnan(with_mask.out) | ~with_mask.failing)
    # `extra` counts what masked entries got, where that must be nothing.
    got = seen.extra is not None and bool((seen.extra > 0).any())
    if not got or (without.failing & at_masked).any():
        return ""
    out = run.call.rows(given)  # as it came: what is observed has no masked entries any more
    return _leak(np.isnan(out) | ~at_masked) if out.shape == at_masked.shape else "masked value leaks"


def _leak(nan: Array) -> str:
    return "nan from a mask" if nan.all() else "masked value leaks"
