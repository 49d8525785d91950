"""What travels to other machines with a cell: the files that its subject and its role are written in.

With a file go the modules beside it that it imports, wherever in it. A library does not travel: it is needed there.
"""

from __future__ import annotations

import atexit
import importlib.machinery
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from extremum.properties.model.role import Role
from extremum.properties.roles.registry import place_of
from extremum.properties.steps.trial import to_json, told_apart
from extremum.reference.subjects.loading import is_file, module_of_file, parted
from extremum.reference.subjects.processes import PREFIX
from extremum.reference.subjects.subject import Subject
from extremum.reports.record.leftovers import scratch

FOLDER = -1  # a kind of module that `modulefinder` has not: a folder without an `__init__.py`
HERE = "extremum-files:"  # what stands in a word for the folder that the files are in


@dataclass(frozen=True)
class Parcel:
    """A subject and its role, as another machine finds them. `files` are by their path within one folder.

    `needs` are the packages that must be installed there.
    """

    subject: str
    role: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


def packed(subject: Subject, role: Role) -> Parcel:
    """A subject and its role for other machines."""
    row: dict[str, Any] = json.loads(json.dumps(to_json(subject)))
    origins = [row["place"], row["of_place"]] if told_apart(subject) else []
    words = [(origin, name) for origin in origins if origin for name in ("spec", "wrap") if name in origin]
    role_place = place_of(role)
    places = {_file_of(origin[name]) for origin, name in words} | {_file_of(role_place)}
    there = "python" not in (row["place"] or {})  # otherwise its libraries are those of another environment
    files, needs = _beside([Path(place) for place in places if place], there)
    root = Path(os.path.commonpath([_top(file) for file in files])) if files else Path()

    def moved(word: str) -> str:
        place = _file_of(word)
        return word.replace(place, f"{HERE}{Path(place).resolve().relative_to(root)}", 1) if place else word

    for origin, name in words:
        origin[name] = moved(origin[name])
    named = json.dumps(row) if told_apart(subject) else subject.name
    needs |= {_library_of(subject)} if subject.kind == "library" else set()
    if there:
        needs |= {parted(origin[name])[0].partition(".")[0] for origin, name in words if HERE not in origin[name]}
    content = {str(file.relative_to(root)): file.read_bytes() for file in files}
    return Parcel(named, moved(role_place), content, tuple(sorted(filter(None, needs))))


def unpacked(parcel: Parcel) -> Parcel:
    """The same with its files in a folder of this machine."""
    if not parcel.files:
        return parcel
    folder = scratch()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, content in parcel.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return Parcel(parcel.subject.replace(HERE, f"{folder}/"), parcel.role.replace(HERE, f"{folder}/"))


def lacking(needs: Iterable[str]) -> list[str]:
    """The packages among these that are not installed here."""
    return [name for name in needs if importlib.util.find_spec(name) is None]


def _file_of(word: str) -> str:
    """The file in a word, as the word has it; "" where it names none: a module, a program, a formula."""
    if word.startswith(PREFIX):
        return ""
    place = word if word.endswith(".py") else parted(word)[0]
    return place if is_file(place) and Path(place).is_file() else ""


def _top(file: Path) -> Path:
    return module_of_file(file)[1] if file.suffix == ".py" else file.parent


def _beside(places: Iterable[Path], libraries: bool) -> tuple[set[Path], set[str]]:
    """These files and the modules beside them that they import; and the packages that they import."""
    files, needs = set[Path](), set[str]()
    for place in (place.resolve() for place in places):
        files.add(place)
        if place.suffix != ".py":
            continue
        name, top = module_of_file(place)
        finder = _Finder([str(top), str(place.parent)])
        if top == place.parent:
            finder.run_script(str(place))
        else:
            finder.import_hook(name)
        found = [getattr(module, "__file__", None) for module in finder.modules.values()]
        files |= {Path(file).resolve() for file in found if file}
        roots = {absent.partition(".")[0] for absent in finder.badmodules} - sys.stdlib_module_names
        needs |= {root for root in roots if libraries and root != "extremum" and not lacking([root])}
    return files, needs


class _Finder(ModuleFinder):
    """A `ModuleFinder` that knows folders without an `__init__.py`, where no package of that name is installed."""

    def find_module(self, name: str, path: Any, parent: Any = None) -> Any:
        try:
            return super().find_module(name, path, parent)
        except AttributeError:
            if path is None and (installed := importlib.util.find_spec(name)) is not None and installed.origin:
                raise ImportError(name) from None
            spec = importlib.machinery.PathFinder.find_spec(name, path or self.path)
            assert spec is not None
            return None, list(spec.submodule_search_locations or ()), ("", "", FOLDER)

    def load_module(self, fqname: str, fp: Any, pathname: Any, file_info: Any) -> Any:
        if file_info[2] != FOLDER:
            return super().load_module(fqname, fp, pathname, file_info)
        module = self.add_module(fqname)
        vars(module)["__path__"] = pathname
        return module


def _library_of(subject: Subject) -> str:
    """The package that a library's function is of."""
    function = subject.function
    return str(getattr(function, "library", None) or getattr(function, "__module__", "")).partition(".")[0]
