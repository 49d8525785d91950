"""An ONNX model, or one of its operators, as a function of NumPy arrays, by ONNX Runtime or OpenVINO.

A model takes the role's arguments: by name where its inputs have their names, else in order. Its first output is the
answer. Where it fixes how many rows it takes, it gets that many a call: the last are filled up by copies of one, whose
answers are dropped. A model of a role of one row a call may have an axis of rows before the others.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from extremum.reference.subjects.loading import MODEL, NotLoaded, runtime_of
from extremum.reference.subjects.onnx_runtimes import RUNTIMES, Input, Runtime, session

FLOATS = {
    "tensor(float16)": "float16",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(bfloat16)": "bfloat16",
}
INTEGERS = {"tensor(int64)": "int64", "tensor(int32)": "int32"}
IR_VERSION = 8  # of a model of one operator: it has all opsets that runtimes ask for
AXES_AS_INPUT = 18  # the opset from which on ReduceLogSumExp has its axes as an input


@dataclass(frozen=True)
class Operator:
    """An operator that computes a role, and its attributes for rows along the last axis.

    `rows` is how its arguments are declared: of any number of axes, or as (rows, n) with a label a row.
    """

    name: str
    role: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    rows: bool = False


OPERATORS = (
    Operator("Softmax", "softmax", {"axis": -1}),
    Operator("LogSoftmax", "log_softmax", {"axis": -1}),
    Operator("ReduceLogSumExp", "logsumexp", {"axes": [-1], "keepdims": 0}),
    Operator("SoftmaxCrossEntropyLoss", "cross_entropy", {"reduction": "none"}, rows=True),
)


def opened(spec: str, role: str, inputs: Mapping[str, int], batched: bool) -> Callable[..., Any]:
    """What `spec` names, a file or an operator, as a function of the role's arguments, by their ranks.

    Behind "openvino:" OpenVINO runs it, else ONNX Runtime. Raises `NotLoaded` in one line. `sizes` of the function are
    those that an argument must have, by its name. A call raises `TypeError` for arrays of another dtype than the
    model's.
    """
    prefix, word = runtime_of(spec)
    if not word.endswith(MODEL):
        one = operator(spec)
        if one.role != role:
            raise NotLoaded(f"subject={spec!r} computes role {one.role}, not {role}")
        return _named(_by_dtype(one, spec, inputs, batched), one.name, RUNTIMES[prefix].module, inputs, {})
    if not os.path.isfile(word):
        raise NotLoaded(f"subject file {word!r} does not exist")
    model = Model(os.path.abspath(word), spec, role, inputs, batched)
    return _named(model.__call__, os.path.basename(word), RUNTIMES[prefix].module, inputs, model.sizes)


def _by_dtype(one: Operator, spec: str, inputs: Mapping[str, int], batched: bool) -> Callable[..., Any]:
    """The operator, each dtype in a model of its own. Raises `NotLoaded` where there is none of float32."""

    def model(dtype: str) -> Model:
        content = _model(one, dtype, list(inputs), RUNTIMES[runtime_of(spec)[0]])
        return Model(content, spec, one.role, inputs, batched)

    models = {"float32": model("float32")}

    def called(*arguments: Any) -> Any:
        dtype = np.asarray(arguments[0]).dtype.name
        if dtype not in models:
            try:
                models[dtype] = model(dtype)
            except NotLoaded as error:
                raise TypeError(error.text) from None
        return models[dtype](*arguments)

    return called


def _named(
    call: Callable[..., Any],
    name: str,
    module: str,
    inputs: Mapping[str, int],
    sizes: Mapping[str, Sequence[int | None]],
) -> Callable[..., Any]:
    def called(*arguments: Any) -> Any:
        return call(*arguments)

    called.__name__ = called.__qualname__ = name
    called.__module__ = module  # whose version the record tells
    taken = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in inputs]
    called.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    called.foreign = True  # type: ignore[attr-defined]
    called.sizes = {name: list(sizes[name]) for name in sizes}  # type: ignore[attr-defined]
    return called


class Model:
    """A model in a session of the runtime that `spec` names. `content` is its file, or its bytes."""

    def __init__(self, content: str | bytes, spec: str, role: str, inputs: Mapping[str, int], batched: bool) -> None:
        self.ranks, self.batched = dict(inputs), batched
        self.session = session(runtime_of(spec)[0], content, spec)
        self.inputs = ordered(f"subject={spec!r}", role, inputs, self.session.inputs, batched)

    @property
    def sizes(self) -> dict[str, tuple[int | None, ...]]:
        """By argument: the sizes that it has in each call of the role, where the model fixes some."""
        own = {name: i.shape[len(i.shape) - rank :] for (name, rank), i in self._each() if rank and i.shape}
        return {name: sizes for name, sizes in own.items() if any(size is not None for size in sizes)}

    def _each(self) -> list[tuple[tuple[str, int], Input]]:
        return list(zip(self.ranks.items(), self.inputs, strict=True))

    def __call__(self, *arguments: Any) -> Any:
        """The answer to one call."""
        arrays = []
        for ((name, rank), i), a in zip(self._each(), arguments, strict=True):
            dtype = FLOATS.get(i.kind) or INTEGERS[i.kind]
            given = np.asarray(a, order="C")
            if rank and given.dtype.name != dtype:
                raise TypeError(f"{name} is {dtype} in the model, not {given.dtype.name}")
            arrays.append(given if rank else given.astype(dtype).reshape((1,) * len(i.shape)))
        return self._rows(arrays) if self.batched else self._one(arrays)

    def _one(self, arrays: Sequence[Any]) -> Any:
        """The answer for one row; where the model has an axis of rows, of as many of it as that takes."""
        axes = [len(i.shape) > rank and bool(rank or i.shape) for (_, rank), i in self._each()]
        counts = {i.shape[0] or 1 for (_, i), axis in zip(self._each(), axes, strict=True) if axis}
        count = max(counts, default=1)
        given = [
            np.repeat(a.reshape(1, *(a.shape if rank else ())), count, 0) if axis else a
            for a, axis, rank in zip(arrays, axes, self.ranks.values(), strict=True)
        ]
        out = self._run(given)
        return out[0] if any(axes) and isinstance(out, np.ndarray) and out.shape[:1] == (count,) else out

    def _rows(self, arrays: Sequence[Any]) -> Any:
        """The answer for rows under leading axes, in calls of as many rows as the model takes."""
        leading, given = self.inputs[0].shape[:-1], arrays[0].shape[:-1]
        fits = len(leading) == len(given) and all(d in (None, size) for d, size in zip(leading, given, strict=True))
        if fits or all(d is None for d in leading):
            return self._run(arrays)
        if len(given) != 1:
            raise TypeError("the model fixes how many rows it takes, and gets those of a matrix alone")
        shape = tuple(d or 1 for d in leading)
        count, rows = prod(shape), prod(given)
        parts = []
        for start in range(0, rows, count):
            chosen = np.minimum(np.arange(start, start + count), rows - 1)  # the last row fills up
            part = [
                a.reshape(rows, -1)[chosen].reshape(*shape, a.shape[-1]) if rank else a
                for a, rank in zip(arrays, self.ranks.values(), strict=True)
            ]
            out = self._run(part)
            if not isinstance(out, np.ndarray) or out.shape[: len(shape)] != shape:
                return out  # of another shape than the role's, which the judge tells
            parts.append(out.reshape(count, *out.shape[len(shape) :])[: rows - start])
        return np.concatenate(parts)

    def _run(self, arrays: Sequence[Any]) -> Any:
        return self.session.run({i.name: a for i, a in zip(self.inputs, arrays, strict=True)})


def ordered(said: str, role: str, inputs: Mapping[str, int], declared: Sequence[Input], batched: bool) -> list[Input]:
    """The inputs of a model in the order of the role's arguments. Raises `NotLoaded` where they do not match."""
    names = [i.name for i in declared]
    if len(names) != len(inputs):
        count = "1 input" if len(names) == 1 else f"{len(names)} inputs"
        raise NotLoaded(f"{said} has {count} ({', '.join(names)}); role {role} passes {', '.join(inputs)}")
    by_name = {i.name: i for i in declared}
    own = [by_name[name] for name in inputs] if set(names) == set(inputs) else list(declared)
    for (name, rank), i in zip(inputs.items(), own, strict=True):
        if i.kind not in (FLOATS if rank else {**FLOATS, **INTEGERS}):
            valid = ", ".join([*FLOATS] if rank else [*INTEGERS, *FLOATS])
            raise NotLoaded(f"{said}: input {i.name} is {i.kind}, and {name} of role {role} one of {valid}")
        most = rank + 1 if not batched or not rank else max(rank, len(i.shape))
        if i.shape and not rank <= len(i.shape) <= most:
            raise NotLoaded(
                f"{said}: input {i.name} has {len(i.shape)} dimensions, and {name} of role {role} has {rank}, "
                "or one more for rows"
            )
    if len({i.kind for i, rank in zip(own, inputs.values(), strict=True) if rank}) > 1:
        raise NotLoaded(f"{said}: its inputs are of several types: {', '.join(i.kind for i in own)}")
    return own


