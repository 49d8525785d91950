"""How long a user waits: seconds to the first finding of `extremum audit naive`, and for the default audit.

python benchmarks/audit.py
"""

from __future__ import annotations

import subprocess
import tempfile
import time


def seconds(*words: str) -> tuple[float, float]:
    """Seconds until `extremum audit` shows its first finding, and until it ends."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = ["extremum", "audit", *words, "--report-dir", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            first = 0.0
            for line in process.stdout:
                if not first and line.startswith(("refuted", "as declared")):
                    first = time.perf_counter() - start
        return first, time.perf_counter() - start


if __name__ == "__main__":
    print(f"first finding of the audit of naive: {min(seconds('naive')[0] for _ in range(3)):.1f} s")
    print(f"the default audit, all of it:        {seconds()[1]:.0f} s")
