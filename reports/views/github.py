"""Findings as GitHub Actions shows them: annotations beside the code, and a summary of the step.

An annotation is a workflow command, which a line of output is: https://docs.github.com/actions/reference/workflow-commands.
What the code under audit says is escaped, so that none of it is a command of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from extremum.reference.errors import printable
from extremum.reports.record.findings import Finding
from extremum.reports.record.numbers import number_of
from extremum.reports.record.places import Place, places
from extremum.reports.record.record import Record
from extremum.reports.views.answer import answers, phrase, shown
from extremum.reports.views.arrange import outcome
from extremum.reports.views.finding_text import finding_block, paragraphs, title
from extremum.reports.views.markdown import code, fence, plain

MOST_ANNOTATIONS = 10  # GitHub shows no more of one kind and step
SUMMARY_BYTES = 64_000  # of a summary; GitHub takes a megabyte of all steps
BLOCK_COLUMNS = 100
LEVELS = {"critical": "error", "high": "error"}  # by severity; the others are warnings
IN_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTY = {**IN_MESSAGE, ":": "%3A", ",": "%2C"}
SHOWN = ("input", "got", "fix", "usual fix", "again")  # paragraphs of a finding that its annotation has


def annotated(report: Record, folder: Path | None, root: Path) -> list[str]:
    """A line for each finding that fails the run, at most ten, and one that counts the rest.

    Paths are from `root`, the folder of the repository; `folder` has the report.
    """
    found = [finding for finding in report.findings if not finding.expected]
    where = places(report)
    lines = [_annotation(finding, report, where.get(finding.key), root) for finding in found[:MOST_ANNOTATIONS]]
    if rest := len(found) - MOST_ANNOTATIONS:
        place = "" if folder is None else f": {folder / 'report.md'}"
        lines += [f"and {number_of(rest, 'more finding')}{place}"] if rest > 0 else []
    return lines


def error(message: str, heading: str) -> str:
    """An annotation without a place."""
    return command("error", {"title": heading}, message)


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """A workflow command; in its message a line break may stand, in its properties any text."""
    given = ",".join(f"{key}={escaped(value, IN_PROPERTY)}" for key, value in properties.items())
    return f"::{name} {given}::{escaped(message, IN_MESSAGE)}"


def escaped(text: str, table: Mapping[str, str]) -> str:
    """The text with each of these characters as GitHub decodes it again."""
    return "".join(table.get(character, character) for character in text)


def summary_of_step(report: Record, folder: Path | None, baseline: str = "") -> str:
    """The answer and the findings as Markdown, of fewer than 64 kB; what has no room is counted."""
    told, others = shown(answers(report))
    found = [finding for finding in report.findings if not finding.expected]
    head = [f"## extremum: {plain(outcome(report))}", *([plain(baseline)] if baseline else [])]
    sentences = [f"- {code(answer.subject)} {plain(answer.sentence)}" for answer in told]
    blocks = [_block(finding, report) for finding in found]
    place = "" if folder is None else f" All is in {code(folder / 'report.md')}."
    parts, room = ["\n\n".join(head)], SUMMARY_BYTES - len("\n\n".join(head).encode()) - 500
    for pieces, between, what in ((sentences, "\n", "more subject"), (blocks, "\n\n", "more finding")):
        kept: list[str] = []
        for piece in pieces:
            room -= len(f"{between}{piece}".encode())
            if room < 0:
                break
            kept.append(piece)
        parts += [between.join(kept)] if kept else []
        if len(kept) < len(pieces):
            parts.append(f"And {number_of(len(pieces) - len(kept), what)}.{place}")
    return "\n\n".join([*parts, *([plain(others)] if others else [])]) + "\n"


def repository(folder: Path) -> Path:
    """The root of the repository that a folder is in: GitHub's workspace, or where there is a .git; else the folder."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if workspace and folder.is_relative_to(Path(workspace).resolve()):
        return Path(workspace).resolve()
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)


def from_root(place: Place, root: Path) -> str:
    """The file of a place as the repository names it; one outside by its whole path."""
    whole = Path.cwd() / place.file
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.as_posix()


def _annotation(finding: Finding, report: Record, place: Place | None, root: Path) -> str:
    at = {}
    if place is not None:
        at = {"file": printable(from_root(place, root)), "line": place.line, "endLine": place.end_line}
        at |= {"col": place.column, "endColumn": place.end_column} if place.line == place.end_line else {}
    heading = f"{finding.subject}: {title(finding)}" + (f", {finding.severity}" if finding.severity else "")
    text = phrase(finding)
    rows = [f"{text[:1].upper()}{text[1:]}.", *_rows(finding, report)]
    properties = {**{name: str(value) for name, value in at.items()}, "title": heading}
    return command(LEVELS.get(finding.severity, "warning"), properties, "\n".join(rows))


def _rows(finding: Finding, report: Record) -> Iterator[str]:
    last = ""
    for name, text in paragraphs(finding, report):
        last = name or last
        if last in SHOWN:
            yield f"{name}: {text}" if name else f"{' ' * len(last)}  {text}"


def _block(finding: Finding, report: Record) -> str:
    head, *lines = finding_block(finding, report, BLOCK_COLUMNS)
    return "\n".join([f"### {plain(head)}", "", fence("\n".join(lines))])
