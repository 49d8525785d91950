"""Subjects: implementations under audit, and how a name on the command line becomes one.

References, mutants and library functions register themselves with `subject`; a user's own function
is resolved from `module:attribute` or `path/to/file.py:attribute` by `resolve`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import extremum.reference
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES
from extremum.reference.errors import NotThere, UsageError, nearest
from extremum.reference.subjects import loading
from extremum.reference.subjects.adapters import ADAPTERS, COMPILERS, INTERPRET, Adapter
from extremum.reference.subjects.loading import NotLoaded

WIDE = ("float64", "float32")
NARROW = ("float16", "bfloat16")
NATIVE = ("float64", "float32", "float16")  # those that NumPy has itself
ALL_BUT_FLOAT16 = ("float64", "float32", "bfloat16")
EVERY = DEFAULT_DTYPES
RANKS = (1, 2, 3, 4, 5)  # the numbers of dimensions that arrays of rows come with

GROUPS = MappingProxyType({"references": "reference", "mutants": "mutant", "libraries": "library"})


@dataclass(frozen=True)
class Subject:
    """One implementation under audit.

    `axis` is the keyword that chooses the axis ("axis", "dim"), or None where there is none. What the role passes as a
    number, as a label, goes in as a Python number, or without `numbers` as an array of its library with no dimension.
    `fails` maps each property that it must fail to the dtypes in which it must: the refutation is
    expected there, and its absence is a finding. `may` maps those that the same defect reaches on some
    inputs and not on others: neither is news. `kind` is reference, mutant, library or user. One that is
    `slow` is audited where it is named, and not as one of a group. A mutant's `cause` is the defect that was
    planted, by its name in `properties.diagnosis.cause_table`: what the diagnosis of its failure is measured against. A
    subject of the role gradient_of has the function `of` that it is the gradient of, which `of_origin` names.

    With a `place`, what a host imports ({"spec": ...} or {"registered": [role, name]}), it is called there, `function`
    is not used, and `about` is what `loading.about` says of it; so is `of`, if there is an `of_place`. `unfit` maps
    dtypes to the verdict of all its cells and the reason, where no cell is tried. A `misfit` is one that does not fit
    its role: the text is one line. `ranks` are the numbers of dimensions that its trial call took (of a role whose
    rows lie under leading axes): with another it is not called. `point` is the length of vectors that f of a
    gradient_of answers, where it is none of the usual ones. With `out` it is called `f(*arguments, out)`, and what it
    has written there is its answer. `sizes` are those that arguments have in each call, by name, where it takes no
    others; None is any. `word` is what the user named it by. `devices` are the kinds that it runs on, of none on any.
    `wrap` is what is called on a library's function first.
    """

    name: str
    role: str
    function: Callable[..., Any]
    kind: str = "user"
    axis: str | None = "axis"
    numbers: bool = True
    adapter: Adapter = ADAPTERS["numpy"]
    dtypes: tuple[str, ...] = DEFAULT_DTYPES
    fails: Mapping[str, Sequence[str]] = field(default_factory=dict)
    may: Mapping[str, Sequence[str]] = field(default_factory=dict)
    origin: str = ""
    slow: bool = False
    cause: str = ""
    of: Callable[..., Any] | None = None
    of_origin: str = ""
    of_place: Mapping[str, Any] | None = None
    place: Mapping[str, Any] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    unfit: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    misfit: str = ""
    ranks: tuple[int, ...] = RANKS
    point: int | None = None
    out: bool = False
    sizes: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    word: str = ""
    devices: tuple[str, ...] = ()
    wrap: str = ""

    @property
    def length(self) -> int | None:
        """How long its rows are, where it takes those of one length alone."""
        return next((sizes[-1] for sizes in self.sizes.values() if sizes[-1] is not None), None)

    @property
    def device(self) -> str:
        """What its arrays are put on; "" where its library puts them."""
        return str((self.place or {}).get("device", ""))

    @property
    def layouts(self) -> tuple[str, ...]:
        """The layouts in memory that its arrays can have. On a device they begin where that puts them."""
        own, kind = self.adapter.layouts, self.device.partition(":")[0]
        return own if kind in ("", "cpu", INTERPRET) else tuple(layout for layout in own if layout != "offset")

    @property
    def interpreted(self) -> bool:
        """Whether each row takes it milliseconds, since it is a kernel of Triton that is run as Python."""
        return self.device == INTERPRET

    @property
    def compiled(self) -> bool:
        """Whether every new shape costs it a compilation: by the library of its arrays, or by what it is wrapped by."""
        return self.adapter.compiles or (self.place or {}).get("wrap") in COMPILERS

    def must_fail(self, prop: str, dtype: str) -> bool:
        """Whether a refutation of `prop` in `dtype` is declared, and its absence a finding."""
        return dtype in self.fails.get(prop, ())

    def may_fail(self, prop: str, dtype: str) -> bool:
        """Whether a refutation is no news: declared, or any at all where one defect was planted."""
        return self.kind == "mutant" or self.must_fail(prop, dtype) or dtype in self.may.get(prop, ())


_registered: dict[tuple[str, str], Subject] = {}


def subject(
    role: str, *, kind: str, name: str = "", **declared: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as a subject of `role`; the function itself is unchanged."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        row = Subject(name or function.__name__, role, function, kind, origin=function.__module__, **declared)
        _registered[role, row.name] = row
        return function

    return register


def subjects(role: str | None = None, kind: str | None = None) -> list[Subject]:
    """All registered subjects whose libraries are installed, in the order of their definition."""
    for module in pkgutil.walk_packages(extremum.reference.__path__, "extremum.reference."):
        importlib.import_module(module.name)
    rows = list(_registered.values())
    return [s for s in rows if role in (None, s.role) and kind in (None, s.kind)]


def registered(role: str, name: str) -> Subject:
    """The registered subject of that role and name."""
    return next(s for s in subjects(role) if s.name == name)


def named(name: str, role: str | None) -> list[Subject]:
    """The registered subjects called `name`, or of the group `name`; empty where there are none."""
    if name in GROUPS:
        return [s for s in subjects(role, GROUPS[name]) if not s.slow]
    return [s for s in subjects(role) if s.name == name]


def unknown(name: str, role: str | None) -> UsageError:
    """The error for a word that is neither a subject's name, a group nor `module:attribute`."""
    if name.endswith(".py") or "/" in name or "." in name:
        return UsageError(f"subject={name!r} names no function: write {name}:FUNCTION")
    if name in GROUPS:
        return UsageError(f"subject={name!r}: none is known for role={role!r}, or its library is not installed")
    elsewhere = [s.role for s in subjects() if s.name == name]
    if elsewhere:
        return UsageError(f"subject={name!r} is one of role {', '.join(elsewhere)}, not of role={role!r}")
    valid = [*GROUPS, *(s.name for s in subjects(role))]
    return UsageError(f"subject={name!r} is not known (write module:attribute for your own): {nearest(name, valid)}")


