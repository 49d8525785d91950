"""A symbol of a shared library as a function of NumPy arrays, by its C signature: of C, Rust, Zig, Fortran, C++.

The names of its parameters say what is passed: an argument of the role by its own name (an array by a pointer, a number
by value), `out` for the answer, `rows` and `n` for the numbers of rows and of entries of each, `m` for the rows of a
matrix. Arrays are in C order, rows along the last axis. Before and behind each lies a zone that nobody may write to.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from extremum.reference.subjects.loading import NotLoaded, first_line

ARRAYS = {"float": "float32", "double": "float64", "float16": "float16", "_Float16": "float16", "bfloat16": "bfloat16"}
INTEGERS = ("int", "long", "int32", "int64", "uint32", "uint64", "int32_t", "int64_t", "uint32_t", "uint64_t", "size_t")
SIZES = ("rows", "n", "m")
OUT = "out"
TYPEDEFS = """
typedef short float16; typedef short bfloat16; typedef int int32; typedef long long int64;
typedef unsigned int uint32; typedef unsigned long long uint64;
"""
STANDARD = """
typedef int int32_t; typedef long long int64_t; typedef unsigned int uint32_t; typedef unsigned long long uint64_t;
typedef unsigned long size_t;
"""
FORM = re.compile(r"\s*([\w\s*]+?)\s*\((.*)\)\s*;?\s*", re.DOTALL)
GUARD_BYTES, PATTERN, ALIGNMENT = 256, 0xA5, 64
NEEDED = "C symbols need cffi: pip install 'extremum[c]'"
EXAMPLE = "void(const float *x, float *out, int64 rows, int64 n)"


class Beyond(BaseException):
    """It was written before the begin or behind the end of an array: no error that a sound function raises."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a C function: its name, its type by name, and whether it is a pointer."""

    name: str
    kind: str
    pointer: bool


@dataclass(frozen=True)
class Form:
    """A C signature that was read: what it returns, by name, and its parameters."""

    returns: str
    parameters: Sequence[Parameter]

    @property
    def dtype(self) -> str:
        """The dtype of its arrays; of a function that takes none, of its numbers."""
        kinds = [p.kind for p in self.parameters if p.pointer] or [p.kind for p in self.parameters] + [self.returns]
        return next(ARRAYS[kind] for kind in kinds if kind in ARRAYS)


def read(signature: str, inputs: Mapping[str, int]) -> Form:
    """The form of a signature such as `EXAMPLE`, for the arguments of a role, by name with their ranks.

    Raises `NotLoaded` in one line for what does not parse, or does not match the role.
    """
    try:
        from pycparser import CParser
        from pycparser.c_ast import FuncDecl, PtrDecl
    except ImportError:
        raise NotLoaded(NEEDED) from None
    said = f"c-signature={signature!r}"
    parts = FORM.fullmatch(signature)
    if parts is None:
        raise NotLoaded(f"{said} is no C signature; one is {EXAMPLE!r}")
    returned, taken = (part.replace("_Float16", "float16") for part in parts.groups())
    try:
        tree = CParser().parse(f"{TYPEDEFS}{STANDARD}{returned} f({taken});")
    except Exception as error:  # pycparser's own
        raise NotLoaded(f"{said} does not parse: {first_line(error)}; one is {EXAMPLE!r}") from None
    declared = getattr(tree.ext[-1], "type", None)
    if not isinstance(declared, FuncDecl):
        raise NotLoaded(f"{said} is no function; one is {EXAMPLE!r}")
    found = []
    for place, parameter in enumerate(declared.args.params if declared.args else ()):
        taken_type: Any = getattr(parameter, "type", None)  # `...` has none
        pointer = isinstance(taken_type, PtrDecl)
        kind = _kind(taken_type.type if pointer else taken_type)
        if kind == "void" and not pointer and len(declared.args.params) == 1:
            continue
        if not kind:
            raise NotLoaded(f"{said}: parameter {place + 1} is neither a number nor a pointer to numbers")
        found.append(Parameter(parameter.name or "", kind, pointer))
    form = Form(_kind(declared.type), found)
    _check(said, form, inputs)
    return form


