"""Double-double arithmetic on NumPy arrays: an unevaluated sum of two float64, about 106 bits.

The algorithms are Dekker's and Knuth's error-free transformations (Dekker, "A floating-point
technique for extending the available precision", Numer. Math. 18 (1971); Knuth, TAOCP vol. 2,
4.2.2) and the sum, product and quotient of Joldes, Muller and Popescu, "Tight and rigorous error
bounds for basic building blocks of double-word arithmetic", ACM TOMS 44 (2017). It stands in for
x87 extended precision on processors that have none.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

SPLITTER = 2.0**27 + 1  # Veltkamp's constant halves a 53-bit significand
LN2 = (  # ln 2 in three parts; k * LN2[0] is exact for abs(k) < 2**17
    float.fromhex("0x1.62e42fefa0000p-1"),
    float.fromhex("0x1.cf79abc9e3b3ap-40"),
    float.fromhex("-0x1.ff0342542fc33p-94"),
)
LARGEST = float(np.finfo(np.float64).max)  # where sums saturate
LARGE = 2.0**900  # beyond it a factor is scaled down before it is split, which would overflow
SCALE = 2.0**64
HALVINGS = 8  # exp(r) = exp(r / 2**8) ** (2**8): few Taylor terms, and 8 bits of 106 lost
TAYLOR_TERMS = 10  # abs(r) / 2**8 < 0.00136, so the tail is below 2**-110


def two_sum(a: Float64, b: Float64) -> tuple[Float64, Float64]:
    """The rounded sum and its error, exactly."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def fast_two_sum(a: Float64, b: Float64) -> tuple[Float64, Float64]:
    """As `two_sum`, where abs(a) >= abs(b) or a is 0."""
    s = a + b
    return s, b - (s - a)


def two_product(a: Float64, b: Float64) -> tuple[Float64, Float64]:
    """The rounded product and its error, exactly where nothing over- or underflows."""
    large = np.abs(a) > LARGE
    if large.any():
        p, e = two_product(np.where(large, a / SCALE, a), b)
        return np.where(large, p * SCALE, p), np.where(large, e * SCALE, e)
    if (np.abs(b) > LARGE).any():
        return two_product(b, a)
    p = a * b
    ta, tb = SPLITTER * a, SPLITTER * b
    a1, b1 = ta - (ta - a), tb - (tb - b)
    a2, b2 = a - a1, b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


class DoubleDouble:
    """An array of `high + low`, with abs(low) at most half an ulp of high. Finite values; sums saturate."""

    def __init__(self, high: Float64, low: Float64 | float = 0.0) -> None:
        self.high = np.asarray(high, np.float64)
        self.low = np.broadcast_to(np.asarray(low, np.float64), self.high.shape)

    def __getitem__(self, key: Any) -> DoubleDouble:
        return DoubleDouble(self.high[key], self.low[key])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.high.shape

    def reshape(self, *shape: int) -> DoubleDouble:
        """The same values in another shape."""
        return DoubleDouble(self.high.reshape(shape), self.low.reshape(shape))

    def __neg__(self) -> DoubleDouble:
        return DoubleDouble(-self.high, -self.low)

    def __abs__(self) -> DoubleDouble:
        sign = np.where(self.high < 0, -1.0, 1.0)
        return DoubleDouble(self.high * sign, self.low * sign)

    def __add__(self, other: DoubleDouble | float) -> DoubleDouble:
        b = _lift(other)
        s, e = two_sum(self.high, b.high)
        t, f = two_sum(self.low, b.low)
        beyond = ~np.isfinite(s)
        if beyond.any():
            e, t, f = (np.where(beyond, 0.0, v) for v in (e, t, f))
            s = np.clip(s, -LARGEST, LARGEST)
        s, e = fast_two_sum(s, e + t)
        return DoubleDouble(*fast_two_sum(s, e + f))

    def __sub__(self, other: DoubleDouble | float) -> DoubleDouble:
        return self + -_lift(other)

    def __mul__(self, other: DoubleDouble | float) -> DoubleDouble:
        b = _lift(other)
        p, e = two_product(self.high, b.high)
        return DoubleDouble(*fast_two_sum(p, e + (self.high * b.low + self.low * b.high)))

    def __truediv__(self, other: DoubleDouble) -> DoubleDouble:
        quotient = self.high / other.high
        rest = self - other * DoubleDouble(quotient)
        return DoubleDouble(*fast_two_sum(quotient, rest.high / other.high))

    def exp(self) -> DoubleDouble:
        """exp, relative error below 2**-90 for results above 2**-960; 0 far below."""
        value, k = self._reduced_expm1()
        value = value + 1.0
        half = np.trunc(k / 2)  # in two steps, since 2**k itself may underflow where the result does not
        return DoubleDouble(_scale(value.high, half, k), _scale(value.low, half, k))

    def expm1(self) -> DoubleDouble:
        """exp - 1, relative error below 2**-88; infinite values are not met."""
        small, k = self._reduced_expm1()
        grown = self.exp() - 1.0
        return DoubleDouble(np.where(k == 0, small.high, grown.high), np.where(k == 0, small.low, grown.low))

    def _reduced_expm1(self) -> tuple[DoubleDouble, Float64]:
        """exp(r) - 1 and k, with self = k log 2 + r."""
        high = np.maximum(self.high, -2000.0)  # exp is 0 there, and k stays small
        low = np.where(self.high < -2000.0, 0.0, self.low)
        k = np.rint(high / LN2[0])
        r = DoubleDouble(high - k * LN2[0], low)  # Cody and Waite: this difference is exact
        r = r - DoubleDouble(*two_product(k, np.full_like(k, LN2[1]))) - DoubleDouble(k * LN2[2])
        r = r * 2.0**-HALVINGS
        terms = DoubleDouble(np.full_like(k, 1 / factorial(TAYLOR_TERMS)))
        for i in range(TAYLOR_TERMS - 1, 0, -1):  # Horner on expm1, which keeps the small end
            terms = terms * r + _reciprocal(factorial(i))
        value = terms * r
        for _ in range(HALVINGS):
            value = value * 2.0 + value * value
        return value, k

    def log1p(self) -> DoubleDouble:
        """log(1 + v) for v >= 0, relative error below 2**-85: one step of Newton from the float64 value."""
        start = DoubleDouble(np.log1p(self.high))
        grown = start.expm1()
        return start + (self - grown) / (grown + 1.0)

    def above(self, floor: float) -> DoubleDouble:
        """The larger of each value and `floor`."""
        low = self.high < floor
        return DoubleDouble(np.where(low, floor, self.high), np.where(low, 0.0, self.low))

    def total(self) -> DoubleDouble:
        """The sum along the last axis (kept), by halves: log2(n) additions deep."""
        part = self
        while (n := part.high.shape[-1]) > 1:
            half = (n + 1) // 2
            head, tail = part[..., :half], part[..., half:]
            pad = [(0, 0)] * (tail.high.ndim - 1) + [(0, half - tail.high.shape[-1])]
            part = head + DoubleDouble(np.pad(tail.high, pad), np.pad(tail.low, pad))
        return part


def _lift(value: DoubleDouble | float | Float64) -> DoubleDouble:
    return value if isinstance(value, DoubleDouble) else DoubleDouble(np.asarray(value, np.float64))


def _reciprocal(integer: int) -> DoubleDouble:
    return DoubleDouble(np.asarray(1.0)) / DoubleDouble(np.asarray(float(integer)))


def _scale(value: Float64, half: Float64, k: Float64) -> Float64:
    return np.ldexp(np.ldexp(value, half.astype(np.int64)), (k - half).astype(np.int64))
