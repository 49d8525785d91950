"""Softmax mutants, found: how public implementations have failed their callers, one defect each.

The code is ours; each docstring names a thread in which that kind of defect was reported, where there is
one. The arithmetic along a row is sound.
"""

from __future__ import annotations

from itertools import count

import ml_dtypes
import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._arrays import from_start_of_storage, lift, rows, to_axis
from extremum.reference.mutants._parts import exps, mutants_of, quotient, sound, total
from extremum.reference.subjects.subject import EVERY, NARROW

mutant = mutants_of("softmax")

_calls = count()

# Rows and axes


@mutant(fails={"row_independence": EVERY}, cause="wrong axis")
def sum_of_whole_array(x: Array, axis: int = -1) -> Array:
    """Each row is divided by the sum of the whole array, as in uTensor/uTensor#171."""
    e = exps(lift(x), axis)
    return quotient(e, e.sum(), x)


@mutant(fails={"row_independence": EVERY})
def misaligned_head_dropped(x: Array, axis: int = -1) -> Array:
    """A row that starts at an odd offset loses its first term: rows of odd length, as in pytorch/pytorch#147284."""
    e = exps(rows(x, axis))
    place = np.arange(e.size).reshape(e.shape)
    lost = (place % e.shape[-1] == 0) & (place % 2 == 1)
    return to_axis(e / total(np.where(lost, 0, e)), axis, x)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def last_axis_always(x: Array, axis: int = -1) -> Array:
    """The axis is accepted and ignored, as in paiml/aprender#2152."""
    return sound(x, -1)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def axis_guessed(x: Array, axis: int = -1) -> Array:
    """The axis is guessed from the number of dimensions, for which see pytorch/pytorch#3238."""
    return sound(x, 0 if x.ndim in (1, 3) else 1)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def trailing_axes_joined(x: Array, axis: int = -1) -> Array:
    """The axis and all after it are one, as in the matrices of ONNX before version 13: onnx/onnx#1544."""
    return sound(x.reshape(*x.shape[: axis % x.ndim], -1), -1).reshape(x.shape)


@mutant(fails={"axis": EVERY}, cause="wrong axis")
def summed_along_old_axis(x: Array, axis: int = -1) -> Array:
    """The rows are transposed, and summed along the axis that they had before, as in dpilger26/NumCpp#57."""
    e = exps(rows(x, axis))
    return to_axis(e / total(e, axis), axis, x)


# Memory


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def storage_offset_ignored(x: Array, axis: int = -1) -> Array:
    """A view is read from the start of its storage, as in intel/ipex-llm#2776 and ml-explore/mlx#657."""
    return sound(from_start_of_storage(x), axis)


@mutant(fails={"layout": EVERY}, cause="storage order ignored")
def storage_orders_mixed(x: Array, axis: int = -1) -> Array:
    """Unless `x` is in C order, the result is written in C and read in F order: deeplearning4j/deeplearning4j#7560."""
    return sound(x, axis).ravel().reshape(x.shape, order="C" if x.flags.c_contiguous else "F")


@mutant(fails={"purity": EVERY}, cause="input mutated")
def answer_written_to_argument(x: Array, axis: int = -1) -> Array:
    """The result is written into the argument, as in JuliaGPU/CUDA.jl#592."""
    x[...] = sound(x, axis)
    return x


@mutant(fails={"purity": EVERY})
def print_left_in(x: Array, axis: int = -1) -> Array:
    """Every call prints, as in chainer/chainer#2610."""
    print(x.shape)
    return sound(x, axis)


# Dtype and shape


@mutant(fails={"dtype": ("float32", *NARROW)}, cause="wrong dtype")
def promoted_by_constant(x: Array, axis: int = -1) -> Array:
    """A scale of one, kept as an array of float64, promotes the result."""
    return sound(x, axis) * np.ones(1)


@mutant(fails={"dtype": NARROW}, cause="wrong dtype")
def halves_confused(x: Array, axis: int = -1) -> Array:
    """float16 is returned for bfloat16, and bfloat16 for float16: both have 16 bits."""
    other = {"float16": ml_dtypes.bfloat16, "bfloat16": np.float16}
    return sound(x, axis).astype(other.get(x.dtype.name, x.dtype))


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def returned_as_matrix(x: Array, axis: int = -1) -> Array:
    """The result keeps the two dimensions that the input was coerced to, as asked in onnx/onnx#1544."""
    return sound(x, axis).reshape(-1, x.shape[-1])


@mutant(fails={"shape": EVERY}, cause="wrong shape")
def batch_of_one_dropped(x: Array, axis: int = -1) -> Array:
    """A first axis of length one is dropped, as in clovaai/rexnet#20."""
    s = sound(x, axis)
    return s[0] if s.ndim > 1 and len(s) == 1 else s


# State


@mutant(fails={"determinism": EVERY}, cause="nondeterministic")
def update_lost(x: Array, axis: int = -1) -> Array:
    """Every other call loses the last term of the sum, a race as in JustVugg/colibri#1098."""
    e = exps(rows(x, axis))
    summed = e[..., : e.shape[-1] - next(_calls) % 2]
    return to_axis(e / total(summed), axis, x)
