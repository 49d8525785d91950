"""`extremum diff`: what is new, fixed, better or worse in a report than in an earlier one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from extremum.properties.steps.rerun import BETTER, FIXED, STILL, WORSE
from extremum.properties.values.finding import Cell
from extremum.reports.record.changes import CHANGES, FAILING, NEW, UNJUDGED, Change, Compared, compared
from extremum.reports.record.numbers import counted, listed, number_of, quantity
from extremum.reports.record.reading import read_report
from extremum.reports.views.finding_text import title
from extremum.reports.views.summary import print_line

STYLES = {NEW: "bold red", WORSE: "bold red", BETTER: "green", FIXED: "green", UNJUDGED: "yellow", STILL: "yellow"}
SPEED_SECONDS = 1.0  # that verdicts take at least, for their speed to be told


def run_diff(old: str, new: str, console: Console) -> int:
    """Show what became of the findings of each subject, and return the exit code: 1 where one is new or worse."""
    before, after = read_report(Path(old)), read_report(Path(new))
    rows = compared(before, after)
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(change.status for change in row.changes)
        lines = list(_lines(row))
        if lines:
            was = f", {row.before} before" if row.before else ""
            print_line(console, f"[bold]{escape(row.subject)}[/]  [italic]{escape(row.role)}[/]{escape(was)}")
        for line in lines:
            print_line(console, line)
    for name, report in ((old, before), (new, after)):
        if report.interrupted:
            print_line(console, escape(f"{name} is {report.ending}"))
    told = [f"{counts[status]:,} {status.lower()}" for status in CHANGES if counts[status] or status != UNJUDGED]
    print_line(console, ", ".join(told))
    return 1 if any(counts[status] for status in FAILING) else 0


def _lines(row: Compared) -> Iterator[str]:
    """What is to be said of a subject, as markup."""
    for change in row.changes:
        yield f"  [{STYLES[change.status]}]{change.status:<8}[/] {escape(_told(change))}"
    for old, new in row.grades:
        yield escape(f"  {'grade':<8} {new.property} in {new.dtype}: {new.grade}, was {old.grade}")
    before, after = row.seconds
    if max(before, after) >= SPEED_SECONDS:
        yield escape(f"  {'time':<8} {number_of(len(row.cells), 'cell')} in {after:.0f} s, was {before:.0f} s")


def _told(change: Change) -> str:
    cells = [new if new is not None and change.status != UNJUDGED else old for old, new in change.pairs]
    known = [cell for cell in cells if cell is not None]
    what = f"{listed(_names(known, 'property'))}, in {listed(_names(known, 'dtype'))}"
    parts = [f"{title(change.finding)}: {what}"]
    pairs = [(old, new) for old, new in change.pairs if old is not None and new is not None]
    if change.status in (WORSE, BETTER):
        old, new = max(pairs, key=lambda pair: _growth(*pair))
        parts.append(f"{new.property} {new.dtype} {_size(new)}, was {_size(old)}")
    if change.status == NEW and not pairs:
        parts.append("not judged before")
    if change.status == UNJUDGED:
        parts.append("found before, and not judged now")
    causes = {(old.cause, new.cause) for old, new in pairs if old.cause and new.cause and old.cause != new.cause}
    if change.status in (WORSE, BETTER, STILL) and causes:
        was = listed(sorted({before for before, _ in causes}))
        parts.append(f"the cause is another: {was} before")
    return "; ".join(parts)


def _names(cells: Sequence[Cell], name: str) -> list[str]:
    return list(dict.fromkeys(getattr(cell, name) for cell in cells))


def _size(cell: Cell) -> str:
    """How wrong it is, or how it ended."""
    return counted(cell.measured, cell.unit) if cell.verdict == "refuted" else cell.verdict


def _growth(old: Cell, new: Cell) -> float:
    """By how much the two differ: what ends its process is the most."""
    if old.verdict != new.verdict or "inf" in (quantity(old.measured), quantity(new.measured)):
        return float("inf")
    small, large = sorted(abs(float(c.measured or 0)) for c in (old, new))
    return large / small if small else float("inf")
