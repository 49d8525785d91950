"""From what a user names to subjects: whose arrays it takes, and by what keyword it takes the axis."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.calling.accepted_shapes import dimensions, sizes_text
from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.hosts import CAN_HOST, Host
from extremum.properties.calling.time_limit import OutOfTime, limited
from extremum.properties.inputs.lengths import LARGEST_POINT, point_lengths, tried_points
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import as_taken, known_roles, role_named, role_of
from extremum.properties.steps.parameters import (
    AXIS_KEYWORDS,
    GRADIENT_OF,
    axis_of,
    keywords_of,
    numbers_as,
    passed,
    without_of,
)
from extremum.properties.steps.trial import Wish, absent_on, interpretable, skipped, tried
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.errors import UsageError, printable
from extremum.reference.subjects import loading
from extremum.reference.subjects.adapters import candidates
from extremum.reference.subjects.loading import definition, describe, is_onnx, version_of
from extremum.reference.subjects.processes import PREFIX
from extremum.reference.subjects.subject import RANKS, Subject, load, named, unknown

OWN_PROCESS = "a process of its own, which this system can't give it"
PROBE_SECONDS = 10.0  # for an ordinary row, which a library may compile for


def resolve(spec: str, role: str | None, of: str | None = None, wish: Wish | None = None) -> list[Subject]:
    """The subjects that `spec` names: a registered name, a group, `module:attribute` or `file.py:attribute`.

    `of` names the function that it is the gradient of, likewise, and implies the role gradient_of. With a `wish`, what
    is no code of extremum's own gets a host, and is not imported here. There a trial call shows whether it fits its
    role (`steps.trial`). Raises `UsageError` in one line for whatever cannot be audited.
    """
    if wish is not None and not CAN_HOST:
        _needs_no_host(spec, wish)
    if of is not None:
        return [_gradient(spec, of, role, wish)]
    wanted = None if role is None else role_named(role)
    if (":" in spec or is_onnx(spec)) and not named(spec, None):  # a registered name may have a colon too
        if wish is not None and CAN_HOST:
            return [tried(spec, wanted, wish)]
        if is_onnx(spec):
            raise UsageError(f"subject={spec!r} needs {OWN_PROCESS}")
        name, function = load(spec)
        out = wish is not None and wish.out
        return [adapt(function, name, wanted or role_of(spec.rpartition(":")[2], spec), spec, out=out)]
    found = [s for s in named(spec, role) if s.role in known_roles()]
    if not found:
        raise unknown(spec, role)
    if wish is None or not CAN_HOST:
        return found
    function, symbol = "file.py:function or module:function", "library.so:symbol"
    for option, value, form in (
        ("arrays", wish.arrays, function),
        ("python", wish.python, function),
        ("wrap", wish.wrap, function),
        ("out", wish.out or None, function),
        ("c-signature", wish.c_signature, symbol),
    ):
        if value is not None:
            raise UsageError(f"{option}={value!r} goes with {form}, not with {spec!r}")
    placed = [replace(s, place=_place_of(s)) if s.kind == "library" else s for s in found]
    kind = (wish.device or "cpu").partition(":")[0]
    for s in placed:
        if s.devices and kind not in s.devices:
            raise UsageError(f"{spec!r} runs on {' or '.join(s.devices)}: add --device {s.devices[0]}")
    return placed if wish.device is None else [_on_device(s, spec, wish) for s in placed]


def _needs_no_host(spec: str, wish: Wish) -> None:
    """Raise `UsageError` where what is named can be called in a process of its own alone."""
    for option in ("arrays", "device", "python", "wrap", "c_signature"):
        if (value := getattr(wish, option)) is not None:
            raise UsageError(f"{option.replace('_', '-')}={value!r} needs {OWN_PROCESS}")
    if spec.startswith(PREFIX):
        raise UsageError(f"subject={spec!r} needs {OWN_PROCESS}")


def _place_of(subject: Subject) -> dict[str, Any]:
    """What the host of a library's function imports."""
    if not subject.wrap:
        return {"registered": [subject.role, subject.name]}
    function = subject.function
    return {"spec": f"{function.__module__}:{function.__name__}", "wrap": subject.wrap}


