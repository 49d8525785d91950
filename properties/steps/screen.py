"""Screening: the blocks of the sweep against the vectorised truth, and certifying what it can't clear."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

import numpy as np

from extremum.properties.calling.call import Declined, Misbehaviour
from extremum.properties.inputs.draw import Sampled
from extremum.properties.model.fused import Fused, clears, exceeding
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import Observation, View
from extremum.properties.steps.blocks import Block, blocks, truth
from extremum.properties.steps.climb import climb, climbs, looked_at, ratios_of, seen
from extremum.properties.steps.decide import Decision, at, decide, exceeded, screen, screen_rows
from extremum.properties.steps.neighbours import Neighbours, has_neighbours, neighbours
from extremum.properties.steps.profile import Profile, bins_of
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.truth import Truth

CANDIDATES = 12  # rows certified in a cell before only worse ones, or those of new regimes, are
ENOUGH = 4  # rows of a block that are refuted


@dataclass(frozen=True)
class Candidate:
    """A case that was refuted, with its proof."""

    case: Case
    regime: str
    decision: Decision


@dataclass
class Swept:
    """What the sweep saw: rows, the largest ratio among the sound ones, and the refuted.

    `closest` is the row that a fused screen found closest to what is allowed, with its ratio: the screen looks at it in
    the end (`settle`). `worse` are refuted too, and were reached from what had been: they are worse and no simpler.
    """

    examined: int = 0
    best: Decision = field(default_factory=lambda: Decision(False))
    closest: tuple[float, Observation] | None = None
    candidates: list[Candidate] = field(default_factory=list)
    worse: list[Candidate] = field(default_factory=list)
    regimes: set[str] = field(default_factory=set)
    profile: Profile = field(default_factory=Profile)
    exceeded: frozenset[str] = frozenset()
    complete: bool = True
    declined: str = ""

    @property
    def closest_ratio(self) -> float:
        """The largest ratio so far, be it that the screen has looked at its row or that it will."""
        return max(self.best.ratio, self.closest[0] if self.closest else 0.0)

    @property
    def worst_ratio(self) -> float:
        """The largest ratio of what is refuted; 0 where nothing is."""
        return max((c.decision.ratio for c in (*self.candidates, *self.worse)), default=0.0)

    def news(self, ratio: float, regime: str) -> bool:
        """Whether certifying a row like this could change what is reported."""
        if len(self.candidates) < CANDIDATES or regime not in {c.regime for c in self.candidates}:
            return True
        return ratio > self.worst_ratio

    def take(self, case: Case, regime: str, decision: Decision) -> None:
        """Keep what was decided: a refutation as a candidate, else the largest ratio."""
        if decision.refuted:
            self.candidates.append(Candidate(case, regime, decision))
        elif decision.ratio > self.best.ratio:
            self.best = decision


def sweep(
    swept: Swept,
    experiment: Experiment,
    seed: int,
    chosen: tuple[str, ...] | None,
    stop: Callable[[], bool],
    patience: float = inf,
) -> None:
    """Examine every block of the property until `stop()`, and go on from the best rows of the short ones.

    After `patience` seconds nothing more is climbed and no neighbours are called: a slow subject would take too long.
    """
    made = blocks(experiment.role, experiment.prop, experiment.fmt.name, seed, chosen)
    through(swept, made, experiment, seed, stop, patience)


def through(
    swept: Swept,
    made_blocks: Iterable[Block],
    experiment: Experiment,
    seed: int,
    stop: Callable[[], bool],
    patience: float = inf,
) -> None:
    """Examine these blocks, as `sweep` does its own."""
    end = time.monotonic() + patience

    def climb_from(made: Block, by_row: Array) -> None:
        if not stop() and time.monotonic() < end:
            ascend(swept, experiment, made, made.x, by_row, np.arange(len(made.x)), seed)

    last: Block | None = None
    steepest: tuple[Block, Array] | None = None
    for made in made_blocks:
        if stop():
            swept.complete = False
            break
        by_row = examine(swept, experiment, made, seed)
        if len(by_row) < len(made.x):
            continue
        if climbs(experiment, made.x.shape[-1]):
            if not swept.candidates:
                climb_from(made, by_row)
            elif steepest is None or by_row.max() > steepest[1].max():
                steepest = made, by_row
        if not swept.candidates and has_neighbours(experiment, made):
            last = made
    if steepest is not None and swept.worst_ratio < inf:  # once for all that are refuted: how wrong is it?
        climb_from(*steepest)
    if last is not None and not swept.candidates and not stop():  # it takes the longest
        approach(swept, experiment, last, seed, stop, end - time.monotonic())
    settle(swept, experiment)


def settle(swept: Swept, experiment: Experiment) -> None:
    """Let the screen look at the row that was found closest to what is allowed."""
    if swept.closest is not None:
        _look(swept, experiment, swept.closest[1], None)
        swept.closest = None


def examine(swept: Swept, experiment: Experiment, made: Block, seed: int) -> Array:
    """Call, screen a block, and certify what the screen can't clear; the ratio of each row, or an empty array."""
    rows = len(made.x)
    case = _arranged(experiment, made, seed)
    swept.regimes |= made.present
    by_row = np.zeros(0)
    try:
        observation = _observe(experiment, case, made)
    except Declined as refusal:
        swept.declined = str(refusal)
        return by_row
    except Misbehaviour:
        _certify(swept, experiment, case, made, np.full(rows, np.inf))
    else:
        by_row = _screen(swept, experiment, case, made, observation)
    swept.examined += rows
    return by_row


