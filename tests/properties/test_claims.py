"""The ledger of the exercises: verdicts by three seeds, what is published, the command, and checks that can fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import flint
import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis.errors import NoSuchExample
from nightly import NIGHTLY
from record_schema import SCHEMA

from extremum.properties.claims import catalogue as ledger
from extremum.properties.claims import checks
from extremum.properties.claims.catalogue import CLAIMS, EXERCISES, chosen
from extremum.properties.claims.claim import EXACT, FLOATING, Check, Claim, ClaimRun, Evidence, Judged
from extremum.properties.claims.inputs import FIRST_INPUTS, drawn, ordered, shrink, smallest, written
from extremum.properties.engine import Settings
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.cli import main
from extremum.reports.commands import claims as command
from extremum.reports.report import Report
from extremum.reports.views.formulas import mathml, plain, sentence
from extremum.reports.views.html import page
from extremum.reports.views.markdown import text

PUBLISHED = Path(__file__).parents[2] / "reports" / "published" / "claims"
LEDGER = json.loads((PUBLISHED / "report.json").read_text(encoding="utf-8"))["claims"]
TWO = {"w": "n", "x": "n"}


def claims(*words: str) -> Result:
    return CliRunner().invoke(main, ["claims", *words])


def stable(claim: Mapping[str, Any]) -> dict[str, Any]:
    """What of a claim's record is the same on every machine: all but what NumPy's functions measure."""
    kept = ("id", "statement", "printed", "verdict", "recorded", "correction")
    rounded = claim["id"].startswith("2.3.")  # its orbits are correctly rounded
    evidence = [
        [e[k] for k in ("says", "holds", "arithmetic", "about")]
        + ([e["witness"]] if e["arithmetic"] == EXACT or rounded else [])
        for e in claim["evidence"]
    ]
    return {**{k: claim[k] for k in kept}, "evidence": evidence}


def section(html: str) -> str:
    """The ledger in a page."""
    return html.partition('<section id="claims">')[2].partition("</section>")[0]


@pytest.fixture(scope="module")
def exact_run() -> ClaimRun:
    return ClaimRun()


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, Any]]:
    return {claim["id"]: claim for claim in LEDGER}


# The exercises


EXACT_ALONE = {c["id"] for c in LEDGER if all(e["arithmetic"] == EXACT for e in c["evidence"])}


@pytest.mark.parametrize("name", [n for n in CLAIMS if n in EXACT_ALONE])
def test_a_verdict_by_exact_arithmetic_alone_is_as_published(
    name: str, published: dict[str, dict[str, Any]], exact_run: ClaimRun
) -> None:
    assert stable(json.loads(json.dumps(exact_run.judge(CLAIMS[name]).to_json()))) == stable(published[name])


LARGEST = [
    pytest.param(name, marks=pytest.mark.skipif(not NIGHTLY, reason="it takes long: in the nightly run"))
    for name in ("3.2", "3.1d", "3.1c", "3.1b")
]


# One test for all exercises that audit the same roles: a run judges each cell once.
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3) if NIGHTLY else [0])
@pytest.mark.parametrize("exercises", [*LARGEST, "3.1a", "2.3"])
def test_verdicts_are_reproduced_and_the_published_ledger_is_up_to_date(
    exercises: str, seed: int, published: dict[str, dict[str, Any]]
) -> None:
    claims = chosen([exercises])
    for judged in map(ClaimRun(seed, claims).judge, claims):
        assert judged.verdict == judged.claim.verdict
        assert stable(json.loads(json.dumps(judged.to_json()))) == stable(published[judged.claim.id])


def test_every_claim_is_of_an_exercise_that_is_judged() -> None:
    marks = test_verdicts_are_reproduced_and_the_published_ledger_is_up_to_date.pytestmark
    (names,) = [mark.args[1] for mark in marks if mark.args and mark.args[0] == "exercises"]
    named = [name if isinstance(name, str) else str(name.values[0]) for name in names]
    assert sorted(c.id for name in named for c in chosen([name])) == sorted(CLAIMS)


def test_the_published_ledger_has_every_claim_in_order_and_is_what_its_record_renders_to(
    published: dict[str, dict[str, Any]],
) -> None:
    assert list(published) == list(CLAIMS)
    report = Report.from_json(json.loads((PUBLISHED / "report.json").read_text(encoding="utf-8")))
    assert (PUBLISHED / "report.md").read_text(encoding="utf-8") == text(report)
    assert section((PUBLISHED / "report.html").read_text(encoding="utf-8")) == section(page(report))


def test_every_exercise_is_there_and_its_claims_are_numbered() -> None:
    assert [e.number for e in EXERCISES] == [*(f"3.1{p}" for p in "abcd"), "3.2", *(f"3.2{p}" for p in "abcd"), "2.3"]
    for exercise in EXERCISES:
        assert [c.id for c in exercise.claims] == [f"{exercise.number}.{k + 1}" for k in range(len(exercise.claims))]


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_nothing_is_asserted_by_text_alone(claim: Claim) -> None:
    assert claim.checks or len(claim.readings) > 1
    assert bool(claim.correction) == bool(claim.corrected)
    assert claim.correction or claim.verdict == "confirmed"
    if claim.verdict == "confirmed":
        assert any(c.arithmetic == FLOATING for c in claim.checks)
    if claim.verdict == "exact only":
        assert {c.arithmetic for c in claim.checks} == {EXACT, FLOATING}


# The verdict


def judge(claim: Claim) -> Judged:
    return ClaimRun().judge(claim)


def found(arithmetic: str, holds: bool) -> Check:
    return Check(arithmetic, lambda run: Evidence("it is so", holds, arithmetic, 1))


@pytest.mark.parametrize(
    ("exact", "floating", "corrected", "verdict"),
    [
        (True, True, None, "confirmed"),
        (True, False, None, "exact only"),
        (True, False, True, "exact only"),
        (False, True, True, "refuted"),
        (False, False, True, "refuted"),
        (False, True, False, "unclear"),
        (False, True, None, "unclear"),
        (True, True, False, "unclear"),
    ],
)
def test_the_verdict_follows_from_what_was_found(
    exact: bool, floating: bool, corrected: bool | None, verdict: str
) -> None:
    given = () if corrected is None else (found(EXACT, corrected),)
    claim = Claim("1.1", "it is so", verdict, (found(EXACT, exact), found(FLOATING, floating)), corrected=given)
    assert judge(claim).verdict == verdict
    assert not judge(claim).differs
    assert judge(replace(claim, verdict="none")).differs


def test_readings_that_agree_are_one_statement_and_others_are_unclear() -> None:
    claim = Claim("1.1", "it is so", "unclear", readings=(found(EXACT, True), found(EXACT, False)))
    assert judge(claim).verdict == "unclear"
    assert judge(replace(claim, readings=(found(EXACT, True), found(EXACT, True)))).verdict == "confirmed"


def test_a_statement_about_floats_alone_is_refuted_and_not_exact_only() -> None:
    claim = Claim("1.1", "it is so", "refuted", (found(FLOATING, False),), corrected=(found(FLOATING, True),))
    assert judge(claim).verdict == "refuted"


# A run of claims


def test_a_cell_that_several_claims_rest_on_is_judged_once_and_with_its_dtype_and_subject(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[tuple[str, str, str]] = []

    def judge_cell(
        subject: Subject, role: Role, prop: Property, dtype: str, settings: Settings, shared: Shared
    ) -> Cell:
        judged.append((dtype, subject.name, prop.name))
        return Cell(subject.name, role.name, prop.name, prop.code, dtype, verdict="held", examined=1)

    monkeypatch.setattr("extremum.properties.claims.claim.judge_cell", judge_cell)
    both = checks.audited("a", "softmax", ["finite", "nonnegative"], ["wide"], ["float32", "float16"])
    one = checks.audited("b", "softmax", ["finite"], ["wide", "naive"], ["float32"])
    claims = [Claim("1.1", "a", "confirmed", (both,)), Claim("1.2", "b", "confirmed", (one, both))]
    first, second = map(ClaimRun(0, claims).judge, claims)
    assert judged == [
        ("float16", "wide", "finite"),
        ("float16", "wide", "nonnegative"),
        ("float32", "naive", "finite"),
        ("float32", "wide", "finite"),
        ("float32", "wide", "nonnegative"),
    ]
    assert [(c.subject, c.dtype) for c in second.cells[:2]] == [("wide", "float32"), ("naive", "float32")]
    assert second.cells[2:] == first.cells


def test_generated_inputs_are_drawn_once_and_are_those_that_a_search_of_its_own_tries() -> None:
    tried: list[Any] = []

    def refused(**inputs: Any) -> bool:
        tried.append(inputs)
        return False

    with pytest.raises(NoSuchExample):
        shrink(TWO, refused, 3)
    run = ClaimRun(3)
    assert [written(i) for i in run.once(drawn, tuple(TWO.items()), 3)] == [written(i) for i in tried]
    assert [smallest(TWO, lambda w, x: False, run).tried for _ in range(2)] == [FIRST_INPUTS + len(tried)] * 2


# The checks can fail


def test_an_equation_that_is_off_in_one_case_is_refuted_with_the_smallest_one() -> None:
    check = checks.equation("x^2 = x", {"x": "number"}, lambda x: x * x, lambda x: x)
    evidence = check.run(ClaimRun())
    assert not evidence.holds
    assert evidence.witness == "x = -1: 1 on the left, -1 on the right"


def test_an_equation_between_a_row_and_a_column_is_refuted_where_they_differ() -> None:
    evidence = checks.equation("w = w^T", {"w": "n"}, lambda w: w[:, None], lambda w: w[None, :]).run(ClaimRun())
    assert evidence.witness.startswith("w = (0, 0)")


def test_what_raises_does_not_hold() -> None:
    assert not checks.equation("1 / x = 1 / x", {"x": "number"}, lambda x: 1 / x, lambda x: 1 / x).run(ClaimRun()).holds


def test_the_smallest_input_is_the_first_in_order_of_size_whatever_the_seed() -> None:
    wanted = {"w": "n", "x": "n"}
    results = [smallest(wanted, lambda w, x: w @ x == 2, ClaimRun(seed)).inputs for seed in range(3)]
    assert [[int(v) for a in r.values() for v in a] for r in results if r] == [[1, 2]] * 3
    sizes = [sum(abs(int(v)) for a in given.values() for v in a) for given in ordered({"x": "n"})]
    assert sizes[:5] == [0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    "sloppy",
    [
        lambda w, x: (w * x).astype(np.float16).sum() if w.dtype != object else w @ x,
        lambda w, x: (w @ x) * w.dtype.type(1.01) if w.dtype != object else w @ x,
    ],
    ids=["narrowed", "scaled"],
)
def test_a_formula_that_is_computed_carelessly_is_beyond_its_bound(sloppy: Any) -> None:
    assert not checks.to_bound(TWO, sloppy).run(ClaimRun()).holds
    assert checks.to_bound(TWO, lambda w, x: w @ x).run(ClaimRun()).holds


def test_arrays_of_different_shapes_are_not_added() -> None:
    evidence = checks.equation(
        "w + w^T", {"w": "n"}, lambda w: 2 * w, lambda w: checks.plus(w[:, None], w[None, :])
    ).run(ClaimRun())
    assert evidence.witness.endswith("undefined (shapes (2, 1) and (1, 2)) on the right")


def test_a_quotient_by_positive_terms_is_within_its_bound_and_a_careless_one_is_not() -> None:
    shapes = dict.fromkeys("ab", "number")
    assert checks.to_bound(shapes, lambda a, b: a / (b * b)).run(ClaimRun()).holds
    assert not checks.to_bound(shapes, lambda a, b: a / (b * b) * careless(a)).run(ClaimRun()).holds


def careless(a: Any) -> Any:
    """1, and in floating point a little more."""
    return 1 if isinstance(a, (checks.Term, flint.fmpq)) else a.dtype.type(1.1)


def test_no_evidence_is_no_verdict() -> None:
    assert judge(Claim("1.1", "it is so", "unclear")).verdict == "unclear"
    nothing = Check(EXACT, lambda run: Evidence("it is so", True, EXACT, 0))
    assert judge(Claim("1.1", "it is so", "unclear", (nothing,))).verdict == "unclear"


def test_a_statement_about_floats_is_refuted_in_each_dtype_with_its_first_row() -> None:
    evidence = checks.holds_for_floats("exp(x) > 0", lambda row, fmt: bool((np.exp(row) > 0).all())).run(ClaimRun())
    assert evidence.witness == "float64 (-746); float32 (-104); float16 (-18); bfloat16 (-93)"
    assert not checks.exists("exp(x) < 0", lambda row, fmt: bool((np.exp(row) < 0).any())).run(ClaimRun()).holds


def test_an_audit_of_a_broken_subject_is_no_evidence_for_it() -> None:
    assert not checks.audited("finite", "softmax", ["finite"], ["naive"], ["float32"]).run(ClaimRun()).holds
    assert checks.audited("finite", "softmax", ["finite"], ["wide"], ["float32"]).run(ClaimRun()).holds
    with pytest.raises(AssertionError, match="no_such_subject"):
        checks.audited("finite", "softmax", ["finite"], ["no_such_subject"]).run(ClaimRun())


# The command


@pytest.mark.slow
def test_the_command_writes_the_ledger_and_exits_0(tmp_path: Path) -> None:
    result = claims(
        "3.1a", "2.3.3", "--json", str(tmp_path / "out.json"), "--report-dir", str(tmp_path / "ledger"), "-n", "0"
    )
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(record, SCHEMA)
    assert [c["id"] for c in record["claims"]] == [*(f"3.1a.{k}" for k in range(1, 10)), "2.3.3"]
    assert record["claims"][5]["verdict"] == "refuted"
    assert "w_i is the partial derivative by the entry x_i" in " ".join(result.output.split())
    html = (tmp_path / "ledger" / "report.html").read_text()
    assert "<math" in html
    assert "$" not in html.partition('id="subjects"')[0].partition("</style>")[2]
    assert "### 3.1a.2 refuted" in (tmp_path / "ledger" / "report.md").read_text()
    assert json.loads((tmp_path / "ledger" / "report.json").read_text()) == record


def test_the_command_exits_1_where_a_verdict_differs_from_the_recorded_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {**CLAIMS, "2.3.3": replace(CLAIMS["2.3.3"], verdict="confirmed")}
    monkeypatch.setattr(ledger, "CLAIMS", changed)
    monkeypatch.setattr(command, "CLAIMS", changed)
    exercises = [replace(e, claims=[changed[c.id] for c in e.claims]) for e in EXERCISES]
    monkeypatch.setattr(command, "EXERCISES", exercises)
    result = claims("2.3.3", "--report-dir", str(tmp_path), "-n", "0")
    assert result.exit_code == 1
    assert "2.3.3 is refuted, and recorded as confirmed" in result.output
    assert "recorded as confirmed" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("3.1e",), "claim='3.1e' is not known"),
        (("3.1b.99",), "claim='3.1b.99' is not known"),
        (("--seed", "-1"), "seed=-1 must be 0 or more"),
        (("--json", "."), "json='.' is a folder"),
        (("-n", "some"), "-n 'some' is neither"),
        (("-n", "\N{SUPERSCRIPT TWO}"), "is neither"),
    ],
)
def test_what_is_not_valid_is_told_in_one_line(words: tuple[str, ...], told: str) -> None:
    result = claims(*words)
    assert result.exit_code == 4
    assert told in result.output
    assert len(result.output.splitlines()) == 1


def test_an_exercise_is_named_by_its_number() -> None:
    assert [c.id for c in chosen(["3.1c"])] == ["3.1c.1", "3.1c.2", "3.1c.3"]
    assert len(chosen([])) == len(CLAIMS) == len(chosen(["3.1", "3.2", "2.3"]))
    assert {c.id[:4] for c in chosen(["3.1"])} == {"3.1a", "3.1b", "3.1c", "3.1d"}
    with pytest.raises(UsageError, match="did you mean"):
        chosen(["3.1d.55"])


# Formulas


@pytest.mark.parametrize(
    ("latex", "told"),
    [
        (r"$\langle w, x \rangle = x^T w$", "⟨w, x⟩ = x^T w"),
        (r"so $f'(x_0) \neq 0$.", "so f'(x_0) ≠ 0."),
        (r"$\frac{f' g - g' f}{g^2}$", "(f' g \N{MINUS SIGN} g' f)/(g^2)"),
        (r"$(A x)^T$ and $\bar x$", "(A x)^T and x̄"),
    ],
)
def test_a_formula_is_told_in_plain_text(latex: str, told: str) -> None:
    assert plain(latex) == told


def test_a_sentence_keeps_what_is_no_formula_from_being_markup() -> None:
    assert sentence("<b> `<i>` costs $x$").startswith("&lt;b&gt; <code>&lt;i&gt;</code> costs <math")


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_every_formula_is_drawn(claim: Claim) -> None:
    said = [claim.statement, claim.correction, f"${claim.printed}$" if claim.printed else ""]
    for part in said:
        assert part.count("$") % 2 == 0
        assert not any(mark in sentence(part) for mark in ("$", "\\"))


def test_a_report_without_claims_has_no_ledger() -> None:
    assert 'id="claims"' not in page(Report([]))


@pytest.mark.parametrize("latex", [r"\text{<img src=x onerror=alert(1)>}", r"\text{<img/>}", r"\text{</math><b>}"])
def test_a_formula_is_no_way_into_the_page(latex: str) -> None:
    assert str(mathml(latex)).startswith("<code>")
    assert "&lt;" in mathml(latex)
