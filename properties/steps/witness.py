"""Witnesses: a refuted case is written down, read back, and run again from scratch before it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.model.role import Experiment
from extremum.properties.steps.blocks import restore
from extremum.properties.steps.decide import FAR_RATIO, Decision, decide
from extremum.properties.values.case import Case, checksum, encode, integer, recipe_of, with_last
from extremum.properties.values.finding import Witness, number
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.errors import UsageError


class Contradiction(RuntimeError):
    """The screen and the balls disagree by more than the screen's error: a defect of extremum, not of the subject."""


SEEN_ONCE = "seen once"  # in what certifies a witness that no rerun refuted
AFTER_OTHERS = "seen after other calls, a fresh process answers it well"  # in that of one that is no defect of its own
NOW_AND_THEN = "seen in some calls, and not in others alike"  # in that of one that is seen by chance
RERUNS = 3  # in which a subject that is not deterministic may show its failure again


def witness_of(experiment: Experiment, case: Case, regime: str, seen: Decision) -> Witness:
    """The witness of a refuted case, with what its rerun from the record measured.

    Where no rerun refutes it (the subject is not deterministic), what was seen the first time stands, and
    `certified` says so. Raises `Contradiction`, rather than accuse, where the balls clear what the screen is
    sure of.
    """
    signature = experiment.role.signature
    # From the record, not from the case: what is reported is what a reader can run again.
    record = encoded(signature, case)
    for _ in range(RERUNS):
        try:
            again = decide(experiment, restored(signature, record), final=True)
        except Declined:
            continue  # only a subject that is not deterministic refuses what it answered before
        # Balls are right and the screen's error is proven: if they disagree, one of our proofs is wrong.
        if not again.refuted and again.ratio > FAR_RATIO:
            raise Contradiction(f"balls clear what the screen refuted {again.ratio:.3g} times over: {record}"[:2000])
        if again.refuted:
            return _written(record, regime, again, again.certified)
    # A random answer, or one that depends on earlier calls. It was wrong once, and that is what is reported.
    return _written(record, regime, seen, f"{seen.certified}; {SEEN_ONCE}, {RERUNS} reruns differed")


def unrepeated(witness: Witness) -> str:
    """Why a rerun need not refute the witness, in words; empty where it must."""
    for how in (AFTER_OTHERS, NOW_AND_THEN):
        if how in witness.certified:
            return f"it was {how}"
    return "it was seen once, and reruns did not show it then either" if SEEN_ONCE in witness.certified else ""


def _written(record: dict[str, Any], regime: str, decision: Decision, how: str) -> Witness:
    return Witness(
        arguments=record,
        regime=regime,
        measured=number(decision.measured),
        allowed=number(decision.allowed),
        got=decision.got,
        exact=decision.exact,
        index=[decision.row, decision.column],
        certified=how,
    )


def encoded(signature: Signature, case: Case) -> dict[str, Any]:
    """The record of a case, with its arguments as a reader passes them."""
    return encode(replace(case, arguments=signature.shown(case.arguments)))


def restored(signature: Signature, record: Mapping[str, Mapping[str, Any]]) -> Case:
    """The case of a record: of a role that is called row by row, with rows of arguments. Raises as `decode`."""
    read = decode(record)
    stacked = signature.stacked(read.arguments)
    return replace(read, arguments={name: np.asarray(a) for name, a in stacked.items()})


def unfinished(arguments: Arguments, axis: int | None) -> Witness:
    """The witness of a call that did not return: its arguments, and nothing measured."""
    along = {} if axis is None or axis == -1 else {"axis": integer(axis)}
    return Witness(encode(Case({**arguments, **along})), regime="", measured=None, allowed=None)


def decode(record: Mapping[str, Mapping[str, Any]]) -> Case:
    """The inverse of `encode`, bit for bit; raises `UsageError` where the record is not one of ours."""
    arrays = {name: _decode(name, argument) for name, argument in record.items()}
    layouts = {name: argument.get("layout", "C") for name, argument in record.items()}
    distinct = {layouts[name] for name, array in arrays.items() if array.ndim}  # numbers have none
    layout = ",".join(layouts.values()) if len(distinct) > 1 else next(iter(distinct), "C")
    return Case(arrays, layout, recipe_of(record))


def _decode(name: str, argument: Mapping[str, Any]) -> Array:
    shape = tuple(argument["shape"])
    if argument["dtype"] in ("int64", "bool"):
        return np.asarray([int(v) for v in argument["values"]], np.int64).astype(argument["dtype"]).reshape(shape)
    dtype = FORMATS[argument["dtype"]].dtype
    if "values" in argument:
        flat = np.array([float.fromhex(v) for v in argument["values"]], np.float64)
    elif "tile" in argument:
        tile = np.array([float.fromhex(v) for v in argument["tile"]], np.float64).astype(dtype)
        rows = np.resize(tile, with_last(shape, argument["along"]))
        return np.ascontiguousarray(np.moveaxis(rows, -1, argument["along"]))
    elif "runs" in argument:
        values, counts = zip(*argument["runs"], strict=True)
        flat = np.repeat([float.fromhex(v) for v in values], counts)
    else:
        # Another version may draw other rows from the same recipe: the checksum tells.
        x = restore(argument["recipe"], argument["dtype"]).reshape(shape)
        if checksum(x) != argument["sha256"]:
            raise UsageError(f"argument {name!r}: its recipe no longer restores it; it was made by another version")
        return x
    return flat.astype(dtype).reshape(shape)
