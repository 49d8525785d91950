"""The role gelu: x Phi(x) with the normal distribution Phi and its density phi, entry by entry.

With f = x Phi, c = abs(x) phi / Phi, which is x**2 + 1 at most in the left tail, and the errors of
`properties.model.rounding`, a sound form has one of these errors, to first order; `properties.laws.entry_errors` has
what is beyond it.

| form | error |
|---|---|
| in wider arithmetic, or with a corrected argument | (r_c + 3 u) abs(f) |
| x / 2 erfc(-x / sqrt(2)), x ndtr(x) | (2 u c + u x**2 / 2 + r_c + 2 u) abs(f) |
| x / 2 (1 + erf(x / sqrt(2))) | abs(x) (r_f / 2 + 2 u abs(x) phi + u Phi) + u abs(f) |

The argument is rounded twice, with sqrt(2), which moves log Phi by 2 u c. Cephes' erfc takes exp of a rounded square of
z = x / sqrt(2), in SciPy's erfc and ndtr too (https://www.netlib.org/cephes): u z**2 more, where x is negative. d erf
is 2 phi dx. The last form is absolute: its tail has no digits, and is 0 where erf is -1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.laws import entrywise
from extremum.properties.laws.entry_errors import Shown, absolute, costs, relative, within_reach
from extremum.properties.laws.entry_underflow import Tail, gradual_underflow
from extremum.properties.model.view import View
from extremum.reference.truth import gaussian

FAR = 200.0  # Phi(-FAR) is 0 in every format, and squares of what is beyond may overflow


def near(view: View) -> Any:
    """abs(x), capped where Phi(-abs(x)) is 0."""
    return np.minimum(view.narrow(Shown(view).size), FAR)


def spread(view: View) -> Any:
    """What an underflow of Phi is multiplied by."""
    return within_reach(view, Shown(view).size) + 1.0


def of_exact_arguments(view: View) -> Any:
    """The error of x times a Phi of full relative accuracy."""
    c = costs(view.fmt)
    return relative(view, view.exact, c.erfc + 3 * c.u, spread(view))


def of_rounded_arguments(view: View) -> Any:
    """The error of x / 2 erfc(-x / sqrt(2))."""
    at, c, size = Shown(view), costs(view.fmt), near(view)
    condition = at.where_positive(at.density / at.large, at.one / at.ratio) * size
    squared = at.where_positive(at.none, at.none + size * size) * (c.u / 2)
    return relative(view, view.exact, condition * (2 * c.u) + squared + c.erfc + 2 * c.u, spread(view))


def of_erf(view: View) -> Any:
    """The error of x / 2 (1 + erf(x / sqrt(2)))."""
    at, c, size = Shown(view), costs(view.fmt), near(view)
    beside = at.size * (at.density * size * (2 * c.u)) + abs(view.exact) * (2 * c.u)
    return absolute(view, at.size * (c.erf / 2), beside, at.size * at.small, spread(view))


def argument(view: View) -> Any:
    """x, entry by entry."""
    return Shown(view).x


ROLE = entrywise.role(
    __name__,
    "gelu",
    19,
    "x_i Phi(x_i)",
    gaussian.gelu,
    {"full": of_exact_arguments, "conditioned": of_rounded_arguments, "absolute": of_erf},
    properties=(
        entrywise.finite(
            bound="The exact value lies between -0.17 and abs(x), which is in range: none is allowed.",
            example="x (1 + erf(x / sqrt(2))) / 2 of 3e38 in float32 is inf, since 6e38 is; it is 3e38.",
            fix="compute x / 2 erfc(-x / sqrt(2)): halve x first, and leave no exponential without a limit.",
        ),
        entrywise.sign(
            "x",
            bound="""erfc is not negative, and erf at least -1, so that their products with x have the sign of x, or are
            0. Nothing is allowed. Severity is low where the excess is within the error bound of `accuracy`. NaN is
            judged by `finite`.""",
            example="with an erf that reaches -1.0000002, gelu(-5) is 6e-7.",
            fix="limit an approximation of erf to -1 and 1, or use erfc.",
        ),
        entrywise.accuracy(
            bound="""Allowed is the largest error of the sound forms: (2 u c + u x**2 / 2 + r_c + 2 u) abs(f) of
            x / 2 erfc(-x / sqrt(2)), with c = abs(x) phi / Phi, and abs(x) (r_f / 2 + 2 u abs(x) phi + u Phi) +
            u abs(f) of x / 2 (1 + erf(x / sqrt(2))), with second order terms and gradual underflow
            (`properties.roles.gelu` derives it). The grade tells which of them a subject keeps at every input.""",
            example="x sigmoid(1.702 x) of 1 is 0.846; it is 0.841.",
            fix="compute x / 2 erfc(-x / sqrt(2)); gelu by tanh is another role. In 16 bits compute in float32.",
        ),
        gradual_underflow(
            Tail(gaussian.gelu, -2.0, -1e4),
            spread=spread,
            example="flushed, the gelu of -13.2 in float32 is 0 for -5.79e-39.",
        ),
        entrywise.monotone(
            0.0,
            statement="From 0 on, a larger input has no smaller output, up to rounding.",
            example="where NaN of an erf by exponentials is replaced by 0, gelu(9) is 9 and gelu(10) is 0.",
            fix="let the pieces of an approximation meet where they join.",
        ),
        entrywise.symmetry(
            -1,
            argument,
            "float(x{at})",
            statement="The output for x less that for -x is x.",
            bound="""x Phi(x) + x Phi(-x) is x, and negation is exact. Each output is within the error bound of
            `accuracy` of its own exact value: allowed is the sum of the two.""",
            example="with erf(abs(x)), gelu(1) - gelu(-1) is 1.68.",
            fix="use an erf that is odd.",
        ),
        entrywise.limits(
            argument,
            allowed=of_erf,
            spread=spread,
            statement="Where the exact value rounds to 0 or to x, the output is that, or near to it.",
            bound="""Judged where the distance is below a quarter of the spacing at x, or the value at most half of the
            smallest subnormal. Allowed at x is the error of an erf next to 1, abs(x) r_f / 2 + 2 u abs(x), and at 0
            what underflow costs: an erf is -1 there.""",
            example="with the argument of erf clipped to -3 .. 3, the gelu of -1000 is -0.011.",
            fix="leave out the clip: erf takes every number.",
        ),
    ),
)
