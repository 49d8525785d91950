"""Rounding to nearest, ties to even, into any binary format: numbers are exact rationals, before and after.

A float of any precision is a dyadic rational, kept as `flint.fmpq`, so that a sum and a product are exact until they
are rounded. A function's value is enclosed in a ball, whose precision is raised until both ends round to the same
float: results are correctly rounded, and the same on every machine. `x87` needs no processor that has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import frexp
from types import MappingProxyType
from typing import Any

import flint

from extremum.reference.arithmetic.formats import FORMATS, Format

Rational = Any  # flint.fmpq, which has no types
MOST_BITS = 2**17  # of a ball; a value that is still undecided then is a tie, or as good as one


class OutOfRange(ArithmeticError):
    """The result rounds to an infinity."""


class Undecided(ArithmeticError):
    """No ball tells which of two floats is the nearer."""


@dataclass(frozen=True)
class Rounding:
    """A binary format: p bits of significand, and exponents as far as `lowest` and `highest`, or without end.

    `lowest` is the exponent of the smallest subnormal, `highest` that of the first power of two beyond the largest
    value.
    """

    name: str
    precision: int
    lowest: int | None = None
    highest: int | None = None

    def exponent(self, r: Rational) -> int:
        """The exponent of the last bit of a float near `r`, which is not 0: the spacing of floats is 2 to it."""
        top, bottom = abs(int(r.p)), int(r.q)
        e = top.bit_length() - bottom.bit_length()
        if top << max(-e, 0) < bottom << max(e, 0):
            e -= 1  # now 2**e <= abs(r) < 2**(e + 1)
        last = e - self.precision + 1
        return last if self.lowest is None else max(last, self.lowest)

    def nearest(self, r: Rational) -> Rational:
        """`r` rounded; raises `OutOfRange` where that is infinite."""
        if r == 0:
            return r
        last = self.exponent(r)
        top, bottom = abs(int(r.p)) << max(-last, 0), int(r.q) << max(last, 0)
        quotient, rest = divmod(top, bottom)
        quotient += 2 * rest > bottom or (2 * rest == bottom and quotient % 2)
        if self.highest is not None and quotient.bit_length() + last > self.highest:
            raise OutOfRange(f"beyond the range of {self.name}")
        return scaled(quotient if r > 0 else -quotient, last)

    def enclosed(self, ball: Callable[[], Any]) -> Rational:
        """The float nearest to the real number that `ball()` encloses, at the precision of `flint.ctx`.

        Raises `OutOfRange` as `nearest`, and `Undecided` where balls of `MOST_BITS` leave two candidates.
        """
        bits = self.precision + 32
        while bits < MOST_BITS:
            with flint.ctx.workprec(bits):
                found = ball()
            middle, radius = dyadic(found.mid()), dyadic(found.rad())
            low, high = self.nearest(middle - radius), self.nearest(middle + radius)
            if low == high:
                return low
            bits *= 2
        raise Undecided(f"two floats of {self.name} are equally near")

    def neighbours(self, x: Rational) -> tuple[Rational, Rational]:
        """The floats on either side of `x`, at the spacing of its own binade; of 0, the smallest two.

        Where exponents have no end there is none next to 0, and those of 1's last bit are given.
        """
        at_zero = 1 - self.precision if self.lowest is None else self.lowest
        spacing = scaled(1, self.exponent(x) if x != 0 else at_zero)
        return x - spacing, x + spacing


def scaled(mantissa: int, exponent: int) -> Rational:
    """mantissa * 2**exponent."""
    return flint.fmpq(mantissa << exponent) if exponent >= 0 else flint.fmpq(mantissa, 1 << -exponent)


def dyadic(ball: Any) -> Rational:
    """The rational number that a ball without a radius is."""
    mantissa, exponent = ball.man_exp()
    return scaled(int(mantissa), int(exponent))


def hexadecimal(r: Rational) -> str:
    """The rational, rounded to 53 bits, as a C99 hex float; unlike `float.hex` it has no smallest exponent."""
    if r == 0:
        return "0x0.0p+0"
    r = DISPLAYED.nearest(r)
    exponent = DISPLAYED.exponent(r)
    digits = int(abs(r) * scaled(1, -exponent))
    return f"{'-' if r < 0 else ''}0x1.{digits - 2**52:013x}p{exponent + 52:+d}"


def of_format(fmt: Format) -> Rounding:
    """A dtype's own format."""
    return Rounding(fmt.name, fmt.precision, frexp(fmt.eta)[1] - 1, frexp(fmt.max)[1])


def of_bits(bits: int) -> Rounding:
    """A format of that precision whose exponents have no end, as MPFR's in practice."""
    return Rounding(f"{bits} bits", bits)


DISPLAYED = Rounding("C99 hex", 53)
X87 = Rounding("x87", 64, -16445, 16384)
FOLLOWED = MappingProxyType(
    {name: of_format(FORMATS[name]) for name in ("bfloat16", "float16", "float32", "float64")} | {"x87": X87}
)
