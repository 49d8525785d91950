"""`extremum audit --exhaustive`: a finite domain scanned to its end by workers, in parts that survive a kill."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from extremum.properties.engine import Settings
from extremum.properties.exhaustion.scan import Domain, domain_named
from extremum.properties.steps.resolve import introduce, resolve
from extremum.properties.values.finding import Cell
from extremum.properties.values.tally import Tally
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.errors import UsageError
from extremum.reports.driving.console import summary
from extremum.reports.driving.fingerprint import fingerprint
from extremum.reports.driving.proof_workers import (
    Ended,
    Job,
    OutOfTime,
    Span,
    asked_once,
    cells_of,
    ended,
    unjudged,
    workers,
)
from extremum.reports.driving.request import PROVED_DTYPES, names, searched, seconds, to_prove
from extremum.reports.record.files import writable, writable_file, write
from extremum.reports.record.record import Record
from extremum.reports.views.render import render

PART = 2**22  # rows of a part, after which a checkpoint is written


@dataclass
class State:
    """How far a scan has come: the spans that are done, in order and merged, and the tally of each property."""

    done: list[Span] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The rows that are done."""
        return sum(stop - start for start, stop in self.done)

    def left(self, size: int, part: int) -> Iterator[Span]:
        """The spans that are not done, in parts."""
        at = 0
        for start, stop in [*self.done, (size, size)]:
            for begin in range(at, start, part):
                yield begin, min(begin + part, start)
            at = stop

    def take(self, span: Span, tallies: Mapping[str, Tally]) -> None:
        """Add a span that was scanned."""
        for name, tally in tallies.items():
            self.tallies.setdefault(name, Tally()).merge(tally)
        merged: list[Span] = []
        for start, stop in sorted([*self.done, span]):
            if merged and merged[-1][1] == start:
                merged[-1] = merged[-1][0], stop
            else:
                merged.append((start, stop))
        self.done = merged

    def save(self, path: Path, key: Mapping[str, Any]) -> None:
        """Write the state beside `path`, then rename."""
        tallies = {name: tally.to_json() for name, tally in self.tallies.items()}
        write(path, json.dumps({"key": key, "done": self.done, "tallies": tallies}))

    @staticmethod
    def load(path: Path, key: Mapping[str, Any]) -> State:
        """The state in a file; a new one where there is none, or where it is of another scan."""
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return State()
        if record.get("key") != key:
            return State()
        tallies = {name: Tally.from_json(tally) for name, tally in record["tallies"].items()}
        return State([(start, stop) for start, stop in record["done"]], tallies)


@dataclass(frozen=True)
class Wanted:
    """What the command was asked for, checked before anything is scanned."""

    jobs: Sequence[Job]
    workers: int
    folder: Path
    json_file: Path | None
    deadline: float | None
    cell_timeout: float | None
    command: Sequence[str]
    part: int = PART

    def checkpoint(self, job: Job) -> Path:
        """The file that keeps how far a job has come: one for each of all that it may be of."""
        names = [job.subject.role, job.subject.name, job.fmt.name, job.domain.name, *(p.name for p in job.properties)]
        slug = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(names[:4]))
        return self.folder / f"checkpoint-{slug}-{hashlib.sha256(repr(names).encode()).hexdigest()[:8]}.json"

    @staticmethod
    def of(
        subjects: Sequence[str],
        domain: str,
        workers: str = "auto",
        *,
        report_dir: str = "extremum-report",
        json_file: str | None = None,
        budget: str | None = None,
        cell_timeout: str | None = None,
        role: str | None = None,
        dtype: Sequence[str] = (),
        properties: Sequence[str] = (),
        **others: Any,
    ) -> Wanted:
        """The words of the command line as values; raises `UsageError` for the first that is not valid."""
        over = domain_named(domain)
        searched(**{name: others.get(name) for name in ("of", "regime", "convention", "examples")})
        limit, alone = seconds(budget), Settings.timeout if cell_timeout is None else seconds(cell_timeout)
        for name, given, value in (("budget", budget, limit), ("cell-timeout", cell_timeout, alone)):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name}={given!r} must be a positive number of seconds")
        writable(Path(report_dir), "report-dir")
        if json_file is not None:
            writable_file(Path(json_file), "json")
        formats = [format_of(name) for name in names(dtype) or PROVED_DTYPES]
        jobs = _jobs(subjects, role, over, formats, names(properties))
        options = {
            "--role": role,
            "--dtype": ",".join(names(dtype) or ()),
            "--property": ",".join(names(properties) or ()),
            "--report-dir": report_dir if report_dir != "extremum-report" else None,
            "--json": json_file,
        }
        words = [word for name, value in options.items() if value for word in (name, value)]
        return Wanted(
            jobs,
            (os.cpu_count() or 1) if workers == "auto" else max(int(workers), 1),
            Path(report_dir),
            Path(json_file) if json_file else None,
            None if limit is None else time.monotonic() + limit,
            alone,
            ["extremum", "audit", *subjects, "--exhaustive", domain, *words],
        )


