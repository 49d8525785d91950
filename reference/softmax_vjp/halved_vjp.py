"""The definition, over halves that cannot overflow."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import subject


@subject("softmax_vjp", kind="reference")
def halved_vjp(x: Array, g: Array) -> Array:
    """2 s * (g / 2 - <g / 2, s>) in float32 at least: finite for every finite g, as the exact value is.

    abs(g_i - g_j) may be twice the largest finite value, and s_j abs(g_j - <g, s>) is at most half of it.
    """
    format_ = np.promote_types(x.dtype, np.float32)
    s, half = wide(x.astype(format_)), g.astype(format_) / 2
    v = s * (half - (half * s).sum())
    return (v + v).astype(x.dtype)
