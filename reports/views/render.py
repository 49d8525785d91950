"""The files of an audit: the record, the record as HTML, Markdown and SARIF, and a script for each finding."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from extremum.reports.record.files import lines, write_all
from extremum.reports.record.record import Record
from extremum.reports.views.arrange import SCRIPTS, groups
from extremum.reports.views.html import page
from extremum.reports.views.markdown import text
from extremum.reports.views.sarif import sarif
from extremum.reports.views.script import UNTIL


def render(report: Record, folder: Path | None, json_file: Path | None) -> None:
    """Write the record to `json_file`, and the record, its renderings and its scripts into `folder`."""
    record = lines(report.to_json())
    texts = {} if json_file is None else {json_file: record}
    if folder is not None:  # all are rendered before one is written: a failure leaves the old ones
        rendered = {"report.json": record, "report.md": text(report), "report.html": page(report)}
        rendered["report.sarif"] = sarif(report)
        rendered |= {group.script_file: group.script for group in groups(report) if group.script}
        texts |= {folder / name: content for name, content in rendered.items()}
    write_all(texts)
    if folder is not None:
        _remove_old(folder / SCRIPTS, texts.keys())


def _remove_old(scripts: Path, written: Collection[Path]) -> None:
    """Remove the scripts of an earlier report, which this one does not list."""
    for file in scripts.glob("*.py"):
        with suppress(OSError):  # it may be another user's
            if file not in written and UNTIL in file.read_text(encoding="utf-8", errors="replace"):
                file.unlink(missing_ok=True)
