"""`extremum audit --exhaustive`: a finite domain scanned to its end by workers, in parts that survive a kill."""

from __future__ import annotations

import hashlib
import re
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from extremum.properties.calling.host_channel import undisturbed
from extremum.properties.calling.hosts import Host
from extremum.properties.engine import unfit
from extremum.properties.exhaustion.domains import Domain, domain_named
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce, resolve
from extremum.properties.values.finding import Cell
from extremum.properties.values.tally import Tally
from extremum.reference.errors import UsageError
from extremum.reference.subjects.loading import fingerprint
from extremum.reference.subjects.subject import Subject
from extremum.reports.commands.output import FORMATS, Ending
from extremum.reports.driving.console import print_place
from extremum.reports.driving.options import FILES, REPORT_DIR, values
from extremum.reports.driving.proof_workers import (
    CellsEnded,
    Job,
    PartExpired,
    Span,
    WorkerPool,
    asked_once,
    cells_of,
    unjudged,
    workers,
)
from extremum.reports.driving.request import PROVED_DTYPES, Request, named_by, to_prove
from extremum.reports.record.files import sealed, unsealed, write
from extremum.reports.record.leftovers import remove_leftovers
from extremum.reports.record.record import WORKERS, Record, environment
from extremum.reports.views.render import render
from extremum.reports.views.summary import Detail, print_line, summary

if TYPE_CHECKING:
    from extremum.reports.driving.cluster import Cluster
    from extremum.reports.driving.cluster_proof import ClusterPool

PART_ROWS = 2**22  # a checkpoint is written after each part
TRIES = 3  # with workers that end before anything more is scanned


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
        write(path, sealed({"key": key, "done": self.done, "tallies": tallies})[1])

    @staticmethod
    def load(path: Path, key: Mapping[str, Any]) -> State:
        """The state in a file; a new one where there is none, or where it is of another scan.

        Raises `UsageError` for one that is not to the last bit as it was written: what it says would be believed.
        """
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise UsageError(f"checkpoint {str(path)!r} cannot be read: {error.strerror or error}") from None
        record = unsealed(raw)
        if record is None:
            raise UsageError(f"checkpoint {str(path)!r} is damaged: remove it, and the scan begins anew")
        if record["key"] != key:
            return State()
        tallies = {name: Tally.from_json(tally) for name, tally in record["tallies"].items()}
        return State([(start, stop) for start, stop in record["done"]], tallies)


