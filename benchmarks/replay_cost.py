"""What `extremum replay` costs: twenty witnesses of NumPy functions run again by the command, wall and CPU seconds.

    python benchmarks/replay_cost.py [ROUNDS]

Two kernels with planted defects are audited once, in float32 and float64, and the first twenty witnesses of the
report are kept. The command is run on these, as a user does, in a process of its own. Printed is the least over the
rounds, beside what a process takes that imports NumPy, Hypothesis and python-flint, and does nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
WITNESSES = 20
KERNELS = """
import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def scaled_logsumexp(x, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    out = np.log(np.exp(x - top).sum(axis=axis)) + top.squeeze(axis)
    return out * np.asarray(1.001, x.dtype)
"""
AUDIT = ("audit", "k.py:my_softmax", "k.py:scaled_logsumexp", "--dtype", "float32,float64", "--examples", "0")
NOTHING = "import numpy, hypothesis, flint"


def kept(report: Path) -> None:
    """Keep the first witnesses of a report, and drop the cells of the others."""
    record = json.loads(report.read_text())
    cells, count = [], 0
    for cell in record["cells"]:
        witnesses = [cell[name] for name in ("simplest", "worst") if name in cell]
        if len(witnesses) == 2 and count == WITNESSES - 1:
            cell["worst"] = cell["simplest"]
        fresh = len({json.dumps(cell[name]) for name in ("simplest", "worst") if name in cell})
        if fresh and count + fresh <= WITNESSES:
            cells.append(cell)
            count += fresh
    report.write_text(json.dumps({**record, "cells": cells, "findings": []}))


def timed(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Wall and CPU seconds of a command, and what it says."""
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    used = os.times()
    cpu = used.children_user + used.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, cpu, done.stdout


def main() -> None:
    """Print the seconds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "k.py").write_text(KERNELS)
        subprocess.run([sys.executable, "-m", "extremum", *AUDIT], cwd=folder, capture_output=True, check=False)
        report = folder / "extremum-report/report.json"
        kept(report)
        command = [sys.executable, "-m", "extremum", "replay", str(report)]
        runs = [timed(command, folder) for _ in range(rounds)]
        bare = [timed([sys.executable, "-c", NOTHING], folder) for _ in range(rounds)]
        print(runs[0][2].splitlines()[-1])
        for name, rows in (("replay", runs), ("a process that imports what it needs", bare)):
            print(f"{name}: {min(wall for wall, _, _ in rows):.2f} s wall, {min(cpu for _, cpu, _ in rows):.2f} s CPU")


if __name__ == "__main__":
    main()
