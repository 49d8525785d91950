"""The renderings of a report: what they show, and that nothing from the code under audit gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import matplotlib
import pytest

from extremum.properties.values.finding import VERDICTS, Cell, Witness
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.report import Report
from extremum.reports.views.arrange import groups, measure, outcome, ratio
from extremum.reports.views.html import fragment, page
from extremum.reports.views.markdown import code, fence, field, text
from extremum.reports.views.marks import MARKS, mark_key
from extremum.reports.views.plots import COLOURS, Plots, frame_of
from extremum.reports.views.script import script

Render = Callable[[Report], str]

INF = "\N{INFINITY}"
HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>`|`|\"'\n# h\x1b[31m\u202e{{ 7*7 }}:f"
ONE = {"dtype": "float32", "shape": [1, 1], "layout": "C", "values": ["0x1.62e4300000000p+6"]}
TWO = {**ONE, "values": ["0x1.0p+7"]}
WITNESS = Witness({"x": ONE}, "overflow-edge", "inf", 4.6, "nan", "1.0000", (0, 0), "an exact comparison")
WORST = Witness({"x": TWO}, "scaled", 1e6, 4.6, "0x1.8p+0", "1.0000", (0, 0), "balls of 128 bits")
PROFILE = {
    "magnitude": [[1e-5, 0.0], [1.0, 0.2], [89.0, 1e12]],
    "length": [[1.0, 0.5], [256.0, 5.0], [1024.0, 12.0], [4096.0, 30.0]],
}


def refuted(subject: str = "mine.py:f", dtype: str = "float32", **fields: Any) -> Cell:
    cell = Cell(subject, "softmax", "accuracy", "EX105", dtype, "refuted", 9, "inf", 4.6, "ulp", severity="high")
    cell.simplest, cell.worst, cell.profile = WITNESS, WORST, PROFILE
    return replace(cell, **fields)


def held(subject: str = "mine.py:f", prop: str = "finite", dtype: str = "float32", **fields: Any) -> Cell:
    return Cell(subject, "softmax", prop, "EX101", dtype, "held", 1000, 0.0, 0.0, "outputs", **fields)


def every_kind() -> Report:
    """A report with a cell of every verdict, declared and not."""
    cells = [Cell(f"a:{v}", "softmax", "finite", "EX101", "float32", v, cause="for a reason") for v in VERDICTS]
    cells += [Cell(f"b:{v}", "softmax", "finite", "EX101", "float32", v, expected=True) for v in ("crashed", "hung")]
    cells += [refuted("c:expected", expected=True), refuted("c:unexpected"), held("c:missed", missed=True)]
    cells += [held("c:graded", "accuracy", grade="within an ulp"), refuted("c:two", "float64"), refuted("c:two")]
    return report_of(cells)


def report_of(cells: Sequence[Cell]) -> Report:
    known = {"role": "softmax", "kind": "user", "arrays": "numpy", "axis": "axis"}
    names = dict.fromkeys(c.subject for c in cells)
    subjects = [{"name": name, **known, "line": f"{name}: role softmax"} for name in names]
    environment = {"python": "3.11", "simd": ["AVX2"], "versions": {"numpy": "2.4"}}
    return Report(list(cells), 7, ["extremum", "audit"], subjects, environment=environment)


class Reader(HTMLParser):
    """Collects the elements, attributes and text of a page, and sees to it that its elements nest."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def rendered() -> str:
    return page(every_kind())


def test_the_page_shows_each_finding_with_the_script_that_reproduces_it(rendered: str) -> None:
    report, read = every_kind(), Reader(rendered)
    for group in groups(report):
        assert group.anchor in read.all("id")
    for finding in report.findings:
        cell = finding.simplest.cell
        if cell.simplest:
            assert script(cell, cell.simplest, report.subjects[0]).splitlines()[-1] in read.text
    assert "[88.72284]  float32[1, 1]  (0x1.62e43p+6)" in read.text


def test_the_page_is_well_formed(rendered: str) -> None:
    assert Reader(rendered).open == []


