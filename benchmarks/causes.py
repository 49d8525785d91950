"""The precision of the diagnosis: every mutant's finding, what caused it as diagnosed, and what was planted.

    python benchmarks/causes.py [--dtypes N] [--seed S] [MUTANT ...]
    python benchmarks/causes.py --planted

Judges each mutant of each role by the property that is named for it, in the first two of the dtypes in which it must
fail (or the first N, of four), and diagnoses the simplest witness. Prints a table of planted and diagnosed causes, each
wrong claim as a line, and of the claims (all diagnoses but "unknown") the share that names the planted cause: the
precision. The recall is the share of the planted causes, other than "unknown", that are named. With `--planted` the
defects of `planted_causes.py` are judged instead, which were written without knowledge of the experiments. Exits with 1
where the precision is below 97 % or the recall below 90 %.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from planted_causes import PLANTED

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.diagnosis.cause_table import CAUSES
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.registry import role_named, roles
from extremum.properties.steps.decide import decide
from extremum.properties.steps.witness import decode
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import format_of
from extremum.reference.subjects.subject import Subject, subjects

PRECISION_MIN, RECALL_MIN = 0.97, 0.9
UNKNOWN = "unknown"


def cells(names: list[str], dtypes: int) -> Iterator[tuple[Subject, Role, str, str]]:
    """Each mutant with its role, the property named for it, and a dtype."""
    for role in roles().values():
        for mutant in subjects(role.name, "mutant"):
            for prop, declared in mutant.fails.items() if not names or mutant.name in names else ():
                for dtype in declared[:dtypes]:
                    yield mutant, role, prop, dtype


def unseen() -> Iterator[tuple[Subject, Role, str, str]]:
    """Each defect that was written without knowledge of the experiments, likewise."""
    for row in PLANTED:
        role = role_named(row.role)
        axis = "axis" if role.signature.batched else None
        mutant = Subject(row.function.__name__, row.role, row.function, "mutant", axis, cause=row.cause)
        yield mutant, role, row.prop, row.dtype


def diagnosed(mutant: Subject, role: Role, cell: Cell) -> str:
    """The cause of the cell's simplest witness."""
    prop = role.property_named(cell.property)
    assert prop is not None
    assert cell.simplest is not None
    experiment = Experiment(Call(mutant, role.signature), role, prop, format_of(cell.dtype))
    read = decode(cell.simplest.arguments)
    case = replace(read, arguments=role.signature.stacked(read.arguments))
    with quiet():
        try:
            return diagnose(experiment, case, decide(experiment, case))
        except Declined:
            return UNKNOWN


def show(table: Counter[tuple[str, str]]) -> None:
    """Print the table: a row for each planted cause, a column for each diagnosed one, by number."""
    names = list(CAUSES)
    print(f"{'planted':26}" + "".join(f"{i:4}" for i in range(1, len(names) + 1)) + "  diagnosed")
    for i, planted in enumerate(names, 1):
        counts = "".join(f"{table[planted, found] or '.':>4}" for found in names)
        print(f"{i:2} {planted:23}{counts}")


def main(arguments: list[str]) -> int:
    """Judge, diagnose, compare and print; 1 where precision or recall is below its target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mutants", nargs="*")
    parser.add_argument("--dtypes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--planted", action="store_true")
    given = parser.parse_args(arguments)
    start, spent, table, wrong, lost = time.perf_counter(), 0.0, Counter[tuple[str, str]](), [], []
    for mutant, role, prop, dtype in unseen() if given.planted else cells(given.mutants, given.dtypes):
        measured = role.property_named(prop)
        assert measured is not None
        cell = judge_cell(mutant, role, measured, dtype, Settings(examples=20, seed=given.seed))
        if cell.verdict != "refuted":
            lost.append(f"{role.name} {mutant.name} {prop} {dtype}: {cell.verdict}")
            continue
        began = time.perf_counter()
        found = diagnosed(mutant, role, cell)
        spent += time.perf_counter() - began
        table[mutant.cause, found] += 1
        if found not in (mutant.cause, UNKNOWN):
            wrong.append(f"{role.name} {mutant.name} {prop} {dtype}: {found}, planted was {mutant.cause}")
    show(table)
    print(*(f"wrong: {line}" for line in wrong), *(f"not refuted: {line}" for line in lost), sep="\n")
    claims = sum(count for (_, found), count in table.items() if found != UNKNOWN)
    planted = sum(count for (cause, _), count in table.items() if cause != UNKNOWN)
    right = sum(count for (cause, found), count in table.items() if cause == found != UNKNOWN)
    precision, recall = right / claims if claims else 1.0, right / planted if planted else 1.0
    print(
        f"{table.total()} findings: precision {precision:.1%} ({right} of {claims} claims), "
        f"recall {recall:.1%} ({right} of {planted} planted), "
        f"{spent / max(table.total(), 1) * 1e3:.1f} ms a diagnosis, {time.perf_counter() - start:.0f} s"
    )
    return int(precision < PRECISION_MIN or recall < RECALL_MIN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
