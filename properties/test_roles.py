"""Every role's subjects against its properties: sound references hold, and each mutant is refuted by its own."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from extremum.properties.calling.call import Call, quiet
from extremum.properties.engine import Settings, judge_cell, sweep
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.laws import contract
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.registry import roles
from extremum.properties.steps.evidence import Evidence
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.witness import witness_of
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS
from extremum.reference.subjects.subject import Subject, subjects

ROLES = list(roles().values())
SETTINGS = Settings(examples=20, seed=1)
NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"  # as the root's `conftest.py` reads it
FEW = replace(SETTINGS, effort=EFFORTS["quick"])
SHARED = Shared()  # each process makes the inputs and their truth once
OF_HISTORY = {"determinism", "row_independence"}  # what is random or keeps state may not fail again, run alone
FIRST = "float32"  # the dtype that is always tried; the others are slow
DTYPES = DEFAULT_DTYPES if NIGHTLY else ("float16",)  # of references with the slow tests, beside the sweep in the first
PARTS = 1 if NIGHTLY else 3  # a whole cell is judged of one in so many mutants, its shrinking and its cause too
# The entrywise roles share their properties: the sigmoid stands for them, and the nightly run has them all.
CONTRACT = {p.name for p in contract.BATCHED}
AT_NIGHT = (pytest.mark.slow, pytest.mark.skipif(not NIGHTLY, reason="as the sigmoid: in the nightly run"))
REFERENCES = [
    pytest.param(role, s, id=s.name, marks=AT_NIGHT if role.entrywise and role.name != "sigmoid" else ())
    for role in ROLES
    for s in subjects(role.name, "reference")
]
NAMED = [
    (role, mutant, prop, dtype)
    for role in ROLES
    for mutant in subjects(role.name, "mutant")
    for prop, dtypes in mutant.fails.items()
    for dtype in dtypes
]


@pytest.mark.parametrize(("role", "reference"), REFERENCES)
def test_the_sweep_of_a_reference_refutes_what_it_declares_and_nothing_else(role: Role, reference: Subject) -> None:
    nothing_unexpected(role, reference, FIRST, replace(SETTINGS, examples=0))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("role", "reference"), REFERENCES)
def test_a_reference_fails_nothing_that_it_does_not_declare(role: Role, reference: Subject, dtype: str) -> None:
    cells = [judge_cell(reference, role, prop, dtype, FEW, SHARED) for prop in role.properties]
    assert [(c.property, c.verdict, c.detail) for c in cells if c.unexpected and not c.missed] == []


@pytest.mark.slow
@pytest.mark.skipif(not NIGHTLY, reason="the whole plan in every dtype: in the nightly run")
@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
@pytest.mark.parametrize(("role", "reference"), REFERENCES)
def test_a_reference_fails_what_it_declares_and_nothing_else(role: Role, reference: Subject, dtype: str) -> None:
    nothing_unexpected(role, reference, dtype, SETTINGS)


def nothing_unexpected(role: Role, reference: Subject, dtype: str, settings: Settings) -> None:
    cells = [judge_cell(reference, role, prop, dtype, settings, SHARED) for prop in role.properties]
    assert [(c.property, c.verdict, c.detail) for c in cells if c.unexpected] == []


def first_dtype(mutant: Subject, prop: str) -> str:
    return FIRST if FIRST in mutant.fails[prop] else mutant.fails[prop][0]


def marks_of(role: Role, prop: str, fast: bool) -> Sequence[pytest.MarkDecorator]:
    """Those of a case of a mutant; a defect that the sigmoid has too is planted in others at night alone."""
    alike = role.entrywise and role.name != "sigmoid" and (prop in CONTRACT or not fast)
    return AT_NIGHT if alike else () if fast else (pytest.mark.slow,)


def marks_in(dtype: str, role: Role, mutant: Subject, prop: str) -> Sequence[pytest.MarkDecorator]:
    """Those of a case in a dtype: further ones are for the nightly run."""
    if dtype == first_dtype(mutant, prop):
        return marks_of(role, prop, fast=True)
    return pytest.mark.slow, pytest.mark.skipif(not NIGHTLY, reason="mutants in further dtypes: in the nightly run")


@pytest.mark.parametrize(
    ("role", "mutant", "prop", "dtype"),
    [pytest.param(r, m, p, d, id=f"{m.name}-{p}-{d}", marks=marks_in(d, r, m, p)) for r, m, p, d in NAMED],
)
def test_a_mutant_is_refuted_up_to_its_first_failure(role: Role, mutant: Subject, prop: str, dtype: str) -> None:
    found, evidence = role.property_named(prop), Evidence()
    assert found is not None
    experiment = Experiment(Call(mutant, role.signature), role, found, FORMATS[dtype])
    with quiet():
        blocks = SHARED.blocks(experiment, SETTINGS.seed, None)
        sweep(evidence, experiment, blocks, SHARED, SETTINGS.seed, lambda: bool(evidence.refuted))
        if not evidence.refuted:  # Hypothesis has to find it
            assert judge_cell(mutant, role, found, dtype, SETTINGS, SHARED).verdict == "refuted"
            return
        first = evidence.refuted[0]
        certified = witness_of(experiment, first.case, first.regime, first.decision).certified
        assert prop in OF_HISTORY or "reruns differed" not in certified


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "mutant", "prop"),
    [
        pytest.param(r, m, p, id=f"{m.name}-{p}", marks=marks_of(r, p, fast=False))
        for r, m, p, d in NAMED
        if d == first_dtype(m, p) and zlib.crc32(m.name.encode()) % PARTS == 0
    ],
)
def test_a_mutant_is_refuted_by_the_property_named_for_it(role: Role, mutant: Subject, prop: str) -> None:
    found = role.property_named(prop)
    assert found is not None
    # One example of Hypothesis: the sweep refutes nearly all, and a longer search of each proves no more.
    settings = replace(SETTINGS, examples=1)
    cell = judge_cell(mutant, role, found, first_dtype(mutant, prop), settings, SHARED)
    if cell.verdict != "refuted":
        cell = judge_cell(mutant, role, found, first_dtype(mutant, prop), SETTINGS, SHARED)
    assert cell.verdict == "refuted", cell.detail
    assert cell.simplest is not None
    assert cell.worst is not None


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r.name)
def test_every_property_has_a_mutant_named_for_it(role: Role) -> None:
    assert {p.name for p in role.properties} == {prop for m in subjects(role.name, "mutant") for prop in m.fails}


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r.name)
def test_a_role_has_ten_mutants_or_more_and_each_names_one_property(role: Role) -> None:
    mutants = subjects(role.name, "mutant")
    assert len(mutants) >= (50 if role.name == "softmax" else 10)
    assert all(len(m.fails) == 1 for m in mutants)


def test_a_name_is_one_subjects_alone_but_for_libraries() -> None:
    names = Counter(s.name for s in subjects() if s.kind != "library")
    assert [name for name, count in names.items() if count > 1] == []


def test_a_code_is_one_propertys_alone() -> None:
    named = {(p.code, p.name) for role in ROLES for p in role.properties}
    assert len({code for code, _ in named}) == len(named)
