"""Deciding one case: screened in wider arithmetic, and in balls where the screen can't clear it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Observation, View
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import row_max, screen_arithmetic

# A screen errs by less than half of an error bound in any arithmetic (`reference.arithmetic.wide`), so a ratio beyond
# this is a refutation. Balls decide all the same before it is reported.
FAR_RATIO = 4.0
PETTY_RATIO = 2.0  # where nothing is allowed, a petty violation has this ratio and its share of what is petty
ENTRIES_AT_ONCE = 8  # doubtful entries of a row that are decided together, the most doubtful first
BALL_BITS = (128, 256, 512, 1024, 4096)  # raised until the question is decided
EXACT_BITS = 192  # of the exact value that a finding shows


@dataclass(frozen=True)
class Decision:
    """What was seen of one case; `refuted` is a proof, by what `certified` names.

    `measured` and `allowed` are in the property's unit, `ratio` is the first over the second. `petty`: the sentence is
    broken where nothing is allowed, and no digit is lost.
    """

    refuted: bool
    measured: float = 0.0
    allowed: float = 0.0
    ratio: float = 0.0
    row: int = 0
    column: int = 0
    got: str = ""
    exact: str = ""
    cause: str = ""
    certified: str = ""
    petty: bool = False


def ratios(measured: Array, allowed: Array) -> Array:
    """measured / allowed, with 0 / 0 = 0 and anything else over 0, or NaN, infinite."""
    with np.errstate(all="ignore"):  # 0 / 0 and x / 0 are decided below
        ratio = np.asarray(measured / allowed, np.float64)
    if not np.isfinite(ratio).all():
        ratio = np.where(measured == 0, 0.0, np.where(np.isnan(ratio), np.inf, ratio))
    return ratio


def screen(view: View, prop: Property) -> tuple[Array, Array, Array]:
    """Measured, allowed and their ratio, as float64 arrays of at least (rows, 1)."""
    measured, allowed = prop.measure(view)
    m = np.atleast_2d(view.narrow(measured) if not isinstance(measured, float) else np.asarray(measured))
    a = np.atleast_2d(view.narrow(allowed) if not isinstance(allowed, float) else np.asarray(allowed))
    ratio = ratios(m, a)
    if prop.petty is not None and ((m > 0) & (a == 0)).any():
        ratio = _of_violations(m, a, ratio, view.narrow(prop.petty(view)))
    if view.observation.extra is not None and (view.observation.extra > 0).any():
        # A quantity that must be 0 is one more column, allowed nothing.
        m = np.concatenate([m, np.asarray(view.observation.extra, np.float64)], axis=1)
        a = np.concatenate([a, np.zeros((len(a), 1))], axis=1)
        ratio = ratios(m, a)
    return m, np.broadcast_to(a, m.shape), ratio


def _of_violations(measured: Array, allowed: Array, ratio: Array, petty: Array) -> Array:
    """The ratios, in order of what is lost where nothing is allowed: petty ones first, and then the larger."""
    share = ratios(measured, petty)
    return np.where((measured > 0) & (allowed == 0), PETTY_RATIO + share + (share > 1), ratio)


def screen_rows(view: View, prop: Property) -> tuple[Array, Array, Array, Array]:
    """As `screen`, plus the largest ratio of each row, shape (rows,), or (1,) for a property that only counts.

    Doubtful rows are measured again against the full error bound; in `ratio` they are set to 0.
    """
    measured, allowed, ratio = screen(view, prop)
    by_row, observation = row_max(ratio)[:, 0], view.observation
    doubtful = by_row > view.arithmetic.limit
    if doubtful.any():
        # A first look leaves out terms of the bound that cost time and that few rows need; these rows may be such.
        if len(by_row) == len(observation.x):
            again = View(view.role, view.fmt, observation.take(doubtful), view.arithmetic)
            by_row[doubtful] = row_max(screen(again, prop)[2])[:, 0]
        ratio = np.where(doubtful[:, None], 0.0, ratio)
    return measured, allowed, ratio, by_row


def exceeded(view: View, prop: Property, measured: Array) -> frozenset[str]:
    """The grades of the property that some row exceeds."""
    bounds = {name: view.error_bound if bound is None else bound(view) for name, bound in prop.grades.items()}
    return frozenset(name for name, bound in bounds.items() if (ratios(measured, view.narrow(bound)) > 1).any())


def decide(experiment: Experiment, case: Case, final: bool = False) -> Decision:
    """Run the experiment on `case` from scratch and decide it.

    On the way to a witness, the screen refutes what exceeds its error bound `FAR_RATIO` times over: its own error is
    proven to be less. What is reported is decided with `final`: in balls, and with the exact value.
    A subject that raises, or returns no array of the right kind, refutes any property: there is no answer that it could
    hold for. `Declined` passes through.
    """
    try:
        observation = experiment.observe(case)
    except Misbehaviour as error:
        # Where an infinity would be excused, so is an exception in its place (Python's OverflowError).
        if str(error).startswith("raises ") and _overflows(experiment, case):
            return Decision(False)
        return Decision(True, np.inf, 0.0, np.inf, cause=str(error), certified="the call itself")
    decision = decide_observed(experiment, observation, np.inf if final else FAR_RATIO)
    if final:
        decision = with_exact(experiment, observation, decision)
    places = observation.places
    return decision if places is None else replace(decision, row=int(places[decision.row]))


def _overflows(experiment: Experiment, case: Case) -> bool:
    """Whether the role excuses an overflow in any row of the case."""
    fmt = experiment.fmt
    return bool(View(experiment.role, fmt, Observation(case.arguments), screen_arithmetic(fmt)).may_overflow.any())


def decide_observed(experiment: Experiment, observation: Observation, far: float) -> Decision:
    """Decide what was observed: the screen first, then balls for what it can't clear, up to `far`."""
    prop, fmt = experiment.prop, experiment.fmt
    view = View(experiment.role, fmt, observation, screen_arithmetic(fmt))
    measured, allowed, ratio = screen(view, prop)
    row, column = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    worst = at(view, prop, measured, allowed, ratio, int(row), int(column))
    if worst.ratio <= view.arithmetic.limit:
        return worst
    if prop.exact or _undecidable(view, measured, int(row), int(column)):
        return _refuted(worst, prop.proof) if worst.ratio > 1 else worst
    # Rationals are fast, and cancellation may cost a screen all its digits: rationals decide, however far it is.
    exactly = experiment.role.certifier.exact
    # NaN: the screen left its own range and knows nothing, so its ratio refutes nothing.
    lost = bool(np.isnan([worst.measured, worst.allowed]).any())
    if worst.ratio > far and not exactly and not lost:
        return _refuted(worst, "the screen, far beyond its error")
    for r in np.argsort(-ratio.max(axis=1)):
        doubtful = np.argsort(-ratio[r], kind="stable")[: int((ratio[r] > view.arithmetic.limit).sum())]
        for columns in np.split(doubtful, range(ENTRIES_AT_ONCE, doubtful.size, ENTRIES_AT_ONCE)):
            if columns.size and (how := certify(experiment, observation, int(r), columns)):
                return _refuted(at(view, prop, measured, allowed, ratio, int(r), int(columns[0])), how)
    # Balls have decided, and refuted nothing: the screen's own number is not to be reported as a near miss.
    if lost:
        return replace(worst, measured=0.0, allowed=0.0, ratio=0.0)
    return replace(worst, measured=worst.allowed, ratio=1.0) if exactly else worst


