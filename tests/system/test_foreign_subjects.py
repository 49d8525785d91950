"""C symbols and programs are subjects too: judged as functions are, and what they do to memory or to frames is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from documents import fenced

from extremum.properties.calling.host_channel import Limits
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.inputs.effort import EFFORTS
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.resolve import introduce, resolve
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import Wish, tried
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.c_symbols import Guarded, bound, read
from extremum.reference.subjects.loading import NotLoaded
from extremum.reference.subjects.processes import number_dtype
from extremum.reference.subjects.subject import Subject

SIGNATURE = "void(const float *x, float *out, int64 rows, int64 n)"
NEEDS_C = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
SOURCE = """
#include <math.h>
#include <stdint.h>
void softmax_f32(const float *x, float *out, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++) {
        const float *a = x + r * n;
        float *y = out + r * n, top = -INFINITY, sum = 0;
        for (int64_t i = 0; i < n; i++) top = fmaxf(top, a[i]);
        for (int64_t i = 0; i < n; i++) sum += y[i] = expf(a[i] - top);
        for (int64_t i = 0; i < n; i++) y[i] /= sum;
    }
}
void softmax_without_shift(const float *x, float *out, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++) {
        float sum = 0;
        for (int64_t i = 0; i < n; i++) sum += out[r * n + i] = expf(x[r * n + i]);
        for (int64_t i = 0; i < n; i++) out[r * n + i] /= sum;
    }
}
void softmax_of_whole_vectors(const float *x, float *out, int64_t rows, int64_t n) {
    softmax_f32(x, out, rows, n);
    for (int64_t i = rows * n; i % 4; i++) out[i] = 0;
}
void softmax_in_place(float *x, float *out, int64_t rows, int64_t n) {
    softmax_f32(x, out, rows, n);
    for (int64_t i = 0; i < rows * n; i++) x[i] = out[i];
}
void softmax_that_crashes(const float *x, float *out, int64_t rows, int64_t n) {
    if (n == 17) *(volatile int *)0 = 1;
    softmax_f32(x, out, rows, n);
}
int softmax_that_refuses(const float *x, float *out, int64_t rows, int64_t n) {
    softmax_f32(x, out, rows, n);
    return n == 2 ? -3 : 0;
}
double logsumexp_of_a_row(const double *x, int64_t n) {
    double top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) top = fmax(top, x[i]);
    if (top == -INFINITY) return top;
    for (int64_t i = 0; i < n; i++) sum += exp(x[i] - top);
    return top + log(sum);
}
float cross_entropy_f32(const float *logits, int64_t L, int64_t n) {
    float top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) top = fmaxf(top, logits[i]);
    for (int64_t i = 0; i < n; i++) sum += expf(logits[i] - top);
    return (top - logits[L]) + logf(sum);
}
void cross_entropy_into_out(const float *logits, int64_t L, float *out, int64_t n) {
    *out = cross_entropy_f32(logits, L, n);
}
void logsumexp_into_out(const double *x, double *out, int64_t n) { *out = logsumexp_of_a_row(x, n); }
"""
FEW = Settings(examples=0, timeout=600.0, effort=EFFORTS["quick"], limits=Limits(first_call_seconds=60.0))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    (folder / "kernels.c").write_text(SOURCE)
    command = ["cc", "-O1", "-shared", "-fPIC", "kernels.c", "-o", "kernels.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "kernels.so"


def cell_of(subject: Subject, prop: str, dtype: str = "float32") -> Cell:
    role, shared = role_named(subject.role), Shared()
    found = role.property_named(prop)
    assert found is not None
    try:
        return judge_cell(subject, role, found, dtype, FEW, shared)
    finally:
        shared.close()


def in_c(library: Path, symbol: str, role: str = "softmax", signature: str = SIGNATURE) -> Subject:
    return tried(f"{library}:{symbol}", role_named(role), Wish(dtypes=["float32", "float64"], c_signature=signature))


@NEEDS_C
@pytest.mark.parametrize(
    ("symbol", "prop", "verdict", "said"),
    [
        ("softmax_f32", "finite", "held", ""),
        ("softmax_without_shift", "finite", "refuted", ""),
        ("softmax_of_whole_vectors", "finite", "refuted", "bytes behind the end of out"),
        ("softmax_in_place", "purity", "refuted", "of the input changed"),
        ("softmax_that_crashes", "finite", "crashed", "the process ended: SIGSEGV, again when run alone"),
        ("softmax_that_refuses", "finite", "refuted", "raises RuntimeError: it returned -3"),
    ],
)
def test_a_c_symbol_is_judged(library: Path, symbol: str, prop: str, verdict: str, said: str) -> None:
    subject = in_c(library, symbol, signature=SIGNATURE.replace("void", "int") if "refuses" in symbol else SIGNATURE)
    assert subject.misfit == ""
    cell = cell_of(subject, prop)
    assert cell.verdict == verdict, cell
    assert said in cell.detail
    if verdict == "crashed":
        assert cell.simplest is not None
        assert cell.simplest.arguments["x"]["shape"] == [1, 17]


@NEEDS_C
def test_what_it_is_called_with_is_in_the_header_and_its_own_dtype_alone_is_judged(library: Path) -> None:
    subject = in_c(library, "softmax_f32")
    assert introduce(subject)["line"].endswith(
        "C-order arrays of 2 dimensions alone, no axis parameter, so the last axis alone, softmax_f32(x) at kernels.so"
    )
    assert [cell_of(subject, prop).verdict for prop in ("axis", "layout")] == ["inapplicable"] * 2
    assert cell_of(subject, "finite", "float64").verdict == "inapplicable"


@NEEDS_C
@pytest.mark.parametrize(
    ("symbol", "role", "signature", "dtype"),
    [
        ("logsumexp_of_a_row", "logsumexp", "double(const double *x, int64 n)", "float64"),
        ("cross_entropy_f32", "cross_entropy", "float(const float *logits, int64 L, int64 n)", "float32"),
        (
            "cross_entropy_into_out",
            "cross_entropy",
            "void(const float *logits, int64 L, float *out, int64 n)",
            "float32",
        ),
        ("logsumexp_into_out", "logsumexp", "void(const double *x, double *out, int64 n)", "float64"),
    ],
)
def test_a_symbol_of_one_row_is_called_row_by_row(
    library: Path, symbol: str, role: str, signature: str, dtype: str
) -> None:
    subject = in_c(library, symbol, role, signature)
    assert subject.misfit == ""
    assert [cell_of(subject, prop, dtype).verdict for prop in ("finite", "shape")] == ["held"] * 2


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ("void(const float *x, float *out, int64 rows, int64 k)", "parameter 'k' is none of x, out, rows, n, m"),
        ("void(const float *x, float *out", "is no C signature; one is"),
        ("void(const float x, float *out, int64 n)", "x is an array, by a pointer"),
        ("void(const float *x, float *out, float *n)", "n is a number, by its value"),
        ("void(const char *x, char *out)", "'char' of x is not one of float, double"),
        ("void(float *out, int64 n)", "does not take x, which the role has"),
        ("void(const float *x, int64 n)", "has no out, and returns void: there is no answer"),
        ("void(const float *x, double *out)", "its arrays are of several types"),
        ("void(const flot *x, float *out)", "does not parse"),
        ("void(const float *x, float *out, ...)", "parameter 3 is neither a number nor a pointer to numbers"),
        ("void(struct s *x, float *out)", "parameter 1 is neither a number nor a pointer to numbers"),
        ("void(const float **x, float *out)", "parameter 1 is neither a number nor a pointer to numbers"),
        ("void(const float *x, float *out, int64 n, int64 n)", "has two parameters named n"),
        ("float *(const float *x, int64 n)", "returns no number: void, a float, a double or an integer is needed"),
        ("char(const float *x, float *out)", "returns char: void"),
        ("_Float16(const _Float16 *x, int64 n)", "returns float16: void, a float, a double or an integer is needed"),
        ("int64 n; void(const float *x, float *out)", "is no C signature"),
    ],
)
def test_a_signature_that_does_not_match_the_role_is_refused_in_a_line(signature: str, said: str) -> None:
    with pytest.raises(NotLoaded) as told:
        read(signature, {"x": 1})
    assert said in told.value.text
    assert "\n" not in told.value.text


def test_what_lacks_a_signature_or_a_library_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a C symbol: add --c-signature, as 'void"):
        tried("kernels.so:softmax", None, Wish())
    with pytest.raises(UsageError, match="not with 'mine"):
        tried("mine.py:softmax", None, Wish(c_signature=SIGNATURE))
    with pytest.raises(NotLoaded, match="does not exist"):
        bound(str(tmp_path / "no.so"), "f", SIGNATURE, {"x": 1}, "like x")
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(NotLoaded, match="is no library that loads here"):
        bound(str(tmp_path / "text.so"), "f", SIGNATURE, {"x": 1}, "like x")


def test_a_float16_and_a_function_of_nothing_are_read() -> None:
    assert read("void(const _Float16 *x, _Float16 *out, int64 n)", {"x": 1}).dtype == "float16"
    with pytest.raises(NotLoaded, match="does not take x"):
        read("double(void)", {"x": 1})


def test_what_goes_with_another_kind_of_subject_is_refused_in_a_line() -> None:
    with pytest.raises(UsageError, match=r"goes with library\.so:symbol, not with 'maximum_from_zero'"):
        resolve("maximum_from_zero", "softmax", wish=Wish(c_signature=SIGNATURE))
    with pytest.raises(UsageError, match=r"python='/usr/bin/python3' goes with a Python function"):
        tried("exec:./mine", role_named("softmax"), Wish(python="/usr/bin/python3"))
    with pytest.raises(UsageError, match="is no name of a symbol"):
        tried("mine.so:f(x)", role_named("softmax"), Wish(c_signature=SIGNATURE))


def test_a_guard_tells_what_is_written_beyond_an_array() -> None:
    guarded = Guarded(np.ones((2, 3), np.float32))
    assert guarded.address % 64 in (0, 4)
    assert Guarded(np.float32(1)).array.shape == ()
    assert guarded.beyond() == ""
    guarded._memory[guarded._end + 4] = 0
    assert guarded.beyond() == "5 bytes behind the end of"
    guarded._memory[guarded._start - 2] = 0
    assert guarded.beyond() == "2 bytes before the begin of"


PROGRAM = fenced("docs/frames.md", "python")[0]


@pytest.mark.parametrize(
    ("language", "file", "build", "words"),
    [
        ("python", "mine.py", [], [sys.executable, "mine.py"]),
        ("js", "mine.js", [], ["node", "mine.js"]),
        ("c", "mine.c", ["cc", "-O1", "mine.c", "-o", "mine", "-lm"], ["./mine"]),
        ("rust", "mine.rs", ["rustc", "-O", "--edition", "2021", "mine.rs"], ["./mine"]),
    ],
)
def test_the_programs_of_the_page_are_sound(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    file: str,
    build: list[str],
    words: list[str],
) -> None:
    needed = shutil.which((build or words)[0])
    if needed is None:
        pytest.skip(f"there is no {(build or words)[0]} here")
    monkeypatch.chdir(tmp_path)
    Path(file).write_text(fenced("docs/frames.md", language)[0])
    if build:
        subprocess.run(build, check=True)
    subject = tried(f"exec:{' '.join(words)}", role_named("softmax"), Wish(dtypes=["float32"]))
    assert (subject.misfit, subject.unfit) == ("", {})
    assert cell_of(subject, "finite").verdict == "held"


@pytest.mark.parametrize(
    ("change", "verdict", "said"),
    [
        (("x - x.max(axis=-1, keepdims=True)", "x"), "refuted", ""),
        (("    (x,) = arrays", "    (x,) = arrays\n    if x.shape[-1] == 5: sys.exit(3)"), "crashed", "exit 3"),
        (
            ("    (x,) = arrays", "    (x,) = arrays\n    if x.shape[-1] == 5: import os; os.abort()"),
            "crashed",
            "SIGABRT",
        ),
        (('"bytes": y.nbytes', '"bytes": y.nbytes + (x.shape[-1] == 5)'), "crashed", "exit 65"),
        (
            ("    (x,) = arrays", "    (x,) = arrays\n    if x.shape[-1] == 5: print('hello', flush=True)"),
            "crashed",
            "exit 65",
        ),
    ],
)
def test_what_a_program_does_is_its_own_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], verdict: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert change[0] in PROGRAM
    Path("mine.py").write_text(PROGRAM.replace(*change))
    subject = tried(f"exec:{sys.executable} mine.py", role_named("softmax"), Wish(dtypes=["float32"]))
    cell = cell_of(subject, "finite")
    assert cell.verdict == verdict, cell
    assert said in cell.detail


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("exec:", "names no program: write exec:./program and its words"),
        ("exec:./mine 'one", "is no command: no closing quotation"),
        ("exec:./no-such-program", "subject 'exec:./no-such-program' cannot be started: No such file or directory"),
        (f"exec:{sys.executable} -c 'print(1)'", "is no softmax: it raises RuntimeError: answers with no frame: b'1"),
    ],
)
def test_a_program_that_is_none_is_told_in_a_line(program: str, said: str) -> None:
    try:
        text = tried(program, role_named("softmax"), Wish(dtypes=["float32"])).misfit
    except UsageError as error:
        text = str(error)
    assert said in text


LOSS = """
    logits, label = arrays
    assert logits.ndim == 1 and label.shape == () and label.dtype.kind == "i", (logits.shape, label.shape)
    e = np.exp(logits - logits.max())
    y = np.asarray((logits.max() - logits[label]) + np.log(e.sum())).astype(logits.dtype)
