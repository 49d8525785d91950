"""The report as GitHub Markdown.

Whatever comes from the code under audit stands in code spans and fences, which nothing in it can end.
"""

from __future__ import annotations

import re
from functools import cache, partial

import jinja2

from extremum.properties.values.finding import Cell
from extremum.reference.errors import LINES, printable
from extremum.reports.record.record import Record
from extremum.reports.record.text import finding_lines
from extremum.reports.views.arrange import Group, arranged, groups, hover, measure, with_unit
from extremum.reports.views.explain import markdown
from extremum.reports.views.finding_text import finding_block
from extremum.reports.views.ledger import audits
from extremum.reports.views.marks import MARKS, mark_key
from extremum.reports.views.templating import environment

BLOCK_COLUMNS = 120  # of a finding
FEW_LISTED = 6  # findings in the first ten lines


def text(report: Record) -> str:
    """The report as GitHub Markdown: ten lines that fit a pull request, and then all there is."""
    return filled("report.md", **arranged(report, groups(report)), blocks=partial(_block, report), few=FEW_LISTED)


def filled(template: str, **context: object) -> str:
    """A template of Markdown, filled; code under audit goes through `code`, `field` and `fence`."""
    return _environment().get_template(template).render(context)


def code(value: object) -> str:
    """A code span that the text in it cannot end."""
    line = " ".join(printable(str(value), LINES).split())
    ticks = "`" * (_longest("`", line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}" if line else ""


def field(value: object) -> str:
    """A code span in a table, which the text in it cannot end, nor its field: `\\\\|` would."""
    return code(re.sub(r"(?<=\\)(?=\|)", " ", str(value))).replace("|", "\\|")


def fence(value: str, language: str = "text") -> str:
    """A fenced block that the text in it cannot end."""
    ticks = "`" * max(3, _longest("`", value) + 1)
    return f"{ticks}{language}\n{printable(value, LINES).rstrip()}\n{ticks}"


def plain(value: object) -> str:
    """Text in a sentence, with all signs taken from it that Markdown or HTML would read."""
    line = " ".join(printable(str(value), LINES).split())
    return re.sub(r"([\\`*_{}\[\]<>#|&~$])", r"\\\1", line)


def _block(report: Record, group: Group) -> str:
    return "\n".join(finding_block(group.finding, report, BLOCK_COLUMNS))


def letters(cells: list[Cell | None]) -> str:
    """The marks of a field of the matrix, one for each dtype."""
    marks = "".join(" " if c is None else MARKS[mark_key(c)].letter for c in cells)
    return f"`{marks}`" if marks.strip() else ""


def _longest(character: str, line: str) -> int:
    return max(map(len, re.findall(re.escape(character) + "+", line)), default=0)


@cache
def _environment() -> jinja2.Environment:
    # What is not a code span or a fence is our own text.
    markdown_text = environment(autoescape=False, keep_trailing_newline=True)
    markdown_text.filters.update(code=code, field=field, fence=fence, letters=letters)
    markdown_text.filters.update(plain=plain, with_unit=with_unit)
    markdown_text.filters.update(hover=hover, measure=measure, lines=finding_lines, prose=markdown)
    markdown_text.globals.update(audits=audits)
    return markdown_text