def test_the_page_loads_nothing_and_runs_its_own_script_alone(rendered: str) -> None:
    read = Reader(rendered)
    names = {name for name, _ in read.attributes}
    assert not {"link", "img", "iframe", "object", "base"} & set(read.tags)
    (script,) = re.findall(r"<script>(.*?)</script>", rendered, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in rendered
    assert read.tags.count("script") == 1
    assert not {"src", "srcset", "action", "xlink:href"} & names
    assert not [name for name in names if name.startswith("on")]
    assert all(target.startswith("#") for target in read.all("href"))
    assert not [word for word in ("@import", "url(", "http:", "https:") if word in rendered]
    assert "default-src 'none'" in rendered


def test_ids_are_unique_and_every_link_leads_to_one(rendered: str) -> None:
    read = Reader(rendered)
    assert len(read.all("id")) == len(set(read.all("id")))
    assert {target[1:] for target in read.all("href")} <= set(read.all("id"))


def test_anchors_of_names_that_differ_in_signs_alone_differ() -> None:
    names = ["a.b:f", "a_b:f", "\u4e00:f", "\u4e01:f"]
    assert len({g.anchor for g in groups(report_of([refuted(name) for name in names]))}) == len(names)


@pytest.mark.parametrize("render", [page, fragment])
def test_a_hostile_name_or_cause_stays_text(render: Render) -> None:
    witness = Witness({HOSTILE: ONE}, HOSTILE, 9.0, 1.0, exact=HOSTILE, certified=HOSTILE)
    found = refuted(HOSTILE, cause=HOSTILE, grade=HOSTILE, unit=HOSTILE, severity=HOSTILE, simplest=witness)
    report = report_of([found, Cell(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, "incomplete", detail=HOSTILE)])
    report.environment = {HOSTILE: HOSTILE, "versions": {HOSTILE: HOSTILE}}
    report.command = [HOSTILE]
    read = Reader(render(report))
    assert "img" not in read.tags
    assert read.tags.count("script") == (1 if render is page else 0)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert read.text.count("<script>alert(1)</script>") >= 5
    assert read.text.count("{{ 7*7 }}") >= 5


@pytest.mark.parametrize("render", [page, fragment, text])
def test_control_characters_and_overrides_of_direction_are_written_out(render: Render) -> None:
    rendered = render(report_of([refuted("a\x1b[31m\u202e\udc80:f", cause="\x00")]))
    assert not {"\x1b", "\x00", "\u202e", "\udc80"} & set(rendered)
    assert "\\u202e" in rendered
    assert "\\udc80" in rendered


@pytest.mark.parametrize("render", [page, fragment, text])
def test_a_report_of_every_verdict_and_an_empty_one_render(render: Render) -> None:
    assert "findings that no reference declares" in render(every_kind())
    assert "Nothing was tested" in render(Report([], environment={}))


@pytest.mark.parametrize("render", [page, fragment, text])
def test_rendering_is_deterministic_and_the_same_from_the_record(render: Render) -> None:
    report = every_kind()
    again = Report.from_json(json.loads(json.dumps(report.to_json())))
    assert render(report) == render(report) == render(again)


def test_every_verdict_has_its_own_sign_and_letter(rendered: str) -> None:
    assert {mark_key(c) for c in every_kind().cells} == set(MARKS)
    assert len({m.letter for m in MARKS.values()}) == len({m.glyph for m in MARKS.values()}) == len(MARKS)
    for key in MARKS:
        assert f'class="mark {key}"' in rendered


def test_what_nobody_declared_stands_before_what_was_declared(rendered: str) -> None:
    places = [rendered.index(f'id="{g.anchor}"') for g in groups(every_kind())]
    assert places == sorted(places)
    assert rendered.index('id="finding-softmax-c-unexpected-accuracy"') < rendered.index('id="declared"')
    assert rendered.index('id="declared"') < rendered.index('id="finding-softmax-c-expected-accuracy"')


def test_the_most_severe_finding_comes_first() -> None:
    report = report_of([refuted("a:f", severity="low"), refuted("b:f", severity="critical"), refuted("c:f")])
    assert [g.severity for g in groups(report)] == ["critical", "high", "low"]


def test_a_crash_is_given_no_fix_of_what_it_was_not_refuted_for() -> None:
    for verdict, told in (("refuted", True), ("crashed", False), ("hung", False)):
        (group,) = groups(report_of([refuted(verdict=verdict)]))
        assert bool(group.fix) is told
        assert ("Usual fix" in page(report_of([refuted(verdict=verdict)]))) is told


def test_equal_witnesses_are_shown_once() -> None:
    rendered = page(report_of([refuted(worst=WITNESS)]))
    assert rendered.count("simplest and worst") == 1
    assert rendered.count("from overflow-edge") == 1


def test_a_script_that_is_too_long_is_left_to_the_record() -> None:
    values = ["0x1.8p+0", "0x1.0p+0"] * 2000
    long = Witness({"x": {**ONE, "shape": [1, 4000], "values": values}}, "any-finite", 9.0, 1.0)
    rendered = page(report_of([refuted(simplest=long, worst=long)]))
    assert len(rendered) < 60_000
    assert "float.fromhex" not in rendered
    assert "scripts/softmax-mine-py-f-accuracy.py" in rendered


@pytest.mark.parametrize(("number", "corner"), [(12, "accuracy"), (13, "m:f0")])
def test_subjects_are_columns_and_where_they_are_many_rows(number: int, corner: str) -> None:
    report = report_of([refuted(f"m:f{i}") for i in range(number)])
    assert re.search(r"\|:.*\n\| `([^`]+)` \|", text(report)).group(1) == corner  # type: ignore[union-attr]
    assert Reader(page(report)).all("scope").count("row") == (1 if number == 12 else 13)


def test_a_row_of_the_matrix_has_a_place_for_each_dtype_even_where_cells_are_missing() -> None:
    report = report_of([held(dtype="float64"), held(dtype="float32"), held("other", "accuracy", "float32")])
    assert "| `finite` | `..` |  |" in text(report)
    assert "| `accuracy` |  | ` .` |" in text(report)
    assert page(report).count('<i class="mark"></i>') == 1


def test_markdown_has_the_matrix_the_witness_and_the_script() -> None:
    rendered = text(every_kind())
    assert "| subject | `finite` | `accuracy` |\n|:--|:-:|:-:|\n| `a:proved` | `P ` |  |" in rendered
    assert "| `c:two` |  | `RR` |" in rendered
    assert "simplest  x = [88.72284]  float32[1, 1]  (0x1.62e43p+6)" in rendered
    assert "x = np.array([[88.72284]], dtype=np.float32)" in rendered


@pytest.mark.parametrize("count", [0, 1, 6, 7, 30])
def test_markdown_begins_with_ten_lines_that_fit_a_pull_request(count: int) -> None:
    findings = [refuted(f"m:f{i}", severity="critical" if i == 5 else "low") for i in range(count)]
    rendered = text(report_of([*findings, *(held(f"n:f{i}") for i in range(30))]))
    begin = rendered[: rendered.index("\n## ")].strip().splitlines()
    assert len([line for line in begin if line]) <= 10
    listed = [line for line in begin if line.startswith(("- `low`", "- `critical`"))]
    assert len(listed) == min(count, 6)
    assert (count > 6) == (f"- and {count - 6} more, below" in begin)
    assert count < 6 or listed[0].startswith("- `critical` **")
    assert "- 30 subjects are sound." in begin


@pytest.mark.parametrize("value", ["plain", "`", "a``b`", "x|y", "\\|", "\n# h\n", "</details>", HOSTILE])
def test_no_text_ends_its_code_span_its_field_or_its_fence(value: str) -> None:
    for span in (code(value), field(value)):
        ticks = span[: len(span) - len(span.lstrip("`"))]
        assert span.endswith(ticks)
        assert ticks not in re.findall("`+", span[len(ticks) : -len(ticks)])
        assert "\n" not in span
    assert not re.search(r"(?<!\\)(\\\\)*\|", field(value))
    first, *lines, last = fence(value).splitlines()
    assert last == first.removesuffix("text")
    assert not [line for line in lines if line.startswith(last)]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([], "Nothing was tested; 0 rows examined"),
        ([held()], "No counterexample in 1 cell; 1,000 rows examined"),
        ([replace(held(), verdict="proved")], "1 cell proved; 1,000 rows examined"),
        (
            [held(), replace(held("p"), verdict="proved")],
            "1 cell proved; no counterexample in 1 cell; 2,000 rows examined",
        ),
        ([refuted()], "1 finding, in 1 cell; 9 rows examined"),
        ([refuted(), refuted(dtype="float64")], "1 finding, in 2 cells; 18 rows examined"),
        ([refuted(), refuted("r", expected=True)], "1 finding that no reference declares, in 1 cell; 18 rows examined"),
        ([refuted(expected=True)], "1 cell failed as declared, and no other; 9 rows examined"),
        ([held(missed=True)], "1 declared failure did not come; 1,000 rows examined"),
        ([Cell("f", "", "", "", "", "incomplete")], "Nothing was tested; 1 cell incomplete; 0 rows examined"),
    ],
)
def test_the_outcome_is_a_sentence(cells: list[Cell], sentence: str) -> None:
    assert outcome(report_of(cells)) == sentence


