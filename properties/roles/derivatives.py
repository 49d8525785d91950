"""What the derivatives of softmax have in common: masked entries get zero, and small values underflow gradually."""

from __future__ import annotations

from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.cotangents import TINY
from extremum.properties.laws import masking
from extremum.properties.laws.comparison import compare
from extremum.properties.model.property import Property, subnormal, ulp
from extremum.properties.model.rounding import additions
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.roles.softmax.bounds import SCALINGS
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.wide import where

FLUSHES = 2.0  # of a product, and of the sum that it goes into


def flushed(view: View) -> Array:
    """Where an entry was flushed to zero: it is 0, and the exact value is below the smallest normal and not 0.

    A flush loses next to nothing: where the entries that are 0 together weigh more than the sum of a row may be
    off, as where a sum overflowed, the row was not flushed but is wrong.
    """
    zero = np.asarray(view.answer == 0)
    if not zero.any():
        return zero[:, view.columns]
    exact = np.abs(view.narrow(view.truth.exact()))
    zero &= (exact < view.fmt.tiny) & (exact > 0)
    lost = np.where(zero, exact, 0.0).sum(axis=-1, keepdims=True)
    allowed = view.fmt.unit_roundoff * _scale(view) + TINY * view.fmt.tiny
    return (zero & (lost <= (additions(view.fmt, view.n) + SCALINGS) * allowed))[:, view.columns]


def _scale(view: View) -> Array:
    """What the entries of a row may add up to: 1, or the largest entry of a cotangent, shape (rows, 1)."""
    g = np.abs(view.observation.arguments.get("g", np.ones((1, 1))).astype(np.float64))
    return np.asarray(g.max(axis=-1, keepdims=True))


def error(view: View) -> Any:
    """The error of each entry; a flush to zero is none, and is judged by `gradual_underflow`."""
    return where(flushed(view), 0.0, view.error(abs(view.out - view.exact)))


def unflushed_error(view: View) -> Measured:
    """`error`; the error bound of the role is allowed."""
    return error(view), view.error_bound


def observe_masked(call: Call, case: Case) -> Observation:
    """f of the rows, f of each row without its masked entries, and the largest output at a masked one."""
    return masking.observe(call, case, lambda out: np.where(np.isnan(out), np.inf, np.abs(out)))


def gradual_underflow(view: View) -> Measured:
    """The error of each entry that a flush explains, 0 elsewhere; the bound with gradual underflow is allowed."""
    error = view.error(abs(view.out - view.exact))
    explained = flushed(view) | (view.narrow(error) <= view.narrow(view.error_bound))
    gradual_bound = view.role.gradual_bound or view.role.error_bound
    return where(~np.asarray(explained), 0.0, error), gradual_bound(view)


MASK = Property(
    name="mask",
    code="EX118",
    statement="An entry of -inf gets exactly zero, and the others get what they get without it.",
    bound="""
        A masked entry has probability 0 and stays there, so every derivative with respect to it, and of it, is 0:
        nothing else is allowed. The others have the same exact values as in the row with the masked entries removed;
        two answers of a sound algorithm differ by at most twice the error bound of `accuracy`. Rows with every entry
        masked are not tried, nor is a masked label: their meaning is contested.
    """,
    example="with -1e4 in place of -inf, [-inf, -2e4] puts all weight on the masked entry.",
    fix="""
        let -inf through: its exp is 0. Where a running maximum starts with it, guard -inf - -inf, which is NaN, and
        pick an entry by its index rather than multiply by zeros.
    """,
    measure=compare,
    source=__name__,
    unit="ulp",
    scale=ulp,
    observe=observe_masked,
    beside="without the masked entries",
    rows=4,
    lengths="few",
    masked=True,
    script=masking.SCRIPT,
)
GRADUAL_UNDERFLOW = Property(
    name="gradual_underflow",
    code="EX119",
    statement="Entries below the smallest normal are rounded, not flushed to zero.",
    bound="""
        Judged where the entry is 0 and the exact value is not, but below the smallest normal, and where the error is
        one that flushes on the way explain, which `accuracy` lets pass. Allowed is what gradual underflow costs.
        Severity is low: processors and compilers flush on purpose, for speed. Any other error in the subnormal range is
        one of `accuracy`.
    """,
    example="1e-39 in float32 becomes 0 in flush-to-zero mode.",
    fix="leave out -ffast-math and flush-to-zero mode, or say that gradients below 1e-38 are dropped.",
    measure=gradual_underflow,
    unit="ulp",
    scale=subnormal,
    severity="low",
)
