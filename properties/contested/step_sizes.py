"""Step sizes that are no floats of the dtype, and rows in which they matter.

An optimizer is handed its rate as a Python float, whatever dtype its parameters have. Beside parameters of 16 bits that
rate may round to zero (1e-8 in float16), to a neighbour (0.1), or to infinity (1e5). Here s g is far from
negligible beside x, with the rate as it was given, so that the answer tells what became of the rate.
"""

from __future__ import annotations

from math import ceil, floor, log10

import numpy as np

from extremum.properties.inputs.draw import Draw, pick
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array, Format

USUAL_STEP = 0.1  # no binary format has it
UPDATES = (4.0, 8.0)  # s abs(g), of rates that are not too small for it
MULTIPLES = (-3.0, -0.5, 2.0, 5.0)  # of s g, at which x is: the update is no smaller than a fifth of x


def below_the_range(draw: Draw, arguments: Arguments) -> Arguments:
    """A rate below half the smallest subnormal, with large gradients: s g is a number of the format."""
    rate = 10.0 ** floor(log10(draw.fmt.eta / 2))
    return _rows(draw, arguments, rate, draw.uniform(draw.fmt.max / 8, draw.fmt.max / 4, each=True))


def between_floats(draw: Draw, arguments: Arguments) -> Arguments:
    """A rate in the range of the format that is none of its floats."""
    return _rows(draw, arguments, USUAL_STEP, draw.uniform(*UPDATES, each=True) / USUAL_STEP)


def above_the_range(draw: Draw, arguments: Arguments) -> Arguments:
    """A rate beyond the largest finite value, with gradients as small: s g is a number of the format."""
    rate = 10.0 ** ceil(log10(draw.fmt.max))
    return _rows(draw, arguments, rate, np.maximum(draw.uniform(*UPDATES, each=True) / rate, draw.fmt.eta))


def has_every_step(fmt: Format) -> bool:
    """Whether every rate is a float of the format: a Python float is one of 64 bits."""
    return fmt.precision >= np.finfo(np.float64).nmant + 1


def _rows(draw: Draw, arguments: Arguments, rate: float, sizes: Array) -> Arguments:
    """Rows with this rate, as float64, and gradients of these sizes and either sign, shape (rows, n)."""
    shape = arguments["x"].shape
    g = draw.fmt.round(np.broadcast_to(sizes * pick(draw, [1.0, -1.0], each=True), shape))
    x = draw.fmt.round(pick(draw, MULTIPLES, each=True) * rate * g.astype(np.float64))
    return {"x": np.ascontiguousarray(x), "gradient": np.ascontiguousarray(g), "step_size": np.full(shape[0], rate)}
