"""A request: what the user wants audited, and the cells that this comes to."""

from __future__ import annotations

import builtins
import os
import re
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from extremum.properties.calling.host_channel import Limits
from extremum.properties.contested.conventions import convention_named
from extremum.properties.engine import Settings
from extremum.properties.exhaustion.domains import domain_named
from extremum.properties.exhaustion.scan import provable
from extremum.properties.inputs.effort import EFFORTS, STANDARD
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.formula import name_of
from extremum.properties.roles.registry import known_roles, regimes, role_named
from extremum.properties.steps.blocks import entries_of
from extremum.properties.steps.resolve import definition_of, resolve
from extremum.properties.steps.trial import Keep, Wish, from_json, to_json
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.errors import UsageError, nearest, printable
from extremum.reference.subjects.adapters import ADAPTERS, INTERPRET
from extremum.reference.subjects.loading import is_file, parted
from extremum.reference.subjects.subject import Subject, made_by
from extremum.reference.truth.expressions import parsed
from extremum.reports.driving.options import REQUEST, values
from extremum.reports.record.places import place_at

DEVICE = re.compile(r"\w+(:\d+)?")
INSTEAD = {"formula": ("role", "of"), "role": ("formula", "ulps")}  # what a subject's own says of those of the audit
PROVED_DTYPES = ("float16", "bfloat16")  # what an exhaustive audit is of where no dtype is asked for


@dataclass(frozen=True)
class Task:
    """One cell to judge; with a domain, one to prove over that."""

    subject: Subject
    role: Role
    property: Property
    dtype: str
    domain: str | None = None

    @builtins.property
    def key(self) -> tuple[str, str, str, str]:
        """As `Cell.key`."""
        return self.role.name, self.subject.name, self.property.name, self.dtype


