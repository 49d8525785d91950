"""The registry of roles: every module or package here that has a `ROLE`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import extremum.properties
from extremum.properties.role import Role
from extremum.reference.errors import UsageError, nearest


@cache
def roles() -> dict[str, Role]:
    """All roles by name. A new one is found by being there: it needs no entry in any list."""
    found: dict[str, Role] = {}
    for module in pkgutil.iter_modules(extremum.properties.__path__, "extremum.properties."):
        if not module.name.rpartition(".")[2].startswith("test_"):
            role = getattr(importlib.import_module(module.name), "ROLE", None)
            if isinstance(role, Role):
                found[role.name] = role
    return found


def role_named(name: str) -> Role:
    """The role called `name`; raises `UsageError` with the nearest right spelling."""
    if name not in roles():
        raise UsageError(f"role={name!r} is not known: {nearest(name, roles())}")
    return roles()[name]


def role_of(attribute: str, subject: str) -> Role:
    """The role whose name the attribute contains, the longest where one contains another.

    Raises `UsageError` where there is none, or several as long.
    """
    inside = [name for name in roles() if name in attribute.lower()]
    longest = [name for name in inside if len(name) == max(map(len, inside))]
    if len(longest) != 1:
        raise UsageError(f"the role of subject={subject!r} is not in its name: add --role, one of {', '.join(roles())}")
    return roles()[longest[0]]
