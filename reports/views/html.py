"""The report as HTML: one file that needs nothing else, and a fragment for notebooks.

Names and causes come from the code under audit: they are hostile until escaped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from extremum.reference.errors import LINES, printable
from extremum.reports.record.numbers import decimals, exact_text, short_hex
from extremum.reports.record.record import Record
from extremum.reports.record.text import argument_text
from extremum.reports.views.arrange import (
    MAX_SUBJECT_COLUMNS,
    Group,
    anchors,
    arranged,
    groups,
    hover,
    measure,
    ratio,
    with_unit,
    witnesses,
)
from extremum.reports.views.extra import missing
from extremum.reports.views.formulas import mathml, sentence
from extremum.reports.views.ledger import audits
from extremum.reports.views.marks import MARKS, mark_key


def page(report: Record) -> str:
    """The report as one HTML file, which loads nothing and runs no script."""
    sections = groups(report)
    if without := missing("matplotlib"):
        return _filled("page.html", report, sections, plots={}, furniture="", without=without)
    from extremum.reports.views.plots import Plots

    plots = Plots()
    drawn = {g.anchor: plots.draw(g.plotted, printable(f"{g.first.property} of {g.first.subject}")) for g in sections}
    return _filled("page.html", report, sections, plots=drawn, furniture=plots.furniture(), without="")


def fragment(report: Record) -> str:
    """The report for a notebook's output: matrix and findings, in styles that touch nothing else."""
    cells = "\n".join(f"{c.key} {c.verdict}" for c in report.cells)
    digest = hashlib.sha256(cells.encode(errors="replace")).hexdigest()[:8]
    sections = groups(report, f"extremum-{digest}-")  # two reports in one notebook do not share ids
    return _filled("fragment.html", report, sections, plots={})


def _filled(template: str, report: Record, sections: Sequence[Group], **drawn: object) -> str:
    places = anchors(sections)
    return filled(template, **arranged(report, sections), **drawn, anchors=places, many=MAX_SUBJECT_COLUMNS)


def filled(template: str, **context: object) -> str:
    """A template of HTML, filled; whatever is no `Markup` is escaped."""
    return _environment().get_template(template).render(context, style=_style())


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value, LINES) if type(value) is str else value,
    )
    environment.filters.update(hover=hover, mark=mark_key, measure=measure, ratio=ratio, decimals=decimals)
    environment.filters.update(exact_text=exact_text, short_hex=short_hex, with_unit=with_unit)
    environment.filters.update(breakable=_breakable, prose=_prose)
    environment.filters.update(sentence=sentence, mathml=mathml, argument_text=argument_text)
    environment.globals.update(MARKS=MARKS, witnesses=witnesses, audits=audits)
    return environment


@cache
def _style() -> Markup:
    return Markup((Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8"))


def _prose(text: str) -> Markup:
    """A paragraph of a property's text: what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _breakable(name: str) -> Markup:
    """A name that may be broken after a separator."""
    return Markup(re.sub(r"([_:./]+)", r"\1<wbr>", str(escape(printable(name, LINES)))))