@dataclass(frozen=True)
class Request:
    """Which subjects, and what of them, by the rows of `options.REQUEST`; None means all there is.

    `own` are the values that a subject has for itself, by the word that names it and by field.
    """

    subjects: tuple[str, ...] = ()
    role: str | None = None
    dtypes: tuple[str, ...] | None = None
    properties: tuple[str, ...] | None = None
    regimes: tuple[str, ...] | None = None
    effort: str = STANDARD.name
    examples: int = Settings.examples
    seed: int = 0
    budget: float | None = None
    cell_timeout: float | None = Settings.timeout
    import_timeout: float | None = None
    first_call_timeout: float | None = None
    memory: int | None = None
    arrays: str | None = None
    device: str | None = None
    python: str | None = None
    wrap: str | None = None
    out: bool = False
    c_signature: str | None = None
    conventions: tuple[str, ...] | None = None
    of: str | None = None
    formula: str | None = None
    ulps: float | None = None
    exhaustive: str | None = None
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of_subject(self, word: str) -> Request:
        """The request of the subjects that this word names, alone."""
        own = self.own.get(word, {})
        other = {name: None for given, names in INSTEAD.items() if given in own for name in names}
        return replace(self, subjects=(word,), **{**other, "own": {}, **own})

    @builtins.property
    def role_name(self) -> str | None:
        """The role that is asked for, by its name: that of the formula where one is given."""
        return self.role if self.formula is None else name_of(self.formula, self.ulps)

    @builtins.property
    def whole(self) -> bool:
        """Whether nothing narrows the audit to some properties or inputs, so that subjects are characterised too."""
        return self.properties is None and self.regimes is None and self.exhaustive is None

    @builtins.property
    def limits(self) -> Limits:
        """What a host may take."""
        given = {"import_seconds": self.import_timeout, "first_call_seconds": self.first_call_timeout}
        return Limits(**{name: value for name, value in given.items() if value is not None}, memory=self.memory)

    def wish(self, keep: Keep | None = None, dtypes: Sequence[str] | None = None) -> Wish:
        """How its subjects are tried: in `dtypes`, or those of the request; `keep` takes over the hosts that fit."""
        return Wish(
            limits=self.limits,
            dtypes=dtypes or self.dtypes,
            arrays=self.arrays,
            device=self.device,
            python=self.python,
            wrap=self.wrap,
            c_signature=self.c_signature,
            out=self.out,
            keep=keep,
        )

    @staticmethod
    def from_words(
        subjects: Sequence[str], words: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Request:
        """The request that a command line makes; `words` are its options, by key, and `own` those of single subjects.

        Raises `UsageError`, as `check`.
        """
        each = {word: values(REQUEST, those) for word, those in (own or {}).items()}
        request = Request(tuple(subjects), **values(REQUEST, words), own=each)
        request.check({option.name for option in REQUEST if words.get(option.key) not in (None, ())})
        for word in subjects:
            request.of_subject(word).check_formula()
        return request

    def check(self, given: Collection[str] | None = None) -> None:
        """Raise `UsageError` for the first value that is not valid, in one line.

        `given` names the options that were asked for; None: those without a default that have a value.
        """
        if given is None:
            given = {
                o.name for o in REQUEST if getattr(Request, o.field) is None and getattr(self, o.field) is not None
            }
        for option in REQUEST:
            value = getattr(self, option.field)
            if value is not None:
                option.kind.check(option.key, value)
            if option.name in CHECKED_NAMES:
                for name in (value or ()) if option.plural else () if value is None else (value,):
                    CHECKED_NAMES[option.name](name)
            if self.exhaustive is not None and option.search_only and option.name in given:
                raise UsageError(f"{option.name}={value!r} goes with a search, not with exhaustive")

    def check_formula(self) -> None:
        """Raise `UsageError` for a formula that is none, or goes with something else; its role is known then."""
        if self.formula is None:
            if self.ulps is not None:
                raise UsageError(f"ulps={self.ulps!r} goes with a formula: other roles have bounds of their own")
            return
        for name, value in (("role", self.role), ("of", self.of)):
            if value is not None:
                raise UsageError(f"{name}={value!r} and formula={self.formula!r}: one of them is what is computed")
        role_named(name_of(self.formula, self.ulps))


def _property_named(name: str) -> None:
    known = sorted({p.name for role in known_roles().values() for p in role.properties})
    if name not in known:
        raise UsageError(f"property={name!r} is not known: {nearest(name, known)}")


def _regime_named(name: str) -> None:
    if name not in regimes():
        raise UsageError(f"regime={name!r} is not known: {nearest(name, regimes())}")


def _effort_named(name: str) -> None:
    if name not in EFFORTS:
        raise UsageError(f"effort={name!r} is not known: {nearest(name, EFFORTS)}")


def _library_named(name: str) -> None:
    if name not in ADAPTERS and not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"arrays={name!r} is no library, nor a module of arrays: {nearest(name, ADAPTERS)}")


def _device_named(name: str) -> None:
    if not DEVICE.fullmatch(name):
        raise UsageError(f"device={name!r} is no device: write cpu, cuda:0, or {INTERPRET} for Triton's interpreter")


def _interpreter(place: str) -> None:
    if shutil.which(place) is None:
        raise UsageError(f"python={place!r} is no program: write the path of an interpreter, as env/bin/python")


CHECKED_NAMES: Mapping[str, Callable[[str], object]] = {  # by option: what raises `UsageError` for an unknown name
    "role": role_named,
    "formula": parsed,
    "dtype": format_of,
    "property": _property_named,
    "regime": _regime_named,
    "effort": _effort_named,
    "convention": convention_named,
    "exhaustive": domain_named,
    "arrays": _library_named,
    "device": _device_named,
    "python": _interpreter,
}


def resolved(request: Request, known: Mapping[str, Any] | None = None, keep: Keep | None = None) -> list[Subject]:
    """The subjects of the request, each once; `known` are records of those that were tried (`tried_of`).

    `keep` takes over the hosts of those that fit.

    Raises `UsageError` for a misfit that is alone: there would be nothing to audit.
    """
    subjects: list[Subject] = []
    for spec in request.subjects:
        own = request.of_subject(spec)
        wish = own.wish(keep)
        tried = known is not None and spec in known
        found = [from_json(known[spec])] if known is not None and tried else resolve(spec, own.role_name, own.of, wish)
        subjects += [replace(subject, word=spec) for subject in found]
    each = list({(s.role, s.name): s for s in _told_apart(subjects)}.values())
    if len(each) == 1 and each[0].misfit:
        raise UsageError(each[0].misfit)
    return each


