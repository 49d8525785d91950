"""Arrays of any library that speaks DLPack or the array API standard go in and come out, found as others' are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import extremum
from extremum.properties.calling.array_library import Arrays
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import adapt, introduce
from extremum.properties.steps.trial import Wish, tried
from extremum.reference.subjects.adapters import adapter_of, candidates

SOFTMAX = role_named("softmax")
STRICT = "array_api_strict"
DTYPES = ("float64", "float32")
MINE = """
from __future__ import annotations

import array_api_strict
import array_api_strict as xp
import speaker


def softmax(x, axis=-1):
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def naive_softmax(x: array_api_strict.Array, axis=-1) -> array_api_strict.Array:
    e = xp.exp(x)
    return e / xp.sum(e, axis=axis, keepdims=True)


def spoken_softmax(x, axis=-1):
    assert isinstance(x, speaker.Spoken)
    return speaker.Spoken(softmax(xp.from_dlpack(x), axis))
"""
SPEAKER = """
import numpy as np


class Spoken:  # an array type that has nothing but DLPack
    def __init__(self, inner):
        self.inner = inner

    def __dlpack__(self, **options):
        return self.inner.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.inner.__dlpack_device__()


def from_dlpack(x):
    return Spoken(x)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "speaker.py").write_text(SPEAKER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("word", "arrays", "found"),
    [
        ("softmax", None, STRICT),  # by trial
        ("naive_softmax", None, STRICT),  # by its annotations
        ("softmax", STRICT, STRICT),
        ("spoken_softmax", "speaker", "speaker"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_whose_arrays_it_takes_is_found_or_named(word: str, arrays: str | None, found: str) -> None:
    subject = tried(f"mine.py:{word}", SOFTMAX, Wish(dtypes=DTYPES, arrays=arrays))
    assert (subject.misfit, subject.unfit, subject.adapter.name) == ("", {}, found)
    assert f"{found} arrays" in introduce(subject)["line"]


def test_annotations_come_before_the_module_s_library_and_that_before_a_trial() -> None:
    order = [adapter.name for adapter in candidates("torch.nn", ["jax", STRICT], [STRICT])]
    assert order == [STRICT, "torch", "numpy", "jax"]
    assert [adapter.name for adapter in candidates(f"{STRICT}.linalg", [STRICT])] == [STRICT, "numpy"]
    assert [adapter.name for adapter in candidates("mine", [])] == ["numpy"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_go_in_and_come_out_with_their_bits(dtype: str) -> None:
    arrays = Arrays(STRICT)
    x = np.array([0.0, -0.0, 1.5, np.nan, np.inf], dtype)
    given = arrays.give(x)
    assert type(given).__module__.startswith(STRICT)
    assert arrays.take(given).tobytes() == x.tobytes()
    with pytest.raises(TypeError, match=r"returned ndarray, which is no array_api_strict\.Array"):
        arrays.take(x)


def test_what_is_written_into_an_argument_shows() -> None:
    x = np.zeros(3, np.float32)
    Arrays(STRICT).give(x)[0] = 1.0
    assert x[0] == 1


def test_an_answer_of_such_an_array_is_judged_too() -> None:
    import array_api_strict as xp

    x = xp.asarray([[0.0, 0.0]], dtype=xp.float32)
    assert extremum.judge(xp.full((1, 2), 0.5, dtype=xp.float32), "softmax", x).ok
    assert not extremum.judge(xp.full((1, 2), 0.4, dtype=xp.float32), "softmax", x).ok


def test_in_this_process_a_function_of_a_loaded_library_is_found_too() -> None:
    import array_api_strict as xp

    def softmax(x, axis=-1):  # type: ignore[no-untyped-def]
        e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
        return e / xp.sum(e, axis=axis, keepdims=True)

    assert adapt(softmax, "softmax", SOFTMAX).adapter.name == STRICT


@pytest.mark.slow
def test_a_finding_has_a_script_that_makes_its_arrays(folder: Path) -> None:
    command = [str(Path(sys.executable).parent / "extremum"), "audit", "mine.py:naive_softmax", "--dtype", "float32"]
    few = ["--property", "finite", "--effort", "quick", "-n", "0", "-q"]
    done = subprocess.run([*command, *few], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "exp overflows from 88.72284 up" in done.stdout.replace("\n", " ")
    (script,) = (folder / "extremum-report/scripts").glob("*.py")
    assert "array_api_strict.asarray(x)" in script.read_text()
    assert subprocess.run([sys.executable, script], capture_output=True, check=False).returncode == 1


def test_the_lines_of_a_script_are_the_module_s() -> None:
    lines = adapter_of("array_api_compat.torch").lines
    assert (lines.imports, lines.given) == (("import array_api_compat.torch",), "array_api_compat.torch.asarray({x})")
    assert lines.taken == "np.from_dlpack({call})"
