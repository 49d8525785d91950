"""Formulas in LaTeX, in a sentence between dollar signs: as MathML, which browsers draw, and as plain text.

Without latex2mathml (the extra `report`) a formula is shown as its LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from xml.etree import ElementTree

from markupsafe import Markup, escape

from extremum.reports.views.extra import missing

PARTS = re.compile(r"\$([^$]+)\$|`([^`]+)`")
ELEMENTS = {  # of MathML, that load nothing and run nothing
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msup", "msub", "msubsup", "munder", "mover"),
    *("munderover", "mtable", "mtr", "mtd"),
}
DRAWN = (  # of plain formulas, in this order: how HTML writes a pattern
    (r"&#39;&#39;", "\N{DOUBLE PRIME}"),
    (r"&#39;", "\N{PRIME}"),
    (r"&lt;=", "\N{LESS-THAN OR EQUAL TO}"),
    (r"\babs\(([^()]*)\)", "|\\1|"),
    (r"\bx_(\w+)\*?", "<i>x</i><sub>\\1</sub>"),
    (r"\bx\*", "<i>x</i>*"),
    (r"\bf(?=\(|\N{PRIME}|\N{DOUBLE PRIME}| =)", "<i>f</i>"),
    (r"(?<=[(\s])x(?=[)\s^,]|$)", "<i>x</i>"),
    (r"(?<![A-Za-z])pi\b", "\N{GREEK SMALL LETTER PI}"),
    (r"\bsqrt\(([^()]*)\)", '\N{SQUARE ROOT}<span class="root">\\1</span>'),
    (r"(?<=[\w)>])\^(\w+)", "<sup>\\1</sup>"),
    (r"(?<=[\s\w)>])\s?\*\s?(?=[\w(<])", "\N{MIDDLE DOT}"),
    (r" - ", " \N{MINUS SIGN} "),
    (r"(?<![\w>])-(?=\d)", "\N{MINUS SIGN}"),
)
FACTORS = {"mi", "mn", "msub", "msup", "msubsup", "mfrac", "mover"}
SPACED = set("=<>+\u2212\u2264\u2265\u2260\u2208\u2192\u27f6\u27f9\u21d2\u22c5:,")  # with a space on both sides


def sentence(text: str) -> Markup:
    """A sentence as HTML: formulas as MathML, what stands between backticks as code."""

    def part(match: re.Match[str]) -> str:
        return str(mathml(match[1])) if match[1] else f"<code>{escape(match[2])}</code>"

    return Markup(_replaced(text, part, lambda rest: str(escape(rest))))


@cache
def mathml(latex: str, display: str = "inline") -> Markup:
    """A formula as MathML; `display` is "inline" or "block". What would be anything else is shown as it is written."""
    if missing("latex2mathml"):
        return Markup("<code>{}</code>").format(latex)
    from latex2mathml.converter import convert

    drawn = convert(latex, display=display)
    try:
        kinds = {node.tag.rpartition("}")[2] for node in ElementTree.fromstring(drawn).iter()}
    except ElementTree.ParseError:
        kinds = set()
    return Markup(drawn) if kinds and kinds <= ELEMENTS else Markup("<code>{}</code>").format(latex)


def typeset(text: str) -> Markup:
    """A line of a trap's formulas, as x_0 = 3 pi / 2 and f'(x_1), as HTML that needs no library."""
    line = str(escape(text))
    for pattern, drawn in DRAWN:
        line = re.sub(pattern, drawn, line)
    return Markup(line)


def plain(text: str) -> str:
    """A sentence as text of one line, in Unicode: for the terminal."""
    return _replaced(text, lambda match: _text(match[1]) if match[1] else match[2], lambda rest: rest)


@cache
def _text(latex: str) -> str:
    if missing("latex2mathml"):
        return latex
    from latex2mathml.converter import convert

    line = re.sub(r"\s+", " ", _written(ElementTree.fromstring(convert(latex))))
    line = re.sub(r"(max|min|log)(?=[^\W\d_]\b)", r"\1 ", line)
    return re.sub(r"(?<=[(\u27e8]) | (?=[,)\u27e9])", "", line).strip()


def _written(node: ElementTree.Element) -> str:
    kind = node.tag.rpartition("}")[2]
    parts = [_written(child) for child in node]
    if kind == "mover" and parts[1].strip() == "\u00af":
        return f"{parts[0]}\u0304"
    if kind == "msup" and parts[1].strip() == "\u2032":
        return f"{parts[0]}'"
    if kind in ("msup", "msub", "munder", "mover"):
        return f"{parts[0]}{'^' if kind in ('msup', 'mover') else '_'}{_grouped(parts[1])}"
    if kind in ("msubsup", "munderover"):
        return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    if kind == "mfrac":
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if kind in ("mtr", "mtable"):
        return ("; " if kind == "mtable" else " ").join(parts)
    text = _side_by_side(node, parts) or (node.text or "")
    if kind == "mspace":
        return " "
    return f" {text} " if kind == "mo" and text in SPACED else text


def _side_by_side(node: ElementTree.Element, parts: list[str]) -> str:
    """The parts, with a space between factors."""
    line, before = "", False
    for child, part in zip(node, parts, strict=True):
        factor = child.tag.rpartition("}")[2] in FACTORS and not part.startswith((")", "\u27e9", "\u2016"))
        line += f" {part}" if factor and before else part
        before = factor
    return line


def _grouped(text: str) -> str:
    inner = text.strip()
    return inner if re.fullmatch(r"\w+|.", inner) else f"({inner})"


def _replaced(text: str, part: Callable[[re.Match[str]], str], rest: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for match in PARTS.finditer(text):
        pieces += [rest(text[at : match.start()]), part(match)]
        at = match.end()
    return "".join([*pieces, rest(text[at:])])
