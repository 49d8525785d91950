"""What subjects do where the answer is contested: how an audit comes by it."""

from __future__ import annotations

from extremum.properties.calling.hosts import Host
from extremum.properties.contested.situations import Behaviour, characterise, dtype_for
from extremum.properties.roles.registry import as_taken, known_roles
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.request import Request


def behaviours(subject: Subject, request: Request, host: Host | None = None) -> list[Behaviour]:
    """What the subject does in every contested situation, in the first of its dtypes that it answers in."""
    role = as_taken(known_roles()[subject.role], subject)
    dtypes = [name for name in request.of_subject(subject.word).dtypes or subject.dtypes if name not in subject.unfit]
    return list(characterise(subject, role, dtype_for(subject, role, dtypes, host), host)) if dtypes else []
