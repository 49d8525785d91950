"""Experiments on the formula: ordinary rows, fitted with the terms of the truth, and moved entry by entry.

On ordinary rows nothing overflows, stagnates or cancels, so that an answer beyond its error bound is another formula's.
Each experiment returns the name of a cause of `diagnosis.cause_table`, or an empty string where it shows none.
16-bit subjects are asked in float32, whose roundings are far below any coefficient.
`python benchmarks/causes.py` judges the constants, together with those of the other experiments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from extremum.properties.diagnosis.diagnosis_run import DiagnosisRun, Probe, same_bits
from extremum.properties.diagnosis.terms import PROBABILITIES, TRANSPOSED, Terms, terms_of
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.arithmetic.wide import FLOAT64

FITTED_ENTRIES, FITTED_ROWS = (4, 9), 24  # of the rows that fits are made on, short and longer than a vector of 8
COEFFICIENT_SHARE = 2.0**-7  # of the largest coefficient: a smaller difference of two coefficients is none
FIT_ROUNDINGS = 64.0  # unit roundoffs of the terms that a fit may miss the answer by
EXACT_FIT = 2.0**-30  # relative: how well the terms must give the exact answer
CONDITION_MAX = 1e4  # of the fit: beyond this one term stands for others
MOVED_ENTRIES = (11, 35, 67, 131)  # lengths just beyond whole vectors of 2 to 128
MOVED_ENTRIES_ONE_BY_ONE = 35  # the longest that are moved one by one, of a role that is called for each row
STEPS = (1.3, -1.3, 2.1)  # by which an entry is moved, another for each row: more than an integer apart
MOVED_BUDGET = 2**16  # entries of answers to one length
MOVE_SHARE = 2.0**-10  # of the exact value: by how much it moves at least, where the answer should
PADDED_WIDTHS = (4, 8, 16, 32, 64)  # entries of a vector or a tile
FAR_ABOVE_PADDING = 40.0  # entries near it outweigh zeros beside them: exp(-40) is below every unit roundoff
DIVISOR_SHARE = 2.0**-6  # of a row, or of a unit of its logarithm: a sum in bfloat16 is off by less
LABELLED_ENTRIES, LABEL = 5, 2


def unread_entries(run: DiagnosisRun) -> str:
    """Whether some entries of the answer never move, or never move with some entries of the arguments, by place alone.

    Each entry is moved in several rows. Only a place that shows the same in all of them is one that a loop leaves out.
    """
    for n in MOVED_ENTRIES:
        base = run.ordinary_wide(n, len(STEPS))
        if run.labels:  # another label in each row, so that its place is none that all rows share
            labels = (np.arange(len(STEPS)) * n) // len(STEPS)
            base = {**base, **{name: labels.astype(base[name].dtype) for name in run.labels}}
        probe = run.probe(base)
        if probe.sound:
            continue
        one_by_one = not run.signature.batched and n > MOVED_ENTRIES_ONE_BY_ONE
        if one_by_one or probe.out.shape[1] * len(STEPS) * n > MOVED_BUDGET:  # too many calls, or entries, to move each
            if _zero_by_place(probe):
                return "entries left out"
            continue
        vectors = [name for name, axes in run.signature.inputs.items() if axes]
        causes = [cause for name in vectors if (cause := _moved_by(run, base, probe, name))]
        if causes:
            return causes[0]
    return ""


def _zero_by_place(probe: Probe) -> bool:
    """Whether the same entries are zero in all rows, and some of them should be larger than others that are not."""
    zero = (probe.out == 0) & (probe.exact != 0)
    if not zero.any() or zero.all() or (zero.any(axis=0) != zero.all(axis=0)).any():
        return False
    size = np.abs(probe.exact)
    return bool(np.median(size[zero]) > size[~zero].min())


def _moved_by(run: DiagnosisRun, base: Arguments, probe: Probe, name: str) -> str:
    """What moving the entries of an argument (of a matrix, its rows) shows: entries of the answer, or of the argument.

    The answer must move with all the others: what only a few entries move, as a maximum, is no loop's doing.
    """
    a = base[name]
    places, width = a.shape[1], probe.out.shape[1]
    # All changes in one call: the rows of the base, once for each place.
    changed = {key: np.repeat(values, places, axis=0) for key, values in base.items()}
    at = np.tile(np.arange(places), len(STEPS))
    by = np.repeat(np.asarray(STEPS), places).reshape(-1, *[1] * (a.ndim - 2)).astype(a.dtype)
    changed[name][np.arange(len(at)), at] += by
    there = run.probe(changed)
    out, exact = (values.reshape(len(STEPS), places, width) for values in (there.out, there.exact))
    out_here, exact_here = probe.out[:, None, :], probe.exact[:, None, :]
    # Another maximum may be subtracted, and round otherwise: by far less than the exact values move.
    near = FIT_ROUNDINGS * FORMATS[a.dtype.name].unit_roundoff * np.maximum(np.abs(out), np.abs(out_here))
    still = same_bits(out, out_here) | (np.abs(out - out_here) <= near)
    moves = np.abs(exact - exact_here) > MOVE_SHARE * np.abs(exact_here)
    column, entry = np.arange(width)[None, None, :], np.arange(places)[None, :, None]
    beside = moves & ((column != entry) | (width != places))
    later = beside & (entry > column)
    if width == places and later.any() and np.array_equal(still & beside, later):
        return "missing term"  # the sum so far, as of a loop that divides too soon
    fixed = (still | ~moves).all(axis=(0, 1)) & moves.any(axis=(0, 1))
    beside &= ~fixed
    unread = (still | ~beside).all(axis=(0, 2)) & beside.any(axis=(0, 2))
    others = beside & ~unread[None, :, None]
    if (still & others).any() or ((still & moves)[:, :, ~fixed].any() and not unread.any()):
        return ""
    if fixed.all() or unread.sum() > places // 2:
        return ""
    return "entries left out" if fixed.any() else "missing term" if unread.any() else ""


def another_label(run: DiagnosisRun) -> str:
    """Whether ordinary rows are answered well for another label than the one given: that beside it, or the maximum."""
    rows = run.ordinary_wide(LABELLED_ENTRIES, FITTED_ROWS) if run.labels else None
    if rows is None:
        return ""
    given = {**rows, **{name: np.full_like(rows[name], LABEL) for name in run.labels}}
    if run.probe(given).sound:
        return ""
    out, x = run.call.rows(given), rows[run.x]
    beside = [np.full(len(x), label) for label in range(LABELLED_ENTRIES) if label != LABEL]
    for labels in (*beside, x.argmax(axis=1), x.argmin(axis=1)):
        if run.judged({**given, **{name: labels.astype(given[name].dtype) for name in run.labels}}, out).sound:
            return "wrong term"
    return ""


def fitted(run: DiagnosisRun) -> str:
    """How the coefficients of the terms differ between the answer to ordinary rows and the exact one."""
    return _by_length(run, _at_both_lengths(run, _fit))


def divided(run: DiagnosisRun) -> str:
    """Whether each ordinary row is answered with the exact one times a number, or of a logarithm plus one."""
    return _by_length(run, _at_both_lengths(run, _division))


def unnormalised(run: DiagnosisRun) -> str:
    """Whether each ordinary row is answered as the formula has it for a multiple of its probabilities."""
    return _at_both_lengths(run, _of_multiples)


def padded(run: DiagnosisRun) -> str:
    """Whether zeros stand beside a row whose length is no multiple of a width of vectors.

    It is divided by too much then, and no longer where its entries are so large that zeros weigh nothing beside them.
    """
    for width in PADDED_WIDTHS if run.role.shiftable else ():
        if all(run.probe(run.ordinary_wide(n, FITTED_ROWS)).sound for n in (width, 2 * width)):
            others = [run.ordinary_wide(n, FITTED_ROWS) for n in (width - 1, width + 1)]
            return "padding counted" if all(_counts_zeros(run, rows) for rows in others) else ""
    return ""


def _counts_zeros(run: DiagnosisRun, rows: Arguments) -> bool:
    probe = run.probe(rows)
    more = _division(run, rows, probe) == "wrong divisor" and bool((probe.out < probe.exact).all())
    return more and run.probe(run.moved(rows, FAR_ABOVE_PADDING)).sound


def _by_length(run: DiagnosisRun, cause: str) -> str:
    """The cause; of a wrong factor whether it is one over the length."""
    if cause != "wrong factor":
        return cause
    factors = []
    for n in FITTED_ENTRIES:
        probe = run.probe(run.ordinary_wide(n, FITTED_ROWS))
        factors.append(float((probe.out * probe.exact).sum() / (probe.exact**2).sum() * n))
    return "divided by length" if np.abs(np.subtract(factors, 1)).max() <= COEFFICIENT_SHARE else cause


def _at_both_lengths(run: DiagnosisRun, cause_of: Callable[[DiagnosisRun, Arguments, Probe], str]) -> str:
    """The cause that both lengths of ordinary rows show: what one alone shows is a defect of length."""
    found = ""
    for n in FITTED_ENTRIES:
        rows = run.ordinary_wide(n, FITTED_ROWS)
        probe = run.probe(rows)
        if probe.sound or not np.isfinite(probe.out).all():
            return ""
        cause = cause_of(run, rows, probe)
        if not cause or (found and cause != found):
            return ""
        found = cause
    return found


def _fit(run: DiagnosisRun, rows: Arguments, probe: Probe) -> str:
    if not probe.out.any() and not _zero_throughout(run):
        return ""
    for terms in terms_of(run.role.truth(rows, FLOAT64).parts, rows, probe.out.shape[1]):
        fits = _coefficients(probe, terms, FORMATS[first(rows).dtype.name].unit_roundoff)
        if fits is not None:
            return _difference([*terms], *fits)
    return ""


def _zero_throughout(run: DiagnosisRun) -> bool:
    """Whether all answers are zero, and not only those that an overflow makes so."""
    for n, share in ((1, 1.0), (2, 1 / 16), (2, 16.0), (3, 64.0)):
        rows = run.ordinary_wide(n, FITTED_ROWS)
        x = rows[run.x]
        if run.call.rows({**rows, run.x: (x * share).astype(x.dtype)}).any():
            return False
    return True


def _coefficients(probe: Probe, terms: Terms, u: float) -> tuple[Array, Array] | None:
    """The coefficients of the exact answer and of the subject's; None where the terms do not give both."""
    matrix = np.stack([values.ravel() for values in terms.values()], axis=1)
    scale = np.abs(matrix).max(axis=0)
    if (scale == 0).any() or np.linalg.cond(matrix / scale) > CONDITION_MAX:
        return None
    fits = []
    for values, share in ((probe.exact, EXACT_FIT), (probe.out, FIT_ROUNDINGS * u)):
        inverse = np.linalg.pinv(matrix / scale) / scale[:, None]
        coefficients = inverse @ values.ravel()
        # A term that the answer has not is fitted with its roundings alone: so far they move a coefficient.
        moved = share * np.linalg.norm(inverse, axis=1) * max(np.abs(values).max(), np.abs(probe.exact).max())
        coefficients[np.abs(coefficients) <= moved] = 0.0
        missed = np.abs(matrix @ coefficients - values.ravel())
        size = np.abs(matrix * coefficients).sum(axis=1) + np.abs(probe.exact).ravel()
        # Of a row together: where the terms of one entry cancel, those that they are sums of are as large as elsewhere.
        if (missed.reshape(probe.out.shape) > share * size.reshape(probe.out.shape).max(axis=1, keepdims=True)).any():
            return None
        fits.append(coefficients)
    return fits[0], fits[1]


