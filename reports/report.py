"""The report that `audit` returns: a record that shows itself."""

from __future__ import annotations

from extremum.reports.record.record import Record
from extremum.reports.views.html import fragment
from extremum.reports.views.summary import as_text


class Report(Record):
    """The record of an audit: `cells`, `findings`, `summary`. A notebook shows it as tables and findings."""

    @property
    def ok(self) -> bool:
        """Whether something was judged, and nothing found that was not declared: what is exit 0 on the command line."""
        return self.exit_code == 0

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return fragment(self)

    def __repr__(self) -> str:
        s = self.summary
        return f"<Report: {s['cells']} cells, {s['refuted']} refuted, {s['crashed']} crashed, {s['hung']} hung>"
