"""How large a report is: of the default audit, or the one in a folder.

    python benchmarks/report_size.py [FOLDER]

Prints the bytes of each file, and of the record those of each part of it and of each key of its cells.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

MEGABYTE = 10**6
FEW = 8  # keys that are shown


def length(value: Any) -> int:
    """Bytes of a value as the record has it."""
    return len(json.dumps(value))


def show(folder: Path) -> None:
    """Print the sizes."""
    for file in sorted(folder.glob("report.*")):
        print(f"{file.name:<14} {file.stat().st_size / MEGABYTE:6.3f} MB")
    scripts = [file.stat().st_size for file in folder.glob("scripts/*.py")]
    print(f"{'scripts':<14} {sum(scripts) / MEGABYTE:6.3f} MB in {len(scripts)} files")
    record = json.loads((folder / "report.json").read_bytes())
    parts = Counter({name: length(value) for name, value in record.items()})
    keys: Counter[str] = Counter()
    for cell in record["cells"]:
        keys.update({f"cells: {name}": len(name) + length(value) for name, value in cell.items()})
    for name, size in (parts + keys).most_common(FEW):
        print(f"  {name:<24} {size / MEGABYTE:6.3f} MB")


def main() -> None:
    """Audit, unless there is a report, and print the sizes."""
    if len(sys.argv) > 1:
        show(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["extremum", "audit", "-q", "--report-dir", place], check=False)
        show(Path(place))


if __name__ == "__main__":
    main()
