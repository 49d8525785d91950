"""What the cells of one audit share: inputs and their truth, answers to them, compiled screens and scans.

A driver makes one `Shared` for an audit and hands it to every cell. Nothing else in this package keeps anything from
one cell to the next, so another audit, in which the same function may answer otherwise, starts anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.calling.host_channel import Ended, Limits
from extremum.properties.calling.hosts import Host
from extremum.properties.calling.subject_callers import host_of
from extremum.properties.inputs.effort import STANDARD, Effort
from extremum.properties.model.fused import Fused
from extremum.properties.model.role import Experiment, Role
from extremum.properties.model.view import KnownTruth, Observation, View
from extremum.properties.steps.blocks import Block, block, blocks
from extremum.properties.steps.neighbours import Neighbours
from extremum.properties.steps.search import LONGEST_SEARCHED
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature, first
from extremum.properties.values.tally import Tally
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.arithmetic.wide import Arithmetic, screen_arithmetic
from extremum.reference.subjects.subject import Subject
from extremum.reference.truth import Truth

BLOCKS_KEPT = 1024
HOSTS_KEPT = 4  # processes with their libraries
FIRST, SECOND, OF = "first", "second", "of"  # what a subject may have a host for
TRUTHS_KEPT = 256  # fewer: a truth holds several arrays of float64 for each array of its block

Formula = Callable[[Arguments, Arithmetic], Truth]


def known_truth(formula: Formula, rows: Block, dtype: str) -> KnownTruth:
    """The truth of a block's rows, in the arithmetic that screens its dtype."""
    return KnownTruth(formula(rows.arguments, screen_arithmetic(format_of(dtype))))


@dataclass
class Answers:
    """What one subject answered in one dtype, by block: the properties that look at one answer share it.

    `fused` is what a fused screen says of an answer, `neighbours` are the rows that were called from a block.
    """

    subject: Subject | None = None
    dtype: str = ""
    observations: dict[Block, Observation] = field(default_factory=dict)
    fused: dict[Block, Fused | None] = field(default_factory=dict)
    neighbours: dict[Block, Neighbours] = field(default_factory=dict)


