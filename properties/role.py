"""What a role, a property and an observation are. Every role module fills these in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from extremum.properties.call import Call
from extremum.properties.case import Case
from extremum.properties.draw import Draw
from extremum.properties.regimes import Regime
from extremum.reference.double_double import DoubleDouble
from extremum.reference.formats import Array, Format
from extremum.reference.wide import Arithmetic


@dataclass(frozen=True)
class Observation:
    """What the calls of one experiment gave, as rows.

    `x` has shape (rows, n), and so have the answer `out` and, for a property that compares two
    answers, `other`. `extra` (rows, 1) is a quantity that must be 0 besides, `order` that of the entries in
    the other call. A property that only counts
    fills `count` and `note`, and nothing else is measured.
    """

    x: Array
    out: Array | None = None
    other: Array | None = None
    extra: Array | None = None
    order: Array | None = None
    count: int = 0
    note: str = ""


class View:
    """An observation seen in one arithmetic, for `Property.measure`.

    `s` and `depth` are the role's truth, `out` and `other` the answers, all in values of the arithmetic.
    With `columns`, only those columns are shown (of a single row): balls are for the few entries in doubt.
    """

    def __init__(
        self,
        role: Role,
        fmt: Format,
        observation: Observation,
        arithmetic: Arithmetic,
        columns: Array | None = None,
        truth: tuple[Any, Any] | None = None,
        careful: bool = True,
    ) -> None:
        self.role, self.fmt, self.observation, self.arithmetic = role, fmt, observation, arithmetic
        self.careful = careful
        self.columns = slice(None) if columns is None else columns
        self._truth = truth

    @property
    def n(self) -> int:
        """The length of the rows."""
        return int(self.observation.x.shape[-1])

    @cached_property
    def truth(self) -> tuple[Any, Any]:
        """The role's truth of whole rows."""
        return self._truth or self.role.truth(self.observation.x, self.arithmetic)

    @cached_property
    def s(self) -> Any:
        """The exact answer."""
        return self.truth[0][:, self.columns]

    @cached_property
    def depth(self) -> Any:
        """How far each entry lies below its row's maximum: x - max x."""
        return self.truth[1][:, self.columns]

    @property
    def answer(self) -> Array:
        """The answer as it came, whole rows of floats."""
        assert self.observation.out is not None
        return self.observation.out

    @cached_property
    def out(self) -> Any:
        """The answer; entries that are not finite are shown as 0, and judged by `flawed`."""
        return self._finite(self.observation.out, self.columns)

    @cached_property
    def other(self) -> Any:
        """The answer that `out` is compared with, as `out`."""
        return self._finite(self.observation.other, self.columns)

    @cached_property
    def total(self) -> Any:
        """The sum of the answer along the row, shape (rows, 1)."""
        return self.arithmetic.total(self._finite(self.observation.out, slice(None)))

    @cached_property
    def clean(self) -> bool:
        """Whether all answers are finite."""
        out, other = self.observation.out, self.observation.other
        answers = [a for a in (out, other) if a is not None]
        return all(bool(np.isfinite(a).all()) for a in answers)

    @cached_property
    def flawed(self) -> Array:
        """Where the answer is not finite (and, of two answers, the other is not the same), as a mask."""
        out, other = self.observation.out, self.observation.other
        assert out is not None
        if self.clean:
            return np.zeros((1, 1), bool)
        bad = ~np.isfinite(out)
        if other is not None:
            same = (out == other) | (np.isnan(out) & np.isnan(other))
            bad = (bad | ~np.isfinite(other)) & ~same
        return np.asarray(bad[:, self.columns])

    @cached_property
    def allowance(self) -> Any:
        """What one sound answer may be off, by component."""
        return self.role.allowance(self)

    def narrow(self, values: Any) -> Array:
        """The values as float64."""
        return self.arithmetic.narrow(values)

    def replace(self, values: Any, mask: Array, number: float) -> Any:
        """`values` with `number` where `mask` holds; balls elsewhere stay balls."""
        if not mask.any():
            return values
        if isinstance(values, DoubleDouble):
            return DoubleDouble(np.where(mask, number, values.high), np.where(mask, 0.0, values.low))
        return np.where(mask, number, values)

    def _finite(self, values: Array | None, columns: Any) -> Any:
        assert values is not None
        shown = values[:, columns]
        if not self.clean:
            shown = np.where(np.isfinite(shown), shown, np.zeros((), values.dtype))
        return self.arithmetic.lift(shown)


Measure = Callable[[View], tuple[Any, Any]]


def alone(call: Call, case: Case) -> Observation:
    """The usual experiment: one call on the rows."""
    return Observation(case.x, call.same_shape(case.x, case.axis))


def as_is(_draw: Draw, x: Array) -> Case:
    """The usual case: the rows and nothing else."""
    return Case({"x": x})


def ulp(view: View) -> Array:
    """The spacing of the format's floats at the exact answer: the unit of `accuracy`."""
    s = np.maximum(np.abs(view.narrow(view.s)), view.fmt.tiny)
    return np.asarray(2.0 ** (np.frexp(s)[1] - view.fmt.precision))


def one(_view: View) -> Array:
    """The unit of a property that is measured as it stands."""
    return np.ones((1, 1))


@dataclass(frozen=True)
class Property:
    """A statement about a role, in the form that it takes in floating point.

    `measure` gives (measured, allowed), arrays that broadcast to (rows, n), and holds the statement, the
    bound and its source in its docstring. `arrange` makes a case of rows, `observe` makes the calls.
    `rows` (a block's) and `lengths` say how much of the sweep it affords. An `exact` property is a comparison
    of floats that needs no truth; a `graded` one tells how good an answer is where it holds. `script` are the lines
    that show a reader the failure, given the arguments and `f(x, axis=-1)`.
    """

    name: str
    code: str
    measure: Measure
    unit: str
    scale: Callable[[View], Array] = one
    arrange: Callable[[Draw, Array], Case] = as_is
    observe: Callable[[Call, Case], Observation] = alone
    severity: str = "high"
    lengths: str = "every"
    rows: int = 256
    masked: bool = False
    exact: bool = False
    graded: bool = False
    script: tuple[str, ...] = ("print(f(x))",)

    @property
    def statement(self) -> str:
        """The first sentence of the docstring."""
        return self.explanation.split("\n\n")[0].replace("\n", " ")

    @property
    def explanation(self) -> str:
        """The docstring of `measure`."""
        return inspect.cleandoc(self.measure.__doc__ or "")


@dataclass(frozen=True)
class Role:
    """A mathematical function that an implementation claims to compute.

    `truth(x, arithmetic)` gives the exact answer of rows and their depth, `allowance(view)` what one sound
    answer may be off, `grades` the grades of accuracy from best to worst with their allowances.
    """

    name: str
    call: str
    value: str
    truth: Callable[[Array, Arithmetic], tuple[Any, Any]]
    allowance: Callable[[View], Any]
    regimes: tuple[Regime, ...]
    properties: tuple[Property, ...]
    grades: Mapping[str, Callable[[View], Any]] = field(default_factory=dict)

    def property_named(self, name: str) -> Property | None:
        """The property called `name`, or None."""
        return next((p for p in self.properties if p.name == name), None)


@dataclass(frozen=True)
class Experiment:
    """A property of a subject in a dtype: a cell that is being judged."""

    call: Call
    role: Role
    prop: Property
    fmt: Format

    def observe(self, case: Case) -> Observation:
        """Make the calls of the property on `case`."""
        return self.prop.observe(self.call, case)
