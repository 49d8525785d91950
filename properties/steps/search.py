"""Search and shrink: Hypothesis drives the regimes of the sweep, and shrinks what it refutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, configuration, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException

from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.time_limit import OutOfTime
from extremum.properties.inputs.draw import LONGEST_DRAWN, Drawn
from extremum.properties.inputs.regimes import Regime
from extremum.properties.inputs.shapes import COMPILED_ROWS
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.steps.decide import decide
from extremum.properties.steps.evidence import Refutation
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Format

ROW_COUNTS = (1, 1, 1, 2, 3)  # often one row, which is cheap; sometimes more, so that what leaks between rows can show
LONGEST_SEARCHED = 128  # entries of a row, if the sweep has refuted nothing
SHORTEST_SEARCHED = 8  # entries, if it has: rows of up to twice the shortest that failed, and at least of these


class Refuted(Exception):
    """Raised inside the search where a case refutes the property."""


@dataclass(frozen=True)
class Searched:
    """How many rows the search examined, and the simplest refutation that it came to, if any."""

    examined: int
    refutation: Refutation | None = None


@st.composite
def cases(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    role: Role,
    prop: Property,
    fmt: Format,
    regimes: Sequence[Regime],
    longest: int,
    lengths: Sequence[int] = (),
) -> tuple[Case, str]:
    """Cases of `prop` from `regimes`, plain before intricate, of those `lengths`, or of all up to `longest`."""
    regime = draw(st.sampled_from(list(regimes)))
    n = draw(st.sampled_from(lengths) if lengths else st.integers(1, longest))
    m = draw(st.sampled_from(role.heights(n)))
    d = Drawn(draw, fmt, draw(st.sampled_from(ROW_COUNTS)) if n <= LONGEST_DRAWN else 1, n, m)
    return prop.case_of(d, role.arguments(d, regime)), regime.name


def _lengths(experiment: Experiment, longest: int) -> list[int]:
    """The lengths that a subject takes alone, or a few of one that is compiled for each shape; else none, for all."""
    subject = experiment.call.subject
    if subject.length is not None:
        return [subject.length]
    return sorted(n for n in COMPILED_ROWS if n <= longest) if subject.compiled else []


def search(
    experiment: Experiment,
    regimes: Sequence[Regime],
    longest: int,
    examples: int,
    random_seed: int,
    stop: Callable[[], bool],
) -> Searched:
    """Run up to `examples` cases; a refutation is the simplest that Hypothesis shrinks it to.

    Every case is decided as in the sweep, so what it is shrunk to is refuted with proof. Deterministic for
    a seed: no deadline, no database, no health check that measures time. After `stop()` no case is called.
    """
    lengths = _lengths(experiment, longest)
    examples = 0 if min(lengths, default=0) > LONGEST_SEARCHED else examples
    examined: list[int] = []
    refuted: list[Refutation] = []  # each simpler than the one before

    @seed(random_seed)
    @settings(
        max_examples=max(examples, 1),
        database=None,  # a run depends on its seed alone
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),  # they measure time, and machines are noisy
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(cases(experiment.role, experiment.prop, experiment.fmt, regimes, longest, lengths))
    def every_case_holds(pair: tuple[Case, str]) -> None:
        if stop():
            return  # Hypothesis cannot be stopped from inside; a case that is not called costs nothing
        case, regime = pair
        try:
            decision = decide(experiment, case)
        except Declined:
            return
        examined.append(len(case.x) if case.x.ndim > 1 else 1)
        if decision.refuted:
            refuted.append(Refutation(case, regime, decision))
            raise Refuted

    if examples > 0:
        try:
            with _no_files():
                every_case_holds()
        except (Refuted, Flaky):
            pass  # Flaky: the subject answered otherwise when Hypothesis ran it again; the refutation stands
        except (HypothesisException, OutOfTime):
            # Time ran out while Hypothesis shrank: what was refuted until then still counts.
            if not refuted:
                raise
    return Searched(sum(examined), refuted[-1] if refuted else None)


@contextmanager
def _no_files() -> Iterator[None]:
    """Hypothesis keeps what it reads out of modules in a folder `.hypothesis`: not in the reader's."""
    before = vars(configuration).get("__hypothesis_home_directory")  # private: another version may not have it
    with TemporaryDirectory(prefix="extremum-") as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)
