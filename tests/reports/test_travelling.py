"""What travels with a subject to other machines: its file, the modules beside it, and the names of its libraries."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from extremum.properties.roles.registry import role_named
from extremum.reference.subjects.subject import Subject, named
from extremum.reports.driving.travelling import HERE, lacking, packed, unpacked

SOFTMAX = role_named("softmax")


def of_file(place: Path, **origin: str) -> Subject:
    (shifted,) = named("shifted", "softmax")
    place_of_it = {"spec": f"{place}:my_softmax", **origin}
    return replace(shifted, name="mine.py:my_softmax", kind="user", place=place_of_it, origin="mine.py:my_softmax")


def test_a_file_takes_along_the_modules_beside_it_wherever_it_imports_them(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import one, scipy.special\ndef my_softmax(x):\n    import three\n")
    (tmp_path / "one.py").write_text("from two import nothing\n")
    (tmp_path / "two.py").write_text("import json, absent_library\nnothing = 0\n")
    for name in ("three", "not_imported"):
        (tmp_path / f"{name}.py").write_text("")
    parcel = packed(of_file(tmp_path / "mine.py"), SOFTMAX)
    assert {*parcel.files} == {"mine.py", "one.py", "two.py", "three.py"}
    assert parcel.needs == ("scipy",)  # what is absent here need not be there
    assert json.loads(parcel.subject)["place"]["spec"] == f"{HERE}mine.py:my_softmax"


def test_a_folder_without_init_is_taken_along_where_no_package_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import scipy.special\nfrom helpers.one import f\ndef my_softmax(x): return x\n")
    for name in ("helpers", "scipy"):
        (tmp_path / name).mkdir()
    (tmp_path / "helpers" / "one.py").write_text("f = 0\n")
    parcel = packed(of_file(tmp_path / "mine.py"), SOFTMAX)
    assert {*parcel.files} == {"mine.py", "helpers/one.py"}
    assert parcel.needs == ("scipy",)


def test_a_module_of_a_package_takes_the_packages_along(tmp_path: Path) -> None:
    package = tmp_path / "pkg" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "mine.py").write_text("from ..outer import nothing\ndef my_softmax(x): return x\n")
    (tmp_path / "pkg" / "outer.py").write_text("nothing = 0\n")
    parcel = packed(of_file(package / "mine.py"), SOFTMAX)
    inner = {"pkg/inner/__init__.py", "pkg/inner/mine.py"}
    assert {*parcel.files} == {"pkg/__init__.py", "pkg/outer.py"} | inner
    assert HERE + "pkg/inner/mine.py:my_softmax" in parcel.subject


def test_what_is_unpacked_names_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def my_softmax(x): return x\n")
    there = unpacked(packed(of_file(tmp_path / "mine.py"), SOFTMAX))
    file, _, attribute = json.loads(there.subject)["place"]["spec"].rpartition(":")
    assert Path(file).read_text() == (tmp_path / "mine.py").read_text()
    assert Path(file).parent != tmp_path
    assert attribute == "my_softmax"


def test_a_reference_travels_as_its_name() -> None:
    (shifted,) = named("shifted", "softmax")
    parcel = packed(shifted, SOFTMAX)
    assert (parcel.subject, parcel.role, parcel.files, parcel.needs) == ("shifted", "softmax", {}, ())


def test_the_libraries_of_another_interpreter_are_its_own_affair(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import scipy\ndef my_softmax(x): return x\n")
    assert packed(of_file(tmp_path / "mine.py", python="/there/python"), SOFTMAX).needs == ()


@pytest.mark.parametrize(("name", "absent"), [("numpy", []), ("absent_library", ["absent_library"])])
def test_what_is_not_installed_lacks(name: str, absent: list[str]) -> None:
    assert lacking([name]) == absent