def _arranged(experiment: Experiment, made: Block, seed: int) -> Case:
    """The case that the property makes of a block."""
    prop, fmt, rows, n = experiment.prop, experiment.fmt, len(made.x), made.x.shape[-1]
    if prop.arrange is None:
        return Case(made.arguments)
    rng = np.random.default_rng([seed, n, zlib.crc32(prop.name.encode())])
    return prop.arrange(Sampled(rng, fmt, rows, n, made.m), made.arguments)


def approach(
    swept: Swept, experiment: Experiment, made: Block, seed: int, stop: Callable[[], bool], seconds: float = inf
) -> None:
    """Look at the neighbours of a block that are in doubt or notable, and climb from them."""
    near = _neighbours(experiment, made, seed, stop, seconds)
    x, origin = near.of(experiment.prop.name)
    swept.examined += near.rows_for(experiment.prop.name)
    doubtful = near.in_doubt(experiment.prop.name)
    if doubtful is not None:
        regimes = tuple(made.regimes[i % len(made.regimes)] for i in doubtful.origin)
        rows = Block({"x": doubtful.x}, regimes, (), seed)
        _certify(swept, experiment, Case(rows.arguments), rows, doubtful.ratio)
    if swept.candidates or not len(x):
        return
    try:
        ratio = _reached(swept, experiment, made, x, origin)
    except Misbehaviour:
        return  # a call that raised before is told of
    if climbs(experiment, made.x.shape[-1]) and not swept.candidates and not stop():
        ascend(swept, experiment, made, x, ratio, origin, seed + 1)


def ascend(swept: Swept, experiment: Experiment, made: Block, x: Array, ratio: Array, origin: Array, seed: int) -> None:
    """Move the best of the rows `x`, which came from these rows of a block, and take what is reached."""
    rng = np.random.default_rng([seed, x.shape[-1], zlib.crc32(experiment.prop.name.encode()), 1])
    try:
        reached, _, start = climb(experiment, x, ratio, rng)
        swept.examined += looked_at(len(x))
        _reached(swept, experiment, made, reached, np.where(start < len(x), origin[start % len(x)], made.ordinary))
    except Misbehaviour:
        return  # of rows that raise, the sweep and the search tell


