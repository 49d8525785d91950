"""Inputs of claims: rationals that Hypothesis generates, and all small integers in order of size.

Each input has the name of a shape, as {"A": "nn", "x": "n", "i": "index"}: one of `SHAPES` or `INDEX`. All inputs share
one n and one m.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice, product
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

import flint
import numpy as np
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from extremum.properties.claims.claim import ClaimRun

Inputs = dict[str, Any]
SHAPES: Mapping[str, Callable[[int, int], tuple[int, ...]]] = MappingProxyType(
    {
        "number": lambda m, n: (),
        "n": lambda m, n: (n,),
        "m": lambda m, n: (m,),
        "nn": lambda m, n: (n, n),
        "mn": lambda m, n: (m, n),
    }
)
INDEX = "index"  # below n, counted from 0
DRAWN_INPUTS = 60
DRAWN_SIDE_MAX = 6  # n and m
FIRST_INPUTS = 200  # small integers that are tried always
ORDERED_SIDE_MAX = 2  # n, m and the magnitude of an entry, up to which all integers are tried in order of size
ORDERED_ROWS_MAX = 60_000


class Smallest(NamedTuple):
    """How many inputs were tried, and the smallest wanted one, or None."""

    tried: int
    inputs: Inputs | None


def smallest(shapes: Mapping[str, str], wanted: Callable[..., bool], run: ClaimRun) -> Smallest:
    """The smallest inputs for which `wanted` holds: the first among small integers in order of size.

    The first of these are tried always, and then generated inputs. If one of the generated inputs is wanted and no
    small integers are, the result is what Hypothesis shrinks it to. It is None where no generated input is wanted.
    """
    for tried, inputs in enumerate(islice(ordered(shapes), FIRST_INPUTS), 1):
        if wanted(**inputs):
            return Smallest(tried, inputs)
    # What Hypothesis generates until it finds something depends on the shapes and the seed alone: many checks share it.
    examples = run.once(drawn, tuple(shapes.items()), run.seed)
    if not any(wanted(**inputs) for inputs in examples):
        return Smallest(tried + len(examples), None)
    count, shrunk = shrink(shapes, wanted, run.seed)
    return Smallest(tried + count, next((inputs for inputs in ordered(shapes) if wanted(**inputs)), shrunk))


def drawn(shapes: Iterable[tuple[str, str]], seed: int) -> Sequence[Inputs]:
    """The inputs that Hypothesis generates with this seed as long as it finds nothing."""
    inputs: list[Inputs] = []

    def refuse(**given: Any) -> bool:
        inputs.append(given)
        return False

    with suppress(NoSuchExample):
        shrink(dict(shapes), refuse, seed)
    return inputs


def shrink(shapes: Mapping[str, str], wanted: Callable[..., bool], seed: int) -> tuple[int, Inputs]:
    """How many inputs Hypothesis tries, and those that it shrinks to; raises `NoSuchExample` where it finds none."""
    tried: list[bool] = []

    def counted(inputs: Inputs) -> bool:
        tried.append(wanted(**inputs))
        return tried[-1]

    shrunk = find(
        generated(shapes),
        counted,
        settings=settings(
            max_examples=DRAWN_INPUTS,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
        random=Random(seed),
    )
    return len(tried), shrunk


@st.composite
def generated(draw: st.DrawFn, shapes: Mapping[str, str]) -> Inputs:
    """Rational inputs of all sizes up to `DRAWN_SIDE_MAX`: small integers, fractions, and very large and small dyadics."""
    m, n = (draw(st.integers(1, DRAWN_SIDE_MAX)) for _ in "mn")
    entries = draw(st.sampled_from([whole(), fractions(), dyadic()]))
    inputs: Inputs = {}
    for name, shape in shapes.items():
        if shape == INDEX:
            inputs[name] = draw(st.integers(0, n - 1))
        else:
            size = SHAPES[shape](m, n)
            count = int(np.prod(size))
            inputs[name] = shaped(draw(st.lists(entries, min_size=count, max_size=count)), size)
    return inputs


def whole() -> st.SearchStrategy[Any]:
    """Small integers."""
    return st.integers(-3, 3).map(flint.fmpq)


def fractions() -> st.SearchStrategy[Any]:
    """Fractions up to 1000."""
    return st.builds(flint.fmpq, st.integers(-1000, 1000), st.integers(1, 1000))


def dyadic() -> st.SearchStrategy[Any]:
    """Integers times powers of 2, as floats are."""
    return st.builds(lambda k, e: flint.fmpq(k) * flint.fmpq(2) ** e, st.integers(-(2**11), 2**11), st.integers(-20, 8))


def ordered(shapes: Mapping[str, str]) -> Iterator[Inputs]:
    """All inputs of integers, up to `ORDERED_SIDE_MAX`, in order of n, m and the sum of the magnitudes."""
    values = sorted(range(-ORDERED_SIDE_MAX, ORDERED_SIDE_MAX + 1), key=lambda v: (abs(v), v < 0))
    for n, m in product(range(1, ORDERED_SIDE_MAX + 1), repeat=2):
        if m > 1 and not {"m", "mn"} & set(shapes.values()):
            continue
        counts = {name: int(np.prod(SHAPES[s](m, n))) for name, s in shapes.items() if s != INDEX}
        total = sum(counts.values())
        few = values if len(values) ** total <= ORDERED_ROWS_MAX else values[:3]
        rows = sorted(product(few, repeat=total), key=lambda row: sum(map(abs, row)))
        indices = [name for name, s in shapes.items() if s == INDEX]
        for row in rows:
            for places in product(range(n), repeat=len(indices)):
                inputs: Inputs = dict(zip(indices, places, strict=True))
                entries = map(flint.fmpq, row)
                for name, count in counts.items():
                    inputs[name] = shaped(list(islice(entries, count)), SHAPES[shapes[name]](m, n))
                yield {name: inputs[name] for name in shapes}


def shaped(entries: list[Any], size: tuple[int, ...]) -> Any:
    """Entries as an object array of that shape, or the single entry where the shape has no axis."""
    if not size:
        return entries[0]
    flat = np.empty(len(entries), object)
    flat[:] = entries
    return flat.reshape(size)


def written(inputs: Mapping[str, Any]) -> str:
    """Inputs as a person writes them; an index from 1, as the exercises count."""
    return ", ".join(
        f"{name} = {value + 1 if isinstance(value, int) else text(value)}" for name, value in inputs.items()
    )


def text(value: Any) -> str:
    """A number, a vector (1, 2) or a matrix [1 2; 3 4]."""
    array = np.asarray(value, object)
    if array.ndim == 0:
        return str(value)
    if array.ndim == 1:
        return f"({', '.join(map(str, array))})"
    return f"[{'; '.join(' '.join(map(str, row)) for row in array)}]"
