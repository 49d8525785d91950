"""Softmax mutants, found: how the arithmetic of public implementations has been wrong, one defect each.

The code is ours; each docstring names a thread in which that kind of defect was reported or reviewed.
What implementations owed their callers is broken in `softmax_found_contract`.
"""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._arrays import lift, rows, to_axis
from extremum.reference.mutants._parts import (
    LOG2_E,
    blocks,
    exp_below,
    exps,
    gaps,
    mutants_of,
    peak,
    probabilities,
    quotient,
    ratio,
    total,
)
from extremum.reference.subjects.subject import ALL_BUT_FLOAT16, EVERY, NATIVE, WIDE

mutant = mutants_of("softmax")

# The shift


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def maximum_from_zero(x: Array, axis: int = -1) -> Array:
    """The search for the maximum starts at zero, as in FluxML/NNlib.jl#43: rows far below it are 0 / 0."""
    w = lift(x)
    return ratio(np.exp(w - w.max(axis=axis, keepdims=True, initial=0)), axis).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def maximum_from_minus_10000(x: Array, axis: int = -1) -> Array:
    """The search for the maximum starts at -10000, as in karpathy/llm.c#67."""
    w = lift(x)
    return ratio(np.exp(w - w.max(axis=axis, keepdims=True, initial=-1e4)), axis).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def maximum_of_last_block(x: Array, axis: int = -1) -> Array:
    """The running maximum is reset with every block, so the last block's is subtracted, as in tile-ai/TileOPs#239."""
    w = rows(x, axis)
    return to_axis(ratio(exp_below(w, peak(blocks(w, 4)[..., -1, :]))), axis, x)


@mutant(fails={"at_most_one": EVERY})
def maximum_not_updated(x: Array, axis: int = -1) -> Array:
    """The sum is merged under the new maximum, and the old one kept, as in KarhouTam/cuda-kernels#1."""
    w = rows(x, axis)
    return to_axis(exp_below(w, peak(w[..., :4])) / total(exps(w)), axis, x)


@mutant(fails={"shift_invariance": EVERY}, cause="underflow to zero")
def vectors_not_shifted(x: Array, axis: int = -1) -> Array:
    """Only the tail beyond whole vectors of eight is shifted by the maximum, as in pytorch/pytorch#62897."""
    w = rows(x, axis)
    n = w.shape[-1]
    return to_axis(ratio(np.exp(w - np.where(np.arange(n) < n - n % 8, 0, peak(w)))), axis, x)


@mutant(fails={"sum_to_one": EVERY}, cause="wrong divisor")
def last_block_not_shifted(x: Array, axis: int = -1) -> Array:
    """The last block of four enters the sum without the shift, as in tenstorrent/tt-metal#51278."""
    w = rows(x, axis)
    e, start = exps(w), (w.shape[-1] - 1) // 4 * 4
    return to_axis(e / (total(e[..., :start]) + total(np.exp(w[..., start:]))), axis, x)


# The exponential


@mutant(fails={"accuracy": EVERY})
def exp_by_table(x: Array, axis: int = -1) -> Array:
    """exp is looked up in a table of 1024 entries from -8 to 8, as in fastmachinelearning/hls4ml#42."""
    index = np.rint(np.maximum(gaps(lift(x), axis), -8) * 64)
    return ratio(np.exp(index / 64), axis).astype(x.dtype)


@mutant(fails={"accuracy": NATIVE})
def exp_by_chords(x: Array, axis: int = -1) -> Array:
    """2**t is linear between integers, as in openvinotoolkit/openvino#37857."""
    d = gaps(lift(x), axis)
    t = np.maximum(d * d.dtype.type(LOG2_E), -1100)
    return ratio(np.exp2(np.floor(t)) * (1 + t - np.floor(t)), axis).astype(x.dtype)


@mutant(fails={"gradual_underflow": WIDE}, cause="subnormals flushed")
def exp_cut_off(x: Array, axis: int = -1) -> Array:
    """2**t is zero from t = -126 down, as in flashinfer-ai/flashinfer#4502."""
    d = gaps(lift(x), axis)
    t = d * d.dtype.type(LOG2_E)
    return ratio(np.where(t <= -126, 0, np.exp2(t)), axis).astype(x.dtype)


@mutant(fails={"nonnegative": EVERY}, cause="wrong term")
def logarithm_returned(x: Array, axis: int = -1) -> Array:
    """The logarithm of the softmax is returned, as in tensorflow/tensorflow#2315."""
    w = lift(x)
    return (gaps(w, axis) - np.log(total(exps(w, axis), axis))).astype(x.dtype)


# The sum


