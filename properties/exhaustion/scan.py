"""Proofs by exhaustion: every input of a finite domain, so that what is said of it is `proved`.

A domain (`domains.py`) is numbered, and scanned in blocks that stay in cache. What is kept of a scan is a `Tally` of
each property: the rows, the largest measured/allowed and the first row that has it, and the first rows that the screen
can't clear. Tallies of disjoint parts merge in any order to the same tally, so that block size and number of workers
change nothing (but for how many counts the screen's own error leaves open). In the end the rows that are in doubt are
certified one by one, as everywhere. The screen's own error is below 2^-10 of what is allowed
(`reference.arithmetic.wide`), so that what it clears is proved, of a subject whose answer to a row does not depend on
the rows beside it, or on the time. Of that, rows all over the domain are asked again alone: where an answer is another
then, nothing is proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.exhaustion.domains import Domain
from extremum.properties.exhaustion.enclosure import whole_of
from extremum.properties.exhaustion.ulp_counts import count, settled
from extremum.properties.model.fused import Fused, closer, exceeding, larger
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import roles
from extremum.properties.steps.decide import BALL_BITS, Decision, decide, exceeded, screen_rows
from extremum.properties.steps.witness import witness_of
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell, number
from extremum.properties.values.signature import Arguments
from extremum.properties.values.tally import DOUBTS_KEPT, REFUTED_KEPT, Tally, UlpCounts
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.subject import Subject

WORTH = 2.0**-6  # of the least that is allowed: a worst case that is smaller is not looked for
AROUND = 2**18  # numbers whose exact values are enclosed together: a 32nd of a binade of float32
BLOCK = 2**14  # rows: measured, of 2^10 to 2^18; the block and its truth in float64 stay in the second-level cache
ASSUMED = "assuming that float64's functions are off by at most 4 ulps, gamma functions 20"
ALONE = 64, 2**16  # rows that are asked again alone: so many of a small domain, and one in so many of a large one
TOGETHER = (2, 8, 64, 1024, BLOCK)  # rows that are decided together where none fails alone


def pointwise(role: Role) -> list[Property]:
    """The properties that one call on a row decides: those that a domain of rows can prove."""
    return [p for p in role.properties if p.pointwise]


def provable(role: Role, domain: Domain, fmt: Format, names: Sequence[str] | None) -> list[Property]:
    """The properties of a role to prove over a domain; raises `UsageError` where there are none."""
    if not domain.takes(role):
        known = ", ".join(name for name, r in roles().items() if domain.takes(r))
        other = "one row" if domain.length > 1 else "one number, or rows of them"
        raise UsageError(
            f"exhaustive={domain.name!r}: role {role.name} takes other arguments than {other}; valid: {known}"
        )
    if 8 * fmt.dtype.itemsize > domain.bits:
        raise UsageError(f"exhaustive={domain.name!r}: {fmt.name} has too many, of {domain.bits} bits at most")
    found = pointwise(role)
    if not found:
        raise UsageError(f"exhaustive={domain.name!r}: no property of role {role.name} is decided by one row")
    for name in names or ():
        if name not in {p.name for p in found}:
            raise UsageError(f"property={name!r} is not decided by one row: {nearest(name, [p.name for p in found])}")
    return [p for p in found if names is None or p.name in names]


def scan(
    subject: Subject,
    role: Role,
    properties: Sequence[Property],
    domain: Domain,
    fmt: Format,
    span: tuple[int, int],
    block: int = BLOCK,
    call: Call | None = None,
) -> dict[str, Tally]:
    """Screen the rows of `span` (start, stop) of a domain: one call and one truth for all properties.

    A block for which the subject raises is halved, down to the rows that it raises for. After `DOUBTS_KEPT` of those,
    blocks are taken as a whole: what is kept is known by then.
    """
    tallies = {p.name: Tally() for p in properties}
    call = call or Call(subject, role.signature)
    again, raising = max(min(domain.size(fmt) // ALONE[0], ALONE[1]), 1), 0
    ordered = OrderedScreen(role, fmt) if domain.ordered else None
    with quiet():
        waiting = domain.blocks(fmt, span, block * domain.times)[::-1]
        while waiting:
            start, stop = waiting.pop()
            arguments = domain.arguments(fmt, start, stop)
            try:
                out = call.rows(arguments)
            except Misbehaviour:
                if _asked_for_none(role, fmt, arguments):
                    for tally in tallies.values():
                        tally.unasked += stop - start
                        tally.settle(stop - start, start)
                    continue
                if stop - start > 1 and raising < DOUBTS_KEPT:
                    middle = (start + stop) // 2
                    waiting += [(middle, stop), (start, middle)]
                    continue
                raising += 1
                for tally in tallies.values():
                    _keep(tally, start, np.full(stop - start, np.inf), np.ones(stop - start, bool))
                continue
            view = View(role, fmt, Observation(arguments, out), screen_arithmetic(fmt), full_bound=False)
            fused = role.fused_screen(view, frozenset(name for p in properties for name in _open(tallies[p.name], p)))
            whole = ordered.whole_around(arguments) if ordered is not None else None
            for prop in properties:
                known = fused if fused is not None and prop.name in fused.ratios else None
                if ordered is not None:
                    ordered.take(tallies[prop.name], prop, view, whole, start)
                else:
                    _screen(tallies[prop.name], prop, view, start, known)
            for index in range(-(-start // again) * again, stop, again):
                row = {name: np.ascontiguousarray(a[index - start :][:1]) for name, a in arguments.items()}
                if _strays(call, row, out[index - start]):
                    for tally in tallies.values():
                        tally.strays = nsmallest(REFUTED_KEPT, [*tally.strays, index])
    return tallies


def _asked_for_none(role: Role, fmt: Format, arguments: Arguments) -> bool:
    """Whether an exception is excused in all rows, as an infinity is."""
    return bool(View(role, fmt, Observation(arguments), screen_arithmetic(fmt)).may_overflow.all())


def _strays(call: Call, row: Arguments, answer: Array) -> bool:
    """Whether the answer to a row alone is another, bit for bit but for the sign and the bits of NaN."""
    try:
        alone = call.rows(row)[0]
    except Misbehaviour:
        return True
    same = (alone == answer) | (np.isnan(alone) & np.isnan(answer))
    return not bool(same.all())


def _screen(tally: Tally, prop: Property, view: View, start: int, fused: Fused | None) -> None:
    """Take the rows of a block into a tally: by the screen, or by it only where a fused screen does not settle them."""
    limit = view.arithmetic.limit
    if fused is None:
        by_row = _look(tally, prop, view)
    else:
        by_row = fused.ratios[prop.name]

        def part(rows: Array) -> View:
            return View(view.role, view.fmt, view.observation.take(rows), view.arithmetic, full_bound=False)

        if tally.doubts > DOUBTS_KEPT and tally.worst[0] >= 1:
            near = larger(fused, prop.name, tally.worst[0])
        else:
            near = closer(fused, prop.name, limit, tally.worst[0])
        if near.any():
            by_row = by_row.copy()
            by_row[near] = _look(tally, prop, part(near))
        for few in exceeding(fused, lambda: _open(tally, prop)):
            _look(tally, prop, part(few))
        if not near.any() and tally.rows:  # none is above the worst, or in doubt that counts
            tally.rows += len(by_row)
            return
    _keep(tally, start, by_row, by_row > limit)


class OrderedScreen:
    """The screen of an ordered domain: whole blocks where a property says so, number by number elsewhere."""

    def __init__(self, role: Role, fmt: Format) -> None:
        self.role, self.fmt = role, fmt
        self.wholes: dict[tuple[float, ...], View] = {}

    def take(self, tally: Tally, prop: Property, view: View, whole: View | None, start: int) -> None:
        """Take the rows of a block into a tally, as `_screen` does; `whole` is what is around them."""
        if not prop.counted:  # elsewhere what is not asked is what has no bound
            tally.unasked += int(np.count_nonzero(np.broadcast_to(view.may_overflow, view.answer.shape)))
        if prop.clear is not None and prop.clear(view, whole):
            tally.settle(len(view.observation.x), start)
        elif not prop.counted:
            _screen(tally, prop, view, start, None)
        else:
            self.look(tally, prop, view, start)

    def look(self, tally: Tally, prop: Property, view: View, start: int) -> None:
        """Count the distances from the exact values in ulps; each is measured against the bound of its own number.

        A bound over an interval would not do: a bound may decide what it allows by where a number lies. The first look
        is at the least that is allowed, so that what it clears, and what it shows to be below the worst, is settled.
        """
        error = view.narrow(view.error(abs(view.out - view.exact)))
        if prop.least is None:
            unasked = np.isposinf(view.narrow(view.error_bound))
            tally.unasked += int(np.count_nonzero(unasked))
            error = np.where(unasked, -np.inf, error)  # counted nowhere, whatever the exact value may be off
            by_row: Array | None = _look(tally, prop, view)
        else:
            ratio = min(view.arithmetic.limit, max(tally.worst[0], WORTH))
            settled = error <= view.narrow(prop.least(view)) * ratio
            by_row = _look_at(tally, prop, view, ~settled.ravel())
        tally.counts = tally.counts or UlpCounts()
        count(tally.counts, view, error, start)
        if by_row is None:
            tally.settle(len(error), start)
        else:
            _keep(tally, start, by_row, by_row > view.arithmetic.limit)

    def whole_around(self, arguments: Arguments) -> View | None:
        """The numbers around those of a block as one row of balls; None where they span more."""
        ends = self.ends(arguments["x"])
        if ends is None:
            return None
        others = {name: float(a[0, 0]) for name, a in arguments.items() if name != "x"}  # the same in all of a block
        key = (*ends, *others.values())
        if key not in self.wholes:
            self.wholes[key] = whole_of(self.role, self.fmt, *ends, others)
        return self.wholes[key]

    def ends(self, x: Array) -> tuple[float, float] | None:
        """The first and the last of the `AROUND` numbers that a block is of."""
        first, last = self.fmt.ordinal(x[[0, -1], 0]).tolist()
        number = max(first, last, -first, -last) // AROUND
        if min(abs(first), abs(last)) // AROUND != number:
            return None
        sign = -1 if np.signbit(x[-1, 0].astype(np.float64)) else 1
        low, high = self.fmt.from_ordinal([sign * number * AROUND, sign * ((number + 1) * AROUND - 1)]).tolist()
        return float(low), float(high)


def _open(tally: Tally, prop: Property) -> frozenset[str]:
    """The grades of the property that no row exceeds so far."""
    return frozenset(prop.grades.keys() - tally.exceeded)


def _look(tally: Tally, prop: Property, view: View) -> Array:
    """The ratios of rows (rows,) by the screen; the grades that they exceed are kept."""
    measured, _, _, by_row = screen_rows(view, prop)
    tally.exceeded |= exceeded(view, prop, measured)
    return np.broadcast_to(by_row, (len(view.observation.x),))


def _look_at(tally: Tally, prop: Property, view: View, rows: Array) -> Array | None:
    """As `_look`, at the rows of a mask alone; 0 of the others, and None where there are no rows to look at."""
    if not rows.any():
        return None
    if 2 * np.count_nonzero(rows) > len(rows):
        return np.where(rows, _look(tally, prop, view), 0.0)
    some = View(view.role, view.fmt, view.observation.take(rows), view.arithmetic, full_bound=False)
    by_row = np.zeros(len(rows))
    by_row[rows] = _look(tally, prop, some)
    return by_row


def _keep(tally: Tally, start: int, by_row: Array, doubtful: Array) -> None:
    tally.rows += len(by_row)
    place = int(np.argmax(by_row))
    if by_row[place] > tally.worst[0]:
        tally.worst = float(by_row[place]), start + place
    if doubtful.any() and tally.doubts <= DOUBTS_KEPT:
        tally.doubts = min(tally.doubts + int(doubtful.sum()), DOUBTS_KEPT + 1)
        room = DOUBTS_KEPT - len(tally.doubtful)  # blocks come in order of their indices
        tally.doubtful += [start + i for i in np.flatnonzero(doubtful)[:room].tolist()]


def conclude(
    subject: Subject, role: Role, prop: Property, domain: Domain, fmt: Format, tally: Tally, call: Call | None = None
) -> Cell:
    """The cell of a property whose whole domain was scanned: `proved` with its exact worst case, or refuted."""
    cell = Cell(subject.name, role.name, prop.name, prop.code, fmt.name, unit=prop.unit, regimes=[domain.name])
    cell.examined = tally.rows
    experiment = Experiment(call or Call(subject, role.signature), role, prop, fmt)
    last = domain.size(fmt)

    def decided(index: int, rows: int = 1, final: bool = False) -> tuple[Case, Decision]:
        start = max(index - rows // 2, 0)
        case = Case(domain.arguments(fmt, start, min(start + rows, last)))
        return case, decide(experiment, case, final)

    with quiet():
        refuted: list[tuple[Case, Decision]] = []
        suspects = [*([tally.worst[1]] if tally.doubts else []), *tally.doubtful, *tally.strays]
        for index in suspects:
            case, decision = decided(index)
            if decision.refuted:
                refuted.append((case, decision))
            if len(refuted) >= REFUTED_KEPT:
                break
        alike = tally.worst[0] <= 1 / screen_arithmetic(fmt).limit  # else beyond the screen's error, and cleared alone
        if not refuted and not alike:
            together = (decided(index, rows) for rows in TOGETHER for index in [tally.worst[1], *tally.doubtful[:1]])
            refuted += next(([found] for found in together if found[1].refuted), [])
        worst = decided(tally.worst[1], final=True) if not refuted and tally.worst[1] >= 0 else None
        if worst is not None and worst[1].refuted:
            refuted.append(worst)
        if refuted:
            _refute(cell, experiment, domain, refuted)
        elif tally.rows != last or tally.doubts > DOUBTS_KEPT:
            cell.verdict = "incomplete"
            doubts = f"{tally.doubts:,}" if tally.doubts <= DOUBTS_KEPT else f"more than {DOUBTS_KEPT:,}"
            cell.detail = f"{tally.rows:,} rows were scanned" + f", {doubts} are in doubt" * (tally.doubts > 0)
        elif not alike or tally.strays:
            cell.verdict = "incomplete"
            cell.detail = "the answer to a row alone is another than among others: see row_independence and determinism"
            if not tally.strays and worst is not None and worst[1].ratio > 1 / screen_arithmetic(fmt).limit:
                bits = f"balls of {BALL_BITS[-1]:,} bits"
                cell.detail = (
                    f"{bits} do not decide whether the answer to {_written(worst[0])} is within what is allowed"
                )
        elif worst is not None:
            case, decision = worst
            cell.verdict = "proved"
            cell.measured, cell.allowed = number(decision.measured), number(decision.allowed)
            cell.detail = f"{domain.text}: {tally.rows:,} rows"
            excused = "nothing is asked of" if prop.exact else "any finite answer passes for"
            cell.detail += f"; {excused} {tally.unasked:,} of them" if tally.unasked else ""
            looked_for = tally.worst[0] > (WORTH if prop.least else 0.0)
            cell.detail += f"; the worst is {_written(case)}" if decision.ratio > 0 and looked_for else ""
            cell.detail += f"; {ASSUMED}" if domain.ordered and not prop.exact else ""
        if tally.counts is not None and tally.rows == last:
            cell.beyond = settled(tally.counts, experiment, lambda i: domain.arguments(fmt, i, i + 1)).ranges()
    if prop.grades and (refuted or tally.doubts <= DOUBTS_KEPT):
        cell.grade = "beyond" if refuted else prop.grade_of(tally.exceeded)
    cell.expected = cell.found and subject.may_fail(prop.name, fmt.name)
    return cell  # a declared failure that does not come is no news: it may be of longer rows


def _refute(cell: Cell, experiment: Experiment, domain: Domain, refuted: Sequence[tuple[Case, Decision]]) -> None:
    case, decision = min(refuted, key=lambda found: float(np.abs(found[0].x.astype(np.float64)).max()))
    petty = all(decision.petty for _, decision in refuted)
    cell.verdict, cell.severity = "refuted", "low" if petty else experiment.prop.severity
    cell.simplest = witness_of(experiment, case, domain.name, decision)
    worst_case, worst = max(refuted, key=lambda found: found[1].ratio)
    cell.worst = witness_of(experiment, worst_case, domain.name, worst)
    cell.measured, cell.allowed = cell.worst.measured, cell.worst.allowed
    cell.cause, cell.detail = diagnose(experiment, case, decision), decision.cause


def _written(case: Case) -> str:
    numbers = [number for a in case.arguments.values() for number in a[0].astype(np.float64).tolist()]
    return f"({', '.join(f'{number:.9g}' for number in numbers)})"
