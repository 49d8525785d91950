"""Which cells are one finding: those that what was tried connects."""

from __future__ import annotations

from typing import Any

import pytest

from extremum.properties.values.finding import Cell, Witness
from extremum.reports.record.findings import findings_of


def failing(prop: str, size: int = 1, dtype: str = "float32", detail: str = "", **told: Any) -> Cell:
    """A cell of one witness."""
    x = {"dtype": dtype, "shape": [1, size], "layout": "C", "values": ["0x0.0p+0"] * size}
    certified = told.pop("certified", "")
    witness = Witness({"x": x}, "ordinary", 9.0, 1.0, certified=certified, **told)
    cause = told.get("cause", "unknown")
    return Cell(
        "f", "softmax", prop, "EX1", dtype, "refuted", cause=cause, detail=detail, simplest=witness, worst=witness
    )


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (  # each refutes the next: one formula
            [
                failing("sum_to_one", 1, refutes=["accuracy float32"]),
                failing("accuracy", 2, refutes=["accuracy float32"]),
                failing("mask", 3, refutes=["accuracy float32"]),
            ],
            [["sum_to_one", "accuracy", "mask"]],
        ),
        (  # nothing connects them
            [
                failing("accuracy", 1, refutes=["accuracy float32"]),
                failing("mask", 2, refutes=["mask float32"]),
            ],
            [["accuracy"], ["mask"]],
        ),
        (  # ordinary rows fail for a known cause
            [
                failing("accuracy", 1, cause="wrong factor"),
                failing("mask", 2, refutes=["accuracy float32"]),
                failing("axis", 3, refutes=["axis float32"]),
            ],
            [["accuracy", "mask"], ["axis"]],
        ),
        (  # a loss at the extremes explains no other row
            [
                failing("accuracy", 1, cause="exp overflow", correction="shift"),
                failing("mask", 2, refutes=["accuracy float32"]),
            ],
            [["accuracy"], ["mask"]],
        ),
        (  # seen once, in a subject whose state leaks
            [
                failing("accuracy", 1, cause="state leaks between rows"),
                failing("determinism", 2, certified="balls; seen once, 3 reruns differed"),
                failing("mask", 3, refutes=["mask float32"]),
            ],
            [["accuracy", "determinism"], ["mask"]],
        ),
        (  # of a sum in 16 bits the case tells which correction applies
            [
                failing("axis", 1, cause="sum in 16 bits", correction="rows last"),
                failing("layout", 2, cause="sum in 16 bits", correction="plain layout"),
            ],
            [["axis", "layout"]],
        ),
        (  # the same words, in dtypes whose witnesses do not fit each other
            [
                failing("mask", 1, "float32", detail="entry 0 is 3 ulps off", refutes=["mask float32"]),
                failing("mask", 2, "float64", detail="entry 4 is 17 ulps off", refutes=["mask float64"]),
                failing("mask", 3, "bfloat16", detail="raises ValueError: no", refutes=["mask bfloat16"]),
            ],
            [["mask"], ["mask"]],
        ),
        (  # of two answers one is no number
            [
                failing("mask", 1, "float32", got="nan and 0x0.0p+0", refutes=["mask float32"]),
                failing("mask", 2, "float16", got="nan and 0x1.0p+0", refutes=["mask float16"]),
                failing("mask", 3, "float64", got="inf and 0x1.0p+0", refutes=["mask float64"]),
            ],
            [["mask"], ["mask"]],
        ),
        (  # no number in one dtype and another
            [
                failing("mask", 1, "float32", got="nan", refutes=["mask float32"]),
                failing("mask", 2, "float16", got="nan", refutes=["mask float16"]),
                failing("mask", 3, "float64", got="0.5", refutes=["mask float64"]),
            ],
            [["mask"], ["mask"]],
        ),
    ],
)
def test_cells_are_one_finding_where_what_was_tried_connects_them(cells: list[Cell], wanted: list[list[str]]) -> None:
    found = [sorted(f.properties) for f in findings_of(cells)]
    assert sorted(found) == sorted(sorted(group) for group in wanted)