@mutant(fails={"sum_to_one": EVERY}, cause="sums not rescaled")
def lane_sums_not_rescaled(x: Array, axis: int = -1) -> Array:
    """32 lanes sum under their own maxima, and the sums are added as they are, as in KarhouTam/cuda-kernels#3."""
    w = rows(x, axis)
    lanes = blocks(w, 32).swapaxes(-1, -2)
    return to_axis(exps(w) / total(exp_below(lanes, peak(lanes))).sum(axis=-2), axis, x)


@mutant(fails={"sum_to_one": EVERY}, cause="wrong divisor")
def rescaled_upwards(x: Array, axis: int = -1) -> Array:
    """Streaming, and the sum so far is multiplied by exp(new - old), as in deepseek-ai/FlashMLA#177."""
    w = rows(x, axis)
    so_far = np.maximum.accumulate(w, axis=-1)
    return to_axis(exps(w) / total(exp_below(w, so_far) * np.exp(peak(w) - so_far)), axis, x)


@mutant(fails={"sum_to_one": EVERY}, cause="padding counted")
def padding_counted(x: Array, axis: int = -1) -> Array:
    """Rows are filled up to a multiple of 32 with zeros, which count, as in tenstorrent/tt-metal#20008."""
    w = rows(x, axis)
    n = w.shape[-1]
    padded = np.pad(w, [(0, 0)] * (w.ndim - 1) + [(0, -n % 32)])
    return to_axis(ratio(exps(padded))[..., :n], axis, x)


@mutant(fails={"shift_invariance": EVERY}, cause="wrong divisor")
def one_in_denominator(x: Array, axis: int = -1) -> Array:
    """exp(x_i) / (1 + sum exp(x_j)), the quiet softmax of kyegomez/AttentionIsOFFByOne#5: it counts a logit of zero."""
    w = lift(x)
    top = np.maximum(peak(w, axis), 0)
    e = np.exp(w - top)
    return quotient(e, np.exp(-top) + total(e, axis), x)


@mutant(fails={"sum_to_one": EVERY}, cause="underflow to zero")
def maximum_and_sum_floored(x: Array, axis: int = -1) -> Array:
    """The maximum is at least -10000 and the sum at least 1e-6, as in tracel-ai/burn#4697: lower rows are zero."""
    w = lift(x)
    e = np.exp(w - np.maximum(peak(w, axis), -1e4))
    return quotient(e, np.maximum(total(e, axis), 1e-6), x)


# The result


@mutant(fails={"accuracy": EVERY}, cause="epsilon added")
def smallest_probability_added(x: Array, axis: int = -1) -> Array:
    """1e-4 is added to each probability before they are normalised again, as in ascust/SEC-MXNet#10."""
    return ratio(probabilities(x, axis) + 1e-4, axis).astype(x.dtype)


@mutant(fails={"monotone": EVERY})
def certainty_wraps_around(x: Array, axis: int = -1) -> Array:
    """A probability of one wraps around to zero, as it does in 8 bits in microsoft/onnxruntime#29728."""
    s = probabilities(x, axis).astype(x.dtype)
    return np.where(s == 1, 0, s).astype(x.dtype)


@mutant(fails={"permutation_equivariance": EVERY})
def scattered_by_order(x: Array, axis: int = -1) -> Array:
    """Sorted probabilities are put back by the order, not by its inverse, as in lucidrains/PaLM-rlhf-pytorch#60."""
    w = rows(x, axis)
    order = np.argsort(w, axis=-1, stable=True)
    s = ratio(exps(np.take_along_axis(w, order, axis=-1)))
    return to_axis(np.take_along_axis(s, order, axis=-1), axis, x)


# The mask


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def mask_of_1e_9(x: Array, axis: int = -1) -> Array:
    """-inf is replaced by 1e-9, where -1e9 was meant, as in awslabs/gluonts#1401."""
    w = lift(x)
    return ratio(exps(np.where(np.isneginf(w), 1e-9, w), axis), axis).astype(x.dtype)


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def masked_afterwards(x: Array, axis: int = -1) -> Array:
    """The mask is applied to the probabilities, and their sum not renewed: asked in abisee/pointer-generator#88."""
    w = lift(x)
    hidden = np.isneginf(w)
    return np.where(hidden, 0, ratio(exps(np.where(hidden, 0, w), axis), axis)).astype(x.dtype)


@mutant(fails={"mask": ALL_BUT_FLOAT16}, cause="values clipped")
def probabilities_floored(x: Array, axis: int = -1) -> Array:
    """No probability is below exp(-64), as in PaddlePaddle/Paddle#4366: a masked entry gets that, not zero."""
    return np.maximum(probabilities(x, axis), np.exp(-64)).astype(x.dtype)
