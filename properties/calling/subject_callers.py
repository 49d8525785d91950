"""What calls a subject: in this process, or in the host that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from extremum.properties.calling.array_library import Arrays
from extremum.properties.calling.caller import Caller
from extremum.properties.calling.host_channel import Limits
from extremum.properties.calling.hosts import Host
from extremum.properties.calling.time_limit import OutOfTime
from extremum.properties.values.signature import Shape, Signature
from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import Subject


class Calls(Protocol):
    """What calls a subject: a `Caller` in this process, or the `Host` that the subject is in."""

    def answer(self, arguments: Sequence[Array], axis: int | None = None, layout: str = "C") -> Array: ...

    def answers(self, arguments: Sequence[Array], expected: Shape, layout: str = "C") -> Array: ...

    def watch(self, arguments: Sequence[Array], others: Sequence[Array]) -> dict[str, Any]: ...

    def functions_called(self, arguments: Sequence[Array]) -> int: ...


def in_process(subject: Subject, signature: Signature) -> Caller:
    """What calls the subject in this process."""
    axis = subject.axis if signature.batched else None
    return Caller(
        subject.function,
        Arrays(subject.adapter.name),
        axis,
        numbers_of(subject, signature),
        out_of(subject, signature),
        (KeyboardInterrupt, OutOfTime),
    )


def host_of(subject: Subject, signature: Signature, limits: Limits) -> Host:
    """The host that a subject with a place is called in. It starts with its first call."""
    assert subject.place is not None
    axis = subject.axis if signature.batched else None
    numbers, out = numbers_of(subject, signature), out_of(subject, signature)
    return Host(subject.place, limits, subject.adapter.name, axis, numbers, out)


def numbers_of(subject: Subject, signature: Signature) -> tuple[bool, ...]:
    """Which arguments are passed as numbers."""
    return tuple(rank == 0 and subject.numbers for rank in signature.inputs.values())


def out_of(subject: Subject, signature: Signature) -> str:
    """The form of the array that it writes its answer into, as `Caller` has it; "" of one that returns its answer."""
    if not subject.out:
        return ""
    form, like = signature.form.removeprefix("like "), [*signature.inputs]
    return f"like {like.index(form)}" if form in like else form
