"""A finding as the body of a bug report, in Markdown: what a maintainer needs who has never heard of extremum."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import frexp, isfinite
from typing import Any

from extremum.properties.contested.conventions import property_of
from extremum.properties.diagnosis.cause_table import CAUSES, UNKNOWN
from extremum.properties.roles.registry import known_roles
from extremum.properties.values.finding import Cell, Witness, severity_rank
from extremum.reference.arithmetic.formats import FORMATS, Format
from extremum.reference.errors import printable
from extremum.reports.record.findings import Finding, Sign
from extremum.reports.record.numbers import counted, decimals, exact_text, quantity
from extremum.reports.record.record import Record
from extremum.reports.record.record import version as engine
from extremum.reports.record.text import argument_text
from extremum.reports.views.answer import phrase
from extremum.reports.views.explain import explanation, markdown
from extremum.reports.views.finding_text import usual_fix
from extremum.reports.views.markdown import code, fence, field, plain

MOST_ROWS = 6  # of the table
TITLE_CHARACTERS = 160
NO_NUMBER = "no finite number"
MOST_DIGITS = 10_000  # of an exact value


@dataclass(frozen=True)
class Measured:
    """What was found out for the report: lines that reproduce it, what usual tests say, and the library's version."""

    lines: str
    test: str
    version: str
    function: str


def issue_text(finding: Finding, report: Record, measured: Measured) -> str:
    """The body: title, code, table, bound, cause, usual tests, versions."""
    sign = finding.simplest
    parts = [
        f"# {title_of(finding, measured.function)}",
        _opening(finding, measured.function),
        "## Code that shows it",
        fence(measured.lines, "python"),
        *_table(finding),
        "## What is allowed, and why that is fair",
        _bound(sign),
        *_cause(finding),
        "## What a usual test says",
        measured.test,
        "## Versions",
        "\n".join(f"- {line}" for line in _versions(report, measured.version)),
    ]
    return "\n\n".join(parts) + "\n"


def chief(finding: Finding) -> Finding:
    """The finding by the gravest of its properties alone, if one that has an exact value beside the answer."""
    exact = [sign for sign in finding.signs if sign.witness is not None and sign.witness.exact]
    among = exact or list(finding.signs)
    least = min(severity_rank(sign.cell.severity) for sign in among)
    gravest = [sign for sign in among if severity_rank(sign.cell.severity) == least]
    return Finding(gravest, finding.cause, finding.hides, finding.first)


def title_of(finding: Finding, function: str) -> str:
    """Function, dtype, since where and the worst number, in a line that is a title as it stands."""
    text = phrase(finding)
    parts = [f"{function} of {finding.simplest.cell.dtype}: {text}", *_worst_number(finding, text)]
    line = " ".join(printable("; ".join(parts)).split())
    short = line if len(line) <= TITLE_CHARACTERS else f"{line[: TITLE_CHARACTERS - 3]}..."
    return re.sub(r"([\\`*<>&~$]|(?<!\w)_|_(?!\w)|\](?=\())", r"\\\1", short)


def ulps(got: str, exact: str, fmt: Format | None) -> str:
    """How far one number is from the exact value in units of the spacing of floats there; empty where there is none."""
    try:
        value, decimal = float.fromhex(got), Decimal(exact.strip("[]").partition(" +/- ")[0])
    except (ValueError, OverflowError, InvalidOperation):
        return ""
    if fmt is None or not decimal.is_finite() or abs(decimal.adjusted()) > MOST_DIGITS:
        return ""
    if not isfinite(value):
        return NO_NUMBER
    right = Fraction(decimal)
    near = float(min(max(abs(right), Fraction(fmt.tiny)), Fraction(fmt.max)))
    spacing = Fraction(2) ** (frexp(near)[1] - fmt.precision)
    return quantity(float(min(abs(Fraction(value) - right) / spacing, Fraction(10) ** 300)))


def _opening(finding: Finding, function: str) -> str:
    role = known_roles().get(finding.role)
    text, witness = phrase(finding), finding.simplest.witness
    begin = f"{plain(text[:1].upper() + text[1:])}. "
    if role is None or witness is None or not witness.exact:  # no value is told beside the answer
        what = f"{code(role.call)} = {code(role.value)}" if role else "its role"
        return f"{begin}What is asked of {code(function)} follows from {what}, and not from another implementation."
    claim = f", {code(role.call)} = {code(role.value)}"
    return (
        f"{begin}{code(function)} was compared with the exact value{claim}, computed in ball or rational arithmetic, "
        "and not with another implementation."
    )


def _table(finding: Finding) -> list[str]:
    """One line an input: the simplest, the worst, and the simplest of each other dtype."""
    rows = [_row(sign, witness) for sign, witness in _signs(finding)]
    if not rows:
        detail = finding.simplest.cell.detail
        return [plain(detail)] if detail else []
    head = "| input | got | exact | off by, ulps | measured | allowed |\n|---|---|---|---|---|---|"
    return ["\n".join([head, *rows])]


