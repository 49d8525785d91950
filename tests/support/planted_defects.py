"""A planted defect, diagnosed: the function is judged on a case, and the cause of its failure named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.diagnosis.diagnose import diagnose
from extremum.properties.model.role import Experiment
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import decide
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.subjects.subject import Subject


def sound(x: Array, axis: int = -1) -> Array:
    """The sound softmax."""
    w = x.astype(np.promote_types(x.dtype, np.float32))
    e = np.exp(w - w.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)


def padded_with_zeros(x: Array, axis: int = -1) -> Array:
    """A softmax that pads a row to whole vectors of eight with zeros, and counts them in the sum."""
    top = x.max(axis=axis, keepdims=True)
    e = np.exp(x - top)
    return np.asarray(e / (e.sum(axis=axis, keepdims=True) + (-x.shape[axis] % 8) * np.exp(-top)))


def between_fifties(x: Array, axis: int = -1) -> Array:
    """A softmax of what is clipped to -50 .. 50."""
    e = np.exp(np.clip(x, -50, 50))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def row(*values: float, dtype: str = "float32") -> dict[str, Array]:
    """One row of a softmax."""
    return {"x": np.array([values]).astype(FORMATS[dtype].dtype)}


def many(top: float, others: float, count: int, dtype: str) -> dict[str, Array]:
    """One row with a large entry before many small ones."""
    return row(top, *[others] * count, dtype=dtype)


def cause_of(
    function: Callable[..., Any],
    prop: str,
    arguments: dict[str, Array],
    layout: str = "C",
    role: str = "softmax",
    refuted: bool = True,
) -> str:
    """The cause that the diagnosis names; the case must be refuted, unless that is left open."""
    of, case = role_named(role), Case(arguments, layout)
    found = of.property_named(prop)
    assert found is not None
    fmt = FORMATS[next(iter(arguments.values())).dtype.name]
    subject = Subject("it", role, function, axis="axis" if of.signature.batched else None)
    experiment = Experiment(Call(subject, of.signature), of, found, fmt)
    with quiet():
        decision = decide(experiment, case)
    assert decision.refuted or not refuted
    return diagnose(experiment, case, decision)
