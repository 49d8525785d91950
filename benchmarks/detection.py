"""How soon a mutant is refuted: our regimes against default Hypothesis arrays, with the same properties and decisions.

    python benchmarks/detection.py [EXAMPLES]

For each mutant of every role, and the property named for it, in float32 where it fails there: rows and seconds until
the first refutation, in the order of the sweep, and by arguments that Hypothesis draws by default, up to EXAMPLES of
them (500). Shapes are those of `hypothesis.extra.numpy.array_shapes`, as far as the role has a choice; elements are its
default floats, finite, and -inf besides where a property is of masks; labels are any that are valid. Prints what is
missed, a line a role, and in the end how many are missed and the median time of those that both find.
"""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Callable
from math import prod
from statistics import median
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.extra.numpy import array_shapes, arrays, from_dtype

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.engine import sweep
from extremum.properties.inputs.draw import Drawn, Sampled
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import roles
from extremum.properties.steps.blocks import blocks
from extremum.properties.steps.decide import decide
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.search import search
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.subjects.subject import subjects

EXAMPLES = 500
Seen = tuple[int, float] | None  # rows and seconds until the first refutation


class Refuted(Exception):
    """Raised where a case refutes the property."""


def refutes(experiment: Experiment, case: Case) -> bool:
    """Whether the case does, by the decision that every audit makes."""
    try:
        return decide(experiment, case).refuted
    except Declined:
        return False


def by_regimes(experiment: Experiment, seed: int = 0) -> Seen:
    """The blocks of the sweep one after the other; then the whole audit of the cell, which searches too."""
    prop, fmt, rows, start = experiment.prop, experiment.fmt, 0, time.perf_counter()
    for made in blocks(experiment.role, prop, fmt.name, seed, None):
        n = made.x.shape[-1]
        rng = np.random.default_rng([seed, n, zlib.crc32(prop.name.encode())])
        rows += len(made.x)
        if refutes(experiment, prop.case_of(Sampled(rng, fmt, len(made.x), n, made.m), made.arguments)):
            return rows, time.perf_counter() - start
    shared, evidence = Shared(), Evidence()
    sweep(evidence, experiment, shared.blocks(experiment, seed, None), shared, seed, lambda: False)
    if evidence.refuted:  # rows that fail only together, or alone
        return rows, time.perf_counter() - start
    regimes = [r for r in experiment.role.regimes if r.masked == prop.masked]
    found = search(experiment, regimes, 128, 8, seed, lambda: False)
    return (rows + found.examined, time.perf_counter() - start) if found.refutation is not None else None


def by_default_arrays(experiment: Experiment, examples: int) -> Seen:
    """Default arrays of Hypothesis for each argument of the role."""
    role, prop, fmt = experiment.role, experiment.prop, experiment.fmt
    rows, start = 0, time.perf_counter()
    dtype = fmt.dtype if fmt.native else np.dtype(np.float32)
    elements = from_dtype(dtype, allow_nan=False, allow_infinity=False)
    if prop.masked:
        elements = elements | st.just(-np.inf)

    @st.composite
    def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Case:
        sides = draw(array_shapes())
        count, n = prod(sides[:-1]), min(sides[-1], prop.longest or role.longest)
        m = draw(st.sampled_from(sorted(role.heights(n))))
        drawn = Drawn(draw, fmt, count, n, m)
        shapes = role.arguments(Sampled(np.random.default_rng(0), fmt, count, n, m), role.regimes[0])
        made: dict[str, Array] = {}
        for name, like in shapes.items():
            if like.dtype.kind in "iu":
                made[name] = draw(arrays(like.dtype, like.shape, elements=st.integers(0, n - 1)))
            else:
                values: Array = draw(arrays(dtype, like.shape, elements=elements))
                made[name] = values if fmt.native else fmt.round(values.astype(np.float64))
        return prop.case_of(drawn, made)

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(cases())
    def run(case: Case) -> None:
        nonlocal rows
        rows += len(case.x)
        if refutes(experiment, case):
            raise Refuted

    try:
        run()
    except (Refuted, Flaky):  # a mutant that is not deterministic may not fail again
        return rows, time.perf_counter() - start
    return None


def main(examples: int) -> None:
    """Print what is missed, a line a role, and the totals."""
    ours: list[Seen] = []
    theirs: list[Seen] = []
    for role in roles().values():
        before = len(ours)
        for s in subjects(role.name, "mutant"):
            name, dtypes = next(iter(s.fails.items()))
            prop = role.property_named(name)
            assert prop is not None
            fmt = FORMATS["float32" if "float32" in dtypes else dtypes[0]]
            experiment = Experiment(Call(s, role.signature), role, prop, fmt)
            with quiet():
                ours.append(by_regimes(experiment))
                theirs.append(by_default_arrays(experiment, examples))
            for way, seen in (("ours", ours[-1]), ("default arrays", theirs[-1])):
                if seen is None:
                    print(f"  {way} miss {s.name}: {name} in {fmt.name}", flush=True)
        found = [sum(seen is not None for seen in way[before:]) for way in (ours, theirs)]
        print(
            f"{role.name}: of {len(ours) - before} mutants ours refute {found[0]}, default arrays {found[1]}",
            flush=True,
        )
    both = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
    print(f"missed: ours {ours.count(None)}, default arrays {theirs.count(None)}, of {len(ours)}")
    for what, i in (("rows", 0), ("seconds", 1)):
        a, b = median(x[i] for x, _ in both), median(y[i] for _, y in both)
        print(f"median {what} to the first refutation, of the {len(both)} that both find: ours {a:.3g}, theirs {b:.3g}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)