def _difference(names: list[str], exact: Array, seen: Array) -> str:
    """The cause that turns the exact coefficients into those seen."""
    close = COEFFICIENT_SHARE * np.maximum(np.abs(exact), np.abs(seen))
    if (np.abs(seen - exact) <= close).all():
        return ""
    if _transposes(names, exact, seen):
        return "transposed matrix"
    own, foreign = exact != 0, (exact == 0) & (seen != 0)
    share = seen[own] / exact[own]
    if foreign.any():
        if (share == 0).any():
            return "wrong term"
        return "extra term" if (np.abs(share - 1) <= COEFFICIENT_SHARE).all() else ""
    unit = (np.abs(np.abs(share) - 1) <= COEFFICIENT_SHARE) | (share == 0)
    if unit.all() and (share < 0).any():
        return "wrong sign"
    if (share == 0).any():
        return "missing term"
    return "wrong factor" if (share > 0).all() else ""


def _transposes(names: list[str], exact: Array, seen: Array) -> bool:
    """Whether only terms that differ by a transpose have changed places."""
    total_exact, total_seen = (dict(zip(names, values, strict=True)) for values in (exact, seen))
    grouped: list[tuple[str, ...]] = [tuple(n for n in group if n in total_exact) for group in TRANSPOSED]
    alone = [(n,) for n in names if not any(n in group for group in grouped)]
    sums = [(sum(total_exact[n] for n in g), sum(total_seen[n] for n in g)) for g in (*grouped, *alone) if g]
    return all(abs(a - b) <= COEFFICIENT_SHARE * max(abs(a), abs(b)) for a, b in sums)


