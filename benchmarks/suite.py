"""What the test command of the README costs: CPU seconds, user and system, of all its processes.

    python benchmarks/suite.py [PYTEST OPTION ...]

Runs `pytest -n auto` with the options, shows its last lines, and prints the figure. Wall time depends on what else the
machine does; CPU seconds hardly do.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time


def main(words: list[str]) -> int:
    """Run the tests and print what they cost; the exit code is pytest's."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "pytest", "-n", "auto", "-q", *words], check=False)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:.0f} CPU seconds ({used.ru_utime:.0f} user, {used.ru_stime:.0f} system)")
    print(f"{time.perf_counter() - start:.0f} seconds of wall time")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
