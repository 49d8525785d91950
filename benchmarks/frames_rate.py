"""Rows a second through the frame protocol, beside those of the bare loop.

    python benchmarks/frames_rate.py

Float32 rows of 16 in calls of 1,000, by the programs of `docs/frames.md` in C, Python and Node.js, where their compiler
or interpreter is here. Printed are rows a second of a bare loop of the same softmax in NumPy, in this process; of the
protocol alone, from this process; and as an audit asks, from the judge through the host of the program. The median of
rounds that time all three.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from extremum.properties.calling.hosts import Host
from extremum.reference.softmax import shifted
from extremum.reference.subjects.processes import PREFIX, started

ROOT = Path(__file__).resolve().parents[1]
ROWS, ENTRIES, CALLS, ROUNDS = 1000, 16, 100, 7


def programs(folder: Path) -> Iterator[tuple[str, str]]:
    """The programs of the page, each by its language and the word that starts it."""
    text = (ROOT / "docs/frames.md").read_text(encoding="utf-8")
    source = {language: text.partition(f"```{language}\n")[2].partition("```")[0] for language in ("c", "python", "js")}
    (folder / "mine.py").write_text(source["python"], encoding="utf-8")
    yield "Python", f"{PREFIX}{sys.executable} {folder / 'mine.py'}"
    if shutil.which("cc"):
        (folder / "mine.c").write_text(source["c"], encoding="utf-8")
        subprocess.run(["cc", "-O2", folder / "mine.c", "-o", folder / "mine", "-lm"], check=True)
        yield "C", f"{PREFIX}{folder / 'mine'}"
    if shutil.which("node"):
        (folder / "mine.js").write_text(source["js"], encoding="utf-8")
        yield "Node.js", f"{PREFIX}node {folder / 'mine.js'}"


def rate(call: Callable[[Any], object], x: Any) -> float:
    """Rows a second of one round of calls."""
    begin = time.perf_counter()
    for _ in range(CALLS):
        call(x)
    return ROWS * CALLS / (time.perf_counter() - begin)


def main() -> None:
    """Print the rates of each program."""
    x = np.random.default_rng(0).normal(size=(ROWS, ENTRIES)).astype(np.float32)
    with TemporaryDirectory() as name:
        for language, spec in programs(Path(name)):
            form = {"role": "softmax", "inputs": ["x"], "batched": True}
            program = started(spec, "softmax", ["x"], batched=True)
            host = Host({"spec": spec, "exec": form}, library="C-order")
            calls = {"bare loop": shifted, "protocol": program, "audit": lambda a, host=host: host.answer([a])}
            try:
                for call in calls.values():
                    call(x)
                rates = {what: [rate(call, x) for _ in range(ROUNDS)] for what, call in calls.items()}
            finally:
                host.end()
            print(f"{language}:", ", ".join(f"{what} {median(r):,.0f} rows/s" for what, r in rates.items()))


if __name__ == "__main__":
    main()
