"""An observation: what the calls of one experiment gave, and how a property sees it in one arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import Arithmetic, where
from extremum.reference.truth import RELATIVE, Columns, Truth

Measured = tuple[Any, Any]  # (measured, allowed): arrays in the view's arithmetic that broadcast to (rows, width)

if TYPE_CHECKING:
    from extremum.properties.model.role import Role


@dataclass(frozen=True)
class Observation:
    """What the calls of one experiment gave, as rows.

    `arguments` are those of the role, each with a leading axis of rows. The answer `out` has shape (rows, width)
    and so has, for a property that compares two answers, `other`. `extra` (rows, 1) is a quantity that must
    be 0 besides, `order` that of the entries in the other call. Where some rows of a case are kept alone, `places` are
    their numbers. A property that only counts fills `count` and
    `note`, and nothing else is measured.
    """

    arguments: Arguments
    out: Array | None = None
    other: Array | None = None
    extra: Array | None = None
    order: Array | None = None
    places: Array | None = None
    count: int = 0
    note: str = ""

    @property
    def x(self) -> Array:
        """The first argument, shape (rows, n)."""
        return first(self.arguments)

    def take(self, rows: Array | slice) -> Observation:
        """The observation of some of its rows."""
        count = len(self.x)

        def part(a: Array | None) -> Array | None:
            return a[rows] if a is not None and len(a) == count else a  # what is not by row stays whole

        arguments = {name: a[rows] for name, a in self.arguments.items()}
        return replace(self, arguments=arguments, out=part(self.out), other=part(self.other), extra=part(self.extra))


@dataclass(frozen=True)
class KnownTruth:
    """The truth of some rows, and the error bounds on them that were computed so far, for all who look at the rows."""

    truth: Truth
    _bounds: dict[Any, Any] = field(default_factory=dict, repr=False)

    def error_bound(self, view: View) -> Any:
        """The error bound of the view's role, in all columns."""
        # With `full_bound`: else a later view would get the smaller bound of the first look, and refute what is sound.
        key = view.role.error_bound, view.full_bound
        if key not in self._bounds:
            self._bounds[key] = view.role.error_bound(view)
        return self._bounds[key]


