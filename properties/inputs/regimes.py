"""Regimes: named families of extreme rows of logits, each defined once.

A regime maps the choices of a `Draw` to rows: of a random generator for the sweep, of Hypothesis for
the search. Rows are float64 values of the format under audit, of shape (rows, n); the order of
`REGIMES` is from plain to intricate, and the simplest witness comes from the first that has one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.inputs.lengths import tail_places
from extremum.reference.arithmetic.formats import Array, Format

MASKED_LENGTH = 2  # a mask needs an entry to hide and one to keep


@dataclass(frozen=True)
class Regime:
    """One family of rows, or of what else `Role.arguments` makes arguments of; `description` is a sentence about them.

    Rows beyond `lengths.LONG` entries are drawn from the regimes marked `long` alone.
    """

    name: str
    rows: Callable[[Draw], Any]
    description: str = ""
    long: bool = False
    masked: bool = False
    drawn: bool = True  # from a generator alone, so that a recipe restores the rows

    @property
    def number(self) -> int:
        """A stable number for seeding, the same wherever the regime stands in the list."""
        return zlib.crc32(self.name.encode())

    def fill(self, draw: Draw) -> Array:
        """Rows in the format's dtype, of shape (draw.rows, draw.n)."""
        values = self.rows(draw)
        return draw.fmt.round(np.broadcast_to(values, (draw.rows, draw.n)))


_rows: dict[str, Regime] = {}


def regime(
    description: str, *, long: bool = False, masked: bool = False
) -> Callable[[Callable[[Draw], Array]], Callable[[Draw], Array]]:
    """Register the decorated function as the regime of its name, with hyphens."""

    def register(rows: Callable[[Draw], Array]) -> Callable[[Draw], Array]:
        name = rows.__name__.strip("_").replace("_", "-")
        _rows[name] = Regime(name, rows, description, long, masked)
        return rows

    return register


def log_max(fmt: Format) -> float:
    """Where exp overflows: log of the largest finite value."""
    return float(np.log(fmt.max))


def log_tiny(fmt: Format) -> float:
    """Where exp leaves the normal range."""
    return float(np.log(fmt.tiny))


def log_eta(fmt: Format) -> float:
    """Where exp leaves the subnormal range for zero, up to log 2."""
    return float(np.log(fmt.eta))


@regime("One value throughout, from 0 to the ends of the number line.", long=True)
def all_equal(d: Draw) -> Array:
    return pick(d, [0.0, 1.0, -1.0, 10.0, -10.0, log_max(d.fmt), log_eta(d.fmt), d.fmt.max, -d.fmt.max])


@regime("Logits as networks have them, between -10 and 10.", long=True)
def ordinary(d: Draw) -> Array:
    return d.uniform(-10.0, 10.0, each=True)


@regime("Any finite floats, every bit pattern alike: all magnitudes, both signs.")
def any_finite(d: Draw) -> Array:
    top = d.fmt.largest_ordinal
    return d.fmt.from_ordinal(d.integers(-top, top, each=True)).astype(np.float64)


@regime("Entries within a factor of the place where exp over- and underflows.")
def scaled(d: Draw) -> Array:
    scale = pick(d, [0.25, 0.5, 1.0, 2.0, 16.0]) * log_max(d.fmt)
    return d.uniform(-1.0, 1.0, each=True) * scale


@regime("Two values, each many times.")
def ties(d: Draw) -> Array:
    low, high = d.uniform(-20.0, 20.0), d.uniform(-20.0, 20.0)
    return np.where(d.integers(0, 1, each=True) == 1, high, low)


@regime("Entries that are neighbours on the number line, an ulp or two apart.")
def near_ties(d: Draw) -> Array:
    base = pick(d, [0.0, 1.0, -1.0, 10.0, log_max(d.fmt) / 2])
    return d.fmt.step(base, d.integers(-2, 2, each=True)).astype(np.float64)


@regime("A step either side of log max, or of log(max / n), alone among zeros or throughout.")
def overflow_edge(d: Draw) -> Array:
    edge = pick(d, [log_max(d.fmt), log_max(d.fmt) - float(np.log(d.n))])
    top = d.fmt.step(edge, d.integers(-1, 1, each=True)).astype(np.float64)
    rest = np.where(d.integers(0, 1) == 1, top, 0.0)
    return np.where(np.arange(d.n) == d.integers(0, d.n - 1), top, rest)


