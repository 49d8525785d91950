"""What a role, a property and an observation are. Every role module fills these in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from extremum.properties.call import Call
from extremum.properties.case import Case
from extremum.properties.draw import Draw, Sampled
from extremum.properties.fused import Fused, unfused
from extremum.properties.lengths import LONGEST
from extremum.properties.regimes import PLAIN, Regime
from extremum.properties.signature import Arguments, Signature, first
from extremum.reference.formats import Array, Format
from extremum.reference.truth import Columns, Truth
from extremum.reference.wide import BALLS, Arithmetic, where


@dataclass(frozen=True)
class Observation:
    """What the calls of one experiment gave, as rows.

    `arguments` are those of the role, each with a leading axis of rows. The answer `out` has shape (rows, width)
    and so has, for a property that compares two answers, `other`. `extra` (rows, 1) is a quantity that must
    be 0 besides, `order` that of the entries in the other call. A property that only counts fills `count` and
    `note`, and nothing else is measured. `memo` holds what was computed of it and may be wanted again.
    """

    arguments: Arguments
    out: Array | None = None
    other: Array | None = None
    extra: Array | None = None
    order: Array | None = None
    count: int = 0
    note: str = ""
    memo: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def x(self) -> Array:
        """The first argument, shape (rows, n)."""
        return first(self.arguments)

    def take(self, rows: Array | slice) -> Observation:
        """The observation of some of its rows."""
        count = len(self.x)

        def part(a: Array | None) -> Array | None:
            return a[rows] if a is not None and len(a) == count else a

        arguments = {name: a[rows] for name, a in self.arguments.items()}
        return replace(self, arguments=arguments, out=part(self.out), other=part(self.other), extra=part(self.extra))


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
        truth: Truth | None = None,
        careful: bool = True,
    ) -> None:
        self.role, self.fmt, self.observation, self.arithmetic = role, fmt, observation, arithmetic
        self.careful = careful
        self.columns: Columns = slice(None) if columns is None else columns
        self._truth = truth

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
        return self._truth or self.role.truth(self.observation.arguments, self.arithmetic)

    @property
    def parts(self) -> Any:
        """What the truth is made of, as the role's truth has it."""
        return self.truth.parts

    @cached_property
    def exact(self) -> Any:
        """The exact answer."""
        return self.truth.exact(self.columns)

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
        """The answer; entries that are not finite are shown as 0, and judged by `flawed` and `beyond`."""
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
    def clean(self) -> bool:
        """Whether all answers are finite, and below the largest finite value."""
        out, other = self.observation.out, self.observation.other
        answers = [a for a in (out, other) if a is not None]
        with np.errstate(invalid="ignore"):
            return all(bool((np.abs(a) < self.fmt.max).all()) for a in answers)

    @cached_property
    def beyond(self) -> Array:
        """Where the answers left the range of the format as the exact value does, as a mask.

        They are infinite or the largest finite value, and the exact value is of their sign and, with what a
        sound answer may be off, not below the largest finite value. Or one is not finite, and the role excuses it.
        """
        if self.clean or self.role.bounded:
            return np.zeros((1, 1), bool)
        return np.asarray(self.outside | (self.overflow & ~self.finite))

    @cached_property
    def outside(self) -> Array:
        """Where the answers are infinite or the largest finite value, as the exact value nearly is, as a mask.

        In a format that has no infinity NaN stands for it.
        """
        with np.errstate(over="ignore"):
            exact, allowed = self.narrow(self.exact), self.narrow(self.allowance)
            edge = np.where(np.abs(exact) + allowed >= self.fmt.max, np.sign(exact), 0.0)
        instead = (lambda a: np.zeros(a.shape, bool)) if self.fmt.has_infinity else np.isnan
        return self._everywhere(lambda a: (edge != 0) & ((a * edge >= self.fmt.max) | instead(a)))

    @cached_property
    def finite(self) -> Array:
        """Where all answers are finite, as a mask."""
        return self._everywhere(np.isfinite)

    @cached_property
    def overflow(self) -> Array:
        """Where the role excuses an overflow on the way, as a mask."""
        return self.role.overflow(self)

    @cached_property
    def flawed(self) -> Array:
        """Where an answer is not finite and should be (and, of two answers, the other is not the same), as a mask."""
        if self.clean:
            return np.zeros((1, 1), bool)
        bad = ~self.finite & ~self.beyond
        if self.observation.other is not None:
            out, other = self.answer[:, self.columns], self.observation.other[:, self.columns]
            bad = bad & ~((out == other) | (np.isnan(out) & np.isnan(other)))
        return np.asarray(bad)

    @cached_property
    def allowance(self) -> Any:
        """What one sound answer may be off, by component."""
        if not isinstance(self.columns, slice):
            return self.role.allowance(self)
        key = self.role.allowance, self.careful  # other properties see the same rows
        if key not in self.truth.memo:
            self.truth.memo[key] = self.role.allowance(self)
        return self.truth.memo[key]

    def at(self, values: Any) -> Any:
        """The shown columns of `values` (rows, width)."""
        return values[:, self.columns]

    def narrow(self, values: Any) -> Array:
        """The values as float64."""
        return self.arithmetic.narrow(values)

    def error(self, values: Any) -> Any:
        """`values`, an error, with infinity where an answer is flawed, and 0 where it rightly left the range."""
        return values if self.clean else where(self.beyond, 0.0, where(self.flawed, np.inf, values))

    def _everywhere(self, test: Callable[[Array], Array]) -> Array:
        answers = [a for a in (self.observation.out, self.observation.other) if a is not None]
        return np.logical_and.reduce([test(a[:, self.columns].astype(np.float64)) for a in answers])

    def _finite(self, values: Array | None, columns: Columns) -> Any:
        assert values is not None
        shown = values[:, columns]
        if not self.clean:
            shown = np.where(np.isfinite(shown), shown, np.zeros((), values.dtype))
        return self.arithmetic.lift(shown)


