"""What a property's own fields say of it, for every place that explains: terminal, HTML and Markdown."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from dataclasses import dataclass

from extremum.properties.contested.conventions import CONVENTIONS
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import role_named, roles
from extremum.reference.errors import UsageError, nearest

WIDTH = 80  # columns, where it is not known how many there are
TABLE = "|---|"


@dataclass(frozen=True)
class Explanation:
    """A property in words, each paragraph a line. `sources` are the modules that keep the bound and its derivation."""

    code: str
    name: str
    severity: str
    roles: tuple[str, ...]
    statement: str
    derivation: tuple[str, ...]
    example: str
    fix: str
    sources: tuple[str, ...]

    @property
    def contested(self) -> bool:
        """Whether it is a convention: one accepted answer of several, and no bound."""
        return self.name in CONVENTIONS

    @property
    def sections(self) -> list[tuple[str, tuple[str, ...]]]:
        """What is said besides the statement: titles, and the paragraphs under each."""
        named = [
            ("Contested" if self.contested else "Bound", self.derivation),
            ("Example", (self.example,)),
            ("Fix", (self.fix,)),
        ]
        return [(title, paragraphs) for title, paragraphs in named if any(paragraphs)]


def explanation(prop: Property) -> Explanation:
    """What the fields of a property say, as plain data."""
    source = prop.source or prop.measure.__module__
    named = re.findall(r"`properties\.(\w+(?:\.\w+)*)`", prop.bound)
    return Explanation(
        code=prop.code,
        name=prop.name,
        severity=prop.severity,
        roles=tuple(role.name for role in roles().values() if prop.code in {p.code for p in role.properties}),
        statement=_line(prop.statement),
        derivation=tuple(_line(p) for p in prop.bound.split("\n\n") if p.strip()),
        example=_line(prop.example),
        fix=_line(prop.fix),
        sources=tuple(dict.fromkeys([source, *(f"extremum.properties.{name}" for name in named)])),
    )


def find(word: str, role: str | None = None) -> Property:
    """The property, or the convention, with that code or that name; of that role, where one is given.

    Raises `UsageError` where there is none, with the nearest, and where properties of several roles have the name.
    """
    among = [role_named(role)] if role else list(roles().values())
    found = _by_code(among)
    if word.upper() in found:
        return found[word.upper()]
    codes = [code for code, prop in found.items() if prop.name == word]
    if len(codes) == 1:
        return found[codes[0]]
    if codes:
        codes.sort(key=lambda code: int(code.removeprefix("EX")))
        raise UsageError(f"property={word!r} is one of several roles: write its code, {', '.join(codes)}")
    names = list(dict.fromkeys(p.name for p in found.values()))
    is_code = re.match(r"(?i)(ex)?\d", word)
    valid = nearest(word.upper(), _nearby(word.upper(), sorted(found))) if is_code else nearest(word, names)
    raise UsageError(f"code={word!r} is not known: {valid}")


def lines(prop: Property, width: int = WIDTH) -> list[str]:
    """The explanation for a terminal, in lines of at most `width` columns."""
    said = explanation(prop)
    of = ", ".join(said.roles) or f"any, where --convention {said.name} names it"
    rows = [*said.sections, ("Source", (_kept(said),)), ("Roles", (of,))]
    margin = max(len(title) for title, _ in rows) + 2
    made = [f"{said.code}  {said.name}  severity {said.severity}", "", *_wrapped(said.statement, width)]
    for title, paragraphs in rows:
        made.append("")
        for i, paragraph in enumerate(paragraphs):
            made += [""] if i else []
            made += _wrapped(paragraph, width, "" if i else title, margin)
    return made


def markdown(prose: str) -> str:
    """A paragraph of a property's text as Markdown: code spans stay, and no other sign means anything."""
    code, plain = re.compile(r"(`[^`]+`)"), re.compile(r"([\\`*_{}\[\]<>|~$&#])")
    return "".join(part if i % 2 else plain.sub(r"\\\1", part) for i, part in enumerate(code.split(prose)))


def _by_code(among: list[Role]) -> dict[str, Property]:
    found = {p.code: p for role in among for p in role.properties}
    return found | {c.code: c.of(among[0]) for c in CONVENTIONS.values()}


def _nearby(code: str, codes: list[str]) -> list[str]:
    """The codes that begin as this one does, for as long as any does."""
    beginnings = (code[:end] for end in range(len(code), -1, -1))
    return next(near for start in beginnings if (near := [c for c in codes if c.startswith(start)]))


def _kept(said: Explanation) -> str:
    first, *others = said.sources
    return "; ".join([_with_table(first), *map(_with_table, others)])


def _with_table(module: str) -> str:
    kept = sys.modules.get(module)
    # The table is in the module's docstring, and `python -OO` drops that: so the file is read.
    return f"{module} (with the table)" if kept is not None and TABLE in inspect.getsource(kept) else module


def _line(paragraph: str) -> str:
    return " ".join(paragraph.split())


def _wrapped(paragraph: str, width: int, title: str = "", margin: int = 0) -> list[str]:
    return textwrap.wrap(
        paragraph,
        width,
        initial_indent=title.ljust(margin),
        subsequent_indent=" " * margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
