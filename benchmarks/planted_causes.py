"""Sixty functions, each with one planted defect, and the table that names the cause of each.

They were written without knowledge of the experiments that diagnose causes: their author read the names of the
causes, the roles and the sound reference functions, and nothing of the diagnosis nor of its tests. Six of them have a
defect that no name fits; their cause is "unknown". Each row of `PLANTED` says which property of the role the defect
breaks most clearly, and in which dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DType = np.dtype[Any]


def _at_least_float32(x: Array) -> DType:
    return np.promote_types(x.dtype, np.float32)


def _probabilities(row: Array) -> Array:
    """A sound softmax of one row, in float32 at least, for the defects that lie after it."""
    w = row.astype(_at_least_float32(row))
    e = np.exp(w - w.max())
    return np.asarray(e / e.sum())


# Softmax.
_WORKSPACES: dict[tuple[tuple[int, ...], str], Array] = {}


def softmax_workspace(x: Array, axis: int = -1) -> Array:
    """Every call with arguments of one shape and dtype answers in the same buffer."""
    key = (x.shape, x.dtype.name)
    if key not in _WORKSPACES:
        _WORKSPACES[key] = np.empty(x.shape, x.dtype)
    w = x.astype(_at_least_float32(x))
    np.subtract(w, w.max(axis=axis, keepdims=True), out=w)
    np.exp(w, out=w)
    np.divide(w, w.sum(axis=axis, keepdims=True), out=w)
    out = _WORKSPACES[key]
    out[...] = w
    return out


def softmax_moved_axis(x: Array, axis: int = -1) -> Array:
    """The axis is moved to the front, and the sum still runs along the last one."""
    front = np.moveaxis(x, axis, 0).astype(_at_least_float32(x))
    e = np.exp(front - front.max(axis=0))
    p = e / e.sum(axis=-1, keepdims=True)
    return np.ascontiguousarray(np.moveaxis(p, 0, axis)).astype(x.dtype)


def softmax_half_table(x: Array, axis: int = -1) -> Array:
    """The exponentials are kept in a float16 array to save memory, whatever the dtype."""
    w = x.astype(_at_least_float32(x))
    table = np.empty(x.shape, np.float16)
    np.exp(w - np.max(w, axis=axis, keepdims=True), out=table, casting="unsafe")
    wide = table.astype(w.dtype)
    return np.asarray(np.divide(wide, wide.sum(axis=axis, keepdims=True)).astype(x.dtype))


def softmax_tile_sums(x: Array, axis: int = -1, tile: int = 16) -> Array:
    """The sum of each tile is taken under the tile's maximum, and the sums are added without a rescaling."""
    rows = np.moveaxis(x, axis, -1).astype(_at_least_float32(x))
    top = np.full(rows.shape[:-1], -np.inf, rows.dtype)
    denominator = np.zeros(rows.shape[:-1], rows.dtype)
    for start in range(0, rows.shape[-1], tile):
        part = rows[..., start : start + tile]
        own = part.max(axis=-1)
        anchor = np.where(np.isneginf(own), 0, own)
        denominator += np.exp(part - anchor[..., None]).sum(axis=-1)
        top = np.maximum(top, own)
    return np.asarray(np.moveaxis(np.exp(rows - top[..., None]) / denominator[..., None], -1, axis).astype(x.dtype))


def softmax_vector_lanes(x: Array, axis: int = -1) -> Array:
    """Rows are padded with zeros to whole vectors of eight lanes, and maximum and sum run over all lanes."""
    rows = np.moveaxis(x, axis, -1).astype(_at_least_float32(x))
    n = rows.shape[-1]
    padding = [(0, 0)] * (rows.ndim - 1) + [(0, -n % 8)]
    lanes = np.pad(rows, padding).reshape(*rows.shape[:-1], -1, 8)
    top = lanes.max(axis=(-2, -1), keepdims=True)
    e = np.exp(lanes - top)
    p = (e / e.sum(axis=(-2, -1), keepdims=True)).reshape(*rows.shape[:-1], -1)[..., :n]
    return np.asarray(np.moveaxis(p, -1, axis).astype(x.dtype))


def softmax_masked_fill(x: Array, axis: int = -1) -> Array:
    """Masked entries are filled with 30 less than the row's maximum, and so keep a probability."""
    w = x.astype(_at_least_float32(x))
    top = w.max(axis=axis, keepdims=True)
    d = np.where(x == -np.inf, -30.0, w - top).astype(w.dtype)
    e = np.exp(d)
    return np.asarray((e / np.sum(e, axis=axis, keepdims=True)).astype(x.dtype))


