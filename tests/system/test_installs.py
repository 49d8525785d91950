"""A regular and an editable install behave alike, from any folder, and put one name into site-packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nightly import NIGHTLY

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "published", "extremum-report")
WAYS = {"regular": [], "editable": ["-e"]}
ASKED = """
import extremum, extremum.properties.roles.registry as registry, extremum.reports
print(extremum.__version__, extremum.audit.__module__, extremum.Report.__name__)
print(extremum.reports.audit is extremum.audit)
print(sorted(extremum.__all__), len(registry.roles()))
"""
MINE = """
import numpy as np


def my_softmax(x, axis=-1):
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
"""
STAGNATES = """
import numpy as np


def my_softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not NIGHTLY, reason="CI installs the wheel and uses it: in the nightly run"),
]


@pytest.fixture(scope="module", params=["regular", "editable"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The `bin` of an environment with extremum installed this way, and the checkout that it was installed from."""
    folder = tmp_path_factory.mktemp(request.param)
    checkout = folder / "checkout"
    shutil.copytree(ROOT, checkout, ignore=LEFT_OUT)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    place = folder / "venv" / "bin"
    subprocess.run([place / "pip", "install", "-q", *WAYS[request.param], checkout], check=True)
    return place, checkout


def run(place: Path, folder: Path, command: str, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON", "HYPOTHESIS"))}
    return subprocess.run([place / command, *words], cwd=folder, env=clean, capture_output=True, text=True, check=False)


def test_it_is_the_same_from_the_root_inside_and_elsewhere(installed: tuple[Path, Path], tmp_path: Path) -> None:
    place, checkout = installed
    answers = set()
    for folder in (tmp_path, checkout, checkout / "reports", checkout / "tests"):
        for words in (("-c", ASKED), ("-m", "extremum", "roles"), ("-m", "extremum", "--version")):
            done = run(place, folder, "python", *words)
            assert done.returncode == 0, (folder, done.stderr)
            answers.add((words, done.stdout))
        answers.add((("-m", "extremum", "roles"), run(place, folder, "extremum", "roles").stdout))
    assert len(answers) == 3


def test_an_audit_and_pytest_find_an_overflow(installed: tuple[Path, Path], tmp_path: Path) -> None:
    place, checkout = installed
    for folder in (tmp_path, checkout):
        (folder / "mine.py").write_text(MINE)
        chosen = ("--dtype", "float32", "--property", "finite", "--report-dir", str(tmp_path / "report"))
        done = run(place, folder, "extremum", "audit", "mine.py:my_softmax", *chosen)
        assert done.returncode == 1, done.stderr
        assert "88.72284" in done.stdout
        done = run(place, folder, "pytest", "-q", "--subject", "mine.py:my_softmax", *chosen)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "88.72284" in done.stdout


def test_without_the_extra_the_report_says_that_it_has_no_plots(installed: tuple[Path, Path], tmp_path: Path) -> None:
    place, _ = installed
    (tmp_path / "mine.py").write_text(STAGNATES)
    words = ("--dtype", "bfloat16", "--property", "sum_to_one", "--effort", "quick", "-n", "0")
    run(place, tmp_path, "extremum", "audit", "mine.py:my_softmax", *words)
    assert "There are no plots: matplotlib is not installed: pip install" in (
        tmp_path / "extremum-report" / "report.html"
    ).read_text(encoding="utf-8")


def test_one_name_is_put_into_site_packages(installed: tuple[Path, Path]) -> None:
    place, _ = installed
    (packages,) = (place.parent / "lib").glob("python*/site-packages")
    names = {p.name for p in packages.iterdir()}
    assert not names & {"reference", "properties", "reports", "tests", "benchmarks"}
    assert [n for n in names if "extremum" in n and "dist-info" not in n and "__editable__" not in n] in (
        ["extremum"],
        [],
    )