def made_by(subject: Subject) -> dict[str, str]:
    """How what is called is made of what its name names: `instance` of a class, `wrap`, `c_signature`, `device`.

    `static` is the keyword that JAX compiles for each value of.
    """
    place = subject.place or {}
    instance = {"instance": "yes"} if subject.about.get("instance") else {}
    name = str(place.get("wrap", subject.wrap))
    wrap = {"wrap": name} if name else {}
    wrap |= {"static": subject.axis} if name == "jax.jit" and subject.axis else {}
    device = {"device": subject.device} if subject.device else {}
    return instance | wrap | device | ({"c_signature": str(place["c"]["signature"])} if "c" in place else {})


def load(spec: str, kind: type | None = None) -> tuple[str, Any]:
    """Import what `module:attribute` or `file.py:attribute` names; return its record name and the function.

    With `kind`, an instance of that is wanted in place of a function. Raises `UsageError` where the file or module
    is missing, cannot be imported, is not Python, has no such attribute, or the attribute is of another kind.
    """
    try:
        name, value = loading.load(spec)
        value = value if kind is not None else loading.made(spec, value)
    except NotLoaded as error:
        raise usage_error(error) from None
    if kind is not None and not isinstance(value, kind):
        raise UsageError(f"{spec!r} is {type(value).__name__}; {kind.__module__}.{kind.__name__} is needed")
    if kind is None and not callable(value):
        raise UsageError(f"subject={spec!r} is {type(value).__name__}, not callable; a function is needed")
    return name, value


def usage_error(error: NotLoaded) -> UsageError:
    """The error for a user, with what was probably meant."""
    if error.choices is None:
        return UsageError(error.text)
    return NotThere(f"{error.text}: {nearest(error.word, error.choices)}")
