"""A finding as lines of text: what, since which input, the fix, and how to see it again."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from math import copysign, inf, isfinite, isnan

from extremum.properties.contested.conventions import property_of
from extremum.properties.diagnosis.cause_table import CAUSES, UNKNOWN
from extremum.properties.steps.witness import unrepeated
from extremum.properties.values.finding import Cell, Witness
from extremum.reports.record.findings import Finding, Sign
from extremum.reports.record.numbers import ROUNDOFFS, counted, decimals, exact_text, listed
from extremum.reports.record.places import words_in, writes
from extremum.reports.record.record import Record
from extremum.reports.record.text import argument_text
from extremum.reports.views.answer import beside_of, phrase

INDENT = "  {:<9} "
NO_BREAK = "\u00a0"
SHIFT = "subtract the maximum"  # begins the usual fix of a property that a shift mends most often
FAR_OFF = 0.05  # relative: a nearer answer is told in ulps alone
NARROWEST = 40  # columns, in which lines are still readable
OPTIONS_KEPT = (  # what the subject is, how it is called, and what else may decide its verdict
    "--of",
    "--arrays",
    "--device",
    "--python",
    "--wrap",
    "--c-signature",
    "--convention",
    "--exhaustive",
    "--effort",
    "--examples",
    "--regime",
    "--cell-timeout",
    "--first-call-timeout",
    "--memory-limit",
)


def title(finding: Finding) -> str:
    """What it is, in a word or two."""
    if finding.cause == UNKNOWN:
        return f"{finding.simplest.cell.property} fails"
    return finding.cause


def paragraphs(finding: Finding, report: Record) -> Iterator[tuple[str, str]]:
    """Named paragraphs: what fails, the input, what came of it, the fix, what it hides, where to read on."""
    yield "fails", f"{listed(finding.properties)}, in {listed(finding.dtypes)}"
    sign, worst = finding.simplest, finding.worst
    if sign.cell.detail:
        yield "said", sign.cell.detail
    if sign.witness is not None:
        yield from _shown("input", sign, sign.witness)
        if why := unrepeated(sign.witness):
            yield "note", f"{why}."
        if worst.witness is not None and _worth_showing(sign.witness, worst.witness):
            yield from _shown("worst", worst, worst.witness)
    if finding.fix:
        yield "fix", finding.fix
    elif usual := usual_fix(finding):
        yield "usual fix", usual
    if finding.first and not finding.hides:
        yield "then", "audit again. Fix this first: it hides another finding."
    for hidden in finding.hides:
        yield "hides", f"in {listed(hidden.dtypes)} {phrase(hidden)}. Fix this first, then that: {hidden.brief}"
    known = finding.cause in CAUSES and finding.cause != UNKNOWN
    yield "more", f"extremum explain {shlex.quote(finding.cause) if known else sign.cell.code}"
    if again := command(finding, report):
        yield "again", again


def usual_fix(finding: Finding) -> str:
    """What usually mends a failure of the property, if the role is known here, and it gave an answer.

    Where experiments were made, and none of them is cleared by a shift, no shift is said to mend it.
    """
    cell = finding.simplest.cell
    prop = property_of(cell.role, cell.property)
    if prop is None or cell.verdict != "refuted" or cell.detail.startswith("raises "):
        return ""
    text = " ".join(prop.fix.split())
    tried = any(s.witness is not None and s.witness.refutes for s in finding.signs)
    if text.startswith(SHIFT) and tried and not any(s.correction == "shift" for s in finding.signs):
        return "Not known. Look at the input: what does each step of the function make of it?"
    return text[:1].upper() + text[1:]


def command(finding: Finding, report: Record) -> str:
    """The command that judges the cell again whose witness is shown; empty for an audit of a Python object."""
    words = list(report.command)
    if not words or words[0].startswith("extremum."):
        return ""
    cell = finding.simplest.cell
    kept = [w for name in OPTIONS_KEPT for w in _given(words, name)]
    role = next((w for w in _given(words, "--role")[1:] if w.endswith(".py")), cell.role)
    asked = ["--role", role, "--dtype", cell.dtype, "--property", cell.property]
    seed = ["--seed", str(report.seed)] if report.seed else []
    word, of = words_in(report).get(finding.key, (cell.subject, ""))
    kept += ["--of", of] if of and not _given(words, "--of") else []  # the settings said it
    kept += ["--out"] if writes(report, finding.role, finding.subject) else []
    return shlex.join(["extremum", "audit", word or cell.subject, *asked, *kept, *seed])


def _given(words: Sequence[str], name: str) -> list[str]:
    """An option of the command line with its value, as often as it is given."""
    found: list[str] = []
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word.startswith(f"{name}="):
            found += [name, word.partition("=")[2]]
        elif word == name:
            found += [name, after]
    return found


def _shown(kind: str, sign: Sign, witness: Witness) -> Iterator[tuple[str, str]]:
    for place, (name, argument) in enumerate(witness.arguments.items()):
        yield kind if place == 0 else "", f"{name} = {argument_text(argument)}"
    beside = f"; {beside_of(sign.cell)} "
    got = decimals(witness.got, sign.cell.dtype).replace(" and ", beside) if witness.got else ""
    exact = exact_text(witness.exact, sign.cell.dtype) if witness.exact else ""
    values = f"{'; ' if beside in got else ', '}".join(filter(None, [got, exact and f"exact {exact}"]))
    error = _error(sign.cell, witness)
    if values or error:
        yield "got" if values else "measured", f"{values}: {error}" if values and error else values or error


def _error(cell: Cell, witness: Witness) -> str:
    """The error and what is allowed; less than one roundoff of a sum says nothing, so that is told as a difference."""
    if not isinstance(witness.measured, float) or not isfinite(witness.measured):
        return ""
    if cell.unit in ROUNDOFFS and witness.measured < 1 and witness.exact and isinstance(witness.allowed, float):
        try:
            off = abs(float.fromhex(witness.got) - float(witness.exact.strip("[]").partition(" +/- ")[0]))
        except ValueError:  # two answers
            off = 0.0
        if off:
            return f"off by {off:.3g}, allowed {off * witness.allowed / witness.measured:.3g}"
    return f"{_times_off(witness)}{counted(witness.measured, cell.unit)}, allowed {counted(witness.allowed, '')}"


def _times_off(witness: Witness) -> str:
    """How many times too small or too large one answer is, where that says more than any number of ulps."""
    try:
        got, exact = float.fromhex(witness.got), float(witness.exact.strip("[]").partition(" +/- ")[0])
    except ValueError:  # two answers, or none
        return ""
    if not got or not exact or isnan(got) or isnan(exact):
        return ""
    if copysign(1.0, got) != copysign(1.0, exact):
        return "of the wrong sign; "
    if not FAR_OFF < abs(got / exact - 1) < inf:
        return ""
    small = abs(got) < abs(exact)
    return f"{(exact / got if small else got / exact):.4g} times too {'small' if small else 'large'}; "


def _worth_showing(simplest: Witness, worst: Witness) -> bool:
    """Whether the worst case says more than the simplest: another input, and an error that is a number."""
    if worst.arguments == simplest.arguments or not isinstance(worst.measured, float):
        return False
    return isinstance(simplest.measured, float) and isfinite(worst.measured) and worst.measured > 2 * simplest.measured


def finding_block(finding: Finding, report: Record, width: int, number: str = "") -> list[str]:
    """The finding in lines of at most `width` columns, but for what is to be copied or has no place to break."""
    severity = f"{finding.severity}  " if finding.severity else ""
    lines = [f"{number}{severity}{title(finding)}  {finding.subject}"]
    for name, text in paragraphs(finding, report):
        begin = INDENT.format(name)
        if name == "again":
            lines.append(begin + text)
        else:
            lines += wrapped(text, width, begin)
    return lines


def wrapped(text: str, width: int, begin: str = "") -> list[str]:
    """Text in lines of at most `width` columns, the first after `begin`; shapes and words stay whole."""
    kept = re.sub(r"\[\d+(?:, \d+)+\]", lambda shape: shape.group().replace(" ", NO_BREAK), text)
    lines = textwrap.wrap(
        kept,
        max(width, NARROWEST),
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(NO_BREAK, " ") for line in lines]
