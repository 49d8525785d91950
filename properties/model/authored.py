"""A role in a user's file: what is wrong with it is told by its file and line, with what would be right.

`checked` tries its functions on a few rows of each regime when it is loaded. What they raise later, on other rows, is
told in the same way: the role that it returns has them guarded.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import flint
import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import OutOfMemory
from extremum.properties.inputs.draw import Sampled
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.values.signature import Arguments, first
from extremum.reference.arithmetic.double_double import DoubleDouble
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Format
from extremum.reference.arithmetic.wide import Arithmetic, screen_arithmetic
from extremum.reference.errors import UsageError, nearest
from extremum.reference.truth import Truth

LENGTHS = (1, 3)  # of the rows that it is tried on
ROWS = 2
ANSWERED = (UsageError, Misbehaviour, Declined, OutOfMemory)  # what is the subject's, or told already
ENTRIES = {flint.arb: "balls", flint.fmpq: "rationals"}
EXACT = "exact constants"  # where an entry of an array of balls or rationals is a number, it is meant exactly
OPERATIONS = sorted(name for name, value in vars(Arithmetic).items() if name[0] != "_" and inspect.isfunction(value))


class RoleError(UsageError):
    """What is wrong with the file of a role, in one line."""


def checked(role: Role, file: str) -> Role:
    """The role with its functions guarded; raises `RoleError` where one of them can't do what it is for."""
    written = _Written(file, list(role.signature.inputs))
    guarded: Role = written.guarded(role)
    with quiet():
        written.check(guarded)
    return guarded


class _Written:
    """The functions of one file."""

    def __init__(self, file: str, inputs: Sequence[str]) -> None:
        self.file, self.inputs = file, inputs
        self.place = str(Path(file).resolve())

    def guarded(self, row: Any) -> Any:
        """A dataclass of the role's, with each function that this file defines guarded, at any depth."""
        changes = {field.name: self._guarded(getattr(row, field.name)) for field in fields(row) if field.init}
        return replace(row, **changes)

    def _guarded(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._guarded(part) for part in value)
        if is_dataclass(value) and not isinstance(value, type):
            return self.guarded(value) if type(value).__module__.startswith(f"{__package__}.") else value
        return self._told(value) if inspect.isfunction(value) and self._has(value.__code__.co_filename) else value

    def _has(self, file: str) -> bool:
        return str(Path(file).resolve()) == self.place

    def _told(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def asked(*given: Any, **named: Any) -> Any:
            try:
                return function(*given, **named)
            except ANSWERED:
                raise
            except Exception as error:
                raise self.error(error, function.__code__.co_firstlineno) from None

        return asked

    def error(self, error: Exception, first: int) -> RoleError:
        """What a function of this file raised, at its line; `first` is that of its definition."""
        own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if self._has(frame.filename)]
        line, text = (own[-1] if own else None) or first, (str(error).splitlines() or [""])[0]
        if isinstance(error, AttributeError) and hasattr(error.obj, "lift") and hasattr(error.obj, "narrow"):
            return self.told(line, f"no arithmetic has {error.name!r}: {nearest(str(error.name), OPERATIONS)}")
        name = error.args[0] if isinstance(error, KeyError) and error.args else None
        valid = f"; the arguments of this role are {', '.join(self.inputs)}" if isinstance(name, str) else ""
        return self.told(line, f"raises {type(error).__name__}{': ' if text else ''}{text}{valid}")

    def told(self, line: int, text: str) -> RoleError:
        """This said of a line of the file."""
        return RoleError(f"role={self.file!r}: line {line}: {text}")

    def check(self, role: Role) -> None:
        """Raise where a function of the role can't do what it is for."""
        for fmt in (FORMATS[name] for name in DEFAULT_DTYPES):
            for n in LENGTHS:
                ordinary = role.sampled(np.random.default_rng(0), fmt, n, ROWS)
                for arithmetic in dict.fromkeys((screen_arithmetic(fmt), role.certifier)):
                    self.check_truth(role, ordinary, arithmetic)
        self.check_everything(role, FORMATS["float32"])

    def check_truth(self, role: Role, arguments: Arguments, arithmetic: Arithmetic) -> None:
        """Raise where the truth of these rows is not in values of the arithmetic, or of another shape."""
        line = _line(role.truth)
        truth: Any = role.truth(arguments, arithmetic)  # whatever it says that it returns
        if not isinstance(truth, Truth):
            said = f"truth returns {type(truth).__name__}; it must return Truth(value), of `extremum.reference.truth`"
            raise self.told(line, said)
        value, x = truth.exact(), first(arguments)
        kind, wanted = _kind(value), _kind(arithmetic.lift(x))
        if kind != wanted and not (kind == EXACT and wanted in ENTRIES.values()):
            said = f"truth returns {kind} where it is asked for {wanted}"
            raise self.told(
                line, f"{said}: lift the arguments, and go on with the arithmetic's {', '.join(OPERATIONS)}"
            )
        width = _entries(role, arguments)
        shape = np.shape(value.high if isinstance(value, DoubleDouble) else value)
        if shape != (len(x), width):
            said = f"truth returns shape {shape} for {len(x)} rows of {x.shape[-1]}"
            raise self.told(line, f"{said}; {(len(x), width)} is needed: a row of entries for each answer")

    def check_everything(self, role: Role, fmt: Format) -> None:
        """Try the truth, the bounds and the measures on rows of each regime."""
        arithmetic, masked = screen_arithmetic(fmt), {prop.masked for prop in role.properties}
        for regime in (r for r in role.regimes if r.masked in masked):
            for n in LENGTHS:
                draw = Sampled(np.random.default_rng(0), fmt, ROWS, n, role.heights(n)[0])
                arguments = role.arguments(draw, regime)
                exact = np.asarray(arithmetic.narrow(role.truth(arguments, arithmetic).exact()))
                view = View(role, fmt, Observation(arguments, fmt.round(exact)), arithmetic)
                for bound in filter(None, (role.error_bound, role.gradual_bound, role.may_overflow)):
                    self._check_bound(bound, view, exact.shape)
                for prop in role.properties:
                    if prop.one_call and prop.masked == regime.masked:
                        prop.measure(view)

    def _check_bound(self, bound: Callable[[View], Any], view: View, shape: tuple[int, ...]) -> None:
        found = bound(view)
        try:
            np.broadcast_to(np.asarray(view.arithmetic.narrow(found), np.float64), shape)
        except (TypeError, ValueError, AttributeError):
            said = f"{bound.__name__} returns {_kind(found)} of shape {np.shape(found)}"
            raise self.told(_line(bound), f"{said}; numbers that broadcast to shape {shape} are needed") from None


def _entries(role: Role, arguments: Arguments) -> int:
    """Of one answer."""
    signature = role.signature
    if signature.batched:
        return signature.width(first(arguments).shape[-1])
    return int(np.prod(signature.answer(signature.row(arguments, 0), -1), dtype=int))


def _line(function: Callable[..., Any]) -> int:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_firstlineno if code else 1


def _kind(value: Any) -> str:
    """What an arithmetic's values are, in words."""
    if isinstance(value, DoubleDouble):
        return "double-doubles"
    if not isinstance(value, np.ndarray):
        return type(value).__name__
    if not value.dtype.hasobject:
        return f"an array of {value.dtype.name}"
    kinds = {type(entry) for entry in value.ravel().tolist()} - {float, int}
    return EXACT if not kinds else ENTRIES.get(kinds.pop(), "an array of objects")
