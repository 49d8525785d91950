"""Twenty seeds of every reference in every dtype: what is declared is refuted, and nothing else is.

    python benchmarks/soundness.py [--seeds FIRST-LAST] [SUBJECT | OPTION ...]

Runs `extremum audit references`, which are of all roles, once a seed and prints each unexpected cell; the last line
says how many seeds and cells ran. `--seeds 0-4 --dtype float32` is one part of the twenty seeds. With `mutants`,
every mutant has to be refuted by the property named for it, at every seed. Options are those of the command:
`references mutants --role quadratic_form_gradient` shows whether sound and broken gradients separate completely.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SEEDS = range(20)


def main(words: list[str]) -> int:
    """Run the audits, print what is unexpected, and return how many cells were."""
    seeds: Sequence[int] = SEEDS
    if words[:1] == ["--seeds"]:
        first, _, last = words[1].partition("-")
        seeds, words = range(int(first), int(last or first) + 1), words[2:]
    words = words if words and not words[0].startswith("-") else ["references", *words]
    start, cells, unexpected = time.perf_counter(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "out.json"
        for seed in seeds:
            command = ["extremum", "audit", *words, "--seed", str(seed), "--json", str(place), "--report-dir", folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if not place.exists():
                print(done.stdout, done.stderr)
                return 1
            record = json.loads(place.read_text())["cells"]
            cells += len(record)
            for cell in record:
                undeclared = cell["verdict"] in {"refuted", "crashed", "hung"} and not cell["expected"]
                if undeclared or cell["missed"] or cell["verdict"] == "incomplete":
                    unexpected += 1
                    told = [cell[k] for k in ("subject", "property", "dtype", "verdict")]
                    print(f"seed {seed}:", *told, "(declared, yet it held)" if cell["missed"] else "", flush=True)
            place.unlink()
    print(f"{len(seeds)} seeds, {cells} cells, {unexpected} unexpected, {time.perf_counter() - start:.0f} s")
    return unexpected


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
