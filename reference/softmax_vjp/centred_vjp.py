"""The definition, over a sound softmax."""

import numpy as np

from extremum.reference.formats import Array
from extremum.reference.softmax.wide import wide
from extremum.reference.subjects import subject


@subject("softmax_vjp", kind="reference")
def centred_vjp(x: Array, g: Array) -> Array:
    """s * (g - <g, s>) in float32 at least, rounded to the dtype of `x` at the end."""
    format_ = np.promote_types(x.dtype, np.float32)
    s, w = wide(x.astype(format_)), g.astype(format_)
    return (s * (w - (w * s).sum())).astype(x.dtype)
