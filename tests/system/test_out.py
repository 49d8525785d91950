"""Functions that write their answer into an array: `f(*arguments, out)`. What they leave unwritten is NaN."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import extremum
from extremum.properties.calling.array_library import Arrays
from extremum.properties.calling.caller import Caller, blank
from extremum.properties.roles.registry import role_named, roles
from extremum.properties.steps.resolve import introduce, resolve
from extremum.properties.steps.trial import Wish, tried
from extremum.reference.errors import UsageError

KERNELS = """
import numpy as np


def softmax(x, out, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    out[...] = e / e.sum(axis=axis, keepdims=True)


def softmax_but_the_tail(x, out, axis=-1):
    whole = x.shape[-1] // 4 * 4 or 1
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    out[..., :whole] = (e / e.sum(axis=axis, keepdims=True))[..., :whole]
    return out.copy()


class Softmax:
    def __call__(self, x, out):
        softmax(x, out)
        return out


def logsumexp(x, out, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    out[...] = np.squeeze(top + np.log(np.exp(x - top).sum(axis=axis, keepdims=True)), axis)


def softmax_jacobian(x, out):
    e = np.exp(x - x.max())
    s = e / e.sum()
    out[...] = np.diag(s) - np.outer(s, s)


def cross_entropy(logits, L, out):
    top = logits.max()
    out[...] = top - logits[L] + np.log(np.exp(logits - top).sum())


def softmax_of_one_argument(x):
    return x
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "kernels.py").write_text(KERNELS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["softmax", "Softmax", "logsumexp", "softmax_jacobian", "cross_entropy"])
@pytest.mark.usefixtures("folder")
def test_a_function_that_writes_its_answer_fits_its_role(name: str) -> None:
    subject = tried(f"kernels.py:{name}", role_named(name.lower()), Wish(dtypes=["float32", "bfloat16"], out=True))
    assert (subject.misfit, subject.unfit) == ("", {})
    assert "answer read from out, its last argument, which is filled with NaN, " in introduce(subject)["line"]


@pytest.mark.usefixtures("folder")
def test_the_header_says_that_what_it_returns_besides_is_not_read() -> None:
    subject = tried("kernels.py:softmax_but_the_tail", None, Wish(dtypes=["float32"], out=True))
    assert "filled with NaN (it returns ndarray too, which is not), " in introduce(subject)["line"]


@pytest.mark.parametrize(
    ("word", "wish", "said"),
    [
        (
            "kernels.py:softmax_of_one_argument",
            Wish(out=True),
            "subject='kernels.py:softmax_of_one_argument' is softmax_of_one_argument(x), role softmax calls "
            "f(x, out, axis=-1): too many positional arguments",
        ),
        (
            "kernels.py:softmax",
            Wish(),
            "subject='kernels.py:softmax' is softmax(x, out, axis=-1), role softmax calls f(x, axis=-1): missing a "
            "required argument: 'out'; add --out (out=True in Python)",
        ),
        ("naive", Wish(out=True), "out=True goes with file.py:function or module:function, not with 'naive'"),
        ("exec:./mine", Wish(out=True), "out=True goes with a Python function, not with 'exec:./mine'"),
        (
            "kernels.py:softmax",
            Wish(out=True, arrays="jax"),
            "out goes with arrays that can be written into, which jax's cannot",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_does_not_go_with_out_is_refused_in_a_line(word: str, wish: Wish, said: str) -> None:
    with pytest.raises(UsageError) as told:
        resolve(word, "softmax", wish=wish)
    assert str(told.value) == said


@pytest.mark.parametrize("role", [role for role in roles().values() if role.signature.batched], ids=lambda r: r.name)
def test_the_array_has_the_shape_of_the_answer_along_any_axis(role: Any) -> None:
    signature = role.signature
    arguments = {name: np.zeros((2, 3, 5), np.float16) for name in signature.inputs}
    names = list(signature.inputs)
    form = signature.form.removeprefix("like ")
    word = f"like {names.index(form)}" if form in names else form
    for axis in (-1, 1, -3):
        out = blank(word, list(arguments.values()), axis)
        assert (out.shape, out.dtype) == (signature.answer(arguments, axis), np.float16)
        assert np.isnan(out).all()


def test_integers_and_swapped_bytes_get_an_array_that_holds_nan() -> None:
    assert blank("like 0", [np.zeros(3, np.int64)]).dtype == np.float64
    assert blank("like 0", [np.zeros(3, ">f4")]).dtype == np.dtype("=f4")


def test_every_call_gets_an_array_of_its_own() -> None:
    given = []

    def keeping(x: Any, out: Any) -> None:
        given.append(out)
        out[...] = x[0]

    caller = Caller(keeping, Arrays(), out="like 0")
    assert caller.watch([np.ones(3)], [np.zeros(3)])["overwritten"] == 0
    assert given[0] is not given[1]


def test_an_audit_from_python_takes_out() -> None:
    def softmax(x: Any, out: Any) -> None:
        out[..., :4] = x[..., :4]

    report = extremum.audit(softmax, "softmax", ["float32"], properties=["finite"], out=True, effort="quick")
    assert [cell.verdict for cell in report.cells] == ["refuted"]


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_record_carries_it_so_that_scripts_tests_and_replays_call_it_alike(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.extremum.subjects]\n"kernels.py:softmax_but_the_tail" = {out = true}')
    few = ["--dtype", "float32", "--property", "finite", "--effort", "quick", "-n", "0"]
    found = run(folder, "extremum", "audit", *few)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "--out" in found.stdout.partition("  again")[2]
    (folder / "pyproject.toml").unlink()
    report = "extremum-report/report.json"
    assert json.loads((folder / report).read_text())["subjects"][0]["out"] == "yes"
    again = run(folder, "extremum", "replay", report, "--write", "test_found.py")
    assert (again.returncode, again.stdout.split()[0]) == (1, "STILL"), again.stdout + again.stderr
    (script,) = (folder / "extremum-report/scripts").glob("*.py")
    sound = KERNELS.replace("x.shape[-1] // 4 * 4 or 1", "x.shape[-1]")
    for text, code in ((KERNELS, 1), (sound, 0)):
        (folder / "kernels.py").write_text(text)
        shown = run(folder, "python", str(script))
        assert shown.returncode == code, script.read_text() + shown.stdout + shown.stderr
        tests = run(folder, "pytest", "-q", "-p", "no:cacheprovider", "test_found.py")
        assert tests.returncode == code, (folder / "test_found.py").read_text() + tests.stdout
    assert run(folder, "extremum", "replay", report).stdout.split()[0] == "FIXED"
