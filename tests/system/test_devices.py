"""Where a subject's arrays lie: a device that is not here is a reason, and one that breaks costs its own call alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from extremum.properties.calling.array_library import INTERPRETED, Arrays, BrokenDevice
from extremum.properties.calling.caller import Caller, Misbehaviour
from extremum.properties.calling.host_channel import Ended
from extremum.properties.calling.hosts import Host
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import INTERPRETED as PLAN
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce, resolve
from extremum.properties.steps.trial import Wish, from_json, to_json, tried
from extremum.reference.errors import UsageError
from extremum.reference.softmax import wide
from extremum.reference.subjects.adapters import adapter_of
from extremum.reference.subjects.subject import Subject

SOFTMAX = role_named("softmax")
STRICT, DEVICE = "array_api_strict", "device1"  # a library with devices that are made up, for tests
SECONDS, SECONDS_A_ROW = 10, 0.004  # of a cell; of a program of Triton's interpreter
MINE = """
import array_api_strict as xp


def softmax(x, axis=-1):
    assert str(x.device) == str(xp.Device("device1"))
    if x.shape[axis] == 17:
        xp.asarray = None  # from now on the device makes no array
        raise ValueError("an illegal memory access")
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_arrays_are_put_on_the_device_and_a_host_whose_device_is_broken_is_replaced() -> None:
    host = Host({"spec": "mine.py:softmax", "device": DEVICE}, library=STRICT, axis="axis")
    try:
        assert host.answer([np.zeros((2, 4), np.float32)]).tolist() == [[0.25] * 4] * 2
        process = host.pid
        with pytest.raises(Ended, match="exit 71: device device1 computes nothing any more: TypeError: 'NoneType'"):
            host.answer([np.zeros((2, 17), np.float32)])
        assert host.answer([np.zeros((1, 2), np.float32)]).tolist() == [[0.5, 0.5]]
        assert host.pid != process
    finally:
        host.end()


@pytest.mark.usefixtures("folder")
def test_a_subject_is_tried_on_its_device() -> None:
    subject = tried("mine.py:softmax", SOFTMAX, Wish(dtypes=["float32"], arrays=STRICT, device=DEVICE))
    assert (subject.unfit, subject.misfit, subject.device) == ({}, "", DEVICE)
    assert "array_api_strict arrays on device1" in introduce(subject)["line"]
    assert from_json(to_json(subject)).device == DEVICE


@pytest.mark.usefixtures("folder")
def test_a_device_that_is_not_here_is_the_reason_of_all_cells() -> None:
    subject = tried("mine.py:softmax", SOFTMAX, Wish(arrays=STRICT, device="cuda:0"))
    prop = SOFTMAX.property_named("finite")
    assert prop is not None
    cell = judge_cell(subject, SOFTMAX, prop, "float32", Settings())
    assert (cell.verdict, cell.simplest) == ("inapplicable", None)
    assert cell.detail.startswith("device cuda:0 is not there: ValueError: array_api_strict has ")


