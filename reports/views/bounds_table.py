"""The table of allowed errors: by role, property and format, in the unit of the property.

Nothing here knows a bound. The measure that judges is asked what it allows on some rows, for the subject whose answer
is the exact value, rounded. What is allowed depends on the row, so that each cell has the smallest and the largest
over the entries of these rows: rows of the regime `ordinary`, or of numbers below the normal range for a property whose
unit is the smallest subnormal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.inputs.draw import Sampled
from extremum.properties.inputs.regimes import Regime
from extremum.properties.model.property import Property, subnormal
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.rounding import EXP_ERROR, LOG_ERROR, additions, gap_roundings
from extremum.properties.model.view import View
from extremum.properties.steps.decide import screen
from extremum.properties.values.signature import first
from extremum.reference.arithmetic.formats import Array, Format, format_of
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.subject import Subject

WIDTH = 80  # columns
LENGTHS = (16, 1024)  # entries of a row
ROWS = 4  # rows of each length
SEED = 0
LARGEST_ARRAY = 4096  # entries of a matrix or an answer: a longer row is cut, so that the table takes seconds
DTYPES_ABREAST = 4  # columns of two numbers each that fit into WIDTH
WHOLE_FROM, WHOLE_TO = 100, 100_000  # numbers that are written without a fraction and without an exponent

Cells = tuple[tuple[str, ...], ...]  # for each row length, that length and a cell for each format

LEGEND = (
    f"Each cell has the smallest and the largest allowed error over the entries of {ROWS} ordinary rows of n entries. "
    "A bound in subnormals is shown for entries below the normal range instead: - if there are none, inf if float64 "
    "cannot hold the number. u is the unit roundoff, ulp the spacing of floats at the exact value, and u sum is u "
    "times the sum of the magnitudes of an entry's terms. `extremum explain CODE` derives each bound."
)


def table(among: Sequence[Role], formats: Sequence[Format], properties: Sequence[str] | None = None) -> list[str]:
    """The error model and what each property of these roles allows, in lines of at most `WIDTH` columns.

    With `properties`, those of these names alone. Raises `UsageError` where none of the roles has one of them.
    """
    names = dict.fromkeys(prop.name for role in among for prop in role.properties)
    for name in properties or ():
        if name not in names:
            raise UsageError(
                f"property={name!r} is none of role={', '.join(r.name for r in among)}: {nearest(name, names)}"
            )
    text = textwrap.wrap(LEGEND, WIDTH)
    for start in range(0, len(formats), DTYPES_ABREAST):
        abreast = formats[start : start + DTYPES_ABREAST]
        text += ["", *_error_model(abreast)]
        for role in among:
            chosen = [prop for prop in role.properties if properties is None or prop.name in properties]
            text += ["", *_role_lines(role, chosen, abreast)] if chosen else []
    return text


def allowed(role: Role, prop: Property, fmt: Format, n: int) -> tuple[float, float] | None:
    """The smallest and the largest error that a property allows on rows of `n` entries, in its unit.

    None where the experiment of the property is not possible in the format, or no entry is below the normal range.
    """
    experiment = Experiment(Call(rounded_truth(role), role.signature), role, prop, fmt)
    draw = Sampled(np.random.default_rng(SEED), fmt, ROWS, n, role.heights(n)[0])
    with quiet():
        try:
            observation = experiment.observe(prop.case_of(draw, role.arguments(draw, _regime(role, prop))))
        except (Declined, Misbehaviour):
            return None
        view = View(role, fmt, observation, screen_arithmetic(fmt))
        errors = screen(view, prop)[1] / np.atleast_2d(prop.scale(view))
        if _of_underflow(prop):  # the bound of a normal entry is no number of subnormals that anybody wants to read
            errors = errors[np.abs(view.narrow(view.exact)) < fmt.tiny]
    return (float(errors.min()), float(errors.max())) if errors.size else None


def rounded_truth(role: Role) -> Subject:
    """The subject of a role whose answer is the exact value, rounded to the dtype of its argument."""

    def answer(*given: Any, axis: int = -1) -> Array:
        arrays = dict(zip(role.signature.inputs, map(np.asarray, given), strict=True))
        x = first(arrays)
        fmt, arithmetic = format_of(x.dtype.name), screen_arithmetic(format_of(x.dtype.name))
        if role.signature.batched:
            rows = {name: np.moveaxis(a, axis, -1).reshape(-1, x.shape[axis]) for name, a in arrays.items()}
        else:  # a float that was passed as a number of Python is one of the dtype; a label stays an integer
            rows = {name: (a if a.dtype.kind in "iu" else a.astype(x.dtype))[None] for name, a in arrays.items()}
        out = fmt.round(arithmetic.narrow(role.truth(rows, arithmetic).exact()))
        shape = role.signature.answer(arrays, axis)
        if role.signature.batched and len(shape) == x.ndim:  # the answer to each row lies along the axis again
            return np.moveaxis(out.reshape(np.moveaxis(x, axis, -1).shape), -1, axis)
        return out.reshape(shape)

    return Subject("exact", role.name, answer, axis="axis" if role.signature.batched else None)


def has_truth(role: Role) -> bool:
    """Whether the exact answers of the role are known: not where they are those of a function of the user's."""
    fmt = format_of("float64")
    try:
        role.truth(role.ordinary(fmt), screen_arithmetic(fmt))
    except TypeError:
        return False
    return True


