"""Defects of position found: by the plan of shapes, by that of quick effort, by the sweep alone, by Hypothesis arrays.

    python benchmarks/positions.py [SEED]

Forty softmaxes in float32 that are sound but in some place: ten kinds, four of each, whose sizes (rows, columns,
entries, lengths) come from a generator that knows nothing of the plan. Printed is how many are refuted by any property,
or differ from the sound one in 500 arrays of one to five dimensions, and which are not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import QUICK, STANDARD, Effort
from extremum.properties.roles.registry import role_named
from extremum.properties.steps import blocks
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import Array
from extremum.reference.softmax import wide
from extremum.reference.subjects.subject import Subject

EACH = 4
ARRAYS = 500
ENTRIES = 2**17  # of a matrix in which a defect shows
Softmax = Callable[..., Array]


@dataclass(frozen=True)
class Kind:
    """One kind of defect: answers are zero at `where(x, axis, *sizes)`, with the axis from the end; None: nowhere.

    `what` says so of these sizes. They are drawn from `ranges`, evenly in their logarithms, a second one so that both
    have room in `ENTRIES`; or they are those of `each`.
    """

    what: str
    where: Callable[..., Any]
    ranges: tuple[tuple[int, int], ...] = ()
    each: tuple[int, ...] = ()

    def drawn(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Sizes of one defect."""
        k, *others = (int(np.exp(rng.uniform(np.log(low), np.log(high)))) for low, high in self.ranges)
        return k, *(min(n, ENTRIES // k) for n in others)


def unaligned(x: Array) -> bool:
    """Whether it is one piece of memory that begins at no multiple of 16 bytes."""
    return bool(x.flags.c_contiguous and x.ctypes.data % 16)


EVERYWHERE = np.s_[...,]
KINDS = (
    Kind(
        "rows from {} on, of a matrix with rows of at least {}",
        lambda x, a, k, n: np.s_[k:,] if x.ndim == 2 and a == -1 and x.shape[1] >= n else None,
        ((3, 20_000), (1, 100)),
    ),
    Kind(
        "the last row where there are more than {}",
        lambda x, a, k: np.s_[-1,] if x.ndim == 2 and a == -1 and len(x) > k else None,
        ((3, 20_000),),
    ),
    Kind("columns from {} on, behind the rows", lambda _x, a, k: np.s_[..., k:] if a < -1 else None, ((2, 300),)),
    Kind(
        "the last column behind the rows where there are more than {}",
        lambda x, a, k: np.s_[..., -1] if a < -1 and x.shape[-1] > k else None,
        ((2, 300),),
    ),
    Kind("entries of a row from {} on", lambda _x, a, k: np.s_[..., k:] if a == -1 else None, ((100, 200_000),)),
    Kind(
        "the last entry of a row whose length is one more than a multiple of {}",
        lambda x, a, k: np.s_[..., -1] if a == -1 and x.shape[-1] > k and x.shape[-1] % k == 1 else None,
        ((4, 256),),
    ),
    Kind(
        "an array of three dimensions with more than {} before",
        lambda x, a, k: np.s_[-1,] if x.ndim == 3 and a != -3 and len(x) > k else None,
        ((2, 200),),
    ),
    Kind("arrays of {} dimensions", lambda x, _a, k: EVERYWHERE if x.ndim == k else None, each=(1, 3, 4, 5)),
    Kind(
        "rows with a stride and more than {} entries",
        lambda x, a, k: EVERYWHERE if a == -1 and x.shape[-1] > k and x.strides[-1] != x.itemsize else None,
        ((2, 200),),
    ),
    Kind(
        "memory that is not aligned to 16 bytes, of more than {} entries",
        lambda x, _a, k: EVERYWHERE if x.size > k and unaligned(x) else None,
        ((2, 200),),
    ),
)


def spoilt(kind: Kind, sizes: tuple[int, ...]) -> Softmax:
    """The softmax with the defect of this kind and these sizes."""

    def softmax(x: Array, axis: int = -1) -> Array:
        out = wide(x, axis)
        places = kind.where(x, axis % x.ndim - x.ndim, *sizes)
        if places is not None:
            out[places] = 0
        return out

    return softmax


def defects(rng: np.random.Generator) -> Iterator[tuple[str, Softmax]]:
    """The forty, each with what is wrong with it."""
    for kind in KINDS:
        for sizes in [(k,) for k in kind.each] or [kind.drawn(rng) for _ in range(EACH)]:
            yield kind.what.format(*sizes), spoilt(kind, sizes)


def refuted(function: Softmax, effort: Effort = STANDARD, planned: bool = True) -> bool:
    """Whether a property is refuted, with the plan of shapes of that effort or without."""
    role, shared = role_named("softmax"), Shared()
    subject = Subject("it", "softmax", function)
    given_up = mock.patch.object(blocks, "tail_blocks", return_value=())
    if not planned:
        given_up.start()
    try:
        properties = role.properties if planned else [replace(prop, places=None) for prop in role.properties]
        asked = Settings(timeout=None, effort=effort)
        return any(judge_cell(subject, role, p, "float32", asked, shared).found for p in properties)
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
        "by the plan of shapes": refuted,
        "by that of quick effort": lambda f: refuted(f, QUICK),
        "by the sweep without it": lambda f: refuted(f, planned=False),
        f"by {ARRAYS} default Hypothesis arrays": differs,
    }
    for name, way in ways.items():
        missed = [what for what, function in rows if not way(function)]
        found = len(rows) - len(missed)
        print(
            f"{name}: {found} of {len(rows)}, {found / len(rows):.0%}; missed: {'; '.join(missed) or 'none'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
