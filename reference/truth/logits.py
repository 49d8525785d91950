"""The exact softmax and what people compute around it, as formulas that any arithmetic evaluates.

Each truth takes the arguments of its role as rows (`x` or `logits` of shape (rows, n) with finite entries, `g`
likewise, `L` of shape (rows,)) and an arithmetic. The shift by the maximum is exact mathematics and costs
nothing: the gap x - max x is rounded in the wider arithmetic alone. In `FLOAT64` and `EXTENDED` the relative error
of s is at most (depth_max + log2(n) + 2 depth_rms + 6) units of that arithmetic, by the bound of
`properties.roles.softmax.bounds` with its own unit roundoff: below 2**-42 for rows that do not underflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import Arithmetic, choose, row_max, where
from extremum.reference.truth import Columns, Truth

Arguments = Mapping[str, Array]
TINY = float(np.finfo(np.float64).tiny)


class Logits:
    """Rows of logits, and what is computed from them, each part when it is first asked for.

    With a = max x: `gap` = x - a <= 0, `e` = exp(gap), `total` = S = sum e >= 1, `s` = e / S, and
    `log_total` = log S, which keeps its relative accuracy as S goes to 1.
    """

    def __init__(self, x: Array, arithmetic: Arithmetic) -> None:
        self.x, self.arithmetic = x, arithmetic

    @cached_property
    def peak(self) -> Any:
        """The maximum of each row, shape (rows, 1)."""
        return self.arithmetic.lift(row_max(self.x))

    @cached_property
    def gap(self) -> Any:
        """How far each entry lies below its row's maximum: x - max x."""
        gap = self.arithmetic.lift(self.x)
        gap -= self.peak
        return gap

    @cached_property
    def capped_gap(self) -> Any:
        """The gap, for relative errors of e: capped where e is 0."""
        return self.arithmetic.capped(self.gap)

    @cached_property
    def e(self) -> Any:
        """exp(gap)."""
        return self.arithmetic.exp(self.gap)

    @cached_property
    def total(self) -> Any:
        """The sum of e, shape (rows, 1)."""
        return self.arithmetic.total(self.e)

    @cached_property
    def s(self) -> Any:
        """The softmax."""
        return self.e / self.total

    @cached_property
    def argmax_mask(self) -> Array:
        """Where the first maximum of each row stands, as a mask."""
        x = self.x.astype(np.float64)
        return np.asarray(np.arange(x.shape[1]) == x.argmax(axis=-1)[:, None])

    @cached_property
    def sum_of_others(self) -> Any:
        """S - 1: the sum of e over all entries but one maximum, shape (rows, 1)."""
        return self.arithmetic.total(where(self.argmax_mask, 0.0, self.e))

    @cached_property
    def log_total(self) -> Any:
        """log S, shape (rows, 1)."""
        return self.arithmetic.log1p(self.sum_of_others)

    @cached_property
    def one_minus_s(self) -> Any:
        """1 - s, with the digits that a difference loses where s goes to 1."""
        return choose(self.argmax_mask, self.sum_of_others / self.total, (self.s - 1.0) * -1.0)

    def mean_of_others(self, values: Any) -> Any:
        """For each entry, the mean of `values` (rows, n) over the others of its row, weighted by s; 0 if they are 0."""
        weighed = self.s * values
        led = self.arithmetic.total(where(self.argmax_mask, 0.0, weighed))
        one_minus_s = choose(self.argmax_mask, led + weighed * 0.0, self.arithmetic.total(weighed) - weighed)
        return one_minus_s / (self.one_minus_s + TINY)


def softmax(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """exp(gap) / sum exp(gap)."""
    rows = Logits(arguments["x"], arithmetic)
    return Truth(rows.s, rows)


def log_softmax(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """gap - log S."""
    rows = Logits(arguments["x"], arithmetic)
    return Truth(rows.gap - rows.log_total, rows)


def logsumexp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """max x + log S, shape (rows, 1)."""
    rows = Logits(arguments["x"], arithmetic)
    return Truth(rows.peak + rows.log_total, rows)


def softmax_jacobian(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """s_i (1 - s_i) on the diagonal and -s_i s_j beside it, row after row: shape (rows, n * n)."""
    rows = Logits(arguments["x"], arithmetic)

    def entries(columns: Columns) -> Any:
        return with_diagonal(pairs(rows.s * -1.0, rows.s, columns), rows.s * rows.one_minus_s, columns)

    return Truth(entries, rows)


def softmax_vjp(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """s * (g - <g, s>)."""
    rows = Logits(arguments["x"], arithmetic)
    return Truth(vjp(rows, arithmetic.lift(arguments["g"])), rows)


def vjp(rows: Logits, g: Any) -> Any:
    """s * (g - <g, s>) for lifted `g`, with the digits that a difference loses where one entry of s goes to 1.

    g is taken from its entry g_k at the maximum: <g, s> - g_k is a sum over the others.
    """
    apart = g - rows.arithmetic.total(where(~rows.argmax_mask, 0.0, g))
    return rows.s * (apart - rows.arithmetic.total(where(rows.argmax_mask, 0.0, apart * rows.s)))


def cross_entropy(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """log S - depth_L, shape (rows, 1)."""
    rows = Logits(arguments["logits"], arithmetic)
    return Truth(rows.log_total - taken(rows.gap, arguments["L"]), rows)


def cross_entropy_gradient(arguments: Arguments, arithmetic: Arithmetic) -> Truth:
    """s - onehot(L), entry L as -(1 - s_L)."""
    rows = Logits(arguments["logits"], arithmetic)
    label = np.arange(rows.x.shape[1]) == arguments["L"][:, None]
    return Truth(choose(label, rows.one_minus_s * -1.0, rows.s), rows)


def taken(values: Any, labels: Array) -> Any:
    """One entry of each row, shape (rows, 1)."""
    return values[np.arange(len(labels)), labels][:, None]


def places(n: int, columns: Columns) -> tuple[Array, Array]:
    """The row and column in an (n, n) matrix of these of its flattened entries."""
    i, j = np.divmod(np.arange(n * n)[columns], n)
    return i, j


def pairs(a: Any, b: Any, columns: Columns) -> Any:
    """The products of the entries of `a` and of `b` (rows, n): of all pairs, or those columns of (rows, n * n)."""
    rows, n = a.shape
    if _all(columns):  # faster than to gather them
        return (a[:, :, None] * b[:, None, :]).reshape(rows, n * n)
    i, j = places(n, columns)
    return a[:, i] * b[:, j]


def with_diagonal(entries: Any, diagonal: Any, columns: Columns) -> Any:
    """Entries of matrices, in those columns of (rows, n * n), with a diagonal (rows, n)."""
    rows, n = diagonal.shape
    if _all(columns):
        return choose(np.eye(n, dtype=bool), diagonal[:, :, None], entries.reshape(rows, n, n)).reshape(rows, n * n)
    i, j = places(n, columns)
    return choose(i == j, diagonal[:, i], entries)


def _all(columns: Columns) -> bool:
    return isinstance(columns, slice) and columns == slice(None)