def _told_apart(subjects: Sequence[Subject]) -> list[Subject]:
    """The subjects, those of one name that come from different places by their whole words."""
    places: dict[tuple[str, str], set[str]] = {}
    for s in subjects:
        places.setdefault((s.role, s.name), set()).add(s.origin)
    return [replace(s, name=printable(s.origin)) if len(places[s.role, s.name]) > 1 else s for s in subjects]


def tried_of(subjects: Sequence[Subject]) -> dict[str, Any]:
    """The records of the subjects that were tried in a host, by what named them: no worker tries them again."""
    return {s.origin: to_json(s) for s in subjects if s.kind == "user" and s.place is not None}


def named_by(subjects: Sequence[Subject]) -> list[dict[str, str]]:
    """What a replay or a script finds the user's subjects by: the words that named them, and the folder.

    They are for the environment of a record.

    And where they are defined. Paths are of the machine and the folder: the rest of the record must not depend on them.
    """
    return [
        {
            "name": s.name,
            "role": s.role,
            "word": s.word or s.origin,
            "of": s.of_origin,
            "folder": os.getcwd(),
            **made_by(s),
            **_defined(s),
        }
        for s in subjects
        if s.kind == "user"
    ]


def _defined(subject: Subject) -> dict[str, str]:
    """The row of its `def`; of an instance, the file that has it."""
    file = parted(subject.word or subject.origin)[0]
    at = definition_of(subject) or ((str(Path(file).resolve()), 1) if is_file(file) else None)
    return place_at(*at, Path.cwd()).to_row() if at else {}


def tasks(request: Request, subjects: Sequence[Subject]) -> list[Task]:
    """The cells of these subjects, by subject, dtype and property."""
    if request.exhaustive is not None:
        proofs = to_prove(request, subjects)
        return [
            Task(s, known_roles()[s.role], p, fmt.name, request.exhaustive) for s, fmt, chosen in proofs for p in chosen
        ]
    rows = []
    for subject in subjects:
        role, own = known_roles()[subject.role], request.of_subject(subject.word)
        for dtype in own.dtypes or subject.dtypes:
            for prop in role.properties:
                if own.properties is None or prop.name in own.properties:
                    rows.append(Task(subject, role, prop, dtype))
            for name in dict.fromkeys(own.conventions or ()):
                rows.append(Task(subject, role, convention_named(name).of(role), dtype))
    return rows


def to_prove(request: Request, subjects: Sequence[Subject]) -> list[tuple[Subject, Format, list[Property]]]:
    """What can be proved of these subjects over the domain; raises `UsageError` where that is nothing.

    A group has subjects of several roles: no matter, if some are left.
    """
    assert request.exhaustive is not None
    domain = domain_named(request.exhaustive)
    rows: list[tuple[Subject, Format, list[Property]]] = []
    refusal = UsageError("exhaustive: there is no subject to scan")
    for subject in subjects:
        own = request.of_subject(subject.word)
        for fmt in map(format_of, own.dtypes or PROVED_DTYPES):
            try:
                if subject.length not in (None, domain.length):
                    raise UsageError(f"exhaustive: {subject.name} takes rows of {subject.length:,} entries alone")
                rows.append((subject, fmt, provable(known_roles()[subject.role], domain, fmt, own.properties)))
            except UsageError as error:
                refusal = error
    if not rows:
        raise refusal
    return rows


def scheduled(rows: Sequence[Task], request: Request) -> list[Task]:
    """The cells in the order that they run in: those of a role and dtype share inputs and truth.

    Within a budget the cheapest are first, so that many have a verdict when it ends.
    """
    dtypes = list(dict.fromkeys(task.dtype for task in rows))
    kinds = list(dict.fromkeys(task.role.name for task in rows))
    together = sorted(rows, key=lambda task: (kinds.index(task.role.name), dtypes.index(task.dtype)))
    if request.budget is None or request.exhaustive is not None:
        return together
    effort = EFFORTS[request.effort]
    return sorted(together, key=lambda task: entries_of(task.role, task.property, request.seed, effort))
