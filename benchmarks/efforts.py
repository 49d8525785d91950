"""What each effort finds: the share of all mutants, and of the worst cases that are known from exhaustion.

    python benchmarks/efforts.py [EFFORT ...]

For each effort (quick and standard, where none is named): the mutants of all roles that the property named for them
refutes, in float32 where it fails there, else in the first of its formats; and the rows of `worst_cases.csv` of which
the search reaches 95 %, in rows of two, as in `search_power.py`. What an effort does not cover counts for none of its
shares: quick judges float32 and float16. CPU seconds are of this process; no mutant is shrunk or diagnosed.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings, judge_cell, sweep
from extremum.properties.inputs.effort import EFFORTS, QUICK, STANDARD, Effort
from extremum.properties.model.property import Property
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.registry import role_named, roles
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.subjects.subject import Subject, named, subjects

ENOUGH = 0.95
FIRST = "float32"
COVERED = {QUICK.name: ("float32", "float16")}
WORST_CASES = Path(__file__).with_name("worst_cases.csv")


def mutants() -> Iterator[tuple[Role, Subject, Property, str]]:
    """Each mutant, with the property named for it and the format in which that is asked."""
    for role in roles().values():
        for mutant in subjects(role.name, "mutant"):
            for name, dtypes in mutant.fails.items():
                prop = role.property_named(name)
                assert prop is not None
                yield role, mutant, prop, FIRST if FIRST in dtypes else dtypes[0]


def refutes(role: Role, mutant: Subject, prop: Property, dtype: str, effort: Effort, shared: Shared) -> bool:
    """Whether the cell is refuted: by its sweep, or by the whole of its audit."""
    experiment = Experiment(Call(mutant, role.signature), role, prop, FORMATS[dtype], effort.fused)
    evidence, settings = Evidence(), Settings(effort=effort)
    made = shared.blocks(experiment, settings.seed, None, effort)
    sweep(evidence, experiment, made, shared, settings.seed, lambda: bool(evidence.refuted))
    return bool(evidence.refuted) or judge_cell(mutant, role, prop, dtype, settings, shared).found


def reached(row: dict[str, str], effort: Effort) -> bool:
    """Whether the search comes to 95 % of a worst case."""
    role, fmt, worst = role_named(row["role"]), FORMATS[row["dtype"]], float(row["ratio"])
    (subject,), prop = named(row["subject"], role.name), role.property_named(row["property"])
    assert prop is not None
    experiment, evidence, shared = (
        Experiment(Call(subject, role.signature), role, prop, fmt, effort.fused),
        Evidence(),
        Shared(),
    )
    of_two = (b for b in shared.blocks(experiment, 0, None, effort) if b.x.shape[-1] == 2)
    sweep(evidence, experiment, of_two, shared, 0, lambda: False)
    return max(evidence.closest.ratio, evidence.worst_ratio) >= ENOUGH * worst


def share(what: str, found: dict[str, bool], began: float) -> None:
    """Print a line: how many are found, in how many CPU seconds, and which are not."""
    missed = [name for name, is_found in found.items() if not is_found]
    count = len(found) - len(missed)
    seconds = time.process_time() - began
    print(f"{what}: {count} of {len(found)}, {count / len(found):.1%}, {seconds:.0f} CPU s", flush=True)
    print(f"  missed: {', '.join(missed) or 'none'}", flush=True)


def main(names: list[str]) -> None:
    """Print two lines an effort, and what it misses."""
    with WORST_CASES.open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    for effort in [EFFORTS[name] for name in names or (QUICK.name, STANDARD.name)]:
        covered = COVERED.get(effort.name, tuple(FORMATS))
        with quiet():
            began, shared = time.process_time(), Shared()
            found = {
                f"{mutant.name} ({prop.name})": refutes(role, mutant, prop, dtype, effort, shared)
                for role, mutant, prop, dtype in mutants()
                if dtype in covered
            }
            share(f"{effort.name}: mutants refuted", found, began)
            began = time.process_time()
            worst = {
                " ".join((*row.values(),)): reached(row, effort)
                for row in known
                if row["dtype"] in covered and float(row["ratio"]) > 0
            }
            share(f"{effort.name}: worst cases reached", worst, began)


if __name__ == "__main__":
    main(sys.argv[1:])
