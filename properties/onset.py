"""Onsets: where along a line of inputs a subject first fails, to the last bit.

A line is a family of rows with one free number v >= 0, which runs upwards over all floats of the dtype. For each
kind of failure the result is a pair of neighbouring floats: the subject holds at the first and fails at the second.

What is guaranteed of a pair: the subject was called at both ends alone, fails at `fails_at` and holds at `holds_at`
as the engine decides it (`properties.decide`: a screen, and balls for what it can't clear), the two are neighbours, and
it failed at no point of `grid` below them. Failure need not be monotone: between two points of the grid it may
begin and end unseen, and above `fails_at` it may end.

A subject that raises, or returns no array of the right kind, fails in every kind. One that ends the process takes the
caller with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from extremum.properties.call import Call, Misbehaviour, quiet
from extremum.properties.case import Case
from extremum.properties.decide import Decision, decide, screen
from extremum.properties.draw import Sampled, T
from extremum.properties.engine import refuses
from extremum.properties.lengths import LONGEST
from extremum.properties.limit import OutOfTime, limited
from extremum.properties.regimes import Regime, log_eta, log_max, log_tiny
from extremum.properties.role import Experiment, Observation, Property, Role, View, alone, as_is
from extremum.properties.signature import Arguments
from extremum.reference.errors import UsageError
from extremum.reference.formats import Array, Format, format_of
from extremum.reference.subjects import Subject
from extremum.reference.wide import row_max, screen_arithmetic, where

LENGTHS = tuple(2**k for k in range(LONGEST.bit_length()))
BLOCK = 2**18  # entries of the answers to one call
# Of answers up to so many entries: the points of the grid in an octave near the edges of exp, and elsewhere the
# octaves between two points.
DENSITIES = ((2**10, 8, 16), (2**13, 4, 64), (2**64, 1, 256))
BESIDE = (0, 1, 2, 8, 64, 2**10, 2**20)  # floats beside an edge, where a bisection begins


@dataclass(frozen=True)
class Line:
    """A line of inputs: `fill(values, n)` gives a row for each of the values v >= 0, shape (values, n)."""

    name: str
    description: str
    fill: Callable[[Array, int], Array]
    shortest: int = 1


def all_equal(v: Array, n: int) -> Array:
    """Every entry is v."""
    return np.repeat(v[:, None], n, axis=1)


def one_among_zeros(v: Array, n: int) -> Array:
    """The last entry is v, the others are 0."""
    return np.where(np.arange(n) == n - 1, v[:, None], np.zeros((), v.dtype))


def gap(v: Array, n: int) -> Array:
    """The last entry is 0, the others are -v."""
    return np.where(np.arange(n) == n - 1, np.zeros((), v.dtype), _below(v)[:, None])


def _below(v: Array) -> Array:
    return np.where(v == 0, v, -v)


LINES = (
    Line("all-equal", "all entries are v", all_equal),
    Line("one-among-zeros", "one entry is v, the others are 0", one_among_zeros),
    Line("gap", "one entry is 0, the others are -v", gap, shortest=2),
    Line("all-equal-negative", "all entries are -v", lambda v, n: all_equal(_below(v), n)),
    Line("one-among-zeros-negative", "one entry is -v, the others are 0", lambda v, n: one_among_zeros(_below(v), n)),
)


def overflow(view: View) -> tuple[Any, Any]:
    """No output is lost (`lost`), but for what is put down to underflow (`downwards`)."""
    return _lost_by(view, lambda: ~downwards(view))


def underflow(view: View) -> tuple[Any, Any]:
    """No output is lost (`lost`) by what is put down to underflow (`downwards`)."""
    return _lost_by(view, lambda: downwards(view))


@lru_cache(maxsize=1)
def lost(view: View) -> tuple[Any, Any]:
    """What is lost of each output, and what is allowed: abs(exact) of what came as 0, and infinity of what is flawed.

    An output is lost where it is NaN or infinite and the exact value is in range, or where it is 0 and the exact value
    is beyond what the role allows a sound answer to be off, and half of the smallest subnormal besides. So neither
    a correctly rounded 0 is accused, nor one that a sound algorithm comes to by gradual underflow, by
    cancellation (logsumexp near 0) or by absorption (1 - s near 0).
    """
    zero = np.asarray(view.answer[:, view.columns] == 0)
    return where(view.flawed, np.inf, where(~zero, 0.0, abs(view.exact))), view.allowance + view.fmt.eta / 2


@lru_cache(maxsize=1)
def downwards(view: View) -> Array:
    """The rows (rows, 1) where what is lost is put down to underflow: flushed to 0, 0 / 0, the logarithm of 0.

    Those without a positive entry whose exps have a sum in range, so that neither overflows; and those without NaN
    where some output is not lost, since an overflow spoils the sum and with it the whole row: exp(x_i) over an infinite
    sum is 0 throughout. The answer does not tell more. A subject that subtracts the minimum overflows on rows
    without a positive entry, and is said to underflow there.
    """
    shown = isinstance(view.columns, slice)
    whole = view if shown else View(view.role, view.fmt, view.observation, screen_arithmetic(view.fmt))
    measured, allowed = (whole.narrow(values) for values in lost(whole))
    spared = (measured <= allowed).any(axis=-1, keepdims=True) & ~np.isnan(view.answer).any(axis=-1, keepdims=True)
    x = view.observation.x.astype(np.float64)
    small = (row_max(x) <= 0) & (np.exp(x).sum(axis=-1, keepdims=True) <= view.fmt.max)
    return np.asarray(small | spared)


def _lost_by(view: View, blamed: Callable[[], Array]) -> tuple[Any, Any]:
    if view.clean and not (view.answer == 0).any():  # the exact value is not needed
        return np.zeros((1, 1)), 0.0
    measured, allowed = lost(view)
    return where(~blamed(), 0.0, measured), allowed


OVERFLOW = Property("overflow", "", overflow, unit="value")
UNDERFLOW = Property("underflow", "", underflow, unit="value")


def kinds(role: Role) -> tuple[Property, ...]:
    """The kinds of failure of a role: `bound` is its accuracy, which a role without such a property lacks."""
    accuracy = role.property_named("accuracy")
    plain = accuracy is not None and accuracy.observe is alone and accuracy.arrange is as_is
    return (OVERFLOW, UNDERFLOW, *((replace(accuracy, name="bound"),) if accuracy is not None and plain else ()))


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


def grid(fmt: Format, n: int, width: int) -> list[int]:
    """The ordinals of the values that are tried first, ascending, for rows of n and answers of `width` entries.

    0, the smallest subnormal, the smallest normal and the largest value; every few octaves from end to end, and several
    in each octave from 1/4 to eight times where exp underflows (`DENSITIES`: fewer where the answers are long); and
    the edges of exp: log max, the logarithms of the smallest normal, of the smallest subnormal and of its half, and three
    places between the first two of those, each less log n too, and the half of each.
    """
    fine, coarse = next((fine, coarse) for limit, fine, coarse in DENSITIES if width <= limit)
    low, high = -2, int(np.ceil(np.log2(-8 * log_eta(fmt))))
    lowest, highest = (int(np.floor(np.log2(value))) for value in (fmt.eta, fmt.max))
    octaves = [*range(lowest, low, coarse), *range(high, highest + 1, coarse)]
    octaves += [k / fine for k in range(low * fine, high * fine)]
    return _ordinals(fmt, [0.0, fmt.eta, fmt.tiny, fmt.max, *(2.0**k for k in octaves), *edges(fmt, n)])


def edges(fmt: Format, n: int) -> list[float]:
    """Where a row of n is likely to fail, as `grid` has it, and where a sum of n exps underflows to zero."""
    zone = [-log_tiny(fmt) + (log_tiny(fmt) - log_eta(fmt)) * k / 4 for k in range(5)]
    ends = (log_max(fmt), *zone, float(np.log(2.0)) - log_eta(fmt))
    whole = [end - less for end in ends for less in (0.0, float(np.log(n)))]
    return [*whole, *(edge / 2 for edge in whole)]


def _ordinals(fmt: Format, values: Sequence[float], beside: Sequence[int] = (0,)) -> list[int]:
    places = fmt.ordinal(fmt.round(values))[:, None] + np.array([sign * k for k in beside for sign in (-1, 1)])
    return sorted({int(k) for k in places.ravel() if 0 <= k <= fmt.largest_ordinal})


class Same(Sampled):
    """Choices that depend neither on the length nor on the row: the first of options, the middle of integers."""

    def one_of(self, options: Sequence[T]) -> T:
        return options[0]

    def integers(self, low: int, high: int, each: bool = False) -> Array:
        return np.full(self._shape(each), (low + high) // 2)


@dataclass
class Walk:
    """A subject on one line at one length, in one dtype; places on it are the ordinals of v.

    What a role takes besides rows is made by the role's own `arguments`, once for the line: where those draw a label or
    a cotangent, it is that of the smallest entry, and a single one.
    """

    call: Call
    role: Role
    fmt: Format
    n: int
    line: Line
    known: dict[tuple[int, str], Decision] = field(default_factory=dict)

    def __post_init__(self) -> None:
        row = Regime(self.line.name, lambda draw: self.line.fill(np.ones(1), draw.n))
        self.rest = self.role.arguments(Same(np.random.default_rng(0), self.fmt, 1, self.n), row)
        self.grid = grid(self.fmt, self.n, max(self.n, self.role.signature.width(self.n)))

    def arguments(self, places: Sequence[int]) -> Arguments:
        """The arguments at these places, as rows."""
        rest = {name: np.repeat(a, len(places), axis=0) for name, a in self.rest.items()}
        return {**rest, next(iter(rest)): self.line.fill(self.fmt.from_ordinal(places), self.n)}

    def at(self, place: int, kind: Property) -> Decision:
        """What is decided of one place, with the subject called for it alone."""
        if (place, kind.name) not in self.known:
            experiment = Experiment(self.call, self.role, kind, self.fmt)
            self.known[place, kind.name] = decide(experiment, Case(self.arguments([place])))
        return self.known[place, kind.name]

    def suspects(self, places: Sequence[int], live: Sequence[Property]) -> dict[str, list[int]]:
        """Those of these places that the screen can't clear, by kind; the subject is called for all at once."""
        arguments = self.arguments(places)
        try:
            observation = Observation(arguments, self.call.rows(arguments))
        except Misbehaviour:
            return {kind.name: list(range(len(places))) for kind in live}
        view = View(self.role, self.fmt, observation, screen_arithmetic(self.fmt), careful=False)
        found = {}
        for kind in live:
            by_row = np.broadcast_to(row_max(screen(view, kind)[2])[:, 0], (len(places),))
            found[kind.name] = np.flatnonzero(by_row > view.arithmetic.limit).tolist()
        return found

    def first(self) -> dict[str, int]:
        """The number of the first point of the grid that fails, by kind, where there is one."""
        found: dict[str, int] = {}
        size = max(BLOCK // max(self.n, self.role.signature.width(self.n)), 1)
        for start in range(0, len(self.grid), size):
            live = [kind for kind in kinds(self.role) if kind.name not in found]
            if not live:
                break
            places = self.grid[start : start + size]
            suspects = self.suspects(places, live)
            for kind in live:
                failing = next((i for i in suspects[kind.name] if self.at(places[i], kind).refuted), None)
                if failing is not None:
                    found[kind.name] = start + failing
        return found

    def ends(self) -> Iterable[tuple[Property, int | None, int | None]]:
        """Each kind with the places where the subject holds for the last and fails for the first time."""
        found, hints = self.first(), set(_ordinals(self.fmt, edges(self.fmt, self.n), BESIDE))
        for kind in kinds(self.role):
            i = found.get(kind.name, len(self.grid))  # its points below hold in company; they have to alone
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
        arguments = self.arguments([place])
        try:
            observation = Observation(arguments, self.call.rows(arguments))
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
    tell: Callable[[str], None] = lambda _note: None,
    step: Callable[[], None] = lambda: None,
) -> list[Onset]:
    """The onsets of a subject, by dtype, length, line and kind, for the lines of `LINES`.

    `dtypes` are the subject's unless given, `lengths` the powers of two that the role takes. A dtype that the
    subject refuses is left out, and where a line takes more than `timeout` seconds (a subject that hangs, or is
    that slow), it and what is longer in this dtype: `tell` gets a sentence. `step` is called after every line.

    Raises `UsageError` for a dtype or a length that there is not, and for a role whose arguments are not rows.
    """
    lengths = lengths_of(role, lengths)
    rows: list[Onset] = []
    for dtype in dtypes or subject.dtypes:
        fmt, call = format_of(dtype), Call(subject, role.signature)
        place = "ordinary rows"
        try:
            with quiet(), limited(timeout):
                reason = refuses(call, role, fmt)
            if reason:
                tell(f"{subject.name} does not take {dtype}, which is left out: {reason}")
                continue
            for n in lengths:
                for line in LINES:
                    place = f"{line.name} at n = {n}"
                    with quiet(), limited(timeout):
                        rows += Walk(call, role, fmt, n, line).onsets() if n >= line.shortest else []
                    step()
        except OutOfTime:
            tell(f"{subject.name} in {dtype}: {place} took more than {timeout:g} s; it and what follows are left out")
    return rows


def lengths_of(role: Role, lengths: Sequence[int] | None = None) -> Sequence[int]:
    """The lengths that are asked for, or all powers of two that the role takes, as `onset` has it."""
    if next(iter(role.signature.inputs.values())) != 1:
        raise UsageError(f"role={role.name!r} has no onsets: its first argument is not a row")
    for n in lengths or ():
        if not 1 <= n <= role.longest:
            raise UsageError(f"length={n} is not from 1 to {role.longest}, the longest row of role {role.name}")
    return sorted(set(lengths or (n for n in LENGTHS if n <= role.longest)))
