"""Onsets: where along a line of inputs a subject first fails, to the last bit.

A line is a family of rows with one free number v >= 0, which runs upwards over all floats of the dtype. For each
kind of failure the result is a pair of neighbouring floats: the subject holds at the first and fails at the second.

A pair has these guarantees. The subject was called at both ends alone. It holds at `holds_at` and fails at `fails_at`
as the engine decides it (`properties.steps.decide`: a screen, and balls for what it can't clear). The two are
neighbours, and it failed at no point of `grid` below them. Failure need not be monotone: between two points of the grid
it may begin and end unseen, and above `fails_at` it may end.

A subject that raises, or returns no array of the right kind, fails in every kind. One that ends the process takes the
caller with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Expired
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, Limits, undisturbed
from extremum.properties.calling.subject_callers import host_of
from extremum.properties.engine import refusal_of
from extremum.properties.inputs.draw import Sampled, T
from extremum.properties.inputs.lengths import LONGEST
from extremum.properties.inputs.regimes import Regime
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.onset.lines import LINES, Line, edges, grid, ordinals
from extremum.properties.steps.decide import FAR_RATIO, Decision, at, certify, screen
from extremum.properties.steps.trial import ordinary
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array, Format, format_of
from extremum.reference.arithmetic.wide import row_max, screen_arithmetic, where
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject

LENGTHS = tuple(2**k for k in range(LONGEST.bit_length()))
BLOCK_ENTRIES = 2**18  # of the answers to one call
FLOATS_BESIDE_EDGE = (0, 1, 2, 8, 64, 2**10, 2**20)  # where a bisection begins


@dataclass(frozen=True)
class Losses:
    """What is lost of the outputs of a view, and whether underflow or overflow is to blame."""

    view: View

    @cached_property
    def amounts(self) -> Measured:
        """What is lost of each output, and what is allowed.

        An output is lost where it is NaN or infinite and the exact value is in range: it counts as infinity. It is
        lost too where it is 0 and abs(exact), which it counts as, is more than the role allows as an error plus half of
        the smallest subnormal. So three kinds of 0 are not lost: one that is correctly rounded, one by gradual
        underflow in a sound algorithm, and one by cancellation (logsumexp near 0) or absorption (1 - s near 0).
        """
        view = self.view
        zero = np.asarray(view.answer[:, view.columns] == 0)
        return where(
            view.wrong_nonfinite, np.inf, where(~zero, 0.0, abs(view.exact))
        ), view.error_bound + view.fmt.eta / 2

    @cached_property
    def downwards(self) -> Array:
        """The rows (rows, 1) whose losses are put down to underflow: flushed to 0, 0 / 0, the logarithm of 0.

        There are two kinds. In one no exponential can overflow: no entry is positive, and the square of the sum of the
        exponentials is in range. In the other the row is not spoiled. An overflow spoils the sum of a row and with it
        the place of the largest entry: there is a NaN, or all outputs are lost, or one that is no smaller than 1 / 2n
        is lost there (anywhere, where outputs are not of the entries' shape). A subject that subtracts the minimum
        overflows on rows without a positive entry; its answer does not tell, and it counts as underflow.
        """
        view = self.view
        if isinstance(view.columns, slice):
            whole = self
        else:  # balls are of a few columns, and a row is spoiled as a whole
            whole = Losses(View(view.role, view.fmt, view.observation, screen_arithmetic(view.fmt)))
        measured, allowed = map(whole.view.narrow, whole.amounts)
        gone, x, answer = measured > allowed, view.observation.x.astype(np.float64), view.answer.astype(np.float64)
        top = x == row_max(x) if x.shape == answer.shape else np.ones((1, 1), bool)
        spoiled = np.isnan(answer) | (gone & top & (measured >= 0.5 / view.n))
        small = (row_max(x) <= 0) & (np.exp(x).sum(axis=-1, keepdims=True) <= view.fmt.max**0.5)
        return np.asarray(small | ~(spoiled.any(axis=-1, keepdims=True) | gone.all(axis=-1, keepdims=True)))


class LossMeasures:
    """What `overflow` and `underflow` measure; the two share the losses of the view that they last looked at."""

    def __init__(self) -> None:
        self._losses: Losses | None = None

    def overflow(self, view: View) -> Measured:
        """No output is lost (`Losses`), but for what is put down to underflow."""
        return self._lost(view, downwards=False)

    def underflow(self, view: View) -> Measured:
        """No output is lost (`Losses`) by what is put down to underflow."""
        return self._lost(view, downwards=True)

    def _lost(self, view: View, downwards: bool) -> Measured:
        if view.all_finite and not (view.answer == 0).any():  # the exact value is not needed
            return np.zeros((1, 1)), 0.0
        if self._losses is None or self._losses.view is not view:
            self._losses = Losses(view)
        measured, allowed = self._losses.amounts
        return where(self._losses.downwards != downwards, 0.0, measured), allowed


def kinds(role: Role) -> tuple[Property, ...]:
    """The kinds of failure of a role: `bound` is its accuracy, which a role without such a property lacks."""
    measures, accuracy = LossMeasures(), role.property_named("accuracy")
    losses = (
        Property("overflow", "", measures.overflow, unit="value"),
        Property("underflow", "", measures.underflow, unit="value"),
    )
    plain = accuracy is not None and accuracy.one_call
    return (*losses, *((replace(accuracy, name="bound"),) if accuracy is not None and plain else ()))


@dataclass(frozen=True)
class Onset:
    """Where a subject holds for the last and fails for the first time: neighbouring floats v, as C99 hex.

    `fails_at` is None where no failure was found up to the largest finite value, `holds_at` where it fails at 0
    already. `got` is the answer that failed, by its worst entry, or why there was none.
    """

    subject: str
    role: str
    dtype: str
    length: int
    line: str
    kind: str
    holds_at: str | None
    fails_at: str | None
    got: str = ""

    def to_json(self) -> dict[str, Any]:
        """The row of a record."""
        return asdict(self)

    @staticmethod
    def from_json(record: dict[str, Any]) -> Onset:
        """The inverse of `to_json`."""
        return Onset(**record)


class FixedDraw(Sampled):
    """Choices that depend neither on the length nor on the row: the first of options, the middle of integers."""

    def one_of(self, options: Sequence[T]) -> T:
        return options[0]

    def integers(self, low: int, high: int, each: bool = False) -> Array:
        return np.full(self._shape(each), (low + high) // 2)


@dataclass
class OnsetSearch:
    """A subject on one line at one length, in one dtype; places on it are the ordinals of v.

    The role's own `arguments` make what it takes besides rows, once for the line: a label or a cotangent that they draw
    is the same everywhere.
    """

    call: Call
    role: Role
    fmt: Format
    n: int
    line: Line
    known: dict[tuple[int, str], Decision] = field(default_factory=dict)

    def __post_init__(self) -> None:
        row = Regime(self.line.name, lambda draw: self.line.fill(np.ones(1), draw.n))
        self.rest = self.role.arguments(FixedDraw(np.random.default_rng(0), self.fmt, 1, self.n), row)
        self.kinds = kinds(self.role)
        self.grid = grid(self.fmt, self.n, max(self.n, self.role.signature.width(self.n)))

    def arguments(self, places: Sequence[int]) -> Arguments:
        """The arguments at these places, as rows."""
        rest = {name: np.repeat(a, len(places), axis=0) for name, a in self.rest.items()}
        return {**rest, next(iter(rest)): self.line.fill(self.fmt.from_ordinal(places), self.n)}

    def observe(self, places: Sequence[int]) -> Observation:
        """The answers at these places, to one call; raises `Misbehaviour`."""
        arguments = self.arguments(places)
        return Observation(arguments, self.call.rows(arguments))

    def at(self, place: int, kind: Property) -> Decision:
        """What is decided of one place, with the subject called for it alone."""
        if (place, kind.name) not in self.known:
            try:
                observation = self.observe([place])
            except Misbehaviour as error:
                decision = Decision(True, np.inf, 0.0, np.inf, cause=str(error))
            else:
                decision = decide_alike(Experiment(self.call, self.role, kind, self.fmt), observation)
            self.known[place, kind.name] = decision
        return self.known[place, kind.name]

    def suspects(self, places: Sequence[int], live: Sequence[Property]) -> dict[str, list[int]]:
        """Those of these places that the screen can't clear, by kind; the subject is called for all at once."""
        try:
            observation = self.observe(places)
        except Misbehaviour:
            return {kind.name: list(range(len(places))) for kind in live}
        view = View(self.role, self.fmt, observation, screen_arithmetic(self.fmt), full_bound=False)
        # `screen_rows` would measure doubtful rows again against the full bound; here each is decided alone anyway.
        ratios = {kind.name: np.broadcast_to(row_max(screen(view, kind)[2])[:, 0], len(places)) for kind in live}
        return {name: np.flatnonzero(by_row > view.arithmetic.limit).tolist() for name, by_row in ratios.items()}

    def first(self) -> dict[str, int]:
        """The number of the first point of the grid that fails, by kind, where there is one."""
        failures: dict[str, int] = {}
        size = max(BLOCK_ENTRIES // max(self.n, self.role.signature.width(self.n)), 1)
        for start in range(0, len(self.grid), size):
            live = [kind for kind in self.kinds if kind.name not in failures]
            if not live:
                break
            places = self.grid[start : start + size]
            suspects = self.suspects(places, live)
            for kind in live:
                failing = next((i for i in suspects[kind.name] if self.at(places[i], kind).refuted), None)
                if failing is not None:
                    failures[kind.name] = start + failing
        return failures

    def ends(self) -> Iterable[tuple[Property, int | None, int | None]]:
        """Each kind with the places where the subject holds for the last and fails for the first time."""
        first, hints = self.first(), set(ordinals(self.fmt, edges(self.fmt, self.n), FLOATS_BESIDE_EDGE))
        for kind in self.kinds:
            i = first.get(kind.name, len(self.grid))  # the points below hold in one call; they have to hold alone
            while i and self.at(self.grid[i - 1], kind).refuted:
                i -= 1
            low = self.grid[i - 1] if i else None
            high = self.grid[i] if i < len(self.grid) else None
            if low is not None and high is not None:
                low, high = self.between(low, high, kind, hints)
                hints |= {low, high}
            yield kind, low, high

    def between(self, low: int, high: int, kind: Property, hints: Iterable[int]) -> tuple[int, int]:
        """The neighbours between a place that holds and one that fails; those in `hints` are tried first."""
        inside = [low, *sorted(place for place in hints if low < place < high), high]

        def search(fails: Callable[[int], bool]) -> tuple[int, int]:
            i, j = bisect(0, len(inside) - 1, lambda i: fails(inside[i]))
            return bisect(inside[i], inside[j], fails)

        # Balls are for the ends alone. Where they contradict the screen there, every step is decided with them.
        a, b = search(lambda place: self.seems(place, kind))
        if self.at(a, kind).refuted or not self.at(b, kind).refuted:
            return search(lambda place: self.at(place, kind).refuted)
        return a, b

    def seems(self, place: int, kind: Property) -> bool:
        """Whether the subject fails by the screen alone."""
        try:
            observation = self.observe([place])
        except Misbehaviour:
            return True
        view = View(self.role, self.fmt, observation, screen_arithmetic(self.fmt))
        return bool(screen(view, kind)[2].max() > 1)

    def onsets(self) -> list[Onset]:
        """The rows of this line, one for each kind."""
        rows = []
        for kind, low, high in self.ends():
            got = "" if high is None else _answer(self.at(high, kind))
            subject, names = self.call.subject, (self.fmt.name, self.n, self.line.name, kind.name)
            rows.append(Onset(subject.name, self.role.name, *names, self._hex(low), self._hex(high), got))
        return rows

    def _hex(self, place: int | None) -> str | None:
        return None if place is None else float(self.fmt.from_ordinal(place)).hex()


def decide_alike(experiment: Experiment, observation: Observation) -> Decision:
    """Decide one row whose entries are nearly all the same, as `properties.steps.decide.judge` decides any.

    Many outputs that the screen can't clear have the same answer, error and error bound. Balls decide the first of
    these alone: a long row would be evaluated once for every eight of its entries.
    """
    prop, fmt = experiment.prop, experiment.fmt
    view = View(experiment.role, fmt, observation, screen_arithmetic(fmt))
    measured, allowed, ratio = screen(view, prop)
    column = int(np.argmax(ratio[0]))
    worst = at(view, prop, measured, allowed, ratio, 0, column)
    if worst.ratio <= view.arithmetic.limit:
        return worst
    if worst.ratio > FAR_RATIO:
        return replace(worst, refuted=True)
    doubtful = np.flatnonzero(ratio[0] > view.arithmetic.limit)
    alike = np.stack([values[0, doubtful].astype(np.float64) for values in (view.answer, measured, allowed)])
    distinct = doubtful[np.unique(alike, axis=1, return_index=True)[1]]
    return replace(worst, refuted=bool(certify(experiment, observation, 0, distinct)))


def bisect(low: int, high: int, fails: Callable[[int], bool]) -> tuple[int, int]:
    """Neighbours between `low`, which holds, and `high`, which fails."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(middle) else (middle, high)
    return low, high


def _answer(decision: Decision) -> str:
    """What was got, in decimal, or why there is nothing."""
    return f"{float.fromhex(decision.got):.6g}" if decision.got else decision.cause


def onset(
    subject: Subject,
    role: Role,
    dtypes: Sequence[str] | None = None,
    lengths: Sequence[int] | None = None,
    *,
    timeout: float | None = 60.0,
    limits: Limits | None = None,
    tell: Callable[[str], None] = lambda _note: None,
    step: Callable[[], None] = lambda: None,
) -> list[Onset]:
    """The onsets of a subject, by dtype, length, line and kind, for the lines of `LINES`.

    `dtypes` are the subject's unless given, `lengths` the powers of two that the role takes. A dtype that the
    subject refusal_of is left out, and where a line takes more than `timeout` seconds (a subject that hangs, or is
    that slow) or ends its host, it and what is longer in this dtype: `tell` gets a sentence. `step` is called after
    every line. `limits` are those of its host, if it has one.

    Raises `UsageError` for a dtype or a length that there is not, and for a role whose arguments are not rows.
    """
    lengths = lengths_of(role, lengths, subject.length)
    rows: list[Onset] = []
    host = None if subject.place is None else host_of(subject, role.signature, limits or Limits())
    try:
        for dtype in dtypes or subject.dtypes:
            if dtype in subject.unfit:
                tell(f"{subject.name} in {dtype} is left out: {subject.unfit[dtype][1]}")
                continue
            call = Call(subject, role.signature, host=host)
            call.prepare_by(ordinary(subject, role, format_of(dtype)))
            rows += _onsets_in(call, role, format_of(dtype), lengths, timeout, tell, step)
    finally:
        if host is not None:
            host.end()
    return rows


def _onsets_in(
    call: Call,
    role: Role,
    fmt: Format,
    lengths: Sequence[int],
    timeout: float | None,
    tell: Callable[[str], None],
    step: Callable[[], None],
) -> list[Onset]:
    """The onsets in one dtype, up to the line that takes too long or ends the process."""
    who, place, rows = call.subject.name, "ordinary rows", list[Onset]()
    late = f"took more than {timeout or 0:g} s; it and what follows are left out"
    try:
        reason = call.within(timeout, partial(refusal_of, call, role, fmt))
        if isinstance(reason, Expired):
            tell(f"{who} in {fmt.name}: {place} {late}")
            return rows
        if reason:
            tell(f"{who} does not take {fmt.name}, which is left out: {reason}")
            return rows
        for n in lengths:
            for line in LINES:
                place = f"{line.name} at n = {n}"
                search = OnsetSearch(call, role, fmt, n, line)
                found = undisturbed(partial(call.within, timeout, search.onsets)) if n >= line.shortest else []
                if isinstance(found, Expired):
                    tell(f"{who} in {fmt.name}: {place} {late}")
                    return rows
                rows += found
                step()
    except Ended as end:
        tell(f"{who} in {fmt.name}: {place} ended the process ({end}); it and what follows are left out")
    return rows


def lengths_of(role: Role, lengths: Sequence[int] | None = None, only: int | None = None) -> Sequence[int]:
    """The lengths that are asked for, or all powers of two that the role takes, as `onset` has it.

    `only` is that of a subject that takes no other.
    """
    if not role.edged or next(iter(role.signature.inputs.values())) != 1:
        raise UsageError(f"role={role.name!r} has no onsets: no exponential of a row of its first argument has an edge")
    for n in lengths or ():
        if not 1 <= n <= role.longest:
            raise UsageError(f"length={n} is not from 1 to {role.longest:,}, the longest row of role {role.name}")
        if n != (only or n):
            raise UsageError(f"length={n} is not {only:,}, of which alone the subject takes rows")
    return [only] if only else sorted(set(lengths or (n for n in LENGTHS if n <= role.longest)))
