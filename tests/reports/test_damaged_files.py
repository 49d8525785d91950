"""Damaged checkpoints, journals and records: refused in one line, and never believed."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from damage import state, wrong_answers

from extremum.reports.cli import main
from extremum.reports.commands.prove import ProofOptions


def test_what_was_damaged_is_refused_in_a_line_or_gives_nothing_else_than_was_written(tmp_path: Path) -> None:
    assert wrong_answers(tmp_path, 300) == []


def test_a_checkpoint_in_which_a_number_is_another_proves_nothing(tmp_path: Path) -> None:
    words = ["audit", "naive", "--exhaustive", "gaps", "--dtype", "float16", "-n", "1", "--report-dir", str(tmp_path)]
    given = {"exhaustive": "gaps", "dtype": ["float16"], "report_dir": str(tmp_path)}
    options = ProofOptions.of(["naive"], given, 1)
    checkpoint = options.checkpoint(options.jobs[0])
    state().save(checkpoint, options.jobs[0].key(""))
    record = json.loads(checkpoint.read_text())
    record["tallies"]["finite"]["doubts"] = 0
    checkpoint.write_text(json.dumps(record) + "\n")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 4
    assert f"checkpoint {str(checkpoint)!r} is damaged: remove it, and the scan begins anew" in done.output
    assert "Traceback" not in done.output