class View:
    """An observation seen in one arithmetic, for `Property.measure`.

    `exact` is the role's truth, `out` and `other` the answers, all in values of the arithmetic.
    With `columns`, only those columns are shown (of a single row): balls are for the few entries in doubt.
    """

    def __init__(
        self,
        role: Role,
        fmt: Format,
        observation: Observation,
        arithmetic: Arithmetic,
        columns: Array | None = None,
        known: KnownTruth | None = None,
        full_bound: bool = True,
    ) -> None:
        self.role, self.fmt, self.observation, self.arithmetic = role, fmt, observation, arithmetic
        self.full_bound = full_bound
        self.columns: Columns = slice(None) if columns is None else columns  # a slice copies nothing
        self._known = known

    @property
    def n(self) -> int:
        """The length of the rows of the first argument."""
        return int(self.observation.x.shape[-1])

    @property
    def width(self) -> int:
        """The entries of an answer."""
        return int(self.answer.shape[-1])

    @cached_property
    def truth(self) -> Truth:
        """The role's truth of whole rows."""
        # A block's truth serves all its properties: the screen hands it in, and a certifier makes its own in balls.
        return self._known.truth if self._known else self.role.truth(self.observation.arguments, self.arithmetic)

    @property
    def parts(self) -> Any:
        """What the truth is made of, as the role's truth has it."""
        return self.truth.parts

    @cached_property
    def exact(self) -> Any:
        """The exact answer."""
        return self.truth.exact(self.columns)

    @cached_property
    def off(self) -> Any:
        """What `exact` may be off, in a screen."""
        stated = self.truth.off
        return abs(self.exact) * RELATIVE if stated is None else stated(self.columns)

    def argument(self, name: str) -> Any:
        """An argument, whole, in values of the arithmetic."""
        return self.arithmetic.lift(self.observation.arguments[name])

    @property
    def answer(self) -> Array:
        """The answer as it came, whole rows of floats."""
        assert self.observation.out is not None
        return self.observation.out

    @cached_property
    def out(self) -> Any:
        """The answer; entries that are not finite are shown as 0, and judged by `wrong_nonfinite` and `excused`."""
        return self._finite(self.observation.out, self.columns)

    @cached_property
    def other(self) -> Any:
        """The answer that `out` is compared with, as `out`."""
        return self._finite(self.observation.other, self.columns)

    @cached_property
    def whole(self) -> Any:
        """The answer in all its columns, as `out`."""
        return self._finite(self.observation.out, slice(None))

    @cached_property
    def total(self) -> Any:
        """The sum of the answer along the row, shape (rows, 1)."""
        return self.arithmetic.total(self.whole)

    @cached_property
    def all_finite(self) -> bool:
        """Whether all answers are finite, and below the largest finite value."""
        out, other = self.observation.out, self.observation.other
        answers = [a for a in (out, other) if a is not None]
        # NaN is below nothing, so this one comparison finds NaN too; what saturates stops at the largest finite value.
        with np.errstate(invalid="ignore"):
            return all(bool((np.abs(a) < self.fmt.max).all()) for a in answers)

    @cached_property
    def excused(self) -> Array:
        """Where the answers left the range of the format as the exact value does, as a mask.

        They are infinite or the largest finite value, and the exact value is of their sign and, with what a
        sound answer may be off, not below the largest finite value. Or one is not finite, and the role excuses it.
        """
        # First what costs nothing: nearly every block is finite, and `left_range` needs the truth and the bound.
        if self.all_finite or self.role.bounded:
            return np.zeros((1, 1), bool)
        return np.asarray(self.left_range | (self.may_overflow & ~self.finite))

    @cached_property
    def left_range(self) -> Array:
        """Where the answers are infinite or the largest finite value, as the exact value nearly is, as a mask.

        In a format that has no infinity NaN stands for it.
        """
        with np.errstate(over="ignore"):
            # As float64 their sum may overflow: an infinite one is at the edge too.
            exact, allowed = self.narrow(self.exact), self.narrow(self.error_bound)
            edge = np.where(np.abs(exact) + allowed >= self.fmt.max, np.sign(exact), 0.0)
        instead = (lambda a: np.zeros(a.shape, bool)) if self.fmt.has_infinity else np.isnan
        return self._everywhere(lambda a: (edge != 0) & ((a * edge >= self.fmt.max) | instead(a)))

    @cached_property
    def finite(self) -> Array:
        """Where all answers are finite, as a mask."""
        return self._everywhere(np.isfinite)

    @cached_property
    def may_overflow(self) -> Array:
        """Where the role excuses an overflow on the way, as a mask."""
        return self.role.may_overflow(self)

    @cached_property
    def wrong_nonfinite(self) -> Array:
        """Where an answer is not finite and should be (and, of two answers, the other is not the same), as a mask."""
        if self.all_finite:
            return np.zeros((1, 1), bool)
        # An infinity that the exact value excuses is no flaw: without `excused` every sound overflow would be refuted.
        bad = ~self.finite & ~self.excused
        if self.observation.other is not None:
            out, other = self.answer[:, self.columns], self.observation.other[:, self.columns]
            # Two answers that are wrong alike do not differ: their own property judges each. NaN equals no NaN.
            bad = bad & ~((out == other) | (np.isnan(out) & np.isnan(other)))
        return np.asarray(bad)

    @cached_property
    def error_bound(self) -> Any:
        """What one sound answer may be off, by component."""
        if self._known is not None and isinstance(self.columns, slice):
            return self._known.error_bound(self)  # other properties look at the same rows
        return self.role.error_bound(self)

    def at(self, values: Any) -> Any:
        """The shown columns of `values` (rows, width)."""
        return values[:, self.columns]

    def narrow(self, values: Any) -> Array:
        """The values as float64."""
        return self.arithmetic.narrow(values)

    def error(self, values: Any) -> Any:
        """`values`, an error, with infinity where an answer is flawed, and 0 where it rightly left the range."""
        return values if self.all_finite else where(self.excused, 0.0, where(self.wrong_nonfinite, np.inf, values))

    def _everywhere(self, test: Callable[[Array], Array]) -> Array:
        answers = [a for a in (self.observation.out, self.observation.other) if a is not None]
        return np.logical_and.reduce([test(a[:, self.columns].astype(np.float64)) for a in answers])

    def _finite(self, values: Array | None, columns: Columns) -> Any:
        assert values is not None
        shown = values[:, columns]
        # One NaN or infinity would spoil the sums of its row; `wrong_nonfinite` and `excused` judge it.
        if not self.all_finite:
            shown = np.where(np.isfinite(shown), shown, np.zeros((), values.dtype))
        return self.arithmetic.lift(shown)
