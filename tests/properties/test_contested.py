"""Contested semantics: what subjects do is told and never held against them, unless a convention is named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema
import numpy as np
import pytest
from record_schema import SCHEMA
from shared_cells import judge_cell

from extremum.properties.contested.conventions import CONVENTIONS, convention_named, property_of
from extremum.properties.contested.situations import SITUATIONS, Behaviour, characterise, dtype_for
from extremum.properties.engine import Settings
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import roles
from extremum.properties.roles.softmax import ROLE
from extremum.properties.values.finding import Cell
from extremum.properties.values.signature import Signature, scalar
from extremum.reference.arithmetic.formats import Array
from extremum.reference.errors import UsageError
from extremum.reference.softmax import naive, wide
from extremum.reference.subjects.subject import Subject, subjects
from extremum.reference.truth import Truth
from extremum.reports import Report, audit
from extremum.reports.views.html import fragment, page
from extremum.reports.views.markdown import text
from extremum.reports.views.script import script

QUICK = Settings(examples=5, seed=2)
Function = Callable[..., Any]
NOT_OF_STEPS = [s.name for s in SITUATIONS if s.steps is None]
STEPS = roles()["descent_step"]


def raising(x: Array, axis: int = -1) -> Array:
    raise ValueError("not today")


def known(function: Function, role: Role = ROLE, dtype: str = "float32", name: str = "it") -> dict[str, str]:
    """What the function does in each situation."""
    return {b.situation: b.what for b in characterise(Subject(name, role.name, function), role, dtype)}


def judged(function: Function, convention: str, role: Role = ROLE, dtype: str = "float32") -> Cell:
    prop = convention_named(convention).of(role)
    return judge_cell(Subject("it", role.name, function), role, prop, dtype, QUICK)


def guarded(of_nothing: float = 0.0, like: Callable[[Array], Array] = lambda x: x, **answers: Function) -> Function:
    """A sound softmax that answers a fully masked row, rows with +inf and what is not floating as it is told."""

    def softmax(x: Array, axis: int = -1) -> Array:
        x = like(x)
        lost, top = np.isneginf(x).all(axis=axis, keepdims=True), np.isposinf(x)
        some = top.any(axis=axis, keepdims=True)
        x = np.where(some, np.where(top, 0, -np.inf), np.where(lost, 0, x)).astype(x.dtype)
        e = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
        return np.where(lost, of_nothing, e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)

    return softmax


def as_floats(x: Array) -> Array:
    return x if x.dtype.kind == "f" else x.astype(np.float32)


def test_naive_softmax_of_a_fully_masked_row_is_nan() -> None:
    assert known(naive)["fully-masked-row"] == "NaN"


def test_naive_softmax_of_an_infinity_is_nan_there_and_zero_elsewhere() -> None:
    assert known(naive)["one-inf"] == "[0, 0, NaN]"


def test_a_subject_that_raises_says_so() -> None:
    assert set(known(raising).values()) == {"raises ValueError"}


def test_a_guarded_softmax_has_zeros_a_one_hot_limit_and_equal_shares() -> None:
    found = known(guarded())
    assert found["fully-masked-row"] == "zeros"
    assert found["one-inf"] == "limit [0, 0, 1]"
    assert sorted(found["several-inf"].removeprefix("shared ").strip("[]").split(", ")) == ["0", "0.5", "0.5"]


def test_a_mask_by_the_lowest_value_is_uniform() -> None:
    assert known(lambda x, axis=-1: wide(np.maximum(x, np.finfo(x.dtype).min), axis))["fully-masked-row"] == "uniform"


def test_logsumexp_of_a_fully_masked_row_is_minus_infinity_and_of_an_infinity_infinite() -> None:
    role = roles()["logsumexp"]
    (shifted,) = [s for s in subjects("logsumexp") if s.name == "shifted_logsumexp"]
    found = {b.situation: b.what for b in characterise(shifted, role, "float32")}
    assert (found["fully-masked-row"], found["one-inf"]) == ("-inf", "limit inf")


def test_integers_are_told_by_the_dtype_of_a_right_answer_and_by_the_values_of_a_wrong_one() -> None:
    assert known(naive)["integer"] == "float64"
    assert known(naive)["boolean"] == "float16"
    assert known(wide)["integer"] == "int64 zeros"
    assert known(lambda x, axis=-1: wide(x, axis).astype(np.float32))["integer"] == "float32 zeros"
    assert known(lambda x, axis=-1: naive(x, axis).astype(x.dtype) * 2)["integer"].startswith("int64 ")


def test_an_answer_of_another_shape_or_kind_is_told_as_such() -> None:
    assert known(lambda x, axis=-1: wide(x, axis)[None])["empty-batch"] == "empty, shape (1, 0, 3)"
    assert known(lambda x, axis=-1: [1.0])["nan"] == "returned list, not a NumPy array"


def test_a_call_that_does_not_return_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting(x: Array, axis: int = -1) -> Array:
        if np.isnan(x).any():
            time.sleep(60)
        return wide(x, axis)

    monkeypatch.setattr("extremum.properties.contested.situations.CALL_SECONDS", 0.2)
    found = known(waiting)
    assert found["nan"] == "does not return"
    assert found["empty-batch"] == "empty"


def test_a_format_without_infinity_skips_what_needs_it_and_a_single_row_has_no_batch() -> None:
    assert not {"fully-masked-row", "one-inf", "several-inf"} & set(known(naive, dtype="float8_e4m3fn"))
    assert "empty-batch" not in known(raising, roles()["softmax_jacobian"])


def test_every_situation_that_arises_is_told_of_every_reference_and_library() -> None:
    for role in roles().values():
        for subject in subjects(role.name):
            if subject.kind != "mutant":
                found = list(characterise(subject, role, dtype_for(subject, role)))
                batch = [] if role.signature.batched else ["empty-batch"]
                arise = [s.name for s in SITUATIONS if s.name in (role.contested or NOT_OF_STEPS)]
                arise = [name for name in arise if role.contested is None or name in role.contested]
                assert [b.situation for b in found] == [name for name in arise if name not in batch]
                assert all(b.what for b in found)


def test_it_is_characterised_in_float32_unless_the_subject_does_not_take_it() -> None:
    def choosy(x: Array, axis: int = -1) -> Array:
        if x.dtype == np.float32:
            raise TypeError
        return wide(x, axis)

    assert dtype_for(Subject("it", "softmax", wide), ROLE) == "float32"
    assert dtype_for(Subject("it", "softmax", choosy), ROLE) == "float64"
    assert dtype_for(Subject("it", "softmax", wide), ROLE, ["float16", "float64"]) == "float16"


def quadratic(arguments: Mapping[str, Array], arithmetic: Any) -> Truth:
    A, x = (arguments[name].astype(np.float64) for name in ("A", "x"))
    return Truth(np.einsum("ri,rij,rj->r", x, A, x)[:, None])


FORM = Role(
    name="form",
    call="f(A, x) -> scalar",
    value="x^T A x",
    truth=quadratic,
    error_bound=lambda view: np.full((1, 1), 1e-3),
    properties=(),
    signature=Signature(inputs={"A": 2, "x": 1}, answer=scalar, batched=False),
    arguments=lambda draw, _: {
        "A": np.ones((draw.rows, draw.n, draw.n), draw.fmt.dtype),
        "x": np.ones((draw.rows, draw.n), draw.fmt.dtype),
    },
)


def test_a_role_of_matrices_works_by_its_signature() -> None:
    found = known(lambda A, x: x @ A @ x, FORM)
    assert found["nan"] == "NaN"
    assert found["empty-row"] == "0"
    assert found["integer"] == "float64"
    assert found["fully-masked-row"] == "-inf"
    assert "raises" in found["zero-dimensional"]


def script_exits_with_1(cell: Cell, function: Function) -> bool:
    """Whether the script of a cell raises, with this function as the subject."""
    assert cell.simplest is not None
    lines = script(cell, cell.simplest, {"name": "it", "axis": "axis"})
    before = np.geterr()
    try:
        exec(lines.replace("from your_module import it", ""), {"it": function})  # our own text
    except Exception:
        return True
    finally:
        np.seterr(**before)
    return False


KEEPING = {  # a softmax for each convention that keeps to it
    "fully-masked-row=nan": naive,
    "fully-masked-row=zero": guarded(),
    "fully-masked-row=uniform": lambda x, axis=-1: wide(np.maximum(x, -60000).astype(x.dtype), axis),
    "one-inf=nan": wide,
    "one-inf=limit": guarded(),
    "several-inf=nan": wide,
    "several-inf=shared": guarded(),
    "nan=propagates": wide,
    "empty-row=empty": guarded(),
    "empty-batch=empty": wide,
    "integer=float64": naive,
    "integer=floating": guarded(like=as_floats),
    "boolean=float64": lambda x, axis=-1: naive(x.astype(float) if x.dtype == bool else x, axis),
    "boolean=floating": guarded(like=as_floats),
    "zero-dimensional=row": wide,
}


@pytest.mark.parametrize("name", [f"{name}=raises" for name in NOT_OF_STEPS if f"{name}=raises" in CONVENTIONS])
def test_a_subject_that_raises_in_the_situation_keeps_to_raises(name: str) -> None:
    def checking(x: Array, axis: int = -1) -> Array:
        if x.dtype.kind not in "fV" or not x.ndim or not x.size or np.isnan(x).any() or np.isposinf(x).any():
            raise ValueError
        if np.isneginf(x).all(axis=axis).any():
            raise ValueError
        return guarded()(x, axis)

    assert judged(checking, name).verdict == "held"
    cell = judged(lambda x, axis=-1: np.ones_like(x), name)
    assert cell.verdict == "refuted"
    assert script_exits_with_1(cell, lambda x, axis=-1: np.ones_like(x))
    assert not script_exits_with_1(cell, checking)


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", KEEPING)
def test_a_subject_that_keeps_to_a_convention_holds_and_one_that_raises_does_not(name: str, dtype: str) -> None:
    assert judged(KEEPING[name], name, dtype=dtype).verdict == "held"

    def failing(x: Array, axis: int = -1) -> Array:
        if x.shape == (2, 3) and np.isfinite(x.astype(float)).all() and x.dtype.kind not in "bi":
            return wide(x, axis)  # what is ordinary it answers
        raise ValueError("not today")

    cell = judged(failing, name, dtype=dtype)
    assert (cell.verdict, cell.severity) == ("refuted", "medium")
    assert cell.simplest is not None
    assert "raises ValueError: not today" in cell.detail
    assert script_exits_with_1(cell, failing)
    assert not script_exits_with_1(cell, KEEPING[name])


def test_every_convention_is_kept_to_by_some_softmax_or_does_not_arise_for_it() -> None:
    raises = {n for n in CONVENTIONS if n.endswith("=raises")}
    for name in set(CONVENTIONS) - set(KEEPING) - raises:
        cell = judged(wide, name)
        assert (cell.verdict, cell.examined) == ("inapplicable", 0)
        about_steps = name.startswith("step-")
        assert ("it does not arise for softmax" if about_steps else "never answers with -inf") in cell.detail


def test_log_softmax_may_give_minus_infinity_for_a_fully_masked_row() -> None:
    role = roles()["log_softmax"]

    def log(x: Array, axis: int = -1) -> Array:
        with np.errstate(all="ignore"):
            return np.log(guarded()(x, axis))

    assert judged(log, "fully-masked-row=minus-inf", role).verdict == "held"
    assert judged(naive, "fully-masked-row=minus-inf", role).verdict == "refuted"


def test_what_a_property_of_the_role_decides_is_no_contest() -> None:
    cell = judged(raising, "one-inf=raises", roles()["logsumexp"])
    assert cell.verdict == "inapplicable"
    assert "no contest: property infinities judges it" in cell.detail


def test_a_convention_is_inapplicable_to_a_format_or_a_role_in_which_it_does_not_arise() -> None:
    assert judged(wide, "one-inf=nan", dtype="float8_e4m3fn").verdict == "inapplicable"
    assert judged(raising, "empty-batch=raises", roles()["softmax_jacobian"]).verdict == "inapplicable"


def test_codes_are_unique_and_every_convention_says_what_it_accepts_and_why() -> None:
    codes = [c.code for c in CONVENTIONS.values()]
    others = {p.code for role in roles().values() for p in role.properties}
    assert len(set(codes)) == len(codes)
    assert not set(codes) & others
    for name in CONVENTIONS:
        prop = property_of("softmax", name)
        assert prop is not None
        assert prop.statement.startswith("By convention, a ")
        assert prop.bound
        assert prop.fix


def test_an_unknown_convention_is_a_usage_error_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'fully-masked-row=zero'"):
        audit(naive, role="softmax", convention=["fully-masked-row=zeros"])
    with pytest.raises(UsageError, match="did you mean 'fully-masked-row="):
        convention_named("fully-maskedrow=zero")


@pytest.fixture(scope="module")
def report() -> Report:
    return audit(wide, "softmax", ["float32"], examples=1, convention=["fully-masked-row=zero", "nan=propagates"])


def test_with_a_convention_it_is_a_finding_and_counts(report: Report) -> None:
    assert {c.property: c.verdict for c in report.cells if "=" in c.property} == {
        "fully-masked-row=zero": "refuted",
        "nan=propagates": "held",
    }
    assert [(c.code, c.detail) for c in report.unexpected] == [("EX802", "f(x) gives NaN")]
    assert report.exit_code == 1


def test_nothing_contested_is_a_finding_otherwise() -> None:
    report = audit(guarded(np.nan), "softmax", ["float32"], examples=1, name="mine")
    assert [b.situation for b in report.contested] == NOT_OF_STEPS
    assert [c for c in report.cells if "=" in c.property] == []
    assert (report.exit_code, report.summary["cells"]) == (0, len(ROLE.properties))


def test_a_narrowed_audit_leaves_it_out() -> None:
    assert audit(wide, "softmax", ["float32"], properties=["finite"], examples=1).contested == []
    narrowed = audit(wide, "softmax", ["float32"], properties=["finite"], examples=1, convention=["empty-row=raises"])
    assert [(c.property, c.verdict) for c in narrowed.cells] == [("finite", "held"), ("empty-row=raises", "held")]


def test_the_record_validates_and_comes_back(report: Report) -> None:
    record = report.to_json()
    jsonschema.validate(record, SCHEMA)
    assert Report.from_json(json.loads(json.dumps(record))).contested == report.contested
    assert record["contested"][0] == {
        "subject": "wide",
        "role": "softmax",
        "situation": "fully-masked-row",
        "dtype": "float32",
        "behaviour": "NaN",
    }


def test_the_renderings_have_a_table_of_it(report: Report) -> None:
    assert "| `fully-masked-row`, a row of -inf alone | `NaN` |" in text(report)
    for render in (page, fragment):
        assert "Contested semantics" in render(report)
        assert "a row of -inf alone" in render(report)
    without = Report(report.cells, environment={})
    assert all("Contested semantics" not in render(without) for render in (page, fragment, text))


def test_a_hostile_behaviour_stays_text_in_the_renderings() -> None:
    hostile = "<img src=x onerror=alert(1)>|`\n\x1b[31m"
    rows = [Behaviour(hostile, hostile, hostile, hostile, hostile)]
    report = Report([], environment={}, contested=rows)
    for render in (page, fragment, text):
        assert "\x1b" not in render(report)
    assert "<img" not in page(report)
    many = Report([], environment={}, contested=[Behaviour(f"s{i}", "r", "nan", "float32", "NaN") for i in range(13)])
    assert "| subject | `nan` |" in text(many)
