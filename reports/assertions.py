"""Assertions for a reader's own tests. The failure message is the finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from extremum.properties.answers.judgement import Judgement, judge
from extremum.properties.model.role import Role
from extremum.properties.values.signature import first
from extremum.reference.errors import UsageError
from extremum.reports.run import audit

SHORT_BITS = 24  # of the significand of a format whose answers need no more than `DIGITS`
DIGITS, FULL_DIGITS = 10, 17


class Unsound(AssertionError):
    """An implementation, or one answer, that no rounding excuses; its text is the finding."""

    __module__ = "extremum"  # by which a traceback and pytest call it, as its readers do


def assert_sound(
    function: Callable[..., Any], role: str | Role | None = None, dtypes: Sequence[str] | None = None, **options: Any
) -> None:
    """Audit `function` as an implementation of `role`; raise `Unsound` with the findings where there are any.

    `role` may be left out where the function's name contains it; `dtypes` and the other options are those of
    `extremum.audit`. Raises `UsageError` for arguments that are not valid, and where nothing could be tested, or
    time ended before all was: a test that tests nothing should not pass.
    """
    __tracebackhide__ = True
    report = audit(function, role, dtypes, **options)
    if report.unexpected:
        raise Unsound(str(report))
    unknown = [cell for cell in report.cells if cell.verdict == "incomplete"]
    if unknown or not report:
        cell = (unknown or report.cells)[0]
        raise UsageError(f"{cell.subject} {cell.property} {cell.dtype} is {cell.verdict}: {cell.detail}")


def assert_within(answer: Any, role: str | Role, *arguments: Any, **named: Any) -> None:
    """Raise `Unsound` unless `answer` is as close to the exact value of `role` as a sound algorithm comes.

    All else is as for `extremum.judge`: what arguments may be, what is not judged, and `UsageError` for arguments that
    are none of the role's.

    >>> extremum.assert_within([0.5, 0.5], "softmax", [0.0, 0.0])
    """
    __tracebackhide__ = True
    judgement = judge(answer, role, *arguments, **named)
    if not judgement.ok:
        raise Unsound("\n".join(judgement_lines(judgement)))


def judgement_lines(judgement: Judgement) -> list[str]:
    """What is wrong with an answer: how many entries, the worst of them, by how much, and why so much is allowed."""
    if judgement.misfit:
        return [judgement.misfit]
    role, fmt, place = judgement.bound.role.name, judgement.bound.fmt, judgement.worst()
    got, (exact, error, allowed) = float(judgement.answer[place]), judgement.numbers_at(place)
    count = f"{judgement.wrong:,} of {judgement.answer.size:,} entries {'are' if judgement.wrong > 1 else 'is'} wrong"
    digits = DIGITS if fmt.precision <= SHORT_BITS else FULL_DIGITS
    where = f"at {list(place)}: " if place else ""
    return [
        f"{role} of {fmt.name}: {count}",
        f"  worst    {where}got {got:.{digits}g}, exact {exact:.{digits}g}",
        f"  error    {f'{error:.4g} ulp' if isfinite(error) else 'beyond any number'}",
        f"  allowed  {_allowed(judgement, allowed)}",
        f"  more     extremum explain {judgement.prop.code}",
    ]


def _allowed(judgement: Judgement, allowed: float) -> str:
    n = first(judgement.bound.arguments).shape[-1]
    if allowed == 0:
        return "nothing: a sound algorithm rounds nothing here"
    return f"{allowed:.4g} ulp: what rounding may cost a sound algorithm, n = {n:,}"
