"""What it costs to compute a function of a single entry: relative errors, underflow, overflow, and values next to 1.

The error bounds of entrywise roles are sums of these, to first order; `relative` and `absolute` have what is beyond it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from extremum.properties.inputs.regimes import log_eta
from extremum.properties.laws.measures import larger
from extremum.properties.model import rounding
from extremum.properties.model.view import View
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import choose

Bound = Callable[[View], Any]
FLOAT32 = 2.0**-24  # the unit roundoff of what 16 bits are often computed in
PERTURBATIONS = 32  # units of u: more than the relative errors on any path of a form whose error is absolute add up to


@dataclass(frozen=True)
class Costs:
    """The unit roundoff of a format, and the relative errors of the functions of `properties.model.rounding`."""

    u: float
    exp: float
    log: float
    expm1: float
    tanh: float
    cosh: float
    erf: float
    erfc: float


def costs(fmt: Format) -> Costs:
    """What the functions cost in a format."""
    tables = (
        *(rounding.EXP_ERROR, rounding.LOG_ERROR, rounding.EXPM1_ERROR, rounding.TANH_ERROR),
        *(rounding.COSH_ERROR, rounding.ERF_ERROR, rounding.ERFC_ERROR),
    )
    u = fmt.unit_roundoff
    return Costs(u, *(table[fmt.name] * u for table in tables))


class Shown:
    """The parts of a view's truth, in the columns that are shown."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __getattr__(self, name: str) -> Any:
        return self._view.at(getattr(self._view.parts, name))

    def where_positive(self, a: Any, b: Any) -> Any:
        """`a` where x is 0 or more, else `b`."""
        return choose(self.positive, a, b)


def relative(view: View, value: Any, t: Any, spread: Any = 1.0) -> Any:
    """An error of t relative to a value, and of an exp whose result is subnormal, multiplied by `spread`.

    Roundings 1 + d whose abs(d) add up to t change a value by at most t / (1 - t)**2 of it, and move a factor of t
    that depends on exp by 1 + 2 t at most: t (1 + 4 t) is above that for t below 1/8. Beyond, as where an exponent of
    magnitude 90 is rounded in 16 bits, exp(t) - 1 is at most t (1 + 4 t) as far as t = 3, where a value is as good as
    lost.
    """
    return abs(value) * t * (t * 4.0 + 1.0) + gradual(view.fmt) * spread


def at_its_end(view: View, u: float) -> Array:
    """Where a tanh or an erf is taken to be 1 or -1 to a unit roundoff, as a mask: they differ from it by 2 `small`."""
    return np.asarray(view.narrow(Shown(view).small * 2.0) < u**2)


def first_order(view: View, error: Any, spread: Any = 1.0) -> Any:
    """An absolute error to first order, with its products with relative errors, and the underflow of exp."""
    return error * (1.0 + PERTURBATIONS * view.fmt.unit_roundoff) + gradual(view.fmt) * spread


def absolute(view: View, error: Any, beside: Any, lost: Any, spread: Any = 1.0) -> Any:
    """The error of a form with a tanh or an erf whose size is next to 1: `error` of that, and `beside` of all else.

    A tanh and an erf whose exact values are within u**2 of 1 are taken to be 1. NumPy's tanh, the slowest that was
    measured, is 1 in float32 from 10 on, where the exact value is u / 15 below 1. A difference of it and 1 is then 0,
    and with it `lost` is missing. Without that, an error relative to 1 would be multiplied by x as far as x goes.
    In 16 bits the tanh may be of float32, and then it is 1 later: there its own error is allowed, which is far less.
    """
    u = view.fmt.unit_roundoff
    # Twice what is lost, so that the screen clears it: the error is as large as that to the last digit.
    missing = lost * 2.0
    if u > FLOAT32:
        of_float32 = error * (rounding.TANH_ERROR["float32"] * FLOAT32 / u) + missing
        missing = choose(at_its_end(view, FLOAT32), missing, of_float32)
    return first_order(view, choose(at_its_end(view, u), missing, error) + beside, spread)


def cotangent(view: View) -> Any:
    """The cotangent g, entry by entry."""
    return Shown(view).g


def by_cotangent(view: View) -> Any:
    """What an underflow in a derivative is multiplied by, and one of the product."""
    return abs(view.narrow(Shown(view).g)) + 1.0


def quotient(c: Costs, opposite: Any) -> Any:
    """The relative error of a sigmoid s as a quotient with an exponential: 2 u + r_e s', with s' = 1 - s `opposite`."""
    return opposite * c.exp + 2 * c.u


def exponent(c: Costs, depth: Any) -> Any:
    """The relative error of exp(log s), whose exponent is rounded, and -log s is the `depth`."""
    return depth * (c.log + c.exp + c.u) + c.exp


def bent(t: Any) -> Any:
    """A relative error t that stands in an exponent: exp(t) - 1 is at most t (1 + 4 t) as far as t = 3."""
    return t * (t * 4.0 + 1.0)


def gradual(fmt: Format) -> float:
    """What gradual underflow costs: exp errs by as many subnormals as it does by units, and the answer is rounded."""
    return (rounding.EXP_ERROR[fmt.name] + 1.0) * fmt.eta


def overflowed(fmt: Format) -> float:
    """The largest 1 / (1 + e) of an e that a sound exp may overflow at."""
    return (1.0 + (rounding.EXP_ERROR[fmt.name] + 2.0) * fmt.unit_roundoff) / fmt.max


def within_reach(view: View, size: Any) -> Array:
    """abs(x), capped where exp(-abs(x)) is 0 in any sound form: below a sixteenth of the smallest subnormal."""
    return np.minimum(view.narrow(size), 3.0 - log_eta(view.fmt))


def widest(bounds: tuple[Bound, ...]) -> Bound:
    """The bound that is the largest of several, entry by entry."""
    return lambda view: reduce(lambda a, b: larger(view, a, b), (bound(view) for bound in bounds))