def _jobs(
    specs: Sequence[str], role: str | None, domain: Domain, formats: Sequence[Format], properties: Sequence[str] | None
) -> list[Job]:
    places = {}
    for spec in specs:
        for subject in resolve(spec, role):
            place = (spec, role) if subject.kind == "user" else (subject.name, subject.role)
            places[subject.role, subject.name] = place, subject
    rows = to_prove([subject for _, subject in places.values()], domain, formats, properties)
    found = [Job(places[s.role, s.name][0], s, chosen, domain, fmt) for s, fmt, chosen in rows]
    code = fingerprint([job.subject.function for job in found])  # of what is loaded, before any file can change
    return [replace(job, code=code) for job in found]


def find(wanted: Wanted, console: Console) -> Record:
    """Scan to the end or to the deadline, show the verdicts, and write the reports."""
    for line in dict.fromkeys(introduce(job.subject)["line"] for job in wanted.jobs):
        console.print(escape(line), highlight=False, soft_wrap=True, style="dim")
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn())
    cells: list[Cell] = []
    whole = True
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        for job in wanted.jobs:
            found = judged(job, wanted, progress)
            whole &= not any(c.verdict == "incomplete" and c.examined < job.domain.size(job.fmt) for c in found)
            cells += found
    subjects = {(j.subject.role, j.subject.name): j.subject for j in wanted.jobs}
    report = Record(cells, 0, wanted.command, [introduce(s) for s in subjects.values()])
    render(report, wanted.folder, wanted.json_file)
    summary(report, console)
    for cell in cells:
        if cell.verdict == "proved":
            told = f"proved {cell.subject} {cell.property} {cell.dtype}: {cell.detail}"
            console.print(f"[green]{escape(told)}[/]", highlight=False, soft_wrap=True)
    console.print(f"report: {wanted.folder / 'report.html'}", highlight=False, soft_wrap=True)
    if whole:  # until then a command that goes on finds the jobs that were done as well
        for job in wanted.jobs:
            wanted.checkpoint(job).unlink(missing_ok=True)
    else:
        console.print(f"{shlex.join(wanted.command)} goes on from where it was", highlight=False, soft_wrap=True)
    return report


def judged(job: Job, wanted: Wanted, progress: Progress) -> list[Cell]:
    """The cells of a job: scanned as far as the deadline allows, from the checkpoint where there is one.

    All that the subject does, it does in workers.
    """
    checkpoint, size = wanted.checkpoint(job), job.domain.size(job.fmt)
    state = State()
    with workers(job, wanted.workers, wanted.cell_timeout) as crew:
        try:
            refusal, called = crew.ask(asked_once, deadline=wanted.deadline)
            if refusal:
                told = f"the subject does not take {job.fmt.name}: {refusal}"
                return [unjudged(job, p, "inapplicable", told) for p in job.properties]
            key = job.key(called)
            state = State.load(checkpoint, key)
            task = progress.add_task(f"{job.subject.name} {job.fmt.name}", total=size, completed=state.rows)
            for span, tallies in crew.parts(list(state.left(size, wanted.part)), wanted.deadline):
                state.take(span, tallies)
                state.save(checkpoint, key)
                progress.advance(task, span[1] - span[0])
            progress.remove_task(task)
            whole = {p.name: state.tallies.get(p.name, Tally()) for p in job.properties}
            return crew.ask(cells_of, whole, deadline=wanted.deadline)
        except OutOfTime:
            told = f"{state.rows:,} rows were scanned, and the subject did not return"
            return [unjudged(job, p, "incomplete", told) for p in job.properties]
        except Ended as end:
            return ended(job, end)