def _regime(role: Role, prop: Property) -> Regime:
    """The regime of the rows: ordinary, or of numbers below the normal range."""
    kind = "subnormal" if _of_underflow(prop) else "ordinary"
    return next((regime for regime in role.regimes if kind in regime.name), role.regimes[0])


def _of_underflow(prop: Property) -> bool:
    return prop.scale is subnormal


def _lengths(role: Role, prop: Property) -> list[int]:
    """The row lengths that the property takes, cut to arrays of `LARGEST_ARRAY` entries."""
    longest = prop.longest or role.longest
    while role.signature.entries(role.heights(longest)[0], longest) > LARGEST_ARRAY:
        longest //= 2
    return list(dict.fromkeys(min(n, longest) for n in LENGTHS))


def _role_lines(role: Role, properties: Sequence[Property], formats: Sequence[Format]) -> list[str]:
    """What a role's properties allow; those that allow the same in the same unit stand together."""
    title = [f"{role.name}: {role.value}"]
    if not has_truth(role):
        return [*title, *_wrapped(f"Allowed is what follows from that function: {_named(properties)}.")]
    alike: dict[tuple[str, Cells], list[Property]] = {}
    nothing: list[Property] = []
    for prop in properties:
        bounds = {n: [allowed(role, prop, fmt, n) for fmt in formats] for n in _lengths(role, prop)}
        cells = tuple((f"n={n}", *map(_range, row)) for n, row in bounds.items())
        some = any(bound is None or bound[1] != 0 for row in bounds.values() for bound in row)
        unit = "subnormals" if _of_underflow(prop) else prop.unit
        (alike.setdefault((unit, cells), []) if some else nothing).append(prop)
    sections = [(f"{_named(group)}, in {unit}", cells) for (unit, cells), group in alike.items()]
    text = [*title, *_in_columns(sections, formats)] if sections else title
    return [*text, *_wrapped(f"Nothing is allowed on these rows: {_named(nothing)}.")] if nothing else text


def _error_model(formats: Sequence[Format]) -> list[str]:
    """What an operation costs a sound implementation, by format."""

    def cells(label: str, cost: Callable[[Format], float]) -> tuple[str, ...]:
        return (label, *(_number(cost(fmt), digits=3) for fmt in formats))

    operations = (
        cells("exp", lambda fmt: EXP_ERROR[fmt.name]),
        cells("log", lambda fmt: LOG_ERROR[fmt.name]),
        cells("gap", gap_roundings),
    )
    sections: list[tuple[str, Cells]] = [
        ("u, the unit roundoff", (cells("u", lambda fmt: fmt.unit_roundoff),)),
        ("exp, log, and a gap x_j - max x in an exponent, in u", operations),
        ("a sum of n terms, in u", tuple(cells(f"n={n}", partial(additions, n=n)) for n in LENGTHS)),
    ]
    return ["error model: what one operation costs a sound implementation", *_in_columns(sections, formats)]


def _in_columns(sections: Sequence[tuple[str, Cells]], formats: Sequence[Format]) -> list[str]:
    rows: list[tuple[str, ...]] = [
        ("", *(fmt.name for fmt in formats)),
        *(row for _, cells in sections for row in cells),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: tuple[str, ...]) -> str:
        return "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    text = [line(rows[0])]
    for title, cells in sections:
        text += [*_wrapped(title), *map(line, cells)]
    return text


def _named(properties: Sequence[Property]) -> str:
    return ", ".join(f"{prop.code} {prop.name}" for prop in properties)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _range(bound: tuple[float, float] | None) -> str:
    if bound is None:
        return "-"
    least, most = map(_number, bound)
    return least if least == most else f"{least}..{most}"


def _number(value: float, digits: int = 2) -> str:
    """A few digits, or a whole number: 3.6, 15, 1023, 2.2e-16."""
    if WHOLE_FROM <= value < WHOLE_TO:
        return f"{value:.0f}"
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
