"""Defects that several roles share: most are against the contract with the caller, a few of the arithmetic.

A defect is a function of the sound answer of a role: `wide`, which answers in the format of the computation, and `at`,
the place of the argument that the answer is rounded like. It returns the answer with that defect, and its docstring is
that of the mutant. `DECLARED` has what each must fail; a module of a role names those that apply, by `planter`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from extremum.reference.arithmetic.formats import Array
from extremum.reference.mutants._arrays import flush, fmt, from_start_of_storage, in_memory_order, lift
from extremum.reference.mutants._parts import Decorator
from extremum.reference.subjects.subject import EVERY, NARROW

Answer = Callable[..., Array]
RARELY = 500  # rows, one of which is wrong


def round_answer(wide: Answer, at: int = 0) -> Answer:
    """The sound answer: `wide`, rounded to the dtype of argument `at`."""

    def answer(*arguments: Any, **axis: int) -> Array:
        return np.asarray(wide(*arguments, **axis)).astype(arguments[at].dtype)

    return answer


def average_answers(wide: Answer) -> Answer:
    """`wide`, averaged with its earlier answers of that shape, as batch statistics are."""
    mean = [np.empty(0)]

    def answer(*arguments: Any, **axis: int) -> Array:
        y = wide(*arguments, **axis)
        mean[0] = (y + 9 * mean[0]) / 10 if mean[0].shape == y.shape and mean[0].dtype == y.dtype else y
        return mean[0]

    return answer


def _change_arrays(change: Callable[[Array], Array], answer: Answer) -> Answer:
    """`answer` for arrays that were changed; arguments that are no arrays stay."""

    def changed(*arguments: Any, **axis: int) -> Array:
        return answer(*(change(a) if isinstance(a, np.ndarray) else a for a in arguments), **axis)

    return changed


def _change_answer(change: Callable[[Array], Array], answer: Answer) -> Answer:
    """`answer`, changed."""
    return lambda *arguments, **axis: change(answer(*arguments, **axis))


def minus_10000_for_masked(x: Array) -> Array:
    """`x` in the format of the computation, with -10000 for -inf."""
    w = lift(x)
    return np.where(np.isneginf(w), w.dtype.type(-1e4), w)


def mask_of_minus_10000(wide: Answer, at: int) -> Answer:
    """-inf is replaced by -10000, which leaks where the other entries lie lower."""
    return round_answer(_change_arrays(minus_10000_for_masked, wide), at)


def through_float32(wide: Answer, at: int) -> Answer:
    """The computation is in float32, even for float64."""
    return round_answer(_change_arrays(lambda a: a.astype(np.float32), wide), at)


def flushed(wide: Answer, at: int) -> Answer:
    """Entries below the smallest normal are made zero."""
    return _change_answer(flush, round_answer(wide, at))


def running_mean(wide: Answer, at: int) -> Answer:
    """The answer is averaged with earlier ones of that length."""
    return round_answer(average_answers(wide), at)


def memory_order(wide: Answer, at: int) -> Answer:
    """The entries are read in the order of memory, as if the array were C-contiguous."""
    return _change_arrays(in_memory_order, round_answer(wide, at))


def storage_offset(wide: Answer, at: int) -> Answer:
    """A view is read from the start of its storage."""
    return _change_arrays(from_start_of_storage, round_answer(wide, at))


def in_place(wide: Answer, at: int) -> Answer:
    """The answer is written over the caller's `x`."""

    def answer(*arguments: Any, **axis: int) -> Array:
        x: Array = arguments[at]
        x[...] = wide(*arguments, **axis)
        return x.copy()

    return answer


def buffer_kept(wide: Answer, at: int) -> Answer:
    """The result is written into a buffer that is kept, and returned again for the next result of its shape."""
    sound, buffer = round_answer(wide, at), [np.empty(0)]

    def answer(*arguments: Any, **axis: int) -> Array:
        y = sound(*arguments, **axis)
        if buffer[0].shape != y.shape or buffer[0].dtype != y.dtype:
            buffer[0] = np.empty(y.shape, y.dtype)
        buffer[0][...] = y
        return buffer[0]

    return answer


def promoted(wide: Answer, at: int) -> Answer:
    """The result stays in the format of the computation."""
    return lambda *arguments, **axis: np.asarray(wide(*arguments, **axis))


def promoted_by_constant(wide: Answer, at: int) -> Answer:
    """A factor of float64 promotes the result."""
    return lambda *arguments, **axis: np.asarray(wide(*arguments, **axis) * np.float64(1.0))


