from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_table_of_allowed_errors_needs_no_docstring(tmp_path: Path) -> None:
    command = ("-m", "extremum.reports.cli", "bounds", "--role", "logsumexp", "--dtype", "float32")
    plain, stripped = (
        subprocess.run([sys.executable, *flags, *command], cwd=tmp_path, capture_output=True, text=True, check=True)
        for flags in ((), ("-OO",))
    )
    assert plain.stdout == stripped.stdout
    assert "EX305 accuracy, in u" in plain.stdout
