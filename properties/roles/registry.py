"""The registry of roles: every module of this folder that has a `ROLE`, and every folder in it."""

from __future__ import annotations

import importlib
import pkgutil
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import extremum.properties.roles
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws.contract import OF_VECTORS
from extremum.properties.model.authored import checked
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.roles.formula import formula, written
from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.subject import Subject, load

OTHERWISE = ("grad", "back", "bwd", "jac", "vjp", "jvp", "deriv", "hess", "diff", "binary", "sparse")  # in a name


@cache
def roles() -> dict[str, Role]:
    """The project's own roles by name. A new one is found by being there: it needs no entry in any list."""
    return {role.name: role for role in _in(extremum.properties.roles)}


def known_roles() -> Mapping[str, Role]:
    """The project's own roles, and those that came from the user in this process: of formulas, and of files."""
    return ChainMap(_brought, roles())


_brought: dict[str, Role] = {}


def _in(package: ModuleType) -> Iterator[Role]:
    """The roles of a package: of its modules, of its folders that are roles, and of those that hold roles."""
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        loaded = importlib.import_module(module.name)
        role = getattr(loaded, "ROLE", None)
        if isinstance(role, Role):
            yield role
        elif module.ispkg:  # the modules of a role's own folder are its affair: one of softmax's needs an extra
            yield from _in(loaded)


def regimes() -> dict[str, Regime]:
    """The regimes of all roles by name, in their order."""
    return {regime.name: regime for role in known_roles().values() for regime in role.regimes}


def role_named(name: str) -> Role:
    """The role called `name`, that of a formula, or the `ROLE` of the module `name` if that is a path to a file.

    Raises `UsageError` with the nearest right spelling.
    """
    if name.endswith(".py"):
        return _role_in(name)
    if name not in known_roles() and (told := written(name)) is not None:
        _brought[name] = formula(*told)
    if name not in known_roles():
        raise UsageError(f"role={name!r} is not known: {nearest(name, roles())}")
    return known_roles()[name]


def known(role: Role) -> Role:
    """The role, found by its name from here on; raises `UsageError` where another one has that name."""
    found = roles().get(role.name) or _brought.setdefault(role.name, role)
    if found.properties != role.properties:
        raise UsageError(f"role={role.name!r} is the name of another role too")
    return found


def role_of(attribute: str, subject: str) -> Role:
    """The role whose name the attribute contains, the longest where one contains another.

    Raises `UsageError` where there is none, or several as long, or where the rest of the name tells of something else.
    """
    inside = [name for name in roles() if _bare(name) in _bare(attribute)]
    longest = [name for name in inside if len(name) == max(map(len, inside))]
    rest = _bare(attribute).replace(_bare(longest[0]), "", 1) if longest else ""
    if len(longest) == 1 and any(word in rest for word in OTHERWISE):
        raise UsageError(
            f"subject={subject!r} is named for more than {longest[0]}: add --role, one of {', '.join(roles())}"
        )
    if len(longest) != 1:
        raise UsageError(f"the role of subject={subject!r} is not in its name: add --role, one of {', '.join(roles())}")
    return roles()[longest[0]]


def as_taken(role: Role, subject: Subject) -> Role:
    """The role as the subject takes its arguments: row by row where vectors alone, points of one length alone."""
    if subject.point is not None:
        return _taken(role, subject.point, _of_points)
    role = _taken(role, None, _of_vectors) if role.signature.batched and subject.ranks == VECTORS else role
    return role if subject.length is None else _taken(role, subject.length, _of_length)


def of_vectors(role: Role) -> Role:
    """The role for a function that takes vectors alone."""
    return _taken(role, None, _of_vectors) if role.signature.batched else role


def _of_vectors(role: Role, _point: int | None) -> Role:
    properties = tuple(OF_VECTORS.get(prop.name, prop) for prop in role.properties)
    return replace(role, signature=replace(role.signature, batched=False), properties=properties)


def _of_points(role: Role, point: int | None) -> Role:
    def of_length(prop: Property) -> Property:
        on_sweep = None if prop.on_sweep is None else of_length(prop.on_sweep)
        return replace(prop, lengths=str(point), rows=min(prop.rows, POINTS), on_sweep=on_sweep)

    return replace(role, longest=point or role.longest, properties=tuple(map(of_length, role.properties)))


def _of_length(role: Role, length: int | None) -> Role:
    def changed(prop: Property) -> Property:
        on_sweep = None if prop.on_sweep is None else changed(prop.on_sweep)
        return replace(prop, lengths=str(length), rows=OF_ONE_LENGTH * prop.rows, on_sweep=on_sweep)

    properties = tuple(map(changed, role.properties))
    return replace(role, longest=length or role.longest, rows=OF_ONE_LENGTH * role.rows, properties=properties)


def _taken(role: Role, point: int | None, change: Callable[[Role, int | None], Role]) -> Role:
    key = id(role), point, change.__name__
    if key not in _changed:
        _changed[key] = role, change(role, point)
    return _changed[key][1]


VECTORS = (1,)  # the numbers of dimensions of what a function takes that raises for a matrix
OF_ONE_LENGTH = 16  # times as many rows in a block, where rows of one length are all that there are
POINTS = 3  # of many entries, in a block: evaluating a function of data on exact numbers takes long
# By the identity of a role and what was done to it: that role, and what came of it.
_changed: dict[tuple[int, int | None, str], tuple[Role, Role]] = {}


def place_of(role: Role) -> str:
    """What `role_named` finds the role by, in another process too: its file, or its name."""
    return _files.get(role.name, role.name)


_files: dict[str, str] = {}
_loaded: dict[int, tuple[Role, Role]] = {}  # by the identity of the role in a file: that, and the one that it makes


def _role_in(path: str) -> Role:
    try:
        _, written = load(f"{path}:ROLE", Role)
    except UsageError as error:
        raise UsageError(str(error).replace("subject", "role", 1)) from None
    if id(written) not in _loaded:
        _loaded[id(written)] = written, checked(written, path)
    _, role = _loaded[id(written)]
    if role.name in _files and _same_text(_files[role.name], path):  # a copy, as one that travelled
        return known_roles()[role.name]
    if _files.setdefault(role.name, path) != path or known_roles().get(role.name, role) is not role:
        raise UsageError(f"role={path!r} is called {role.name!r}, and so is another role")
    _brought[role.name] = role
    return role


def _same_text(one: str, other: str) -> bool:
    with suppress(OSError):
        return Path(one).read_bytes() == Path(other).read_bytes()
    return False


def _bare(name: str) -> str:
    return name.lower().replace("_", "")
