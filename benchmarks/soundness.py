"""Twenty seeds of every reference in every dtype: what is declared is refuted, and nothing else is.

    python benchmarks/soundness.py [SUBJECT | OPTION ...]

Runs `extremum audit references` once a seed and prints each unexpected cell; the last line counts them. With
`mutants`, every mutant has to be refuted by the property named for it, at every seed. Options are those of the command:
`references mutants --role quadratic_form_gradient` shows whether sound and broken gradients separate completely.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEEDS = range(20)


def main(words: list[str]) -> int:
    """Run the audits, print what is unexpected, and return how many cells were."""
    start, cells, unexpected = time.perf_counter(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "out.json"
        for seed in SEEDS:
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
    print(f"{len(SEEDS)} seeds, {cells} cells, {unexpected} unexpected, {time.perf_counter() - start:.0f} s")
    return unexpected


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["references"]) > 0)
