"""`extremum merge`: the reports of shards as the report of one run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from extremum.reference.errors import UsageError
from extremum.reports.driving.console import print_place
from extremum.reports.driving.shards import merged
from extremum.reports.record.files import file_to_write, folder_to_write
from extremum.reports.record.reading import read_report
from extremum.reports.views.render import render
from extremum.reports.views.summary import summary


def run_merge(files: Sequence[str], report_dir: str, json_file: str | None, console: Console) -> int:
    """Merge, show and write the reports; return the exit code of the one run."""
    twice = [file for number, file in enumerate(files) if file in files[:number]]
    if twice:
        raise UsageError(f"{twice[0]!r} is named twice")
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    report = merged({file: read_report(Path(file)) for file in files}, command)
    folder = folder_to_write("report-dir", report_dir)
    render(report, folder, file_to_write("json", json_file))
    summary(report, console)
    if folder is not None:
        print_place(console, folder)
    return report.exit_code
