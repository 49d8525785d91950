"""What judging one answer costs, over computing it in float64: the ratio of two times taken in one run.

    python benchmarks/answer_cost.py

For softmax and each shape, and for other roles at one shape, `extremum.judge(answer, role, *arguments).ok` over the
plain NumPy formula in float64, conversion included. The answers are sound: these are the ones that a test judges day
after day. Each ratio is of the shortest of several times, taken by turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from extremum.properties.answers.judgement import judge
from extremum.reference.arithmetic.formats import FORMATS, Array

SHAPES = ((100_000, 4), (4096, 64), (400, 1000), (8, 50_257), (3, 131_072))
DTYPES = ("float32", "float16", "bfloat16", "float64")
REPEAT = 25
Formula = Callable[..., Any]


def seconds(work: Callable[[], object]) -> float:
    """One timing."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def softmax(x: Array) -> Array:
    """Softmax of rows."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def logsumexp(x: Array) -> Array:
    """Logsumexp of rows, shape (..., 1)."""
    m = x.max(axis=-1, keepdims=True)
    return np.asarray(m + np.log(np.exp(x - m).sum(axis=-1, keepdims=True)))


def vjp(x: Array, g: Array) -> Array:
    """The vector-Jacobian product of softmax."""
    s = softmax(x)
    return np.asarray(s * (g - (s * g).sum(axis=-1, keepdims=True)))


def jacobian(x: Array) -> Array:
    """The Jacobian of softmax."""
    s = softmax(x)
    return np.asarray(s[..., None] * np.eye(x.shape[-1]) - s[..., :, None] * s[..., None, :])


def others() -> dict[str, tuple[Formula, tuple[Array, ...]]]:
    """Formulas of other roles, with arguments."""
    rng = np.random.default_rng(0)
    x, g = rng.normal(0, 3, (2, 400, 1000))
    A, B, v, c = (
        rng.normal(size=(1000, 1000)),
        rng.normal(size=(800, 1000)),
        rng.normal(size=1000),
        rng.normal(size=800),
    )
    return {
        "log_softmax": (lambda x: x - logsumexp(x), (x,)),
        "logsumexp": (lambda x: logsumexp(x)[..., 0], (x,)),
        "softmax_vjp": (vjp, (x, g)),
        "softmax_jacobian": (jacobian, (x[:20, :100],)),
        "quadratic_form_gradient": (lambda A, x: A @ x + A.T @ x, (A, v)),
        "least_squares_gradient": (lambda B, x, c: 2 * B.T @ (B @ x - c), (B, v, c)),
        "descent_step": (lambda x, g, s: x - s * g, (x, g, np.asarray(0.5))),
    }


def ratio(role: str, formula: Formula, wide: tuple[Array, ...], dtype: str) -> float:
    """The cost of judging over that of the formula."""
    fmt = FORMATS[dtype]
    given = [fmt.round(a) if a.ndim else a for a in wide]

    def reference() -> Array:
        return np.asarray(formula(*(a.astype(np.float64) for a in given)))

    answer = reference().astype(fmt.dtype)
    assert judge(answer, role, *given).ok
    times = [(seconds(lambda: judge(answer, role, *given).ok), seconds(reference)) for _ in range(REPEAT)]
    return min(judging for judging, _ in times) / min(computing for _, computing in times)


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(0)
    print(f"{'judging over a float64 formula':<34}" + "".join(f"{dtype:>10}" for dtype in DTYPES))
    cases = [(f"softmax of shape {s}", "softmax", softmax, (rng.normal(0, 3, s),)) for s in SHAPES]
    cases += [(role, role, formula, wide) for role, (formula, wide) in others().items()]
    for title, role, formula, wide in cases:
        print(f"{title:<34}" + "".join(f"{ratio(role, formula, wide, dtype):>10.1f}" for dtype in DTYPES), flush=True)


if __name__ == "__main__":
    main()
