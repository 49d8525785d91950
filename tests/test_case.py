from __future__ import annotations

import json

import numpy as np
import pytest

from extremum.properties.case import Case, decode, encode, integer, present
from extremum.properties.regimes import REGIMES
from extremum.properties.sweep import block, restore
from extremum.reference.adapters import EVERY_LAYOUT
from extremum.reference.errors import UsageError
from extremum.reference.formats import FORMATS, Array


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
    made = block("float32", 5000, 256, 3, ("all-equal", "ordinary"))
    row = made.regimes.index("ordinary")
    case = Case({"x": made.x[row : row + 1].copy()}, recipe=made.recipe(row))
    record = json.loads(json.dumps(encode(case)))
    assert "values" not in record["x"]
    assert same_bits(decode(record).x, case.x)
    record["x"]["sha256"] = "0" * 64
    with pytest.raises(UsageError, match="no longer restores it"):
        decode(record)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_a_recipe_restores_its_row_bit_for_bit(dtype: str, regime: str) -> None:
    made = block(dtype, 100, 24, 7, (regime,))
    assert all(same_bits(restore(made.recipe(r), dtype), made.x[r : r + 1]) for r in range(len(made.x)))


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
