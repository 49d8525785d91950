"""What an audit costs: per entry against the length of a row, and against the number of subjects and of properties.

    python benchmarks/cost.py [PICTURE.svg]

Calls and examines accuracy of float32 rows of 1 to 2^20 entries through `shifted`, in blocks as the sweep has them, and
prints nanoseconds an entry, bare and audited, of a cell that is under way (the row closest to what is allowed, and the
first that exceeds a grade, cost a look of the screen each). Then the time of one block of rows of 16 for one to six
properties, which share the call, and for one to eight subjects; and the straight line through each, with the largest
distance of a point from it in parts of the last point. With a file, draws the three.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.exhaustion.scan import pointwise
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment
from extremum.properties.roles.softmax import ROLE
from extremum.properties.steps.blocks import BLOCK_ENTRIES, LONG_BLOCK_ENTRIES, Block
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.screen import screen_block
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.subjects.subject import named

FMT = FORMATS["float32"]
LENGTHS = tuple(2**k for k in range(21))
(SHIFTED,) = named("shifted", "softmax")
CALL = Call(SHIFTED, ROLE.signature)
EVERY = pointwise(ROLE)
ACCURACY = [p for p in EVERY if p.name == "accuracy"]
Points = list[tuple[float, float]]
Cell = tuple[Experiment, Evidence]


def best(work: Callable[[], object], repeat: int = 7) -> float:
    """The shortest of several timings, in seconds."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def blocked(x: Array) -> Block:
    """Rows as a block of the sweep."""
    made = Block({"x": x}, ("ordinary",) * len(x), tuple(range(len(x))), 0)
    made.bins, made.present  # noqa: B018  made with the block, once for all cells
    return made


def cells(properties: Sequence[Property], subjects: int = 1) -> list[Cell]:
    """A cell for each property of each of some subjects, which has seen nothing yet."""
    calls = [Call(replace(SHIFTED, name=f"subject {k}"), ROLE.signature) for k in range(subjects)]
    return [(Experiment(call, ROLE, prop, FMT), Evidence()) for call in calls for prop in properties]


def audited(made: Block, under_way: list[Cell]) -> None:
    """What the sweep does with one more block in each cell."""
    shared = Shared()
    for experiment, evidence in under_way:
        screen_block(evidence, experiment, made, shared, 0)


def by_length() -> tuple[Points, Points]:
    """Nanoseconds an entry of the bare call, and of call, truth and screen, by the length of the rows."""
    bare, whole, accuracy = [], [], cells(ACCURACY)
    rng = np.random.default_rng(0)
    for n in LENGTHS:
        size = max(BLOCK_ENTRIES if n <= BLOCK_ENTRIES else LONG_BLOCK_ENTRIES, n)
        x = (8 * rng.standard_normal((size // n, n))).astype(np.float32)
        bare.append((float(n), best(lambda x=x: SHIFTED.function(x)) / x.size * 1e9))
        made = blocked(x)
        whole.append((float(n), best(lambda made=made: audited(made, accuracy)) / x.size * 1e9))
        (_, a), (_, b) = bare[-1], whole[-1]
        print(f"n = {n}: bare {a:.2f} ns an entry, audited {b:.2f}, ratio {b / a:.1f}")
    return bare, whole


def by_count(most: int, of: Callable[[int], list[Cell]], made: Block, what: str) -> Points:
    """Microseconds a block against a number of things, and how straight the line through them is."""
    points = []
    for k in range(1, most + 1):
        under_way = of(k)
        points.append((float(k), best(lambda now=under_way: audited(made, now), 25) * 1e6))
    k, t = np.array(points).T
    slope, start = np.polyfit(k, t, 1)
    off = float(np.abs(t - (start + slope * k)).max() / t[-1])
    print(f"{what}: {start:.0f} + {slope:.0f} per one, in microseconds a block; off the line by {off:.1%} at most")
    return points


def draw(path: str, bare: Points, whole: Points, properties: Points, subjects: Points) -> None:
    """The three, side by side."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    for points, label in ((bare, "bare call"), (whole, "audited")):
        left.loglog(*zip(*points, strict=True), marker=".", label=label)
    left.set(xlabel="length of a row", ylabel="ns an entry")
    left.legend()
    for axes, points, label in ((middle, properties, "properties"), (right, subjects, "subjects")):
        axes.plot(*zip(*points, strict=True), marker=".")
        axes.set(xlabel=label, ylabel="\N{MICRO SIGN}s a block", ylim=0)
    figure.savefig(path)


def main(path: str | None) -> None:
    """Measure, print and draw."""
    x = (8 * np.random.default_rng(0).standard_normal((BLOCK_ENTRIES // 16, 16))).astype(np.float32)
    made = blocked(x)
    with quiet():
        bare, whole = by_length()
        properties = by_count(len(EVERY), lambda k: cells(EVERY[:k]), made, "properties")
        subjects = by_count(8, lambda k: cells(ACCURACY, k), made, "subjects")
    if path:
        draw(path, bare, whole, properties, subjects)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
