"""What it costs that the subject is in a process of its own: an audit there over the same audit in this process.

    python benchmarks/host_cost.py [ROUNDS]

Of a reference of three roles, all properties in float32: wall and CPU seconds of `audit(f, isolated=True)` over those
of `audit(f)`, in turn, in one run. The median over the rounds. Then the round trip of a call on one row of four, and
how long a host takes until it has answered its first call.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from extremum.properties.calling.hosts import Host
from extremum.reference.quadratic_form_gradient import symmetrised_form
from extremum.reference.softmax import shifted
from extremum.reference.softmax_jacobian import row_scaled
from extremum.reports.run import audit

ROUNDS = 3
CALLS = 2000


def cpu() -> float:
    """CPU seconds of this process and of those that it waited for."""
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


def timed(run: Callable[[], Any]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    began, used = time.perf_counter(), cpu()
    run()
    return time.perf_counter() - began, cpu() - used


def main() -> None:
    """Print the ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    rows = (("softmax", shifted), ("quadratic_form_gradient", symmetrised_form), ("softmax_jacobian", row_scaled))
    for role, function in rows:
        ratios = []
        for _ in range(rounds):
            here, there = (
                timed(partial(audit, function, role, ["float32"], isolated=isolated)) for isolated in (False, True)
            )
            ratios.append((there[0] / here[0], there[1] / here[1], here[0]))
        wall, used, seconds = (median(column) for column in zip(*ratios, strict=True))
        print(f"{role}: wall {wall:.2f}, CPU {used:.2f} times those of {seconds:.1f} s in process")
    row = np.zeros((1, 4), np.float32)
    began = time.perf_counter()
    host = Host({"spec": "extremum.reference.softmax:shifted"}, axis="axis")
    host.answer([row])
    print(f"a host has answered after {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    for _ in range(CALLS):
        host.answer([row])
    print(f"round trip {(time.perf_counter() - began) / CALLS * 1e6:.0f} us")
    host.end()


if __name__ == "__main__":
    main()
