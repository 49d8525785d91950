"""Properties and causes in words, for every place that explains them: terminal, HTML and Markdown."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Collection
from dataclasses import dataclass

from extremum.properties.contested.conventions import CONVENTIONS
from extremum.properties.diagnosis.cause_table import CAUSES
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.formula import PROPERTIES
from extremum.properties.roles.registry import known_roles, role_named
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.subject import Subject, subjects

WIDTH = 80  # columns, where it is not known how many there are
TABLE = "|---|"  # stands in the source of a module that has a table
MUTANTS = "Mutants"
FORMULAS = "that of each formula"

Section = tuple[str, tuple[str, ...]]  # a title, and its paragraphs


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
    def sections(self) -> list[Section]:
        """The text after the statement."""
        named = [
            ("Contested" if self.contested else "Bound", self.derivation),
            ("Example", (self.example,)),
            ("Fix", (self.fix,)),
        ]
        return [(title, paragraphs) for title, paragraphs in named if any(paragraphs)]


def explanation(prop: Property) -> Explanation:
    """The text of a property as plain data, with the roles that have it and the modules that derive its bound."""
    source = prop.source or prop.measure.__module__
    named = re.findall(r"`properties\.(\w+(?:\.\w+)*)`", prop.bound)
    return Explanation(
        code=prop.code,
        name=prop.name,
        severity=prop.severity,
        roles=_owners(prop),
        statement=_line(prop.statement),
        derivation=tuple(_line(p) for p in prop.bound.split("\n\n") if p.strip()),
        example=_line(prop.example),
        fix=_line(prop.fix),
        sources=tuple(dict.fromkeys([source, *(f"extremum.properties.{name}" for name in named)])),
    )


def _owners(prop: Property) -> tuple[str, ...]:
    """The roles that have it; those of formulas, which nobody can list, in a word."""
    if prop.code in {p.code for p in PROPERTIES}:
        return (FORMULAS,)
    return tuple(role.name for role in known_roles().values() if prop.code in {p.code for p in role.properties})


def explain(word: str, role: str | None = None, width: int = WIDTH) -> list[str]:
    """The explanation of a property (its code or its name) or of a cause, in lines of at most `width` columns.

    With `role`, of that role's property, and with the mutants of that role. Raises `UsageError` as `find` does.
    """
    among = [role_named(role).name] if role else list(known_roles())
    word = word.removesuffix(" fails")  # as a finding without a known cause is called
    if word.lower() in CAUSES:
        return cause_lines(word.lower(), width, among)
    return lines(find(word, role), width, among)


def find(word: str, role: str | None = None) -> Property:
    """The property, or the convention, with that code or that name; of that role, where one is given.

    Raises `UsageError` where there is none, with the nearest code, name or cause, and where properties of several roles
    have the name.
    """
    among = [role_named(role)] if role else list(known_roles().values())
    by_code = _by_code(among) | ({} if role else {p.code: p for p in PROPERTIES})
    if word.upper() in by_code:
        return by_code[word.upper()]
    codes = [code for code, prop in by_code.items() if prop.name == word]
    if len(codes) == 1:
        return by_code[codes[0]]
    if codes:
        codes.sort(key=lambda code: int(code.removeprefix("EX")))
        raise UsageError(f"property={word!r} is one of several roles: write its code, {', '.join(codes)}")
    if re.match(r"(?i)(ex)?\d", word):
        raise UsageError(f"code={word!r} is not known: {nearest(word.upper(), _nearby(word.upper(), sorted(by_code)))}")
    names = [*CAUSES, *dict.fromkeys(prop.name for prop in by_code.values())]
    raise UsageError(f"code={word!r} is not known: {nearest(word, names)}")


def lines(prop: Property, width: int = WIDTH, among: Collection[str] | None = None) -> list[str]:
    """The explanation of a property, with the mutants that it must refute; with `among`, those of these roles."""
    text = explanation(prop)
    chosen = [role for role in text.roles if among is None or role in among]
    mutants = _mutants(chosen, lambda mutant: prop.name in mutant.fails)
    owners = ", ".join(text.roles) or f"any, where --convention {text.name} names it"
    sections: list[Section] = [*text.sections, (MUTANTS, mutants), ("Source", (_modules(text),)), ("Roles", (owners,))]
    header = f"{text.code}  {text.name}  severity {text.severity}"
    return [header, "", *_wrapped(text.statement, width), *_in_columns(sections, width)]


def cause_lines(name: str, width: int, among: Collection[str]) -> list[str]:
    """The explanation of a cause, with the mutants of these roles that are declared with it."""
    cause = CAUSES[name]
    # What nobody has diagnosed is no list that helps a reader.
    mutants = () if name == "unknown" else _mutants(among, lambda mutant: mutant.cause == name)
    sections: list[Section] = [("Decided", (cause.experiment,)), ("Fix", (cause.fix,)), (MUTANTS, mutants)]
    return [f"{name}  cause", "", *_wrapped(cause.meaning, width), *_in_columns(sections, width)]


def markdown(prose: str) -> str:
    """A paragraph as Markdown: code spans stay, and no other sign means anything."""
    code, plain = re.compile(r"(`[^`]+`)"), re.compile(r"([\\`*_{}\[\]<>|~$&#])")
    return "".join(part if i % 2 else plain.sub(r"\\\1", part) for i, part in enumerate(code.split(prose)))


def _mutants(among: Collection[str], wanted: Callable[[Subject], bool]) -> tuple[str, ...]:
    """The wanted mutants of these roles, a paragraph for each role that has any."""
    names = {role: [mutant.name for mutant in subjects(role, "mutant") if wanted(mutant)] for role in among}
    return tuple(f"{role}: {', '.join(group)}" for role, group in names.items() if group)


def _by_code(among: list[Role]) -> dict[str, Property]:
    own = {prop.code: prop for role in among for prop in role.properties}
    return own | {convention.code: convention.of(among[0]) for convention in CONVENTIONS.values()}


def _nearby(code: str, codes: list[str]) -> list[str]:
    """The codes that begin as this one does, for as long as any does."""
    beginnings = (code[:end] for end in range(len(code), -1, -1))
    return next(near for start in beginnings if (near := [c for c in codes if c.startswith(start)]))


def _modules(text: Explanation) -> str:
    return "; ".join(map(_with_table, text.sources))


def _with_table(module: str) -> str:
    """The module's name, and whether it has a table; its source is read, since -OO leaves no docstring."""
    has_table = module in sys.modules and TABLE in inspect.getsource(sys.modules[module])
    return f"{module} (has the table of the derivation)" if has_table else module


def _in_columns(sections: list[Section], width: int) -> list[str]:
    """Titles at the left, paragraphs beside them; a blank line before each, but not between the roles of mutants."""
    shown = [(title, paragraphs) for title, paragraphs in sections if any(paragraphs)]
    margin = max(len(title) for title, _ in shown) + 2
    text: list[str] = []
    for title, paragraphs in shown:
        for i, paragraph in enumerate(paragraphs):
            text += [""] if i == 0 or title != MUTANTS else []
            text += _wrapped(paragraph, width, "" if i else title, margin)
    return text


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
