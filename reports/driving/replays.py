"""Witnesses that files keep, run again: each subject is resolved once, and its host kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from extremum.properties.calling.call import Call
from extremum.properties.contested.conventions import property_of
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.registry import as_taken, role_named
from extremum.properties.steps.parameters import GRADIENT_OF
from extremum.properties.steps.rerun import ERROR, STILL, WORSE, Replay, replay
from extremum.properties.steps.resolve import resolve
from extremum.properties.steps.sharing import OF, SECOND, Shared
from extremum.properties.steps.trial import ordinary
from extremum.properties.values.finding import Cell, Witness
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.errors import NotThere, UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.options import OF_CALLS
from extremum.reports.driving.request import Request
from extremum.reports.driving.settings import ProjectSettings
from extremum.reports.record.baseline import BASELINE, read_baseline
from extremum.reports.record.numbers import quantity
from extremum.reports.record.places import words_in, writes
from extremum.reports.record.reading import read_json, read_report
from extremum.reports.record.record import Record
from extremum.reports.record.text import argument_text


@dataclass(frozen=True)
class Kept:
    """A witness that a file keeps, the finding that it is of, the words that name its subject, and how that is called.

    With `out` it writes its answer into its last argument.
    """

    cell: Cell
    kind: str
    witness: Witness
    word: str
    of: str | None = None
    out: bool = False


@dataclass
class Replays:
    """Replays under one set of options: subjects are resolved once, and their hosts kept."""

    words: Mapping[str, Any]
    given: Collection[str]
    settings: ProjectSettings
    other: str | None = None
    shared: Shared = field(default_factory=Shared)
    subjects: dict[tuple[str, str], Subject | UsageError] = field(default_factory=dict)

    def of(self, kept: Kept, dtypes: Sequence[str]) -> tuple[Replay, Subject | None]:
        """Run one witness again; `dtypes` are all that its subject is asked about."""
        cell = kept.cell
        try:
            subject, request = self.subject_of(kept, dtypes)
            role = as_taken(role_named(cell.role), subject)
        except UsageError as error:
            if self.other is not None:
                raise
            return Replay(ERROR, detail=str(error), gone=isinstance(error, NotThere)), None
        prop = role.property_named(cell.property) or property_of(cell.role, cell.property)
        if prop is None:
            return Replay(ERROR, detail=f"role {cell.role} has no property {cell.property!r}"), subject
        if subject.misfit:
            return Replay(ERROR, detail=subject.misfit), subject
        if cell.dtype in subject.unfit:
            verdict, detail = subject.unfit[cell.dtype]
            if verdict == "inapplicable":  # its device is not here
                return Replay(ERROR, detail=detail), subject
            return Replay(WORSE if cell.verdict == "refuted" else STILL, detail=f"{verdict}: {detail}"), subject

        fmt = format_of(cell.dtype)
        call = self.call_of(subject, role, fmt, request, twice=prop.asks_twice)
        return replay(Experiment(call, role, prop, fmt), kept.witness, cell.verdict, request.cell_timeout), subject

    def subject_of(self, kept: Kept, dtypes: Sequence[str]) -> tuple[Subject, Request]:
        """The subject that is asked, and what is asked of it; raises `UsageError` where there is none."""
        request = self._request(kept)
        return self._subject(kept, request, dtypes), request

    def call_of(self, subject: Subject, role: Role, fmt: Format, request: Request, twice: bool = False) -> Call:
        """A call of the subject, in its hosts; `twice` with a second one."""

        def host(which: str) -> Any:
            return self.shared.host(subject, role.signature, request.limits, which)

        second = host(SECOND) if twice else None
        call = Call(subject, role.signature, host("first"), second, host(OF))
        call.prepare_by(ordinary(subject, role, fmt))
        return call

    def _request(self, kept: Kept) -> Request:
        """What is asked of the subject, by the command line and the settings."""
        word = self.other or kept.word
        under = self.settings.under(self.words, self.given)
        words = {key: under.get(key) for key in (o.key for o in OF_CALLS)}
        if kept.out and self.other is None:  # it is called as it was, whatever is asked for now
            words |= {"out": True}
        own = {
            w: {k: v for k, v in row.items() if k in words} for w, row in self.settings.own([word], self.given).items()
        }
        return Request.from_words([word], words, own).of_subject(word)

    def _subject(self, kept: Kept, request: Request, dtypes: Sequence[str]) -> Subject:
        word, role = request.subjects[0], kept.cell.role
        if (word, role) not in self.subjects:
            if request.role is not None and request.role.endswith(".py"):
                role_named(request.role)  # a role of the user's own is known from here on
            of = (request.of or kept.of) if role == GRADIENT_OF else None
            wish = request.wish(self.shared.adopt, dtypes)
            try:
                (self.subjects[word, role],) = resolve(word, role, of, wish)
            except UsageError as error:
                self.subjects[word, role] = error
        found = self.subjects[word, role]
        if isinstance(found, UsageError):
            raise found
        return found


def kept_in(record: Record) -> list[Kept]:
    """The witnesses of all findings of a record, those that are expected too."""
    named, found = words_in(record), [c for c in record.cells if c.found]
    return [
        replace(kept, out=writes(record, c.role, c.subject))
        for c in found
        for kept in kept_of(c, *named.get((c.role, c.subject), (c.subject, "")))
    ]


def kept_in_file(path: Path) -> list[Kept]:
    """The witnesses that a report or a baseline keeps; raises `UsageError` for a file that is neither."""
    value = read_json(path)
    if isinstance(value, dict) and str(value.get("schema")).startswith(BASELINE):
        return [k for e in read_baseline(path).entries for cell in e.cells for k in kept_of(cell, e.word, e.of)]
    return kept_in(read_report(path))


def kept_of(cell: Cell, word: str, of: str) -> list[Kept]:
    """The witnesses of a finding: the simplest, and the worst where that is another."""
    pairs = [("simplest", cell.simplest), ("worst", cell.worst if cell.worst != cell.simplest else None)]
    return [Kept(cell, kind, witness, word, of or None) for kind, witness in pairs if witness is not None]


def dtypes_of(kept: Iterable[Kept]) -> dict[tuple[str, str], list[str]]:
    """All dtypes that each subject is asked about, by its word and role."""
    dtypes: dict[tuple[str, str], list[str]] = {}
    for row in kept:
        known = dtypes.setdefault((row.word, row.cell.role), [])
        known += [row.cell.dtype] if row.cell.dtype not in known else []
    return dtypes


def line(row: Kept, outcome: Replay) -> str:
    """What became of a witness, in a line."""
    cell = row.cell
    arguments = "  ".join(f"{name} = {argument_text(a)}" for name, a in row.witness.arguments.items())
    was = quantity(row.witness.measured)
    sizes = f"{quantity(outcome.measured)} {cell.unit}, allowed {quantity(outcome.allowed)}, was {was}"
    detail = outcome.detail if outcome.measured is None else ": ".join(filter(None, (sizes, outcome.detail)))
    return f"{outcome.status:<5} {cell.subject}  {cell.property}  {cell.dtype}  {row.kind}  {arguments}  {detail}"
