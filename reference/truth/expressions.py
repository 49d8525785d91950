"""Formulas in text: read, never run; their exact values, and what an evaluation as written may be off.

`parsed` reads the text with Python's own grammar and takes what `VALID` says, no other node: nothing of it is
evaluated as Python. A formula is a list of steps, each of constants, arguments and earlier steps, so that any
arithmetic evaluates it in one loop.

`reference.arithmetic.running_errors` says what an evaluation as written may be off. The screen's own evaluation is one
of these, in float64 or x87: the same analysis says what it is off. Where that is not finite (a pole, the end of a
domain, an overflow on the way lie that near), and where NumPy has no wider function, balls give the value.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import flint
import numpy as np

from extremum.reference.arithmetic.double_double import DoubleDouble
from extremum.reference.arithmetic.elementary import FUNCTIONS, larger_of, on_balls
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.running_errors import CONSTANTS, Rounding, Step, errors_of, outside, values_of
from extremum.reference.arithmetic.wide import BALLS, Arithmetic, Balls
from extremum.reference.errors import UsageError, nearest
from extremum.reference.truth import Columns, Truth

VARIABLES = ("x", "y")
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
OF_TWO = ("min", "max")
CALLED = (*FUNCTIONS, "abs", *OF_TWO)
NAMES = (*VARIABLES, *CONSTANTS, *CALLED)
VALID = f"valid are numbers, {', '.join((*VARIABLES, *CONSTANTS))}, + - * / **, and {' '.join(CALLED)}"
LONGEST = 500  # characters
TENS = re.compile(r"[eE]([+-]?[0-9_]+)$")
LARGEST_TENS = 400  # the exponent of a number, beyond every format
LARGEST_POWER = 64  # a larger exponent is taken as any number
BITS = (128, 256, 512, 1024, 2048)  # of balls, raised until a value is enclosed


@dataclass(frozen=True)
class Expression:
    """A formula: its text, its variables, and its steps, the last of which is the value."""

    text: str
    variables: tuple[str, ...]
    steps: tuple[Step, ...]

    def truth(self, arguments: Mapping[str, Array], arithmetic: Arithmetic) -> Truth:
        """The exact values, entry by entry; the parts are `Evaluated`."""
        parts = Evaluated(self, arguments, arithmetic)
        return Truth(lambda columns: parts.at(columns).value, parts, lambda columns: parts.at(columns).off)

    def outside(self, arguments: Mapping[str, Array]) -> Array:
        """Where float64 tells for sure that the formula has no value, as a mask."""
        lifted = {name: a.astype(np.float64) for name, a in arguments.items()}
        with np.errstate(all="ignore"):
            values = values_of(self.steps, lifted)
            errors = errors_of(self.steps, values, Rounding.of_dtype(np.dtype(np.float64)))
        return np.broadcast_to(outside(self.steps, values, errors), next(iter(lifted.values())).shape)

    def has(self, dtype: Any) -> bool:
        """Whether NumPy has all functions in that dtype."""
        used = [FUNCTIONS[step.operator] for step in self.steps if step.operator in FUNCTIONS]
        return dtype == np.float64 or all(row.wide is not None for row in used)


def parsed(text: str) -> Expression:
    """The formula that a text is; raises `UsageError` in one line for what is none, with its place."""
    if not isinstance(text, str):
        raise UsageError(f"formula={text!r} must be text, as 'x*erf(x)'")
    return _Reader(" ".join(text.split())).expression()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.steps: dict[Step, int] = {}  # equal steps are one

    def expression(self) -> Expression:
        if "#" in self.text:
            raise UsageError(f"formula={self.text!r} has a comment: {VALID}")
        if len(self.text) > LONGEST:
            raise UsageError(f"formula={self.text[:40] + '...'!r} has {len(self.text):,} characters: {LONGEST} at most")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "1or x" is an invalid literal to Python, and no formula to us
                tree = ast.parse(self.text, mode="eval")
        except SyntaxError as error:
            place = error.offset or len(self.text) + 1
            raise UsageError(f"formula={self.text!r} is no formula at character {place}: {VALID}") from None
        except (ValueError, RecursionError, MemoryError):
            raise UsageError(f"formula={self.text!r} cannot be read: {VALID}") from None
        try:
            self.read(tree.body)
        except RecursionError:
            raise UsageError(f"formula={self.text!r} is too deep") from None
        used = {step.operator for step in self.steps}
        if "x" not in used:
            raise UsageError(f"formula={self.text!r} has no variable x: write it in x, or in x and y")
        variables = tuple(name for name in VARIABLES if name in used)
        return Expression(self.text, variables, tuple(self.steps))

    def read(self, node: ast.expr) -> int:
        """The number of the step that a node is."""
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            if isinstance(node.op, ast.Pow):
                return self.power(node)
            return self.step(OPERATORS[type(node.op)], self.read(node.left), self.read(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self.step("negated", self.read(node.operand))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return self.read(node.operand)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self.call(node, node.func.id)
        if isinstance(node, ast.Name) and node.id in (*VARIABLES, *CONSTANTS):
            return self.step(node.id)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return self.number(node)
        raise self.refused(node)

    def call(self, node: ast.Call, name: str) -> int:
        count = 2 if name in OF_TWO else 1
        if name not in CALLED:
            raise self.refused(node.func)
        if len(node.args) != count or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise UsageError(f"formula={self.text!r}: {name} takes {count} argument{'s' * (count - 1)}")
        return self.step(name, *map(self.read, node.args))

    def power(self, node: ast.BinOp) -> int:
        base, exponent = node.left, node.right
        sign = -1 if isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, ast.USub) else 1
        signed = isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, (ast.USub, ast.UAdd))
        number = exponent.operand if isinstance(exponent, ast.UnaryOp) and signed else exponent
        whole = _whole(number)
        if whole is None:
            if not isinstance(number, ast.Constant) and not any(isinstance(p, ast.Name) for p in ast.walk(exponent)):
                place = self.place(exponent)
                raise UsageError(f"formula={self.text!r}: write the exponent at character {place} as a number")
            return self.step("**", self.read(base), self.read(exponent))
        if whole > LARGEST_POWER:
            raise UsageError(f"formula={self.text!r} has the exponent {whole}: {LARGEST_POWER} at most")
        result = self.step("power", self.read(base), number=Fraction(whole))
        return result if sign > 0 else self.step("/", self.step("number", number=Fraction(1)), result)

    def number(self, node: ast.Constant) -> int:
        written = ast.get_source_segment(self.text, node) or ""
        tens = TENS.search(written)
        if tens and abs(int(tens[1])) > LARGEST_TENS:  # before it is raised to that power
            raise self.refused(node)
        try:
            number = Fraction(written)  # a decimal is meant exactly, not as the float beside it
            float(number)
        except (ValueError, OverflowError):
            raise self.refused(node) from None
        return self.step("number", number=number)

    def step(self, operator: str, *arguments: int, number: Fraction = Fraction(0)) -> int:
        return self.steps.setdefault(Step(operator, arguments, number), len(self.steps))

    def refused(self, node: ast.expr) -> UsageError:
        part = ast.get_source_segment(self.text, node) or ""
        valid = nearest(part, NAMES) if isinstance(node, ast.Name) and part not in NAMES else VALID
        return UsageError(f"formula={self.text!r}: {part!r} at character {self.place(node)} is not known: {valid}")

    def place(self, node: ast.expr) -> int:
        """The place of a part in the text, from 1; Python counts bytes."""
        return len(self.text.encode()[: node.col_offset].decode()) + 1


def _whole(node: ast.expr) -> int | None:
    """The whole number that is written, as 2 or 2.0."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) == float("inf"):
        return None
    return int(value) if value == int(value) else None


