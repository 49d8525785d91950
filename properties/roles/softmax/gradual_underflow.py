"""EX106 gradual_underflow."""

from __future__ import annotations

from extremum.properties.model.property import Property, subnormal
from extremum.properties.model.rounding import additions
from extremum.properties.model.view import Measured, View
from extremum.properties.roles.softmax.bounds import componentwise, flushed, gradual
from extremum.reference.arithmetic.wide import where


def measure(view: View) -> Measured:
    """The exact value where it was flushed to zero, else 0; allowed is what underflow may cost a sound answer."""
    lost = where(~flushed(view), 0.0, view.exact)
    relative = componentwise(view, additions(view.fmt, view.n))
    return lost, (relative + 1.0) * gradual(view.fmt)


PROPERTY = Property(
    name="gradual_underflow",
    code="EX106",
    statement="Outputs below the smallest normal are rounded, not flushed to zero.",
    bound="""Judged where the output is 0 and the exact value s is subnormal (`properties.roles.softmax.bounds`,
    `flushed`). A sound answer is at least s exp(-t) less g, with t of `accuracy` and g = (r_e / u + 1/2) smallest
    subnormals; so it may be 0 only where s <= g exp(t), and exp(t) <= 1 + t + t**2. Severity is low: processors and
    compilers flush on purpose, for speed, and what is lost weighs next to nothing. Any other error in the subnormal
    range is one of `accuracy`.""",
    example="""the second output of softmax of [0, -90] in float32 is 8.19e-40, which is below the smallest normal,
    1.18e-38; flushed it is 0.""",
    fix="""leave gradual underflow on where these outputs matter, or keep logarithms (log_softmax) in place of them.
    The usual cause: flush-to-zero mode, set by -ffast-math or by a GPU's kernel.""",
    measure=measure,
    unit="ulp",
    scale=subnormal,
    severity="low",
)
