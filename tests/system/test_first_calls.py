"""A subject that compiles for each shape is waited for: once for each, and it is not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from extremum.properties.calling.host_channel import Limits
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried

COMPILED = """
import time
import numpy as np

compiled = set()


def softmax(x, axis=-1):
    if (x.shape, axis) not in compiled:
        compiled.add((x.shape, axis))
        time.sleep({seconds})
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seconds", "prop", "limit"),
    [("0.02", "axis", 2.0), ("0.02", "accuracy", 5.0), ("6 if x.shape[axis] == 33 else 0", "row_independence", 5.0)],
)
def test_a_subject_that_compiles_for_each_shape_is_judged(
    tmp_path: Path, seconds: str, prop: str, limit: float
) -> None:
    (tmp_path / "compiled.py").write_text(COMPILED.format(seconds=seconds))
    role, shared, limits = role_named("softmax"), Shared(), Limits(first_call_seconds=30.0)
    it = tried(f"{tmp_path}/compiled.py:softmax", role, Wish(limits))
    asked = role.property_named(prop)
    assert asked is not None
    settings = Settings(examples=0, timeout=limit, regimes=("ordinary",), limits=limits)
    cell = judge_cell(it, role, asked, "float32", settings, shared)
    shared.close()
    assert cell.verdict in ("held", "incomplete")
    assert cell.verdict == "held" or "no call took half of it" in cell.detail  # a busy machine
    assert cell.examined > 0
