"""The report that `audit` returns: a record that shows itself, and so do its findings and witnesses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from extremum.properties.calling.caller import present
from extremum.properties.steps.witness import decode
from extremum.properties.values.finding import Witness
from extremum.reference.arithmetic.formats import Array
from extremum.reports.record.findings import Finding
from extremum.reports.record.record import Record
from extremum.reports.views.finding_text import finding_block
from extremum.reports.views.html import finding_fragment, fragment
from extremum.reports.views.summary import as_text

COLUMNS = 80


@dataclass(frozen=True)
class ReportWitness(Witness):
    """A witness of a report: an input to go on with."""

    def arrays(self) -> dict[str, Any]:
        """The arguments by name, bit for bit, in the layout that they had; numbers as Python's.

        Of formats that NumPy has not, the dtype is that of ml_dtypes. Raises `UsageError` where the row is kept by a
        recipe of another version.

        >>> report = extremum.audit(lambda x, axis=-1: x, role="softmax", dtypes=["float32"], properties=["sum_to_one"])
        >>> sorted(report.cells[0].simplest.arrays())
        ['x']
        """
        arguments = decode(self.arguments).arguments
        layouts = {name: argument.get("layout", "C") for name, argument in self.arguments.items()}
        return {name: present(a, layouts[name]) if a.ndim else _number(a) for name, a in arguments.items()}


def _number(a: Array) -> int | float:
    return int(a) if a.dtype.kind in "iub" else float(a)


@dataclass(frozen=True)
class ReportFinding(Finding):
    """A finding of a report, which a notebook shows."""

    report: Any = field(default=None, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return finding_fragment(self.report, self)

    def __str__(self) -> str:
        return "\n".join(finding_block(self, self.report, COLUMNS))

    def __repr__(self) -> str:
        return f"<Finding: {self.cause} of {self.subject}, {len(self.cells)} cells>"


@dataclass
class Report(Record):
    """The record of an audit: `cells`, `findings`, `summary`. A notebook shows it as tables and findings."""

    def __post_init__(self) -> None:
        for cell in self.cells:
            for name in ("simplest", "worst", "beneath"):
                witness = getattr(cell, name)
                if witness is not None and not isinstance(witness, ReportWitness):
                    setattr(cell, name, ReportWitness(**vars(witness)))

    @property
    def findings(self) -> list[Finding]:
        """The defects, each with the cells that it explains; what nobody declared first, the most severe first."""
        return [ReportFinding(f.signs, f.cause, f.hides, f.first, self) for f in super().findings]

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