def operator(spec: str) -> Operator:
    """The operator that "onnxruntime:NAME" names. Raises `NotLoaded` where there is none that computes a role."""
    name = runtime_of(spec)[1]
    found = next((o for o in OPERATORS if o.name == name), None)
    if found is None:
        valid = [o.name for o in OPERATORS]
        raise NotLoaded(f"subject={spec!r}: no operator that computes a role is called {name!r}", name, valid)
    return found


def _model(one: Operator, dtype: str, inputs: Sequence[str], runtime: Runtime) -> bytes:
    """A model of one operator, in bytes, as the runtime takes it."""
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise NotLoaded("operators by name need onnx: pip install 'extremum[onnx]'") from None
    known = {"float16": "FLOAT16", "float32": "FLOAT", "float64": "DOUBLE", "bfloat16": "BFLOAT16"}
    if dtype not in known:
        raise NotLoaded(f"ONNX has float16, float32, float64 and bfloat16, not {dtype}")
    kind = getattr(TensorProto, known[dtype])
    shapes: list[Any] = [("rows", "n"), ("rows",)][: len(inputs)] if one.rows or runtime.ranks else [None] * len(inputs)
    kinds = [kind, *[TensorProto.INT64 if one.rows else kind] * (len(inputs) - 1)]
    taken = [helper.make_tensor_value_info(*row) for row in zip(inputs, kinds, shapes, strict=True)]
    given = helper.make_tensor_value_info("out", kind, ("rows",) if one.rows else None)
    attributes = dict(one.attributes)
    axes = [attributes.pop("axes")] if runtime.opset >= AXES_AS_INPUT and "axes" in attributes else []
    node = helper.make_node(one.name, [*inputs, *(["axes"] if axes else [])], ["out"], **attributes)
    constants = [numpy_helper.from_array(np.array(a, np.int64), "axes") for a in axes]
    graph = helper.make_graph([node], one.name, taken, [given], constants)
    opset = helper.make_opsetid("", runtime.opset)
    return bytes(helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION).SerializeToString())
