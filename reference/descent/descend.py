"""Gradient descent with step sizes given beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Point = TypeVar("Point")


def descend(gradient: Callable[[Point], Point], x: Point, steps: Iterable[Point]) -> Iterator[Point]:
    """x_1, x_2 ... of x <- x - eps_k * gradient(x), one for each of `steps`.

    x is a number of any arithmetic for f: R -> R, or an array of shape (n,) over R^n; a constant step size is
    `itertools.repeat(eps)`. What the gradient gives at infinities and NaN is handed on.
    """
    for step in steps:
        x = x - step * gradient(x)  # type: ignore[operator]
        yield x
