"""Cells of the libraries that people run, where they are installed: `pytest -m libraries`, which `.ci/run` leaves out.

The plans are small: ten minutes on two cores.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documents import fenced

from extremum.properties.calling.array_library import _put_torch
from extremum.properties.calling.call import quiet
from extremum.properties.calling.caller import present
from extremum.properties.calling.host_channel import Limits
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import resolve
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell
from extremum.reference.subjects.libraries import KERNELS, LIBRARIES
from extremum.reference.subjects.loading import COMPILED_SHAPES, wrapping
from extremum.reference.subjects.onnx_models import OPERATORS
from extremum.reference.subjects.onnx_runtimes import RUNTIMES
from extremum.reference.subjects.subject import Subject, subjects
from extremum.reports.views.subject_import import imported

pytestmark = pytest.mark.libraries
NEEDED = [name for name in LIBRARIES if name not in ("tensorflow", "sklearn")]  # by the job of the workflow
SMALL = Settings(examples=0, timeout=600.0, effort=EFFORTS["quick"], limits=Limits(first_call_seconds=300.0))
OF_COMPILED = ("finite", "accuracy")  # each shape is compiled: the others are left to an audit by name
NAMES = [(s.name, s.role) for s in subjects(kind="library") if s.name not in KERNELS]
OPERATORS_NAMED = [
    (f"{prefix}{o.name}", o.role)
    for prefix, runtime in RUNTIMES.items()
    if importlib.util.find_spec(runtime.module)
    for o in OPERATORS
]


@pytest.fixture
def shared() -> Iterator[Shared]:
    kept = Shared()
    yield kept
    kept.close()


def cell_of(subject: Subject, prop: str, dtype: str, shared: Shared) -> Cell:
    role = role_named(subject.role)
    found = role.property_named(prop)
    assert found is not None
    return judge_cell(subject, role, found, dtype, SMALL, shared)


@pytest.mark.parametrize("name", NEEDED)
def test_the_libraries_of_this_job_are_here(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed: its cells are left out")


@pytest.mark.parametrize(("word", "role"), [*NAMES, *OPERATORS_NAMED])
def test_every_cell_of_a_library_has_a_verdict_that_it_reaches(word: str, role: str, shared: Shared) -> None:
    (subject,) = resolve(word, role, wish=Wish(dtypes=["float32"]))
    names = [p.name for p in role_named(role).properties if not subject.compiled or p.name in OF_COMPILED]
    verdicts = {name: cell_of(subject, name, "float32", shared).verdict for name in names}
    assert {*verdicts.values()} <= {"held", "refuted", "inapplicable"}, verdicts
    assert "held" in verdicts.values()


def test_onnx_runtime_loses_a_small_term_beside_a_masked_one(shared: Shared) -> None:
    pytest.importorskip("onnxruntime")
    (subject,) = resolve("onnxruntime:ReduceLogSumExp", None, wish=Wish(dtypes=["float32"]))
    mask = cell_of(subject, "mask", "float32", shared)
    assert (mask.verdict, mask.simplest and mask.simplest.got.startswith("-inf")) == ("refuted", True)


def test_torch_s_float16_log_softmax_of_65520_equal_logits_is_minus_infinity(shared: Shared) -> None:
    torch = pytest.importorskip("torch")
    answer = torch.log_softmax(torch.zeros(65_520, dtype=torch.float16), -1)
    assert answer[0] == -torch.inf
    (subject,) = resolve("torch", "log_softmax", wish=Wish(dtypes=["float16"]))
    accuracy = cell_of(subject, "accuracy", "float16", shared)
    assert (accuracy.verdict, accuracy.cause) == ("refuted", "sum overflow")
    assert accuracy.simplest is not None
    assert accuracy.simplest.got.startswith("-inf")


@pytest.mark.parametrize("layout", ["C", "F", "sliced", "rows-sliced", "broadcast"])
def test_a_tensor_has_its_strides_on_a_device_too(layout: str) -> None:
    torch = pytest.importorskip("torch")
    with quiet():  # PyTorch warns of memory that is read-only, as that of a broadcast array
        x = torch.from_numpy(present(np.ones((4, 1), np.float32) * np.arange(3, dtype=np.float32), layout))
    moved = _put_torch(x, "cpu")
    assert (moved.stride(), moved.tolist()) == (x.stride(), x.tolist())
    assert moved.data_ptr() != x.data_ptr()


def test_torch_compiles_every_shape() -> None:
    torch = pytest.importorskip("torch")
    wrapping("torch.compile", torch.softmax)
    assert torch._dynamo.config.recompile_limit == COMPILED_SHAPES


def test_a_script_compiles_what_was_compiled() -> None:
    pytest.importorskip("torch")
    source = imported("softmax", "torch-compiled", {})
    assert source.lines[-1] == "subject = compile(softmax)"
    assert "from torch import compile" in source.lines


KERNEL_WITHOUT_SHIFT = ("values - tl.max(values, axis=0)", "values")


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("torch", "triton"):
        pytest.importorskip(name, reason=f"{name} is not installed: no kernel is interpreted")
    monkeypatch.chdir(tmp_path)
    (source,) = fenced("docs/triton.md", "python")
    (tmp_path / "kernels.py").write_text(source)
    (tmp_path / "broken.py").write_text(source.replace(*KERNEL_WITHOUT_SHIFT))
    return tmp_path


def interpreted(file: str) -> Subject:
    return tried(f"{file}:softmax", role_named("softmax"), Wish(dtypes=["float32"], device="interpret"))


@pytest.mark.usefixtures("kernels")
def test_a_kernel_of_triton_is_audited_without_a_gpu(shared: Shared) -> None:
    subject = interpreted("kernels.py")
    verdicts = {p.name: cell_of(subject, p.name, "float32", shared).verdict for p in role_named("softmax").properties}
    others = {name: verdict for name, verdict in verdicts.items() if name not in ("axis", "layout")}
    assert {*others.values()} == {"held"}, others
    assert (verdicts["layout"], verdicts["axis"]) == ("refuted", "inapplicable")  # it reads rows as if they were whole


@pytest.mark.usefixtures("kernels")
def test_a_kernel_without_a_shift_overflows(shared: Shared) -> None:
    assert cell_of(interpreted("broken.py"), "finite", "float32", shared).verdict == "refuted"


@pytest.mark.usefixtures("kernels")
def test_formats_that_the_interpreter_truncates_to_are_left_out(shared: Shared, monkeypatch: Any) -> None:
    cell = cell_of(interpreted("kernels.py"), "accuracy", "bfloat16", shared)
    assert (cell.verdict, cell.detail.startswith("Triton's interpreter truncates")) == ("inapplicable", True)


LIGER = {
    "softmax": {"accuracy": "held", "mask": "held", "finite": "held"},
    "softmax_vjp": {"accuracy": "held", "finite": "held"},
    "cross_entropy": {"finite": "held", "accuracy": "refuted"},  # lse - x[L], where both are large
    "cross_entropy_gradient": {"accuracy": "held", "finite": "held"},
}


@pytest.mark.parametrize("role", LIGER)
def test_the_kernels_of_liger_are_audited_without_a_gpu(role: str, shared: Shared) -> None:
    pytest.importorskip("liger_kernel", reason="liger_kernel is not installed: its kernels are left out")
    (subject,) = resolve("liger_kernel", role, wish=Wish(dtypes=["float32"], device="interpret"))
    assert {name: cell_of(subject, name, "float32", shared).verdict for name in LIGER[role]} == LIGER[role]
