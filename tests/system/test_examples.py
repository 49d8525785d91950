"""What the documents and the public docstrings tell a reader to type is run, or at least read as a command is."""

from __future__ import annotations

import doctest
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from dask_cluster import DaskCluster
from documents import DOCS, DOCUMENTS, commands, fenced, is_command, outputs
from nightly import NIGHTLY

import extremum
from extremum.reports import plugin
from extremum.reports.cli import main
from extremum.reports.driving.request import Request

ELSEWHERE = {  # run by `.ci/run`, each with all that it needs
    *("python3 -m venv .venv", 'pip install ".[test]"', "pip install -e . --group dev", "pip install . --group dev"),
    *(
        "pytest -n auto",
        'pytest -n auto -m "not libraries"',
        "pytest -n auto -m libraries",
        "ruff check .",
        "ruff format --check .",
        "bash .ci/run",
    ),
    "python benchmarks/suite.py",  # all tests again, timed
    "python benchmarks/cluster_cost.py",  # minutes
    "python tests/quality/test_public_names.py",  # writes the list that it tests
}
SCHEDULER = "tcp://scheduler:8786"  # for which these tests start one
MINUTES = {  # of two cores: in the nightly run
    *("extremum audit", "extremum claims", "extremum audit shifted --exhaustive pairs --dtype float16"),
    *("extremum onset naive", "extremum audit liger_kernel --device interpret"),
    "extremum audit careful_sigmoid --exhaustive all --dtype float32",
    f"extremum audit shifted --role softmax --exhaustive gaps --dtype float32 --cluster {SCHEDULER}",
    *("extremum audit references libraries --report-dir reports/published/references",),
    *("extremum audit mutants --dtype float32 --report-dir reports/published/mutants",),
    *("extremum claims --report-dir reports/published/claims",),
}
TYPED = list(dict.fromkeys(c for document in (*DOCUMENTS, *DOCS) for c in commands(document) if c not in ELSEWHERE))
OURS = [command for command in TYPED if command.startswith("extremum ")]
NEEDING = {name for name, command in main.commands.items() if any(p.required for p in command.params)}
RUN = [c for c in OURS if c.removeprefix("extremum ") not in NEEDING]  # the bare name of such a one is a mention
LOSS = "import numpy as np\ndef f(x): return (x * x).sum()\ndef df(x): return 2 * x\n"
MINE = """import numpy as np
def my_softmax(x, axis=-1):
    e = np.exp(x); return e / e.sum(axis=axis, keepdims=True)
def my_sigmoid(x): return 1 / (1 + np.exp(-x))
"""
KERNELS = """#include <math.h>
#include <stdint.h>
void softmax_f32(const float *x, float *out, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows * n; r += n) {
        float sum = 0;
        for (int64_t i = r; i < r + n; i++) sum += out[i] = expf(x[i]);
        for (int64_t i = r; i < r + n; i++) out[i] /= sum;
    }
}
"""
ONNX = """
from onnx import TensorProto, helper, save
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", "n"]) for name in "xy")
graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"], axis=-1)], "softmax", [x], [y])
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "softmax.onnx")
"""
BUILT = (  # a word of a command, what it needs, and how it is built
    ("kernels.so", "cc", "-shared", "-fPIC", "kernels.c", "-o", "kernels.so", "-lm"),
    ("./mine", "cc", "mine.c", "-o", "mine", "-lm"),
    ("node", "node"),
    ("softmax.onnx", sys.executable, "-c", ONNX),
)
MODULES = {"interpret": ("torch", "triton"), "liger_kernel": ("liger_kernel",)}  # what a word of a command needs
REPORT = "extremum-report/report.json"
AUDIT = ("extremum", "audit", "mine.py:my_softmax", "--dtype", "float32", "--property", "finite", "--shard", "1/1")
SIGMOID = next(code for code in fenced("properties/roles/README.md", "python") if "The role logistic" in code)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "loss.py").write_text(LOSS)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "logistic.py").write_text(SIGMOID)
    (tmp_path / "softmax.js").write_text(fenced("docs/frames.md", "js")[0])
    (tmp_path / "mine.c").write_text(fenced("docs/frames.md", "c")[0])
    (tmp_path / "kernels.c").write_text(KERNELS)
    (tmp_path / "kernels.py").write_text(fenced("docs/triton.md", "python")[0])
    return tmp_path


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler that has a worker."""
    cluster = DaskCluster(tmp_path_factory.mktemp("cluster") / "logs")
    try:
        cluster.add("worker")
        yield cluster.address
    finally:
        cluster.end()


def built(folder: Path, command: str) -> None:
    """Build what the command is of, or skip the test where what it needs is not there."""
    for word in (word for word in MODULES if word in command):
        for module in MODULES[word]:
            pytest.importorskip(module, reason=f"there is no {module} here")
    for word, needed, *build in BUILT:
        if word in command and shutil.which(needed) is None:
            pytest.skip(f"there is no {needed} here")
        if word in command and build:
            subprocess.run([needed, *build], cwd=folder, check=True)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_every_block_is_a_command_or_an_output_that_a_test_compares() -> None:
    assert [block.splitlines()[0].split(":")[0] for block in outputs("README.md")] == [
        "mine.py",  # test_readme.py
        "softmax of float32",  # test_readme.py
    ]
    assert [block.split()[0] for block in outputs("ARCHITECTURE.md")] == ["reference/"]  # a diagram
    assert [block for document in (*DOCUMENTS[2:], *DOCS) for block in outputs(document)] == []
    assert len(OURS) > 15


@pytest.mark.parametrize("command", OURS)
def test_the_options_and_words_of_every_command_are_known(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    _, name, *words = shlex.split(command)
    assert name in main.commands
    if not words:  # the mention of a command
        return
    context = main.commands[name].make_context(name, words)
    if name == "audit":
        given = {key: value for key, value in context.params.items() if key not in ("subject", "workers", "role")}
        Request.from_words(context.params["subject"], given)


def shortened(words: list[str]) -> tuple[str, ...]:
    """The smallest plan, in one dtype; in the nightly run commands are run as they are shown."""
    return () if NIGHTLY else ("--effort", "quick", *(() if "--dtype" in words else ("--dtype", "float32")))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            c, marks=pytest.mark.skipif(c in MINUTES and not NIGHTLY, reason="it takes minutes: in the nightly run")
        )
        for c in RUN
    ],
)
def test_every_command_does_what_it_is_for(command: str, folder: Path, request: pytest.FixtureRequest) -> None:
    built(folder, command)
    if SCHEDULER in command:
        command = command.replace(SCHEDULER, request.getfixturevalue("scheduler"))
    words = [REPORT if word in ("REPORT", "REPORT...", "OLD", "NEW") else word for word in shlex.split(command)]
    if REPORT in words:  # of one shard, so that it may be merged
        assert run(folder, *AUDIT).returncode == 1
    done = run(folder, *words, *(shortened(words) if words[1] == "audit" else ()))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in commands("README.md") if c.startswith("pytest --subject")])
def test_a_subject_under_pytest_is_audited_as_by_the_command(command: str, folder: Path) -> None:
    done = run(folder, sys.executable, "-m", *shlex.split(command), *shortened(command.split()))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "exp overflow" in done.stdout


def test_one_test_is_run_as_the_guide_says() -> None:
    (command,) = (c for c in commands("CONTRIBUTING.md") if c.startswith("pytest -n 0 "))
    done = run(Path(__file__).parents[2], sys.executable, "-m", *shlex.split(command))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_first_lines_of_python_in_the_readme_give_a_report(folder: Path) -> None:
    code = fenced("README.md", "python")[0]
    done = run(folder, sys.executable, "-c", f"{code}\nprint(report.ok)\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['exp overflow']", "{'x': array([[88.72284]], dtype=float32)}", "False"]


EXAMPLES = [test for name in extremum.__all__ for test in doctest.DocTestFinder().find(getattr(extremum, name), name)]


def test_there_are_examples_in_the_docstrings() -> None:
    assert {test.name for test in EXAMPLES if test.examples} >= {
        "audit",
        "judge",
        "assert_within",
        "extremes",
        "formula",
    }


@pytest.mark.parametrize("test", [test for test in EXAMPLES if test.examples], ids=lambda test: test.name)
def test_the_examples_of_a_public_docstring_do_what_they_say(test: doctest.DocTest) -> None:
    test.globs = {"extremum": extremum}
    said: list[str] = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)


@pytest.mark.slow
def test_the_example_of_the_fixture_passes_a_sound_function(folder: Path) -> None:
    docstring = plugin.extremes.__doc__
    assert docstring is not None
    example = textwrap.dedent("    @" + docstring.partition("    @")[2])
    head = "import extremum\nimport pytest\nfrom extremum.reference.softmax import shifted as my_softmax\n\n\n"
    (folder / "test_it.py").write_text(head + example)
    done = run(folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_program_that_is_typed_is_one_that_these_tests_know() -> None:
    assert [command for command in TYPED if not is_command(command)] == []
    others = [command for command in TYPED if not command.startswith(("extremum ", "pytest ", "python -m extremum"))]
    assert others == []