def _on_device(subject: Subject, spec: str, wish: Wish) -> Subject:
    """A library's function on the device of the wish; all its cells are inapplicable where that is not here."""
    if subject.place is None:
        raise UsageError(f"device={wish.device!r} goes with a library's function or your own, not with {spec!r}")
    host = Host({**subject.place, "device": str(wish.device)}, wish.limits)
    try:
        absent = absent_on(host, subject.adapter.name)
    finally:
        host.end()
    subject = interpretable(replace(subject, place=host.origin))
    return skipped(subject, absent) if absent else subject


def adapt(
    function: Callable[..., Any],
    name: str,
    role: Role,
    spec: str = "",
    of: Callable[..., Any] | None = None,
    of_spec: str = "",
    out: bool = False,
) -> Subject:
    """A user's function, or the gradient of `of` if that is given, as a subject. `out` is as in `Subject`.

    The signature tells the keyword of its axis. If several array libraries are loaded, it gets arrays of the first in
    which it answers an ordinary row.
    """
    if (of is None) == (role.name == GRADIENT_OF):
        raise UsageError(without_of(name))
    name = printable(name)  # as in the cells, which are found by it
    told = loading.about(function, passed(role, out), AXIS_KEYWORDS)
    axis = axis_of(told, name, role, out)
    found = candidates(told["module"], told["libraries"], told["annotated"])
    adapters = [adapter for adapter in found if adapter.lines.blank or not out]
    subject = Subject(
        name, role.name, function, "user", axis or None, origin=spec, of=of, of_origin=of_spec, about=told, out=out
    )
    subject = subject if of is None else replace(subject, point=_point_of(of))
    if axis is None:  # a function in C has no signature to be read: it is tried with each keyword
        trials = [replace(subject, axis=k, adapter=adapter) for k in keywords_of(role) for adapter in adapters]
        subject = replace(subject, axis=next((s.axis for s in trials if _answers(s, role)), None))
    # Only a call shows whose arrays a function takes. One candidate needs none: a call may be slow, or end the process.
    rows = [replace(subject, adapter=a, numbers=numbers) for a in adapters for numbers in numbers_as(told, role, a)]
    return next((s for s in rows if _answers(s, role)), rows[0]) if len(rows) > 1 or out else rows[0]


def _gradient(spec: str, of: str, role: str | None, wish: Wish | None) -> Subject:
    if role not in (None, GRADIENT_OF):
        raise UsageError(f"of={of!r} goes with role {GRADIENT_OF}, not with role={role!r}")
    if ":" not in spec or ":" not in of:
        raise UsageError(f"of={of!r} and subject={spec!r} are written as file.py:function or module:function")
    if wish is not None and CAN_HOST:
        return tried(spec, role_named(GRADIENT_OF), wish, of)
    name, function = load(spec)
    try:
        _, f = load(of)
    except UsageError as error:
        raise UsageError(str(error).replace("subject", "of", 1)) from None
    shape = _shape_of(f, of)
    if np.prod(shape, dtype=int) != 1:
        raise UsageError(f"of={of!r} returns an array of shape {shape}; a function with a scalar value is needed")
    return adapt(function, name, role_named(GRADIENT_OF), spec, f, of)


def _shape_of(f: Callable[..., Any], of: str) -> tuple[int, ...]:
    """The shape of what f returns for the first length that it answers; `UsageError` with what it raises if none."""
    said = ""
    for n in tried_points():
        try:
            with quiet():
                return np.shape(f(np.linspace(0.5, 1.0, n)))
        except Exception as error:
            said = said or f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    # A function of another library's arrays may well refuse NumPy's: it is called with its own later.
    if len(candidates(getattr(f, "__module__", None) or "")) > 1:
        return ()
    raise UsageError(f"of={of!r} answers no vector of 1 to {LARGEST_POINT:,} entries: {said}")


