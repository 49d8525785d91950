"""The script of a finding runs by itself, beside the subject's file, and shows the failure; of every role."""

from __future__ import annotations

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


SOUND = """
import numpy as np

F64 = np.float64


def wide(function):
    def call(x, *others, **keywords):
        given = [F64(a) if isinstance(a, np.ndarray) else a for a in (np.array(x), *others)]
        with np.errstate(all="ignore"):
            return np.asarray(function(*given, **keywords)).astype(x.dtype)

    return call


def shifted(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def lse(x, axis=-1):
    a = x.max(axis=axis, keepdims=True)
    return np.squeeze(a + np.log(np.exp(x - a).sum(axis=axis, keepdims=True)), axis)


def log_softmax(x, axis=-1):
    d = x - x.max(axis=axis, keepdims=True)
    return d - np.log(np.exp(d).sum(axis, keepdims=True))


def jacobian(x):
    s = shifted(x)
    return np.diag(s) - np.outer(s, s)


SOUND = {
    "softmax": wide(shifted),
    "log_softmax": wide(log_softmax),
    "logsumexp": wide(lse),
    "softmax_jacobian": wide(jacobian),
    "softmax_vjp": wide(lambda x, g: shifted(x) * (g - (g * shifted(x)).sum())),
    "cross_entropy": wide(lambda x, L: lse(x) - x[L]),
    "cross_entropy_gradient": wide(lambda x, L: shifted(x) - (np.arange(len(x)) == L)),
    "descent_step": wide(lambda x, gradient, step_size: x - step_size * gradient),
}
FUNCTION = SOUND["ROLE"]
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


def run_in(folder: Path, file: Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a script that is run in a folder."""
    command = [sys.executable, "-B", "-W", "error", str(file)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def ran(
    elsewhere: Path, folder: Path, cell: Cell, witness: Witness | None, record: Mapping[str, str]
) -> tuple[int, str]:
    """The exit code and what was printed, in a folder that is not the subject's."""
    assert witness is not None
    place = {"word": cell.subject, "folder": str(folder)}
    (elsewhere / "again.py").write_text(script(cell, witness, record, place))
    code, out, err = run_in(elsewhere, elsewhere / "again.py")
    assert "expected" in out, err
    return code, f"{out}{err}"


def mended(tmp_path: Path, cell: Cell, role: str) -> Path:
    """A folder with the same file, in which the function is sound."""
    place = tmp_path / "mended"
    place.mkdir(exist_ok=True)
    file, _, function = cell.subject.rpartition(":")
    (place / file).write_text(SOUND.replace("FUNCTION", function).replace("ROLE", role))
    return place


FINDINGS = [
    ("overflowing_softmax", "softmax", "finite", "float32"),
    ("overflowing_softmax", "softmax", "sum_to_one", "bfloat16"),
    ("overflowing_softmax", "softmax", "shift_invariance", "float32"),
    ("last_axis_softmax", "softmax", "axis", "float32"),
    ("second_axis_softmax", "softmax", "axis", "float32"),
    ("flat_softmax", "softmax", "row_independence", "float32"),
    ("strideless_softmax", "softmax", "layout", "float32"),
    ("strideless_softmax", "softmax", "layout", "bfloat16"),
    ("greedy_softmax", "softmax", "purity", "float32"),
    ("reusing_softmax", "softmax", "purity", "float32"),
    ("seeding_softmax", "softmax", "purity", "float32"),
    ("dithered_softmax", "softmax", "determinism", "float32"),
    ("log_of_softmax", "log_softmax", "saturation", "float32"),
    ("stagnant_log_softmax", "log_softmax", "exp_sum_to_one", "bfloat16"),
    ("overflowing_logsumexp", "logsumexp", "finite", "float32"),
    ("overflowing_logsumexp", "logsumexp", "shift_equivariance", "bfloat16"),
    ("promoted_logsumexp", "logsumexp", "dtype", "float32"),
    ("diagonal_softmax_jacobian", "softmax_jacobian", "accuracy", "float32"),
    ("diagonal_softmax_jacobian", "softmax_jacobian", "vjp_agreement", "bfloat16"),
    ("clipping_softmax_vjp", "softmax_vjp", "linear", "float32"),
    ("negative_softmax_jacobian", "softmax_jacobian", "positive_semidefinite", "bfloat16"),
    ("uncentred_softmax_vjp", "softmax_vjp", "sum_to_zero", "float32"),
    ("uncentred_softmax_vjp", "softmax_vjp", "annihilates_constants", "bfloat16"),
    ("remembering_softmax_vjp", "softmax_vjp", "row_independence", "float32"),
    ("strideless_softmax_vjp", "softmax_vjp", "layout", "float32"),
    ("log_of_softmax_cross_entropy", "cross_entropy", "finite", "float32"),
    ("remembering_cross_entropy", "cross_entropy", "row_independence", "float32"),
    ("multiplied_cross_entropy", "cross_entropy", "mask", "bfloat16"),
    ("python_float_cross_entropy", "cross_entropy", "dtype", "float32"),
    ("overflowing_cross_entropy_gradient", "cross_entropy_gradient", "finite", "bfloat16"),
    ("lazy_descent_step", "descent_step", "update_kept", "float32"),
    ("lazy_descent_step", "descent_step", "accuracy", "bfloat16"),
    ("remembering_descent_step", "descent_step", "row_independence", "float32"),
    ("greedy_cross_entropy_gradient", "cross_entropy_gradient", "purity", "float32"),
]
ONE_OF_EACH_ROLE = {row[1]: row for row in reversed(FINDINGS)}.values()


@pytest.mark.parametrize(
    ("function", "role", "prop", "dtype"),
    [pytest.param(*row, marks=() if row in ONE_OF_EACH_ROLE else pytest.mark.slow) for row in FINDINGS],
)
def test_the_script_of_a_finding_fails_in_any_folder_until_it_is_mended(
    tmp_path: Path, folder: Path, function: str, role: str, prop: str, dtype: str
) -> None:
    cell = found(folder, function, role, prop, dtype)
    record = {"arrays": "numpy"} | ({"axis": "axis"} if axis_of(function) else {})
    for witness in (cell.simplest, cell.worst):
        assert ran(tmp_path, folder, cell, witness, record)[0] == 1
        code, printed = ran(tmp_path, mended(tmp_path, cell, role), cell, witness, record)
        assert code == 0, printed


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


def test_a_file_whose_name_is_no_identifier_is_imported_all_the_same(tmp_path: Path, folder: Path) -> None:
    cell = found(folder, "overflowing_softmax", "softmax", "finite", "float32", "not-a-name.py")
    assert ran(tmp_path, folder, cell, cell.simplest, {"arrays": "numpy", "axis": "axis"})[0] == 1
    assert ran(tmp_path, mended(tmp_path, cell, "softmax"), cell, cell.simplest, {"axis": "axis"})[0] == 0


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
    tmp_path: Path, folder: Path, role: str, arguments: dict[str, dict[str, object]]
) -> None:
    cell = Cell("faulty.py:anything", role, "finite", "EX101", "float32", "refuted")
    place = {"word": cell.subject, "folder": str(folder)}
    (tmp_path / "again.py").write_text(script(cell, Witness(arguments, "", 1.0, 0.0, "nan"), {}, place))
    code, out, _ = run_in(tmp_path, tmp_path / "again.py")
    assert code == 1
    assert "got nan" in out