def _division(run: DiagnosisRun, rows: Arguments, probe: Probe) -> str:
    u, out, exact = FORMATS[first(rows).dtype.name].unit_roundoff, probe.out, probe.exact
    if out.shape[1] == 1:  # any number is a multiple of any other
        return ""
    allowed = FIT_ROUNDINGS * u * (np.abs(out) + np.abs(exact)).max(axis=1, keepdims=True)
    factor = (out * exact).sum(axis=1, keepdims=True) / (exact * exact).sum(axis=1, keepdims=True)
    if factor.all() and (np.abs(out - factor * exact) <= allowed).all() and np.abs(factor - 1).max() > DIVISOR_SHARE:
        if np.ptp(factor) > COEFFICIENT_SHARE * np.abs(factor).max():
            return "wrong divisor"
        return "wrong sign" if abs(factor[0, 0] + 1) <= COEFFICIENT_SHARE else "wrong factor"
    added = (out - exact).mean(axis=1, keepdims=True)
    of_logarithm = (exact < 0).all() and run.role.shiftable
    off = of_logarithm and np.abs(added).max() > DIVISOR_SHARE
    return "wrong divisor" if off and (np.abs(out - exact - added) <= allowed).all() else ""


def _of_multiples(run: DiagnosisRun, rows: Arguments, probe: Probe) -> str:
    """The cause if each row has its own number of times the probabilities: the same in terms with their squares."""
    for terms in terms_of(run.role.truth(rows, FLOAT64).parts, rows, probe.out.shape[1]):
        own = {name: values for name, values in terms.items() if name in PROBABILITIES}
        fits = _coefficients(replace(probe, out=probe.exact), own, EXACT_FIT / FIT_ROUNDINGS) if own else None
        if fits is None:
            continue
        parts = [np.zeros_like(probe.exact) for _ in range(3)]  # of the exact answer, by the power of probabilities
        for (name, values), coefficient in zip(own.items(), fits[0], strict=True):
            parts[PROBABILITIES[name]] += coefficient * values
        share = FIT_ROUNDINGS * FORMATS[first(rows).dtype.name].unit_roundoff
        times = [_times_probabilities(out, share, *row) for out, *row in zip(probe.out, *parts, strict=True)]
        if any(number is None for number in times):
            continue
        numbers = np.array(times, np.float64)
        if np.abs(numbers - 1).max() > DIVISOR_SHARE and np.ptp(numbers) > COEFFICIENT_SHARE * np.abs(numbers).max():
            return "wrong divisor"
    return ""


def _times_probabilities(out: Array, share: float, without: Array, once: Array, twice: Array) -> float | None:
    """The number k for which a row is `without` + k `once` + k**2 `twice`, to a share of it; None if there is none."""
    if not once.any() or not np.isfinite(out).all():
        return None
    columns = [part for part in (once, twice) if part.any()]
    matrix, seen = np.stack(columns, axis=1), out - without
    found = np.linalg.lstsq(matrix, seen, rcond=None)[0]
    size = np.abs(matrix * found).sum(axis=1) + np.abs(without)
    if (np.abs(matrix @ found - seen) > share * size.max()).any():
        return None
    squared = len(found) == 1 or abs(found[1] - found[0] ** 2) <= COEFFICIENT_SHARE * found[0] ** 2
    return float(found[0]) if squared else None