def softmax_exp2(x: Array, axis: int = -1) -> Array:
    """The entries are multiplied by log2(e) before the maximum is subtracted, which may overflow."""
    y = x.astype(_at_least_float32(x)) / np.log(2).astype(_at_least_float32(x))
    p = np.exp2(y - y.max(axis=axis, keepdims=True))
    p /= p.sum(axis=axis, keepdims=True)
    return np.asarray(p.astype(x.dtype))


def softmax_floor(x: Array, axis: int = -1) -> Array:
    """Shifted entries are floored at -40, so that smaller probabilities are all answered as exp(-40)."""
    w = x.astype(_at_least_float32(x))
    d = w - w.max(axis=axis, keepdims=True)
    e = np.where(np.isneginf(d), 0, np.exp(np.maximum(d, -40)))
    return np.asarray((e / e.sum(axis=axis, keepdims=True)).astype(x.dtype))


_GENERATOR = np.random.default_rng()


def softmax_dropout(x: Array, axis: int = -1) -> Array:
    """The dropout of attention weights, of one in ten, was never switched off."""
    w = x.astype(_at_least_float32(x))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    weights = e / e.sum(axis=axis, keepdims=True)
    kept = _GENERATOR.random(weights.shape) >= 0.1
    return np.asarray((weights * kept / 0.9).astype(x.dtype))


def softmax_unrolled(x: Array, axis: int = -1) -> Array:
    """The loop that divides is unrolled by four and has no tail."""
    columns = np.moveaxis(x, axis, 0).astype(_at_least_float32(x))
    e = np.exp(columns - columns.max(axis=0))
    reciprocal = 1 / e.sum(axis=0)
    out = np.zeros_like(e)
    i = 0
    while i + 4 <= len(e):
        out[i] = e[i] * reciprocal
        out[i + 1] = e[i + 1] * reciprocal
        out[i + 2] = e[i + 2] * reciprocal
        out[i + 3] = e[i + 3] * reciprocal
        i += 4
    return np.asarray(np.moveaxis(out, 0, axis).astype(x.dtype))


def softmax_flush(x: Array, axis: int = -1) -> Array:
    """Probabilities below the smallest normal number of the computation are set to zero."""
    w = x.astype(_at_least_float32(x))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    p = e / e.sum(axis=axis, keepdims=True)
    p[p < np.finfo(p.dtype).tiny] = 0
    return np.asarray(p.astype(x.dtype))


def softmax_memory_order(x: Array, axis: int = -1) -> Array:
    """The entries are read in the order in which they lie in memory, and shaped as if that were C order."""
    flat = x.ravel(order="K").astype(_at_least_float32(x))
    w = flat.reshape(x.shape)
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    return np.asarray((e / e.sum(axis=axis, keepdims=True)).astype(x.dtype))


def softmax_online(x: Array, axis: int = -1) -> Array:
    """The running maximum starts at -inf without a guard: a masked first entry gives exp(-inf + inf) = NaN."""
    rows = np.moveaxis(x, axis, -1).astype(_at_least_float32(x))
    m = np.full(rows.shape[:-1], -np.inf, rows.dtype)
    d = np.zeros(rows.shape[:-1], rows.dtype)
    for j in range(rows.shape[-1]):
        xj = rows[..., j]
        new = np.maximum(m, xj)
        d = d * np.exp(m - new) + np.exp(xj - new)
        m = new
    return np.asarray(np.moveaxis(np.exp(rows - m[..., None]) / d[..., None], -1, axis).astype(x.dtype))


def softmax_centred(x: Array, axis: int = -1) -> Array:
    """The mean of the unmasked entries is subtracted where the maximum should be."""
    w = x.astype(_at_least_float32(x))
    open_ = ~np.isneginf(w)
    count = open_.sum(axis=axis, keepdims=True)
    mean = np.where(open_, w / count.astype(w.dtype), 0).sum(axis=axis, keepdims=True)
    e = np.exp(w - mean)
    return np.asarray((e / e.sum(axis=axis, keepdims=True)).astype(x.dtype))


def softmax_running_sum(x: Array, axis: int = -1) -> Array:
    """The denominator is a running sum in the dtype of the input, one entry after the other."""
    columns = np.moveaxis(x, axis, 0)
    w = columns.astype(_at_least_float32(x))
    e = np.exp(w - w.max(axis=0))
    total = np.zeros(e.shape[1:], x.dtype)
    for term in e.astype(x.dtype):
        total = np.add(total, term)
    return np.asarray(np.moveaxis(e / total.astype(e.dtype), 0, axis).astype(x.dtype))


