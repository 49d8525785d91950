"""What a sound softmax may be off, derived for the widest class of algorithms that people call sound.

A sound softmax computes e_j close to exp(x_j - m) for some reference m (the maximum, or a running
maximum), adds the e_j to S, and scales: by a division, or by a reciprocal and a product. With u the
unit roundoff of the dtype and r_e the relative error of its exp, to first order:

| source | relative error |
|---|---|
| the gap x_j - m: one rounding; in base 2 two more, of log2(e) and of the product | g abs(depth_j) u, g = 3 |
| exp | r_e |
| S: d additions, the gaps and exps of its terms weighted by s_i | d u + g sum_i s_i abs(depth_i) u + r_e |
| the terms of S that are subnormal, each to within r_e / u steps of the smallest subnormal | n (r_e / u) eta / S |
| scaling: at most two roundings | 2 u |

and sum_i s_i abs(depth_i) <= W((n - 1) / e) with Lambert's W: the left side is the entropy of s less
log(S) and is largest where one entry is at 0 and the others are equal. A total of t, of first-order terms
each at most r_e, is a true error of at most expm1(t / (1 - r_e)) <= t + t**2 for 2 r_e <= t < 1.7.

r_e, d (the additions on the longest path) and g are those of the format (`properties.model.rounding`). Where the
maximum is a running one, `rescaling` adds its part.
Source of the classical forms: Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the
log-sum-exp and softmax functions", IMA J. Numer. Anal. 41 (2021), theorem 4.3.
"""

from __future__ import annotations

from functools import lru_cache
from math import e, log
from typing import Any

import numpy as np

from extremum.properties.model.rounding import (
    EXP_ERROR,
    LOG_ERROR,
    PAIRWISE_FROM,
    RECURSIVE_FROM,
    additions,
    gap_roundings,
    pairwise,
)
from extremum.properties.model.view import View
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import FLOAT64, row_max
from extremum.reference.truth import Columns

SCALINGS = 2  # roundings, at most, of the division or of the reciprocal and the product


@lru_cache(maxsize=4096)
def weighted_depth(n: int) -> float:
    """W((n - 1) / e), rounded up: the largest sum_i s_i abs(depth_i) of a row of n."""
    z = (n - 1) / e
    w = log(1 + z)
    for _ in range(50):  # Newton on w exp(w) = z from above: it converges from that side
        w -= (w - z * np.exp(-w)) / (1 + w)
    return float(w * (1 + 2**-40))


def sum_error(fmt: Format, n: int, d: int) -> float:
    """abs(sum of the answer - 1), without rescaling: (d + 2) u, and half a subnormal for each entry.

    The errors of exp cancel: the same e_j are summed and scaled. What is left are the d additions and the
    scaling, at most two roundings.
    """
    t = (d + SCALINGS) * fmt.unit_roundoff
    return t + t * t + n * fmt.eta / 2


def componentwise(view: View, d: int, columns: Columns | None = None) -> Any:
    """The relative error t + t**2 of the table above, by component (those shown), with d additions in the sum."""
    chosen = view.columns if columns is None else columns
    u, r = view.fmt.unit_roundoff, EXP_ERROR[view.fmt.name]
    base = fixed(view.fmt, view.n, d) + (SCALINGS + r) * u
    t = view.parts.capped_gap[:, chosen] * (-gap_roundings(view.fmt) * u)
    t += base  # in place, here and below: of long rows each new array costs as much as an exp
    if view.full_bound:
        t = t + rescaling(view, chosen)
    squared = t + 1.0
    squared *= t
    return squared


def fixed(fmt: Format, n: int, d: int) -> float:
    """The relative error of S, whose terms are the same for all rows of a length: additions, gaps, exps, underflow."""
    u, r = fmt.unit_roundoff, EXP_ERROR[fmt.name]
    return (d + gap_roundings(fmt) * weighted_depth(n) + r) * u + n * r * fmt.eta


def log_error(view: View) -> Any:
    """The absolute error of log S: that of S (`fixed`, `rescaling`), and r_l log S for the logarithm, shape (rows, 1).

    log(1 + t) is off by at most t + t**2 where S is off by t < 2/3 relative. In base 2 the logarithm is
    multiplied by a rounded ln 2, at a cost of two more roundings.
    """
    u, wide = view.fmt.unit_roundoff, gap_roundings(view.fmt) - 1
    t: Any = fixed(view.fmt, view.n, additions(view.fmt, view.n))
    if view.full_bound:
        t = rescaling(view) + t
    return view.parts.log_total * ((LOG_ERROR[view.fmt.name] + wide) * u) + t * (t + 1.0)


def most_levels(fmt: Format, n: int) -> int:
    """The levels of the widest sound combination of parts by logsumexp: a chain where recursion is sound, or a tree."""
    if fmt.precision >= RECURSIVE_FROM:
        return n
    return tree_levels(n) if fmt.precision >= PAIRWISE_FROM else 1