def _undecidable(view: View, measured: Array, row: int, column: int) -> bool:
    """Whether no arithmetic is needed: there is no number to compare, or the number is not the answer's."""
    if view.observation.out is None or column >= view.width:
        return True
    # An infinite error of a row without a flaw is an overflow of the screen itself: balls have to decide it.
    flawed = np.broadcast_to(view.wrong_nonfinite, view.answer.shape)
    return not np.isfinite(measured[row, column]) and bool(flawed[row].any())


def certify(experiment: Experiment, observation: Observation, row: int, columns: Array) -> str:
    """What proves that one of `columns` exceeds what is allowed, or an empty string."""
    alone, arithmetic = observation.take(slice(row, row + 1)), experiment.role.certifier
    for bits, above, below in _compared(experiment.role, experiment.prop, experiment.fmt, alone, columns):
        if above.any():
            return "rational arithmetic" if arithmetic.exact else f"balls of {bits} bits"
        if below.all():
            return ""
    return ""


def _compared(
    role: Role, prop: Property, fmt: Format, row: Observation, columns: Array
) -> Iterator[tuple[int, Array, Array]]:
    """Bits, and which measured quantities are proven above and which not above what is allowed, at rising precision.

    Rationals decide at once. Balls are evaluated until each entry is decided; a question that the highest precision
    leaves open (equality, in practice) is no refutation.
    """
    for bits in BALL_BITS:
        # A `with`, since an alarm may end the evaluation: the precision is the whole process's.
        with flint.ctx.workprec(bits):
            measured, allowed = prop.measure(View(role, fmt, row, role.certifier, columns=np.asarray(columns)))
            m, a = np.broadcast_arrays(np.asarray(measured, object), np.asarray(allowed, object))
            pairs = list(zip(map(_comparable, m.ravel()), map(_comparable, a.ravel()), strict=True))
            above = np.array([bool(x > y) for x, y in pairs])
            below = np.array([bool(x <= y) for x, y in pairs])
        yield bits, above, below


