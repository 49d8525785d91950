"""`extremum audit`: a search, as a pytest run that no other plugin and no settings of the project take part in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from extremum.reference.errors import LINES, printable
from extremum.reports.commands.output import FORMATS, Conclude, Ending
from extremum.reports.driving.console import print_place
from extremum.reports.driving.interrupts import deaf
from extremum.reports.driving.options import FILES, REQUEST
from extremum.reports.driving.session import Audit
from extremum.reports.driving.terminal import Terminal
from extremum.reports.record.record import NOT_REACHED
from extremum.reports.views.summary import Detail, print_line, summary

# An audit reads no settings, no conftest and no plugin of the project that it is run in.
PLUGINS = (
    "no:cacheprovider",
    "no:terminal",
    "no:faulthandler",
    "no:tmpdir",
    "no:unraisableexception",
    "xdist.plugin",
    "extremum.reports.plugin",
)
ISOLATED = ("--noconftest", "--strict-markers", "-c", os.devnull, *(f"-p{name}" for name in PLUGINS))


def run_audit(
    subjects: Sequence[str],
    words: Mapping[str, Any],
    own: Mapping[str, Any],
    workers: int,
    console: Console,
    detail: Detail = Detail.FINDINGS,
    form: str = "human",
) -> int:
    """Run the audit, show what it finds, and return the exit code.

    `words` are the options, by key, and `own` those of single subjects; `form` is what standard output gets besides.
    """
    with FORMATS[form]() as conclude:
        return _run(subjects, words, own, workers, Terminal(console, detail), conclude)


def _run(
    subjects: Sequence[str],
    words: Mapping[str, Any],
    own: Mapping[str, Any],
    workers: int,
    terminal: Terminal,
    conclude: Conclude,
) -> int:
    arguments = [*ISOLATED, "--rootdir", os.getcwd(), "-n", str(workers), *_options(subjects, words, own)]
    with _undisturbed():
        try:
            code = int(pytest.main(arguments, plugins=[terminal]))
        except KeyboardInterrupt:  # a second one, while pytest acted on the first
            code = int(pytest.ExitCode.INTERRUPTED)
    if code == pytest.ExitCode.INTERRUPTED:
        deaf()
    if terminal.audit is None or code == pytest.ExitCode.USAGE_ERROR:
        if terminal.audit is not None and terminal.audit.refusal:
            terminal.pytest_extremum_refused(terminal.audit.refusal)
        return code
    audit, folder = terminal.audit, Path(words["report_dir"])
    code = _concluded(terminal, audit, code, folder)
    place = None if audit.unwritten else folder
    conclude(Ending(audit.report(), code, place, audit.gate.summary, audit.gate.failed))
    return code


def _options(subjects: Sequence[str], words: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    """The command's words as pytest's."""
    yield f"--extremum-own={json.dumps(own)}"
    for subject in subjects:
        yield from ("--subject", subject)
    for option in (*REQUEST, *FILES):
        given = words[option.key]
        for word in given if option.plural else (given,):
            if option.flag:
                yield from [f"--{option.in_pytest}"] if word else []
            elif word is not None:
                yield f"--{option.in_pytest}={word}"


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the plugins that happen to be installed, here and in the workers."""
    names = "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS"
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)


def _concluded(terminal: Terminal, audit: Audit, code: int, folder: Path) -> int:
    """Show the report, and what pytest's exit code says beside it; return the command's."""
    report, quiet = audit.report(), terminal.detail is Detail.ANSWER
    summary(report, terminal.console, terminal.detail)
    if audit.unwritten:
        click.echo(f"extremum: {audit.unwritten}", err=True)
    elif not quiet:
        print_place(terminal.console, folder)
    for error in audit.internal_errors:
        click.echo(f"extremum: internal error: {printable(error, LINES)}", err=True)
    if audit.journal is not None and audit.journal.failure:
        click.echo(f"extremum: the journal was given up: {audit.journal.failure}", err=True)
    if code == pytest.ExitCode.INTERRUPTED:
        click.echo(f"extremum: {report.ending}; the same command with --resume goes on from there", err=True)
        return code
    unreached = any(c.detail == NOT_REACHED for c in report.cells)
    internal = (
        audit.internal_errors
        or unreached
        or (audit.unwritten and not report.exit_code)
        or code == pytest.ExitCode.INTERNAL_ERROR
    )
    if audit.gate.summary:
        print_line(terminal.console, audit.gate.summary)
    if internal:
        return 3
    return 1 if audit.gate.failed and report.exit_code in (0, 5) else report.exit_code
