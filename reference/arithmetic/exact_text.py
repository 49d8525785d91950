"""Exact numbers as text, and a function of them asked by text: for a function that is in another process.

A rational is "p/q", a ball "m e r s" for m 2^e +/- r 2^s, all in hexadecimal, so that nothing is rounded and no number
is too long to be read; a ball that is not finite is "nan". A radius grows by 2^-29 of itself: flint rounds it up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from extremum.reference.arithmetic.exact_calls import exactly
from extremum.reference.arithmetic.exact_graphs import Recordings
from extremum.reference.arithmetic.formats import Array
from extremum.reference.arithmetic.jets import Evaluation, Jet, jets

TEXT = 200  # characters of what a function raises


def to_text(number: Any) -> str:
    """The text of a `flint.fmpq` or a `flint.arb`."""
    if isinstance(number, flint.fmpq):
        return f"{int(number.p):x}/{int(number.q):x}"
    if not number.is_finite():
        return "nan"
    return " ".join(f"{int(part):x}" for ball in (number.mid(), number.rad()) for part in ball.man_exp())


def from_text(text: str) -> Any:
    """The inverse of `to_text`; raises ValueError for other texts."""
    if text == "nan":
        return flint.arb("nan")
    if "/" in text:
        p, q = (int(part, 16) for part in text.split("/"))
        if q == 0:
            raise ValueError(f"{text!r} is no rational")
        return flint.fmpq(p, q)
    m, e, r, s = (int(part, 16) for part in text.split(" "))
    return flint.arb(flint.arf((m, e)), flint.arf((r, s)))


def request(argument: Array) -> dict[str, Any]:
    """What asks for the value at an array of jets, shape (n,)."""
    entries = argument.tolist()
    return {
        "values": [to_text(jet.value) for jet in entries],
        "slopes": [to_text(jet.slope) for jet in entries],
        "bits": int(flint.ctx.prec),
    }


def answered(function: Callable[[Array], Any], asked: dict[str, Any], kept: Recordings | None = None) -> dict[str, Any]:
    """What the function makes of the jets of a `request`: entries and shape, or "unanswered" and why, in a line.

    A function of JAX or PyTorch, which `library` names, is recorded, and the recording `kept`. `constants` are the
    floats that met the jets and are in all likelihood rounded.
    """
    evaluation = Evaluation()
    with flint.ctx.workprec(asked["bits"]):
        values, slopes = ([from_text(text) for text in asked[name]] for name in ("values", "slopes"))
        try:
            answer = exactly(function, jets(values, slopes, evaluation), asked.get("library", "numpy"), kept)
        except BaseException as error:  # whatever a user's function does with numbers that it does not know
            return {"unanswered": f"raises {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:TEXT]}
        shape = np.shape(answer)
        entries = np.asarray(answer, object).ravel().tolist()
        if not all(isinstance(entry, (Jet, int, float)) for entry in entries):
            return {"unanswered": f"returns {type(answer).__name__} for exact numbers"}
        return {
            "shape": shape,
            "entries": [
                [to_text(e.value), to_text(e.slope)] if isinstance(e, Jet) else [float(e).hex()] for e in entries
            ],
            "constants": [float(c).hex() for c in evaluation.long_constants],
        }


def jets_of(told: dict[str, Any], argument: Array) -> Array:
    """The array that `answered` told of, of jets of the evaluation of `argument`, and of the floats among them.

    What it raises where it was told something else is in `properties.calling.hosts.UNREADABLE`.
    """
    evaluation = argument.ravel()[0].evaluation
    evaluation.long_constants += map(float.fromhex, told["constants"])
    entries = [
        Jet(from_text(texts[0]), from_text(texts[1]), evaluation) if len(texts) > 1 else float.fromhex(texts[0])
        for texts in told["entries"]
    ]
    array = np.empty(len(entries), object)
    array[:] = entries
    return array.reshape(told["shape"])
