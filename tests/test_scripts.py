"""The script of a finding runs by itself, beside the subject's file, and shows the failure; of every role."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.finding import Cell, Witness
from extremum.properties.roles import roles
from extremum.reference.subjects import Subject, load
from extremum.reports.script import script

FAULTY = '''
import numpy as np

kept = {}


def overflowing_softmax(x, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def sound_softmax(x, axis=-1):
    return overflowing_softmax(x - x.max(axis=axis, keepdims=True), axis)


def last_axis_softmax(x, axis=-1):
    return sound_softmax(x)


def flat_softmax(x):
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


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


def remembering_softmax_vjp(x, g):
    s = sound_softmax(x)
    before, kept["s", x.shape, x.dtype] = kept.get(("s", x.shape, x.dtype), s), s
    return s * (g - (g * before).sum())


def strideless_softmax_vjp(x, g):
    s = strideless_softmax(x)
    return s * (g - (g * s).sum())


def log_of_softmax_cross_entropy(logits, L):
    return -np.log(sound_softmax(logits)[L])


def remembering_cross_entropy(logits, L):
    total = np.exp(logits - logits.max()).sum()
    before, kept["t", logits.shape, logits.dtype] = kept.get(("t", logits.shape, logits.dtype), total), total
    return (logits.max() - logits[L]) + np.log(before)


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
'''


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
    return None if function == "flat_softmax" else "axis"


def printed(folder: Path, cell: Cell, witness: Witness | None, record: Mapping[str, str]) -> str:
    assert witness is not None
    (folder / "again.py").write_text(script(cell, witness, record))
    command = [sys.executable, "-W", "ignore", "again.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    return done.stdout


@pytest.mark.parametrize(
    ("function", "role", "prop", "dtype", "shown"),
    [
        ("overflowing_softmax", "softmax", "finite", "float32", "nan"),
        ("overflowing_softmax", "softmax", "sum_to_one", "bfloat16", "nan"),
        ("overflowing_softmax", "softmax", "shift_invariance", "float32", "nan"),
        ("last_axis_softmax", "softmax", "axis", "float32", "two answers"),
        ("flat_softmax", "softmax", "axis", "float32", "two answers"),
        ("flat_softmax", "softmax", "row_independence", "float32", "two answers"),
        ("strideless_softmax", "softmax", "layout", "float32", "two answers"),
        ("strideless_softmax", "softmax", "layout", "bfloat16", "two answers"),
        ("greedy_softmax", "softmax", "purity", "float32", r"[1-9]\d* entries of x changed"),
        ("reusing_softmax", "softmax", "purity", "float32", r"[1-9]\d* entries of an earlier answer changed"),
        ("seeding_softmax", "softmax", "purity", "float32", "a random state changed: True"),
        ("dithered_softmax", "softmax", "determinism", "float32", "[1-9]"),
        ("log_of_softmax", "log_softmax", "saturation", "float32", "-inf"),
        ("stagnant_log_softmax", "log_softmax", "exp_sum_to_one", "bfloat16", r"-5\.53125"),
        ("overflowing_logsumexp", "logsumexp", "finite", "float32", "inf"),
        ("overflowing_logsumexp", "logsumexp", "shift_equivariance", "bfloat16", "inf"),
        ("promoted_logsumexp", "logsumexp", "dtype", "float32", "float64 for float32"),
        ("diagonal_softmax_jacobian", "softmax_jacobian", "accuracy", "float32", r"0\.25"),
        ("diagonal_softmax_jacobian", "softmax_jacobian", "vjp_agreement", "bfloat16", ""),
        ("negative_softmax_jacobian", "softmax_jacobian", "positive_semidefinite", "bfloat16", "-0"),
        ("uncentred_softmax_vjp", "softmax_vjp", "sum_to_zero", "float32", ""),
        ("uncentred_softmax_vjp", "softmax_vjp", "annihilates_constants", "bfloat16", ""),
        ("remembering_softmax_vjp", "softmax_vjp", "row_independence", "float32", ""),
        ("strideless_softmax_vjp", "softmax_vjp", "layout", "float32", "two answers"),
        ("log_of_softmax_cross_entropy", "cross_entropy", "finite", "float32", "inf"),
        ("remembering_cross_entropy", "cross_entropy", "row_independence", "float32", ""),
        ("multiplied_cross_entropy", "cross_entropy", "mask", "bfloat16", "nan"),
        ("python_float_cross_entropy", "cross_entropy", "dtype", "float32", "float64 for float32"),
        ("overflowing_cross_entropy_gradient", "cross_entropy_gradient", "finite", "bfloat16", "nan"),
        ("greedy_cross_entropy_gradient", "cross_entropy_gradient", "purity", "float32", "[1-9].* of logits changed"),
    ],
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
