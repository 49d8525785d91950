"""A role in a user's file: what is wrong with it is one line, with the file, its line and what would be right."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import extremum
from extremum.properties.model.authored import RoleError, checked
from extremum.properties.model.role import Role
from extremum.properties.roles import registry
from extremum.properties.roles.registry import role_named, roles
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import subjects

WORKED = (Path(__file__).parents[2] / "properties" / "roles" / "README.md").read_text(encoding="utf-8")
ROLE = next(code for code in re.findall(r"```python\n(.*?)```", WORKED, re.DOTALL) if "The role logistic" in code)
VALUE = "Truth(choose(x >= 0, e * 0.0 + 1.0, e) / (e + 1.0))"
RETURNS, X = f"    return {VALUE}\n", '    x = arguments["x"]\n'
FLOATS = "    import numpy as np\n    return Truth(1 / (1 + np.exp(-x.astype(float))))\n"
LATE = X + '    if x.shape[-1] > 8:\n        raise RuntimeError("too long")\n'
BOUND = "    r = EXP_ERROR[view.fmt.name]\n"
DEFECTS = [  # what is changed, into what, the text of the line that is named, and what is said
    (RETURNS, "    return 0.5\n", "def truth", r"truth returns float; it must return Truth\(value\)"),
    (RETURNS, FLOATS, "def truth", "returns an array of float64 where it is asked for .*: lift the arguments"),
    (
        RETURNS,
        "    return Truth(arithmetic.total(e))\n",
        "def truth",
        r"shape \(2, 1\) for 2 rows of 3; \(2, 3\) is needed",
    ),
    (
        RETURNS,
        "    return Truth(arithmetic.softplus(x))\n",
        "softplus",
        "no arithmetic has 'softplus': valid: .*exp, expm1, lift",
    ),
    (RETURNS, "    return Truth(arithmetic.log1(e))\n", "log1", "no arithmetic has 'log1': did you mean 'log1p'"),
    (X, '    x = arguments["y"]\n', '["y"]', "raises KeyError: 'y'; the arguments of this role are x"),
    (X, X + "    1 / 0\n", "1 / 0", "raises ZeroDivisionError: division by zero"),
    (BOUND, "    r = EXP_ERRO[view.fmt.name]\n", "EXP_ERRO", "raises NameError: name 'EXP_ERRO'"),
    (BOUND, '    return "much"\n', "def error_bound", "error_bound returns str"),
]


@pytest.fixture(autouse=True)
def registry_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_files", {})
    yield
    roles.cache_clear()


def written(folder: Path, old: str, new: str) -> Path:
    assert old in ROLE
    place = folder / f"role_{abs(hash(str(folder)))}.py"  # each has a module of its own
    place.write_text(ROLE.replace(old, new, 1))
    (folder / "mine.py").write_text("import numpy as np\ndef f(x):\n    return 1 / (1 + np.exp(-x))\n")
    return place


@pytest.mark.parametrize(("old", "new", "line", "said"), DEFECTS)
def test_a_defect_of_a_role_is_told_by_its_line(tmp_path: Path, old: str, new: str, line: str, said: str) -> None:
    place = written(tmp_path, old, new)
    with pytest.raises(RoleError, match=said) as error:
        role_named(str(place))
    number = re.search(r"line (\d+)", str(error.value))
    assert number is not None
    assert line in place.read_text().splitlines()[int(number[1]) - 1]
    assert place.name in str(error.value)
    assert "\n" not in str(error.value)


def test_python_raises_it_at_once_or_where_rows_show_it(tmp_path: Path) -> None:
    place = written(tmp_path, RETURNS, "    return 0.5\n")
    with pytest.raises(RoleError, match="truth returns float"):
        extremum.audit(lambda x: x, role=str(place))
    (tmp_path / "late").mkdir()
    place = written(tmp_path / "late", X, LATE)
    with pytest.raises(RoleError, match="line 16: raises RuntimeError: too long"):
        extremum.audit(lambda x: 1 / (1 + np.exp(-x)), role=str(place), dtypes=["float32"], properties=["accuracy"])


def test_a_copy_of_a_roles_file_is_that_role_and_another_text_of_its_name_is_none(tmp_path: Path) -> None:
    text = ROLE.replace('"logistic"', '"copied_logistic"')
    for folder, content in (("one", text), ("two", text), ("three", text + "# another\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "copied.py").write_text(content)
    first = role_named(f"{tmp_path}/one/copied.py")
    assert role_named(f"{tmp_path}/two/copied.py") is first
    with pytest.raises(UsageError, match="so is another role"):
        role_named(f"{tmp_path}/three/copied.py")


def test_a_file_that_cannot_be_imported_is_told_as_a_role_with_its_line(tmp_path: Path) -> None:
    place = written(tmp_path, "from extremum.reference.truth import Truth", "from extremum.reference.truth import Trut")
    with pytest.raises(UsageError, match=r"^role .*cannot be imported: ImportError: .* \(line 9\)"):
        role_named(str(place))


COMMANDS = {
    "audit": ["-m", "extremum", "audit", "mine.py:f", "--dtype", "float32", "--property", "accuracy", "-n", "0"],
    "onset": ["-m", "extremum", "onset", "mine.py:f", "--dtype", "float32", "--length", "16"],
    "pytest": ["-m", "pytest", "-q", "--subject", "mine.py:f", "--dtype", "float32", "--property", "accuracy"],
}


@pytest.mark.parametrize(
    ("old", "new", "said"), [(RETURNS, "    return 0.5\n", "truth returns float"), (X, LATE, "long")]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_it_in_one_line_and_exits_with_4(
    tmp_path: Path, command: str, old: str, new: str, said: str
) -> None:
    words = [sys.executable, *COMMANDS[command], "--role", written(tmp_path, old, new).name]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    told = [line for line in (done.stdout + done.stderr).splitlines() if "extremum: role=" in line]
    assert len(told) == 1
    assert said in told[0]
    assert "Traceback" not in done.stdout + done.stderr
    if command != "pytest":
        assert done.stderr.splitlines() == told


@pytest.mark.parametrize(
    "role", [r for r in roles().values() if any(s.of is None for s in subjects(r.name))], ids=lambda role: role.name
)
def test_what_is_asked_of_a_role_is_what_every_role_does(role: Role) -> None:
    assert checked(role, "no such file").properties == role.properties