@pytest.mark.parametrize(
    ("measured", "allowed", "shown"),
    [(9.0, 4.0, "2.25"), ("inf", 4.0, INF), (1.0, 0.0, INF), (0.0, 0.0, "0"), ("nan", 1.0, "nan"), (None, 1.0, "")],
)
def test_the_ratio_states_what_zeros_and_infinities_are(measured: Any, allowed: float, shown: str) -> None:
    assert ratio(Witness({}, "", measured, allowed)) == shown


def test_large_quantities_have_their_digits_and_huge_ones_an_exponent() -> None:
    assert [measure(v) for v in (0.4997, 65408.0, 3.688e19, "inf")] == ["0.4997", "65,408", "3.688e+19", INF]


def test_plots_of_the_same_dtypes_share_their_furniture() -> None:
    plots, pair = Plots(), [refuted(), refuted(dtype="float64")]
    for cells in (pair, pair[::-1]):
        assert plots.draw(cells, "title").count('href="#plot-1"') == 1
    assert plots.furniture().count(' id="') == 1


def test_a_plot_has_a_curve_and_a_band_for_ratios_that_are_zero_or_infinite() -> None:
    plot = Plots().draw([refuted()], "title")
    curves = re.findall(r'd="([^"]+)" style="[^"]*stroke: #', plot)
    heights = {float(y) for curve in curves for y in re.findall(r"[ML] \S+ ([\d.]+)", curve)}
    assert min(heights) < 45
    assert max(heights) == 180
    assert len(heights) == 7  # 0, 0.2, 0.5, 5, 12, 30 and infinite
    assert frame_of([refuted()])[1:] == (2, 2, 12)


