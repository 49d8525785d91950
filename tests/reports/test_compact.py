"""The record as a file has it: small, and read to the same cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from record_schema import SCHEMA

from extremum.properties.values.case import Case, encode
from extremum.properties.values.finding import Cell, Witness
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reference.errors import UsageError
from extremum.reports.record.compact import compacted, expanded, thinned
from extremum.reports.record.reading import read_report
from extremum.reports.record.record import Record

PROFILE = {
    "magnitude": [[2.0**k, 10.0**k] for k in np.arange(-24, 1000, 0.25).tolist() if k < 250],
    "length": [[float(n), 0.123456 * n] for n in range(1, 40)],
}


def cell(dtype: str = "float32", entries: int = 500, **fields: Any) -> Cell:
    x = FORMATS[dtype].round(np.random.default_rng(1).normal(size=(2, entries // 2)))
    witness = Witness(encode(Case({"x": x})), "ordinary", 2.0, 1.0, "0x1.0p+0", "2.0", [0, 0])
    known = Cell("f.py:f", "softmax", "accuracy", "EX105", dtype, "refuted", 9, 2.0, 1.0, "ulp", severity="high")
    return replace(known, simplest=witness, worst=witness, regimes=["a", "b"], profile=PROFILE, **fields)


def written(*cells: Cell) -> dict[str, Any]:
    environment = {"python": "3", "platform": "", "machine": "", "versions": {}}
    record = json.loads(json.dumps(Record(list(cells), environment=environment).to_json()))
    assert isinstance(record, dict)
    return record


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_long_witness_is_packed_and_read_bit_for_bit(dtype: str) -> None:
    made = cell(dtype)
    record = written(made)
    jsonschema.validate(record, SCHEMA)
    argument = record["cells"][0]["simplest"]["arguments"]["x"]
    assert set(argument) == {"dtype", "shape", "layout", "packed"}
    again = Record.from_json(record).cells[0]
    assert again.simplest == made.simplest
    assert len(json.dumps(argument)) < len(json.dumps(made.simplest.arguments["x"])) / 2  # type: ignore[union-attr]


def test_short_arrays_nan_and_infinities_stay_readable_or_are_kept() -> None:
    short = cell(entries=8)
    assert "values" in written(short)["cells"][0]["simplest"]["arguments"]["x"]
    x = np.linspace(0, 1, 100, dtype=np.float32)[None]
    x[0, :3] = np.nan, np.inf, -0.0
    odd = replace(short, worst=Witness(encode(Case({"x": x})), "", 1.0, 0.0, index=[]))
    assert Record.from_json(written(odd)).cells[0].worst == odd.worst


def test_what_cells_have_in_common_stands_once() -> None:
    shapes = {"lengths": "1-33", "ranks": "2"}
    record = written(
        *(replace(c, shapes=shapes) for c in (cell(), cell("float64"))), replace(cell("float16"), regimes=["c"])
    )
    assert record["plans"]["regimes"] == [["a", "b"], ["c"]]
    assert [c["regimes"] for c in record["cells"]] == [0, 0, 1]
    assert record["plans"]["shapes"] == [shapes]
    assert [c.get("shapes") for c in record["cells"]] == [0, 0, None]
    assert [c.shapes for c in Record.from_json(record).cells] == [shapes, shapes, {}]
    assert [c.regimes for c in Record.from_json(record).cells] == [["a", "b"], ["a", "b"], ["c"]]


def test_a_record_that_is_read_and_written_again_is_the_same() -> None:
    held = replace(cell("float64"), verdict="held", severity="", simplest=None, worst=None)
    record = written(cell(), held)
    assert "profile" not in record["cells"][1]
    assert written(*Record.from_json(record).cells) == record


def test_a_profile_keeps_the_largest_ratio_of_each_place() -> None:
    kept = thinned(cell())
    assert len(kept["magnitude"]) < 120
    assert max(r for _, r in kept["magnitude"]) == max(float(f"{r:.3g}") for _, r in PROFILE["magnitude"])
    assert {1.0, 2.0**0.25, 2.0**0.5} <= {x for x, _ in kept["magnitude"]}
    assert thinned(replace(cell(), profile=kept)) == kept


@pytest.mark.parametrize("schema", ["extremum.report/3", "extremum.report/2", "extremum.report/1"])
def test_reports_of_earlier_schemas_are_read(tmp_path: Path, schema: str) -> None:
    made = cell()
    record = {**written(made), "schema": schema, "cells": [made.to_json()]}
    del record["plans"]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(record))
    assert read_report(path).cells[0].to_json() == made.to_json()


def damage(part: str) -> Callable[[dict[str, Any]], None]:
    def of_argument(record: dict[str, Any]) -> dict[str, Any]:
        argument = record["cells"][0]["worst"]["arguments"]["x"]
        assert isinstance(argument, dict)
        return argument

    changes: dict[str, Callable[[dict[str, Any]], None]] = {
        "no plans": lambda r: r.pop("plans"),
        "plans are no object": lambda r: r.update(plans=[]),
        "a number too high": lambda r: r["cells"][0].update(regimes=7),
        "a number below 0": lambda r: r["cells"][0].update(shapes=-1),
        "no number": lambda r: r["cells"][0].update(regimes=["a"]),
        "no base 64": lambda r: of_argument(r).update(packed="\u00e9"),
        "no zlib": lambda r: of_argument(r).update(packed="AAAA"),
        "no text": lambda r: of_argument(r).update(packed=3),
        "another shape": lambda r: of_argument(r).update(shape=[2, 999]),
        "a shape of text": lambda r: of_argument(r).update(shape="big"),
        "a huge shape": lambda r: of_argument(r).update(shape=[2**40]),
        "another dtype": lambda r: of_argument(r).update(dtype="float128"),
        "regimes that are no names": lambda r: r["plans"].update(regimes=[3]),
        "cells that are none": lambda r: r.update(cells=4),
    }
    return changes[part]


PARTS = (
    *("no plans", "plans are no object", "a number too high", "a number below 0", "no number", "no base 64", "no zlib"),
    *("no text", "another shape", "a shape of text", "a huge shape", "another dtype", "regimes that are no names"),
    "cells that are none",
)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_damaged_is_refused_in_one_line(tmp_path: Path, part: str) -> None:
    record = written(cell())
    damage(part)(record)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(record))
    with pytest.raises(UsageError) as refused:
        read_report(path)
    assert len(str(refused.value).splitlines()) == 1


def test_expanding_asks_for_plans() -> None:
    plans, rows = compacted([cell()])
    assert expanded({"plans": plans, "cells": rows})["cells"][0]["regimes"] == ["a", "b"]
