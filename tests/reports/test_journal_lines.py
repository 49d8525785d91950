"""The journal, line by line: what is believed of it, and what a message says where it is not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from extremum.properties.contested.situations import Behaviour
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reports.driving.journal import NAME, Held, Journal, read

REQUEST = {"seed": 0, "dtype": ["float32"], "subject f (softmax)": "sha256:1"}
CELLS = [Cell(f"s{i}:f\x1b[31m", "softmax", "finite", "EX101", "float32", examined=i, measured="inf") for i in range(4)]
BEHAVIOURS = [Behaviour("s0:f", "softmax", "nan", "float32", "raises \u202eValueError")]


def written(folder: Path) -> bytes:
    journal = Journal(folder / NAME, REQUEST, Held())
    for cell in CELLS:
        journal.cell(cell)
    journal.contested("softmax", "s0:f", BEHAVIOURS)
    journal.close(over=False)
    return (folder / NAME).read_bytes()


def refused(folder: Path, request: dict[str, Any] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        read(folder / NAME, request or REQUEST)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value).replace(f"{folder}{os.sep}", "")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    content = written(tmp_path)
    held = read(tmp_path / NAME, REQUEST)
    assert list(held.cells.values()) == CELLS
    assert held.contested == {("softmax", "s0:f"): BEHAVIOURS}
    assert held.size == len(content)
    again = Held.from_json(json.loads(json.dumps(held.to_json())))
    assert (again.cells, again.contested) == (held.cells, held.contested)
    assert read(tmp_path / "none", REQUEST) == Held()


def test_a_line_that_was_cut_is_left_out_and_written_over(tmp_path: Path) -> None:
    content = written(tmp_path)
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    for size in {*range(0, len(content), 7), *ends, *(end - 1 for end in ends)}:
        (tmp_path / NAME).write_bytes(content[:size])
        whole = sum(end <= size for end in ends)
        held = read(tmp_path / NAME, REQUEST)
        assert len(held.cells) + len(held.contested) == max(whole - 1, 0)
        journal = Journal(tmp_path / NAME, REQUEST, held)
        for cell in CELLS:
            if cell.key not in held.cells:
                journal.cell(cell)
        journal.close(over=False)
        assert list(read(tmp_path / NAME, REQUEST).cells.values()) == CELLS


def test_a_bit_that_has_changed_is_seen_in_every_line(tmp_path: Path) -> None:
    content = written(tmp_path)
    for place in range(0, len(content) - 1, 11):  # without its last newline the last line is one that was cut
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            (tmp_path / NAME).write_bytes(damaged)
            said = refused(tmp_path)
            line = content[:place].count(b"\n") + 1
            assert (
                said
                == f"resume: line {line} of '{NAME}' is damaged: remove it, or leave out --resume, which replaces it"
            )


def test_a_line_of_another_request_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Journal(tmp_path / "other" / NAME, {**REQUEST, "seed": 1}, Held())
    other.cell(CELLS[0])
    other.close(over=False)
    foreign = (tmp_path / "other" / NAME).read_bytes().splitlines(keepends=True)[1]
    (tmp_path / NAME).write_bytes(written(tmp_path) + foreign)
    assert refused(tmp_path).startswith(f"resume: line 7 of '{NAME}' is damaged")


@pytest.mark.parametrize(
    ("request_now", "said"),
    [
        ({**REQUEST, "seed": 3}, "seed=0 there, 3 here"),
        ({**REQUEST, "subject f (softmax)": "sha256:2"}, "subject f (softmax) has changed"),
        ({**REQUEST, "subject g (softmax)": "sha256:2"}, "subject g (softmax) is only here"),
        ({"seed": 0, "subject f (softmax)": "sha256:1"}, "dtype is only there"),
        ({"a": 1, "b": 2}, "a is only here; b is only here; seed is only there; and 2 more"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, request_now: dict[str, Any], said: str) -> None:
    written(tmp_path)
    assert refused(tmp_path, request_now) == (
        f"resume: '{NAME}' is of another request: {said}: remove it, or leave out --resume, which replaces it"
    )


def test_a_journal_of_another_version_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("extremum.reports.driving.journal.SCHEMA", "extremum.journal/0")
        written(tmp_path)
    assert "schema='extremum.journal/0' there, 'extremum.journal/1' here" in refused(tmp_path)


def test_a_cell_that_had_no_time_for_its_verdict_is_judged_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / NAME, REQUEST, Held())
    journal.cell(Cell("f", "softmax", "finite", "EX101", "float32", "incomplete", detail="the budget ended"))
    journal.close(over=False)
    assert read(tmp_path / NAME, REQUEST).cells == {}


def test_a_journal_that_cannot_be_written_costs_the_run_nothing(tmp_path: Path) -> None:
    place = tmp_path / "file" / NAME
    (tmp_path / "file").touch()
    journal = Journal(place, REQUEST, Held())
    journal.cell(CELLS[0])
    journal.close(over=False)
    assert journal.failure.startswith(f"{place} cannot be written: ")


def test_a_run_that_is_over_leaves_no_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / NAME, REQUEST, Held())
    journal.cell(CELLS[0])
    journal.close(over=True)
    assert list(tmp_path.iterdir()) == []
