"""What a call, or a step of calls, comes to besides an answer: it is declined, runs out of time, or has effects."""

from __future__ import annotations

from dataclasses import dataclass

from extremum.properties.values.signature import Arguments


class Declined(Exception):
    """The subject refused an input that it may refuse; nothing was shown either way."""


class TooLong(Declined):
    """The memory that it may have does not suffice for arguments so long."""


@dataclass(frozen=True)
class Expired:
    """A step that ran out of time, and the call that was then under way: its arguments and how long it had taken."""

    arguments: Arguments | None
    axis: int | None
    seconds_in_call: float


@dataclass(frozen=True)
class Effects:
    """What a call changed beside its result: entries, lines and, in words, states of the process."""

    changed: int
    overwritten: int
    printed: int
    states: tuple[str, ...]
