"""Explanations: one text of a property or a cause, in the terminal, the HTML and the Markdown."""

from __future__ import annotations

import re
from html import unescape

import pytest
from click.testing import CliRunner, Result

from extremum.properties.contested.conventions import CONVENTIONS, property_of
from extremum.properties.diagnosis.cause_table import CAUSES
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import roles
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import subjects
from extremum.reports.cli import main
from extremum.reports.report import Report
from extremum.reports.views.explain import explanation, find, lines, markdown
from extremum.reports.views.html import page
from extremum.reports.views.markdown import text

ROLES = list(roles().values())
PROPERTIES = {p.code: p for role in ROLES for p in role.properties}
NAMED = PROPERTIES | {c.code: c.of(ROLES[0]) for c in CONVENTIONS.values()}
EVERY = pytest.mark.parametrize("prop", PROPERTIES.values(), ids=list(PROPERTIES))
EVERY_CODE = pytest.mark.parametrize("prop", NAMED.values(), ids=list(NAMED))


def explained(*words: str) -> Result:
    return CliRunner().invoke(main, ["explain", *words])


def sentence(text: str) -> str:
    """Text as a sentence begins."""
    return f"{text[:1].upper()}{text[1:]}"


def joined(printed: str) -> str:
    """The text without its lines: words and single spaces."""
    return " ".join(printed.split())


def report_of(role: str, prop: Property) -> Report:
    cell = Cell("mine.py:f", role, prop.name, prop.code, "float32", "refuted", 9, "inf", 1.0, prop.unit)
    return Report([cell], environment={})


@EVERY
def test_every_property_has_a_statement_a_derivation_an_example_and_a_fix(prop: Property) -> None:
    said = explanation(prop)
    assert min(map(len, (said.statement, said.example, said.fix, *said.derivation))) > 10
    assert said.derivation
    assert not re.search(r"usual (cause|fix)|Example:|Fix:", " ".join(said.derivation))


@EVERY_CODE
def test_a_statement_is_one_sentence(prop: Property) -> None:
    assert re.fullmatch(r"[A-Z](?:[^.]|\.(?! ))*\.", explanation(prop).statement)


@EVERY_CODE
def test_explain_prints_all_that_there_is_in_eighty_columns(prop: Property) -> None:
    done, said = explained(prop.code.lower()), explanation(prop)
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    printed = joined(done.stdout)
    assert printed.startswith(f"{prop.code} {prop.name} severity {prop.severity} {said.statement}")
    for paragraph in (*said.derivation, said.example, said.fix, *said.sources, *said.roles):
        assert paragraph in printed


def test_a_code_is_one_propertys_alone_and_well_formed() -> None:
    codes = {(p.code, p.name, p.statement) for role in ROLES for p in role.properties}
    codes |= {(c.code, c.name, c.statement) for c in CONVENTIONS.values()}
    assert len({code for code, _, _ in codes}) == len(codes)
    assert all(re.fullmatch(r"EX[1-9]\d{2,3}", code) for code, _, _ in codes)


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r.name)
def test_the_html_of_a_finding_has_the_text_that_explain_prints(role: Role) -> None:
    for prop in role.properties:
        rendered = page(report_of(role.name, prop))
        shown = joined(
            unescape(re.sub(r"<code>(.*?)</code>", r"`\1`", rendered)).replace("<b>", "").replace("</b>", "")
        )
        said = explanation(prop)
        assert f"Usual fix: {sentence(said.fix)}</p>" in shown
        assert f"Example: {said.example}</p>" in shown
        assert all(f">{paragraph}</p>" in shown for paragraph in said.derivation)


def test_the_fix_is_seen_without_unfolding_anything() -> None:
    rendered = page(report_of("softmax", PROPERTIES["EX101"]))
    assert rendered.count("Usual fix:") == 1
    before = rendered[: rendered.index("Usual fix:")]
    assert before.count("<details") == before.count("</details>")
    assert 'href="#allowed-EX101">What is allowed, and why</a>' in rendered
    assert rendered.count('id="allowed-EX101"') == 1


def test_a_convention_is_explained_where_it_is_found() -> None:
    prop = property_of("softmax", "fully-masked-row=zero")
    assert prop is not None
    rendered = page(report_of("softmax", prop))
    assert "What is contested" in rendered
    assert f"Usual fix:</b> {sentence(explanation(prop).fix)}" in rendered


def test_markdown_has_the_fix() -> None:
    rendered = text(report_of("softmax", PROPERTIES["EX101"]))
    assert f"Usual fix: {markdown(sentence(explanation(PROPERTIES['EX101']).fix))}\n" in rendered