def narrowed(wide: Answer, at: int) -> Answer:
    """The result of float64 is returned as float32."""
    return _change_answer(lambda y: y.astype(np.float32 if y.dtype.itemsize == 8 else y.dtype), round_answer(wide, at))


def squeezed(wide: Answer, at: int) -> Answer:
    """All axes of length one are dropped."""
    return _change_answer(np.squeeze, round_answer(wide, at))


def column(wide: Answer, at: int) -> Answer:
    """The answer is returned as a column."""
    return _change_answer(lambda y: y[:, None], round_answer(wide, at))


def batch_of_one(wide: Answer, at: int) -> Answer:
    """The answer has a first axis of length one, as of a batch of one."""
    return _change_answer(lambda y: y[None], round_answer(wide, at))


def dithered(wide: Answer, at: int) -> Answer:
    """The result is dithered by up to a unit roundoff before it is rounded."""
    noise = np.random.default_rng()

    def answer(*arguments: Any, **axis: int) -> Array:
        y = wide(*arguments, **axis)
        return np.asarray(y * (1 - fmt(arguments[at]).unit_roundoff * noise.random(y.shape)))

    return round_answer(answer, at)


def rarely_lost(wide: Answer, at: int) -> Answer:
    """One row in five hundred, by chance, is answered with zeros, as where a thread does not come in time."""
    chance = np.random.default_rng()

    def answer(*arguments: Any, **axis: int) -> Array:
        y, along = wide(*arguments, **axis), axis.get("axis", -1)
        lost = chance.random(np.expand_dims(np.take(y, 0, along), along).shape) < 1 / RARELY
        return np.where(lost, 0.0, y)

    return round_answer(answer, at)


def workspace_kept(wide: Answer, at: int) -> Answer:
    """The workspace of a larger call before is not cleared to its end: the last entry is that call's."""
    left: list[Array] = [np.zeros(0)]

    def answer(*arguments: Any, **axis: int) -> Array:
        y = np.array(wide(*arguments, **axis))
        if y.size < left[0].size:
            y.reshape(-1)[-1] = left[0][y.size - 1]
        left[0] = y.reshape(-1)
        return y

    return round_answer(answer, at)


DECLARED: dict[Callable[[Answer, int], Answer], dict[str, Any]] = {
    mask_of_minus_10000: {"fails": {"mask": EVERY}, "cause": "masked value leaks"},
    through_float32: {"fails": {"accuracy": ("float64",)}, "cause": "precision narrowed"},
    flushed: {"fails": {"gradual_underflow": EVERY}, "cause": "subnormals flushed"},
    running_mean: {"fails": {"row_independence": EVERY}, "cause": "state leaks between rows"},
    memory_order: {"fails": {"layout": EVERY}, "cause": "storage order ignored"},
    storage_offset: {"fails": {"layout": EVERY}, "cause": "storage order ignored"},
    in_place: {"fails": {"purity": EVERY}, "cause": "input mutated"},
    buffer_kept: {"fails": {"purity": EVERY}, "cause": "answer overwritten"},
    promoted: {"fails": {"dtype": NARROW}, "cause": "wrong dtype"},
    promoted_by_constant: {"fails": {"dtype": ("float32", *NARROW)}, "cause": "wrong dtype"},
    narrowed: {"fails": {"dtype": ("float64",)}, "cause": "precision narrowed"},
    squeezed: {"fails": {"shape": EVERY}, "cause": "wrong shape"},
    column: {"fails": {"shape": EVERY}, "cause": "wrong shape"},
    batch_of_one: {"fails": {"shape": EVERY}, "cause": "wrong shape"},
    workspace_kept: {"fails": {"determinism": EVERY}},
    rarely_lost: {"fails": {"determinism": EVERY}, "cause": "nondeterministic"},
    dithered: {"fails": {"determinism": EVERY}, "cause": "nondeterministic"},
}


def planter(module: str, mutant: Callable[..., Decorator], wide: Answer, at: int = 0) -> Callable[..., None]:
    """The function that registers defects of `wide` as mutants of `module`, which has each by the name given.

    `mutant` is the decorator of the role's mutants.
    """

    def plant(**defects: Callable[[Answer, int], Answer]) -> None:
        for name, defect in defects.items():
            function: Any = defect(wide, at)
            function.__name__ = function.__qualname__ = name
            function.__module__, function.__doc__ = module, defect.__doc__
            function.__signature__ = inspect.signature(wide)  # an audit reads the names of the arguments
            setattr(sys.modules[module], name, mutant(**DECLARED[defect])(function))

    return plant
