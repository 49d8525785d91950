"""A function of JAX on exact numbers: its jaxpr, interpreted on arrays of jets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from extremum.reference.arithmetic.exact_graphs import (
    COMPARISONS,
    IDENTITIES,
    POINTWISE,
    NoRule,
    Recordings,
    as_jets,
    chosen,
    compared,
    has_jets,
    larger,
    largest,
    product,
    recorded_once,
    smaller,
    smallest,
    total,
)
from extremum.reference.arithmetic.formats import Array

INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # the parameters that hold the steps of a function within
FLOATING = "fV"  # kinds of dtypes; bfloat16 has no other


def evaluated(function: Callable[..., Any], argument: Array, kept: Recordings) -> Any:
    """The function of an array of jets, shape (n,). Raises `NoRule`, or what JAX raises where it can't record it."""
    closed = recorded_once(_recorded, function, argument.shape[0], kept)
    answers = _interpreted(closed.jaxpr, closed.consts, [argument])
    if len(answers) != 1:
        raise NoRule("it returns more than one array")
    return answers[0]


def _recorded(function: Callable[..., Any], n: int) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)  # without it JAX narrows constants in silence
    # Another function each time: JAX keeps what it has traced of one.
    return jax.make_jaxpr(lambda x: function(x))(np.zeros(n))  # noqa: PLW0108


