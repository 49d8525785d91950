"""What the extra `report` installs, and what is said where it is missing: plots and formulas are left out then."""

from __future__ import annotations

from importlib import import_module

EXTRA = "extremum[report]"


def missing(module: str) -> str:
    """Why there is no plot or formula, and what installs it, in a line; empty where `module` is installed."""
    try:
        import_module(module)
    except ImportError:
        return f'{module} is not installed: pip install "{EXTRA}"'
    return ""
