"""Every softmax against every property: sound references hold, and each mutant is refuted by its own."""

from __future__ import annotations

import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.softmax import ROLE
from extremum.reference.formats import DEFAULT_DTYPES
from extremum.reference.subjects import Subject, subjects

REFERENCES = subjects("softmax", "reference")
MUTANTS = subjects("softmax", "mutant")
SETTINGS = Settings(examples=20, seed=1)
NAMED = [(mutant, prop, dtype) for mutant in MUTANTS for prop, dtypes in mutant.fails.items() for dtype in dtypes]


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
@pytest.mark.parametrize("reference", REFERENCES, ids=lambda s: s.name)
def test_a_reference_fails_what_it_declares_and_nothing_else(reference: Subject, dtype: str) -> None:
    cells = [judge_cell(reference, ROLE, prop, dtype, SETTINGS) for prop in ROLE.properties]
    assert [(c.property, c.verdict, c.cause) for c in cells if c.unexpected] == []


@pytest.mark.parametrize(("mutant", "prop", "dtype"), NAMED, ids=[f"{m.name}-{p}-{d}" for m, p, d in NAMED])
def test_a_mutant_is_refuted_by_the_property_named_for_it(mutant: Subject, prop: str, dtype: str) -> None:
    found = ROLE.property_named(prop)
    assert found is not None
    cell = judge_cell(mutant, ROLE, found, dtype, SETTINGS)
    assert cell.verdict == "refuted", cell.cause
    assert cell.simplest is not None
    assert cell.worst is not None


def test_every_property_has_a_mutant_named_for_it() -> None:
    assert {p.name for p in ROLE.properties} == {prop for m in MUTANTS for prop in m.fails}


def test_there_are_fifty_mutants_and_each_names_one_property() -> None:
    assert len(MUTANTS) >= 50
    assert all(len(m.fails) == 1 for m in MUTANTS)


def test_codes_are_unique() -> None:
    assert len({p.code for p in ROLE.properties}) == len(ROLE.properties)
