"""One answer of a reader's test, judged entry by entry against the exact value, by the role's own error bound.

What decides is the property `accuracy` of the role (`bitwise` where nothing is computed), as in an audit: the screen
compares a part of the rows after the other with the exact value in wider precision, and what it can't clear is decided
in balls or rationals, each entry on its own.

Not judged, since nobody can prove what is right there, are rows with NaN or +inf, rows that are masked altogether or
whose label is, rows of no entries, and rows of a kind that no bound is derived for (`Role.derived_for`). In the other
rows with masked entries (-inf) these must be exactly what the role says (`Role.masked`), and the bound of the others is
that of the whole length: a masked entry adds an exact 0, which rounds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from extremum.properties.answers.binding import Bound, as_array, bind
from extremum.properties.calling.call import quiet
from extremum.properties.laws.masking import in_matrix
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import refuted_entries
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import UsageError, printable

DECIDING = ("accuracy", "bitwise")  # the property of a role that says how far one answer may be off
PART_ENTRIES = 2**14  # judged at once: with what is computed of them they stay in the cache, and off fresh pages
DEEP = 1e6  # below a row's maximum: the exponential is 0 in every arithmetic but balls, and nothing beside 1 in these


@dataclass(frozen=True)
class Numbers:
    """What is known of each entry of an answer, as float64 in the answer's shape: NaN where it is not judged."""

    exact: Array
    error_ulps: Array
    bound_ulps: Array


@dataclass(frozen=True)
class Part:
    """Some rows of an answer that are judged: their numbers, the masked entries among them, and what is compared."""

    rows: Array | slice
    hidden: Array | None
    observation: Observation


