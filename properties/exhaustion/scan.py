"""Proofs by exhaustion: every input of a finite domain, so that what is said of it is `proved`.

| domain | rows | of |
|---|---|---|
| `gaps` | (d, 0) for every finite d >= 0 | 8 and 16 bits, and float32: 2,139,095,040 rows |
| `pairs` | (a, b) for all finite a and b | 8 and 16 bits: 4,030,726,144 rows of float16 |

A domain is numbered, and scanned in blocks that stay in cache. What is kept of a scan is a `Tally` of each property:
the rows, the largest measured/allowed and the first row that has it, and the first rows that the screen can't clear.
Tallies of disjoint parts merge in any order to the same tally, so that block size and number of workers change
nothing. In the end the rows that are in doubt are certified one by one, as everywhere. The screen's own error is below
2^-10 of what is allowed (`reference.arithmetic.wide`), so that what it clears is proved, of a subject whose answer to a
row does not depend on the rows beside it, or on the time. Of that, rows all over the domain are asked again alone:
where an answer is another then, nothing is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from types import MappingProxyType

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.model.fused import Fused, closer, exceeding, larger
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import roles
from extremum.properties.steps.decide import Decision, decide, exceeded, screen_rows
from extremum.properties.steps.witness import witness_of
from extremum.properties.values.case import Case
from extremum.properties.values.finding import Cell, number
from extremum.properties.values.tally import DOUBTS_KEPT, REFUTED_KEPT, Tally
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.subject import Subject

BLOCK = 2**14  # rows: measured, of 2^10 to 2^18; the block and its truth in float64 stay in the second-level cache
ALONE = 64, 2**16  # rows that are asked again alone: so many of a small domain, and one in so many of a large one
TOGETHER = (2, 8, 64, 1024, BLOCK)  # rows that are decided together where none fails alone


@dataclass(frozen=True)
class Domain:
    """A finite domain of rows of two, numbered from 0: `size(fmt)` of them; `rows(fmt, start, stop)` makes some."""

    name: str
    text: str
    bits: int
    size: Callable[[Format], int]
    rows: Callable[[Format, int, int], Array]


def gaps(fmt: Format, start: int, stop: int) -> Array:
    """(d, 0), in order of d."""
    rows = np.zeros((stop - start, 2), fmt.dtype)
    rows[:, 0] = np.arange(start, stop).astype(fmt.bits).view(fmt.dtype)
    return rows


def pairs(fmt: Format, start: int, stop: int) -> Array:
    """(a, b), in order of the magnitude of a and then of b; zeros of both signs among them."""
    values = _finite(fmt)
    first, second = np.divmod(np.arange(start, stop), len(values))
    rows = np.empty((stop - start, 2), fmt.dtype)
    rows[:, 0], rows[:, 1] = values[first], values[second]
    return rows


@lru_cache(maxsize=8)
def _finite(fmt: Format) -> Array:
    """All finite values, in order of their magnitude: 0, -0, the smallest subnormal and its negative, and so on."""
    magnitudes = np.arange(fmt.largest_ordinal + 1).astype(fmt.bits).view(fmt.dtype)
    return np.stack([magnitudes, -magnitudes], axis=1).ravel()


DOMAINS: Mapping[str, Domain] = MappingProxyType(
    {
        d.name: d
        for d in (
            Domain("gaps", "every row (d, 0) with finite d >= 0", 32, lambda f: f.largest_ordinal + 1, gaps),
            Domain("pairs", "every row (a, b) of finite values", 16, lambda f: 4 * (f.largest_ordinal + 1) ** 2, pairs),
        )
    }
)


def domain_named(name: str) -> Domain:
    """The domain of that name; raises `UsageError` where there is none."""
    if name not in DOMAINS:
        raise UsageError(f"exhaustive={name!r} is no domain: {nearest(name, DOMAINS)}")
    return DOMAINS[name]


def pointwise(role: Role) -> list[Property]:
    """The properties that one call on a row decides: those that a domain of rows can prove."""
    return [p for p in role.properties if p.pointwise]


def provable(role: Role, domain: Domain, fmt: Format, names: Sequence[str] | None) -> list[Property]:
    """The properties of a role to prove over a domain; raises `UsageError` where there are none."""
    if not role.signature.one_row:
        known = ", ".join(name for name, r in roles().items() if r.signature.one_row and pointwise(r))
        raise UsageError(
            f"exhaustive={domain.name!r}: role {role.name} takes other arguments than one row; valid: {known}"
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
    with quiet():
        waiting = [(start, min(start + block, span[1])) for start in range(*span, block)][::-1]
        while waiting:
            start, stop = waiting.pop()
            x = domain.rows(fmt, start, stop)
            try:
                out = call.rows({"x": x})
            except Misbehaviour:
                if stop - start > 1 and raising < DOUBTS_KEPT:
                    middle = (start + stop) // 2
                    waiting += [(middle, stop), (start, middle)]
                    continue
                raising += 1
                for tally in tallies.values():
                    _keep(tally, start, np.full(stop - start, np.inf), np.ones(stop - start, bool))
                continue
            view = View(role, fmt, Observation({"x": x}, out), screen_arithmetic(fmt), full_bound=False)
            fused = role.fused_screen(view, frozenset(name for p in properties for name in _open(tallies[p.name], p)))
            for prop in properties:
                known = fused if fused is not None and prop.name in fused.ratios else None
                _screen(tallies[prop.name], prop, view, start, known)
            for index in range(-(-start // again) * again, stop, again):
                if _strays(call, x[index - start :][:1], out[index - start]):
                    for tally in tallies.values():
                        tally.strays = nsmallest(REFUTED_KEPT, [*tally.strays, index])
    return tallies


def _strays(call: Call, row: Array, answer: Array) -> bool:
    """Whether the answer to a row alone is another, bit for bit but for the sign and the bits of NaN."""
    try:
        alone = call.rows({"x": np.ascontiguousarray(row)})[0]
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


def _open(tally: Tally, prop: Property) -> frozenset[str]:
    """The grades of the property that no row exceeds so far."""
    return frozenset(prop.grades.keys() - tally.exceeded)


def _look(tally: Tally, prop: Property, view: View) -> Array:
    """The ratios of rows (rows,) by the screen; the grades that they exceed are kept."""
    measured, _, _, by_row = screen_rows(view, prop)
    tally.exceeded |= exceeded(view, prop, measured)
    return np.broadcast_to(by_row, (len(view.observation.x),))


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
        case = Case({"x": domain.rows(fmt, start, min(start + rows, last))})
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
        elif worst is not None:
            case, decision = worst
            cell.verdict = "proved"
            cell.measured, cell.allowed = number(decision.measured), number(decision.allowed)
            cell.detail = f"{domain.text}: {tally.rows:,} rows"
            cell.detail += f"; the worst is {_written(case)}" if decision.ratio > 0 else ""
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
    return f"({', '.join(f'{float(v):.9g}' for v in case.x[0])})"
