"""EX101 finite."""

from __future__ import annotations

from extremum.properties.laws.measures import nonfinite
from extremum.properties.model.property import Property

PROPERTY = Property(
    name="finite",
    code="EX101",
    statement="No output is NaN or infinite.",
    bound="""For rows of finite entries every exact output lies in [0, 1], so no rounding can excuse another answer:
    none is allowed.""",
    example="""in float32 exp(89) is inf, so that exp(x) / sum exp(x) of [89, 0] has inf / inf, NaN, first; of
    [-104, -104] it is 0 / 0, NaN throughout.""",
    fix="""subtract the maximum of each row first. The usual cause is exp without a shift, which overflows above
    log(max): 709.78 in float64, 88.72 in float32, 11.09 in float16. The other is a sum that underflows to zero.""",
    measure=nonfinite,
    source=__name__,
    unit="outputs",
    severity="critical",
    exact=True,
)
