"""What subjects do where the answer is contested: how an audit comes by it."""

from __future__ import annotations

import json
from pathlib import Path

from extremum.properties.calling.hosts import Host
from extremum.properties.calling.recorder import Recorder
from extremum.properties.contested.situations import (
    Behaviour,
    arising,
    characterise,
    dtype_for,
    preferred,
)
from extremum.properties.roles.registry import roles
from extremum.reference.arithmetic.formats import format_of
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.request import Request

NOT_TRIED = "not tried"


def behaviours(
    subject: Subject,
    request: Request,
    progress: Path | None = None,
    recorder: Recorder | None = None,
    host: Host | None = None,
) -> list[Behaviour]:
    """What the subject does in every contested situation; what is known goes into the file `progress` as it comes."""
    role = roles()[subject.role]
    known: list[Behaviour] = []
    dtypes = [name for name in request.dtypes or subject.dtypes if name not in subject.unfit]
    if not dtypes:
        return []
    dtype = dtype_for(subject, role, dtypes, recorder, host)
    for behaviour in characterise(subject, role, dtype, recorder, host):
        known.append(behaviour)
        if progress is not None:
            progress.write_text(json.dumps([b.to_json() for b in known]))
    return known


def interrupted(subject: Subject, request: Request, progress: Path, how: str) -> list[Behaviour]:
    """What is known of a subject that ended its process: what is in `progress`, then `how` it ended, then nothing."""
    role = roles()[subject.role]
    known = [Behaviour.from_json(row) for row in json.loads(progress.read_text())] if progress.exists() else []
    dtype = known[-1].dtype if known else preferred(request.dtypes or subject.dtypes)[0]
    left = [s.name for s in arising(role, format_of(dtype))][len(known) :]
    whats = [how, *[NOT_TRIED] * len(left)]
    return known + [Behaviour(subject.name, role.name, s, dtype, w) for s, w in zip(left, whats, strict=False)]
