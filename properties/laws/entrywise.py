"""What entrywise roles share: roles whose answer to an entry is a function of that entry alone.

A sound form of such a function keeps one of four grades at every input: *full*, an error of a few units relative to
the value; *conditioned*, the same for an argument rounded once; *lost*, full but 0 where exp overflows, so that the
value is at most about 1 / max; *absolute*, where a tail has no digits. What `accuracy` allows is the widest of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.regimes import log_tiny
from extremum.properties.model.rounding import EXP_ERROR
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array, Format, format_of
from extremum.reference.arithmetic.wide import choose


def relative(view: View, value: Any, t: Any) -> Any:
    """An error of t relative to a value, and of an exp whose result is subnormal.

    Roundings 1 + d whose abs(d) add up to t change a value by at most t / (1 - t)**2 of it, and move a factor of t
    that depends on exp by 1 + 2 t at most: t (1 + 4 t) is above that for t below 1/8. Beyond, as where an exponent of
    magnitude 90 is rounded in 16 bits, exp(t) - 1 is at most t (1 + 4 t) as far as t = 3, where a value is as good as
    lost.
    """
    return value * t * (t * 4.0 + 1.0) + gradual(view.fmt)


def gradual(fmt: Format) -> float:
    """What gradual underflow costs: exp errs by as many subnormals as it does by units, and the answer is rounded."""
    return (EXP_ERROR[fmt.name] + 1.0) * fmt.eta


def overflowed(fmt: Format) -> float:
    """The largest 1 / (1 + e) of an e that a sound exp may overflow at."""
    return (1.0 + (EXP_ERROR[fmt.name] + 2.0) * fmt.unit_roundoff) / fmt.max


def in_order(call: Call, case: Case) -> Observation:
    """Pairs of neighbours in the order of x: `out` belongs to the smaller entry, `other` to the next.

    Of equal entries the larger answer comes first, so that their disagreement shows as a drop.
    """
    x, out = case.x, call.rows(case.arguments)
    order = np.lexsort((-out.astype(np.float64), x.astype(np.float64)), axis=-1)
    x, out = np.take_along_axis(x, order, -1), np.take_along_axis(out, order, -1)
    after = np.concatenate([out[:, 1:], out[:, -1:]], axis=-1)
    flawed = ~np.isfinite(out.astype(np.float64)) | ~np.isfinite(after.astype(np.float64))
    return Observation({"x": x}, np.where(flawed, np.zeros_like(out), out), np.where(flawed, np.zeros_like(out), after))


def following(view: View) -> Any:
    """The columns after those that are shown."""
    return np.minimum(np.arange(view.width)[view.columns] + 1, view.width - 1)


def mirrored(call: Call, case: Case) -> Observation:
    """f(x) and f(-x)."""
    return Observation(case.arguments, call.rows(case.arguments), call.rows({"x": -case.x}))


def beside_the_normal_range(call: Call, case: Case) -> Observation:
    """f(x), and f of a number where exp is a small normal number."""
    edge = np.full_like(case.x, _normal(format_of(case.x.dtype.name)))
    return Observation(case.arguments, call.rows(case.arguments), call.rows({"x": edge}))


def _normal(fmt: Format) -> float:
    return float(fmt.round(np.asarray([log_tiny(fmt) + 0.5]))[0])


def flushed_tail(view: View) -> Measured:
    """The exact value where it is subnormal and the answer 0, though small normal values are answered.

    For tails like exp(x). Allowed is what a sound exp may lose on the way.
    """
    assert view.observation.other is not None
    small = float(np.exp(_normal(view.fmt)))
    kept = view.observation.other.astype(np.float64)[:, view.columns]
    subnormal = np.abs(view.narrow(view.exact)) < view.fmt.tiny
    zero: Array = (view.answer[:, view.columns] == 0) & subnormal & (kept > small / 2) & (kept < small * 2)
    return choose(zero, abs(view.exact), view.exact * 0.0), overflowed(view.fmt) + gradual(view.fmt)
