"""What decides the cells of an audit, in a normal form: two runs in which it is the same have the same cells."""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import extremum.properties
import extremum.reference
from extremum.properties.roles.registry import place_of
from extremum.properties.steps.resolve import introduce
from extremum.reference.subjects.loading import version_of
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.journal import DIGEST
from extremum.reports.driving.options import REQUEST, Option
from extremum.reports.driving.request import Request, Task
from extremum.reports.record.record import environment, version

RESOLVED = (
    "role",
    "formula",
    "ulps",
    "of",
    "dtype",
    "property",
)  # options whose words are in the cells and the subjects


def identity(request: Request, subjects: Sequence[Subject], rows: Sequence[Task]) -> dict[str, Any]:
    """Names and values, as JSON has them; a value that is a digest tells only whether something has changed."""
    known = environment()
    roles = {task.role.name: task.role for task in rows}
    return {
        "extremum": version(),
        **asked(request, subjects),
        "dtype": sorted({task.dtype for task in rows}),
        "property": sorted({task.property.name for task in rows}),
        "contested": sorted(s.name for s in subjects if request.of_subject(s.word).whole),
        **{f"subject {s.name} ({s.role})": _content(s, place_of(roles[s.role])) for s in subjects if s.role in roles},
        "cells": _digest(repr(key).encode() for key in sorted(task.key for task in rows)),
        "python": known["python"],
        "machine": [known["machine"], *known["simd"]],
        **known["versions"],
        "code of extremum": code_of_extremum(),
    }


def asked(request: Request, subjects: Sequence[Subject]) -> dict[str, Any]:
    """The options that are not in the names of cells, those of single subjects too."""
    options = [option for option in REQUEST if option.name not in RESOLVED]
    wanted = {o.name: _listed(o, getattr(request, o.field)) for o in options}
    own = {s.name: request.own.get(s.word, {}) for s in subjects}
    each = {
        f"{o.name} of {name}": _listed(o, values[o.field])
        for name, values in own.items()
        for o in options
        if o.field in values
    }
    return {**wanted, **each}


def _listed(option: Option, value: Any) -> Any:
    return sorted(set(value)) if option.plural and value else value


def _content(subject: Subject, role: str) -> str:
    """A digest of the files that a subject, the function that it is the gradient of, and its role are written in.

    Of a user's subject also of the modules beside them that they have imported: not of those that they import later.
    """
    if subject.about:  # a host imported it, and told which files it is of
        told = [*subject.about["files"], *subject.about.get("of", {}).get("files", ())]
        files = [file for file in map(Path, told) if file.is_file()]  # the subject may have removed it, or made it up
        parts = [repr((introduce(subject), subject.about["version"])).encode(), *map(Path.read_bytes, files)]
        place = _file_of(f"{role}:" if "." in role else "")
        return _digest([*parts, *([place.read_bytes()] if place else [])])
    if subject.kind != "user":  # its file is in extremum's own code
        return _digest([repr((introduce(subject), version_of(subject.function))).encode()])
    places = [p for p in map(_file_of, (subject.origin, subject.of_origin, f"{role}:" if "." in role else "")) if p]
    beside = {file for place in places for file in _loaded_in(place.parent)}
    files = sorted({*places, *beside})
    return _digest(
        part
        for part in (repr((introduce(subject), version_of(subject.function))).encode(), *map(Path.read_bytes, files))
    )


def _file_of(spec: str) -> Path | None:
    """The file of `file.py:attribute` or `module:attribute`, or None where there is none."""
    place = spec.rpartition(":")[0]
    file = place if place.endswith(".py") else getattr(sys.modules.get(place), "__file__", None)
    return Path(file).resolve() if file and Path(file).is_file() else None


def _loaded_in(folder: Path) -> list[Path]:
    """The files in a folder, or below it, that are loaded as modules and are nobody's installation."""
    names = ("stdlib", "purelib", "platlib")
    installed = [Path(sysconfig.get_path(name)).resolve() for name in names]
    theirs = [(n, m) for n, m in list(sys.modules.items()) if n != "__main__" and not n.startswith("extremum.")]
    files = [getattr(module, "__file__", None) for _, module in theirs]
    paths = {Path(file).resolve() for file in files if file and file.endswith(".py")}
    own = [p for p in paths if folder in p.parents and not any(place in p.parents for place in installed)]
    return [p for p in own if p.is_file()]


@cache
def code_of_extremum() -> str:
    """A digest of what judges: of the code of the stages that verdicts come from."""
    return _digest(_own_code())


def _own_code() -> Iterable[bytes]:
    for stage in (extremum.reference, extremum.properties):
        for place in stage.__path__:
            for file in sorted(Path(place).rglob("*.py")):
                yield file.read_bytes()


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return DIGEST + digest.hexdigest()