def softmax_compound_interest(x: Array, axis: int = -1) -> Array:
    """The exponential is (1 + d/1024)**1024 by ten squarings, whose error grows with d squared."""
    w = x.astype(_at_least_float32(x))
    d = w - w.max(axis=axis, keepdims=True)
    e = np.maximum(1 + d / 1024, 0)
    for _ in range(10):
        e = e * e
    return np.asarray((e / e.sum(axis=axis, keepdims=True)).astype(x.dtype))


# Log-softmax.
def log_softmax_linear_log(x: Array, axis: int = -1) -> Array:
    """The logarithm of the sum is Mitchell's: exponent plus mantissa, a straight line between powers of two."""
    w = x.astype(_at_least_float32(x))
    d = w - w.max(axis=axis, keepdims=True)
    mantissa, exponent = np.frexp(np.exp(d).sum(axis=axis, keepdims=True))
    log2 = (exponent - 1).astype(w.dtype) + (2 * mantissa - 1)
    return np.asarray((d - log2 * w.dtype.type(np.log(2))).astype(x.dtype))


def log_softmax_log_ratio(x: Array, axis: int = -1) -> Array:
    """log(exp(d)) stands for d, and is -inf where the exponential underflows."""
    w = x.astype(_at_least_float32(x))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    return np.asarray(np.subtract(np.log(e), np.log(e.sum(axis=axis, keepdims=True))).astype(x.dtype))


def log_softmax_eps(x: Array, axis: int = -1, eps: float = 1e-12) -> Array:
    """1e-12 is added to the probabilities, so that the logarithm never sees zero."""
    w = x.astype(_at_least_float32(x))
    p = np.exp(w - w.max(axis=axis, keepdims=True))
    p /= p.sum(axis=axis, keepdims=True)
    return np.where(np.isneginf(w), -np.inf, np.log(p + w.dtype.type(eps))).astype(x.dtype)


def log_softmax_normalizer(x: Array, axis: int = -1) -> Array:
    """The normaliser is rounded as one number, maximum included, before it is subtracted."""
    rows = np.moveaxis(x.astype(_at_least_float32(x)), axis, -1)
    top = np.amax(rows, axis=-1)
    normalizer = np.log(np.einsum("...j->...", np.exp(rows - top[..., None]))) + top
    return np.asarray(np.moveaxis(rows - normalizer[..., None], -1, axis).astype(x.dtype))


def log_softmax_nll(x: Array, axis: int = -1) -> Array:
    """The negative log-likelihood is answered: the sign is the loss's."""
    w = x.astype(_at_least_float32(x))
    d = w - w.max(axis=axis, keepdims=True)
    return np.asarray((np.log(np.exp(d).sum(axis=axis, keepdims=True)) - d).astype(x.dtype))


def log_softmax_leading_sum(x: Array, axis: int = -1) -> Array:
    """The exponentials go back to the dtype of the input and are summed along a leading axis of a C array."""
    columns = np.ascontiguousarray(np.moveaxis(x, axis, 0))
    d = columns.astype(_at_least_float32(x))
    d -= d.max(axis=0)
    total = np.exp(d).astype(x.dtype).sum(axis=0)
    return np.asarray(np.moveaxis(d - np.log(total.astype(d.dtype)), 0, axis).astype(x.dtype))


def log_softmax_float64(x: Array, axis: int = -1) -> Array:
    """The answer stays in float64, in which it was computed."""
    z = np.asarray(x, dtype=np.float64)
    z = z - z.max(axis=axis, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=axis, keepdims=True)))


def log_softmax_in_place(x: Array, axis: int = -1) -> Array:
    """The answer is written over the argument as well."""
    w = x.astype(_at_least_float32(x))
    w -= w.max(axis=axis, keepdims=True)
    w -= np.log(np.exp(w).sum(axis=axis, keepdims=True))
    x[...] = w.astype(x.dtype)
    return x.copy()


def log_softmax_half_bits(x: Array, axis: int = -1) -> Array:
    """The entries are scaled to half bits, and so rounded, before the maximum is subtracted."""
    format_ = _at_least_float32(x)
    bits = x.astype(format_) * format_.type(0.5 / np.log(2))
    gap = 2 * (bits - bits.max(axis=axis, keepdims=True))
    answer = gap - np.log2(np.exp2(gap).sum(axis=axis, keepdims=True))
    return np.asarray((answer * format_.type(np.log(2))).astype(x.dtype))