@dataclass(frozen=True, repr=False)
class Judgement:
    """Whether an answer is as close to the exact one as a sound algorithm comes, as a whole (`ok`) and by entry.

    It is true where it is `ok`. `within` is a mask of the answer's shape, True too where nothing is judged: `judged` is
    the mask of what is. `misfit` says what is wrong with an answer of another shape or dtype, none of which is within.

    By entry, as float64: `exact` is the exact value, `error_ulps` the answer's distance from it and `bound_ulps` what
    a sound algorithm may be off, both in units of the spacing of the dtype's floats at the exact value. An error is
    infinite where NaN or infinity was answered and a number is right. All three are NaN where nothing is judged. They
    are computed when they are first asked for, in wider precision: a comparison that they are too close to tell, the
    mask decides in balls. An entry that a processor flushed to zero is within beyond the bound, as in `accuracy`.
    """

    bound: Bound
    prop: Property
    answer: Array
    misfit: str = ""

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        if self.misfit:
            return f"<Judgement: {self.misfit}>"
        return f"<Judgement of {self.bound.role.name}: {self.wrong:,} of {self.answer.size:,} entries are wrong>"

    @cached_property
    def ok(self) -> bool:
        """Whether every entry that is judged is within."""
        return not self.misfit and self.wrong == 0

    @cached_property
    def wrong(self) -> int:
        """How many entries are not within."""
        return int(self.within.size - np.count_nonzero(self.within))

    @cached_property
    def within(self) -> Array:
        """Where the answer is within its error bound, in the answer's shape."""
        if self.misfit:
            return np.zeros(self.bound.shape, bool)
        within = np.ones((self.bound.count, self.bound.width), bool)
        with quiet():
            for part in self._parts():
                refuted = _refuted(self.bound, self.prop, part)
                if refuted is not None:
                    within[part.rows] = ~refuted
        return self.bound.whole(within)

    @cached_property
    def judged(self) -> Array:
        """Where the answer is judged, in its shape: a masked entry is, a contested row is not."""
        judged = np.zeros((self.bound.count, self.bound.width), bool)
        with quiet():
            for part in self._parts():
                judged[part.rows] = True
        return self.bound.whole(judged)

    @property
    def exact(self) -> Array:
        """The exact value of each entry, to the nearest float64 or nearly; for float64 answers that is half an ulp."""
        return self._numbers.exact

    @property
    def error_ulps(self) -> Array:
        """How far each entry is off."""
        return self._numbers.error_ulps

    @property
    def bound_ulps(self) -> Array:
        """How far each entry may be off."""
        return self._numbers.bound_ulps

    @cached_property
    def _numbers(self) -> Numbers:
        tables = np.full((3, self.bound.count, self.bound.width), np.nan)
        with quiet():
            for part in self._parts():
                tables[:, part.rows] = _numbers(self.bound, part)
        return Numbers(*map(self.bound.whole, tables))

    def numbers_at(self, place: tuple[int, ...]) -> tuple[float, float, float]:
        """Exact value, error and bound of one entry, without computing those of all."""
        flat = np.zeros(self.bound.shape, bool)
        flat[place] = True
        row, column = (int(index[0]) for index in np.nonzero(self.bound.rows(flat)))
        with quiet():
            for part in _parts_of(self.bound, self._rows[row : row + 1], row):
                return tuple(_numbers(self.bound, part)[:, 0, column].tolist())
        return (np.nan, np.nan, np.nan)

    def worst(self) -> tuple[int, ...]:
        """The place of the entry that is not within and farthest beyond its bound, the first of several."""
        with quiet():
            ratio = np.full((self.bound.count, self.bound.width), -np.inf)
            for part in self._parts():
                _, error, allowed = _numbers(self.bound, part)
                ratio[part.rows] = np.where(np.isnan(error / allowed), np.inf, error / allowed)
        ratio = np.where(self.within, -np.inf, self.bound.whole(ratio))
        return tuple(map(int, np.unravel_index(int(np.argmax(ratio)), ratio.shape)))

    @cached_property
    def _rows(self) -> Array:
        """The answer as rows; of a misfit there are none."""
        return np.zeros((self.bound.count, self.bound.width)) if self.misfit else self.bound.rows(self.answer)

    def _parts(self) -> Iterator[Part]:
        """The rows that are judged, a few at a time, as many as stay in the cache with their truth."""
        x = first(self.bound.arguments)
        if not x.size:
            return
        m = max((a.shape[1] for a in self.bound.arguments.values() if a.ndim == 3), default=1)
        each = max(PART_ENTRIES // self.bound.role.signature.entries(m, x.shape[-1]), 1)
        for start in range(0, self.bound.count, each):
            yield from _parts_of(self.bound, self._rows[start : start + each], start)


def judge(answer: Any, role: str | Role, *arguments: Any, **named: Any) -> Judgement:
    """Judge one answer: is it as close to the exact value of `role` at these arguments as a sound algorithm comes?

    `arguments` are those of the role, by position or name, of any batch shape: rows lie along the last axis, or along
    `axis` for a role that takes one; a label or a step size is a number, or an array of the batch shape. Arrays are of
    NumPy, PyTorch or JAX, also of bfloat16 and the 8-bit formats of ml_dtypes; lists are float64. The dtype of the
    arguments decides the error bound, and the answer has to have it, as well as the shape that the role gives it.

    NaN, +inf and rows masked altogether are not judged; entries of -inf are masked, and get exactly what the role says.

    Raises `UsageError` for a role that has no exact value of its own, and for arguments that are none of the role's;
    never for the answer.

    >>> judgement = extremum.judge([0.5, 0.25], "softmax", [0.0, 0.0])
    >>> judgement.ok, judgement.within.tolist(), judgement.exact.tolist()
    (False, [True, False], [0.5, 0.5])
    """
    judged = role if isinstance(role, Role) else role_named(role)
    prop = next(filter(None, map(judged.property_named, DECIDING)), None)
    if prop is None:
        raise UsageError(f"role={judged.name!r} has no exact value of its own: audit the function with `of`")
    bound = bind(judged, arguments, named)
    try:
        array = as_array(answer, "the answer")
    except UsageError as error:
        return Judgement(bound, prop, np.zeros(0), printable(str(error)))
    return Judgement(bound, prop, array, bound.misfit(array))


def _parts_of(bound: Bound, out: Array, start: int) -> Iterator[Part]:
    """Of consecutive rows from number `start` those that are judged: without masked entries, and with them."""
    arguments = {name: _wider(a[start : start + len(out)]) for name, a in bound.arguments.items()}
    out = _wider(out)
    judged, hidden = _judged(bound, arguments)
    if hidden is None and judged.all():
        yield Part(slice(start, start + len(out)), None, Observation(arguments, out))
        return
    masked: Array = np.zeros(len(out), bool) if hidden is None else np.asarray(hidden.any(axis=1))
    whole = Observation(arguments, out)
    for rows in (np.flatnonzero(judged & ~masked), np.flatnonzero(judged & masked)):
        if not len(rows):
            continue
        part = whole.take(rows)
        if hidden is None or not masked[rows[0]]:
            yield Part(start + rows, None, part)
        else:
            yield _unmasked(bound, start + rows, part, hidden[rows])


def _wider(a: Array) -> Array:
    """The same numbers in float32 where the dtype has fewer bits: NumPy computes slowly in these."""
    if a.dtype.itemsize >= np.dtype(np.float32).itemsize:
        return a
    table, bits = _in_float32(a.dtype)
    return table[np.ascontiguousarray(a).view(bits)]


@cache
def _in_float32(dtype: np.dtype[Any]) -> tuple[Array, np.dtype[Any]]:
    """Every number of a narrow format by its bits: NumPy takes nine times as long for a subnormal float16."""
    bits = np.dtype(f"u{dtype.itemsize}")
    return np.arange(2 ** (8 * dtype.itemsize)).astype(bits).view(dtype).astype(np.float32), bits


def _judged(bound: Bound, arguments: Arguments) -> tuple[Array, Array | None]:
    """Which rows are judged (rows,), and where their first argument is masked (rows, n); None: nowhere."""
    role, x = bound.role, first(arguments)
    judged, hidden = np.ones(len(x), bool), None
    for a in arguments.values():
        finite = np.isfinite(a)
        if finite.all():
            continue
        if a is x and any(regime.masked for regime in role.regimes):
            hidden = np.isneginf(a)
            finite |= hidden
            judged &= ~hidden.all(axis=1)
            # Nothing of float64 lies below its lowest number, which would be what is left in place of the mask.
            judged &= np.where(hidden, -np.inf, a.astype(np.float64)).max(axis=1) > -np.finfo(np.float64).max
        judged &= finite.reshape(len(a), -1).all(axis=1)
    if hidden is not None:
        for a in arguments.values():
            if a.dtype.kind == "i":
                judged &= ~hidden[np.arange(len(a)), a]
    if role.derived_for is not None:
        judged &= role.derived_for(arguments, bound.fmt)
    return judged, hidden


def _unmasked(bound: Bound, rows: Array, part: Observation, hidden: Array) -> Part:
    """The rows with numbers in place of masked entries, so far below the others that they count for nothing."""
    x, out = part.x.astype(np.float64), part.out
    assert out is not None
    peak = np.where(hidden, -np.inf, x).max(axis=1, keepdims=True)
    deep = np.maximum(2 * np.minimum(peak, 0) - DEEP, -np.finfo(np.float64).max)
    arguments = {name: np.where(hidden, deep, x) if a is part.x else a for name, a in part.arguments.items()}
    if bound.role.masked is None:
        return Part(rows, None, Observation(arguments, out))
    entries = hidden if hidden.shape == out.shape else in_matrix(hidden)
    return Part(rows, entries, Observation(arguments, out))


def _view(bound: Bound, part: Part, full_bound: bool) -> View:
    observation = part.observation
    if part.hidden is not None:  # what a masked entry got is no number to compare, and would spoil its row
        assert observation.out is not None
        out = np.where(part.hidden, np.zeros((), observation.out.dtype), observation.out)
        observation = Observation(observation.arguments, out)
    return View(bound.role, bound.fmt, observation, screen_arithmetic(bound.fmt), full_bound=full_bound)


def _cleared(view: View, prop: Property) -> Array:
    """The entries that the screen clears, as a mask (rows, width)."""
    measured, allowed = (view.narrow(values) for values in prop.measure(view))
    # A comparison costs less than a ratio. An infinite error is within no bound, nor is NaN.
    cleared = measured <= allowed * view.arithmetic.limit
    if not np.isfinite(measured.max(initial=0)):
        cleared &= measured < np.inf
    return np.asarray(cleared)


def _refuted(bound: Bound, prop: Property, part: Part) -> Array | None:
    """The entries of a part that are wrong, as a mask; None where all are within."""
    view = _view(bound, part, full_bound=False)
    open_entries, leaks = ~_cleared(view, prop), None
    if part.hidden is not None:
        leaks = part.hidden & (part.observation.out != bound.role.masked)
        open_entries = open_entries & ~part.hidden
    rows = np.flatnonzero(open_entries.any(axis=1))
    if not len(rows):
        return leaks if leaks is not None and leaks.any() else None
    refuted = np.zeros(open_entries.shape, bool) if leaks is None else leaks
    # A first look leaves out terms of the bound that few rows need: with these the open ones are decided.
    again = View(bound.role, bound.fmt, view.observation.take(rows), view.arithmetic)
    refuted[rows] |= refuted_entries(again, prop, open_entries[rows])
    return refuted


def _numbers(bound: Bound, part: Part) -> Array:
    """Exact value, error and bound of each entry of a part, shape (3, rows, width)."""
    view = _view(bound, part, full_bound=True)
    spacing = ulp(view)
    error, allowed = (view.narrow(v) / spacing for v in (view.error(abs(view.out - view.exact)), view.error_bound))
    exact = view.narrow(view.exact)
    if part.hidden is not None:
        out, due = part.observation.out, bound.role.masked
        assert due is not None
        exact = np.where(part.hidden, due, exact)
        leak = np.where(out == due, 0.0, np.abs(np.asarray(out, np.float64) - due))
        error = np.where(part.hidden, np.where(np.isnan(leak), np.inf, leak / spacing), error)
        allowed = np.where(part.hidden, 0.0, allowed)
    return np.stack(np.broadcast_arrays(exact, error, allowed))