class Evaluated:
    """A formula on rows of arguments, in one arithmetic; only the columns that are asked for are computed."""

    def __init__(self, expression: Expression, arguments: Mapping[str, Array], arithmetic: Arithmetic) -> None:
        self.expression, self.arguments, self.arithmetic = expression, arguments, arithmetic
        self._known: dict[Any, Entries] = {}

    def at(self, columns: Columns) -> Entries:
        """The entries in those columns."""
        key = None if isinstance(columns, slice) else tuple(columns.tolist())
        if key not in self._known:
            shown = {name: self.arguments[name][:, columns] for name in self.expression.variables}
            kind = Enclosed if isinstance(self.arithmetic, Balls) else Screened
            self._known[key] = kind(self.expression, shown, self.arithmetic)
        return self._known[key]


class Entries(Protocol):
    """The value of a formula at some entries, each shape (rows, columns).

    `asked` is where it is defined. `off` is what `value` may be off, 0 of balls. Where it is not asked, `value` is 0.
    """

    value: Any
    asked: Array
    off: Any

    def error(self, fmt: Format, spread: float = 0.0) -> Any:
        """What an evaluation as written may be off in a format; infinite where it may meet a pole or a domain's end.

        Of arguments that are first off by `spread` u relative.
        """
        ...


class Enclosed:
    """`Entries` in balls, at the precision of the moment: a value that is not finite may be with more bits."""

    def __init__(self, expression: Expression, arguments: Mapping[str, Array], arithmetic: Arithmetic) -> None:
        self.expression = expression
        self.values = values_of(expression.steps, {name: arithmetic.lift(a) for name, a in arguments.items()})
        self.value, self.off = self.values[-1], 0.0
        self.asked = _finite(self.value)

    def error(self, fmt: Format, spread: float = 0.0) -> Any:
        """See `Entries`. NaN, which nothing is known to exceed, for what is not finite."""
        return errors_of(self.expression.steps, self.values, Rounding.of(fmt), spread)[-1]


