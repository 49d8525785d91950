"""The table of allowed errors: computed by the code that judges, and narrow enough for a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner, Result

from extremum.properties.calling.call import Call, quiet
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import role_named, roles
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reports.cli import main
from extremum.reports.views.bounds_table import LENGTHS, allowed, has_truth, rounded_truth, table

ROLES = list(roles().values())
WITH_TRUTH = [role for role in ROLES if role.name != "gradient_of"]
FLOAT32, BFLOAT16 = FORMATS["float32"], FORMATS["bfloat16"]


def bounds(*words: str) -> Result:
    return CliRunner().invoke(main, ["bounds", *words])


def named(role: Role, name: str) -> Property:
    prop = role.property_named(name)
    assert prop is not None
    return prop


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_property_of_a_role_stands_in_eighty_columns_once(role: Role) -> None:
    text = table([role], [FLOAT32, BFLOAT16])
    assert max(map(len, text)) <= 80
    block = " ".join(" ".join(text).partition(f"{role.name}: ")[2].split())
    expected = [f"{prop.code} {prop.name}" for prop in role.properties]
    assert sorted(re.findall(r"EX\d+ \w+", block)) == sorted(expected)


def test_the_error_model_is_the_first_block() -> None:
    text = table([role_named("softmax")], [FLOAT32, BFLOAT16], ["accuracy"])
    start = next(i for i, line in enumerate(text) if line.startswith("error model"))
    cells = [line.split() for line in text[start : text.index("", start)]]
    assert ["float32", "bfloat16"] in cells
    for row in (["exp", "3.6", "1.01"], ["log", "4.6", "1.01"], ["gap", "3", "1"], ["n=1024", "1023", "10"]):
        assert row in cells


def test_what_is_allowed_is_the_roles_own_bound_of_the_exact_answer() -> None:
    role = role_named("softmax")
    twice = replace(role, error_bound=lambda view: role.error_bound(view) * 2.0)
    for name in ("accuracy", "mask"):
        once, doubled = (allowed(of, named(of, name), FLOAT32, 16) for of in (role, twice))
        assert once is not None
        assert doubled == pytest.approx([2 * bound for bound in once])


def test_two_answers_may_differ_by_twice_the_bound_of_one() -> None:
    role = role_named("logsumexp")
    one, two = (allowed(role, named(role, name), FLOAT32, 16) for name in ("accuracy", "permutation_invariance"))
    assert one is not None
    assert two is not None
    assert two[1] == pytest.approx(2 * one[1], rel=0.1)


@pytest.mark.parametrize("role", WITH_TRUTH, ids=lambda role: role.name)
def test_the_subject_of_the_table_is_exact(role: Role) -> None:
    arguments = role.ordinary(FLOAT32, n=5, rows=3)
    with quiet():
        out = Call(rounded_truth(role), role.signature).rows(arguments)
        arithmetic = screen_arithmetic(FLOAT32)
        exact = FLOAT32.round(arithmetic.narrow(role.truth(arguments, arithmetic).exact()))
    assert out.dtype == np.float32
    assert np.array_equal(out, exact)


def test_the_subject_of_the_table_takes_an_axis_of_an_array() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

    def answer(name: str, axis: int) -> Array:
        role = role_named(name)
        return Call(rounded_truth(role), role.signature).answer({"x": x}, axis)

    for axis in (0, 1, -1):
        total = answer("softmax", axis).sum(axis=axis)
        assert total == pytest.approx(np.ones_like(total))
        assert np.array_equal(
            answer("logsumexp", axis), np.log(np.exp(np.float64(x)).sum(axis=axis)).astype(np.float32)
        )


def test_no_exact_answer_is_known_of_the_gradient_of_a_users_function() -> None:
    assert [role.name for role in ROLES if not has_truth(role)] == ["gradient_of"]
    assert "follows from that function: EX940 finite" in bounds("--role", "gradient_of").stdout


def test_an_underflow_is_measured_below_the_normal_range() -> None:
    role = role_named("softmax")
    bound = allowed(role, named(role, "gradual_underflow"), FLOAT32, 16)
    assert bound == pytest.approx([3.6 + 0.5] * 2, rel=0.01)


def test_options_choose_role_property_and_format() -> None:
    done = bounds("--role", "softmax", "--property", "accuracy,finite", "--dtype", "float16,float8_e5m2")
    assert done.exit_code == 0
    assert re.findall(r"EX\d+", done.stdout) == ["EX105", "EX101"]
    assert "float16  float8_e5m2" in done.stdout
    assert "float32" not in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines() if "n=" in line][-2:] == [f"n={n}" for n in LENGTHS]


def test_six_formats_stand_in_two_tables_of_eighty_columns() -> None:
    done = bounds("--role", "softmax_vjp", "--dtype", ",".join(FORMATS))
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.count("softmax_vjp: ") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--role", "softmix"), "did you mean 'softmax'"),
        (("--property", "acuracy"), "did you mean 'accuracy'"),
        (("--role", "softmax", "--property", "saturation"), "property='saturation' is none of role=softmax"),
        (("--dtype", "float31"), "did you mean 'float32'"),
    ],
)
def test_what_is_not_known_is_one_line_and_exit_4(words: tuple[str, ...], said: str) -> None:
    done = bounds(*words)
    assert done.exit_code == 4
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_matrix_is_cut_to_a_size_that_takes_no_time() -> None:
    text = " ".join(table([role_named("softmax_jacobian")], [FLOAT32], ["accuracy"])).split()
    assert {"n=16", "n=64"} <= set(text)
