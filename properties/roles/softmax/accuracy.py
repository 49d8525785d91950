"""EX105 accuracy."""

from __future__ import annotations

from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Measured, View
from extremum.properties.roles.softmax import bounds
from extremum.properties.roles.softmax.bounds import flushed
from extremum.reference.arithmetic.wide import where


def measure(view: View) -> Measured:
    """The error of each entry, 0 where it was flushed to zero; allowed is the error bound of the role."""
    return where(flushed(view), 0.0, view.error(abs(view.out - view.exact))), view.error_bound


GRADES = {
    "within an ulp": ulp,
    "pairwise or wide bound": bounds.within_pairwise,
    "recursive bound": None,
}
PROPERTY = Property(
    name="accuracy",
    code="EX105",
    statement="Every output is as close to the exact value as a sound algorithm comes.",
    bound="""Allowed: t + t**2 relative, t = (d + 2 + g D_j + g W((n - 1) / e)) u + 2 r_e, with D_j = max x - x_j
    and what a running maximum costs, plus the steps of gradual underflow; `properties.roles.softmax.bounds` derives
    it. Outputs that were flushed to zero are judged by `gradual_underflow`. Where an output is not finite the error
    is infinite.""",
    example="""in float32 y = logsumexp([10000, 10000]) is 10000.693, and exp(10000 - y) is 0.499894 for 0.5: an
    error of 1780 ulp, since y was rounded by 2e-4.""",
    fix="""exp(x - max x), divided by its sum in float32 at least. The usual causes: overflow without a shift;
    exp(x - y) with a large y, whose rounding costs abs(y) u; a sum in 16 bits; base 2 with the products rounded
    apart.""",
    measure=measure,
    unit="ulp",
    scale=ulp,
    grades=GRADES,
)
