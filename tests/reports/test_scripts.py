"""The script of a finding runs by itself, beside the subject's file, and shows the failure; of every role."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_cells import judge_cell

from extremum.properties.calling.caller import present
from extremum.properties.engine import Settings
from extremum.properties.roles.registry import roles
from extremum.properties.values.finding import Cell, Witness
from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import Subject, load
from extremum.reports.views.script import LAYOUTS, script

FAULTY = """
import numpy as np

kept = {}


def anything(*arguments, axis=-1):
    return overflowing_softmax(arguments[0], axis)


def overflowing_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def sound_softmax(x, axis=-1):
    return overflowing_softmax(x - x.max(axis=axis, keepdims=True), axis)


def last_axis_softmax(x, axis=-1):
    return sound_softmax(x)


def flat_softmax(x):
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


def second_axis_softmax(x):
    return sound_softmax(x, 1 if x.ndim > 1 else 0)


def strideless_softmax(x, axis=-1):
    return sound_softmax(x if x.base is None else np.resize(x.base, x.shape), axis)


def greedy_softmax(x, axis=-1):
    x -= x.max(axis=axis, keepdims=True)
    return sound_softmax(x, axis)


def reusing_softmax(x, axis=-1):
    out = kept.setdefault((x.shape, x.dtype), np.empty_like(x))
    out[...] = sound_softmax(x, axis)
    return out


def seeding_softmax(x, axis=-1):
    np.random.seed(0)
    return sound_softmax(x, axis)


def dithered_softmax(x, axis=-1):
    return (sound_softmax(x, axis) * np.random.uniform(0.9, 1.1)).astype(x.dtype)


def log_of_softmax(x, axis=-1):
    return np.log(sound_softmax(x, axis))


def stagnant_log_softmax(x, axis=-1):
    d = x - x.max(axis=axis, keepdims=True)
    return d - np.log(np.cumsum(np.exp(d), axis=axis).max(axis=axis, keepdims=True))


def overflowing_logsumexp(x, axis=-1):
    return np.log(np.exp(x).sum(axis=axis))


def promoted_logsumexp(x, axis=-1):
    a = x.max(axis=axis)
    return (a + np.log(np.exp(x - np.expand_dims(a, axis)).sum(axis=axis))).astype(np.float64)


def diagonal_softmax_jacobian(x):
    s = sound_softmax(x)
    return np.diag(s * (1 - s)).astype(x.dtype)


def negative_softmax_jacobian(x):
    s = sound_softmax(x)
    return (np.outer(s, s) - np.diag(s)).astype(x.dtype)


def uncentred_softmax_vjp(x, g):
    return sound_softmax(x) * g


def clipping_softmax_vjp(x, g):
    s = sound_softmax(x)
    return s * (g.clip(-1, 1) - (g.clip(-1, 1) * s).sum())


def remembering_softmax_vjp(x, g):
    s = sound_softmax(x)
    mean = (g * s).sum()
    before, kept["mean"] = kept.get("mean", mean), mean
    return (s * (g - before)).astype(x.dtype)


def strideless_softmax_vjp(x, g):
    s = strideless_softmax(x)
    return s * (g - (g * s).sum())


def log_of_softmax_cross_entropy(logits, L):
    return -np.log(sound_softmax(logits)[L])


def remembering_cross_entropy(logits, L):
    largest = logits.max()
    before, kept["largest"] = kept.get("largest", largest), largest
    return ((before - logits[L]) + np.log(np.exp(logits - largest).sum())).astype(logits.dtype)


def multiplied_cross_entropy(logits, L):
    onehot = np.arange(len(logits)) == L
    d = logits - logits.max()
    return ((np.log(np.exp(d).sum()) - d) * onehot).sum(dtype=logits.dtype)


def python_float_cross_entropy(logits, L):
    d = logits - logits.max()
    return float(np.log(np.exp(d).sum()) - d[L])


def overflowing_cross_entropy_gradient(logits, L):
    e = np.exp(logits)
    s = e / e.sum()
    s[L] -= 1
    return s


def greedy_cross_entropy_gradient(logits, L):
    logits -= logits.max()
    return overflowing_cross_entropy_gradient(logits, L)


def lazy_descent_step(x, gradient, step_size):
    update = x.dtype.type(step_size) * gradient
    return np.where(np.abs(update) < 1e-2 * np.abs(x), x, x - update)


