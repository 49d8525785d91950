"""From what a user names to subjects: whose arrays it takes, and by what keyword it takes the axis."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from extremum.properties.call import Call, Misbehaviour, quiet
from extremum.properties.limit import OutOfTime, limited
from extremum.properties.role import Role
from extremum.properties.roles import role_named, role_of, roles
from extremum.reference.adapters import candidates
from extremum.reference.errors import UsageError
from extremum.reference.formats import FORMATS
from extremum.reference.subjects import Subject, describe, load, named, unknown, version_of

AXIS_KEYWORDS = ("axis", "dim")
PROBE_SECONDS = 10.0


def resolve(spec: str, role: str | None) -> list[Subject]:
    """The subjects that `spec` names: a registered name, a group, `module:attribute` or `file.py:attribute`.

    Raises `UsageError` in one line for whatever cannot be audited.
    """
    wanted = None if role is None else role_named(role)
    if ":" in spec:
        name, function = load(spec)
        return [adapt(function, name, wanted or role_of(spec.rpartition(":")[2], spec), spec)]
    found = [s for s in named(spec, role) if s.role in roles()]
    if not found:
        raise unknown(spec, role)
    return found


def adapt(function: Callable[..., Any], name: str, role: Role, spec: str = "") -> Subject:
    """A user's function as a subject: its axis keyword and its array library are found out.

    The signature tells the keyword. Where several array libraries are loaded, the first that the function
    answers an ordinary row in is taken.
    """
    axis = _axis_keyword(function, name, role)
    adapters = candidates(getattr(function, "__module__", None) or "")
    rows = [Subject(name, role.name, function, "user", axis, adapter, origin=spec) for adapter in adapters]
    return next((s for s in rows if _answers(s, role)), rows[0]) if len(rows) > 1 else rows[0]


def introduce(subject: Subject) -> dict[str, str]:
    """What was resolved, so that nobody audits the wrong function: the record of a subject, `line` for a header."""
    origin = describe(subject.function) if subject.kind == "user" else f"{subject.kind} in {subject.origin}"
    batched = role_named(subject.role).signature.batched
    alone = "no axis parameter, so the last axis alone" if batched else "one row a call"
    axis = f"axis by {subject.axis}=" if subject.axis and batched else alone
    version = version_of(subject.function) if subject.kind == "library" else ""
    parts = [f"role {subject.role}", f"{subject.adapter.name} arrays", axis, version, origin]
    return {
        "name": subject.name,
        "role": subject.role,
        "kind": subject.kind,
        "arrays": subject.adapter.name,
        "axis": subject.axis or "",
        "line": f"{subject.name}: {', '.join(filter(None, parts))}",
    }


def _axis_keyword(function: Callable[..., Any], name: str, role: Role) -> str | None:
    keywords = AXIS_KEYWORDS if role.signature.batched else ()
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in: its signature is not to be had
        return next((k for k in keywords if _accepts(function, name, role, k)), None)
    axis = next((k for k in keywords if k in signature.parameters), None)
    wanted, names = list(role.signature.inputs), list(signature.parameters)[: len(role.signature.inputs)]
    if names != wanted and sorted(names) == sorted(wanted):
        raise UsageError(f"subject={name!r} takes ({', '.join(names)}), role {role.name} calls {role.call}: wrap it")
    try:
        signature.bind(*role.signature.inputs, **({axis: -1} if axis else {}))
    except TypeError as error:
        shown = f"{getattr(function, '__name__', name)}{signature}"
        raise UsageError(f"subject={name!r} is {shown}, role {role.name} calls {role.call}: {error}") from None
    return axis


def _accepts(function: Callable[..., Any], name: str, role: Role, keyword: str) -> bool:
    adapters = candidates(getattr(function, "__module__", None) or "")
    return any(_answers(Subject(name, role.name, function, "user", keyword, adapter), role) for adapter in adapters)


def _answers(subject: Subject, role: Role) -> bool:
    call = Call(subject, role.signature)
    arguments = role.ordinary(FORMATS["float32"])
    try:
        with quiet(), limited(PROBE_SECONDS):
            call.taken(call.raw(arguments if role.signature.batched else role.signature.row(arguments, 0)))
    except (Misbehaviour, OutOfTime):
        return False
    return True
