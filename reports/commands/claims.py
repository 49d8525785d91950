"""`extremum claims`: the exercises' own statements, audited, as a table, a record and a section of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import TextColumn

from extremum.properties.claims.catalogue import CLAIMS, EXERCISES, chosen, exercise_of
from extremum.properties.claims.claim import Claim, ClaimRun, Evidence, Judged
from extremum.properties.steps.resolve import introduce
from extremum.reference.subjects.subject import subjects
from extremum.reports.driving.console import counting, print_place
from extremum.reports.driving.interrupts import end_silently
from extremum.reports.driving.options import check_count
from extremum.reports.record.files import file_to_write, folder_to_write
from extremum.reports.record.record import Record
from extremum.reports.views.formulas import plain
from extremum.reports.views.ledger import counted
from extremum.reports.views.render import render
from extremum.reports.views.summary import print_line

COLOURS = {"confirmed": "green", "exact only": "yellow", "refuted": "red", "unclear": "magenta"}


@dataclass(frozen=True)
class ClaimsOptions:
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
        seed: int,
        workers: int,
        json_file: str | None = None,
        report_dir: str | None = None,
    ) -> ClaimsOptions:
        """The words of the command line as values; raises `UsageError` for the first that is not valid."""
        check_count("seed", seed)
        claims = chosen(names)
        json_path, folder = file_to_write("json", json_file), folder_to_write("report-dir", report_dir)
        command = ["extremum", "claims", *names, *(["--seed", str(seed)] if seed else [])]
        return ClaimsOptions(claims, seed, workers, json_path, folder, command)


def run_claims(options: ClaimsOptions, console: Console) -> list[Judged]:
    """Run the claims, show the ledger on the console, and write the files that are wanted."""
    by_id: dict[str, Judged] = {}
    with counting(console, "auditing", len(options.claims), TextColumn("statements")) as step:
        for judged in judgements(options.claims, options.seed, options.workers):
            by_id[judged.claim.id] = judged
            step()
    ledger = [by_id[claim.id] for claim in options.claims]
    for judged in ledger:
        for line in lines(judged):
            print_line(console, line)
    console.print()
    print_line(console, f"[bold]{escape(counted(j.verdict for j in ledger))}[/]")
    for judged in ledger:
        if judged.differs:
            warning = f"{judged.claim.id} is {judged.verdict}, and recorded as {judged.claim.verdict}"
            print_line(console, f"[bold red]{escape(warning)}[/]")
    if options.folder or options.json_file:
        render(report(ledger, options.seed, options.command), options.folder, options.json_file)
    if options.folder:
        print_place(console, options.folder)
    return ledger


def judgements(claims: Sequence[Claim], seed: int, workers: int) -> Iterator[Judged]:
    """Judge the claims: in each worker those of one exercise at a time, which share cells; or here without workers."""
    if workers == 0:
        yield from map(ClaimRun(seed, claims).judge, claims)
        return
    parts = [[c.id for c in e.claims if c in claims] for e in EXERCISES]
    parts = sorted(filter(None, parts), key=len, reverse=True)
    pool = ProcessPoolExecutor(workers, initializer=end_silently)
    try:
        for ids, answers in zip(parts, pool.map(_evidence_of, parts, [seed] * len(parts)), strict=True):
            yield from (Judged(CLAIMS[i], evidence) for i, evidence in zip(ids, answers, strict=True))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def report(ledger: Sequence[Judged], seed: int, command: Sequence[str]) -> Record:
    """The ledger as a report, with the cells that are evidence."""
    cells = list({cell.key: cell for judged in ledger for cell in judged.cells}.values())
    named = {(s.role, s.name): s for s in subjects()}
    audited = [named[key] for key in dict.fromkeys((c.role, c.subject) for c in cells) if key in named]
    claims = [{**j.to_json(), "exercise": exercise_of(j.claim.id).title} for j in ledger]
    return Record(cells, seed, command, [introduce(s) for s in audited], claims)


def lines(judged: Judged) -> list[str]:
    """A claim on the terminal: its verdict in a line, and under it the witness and the correction."""
    colour = COLOURS[judged.verdict]
    text = [f"{judged.claim.id:<8} [{colour}]{judged.verdict:<10}[/] {escape(plain(judged.claim.statement))}"]
    for evidence in judged.evidence:
        if not evidence.holds:
            text.append(f"{'':<19} [dim]{escape(f'not so: {plain(evidence.says)}')}{escape(_witness(evidence))}[/]")
    if judged.claim.correction:
        text.append(f"{'':<19} {escape(plain(judged.claim.correction))}")
    return text


def _witness(evidence: Evidence) -> str:
    dtypes: dict[str, list[str]] = defaultdict(list)
    for cell in evidence.cells:
        if cell.found:
            dtypes[f"{cell.subject} {cell.property}"].append(cell.dtype)
    witness = evidence.witness or "; ".join(f"{name} in {', '.join(failed)}" for name, failed in dtypes.items())
    return f" [{witness}]" if witness else ""


def _evidence_of(ids: Sequence[str], seed: int) -> list[list[Evidence]]:
    """The evidence of some claims: what a worker sends back."""
    claims = [CLAIMS[i] for i in ids]
    return [list(judged.evidence) for judged in map(ClaimRun(seed, claims).judge, claims)]