def test_where_all_that_fails_is_infinite_there_is_no_plot() -> None:
    edge = {"magnitude": [[1.0, 0.1], [88.0, 0.3], [89.0, 1e12]], "length": [[1.0, 1e12], [2.0, 1e12]]}
    assert Plots().draw([refuted(profile=edge)], "title") == ""


def test_where_nothing_was_measured_there_is_no_plot() -> None:
    assert Plots().draw([held(), refuted(dtype="of a later version")], "title") == ""


def test_every_format_has_a_colour_of_its_own() -> None:
    assert list(COLOURS) == list(FORMATS)
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_plots_do_not_depend_on_the_users_settings_and_leave_them() -> None:
    expected = page(report_of([refuted()]))
    with matplotlib.rc_context({"lines.linewidth": 9, "axes.grid": True, "svg.fonttype": "path", "font.size": 30}):
        before = dict(matplotlib.rcParams)
        assert page(report_of([refuted()])) == expected
        assert dict(matplotlib.rcParams) == before


def test_a_fragment_restyles_nothing_but_itself() -> None:
    style = fragment(every_kind()).partition("<style>")[2].partition("</style>")[0]
    rules = re.sub(r"/\*.*?\*/|@media[^{]*\{", "", style, flags=re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", rules)
    assert len(selectors) > 50
    assert all(part.strip().startswith(".extremum") for s in selectors for part in s.split(","))


def test_two_fragments_in_one_notebook_share_no_ids() -> None:
    first, second = (Reader(fragment(report_of([refuted(subject)]))).all("id") for subject in ("a:f", "b:f"))
    assert first
    assert not set(first) & set(second)


def test_a_proof_is_told_with_its_domain_and_worst_case() -> None:
    proof = replace(held(), verdict="proved", detail="every row (d, 0): 7 rows; the worst is (3, 0)", measured=1.5)
    report = report_of([proof])
    assert "every row (d, 0): 7 rows; the worst is (3, 0)" in page(report)
    assert "`every row (d, 0): 7 rows; the worst is (3, 0)` | 1.5 of 0" in text(report)
