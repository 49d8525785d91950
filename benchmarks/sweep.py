"""The cost of sweeping and screening, and of certifying, as ratios measured in one run.

    python benchmarks/sweep.py

Prints three ratios. *Screen over call*: calling `shifted` on float32 rows of 16 in the sweep's blocks and judging
accuracy of every row against a fresh truth, over calling `shifted` alone on the same rows. *Sweep over search*:
rows a second of that, over rows a second of the same property run one Hypothesis example at a time. *Certify
over bare balls*: deciding a doubtful row of 1000 in balls, over evaluating its softmax in balls and nothing else.

The first is the sum of about twenty passes over float64 blocks that stay in cache. In order of cost: exp of
the truth, the copies in and out of the subject, the allowance (three passes), and the ratio.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import flint
import numpy as np

from extremum.properties.call import Call, quiet
from extremum.properties.case import Case
from extremum.properties.decide import certify, screen
from extremum.properties.role import Experiment, Observation, View, rows_alone
from extremum.properties.search import search
from extremum.properties.softmax import ROLE
from extremum.properties.softmax.accuracy import PROPERTY
from extremum.properties.sweep import block
from extremum.reference.formats import FORMATS
from extremum.reference.softmax.shifted import shifted
from extremum.reference.subjects import Subject
from extremum.reference.wide import BALLS, row_max, screen_arithmetic

FMT = FORMATS["float32"]
EXPERIMENT = Experiment(Call(Subject("shifted", "softmax", shifted), ROLE.signature), ROLE, PROPERTY, FMT)
REGIMES = ("ordinary", "ascending", "scaled", "one-dominant", "ties", "any-finite", "large-offset", "near-ties")


def best(work: Callable[[], object], repeat: int = 15) -> float:
    """The shortest of several timings in seconds: what the machine's noise cannot lower."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def sweep_and_screen(blocks: list[np.ndarray]) -> None:
    """What the sweep does with a block, without the truth that other cells have left behind."""
    for x in blocks:
        observation = EXPERIMENT.observe(Case({"x": x}))
        view = View(ROLE, FMT, observation, screen_arithmetic(FMT), careful=False)
        _, _, ratio = screen(view, PROPERTY)
        assert row_max(ratio).max() <= 1


def main() -> None:
    """Measure and print the three ratios."""
    regimes = tuple(r for r in ROLE.regimes if r.name in REGIMES)
    blocks = [block(rows_alone, "float32", (1, 16), 256, 16, seed, regimes).x for seed in range(40)]
    rows = sum(len(x) for x in blocks)
    with quiet():
        bare = best(lambda: [shifted(x) for x in blocks])
        swept = best(lambda: sweep_and_screen(blocks))
        examples = 300
        searched = best(lambda: search(EXPERIMENT, regimes, 16, examples, 0, lambda: False), 3)
        certified, balls = certifying()
    print(f"screen over call:          {swept / bare:.2f}   ({swept / rows * 1e9:.0f} ns a row of 16)")
    print(f"sweep over search:         {rows / swept / (examples / searched):.0f}   (rows a second)")
    print(f"certify over bare balls:   {certified / balls:.2f}")


def certifying() -> tuple[float, float]:
    """Seconds to decide a row of 1000 whose answer is wrong, and to evaluate its softmax in balls alone."""
    x = np.random.default_rng(0).normal(0, 5, (1, 1000)).astype(np.float32)
    wrong = Observation({"x": x}, (shifted(x) * np.float32(1.001)).astype(np.float32))
    columns = np.arange(8)

    def bare() -> object:
        flint.ctx.prec = 128
        e = [v.exp() for v in BALLS.lift(x - x.max()).ravel().tolist()]
        total = sum(e[1:], e[0])
        return [v / total for v in e]

    assert certify(EXPERIMENT, wrong, 0, columns) == "balls of 128 bits"
    return best(lambda: certify(EXPERIMENT, wrong, 0, columns)), best(bare)


if __name__ == "__main__":
    main()
