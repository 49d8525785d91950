"""`extremum audit --exhaustive`: a finite domain scanned to its end by workers, in parts that survive a kill."""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
import json
import multiprocessing
import os
import re
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from extremum.properties.call import Call, quiet
from extremum.properties.engine import refuses
from extremum.properties.exhaustive import BLOCK, DOMAINS, Domain, Tally, concluded, provable, scan
from extremum.properties.finding import Cell
from extremum.properties.recorder import Recorder, read
from extremum.properties.resolve import introduce, resolve
from extremum.properties.role import Property
from extremum.properties.roles import role_named
from extremum.properties.signature import Arguments
from extremum.properties.signature import first as first_argument
from extremum.properties.witness import unfinished
from extremum.reference.errors import UsageError, nearest
from extremum.reference.formats import Format, format_of
from extremum.reference.subjects import Subject
from extremum.reports.aftermath import confirmed
from extremum.reports.console import summary
from extremum.reports.report import Report, render, version, writable, writable_file, write
from extremum.reports.request import Task, names, seconds

PART = 2**22  # rows of a part, after which a checkpoint is written
GRACE = 20.0  # seconds beyond the budget that parts under way are waited for
DTYPES = ("float16", "bfloat16")
Span = tuple[int, int]


@dataclass(frozen=True)
class Job:
    """One subject in one format: what a scan of a domain is of. `spec` resolves to the subject in any process."""

    spec: tuple[str, str | None]
    subject: Subject
    properties: Sequence[Property]
    domain: Domain
    fmt: Format

    @property
    def key(self) -> dict[str, Any]:
        """What a checkpoint must be of to go on from it: all that an answer may depend on."""
        try:
            source = inspect.getsource(inspect.getmodule(self.subject.function) or self.subject.function)
        except (OSError, TypeError):
            source = repr(self.subject.function)
        versions = {name: importlib.metadata.version(name) for name in ("numpy", "ml-dtypes")}
        return {
            "extremum": version(),
            "subject": [self.subject.role, self.subject.name, hashlib.sha256(source.encode()).hexdigest()],
            "properties": [p.name for p in self.properties],
            "domain": self.domain.name,
            "dtype": self.fmt.name,
            "versions": {**versions, "python": sys.version.split()[0]},
        }


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
    command: Sequence[str]
    part: int = PART

    @staticmethod
    def of(
        subjects: Sequence[str],
        domain: str,
        workers: str = "auto",
        *,
        report_dir: str = "extremum-report",
        json_file: str | None = None,
        budget: str | None = None,
        role: str | None = None,
        dtype: Sequence[str] = (),
        properties: Sequence[str] = (),
        **others: Any,
    ) -> Wanted:
        """The words of the command line as values; raises `UsageError` for the first that is not valid."""
        if domain not in DOMAINS:
            raise UsageError(f"exhaustive={domain!r} is no domain: {nearest(domain, DOMAINS)}")
        for name in ("of", "regime", "convention", "examples", "cell_timeout"):
            if others.get(name):
                raise UsageError(f"{name.replace('_', '-')}={others[name]!r} goes with a search, not with --exhaustive")
        limit = seconds(budget)
        if limit is not None and not 0 < limit < float("inf"):
            raise UsageError(f"budget={budget!r} must be a positive number of seconds")
        writable(Path(report_dir), "report-dir")
        if json_file is not None:
            writable_file(Path(json_file), "json")
        formats = [format_of(name) for name in names(dtype) or DTYPES]
        jobs = _jobs(subjects, role, DOMAINS[domain], formats, names(properties))
        words = ["--exhaustive", domain, *(["--dtype", ",".join(f.name for f in formats)] if dtype else [])]
        return Wanted(
            jobs,
            (os.cpu_count() or 1) if workers == "auto" else max(int(workers), 1),
            Path(report_dir),
            Path(json_file) if json_file else None,
            None if limit is None else time.monotonic() + limit,
            ["extremum", "audit", *subjects, *words],
        )


def _jobs(
    specs: Sequence[str], role: str | None, domain: Domain, formats: Sequence[Format], properties: Sequence[str] | None
) -> list[Job]:
    found: list[Job] = []
    refusal: UsageError | None = None
    for spec in specs:
        for subject in resolve(spec, role):
            for fmt in formats:
                try:
                    chosen = provable(role_named(subject.role), domain, fmt, properties)
                except UsageError as error:
                    refusal = error  # a group has subjects of other roles: no matter, if some are left
                else:
                    place = (spec, role) if subject.kind == "user" else (subject.name, subject.role)
                    found.append(Job(place, subject, chosen, domain, fmt))
    if not found:
        raise refusal or UsageError("exhaustive: there is no subject to scan")
    return found


def find(wanted: Wanted, console: Console) -> Report:
    """Scan to the end or to the deadline, show the verdicts, and write the reports."""
    for line in dict.fromkeys(introduce(job.subject)["line"] for job in wanted.jobs):
        console.print(escape(line), highlight=False, soft_wrap=True, style="dim")
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn())
    cells: list[Cell] = []
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        for job in wanted.jobs:
            cells += judged(job, wanted, progress)
    subjects = {(j.subject.role, j.subject.name): j.subject for j in wanted.jobs}
    report = Report(cells, 0, wanted.command, [introduce(s) for s in subjects.values()])
    render(report, wanted.folder, wanted.json_file)
    summary(report, console)
    for cell in cells:
        if cell.verdict == "proved":
            told = f"proved {cell.subject} {cell.property} {cell.dtype}: {cell.detail}"
            console.print(f"[green]{escape(told)}[/]", highlight=False, soft_wrap=True)
    console.print(f"report: {wanted.folder / 'report.html'}", highlight=False, soft_wrap=True)
    if any(c.verdict == "incomplete" for c in cells):
        console.print(f"{shlex.join(wanted.command)} goes on from where it was", highlight=False, soft_wrap=True)
    return report


