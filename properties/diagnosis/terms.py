"""The terms that an exact answer is a sum of, and those that people put in their place, for rows of arguments.

What a truth is made of (`Truth.parts`) says which terms there are. A fit of an answer with them shows which of them
the subject left out, doubled, or took with another sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array
from extremum.reference.truth.logits import Logits
from extremum.reference.truth.quadratics import Form, Linear, Squares

Terms = Mapping[str, Array]

# How often probabilities stand in a term as a factor: of the terms that exact answers have.
PROBABILITIES: Mapping[str, int] = MappingProxyType(
    {
        "s": 1,
        "1 at the label": 0,
        "s g": 1,
        "s s g": 2,
        "s <s, g> of others": 2,
        "diagonal s": 1,
        "diagonal s s": 2,
        "s_i s_j": 2,
    }
)
# Terms that are the same but for a transpose: a formula with one for the other has a matrix transposed.
TRANSPOSED = (("B^T B x", "B B x", "B B^T x", "B^T B^T x"), ("B^T c", "B c"), ("U x", "U^T x"), ("V x", "V^T x"))


def terms_of(parts: Any, arguments: Arguments, width: int) -> list[Terms]:
    """Sets of terms, by name and of shape (rows, width), each of which an answer may be a sum of; empty if unknown."""
    given = {name: a.astype(np.float64) for name, a in arguments.items()}
    if isinstance(parts, Logits):
        return [_of_logits(parts, given, width)]
    if isinstance(parts, Form):
        return [_of_form(given["A"], given["x"])]
    if isinstance(parts, Squares):
        return _of_squares(given["B"], given["x"], given.get("c"))
    if isinstance(parts, Linear):
        total = given["w"].sum(axis=1, keepdims=True) + 0 * given["w"]
        return [{"w": given["w"], "x": given["x"], "sum w": total, "1": np.ones_like(total)}]
    if {"x", "gradient", "step_size"} <= {*given}:
        x, g, s = given["x"], given["gradient"], given["step_size"][:, None]
        return [{"x": x, "s g": s * g, "g": g, "s sign g": s * np.sign(g), "s x": s * x, "1": np.ones_like(x)}]
    return []


def _of_logits(rows: Logits, given: Mapping[str, Array], width: int) -> Terms:
    s, gap, peak, log_total = (np.asarray(a, np.float64) for a in (rows.s, rows.gap, rows.peak, rows.log_total))
    (count, n), label = s.shape, given.get("L")
    one = np.ones((count, 1))
    if width == 1:
        at_label = {} if label is None else {"x_L - max x": gap[np.arange(count), label.astype(int)][:, None]}
        return {"max x": peak, "log S": log_total, "1": one, **at_label}
    if width == n * n:
        delta, outer = np.eye(n), s[:, :, None] * s[:, None, :]
        squares = s[:, :, None] * s[:, :, None] + 0 * outer
        whole = {
            "diagonal s": delta * s[:, :, None],
            "diagonal s s": delta * outer,
            "s_i s_j": (1 - delta) * outer,
            "s_i s_i": (1 - delta) * squares,
            "1 on the diagonal": delta + 0 * outer,
            "s_j": s[:, None, :] + 0 * outer,
        }
        return {name: values.reshape(count, -1) for name, values in whole.items()}
    terms = {"s": s, "x - max x": gap, "max x": peak + 0 * s, "log S": log_total + 0 * s, "1": one + 0 * s}
    if label is not None:
        terms["1 at the label"] = np.eye(n)[label.astype(int)]
        terms["s logsumexp x"] = s * (peak + log_total)
    if "g" in given:
        g = given["g"]
        inner, total = (s * g).sum(axis=1, keepdims=True), g.sum(axis=1, keepdims=True)
        terms |= {"s g": s * g, "s s g": s * s * g, "s <s, g> of others": s * (inner - s * g)}
        terms |= {"g": g, "s sum g": s * total}
    return terms


def _of_form(A: Array, x: Array) -> Terms:
    upper, lower, diagonal = np.triu(A, 1), np.tril(A, -1), A * np.eye(A.shape[1])
    matrices = {"U": upper, "V": lower, "D": diagonal}
    plain = {f"{name} x": _times(M, x) for name, M in matrices.items()}
    turned = {f"{name}^T x": _times(_transposed(M), x) for name, M in matrices.items() if name != "D"}
    return {**plain, **turned, "x": x}


def _of_squares(B: Array, x: Array, c: Array | None) -> list[Terms]:
    gram, other = _transposed(B) @ B, {} if c is None else {"B^T c": _times(_transposed(B), c)}
    whole = {"B^T B x": _times(gram, x), "x": x, "1": np.ones_like(x), **other}
    halves = {"upper B^T B x": _times(np.triu(gram), x), "lower B^T B x": _times(np.tril(gram, -1), x), **other}
    if B.shape[1] == B.shape[2]:
        T = _transposed(B)
        whole |= {"B B x": _times(B @ B, x), "B B^T x": _times(B @ T, x), "B^T B^T x": _times(T @ T, x)}
        whole |= {} if c is None else {"B c": _times(B, c)}
    return [whole, halves]


def _times(M: Array, x: Array) -> Array:
    return np.asarray(np.einsum("rij,rj->ri", M, x))


def _transposed(A: Array) -> Array:
    return np.swapaxes(A, 1, 2)
