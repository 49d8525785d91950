"""Step sizes that are no floats of the dtype: what subjects do with them is told, and held against nobody."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.contested.conventions import CONVENTIONS, convention_named
from extremum.properties.contested.situations import characterise, dtype_for
from extremum.properties.contested.step_sizes import above_the_range, below_the_range
from extremum.properties.engine import Settings
from extremum.properties.inputs.draw import Sampled
from extremum.properties.roles.registry import roles
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import Array, format_of
from extremum.reference.subjects.subject import Subject
from extremum.reports import audit
from extremum.reports.views.script import script

ROLE = roles()["descent_step"]
QUICK = Settings(examples=5, seed=2)
Step = Callable[[Array, Array, float], Array]


def plain(x: Array, gradient: Array, step_size: float) -> Array:
    return (x - step_size * gradient).astype(x.dtype)


def rounded(x: Array, gradient: Array, step_size: float) -> Array:
    return x - x.dtype.type(step_size) * gradient


def wide(x: Array, gradient: Array, step_size: float) -> Array:
    return (x.astype(np.float64) - step_size * gradient.astype(np.float64)).astype(x.dtype)


def promoting(x: Array, gradient: Array, step_size: float) -> Array:
    return np.asarray(x - np.float64(step_size) * gradient)


def refusing(x: Array, gradient: Array, step_size: float) -> Array:
    raise ValueError(step_size)


def nothing(x: Array, gradient: Array, step_size: float) -> Array:
    return np.full_like(x, np.nan)


KEEPING = {
    "step-below-range=exact": wide,
    "step-below-range=wider": promoting,
    "step-below-range=unchanged": rounded,
    "step-below-range=raises": refusing,
    "step-between-floats=exact": plain,
    "step-between-floats=wider": promoting,
    "step-between-floats=raises": refusing,
    "step-above-range=exact": wide,
    "step-above-range=wider": promoting,
    "step-above-range=infinite": plain,
    "step-above-range=nan": nothing,
    "step-above-range=raises": refusing,
}


def known(function: Step, dtype: str = "float16") -> list[str]:
    """What it does with a step below the range, between two floats, and above the range."""
    return [b.what for b in characterise(Subject("it", ROLE.name, function), ROLE, dtype)]


def judged(function: Step, convention: str, dtype: str = "float16") -> Cell:
    prop = convention_named(convention).of(ROLE)
    return judge_cell(Subject("it", ROLE.name, function), ROLE, prop, dtype, QUICK)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (plain, ["x unchanged", "exact", "infinite"]),
        (rounded, ["x unchanged", "exact", "infinite"]),
        (wide, ["exact", "exact", "exact"]),
        (promoting, ["float64", "float64", "float64"]),
        (refusing, ["raises ValueError"] * 3),
    ],
)
def test_what_becomes_of_the_step_is_told(function: Step, expected: list[str]) -> None:
    assert known(function) == expected


def test_the_rates_are_those_that_a_dtype_just_cannot_hold() -> None:
    draw = Sampled(np.random.default_rng(0), format_of("float16"), 2, 3)
    rows = ROLE.ordinary(draw.fmt)
    assert below_the_range(draw, rows)["step_size"].tolist() == [1e-8, 1e-8]
    assert above_the_range(draw, rows)["step_size"].tolist() == [1e5, 1e5]


def test_every_python_float_is_a_float64_and_another_role_has_no_step() -> None:
    assert known(plain, "float64") == []
    assert not {"step-below-range", "step-above-range"} & {
        b.situation for b in characterise(Subject("it", "softmax", np.exp), roles()["softmax"], "float16")
    }


def test_steps_are_told_in_float16_where_the_subject_takes_it() -> None:
    assert dtype_for(Subject("it", ROLE.name, wide), ROLE) == "float16"
    assert dtype_for(Subject("it", ROLE.name, wide), ROLE, ["float64", "float32"]) == "float64"


def test_an_update_that_is_dropped_is_no_finding_until_a_convention_asks_for_it() -> None:
    report = audit(plain, "descent_step", ["float16"], examples=1, name="plain")
    assert report.exit_code == 0
    assert [b.what for b in report.contested] == ["x unchanged", "exact", "infinite"]


@pytest.mark.parametrize("name", KEEPING)
def test_a_convention_is_kept_to_by_a_function_with_its_outcome(name: str) -> None:
    assert judged(KEEPING[name], name).verdict == "held"


def test_a_convention_on_steps_does_not_arise_in_float64() -> None:
    cell = judged(plain, "step-below-range=exact", "float64")
    assert (cell.verdict, cell.detail) == ("inapplicable", "every step size is a float of float64")


OF_STEPS = [name for name, c in CONVENTIONS.items() if c.situation.steps is not None]


@pytest.mark.parametrize("name", OF_STEPS)
def test_the_script_of_a_refuted_convention_fails_until_the_convention_is_kept_to(name: str) -> None:
    wrong = wide if name.endswith(("wider", "unchanged", "infinite", "nan", "raises")) else refusing
    cell = judged(wrong, name)
    assert (cell.verdict, cell.severity) == ("refuted", "medium")
    assert fails(cell, wrong)
    assert not fails(cell, KEEPING[name])


def fails(cell: Cell, function: Step) -> bool:
    """Whether the script of the finding fails with this function."""
    assert cell.simplest is not None
    lines = script(cell, cell.simplest, {"name": "it"})
    before = np.geterr()
    try:
        exec(lines.replace("from your_module import it", ""), {"it": function})  # our own text
    except Exception:
        return True
    finally:
        np.seterr(**before)
    return False
