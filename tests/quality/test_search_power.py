"""What the default search reaches of worst cases that are known from exhaustion: 95 %, where a float has 16 bits.

Those of float32 take millions of rows a cell: `benchmarks/search_power.py` has all.
"""

import csv
from math import isfinite
from pathlib import Path

import pytest
from shared_cells import SHARED

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import sweep
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.evidence import Evidence
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.subjects.subject import named

with (Path(__file__).parents[2] / "benchmarks" / "worst_cases.csv").open(encoding="utf-8", newline="") as _file:
    KNOWN = [row for row in csv.DictReader(_file) if FORMATS[row["dtype"]].dtype.itemsize == 2]


@pytest.mark.parametrize("known", KNOWN, ids=lambda row: "-".join(row[k] for k in ("subject", "property", "dtype")))
def test_the_search_comes_close_to_the_worst_of_all_pairs(known: dict[str, str]) -> None:
    role, fmt, worst = role_named(known["role"]), FORMATS[known["dtype"]], float(known["ratio"])
    (subject,) = named(known["subject"], role.name)
    prop = role.property_named(known["property"])
    assert prop is not None
    experiment = Experiment(Call(subject, role.signature), role, prop, fmt)
    evidence, of_two = Evidence(), (b for b in SHARED.blocks(experiment, 0, None) if b.x.shape[-1] == 2)
    with quiet():
        sweep(evidence, experiment, of_two, SHARED, 0, lambda: False)
    reached = max(evidence.closest.ratio, evidence.worst_ratio)
    assert reached >= 0.95 * worst if isfinite(worst) else reached == worst
