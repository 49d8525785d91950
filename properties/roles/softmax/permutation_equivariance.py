"""EX108 permutation_equivariance."""

from __future__ import annotations

from math import gcd

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw
from extremum.properties.laws.comparison import compare
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case, integer
from extremum.properties.values.signature import Arguments


def arrange(draw: Draw, arguments: Arguments) -> Case:
    """A stride coprime to n, and a start; -1 reverses."""
    strides = [s for s in (-1, 1, 2, 3, 5, 7, 11, 13) if gcd(s % max(draw.n, 1), draw.n) == 1]
    start = draw.one_of(sorted({0, 1 % draw.n, draw.n // 2, draw.n - 1}))
    return Case({**arguments, "stride": integer(draw.one_of(strides or [1])), "start": integer(start)})


def observe(call: Call, case: Case) -> Observation:
    """f(x), and f(x permuted) permuted back."""
    x, n = case.x, case.x.shape[-1]
    order = (case.number("stride") * np.arange(n) + case.number("start")) % n
    other, out = call.each([{"x": np.ascontiguousarray(x[:, order])}, {"x": x}])
    return Observation({"x": x}, out, other[:, np.argsort(order)], order=order)


PROPERTY = Property(
    name="permutation_equivariance",
    code="EX108",
    statement="Permuting a row permutes its outputs.",
    bound="""The exact values are the same numbers, and two answers of a sound algorithm are each within its
    error bound of `accuracy` of them; so their difference is within twice that. The permutations are i -> (stride
    i + start) mod n with stride coprime to n: reversal and rotation are among them.""",
    example="""with the first entry in place of the maximum, [100, 0] in float32 gives [1, 4e-44], and [0, 100]
    gives [0, NaN].""",
    fix="""take maximum and sum over the whole row, and mask a tail with -inf instead of leaving it out. The usual
    causes: a tail that is not a multiple of the vector width; a first element used as the maximum.""",
    measure=compare,
    source=__name__,
    unit="ulp",
    scale=ulp,
    arrange=arrange,
    observe=observe,
    beside="in another order",
    severity="medium",
    lengths="moderate",
    script=(
        "order = (stride * np.arange(x.shape[-1]) + start) % x.shape[-1]",
        "got = float(f({copies}){at})",
        "expected = float(f(x[..., order])[..., np.argsort(order)]{at})",
    ),
)