def log_softmax_rows(x: Array, axis: int = -1) -> Array:
    """The sum is set to zero before the first row only: later rows add to what is left of the earlier ones."""
    moved = np.moveaxis(x, axis, -1)
    rows = moved.reshape(-1, moved.shape[-1]).astype(_at_least_float32(x))
    out = np.empty_like(rows)
    total = rows.dtype.type(0)
    for i, row in enumerate(rows):
        shifted = row - row.max()
        total += np.exp(shifted).sum()
        out[i] = shifted - np.log(total)
    return np.moveaxis(out.reshape(moved.shape), -1, axis).astype(x.dtype)


# Logsumexp.
def logsumexp_skip_zeros(x: Array, axis: int = -1) -> Array:
    """A short cut for empty input takes a batch of zeros for one, and answers 0 in place of log n."""
    if not x.any():
        return np.asarray(x.sum(axis=axis)).astype(x.dtype)
    w = x.astype(_at_least_float32(x))
    top = w.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    return np.asarray(np.log(np.exp(w - top).sum(axis=axis)) + np.squeeze(top, axis)).astype(x.dtype)


def logsumexp_lazy_shift(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted above 700 only, which is the limit of float64 and not that of float32."""
    w = x.astype(_at_least_float32(x))
    top = w.max(axis=axis, keepdims=True)
    shift = np.where((top > 700) | (top < -50), top, 0)
    shift = np.where(np.isfinite(shift), shift, 0)
    total = np.exp(w - shift).sum(axis=axis)
    return np.asarray(np.log(total) + shift.squeeze(axis=axis)).astype(x.dtype)


def logsumexp_full_range(x: Array, axis: int = -1) -> Array:
    """The largest exponential is put next to the largest number, to lose no small term, and three overflow."""
    w = x.astype(_at_least_float32(x))
    room = np.floor(np.log(np.finfo(w.dtype).max))
    top = w.max(axis=axis, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0)
    e = np.exp((w - safe) + room)
    return np.asarray(safe.squeeze(axis=axis) + (np.log(e.sum(axis=axis)) - room)).astype(x.dtype)


def logsumexp_race(x: Array, axis: int = -1) -> Array:
    """Two threads add to one sum without a lock: every other call or so, a random term is lost."""
    columns = np.moveaxis(x, axis, 0).astype(_at_least_float32(x))
    top = columns.max(axis=0)
    safe = np.where(np.isfinite(top), top, 0)
    terms = np.exp(columns - safe)
    if len(terms) > 1 and _GENERATOR.random() < 0.5:
        terms[_GENERATOR.integers(len(terms))] = 0
    return np.asarray(safe + np.log(terms.sum(axis=0))).astype(x.dtype)


def logsumexp_keepdims(x: Array, axis: int = -1) -> Array:
    """The reduced axis stays in the answer, with length 1."""
    w = x.astype(_at_least_float32(x))
    a = w.max(axis=axis, keepdims=True)
    s = np.where(np.isfinite(a), a, 0)
    return np.asarray(s + np.log(np.exp(w - s).sum(axis=axis, keepdims=True))).astype(x.dtype)


def logsumexp_shift_lost(x: Array, axis: int = -1) -> Array:
    """The maximum is subtracted and not added again."""
    rows = np.moveaxis(x, axis, -1).astype(_at_least_float32(x))
    peak = rows.max(axis=-1, keepdims=True)
    rows = rows - np.where(np.isinf(peak), 0, peak)
    return np.asarray(np.log(np.exp(rows).sum(axis=-1))).astype(x.dtype)


def logsumexp_cleaned(x: Array, axis: int = -1) -> Array:
    """After the shift, -inf is cleaned to 0, so that each masked entry adds exp(0) = 1."""
    w = x.astype(_at_least_float32(x))
    top = w.max(axis=axis, keepdims=True)
    d = np.nan_to_num(w - np.where(np.isfinite(top), top, 0), neginf=0.0, posinf=np.inf)
    total = np.add.reduce(np.exp(d), axis=axis)
    return np.asarray(np.log(total) + np.squeeze(np.where(np.isneginf(top), 0, top), axis=axis)).astype(x.dtype)


def logsumexp_narrow_scan(x: Array, axis: int = -1) -> Array:
    """The sum is the last entry of a cumulative sum in the dtype of the input, which stops growing."""
    w = np.moveaxis(x, axis, -1).astype(_at_least_float32(x))
    top = w.max(axis=-1)
    safe = np.where(np.isfinite(top), top, 0)
    e = np.exp(w - safe[..., None]).astype(x.dtype)
    total = np.add.accumulate(e, axis=-1)[..., -1]
    return np.asarray(safe + np.log(total.astype(w.dtype))).astype(x.dtype)


# Cross-entropy.
def cross_entropy_focal(logits: Array, L: int) -> Array:
    """The focal loss was left on: the loss is weighted by (1 - p)**2, p the label's probability."""
    w = logits.astype(_at_least_float32(logits))
    d = w - w.max()
    log_p = d[L] - np.log(np.exp(d).sum())
    return np.asarray(np.expm1(log_p) ** 2 * -log_p).astype(logits.dtype)


def cross_entropy_keras(logits: Array, L: int) -> Array:
    """The probability is clipped to [1e-7, 1 - 1e-7] before its logarithm is taken."""
    p = _probabilities(logits)
    return np.asarray(-np.log(np.clip(p, 1e-7, 1 - 1e-7)[L])).astype(logits.dtype)


def cross_entropy_one_based(logits: Array, L: int) -> Array:
    """Labels are taken to count from one, so that the logit before the label's is subtracted."""
    w = logits.astype(_at_least_float32(logits))
    d = w - np.max(w)
    return np.asarray(np.log(np.sum(np.exp(d))) - d[L - 1]).astype(logits.dtype)


def cross_entropy_mean(logits: Array, L: int) -> Array:
    """The loss is the mean over the classes of -onehot * log p, and not their sum."""
    w = logits.astype(_at_least_float32(logits))
    d = w - w.max()
    log_p = d - np.log(np.exp(d).sum())
    target = np.arange(w.size) == L
    return np.asarray(-np.where(target, log_p, 0).mean()).astype(logits.dtype)


def cross_entropy_log_p(logits: Array, L: int) -> Array:
    """The label's probability is computed first, and its logarithm is infinite where it underflows."""
    p = _probabilities(logits)[L]
    return np.asarray(-np.log(p) + 0).astype(logits.dtype)


def cross_entropy_complement(logits: Array, L: int) -> Array:
    """The label's probability is one minus the others', in which a small probability or loss loses its digits."""
    p = _probabilities(logits)
    p[L] = 0
    return np.asarray(np.abs(np.log(1 - p.sum()))).astype(logits.dtype)


# The gradient of the cross-entropy.
def cross_entropy_gradient_reversed(logits: Array, L: int) -> Array:
    """onehot - softmax: the direction of descent, and not the gradient."""
    onehot = np.zeros(logits.shape, _at_least_float32(logits))
    onehot[L] = 1
    return np.subtract(onehot, _probabilities(logits)).astype(logits.dtype)


def cross_entropy_gradient_half_sum(logits: Array, L: int) -> Array:
    """The reduction adds up the first half of the row and the label's entry, and leaves out the rest."""
    w = logits.astype(_at_least_float32(logits))
    e = np.exp(w - w.max())
    half = (len(e) + 1) // 2
    total = e[:half].sum() + (e[L] if half <= L % len(e) else 0)
    grad = e / (total if total > 0 else e.sum())
    grad[L] -= 1
    return np.asarray(grad).astype(logits.dtype)


def cross_entropy_gradient_z_loss(logits: Array, L: int) -> Array:
    """The gradient of an auxiliary z-loss, 0.0002 logsumexp(x) softmax(x), is added."""
    w = logits.astype(_at_least_float32(logits))
    top = w.max()
    e = np.exp(w - top)
    z = top + np.log(e.sum())
    s = e / e.sum()
    g = s + w.dtype.type(2e-4) * z * s
    g[L] -= 1
    return np.asarray(g).astype(logits.dtype)


def cross_entropy_gradient_batch(logits: Array, L: int) -> Array:
    """The answer keeps the batch axis of length 1 that the function put before the row."""
    batch = logits[np.newaxis, :].astype(_at_least_float32(logits))
    e = np.exp(batch - batch.max(axis=1, keepdims=True))
    e /= e.sum(axis=1, keepdims=True)
    e[np.arange(1), [L]] -= 1
    return np.asarray(e.astype(logits.dtype))


# The vector-Jacobian product of softmax.
def softmax_vjp_soft_cap(x: Array, g: Array) -> Array:
    """The logits go through 30 tanh(x / 30) in the forward pass, as some language models have it."""
    w, v = x.astype(_at_least_float32(x)), g.astype(_at_least_float32(x))
    s = _probabilities(np.where(np.isneginf(w), -np.inf, 30 * np.tanh(w / 30)))
    return np.asarray((s * (v - v @ s)).astype(x.dtype))


def softmax_vjp_elementwise(x: Array, g: Array) -> Array:
    """Softmax is taken for an elementwise function: g * s, without the inner product."""
    s = _probabilities(x)
    return np.asarray(np.multiply(s, g.astype(s.dtype)).astype(x.dtype))


def softmax_vjp_plus(x: Array, g: Array) -> Array:
    """The inner product is added where it should be subtracted."""
    s = _probabilities(x)
    ds = g.astype(s.dtype)
    inner = np.dot(ds, s)
    return np.asarray((ds * s + inner * s).astype(x.dtype))


def softmax_vjp_additive_mask(x: Array, g: Array) -> Array:
    """The mask is put back as masked * -inf, which is 0 * -inf = NaN in the unmasked entries."""
    w, v = x.astype(_at_least_float32(x)), g.astype(_at_least_float32(x))
    masked = np.isneginf(w).astype(w.dtype)
    if masked.any():
        w = np.where(masked > 0, 0, w) + masked * w.dtype.type(-np.inf)
    e = np.exp(w - w.max())
    s = e / e.sum()
    return np.asarray((s * (v - (v * s).sum())).astype(x.dtype))


def softmax_vjp_unnormalised(x: Array, g: Array) -> Array:
    """The saved exponentials are taken for probabilities: they were never divided by their sum."""
    w = x.astype(_at_least_float32(x))
    saved = np.exp(w - w.max())
    v = g.astype(saved.dtype)
    return np.asarray((saved * (v - np.vdot(saved, v))).astype(x.dtype))


def softmax_vjp_norm_shift(x: Array, g: Array) -> Array:
    """The largest absolute value is subtracted, so that rows of large negative entries underflow to 0/0."""
    w, v = x.astype(_at_least_float32(x)), g.astype(_at_least_float32(x))
    open_ = ~np.isneginf(w)
    e = np.exp(w - np.abs(w[open_]).max(initial=0))
    s = e / e.sum()
    return np.asarray((s * (v - (s * v).sum())).astype(x.dtype))


# The Jacobian of softmax.
def softmax_jacobian_differences(x: Array) -> Array:
    """Central differences with a step of 0.1, whose truncation error is about a thousandth."""
    w = x.astype(np.float64)
    n = len(w)
    J = np.empty((n, n))
    for j in range(n):
        up, down = w.copy(), w.copy()
        up[j] += 0.1
        down[j] -= 0.1
        J[:, j] = (_probabilities(up) - _probabilities(down)) / 0.2
    return J.astype(x.dtype)


def softmax_jacobian_upper(x: Array) -> Array:
    """The loops fill the diagonal and the upper triangle, and nobody mirrors them."""
    s = _probabilities(x)
    J = np.zeros((len(s), len(s)), s.dtype)
    for i in range(len(s)):
        J[i, i] = s[i] - s[i] * s[i]
        J[i, i + 1 :] = -s[i] * s[i + 1 :]
    return J.astype(x.dtype)


def softmax_jacobian_jitter(x: Array) -> Array:
    """0.001 is added on the diagonal, so that a Cholesky factorisation succeeds."""
    s = _probabilities(x)
    J = np.diagflat(s) - s[:, None] * s[None, :]
    J.flat[:: len(s) + 1] += 1e-3
    return np.asarray(J.astype(x.dtype))


# The gradient of <x, A x>.
def quadratic_form_gradient_symmetric(A: Array, x: Array) -> Array:
    """2 A x, which takes A for symmetric: A stands where its transpose should."""
    format_ = _at_least_float32(x)
    Ax = A.astype(format_) @ x.astype(format_)
    return np.asarray((Ax + Ax).astype(x.dtype))


def quadratic_form_gradient_halved(A: Array, x: Array) -> Array:
    """The matrix is symmetrised with its usual factor of one half, and the 2 of the gradient is missing."""
    format_ = _at_least_float32(x)
    symmetric = 0.5 * (A + A.T.conj()).astype(format_)
    return np.tensordot(symmetric, x.astype(format_), axes=1).astype(x.dtype)


def _ten_bits(a: Array) -> Array:
    words = np.ascontiguousarray(a, dtype=np.float32).view(np.uint32)
    return (words & np.uint32(0xFFFFE000)).view(np.float32)


def quadratic_form_gradient_tensor_core(A: Array, x: Array) -> Array:
    """The factors are cut to the ten bits that tensor cores read of a float32."""
    M, v = _ten_bits(A), _ten_bits(x)
    return np.asarray((M @ v + v @ M).astype(x.dtype))


# The gradient of norm(B x - c)^2.
def least_squares_gradient_plus_c(B: Array, x: Array, c: Array) -> Array:
    """The residual is B x + c: c has the sign that it has in an equation B x + c = 0."""
    format_ = _at_least_float32(x)
    M = B.astype(format_)
    residual = M.dot(x.astype(format_)) + c.astype(format_)
    return np.asarray((2 * residual.dot(M)).astype(x.dtype))


def least_squares_gradient_reshaped(B: Array, x: Array, c: Array) -> Array:
    """B is reshaped to the shape of its transpose, which leaves its entries in the old order."""
    format_ = _at_least_float32(x)
    M, v = B.astype(format_), x.astype(format_)
    Bt = np.ascontiguousarray(M).reshape(M.shape[::-1])
    return np.asarray((2 * Bt @ (M @ v - c.astype(format_))).astype(x.dtype))


# A step of gradient descent.
def _behind_pointer(a: Array) -> Array:
    """What lies behind the first entry of a vector in memory, read as C reads it: without the stride."""
    base = a.base
    if not isinstance(base, np.ndarray) or base.dtype != a.dtype or not base.flags.c_contiguous:
        return a
    first = (a.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // a.itemsize
    return np.asarray(base.ravel().take(np.arange(first, first + a.size), mode="wrap"))


def descent_step_pointers(x: Array, gradient: Array, step_size: float) -> Array:
    """Only the address of the gradient is handed on: its stride is taken to be one entry."""
    return np.asarray(x - x.dtype.type(step_size) * _behind_pointer(gradient))


_LAST_GRADIENTS: dict[tuple[int, str], Array] = {}


def descent_step_momentum(x: Array, gradient: Array, step_size: float) -> Array:
    """Half of the gradient of the last call with a vector of this length is added, from whatever run it came."""
    key = (x.size, x.dtype.name)
    direction = gradient.copy()
    if key in _LAST_GRADIENTS:
        direction += x.dtype.type(0.5) * _LAST_GRADIENTS[key]
    _LAST_GRADIENTS[key] = gradient.copy()
    return np.asarray(x - x.dtype.type(step_size) * direction)


@dataclass(frozen=True)
class Planted:
    """A function with a planted defect, what it breaks, and why."""

    role: str
    function: Callable[..., Any]
    prop: str
    dtype: str
    cause: str


PLANTED: Sequence[Planted] = (
    Planted("softmax", softmax_workspace, "purity", "float32", "answer overwritten"),
    Planted("softmax", softmax_moved_axis, "axis", "float64", "wrong axis"),
    Planted("softmax", softmax_half_table, "accuracy", "float32", "precision narrowed"),
    Planted("softmax", softmax_tile_sums, "sum_to_one", "float64", "sums not rescaled"),
    Planted("softmax", softmax_vector_lanes, "sum_to_one", "float32", "padding counted"),
    Planted("softmax", softmax_masked_fill, "mask", "float64", "masked value leaks"),
    Planted("softmax", softmax_exp2, "finite", "float32", "base 2 out of range"),
    Planted("softmax", softmax_floor, "accuracy", "float64", "values clipped"),
    Planted("softmax", softmax_dropout, "determinism", "float32", "nondeterministic"),
    Planted("softmax", softmax_unrolled, "sum_to_one", "float16", "entries left out"),
    Planted("softmax", softmax_flush, "gradual_underflow", "float32", "subnormals flushed"),
    Planted("softmax", softmax_memory_order, "layout", "float64", "storage order ignored"),
    Planted("softmax", softmax_online, "mask", "float32", "nan from a mask"),
    Planted("softmax", softmax_centred, "finite", "float32", "exp overflow"),
    Planted("softmax", softmax_running_sum, "sum_to_one", "bfloat16", "accumulator stagnation"),
    Planted("softmax", softmax_compound_interest, "accuracy", "float64", "unknown"),
    Planted("log_softmax", log_softmax_linear_log, "exp_sum_to_one", "float64", "unknown"),
    Planted("log_softmax", log_softmax_log_ratio, "saturation", "float32", "underflow to zero"),
    Planted("log_softmax", log_softmax_eps, "accuracy", "float64", "epsilon added"),
    Planted("log_softmax", log_softmax_normalizer, "shift_invariance", "float64", "cancellation"),
    Planted("log_softmax", log_softmax_nll, "nonpositive", "float32", "wrong sign"),
    Planted("log_softmax", log_softmax_leading_sum, "accuracy", "float16", "sum in 16 bits"),
    Planted("log_softmax", log_softmax_float64, "dtype", "float32", "wrong dtype"),
    Planted("log_softmax", log_softmax_in_place, "purity", "float64", "input mutated"),
    Planted("log_softmax", log_softmax_half_bits, "accuracy", "float32", "rounding of the gap"),
    Planted("log_softmax", log_softmax_rows, "row_independence", "float64", "state leaks between rows"),
    Planted("logsumexp", logsumexp_skip_zeros, "accuracy", "float64", "unknown"),
    Planted("logsumexp", logsumexp_lazy_shift, "finite", "float32", "exp overflow"),
    Planted("logsumexp", logsumexp_full_range, "finite", "float32", "sum overflow"),
    Planted("logsumexp", logsumexp_race, "determinism", "float64", "nondeterministic"),
    Planted("logsumexp", logsumexp_keepdims, "shape", "float64", "wrong shape"),
    Planted("logsumexp", logsumexp_shift_lost, "shift_equivariance", "float64", "missing term"),
    Planted("logsumexp", logsumexp_cleaned, "mask", "float32", "masked value leaks"),
    Planted("logsumexp", logsumexp_narrow_scan, "accuracy", "bfloat16", "accumulator stagnation"),
    Planted("cross_entropy", cross_entropy_focal, "accuracy", "float64", "unknown"),
    Planted("cross_entropy", cross_entropy_keras, "accuracy", "float32", "values clipped"),
    Planted("cross_entropy", cross_entropy_one_based, "accuracy", "float64", "wrong term"),
    Planted("cross_entropy", cross_entropy_mean, "accuracy", "bfloat16", "divided by length"),
    Planted("cross_entropy", cross_entropy_log_p, "finite", "float32", "underflow to zero"),
    Planted("cross_entropy", cross_entropy_complement, "accuracy", "float64", "cancellation"),
    Planted("cross_entropy_gradient", cross_entropy_gradient_reversed, "range", "float16", "wrong sign"),
    Planted("cross_entropy_gradient", cross_entropy_gradient_half_sum, "sum_to_zero", "float64", "wrong divisor"),
    Planted("cross_entropy_gradient", cross_entropy_gradient_z_loss, "sum_to_zero", "float32", "extra term"),
    Planted("cross_entropy_gradient", cross_entropy_gradient_batch, "shape", "bfloat16", "wrong shape"),
    Planted("softmax_vjp", softmax_vjp_soft_cap, "accuracy", "float64", "unknown"),
    Planted("softmax_vjp", softmax_vjp_elementwise, "annihilates_constants", "float64", "missing term"),
    Planted("softmax_vjp", softmax_vjp_plus, "sum_to_zero", "float32", "wrong sign"),
    Planted("softmax_vjp", softmax_vjp_additive_mask, "mask", "float64", "nan from a mask"),
    Planted("softmax_vjp", softmax_vjp_unnormalised, "sum_to_zero", "float16", "wrong divisor"),
    Planted("softmax_vjp", softmax_vjp_norm_shift, "finite", "float32", "underflow to zero"),
    Planted("softmax_jacobian", softmax_jacobian_differences, "accuracy", "float64", "unknown"),
    Planted("softmax_jacobian", softmax_jacobian_upper, "symmetric", "float32", "entries left out"),
    Planted("softmax_jacobian", softmax_jacobian_jitter, "rows_sum_to_zero", "float64", "extra term"),
    Planted("quadratic_form_gradient", quadratic_form_gradient_symmetric, "skew", "float64", "transposed matrix"),
    Planted("quadratic_form_gradient", quadratic_form_gradient_halved, "accuracy", "float16", "wrong factor"),
    Planted(
        "quadratic_form_gradient", quadratic_form_gradient_tensor_core, "accuracy", "float32", "precision narrowed"
    ),
    Planted("least_squares_gradient", least_squares_gradient_plus_c, "accuracy", "float64", "wrong sign"),
    Planted("least_squares_gradient", least_squares_gradient_reshaped, "accuracy", "float32", "transposed matrix"),
    Planted("descent_step", descent_step_pointers, "layout", "float64", "storage order ignored"),
    Planted("descent_step", descent_step_momentum, "row_independence", "float32", "state leaks between rows"),
)
