"""What the steps of a cell have seen, kept so that whatever ends a step, everything that it saw before stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from extremum.properties.model.view import Observation
from extremum.properties.steps.decide import Decision
from extremum.properties.steps.profile import Profile
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Signature
from extremum.properties.values.visits import Visit, visit_of

CERTIFIED_CASES = 12  # refutations of a cell after which only worse rows, or those of new regimes, are certified


@dataclass(frozen=True)
class Refutation:
    """A case that refutes the property, with its proof."""

    case: Case
    regime: str
    decision: Decision


@dataclass
class Evidence:
    """What the steps of one cell have seen so far.

    An alarm may end a step between any two instructions. So events are appended, one complete event at a time, and
    totals are computed from them; `searched_rows`, `declined` and `stopped` are each set by one assignment, and
    `profile` is a picture that may lack the last block.

    `row_counts`: rows that the sweep and the climb examined at a time. `regimes`: those of each block. `visits`: the
    shapes of the plan that were called. `cleared`: rows that the screen cleared, each closer to its error bound than
    the one before. `rated`: rows that a fused screen rated closer than all before, with their ratios; `measure_closest`
    measures the last. `refuted`: refutations. `worse`: refutations that a climb reached from another; their ratio is
    larger, and they are no simpler. `shrunk`: ever smaller versions of the simplest. `exceeded_grades`: grades that
    some row exceeds. `searched_rows`: rows that the search examined. `declined`: why the subject refused a block.
    `too_long`: what it said of one for which its memory did not suffice, `longest` the length of the longest rows that
    it answered. `stopped`: whether the budget ended before the last.
    """

    # Lists, not totals: `a += b` reads, adds and writes, and an alarm in between would lose what was added.
    row_counts: list[int] = field(default_factory=list)
    regimes: list[frozenset[str]] = field(default_factory=list)
    visits: set[Visit] = field(default_factory=set)
    searched_rows: int = 0
    cleared: list[Decision] = field(default_factory=list)
    rated: list[tuple[float, Observation]] = field(default_factory=list)
    refuted: list[Refutation] = field(default_factory=list)
    worse: list[Refutation] = field(default_factory=list)
    shrunk: list[Refutation] = field(default_factory=list)
    exceeded_grades: list[frozenset[str]] = field(default_factory=list)
    declined: str = ""
    too_long: str = ""
    longest: int = 0
    stopped: bool = False
    profile: Profile = field(default_factory=Profile)

    @property
    def examined(self) -> int:
        """How many rows were examined."""
        return sum(self.row_counts) + self.searched_rows

    @property
    def closest(self) -> Decision:
        """What was decided of the cleared row that came closest to its error bound."""
        return self.cleared[-1] if self.cleared else Decision(False)

    @property
    def closest_ratio(self) -> float:
        """The largest ratio of a row that holds, by the screen or by a fused screen."""
        return max(self.closest.ratio, self.rated[-1][0] if self.rated else 0.0)

    @property
    def worst_ratio(self) -> float:
        """The largest ratio of a refutation; 0 if there is none."""
        return max((r.decision.ratio for r in (*self.refuted, *self.worse)), default=0.0)

    @property
    def exceeded(self) -> frozenset[str]:
        """The grades that some row exceeds."""
        return frozenset().union(*self.exceeded_grades)

    @property
    def simplest(self) -> Refutation:
        """The smallest refutation. Of equal sizes the last: Hypothesis shrank it, and chance chose the others."""
        return self.shrunk[-1] if self.shrunk else min(reversed(self.refuted), key=lambda r: r.case.size)

    @property
    def worst(self) -> Refutation:
        """The refutation with the largest ratio, the smallest of those that share it."""
        return max((*self.refuted, *self.worse), key=lambda r: (r.decision.ratio, -r.case.size))

    @property
    def petty(self) -> bool:
        """Whether all that was refuted is petty."""
        return all(r.decision.petty for r in (*self.refuted, *self.worse))

    def visit(self, signature: Signature, case: Case) -> None:
        """Take in that the plan's case was called, and answered."""
        self.visits.add(visit_of(signature, case))

    def replace(self, before: Refutation, now: Refutation) -> None:
        """Let a refutation be told by another case, or another decision of the same."""
        for found in (self.refuted, self.worse):
            found[:] = [now if r is before else r for r in found]

    def worth_certifying(self, ratio: float, regime: str) -> bool:
        """Whether certifying a row with this ratio could change what is reported."""
        # A subject that fails everywhere would have every row certified in balls, which are slow.
        if len(self.refuted) < CERTIFIED_CASES or regime not in {r.regime for r in self.refuted}:
            return True
        return ratio > self.worst_ratio

    def add_exceeded(self, grades: frozenset[str]) -> None:
        """Take in grades that a row exceeds."""
        # Not the same set for every block: `exceeded` joins all of them each time it is asked for.
        if grades - self.exceeded:
            self.exceeded_grades.append(grades)

    def clear(self, decision: Decision) -> None:
        """Take in a row that holds, if it is closer to its error bound than all before."""
        if decision.ratio > self.closest.ratio:
            self.cleared.append(decision)

    def take(self, case: Case, regime: str, decision: Decision) -> None:
        """Take in what was decided of a case."""
        if decision.refuted:
            self.refuted.append(Refutation(case, regime, decision))
        else:
            self.clear(decision)
