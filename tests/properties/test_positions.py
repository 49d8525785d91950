"""Kinds of defects of position that were once missed, each in every role where it can occur, on inputs of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import Array
from extremum.reference.cross_entropy import cross_entropy_through_logsumexp
from extremum.reference.cross_entropy_gradient import softmax_minus_onehot
from extremum.reference.descent_step import plain_step
from extremum.reference.inner_product_gradient import weights
from extremum.reference.least_squares_gradient import residual_first
from extremum.reference.log_softmax import wide_log_softmax
from extremum.reference.logsumexp import wide_logsumexp
from extremum.reference.quadratic_form_gradient import two_products_form
from extremum.reference.softmax import wide
from extremum.reference.softmax_jacobian import diag_minus_outer
from extremum.reference.softmax_vjp import centred_vjp
from extremum.reference.squared_norm_gradient import product_first
from extremum.reference.subjects.subject import Subject

Function = Callable[..., Any]
FEW, MANY = 20, 200  # entries
BATCHED: dict[str, Function] = {"softmax": wide, "log_softmax": wide_log_softmax, "logsumexp": wide_logsumexp}
OF_LOGITS: dict[str, Function] = {
    **BATCHED,
    "softmax_vjp": centred_vjp,
    "cross_entropy": cross_entropy_through_logsumexp,
    "cross_entropy_gradient": softmax_minus_onehot,
    "softmax_jacobian": diag_minus_outer,
}
SEVERAL: dict[str, tuple[Function, tuple[str, ...]]] = {  # the arguments that are arrays
    "softmax_vjp": (centred_vjp, ("x", "g")),
    "inner_product_gradient": (weights, ("w",)),  # the gradient does not depend on x
    "quadratic_form_gradient": (two_products_form, ("A", "x")),
    "squared_norm_gradient": (product_first, ("B", "x")),
    "least_squares_gradient": (residual_first, ("B", "x", "c")),
    "descent_step": (plain_step, ("x", "gradient")),
}


def judged(role: str, function: Function, prop: str, seed: int = 0) -> Cell:
    known = role_named(role)
    found = known.property_named(prop)
    assert found is not None
    subject = Subject("it", role, function, axis="axis" if role in BATCHED else None)
    return judge_cell(subject, known, found, "float32", Settings(examples=0, seed=seed, timeout=None))


@pytest.mark.parametrize("role", BATCHED)
def test_rows_from_the_129th_on_are_not_left_out_unseen(role: str) -> None:
    def some(x: Array, axis: int = -1) -> Array:
        out = np.array(BATCHED[role](x, axis))
        if x.ndim == 2 and x.shape[1] >= 5 and axis in (-1, 1):
            out[128:] = 0
        return out

    assert judged(role, some, "row_independence").verdict == "refuted"


@pytest.mark.parametrize("role", BATCHED)
def test_columns_behind_the_axis_from_the_17th_on_are_not_left_out_unseen(role: str) -> None:
    def some(x: Array, axis: int = -1) -> Array:
        out = np.array(BATCHED[role](x, axis))
        if axis % x.ndim < x.ndim - 1:
            out[..., 16:] = 0
        return out

    assert judged(role, some, "axis").verdict == "refuted"


@pytest.mark.parametrize("role", BATCHED)
def test_an_image_in_a_batch_of_one_is_not_taken_along_the_wrong_axis_unseen(role: str) -> None:
    def wrong(x: Array, axis: int = -1) -> Array:
        out = BATCHED[role](x, axis)
        if x.shape[:3] == (1, 1, 1) and x.ndim == 4:  # each entry is a row of its own
            alone = np.asarray(BATCHED[role](x.reshape(-1, 1)))
            return np.resize(alone, out.shape).astype(x.dtype)
        return out

    assert judged(role, wrong, "axis").verdict == "refuted"


def with_maximum(role: str, maximum: Callable[[Array], Any]) -> Function:
    """The sound function, but that a wrong maximum is subtracted, whose exponentials overflow where it is too small."""

    def function(x: Array, *others: Any, **axis: int) -> Any:
        along = axis.get("axis", -1)
        rows = np.moveaxis(x, along, -1)
        with np.errstate(all="ignore"):
            low = np.asarray(maximum(rows))
            over = ~np.isfinite(np.exp((rows - low[..., None]).astype(x.dtype))).all(axis=-1)
            out = np.array(OF_LOGITS[role](x, *others, **axis))
            if role == "logsumexp":
                out[over] = np.nan
            elif role in BATCHED:
                np.moveaxis(out, along, -1)[over] = np.nan
            elif over:
                out = np.full_like(out, np.nan)
            return out if out.ndim else out[()]

    return function


@pytest.mark.parametrize("role", [role for role in OF_LOGITS if role_named(role).longest > 2**16])
def test_a_maximum_of_the_first_65536_entries_is_found(role: str) -> None:
    function = with_maximum(role, lambda rows: rows[..., : 2**16].max(axis=-1))
    assert judged(role, function, "finite").verdict == "refuted"


@pytest.mark.parametrize("role", OF_LOGITS)
def test_a_maximum_by_comparison_of_the_bits_is_found(role: str) -> None:
    function = with_maximum(
        role,
        lambda rows: np.ascontiguousarray(rows).view(np.int32).max(axis=-1, keepdims=True).view(np.float32)[..., 0],
    )
    assert judged(role, function, "finite").verdict == "refuted"


@pytest.mark.parametrize(("role", "argument"), [(role, name) for role, (_, names) in SEVERAL.items() for name in names])
def test_one_argument_that_is_read_as_if_it_were_contiguous_is_found(role: str, argument: str) -> None:
    function, names = SEVERAL[role]
    place = names.index(argument)

    def strideless(*arguments: Any) -> Any:
        given = list(arguments)
        others = [a for k, a in enumerate(arguments) if k != place and isinstance(a, np.ndarray) and a.ndim]
        if all(a.flags.c_contiguous for a in others) and given[place].strides[-1] < 0:
            given[place] = given[place][..., ::-1]
        return function(*given)

    cell = judged(role, strideless, "layout")
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert "reversed" in cell.simplest.arguments[argument]["layout"]


@pytest.mark.parametrize(
    ("role", "rows"), [("squared_norm_gradient", 128), ("squared_norm_gradient", 4096), ("least_squares_gradient", 128)]
)
def test_rows_of_a_matrix_from_some_place_on_are_not_left_out_unseen(role: str, rows: int) -> None:
    function = SEVERAL[role][0]

    def top(matrix: Array, x: Array, *others: Array) -> Array:
        return np.asarray(function(matrix[:rows], x, *(c[:rows] for c in others)))

    assert judged(role, top, "accuracy").verdict == "refuted"


@pytest.mark.parametrize(
    ("role", "prop"), [("inner_product_gradient", "bitwise"), ("squared_norm_gradient", "accuracy")]
)
@pytest.mark.parametrize("n", [64])
def test_entries_from_some_place_on_are_not_left_out_unseen(role: str, prop: str, n: int) -> None:
    function = SEVERAL[role][0]

    def start(*arguments: Array) -> Array:
        out = np.array(function(*arguments))
        out[n:] = 0
        return out

    assert judged(role, start, prop).verdict == "refuted"


@pytest.mark.parametrize("role", [*BATCHED, "softmax_vjp", "cross_entropy", "least_squares_gradient"])
@pytest.mark.parametrize("larger_first", [True, False])
def test_a_call_that_follows_one_of_another_size_is_judged(role: str, larger_first: bool) -> None:
    function = {**OF_LOGITS, "least_squares_gradient": residual_first}[role]
    sizes = [0]

    def second(x: Array, *others: Any, **axis: int) -> Any:
        out = np.array(function(x, *others, **axis))
        before, sizes[0] = sizes[0], x.size
        small, large = (x.size, before) if larger_first else (before, x.size)
        wrong = 0 < small < FEW and large > MANY
        return (out + np.float32(0.25)).astype(out.dtype) if wrong else out if out.ndim else out[()]

    cell = judged(role, second, "determinism")
    assert cell.verdict == "refuted"
    assert cell.simplest is not None
    assert "reruns differed" not in cell.simplest.certified
    assert any(name.startswith("before_") for name in cell.simplest.arguments)
