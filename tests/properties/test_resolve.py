from __future__ import annotations

from pathlib import Path

import pytest

from extremum.properties.roles.registry import role_of
from extremum.properties.steps.resolve import introduce, resolve
from extremum.reference.errors import UsageError

MINE = """
import numpy as np

def my_softmax(x, axis=-1):
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)

def last_softmax(x):
    return my_softmax(x)

def dim_softmax(input, dim):
    return my_softmax(input, dim)

def other(x):
    return x

def two_softmax(x, y):
    return x

class Model:
    @staticmethod
    def softmax(x, axis=-1):
        return my_softmax(x, axis)

number_softmax = 3
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    place = tmp_path / "mine.py"
    place.write_text(MINE)
    return place


def test_a_function_of_a_file_is_recorded_by_the_files_name(mine: Path) -> None:
    (subject,) = resolve(f"{mine}:my_softmax", None)
    assert (subject.name, subject.role, subject.axis) == ("mine.py:my_softmax", "softmax", "axis")
    assert "at mine.py:4" in introduce(subject)["line"]


def test_the_axis_keyword_is_read_from_the_signature(mine: Path) -> None:
    assert resolve(f"{mine}:last_softmax", None)[0].axis is None
    assert resolve(f"{mine}:dim_softmax", None)[0].axis == "dim"
    assert resolve(f"{mine}:Model.softmax", None)[0].axis == "axis"


def test_a_module_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve("extremum.reference.softmax:wide", "softmax")[0].role == "softmax"


def test_names_and_groups_are_resolved() -> None:
    assert [s.name for s in resolve("naive", None)] == ["naive"]
    assert {"naive", "shifted", "wide"} <= {s.name for s in resolve("references", None)}


@pytest.mark.parametrize(
    ("spec", "role", "said"),
    [
        ("{mine}:my_sofmax", None, "did you mean 'my_softmax'"),
        ("{mine}:other", None, "add --role"),
        ("{mine}:two_softmax", None, "role softmax calls f"),
        ("{mine}:number_softmax", None, "is int, not callable"),
        ("{mine}:my_softmax", "sotfmax", "did you mean 'softmax'"),
        ("{mine}", None, "write {mine}:FUNCTION"),
        ("{folder}/absent.py:softmax", None, "does not exist"),
        ("{folder}/text.py:softmax", None, "is not Python: line 1"),
        ("{folder}/raising.py:softmax", None, "cannot be imported: ZeroDivisionError"),
        ("{folder}/leaving.py:softmax", None, "cannot be imported: SystemExit"),
        ("no_such_module:softmax", None, "not installed"),
        ("naiv", None, "did you mean 'naive'"),
    ],
)
def test_what_cannot_be_audited_is_told_in_one_line(mine: Path, spec: str, role: str | None, said: str) -> None:
    folder = mine.parent
    (folder / "text.py").write_text("this is no Python")
    (folder / "raising.py").write_text("1 / 0")
    (folder / "leaving.py").write_text("raise SystemExit(2)")
    with pytest.raises(UsageError) as error:
        resolve(spec.format(mine=mine, folder=folder), role)
    assert said.format(mine=mine) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_role_is_read_from_a_name_that_contains_it() -> None:
    assert role_of("my_fast_softmax_v2", "it").name == "softmax"
    with pytest.raises(UsageError, match="add --role"):
        role_of("normalise", "it")


@pytest.mark.parametrize(
    "name",
    ["softmax_jac", "cross_entropy_loss_grad", "grad_of_cross_entropy", "logsumexp_backward", "binary_cross_entropy"],
)
def test_a_name_that_tells_of_more_than_its_role_needs_the_role(name: str) -> None:
    with pytest.raises(UsageError, match="add --role"):
        role_of(name, f"mine.py:{name}")


@pytest.mark.parametrize(
    ("name", "role"),
    [("my_logsoftmax", "log_softmax"), ("LogSumExp", "logsumexp"), ("crossEntropyGradient", "cross_entropy_gradient")],
)
def test_a_role_is_read_from_a_name_however_it_is_spelt(name: str, role: str) -> None:
    assert role_of(name, name).name == role


def test_arguments_in_another_order_are_a_usage_error(tmp_path: Path) -> None:
    place = tmp_path / "turned.py"
    place.write_text("def my_softmax_vjp(g, x):\n    return x\n")
    with pytest.raises(UsageError, match=r"takes \(g, x\)"):
        resolve(f"{place}:my_softmax_vjp", None)
