"""What a second worker gains, and the memory of the largest process: whole commands, one after the other.

    python benchmarks/workers.py [SUBJECT ...]

Runs the proof of `shifted` on every float32 gap, and the default audit of SUBJECTs (of all references and libraries,
without one), with one worker and with two: seconds, their ratio, and the largest resident set of any process so far.
The gradients with matrices of 4096 by 4096 need most.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time

RUNS = {
    "every float32 gap of shifted": ["shifted", "--role", "softmax", "--exhaustive", "gaps", "--dtype", "float32"],
    "the default audit": [],
}


def seconds(arguments: list[str], workers: int) -> float:
    """The time that a command takes; it may find things, and may not fail otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["extremum", "audit", *arguments, "-n", str(workers), "--report-dir", folder]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.perf_counter() - start
    if done.returncode not in {0, 1}:
        sys.exit(done.stderr)
    return took


def main(subjects: list[str]) -> None:
    """Measure and print."""
    for name, arguments in RUNS.items():
        one, two = (seconds(arguments or subjects, workers) for workers in (1, 2))
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
        print(f"{name}: {one:.0f} s with one worker, {two:.0f} s with two, {one / two:.2f} times as fast; ", end="")
        print(f"largest process so far {largest:.0f} MiB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
