"""The answer on a terminal: one sentence a subject, then the findings, then the counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from io import StringIO
from typing import Any

from rich.console import Console
from rich.markup import escape

from extremum.properties.values.finding import Cell
from extremum.reports.record.numbers import number_of
from extremum.reports.record.record import Record
from extremum.reports.views.answer import Answer, answers, shown
from extremum.reports.views.finding_text import finding_block, wrapped
from extremum.reports.views.marks import MARKS, SEVERITY_STYLES, mark_key

FEW_FINDINGS = 3  # that are shown in full; of more, `SHOWN`
SHOWN = 1


class Detail(IntEnum):
    """How much is shown: the answer alone (-q), the findings too, or every cell (-v)."""

    ANSWER = 0
    FINDINGS = 1
    CELLS = 2


def print_line(console: Console, markup: str, style: str | None = None) -> None:
    """One line, however long: it can be searched for, and copied."""
    console.print(markup, style=style, highlight=False, soft_wrap=True)


def summary(report: Record, console: Console, detail: Detail = Detail.FINDINGS) -> None:
    """The answer; then each finding that nobody declared; then the counts. With `Detail.CELLS`, all there is."""
    for line in answer_lines(report, console.width, detail is Detail.CELLS):
        print_line(console, line)
    if detail is Detail.ANSWER:
        return
    if detail is Detail.CELLS:
        console.print()
        for line in cell_lines(report.cells, console.width):
            print_line(console, line)
    every = detail is Detail.CELLS
    found = [f for f in report.findings if every or not f.expected]
    in_full = found if every or len(found) <= FEW_FINDINGS else found[:SHOWN]
    for place, finding in enumerate(in_full):
        console.print()
        number = f"{place + 1} of {len(found)}  " if len(found) > 1 else ""
        head, *lines = finding_block(finding, report, console.width, number)
        style = SEVERITY_STYLES.get(finding.severity, "bold")
        print_line(console, f"[{'yellow' if finding.expected else style}]{escape(head)}[/]")
        for line in lines:
            print_line(console, escape(line))
    if len(in_full) < len(found):
        console.print()
        print_line(console, f"and {number_of(len(found) - len(in_full), 'more finding')}: -v shows them in full")
    console.print()
    print_counts(report.summary, console)


def answer_lines(report: Record, width: int, every: bool = False) -> Iterator[str]:
    """The sentences, as markup in lines of at most `width` columns. Of many subjects, what is right is only counted."""
    told, others = shown(answers(report), every)
    for answer in told:
        yield from _wrapped(answer, width)
    if others:
        yield f"[green]{escape(others)}[/]"


def _wrapped(answer: Answer, width: int) -> Iterator[str]:
    style = "bold red" if answer.unsound else "bold green" if answer.sound else "bold yellow"
    whole = f"{answer.subject} {answer.sentence}"
    for place, line in enumerate(wrapped(whole, width)):
        cut = len(answer.subject) if place == 0 and line.startswith(answer.subject) else 0
        yield f"[{style}]{escape(line[:cut])}[/]{escape(line[cut:])}" if cut else escape(line)


def as_text(report: Record) -> str:
    """What `summary` shows, in lines of 80 columns."""
    console = Console(file=StringIO(), width=80, color_system=None)
    summary(report, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().strip("\n")


def print_counts(s: Mapping[str, Any], console: Console) -> None:
    """How many findings there are and cells of each verdict, and what to do about those that were not judged."""
    verdicts = [f"{s[v]:,} {v}" for v in ("proved", "held", "refuted", "crashed", "hung") if s[v]]
    verdicts += [f"{s['expected']:,} of them as declared"] if s["expected"] else []
    verdicts += [f"{s[v]:,} {v}" for v in ("incomplete", "inapplicable") if s[v]]
    found, cells = number_of(s["findings"], "finding"), number_of(s["cells"], "cell")
    line = f"{found} in {cells}: {', '.join(verdicts)}; {number_of(s['examined'], 'row')} examined"
    print_line(console, f"[bold]{found}[/]{line.removeprefix(found)}")
    if s["incomplete"]:
        was = "was" if s["incomplete"] == 1 else "were"
        print_line(
            console,
            f"[yellow]{number_of(s['incomplete'], 'cell')} {was} not judged to the end:[/] give more time with "
            "--budget or\n--cell-timeout, or less to do with --property, --dtype or --regime",
        )


def cell_lines(cells: Sequence[Cell], width: int) -> Iterator[str]:
    """Every cell, as markup: a line for each property of a subject, with its verdicts and their dtypes."""
    by_subject: dict[tuple[str, str], dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        by_subject[cell.role, cell.subject][cell.property].append(cell)
    for (role, subject), properties in by_subject.items():
        yield f"[bold]{escape(subject)}[/]  [italic]{role}[/]"
        longest = max(map(len, properties))
        for name, of in properties.items():
            yield from _property_line(name, longest, of, width)


def _property_line(name: str, longest: int, cells: Sequence[Cell], width: int) -> Iterator[str]:
    by_mark: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        by_mark[mark_key(cell)].append(cell.dtype)
    begin, lines, length = f"  {name:<{longest}}  ", [""], 0
    for key, dtypes in by_mark.items():
        text = f"{MARKS[key].name} {' '.join(dtypes)}"
        if length and len(begin) + length + len(text) + 2 > width:
            lines.append("")
            length = 0
        between = ", " if length else ""
        lines[-1] += f"{between}[{MARKS[key].style}]{escape(text)}[/]"
        length += len(between) + len(text)
    for place, line in enumerate(lines):
        yield (escape(begin) if place == 0 else " " * len(begin)) + line
