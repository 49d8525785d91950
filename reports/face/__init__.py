"""extremum: does this code survive the extremes?

`audit(function, role=...)` judges a function from Python and returns a `Report`, which a notebook shows. The command is
`extremum`, or `python -m extremum`; under pytest the same cells run with `--subject`.

For tests of your own: `assert_sound(function, role=...)` is an audit that raises `Unsound`; `assert_within(answer,
"softmax", x)` judges one answer, entry by entry, and `judge` tells the same as a `Judgement`. `extremes("softmax",
"float32")` and `strategies.arguments("softmax", "float32")` give arguments to try.

Installed, this package holds the three stages: `extremum.reference`, `extremum.properties`, `extremum.reports`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extremum import strategies
    from extremum.properties.answers.extremes import extremes
    from extremum.properties.answers.judgement import Judgement, judge
    from extremum.properties.roles.formula import formula
    from extremum.reports.assertions import Unsound, assert_sound, assert_within
    from extremum.reports.report import Report
    from extremum.reports.run import audit

    __version__: str

__all__ = [
    "Judgement",
    "Report",
    "Unsound",
    "__version__",
    "assert_sound",
    "assert_within",
    "audit",
    "extremes",
    "formula",
    "judge",
    "strategies",
]


if not TYPE_CHECKING:  # it would find every name there

    def __getattr__(name: str) -> Any:
        # Late: pytest imports this package for its plugin at every start, and most runs audit nothing.
        if name in ("Unsound", "assert_sound", "assert_within"):
            return getattr(importlib.import_module("extremum.reports.assertions"), name)
        if name in ("Judgement", "judge"):
            return getattr(importlib.import_module("extremum.properties.answers.judgement"), name)
        if name == "extremes":
            return importlib.import_module("extremum.properties.answers.extremes").extremes
        if name == "formula":
            return importlib.import_module("extremum.properties.roles.formula").formula
        if name == "strategies":
            return importlib.import_module(f"{__name__}.strategies")
        if name == "audit":
            return importlib.import_module("extremum.reports.run").audit
        if name == "Report":
            return importlib.import_module("extremum.reports.report").Report
        if name == "__version__":
            from importlib.metadata import version

            return version("extremum")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
