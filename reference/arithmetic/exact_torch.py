"""A function of PyTorch on exact numbers: its graph of ATen operators, interpreted on arrays of jets.

Constants of a graph (weights, data) are arrays of float64, which hold every number of a narrower format.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import getitem
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

GELU_CUBE = 0.044715
MEAN, SUM = 1, 2  # how a loss is reduced


def evaluated(function: Callable[..., Any], argument: Array, kept: Recordings) -> Any:
    """The function of an array of jets, shape (n,). Raises `NoRule`, or what PyTorch raises in recording it."""
    recording = recorded_once(_recorded, function, argument.shape[0], kept)
    known: dict[Any, Any] = {}

    def read(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [read(v) for v in value]
        return known[value] if hasattr(value, "op") else value

    for node in recording.graph.nodes:
        if node.op == "placeholder":
            known[node] = argument
        elif node.op == "get_attr":
            known[node] = getattr(recording, node.target)
        elif node.op == "output":
            return _of_numpy(read(node.args[0]))
        else:
            known[node] = _made(node.target, [read(a) for a in node.args], {k: read(a) for k, a in node.kwargs.items()})
    raise NoRule("a graph without an answer")


def _recorded(function: Callable[..., Any], n: int) -> Any:
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    # A fake tensor has no values that a function could read past the recording, as x.numpy() or x.tolist() would.
    with torch.no_grad():
        return make_fx(function, tracing_mode="fake", _allow_non_fake_inputs=True)(torch.zeros(n, dtype=torch.float64))


def _made(target: Any, inputs: list[Any], given: dict[str, Any]) -> Any:
    if target is getitem:
        return inputs[0][inputs[1]]
    if not has_jets(inputs) and not has_jets(list(given.values())):
        return target(*inputs, **given)
    name = str(target).removeprefix("aten.").partition(".")[0]
    inputs = [_of_numpy(a) for a in inputs]
    if name in IDENTITIES:
        return inputs[0]
    if name in POINTWISE:
        return as_jets(POINTWISE[name](as_jets(inputs[0])))
    if name in COMPARISONS:
        return _of_torch(compared(name, *inputs))
    if name not in RULES:
        raise NoRule(f"PyTorch's {name} of exact numbers")
    return RULES[name](*inputs, **{key: _of_numpy(a) for key, a in given.items()})


def _of_numpy(value: Any) -> Any:
    """A tensor of numbers as an array, which holds them all; what is none as it is."""
    import torch

    if isinstance(value, (list, tuple)):
        return [_of_numpy(v) for v in value]
    if not isinstance(value, torch.Tensor):
        return value
    value = value.detach().cpu()
    return np.asarray((value.to(torch.float64) if value.is_floating_point() else value).numpy())


def _of_torch(mask: Array) -> Any:
    """A mask as the library's own, since what depends on it alone is the library's."""
    import torch

    return torch.from_numpy(np.array(mask))


def _of_two(operate: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def rule(a: Any, b: Any, alpha: Any = 1) -> Any:
        return as_jets(operate(_array(a), _array(b) if alpha == 1 else _array(b) * alpha))

    return rule


def _array(value: Any) -> Any:
    return np.asarray(value, object)


def _div(a: Any, b: Any, rounding_mode: Any = None) -> Any:
    if rounding_mode is not None:
        raise NoRule("division to whole numbers")
    return as_jets(_array(a) / _array(b))


def _clamp(x: Any, low: Any = None, high: Any = None, **named: Any) -> Any:
    low, high = named.get("min", low), named.get("max", high)
    x = x if low is None else larger(x, low)
    return x if high is None else smaller(x, high)


def _summed(x: Any, dims: Any = None, keepdim: bool = False, **_: Any) -> Any:
    return total(x, dims, keepdim)


def _mean(x: Any, dims: Any = None, keepdim: bool = False, **_: Any) -> Any:
    sums = total(x, dims, keepdim)
    return as_jets(sums / (np.size(x) // max(np.size(sums), 1)))


def _variance(x: Any, dims: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    gaps = x - _mean(x, dims, True)
    sums = total(gaps * gaps, dims, keepdim)
    return as_jets(sums / (np.size(x) // max(np.size(sums), 1) - (1 if correction is None else correction)))


def _norm(x: Any, order: Any = 2, dims: Any = None, keepdim: bool = False, **_: Any) -> Any:
    if order not in (1, 2):
        raise NoRule(f"a norm of order {order}")
    return total(np.abs(x), dims, keepdim) if order == 1 else np.sqrt(total(x * x, dims, keepdim))


def _extreme(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def rule(x: Any, dims: Any = None, keepdim: bool = False) -> Any:
        return reduce(x, dims, keepdim)

    return rule


def _one_extreme(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def rule(x: Any, *others: Any, **_: Any) -> Any:
        if others:  # along an axis it gives places too
            raise NoRule("places of extremes")
        return reduce(x)

    return rule


def _logsumexp(x: Any, dims: Any = None, keepdim: bool = False) -> Any:
    return np.log(total(np.exp(x), dims, keepdim))


def _softmax(x: Any, dim: int, _half: bool = False) -> Any:
    e = np.exp(x)
    return as_jets(e / total(e, dim, True))


def _log_softmax(x: Any, dim: int, _half: bool = False) -> Any:
    return as_jets(x - _logsumexp(x, dim, True))


def _softplus(x: Any, beta: Any = 1, threshold: Any = 20) -> Any:
    """As it is coded: x itself beyond the threshold."""
    return chosen(compared("gt", x * beta, threshold), x, np.log1p(np.exp(x * beta)) / beta)


def _gelu(x: Any, approximate: str = "none") -> Any:
    half = as_jets(x / 2)
    root = np.sqrt(as_jets(x * 0 + 2))
    if approximate == "none":
        return as_jets(half * (1 + POINTWISE["erf"](x / root)))
    pi = 4 * np.arctan(as_jets(x * 0 + 1))
    return as_jets(half * (1 + np.tanh(root / np.sqrt(pi) * (x + GELU_CUBE * x**3))))


def _loss(entries: Any, reduction: int) -> Any:
    return _mean(entries) if reduction == MEAN else total(entries) if reduction == SUM else entries


def _cross_entropy(x: Any, y: Any, weight: Any = None, pos_weight: Any = None, reduction: int = MEAN) -> Any:
    if weight is not None or pos_weight is not None:
        raise NoRule("a loss with weights")
    return _loss(as_jets(np.logaddexp(0, as_jets(x)) - _array(x) * _array(y)), reduction)


def _sliced(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    return as_jets(x[(slice(None),) * (dim % np.ndim(x)) + (slice(start, end, step),)])


def _indexed(x: Any, places: Any) -> Any:
    if has_jets(places):
        raise NoRule("a place that depends on the argument")
    return as_jets(x[tuple(slice(None) if place is None else place for place in places)])


def _expanded(x: Any, sizes: Any, **_: Any) -> Any:
    full = [1] * (len(sizes) - np.ndim(x)) + list(np.shape(x))
    shape = [size if new == -1 else new for new, size in zip(sizes, full, strict=True)]
    return as_jets(np.broadcast_to(x, shape))


def _converted(x: Any, dtype: Any = None, **_: Any) -> Any:
    if dtype is not None and not dtype.is_floating_point:
        raise NoRule(f"exact numbers as {dtype}")
    return x


def _product(a: Any, b: Any) -> Any:
    return as_jets(np.stack([p @ q for p, q in zip(_array(a), _array(b), strict=True)]))


def _plus_product(c: Any, a: Any, b: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return as_jets(_array(c) * beta + _array(a) @ _array(b) * alpha)


def _squeezed(x: Any, dims: Any = None) -> Any:
    axes = range(np.ndim(x)) if dims is None else np.atleast_1d(dims).tolist()
    return as_jets(np.squeeze(x, tuple(axis for axis in axes if np.shape(x)[axis] == 1)))


RULES: dict[str, Callable[..., Any]] = {
    "add": _of_two(lambda a, b: a + b),
    "sub": _of_two(lambda a, b: a - b),
    "rsub": _of_two(lambda a, b: b - a),
    "mul": _of_two(lambda a, b: a * b),
    "div": _div,
    "pow": _of_two(lambda a, b: a**b),
    "maximum": larger,
    "minimum": smaller,
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": lambda x, high: _clamp(x, None, high),
    "relu": lambda x: larger(x, 0.0),
    "where": chosen,
    "isnan": lambda x: _of_torch(np.full(np.shape(x), False)),
    "sum": _summed,
    "mean": _mean,
    "prod": lambda x, dims=None, keepdim=False, **_: product(x, dims, keepdim),
    "var": _variance,
    "std": lambda *given, **named: np.sqrt(_variance(*given, **named)),
    "amax": _extreme(largest),
    "amin": _extreme(smallest),
    "max": _one_extreme(largest),
    "min": _one_extreme(smallest),
    "linalg_vector_norm": _norm,
    "cumsum": lambda x, dim, **_: as_jets(np.add.accumulate(_array(x), axis=dim)),
    "logsumexp": _logsumexp,
    "_softmax": _softmax,
    "_log_softmax": _log_softmax,
    "logaddexp": lambda a, b: np.logaddexp(as_jets(a), as_jets(b)),
    "xlogy": lambda a, b: as_jets(_array(a) * np.log(as_jets(b))),
    "softplus": _softplus,
    "log_sigmoid_forward": lambda x: (as_jets(-np.log1p(np.exp(-x))), None),
    "silu": lambda x: as_jets(x / (1 + np.exp(-x))),
    "gelu": _gelu,
    "mse_loss": lambda x, y, reduction=MEAN: _loss(as_jets((_array(x) - _array(y)) ** 2), reduction),
    "binary_cross_entropy_with_logits": _cross_entropy,
    "dot": lambda a, b: total(_array(a) * _array(b)),
    "mv": lambda a, b: as_jets(_array(a) @ _array(b)),
    "mm": lambda a, b: as_jets(_array(a) @ _array(b)),
    "bmm": _product,
    "addmm": _plus_product,
    "addmv": _plus_product,
    "view": lambda x, sizes: as_jets(np.reshape(x, sizes)),
    "reshape": lambda x, sizes: as_jets(np.reshape(x, sizes)),
    "_unsafe_view": lambda x, sizes: as_jets(np.reshape(x, sizes)),
    "unsqueeze": lambda x, dim: as_jets(np.expand_dims(x, dim)),
    "squeeze": _squeezed,
    "t": lambda x: as_jets(np.transpose(x)),
    "transpose": lambda x, a, b: as_jets(np.swapaxes(x, a, b)),
    "permute": lambda x, dims: as_jets(np.transpose(x, dims)),
    "expand": _expanded,
    "flip": lambda x, dims: as_jets(np.flip(x, tuple(dims))),
    "select": lambda x, dim, place: as_jets(np.take(x, place, axis=dim)),
    "slice": _sliced,
    "index": _indexed,
    "unbind": lambda x, dim=0: [as_jets(part) for part in np.moveaxis(x, dim, 0)],
    "cat": lambda arrays, dim=0: as_jets(np.concatenate([*map(as_jets, arrays)], dim)),
    "stack": lambda arrays, dim=0: as_jets(np.stack([*map(as_jets, arrays)], dim)),
    "_to_copy": _converted,
    "zeros_like": lambda x, **_: np.zeros(np.shape(x)),
    "ones_like": lambda x, **_: np.ones(np.shape(x)),
    "full_like": lambda x, value, **_: np.full(np.shape(x), float(value)),
    "new_zeros": lambda _x, sizes, **_: np.zeros(sizes),
    "new_ones": lambda _x, sizes, **_: np.ones(sizes),
}
