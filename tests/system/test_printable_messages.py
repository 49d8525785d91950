"""What a subject says is text: it cannot move a cursor, hide what follows, nor end a run by what cannot be encoded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extremum.properties.contested.situations import Behaviour
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError, printable
from extremum.reports import audit
from extremum.reports.record.text import finding_lines

HOSTILE = "\x1b[2J\u202e\udc80\x00\r\u2066"
WRITTEN = r"\x1b[2J\u202e\udc80\x00\r\u2066"


def test_what_has_no_glyph_is_written_as_its_escape() -> None:
    assert printable(HOSTILE) == WRITTEN
    assert printable(WRITTEN) == WRITTEN
    assert printable("naïve 漢字 ½\t\n") == r"naïve 漢字 ½\t\n"
    assert printable("two\n\tlines\x1b", "\n\t") == "two\n\tlines\\x1b"


def test_a_cell_a_behaviour_and_an_error_are_printable_as_soon_as_they_exist() -> None:
    cell = Cell(f"a{HOSTILE}", "softmax", "finite", "EX101", "float32", "crashed", cause=HOSTILE, detail=HOSTILE)
    assert (cell.subject, cell.cause, cell.detail) == (f"a{WRITTEN}", WRITTEN, WRITTEN)
    assert all(line.isprintable() for line in finding_lines(cell))
    assert Behaviour(HOSTILE, "softmax", "nan", "float32", HOSTILE).what == WRITTEN
    assert str(UsageError(HOSTILE)) == WRITTEN


def test_a_name_and_an_exception_enter_the_record_of_python_as_text() -> None:
    def my_softmax(x: object, axis: int = -1) -> object:
        raise ValueError(HOSTILE)

    report = audit(
        my_softmax, role="softmax", dtypes=["float32"], properties=["finite"], examples=0, name=f"f{HOSTILE}"
    )
    (cell,) = report.cells
    assert cell.subject == report.subjects[0]["name"] == f"f{WRITTEN}"
    assert r"\x1b[2J\u202e\udc80\x00" in cell.detail
    assert report.subjects[0]["line"].isprintable()


SUBJECT = r"""
import os
import numpy as np
def raising_softmax(x, axis=-1):
    print("\x1b[2J\u202e")
    raise ValueError("\x1b[2J\u202e\udc80 says it")
def sound_softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
"""


def run(folder: Path, *words: str) -> tuple[int, str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "HYPOTHESIS"))}
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False, env=clean)
    return done.returncode, done.stdout, done.stderr


def clean(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_message_is_printable_on_the_console_and_in_every_file(tmp_path: Path, workers: str) -> None:
    (tmp_path / "mine.py").write_text(SUBJECT)
    words = ("mine.py:raising_softmax", "mine.py:sound_softmax", "--dtype", "float32", "--property", "finite,shape")
    code, said, errors = run(tmp_path, "extremum", "audit", *words, "--report-dir", "out", "-n", workers)
    assert code == 1, errors
    assert clean(said + errors)
    assert r"raises ValueError: \x1b[2J\u202e\udc80 says it" in said
    for name in ("report.json", "report.md", "report.html", "report.sarif"):
        assert clean((tmp_path / "out" / name).read_text())
    cells = json.loads((tmp_path / "out" / "report.json").read_text())["cells"]
    assert all(clean(cell.get("detail", "")) for cell in cells)


@pytest.mark.slow
def test_a_message_is_printable_in_a_run_of_pytest_and_where_nothing_can_be_audited(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SUBJECT)
    words = ("--dtype", "float32", "--property", "finite", "-p", "no:cacheprovider", "--show-capture", "no")
    code, said, errors = run(tmp_path, "pytest", "--subject", "mine.py:raising_softmax", *words)
    assert code == 4, said + errors  # it raises whatever it is given: a misfit, and alone
    assert clean(said + errors)
    assert r"raises ValueError: \x1b[2J\u202e\udc80 says it" in said + errors
    (tmp_path / "broken.py").write_text('raise RuntimeError("\\x1b[2J\\u202e\\udc80")\n')
    code, said, errors = run(tmp_path, "extremum", "audit", "broken.py:my_softmax")
    assert code == 4
    assert clean(said + errors)
    assert r"cannot be imported: RuntimeError: \x1b[2J\u202e\udc80" in errors
