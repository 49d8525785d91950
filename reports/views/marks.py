"""How verdicts look: the one table of marks that the terminal, Markdown and HTML show in a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from extremum.properties.values.finding import Cell


class Mark(NamedTuple):
    """How a cell looks in a matrix: a letter, for those who see no colour, and what it says.

    `glyph` is the letter of HTML, where more than ASCII can be shown; `style` is the terminal's colour.
    """

    letter: str
    glyph: str
    style: str
    name: str
    meaning: str


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "proved": Mark("P", "P", "green", "proved", "every input of a stated domain was tried"),
        "held": Mark(".", "\N{MIDDLE DOT}", "green", "held", "no counterexample among the rows examined"),
        "refuted": Mark("R", "R", "bold red", "refuted", "a witness was found, and run again"),
        "refuted-declared": Mark("r", "r", "yellow", "refuted as declared", "the subject is known to fail here"),
        "missed": Mark("M", "M", "bold red", "declared, yet it held", "the subject is known to fail here, and did not"),
        "crashed": Mark("C", "C", "bold magenta", "crashed", "the process ended"),
        "crashed-declared": Mark("c", "c", "yellow", "crashed as declared", "the subject is known to fail here"),
        "hung": Mark("H", "H", "bold magenta", "hung", "a call did not return"),
        "hung-declared": Mark("h", "h", "yellow", "hung as declared", "the subject is known to fail here"),
        "incomplete": Mark("?", "?", "yellow", "incomplete", "not examined to the end"),
        "inapplicable": Mark("-", "\N{EN DASH}", "dim", "inapplicable", "the question does not arise"),
    }
)

SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "dark_orange", "low": "yellow"}


def mark_key(cell: Cell) -> str:
    """The key of the cell's mark in `MARKS`."""
    if cell.missed:
        return "missed"
    return f"{cell.verdict}-declared" if cell.found and cell.expected else cell.verdict
