"""`extremum issue`: a finding of a report as the body of a bug report."""

from __future__ import annotations

from pathlib import Path

import click

from extremum.properties.roles.registry import role_named
from extremum.properties.steps.rerun import FIXED
from extremum.properties.values.finding import Witness
from extremum.reference.arithmetic.formats import format_of
from extremum.reference.errors import UsageError, printable
from extremum.reference.subjects.loading import is_file, parted, version_of
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.replays import Kept, Replays
from extremum.reports.driving.usual_tolerance import UsualTest, usual_test
from extremum.reports.record.findings import Finding
from extremum.reports.record.places import words_in, writes
from extremum.reports.record.reading import read_report
from extremum.reports.record.record import Record
from extremum.reports.views.answer import phrase
from extremum.reports.views.issue_text import Measured, cells_named, chief, issue_text
from extremum.reports.views.markdown import code, plain
from extremum.reports.views.pytest_file import Found, short_script
from extremum.reports.views.script import script


def run_issue(file: str, word: str | None, replays: Replays) -> int:
    """Print the body of the report about the worst finding, or the worst of that code, and return the exit code."""
    report = read_report(Path(file))
    finding = _chosen(report, file, word)
    try:
        click.echo(issue_text(finding, report, _measured(finding, report, replays)), nl=False)
    finally:
        replays.shared.close()
    return 0


def _chosen(report: Record, file: str, word: str | None) -> Finding:
    if not report.findings:
        raise UsageError(f"{file!r} has no finding: there is nothing to report")
    named = report.findings if word is None else cells_named(report, word)
    if not named:
        codes = dict.fromkeys(cell.code for finding in report.findings for cell in finding.cells)
        raise UsageError(f"code={word!r} is of no finding in {file!r}: valid: {', '.join(codes)}, or a cause")
    return chief(named[0])


def _measured(finding: Finding, report: Record, replays: Replays) -> Measured:
    """What the subject itself has to be asked for; where it is not here, the report goes without that."""
    sign = finding.simplest
    word, of = words_in(report).get((finding.role, finding.subject), (finding.subject, ""))
    out = writes(report, finding.role, finding.subject)
    kept = Kept(sign.cell, sign.which, sign.witness or Witness({}, "", None, None), word, of or None, out)
    try:
        subject, request = replays.subject_of(kept, [sign.cell.dtype])
        if subject.misfit:
            raise UsageError(subject.misfit)
        role, fmt = role_named(finding.role), format_of(sign.cell.dtype)
        if sign.witness is not None and replays.of(kept, [sign.cell.dtype])[0].status == FIXED:
            click.echo("extremum: the input that is shown passes now: audit again before this is sent", err=True)
        test = usual_test(replays.call_of(subject, role, fmt, request), role, fmt, request.cell_timeout)
    except UsageError as error:
        return Measured(_code(finding, report, None, word), _said(UsualTest(why=str(error))), "", finding.subject)
    return Measured(_code(finding, report, subject, word), _said(test), _version(subject), _function(subject, word))


def _code(finding: Finding, report: Record, subject: Subject | None, word: str) -> str:
    """The lines that show it: where one call does, a few of the library's own."""
    sign, place = finding.simplest, report.named(*finding.key)
    row = next((s for s in report.subjects if (s.get("role"), s.get("name")) == finding.key), {})
    if sign.witness is None:
        return f"# Any call of {printable(word)} shows it."
    short = None
    if subject is not None:
        short = short_script(Found(sign.cell, sign.which, sign.witness, subject, word), Path.cwd())
    return short or script(sign.cell, sign.witness, row, {**place, "word": word}, phrase(finding))


def _version(subject: Subject) -> str:
    return str(subject.about.get("version", "")) if subject.place is not None else version_of(subject.function)


def _function(subject: Subject, word: str) -> str:
    """The function as its users call it: a module's with dots, a file's after the file."""
    if subject.kind != "user":
        return f"{subject.function.__module__}.{subject.function.__name__}"
    place, attribute = parted(word)
    return subject.name if is_file(place) else f"{place}.{attribute}"


def _said(test: UsualTest) -> str:
    """What the usual test says, in a sentence."""
    if test.why:
        return f"This was not measured: {plain(test.why)}."
    given = code(f"{test.name}(answer, exact, rtol={test.relative:g}, atol={test.absolute:g})")
    rest = {test.inputs: "it does not show the defect", 0: "all of them show it"}.get(test.passed, "the others show it")
    return f"Of {test.inputs} random normal inputs {test.passed} pass {given}, a usual tolerance: {rest}."
