"""Subjects: implementations under audit, and how a name on the command line becomes one.

References, mutants and library functions register themselves with `subject`; a user's own function
is resolved from `module:attribute` or `path/to/file.py:attribute` by `resolve`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import extremum.reference
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.adapters import ADAPTERS, Adapter

WIDE = ("float64", "float32")
NARROW = ("float16", "bfloat16")
NATIVE = ("float64", "float32", "float16")  # those that NumPy has itself
ALL_BUT_FLOAT16 = ("float64", "float32", "bfloat16")
EVERY = DEFAULT_DTYPES

GROUPS = MappingProxyType({"references": "reference", "mutants": "mutant", "libraries": "library"})


@dataclass(frozen=True)
class Subject:
    """One implementation under audit.

    `axis` is the keyword that chooses the axis ("axis", "dim"), or None where there is none.
    `fails` maps each property that it must fail to the dtypes in which it must: the refutation is
    expected there, and its absence is a finding. `may` maps those that the same defect reaches on some
    inputs and not on others: neither is news. `kind` is reference, mutant, library or user. One that is
    `slow` is audited where it is named, and not as one of a group. A mutant's `cause` is the defect that was
    planted, by its name in `properties.diagnosis.diagnose`: what the diagnosis of its failure is measured against. A
    subject of the role gradient_of has the function `of` that it is the gradient of, which `of_origin` names.
    """

    name: str
    role: str
    function: Callable[..., Any]
    kind: str = "user"
    axis: str | None = "axis"
    adapter: Adapter = ADAPTERS["numpy"]
    dtypes: tuple[str, ...] = DEFAULT_DTYPES
    fails: Mapping[str, Sequence[str]] = field(default_factory=dict)
    may: Mapping[str, Sequence[str]] = field(default_factory=dict)
    origin: str = ""
    slow: bool = False
    cause: str = ""
    of: Callable[..., Any] | None = None
    of_origin: str = ""

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


def load(spec: str, kind: type | None = None) -> tuple[str, Any]:
    """Import what `module:attribute` or `file.py:attribute` names; return its record name and the function.

    With `kind`, an instance of that is wanted in place of a function. Raises `UsageError` where the file or module
    is missing, cannot be imported, is not Python, has no such attribute, or the attribute is of another kind.
    """
    place, _, attribute = spec.rpartition(":")
    is_file = place.endswith(".py") or "/" in place or "\\" in place
    module = _import_file(Path(place)) if is_file else _import_module(place)
    value: Any = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            functions = [n for n, v in vars(value).items() if callable(v) and not n.startswith("_")]
            raise UsageError(f"subject={spec!r}: {place} has no {part!r}: {nearest(part, functions)}")
        value = getattr(value, part)
    if kind is not None and not isinstance(value, kind):
        raise UsageError(f"{spec!r} is {type(value).__name__}; {kind.__module__}.{kind.__name__} is needed")
    if kind is None and not callable(value):
        raise UsageError(f"subject={spec!r} is {type(value).__name__}, not callable; a function is needed")
    return (f"{Path(place).name}:{attribute}" if is_file else spec), value


def describe(function: Callable[..., Any]) -> str:
    """Where `function` is defined and with what signature, in one line."""
    try:
        signature = f"{getattr(function, '__name__', 'function')}{inspect.signature(function)}"
    except (TypeError, ValueError):
        signature = getattr(function, "__name__", type(function).__name__)
    code = getattr(inspect.unwrap(function), "__code__", None)
    place = (
        f"{Path(code.co_filename).name}:{code.co_firstlineno}"
        if code
        else str(getattr(function, "__module__", "built in"))
    )
    return f"{signature} at {place}"


def version_of(function: Callable[..., Any]) -> str:
    """`library version` of the distribution that `function` comes from, or an empty string."""
    root = (getattr(function, "__module__", None) or "").partition(".")[0]
    try:
        return f"{root} {importlib.metadata.version(root)}"
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise UsageError(f"subject module {name!r} is not installed and not on the path") from None
        raise _not_imported(name, error) from None
    except (Exception, SystemExit) as error:
        raise _not_imported(name, error) from None


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        here = [str(p) for p in Path(path.parent).glob("*.py")] if path.parent.is_dir() else []
        raise UsageError(f"subject file {str(path)!r} does not exist: {nearest(str(path), here)}")
    place = path.resolve()
    name = place.stem
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) != str(place):
        name = f"extremum_subject_{abs(hash(str(place))):x}"  # never shadow a module that others import
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise UsageError(f"subject file {str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    if str(place.parent) not in sys.path:
        sys.path.insert(0, str(place.parent))  # its own imports of neighbours work as when it is run
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _not_imported(str(path), error) from None
    return module


def _not_imported(place: str, error: BaseException) -> UsageError:
    if isinstance(error, SyntaxError):
        return UsageError(f"subject {place!r} is not Python: line {error.lineno}: {error.msg}")
    return UsageError(f"subject {place!r} cannot be imported: {type(error).__name__}: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
