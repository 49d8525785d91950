from __future__ import annotations

import json

import numpy as np
import pytest
from nightly import tried_roles

from extremum.properties.calling.caller import present
from extremum.properties.inputs.regimes import REGIMES
from extremum.properties.model.role import Role, rows_alone
from extremum.properties.steps.blocks import block, restore
from extremum.properties.steps.witness import decode
from extremum.properties.values.case import Case, encode, integer
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.errors import UsageError
from extremum.reference.subjects.adapters import EVERY_LAYOUT


def same_bits(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dtype", FORMATS)
def test_every_bit_pattern_but_nan_survives_the_record(dtype: str) -> None:
    fmt = FORMATS[dtype]
    top = fmt.largest_ordinal
    x = fmt.from_ordinal(np.linspace(-top, top, 61).astype(np.int64)).reshape(1, -1)
    x[0, 30] = -0.0
    if fmt.has_infinity:
        x[0, 31] = -np.inf
    record = json.loads(json.dumps(encode(Case({"x": x, "axis": integer(-2)}))))
    again = decode(record)
    assert same_bits(again.x, x)
    assert again.axis == -2


def test_long_rows_of_few_values_are_kept_as_runs() -> None:
    x = np.zeros((1, 2**17), np.float16)
    x[0, -1] = -0.0
    record = encode(Case({"x": x}))
    assert record["x"]["runs"] == [["0x0.0p+0", 2**17 - 1], ["-0x0.0p+0", 1]]
    assert same_bits(decode(record).x, x)


def test_long_rows_of_a_regime_are_kept_as_their_recipe() -> None:
    made = block(rows_alone, "float32", (1, 5000), 256, 5000, 3, (REGIMES["all-equal"], REGIMES["ordinary"]))
    row = made.regimes.index("ordinary")
    recipe = {"role": "softmax", **made.recipe(row), "arguments": ["x"]}
    case = Case({"x": made.x[row : row + 1].copy()}, recipe=recipe)
    record = json.loads(json.dumps(encode(case)))
    assert "values" not in record["x"]
    assert same_bits(decode(record).x, case.x)
    record["x"]["sha256"] = "0" * 64
    with pytest.raises(UsageError, match="no longer restores it"):
        decode(record)


@pytest.mark.parametrize("role", tried_roles(), ids=lambda r: r.name)
@pytest.mark.parametrize("dtype", ["float64", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_a_recipe_restores_its_rows_bit_for_bit(dtype: str, role: Role) -> None:
    for regime in role.regimes:
        made = block(role.arguments, dtype, (role.heights(100)[0], 100), 24, 100, 7, (regime,))
        for name, a in made.arguments.items():
            for r in range(len(a)):
                recipe = {"role": role.name, **made.recipe(r), "argument": name}
                assert same_bits(restore(recipe, dtype), a[r : r + 1]), (regime.name, name, r)


@pytest.mark.parametrize("role", tried_roles(), ids=lambda r: r.name)
def test_the_arguments_of_a_call_survive_the_record_as_a_reader_passes_them(role: Role) -> None:
    arguments = role.ordinary(FORMATS["float16"], n=5, rows=1)
    record = json.loads(json.dumps(encode(Case(role.signature.shown(arguments)))))
    again = role.signature.stacked(decode(record).arguments)
    assert list(again) == list(role.signature.inputs)
    assert all(same_bits(again[name], arguments[name]) for name in arguments)


@pytest.mark.parametrize("layout", EVERY_LAYOUT)
def test_a_layout_changes_no_value_and_owns_its_memory(layout: str) -> None:
    x = np.tile(np.arange(12, dtype=np.float32), (3, 1))
    made = present(x, layout)
    assert (made == x).all()
    assert not np.shares_memory(made, x)
    assert present(x, "reversed").strides[-1] < 0
    assert present(x, "broadcast").strides[0] == 0
    assert present(x, "F").flags.f_contiguous
    assert not present(x, "read-only").flags.writeable