def judged(job: Job, wanted: Wanted, progress: Progress) -> list[Cell]:
    """The cells of a job: scanned as far as the deadline allows, from the checkpoint where there is one."""
    role = role_named(job.subject.role)
    with quiet():
        refusal = refuses(Call(job.subject, role.signature), role, job.fmt)
    if refusal:
        told = f"the subject does not take {job.fmt.name}: {refusal}"
        return [_unjudged(job, p, "inapplicable", told) for p in job.properties]
    slug = re.sub(r"[^A-Za-z0-9]+", "-", f"{job.subject.role}-{job.subject.name}-{job.fmt.name}-{job.domain.name}")
    checkpoint, key, size = wanted.folder / f"checkpoint-{slug}.json", job.key, job.domain.size(job.fmt)
    state = State.load(checkpoint, key)
    task = progress.add_task(f"{job.subject.name} {job.fmt.name}", total=size, completed=state.rows)
    try:
        for span, tallies in parts(job, list(state.left(size, wanted.part)), wanted):
            state.take(span, tallies)
            state.save(checkpoint, key)
            progress.advance(task, span[1] - span[0])
    except Crashed as crash:
        return _crashed(job, crash.spans)
    if state.rows == size:
        checkpoint.unlink(missing_ok=True)
    progress.remove_task(task)
    whole = {p.name: state.tallies.get(p.name, Tally()) for p in job.properties}
    return [concluded(job.subject, role, p, job.domain, job.fmt, whole[p.name]) for p in job.properties]


class Crashed(Exception):
    """A worker process ended while these spans were under way."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans


def parts(job: Job, spans: Sequence[Span], wanted: Wanted) -> Iterator[tuple[Span, dict[str, Tally]]]:
    """Scan the spans in workers, and yield each as it is done; a few are under way at a time."""
    pool = ProcessPoolExecutor(wanted.workers, initializer=_begin, initargs=(job.spec, job.domain.name, job.fmt.name))
    chosen = [p.name for p in job.properties]
    waiting = list(reversed(spans))
    running: dict[Future[dict[str, Tally]], Span] = {}
    try:
        while waiting or running:
            over = wanted.deadline is not None and time.monotonic() > wanted.deadline
            while waiting and not over and len(running) < 2 * wanted.workers:
                span = waiting.pop()
                running[pool.submit(_scan, chosen, span)] = span
            if not running:
                return
            longest = None if wanted.deadline is None else max(wanted.deadline + GRACE - time.monotonic(), 0.0)
            done, _ = wait(running, longest, FIRST_COMPLETED)
            if not done:  # a subject that does not return; or is slow, and then what is under way is lost
                return
            for future in done:
                try:
                    tallies = future.result()
                except BrokenProcessPool:
                    raise Crashed(sorted(running.values())) from None
                yield running.pop(future), tallies
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        if running:  # their results are not wanted, and some may never come
            for process in multiprocessing.active_children():
                process.terminate()


_job: dict[str, Any] = {}


def _begin(spec: tuple[str, str | None], domain: str, dtype: str, record: Path | None = None) -> None:
    """Resolve the subject in a worker, which keeps what it calls it with in the file `record`."""
    (subject,) = resolve(*spec)
    _job.update(subject=subject, role=role_named(subject.role), domain=DOMAINS[domain], fmt=format_of(dtype))
    _job["recorder"] = Recorder(record) if record else None


def _scan(properties: Sequence[str], span: Span, block: int = BLOCK) -> dict[str, Tally]:
    chosen = [p for p in _job["role"].properties if p.name in properties]
    recorder = _job["recorder"]
    return scan(_job["subject"], _job["role"], chosen, _job["domain"], _job["fmt"], span, block, recorder)


def _crashed(job: Job, spans: Sequence[Span]) -> list[Cell]:
    """The cells of a job whose subject ended its process, with the row that it ended on: the spans scanned again."""
    cells = [_unjudged(job, p, "crashed", "a worker process ended; not again on the same rows") for p in job.properties]
    fatal = next(filter(None, (_fatal(job, span, BLOCK) for span in spans)), None)
    if fatal is not None:
        cell = replace(cells[0], detail="the process ended", simplest=unfinished(*fatal))
        task = Task(job.subject, role_named(job.subject.role), job.properties[0], job.fmt.name)
        told = confirmed(task, cell)
        cells = [replace(c, detail=told.detail, simplest=told.simplest, worst=told.worst) for c in cells]
    return cells


def _fatal(job: Job, span: Span, block: int) -> tuple[Arguments, int | None] | None:
    """The call on which a process that scans the span ends, of a single row if it ends so too; or None."""
    chosen = [p.name for p in job.properties]
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "call"
        begin = job.spec, job.domain.name, job.fmt.name, record
        with ProcessPoolExecutor(1, initializer=_begin, initargs=begin) as pool:
            try:
                pool.submit(_scan, chosen, span, block).result()
            except BrokenProcessPool:
                call = read(record)
            else:
                return None
    if call is None or block == 1:
        return call
    first = first_argument(call[0])
    for start in range(*span, block):
        if job.domain.rows(job.fmt, start, start + 1).tobytes() == first[:1].tobytes():
            return _fatal(job, (start, start + len(first)), 1) or call
    return call


def _unjudged(job: Job, prop: Property, verdict: str, told: str) -> Cell:
    cell = Cell(job.subject.name, job.subject.role, prop.name, prop.code, job.fmt.name, verdict, unit=prop.unit)
    cell.detail, cell.regimes = told, [job.domain.name]
    cell.severity = "critical" if verdict == "crashed" else ""
    return cell
