"""A diagnosis run: the subject of a finding is called again, on arguments that are changed in one respect.

`DiagnosisRun` has the refuted case and makes the changed arguments; each call on them is a `Probe`. The experiments of
`arithmetic_causes` and `contract_causes` read the probes. `python benchmarks/causes.py` judges the constants here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour, differing
from extremum.properties.model.role import Experiment
from extremum.properties.model.rounding import RECURSIVE_FROM
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.decide import Decision, decide, ratios
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.arithmetic.wide import FLOAT64, screen_arithmetic

EXAMINED_ROWS = 4  # rows of a case that are examined, the refuted one first
ENTRY_BUDGET = 2**19  # entries of answers that one diagnosis may compute
CUT_LENGTHS = (8, 64, 512, 4096)  # entries that a longer row is cut to, if it still fails
COUNTING_PROPERTIES = frozenset(("purity", "dtype", "shape", "determinism"))  # the values of a row fail none of them
LOST_RATIO = 4.0  # error bounds that an error exceeds where a value is lost
FAR_BELOW_LOGITS = 2e4  # further down than the floors that people start a maximum from, such as -1e4
MODERATE_FACTOR = 2.0**8  # from 1, up or down: a sum of numbers within it keeps digits of each, but in 8 bits
FAR_FROM_ZERO = 16.0  # smallest normals: a larger exact value is no candidate for a flush


@dataclass(frozen=True)
class Probe:
    """One call on rows of arguments: the answer, the exact value, and the error, as float64 (rows, width).

    `ratio` is the error in error bounds. `wrong_nonfinite` is where the answer is not finite and should be: everywhere,
    if the subject raised. `tiny` is the smallest normal of the dtype. A `vector` answer has an entry for each input's.
    """

    out: Array
    exact: Array
    error: Array
    ratio: Array
    wrong_nonfinite: Array
    tiny: float
    vector: bool

    @property
    def sound(self) -> bool:
        """Whether every entry is within its error bound."""
        return bool((self.ratio <= 1).all())

    @property
    def failing(self) -> Array:
        """Where the answer is beyond its error bound, as a mask."""
        return np.asarray(self.ratio > 1)

    @cached_property
    def lost(self) -> Array:
        """Where the value is lost: the answer is not finite, or is 0 among others and the exact value far from 0."""
        # A single number that is 0 may be right by chance, so a 0 counts only among the entries of a vector.
        zero = (self.out == 0) & (self.ratio > LOST_RATIO) & (np.abs(self.exact) > FAR_FROM_ZERO * self.tiny)
        return np.asarray(self.wrong_nonfinite | (zero if self.vector else False))


class Exhausted(Exception):
    """The diagnosis has computed as many entries as it may."""


class DiagnosisRun:
    """A refuted case, and the means to run it again under other circumstances."""

    def __init__(self, experiment: Experiment, case: Case, decision: Decision) -> None:
        self.experiment, self.case, self.decision = experiment, case, decision
        self.call, self.role, self.prop, self.fmt = experiment.call, experiment.role, experiment.prop, experiment.fmt
        self.signature = self.role.signature
        self._probes: dict[object, Probe] = {}
        self._entries = 0

    @property
    def x(self) -> str:
        """The name of the first argument."""
        return next(iter(self.signature.inputs))

    def probe(self, arguments: Arguments) -> Probe:
        """Call the subject on rows of arguments, and compare with the exact answer in the dtype of the rows.

        The same arguments are called once. Raises `Exhausted` after `ENTRY_BUDGET` entries.
        """
        key = tuple((name, a.dtype.name, a.shape, a.tobytes()) for name, a in arguments.items())
        if key not in self._probes:
            # The budget counts entries, not calls, so that a long row costs no more than a few short ones.
            self._entries += len(first(arguments)) * self.signature.width(first(arguments).shape[-1])
            if self._entries > ENTRY_BUDGET:
                raise Exhausted
            self._probes[key] = self._call(arguments)
        return self._probes[key]

    def _call(self, arguments: Arguments) -> Probe:
        fmt = FORMATS[first(arguments).dtype.name]
        try:
            out, raised = self.call.rows(arguments), False
        except (Misbehaviour, Declined):  # an exception is evidence like an answer of NaN: experiments go on
            shape = len(first(arguments)), self.signature.width(first(arguments).shape[-1])
            out, raised = np.full(shape, np.nan, fmt.dtype), True
        return self.judged(arguments, out, raised)

    def judged(self, arguments: Arguments, out: Array, raised: bool = False) -> Probe:
        """An answer (rows, width) to finite rows of arguments, beside the exact one."""
        fmt = FORMATS[first(arguments).dtype.name]
        view = View(self.role, fmt, Observation(arguments, out), screen_arithmetic(fmt))
        error = np.broadcast_to(view.narrow(view.error(abs(view.out - view.exact))), out.shape)
        ratio = ratios(error, view.narrow(view.error_bound))
        wrong_nonfinite = np.broadcast_to(view.wrong_nonfinite | raised, out.shape)
        exact, vector = view.narrow(view.exact), self.signature.width(2) > 1
        return Probe(out.astype(np.float64), exact, error, ratio, wrong_nonfinite, fmt.tiny, vector)

    def lost(self, arguments: Arguments) -> bool:
        """Whether any value is lost."""
        return bool(self.probe(arguments).lost.any())

    @cached_property
    def rows(self) -> list[Arguments]:
        """The finite rows of the case that may be at fault, one by one; masked columns are taken out."""
        return [row for arguments in self._called() for row in self._finite(arguments)]

    @cached_property
    def row(self) -> Arguments | None:
        """The worst row that fails by itself, or else one that the property refutes; None if there is none."""
        # An answer that varies from call to call shows nothing when the subject is called again.
        if self.prop.name in COUNTING_PROPERTIES or any(self._varies(row) for row in self.rows):
            return None
        worst = max(self.rows, key=lambda row: float(self.probe(row).ratio.max()), default=None)
        if worst is None or self.probe(worst).sound:
            worst = next((row for row in self.rows if self.fails(row)), None)
        if worst is None or not self.role.shiftable:
            return worst
        # Every experiment calls the subject on the row again and again: a short row keeps them within the budget.
        cut = (self.shortened(worst, length) for length in CUT_LENGTHS if length < worst[self.x].shape[1])
        return next((row for row in cut if not self.probe(row).sound), worst)

    def _varies(self, row: Arguments) -> bool:
        return bool(differing(self.probe(row).out, self._call(row).out))

    def fails(self, row: Arguments) -> bool:
        """Whether the row is beyond its error bound, or refuted by a property that is measured on it alone."""
        return not self.probe(row).sound or (self.prop.observe is None and decide(self.experiment, Case(row)).refuted)

    def with_logits(self, row: Arguments, logits: Array) -> Arguments:
        """The row with other logits, rounded to the dtype."""
        return {**row, self.x: FORMATS[row[self.x].dtype.name].round(logits)}

    def moved(self, row: Arguments, top: float, deepest: float = np.inf) -> Arguments:
        """The row with its maximum at `top`, and no entry further below it than `deepest`."""
        return self.with_logits(row, top + np.maximum(depth(row[self.x]), -deepest))

    def weightless(self, arguments: Arguments) -> Arguments | None:
        """Rows with finite entries that weigh nothing in place of masked ones; None where there are no such numbers."""
        x = first(arguments)
        hidden = np.isneginf(x.reshape(-1, x.shape[-1]))
        wide = np.where(hidden, np.inf, x.reshape(hidden.shape).astype(np.float64))
        lowest = np.where(np.isfinite(wide), wide, np.inf).min(axis=1, keepdims=True)
        # At least as far below as the lowest is from zero, so that the difference is not rounded away.
        far = np.maximum(min(FAR_BELOW_LOGITS, self.fmt.max / 4), np.abs(lowest))
        weight = np.maximum(lowest - far, -self.fmt.max)
        if (weight >= lowest).any():
            return None
        return self.with_logits(arguments, np.where(hidden, weight, wide))

    def columns(self, row: Arguments, kept: Array) -> Arguments:
        """The row cut to those columns (a mask), and to that of a label; other numbers stay."""
        kept = kept.copy()  # the caller's mask stays as it is
        for name in self.labels:
            kept[row[name]] = True
        cut = {name: a[:, kept] if self.signature.inputs[name] else a for name, a in row.items()}
        # A label is a position in the row: it moves down by the columns that are cut before it.
        moved = {name: np.asarray([kept[: int(row[name][0])].sum()], row[name].dtype) for name in self.labels}
        return {**cut, **moved}

    def shortened(self, row: Arguments, length: int) -> Arguments:
        """The row cut to its maximum and the first others, `length` entries in all."""
        kept = np.zeros(row[self.x].shape[1], bool)
        top = int(row[self.x][0].astype(np.float64).argmax())
        kept[top] = True
        kept[np.flatnonzero(np.arange(len(kept)) != top)[: length - 1]] = True
        return self.columns(row, kept)

    def in_dtype(self, row: Arguments, name: str) -> Arguments | None:
        """The row in another dtype, or None where its values leave the range."""
        fmt = FORMATS[name]
        cast = {k: a if a.dtype.kind in "iu" else a.astype(fmt.dtype) for k, a in row.items()}
        finite = all(bool(np.isfinite(a.astype(np.float64)).all()) for a in cast.values())
        return cast if finite else None

    @property
    def labels(self) -> list[str]:
        """The arguments that are an index into the row."""
        numbers = [name for name, axes in self.signature.inputs.items() if not axes]
        return [name for name in numbers if self.case.arguments[name].dtype.kind in "iu"]

    def ordinary(self, n: int = 3, rows: int = 3) -> Arguments:
        """Rows that any subject of the role answers, another in every row; logits of like size, so that all count."""
        if not self.role.shiftable:
            sampled = self.role.sampled(np.random.default_rng(1), self.fmt, n, rows)
            self.role.truth(sampled, FLOAT64)  # raises where no exact answer is known: that subject may not take them
            return {name: self._moderate(a) for name, a in sampled.items()}
        # Entries between -2 and 2 weigh alike, so that a change of any of them shows in the answer.
        rng = np.random.default_rng(1)
        return self.rows_of(rng.uniform(-2.0, 2.0, (rows, n)), rng.normal(size=(rows, n)))

    def ordinary_wide(self, n: int, rows: int) -> Arguments:
        """As `ordinary`, in float32 at least."""
        given = self.ordinary(n, rows)
        if self.fmt.precision >= RECURSIVE_FROM:
            return given
        return {name: a if a.dtype != self.fmt.dtype else a.astype(np.float32) for name, a in given.items()}

    def _moderate(self, a: Array) -> Array:
        """The numbers; or others of moderate size, where some are so large or small that they hide what is beside."""
        size = np.abs(a.astype(np.float64))
        if a.dtype.kind in "iu" or ((size >= 1 / MODERATE_FACTOR) & (size <= MODERATE_FACTOR)).all():
            return a
        rng = np.random.default_rng(2)
        numbers = rng.uniform(0.5, 2.0, a.shape) * (rng.choice((-1.0, 1.0), a.shape) if a.ndim > 1 else 1.0)
        return self.fmt.round(numbers).astype(a.dtype)

    def rows_of(self, logits: Any, g: Any = 1.0, dtype: np.dtype[Any] | None = None) -> Arguments:
        """Rows of these logits, with `g` for any other argument of floats, and the first entry for a label."""
        dtype = dtype or self.fmt.dtype
        x = np.asarray(logits, np.float64).astype(dtype)
        others = np.broadcast_to(np.asarray(g, np.float64), x.shape).astype(dtype)
        labels = np.zeros(len(x), np.int64)
        arguments = {name: others if axes else labels for name, axes in self.signature.inputs.items()}
        return {**arguments, self.x: x}

    def _called(self) -> Iterator[Arguments]:
        """The rows that the property calls the subject on, those of its second call included."""
        given = self.case.arguments
        if self.signature.batched:
            n = self.case.x.shape[self.case.axis]
            base = {name: np.moveaxis(given[name], self.case.axis, -1).reshape(-1, n) for name in self.signature.inputs}
        else:
            base = dict(self.signature.of(self.signature.stacked(given)))
        base = {name: np.ascontiguousarray(a) for name, a in base.items()}
        yield base
        # A property of two calls keeps in the case what makes the second: a shift, an order, another cotangent.
        x = base[self.x]
        if "shift" in given:
            yield {**base, self.x: (x + given["shift"]).astype(x.dtype)}
        if "stride" in given:
            order = (self.case.number("stride") * np.arange(x.shape[1]) + self.case.number("start")) % x.shape[1]
            yield {**base, self.x: np.ascontiguousarray(x[:, order])}
        if "g" in base and "h" in given:
            yield {**base, "g": given["h"]}
            yield {**base, "g": (base["g"] + given["h"]).astype(x.dtype)}

    def _finite(self, arguments: Arguments) -> Iterator[Arguments]:
        x = arguments[self.x].astype(np.float64)
        order = sorted(range(len(x)), key=lambda r: r != self.decision.row)
        for r in order[:EXAMINED_ROWS]:
            row, finite = {name: a[r : r + 1] for name, a in arguments.items()}, np.isfinite(x[r])
            # -inf is a masked entry for a property of masks alone: elsewhere the answer to it is contested.
            masked = np.isneginf(x[r]) & self.prop.masked
            if (finite | masked).all() and finite.any():
                yield row if finite.all() else self.columns(row, finite)


def depth(x: Array) -> Array:
    """How far each entry lies below the maximum of its row (float64)."""
    wide = x.astype(np.float64)
    return np.asarray(wide - wide.max(axis=-1, keepdims=True))


def bits_used(values: Array, precision: int) -> Array:
    """The bits of the significand from the first to the last that is set; 0 for zero, NaN and infinity (int64)."""
    whole = np.ldexp(np.frexp(np.abs(np.where(np.isfinite(values), values, 0.0)))[0], precision).astype(np.int64)
    lowest = whole & -whole  # two's complement: the lowest bit that is set
    return np.where(whole == 0, 0, precision - np.log2(np.maximum(lowest, 1)).astype(np.int64))


def same_bits(a: Array, b: Array) -> Array:
    """Where two answers are the same; NaN is the same as NaN."""
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))
