"""What proving by exhaustion costs, as ratios measured in one run.

    python benchmarks/exhaustive.py

Prints, for float32 gaps and float16 pairs of `shifted`, the nanoseconds a row of: np.exp on as many floats; the bare
call on rows of two; the scan of one property, and of all six that a row decides; each over the bare call. Then the
scan for blocks of 2^10 to 2^18 rows, over the fastest: the block that `properties.exhaustion.scan` uses is chosen by
it. Last, what the whole domain comes to on two cores.

The profile's story: of the scan of all six the call is two thirds, and NumPy's reductions along rows of two the larger
part of that. Of the rest, the compiled loops (`properties.roles.softmax.kernel`) take a quarter, making the rows and
copying them for the subject another, widening 16 bits to float32 the third; what is left are two passes over a ratio
for each property. Only the first blocks have rows that are looked at closer. Blocks that leave the second-level cache
cost up to a half more, and so do small ones, for the calls that they are. Before the loops were compiled the scan was 4
times the call: the truth in float64, laid out by columns, and the error bound were a third, and every property two or
three passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.exhaustion.scan import BLOCK, pointwise, scan
from extremum.properties.model.property import Property
from extremum.properties.roles.softmax import ROLE
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.subjects.subject import named

ROWS = 2**19
BLOCKS = tuple(2**k for k in range(10, 19))
(SHIFTED,) = named("shifted", "softmax")


def best(work: Callable[[], object], repeat: int = 5) -> float:
    """The shortest of several timings, in nanoseconds a row."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) / ROWS * 1e9


def measure(domain: str, dtype: str) -> None:
    """Print the figures of one domain in one dtype."""
    d, fmt = DOMAINS[domain], FORMATS[dtype]
    start = d.size(fmt) // 2
    span = (start, start + ROWS)
    made = [d.rows(fmt, begin, begin + BLOCK) for begin in range(*span, BLOCK)]
    floats = [np.ascontiguousarray(x[:, 0]) for x in made]

    def scanned(properties: Sequence[Property], block: int = BLOCK) -> Callable[[], object]:
        return lambda: scan(SHIFTED, ROLE, properties, d, fmt, span, block)

    everything = pointwise(ROLE)
    accuracy = [p for p in everything if p.name == "accuracy"]
    with quiet():
        exp = best(lambda: [np.exp(a) for a in floats])
        bare = best(lambda: [SHIFTED.function(x) for x in made])
    one, all_six = best(scanned(accuracy)), best(scanned(everything))
    print(f"{dtype} {domain}: np.exp {exp:.1f} ns a float; bare call {bare:.0f} ns a row")
    print(f"  accuracy alone {one:.0f} ns a row, {one / bare:.2f} times the bare call, {one / exp:.0f} times np.exp")
    print(f"  all {len(everything)} properties {all_six:.0f} ns a row, {all_six / bare:.2f} times the bare call")
    by_block = {block: best(scanned(everything, block), 3) for block in BLOCKS}
    least = min(by_block.values())
    print("  by rows of a block: " + ", ".join(f"{block} {ns / least:.2f}" for block, ns in by_block.items()))
    print(f"  the whole, {d.size(fmt):,} rows, on two cores: {all_six * d.size(fmt) / 2e9 / 60:.1f} minutes")


if __name__ == "__main__":
    measure("gaps", "float32")
    measure("pairs", "float16")
