"""`extremum claims`: the exercises' own statements, audited, as a table, a record and a section of a report."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from extremum.properties.claims.catalogue import CLAIMS, EXERCISES, chosen, exercise_of
from extremum.properties.claims.claim import Claim, ClaimRun, Evidence, Judged
from extremum.properties.steps.resolve import introduce
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import subjects
from extremum.reports.driving.interrupts import end_silently
from extremum.reports.record.files import writable, writable_file
from extremum.reports.record.record import Record
from extremum.reports.views.formulas import plain
from extremum.reports.views.ledger import counted
from extremum.reports.views.render import render

COLOURS = {"confirmed": "green", "exact only": "yellow", "refuted": "red", "unclear": "magenta"}


@dataclass(frozen=True)
class Wanted:
    """What the command was asked for, checked before anything is run."""

    claims: Sequence[Claim]
    seed: int
    workers: int
    json_file: Path | None
    folder: Path | None
    command: Sequence[str]

    @staticmethod
    def of(
        names: Sequence[str],
        seed: int = 0,
        workers: str = "auto",
        json_file: str | None = None,
        report_dir: str | None = None,
    ) -> Wanted:
        """The words of the command line as values; raises `UsageError` for the first that is not valid."""
        if seed < 0:
            raise UsageError(f"seed={seed!r} must be 0 or more")
        claims = chosen(names)
        if json_file is not None:
            writable_file(Path(json_file), "json")
        if report_dir is not None:
            writable(Path(report_dir), "report-dir")
        count = (os.cpu_count() or 1) if workers == "auto" else int(workers)
        command = ["extremum", "claims", *names, *(["--seed", str(seed)] if seed else [])]
        return Wanted(
            claims,
            seed,
            count,
            Path(json_file) if json_file else None,
            Path(report_dir) if report_dir else None,
            command,
        )


def find(wanted: Wanted, console: Console) -> list[Judged]:
    """Run the claims, show the ledger on the console, and write the files that are wanted."""
    columns = (TextColumn("auditing"), BarColumn(bar_width=None), MofNCompleteColumn(), TextColumn("statements"))
    by_id: dict[str, Judged] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(wanted.claims))
        for judged in run(wanted.claims, wanted.seed, wanted.workers):
            by_id[judged.claim.id] = judged
            progress.advance(task)
    found = [by_id[claim.id] for claim in wanted.claims]
    for judged in found:
        for line in lines(judged):
            console.print(line, highlight=False, soft_wrap=True)
    console.print()
    console.print(f"[bold]{escape(counted(j.verdict for j in found))}[/]", highlight=False, soft_wrap=True)
    for judged in found:
        if judged.differs:
            told = f"{judged.claim.id} is {judged.verdict}, and recorded as {judged.claim.verdict}"
            console.print(f"[bold red]{escape(told)}[/]", highlight=False, soft_wrap=True)
    if wanted.folder or wanted.json_file:
        render(report(found, wanted.seed, wanted.command), wanted.folder, wanted.json_file)
    if wanted.folder:
        console.print(f"report: {wanted.folder / 'report.html'}", highlight=False, soft_wrap=True)
    return found


def run(claims: Sequence[Claim], seed: int, workers: int) -> Iterator[Judged]:
    """Judge the claims: in each worker those of one exercise at a time, which share cells; or here without workers."""
    if workers == 0:
        yield from map(ClaimRun(seed, claims).judge, claims)
        return
    parts = [[c.id for c in e.claims if c in claims] for e in EXERCISES]
    parts = sorted(filter(None, parts), key=len, reverse=True)
    pool = ProcessPoolExecutor(workers, initializer=end_silently)
    try:
        for ids, found in zip(parts, pool.map(_found, parts, [seed] * len(parts)), strict=True):
            yield from (Judged(CLAIMS[i], evidence) for i, evidence in zip(ids, found, strict=True))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def report(found: Sequence[Judged], seed: int, command: Sequence[str]) -> Record:
    """The ledger as a report, with the cells that are evidence."""
    cells = list({cell.key: cell for judged in found for cell in judged.cells}.values())
    named = {(s.role, s.name): s for s in subjects()}
    audited = [named[key] for key in dict.fromkeys((c.role, c.subject) for c in cells) if key in named]
    claims = [{**j.to_json(), "exercise": exercise_of(j.claim.id).title} for j in found]
    return Record(cells, seed, command, [introduce(s) for s in audited], claims)


def lines(judged: Judged) -> list[str]:
    """A claim on the terminal: its verdict in a line, and under it the witness and the correction."""
    colour = COLOURS[judged.verdict]
    shown = [f"{judged.claim.id:<8} [{colour}]{judged.verdict:<10}[/] {escape(plain(judged.claim.statement))}"]
    for evidence in judged.evidence:
        if not evidence.holds:
            shown.append(f"{'':<19} [dim]{escape(f'not so: {plain(evidence.says)}')}{escape(_witness(evidence))}[/]")
    if judged.claim.correction:
        shown.append(f"{'':<19} {escape(plain(judged.claim.correction))}")
    return shown


def _witness(evidence: Evidence) -> str:
    dtypes: dict[str, list[str]] = defaultdict(list)
    for cell in evidence.cells:
        if cell.found:
            dtypes[f"{cell.subject} {cell.property}"].append(cell.dtype)
    told = evidence.witness or "; ".join(f"{name} in {', '.join(found)}" for name, found in dtypes.items())
    return f" [{told}]" if told else ""


def _found(ids: Sequence[str], seed: int) -> list[list[Evidence]]:
    """The evidence of some claims: what a worker sends back."""
    claims = [CLAIMS[i] for i in ids]
    return [list(judged.evidence) for judged in map(ClaimRun(seed, claims).judge, claims)]