def _point_of(f: Callable[..., Any]) -> int | None:
    """The length of the vectors that f answers where it is none of the usual ones."""
    for n in tried_points():
        with quiet(), suppress(Exception):
            f(np.linspace(0.5, 1.0, n))
            return None if n in point_lengths(0) else n
    return None


def heard(subject: Subject) -> list[str]:
    """The warnings of its import, in lines for a user, where that was in a host."""
    return [printable(f"{subject.name}: at import: {line}") for line in subject.about.get("warnings", ())]


def definition_of(subject: Subject) -> tuple[str, int] | None:
    """The file of the subject and the line of its `def`, where that is known."""
    at = definition(subject.function) if subject.place is None else subject.about.get("definition")
    return (str(at[0]), int(at[1])) if at else None


def introduce(subject: Subject) -> dict[str, str]:
    """What was resolved, so that nobody audits the wrong function: the record of a subject, `line` for a header."""
    elsewhere = subject.about.get("line", "not imported")
    line = describe(subject.function) if subject.place is None else elsewhere
    origin = line if subject.kind == "user" else f"{subject.kind} in {subject.origin}"
    batched = as_taken(role_named(subject.role), subject).signature.batched
    alone = "no axis parameter, so the last axis alone" if batched else "one row a call"
    axis = f"axis by {subject.axis}=" if subject.axis and batched else alone
    version = version_of(subject.function) if subject.kind == "library" else ""
    f = subject.about["of"]["line"] if subject.of_place else describe(subject.of) if subject.of else ""
    of = f"of {f}" if f else ""
    inputs = role_named(subject.role).signature.inputs
    numbers = "" if subject.numbers else f"{', '.join(x for x, rank in inputs.items() if not rank)} as an array"
    defaults = ", ".join(f"{name}={value}" for name, value in subject.about.get("defaults", {}).items())
    left = f"{defaults} left at {'its default' if defaults.count('=') == 1 else 'their defaults'}" if defaults else ""
    ranks = "" if subject.ranks == RANKS else f"of {dimensions(subject.ranks)}"
    sizes = " and ".join(f"{name} of {sizes_text(own)}" for name, own in subject.sizes.items())
    sizes = f"{sizes} alone" if sizes else ""
    device = f"on {subject.device}" if subject.device and not subject.interpreted else ""
    arrays = " ".join(filter(None, [f"{subject.adapter.name} arrays", device, ranks]))
    wrapped = f"wrapped by {subject.place['wrap']}" if subject.place and "wrap" in subject.place else ""
    beside = subject.about.get("beside", "")
    besides = f" (it returns {beside} too, which is not)" if beside else ""
    out = f"answer read from out, its last argument, which is filled with NaN{besides}" if subject.out else ""
    small = "a small set of shapes, since each is compiled" if subject.compiled else ""
    small = "few rows, since Triton runs each as Python" if subject.interpreted else small
    parts = [f"role {subject.role}", of, wrapped, arrays, sizes, small, numbers, axis, out, left, version, origin]
    record = {
        "name": subject.name,
        "role": subject.role,
        "kind": subject.kind,
        "arrays": subject.adapter.name,
        "axis": subject.axis or "",
        "numbers": "" if subject.numbers else "arrays",
        **({"out": "yes"} if subject.out else {}),
        **({"device": subject.device} if subject.device else {}),
        "line": f"{subject.name}: {', '.join(filter(None, parts))}",
    }
    return {name: printable(value) for name, value in record.items()}


def _answers(subject: Subject, role: Role) -> bool:
    call = Call(subject, role.signature)
    arguments = role.ordinary(FORMATS["float32"])
    try:
        with quiet(), limited(PROBE_SECONDS):
            call.array(arguments if role.signature.batched else role.signature.row(arguments, 0))
    except (Misbehaviour, OutOfTime):
        return False
    return True
