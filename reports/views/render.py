"""The files of an audit: the record, and the record rendered as HTML and Markdown."""

from __future__ import annotations

from pathlib import Path

from extremum.reports.record.files import lines, write_all
from extremum.reports.record.record import Record
from extremum.reports.views.html import page
from extremum.reports.views.markdown import text


def render(report: Record, folder: Path | None, json_file: Path | None) -> None:
    """Write the record to `json_file`, and the record and its renderings into `folder`."""
    record = lines(report.to_json())
    texts = {} if json_file is None else {json_file: record}
    if folder is not None:  # all are rendered before one is written: a failure leaves the old ones
        rendered = {"report.json": record, "report.md": text(report), "report.html": page(report)}
        texts |= {folder / name: content for name, content in rendered.items()}
    write_all(texts)
