"""The files of an audit: the record, and the record rendered as HTML and Markdown."""

from __future__ import annotations

from pathlib import Path

from extremum.reports.record.files import lines, write
from extremum.reports.record.record import Record
from extremum.reports.views.html import page
from extremum.reports.views.markdown import text


def render(report: Record, folder: Path | None, json_file: Path | None) -> None:
    """Write the record to `json_file`, and the record and its renderings into `folder`."""
    record = lines(report.to_json())
    if json_file is not None:
        write(json_file, record)
    if folder is not None:
        write(folder / "report.json", record)
        write(folder / "report.md", text(report))
        write(folder / "report.html", page(report))