class WorkersEnded(Exception):
    """Worker processes ended, though no call of the subject's did it: so many `rows` are in the checkpoint."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.rows = rows


@dataclass(frozen=True)
class ProofOptions:
    """What the command was asked for, checked before anything is scanned."""

    jobs: Sequence[Job]
    workers: int
    folder: Path
    json_file: Path | None
    deadline: float | None
    cell_timeout: float | None
    command: Sequence[str]
    part_rows: int = PART_ROWS
    cluster: Cluster | None = None

    def checkpoint(self, job: Job) -> Path:
        """The file that keeps how far a job has come: one for each of all that it may be of."""
        names = [job.subject.role, job.subject.name, job.fmt.name, job.domain.name, *(p.name for p in job.properties)]
        slug = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(names[:4]))
        return self.folder / f"checkpoint-{slug}-{hashlib.sha256(repr(names).encode()).hexdigest()[:8]}.json"

    @staticmethod
    def of(
        subjects: Sequence[str], words: Mapping[str, Any], workers: int, own: Mapping[str, Any] | None = None
    ) -> ProofOptions:
        """The words of the command line as values; raises `UsageError` for the first that is not valid.

        `own` are words of single subjects.
        """
        request = Request.from_words(subjects, words, own)
        files = values(FILES, words)
        jobs = _jobs(request, domain_named(words["exhaustive"]))
        return ProofOptions(
            jobs,
            max(workers, 1),
            files["report_dir"],
            files.get("json"),
            None if request.budget is None else time.monotonic() + request.budget,
            request.cell_timeout,
            _command(request, words),
            cluster=_cluster(files["cluster"], jobs) if "cluster" in files else None,
        )


def _jobs(request: Request, domain: Domain) -> list[Job]:
    specs: dict[tuple[str, str], tuple[str, str | None]] = {}
    marks: dict[tuple[str, str], str] = {}
    subjects: dict[tuple[str, str], Subject] = {}

    def keep(subject: Subject, host: Host) -> None:
        marks[subject.role, subject.name] = undisturbed(host.fingerprint)
        host.end()

    for word in request.subjects:
        own = request.of_subject(word)
        for subject in resolve(word, own.role_name, own.of, own.wish(keep, own.dtypes or PROVED_DTYPES)):
            key = subject.role, subject.name
            specs[key] = (word, own.role) if subject.kind == "user" else (subject.name, subject.role)
            subjects[key] = replace(subject, word=word)
    if len(subjects) == 1 and (misfit := next(iter(subjects.values())).misfit):
        raise UsageError(misfit)
    jobs = [
        Job(
            specs[s.role, s.name],
            s,
            chosen,
            domain.of(role_named(s.role)),
            fmt,
            limits=request.of_subject(s.word).limits,
        )
        for s, fmt, chosen in to_prove(request, list(subjects.values()))
    ]
    here = fingerprint([job.subject.function for job in jobs])  # of what is loaded, before any file can change
    return [replace(job, code=here + marks.get((job.subject.role, job.subject.name), "")) for job in jobs]


def _cluster(address: str, jobs: Sequence[Job]) -> Cluster:
    from extremum.reports.driving.cluster import Cluster
    from extremum.reports.driving.cluster_proof import parcel_of

    return Cluster(address, [name for job in jobs for name in parcel_of(job).needs])


def _command(request: Request, words: Mapping[str, Any]) -> list[str]:
    """The command that goes on with this scan."""
    given = {
        "--role": request.role,
        "--formula": request.formula,
        "--ulps": words.get("ulps"),
        "--dtype": ",".join(request.dtypes or ()),
        "--property": ",".join(request.properties or ()),
        "--report-dir": words["report_dir"] if words["report_dir"] != REPORT_DIR else None,
        "--json": words.get("json"),
        "--cluster": words.get("cluster"),
    }
    options = [word for name, value in given.items() if value for word in (name, value)]
    return ["extremum", "audit", *request.subjects, "--exhaustive", words["exhaustive"], *options]


def run_proofs(
    options: ProofOptions, console: Console, detail: Detail = Detail.FINDINGS, form: str = "human"
) -> Record:
    """Scan to the end or to the deadline, show the verdicts, and write the reports.

    `form` is what standard output gets besides, as in an audit.
    """
    with FORMATS[form]() as conclude:
        report = _proved(options, console, detail)
        conclude(Ending(report, report.exit_code, options.folder))
    return report


def _proved(options: ProofOptions, console: Console, detail: Detail) -> Record:
    lines = dict.fromkeys(introduce(job.subject)["line"] for job in options.jobs)
    for line in lines if detail is not Detail.ANSWER else ():
        print_line(console, escape(line), "dim")
    remove_leftovers(options.folder)
    for job in options.jobs:  # before anything is scanned
        State.load(options.checkpoint(job), {})
    with options.cluster or nullcontext():
        cells, whole = _scanned(options, console)
    subjects = {(j.subject.role, j.subject.name): j.subject for j in options.jobs}
    found = list(subjects.values())
    known = {**environment(), "named": named_by(found)}
    known |= {WORKERS: options.cluster.differing} if options.cluster and options.cluster.differing else {}
    report = Record(cells, 0, options.command, [introduce(s) for s in found], environment=known)
    render(report, options.folder, options.json_file)
    summary(report, console, detail)
    if detail is not Detail.ANSWER:
        for cell in cells:
            if cell.verdict == "proved":
                proof = f"proved {cell.subject} {cell.property} {cell.dtype}: {cell.detail}"
                print_line(console, f"[green]{escape(proof)}[/]")
            if cell.beyond:
                counts = ", ".join(f"{_range(*ends)} by more than {ulps}" for ulps, ends in cell.beyond.items())
                print_line(console, escape(f"{cell.subject} {cell.dtype}, off in ulps of the exact value: {counts}"))
        print_place(console, options.folder)
    if whole:  # until then a command that goes on finds the jobs that were done as well
        for job in options.jobs:
            options.checkpoint(job).unlink(missing_ok=True)
    else:
        print_line(console, f"{shlex.join(options.command)} goes on from where it was")
    return report


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _scanned(options: ProofOptions, console: Console) -> tuple[list[Cell], bool]:
    """The cells of all jobs, and whether each domain was scanned to its end."""
    columns = TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn()
    times = TimeElapsedColumn(), TimeRemainingColumn()
    cells: list[Cell] = []
    whole = True
    with Progress(*columns, *times, console=console, disable=not console.is_terminal) as progress:
        for job in options.jobs:
            of_job = scan_job(job, options, progress)
            whole &= not any(c.verdict == "incomplete" and c.examined < job.domain.size(job.fmt) for c in of_job)
            cells += of_job
    return cells, whole


def scan_job(job: Job, options: ProofOptions, progress: Progress) -> list[Cell]:
    """The cells of a job: scanned as far as the deadline allows, from the checkpoint where there is one.

    All that the subject does, it does in workers.
    """
    if job.fmt.name in job.subject.unfit:
        role = role_named(job.subject.role)
        blank = [unjudged(job, p, "incomplete", "") for p in job.properties]
        return [unfit(cell, job.subject, role, job.fmt) for cell in blank]
    rows, lost = -1, 0
    while lost < TRIES:  # in a row, without any progress
        try:
            return _scanned_job(job, options, progress)
        except WorkersEnded as end:  # what is in the checkpoint is not lost with them
            rows, lost = (end.rows, lost + 1) if end.rows == rows else (end.rows, 0)
    reason = f"{rows:,} rows were scanned, and worker processes ended again and again: is there memory for -n of them?"
    return [unjudged(job, p, "incomplete", reason) for p in job.properties]


def _scanned_job(job: Job, options: ProofOptions, progress: Progress) -> list[Cell]:
    checkpoint, size = options.checkpoint(job), job.domain.size(job.fmt)
    state = State()
    with workers(job, options.workers, options.cell_timeout) as pool:
        try:
            refusal, called = pool.ask(asked_once, deadline=options.deadline)
            if refusal:
                reason = f"the subject does not take {job.fmt.name}: {refusal}"
                return [unjudged(job, p, "inapplicable", reason) for p in job.properties]
            key = job.key(called)
            state = State.load(checkpoint, key)
            task = progress.add_task(f"{job.subject.name} {job.fmt.name}", total=size, completed=state.rows)
            parts = _pool_of_parts(job, options, pool)
            for span, tallies in parts.parts(list(state.left(size, options.part_rows)), options.deadline):
                state.take(span, tallies)
                state.save(checkpoint, key)
                progress.advance(task, span[1] - span[0])
            progress.remove_task(task)
            whole = {p.name: state.tallies.get(p.name, Tally()) for p in job.properties}
            return parts.ask(cells_of, whole, deadline=options.deadline)
        except PartExpired:
            reason = f"{state.rows:,} rows were scanned, and the subject did not return"
            return [unjudged(job, p, "incomplete", reason) for p in job.properties]
        except CellsEnded as end:
            return end.cells
        except BrokenProcessPool:
            raise WorkersEnded(state.rows) from None


def _pool_of_parts(job: Job, options: ProofOptions, pool: WorkerPool) -> WorkerPool | ClusterPool:
    """What scans: the cluster, if there is one. What is scanned is known by a process here, as in any other run."""
    if options.cluster is None:
        return pool
    from extremum.reports.driving.cluster_proof import ClusterPool

    return ClusterPool(options.cluster, job, options.cell_timeout)
