"""Mutants of the Jacobian of softmax: what people get wrong about diag(s) - s s^T, one defect each."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants import _contract as contract
from extremum.reference.mutants._arrays import lift, round_like, sums_in
from extremum.reference.mutants._parts import exps, gaps, mutants_of, peak, probabilities, ratio, total
from extremum.reference.subjects.subject import ALL_BUT_FLOAT16, EVERY, NARROW, WIDE

mutant = mutants_of("softmax_jacobian")

_running_mean = contract.average_answers(probabilities)


def _jacobian(s: Array) -> Array:
    """The sound formula, from the probabilities."""
    return np.asarray(np.diag(s) - np.outer(s, s))


def _sound(x: Array) -> Array:
    """The sound Jacobian, in the format of the computation."""
    return _jacobian(probabilities(x))


plant = contract.planter(__name__, mutant, _sound)


# The mask and the small end


plant(jacobian_mask_of_minus_10000=contract.mask_of_minus_10000)


@mutant(fails={"mask": EVERY}, cause="masked value leaks")
def jacobian_through_masked_logarithm(x: Array) -> Array:
    """s_i s_j (delta_ij / s_j - 1) with s_j = exp(log s_j), times the logits' mask: 0 * -inf is NaN."""
    w = lift(x)
    return (_jacobian(probabilities(w)) + 0 * gaps(w)).astype(x.dtype)


plant(jacobian_flushed=contract.flushed)


# The probabilities


@mutant(fails={"finite": EVERY}, cause="exp overflow")
def jacobian_without_shift(x: Array) -> Array:
    """The maximum is not subtracted."""
    return _jacobian(ratio(np.exp(lift(x)))).astype(x.dtype)


@mutant(fails={"finite": EVERY}, cause="underflow to zero")
def divided_by_probabilities(x: Array) -> Array:
    """s s^T (diag(1/s) - 1): a probability that underflows is divided by, and 0 / 0 remains."""
    s = probabilities(x)
    return round_like(np.outer(s, s) * (np.diag(1 / s) - 1), x)


@mutant(fails={"accuracy": ALL_BUT_FLOAT16}, cause="rounding of the gap")
def jacobian_through_logsumexp(x: Array) -> Array:
    """s is exp(x - y) with y = logsumexp(x), whose rounding costs abs(y) u."""
    w = lift(x)
    return _jacobian(np.exp(w - (peak(w) + np.log(total(exps(w)))))).astype(x.dtype)


@mutant(fails={"accuracy": ("float16",)}, cause="accumulator stagnation")
def jacobian_sum_in_own_format(x: Array) -> Array:
    """The denominator is summed in the dtype of `x`, where it stagnates."""
    e = exps(lift(x))
    return _jacobian(e / sums_in(x.dtype, e)).astype(x.dtype)


@mutant(fails={"accuracy": WIDE}, cause="precision narrowed")
def probabilities_in_bfloat16(x: Array) -> Array:
    """The probabilities were stored in bfloat16 for the backward pass."""
    return _jacobian(probabilities(x).astype(ml_dtypes.bfloat16).astype(lift(x).dtype)).astype(x.dtype)


@mutant(fails={"accuracy": ALL_BUT_FLOAT16})
def probabilities_clipped(x: Array) -> Array:
    """The probabilities are clipped to [1e-7, 1 - 1e-7], against a logarithm that nobody takes."""
    return _jacobian(np.clip(probabilities(x), 1e-7, 1 - 1e-7)).astype(x.dtype)


# The formula


@mutant(fails={"rows_sum_to_zero": EVERY}, cause="missing term")
def diagonal_only_jacobian(x: Array) -> Array:
    """diag(s (1 - s)), as of the sigmoid: that s_i depends on the other logits is forgotten."""
    s = probabilities(x)
    return np.diag(s * (1 - s)).astype(x.dtype)


@mutant(fails={"rows_sum_to_zero": EVERY}, cause="wrong sign")
def outer_product_added(x: Array) -> Array:
    """diag(s) + s s^T: the sign between the terms is wrong."""
    s = probabilities(x)
    return round_like(np.diag(s) + np.outer(s, s), x)


@mutant(fails={"rows_sum_to_zero": EVERY})
def diagonal_without_sum(x: Array) -> Array:
    """(e_i - e_i^2) / S^2 on the diagonal, as a solution prints the quotient rule: a factor S is lost."""
    e = exps(lift(x))
    J = -np.outer(e, e) / total(e) ** 2
    np.fill_diagonal(J, (e - e * e) / total(e) ** 2)
    return J.astype(x.dtype)


@mutant(fails={"rows_sum_to_zero": EVERY})
def first_entry_without_sum(x: Array) -> Array:
    """(e_1 - e_1^2) / S^2 in the first entry, as a solution prints the matrix, and the rest as it should be."""
    e = exps(lift(x))
    J = _jacobian(ratio(e))
    J[0, 0] = ((e - e * e) / total(e) ** 2)[0]
    return J.astype(x.dtype)


@mutant(fails={"positive_semidefinite": EVERY}, cause="missing term")
def diagonal_forgotten(x: Array) -> Array:
    """-s s^T everywhere: the case i = j is forgotten."""
    s = probabilities(x)
    return (-np.outer(s, s)).astype(x.dtype)


