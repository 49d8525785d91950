"""Errors for people: one line that names the argument, its value and what would be valid."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LINES = "\n\t"  # the control characters of a text of several lines


class UsageError(ValueError):
    """What the user asked for cannot be done as asked. Its text is one line, ready to print."""

    def __init__(self, text: str) -> None:
        super().__init__(printable(text, LINES))  # it may quote what a subject raised, or the name of a file


class NotThere(UsageError):
    """What the user names is gone, or misspelt: there is no such file, or no such function in it."""


def printable(text: str, kept: str = "") -> str:
    """The text, with what has no glyph written as its escape: it can neither move a cursor nor hide what follows.

    That is control characters but those of `kept`, overrides of direction, what is invisible, and lone surrogates.
    """
    return "".join(c if c.isprintable() or c in kept else c.encode("unicode_escape").decode() for c in text)


def nearest(word: str, valid: Iterable[str]) -> str:
    """Say what was probably meant, then what would be valid (one line)."""
    names = list(valid)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(names[:24]) + (", ..." if len(names) > 24 else "")
    return f"{hint}valid: {shown or 'none'}"