def _reached(swept: Swept, experiment: Experiment, made: Block, x: Array, origin: Array) -> Array:
    """Take rows that were reached from rows of a block, and return the ratio of each."""
    prop, view, ratio = experiment.prop, seen(experiment, x), ratios_of(experiment, x)
    swept.profile.add(bins_of(np.abs(x.astype(np.float64)).max(axis=1)), x.shape[-1], ratio)
    swept.exceeded |= exceeded(view, prop, screen(view, prop)[0]) if prop.grades else frozenset()
    refuted, known, worst = 0, bool(swept.candidates), swept.worst_ratio
    for turn, row in enumerate(np.argsort(-ratio, kind="stable")):
        if refuted < ENOUGH and ratio[row] > max(swept.closest_ratio, worst, view.arithmetic.limit if turn else 0.0):
            case = Case({"x": np.ascontiguousarray(x[row : row + 1])})
            regime, decision = made.regimes[origin[row] % len(made.regimes)], decide(experiment, case)
            if known and decision.refuted:
                swept.worse.append(Candidate(case, regime, decision))
            else:
                swept.take(case, regime, decision)
            refuted += decision.refuted
    return ratio


def _neighbours(experiment: Experiment, made: Block, seed: int, stop: Callable[[], bool], seconds: float) -> Neighbours:
    """The neighbours of a block, which the properties that look at its answer share."""
    if not has_neighbours(experiment, made):
        return Neighbours(made.x[:0])
    memo = _observe(experiment, _arranged(experiment, made, seed), made).memo
    if "neighbours" not in memo:
        memo["neighbours"] = neighbours(experiment, made, seed, stop, seconds)
    shared: Neighbours = memo["neighbours"]
    return shared


def _screen(swept: Swept, experiment: Experiment, case: Case, made: Block, observation: Observation) -> Array:
    """Screen a block, certify what is doubtful, and return the largest measured/allowed of each row."""
    limit = screen_arithmetic(experiment.fmt).limit
    fused = _fused(swept, experiment, observation)
    if fused is None:
        by_row = _look(swept, experiment, observation, _known(experiment, made, observation))
    else:
        by_row = _settled(swept, experiment, observation, fused, limit)
    if len(by_row) == len(made.x):
        swept.profile.add(made.bins, made.x.shape[-1], by_row)
    if by_row.max() > limit:
        _certify(swept, experiment, case, made, np.where(by_row > limit, by_row, 0.0))
    return by_row


def _settled(swept: Swept, experiment: Experiment, observation: Observation, fused: Fused, limit: float) -> Array:
    """The ratio of each row by a fused screen, and by the screen where that clears it not or where a grade asks."""
    name = experiment.prop.name
    by_row, most = fused.ratios[name], clears(fused, name, limit)
    top = int(by_row.argmax())
    doubtful = None if by_row[top] <= most else ~(by_row <= most)
    if doubtful is not None:
        top = int(np.where(doubtful, -np.inf, by_row).argmax())
    if most >= by_row[top] > swept.closest_ratio:
        swept.closest = float(by_row[top]), observation.take(slice(top, top + 1))
    if doubtful is not None:
        by_row = by_row.copy()
        by_row[doubtful] = _look(swept, experiment, observation.take(doubtful), None)
    for few in exceeding(fused, lambda: experiment.prop.grades.keys() - swept.exceeded):
        _look(swept, experiment, observation.take(few), None)
    return by_row


def _fused(swept: Swept, experiment: Experiment, observation: Observation) -> Fused | None:
    """The fused screen of a single call on the block, if the role has one for the property."""
    role, prop, fmt = experiment.role, experiment.prop, experiment.fmt
    if not prop.pointwise:
        return None
    still_open = frozenset(prop.grades.keys() - swept.exceeded)
    fused: Fused | None = observation.memo.get("fused")  # the properties that look at one answer share it
    if "fused" not in observation.memo or (fused is not None and still_open & fused.lacks):
        view = View(role, fmt, observation, screen_arithmetic(fmt), careful=False)
        fused = observation.memo["fused"] = role.fused_screen(view, still_open)
    return fused if fused is not None and prop.name in fused.ratios else None