@mutant(fails={"positive_semidefinite": EVERY}, cause="wrong sign")
def terms_exchanged(x: Array) -> Array:
    """s s^T - diag(s): the derivative of the denominator comes first in the quotient rule."""
    return (-_sound(x)).astype(x.dtype)


@mutant(fails={"norm": EVERY}, cause="wrong divisor")
def denominator_not_squared(x: Array) -> Array:
    """(e_i S delta_ij - e_i e_j) / S: the quotient rule with S for S^2."""
    e = exps(lift(x))
    return (total(e) * _jacobian(ratio(e))).astype(x.dtype)


@mutant(fails={"norm": EVERY}, cause="wrong factor")
def symmetrised_without_half(x: Array) -> Array:
    """J + J^T, and the half is forgotten: twice the Jacobian."""
    J = _sound(x)
    return (J + J.T).astype(x.dtype)


@mutant(fails={"norm": EVERY}, cause="wrong term")
def log_softmax_jacobian(x: Array) -> Array:
    """delta_ij - s_j, the Jacobian of the logarithm."""
    s = probabilities(x)
    return round_like(np.eye(len(s)) - s, x)


@mutant(fails={"vjp_agreement": EVERY}, cause="divided by length")
def divided_by_length(x: Array) -> Array:
    """J / n: the mean over the row, left over from a loss."""
    return (_sound(x) / len(x)).astype(x.dtype)


@mutant(fails={"vjp_agreement": EVERY}, cause="cancellation")
def central_difference(x: Array) -> Array:
    """(softmax(x + h e_j) - softmax(x - h e_j)) / 2h with h = 1e-6, whatever the dtype and the size of `x`."""
    w = lift(x)
    h = np.eye(len(w), dtype=w.dtype) * w.dtype.type(1e-6)
    columns: Array = (ratio(exps(w + h)) - ratio(exps(w - h))) / w.dtype.type(2e-6)
    return columns.T.astype(x.dtype)


# The matrix


@mutant(fails={"symmetric": EVERY}, cause="wrong axis")
def scaled_by_column(x: Array) -> Array:
    """s_j (delta_ij - s_j): s is broadcast along the rows, and s[:, None] was meant."""
    s = probabilities(x)
    return round_like(s * (np.eye(len(s)) - s), x)


@mutant(fails={"symmetric": EVERY}, cause="wrong term")
def one_index_for_both(x: Array) -> Array:
    """-s_i s_i off the diagonal, as a solution prints it: i was written for j."""
    s = probabilities(x)
    J = np.repeat(-s[:, None] * s[:, None], len(s), axis=1)
    np.fill_diagonal(J, s * (1 - s))
    return J.astype(x.dtype)


@mutant(fails={"symmetric": EVERY}, cause="entries left out")
def upper_triangle_only(x: Array) -> Array:
    """Half of the symmetric matrix is computed, and not mirrored."""
    return np.triu(_sound(x)).astype(x.dtype)


@mutant(fails={"vjp_agreement": EVERY})
def rows_from_one(x: Array) -> Array:
    """Rows are numbered from one: each stands a row too low, and the last comes first."""
    return np.roll(_sound(x), 1, axis=0).astype(x.dtype)


@mutant(fails={"vjp_agreement": EVERY}, cause="entries left out")
def first_tile_only(x: Array) -> Array:
    """One tile of 64 is computed, as if the row ended there, and the rest of the matrix stays zero."""
    J = np.zeros((len(x), len(x)), lift(x).dtype)
    J[:64, :64] = _jacobian(probabilities(x[:64]))
    return J.astype(x.dtype)


@mutant(fails={"accuracy": ALL_BUT_FLOAT16}, cause="cancellation")
def last_column_by_difference(x: Array) -> Array:
    """The last column is what makes the rows sum to zero: the rounding errors of all others."""
    J = _sound(x)
    J[:, -1] = -J[:, :-1].sum(axis=1)
    return J.astype(x.dtype)


# The contract


@mutant(fails={"row_independence": EVERY}, cause="state leaks between rows")
def jacobian_of_running_mean(x: Array) -> Array:
    """The probabilities are averaged with those of earlier calls of that length, as batch statistics are."""
    return _jacobian(_running_mean(x)).astype(x.dtype)


plant(jacobian_in_memory_order=contract.memory_order)


@mutant(fails={"purity": EVERY}, cause="input mutated")
def jacobian_shifts_in_place(x: Array) -> Array:
    """The maximum is subtracted in the caller's array."""
    x -= x.max()
    return _sound(x).astype(x.dtype)


plant(jacobian_buffer_reused=contract.buffer_kept)


@mutant(fails={"dtype": ("float32", *NARROW)}, cause="wrong dtype")
def promoted_by_identity(x: Array) -> Array:
    """s_i (delta_ij - s_j) with an identity matrix of float64, which promotes the result."""
    s = probabilities(x).astype(x.dtype)
    return np.asarray(s[:, None] * (np.eye(len(s)) - s))


plant(matrix_of_float32=contract.narrowed)


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def derivative_as_vector(x: Array) -> Array:
    """The derivatives s_i (1 - s_i) alone, as a vector: that of an elementwise function."""
    s = probabilities(x)
    return (s * (1 - s)).astype(x.dtype)


plant(batch_axis_kept=contract.batch_of_one, jacobian_dithered=contract.dithered)
