"""extremum: does this code survive the extremes?

`audit(function, role=...)` judges a function from Python and returns a `Report`, which a notebook shows. The command is
`extremum`, or `python -m extremum`; under pytest the same cells run with `--subject`.

Installed, this package holds the three stages: `extremum.reference`, `extremum.properties`, `extremum.reports`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extremum.reports.report import Report
    from extremum.reports.run import audit

    __version__: str

__all__ = ["Report", "__version__", "audit"]


def __getattr__(name: str) -> Any:
    # Late: pytest imports this package for its plugin at every start, and most runs audit nothing.
    if name == "audit":
        from extremum.reports.run import audit

        return audit
    if name == "Report":
        from extremum.reports.report import Report

        return Report
    if name == "__version__":
        from importlib.metadata import version

        return version("extremum")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
