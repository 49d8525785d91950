"""Floating-point formats as data: what the number line of each dtype looks like.

Everything else reads the rows of `FORMATS`; nothing else knows a constant of a format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from extremum.reference.errors import UsageError, nearest

Array = NDArray[Any]


def _finfo(dtype: np.dtype[Any]) -> Any:
    return ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Format:
    """One binary floating-point format.

    `precision` is p, the bits of the significand with the hidden one, so that the unit roundoff is
    u = 2**-p. All other constants are exact and follow from the dtype.
    """

    name: str
    dtype: np.dtype[Any]
    precision: int
    has_infinity: bool = True

    def __hash__(self) -> int:
        """By the name: a format is the key of what is derived from it, looked up for every block."""
        return hash(self.name)

    @property
    def native(self) -> bool:
        """Whether it is one of NumPy's own dtypes, which have both byte orders."""
        return self.dtype.kind == "f"

    @cached_property
    def unit_roundoff(self) -> float:
        """u = 2**-p, the largest relative error of one rounding to nearest."""
        return 2.0**-self.precision

    @cached_property
    def max(self) -> float:
        """The largest finite value."""
        return float(_finfo(self.dtype).max)

    @cached_property
    def tiny(self) -> float:
        """The smallest positive normal value."""
        return float(_finfo(self.dtype).smallest_normal)

    @cached_property
    def eta(self) -> float:
        """The smallest positive subnormal value, the spacing of floats around zero."""
        return float(_finfo(self.dtype).smallest_subnormal)

    @cached_property
    def bits(self) -> np.dtype[Any]:
        """The signed integer dtype of the same width."""
        return np.dtype(f"i{self.dtype.itemsize}")

    @cached_property
    def largest_ordinal(self) -> int:
        """The ordinal of `max`: the number of finite values above zero."""
        return int(self._signed_ordinal(np.asarray(self.max, self.dtype)))

    def round(self, values: Any) -> Array:
        """Round float64 `values` to the nearest of this format; what is beyond `max` becomes `max`.

        Infinities and NaN are kept where the format has them.
        """
        wide = np.asarray(values, np.float64)
        finite = np.asarray(np.clip(wide, -self.max, self.max))
        np.copyto(finite, wide, where=np.isinf(wide))
        return finite.astype(self.dtype)

    def ordinal(self, x: Array) -> Array:
        """Number the floats in order: 0 for both zeros, 1 for `eta`, -1 for `-eta` (int64)."""
        return self._signed_ordinal(np.asarray(x, self.dtype))

    def from_ordinal(self, ordinals: Any) -> Array:
        """The inverse of `ordinal`; ordinals beyond the largest finite value are clipped to it."""
        k = np.clip(np.asarray(ordinals, np.int64), -self.largest_ordinal, self.largest_ordinal)
        magnitude = np.abs(k).astype(self.bits).view(self.dtype)
        return np.where(k < 0, -magnitude, magnitude)

    def step(self, x: Any, ulps: Any) -> Array:
        """Walk from `x` (rounded to the format) by `ulps` floats, up or down, and stay finite."""
        return self.from_ordinal(self.ordinal(self.round(x)) + np.asarray(ulps, np.int64))

    def _signed_ordinal(self, x: Array) -> Array:
        i = np.ascontiguousarray(x).view(self.bits).astype(np.int64).reshape(np.shape(x))
        sign_bit = np.int64(-(2 ** (8 * self.dtype.itemsize - 1)))
        return np.where(i < 0, sign_bit - i, i)


def _rows() -> Mapping[str, Format]:
    rows = (
        Format("float64", np.dtype(np.float64), 53),
        Format("float32", np.dtype(np.float32), 24),
        Format("float16", np.dtype(np.float16), 11),
        Format("bfloat16", np.dtype(ml_dtypes.bfloat16), 8),
        Format("float8_e4m3fn", np.dtype(ml_dtypes.float8_e4m3fn), 4, has_infinity=False),
        Format("float8_e5m2", np.dtype(ml_dtypes.float8_e5m2), 3),
    )
    return MappingProxyType({row.name: row for row in rows})


FORMATS = _rows()
DEFAULT_DTYPES = ("float64", "float32", "float16", "bfloat16")  # the 8-bit formats are audited where they are named


def format_of(name: str) -> Format:
    """The format called `name`; raises `UsageError` with the nearest right spelling."""
    if name not in FORMATS:
        raise UsageError(f"dtype={name!r} is not a format that extremum knows: {nearest(name, FORMATS)}")
    return FORMATS[name]