def _kind(declared: Any) -> str:
    """The name of a type of numbers, or "void"; of structs, pointers and all others an empty string."""
    from pycparser.c_ast import IdentifierType, TypeDecl

    named = isinstance(declared, TypeDecl) and isinstance(declared.type, IdentifierType)
    return " ".join(declared.type.names) if named else ""


def _check(said: str, form: Form, inputs: Mapping[str, int]) -> None:
    names = [p.name for p in form.parameters]
    known = [*inputs, OUT, *SIZES]
    if form.returns not in ("void", "float", "double", *INTEGERS):
        raise NotLoaded(
            f"{said} returns {form.returns or 'no number'}: void, a float, a double or an integer is needed"
        )
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise NotLoaded(f"{said} has two parameters named {twice}")
    for p in form.parameters:
        if p.name not in known:
            raise NotLoaded(f"{said}: parameter {p.name!r} is none of {', '.join(known)}")
        array = p.name == OUT or inputs.get(p.name, 0) > 0
        if array != p.pointer:
            raise NotLoaded(f"{said}: {p.name} is {'an array, by a pointer' if array else 'a number, by its value'}")
        if p.kind not in (ARRAYS if array else (*INTEGERS, "float", "double")):
            raise NotLoaded(f"{said}: {p.kind!r} of {p.name} is not one of {', '.join(ARRAYS if array else INTEGERS)}")
    if missing := [name for name in inputs if name not in names]:
        raise NotLoaded(f"{said} does not take {', '.join(missing)}, which the role has")
    if OUT not in names and form.returns not in ("float", "double"):
        raise NotLoaded(f"{said} has no out, and returns {form.returns}: there is no answer")
    if len({p.kind for p in form.parameters if p.pointer}) > 1:
        raise NotLoaded(f"{said}: its arrays are of several types")


def bound(place: str, symbol: str, signature: str, inputs: Mapping[str, int], answer: str) -> Callable[..., Any]:
    """The symbol as a function of arrays, and of numbers where the rank in `inputs` is 0.

    `answer` says of what shape `out` is: "like NAME" as an argument, "rows" without the last axis of the first,
    "square" with that axis twice, "number". Raises `NotLoaded`. A call raises `TypeError` for arrays of another
    dtype, `Beyond` where it writes beyond an array, and `RuntimeError` where it returns an int that is not 0.
    """
    form = read(signature, inputs)
    ffi, function = _symbol(place, symbol, form)
    dtype, names = _dtype(form.dtype), {p.name for p in form.parameters}

    def called(*arguments: Any) -> Any:
        given = dict(zip(inputs, arguments, strict=True))
        arrays = {name: np.asarray(a) for name, a in given.items() if inputs[name]}
        for name, a in arrays.items():
            if a.dtype != dtype:
                raise TypeError(f"{name} is {form.dtype} in its C signature, not {a.dtype.name}")
        first = next(iter(arrays), None)
        if "rows" not in names and first is not None and arrays[first].ndim > inputs[first]:  # it takes one row
            return row_by_row(arguments, arrays)
        return once(given, arrays)

    def row_by_row(arguments: Sequence[Any], arrays: Mapping[str, Any]) -> Any:
        of_one = _shape(answer, {name: np.empty(a.shape[1:], dtype) for name, a in arrays.items()})
        out = np.empty((len(arguments[0]), *of_one), dtype)
        for r, row in enumerate(zip(*arguments, strict=True)):
            out[r] = called(*row)
        return out

    def once(given: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        shape = _shape(answer, arrays)
        guarded = {name: Guarded(a) for name, a in arrays.items()}
        guarded[OUT] = Guarded(np.full(shape, np.nan, dtype))
        first = next(iter(arrays.values()), np.zeros(1, dtype))
        sizes = {"rows": prod(first.shape[:-1]), "n": first.shape[-1], "m": first.shape[0]}
        passed = []
        for p in form.parameters:
            if p.pointer:
                passed.append(ffi.cast(_c_type(p), guarded[p.name].address))
            else:
                passed.append(sizes[p.name] if p.name in SIZES else np.asarray(given[p.name]).item())
        returned = function(*passed)
        for name, memory in guarded.items():
            if written := memory.beyond():
                raise Beyond(f"it writes {written} {name}")
        for name, a in arrays.items():
            if a.flags.writeable:  # so that what it writes into an argument is seen
                a[...] = guarded[name].array
        if OUT not in names:
            return dtype.type(returned)
        if form.returns in INTEGERS and returned:
            raise RuntimeError(f"it returned {returned}")
        return guarded[OUT].array.copy()[()]

    called.__name__ = called.__qualname__ = symbol
    called.__module__ = Path(place).name
    taken = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in inputs]
    called.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    called.foreign = True  # type: ignore[attr-defined]
    return called


