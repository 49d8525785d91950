"""Rounding to nearest, ties to even, into any binary format: numbers are exact rationals, before and after.

A float of any precision is a dyadic rational, held as `flint.fmpq`, so sums and products are exact until they are
rounded. The value of a function is enclosed in a ball, whose precision rises until both ends round to the same float.
So results are correctly rounded and the same on every machine; `x87` does not need such a processor.
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
BALL_BITS_MAX = 2**17  # a value that is still undecided then is a tie in practice


class OutOfRange(ArithmeticError):
    """The result rounds to an infinity."""


class NearestUndecided(ArithmeticError):
    """No ball tells which of two floats is the nearer."""


@dataclass(frozen=True)
class Rounding:
    """A binary format: p bits of significand, and exponents from `lowest` to `highest`, or without end where None.

    `lowest` is the exponent of the smallest subnormal, `highest` that of the first power of two above the largest
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

        Raises `OutOfRange` as `nearest`, and `NearestUndecided` where balls of `BALL_BITS_MAX` leave two candidates.
        """
        bits = self.precision + 32
        while bits < BALL_BITS_MAX:
            with flint.ctx.workprec(bits):
                value = ball()
            middle, radius = dyadic(value.mid()), dyadic(value.rad())
            low, high = self.nearest(middle - radius), self.nearest(middle + radius)
            if low == high:
                return low
            bits *= 2
        raise NearestUndecided(f"two floats of {self.name} are equally near")

    def neighbours(self, x: Rational) -> tuple[Rational, Rational]:
        """The floats on either side of `x`, at the spacing of its own binade; for 0, the two smallest in size.

        Where exponents have no end, 0 has no neighbours: the result is plus and minus the last bit of 1.
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
