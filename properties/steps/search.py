"""Search and shrink: Hypothesis drives the regimes of the sweep, and shrinks what it refutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException

from extremum.properties.calling.call import Declined
from extremum.properties.calling.time_limit import OutOfTime
from extremum.properties.inputs.draw import LONGEST_DRAWN, Drawn
from extremum.properties.inputs.regimes import Regime
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.steps.decide import Decision, decide
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Format

ROWS = (1, 1, 1, 2, 3)  # in one array: often one, which is cheap, and more, so that what leaks can show


class Refuted(Exception):
    """Raised inside the search where a case refutes the property."""


@dataclass(frozen=True)
class Found:
    """What the search came back with; `case` is None where nothing was refuted."""

    examined: int
    case: Case | None = None
    regime: str = ""
    decision: Decision | None = None


@st.composite
def cases(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    role: Role,
    prop: Property,
    fmt: Format,
    regimes: Sequence[Regime],
    longest: int,
) -> tuple[Case, str]:
    """Cases of `prop` from `regimes`, plain before intricate, with rows of at most `longest` entries."""
    regime = draw(st.sampled_from(list(regimes)))
    n = draw(st.integers(1, longest))
    m = draw(st.sampled_from(role.heights(n)))
    d = Drawn(draw, fmt, draw(st.sampled_from(ROWS)) if n <= LONGEST_DRAWN else 1, n, m)
    return prop.case_of(d, role.arguments(d, regime)), regime.name


def search(
    experiment: Experiment,
    regimes: Sequence[Regime],
    longest: int,
    examples: int,
    random_seed: int,
    stop: Callable[[], bool],
) -> Found:
    """Run up to `examples` cases; the case of a refutation is the simplest that Hypothesis shrinks it to.

    Every case is decided as in the sweep, so what it is shrunk to is refuted with proof. Deterministic for
    a seed: no deadline, no database, no health check that measures time. After `stop()` no case is called.
    """
    examined = 0
    last: tuple[Case, str, Decision] | None = None

    @seed(random_seed)
    @settings(
        max_examples=max(examples, 1),
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(cases(experiment.role, experiment.prop, experiment.fmt, regimes, longest))
    def every_case_holds(pair: tuple[Case, str]) -> None:
        nonlocal examined, last
        if stop():
            return
        case, regime = pair
        try:
            decision = decide(experiment, case)
        except Declined:
            return
        examined += len(case.x) if case.x.ndim > 1 else 1
        if decision.refuted:
            last = case, regime, decision
            raise Refuted

    if examples > 0:
        try:
            every_case_holds()
        except (Refuted, Flaky):
            pass
        except (HypothesisException, OutOfTime):  # it ended before its end: what was refuted until then still counts
            if last is None:
                raise
    return Found(examined, *last) if last is not None else Found(examined)
