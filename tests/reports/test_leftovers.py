"""What a run that was killed leaves behind, and who may remove it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from extremum.reports.record.files import write_all
from extremum.reports.record.leftovers import mark, remove_leftovers, scratch_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere nothing is removed")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_only_what_a_process_that_is_gone_left_is_removed(temporary: Path) -> None:
    machine, _, own = mark().rpartition("-")
    report = temporary / "report"
    (report / "scripts").mkdir(parents=True)
    dead = gone()
    names = {number: temporary / f"extremum-{machine}-{number}-abc" for number in (dead, own, os.getppid())}
    for folder in (*names.values(), temporary / f"extremum-00000000-{dead}-abc", temporary / "extremum-abcdefg"):
        folder.mkdir()
        (folder / "gw0.call").touch()
    for number in (dead, own):
        (report / f".report.json.{machine}-{number}").touch()
        (report / "scripts" / f".a.py.{machine}-{number}").touch()
    (report / "report.json").touch()
    target = temporary / "target"
    target.mkdir()
    (temporary / f"extremum-{machine}-{dead}-link").symlink_to(target)
    remove_leftovers(report)
    kept = {f"extremum-{machine}-{own}-abc", f"extremum-{machine}-{os.getppid()}-abc", "extremum-abcdefg"}
    others = {f"extremum-00000000-{dead}-abc", f"extremum-{machine}-{dead}-link", "report", "target"}
    assert {p.name for p in temporary.iterdir()} == kept | others
    assert {p.name for p in report.iterdir()} == {"report.json", "scripts", f".report.json.{machine}-{own}"}
    assert [p.name for p in (report / "scripts").iterdir()] == [f".a.py.{machine}-{own}"]


def test_a_folder_of_another_user_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = temporary / f"extremum-{mark().rpartition('-')[0]}-{gone()}-abc"
    folder.mkdir()
    owner = os.getuid()
    monkeypatch.setattr("os.getuid", lambda: owner + 1)
    remove_leftovers(None)
    assert folder.exists()


def test_a_folder_is_there_while_it_is_needed(temporary: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == temporary
        remove_leftovers(None)
        assert folder.is_dir()
    assert not folder.exists()


def test_files_that_belong_together_change_together(tmp_path: Path) -> None:
    write_all({tmp_path / "a": "old", tmp_path / "b": "old"})
    with pytest.raises(UnicodeEncodeError):
        write_all({tmp_path / "a": "new", tmp_path / "b": "\udc80"})
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "old", "b": "old"}