class Shared:
    """What the cells of one audit share. Blocks and truths are functions of the seed; answers are the subjects' own."""

    def __init__(self) -> None:
        # Bounded, since an audit of all roles makes more blocks than memory should hold. A block that is dropped is
        # made again from the seed.
        self.block = lru_cache(maxsize=BLOCKS_KEPT)(block)
        self.truth = lru_cache(maxsize=TRUTHS_KEPT)(known_truth)
        self._answers = Answers()
        self._compiled: set[tuple[str, str]] = set()
        # How a call ends, by verdict and arguments: the smallest arguments, and the words for it.
        self.endings: dict[tuple[str, str], tuple[Case, str]] = {}
        # Causes that a fresh process has shown too, by role, subject and dtype.
        self.confirmed: set[tuple[str, str, str, str]] = set()
        self._hosts: dict[tuple[str, str, str], Host] = {}
        self._scan: tuple[Subject, str, str, Mapping[str, Tally]] | None = None

    def host(self, subject: Subject, signature: Signature, limits: Limits, which: str = FIRST) -> Host | None:
        """The host of a subject that has one, a second one, or that of the function that it is the gradient of.

        Few are kept: another subject's may be ended for it.
        """
        place = subject.of_place if which == OF else subject.place
        if place is None:
            return None
        host = self._hosts.pop((subject.role, subject.name, which), None)
        if host is None:
            adapter = subject.adapter.name
            host = Host(place, limits, adapter) if which == OF else host_of(subject, signature, limits)
        self.adopt(subject, host, which)
        if not subject.unfit:
            with suppress(Ended):  # begun anew when it is asked
                host.begin()
        return host

    def adopt(self, subject: Subject, host: Host, which: str = FIRST) -> None:
        """Keep a host, and end the one that was not asked for longest where there are too many."""
        while len(self._hosts) >= HOSTS_KEPT:
            self._hosts.pop(next(iter(self._hosts))).end()
        self._hosts[subject.role, subject.name, which] = host

    def close(self) -> None:
        """End the hosts."""
        while self._hosts:
            self._hosts.popitem()[1].end()

    def blocks(
        self, experiment: Experiment, seed: int, chosen: tuple[str, ...] | None, effort: Effort = STANDARD
    ) -> Iterator[Block]:
        """The blocks of rows that the sweep of an experiment goes through."""
        return blocks(experiment.role, experiment.prop, experiment.fmt.name, seed, chosen, self.block, effort)

    def compile(self, role: Role, fmt: Format) -> None:
        """Compile the fused screens of the role, so that the seconds it takes the first time belong to no cell."""
        if not role.has_fused or (role.name, fmt.name) in self._compiled:
            return
        self._compiled.add((role.name, fmt.name))
        # Numba compiles once for read-only arrays, which the rows of a block are, and once for writable ones.
        for n, writeable in product((2, LONGEST_SEARCHED), (True, False)):
            arguments = role.ordinary(fmt, n)
            first(arguments).flags.writeable = writeable
            out = np.zeros((len(first(arguments)), role.signature.width(n)), fmt.dtype)
            with quiet():
                role.fused_screen(View(role, fmt, Observation(arguments, out), screen_arithmetic(fmt)), frozenset())

    def answers(self, experiment: Experiment) -> Answers:
        """The answers of the subject in the dtype; those of another subject or dtype are dropped, to bound memory."""
        subject, dtype = experiment.call.subject, experiment.fmt.name
        # By identity: a user's callable may compare as it likes, and an array that it holds has no truth value.
        if self._answers.subject is not subject or self._answers.dtype != dtype:
            self._answers = Answers(subject, dtype)
        return self._answers

    def observe(self, experiment: Experiment, case: Case, rows: Block) -> Observation:
        """The experiment on a block. The answer of a single call is shared by the properties that look at it."""
        if not experiment.prop.one_call:
            return experiment.observe(case)
        observations = self.answers(experiment).observations
        # A call that raises is not kept: each property calls again, and finds the row for which the subject raises.
        if rows not in observations:
            observations[rows] = experiment.observe(case)
        return observations[rows]

    def ahead(self, experiment: Experiment, rows: Block | None) -> None:
        """Let the host of the subject begin with a block that is observed next, if one call observes it."""
        if rows is not None and experiment.prop.one_call and rows not in self.answers(experiment).observations:
            experiment.call.ahead(rows.arguments)

    def neighbours(self, experiment: Experiment, rows: Block, call: Callable[[], Neighbours]) -> Neighbours:
        """The neighbours of a block, called once for the properties that look at its answer."""
        neighbours = self.answers(experiment).neighbours
        if rows not in neighbours:
            neighbours[rows] = call()
        return neighbours[rows]

    def fused(
        self, experiment: Experiment, rows: Block, observation: Observation, open_grades: frozenset[str]
    ) -> Fused | None:
        """What a fused screen says of the answer to a block; None if there is none, or it lacks the property."""
        if not (experiment.prop.pointwise and experiment.fused):
            return None
        known = self.answers(experiment).fused
        fused = known.get(rows)  # None is an answer too: there is no fused screen for these rows
        # A cell may ask for grades that the cell before it no longer needed: then the pass is made again with them.
        if rows not in known or (fused is not None and open_grades & fused.lacks):
            arithmetic = screen_arithmetic(experiment.fmt)
            view = View(experiment.role, experiment.fmt, observation, arithmetic, full_bound=False)
            fused = known[rows] = experiment.role.fused_screen(view, open_grades)
        return fused if fused is not None and experiment.prop.name in fused.ratios else None

    def scan_of(self, subject: Subject, domain: str, dtype: str) -> Mapping[str, Tally] | None:
        """The tallies of a domain that was scanned for another property of the subject, or None."""
        # By identity, as above.
        if self._scan is None or self._scan[0] is not subject or self._scan[1:3] != (domain, dtype):
            return None
        return self._scan[3]

    def keep_scan(self, subject: Subject, domain: str, dtype: str, tallies: Mapping[str, Tally]) -> None:
        """Keep the tallies of a whole domain, in place of those of another."""
        self._scan = subject, domain, dtype, tallies