def _symbol(place: str, symbol: str, form: Form) -> tuple[Any, Any]:
    """The library's interface and the function in it."""
    try:
        from cffi import FFI
    except ImportError:
        raise NotLoaded(NEEDED) from None
    if not symbol.isidentifier():
        raise NotLoaded(f"subject={f'{place}:{symbol}'!r}: {symbol!r} is no name of a symbol; write library.so:symbol")
    ffi = FFI()
    parameters = ", ".join(f"{_c_type(p)} {p.name}" for p in form.parameters)
    ffi.cdef(f"{TYPEDEFS}\n{form.returns} {symbol}({parameters});")
    path = Path(place)
    if not path.is_file():
        raise NotLoaded(f"subject file {place!r} does not exist")
    try:
        function = getattr(ffi.dlopen(str(path.resolve())), symbol)
    except OSError as error:
        raise NotLoaded(f"subject {place!r} is no library that loads here: {first_line(error)}") from None
    except AttributeError:
        raise NotLoaded(f"subject={f'{place}:{symbol}'!r}: {place} exports no {symbol!r}") from None
    return ffi, function


class Guarded:
    """A copy of an array, with a zone of a known pattern before it and behind it.

    Where the array begins one entry off a boundary, so does the copy.
    """

    def __init__(self, a: Any) -> None:
        a = np.asarray(a, order="C")
        size = a.dtype.itemsize
        off = size if a.ctypes.data % (2 * size) else 0
        self._memory = np.full(a.nbytes + 2 * GUARD_BYTES + ALIGNMENT + size, PATTERN, np.uint8)
        start = GUARD_BYTES + (-(self._memory.ctypes.data + GUARD_BYTES)) % ALIGNMENT + off
        self._start, self._end = start, start + a.nbytes
        self.array = self._memory[start : self._end].view(a.dtype).reshape(a.shape)
        self.array[...] = a
        self.address = self._memory.ctypes.data + start

    def beyond(self) -> str:
        """Where it was written beyond the array, in words; empty where it was not."""
        before = np.flatnonzero(self._memory[: self._start] != PATTERN)
        behind = np.flatnonzero(self._memory[self._end :] != PATTERN)
        if before.size:
            return f"{self._start - int(before[0])} bytes before the begin of"
        return f"{int(behind[-1]) + 1} bytes behind the end of" if behind.size else ""


def _c_type(p: Parameter) -> str:
    kind = {"_Float16": "float16"}.get(p.kind, p.kind)
    return f"{kind} *" if p.pointer else kind


def _dtype(name: str) -> np.dtype[Any]:
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def _shape(answer: str, arrays: Mapping[str, Any]) -> tuple[int, ...]:
    first = next(iter(arrays.values()), np.zeros(()))
    if answer.startswith("like "):
        return tuple(arrays[answer.removeprefix("like ")].shape)
    return {"rows": first.shape[:-1], "square": (*first.shape, *first.shape[-1:]), "number": ()}[answer]
