"""Errors for people: one line that names the argument, its value and what would be valid."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """What the user asked for cannot be done as asked. Its text is one line, ready to print."""


def nearest(word: str, valid: Iterable[str]) -> str:
    """Say what was probably meant, then what would be valid (one line)."""
    names = list(valid)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(names[:24]) + (", ..." if len(names) > 24 else "")
    return f"{hint}valid: {shown or 'none'}"
