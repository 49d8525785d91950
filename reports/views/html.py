"""The report as HTML: one file that needs nothing else, and a fragment for notebooks.

Names and causes come from the code under audit: they are hostile until escaped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from extremum.reference.errors import LINES, printable
from extremum.reports.record.findings import Finding
from extremum.reports.record.numbers import decimals, exact_text, short_hex
from extremum.reports.record.record import Record
from extremum.reports.record.text import argument_text
from extremum.reports.views.arrange import (
    MAX_SUBJECT_COLUMNS,
    Group,
    anchors,
    arranged,
    brief,
    groups,
    hover,
    measure,
    ratio,
    with_unit,
    witnesses,
)
from extremum.reports.views.extra import missing
from extremum.reports.views.formulas import mathml, sentence, typeset
from extremum.reports.views.ledger import audits
from extremum.reports.views.marks import MARKS, mark_key
from extremum.reports.views.page_lists import (
    FEW_LISTED,
    bar,
    counts,
    explanations,
    filters,
    ordered,
    quiet,
)
from extremum.reports.views.telling import telling
from extremum.reports.views.templating import TEMPLATES, environment


def page(report: Record) -> str:
    """The report as one HTML file, which loads nothing; its one script filters, copies and unfolds."""
    sections = groups(report)
    lists: dict[str, object] = {
        "filters": filters([g for g in sections if g.unexpected]),
        "explanations": explanations(sections),
    }
    once = {g.first.key[:3]: g for g in reversed(sections) if g.unexpected}  # the first of a subject's property
    plotted = [g for g in sections if once.get(g.first.key[:3]) is g and telling(g.plotted)]
    without = missing("matplotlib") if plotted else ""
    if without or not plotted:
        return _filled("page.html", report, sections, plots={}, furniture="", without=without, **lists)
    from extremum.reports.views.plots import Plots  # with matplotlib, which takes long

    plots = Plots()
    drawn = {g.anchor: plots.draw(g.plotted, printable(f"{g.first.property} of {g.first.subject}")) for g in plotted}
    return _filled("page.html", report, sections, plots=drawn, furniture=plots.furniture(), without="", **lists)


def fragment(report: Record) -> str:
    """The report for a notebook's output: findings and matrix, in styles that touch nothing else."""
    sections = groups(report, _prefix(report))
    return _filled("fragment.html", report, sections, plots={}, explanations={})


def finding_fragment(report: Record, finding: Finding) -> str:
    """One finding of a report for a notebook's output."""
    group = next(g for g in groups(report, f"{_prefix(report)}one-") if g.finding == finding)
    return filled("finding.html", group=group, lines={}, plots={}, anchors={}, explanations={})


def _prefix(report: Record) -> str:
    """What the ids of a fragment begin with: two reports in one notebook do not share ids."""
    cells = "\n".join(f"{c.key} {c.verdict}" for c in report.cells)
    return f"extremum-{hashlib.sha256(cells.encode(errors='replace')).hexdigest()[:8]}-"


def _filled(template: str, report: Record, sections: Sequence[Group], **drawn: object) -> str:
    places: dict[Any, str] = dict(anchors(sections))
    if template == "page.html":
        places["list"] = "list"  # what a page has besides
    return filled(template, **arranged(report, sections), **drawn, anchors=places, many=MAX_SUBJECT_COLUMNS)


def filled(template: str, **context: object) -> str:
    """A template of HTML, filled; whatever is no `Markup` is escaped."""
    script = _file("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _environment().get_template(template).render(context, style=_file("style.css"), script=script, digest=digest)


@cache
def _environment() -> jinja2.Environment:
    html = environment(autoescape=True, finalize=lambda value: printable(value, LINES) if type(value) is str else value)
    html.filters.update(hover=hover, brief=brief, mark=mark_key, measure=measure, ratio=ratio, decimals=decimals)
    html.filters.update(exact_text=exact_text, short_hex=short_hex, with_unit=with_unit)
    html.filters.update(breakable=_breakable, prose=_prose)
    html.filters.update(sentence=sentence, mathml=mathml, argument_text=argument_text)
    html.filters.update(typeset=typeset, bar=bar)
    html.globals.update(MARKS=MARKS, witnesses=witnesses, audits=audits, ordered=ordered, counts=counts)
    html.globals.update(quiet=quiet, listed=FEW_LISTED)
    return html


@cache
def _file(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8").strip())


def _prose(text: str) -> Markup:
    """A paragraph of a property's text: what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _breakable(name: str) -> Markup:
    """A name that may be broken after a separator."""
    return Markup(re.sub(r"([_:./]+)", r"\1<wbr>", str(escape(printable(name, LINES)))))
