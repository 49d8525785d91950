"""Findings and every view of them: the record, its renderings, the command line, the pytest plugin.

The last stage of the data flow. The folders, each importing from those above it only:

    record/      the record of an audit as plain data, and its files
    views/       every rendering of it: HTML, Markdown, plots, scripts, explanations
    driving/     the request, its tasks, the pytest session, its workers
    commands/    what the commands do: audit, proofs, onset, trap, claims
    cli plugin run assertions report    the front doors: command line, pytest, Python
    face/        `extremum` itself: what `import extremum` gives

`extremum.reports.audit` is `extremum.audit`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Report", "audit"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        import extremum

        return getattr(extremum, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
