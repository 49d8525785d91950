"""The HTML report as a reader has it: opened, filtered and copied from in headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Browser, Page, chromium

from extremum.properties.values.finding import Cell, Witness
from extremum.reports.report import Report
from extremum.reports.views.render import render

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium is on the PATH: apt-get install chromium"),
]

ONE = {"dtype": "float32", "shape": [1, 1], "layout": "C", "values": ["0x1.62e4300000000p+6"]}
SUBJECTS = [(f"pkg/kernels.py:softmax_{i}", "softmax") for i in range(5)] + [("pkg/kernels.py:lse", "logsumexp")]
TARGETS = """
[...document.querySelectorAll("a, button, select, summary")].filter(e => e.offsetParent && !e.closest("p")).map(e => {
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const beside = parseFloat(style.marginLeft) + parseFloat(style.marginRight);
  const above = parseFloat(style.marginTop) + parseFloat(style.marginBottom);
  return [e.outerHTML.slice(0, 120), box.width + beside, box.height + above];
}).filter(([, width, height]) => width < 24 || height < 24)
"""


def finding(subject: str, role: str, dtype: str, prop: str, severity: str, cause: str) -> Cell:
    witness = Witness({"x": ONE}, "overflow-edge", "inf", 4.6, "nan", "1.0000", [0, 0], "an exact comparison", cause)
    cell = Cell(subject, role, prop, "EX105", dtype, "refuted", 9, "inf", 4.6, "ulp", ["a"], severity=severity)
    cell.cause, cell.simplest, cell.worst = cause, witness, witness
    return cell


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    causes = ("exp overflow", "high"), ("sum overflow", "critical"), ("wrong axis", "low")
    cells = [
        finding(name, role, dtype, "accuracy", severity, cause)
        for i, (name, role) in enumerate(SUBJECTS)
        for dtype, (cause, severity) in zip(("float32", "float16"), (causes[i % 3], causes[(i + 1) % 3]), strict=True)
    ]
    names = ("finite", "mask", "axis")
    cells += [
        Cell(n, r, p, "EX101", "float32", "held", 100, 0.5, 2.0, "ulp", ["a"]) for n, r in SUBJECTS for p in names
    ]
    known: dict[str, str] = {"kind": "user", "arrays": "numpy", "axis": "axis"}
    subjects = [{"name": name, "role": role, **known, "line": f"{name}: role {role}"} for name, role in SUBJECTS]
    place = tmp_path_factory.mktemp("report")
    render(Report(cells, 7, ["extremum", "audit"], subjects, environment={"python": "3.11"}), place, None)
    return place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as started:
        yield started


@pytest.fixture
def page(browser: Browser, folder: Path) -> Page:
    return browser.open(folder / "report.html")


def shown(page: Page, selector: str) -> list[dict[str, Any]]:
    found = page.run(
        f"[...document.querySelectorAll({selector!r})].filter(e => e.offsetParent).map(e => ({{...e.dataset}}))"
    )
    assert isinstance(found, list)
    return found


def test_the_answer_and_the_list_of_findings_are_on_the_first_screen(page: Page) -> None:
    assert page.run("scrollY") == 0
    for selector in (".answers", ".filters", ".list"):
        assert page.run(f"document.querySelector({selector!r}).getBoundingClientRect().bottom") < 800
    assert len(shown(page, ".list li")) == len(shown(page, "article.finding")) == 12
    assert page.complaints == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("subject", SUBJECTS[0][0]), ("role", "logsumexp"), ("dtype", "float16"), ("severity", "critical")],
)
def test_findings_are_filtered(page: Page, name: str, value: str) -> None:
    choose = f"s = document.querySelector('select[name={name}]'), s.value = {value!r}"
    page.run(f"let s; {choose}, s.dispatchEvent(new Event('change', {{bubbles: true}}))")
    listed, told = shown(page, ".list li"), shown(page, "article.finding")
    assert 0 < len(listed) == len(told) < 12
    assert all(value in row[name].split(" ") for row in listed + told)
    assert page.run("document.querySelector('.filters output').textContent") == f"{len(listed)} of 12 shown"
    page.run("document.querySelector('.filters button').click()")
    page.run("new Promise(done => setTimeout(done, 20))")
    assert len(shown(page, ".list li")) == 12
    assert page.complaints == []


def test_scripts_and_witnesses_are_copied(page: Page, folder: Path) -> None:
    anchor = page.run("document.querySelector('article.finding').id")
    for part in ("input", "script"):
        page.run("[...document.querySelectorAll('details')].forEach(d => { d.open = true; })")
        page.run(f"document.querySelector('button[data-of=\"{anchor}-{part}\"]').click()")
        page.run("new Promise(done => setTimeout(done, 50))")
        copied = page.run("navigator.clipboard.readText()")
        expected = page.run(f"document.getElementById('{anchor}-{part}').textContent")
        assert copied == expected != ""
        assert page.run(f"document.querySelector('button[data-of=\"{anchor}-{part}\"]').textContent") == "Copied"
    script = folder / page.run(f"document.querySelector('#{anchor} .file').textContent")
    assert copied.rstrip() == script.read_text().rstrip()


def test_links_lead_both_ways_and_into_what_is_folded(page: Page) -> None:
    page.run("document.querySelector('.list a').click()")
    anchor = page.run("location.hash.slice(1)")
    assert page.run(f"Math.abs(document.getElementById('{anchor}').getBoundingClientRect().top)") < 60
    page.run(f"document.querySelector('#{anchor} .links a').click()")
    assert page.run("document.getElementById('list').getBoundingClientRect().bottom") > 0
    page.run(f"document.querySelector('#{anchor} .fails a').click()")
    assert page.run("document.querySelector(location.hash).open") is True
    page.run("document.querySelector('a.mark.refuted').click()")
    assert page.run("location.hash.startsWith('#finding-')") is True


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_nothing_is_wider_than_the_screen_and_targets_are_large(
    browser: Browser, folder: Path, width: int, dark: bool
) -> None:
    page = browser.open(folder / "report.html", width, dark=dark)
    page.run("[...document.querySelectorAll('details')].forEach(d => { d.open = true; })")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(TARGETS) == []
    light = page.run("getComputedStyle(document.body).backgroundColor")
    assert light == ("rgb(21, 23, 26)" if dark else "rgb(255, 255, 255)")


def test_every_control_has_a_name(page: Page) -> None:
    nodes = page.ask("Accessibility.getFullAXTree")["nodes"]
    roles = {"link", "button", "combobox", "DisclosureTriangle", "table", "region", "form"}
    nameless = [n for n in nodes if not n["ignored"] and n["role"]["value"] in roles and not n["name"]["value"]]
    assert nameless == []


def test_a_page_that_is_printed_is_unfolded_and_has_no_controls(page: Page) -> None:
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run("document.querySelectorAll('details:not([open])').length") == 0
    page.ask("Emulation.setEmulatedMedia", media="print")
    assert page.run("getComputedStyle(document.querySelector('.copy')).display") == "none"
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run("document.querySelectorAll('details[open]').length") == 0
