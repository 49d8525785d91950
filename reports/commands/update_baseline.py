"""`extremum baseline`: the findings of a report as a baseline, made or brought up to date."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from extremum.reference.errors import UsageError
from extremum.reports.driving.settings import NAME, TABLE
from extremum.reports.record.baseline import Baseline, read_baseline, text, updated
from extremum.reports.record.files import file_to_write, write
from extremum.reports.record.numbers import listed, number_of
from extremum.reports.record.places import words_in
from extremum.reports.record.reading import read_report
from extremum.reports.record.record import BASELINE, GONE
from extremum.reports.views.summary import print_line

KEY = ("role", "subject", "property", "dtype")  # of `Cell.key`


def run_baseline(report: str, output: str, console: Console) -> int:
    """Write the baseline; what people wrote into the one that is there stays."""
    path = file_to_write("output", output)
    if path is None or output == "-":
        raise UsageError(f"output={output!r} is no file: name one, as extremum-baseline.json")
    record = read_report(Path(report))
    before = read_baseline(path) if path.exists() else Baseline()
    rows = record.environment.get(BASELINE, [])
    left = {tuple(row[name] for name in KEY) for row in rows if row["status"] == GONE}
    after = updated(before, record.cells, words_in(record), date.today(), left)
    write(path, text(after))
    known = {cell.key for entry in before.entries for cell in entry.cells}
    now = {cell.key for entry in after.entries for cell in entry.cells}
    gone = [entry for entry in before.entries if not any(cell.key in now for cell in entry.cells)]
    for entry in gone:
        names = (listed(list(entry.row[name])) for name in ("properties", "dtypes"))
        print_line(console, escape(f"gone: {entry.subject}  {entry.cause}  {', in '.join(names)}"))
    new = sum(not any(cell.key in known for cell in entry.cells) for entry in after.entries)
    print_line(console, escape(f"{output}: {number_of(len(after.entries), 'entry')}, {new} new, {len(gone)} gone"))
    if after.entries and not before.entries:
        print_line(
            console, escape(f"next: baseline = {json.dumps(output)} under [{TABLE}] in {NAME}, or --baseline {output}")
        )
    return 0