def test_a_property_of_an_unknown_role_is_shown_unexplained() -> None:
    report = Report([Cell("f", "of a later version", "finite", "EX101", "float32", "refuted")], environment={})
    assert "Usual fix" not in page(report) + text(report)


def test_no_sign_in_a_paragraph_is_markdown_but_a_code_span() -> None:
    assert markdown("s_i**2 < 1, [a](b), `x_i**2`") == r"s\_i\*\*2 \< 1, \[a\](b), `x_i**2`"


def test_a_name_will_do_where_it_is_one_roles_alone_or_the_role_is_named() -> None:
    assert find("saturation").code == "EX203"
    assert find("purity").code == "EX114"
    assert find("fully-masked-row=zero").code == "EX802"
    assert find("accuracy", "logsumexp").code == "EX305"
    assert explained("accuracy", "--role", "logsumexp").stdout.startswith("EX305  accuracy")
    assert find("finite", "softmax").code == "EX101"
    assert explained("EX9205").stdout.rstrip().endswith("that of each formula")
    with pytest.raises(
        UsageError, match=r"several roles: write its code, EX101, EX201, .*EX701, .*EX1301, EX1401, EX9201$"
    ):
        find("finite")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("EX100",), "did you mean 'EX10"),
        (("203",), "did you mean 'EX203'"),
        (("acuracy",), "did you mean 'accuracy'"),
        (("exp overflaw",), "did you mean 'exp overflow'"),
        (("canceling",), "did you mean 'cancellation'"),
        (("exp overflow", "--role", "softmix"), "did you mean 'softmax'"),
        (("finite",), "write its code, EX101, "),
        (("finite", "--role", "softmix"), "did you mean 'softmax'"),
        ((), "Missing argument 'CODE'"),
    ],
)
def test_what_is_not_known_is_one_line_and_exit_4(words: tuple[str, ...], said: str) -> None:
    done = explained(*words)
    assert done.exit_code == 4
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r.name)
def test_a_property_names_the_mutants_that_it_must_refute(role: Role) -> None:
    for prop in role.properties:
        declared = {mutant.name for mutant in subjects(role.name, "mutant") if prop.name in mutant.fails}
        printed = "\n".join(lines(prop, among=[role.name]))
        listed = re.search(r"\n\nMutants +(\w+): (.*?)\n\nSource", printed, re.DOTALL)
        assert (listed is None) == (not declared)
        if listed is not None:
            assert listed[1] == role.name
            assert set(re.findall(r"\w+", listed[2])) == declared


def test_a_property_of_several_roles_names_the_mutants_of_each_or_of_the_one_asked_for() -> None:
    every, one = explained("EX113").stdout, explained("EX113", "--role", "logsumexp").stdout
    mutants = {role: every.count(f" {role}: ") for role in explanation(PROPERTIES["EX113"]).roles}
    assert len(mutants) > 5
    assert max(mutants.values()) == 1
    assert {role for role in mutants if f" {role}: " in one} == {"logsumexp"}


def test_a_convention_names_no_mutants() -> None:
    assert "Mutants" not in explained("EX802").stdout


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_is_explained_with_its_experiment_its_fix_and_its_mutants(name: str) -> None:
    done, cause = explained(name.upper()), CAUSES[name]
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    printed = joined(done.stdout)
    assert printed.startswith(f"{name} cause {cause.meaning} Decided {cause.experiment} Fix {cause.fix}")
    if name == "unknown":
        assert "Mutants" not in printed
        return
    declared = {role.name: [m.name for m in subjects(role.name, "mutant") if m.cause == name] for role in ROLES}
    listed = " ".join(f"{role}: {', '.join(mutants)}" for role, mutants in declared.items() if mutants)
    assert printed.endswith(f" Mutants {listed}")


def test_the_cause_of_one_role_shows_that_roles_mutants() -> None:
    shown = joined(explained("exp overflow", "--role", "logsumexp").stdout)
    assert shown.endswith("Mutants logsumexp: logsumexp_without_shift, logsumexp_shifted_by_mean")


def test_lines_are_as_wide_as_they_may_be() -> None:
    for width in (60, 100):
        assert max(map(len, lines(PROPERTIES["EX105"], width))) in range(width - 12, width + 1)


def test_the_source_is_the_module_that_keeps_the_bound_and_the_table_it_cites() -> None:
    assert explanation(PROPERTIES["EX105"]).sources == (
        "extremum.properties.roles.softmax.accuracy",
        "extremum.properties.roles.softmax.bounds",
    )
    assert "extremum.properties.roles.softmax.bounds (has the table of the derivation)" in joined(
        explained("EX105").stdout
    )
    assert explanation(PROPERTIES["EX207"]).sources == ("extremum.properties.roles.log_softmax",)