def remembering_descent_step(x, gradient, step_size):
    before = kept.get(x.shape, gradient)
    kept[x.shape] = gradient
    return x - x.dtype.type(step_size) * before
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scripts")
    (place / "faulty.py").write_text(FAULTY)
    (place / "not-a-name.py").write_text(FAULTY)
    return place


def found(folder: Path, function: str, role: str, prop: str, dtype: str, file: str = "faulty.py") -> Cell:
    name, loaded = load(f"{folder / file}:{function}")
    subject = Subject(name, role, loaded, axis=axis_of(function))
    known = roles()[role].property_named(prop)
    assert known is not None
    cell = judge_cell(subject, roles()[role], known, dtype, Settings(examples=10, seed=3))
    assert cell.verdict == "refuted", cell.detail
    return cell


def axis_of(function: str) -> str | None:
    return None if function in ("flat_softmax", "second_axis_softmax") else "axis"


def printed(folder: Path, cell: Cell, witness: Witness | None, record: Mapping[str, str]) -> str:
    assert witness is not None
    (folder / "again.py").write_text(script(cell, witness, record))
    command = [sys.executable, "-W", "ignore", "again.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    return done.stdout


FINDINGS = [
    ("overflowing_softmax", "softmax", "finite", "float32", "nan"),
    ("overflowing_softmax", "softmax", "sum_to_one", "bfloat16", "nan"),
    ("overflowing_softmax", "softmax", "shift_invariance", "float32", "nan"),
    ("last_axis_softmax", "softmax", "axis", "float32", "two answers"),
    ("second_axis_softmax", "softmax", "axis", "float32", "two answers"),
    ("flat_softmax", "softmax", "row_independence", "float32", "two answers"),
    ("strideless_softmax", "softmax", "layout", "float32", "two answers"),
    ("strideless_softmax", "softmax", "layout", "bfloat16", "two answers"),
    ("greedy_softmax", "softmax", "purity", "float32", r"[1-9]\d* entries of x changed"),
    ("reusing_softmax", "softmax", "purity", "float32", r"[1-9]\d* entries of an earlier answer changed"),
    ("seeding_softmax", "softmax", "purity", "float32", "a random state changed: True"),
    ("dithered_softmax", "softmax", "determinism", "float32", "[1-9]"),
    ("log_of_softmax", "log_softmax", "saturation", "float32", "-inf"),
    ("stagnant_log_softmax", "log_softmax", "exp_sum_to_one", "bfloat16", "0"),
    ("overflowing_logsumexp", "logsumexp", "finite", "float32", "inf"),
    ("overflowing_logsumexp", "logsumexp", "shift_equivariance", "bfloat16", "inf"),
    ("promoted_logsumexp", "logsumexp", "dtype", "float32", "float64 for float32"),
    ("diagonal_softmax_jacobian", "softmax_jacobian", "accuracy", "float32", r"0\.25"),
    ("diagonal_softmax_jacobian", "softmax_jacobian", "vjp_agreement", "bfloat16", "two answers"),
    ("clipping_softmax_vjp", "softmax_vjp", "linear", "float32", "two answers"),
    ("negative_softmax_jacobian", "softmax_jacobian", "positive_semidefinite", "bfloat16", "-0"),
    ("uncentred_softmax_vjp", "softmax_vjp", "sum_to_zero", "float32", ""),
    ("uncentred_softmax_vjp", "softmax_vjp", "annihilates_constants", "bfloat16", ""),
    ("remembering_softmax_vjp", "softmax_vjp", "row_independence", "float32", "two answers"),
    ("strideless_softmax_vjp", "softmax_vjp", "layout", "float32", "two answers"),
    ("log_of_softmax_cross_entropy", "cross_entropy", "finite", "float32", "inf"),
    ("remembering_cross_entropy", "cross_entropy", "row_independence", "float32", "two answers"),
    ("multiplied_cross_entropy", "cross_entropy", "mask", "bfloat16", "nan"),
    ("python_float_cross_entropy", "cross_entropy", "dtype", "float32", "float64 for float32"),
    ("overflowing_cross_entropy_gradient", "cross_entropy_gradient", "finite", "bfloat16", "nan"),
    ("lazy_descent_step", "descent_step", "update_kept", "float32", r"\[0\.?\]"),
    ("lazy_descent_step", "descent_step", "accuracy", "bfloat16", r"\["),
    ("remembering_descent_step", "descent_step", "row_independence", "float32", "two answers"),
    (
        "greedy_cross_entropy_gradient",
        "cross_entropy_gradient",
        "purity",
        "float32",
        r"[1-9]\d* 0 entries of logits, L changed",
    ),
]
ONE_OF_EACH_ROLE = {row[1]: row for row in reversed(FINDINGS)}.values()


@pytest.mark.parametrize(
    ("function", "role", "prop", "dtype", "shown"),
    [pytest.param(*row, marks=() if row in ONE_OF_EACH_ROLE else pytest.mark.slow) for row in FINDINGS],
)
def test_the_script_of_a_finding_runs_and_shows_it(
    folder: Path, function: str, role: str, prop: str, dtype: str, shown: str
) -> None:
    cell = found(folder, function, role, prop, dtype)
    record = {"arrays": "numpy"} | ({"axis": "axis"} if axis_of(function) else {})
    out = printed(folder, cell, cell.simplest, record)
    if shown == "two answers":
        first, second = out[: len(out) // 2].split(), out[len(out) // 2 :].split()
        assert first != second
    else:
        assert re.search(shown, out), out


@pytest.mark.parametrize("which", ["simplest", "worst"])
def test_rows_of_a_one_row_role_are_called_in_turn(folder: Path, which: str) -> None:
    cell = found(folder, "remembering_cross_entropy", "cross_entropy", "row_independence", "float32")
    witness = cell.simplest if which == "simplest" else cell.worst
    printed(folder, cell, witness, {"arrays": "numpy"})


def test_the_layouts_of_a_script_are_those_of_the_engine() -> None:
    for layout, lines in LAYOUTS.items():
        x = np.arange(6.0, dtype=np.float32).reshape(2, 3) * (1 if layout != "broadcast" else 0)
        expected = present(x, layout)
        names: dict[str, Any] = {"np": np, "x": x.copy()}
        exec(lines.format(x="x"), names)  # our own text
        made: Array = names["x"]
        assert np.array_equal(made, expected)
        assert (made.strides, made.flags.writeable, made.dtype) == (
            expected.strides,
            expected.flags.writeable,
            expected.dtype,
        )


def test_a_file_whose_name_is_no_identifier_is_imported_all_the_same(folder: Path) -> None:
    cell = found(folder, "overflowing_softmax", "softmax", "finite", "float32", "not-a-name.py")
    assert "nan" in printed(folder, cell, cell.simplest, {"arrays": "numpy", "axis": "axis"})


X = {"dtype": "float32", "shape": [1, 2], "layout": "C", "values": ["0x1.62e4300000000p+6", "0x0.0p+0"]}


@pytest.mark.parametrize(
    ("role", "arguments"),
    [
        ("of a later version", {"x": X}),
        ("softmax", {"logits": X}),
        ("softmax_vjp", {"x": X}),
        ("softmax", {"no identifier": X, "lambda x": {**X, "layout": "sliced"}}),
    ],
)
def test_arguments_that_the_role_does_not_name_are_passed_as_they_are(
    folder: Path, role: str, arguments: dict[str, dict[str, object]]
) -> None:
    cell = Cell("faulty.py:anything", role, "finite", "EX101", "float32", "refuted")
    assert "nan" in printed(folder, cell, Witness(arguments, "", 1.0, 0.0), {"arrays": "numpy"})


def test_a_witness_without_arguments_has_a_script() -> None:
    cell = Cell("faulty.py:anything", "softmax", "finite", "EX101", "float32", "refuted")
    assert script(cell, Witness({}, "", 1.0, 0.0), {}).endswith("print(f())\n")


def test_of_a_call_that_did_not_return_the_script_makes_that_call_alone(folder: Path) -> None:
    axis = {"dtype": "int64", "shape": [], "layout": "C", "values": ["0"]}
    for prop, more in (("shift_invariance", {}), ("axis", {"axis": axis})):
        cell = Cell("faulty.py:overflowing_softmax", "softmax", prop, "", "float32", "crashed")
        out = printed(folder, cell, Witness({"x": X, **more}, "", None, None), {"arrays": "numpy", "axis": "axis"})
        assert out.count("[[") == 1