@regime("Every entry the same, a few steps either side of log(max / n).", long=True)
def ties_at_the_overflow_edge(d: Draw) -> Array:
    return d.fmt.step(log_max(d.fmt) - float(np.log(d.n)), d.integers(-8, 8)).astype(np.float64)


@regime("A step or two either side of where exp becomes subnormal, or zero.")
def underflow_edge(d: Draw) -> Array:
    edge = pick(d, [log_tiny(d.fmt), log_eta(d.fmt), log_eta(d.fmt) - float(np.log(2.0))], each=True)
    return d.fmt.step(edge, d.integers(-2, 2, each=True)).astype(np.float64)


@regime("All entries far below zero, so that without a shift every exp is zero.")
def far_negative(d: Draw) -> Array:
    bottom = pick(d, [2 * log_eta(d.fmt), -1e4, -d.fmt.max / 4])
    return bottom + d.uniform(-5.0, 0.0, each=True)


@regime("The largest finite values of either sign, and zeros: gaps beyond the format's range.")
def largest(d: Draw) -> Array:
    return pick(d, [d.fmt.max, -d.fmt.max, 0.0], each=True)


@regime("One large entry and many tiny ones, which together weigh as much as it or far less.", long=True)
def one_dominant(d: Draw) -> Array:
    depth = pick(d, [0.5, 1.0, 1.5]) * float(np.log(d.n + 1.0)) + d.uniform(0.0, 4.0)
    top = pick(d, [0.0, 8.0, -8.0])
    return np.where(np.arange(d.n) == d.integers(0, d.n - 1), top, top - depth)


@regime(
    "One entry at zero, the others where their probability is subnormal or just above; or near zero, and the others "
    "where it is half-way between two subnormals, as nearly as floats can be apart: there rounding errs most."
)
def subnormal_gaps(d: Draw) -> Array:
    depth = d.uniform(-log_eta(d.fmt) * 0.5, -log_eta(d.fmt) + 1.0, each=True)
    between = -log_eta(d.fmt) - np.log(d.integers(0, 3) + 0.5)
    below = d.fmt.step(-between, d.integers(-2, 2)).astype(np.float64)
    half_way = d.integers(0, 1) == 1
    rest, top = np.where(half_way, below, -depth), np.where(half_way, below + between, 0.0)
    return np.where(np.arange(d.n) == d.integers(0, d.n - 1), top, rest)


@regime("One entry ahead of all others by up to 45, where what is left of 1 - s and of a loss is exp(-45).")
def confident(d: Draw) -> Array:
    rest = d.uniform(-2.0, 0.0, each=True) - d.uniform(0.0, 45.0)
    return pick(d, [0.0, 8.0, -8.0]) + np.where(np.arange(d.n) == d.integers(0, d.n - 1), 0.0, rest)


@regime("Each entry above the one before: the maximum changes at every step.", long=True)
def ascending(d: Draw) -> Array:
    return _ramp(d)


@regime("Each entry below the one before.", long=True)
def descending(d: Draw) -> Array:
    return _ramp(d)[:, ::-1]


@regime("Up and down by turns, with a growing swing.")
def alternating(d: Draw) -> Array:
    return _ramp(d) * np.where(np.arange(d.n) % 2 == 0, 1.0, -1.0)


@regime("Ordinary logits under a common offset that the format can barely carry.", long=True)
def large_offset(d: Draw) -> Array:
    u = d.fmt.unit_roundoff
    offset = pick(d, [100.0, -100.0, 1000.0, -1000.0, 0.25 / u, -0.25 / u])
    return offset + d.uniform(-10.0, 10.0, each=True)


@regime("Large entries a few steps apart, whose differences are all that counts.")
def cancellation(d: Draw) -> Array:
    base = pick(d, [1.0, 0.25, 4.0]) * log_max(d.fmt)
    return d.fmt.step(base, d.integers(-64, 64, each=True)).astype(np.float64)


