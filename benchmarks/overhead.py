"""What an audit costs over calling the subject, and over screening in other arithmetics: ratios measured in one run.

    python benchmarks/overhead.py

For float32 rows of `shifted`, of 2, 16 and 4096 entries: nanoseconds a row of the bare call; of an audit of one
property (accuracy) and of all six that one call decides, over it. An audit is all that the sweep does with a block once
it is made: copies in and out, call, screen, profile, largest ratio and grade. The median of many rounds, each of which
times all three. The same without the compiled loops. Then the screen over the same softmax, one row after the other,
in mpmath and in gmpy2 at 113 bits, where they are installed.

The profile's story. In NumPy the screen was about twenty passes over float64, most of them cheap and none as cheap as
the call, which is five over float32: 4 times the call on pairs, 10 on rows of 16, 16 on rows of 4096. Fewer passes
meant one: exp, the sum, and every comparison fused, a row at a time while it is in cache. That is
`properties.roles.softmax.kernel`. What made it fast, in the order of gain: ratios compared as integers, without which
LLVM makes no vectors of a maximum; division that cannot raise (`error_model="numpy"`); a polynomial of degree 9, which
the error bound of float32 leaves room for; short rows side by side, since a loop over two entries is all overhead; the
grades of a row only where they can still change; of long rows, what float32 has the digits for in float32, twice as
many at once (from 1.8 to 1.2 ns an entry). 16-bit rows are widened to float32 first. Then one pass for all properties,
and no array operation for a property that the largest ratio of a block settles: of six, the last five took as long as
the call. What is left over long rows is memory: the loops take 1.2 ns an entry in cache and 1.7 after a call on 2^17.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.exhaustion.scan import pointwise
from extremum.properties.inputs.regimes import Regime
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment
from extremum.properties.roles.softmax import ROLE
from extremum.properties.roles.softmax import fused_screen as fused
from extremum.properties.steps.blocks import Block, block
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.screen import measure_closest, screen_block
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.subjects.subject import named

FMT = FORMATS["float32"]
PLAIN = tuple(r for r in ROLE.regimes if not r.masked)
ORDINARY = tuple(r for r in PLAIN if r.name == "ordinary")
LENGTHS = (2, 16, 4096)
ROUNDS = 9
BLOCKS = 64
ENTRIES, ROWS = 2**17, 2**14  # of a block, at most
FREED = 2**25 - 2**16  # bytes: an audit has freed arrays of this size, after which glibc keeps what is freed
(SHIFTED,) = named("shifted", "softmax")
CALL = Call(SHIFTED, ROLE.signature)
EVERY = pointwise(ROLE)
ACCURACY = [p for p in EVERY if p.name == "accuracy"]


def made(n: int, regimes: tuple[Regime, ...]) -> list[Block]:
    """Blocks of rows from the sweep's regimes, which stay in the second-level cache."""
    blocks, most = [], min(ENTRIES // n, ROWS)
    for first in range(0, BLOCKS * 64, 64):
        parts = [block(ROLE.arguments, "float32", (1, n), most, n, first + k, regimes) for k in range(64)]
        x = np.concatenate([p.x for p in parts])[:most]
        names = tuple(name for p in parts for name in p.regimes)[:most]
        blocks.append(Block({"x": x}, names, tuple(range(most)), first))
    return blocks


def audit(blocks: list[Block], properties: list[Property]) -> None:
    """Every property of every block, from scratch."""
    shared, evidence = Shared(), {p.name: Evidence() for p in properties}
    for prop in properties:
        experiment = Experiment(CALL, ROLE, prop, FMT)
        for one in blocks:
            screen_block(evidence[prop.name], experiment, one, shared, 0)
        measure_closest(evidence[prop.name], experiment)


def rounds(works: list[Callable[[], object]], count: int = ROUNDS) -> list[float]:
    """The median seconds of each, timed in turn."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(count):
        for work, seen in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            seen.append(time.perf_counter() - start)
    return [median(seen) for seen in times]


def compare(n: int, regimes: tuple[Regime, ...]) -> None:
    """Print the ratios of one length."""
    blocks = made(n, regimes)
    rows = sum(len(b.x) for b in blocks)
    for b in blocks:
        b.bins, b.present  # noqa: B018  made with the block
    works = [
        lambda: [SHIFTED.function(b.x) for b in blocks],
        lambda: audit(blocks, ACCURACY),
        lambda: audit(blocks, EVERY),
    ]
    bare, one, six = rounds(works)
    print(
        f"    rows of {n}: bare {bare / rows * 1e9:.0f} ns; accuracy {one / bare:.2f}, all six {six / bare:.2f} times"
    )


def row_by_row(exp: Callable[[Any], Any], number: Callable[[float], Any], blocks: list[Block]) -> None:
    """Accuracy of every row, one after the other, in another arithmetic."""
    for b in blocks:
        out = SHIFTED.function(b.x)
        for x, y in zip(b.x.tolist(), out.tolist(), strict=True):
            top = max(x)
            e = [exp(number(v) - number(top)) for v in x]
            total = sum(e)
            assert max(abs(number(got) - v / total) for got, v in zip(y, e, strict=True)) < 1


def others() -> None:
    """Print loops in other arithmetics over our screen, on rows of 16."""
    blocks = made(16, ORDINARY)[:1]
    (ours,) = rounds([lambda: audit(blocks, ACCURACY)])
    loops: dict[str, Callable[[], object]] = {}
    with suppress(ImportError):
        import mpmath

        mpmath.mp.prec = 113
        loops["mpmath"] = lambda: row_by_row(mpmath.exp, mpmath.mpf, blocks)
    with suppress(ImportError):
        import gmpy2

        gmpy2.get_context().precision = 113
        loops["gmpy2"] = lambda: row_by_row(gmpy2.exp, gmpy2.mpfr, blocks)
    for name, loop in loops.items():
        print(f"a loop in {name}: {rounds([loop], 3)[0] / ours:,.0f} times ours")


def main() -> None:
    """Measure and print."""
    compiled = fused.kernel
    np.empty(FREED, np.uint8)  # else each array of a block costs page faults, here and there
    with quiet():
        for loops in (fused.kernel, lambda: None):
            fused.kernel = loops
            print("with the compiled loops:" if loops() else "without them:")
            for name, regimes in (("ordinary", ORDINARY), ("all regimes", PLAIN)):
                print(f"  {name}")
                for n in LENGTHS:
                    compare(n, regimes)
        fused.kernel = compiled
        others()


if __name__ == "__main__":
    sys.exit(main())