Measure = Callable[[View], tuple[Any, Any]]


def alone(call: Call, case: Case) -> Observation:
    """The usual experiment: one call on the rows."""
    return Observation(case.arguments, call.rows(case.arguments))


def as_is(_draw: Draw, arguments: Arguments) -> Case:
    """The usual case: the arguments and nothing else."""
    return Case(arguments)


def ulp(view: View) -> Array:
    """The spacing of the format's floats at the exact answer: the unit of `accuracy`."""
    exact = np.clip(np.abs(view.narrow(view.exact)), view.fmt.tiny, view.fmt.max)
    return np.asarray(np.ldexp(1.0, np.frexp(exact)[1] - view.fmt.precision))


def roundoff(view: View) -> Array:
    """The unit roundoff: the unit of an error beside quantities of size one, shape (1, 1)."""
    return np.full((1, 1), view.fmt.unit_roundoff)


def subnormal(view: View) -> Array:
    """The smallest subnormal: the unit of an error below the normal range, shape (1, 1)."""
    return np.full((1, 1), view.fmt.eta)


def one(_view: View) -> Array:
    """The unit of a property that is measured as it stands."""
    return np.ones((1, 1))


@dataclass(frozen=True)
class Property:
    """A statement about a role, in the form that it takes in floating point.

    `measure` gives (measured, allowed), arrays that broadcast to (rows, n), and holds the statement, the
    bound and its source in its docstring, and there an example and the usual fix in paragraphs that begin with
    "Example:" and "Fix:". `arrange` makes a case of rows of arguments, `observe` makes the calls.
    `rows` (a block's) and `lengths` say how much of the sweep it affords, and `longest` how long rows are, where it is
    another number than the role's. An `exact` property is a comparison that needs no truth, and `proof` is what it is.
    `grades` tell how good an answer is where it holds: from best to worst, each with what it allows. `script` are the
    lines that show a reader the failure, given the arguments and the function `f`; `{args}` in them stands for the
    arguments of one call.
    """

    name: str
    code: str
    measure: Measure
    unit: str
    scale: Callable[[View], Array] = one
    arrange: Callable[[Draw, Arguments], Case] = as_is
    observe: Callable[[Call, Case], Observation] = alone
    severity: str = "high"
    lengths: str = "every"
    rows: int = 96
    masked: bool = False
    exact: bool = False
    proof: str = "an exact comparison"
    longest: int | None = None
    grades: Mapping[str, Callable[[View], Any]] = field(default_factory=dict)
    script: tuple[str, ...] = ("print(f({args}))",)

    @property
    def statement(self) -> str:
        """The first sentence of the docstring."""
        return self.paragraphs[0].replace("\n", " ")

    @property
    def derivation(self) -> str:
        """What is allowed and why: the paragraphs of the docstring between the statement and the example."""
        return "\n\n".join(p for p in self.paragraphs[1:] if not p.startswith(("Example: ", "Fix: ")))

    @property
    def example(self) -> str:
        """What a failure looks like."""
        return self._titled("Example: ")

    @property
    def fix(self) -> str:
        """The usual causes and the usual fix."""
        return self._titled("Fix: ")

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the docstring of `measure`."""
        return inspect.cleandoc(self.measure.__doc__ or "").split("\n\n")

    def _titled(self, title: str) -> str:
        return next((p.removeprefix(title) for p in self.paragraphs if p.startswith(title)), "")


def rows_alone(draw: Draw, regime: Regime) -> Arguments:
    """The arguments of a role that takes rows `x` and nothing else."""
    return {"x": regime.fill(draw)}


@dataclass(frozen=True)
class Role:
    """A mathematical function that an implementation claims to compute.

    `truth(arguments, arithmetic)` gives the exact answer to rows of arguments, `allowance(view)` what one sound
    answer may be off. `arguments(draw, regime)` makes rows of arguments. Rows have at most `longest` entries, and a
    block of the sweep at most `rows` rows; matrices have `heights(n)` rows of n, each of them tried. The exact values
    of a `bounded` role never leave the range of a format. What the screen can't clear is certified in `certifier`.
    Where exponentials of the first argument have edges, it is `edged`: `properties.onset` looks for them.
    Of what is contested, `contested` names the situations that arise (None: all). `overflow(view)` is where what a
    sound algorithm computes on its way may leave the range, so that an infinity or NaN is no flaw. Where `allowance`
    lets a flush to zero pass, `strict(view)` is what gradual underflow may cost. `fused(view, open_grades)` screens all
    properties that one call decides in one pass, if it can (`properties.fused`).
    """

    name: str
    call: str
    value: str
    truth: Callable[[Arguments, Arithmetic], Truth]
    allowance: Callable[[View], Any]
    properties: tuple[Property, ...]
    signature: Signature = field(default_factory=Signature)
    regimes: tuple[Regime, ...] = PLAIN
    arguments: Callable[[Draw, Regime], Arguments] = rows_alone
    longest: int = LONGEST
    rows: int = 96
    heights: Callable[[int], Sequence[int]] = lambda _n: (1,)
    bounded: bool = False
    edged: bool = True
    certifier: Arithmetic = BALLS
    contested: tuple[str, ...] | None = None
    overflow: Callable[[View], Array] = lambda _view: np.zeros((1, 1), bool)
    strict: Callable[[View], Any] | None = None
    fused: Callable[[View, frozenset[str]], Fused | None] = unfused

    def property_named(self, name: str) -> Property | None:
        """The property called `name`, or None."""
        return next((p for p in self.properties if p.name == name), None)

    def regime_named(self, name: str) -> Regime | None:
        """The regime called `name`, or None."""
        return next((r for r in self.regimes if r.name == name), None)

    def ordinary(self, fmt: Format, n: int = 3, rows: int = 2) -> Arguments:
        """Rows of arguments that any subject of the role answers."""
        return self.sampled(np.random.default_rng(0), fmt, n, rows)

    def sampled(self, rng: np.random.Generator, fmt: Format, n: int, rows: int) -> Arguments:
        """Rows of ordinary arguments from a generator."""
        plain = self.regime_named("ordinary") or self.regimes[0]
        return self.arguments(Sampled(rng, fmt, rows, n, self.heights(n)[0]), plain)


def grade_of(role: Role, prop: Property, exceeded: Collection[str]) -> str:
    """The best grade of a property that held: the first that is not exceeded, else "beyond".

    The role's own allowance is not exceeded where the property held: a grade is measured without the terms that most
    rows need not pay for.
    """
    held = (name for name, may in prop.grades.items() if name not in exceeded or may is role.allowance)
    return next(held, "beyond")


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
