"""A request: what the user wants audited, and the cells that this comes to."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass

from extremum.properties.contested.conventions import convention_named
from extremum.properties.engine import Settings
from extremum.properties.exhaustion.scan import Domain, domain_named, provable
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import regimes, role_named, roles
from extremum.properties.steps.resolve import resolve
from extremum.reference.arithmetic.formats import Format, format_of
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.subject import Subject

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
    """Which subjects, and what of them; None means all there is."""

    subjects: tuple[str, ...] = ()
    role: str | None = None
    dtypes: tuple[str, ...] | None = None
    properties: tuple[str, ...] | None = None
    regimes: tuple[str, ...] | None = None
    examples: int = Settings.examples
    seed: int = 0
    budget: float | None = None
    cell_timeout: float | None = Settings.timeout
    conventions: tuple[str, ...] | None = None
    of: str | None = None
    exhaustive: str | None = None

    @builtins.property
    def whole(self) -> bool:
        """Whether nothing narrows the audit to some properties or inputs, so that subjects are characterised too."""
        return self.properties is None and self.regimes is None and self.exhaustive is None

    def check(self) -> None:
        """Raise `UsageError` for the first value that is not valid, in one line."""
        if self.role is not None:
            role_named(self.role)
        for dtype in self.dtypes or ():
            format_of(dtype)
        for name in self.regimes or ():
            if name not in regimes():
                raise UsageError(f"regime={name!r} is not known: {nearest(name, regimes())}")
        known = sorted({p.name for role in roles().values() for p in role.properties})
        for name in self.properties or ():
            if name not in known:
                raise UsageError(f"property={name!r} is not known: {nearest(name, known)}")
        for name in self.conventions or ():
            convention_named(name)
        if self.exhaustive is not None:
            domain_named(self.exhaustive)
            searched(of=self.of, regime=self.regimes, convention=self.conventions)
        if self.examples < 0:
            raise UsageError(f"examples={self.examples!r} must be 0 or more")
        if self.seed < 0:
            raise UsageError(f"seed={self.seed!r} must be 0 or more")
        for name, value in (("budget", self.budget), ("cell_timeout", self.cell_timeout)):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name}={value!r} must be a positive number of seconds")


def resolved(request: Request) -> list[Subject]:
    """The subjects of the request, each once."""
    request.check()
    found = [s for spec in request.subjects for s in resolve(spec, request.role, request.of)]
    return list({(s.role, s.name): s for s in found}.values())


def searched(**options: object) -> None:
    """Raise `UsageError` for the first option that is given and goes with a search alone."""
    for name, value in options.items():
        if value:
            raise UsageError(f"{name}={value!r} goes with a search, not with exhaustive")


def tasks(request: Request, found: Sequence[Subject]) -> list[Task]:
    """The cells of these subjects, by subject, dtype and property."""
    if request.exhaustive is not None:
        formats = [format_of(name) for name in request.dtypes or PROVED_DTYPES]
        proofs = to_prove(found, domain_named(request.exhaustive), formats, request.properties)
        return [Task(s, roles()[s.role], p, fmt.name, request.exhaustive) for s, fmt, chosen in proofs for p in chosen]
    rows = []
    for subject in found:
        role = roles()[subject.role]
        for dtype in request.dtypes or subject.dtypes:
            for prop in role.properties:
                if request.properties is None or prop.name in request.properties:
                    rows.append(Task(subject, role, prop, dtype))
            for name in dict.fromkeys(request.conventions or ()):
                rows.append(Task(subject, role, convention_named(name).of(role), dtype))
    return rows


def to_prove(
    found: Sequence[Subject], domain: Domain, formats: Sequence[Format], properties: Sequence[str] | None
) -> list[tuple[Subject, Format, list[Property]]]:
    """What can be proved of these subjects over a domain; raises `UsageError` where that is nothing.

    A group has subjects of several roles: no matter, if some are left.
    """
    rows: list[tuple[Subject, Format, list[Property]]] = []
    refusal = UsageError("exhaustive: there is no subject to scan")
    for subject in found:
        for fmt in formats:
            try:
                rows.append((subject, fmt, provable(roles()[subject.role], domain, fmt, properties)))
            except UsageError as error:
                refusal = error
    if not rows:
        raise refusal
    return rows


def scheduled(rows: Sequence[Task]) -> list[Task]:
    """The cells in the order that they run in: those of a role and dtype share inputs and truth."""
    dtypes = list(dict.fromkeys(task.dtype for task in rows))
    kinds = list(dict.fromkeys(task.role.name for task in rows))
    return sorted(rows, key=lambda task: (kinds.index(task.role.name), dtypes.index(task.dtype)))


def seconds(text: str | None) -> float | None:
    """A duration: "60", "60s", "2m" or "1h" in seconds; None stays None."""
    if text is None:
        return None
    factor = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
    try:
        return float(text[:-1]) * factor if factor else float(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a duration; write 60, 60s, 2m or 1h") from None


def names(values: Sequence[str] | str | None) -> tuple[str, ...] | None:
    """Comma-separated or repeated names as a tuple; None where there are none."""
    words = [values] if isinstance(values, str) else list(values or ())
    split = tuple(w.strip() for word in words for w in word.split(",") if w.strip())
    return split or None
