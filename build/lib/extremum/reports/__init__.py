"""Findings and every view of them: the report, the pytest plugin, the command line.

The last stage of the data flow. `audit(function, role=...)` judges a function of yours from Python and
returns the report, which a notebook shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extremum.reports.report import Report
    from extremum.reports.run import audit

__all__ = ["Report", "audit"]


def __getattr__(name: str) -> Any:
    # Late, because pytest imports this package for its plugin at every start, and most runs audit nothing.
    if name == "audit":
        from extremum.reports.run import audit

        return audit
    if name == "Report":
        from extremum.reports.report import Report

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
