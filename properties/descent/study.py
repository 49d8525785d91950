"""The study of a trap: what is exact about it, its orbit in each format, and where every start of 16 bits ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flint

from extremum.properties.descent import escape
from extremum.properties.descent.ends import Ends, ends
from extremum.properties.descent.exact_trap import Trap
from extremum.properties.descent.following import STEPS_FOLLOWED, Orbit, fate, follow
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.descent import exact
from extremum.reference.descent.correct_rounding import DISPLAYED, FOLLOWED, Rounding, hexadecimal
from extremum.reference.descent.exact import Exact

SIXTEEN = ("bfloat16", "float16")  # the formats whose every start is followed
STEPS_MAX = 10 * STEPS_FOLLOWED  # the law of escape may ask for more: then the orbit is incomplete
POINTS_AFTER_ESCAPE = 24  # that are recorded


@dataclass(frozen=True)
class Row:
    """The orbit of the trap in a format.

    `distance` is abs(x_1 - x*). `escapes_after` is the first k with abs(x_k - x*) > 1/10 or None, and `predicted` that
    of the law of escape. `fate` is how the orbit ends in the `steps` steps that it was followed. `points` are the first
    x_k, and `distances` their abs(x_k - x*). Numbers are C99 hex floats of 53 bits, and of any exponent.
    """

    format: str
    precision: int
    distance: str
    escapes_after: int | None
    predicted: int | None
    fate: str
    steps: int
    points: Sequence[str]
    distances: Sequence[str]


@dataclass(frozen=True)
class Study:
    """A trap, the formats it was followed in, and the maps of those of 16 bits."""

    trap: Trap
    rows: Sequence[Row]
    maps: Sequence[Ends]


def study(trap: Trap, roundings: Sequence[Rounding], step: Callable[[], Any] = lambda: None) -> Study:
    """Follow the trap in each format, and every start of those that have 16 bits. `step()` is called after each."""
    rows, maps = [], []
    for rounding in roundings:
        rows.append(row(trap, rounding))
        if rounding.name in SIXTEEN and rounding is FOLLOWED[rounding.name]:
            maps.append(ends(trap.function, trap.step, FORMATS[rounding.name]))
        step()
    return Study(trap, rows, maps)


def row(trap: Trap, rounding: Rounding) -> Row:
    """Follow the trap in one format: `STEPS_FOLLOWED` steps or twice those of the law, and `STEPS_MAX` at most."""
    top = trap.top
    landed = follow(trap, rounding, steps=1)
    with flint.ctx.workprec(4 * rounding.precision + 64):
        law = escape.predicted(exact.ball(landed.distance(1, top)), trap.multiplier) if len(landed.points) > 1 else None
    orbit = follow(trap, rounding, steps=min(max(STEPS_FOLLOWED, 2 * (law or 0)), STEPS_MAX))
    left = orbit.escapes_after(top)
    shown = range(min(len(orbit.points), (left or 0) + POINTS_AFTER_ESCAPE))
    distances = [_hex(orbit, k, top) for k in shown]
    return Row(
        format=rounding.name,
        precision=rounding.precision,
        distance=distances[1] if len(distances) > 1 else "inf",
        escapes_after=left,
        predicted=law,
        fate=str(fate(trap.function, orbit)),
        steps=len(orbit.points) - 1,
        points=[hexadecimal(orbit.points[k]) for k in shown],
        distances=distances,
    )


def _hex(orbit: Orbit, k: int, top: Exact) -> str:
    d = orbit.distance(k, top)
    return hexadecimal(DISPLAYED.enclosed(lambda: exact.ball(d)))
