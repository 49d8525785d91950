"""The report that `audit` returns: a record that shows itself."""

from __future__ import annotations

from extremum.reports.record.record import Record
from extremum.reports.views.html import fragment


class Report(Record):
    """The record of an audit: `cells`, `findings`, `summary`. A notebook shows it as tables and findings."""

    def _repr_html_(self) -> str:
        return fragment(self)

    def __repr__(self) -> str:
        s = self.summary
        return f"<Report: {s['cells']} cells, {s['refuted']} refuted, {s['crashed']} crashed, {s['hung']} hung>"
