"""ONNX models and operators of ONNX Runtime are subjects too: judged as functions are, in the shapes that they take."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from extremum.properties.calling.accepted_shapes import sizes_text
from extremum.properties.calling.host_channel import Limits
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce, resolve
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.loading import NotLoaded, is_file, is_onnx, parted, record_name, runtime_of
from extremum.reference.subjects.onnx_models import Model, opened, operator, ordered
from extremum.reference.subjects.onnx_runtimes import Input
from extremum.reference.subjects.subject import Subject

NEEDS_ONNX = pytest.mark.skipif(
    not (importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx")),
    reason="onnx and onnxruntime are not installed here",
)
FEW = Settings(examples=0, timeout=600.0, effort=EFFORTS["quick"], limits=Limits(first_call_seconds=60.0))
SOFTMAX = [("Softmax", ["x"], ["y"], {"axis": -1})]
NAIVE: list[Any] = [
    ("Exp", ["x"], ["e"], {}),
    ("ReduceL1", ["e"], ["s"], {"axes": [-1]}),
    ("Div", ["e", "s"], ["y"], {}),
]
VJP: list[Any] = [
    ("Softmax", ["x"], ["s"], {"axis": -1}),
    ("Mul", ["s", "g"], ["a"], {}),
    ("ReduceMean", ["a"], ["b"], {"axes": [-1]}),
    ("Sub", ["g", "b"], ["c"], {}),
    ("Mul", ["s", "c"], ["y"], {}),
]
ROWS = ("rows", "n")


def saved(
    path: str, nodes: Sequence[Any], shape: Any = ROWS, kind: str = "FLOAT", inputs: Sequence[Any] = ("x",)
) -> str:
    from onnx import TensorProto, helper, save

    number = getattr(TensorProto, kind)
    taken = [helper.make_tensor_value_info(name, number, shape) for name in inputs]
    made = [helper.make_node(name, given, out, **attributes) for name, given, out, attributes in nodes]
    graph = helper.make_graph(made, "graph", taken, [helper.make_tensor_value_info("y", number, None)])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cell_of(subject: Subject, prop: str, dtype: str = "float32") -> Cell:
    role, shared = role_named(subject.role), Shared()
    found = role.property_named(prop)
    assert found is not None
    try:
        return judge_cell(subject, role, found, dtype, FEW, shared)
    finally:
        shared.close()


@NEEDS_ONNX
@pytest.mark.slow
@pytest.mark.parametrize(
    ("nodes", "shape", "prop", "verdict"),
    [
        (SOFTMAX, ROWS, "sum_to_one", "held"),
        (NAIVE, ROWS, "finite", "refuted"),
        ([("Softmax", ["x"], ["y"], {"axis": 0})], ROWS, "sum_to_one", "refuted"),
        (SOFTMAX, ROWS, "layout", "inapplicable"),
        (SOFTMAX, ROWS, "axis", "inapplicable"),
        (SOFTMAX, (4, 16), "row_independence", "held"),
        ([("Softmax", ["x"], ["y"], {"axis": 0})], (4, 16), "row_independence", "refuted"),
        (NAIVE, (None, 16), "finite", "refuted"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_model_is_judged(nodes: Any, shape: Any, prop: str, verdict: str) -> None:
    subject = tried(saved("softmax.onnx", nodes, shape), None, Wish(dtypes=["float32", "float64"]))
    assert (subject.misfit, subject.unfit) == ("", {})
    assert cell_of(subject, prop).verdict == verdict


@NEEDS_ONNX
@pytest.mark.usefixtures("folder")
def test_a_model_gets_the_shape_alone_that_it_fixes() -> None:
    subject = tried(saved("softmax.onnx", SOFTMAX, (4, 16)), None, Wish(dtypes=["float32"]))
    line = introduce(subject)["line"]
    assert "C-order arrays of 2 dimensions alone, x of 16 entries alone, no axis" in line
    finite = cell_of(subject, "finite")
    assert finite.verdict == "held"
    assert finite.examined > 900
    mask = cell_of(subject, "mask")
    assert (mask.verdict, mask.detail) == ("inapplicable", "it takes x of 16 entries alone")
    other = cell_of(subject, "finite", "float64")
    assert (other.verdict, "x is float32 in the model, not float64" in other.detail) == ("inapplicable", True)


@NEEDS_ONNX
@pytest.mark.parametrize("shape", [(4, 16), (2, 2, 16), (1, 16), (None, 16), (16,), ("a", "b", "n"), None])
@pytest.mark.usefixtures("folder")
def test_rows_come_back_in_their_order_from_a_model_of_any_shape(shape: Any) -> None:
    spec = saved("softmax.onnx", [("Softmax", ["x"], ["y"], {"axis": -1})], shape)
    softmax = opened(spec, "softmax", {"x": 1}, batched=True)
    x = np.random.default_rng(0).normal(size=(7, 16)).astype(np.float32)
    x = {(16,): x[0], ("a", "b", "n"): x[:, None]}.get(shape, x)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    np.testing.assert_allclose(softmax(x), e / e.sum(axis=-1, keepdims=True), rtol=1e-5)


@NEEDS_ONNX
@pytest.mark.parametrize(("kind", "dtype"), [("FLOAT16", "float16"), ("DOUBLE", "float64")])
@pytest.mark.usefixtures("folder")
def test_its_type_is_the_dtype_that_is_judged(kind: str, dtype: str) -> None:
    subject = tried(saved("softmax.onnx", SOFTMAX, kind=kind), None, Wish())
    assert [cell_of(subject, "at_most_one", d).verdict for d in (dtype, "float32")] == ["held", "inapplicable"]


@NEEDS_ONNX
@pytest.mark.usefixtures("folder")
def test_bfloat16_goes_in_and_out_by_its_bits() -> None:
    nodes: list[Any] = [
        ("Cast", ["x"], ["a"], {"to": 1}),
        ("Softmax", ["a"], ["b"], {"axis": -1}),
        ("Cast", ["b"], ["y"], {"to": 16}),
    ]
    subject = tried(saved("softmax.onnx", nodes, kind="BFLOAT16"), None, Wish(dtypes=["bfloat16"]))
    assert (subject.misfit, subject.unfit) == ("", {})
    assert [cell_of(subject, prop, "bfloat16").verdict for prop in ("sum_to_one", "dtype")] == ["held"] * 2


@NEEDS_ONNX
@pytest.mark.parametrize("names", [("x", "g"), ("g", "x")])
@pytest.mark.usefixtures("folder")
def test_inputs_go_in_by_their_names(names: Sequence[str]) -> None:
    vjp = opened(saved("softmax_vjp.onnx", VJP, inputs=names), "softmax_vjp", {"x": 1, "g": 1}, batched=False)
    x, g = np.array([0, 1, 3], np.float32), np.array([2, 0, -1], np.float32)
    s = np.exp(x - 3) / np.exp(x - 3).sum()
    np.testing.assert_allclose(vjp(x, g), s * (g - (s * g).mean()), rtol=1e-5)
    with pytest.raises(TypeError, match="x is float32 in the model, not float64"):
        vjp(x.astype(float), g.astype(float))


@NEEDS_ONNX
@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "prop", "dtype", "verdict"),
    [
        ("Softmax", "sum_to_one", "float16", "held"),
        ("LogSoftmax", "finite", "float64", "held"),
        ("ReduceLogSumExp", "finite", "float32", "held"),
        ("ReduceLogSumExp", "finite", "bfloat16", "inapplicable"),
        ("SoftmaxCrossEntropyLoss", "finite", "float32", "held"),
    ],
)
def test_an_operator_is_judged_by_its_name(word: str, prop: str, dtype: str, verdict: str) -> None:
    (subject,) = resolve(f"onnxruntime:{word}", None, wish=Wish(dtypes=["float32", dtype]))
    assert subject.misfit == ""
    assert cell_of(subject, prop, dtype).verdict == verdict


@NEEDS_ONNX
def test_a_masked_entry_beside_a_large_negative_one_makes_its_logsumexp_infinite() -> None:
    logsumexp = opened("onnxruntime:ReduceLogSumExp", "logsumexp", {"x": 1}, batched=True)
    assert logsumexp(np.array([[-np.inf, -1000]], np.float32)) == -np.inf
    (subject,) = resolve("onnxruntime:ReduceLogSumExp", None, wish=Wish(dtypes=["float32"]))
    mask = cell_of(subject, "mask")
    assert mask.verdict == "refuted"
    assert mask.simplest is not None
    assert mask.simplest.got.startswith("-inf and ")


@NEEDS_ONNX
@pytest.mark.parametrize(
    ("nodes", "options", "said"),
    [
        (VJP, {"inputs": ("x", "g")}, "has 2 inputs (x, g); role softmax passes x"),
        (
            [("Identity", ["x"], ["y"], {})],
            {"kind": "STRING"},
            "input x is tensor(string), and x of role softmax one",
        ),
        ([("Identity", ["x"], ["y"], {})], {"kind": "INT64"}, "input x is tensor(int64), and x of role softmax one of"),
        ([("Softmix", ["x"], ["y"], {})], {}, "is no model that ONNX Runtime runs here: "),
        ([("ReduceL1", ["x"], ["y"], {"axes": [-1]})], {}, "is no softmax: it returned shape (2, 1); for x of shape"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_model_that_does_not_match_the_role_is_told_in_a_line(nodes: Any, options: Any, said: str) -> None:
    spec = saved("softmax.onnx", nodes, **options)
    try:
        text = tried(spec, None, Wish(dtypes=["float32"])).misfit
    except UsageError as error:
        text = str(error)
    assert text.startswith("subject='softmax.onnx'")
    assert said in text
    assert "\n" not in text


@NEEDS_ONNX
def test_a_damaged_file_is_told_in_a_line(folder: Path) -> None:
    (folder / "softmax.onnx").write_bytes(b"damage")
    with pytest.raises(UsageError, match=r"^subject='softmax\.onnx' is no model that ONNX Runtime runs here: "):
        tried("softmax.onnx", None, Wish())


@pytest.mark.parametrize(
    ("spec", "role", "wish", "said"),
    [
        ("softmax.onnx", None, Wish(), "subject file 'softmax.onnx' does not exist"),
        ("softmax.onnx", None, Wish(arrays="torch"), "arrays='torch' goes with a Python function, not with 'softmax."),
        ("softmax.onnx", None, Wish(out=True), "out=True goes with a Python function, not with 'softmax.onnx'"),
        ("mine.onnx", None, Wish(), "the role of subject='mine.onnx' is not in its name: add --role, one of"),
        (
            "onnxruntime:Softmx",
            None,
            Wish(),
            "subject='onnxruntime:Softmx': no operator that computes a role is called 'Softmx': did you mean",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_names_no_model_is_refused_in_a_line(spec: str, role: str | None, wish: Wish, said: str) -> None:
    with pytest.raises(UsageError) as told:
        resolve(spec, role, wish=wish)
    assert str(told.value).startswith(said)


@pytest.mark.parametrize(
    ("spec", "module", "extra"),
    [("softmax.onnx", "onnxruntime", "onnx"), ("openvino:softmax.onnx", "openvino", "openvino")],
)
def test_without_the_runtime_it_is_said_what_to_install(
    spec: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(NotLoaded, match=rf"need {module}: pip install 'extremum\[{extra}\]'"):
        Model(b"", spec, "softmax", {"x": 1}, batched=True)


@pytest.mark.parametrize(
    ("inputs", "declared", "batched", "said"),
    [
        (
            {"x": 1},
            [("x", "tensor(float)", (None,) * 3)],
            False,
            "has 3 dimensions, and x of role r has 1, or one",
        ),
        ({"A": 2, "x": 1}, [("A", "tensor(float)", (3,)), ("x", "tensor(float)", (3,))], False, "has 1 dimensions"),
        ({"x": 1, "L": 0}, [("x", "tensor(float)", ()), ("L", "tensor(bool)", ())], False, "L is tensor(bool), and L"),
        (
            {"x": 1, "g": 1},
            [("x", "tensor(float)", ()), ("g", "tensor(double)", ())],
            False,
            "its inputs are of several types: tensor(float), tensor(double)",
        ),
    ],
)
def test_inputs_that_do_not_match_are_refused(inputs: Any, declared: Any, batched: bool, said: str) -> None:
    with pytest.raises(NotLoaded) as told:
        ordered("subject", "r", inputs, [Input(*row) for row in declared], batched)
    assert said in told.value.text


def test_inputs_are_taken_by_name_where_all_names_are_the_role_s_else_in_order() -> None:
    declared = [Input("g", "tensor(float)", ()), Input("x", "tensor(float)", ())]
    assert ordered("subject", "r", {"x": 1, "g": 1}, declared, batched=False) == declared[::-1]
    assert ordered("subject", "r", {"x": 1, "h": 1}, declared, batched=False) == declared


def test_words_of_models_and_operators_are_known() -> None:
    assert is_onnx("a/softmax.onnx")
    assert is_onnx("onnxruntime:Softmax")
    assert not is_onnx("mine.py:softmax")
    assert is_file("softmax.onnx")
    assert parted("a/softmax.onnx") == ("a/softmax.onnx", "")
    assert record_name("a/softmax.onnx") == "softmax.onnx"
    assert operator("onnxruntime:ReduceLogSumExp").role == operator("openvino:ReduceLogSumExp").role == "logsumexp"
    assert is_onnx("openvino:a/softmax.onnx")
    assert parted("openvino:a/softmax.onnx") == ("a/softmax.onnx", "")
    assert record_name("openvino:a/softmax.onnx") == "openvino:softmax.onnx"
    assert runtime_of("openvino:softmax.onnx") == ("openvino:", "softmax.onnx")
    assert runtime_of("softmax.onnx") == ("onnxruntime:", "softmax.onnx")
    assert [sizes_text(sizes) for sizes in ((1,), (16,), (None, 3))] == ["1 entry", "16 entries", "any by 3 entries"]
