"""Functions of NumPy and SciPy that arrays of jets have no loop for, made of those that a jet has.

NumPy hands a ufunc of an array of `Jets` over to it, those of scipy.special too. Of SciPy's functions that are no
ufuncs, those in `REPLACED` are replaced while a function is evaluated: in scipy.special, and where the function's
module has imported them by name.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

NUMBER = (int, float, np.number)


class Jets(np.ndarray):
    """An object array of jets and of numbers that are constants."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        given = [plain(a) for a in inputs]
        outs = keywords.get("out", ())
        keywords = {name: plain(value) for name, value in keywords.items() if name != "out"}
        function = FUNCTIONS.get(ufunc.__name__)
        if function is None:
            out = tuple(plain(a) for a in outs)
            return _as_jets(getattr(ufunc, method)(*given, **keywords, **({"out": out} if out else {})))
        if outs or method not in ("__call__", "reduce"):
            return NotImplemented

        def entry(*numbers: Any) -> Any:
            return ufunc(*numbers) if all(isinstance(a, NUMBER) for a in numbers) else function(*numbers)

        answer = getattr(np.frompyfunc(entry, ufunc.nin, 1), method)(*given, **keywords)
        return np.asarray(answer).astype(bool)[()] if ufunc.__name__ in PREDICATES else _as_jets(answer)

    def __array_function__(self, func: Callable[..., Any], types: Any, arguments: Any, keywords: Any) -> Any:
        return _as_jets(super().__array_function__(func, types, arguments, keywords))


def plain(value: Any) -> Any:
    """An array of jets as one of objects; what is none as it is."""
    return value.view(np.ndarray) if isinstance(value, Jets) else value


def _as_jets(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_as_jets, value))
    return value.view(Jets) if isinstance(value, np.ndarray) and value.dtype == object else value


def _logaddexp(a: Any, b: Any) -> Any:
    if not isinstance(a, NUMBER):  # of the two one is a jet at least
        a, b = b, a
    return b if isinstance(a, NUMBER) and a == -np.inf else a + (b - a).exp().log1p()


def _expit(x: Any) -> Any:
    return 1 / (1 + (-x).exp())


def _xlogy(x: Any, y: Any) -> Any:
    return 0.0 if isinstance(x, NUMBER) and x == 0 else x * y.log()


FUNCTIONS: Mapping[str, Callable[..., Any]] = {  # by the name of a ufunc, of jets entry by entry
    "logaddexp": _logaddexp,
    "expit": _expit,
    "log_expit": lambda x: -(-x).exp().log1p(),
    "logit": lambda x: (x / (1 - x)).log(),
    "xlogy": _xlogy,
    "erf": lambda x: x.erf(),
    "hypot": lambda a, b: (a * a + b * b).sqrt(),
    "isfinite": lambda _: True,
    "isnan": lambda _: False,
    "isinf": lambda _: False,
}

PREDICATES = ("isfinite", "isnan", "isinf")  # they give arrays of bool: of objects ~ would be Python's, -2 of True


def _logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **others: Any) -> Any:
    if others.get("return_sign"):
        raise TypeError("logsumexp with return_sign of exact numbers")
    e = np.exp(a)
    return np.log(np.sum(e if b is None else e * b, axis=axis, keepdims=keepdims))


def _softmax(x: Any, axis: Any = None) -> Any:
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


REPLACED: Mapping[str, Callable[..., Any]] = {
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
}


@contextmanager
def of_exact_numbers(function: Callable[..., Any]) -> Iterator[None]:
    """While the block runs, what `function` calls of scipy.special takes arrays of jets."""
    special = sys.modules.get("scipy.special")
    known = {name: getattr(special, name) for name in REPLACED if hasattr(special, name)}
    theirs = _names_of(function)
    places = [(theirs, key) for key, value in list(theirs.items()) if any(value is one for one in known.values())]
    places += [(vars(special), name) for name in known] if special is not None else []
    before = [(place, key, place[key]) for place, key in places]
    try:
        for place, key, original in before:
            name = next((name for name, one in known.items() if one is original), "")
            if name:
                place[key] = _either(original, REPLACED[name])
        yield
    finally:
        for place, key, original in before:
            place[key] = original


def _names_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The names of the module of a function, a partial, a method, or an object that is called."""
    function = inspect.unwrap(getattr(function, "func", function))
    methods = (getattr(type(function), name, None) for name in ("forward", "__call__"))
    return next((names for f in (function, *methods) if (names := getattr(f, "__globals__", None)) is not None), {})


def _either(original: Callable[..., Any], exact: Callable[..., Any]) -> Callable[..., Any]:
    def function(*values: Any, **keywords: Any) -> Any:
        given = (np.asarray(a) for a in (*values, *keywords.values()) if a is not None)
        return (exact if any(a.dtype == object for a in given) else original)(*values, **keywords)

    return function