def test_a_witness_without_arguments_has_a_script() -> None:
    cell = Cell("faulty.py:anything", "softmax", "finite", "EX101", "float32", "refuted")
    assert "f())" in script(cell, Witness({}, "", 1.0, 0.0), {})


OVERFLOWING = (  # 2 B^T B x, whose terms may overflow float16 as they are summed, and cancel
    ([2, 2], [(100.0).hex(), (100.0).hex(), "0x0.0p+0", "0x0.0p+0"]),
    ([2], ["0x1.0p+0", "-0x1.0p+0"]),
)
ENDING = """
import os, time

def crashing_softmax(x, axis=-1):
    os._exit(0)

def leaving_softmax(x, axis=-1):
    raise SystemExit(0)

def hanging_softmax(x, axis=-1):
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("function", "verdict"),
    [("crashing_softmax", "crashed"), ("leaving_softmax", "crashed"), ("hanging_softmax", "hung")],
)
def test_of_a_call_that_did_not_return_the_script_makes_that_call_in_a_process_of_its_own(
    tmp_path: Path, function: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extremum.reports.views.script.WAIT_SECONDS", 3)
    cell = Cell(f"ending.py:{function}", "softmax", "axis", "", "float32", verdict)
    axis = {"dtype": "int64", "shape": [], "layout": "C", "values": ["0"]}
    place = {"word": cell.subject, "folder": str(tmp_path)}
    (tmp_path / "again.py").write_text(script(cell, Witness({"x": X, "axis": axis}, "", None, None), {}, place))
    for text, code in ((ENDING, 1), (f"def {function}(x, axis=-1):\n    return x\n", 0)):
        (tmp_path / "ending.py").write_text(text)
        assert run_in(Path("/"), tmp_path / "again.py")[0] == code


def test_where_the_exact_value_leaves_the_range_so_may_the_answer(tmp_path: Path) -> None:
    huge = {"dtype": "float16", "shape": [2], "layout": "C", "values": [(-65504.0).hex(), (65504.0).hex()]}
    label = {"dtype": "int64", "shape": [], "layout": "C", "values": ["0"]}
    witness = Witness({"logits": huge, "L": label}, "", 9.0, 1.0, (3.0).hex(), "131008.0", [0, 0])
    cell = Cell("edge.py:f", "cross_entropy", "accuracy", "EX605", "float16", "refuted")
    place = {"word": cell.subject, "folder": str(tmp_path)}
    (tmp_path / "again.py").write_text(script(cell, witness, {}, place))
    for answer, code in (("3.0", 1), ("np.nan", 1), ("-np.inf", 1), ("np.inf", 0), ("65504.0", 0)):
        text = f"import numpy as np\n\ndef f(logits, L):\n    return np.float16({answer})\n"
        (tmp_path / "edge.py").write_text(text)
        assert run_in(tmp_path, tmp_path / "again.py")[0] == code, answer


def test_an_overflow_on_the_way_is_excused_by_the_script_as_by_the_audit(tmp_path: Path) -> None:
    large, one = ({"dtype": "float16", "shape": s, "layout": "C", "values": v} for s, v in OVERFLOWING)
    witness = Witness({"B": large, "x": one}, "", 9.0, 1.0, (5000.0).hex(), "0.0", [0, 0])
    cell = Cell("edge.py:f", "squared_norm_gradient", "accuracy", "EX922", "float16", "refuted")
    place = {"word": cell.subject, "folder": str(tmp_path)}
    (tmp_path / "again.py").write_text(script(cell, witness, {}, place))
    for answer, code in (("5000.0", 1), ("np.inf", 0), ("0.0", 0)):
        text = f"import numpy as np\n\ndef f(B, x):\n    return np.array([{answer}, 0.0], np.float16)\n"
        (tmp_path / "edge.py").write_text(text)
        assert run_in(tmp_path, tmp_path / "again.py")[0] == code, answer
