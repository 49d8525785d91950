"""Shifted, with the maximum kept out of the sum, and the arithmetic of 16-bit formats done in float32."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.subjects import subject


@subject("logsumexp", kind="reference")
def wide_logsumexp(x: Array, axis: int = -1) -> Array:
    """max x + log1p(sum of exp(x_j - max x) over all entries but one at the maximum).

    In float32 at least, rounded to the dtype of `x` at the end.
    """
    w = np.moveaxis(x.astype(np.promote_types(x.dtype, np.float32)), axis, -1)
    a = w.max(axis=-1, keepdims=True)
    e = np.exp(w - np.where(np.isfinite(a), a, 0))  # inf - inf is NaN
    np.put_along_axis(e, w.argmax(axis=-1, keepdims=True), 0, axis=-1)
    return np.asarray(a[..., 0] + np.log1p(e.sum(axis=-1))).astype(x.dtype)