@pytest.mark.slow
def test_a_library_s_function_is_skipped_too_and_nothing_was_tested(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "extremum"), "audit", "scipy", "--role", "softmax", "-n", "0"]
    words = [*command, "--device", "cuda:0", "--dtype", "float32"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "scipy was not judged: device cuda:0 is not there: ValueError: arrays of NumPy lie in the memory" in said


@pytest.mark.parametrize(
    ("spec", "wish", "said"),
    [
        (
            "naive",
            Wish(device="cuda:0"),
            "device='cuda:0' goes with a library's function or your own, not with 'naive'",
        ),
        ("exec:./softmax", Wish(device="cuda:0"), "device='cuda:0' goes with a Python function, not with 'exec:./"),
        (
            "mine.py:softmax",
            Wish(arrays="array_api_stric"),
            "arrays='array_api_stric': array library array_api_stric is",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_no_device_or_library_goes_with_is_told_in_a_line(spec: str, wish: Wish, said: str) -> None:
    with pytest.raises(UsageError) as told:
        resolve(spec, "softmax", wish=wish)
    assert str(told.value).startswith(said)
    assert "\n" not in str(told.value)


def test_one_that_is_absent_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert Arrays("torch", "interpret").absent() == "device interpret is not there: triton is not installed"
    assert Arrays("numpy", "cpu").absent() == Arrays(STRICT, "cpu").absent() == ""
    assert (
        Arrays("json").absent().startswith("array library json is not there: AttributeError: module json has neither")
    )


def test_a_call_that_raises_on_a_working_device_is_the_subject_s() -> None:
    def raising(x: Any) -> Any:
        raise ValueError("mine")

    with pytest.raises(Misbehaviour, match="raises ValueError: mine"):
        Caller(raising, Arrays(STRICT, DEVICE)).raw([np.zeros(2)])
    with pytest.raises(BrokenDevice, match="device gone computes nothing any more"):
        Caller(raising, Arrays(STRICT, "gone")).raw([np.zeros(2)])


def test_the_answers_of_a_batch_come_from_the_device_in_one_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    import array_api_strict as xp

    buffer, taken = xp.zeros(3, device=xp.Device(DEVICE)), []

    def reusing(x: Any) -> Any:
        buffer[...] = 2.0 * x  # what the call before answered is lost
        return buffer

    take = Arrays.take

    def counting(arrays: Arrays, answer: Any) -> Any:
        taken.append(answer.shape)
        return take(arrays, answer)

    monkeypatch.setattr(Arrays, "take", counting)
    rows = np.arange(12.0).reshape(4, 3)
    out = Caller(reusing, Arrays(STRICT, DEVICE)).answers([rows], (3,))
    assert out.tolist() == (2 * rows).tolist()
    assert taken == [(4, 3)]


def test_what_a_subject_writes_into_an_argument_on_a_device_is_seen() -> None:
    def writing(x: Any) -> Any:
        x[0] = 1.0
        return x

    assert Caller(writing, Arrays(STRICT, DEVICE)).watch([np.zeros(3)], [np.zeros(3)])["changed"] == 1


def test_arrays_of_a_device_begin_where_it_puts_them() -> None:
    torch = Subject("it", "softmax", wide, adapter=adapter_of("torch"))
    assert "offset" in torch.layouts
    assert "offset" not in replace(torch, place={"spec": "m:f", "device": "cuda:0"}).layouts
    assert replace(torch, place={"spec": "m:f", "device": "interpret"}).layouts == torch.layouts


def test_answers_that_differ_in_form_are_taken_one_by_one() -> None:
    def widening(x: Any) -> Any:
        return float(x[0])

    out = Caller(widening, Arrays(STRICT, DEVICE)).answers([np.arange(4.0).reshape(2, 2)], ())
    assert out.tolist() == [0.0, 2.0]


class Interpreted(Subject):
    """A subject that is called as any other, and counts as one of Triton's interpreter."""

    @property
    def interpreted(self) -> bool:
        return True


def test_what_is_interpreted_meets_few_rows_and_still_long_ones() -> None:
    shapes: list[Sequence[int]] = []

    def softmax(x: Any, axis: int = -1) -> Any:
        shapes.append(x.shape)
        return wide(x, axis)

    for name in ("accuracy", "row_independence"):
        shapes.clear()
        prop = SOFTMAX.property_named(name)
        assert prop is not None
        cell = judge_cell(Interpreted("it", "softmax", softmax), SOFTMAX, prop, "float32", Settings())
        assert cell.verdict == "held"
        rows = [prod(shape[:-1]) for shape in shapes]
        assert max(rows) <= PLAN.rows
        assert sum(rows) <= SECONDS / SECONDS_A_ROW
    assert max(shape[-1] for shape in shapes) > PLAN.rows
    assert "few rows" in introduce(Interpreted("it", "softmax", wide))["line"]


def test_lines_of_a_script_put_arrays_on_the_device() -> None:
    torch, jax = adapter_of("torch").lines.on("cuda:1"), adapter_of("jax").lines.on("cuda:1")
    assert torch.given.endswith(".to(torch.{dtype}).to('cuda:1')")
    assert torch.taken == "{call}.cpu().to(torch.float64).numpy()"
    assert jax.given == "jax.device_put(jax.numpy.asarray({x}), jax.devices('cuda')[1])"
    assert adapter_of("torch").lines.on("") == adapter_of("torch").lines
    assert f'os.environ["{INTERPRETED[0]}"] = "{INTERPRETED[1]}"' in adapter_of("torch").lines.on("interpret").first[-1]