@regime("Zeros of both signs, and an entry that is none.")
def signed_zeros(d: Draw) -> Array:
    zeros = pick(d, [0.0, -0.0], each=True)
    return np.where(np.arange(d.n) == d.integers(0, d.n), d.uniform(-2.0, 2.0), zeros)


@regime("Entries below the normal range, which a processor may flush to zero.")
def subnormal_inputs(d: Draw) -> Array:
    count = min(d.fmt.ordinal(np.asarray(d.fmt.tiny, d.fmt.dtype)).item(), 2**62)
    return d.fmt.from_ordinal(d.integers(-count, count, each=True)).astype(np.float64)


@cache
def spikes(first: int) -> Regime:
    """Rows of `one-dominant`: zeros, and at a chosen place an entry so large that its exponential is beyond the range.

    The places are those of `lengths.tail_places`, from number `first` on: what leaves out an entry there is far off.
    """

    def rows(d: Draw) -> Array:
        places = tail_places(d.n)
        chosen = np.take(places, first + np.arange(d.rows), mode="wrap")[:, None]
        return np.where(np.arange(d.n) == chosen, 2 * log_max(d.fmt), 0.0)

    return Regime("one-dominant", rows, drawn=False)


MASKABLE = (ordinary, all_equal, large_offset, overflow_edge, far_negative, ascending, one_dominant, largest)


@regime("-inf from some column on, over rows of another regime: padding.", masked=True)
def masked_end(d: Draw) -> Array:
    keep = d.one_of(range(1, d.n)) if d.n >= MASKED_LENGTH else 1
    return _mask(d, np.arange(d.n) >= keep)


@regime("-inf up to some column: left padding, or a causal mask read backwards.", masked=True)
def masked_start(d: Draw) -> Array:
    hide = d.one_of(range(1, d.n)) if d.n >= MASKED_LENGTH else 0
    return _mask(d, np.arange(d.n) < hide)


@regime("-inf in a run of columns inside the row.", masked=True)
def masked_middle(d: Draw) -> Array:
    start = d.one_of(range(d.n))
    columns = np.arange(d.n)
    hidden = (columns >= start) & (columns <= start + d.n // 2)
    hidden[0 if start else -1] = False
    return _mask(d, hidden)


@regime("-inf everywhere but in one column.", masked=True)
def masked_all_but_one(d: Draw) -> Array:
    return _mask(d, np.arange(d.n) != d.one_of(range(d.n)))


@regime("-inf from another column on in every row: sequences of different lengths, padded.", masked=True)
def masked_ragged(d: Draw) -> Array:
    return _mask(d, np.arange(d.n) >= d.integers(1, d.n))


@regime("-inf above the diagonal: row i sees the first i + 1 entries.", masked=True)
def masked_causal(d: Draw) -> Array:
    return _mask(d, np.arange(d.n) > np.arange(d.rows)[:, None] + d.integers(0, d.n - 1))


@regime("-inf here and there, every other entry, or in a single hole; another in every row.", masked=True)
def masked_scattered(d: Draw) -> Array:
    scattered = d.integers(0, 1, each=True) == 1
    alternating = (np.arange(d.n) + d.integers(0, 1)) % 2 == 0
    hole = np.arange(d.n) == d.integers(0, d.n - 1)
    kind = d.integers(0, 2)
    hidden = np.where(kind == 0, hole, np.where(kind == 1, alternating, scattered))
    return _mask(d, hidden & (np.arange(d.n) != d.integers(0, d.n - 1)))


REGIMES = MappingProxyType(_rows)
PLAIN = tuple(r for r in REGIMES.values() if not r.masked)
MASKED = tuple(r for r in REGIMES.values() if r.masked)


def _ramp(d: Draw) -> Array:
    height = pick(d, [1.0, 0.05 * d.n, 10.0, log_max(d.fmt) / 2, 4 * log_max(d.fmt)])
    return pick(d, [0.0, -1.0, 10.0]) + height * (np.arange(d.n) / max(d.n - 1, 1))


def _mask(d: Draw, hidden: Array) -> Array:
    base = np.clip(d.one_of(MASKABLE)(d), -d.fmt.max / 4, d.fmt.max / 4)  # a kept entry lies far above a masked one
    return np.where(hidden, -np.inf, base)
