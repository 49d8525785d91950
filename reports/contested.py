"""What subjects do where the answer is contested: how an audit comes by it, and the tables that show it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from extremum.properties.contested import SITUATIONS, Behaviour, arising, characterise, dtype_for, preferred
from extremum.properties.recorder import Recorder
from extremum.properties.roles import roles
from extremum.reference.formats import format_of
from extremum.reference.subjects import Subject
from extremum.reports.request import Request

NOT_TRIED = "not tried"


def behaviours(
    subject: Subject, request: Request, progress: Path | None = None, recorder: Recorder | None = None
) -> list[Behaviour]:
    """What the subject does in every contested situation; what is known goes into the file `progress` as it comes."""
    role, found = roles()[subject.role], []
    for behaviour in characterise(subject, role, dtype_for(subject, role, request.dtypes, recorder), recorder):
        found.append(behaviour)
        if progress is not None:
            progress.write_text(json.dumps([b.to_json() for b in found]))
    return found


def interrupted(subject: Subject, request: Request, progress: Path, how: str) -> list[Behaviour]:
    """What is known of a subject that ended its process: what is in `progress`, then `how` it ended, then nothing."""
    role = roles()[subject.role]
    known = [Behaviour.from_json(row) for row in json.loads(progress.read_text())] if progress.exists() else []
    dtype = known[-1].dtype if known else preferred(request.dtypes or subject.dtypes)[0]
    left = [s.name for s in arising(role, format_of(dtype))][len(known) :]
    whats = [how, *[NOT_TRIED] * len(left)]
    return known + [Behaviour(subject.name, role.name, s, dtype, w) for s, w in zip(left, whats, strict=False)]


class Contested(NamedTuple):
    """What the subjects of one role do in contested situations. Subjects are columns, or rows where they are many.

    `described` says what the situations are, `dtype` is what most subjects were given.
    """

    role: str
    dtype: str
    corner: str
    rows: Sequence[str]
    columns: Sequence[str]
    fields: Mapping[tuple[str, str], Behaviour]
    described: Mapping[str, str]


def tables(contested: Sequence[Behaviour], many: int) -> list[Contested]:
    """One table for each role; more than `many` subjects are its rows."""
    made = []
    for role in dict.fromkeys(b.role for b in contested):
        found = [b for b in contested if b.role == role]
        dtype = Counter(b.dtype for b in found).most_common(1)[0][0]
        situations = list(dict.fromkeys(b.situation for b in found))
        subjects = list(dict.fromkeys(b.subject for b in found))
        described = {s.name: s.description for s in SITUATIONS if s.name in situations}
        if len(subjects) > many:
            fields = {(b.subject, b.situation): b for b in found}
            made.append(Contested(role, dtype, "subject", subjects, situations, fields, described))
        else:
            fields = {(b.situation, b.subject): b for b in found}
            made.append(Contested(role, dtype, "situation", situations, subjects, fields, described))
    return made