def _interpreted(jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    known: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
    known.update(zip(jaxpr.invars, arguments, strict=True))

    def read(variable: Any) -> Any:
        return np.asarray(variable.val) if hasattr(variable, "val") else known[variable]

    for step in jaxpr.eqns:
        answers = _made(step, [read(v) for v in step.invars])
        known.update(zip(step.outvars, answers, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _made(step: Any, inputs: list[Any]) -> list[Any]:
    name, given = step.primitive.name, step.params
    if name == "custom_jvp_call" and has_jets(inputs) and _is_logaddexp(given["call_jaxpr"]):
        return [np.logaddexp(as_jets(inputs[0]), as_jets(inputs[1]))]  # its steps have kinks where it has none
    for key in INNER if name in CALLS else ():
        if key in given:
            inner = given[key]
            return _interpreted(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), inputs)
    if not has_jets(inputs):
        answer = step.primitive.bind(*map(_of_jax, inputs), **given)
        return list(answer) if step.primitive.multiple_results else [answer]
    inputs = [a if has_jets(a) else np.asarray(a) for a in inputs]
    if name in IDENTITIES:
        return inputs
    if name in POINTWISE:
        return [as_jets(POINTWISE[name](as_jets(inputs[0])))]
    if name in COMPARISONS:
        return [compared(name, *inputs)]
    if name not in RULES:
        raise NoRule(f"JAX's {name} of exact numbers")
    return [RULES[name](*inputs, **given)]


LOGADDEXP = ("max", "sub", "ne", "add", "abs", "neg", "exp", "log1p", "add", "select_n")


def _is_logaddexp(closed: Any) -> bool:
    """Whether the steps are those of `jax.numpy.logaddexp`: another function may have its name."""
    jaxpr = getattr(closed, "jaxpr", closed)
    known = {id(v): chr(ord("a") + i) for i, v in enumerate(jaxpr.invars)}
    wiring = []
    for step in jaxpr.eqns:
        wiring.append("".join(known.get(id(v), "?") for v in step.invars))
        known.update({id(v): chr(ord("a") + len(known)) for v in step.outvars})
    return tuple(s.primitive.name for s in jaxpr.eqns) == LOGADDEXP and wiring == LOGADDEXP_WIRING


# The inputs are a and b, and each step gives the next letter.
LOGADDEXP_WIRING = ["ab", "ab", "dd", "ab", "d", "g", "h", "i", "cj", "ekf"]
CALLS = ("jit", "pjit", "closed_call", "core_call", "remat", "checkpoint", "custom_jvp_call", "custom_vjp_call")


def _of_jax(value: Any) -> Any:
    import jax

    return jax.numpy.asarray(value)


def _converted(x: Any, new_dtype: Any = None, **_: Any) -> Any:
    if np.dtype(new_dtype).kind not in FLOATING:
        raise NoRule(f"exact numbers as {np.dtype(new_dtype)}")
    return x


def _broadcast(x: Any, *_: Any, shape: Any, broadcast_dimensions: Any, **__: Any) -> Any:
    sizes = [1] * len(shape)
    for place, size in zip(broadcast_dimensions, np.shape(x), strict=True):
        sizes[place] = size
    return as_jets(np.broadcast_to(np.asarray(x, object).reshape(sizes), shape))


def _dot(a: Any, b: Any, dimension_numbers: Any, **_: Any) -> Any:
    (left, right), (left_batch, right_batch) = dimension_numbers
    a, b = np.asarray(a, object), np.asarray(b, object)
    if not left_batch:
        return as_jets(np.tensordot(a, b, (list(left), list(right))))
    if tuple(left_batch) != (0,) or tuple(right_batch) != (0,):
        raise NoRule("products of several batches")
    axes = [axis - 1 for axis in left], [axis - 1 for axis in right]
    return as_jets(np.stack([np.tensordot(p, q, axes) for p, q in zip(a, b, strict=True)]))


def _reshaped(x: Any, new_sizes: Any, dimensions: Any = None, **_: Any) -> Any:
    return as_jets(np.reshape(x if dimensions is None else np.transpose(x, dimensions), new_sizes))


def _sliced(x: Any, start_indices: Any, limit_indices: Any, strides: Any = None, **_: Any) -> Any:
    steps = strides or [1] * np.ndim(x)
    return as_jets(x[tuple(slice(*ends) for ends in zip(start_indices, limit_indices, steps, strict=True))])


def _dynamic_slice(x: Any, *starts: Any, slice_sizes: Any, **_: Any) -> Any:
    if has_jets(starts):
        raise NoRule("a place that depends on the argument")
    begins = [min(max(int(s), 0), n - k) for s, n, k in zip(starts, np.shape(x), slice_sizes, strict=True)]
    return as_jets(x[tuple(slice(s, s + k) for s, k in zip(begins, slice_sizes, strict=True))])


def _selected(which: Any, *cases: Any, **_: Any) -> Any:
    if len(cases) != 2 or has_jets(which):
        raise NoRule("a choice of more than two")
    return chosen(np.broadcast_to(which, np.shape(cases[0])), cases[1], cases[0])


def _power(x: Any, y: Any, **_: Any) -> Any:
    return as_jets(np.asarray(x, object) ** np.asarray(y, object))


def _cumulative(x: Any, axis: int, reverse: bool = False, **_: Any) -> Any:
    array = np.flip(np.asarray(x, object), axis) if reverse else np.asarray(x, object)
    sums = np.add.accumulate(array, axis=axis)
    return as_jets(np.flip(sums, axis) if reverse else sums)


RULES: dict[str, Callable[..., Any]] = {
    "add": lambda a, b, **_: as_jets(a + b),
    "add_any": lambda a, b, **_: as_jets(a + b),
    "sub": lambda a, b, **_: as_jets(a - b),
    "mul": lambda a, b, **_: as_jets(a * b),
    "div": lambda a, b, **_: as_jets(a / b),
    "pow": _power,
    "integer_pow": lambda x, y, **_: as_jets(x**y),
    "max": lambda a, b, **_: larger(a, b),
    "min": lambda a, b, **_: smaller(a, b),
    "clamp": lambda low, x, high, **_: smaller(larger(x, low), high),
    "is_finite": lambda x, **_: np.full(np.shape(x), True),
    "select_n": _selected,
    "convert_element_type": _converted,
    "reduce_sum": lambda x, axes, **_: total(x, axes) if len(axes) else x,
    "reduce_max": lambda x, axes, **_: largest(x, axes) if len(axes) else x,
    "reduce_min": lambda x, axes, **_: smallest(x, axes) if len(axes) else x,
    "reduce_prod": lambda x, axes, **_: product(x, axes) if len(axes) else x,
    "cumsum": _cumulative,
    "dot_general": _dot,
    "broadcast_in_dim": _broadcast,
    "reshape": _reshaped,
    "squeeze": lambda x, dimensions, **_: as_jets(np.squeeze(x, tuple(dimensions))),
    "expand_dims": lambda x, dimensions, **_: as_jets(np.expand_dims(x, tuple(dimensions))),
    "transpose": lambda x, permutation, **_: as_jets(np.transpose(x, permutation)),
    "rev": lambda x, dimensions, **_: as_jets(np.flip(x, tuple(dimensions))),
    "slice": _sliced,
    "dynamic_slice": _dynamic_slice,
    "concatenate": lambda *arrays, dimension, **_: as_jets(np.concatenate([*map(as_jets, arrays)], dimension)),
    "stack": lambda *arrays, axis=0, **_: as_jets(np.stack([*map(as_jets, arrays)], axis)),
}
