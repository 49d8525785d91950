"""`--formula` and `--ulps` of the command, and what Python calls them."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import extremum
from extremum.reference.errors import UsageError
from extremum.reports.cli import main
from extremum.reports.record.reading import read_report

MINE = "import numpy as np\ndef mine(x): return np.log(1 + x)\n"
FEW = ("--dtype", "float16", "--property", "accuracy", "--effort", "quick", "-n", "0")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


def command(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_the_command_names_the_formula_and_repeats_it(folder: Path) -> None:
    done = command("audit", "mine.py:mine", "--formula", "log1p(x)", "--ulps", "2.5", *FEW)
    assert done.exit_code == 1
    assert "role log1p(x) within 2.5 ulps" in done.output
    (again,) = (line for line in done.output.splitlines() if line.startswith("  again"))
    assert shlex.split(again)[2:8] == ["audit", "mine.py:mine", "--formula", "log1p(x)", "--ulps", "2.5"]
    (cell,) = read_report(folder / "extremum-report" / "report.json").cells
    assert (cell.role, cell.verdict, cell.code) == ("log1p(x) within 2.5 ulps", "refuted", "EX9205")
    assert command("replay", "extremum-report/report.json").output.startswith("STILL")


def test_what_the_function_computes_as_written_is_held(folder: Path) -> None:
    assert command("audit", "mine.py:mine", "--formula", "log(1 + x)", *FEW).exit_code == 0


@pytest.mark.parametrize("words", [("--formula", "log1q(x)"), ("--formula", "log1p(x"), ("--ulps", "3")])
def test_what_cannot_be_asked_is_one_line_and_exit_4(folder: Path, words: tuple[str, ...]) -> None:
    done = command("audit", "mine.py:mine", *words, *FEW)
    assert done.exit_code == 4
    assert len(done.output.strip().splitlines()) == 1
    assert repr(words[1]) in done.output or "ulps=3.0" in done.output


def test_python_takes_the_formula_or_its_role() -> None:
    for given in ({"formula": "x*x"}, {"role": extremum.formula("x*x")}):
        report = extremum.audit(
            lambda x: x * x * 2, dtypes=["float16"], properties=["accuracy"], effort="quick", examples=5, **given
        )
        assert [(cell.role, cell.verdict) for cell in report.cells] == [("(x*x)", "refuted")]
    with pytest.raises(UsageError, match="goes with a formula"):
        extremum.audit(np.log1p, ulps=4, role="sigmoid")


def test_every_number_of_a_small_format_is_proved_by_the_command(folder: Path) -> None:
    options = ("--formula", "log(1 + x)", "--exhaustive", "all", "--dtype", "float8_e5m2", "-n", "1")
    done = command("audit", "mine.py:mine", *options)
    assert done.exit_code == 0
    assert "accuracy float8_e5m2: every finite x: 248 rows" in " ".join(done.output.split())
    assert "off in ulps of the exact value:" in done.output
