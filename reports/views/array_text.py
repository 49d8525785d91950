"""Arrays as Python expressions that give them again, bit for bit."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from extremum.properties.values.case import with_last
from extremum.reference.arithmetic.formats import Array

WRITTEN_OUT = 64  # entries of an array that are written one by one
NATIVE = ("float64", "float32", "float16")
LINE = 100  # characters of packed bytes


def number_text(a: Array) -> str:
    """A number as a Python int or float; of a format that NumPy does not promote by Python's, as its scalar."""
    if a.dtype.kind in "iub":
        return str(int(a))
    text = _number(float(a))
    return text if a.dtype.name in NATIVE else f'np.array({text}).astype("{a.dtype.name}")[()]'


def array_text(a: Array, record: Mapping[str, Any] | None = None) -> str:
    """The array in decimals; a long one by what repeats in it, as its record has it, or by its bytes."""
    if not a.ndim:
        return number_text(a)
    if a.dtype.kind in "iub":
        return f"np.array({a.tolist()!r})" if a.dtype.kind != "b" else f"np.array({a.tolist()!r}, dtype=bool)"
    if a.size <= WRITTEN_OUT:
        texts = iter([_decimal(value) for value in a.ravel()])
        return f"np.array({_nested(texts, a.shape)}, dtype={_dtype(a)})"
    repeated = _repeated(record or {}, a)
    return repeated if repeated and len(repeated) < 2000 else packed(a)


def packed(a: Array) -> str:
    """The array by its bytes, compressed, as text."""
    raw = np.ascontiguousarray(a)
    text = base64.b85encode(zlib.compress(raw.tobytes(), 9)).decode()
    lines = [f'    b"{text[i : i + LINE]}"' for i in range(0, len(text), LINE)]
    joined = "\n".join(["(", *lines, ")"])
    view = f'.view("{a.dtype.name}")' if a.dtype.name not in NATIVE else ""
    kind = f"u{a.dtype.itemsize}" if view else a.dtype.name
    return f'np.frombuffer(zlib.decompress(base64.b85decode({joined})), "{kind}"){view}.reshape({a.shape}).copy()'


def modules_of(code: str) -> tuple[str, ...]:
    """The modules of the standard library that such expressions in some code need."""
    return ("base64", "zlib") if "b85decode" in code else ()


def _repeated(record: Mapping[str, Any], a: Array) -> str:
    shape, dtype = tuple(a.shape), a.dtype.name
    if "tile" in record:
        tile = f"np.array([{', '.join(_number(float.fromhex(v)) for v in record['tile'])}])"
        rows = f"np.resize({tile}, {with_last(shape, record['along'])})"
        return f'np.moveaxis({rows}, -1, {record["along"]}).astype("{dtype}").copy()'
    if "runs" in record:
        runs = [(count, _number(float.fromhex(value))) for value, count in record["runs"]]
        if len(runs) == 1:
            return f'np.full({shape}, {runs[0][1]}).astype("{dtype}")'
        parts = ", ".join(f"np.full({count}, {value})" for count, value in runs)
        return f'np.concatenate([{parts}]).astype("{dtype}"){"" if len(shape) == 1 else f".reshape({shape})"}'
    return ""


def _dtype(a: Array) -> str:
    return f"np.{a.dtype.name}" if a.dtype.name in NATIVE else f'"{a.dtype.name}"'


def _nested(texts: Iterator[str], shape: Sequence[int]) -> str:
    if not shape:
        return next(texts)
    return f"[{', '.join(_nested(texts, shape[1:]) for _ in range(shape[0]))}]"


def _decimal(value: Any) -> str:
    if not np.isfinite(value):
        return _number(float(value))
    short = str(value)
    with np.errstate(all="ignore"):
        same = type(value)(float(short)) == value
    return short if same and ("." in short or "e" in short) else repr(float(value))


def _number(value: float) -> str:
    return repr(value) if np.isfinite(value) else {"nan": "np.nan", "inf": "np.inf"}.get(str(value), "-np.inf")
