"""Defects of position found: by the plan of shapes, by the sweep without it, and by default Hypothesis arrays.

    python benchmarks/positions.py [SEED]

Forty softmaxes in float32 that are sound but in some place: ten kinds, four of each, whose sizes (rows, columns,
entries, lengths) come from a generator that knows nothing of the plan. Printed is how many are refuted by any property,
or differ from the sound one in 500 arrays of one to five dimensions, and which are not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps import blocks
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject

EACH = 4
ARRAYS = 500
Softmax = Callable[..., Array]


def spoilt(where: Callable[[Array, int], tuple[object, ...] | None]) -> Softmax:
    """The softmax whose answers are zero at the places that `where` gives for an array and an axis from the end."""

    def softmax(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        places = where(x, axis % x.ndim - x.ndim)
        if places is not None:
            out[places] = 0
        return out

    return softmax


def defects(rng: np.random.Generator) -> Iterator[tuple[str, Softmax]]:
    """The forty, each with what is wrong with it."""

    def size(low: int, high: int) -> int:
        return int(np.exp(rng.uniform(np.log(low), np.log(high))))

    for _ in range(EACH):
        k = size(3, 20_000)
        n = min(size(1, 100), 2**17 // k)
        yield (
            f"rows from {k} on, of a matrix with rows of at least {n}",
            spoilt(lambda x, a, k=k, n=n: np.s_[k:,] if x.ndim == 2 and a == -1 and x.shape[1] >= n else None),
        )
    for _ in range(EACH):
        k = size(3, 20_000)
        yield (
            f"the last row where there are more than {k}",
            spoilt(lambda x, a, k=k: np.s_[-1,] if x.ndim == 2 and a == -1 and len(x) > k else None),
        )
    for _ in range(EACH):
        k = size(2, 300)
        yield f"columns from {k} on, behind the rows", spoilt(lambda _x, a, k=k: np.s_[..., k:] if a < -1 else None)
    for _ in range(EACH):
        k = size(2, 300)
        yield (
            f"the last column behind the rows where there are more than {k}",
            spoilt(lambda x, a, k=k: np.s_[..., -1] if a < -1 and x.shape[-1] > k else None),
        )
    for _ in range(EACH):
        k = size(100, 200_000)
        yield f"entries of a row from {k} on", spoilt(lambda _x, a, k=k: np.s_[..., k:] if a == -1 else None)
    for _ in range(EACH):
        b = size(4, 256)
        yield (
            f"the last entry of a row whose length is one more than a multiple of {b}",
            spoilt(lambda x, a, b=b: np.s_[..., -1] if a == -1 and x.shape[-1] > b and x.shape[-1] % b == 1 else None),
        )
    for _ in range(EACH):
        k = size(2, 200)
        yield (
            f"an array of three dimensions with more than {k} before",
            spoilt(lambda x, a, k=k: np.s_[-1,] if x.ndim == 3 and a != -3 and len(x) > k else None),
        )
    for d in (1, 3, 4, 5):
        yield f"arrays of {d} dimensions", spoilt(lambda x, _a, d=d: np.s_[...,] if x.ndim == d else None)
    for _ in range(EACH):
        k = size(2, 200)
        yield (
            f"rows with a stride and more than {k} entries",
            spoilt(
                lambda x, a, k=k: np.s_[...,] if a == -1 and x.shape[-1] > k and x.strides[-1] != x.itemsize else None
            ),
        )
    for _ in range(EACH):
        k = size(2, 200)
        yield (
            f"memory that is not aligned to 16 bytes, of more than {k} entries",
            spoilt(
                lambda x, _a, k=k: np.s_[...,] if x.flags.c_contiguous and x.size > k and x.ctypes.data % 16 else None
            ),
        )


def refuted(function: Softmax, planned: bool) -> bool:
    """Whether a property is refuted, with the plan of shapes or without."""
    role, shared = role_named("softmax"), Shared()
    subject = Subject("it", "softmax", function)
    given_up = mock.patch.object(blocks, "tail_blocks", return_value=())
    if not planned:
        given_up.start()
    try:
        properties = role.properties if planned else [replace(prop, places=None) for prop in role.properties]
        return any(judge_cell(subject, role, p, "float32", Settings(timeout=None), shared).found for p in properties)
    finally:
        mock.patch.stopall()


def differs(function: Softmax) -> bool:
    """Whether it differs from the sound one in some of the arrays that Hypothesis draws by default."""
    found = []

    @seed(0)
    @settings(
        max_examples=ARRAYS,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def look(data: st.DataObject) -> None:
        x = data.draw(arrays(np.float32, array_shapes(min_dims=1, max_dims=5), elements=st.floats(-80, 80, width=32)))
        axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
        found.append(not np.allclose(function(x, axis), wide(x, axis)))

    look()
    return any(found)


def main() -> None:
    """Print the shares."""
    rows = list(defects(np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 0)))
    ways: dict[str, Callable[[Softmax], bool]] = {
        "by the plan of shapes": lambda f: refuted(f, True),
        "by the sweep without it": lambda f: refuted(f, False),
        f"by {ARRAYS} default Hypothesis arrays": differs,
    }
    for name, way in ways.items():
        missed = [what for what, function in rows if not way(function)]
        print(f"{name}: {len(rows) - len(missed)} of {len(rows)}; missed: {'; '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