def _signs(finding: Finding) -> list[tuple[Sign, Witness]]:
    signs = [finding.simplest, finding.worst, *(s for s in finding.signs if s.which == "simplest")]
    dtypes: dict[tuple[str, str], tuple[Sign, Witness]] = {}
    for place, sign in enumerate(signs):
        if sign.witness is not None:
            kind = ("simplest", "worst")[place] if place < 2 else "simplest"
            dtypes.setdefault((kind, sign.cell.dtype), (sign, sign.witness))
    seen: list[Mapping[str, Any]] = []
    rows = []
    for sign, witness in dtypes.values():
        if witness.arguments not in seen:
            seen.append(witness.arguments)
            rows.append((sign, witness))
    return rows[:MOST_ROWS]


def _row(sign: Sign, witness: Witness) -> str:
    cell = sign.cell
    given = "; ".join(f"{name} = {argument_text(a)}" for name, a in witness.arguments.items())
    got = decimals(witness.got, cell.dtype) if witness.got else ""
    exact = exact_text(witness.exact, cell.dtype) if witness.exact else ""
    off = ulps(witness.got, witness.exact, FORMATS.get(cell.dtype)) if witness.exact else ""
    measured = "" if witness.measured is None else counted(witness.measured, cell.unit)
    cells = [given, got, exact, off, f"{cell.property}: {measured}" if measured else cell.property]
    return f"| {' | '.join([*map(field, cells), field(quantity(witness.allowed))])} |"


def _bound(sign: Sign) -> str:
    cell = sign.cell
    prop = property_of(cell.role, cell.property)
    if prop is None or cell.verdict != "refuted":
        return f"The function has to return for these arguments; here the call {cell.verdict}."
    told, fmt = explanation(prop), FORMATS.get(cell.dtype)
    allowed = counted(sign.witness.allowed, cell.unit) if sign.witness is not None else "what the bound says"
    u = f" (u = 2**-{fmt.precision})" if fmt is not None and cell.unit == "u" else ""
    fair = (
        "Nothing else is allowed, since no rounding excuses it."
        if sign.witness is not None and sign.witness.allowed == 0
        else f"Allowed is {allowed}{u} for this input: what rounding costs at most the widest class of algorithms that "
        "people call sound, so that no correct implementation is refused."
    )
    bound = " ".join(map(markdown, told.derivation))
    whole = f"<details><summary>The bound, {told.code}</summary>\n\n{bound}\n\n</details>"
    return f"{markdown(told.statement)} {fair}\n\n{whole}"


def _cause(finding: Finding) -> Iterator[str]:
    if finding.cause in CAUSES and finding.cause != UNKNOWN:
        known = CAUSES[finding.cause]
        yield "## Cause, and the usual fix"
        name = plain(finding.cause[:1].upper() + finding.cause[1:])
        yield f"{name}: {markdown(known.meaning)} {markdown(finding.fix)}"
    elif fix := usual_fix(finding):
        yield "## The usual fix"
        yield f"The cause is not known. Usually: {markdown(fix)}" if not fix.startswith("Not known") else markdown(fix)


def _worst_number(finding: Finding, text: str) -> Iterator[str]:
    """The largest error, in ulps where a number came; else what came, unless the text says so."""
    signs = [s for s in (finding.worst, finding.simplest) if s.witness is not None and s.witness.got]
    for sign in signs:
        assert sign.witness is not None
        off = ulps(sign.witness.got, sign.witness.exact, FORMATS.get(sign.cell.dtype)) if sign.witness.exact else ""
        if off and off != NO_NUMBER:
            yield f"off by up to {counted(float(off), 'ulp')}"
            break
    worst = decimals(signs[0].witness.got, signs[0].cell.dtype) if signs and signs[0].witness else ""
    if worst.strip("-") in ("nan", "inf") and "give" not in text.partition(" not ")[0].replace("it gives", "", 1):
        yield f"at worst it gives {worst}"


def _versions(report: Record, version: str) -> Iterator[str]:
    known = report.environment
    versions: Mapping[str, Any] = known.get("versions", {})
    libraries: Sequence[str] = [
        f"{name} {versions[name]}" for name in ("numpy", "scipy", "torch", "jax") if name in versions
    ]
    yield plain(", ".join(dict.fromkeys(filter(None, [version, *libraries]))))
    yield plain(f"extremum {engine()}, Python {known.get('python', '?')} on {known.get('platform', '?')}")
    features = ", ".join(map(str, known.get("simd", []))) or "no more than its baseline"
    yield plain(f"processor {known.get('machine', '?')}, of which NumPy uses {features}")


def cells_named(report: Record, word: str) -> list[Finding]:
    """The findings of a property's code, of its name, or of a cause."""
    return [finding for finding in report.findings if word.lower() in _names(finding.cells, finding.cause)]


def _names(cells: Sequence[Cell], cause: str) -> set[str]:
    return {cause.lower(), *(cell.code.lower() for cell in cells), *(cell.property.lower() for cell in cells)}
