"""The bench on which a finding is diagnosed: the subject is called again, on arguments changed in one respect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from extremum.properties.calling.call import Declined, Misbehaviour
from extremum.properties.laws.comparison import differing
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.decide import Decision, decide, ratios
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import FLOAT64, screen_arithmetic
from extremum.reference.truth.logits import Logits

EXAMINED = 4  # rows of a case that are looked at, the refuted one first
ENTRIES = 2**19  # of answers, in one diagnosis
LENGTHS = (8, 64, 512, 4096)  # that a longer row is cut to, if it still fails
COUNTED = frozenset(("purity", "dtype", "shape", "determinism"))  # properties that no row fails by its values
NOTICEABLE = 4.0  # allowances by which a lost value differs from what came


@dataclass(frozen=True)
class Trial:
    """One call on rows of arguments: what came, what is exact, and the error in allowances, as float64 (rows, width).

    `flawed` is where the answer is not finite and should be; all of it, where the subject raised.
    """

    out: Array
    exact: Array
    error: Array
    ratio: Array
    flawed: Array
    tiny: float
    vector: bool

    @property
    def sound(self) -> bool:
        """Whether every entry is within what a sound answer may be off."""
        return bool((self.ratio <= 1).all())

    @property
    def failing(self) -> Array:
        """Where the answer is off, as a mask."""
        return np.asarray(self.ratio > 1)

    @cached_property
    def lost(self) -> Array:
        """Where nothing is left of the value: the answer is not finite, or is 0 among others where it is far from 0."""
        zero = (self.out == 0) & (self.ratio > NOTICEABLE) & (np.abs(self.exact) > 16 * self.tiny)
        return np.asarray(self.flawed | (zero if self.vector else False))


class Exhausted(Exception):
    """The entries that a diagnosis may compute are spent."""


class Bench:
    """A refuted case, and the means to run it again under other circumstances."""

    def __init__(self, experiment: Experiment, case: Case, decision: Decision) -> None:
        self.experiment, self.case, self.decision = experiment, case, decision
        self.call, self.role, self.prop, self.fmt = experiment.call, experiment.role, experiment.prop, experiment.fmt
        self.signature = self.role.signature
        self._tried: dict[object, Trial] = {}
        self._spent = 0

    @property
    def x(self) -> str:
        """The name of the first argument."""
        return next(iter(self.signature.inputs))

    @cached_property
    def of_logits(self) -> bool:
        """Whether the role computes a softmax on the way: its rows can be shifted, cut and stretched."""
        arguments = ordinary(self.role, self.fmt)
        return isinstance(self.role.truth(arguments, FLOAT64).parts, Logits)

    def trial(self, arguments: Arguments) -> Trial:
        """Call the subject on rows of arguments, and compare with the exact answer in the dtype of the rows.

        What was tried is remembered. Raises `Exhausted` after `ENTRIES`, so that a long row costs no more than a few.
        """
        key = tuple((name, a.dtype.name, a.shape, a.tobytes()) for name, a in arguments.items())
        if key not in self._tried:
            self._spent += len(first(arguments)) * self.signature.width(first(arguments).shape[-1])
            if self._spent > ENTRIES:
                raise Exhausted
            self._tried[key] = self._try(arguments)
        return self._tried[key]

    def _try(self, arguments: Arguments) -> Trial:
        fmt = FORMATS[first(arguments).dtype.name]
        try:
            out, raised = self.call.rows(arguments), False
        except (Misbehaviour, Declined):
            shape = len(first(arguments)), self.signature.width(first(arguments).shape[-1])
            out, raised = np.full(shape, np.nan, fmt.dtype), True
        view = View(self.role, fmt, Observation(arguments, out), screen_arithmetic(fmt))
        error = np.broadcast_to(view.narrow(view.error(abs(view.out - view.exact))), out.shape)
        ratio = ratios(error, view.narrow(view.allowance))
        flawed = np.broadcast_to(view.flawed | raised, out.shape)
        exact, vector = view.narrow(view.exact), self.signature.width(2) > 1
        return Trial(out.astype(np.float64), exact, error, ratio, flawed, fmt.tiny, vector)

    def lost(self, arguments: Arguments) -> bool:
        """Whether any value is lost."""
        return bool(self.trial(arguments).lost.any())

    @cached_property
    def rows(self) -> list[Arguments]:
        """The finite rows of the case that may be at fault, one by one; masked columns are taken out."""
        return [row for made in self._made() for row in self._kept(made)]

    @cached_property
    def row(self) -> Arguments | None:
        """The row that is off by itself, furthest first, or the one that the property refutes; None where none is."""
        if self.prop.name in COUNTED or any(differing(self.trial(r).out, self._try(r).out) for r in self.rows):
            return None  # of an answer that varies nothing is shown by calling again
        worst = max(self.rows, key=lambda row: float(self.trial(row).ratio.max()), default=None)
        if worst is None or self.trial(worst).sound:
            worst = next((row for row in self.rows if self.fails(row)), None)
        if worst is None or not self.of_logits:
            return worst
        cut = (self.shortened(worst, length) for length in LENGTHS if length < worst[self.x].shape[1])
        return next((row for row in cut if not self.trial(row).sound), worst)

    def fails(self, row: Arguments) -> bool:
        """Whether the row is off by itself, or refuted by a property that is measured on it alone."""
        return not self.trial(row).sound or (self.prop.observe is None and decide(self.experiment, Case(row)).refuted)

    def with_logits(self, row: Arguments, logits: Array) -> Arguments:
        """The row with other logits, rounded to the dtype."""
        return {**row, self.x: FORMATS[row[self.x].dtype.name].round(logits)}

    def moved(self, row: Arguments, top: float, deepest: float = np.inf) -> Arguments:
        """The row with its maximum at `top`, and no entry further below it than `deepest`."""
        return self.with_logits(row, top + np.maximum(depth(row[self.x]), -deepest))

    def columns(self, row: Arguments, kept: Array) -> Arguments:
        """The row cut to those columns (a mask), and to that of a label; other numbers stay."""
        kept = kept.copy()
        for name in self.labels:
            kept[row[name]] = True
        cut = {name: a[:, kept] if self.signature.inputs[name] else a for name, a in row.items()}
        moved = {name: np.asarray([kept[: int(row[name][0])].sum()], row[name].dtype) for name in self.labels}
        return {**cut, **moved}

    def shortened(self, row: Arguments, length: int) -> Arguments:
        """The row cut to its maximum and the first others."""
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
        return [name for name, axes in self.signature.inputs.items() if not axes]

    def ordinary(self, n: int = 3, rows: int = 3) -> Arguments:
        """Rows that any subject of the role answers, another in every row; logits of like size, so that all count."""
        if not self.of_logits:
            return ordinary(self.role, self.fmt, n, rows)
        rng = np.random.default_rng(1)
        return self.probe(rng.uniform(-2.0, 2.0, (rows, n)), rng.normal(size=(rows, n)))

    def probe(self, logits: Any, g: Any = 1.0, dtype: np.dtype[Any] | None = None) -> Arguments:
        """Rows of these logits, with `g` for any other argument of floats, and the first entry for a label."""
        dtype = dtype or self.fmt.dtype
        rows = np.asarray(logits, np.float64).astype(dtype)
        others = np.broadcast_to(np.asarray(g, np.float64), rows.shape).astype(dtype)
        labels = np.zeros(len(rows), np.int64)
        made = {name: others if axes else labels for name, axes in self.signature.inputs.items()}
        return {**made, self.x: rows}

    def _made(self) -> Iterator[Arguments]:
        """The rows that the property calls the subject on, those of its second call included."""
        given = self.case.arguments
        if self.signature.batched:
            n = self.case.x.shape[self.case.axis]
            base = {name: np.moveaxis(given[name], self.case.axis, -1).reshape(-1, n) for name in self.signature.inputs}
        else:
            base = dict(self.signature.of(self.signature.stacked(given)))
        base = {name: np.ascontiguousarray(a) for name, a in base.items()}
        yield base
        x = base[self.x]
        if "shift" in given:
            yield {**base, self.x: (x + given["shift"]).astype(x.dtype)}
        if "stride" in given:
            order = (self.case.number("stride") * np.arange(x.shape[1]) + self.case.number("start")) % x.shape[1]
            yield {**base, self.x: np.ascontiguousarray(x[:, order])}
        if "g" in base and "h" in given:
            yield {**base, "g": given["h"]}
            yield {**base, "g": (base["g"] + given["h"]).astype(x.dtype)}

    def _kept(self, made: Arguments) -> Iterator[Arguments]:
        x = made[self.x].astype(np.float64)
        order = sorted(range(len(x)), key=lambda r: r != self.decision.row)
        for r in order[:EXAMINED]:
            row, kept = {name: a[r : r + 1] for name, a in made.items()}, np.isfinite(x[r])
            masked = np.isneginf(x[r]) & self.prop.masked
            if (kept | masked).all() and kept.any():
                yield row if kept.all() else self.columns(row, kept)


def ordinary(role: Role, fmt: Format, n: int = 3, rows: int = 3) -> Arguments:
    """Rows of arguments that any subject of the role answers, another in every row."""
    return role.sampled(np.random.default_rng(1), fmt, n, rows)


def depth(x: Array) -> Array:
    """How far each entry lies below the maximum of its row (float64)."""
    wide = x.astype(np.float64)
    return np.asarray(wide - wide.max(axis=-1, keepdims=True))


def bits_used(values: Array, precision: int) -> Array:
    """The bits of the significand from the first to the last that is set; 0 for zeros (int64)."""
    whole = np.ldexp(np.frexp(np.abs(np.where(np.isfinite(values), values, 0.0)))[0], precision).astype(np.int64)
    lowest = whole & -whole
    return np.where(whole == 0, 0, precision - np.log2(np.maximum(lowest, 1)).astype(np.int64))


def same_bits(a: Array, b: Array) -> Array:
    """Where two answers are the same; NaN is the same as NaN."""
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))
