"""EX110 mask."""

from __future__ import annotations

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.laws import masking
from extremum.properties.laws.comparison import compare
from extremum.properties.model.property import Property, ulp
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case


def observe(call: Call, case: Case) -> Observation:
    """f(x), f of each row without its masked entries, and the largest output at a masked one."""
    return masking.observe(call, case, lambda out: np.where(np.isnan(out), np.inf, np.abs(out)))


PROPERTY = Property(
    name="mask",
    code="EX110",
    statement="An entry of -inf gets exactly zero, and the others get what they get without it.",
    bound="""exp(-inf) = 0 is exact, so nothing is allowed at a masked entry. The others have the same exact values
    as in the row with the masked entries removed; two answers of a sound algorithm differ by at most twice the
    error bound of `accuracy`. Rows with every entry masked are not tried: their meaning is contested.""",
    example="with -1e4 in place of -inf, [-inf, -2e4] gives [1, 0]: the masked entry gets everything.",
    fix="""let -inf through: its exp is 0. Where a running maximum starts with a masked entry, guard -inf - -inf,
    which is NaN. The usual causes: a mask of -1e9 or -1e4 in place of -inf; a floor or an epsilon under the
    probabilities; that NaN.""",
    measure=compare,
    source=__name__,
    unit="ulp",
    scale=ulp,
    observe=observe,
    beside="without the masked entries",
    rows=4,
    lengths="few",
    masked=True,
    script=masking.SCRIPT,
)