class Screened:
    """`Entries` in NumPy's floats, and in balls where these do not suffice."""

    def __init__(self, expression: Expression, arguments: Mapping[str, Array], arithmetic: Arithmetic) -> None:
        self.expression = expression
        wide = getattr(arithmetic, "dtype", None)  # None: a double-double, which has few functions
        precise = wide is not None and expression.has(wide)
        dtype = np.dtype(wide if precise else np.float64)
        lifted = {name: a.astype(dtype) for name, a in arguments.items()}
        shape = next(iter(arguments.values())).shape
        with np.errstate(all="ignore"):  # what is not finite is told by its value
            self.steps = values_of(expression.steps, lifted)
            errors = errors_of(expression.steps, self.steps, Rounding.of_dtype(dtype))
            self.asked = np.array(np.broadcast_to(~outside(expression.steps, self.steps, errors), shape))
        value, off = (np.array(np.broadcast_to(a, shape)) for a in (self.steps[-1], errors[-1]))
        if precise:  # what has overflowed is beyond every format, by the rules of `elementary`
            value = np.clip(value, -np.finfo(dtype).max, np.finfo(dtype).max)
        hard = self.asked & ~(np.isfinite(value) & np.isfinite(off))
        self.hard = _enclosed(expression, {name: a[hard] for name, a in arguments.items()}, np.flatnonzero(hard))
        rest = self.asked & ~hard & (not precise)
        parts = [
            *self.hard,
            *_enclosed(expression, {name: a[rest] for name, a in arguments.items()}, np.flatnonzero(rest)),
        ]
        self.asked.flat[np.flatnonzero(hard)] = False
        high, low = (
            np.where(self.asked & precise, value, 0.0).astype(wide or np.float64),
            np.zeros(shape, wide or np.float64),
        )
        for part in parts:
            self.asked.flat[part.places] = True
            high.flat[part.places], low.flat[part.places] = part.floats(high.dtype)
        eps = 2.0**-100 if wide is None else np.finfo(wide).eps
        eta = LAST / high.dtype.type(RAISED if wide is np.longdouble else 1.0)
        self.off = np.where(rest | hard, abs(high) * eps + eta, 2.0 * off)  # twice: for the roundings of the bound
        self.off[~self.asked] = 0.0
        self.value = DoubleDouble(high, low) if wide is None else high + low

    def error(self, fmt: Format, spread: float = 0.0) -> Any:
        """See `Entries`."""
        rounding = Rounding.of(fmt)
        with np.errstate(all="ignore"):
            error = errors_of(self.expression.steps, self.steps, rounding, spread)[-1]
        error = np.array(np.broadcast_to(error, self.asked.shape))
        for part in self.hard:
            error.flat[part.places] = part.error(rounding, spread)
        return np.where(self.asked & ~np.isnan(error), error, np.inf)


@dataclass(frozen=True)
class _Part:
    """Entries that balls enclose, with the bits that this takes: their places, and the values of all steps."""

    expression: Expression
    places: Array
    steps: list[Any]
    bits: int

    def floats(self, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        """The values as numbers of that dtype and the rest; the largest float64 for what is beyond."""
        with flint.ctx.workprec(self.bits):
            values = self.steps[-1]
            high = np.clip(on_balls(float, values).astype(np.float64), -LARGEST, LARGEST)
            # The rest of a number that is nearly subnormal has no digits as a float64, but it has as an x87 number.
            raised = np.where(abs(high) < NEARLY_SUBNORMAL, RAISED, 1.0)
            rest = [float((b - h) * r) for b, h, r in zip(values, high, raised, strict=True)]
        low = np.where(abs(high) < LARGEST, np.array(rest, np.float64), 0.0)
        return high.astype(dtype), low.astype(dtype) / raised.astype(dtype)

    def error(self, rounding: Rounding, spread: float) -> Array:
        """As `Entries.error`; relative to the largest float64 where the value is beyond."""
        with flint.ctx.workprec(self.bits):
            error = errors_of(self.expression.steps, self.steps, rounding, spread)[-1]
            scale = larger_of(abs(self.steps[-1]) / LARGEST, 1.0)
            return on_balls(float, error / scale).astype(np.float64)


LARGEST = float(np.finfo(np.float64).max)
NEARLY_SUBNORMAL, RAISED = 2.0**-900, 2.0**300
LAST = np.finfo(np.float64).smallest_subnormal  # of `RAISED` rests too


def _enclosed(expression: Expression, arguments: Mapping[str, Array], places: Array) -> list[_Part]:
    """Those of some entries (n,) that are finite, in balls of as many bits as tell the value to `DIGITS` bits."""
    parts = []
    left = np.arange(len(places))
    for bits in BITS if len(places) else ():
        with flint.ctx.workprec(bits):
            lifted = {name: BALLS.lift(arguments[name][left]) for name in expression.variables}
            steps = [np.broadcast_to(values, left.shape) for values in values_of(expression.steps, lifted)]
            told = on_balls(_told if bits < BITS[-1] else flint.arb.is_finite, steps[-1]).astype(bool)
        if told.any():
            parts.append(_Part(expression, places[left[told]], [values[told] for values in steps], bits))
        left = left[~told]
        if not left.size:
            break
    return parts


def _told(ball: Any) -> bool:
    return bool(ball.is_finite()) and (ball.rel_accuracy_bits() >= DIGITS or ball.rad() < NOTHING)


DIGITS = 100  # bits of a value
NOTHING = flint.arb(2) ** -1200  # below every subnormal


def _finite(values: Any) -> Array:
    return on_balls(flint.arb.is_finite, values).astype(bool)
