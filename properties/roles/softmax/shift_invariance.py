"""EX107 shift_invariance."""

from __future__ import annotations

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.inputs.regimes import log_max
from extremum.properties.laws.comparison import compare
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.double_double import two_sum
from extremum.reference.arithmetic.formats import Array


def arrange(draw: Draw, arguments: Arguments) -> Case:
    """Round each row to multiples of what the shift can carry, so that adding it is exact; else shift by 0."""
    fmt, x = draw.fmt, arguments["x"]
    options = [c for c in (1.0, 16.0, 100.0, 1000.0, 1e4, 2 * log_max(fmt)) if c < fmt.max / 4]
    c = fmt.round(pick(draw, [sign * c for c in options for sign in (1.0, -1.0)]))
    wide = fmt.round(np.clip(x.astype(np.float64), -fmt.max / 4, fmt.max / 4))
    coarse = ((wide + c) - c).astype(x.dtype)
    exact = (_rounding(coarse, c) == 0).all(axis=-1, keepdims=True)
    return Case({"x": np.where(exact, coarse, wide), "shift": np.where(exact, c, np.zeros_like(c))})


def _rounding(x: Array, c: Array) -> Array:
    a, b = x.astype(np.float64), np.broadcast_to(c.astype(np.float64), x.shape)
    total, error = two_sum(a, b)
    return np.asarray(error + (total - (x + c).astype(np.float64)))


def observe(call: Call, case: Case) -> Observation:
    """f(x) and f(x + shift)."""
    x, shift = case.x, case.arguments["shift"]
    out, other = call.each([{"x": x}, {"x": (x + shift).astype(x.dtype)}])
    return Observation({"x": x}, out, other)


PROPERTY = Property(
    name="shift_invariance",
    code="EX107",
    statement="Adding one number to a whole row changes nothing.",
    bound="""Only shifts that are exact in the dtype are tried: x + c has no rounding error in any entry. The exact
    answer is then the same, and two answers of a sound algorithm are each within its error bound of `accuracy` of it;
    so their difference is within twice that.""",
    example="""without a shift [0, 0] gives [0.5, 0.5], and [100, 100] in float32 gives NaN; by
    exp(x - logsumexp(x)), [10000, 10000] gives [0.499894, 0.499894].""",
    fix="""subtract the maximum of each row first, and let nothing but differences of entries into exp. The usual
    causes: no shift, so that one of the two overflows; exp(x - logsumexp(x)); base 2 with the products rounded
    apart.""",
    measure=compare,
    source=__name__,
    unit="ulp",
    scale=ulp,
    arrange=arrange,
    observe=observe,
    beside="after the shift",
    severity="medium",
    lengths="moderate",
    script=("got = float(f({copies}){at})", "expected = float(f((x + shift).astype(x.dtype)){at})"),
)
