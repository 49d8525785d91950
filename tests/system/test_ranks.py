"""How many dimensions a subject takes is found by its trial call: with others it is not called, and not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, from_json, to_json, tried
from extremum.reference.subjects.subject import RANKS, Subject

KERNELS = """
import numpy as np


def sound(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True, dtype=np.promote_types(e.dtype, np.float32))).astype(x.dtype)


def matrices(x):
    rows, columns = x.shape
    return sound(x)


def up_to_matrices(x, axis=-1):
    if x.ndim > 2:
        raise ValueError("expected a vector or a matrix")
    return sound(x, axis)


def wrong_for_images(x, axis=-1):
    return sound(x, axis) if x.ndim < 4 else sound(x, 1)


def vectors(x):
    (n,) = x.shape
    return sound(x)


def vectors_backwards(x):
    (n,) = x.shape
    return sound(x)[::-1]


def vectors_with_a_counter(x):
    (n,) = x.shape
    vectors_with_a_counter.calls = getattr(vectors_with_a_counter, "calls", 0) + 1
    return sound(x) if vectors_with_a_counter.calls % 2 else sound(x) + x.dtype.type(0.25)


def matrices_by_column(x):
    rows, columns = x.shape
    return sound(x, 0)
"""


def subject(folder: Path, name: str) -> Subject:
    (folder / "kernels.py").write_text(KERNELS)
    it = tried(f"{folder}/kernels.py:{name}", role_named("softmax"), Wish())
    assert from_json(to_json(it)).ranks == it.ranks
    return it


@pytest.mark.parametrize(
    ("name", "ranks", "said", "left_out"),
    [
        ("sound", RANKS, "numpy arrays, axis by axis=", set()),
        ("matrices", (2,), "numpy arrays of 2 dimensions alone, no axis parameter", {"axis"}),
        ("vectors", (1,), "numpy arrays of 1 dimension alone, one row a call", {"axis"}),
        ("up_to_matrices", (1, 2), "numpy arrays of 1 or 2 dimensions, axis by axis=", set()),
    ],
)
def test_a_sound_function_is_judged_with_the_dimensions_that_it_takes(
    tmp_path: Path, name: str, ranks: tuple[int, ...], said: str, left_out: set[str]
) -> None:
    it, role, shared = subject(tmp_path, name), role_named("softmax"), Shared()
    assert it.ranks == ranks
    assert said in introduce(it)["line"]
    contract = ["shape", "axis", "layout", "row_independence", "determinism", "purity", "dtype", "accuracy"]
    settings = Settings(examples=20, regimes=("ordinary",))
    cells = {
        p.name: judge_cell(it, role, p, "float32", settings, shared) for p in role.properties if p.name in contract
    }
    shared.close()
    assert len(cells) == len(contract)
    assert {name: cell.detail for name, cell in cells.items() if cell.verdict != "held"} == dict.fromkeys(
        left_out, "it has no axis parameter"
    )


@pytest.mark.parametrize(
    ("name", "prop"),
    [
        ("wrong_for_images", "axis"),
        ("matrices_by_column", "accuracy"),
        ("vectors_backwards", "accuracy"),
        ("vectors_with_a_counter", "row_independence"),
    ],
)
def test_a_wrong_answer_is_no_dimension_that_it_does_not_take(tmp_path: Path, name: str, prop: str) -> None:
    it, role, shared = subject(tmp_path, name), role_named("softmax"), Shared()
    asked = role.property_named(prop)
    assert asked is not None
    cell = judge_cell(it, role, asked, "float32", Settings(examples=0), shared)
    shared.close()
    assert cell.verdict == "refuted"
