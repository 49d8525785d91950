"""What runs an ONNX model here: ONNX Runtime or OpenVINO, each as a session of one model, asked with NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from extremum.reference.subjects.loading import ONNXRUNTIME, OPENVINO, NotLoaded, first_line

BFLOAT16 = 16  # TensorProto.BFLOAT16: its values go in and out by their bits
WITHOUT_HARDWARE = ("AzureExecutionProvider",)  # which runs nothing here
FATAL = 4  # of a session's log: its errors come as exceptions
THREADS = 1  # the workers share the cores
# Types of OpenVINO as ONNX Runtime names them.
OPENVINO_TYPES = {
    "f16": "tensor(float16)",
    "f32": "tensor(float)",
    "f64": "tensor(double)",
    "bf16": "tensor(bfloat16)",
    "i64": "tensor(int64)",
    "i32": "tensor(int32)",
}


@dataclass(frozen=True)
class Input:
    """An input of a model: its name, its type as ONNX Runtime has it, and its sizes; None: any, and (): of any rank."""

    name: str
    kind: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Session:
    """A model that can be run: what it takes, and `run` of arrays by name, which gives its first output."""

    inputs: Sequence[Input]
    run: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Runtime:
    """One runtime: the module that it is, the extra that installs it, and how it opens a file or the bytes of a model.

    Where it has `ranks`, it takes no arrays of any number of dimensions: those of a model must be declared. `opset` is
    that of models which are made for it.
    """

    module: str
    title: str
    extra: str
    opened: Callable[[str | bytes], Session]
    ranks: bool = False
    opset: int = 13  # which has bfloat16


def session(prefix: str, content: str | bytes, spec: str) -> Session:
    """The model in a session of the runtime that a prefix names. Raises `NotLoaded` in one line."""
    runtime = RUNTIMES[prefix]
    try:
        return runtime.opened(content)
    except ImportError as error:
        needs = f"ONNX models need {runtime.module}: pip install 'extremum[{runtime.extra}]'"
        raise NotLoaded(f"{needs} ({first_line(error)})") from None
    except Exception as error:  # its own, of several classes
        why = first_line(error).rpartition("[ONNXRuntimeError] : ")[2]
        raise NotLoaded(f"subject={spec!r} is no model that {runtime.title} runs here: {why}") from None


def _of_onnxruntime(content: str | bytes) -> Session:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL
    options.intra_op_num_threads = options.inter_op_num_threads = THREADS
    providers = [p for p in onnxruntime.get_available_providers() if p not in WITHOUT_HARDWARE]
    opened = onnxruntime.InferenceSession(content, options, providers=providers)
    inputs = [
        Input(i.name, i.type, tuple(d if isinstance(d, int) else None for d in i.shape)) for i in opened.get_inputs()
    ]
    bits = "tensor(bfloat16)" in {o.type for o in [*opened.get_inputs(), *opened.get_outputs()]}
    return Session(inputs, partial(_run_by_bits if bits else _run, opened))


def _run(opened: Any, arrays: Mapping[str, Any]) -> Any:
    return opened.run([o.name for o in opened.get_outputs()][:1], arrays)[0]


def _run_by_bits(opened: Any, arrays: Mapping[str, Any]) -> Any:
    values = {name: _value(a) for name, a in arrays.items()}
    return _array(opened.run_with_ort_values([o.name for o in opened.get_outputs()][:1], values)[0])


def _value(a: Any) -> Any:
    """An array as the runtime's own value, which lies on the same memory."""
    from onnxruntime import OrtValue

    if a.dtype.name == "bfloat16":
        return OrtValue.ortvalue_from_numpy_with_onnx_type(a.view(np.uint16), BFLOAT16)
    return OrtValue.ortvalue_from_numpy(a)


def _array(value: Any) -> Any:
    """A copy of a value of the runtime's as an array."""
    if value.data_type() != "tensor(bfloat16)":
        return value.numpy()
    import ml_dtypes

    shape = tuple(value.shape())
    bits = np.empty(shape, np.uint16)
    ctypes.memmove(bits.ctypes.data, value.data_ptr(), bits.nbytes)  # of a type that NumPy has not
    return bits.view(ml_dtypes.bfloat16)


def _of_openvino(content: str | bytes) -> Session:
    import openvino

    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": THREADS})
    opened = core.compile_model(core.read_model(content), "CPU")
    return Session([_input_of_openvino(i) for i in opened.inputs], partial(_run_openvino, opened))


def _input_of_openvino(given: Any) -> Input:
    kind, shape = given.get_element_type().get_type_name(), given.get_partial_shape()
    sizes = () if shape.rank.is_dynamic else tuple(d.get_length() if d.is_static else None for d in shape)
    return Input(given.get_any_name(), OPENVINO_TYPES.get(kind, kind), sizes)


def _run_openvino(opened: Any, arrays: Mapping[str, Any]) -> Any:
    import openvino

    given = {
        name: openvino.Tensor(a.view(np.uint16), list(a.shape), openvino.Type.bf16) if a.dtype.name == "bfloat16" else a
        for name, a in arrays.items()
    }
    out = np.array(opened(given)[0], copy=True)  # the next call writes to the same memory
    if opened.outputs[0].get_element_type().get_type_name() != "bf16":
        return out
    import ml_dtypes

    return out.view(np.uint16).view(ml_dtypes.bfloat16)


RUNTIMES: Mapping[str, Runtime] = MappingProxyType(
    {
        ONNXRUNTIME: Runtime("onnxruntime", "ONNX Runtime", "onnx", _of_onnxruntime),
        OPENVINO: Runtime(
            "openvino", "OpenVINO", "openvino", _of_openvino, ranks=True, opset=18
        ),  # of 13 it takes no axes
    }
)