"""


def test_a_program_gets_a_label_as_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    begin, end = PROGRAM.index("    (x,) = arrays"), PROGRAM.index("    head =")
    Path("loss.py").write_text(PROGRAM[:begin] + LOSS.lstrip("\n") + PROGRAM[end:])
    subject = tried(f"exec:{sys.executable} loss.py", role_named("cross_entropy"), Wish(dtypes=["float32"]))
    assert (subject.misfit, subject.unfit) == ("", {})
    assert cell_of(subject, "finite").verdict == "held"


def test_an_answer_of_a_dtype_that_is_none_of_numbers_is_no_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(PROGRAM.replace("y.dtype.name", "None"))
    misfit = tried(f"exec:{sys.executable} mine.py", role_named("softmax"), Wish(dtypes=["float32"])).misfit
    assert "has no dtype, shape and bytes that are valid" in misfit
    for name in ("object", "complex64", "U4", None, ["float32"], "no such", "bfloat", "float8_no_such"):
        with pytest.raises((ValueError, TypeError, AttributeError)):
            number_dtype(name)  # type: ignore[arg-type]
    assert number_dtype("bfloat16").itemsize == 2


@pytest.mark.slow
@NEEDS_C
def test_the_script_of_a_finding_in_c_fails_until_the_library_is_mended(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(library, "kernels.so")
    command = [str(Path(sys.executable).parent / "extremum"), "audit", "kernels.so:softmax_without_shift", "-n", "0"]
    few = ["--c-signature", SIGNATURE, "--dtype", "float32", "--property", "finite", "--effort", "quick"]
    audit = subprocess.run([*command, *few], capture_output=True, text=True, check=False)
    assert audit.returncode == 1, audit.stdout + audit.stderr
    (script,) = Path("extremum-report/scripts").glob("*.py")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = [sys.executable, str(script.resolve())]
    assert subprocess.run(run, cwd=elsewhere, capture_output=True, check=False).returncode == 1
    repaired = SOURCE.replace("softmax_without_shift", "before").replace("softmax_f32", "softmax_without_shift")
    Path("kernels.c").write_text(repaired)
    subprocess.run(["cc", "-shared", "-fPIC", "kernels.c", "-o", "kernels.so", "-lm"], check=True)
    mended = subprocess.run(run, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert mended.returncode == 0, mended.stdout + mended.stderr
