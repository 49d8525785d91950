"""Whether the mutants and the sound references of the gradients separate completely, over many seeds and four dtypes.

Prints a line a role: of the references, the cells judged (every property, dtype and seed) and how many are refuted; of
the mutants, the cells of the properties that are named for them, and how many are not refuted. Complete
separation is 0 and 0. Each row that is not as it should be is printed. Run it as

    python benchmarks/separation.py [SEEDS] [ROLE ...]
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles import role_named
from extremum.reference.formats import DEFAULT_DTYPES
from extremum.reference.subjects import named, subjects

ROLES = (
    "inner_product_gradient",
    "quadratic_form_gradient",
    "squared_norm_gradient",
    "least_squares_gradient",
    "gradient_of",
)
Job = tuple[str, str, str, str, int]


def jobs(role: str, seeds: int) -> list[Job]:
    """Role, subject, property, dtype and seed of every cell."""
    found = []
    for s in subjects(role, "reference"):
        found += [(s.name, p.name, dtype) for p in role_named(role).properties for dtype in DEFAULT_DTYPES]
    for s in subjects(role, "mutant"):
        found += [(s.name, prop, dtype) for prop, dtypes in s.fails.items() for dtype in dtypes]
    return [(role, *cell, seed) for cell in found for seed in range(seeds)]


def judged(job: Job) -> tuple[str, bool, str]:
    """The kind of the subject, whether the cell is as it should be, and the cell in a line."""
    role, name, prop, dtype, seed = job
    (subject,) = named(name, role)
    found = role_named(role).property_named(prop)
    assert found is not None
    cell = judge_cell(subject, role_named(role), found, dtype, Settings(seed=seed, timeout=None))
    told = f"{name} {prop} {dtype} seed {seed}: {cell.verdict} {cell.measured} {cell.allowed} {cell.detail}"
    right = cell.verdict == "refuted" if subject.kind == "mutant" else not cell.unexpected
    return subject.kind, right, told


def main(seeds: int, roles: list[str]) -> int:
    """Print the lines; the exit code is 1 where the two do not separate."""
    wrong = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for role in roles:
            counts: Counter[tuple[str, bool]] = Counter()
            for kind, right, told in pool.map(judged, jobs(role, seeds), chunksize=16):
                counts[kind, right] += 1
                if not right:
                    wrong += 1
                    print(f"  {told}", flush=True)
            shown = [f"{kind}s: {counts[kind, True] + counts[kind, False]} cells" for kind in ("reference", "mutant")]
            refuted, missed = counts["reference", False], counts["mutant", False]
            print(f"{role}: {shown[0]}, {refuted} refuted; {shown[1]}, {missed} not refuted", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, sys.argv[2:] or list(ROLES)))