def tree_levels(n: int) -> int:
    """How often a tree of n parts rounds on its longest path, the logsumexp of each part included."""
    return pairwise(n) + 1 if n > 1 else 1


def of_levels(fmt: Format, levels: int) -> float:
    """The relative error of so many roundings: k u / (1 - k u) >= (1 + u)**k - 1."""
    return levels * fmt.unit_roundoff / (1 - levels * fmt.unit_roundoff)


def parts_error(fmt: Format, n: int, levels: int) -> tuple[float, float, float]:
    """What a logsumexp of parts may be off: t + t**2, an absolute error, and one relative to the result.

    `properties.roles.logsumexp` derives it.
    """
    u, r, g = fmt.unit_roundoff, EXP_ERROR[fmt.name], gap_roundings(fmt)
    t = (additions(fmt, n) + r + (g + r) * log(n)) * u + n * r * fmt.eta
    y = of_levels(fmt, levels)
    return t, ((LOG_ERROR[fmt.name] + g - 1) * u + y) * log(n), y


def rises(view: View) -> Array:
    """k_j: how often a running maximum rises after entry j, forwards or backwards, whichever is more (rows, n).

    Where the observation compares two orders of a row, the larger of both.
    """
    x, order = view.observation.x, view.observation.order
    counts = np.maximum(_rises(x), _rises(x[:, ::-1])[:, ::-1])
    if order is not None:
        other = x[:, order]
        counts[:, order] = np.maximum(counts[:, order], np.maximum(_rises(other), _rises(other[:, ::-1])[:, ::-1]))
    return np.asarray(counts)


def _rises(x: Array) -> Array:
    peak = np.maximum.accumulate(x, axis=-1)
    rise = np.zeros(x.shape)
    rise[:, 1:] = peak[:, 1:] > peak[:, :-1]
    return np.asarray(rise.sum(axis=-1, keepdims=True) - np.cumsum(rise, axis=-1))


def rescaling(view: View, numerators: Columns | None = None) -> Any:
    """What a running maximum adds: sum_i s_i k_i (r_e + 3 u) to S, and k_j (r_e + 2 u) to these numerators.

    Each rise multiplies what was summed so far by an exp, at a cost of r_e and two roundings (its gap is
    counted with the depths: the gaps of successive rises add up to them). A numerator that is rescaled in place
    with S, as kernels that keep a running output have it, shares the exps and pays the roundings. Milakov and
    Gimelshein, "Online normalizer calculation for softmax" (2018), has the algorithm. Lanes that each keep a
    maximum of their own see fewer entries each: from thirteen lanes on d pays for them. Only where recursive
    summation is called sound; a sum in 16 bits is not.
    """
    if view.fmt.precision < RECURSIVE_FROM:
        return 0.0
    x = view.observation.x
    k, r = rises(view), EXP_ERROR[view.fmt.name]
    s = np.exp(x.astype(np.float64) - row_max(x).astype(np.float64))
    cost = (s * k).sum(axis=-1, keepdims=True) / s.sum(axis=-1, keepdims=True) * (r + 3)
    cost = cost + r * (k > 0).any(axis=-1, keepdims=True)  # numerators and S may come from different exps
    if numerators is not None:
        cost = cost + k[:, numerators] * (r + 2)
    return view.arithmetic.lift(cost * (view.fmt.unit_roundoff * (1 + 2**-20)))  # its own rounding, generously


def gradual(fmt: Format) -> float:
    """What underflow may add to a component: r_e / u steps from exp, and half a step from scaling."""
    return (EXP_ERROR[fmt.name] + 0.5) * fmt.eta


def flush_of(fmt: Format) -> float:
    """The largest number that is flushed to zero on the way: below the smallest normal, of float32 in narrower ones."""
    return min(fmt.tiny, FORMATS["float32"].tiny)


def error_bound(view: View) -> Any:
    """The absolute error of a sound answer, by component: s_j times `componentwise`, plus `gradual`."""
    allowed = componentwise(view, additions(view.fmt, view.n))
    allowed *= view.exact
    allowed += gradual(view.fmt)
    return allowed


def within_pairwise(view: View) -> Any:
    """As `error_bound`, for pairwise or wide accumulation."""
    return componentwise(view, min(pairwise(view.n), additions(view.fmt, view.n))) * view.exact + gradual(view.fmt)


def flushed(view: View) -> Array:
    """Where an output was flushed to zero: it is 0, and the exact value below the smallest normal.

    A flush loses next to nothing: where the entries that are 0 together weigh more than the sum of a row may
    be off, the row was not flushed but is wrong.
    """
    zero = np.asarray(view.answer == 0)
    if not zero.any():
        return zero[:, view.columns]
    s = view.narrow(view.truth.exact())
    zero &= s < view.fmt.tiny
    lost = FLOAT64.total(np.where(zero, s, 0.0))
    return (zero & (lost <= sum_error(view.fmt, view.n, additions(view.fmt, view.n))))[:, view.columns]