def _known(experiment: Experiment, made: Block, observation: Observation) -> Truth | None:
    """The truth of the block, where it was made for other cells as well."""
    same = all(observation.arguments.get(name) is a for name, a in made.arguments.items())
    shared = same and not experiment.prop.exact and observation.order is None
    return truth(experiment.role.truth, made, experiment.fmt.name) if shared else None


def _look(swept: Swept, experiment: Experiment, observation: Observation, known: Truth | None) -> Array:
    """The ratios of rows by the screen; what is the largest so far, and what exceeds a grade, is kept."""
    role, prop, fmt = experiment.role, experiment.prop, experiment.fmt
    view = View(role, fmt, observation, screen_arithmetic(fmt), truth=known, careful=False)
    measured, allowed, ratio, by_row = screen_rows(view, prop)
    row, column = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    if ratio[row, column] > swept.best.ratio:
        swept.best = at(view, prop, measured, allowed, int(row), int(column))
    swept.exceeded |= exceeded(view, prop, measured)
    return by_row


def _certify(swept: Swept, experiment: Experiment, case: Case, made: Block, ratio: Array) -> None:
    """Decide the doubtful rows one by one, until enough are refuted; where none alone is, the block as a whole."""
    refuted = 0
    for row in np.argsort(-ratio, kind="stable")[: int((ratio > 0).sum())].tolist():
        regime = made.regimes[row % len(made.regimes)]
        if refuted >= ENOUGH or not swept.news(float(ratio[row]), regime):
            return
        part = _row_of(experiment.role, case, row, made)
        if part is None:
            break
        decision = _again(experiment, part)
        swept.take(part, regime, decision)
        refuted += decision.refuted
    if not refuted:
        for size in (2, 4, 8, len(made.x)):  # rows that fail only together: the fewest first
            part = _rows_of(case, slice(0, size), made)
            if part is not None and (decision := _again(experiment, part)).refuted:
                swept.take(part, made.regimes[0], decision)
                return


def _again(experiment: Experiment, case: Case) -> Decision:
    """What a part of a block is decided as; a part of which nothing can be asked refutes nothing."""
    try:
        return decide(experiment, case)
    except Declined:
        return Decision(False)


def _row_of(role: Role, case: Case, row: int, made: Block) -> Case | None:
    part = _rows_of(case, slice(row, row + 1), made)
    if part is None:
        return None
    if not made.numbers:
        return part
    kept = [name for name, a in made.arguments.items() if case.arguments.get(name) is a]
    return Case(part.arguments, part.layout, {"role": role.name, **made.recipe(row), "arguments": kept})


def _rows_of(case: Case, rows: slice, made: Block) -> Case | None:
    """The case with some of its rows, or None where its arrays are not rows of the block."""
    if case.x.shape != made.x.shape or case.axis != -1:
        whole = rows.stop >= len(made.x) or rows.start > 0
        return case if whole else None
    count = len(made.x)
    arguments: Mapping[str, Array] = {
        name: np.ascontiguousarray(a[rows]) if a.ndim and len(a) == count else a for name, a in case.arguments.items()
    }
    return Case(arguments, case.layout)


def forget_answers() -> None:
    """Let go of the answers that cells share: in another audit the same function may answer otherwise."""
    _answers.clear()


def forget() -> None:
    """Let go of the answers and truths that cells share, so that a benchmark starts anew."""
    forget_answers()
    truth.cache_clear()


_answers: dict[Block, Observation] = {}
_owner: list[object] = []


def _observe(experiment: Experiment, case: Case, made: Block) -> Observation:
    """The experiment; that of a single call on the block is shared by the properties that look at its answer."""
    if not experiment.prop.one_call:
        return experiment.observe(case)
    owner = [experiment.call.subject, made.x.dtype]
    if _owner != owner:  # one subject and dtype at a time, so that memory stays bounded
        _answers.clear()
        _owner[:] = owner
    if made not in _answers:
        _answers[made] = experiment.observe(case)
    return _answers[made]
