"""What `--format` puts on standard output: lines for people, one document for programs, or GitHub's annotations."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from extremum.reports.record.record import Record
from extremum.reports.views.github import annotated, error, repository, summary_of_step
from extremum.reports.views.json_document import document

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"  # the variable that names a file


@dataclass(frozen=True)
class Ending:
    """What an audit came to. `folder` has the report; `baseline` tells in a line what became of that, if there is one.

    `failed`: that alone fails the run, whatever was found.
    """

    report: Record
    exit_code: int
    folder: Path | None
    baseline: str = ""
    failed: bool = False


Conclude = Callable[[Ending], None]


@contextmanager
def _human() -> Iterator[Conclude]:
    yield lambda _: None


@contextmanager
def _json() -> Iterator[Conclude]:
    def conclude(ending: Ending) -> None:
        _say(document(ending.report, ending.exit_code, ending.folder, ending.baseline).rstrip("\n"))

    yield conclude


@contextmanager
def _github() -> Iterator[Conclude]:
    """Until the end, however it comes, nothing in the output is a command: a subject's name might be one."""
    token, told = secrets.token_hex(16), []
    _say(f"::stop-commands::{token}")

    def conclude(ending: Ending) -> None:
        told.extend(annotated(ending.report, ending.folder, repository(Path.cwd())))
        told.extend([error(ending.baseline, "extremum: baseline")] if ending.failed else [])
        if place := os.environ.get(STEP_SUMMARY):
            _append(Path(place), summary_of_step(ending.report, ending.folder, ending.baseline))

    try:
        yield conclude
    finally:
        _say("\n".join([f"::{token}::", *told]))


FORMATS: dict[str, Callable[[], AbstractContextManager[Conclude]]] = {
    "human": _human,
    "json": _json,
    "github": _github,
}


def _say(text: str) -> None:
    try:
        click.echo(text)
    except OSError as failure:  # the reader left, or the disk is full: the report is written all the same
        click.echo(f"extremum: the output cannot be written: {failure.strerror or failure}", err=True)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as failure:
        click.echo(f"extremum: {STEP_SUMMARY}={str(path)!r} cannot be written: {failure.strerror or failure}", err=True)
