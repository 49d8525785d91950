"""Functions of JAX and PyTorch on exact numbers: what such a function does is recorded, and done again on jets.

Both libraries record a function as a list of steps: JAX as a jaxpr of primitives, PyTorch as a graph of ATen operators.
A recording is of a shape, and holds for all numbers of that shape: where a function asks for the values of its argument
the libraries refuse to record it. A step that depends on the argument is made by its rule, on object arrays of jets (an
array without jets is of constants); any other is the library's own. A step without a rule raises `NoRule`: then f is
not evaluable, and nothing is said of it by exact numbers.

What stops or declares a derivative (`stop_gradient`, `detach`, `custom_jvp`) changes no value: here f is its values.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np

from extremum.reference.arithmetic.exact_functions import Jets
from extremum.reference.arithmetic.formats import Array

Recordings = MutableMapping[tuple[int, int], Any]  # by the identity of a function and its number of arguments


class NoRule(TypeError):
    """A step that exact numbers have no rule for."""


def recorded_once(
    record: Callable[[Callable[..., Any], int], Any], function: Callable[..., Any], n: int, kept: Recordings
) -> Any:
    """The recording of a function of n numbers: a point asks for its values dozens of times.

    It is `kept` by whoever makes these calls, and no longer: what the function closes over may change.
    """
    key = id(function), n
    if key not in kept:
        kept[key] = record(function, n)
    return kept[key]


def has_jets(value: Any) -> bool:
    """Whether it is an object array, or a list with one."""
    if isinstance(value, (list, tuple)):
        return any(map(has_jets, value))
    return isinstance(value, np.ndarray) and value.dtype == object


def as_jets(value: Any) -> Any:
    """An object array whose functions are those of jets."""
    return np.asarray(value, object).view(Jets)


# What both libraries have: functions of one array, entry by entry.
POINTWISE: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(np, name) for name in ("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "square")},
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "neg": np.negative,
    "abs": np.abs,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "erf": lambda x: entry_by_entry(lambda a: a.erf() if hasattr(a, "erf") else a, x),
    "erfc": lambda x: 1 - POINTWISE["erf"](x),  # of a large x it loses digits, and the ball says so
    "sign": lambda x: entry_by_entry(lambda a: 1.0 if a > 0 else -1.0 if a < 0 else 0.0, x),
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
}
IDENTITIES = ("copy", "copy_p", "stop_gradient", "optimization_barrier", "detach", "clone", "alias", "lift_fresh_copy")


def entry_by_entry(function: Callable[..., Any], *arrays: Any) -> Any:
    """A function of numbers, of arrays that broadcast."""
    return as_jets(np.frompyfunc(function, len(arrays), 1)(*(np.asarray(a, object) for a in arrays)))


def larger(a: Any, b: Any) -> Any:
    """The maximum, which an infinity decides."""
    return entry_by_entry(lambda p, q: q if _is(p, -np.inf) else p if _is(q, -np.inf) or p > q else q, a, b)


def smaller(a: Any, b: Any) -> Any:
    """The minimum, which an infinity decides."""
    return entry_by_entry(lambda p, q: q if _is(p, np.inf) else p if _is(q, np.inf) or p < q else q, a, b)


def _is(number: Any, infinity: float) -> bool:
    return isinstance(number, (float, np.floating)) and number == infinity


def compared(name: str, a: Any, b: Any) -> Array:
    """The comparison called eq, ne, lt, le, gt or ge, as an array of bool; every number is itself."""
    if a is b:
        return np.full(np.shape(a), name in ("eq", "le", "ge"))
    return np.asarray(entry_by_entry(COMPARISONS[name], a, b), object).astype(bool)


def _decided(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The comparison, in which every exact number is below infinity."""

    def decide(a: Any, b: Any) -> Any:
        if any(isinstance(c, (float, np.floating)) and not np.isfinite(c) for c in (a, b)):
            a, b = (c if isinstance(c, (float, np.floating)) else 0.0 for c in (a, b))
        return compare(a, b)

    return decide


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": _decided(eq),
    "ne": _decided(ne),
    "lt": _decided(lt),
    "le": _decided(le),
    "gt": _decided(gt),
    "ge": _decided(ge),
}


def reduced(function: Callable[[Any, Any], Any], x: Any, axes: Any = None, keepdims: bool = False) -> Any:
    """A reduction of a function of two numbers over axes; None: over all."""
    ufunc = np.frompyfunc(function, 2, 1)
    axes = tuple(range(np.ndim(x))) if axes is None or axes == [] else tuple(np.atleast_1d(axes).tolist())
    array = np.asarray(x, object)
    for axis in sorted((axis % array.ndim for axis in axes), reverse=True):
        array = np.asarray(ufunc.reduce(array, axis=axis, keepdims=keepdims), object)
    return as_jets(array)


def total(x: Any, axes: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    return reduced(lambda a, b: a + b, x, axes, keepdims)


def largest(x: Any, axes: Any = None, keepdims: bool = False) -> Any:
    """The largest entry."""
    return reduced(lambda a, b: a if a > b else b, x, axes, keepdims)


def smallest(x: Any, axes: Any = None, keepdims: bool = False) -> Any:
    """The smallest entry."""
    return reduced(lambda a, b: a if a < b else b, x, axes, keepdims)


def product(x: Any, axes: Any = None, keepdims: bool = False) -> Any:
    """The product."""
    return reduced(lambda a, b: a * b, x, axes, keepdims)


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """Of each entry that of `a` where the condition holds, else that of `b`."""
    return as_jets(np.where(np.asarray(condition).astype(bool), np.asarray(a, object), np.asarray(b, object)))
