"""Numbers of a record as readers see them: decimals of floats, exact values beside their format, counted nouns."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from math import log10

import numpy as np

from extremum.reference.arithmetic.formats import FORMATS, Format

SHORT_BITS = 24  # of the significand of a format whose exact values need no more than `DIGITS`
DIGITS, FULL_DIGITS = 10, 17
SINGULAR = {
    "answers": "answer",
    "calls": "call",
    "entries": "entry",
    "losses": "loss",
    "outputs": "output",
    "rows": "row",
    "subnormals": "subnormal",
    "witnesses": "witness",
}
PLURAL = {one: several for several, one in SINGULAR.items()}
ROUNDOFFS = {  # of the format: half of the gap of 1 to the next number
    "u": ("unit roundoff", "unit roundoffs"),
    "u sum": ("unit roundoff of the sum of magnitudes", "unit roundoffs of the sum of magnitudes"),
}
BEYOND_DECIMAL = re.compile(r"e(?P<sign>[+-]?)\d{7,}$")  # an exponent beyond all formats, that a `Decimal` may not have
FROM_POWER, TO_POWER = -4, 15  # of ten: between them a number is written without an exponent


def decimals(hexes: str, dtype: str) -> str:
    """Hex floats, with " and " between two, as the shortest decimals that give the same floats of `dtype`."""
    return " and ".join(_decimal(float.fromhex(part), dtype) for part in hexes.split(" and "))


def short_hex(text: str) -> str:
    """A C99 hex float without the zeros that end its significand, as %a of a float prints it."""
    head, point, tail = text.partition(".")
    digits, p, power = tail.partition("p")
    return f"{head}{point}{digits.rstrip('0') or '0'}{p}{power}" if point and p else text


def exact_text(exact: str, dtype: str) -> str:
    """An exact value, without digits that no float of the dtype has; of one below or above the format that it is."""
    if exact.startswith("[+/- "):
        return _near_zero(exact[5:].rstrip("]"), FORMATS.get(dtype))
    try:
        value = Decimal(BEYOND_DECIMAL.sub(r"e\g<sign>999999", exact.strip("[]").partition(" +/- ")[0]))
    except InvalidOperation:
        return exact
    if not value.is_finite() or value.is_zero():
        return f"{value.normalize():f}" if value.is_zero() else exact
    fmt = FORMATS.get(dtype)
    if fmt is not None and (place := _beyond(value, fmt)):
        return place
    digits = DIGITS if fmt is None or fmt.precision <= SHORT_BITS else FULL_DIGITS
    rounded = Decimal(f"{value:.{digits - 1}e}").normalize()
    return f"{rounded:f}" if FROM_POWER <= rounded.adjusted() < TO_POWER else f"{rounded:e}"


def _near_zero(radius: str, fmt: Format | None) -> str:
    """A value that is known to lie within so much of 0."""
    short = BEYOND_DECIMAL.sub(r"e\g<sign>999999", radius)
    if fmt is not None and Decimal(short) < Decimal(fmt.eta):
        return f"below {fmt.eta:.2g}, the smallest {fmt.name}"
    return f"0 to within {radius if short == radius else 'less than any float'}"


def _beyond(value: Decimal, fmt: Format) -> str:
    sign = "-" if value < 0 else ""
    if abs(value) < Decimal(fmt.eta):
        return f"{'negative, ' if sign else ''}below {fmt.eta:.2g}, the smallest {fmt.name}"
    if abs(value) > Decimal(float(fmt.max)):
        return f"{'negative, ' if sign else ''}above {fmt.max:.4g}, the largest {fmt.name}"
    return ""


def quantity(value: float | str | None) -> str:
    """A measured or allowed quantity, to four digits."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}"


def counted(value: float | str | None, unit: str) -> str:
    """A quantity with its unit, singular or plural: "1 output", "2.5 ulps"."""
    number = quantity(value)
    if isinstance(value, (int, float)) and 1e3 <= abs(value) < 1e7:
        number = f"{value:,.0f}"
    return f"{number} {unit_of(value, unit)}".rstrip()


def unit_of(value: float | str | None, unit: str) -> str:
    """A unit, singular or plural; empty of what is a value by itself."""
    one = quantity(value) == "1"
    if unit == "value":
        return ""
    if unit in ROUNDOFFS:
        return ROUNDOFFS[unit][not one]
    if unit in SINGULAR:
        return SINGULAR[unit] if one else unit
    return unit if one or not unit.endswith("ulp") else f"{unit}s"


def listed(names: list[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def number_of(count: int, noun: str) -> str:
    """A counted noun: "1 cell", "2 cells"."""
    return f"{count:,} {noun if count == 1 else PLURAL.get(noun, f'{noun}s')}"


def log10_of(hexes: str) -> float:
    """The decimal logarithm of a positive C99 hex float, whose exponent may be beyond that of float64."""
    mantissa, _, exponent = hexes.partition("p")
    return log10(float.fromhex(mantissa)) + int(exponent) * log10(2.0)


def _decimal(value: float, dtype: str) -> str:
    if not np.isfinite(value) or dtype not in FORMATS:
        return repr(value)
    exact = FORMATS[dtype].dtype.type(value)
    if float(exact) != value:  # an answer of another dtype
        return repr(value)
    return str(exact).removesuffix(".0") if dtype in ("float64", "float32", "float16") else f"{value:.6g}"
