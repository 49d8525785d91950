"""What a script or a test asserts of a witness: the lines that define got and expected, and how far they may be apart.

Where one entry of one answer is further from its exact value than any sound algorithm comes, that is what is asserted.
Else it is what the property compares, by the lines that it has for a script. What it then allows is what it would allow
to the exact answers, so that no answer of the subject decides what it is judged by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.contested.conventions import CONVENTIONS, property_of
from extremum.properties.laws.masking import LEAK_SCRIPT
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import known_roles
from extremum.properties.steps.witness import unrepeated
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import first
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import UsageError
from extremum.reports.views.exact_answers import TWO_ROUNDINGS, allowed_to_exact, is_floats
from extremum.reports.views.shown_witness import ROUND_UP, Shown, exact_of
from extremum.reports.views.witness_words import Words

ONE_ANSWER = ("got, expected = float(f({args}){at}), {exact}",)
NOT_NAN = ("got, expected = bool(np.isnan(f({args}){at})), False",)
CALL_ITSELF = ("got, expected = np.shape(f({args})), {shape}",)


@dataclass(frozen=True)
class Check:
    """Lines that define `got` and `expected`. With `allowed` None they must be equal, unless the lines define it.

    Where an overflow on the way is `excused`, an answer that is not finite is none of this finding.
    """

    lines: tuple[str, ...]
    allowed: float | None = None
    excused: bool = False


@dataclass(frozen=True)
class Entry:
    """An entry of one answer that is wrong whatever the algorithm: its exact value, and how far it may be off.

    Where an overflow on the way is `excused`, it may be infinite or NaN instead.
    """

    exact: float
    allowed: float
    excused: bool = False


def shown(cell: Cell, witness: Witness) -> Shown | None:
    """The witness beside its role and property; None where this version does not know them, or cannot read it."""
    role, prop = known_roles().get(cell.role), property_of(cell.role, cell.property)
    if role is None or prop is None or not {*role.signature.inputs} <= {*witness.arguments}:
        return None
    found = Shown(cell, witness, role, prop)
    try:
        return found if found.case is not None else None
    except UsageError:  # a recipe of another version
        return None


def check_of(found: Shown) -> Check:
    """What is asserted of the witness."""
    with quiet():
        return _check_of(found)


def _check_of(found: Shown) -> Check:
    prop, words = found.prop, Words(found)
    if found.witness.certified == "the call itself":  # that it returns, and what, is all there is
        return Check(_of_the_call_itself(found, words))
    if found.cell.property in CONVENTIONS:
        return Check(_of_convention(found))
    if (entry := entry_of(found)) is not None:
        return Check(_filled(ONE_ANSWER, words), entry.allowed, entry.excused)
    lines = prop.script
    if prop.masked and found.column >= found.width:
        return Check(_filled(LEAK_SCRIPT, words), 0.0)
    if lines == ONE_ANSWER and prop.exact:
        return Check(_filled(NOT_NAN, words))
    if lines == ONE_ANSWER and (beyond := _beyond(found)):
        return Check(_filled(("got = float(f({args}){at})", beyond), words), allowed_to_exact(found))
    filled = _filled(lines, words)
    if (prop.exact and prop.unit != "value") or any(line.startswith("allowed =") for line in filled):
        return Check(filled)
    if found.role.certifier is None or prop.exact:
        return Check(filled, float(found.witness.allowed or 0.0) * ROUND_UP)
    return Check(filled, allowed_to_exact(found), bool(found.view.may_overflow.any()))


def _beyond(found: Shown) -> str:
    """The line for an exact value that may leave the range of the format, as an answer then may too; else empty."""
    try:
        exact, bound = exact_of(found), found.at(found.view.error_bound)
    except TypeError:  # the exact gradient of a reader's own function is not known here
        return ""
    most = float(found.fmt.max)
    ends = [f"got >= {most!r}"] * (exact + bound >= most) + [f"got <= -{most!r}"] * (exact - bound <= -most)
    return f"expected = got if {' or '.join(ends)} else {exact!r}  # which may be beyond the range" if ends else ""


def _of_the_call_itself(found: Shown, words: Words) -> tuple[str, ...]:
    """All calls of the property, and the shape of the answer to the main one."""
    if found.prop.name == "axis":
        x, axis = found.case.x, found.case.axis
        return (f"got, expected = np.shape(f(x, axis=axis)), {tuple(found.signature.answer({'x': x}, axis))!r}",)
    if found.prop.one_call or found.prop.exact:
        return _filled(CALL_ITSELF, words)
    calls = [line for line in _filled(found.prop.script, words) if not line.startswith("allowed =")]
    return (*calls, *_filled(CALL_ITSELF, words))


def entry_of(found: Shown) -> Entry | None:
    """The worst entry, where its distance from the exact value alone shows that it is wrong."""
    witness, plain = found.witness, found.case.layout == "C" and found.case.arguments.keys() == {*found.inputs}
    if not (found.prop.one_call and plain and witness.got) or unrepeated(witness):
        return None
    if found.cell.verdict != "refuted" or found.column >= found.width or witness.certified == "the call itself":
        return None
    try:
        bound, exact = found.at(found.view.error_bound), exact_of(found)
    except TypeError:  # the exact gradient of a reader's own function is not known here
        return None
    got, fmt = float.fromhex(witness.got), found.fmt
    if not abs(exact) + bound < fmt.max:
        return None
    if abs(exact) < fmt.tiny and found.prop.name != "gradual_underflow":  # which may be flushed
        bound += abs(exact)
    if found.prop.name == "gradual_underflow" and found.role.gradual_bound is not None:
        bound = found.at(found.role.gradual_bound(found.view))
    allowed = bound * ROUND_UP + abs(exact) * TWO_ROUNDINGS
    if abs(got - exact) <= allowed * ROUND_UP:
        return None
    return Entry(exact, allowed, bool(found.view.may_overflow.any()) and bool(np.isfinite(got)))


def _filled(lines: tuple[str, ...], words: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(line.format_map(words) for line in lines)


def _of_convention(found: Shown) -> tuple[str, ...]:
    """The lines for a convention: the call of its situation, and whether what comes of it is what is accepted."""
    convention = CONVENTIONS[found.cell.property]
    call = f"f({convention.situation.written(found.role)})"
    outcome = convention.outcome
    if outcome.name == "raises":
        return ("try:", f"    got = {call}", "except Exception as error:", "    got = 'raises'", "expected = 'raises'")
    lines = [f"y = {call}"]
    if "limit" in outcome.script:
        answer, allowed = _limit(found)
        lines += [f"limit, within = np.array({answer}), np.array({allowed})"]
    return (*lines, f"got, expected = bool({outcome.script}), True  # {outcome.gives}")


def _limit(found: Shown) -> tuple[str, str]:
    """What the exact values tend to as infinite entries grow alike, and how far a sound answer may be off."""
    fmt = found.fmt
    rows = {
        x: np.nan_to_num(a.astype(np.float64), nan=np.nan, posinf=fmt.max, neginf=-fmt.max).astype(a.dtype)
        if is_floats(a)
        else a
        for x, a in found.rows.items()
        if x in found.signature.inputs
    }
    with quiet():
        out = np.zeros((len(first(rows)), found.signature.width(first(rows).shape[-1])))
        view = View(found.role, fmt, Observation(rows, out), screen_arithmetic(fmt))
        exact = np.broadcast_to(view.narrow(view.exact), out.shape)
        allowed = np.broadcast_to(view.narrow(view.error_bound), out.shape)
    ends = np.where(np.abs(exact) >= fmt.max / 2, np.copysign(np.inf, exact), exact)
    texts = ["[" + ", ".join(f'float("{v}")' if np.isinf(v) else repr(v) for v in row) + "]" for row in ends.tolist()]
    within = (np.nan_to_num(allowed, posinf=0.0) * ROUND_UP).tolist()
    return f"[{', '.join(texts)}]", repr(within)
