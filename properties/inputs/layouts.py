"""Layouts in memory: the same values, presented as a caller may present them."""

from __future__ import annotations

import numpy as np

from extremum.reference.arithmetic.formats import Array


def present(x: Array, layout: str) -> Array:
    """A fresh array with the values of `x` in the named memory layout; numbers have none."""
    if x.ndim == 0 or x.dtype.kind in "iu":
        return np.array(x, order="C", copy=True)
    if layout == "F":
        return np.array(x.T, order="C", copy=True).T
    if layout == "reversed":
        return np.ascontiguousarray(x[..., ::-1])[..., ::-1]
    if layout == "sliced":
        host = np.zeros((*x.shape[:-1], 2 * x.shape[-1] + 1), x.dtype)
        host[..., 1::2] = x
        return host[..., 1::2]
    if layout == "rows-reversed":
        return np.ascontiguousarray(x[::-1])[::-1]
    if layout == "rows-sliced":  # the stride between rows is longer than a row
        host = np.zeros((*x.shape[:-1], x.shape[-1] + 3), x.dtype)
        host[..., : x.shape[-1]] = x
        return host[..., : x.shape[-1]]
    if layout == "broadcast":  # zero stride along the first axis: valid where the rows are equal
        return np.broadcast_to(x[:1].copy(), x.shape)
    copy = np.array(x, order="C", copy=True)
    if layout == "read-only":
        copy.flags.writeable = False
    if layout == "byte-swapped":
        return copy.astype(x.dtype.newbyteorder(">"))
    return copy
