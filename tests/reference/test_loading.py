from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from extremum.reference.subjects.loading import DEFAULT_WIDTH, NotLoaded, about, describe, load


@pytest.fixture(autouse=True)
def modules_and_path_as_before() -> Iterator[None]:
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def package(folder: Path, name: str, head: str, ops: str = "def f(x): return x\n") -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(head)
    (folder / name / "ops.py").write_text(ops)
    return folder / name


@pytest.mark.parametrize("head", ["", "from .ops import f\n", "from loaded_whole.ops import f as g\n"])
def test_a_file_of_a_package_is_its_module_also_where_the_package_imports_it(tmp_path: Path, head: str) -> None:
    place = package(tmp_path, "loaded_whole", head)
    _, f = load(f"{place}/ops.py:f")
    assert f.__module__ == "loaded_whole.ops"
    assert f is sys.modules["loaded_whole.ops"].f
    assert not head or f in vars(sys.modules["loaded_whole"]).values()


def test_the_file_of_a_package_itself_is_that_package(tmp_path: Path) -> None:
    place = package(tmp_path, "loaded_itself", "from .ops import f\n")
    assert load(f"{place}/__init__.py:f")[1] is load(f"{place}/ops.py:f")[1]


def test_files_of_packages_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, two = (package(tmp_path / n, "of_one_name", "", f"def f(x): return {n!r}\n") for n in ("one", "two"))
    assert load(f"{one}/ops.py:f")[1](0) == "one"
    assert load(f"{two}/ops.py:f")[1](0) == "two"
    assert load(f"{one}/ops.py:f")[1](0) == "one"


def test_a_file_that_is_no_python_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(NotLoaded, match="is not a Python file"):
        load(f"{tmp_path}/notes.txt:f")


def test_a_file_whose_name_is_no_identifier_is_loaded(tmp_path: Path) -> None:
    place = package(tmp_path, "odd_names", "")
    (place / "two.words.py").write_text("def f(x): return 2\n")
    assert load(f"{place}/two.words.py:f")[1](0) == 2


def test_a_file_of_a_package_that_raises_is_told_by_its_file(tmp_path: Path) -> None:
    place = package(tmp_path, "raises_inside", "", "1 / 0\n")
    with pytest.raises(NotLoaded, match=r"ops.py' cannot be imported: ZeroDivisionError"):
        load(f"{place}/ops.py:f")
    place = package(tmp_path, "asks_for_another", "import no_such_module\n")
    with pytest.raises(NotLoaded, match=r"ops.py' cannot be imported: ModuleNotFoundError"):
        load(f"{place}/ops.py:f")


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


def with_default(default: Any, note: Any = float) -> Callable[..., Any]:
    def f(x: Any, option: Any = default) -> Any:
        return x

    f.__annotations__["option"] = note
    return f


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        (1.0, "1.0"),
        (Unshowable(), "..."),
        (np.zeros((2, 2)), "array([[0., 0.], [0., 0.]])"),
        ("y" * 99, "'" + "y" * 56),
    ],
)
def test_a_default_is_shown_in_one_short_line_whatever_it_is(default: Any, shown: str) -> None:
    told = about(with_default(default), ["x"], [])
    text = told["defaults"]["option"]
    assert text.startswith(shown)
    assert len(text) <= DEFAULT_WIDTH
    assert "Ellipsis" not in told["shown"]
    assert f"= {text}" in told["shown"]
    assert f"= {text}" in describe(with_default(default))


def test_an_annotation_that_cannot_be_shown_leaves_the_signature_out() -> None:
    told = about(with_default(1.0, Unshowable()), ["x"], [])
    assert told["parameters"] == ["x", "option"]
    assert told["shown"] == "(...)"