def refuted_entries(view: View, prop: Property, judged: Array | None = None) -> Array:
    """Which entries of an answer exceed what is allowed, as a mask (rows, width): each is decided as a case is.

    `judged` are those that are asked about; None: all. For properties whose bound is that of one answer: it counts all
    that is rounded on the way, so that cancellation costs the screen nothing of what it measures by, in any arithmetic.
    """
    measured, allowed, ratio = screen(view, prop)
    doubt = (ratio > view.arithmetic.limit) & (True if judged is None else judged)
    if prop.exact:
        return doubt & (ratio > 1)
    if not doubt.any():
        return doubt
    # An infinite error of an entry without a flaw is an overflow of the screen itself: balls have to decide it.
    flawed = ~np.isfinite(measured) & np.broadcast_to(view.wrong_nonfinite, ratio.shape)
    far = np.isfinite(measured) & np.isfinite(allowed) & (allowed > 0) & (ratio > FAR_RATIO)
    refuted = doubt & (flawed | far)
    left = doubt & ~refuted
    for row in np.flatnonzero(left.any(axis=1)).tolist():
        columns, alone = np.flatnonzero(left[row]), view.observation.take(slice(row, row + 1))
        for _, above, below in _compared(view.role, prop, view.fmt, alone, columns):
            refuted[row, columns[above]] = True
            if (above | below).all():
                break
    return refuted


def _comparable(value: Any) -> Any:
    """A ball for a float, which compares with balls and with rationals."""
    return flint.arb(value) if isinstance(value, float) else value


def with_exact(experiment: Experiment, observation: Observation, decision: Decision) -> Decision:
    """The decision with the exact answer at its place, as a decimal with the radius of its ball."""
    if experiment.prop.exact or observation.out is None or decision.column >= observation.out.shape[1]:
        return decision
    with flint.ctx.workprec(EXACT_BITS):
        row = observation.take(slice(decision.row, decision.row + 1))
        arithmetic = experiment.role.certifier
        exact = experiment.role.truth(row.arguments, arithmetic).exact(np.array([decision.column]))
        return replace(decision, exact=arithmetic.shown(exact[0, 0]))


def at(view: View, prop: Property, measured: Array, allowed: Array, ratio: Array, row: int, column: int) -> Decision:
    """What was measured at one place, in the property's unit, as a decision that refutes nothing."""
    unit = np.atleast_2d(prop.scale(view))
    size = float(unit[min(row, len(unit) - 1), min(column, unit.shape[1] - 1)])
    m, a = float(measured[row, column]), float(allowed[row, column])
    of_bound = float(ratio[row, column])
    return Decision(
        False,
        m / size,
        a / size,
        of_bound,
        row,
        column,
        got=_got(view.observation, row, column),
        cause=view.observation.note,
        petty=prop.petty is not None and a == 0 and 1 < of_bound <= PETTY_RATIO + 1,
    )


def _got(observation: Observation, row: int, column: int) -> str:
    if observation.out is None or column >= observation.out.shape[1]:
        return ""
    got = float(observation.out[row, column]).hex()
    return got if observation.other is None else f"{got} and {float(observation.other[row, column]).hex()}"


def _refuted(decision: Decision, how: str) -> Decision:
    return replace(decision, refuted=True, certified=how)
