"""The sweep over the search, and certifying over bare balls: ratios measured in one run.

    python benchmarks/sweep.py

*Sweep over search*: float32 rows of 16 a second that the sweep examines for accuracy, call and truth made anew, over
rows a second of the same property run one Hypothesis example at a time. *Certify over bare balls*: deciding a doubtful
row of 1000 in balls, over evaluating its softmax in balls and nothing else. What the sweep costs over the bare call is
measured by `overhead.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import flint
import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.model.role import Experiment, rows_alone
from extremum.properties.model.view import Observation
from extremum.properties.roles.softmax import ROLE
from extremum.properties.roles.softmax.accuracy import PROPERTY
from extremum.properties.steps.blocks import block
from extremum.properties.steps.decide import certify
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.screen import screen_block
from extremum.properties.steps.search import search
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.arithmetic.wide import BALLS
from extremum.reference.softmax import shifted
from extremum.reference.subjects.subject import Subject

FMT = FORMATS["float32"]
SHIFTED = Subject("shifted", "softmax", shifted)
EXPERIMENT = Experiment(Call(SHIFTED, ROLE.signature), ROLE, PROPERTY, FMT)
REGIMES = ("ordinary", "ascending", "scaled", "one-dominant", "ties", "any-finite", "large-offset", "near-ties")


def best(work: Callable[[], object], repeat: int = 15) -> float:
    """The shortest of several timings in seconds: what the machine's noise cannot lower."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Measure and print both ratios."""
    regimes = tuple(r for r in ROLE.regimes if r.name in REGIMES)
    blocks = [block(rows_alone, "float32", (1, 16), 256, 16, seed, regimes) for seed in range(40)]
    rows = sum(len(made.x) for made in blocks)

    def swept() -> None:
        shared = Shared()
        for made in blocks:
            screen_block(Evidence(), EXPERIMENT, made, shared, 0)

    with quiet():
        examples = 300
        swept_in, searched = best(swept), best(lambda: search(EXPERIMENT, regimes, 16, examples, 0, lambda: False), 3)
        certified, balls = certifying()
    print(f"sweep over search:         {rows / swept_in / (examples / searched):.0f}   (rows a second)")
    print(f"certify over bare balls:   {certified / balls:.2f}")


def certifying() -> tuple[float, float]:
    """Seconds to decide a row of 1000 whose answer is wrong, and to evaluate its softmax in balls alone."""
    x = np.random.default_rng(0).normal(0, 5, (1, 1000)).astype(np.float32)
    wrong = Observation({"x": x}, (shifted(x) * np.float32(1.001)).astype(np.float32))
    columns = np.arange(8)

    def bare() -> object:
        with flint.ctx.workprec(128):
            e = [v.exp() for v in BALLS.lift(x - x.max()).ravel().tolist()]
            total = sum(e[1:], e[0])
            return [v / total for v in e]

    assert certify(EXPERIMENT, wrong, 0, columns) == "balls of 128 bits"
    return best(lambda: certify(EXPERIMENT, wrong, 0, columns)), best(bare)


if __name__ == "__main__":
    main()
