"""`[tool.extremum]` of pyproject.toml: read as the words of a command line, or refused in one line."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from extremum.reference.errors import UsageError
from extremum.reports.driving.options import FILES, REQUEST
from extremum.reports.driving.request import Request
from extremum.reports.driving.settings import ProjectSettings, project_settings
from extremum.reports.driving.settings_schema import text

PUBLISHED = (files("extremum.reports") / "driving" / "settings.schema.json").read_text(encoding="utf-8")
SCHEMA = json.loads(PUBLISHED)
WHOLE = """
[tool.extremum]
role = "softmax"
of = "pkg/k.py:f"
formula = "x*erf(x)"
ulps = 4
dtypes = ["float32", "float16"]
properties = "finite,accuracy"
regimes = ["ties"]
conventions = ["one-inf=nan"]
exhaustive = "gaps"
effort = "thorough"
examples = 3
arrays = "numpy"
device = "cpu"
python = "python3"
wrap = "functools.wraps"
out = true
c-signature = "void(const float *x, float *out)"
budget = "2m"
cell-timeout = 1.5
import-timeout = 30
first-call-timeout = "60s"
memory = "4GB"
seed = 7
report-dir = "out"
json = "out.json"
resume = true
baseline = "extremum-baseline.json"
strict = true
fail-on = "high"
cluster = "tcp://scheduler:8786"
shard = "1/2"

[tool.extremum.subjects]
"pkg/k.py:softmax" = { role = "softmax", dtypes = ["float64"] }
"scipy.special:softmax" = {}
"""


def read(folder: Path, content: str) -> ProjectSettings:
    (folder / "pyproject.toml").write_text(content)
    return project_settings(folder)


def test_the_published_schema_is_the_table_of_options() -> None:
    assert text() == PUBLISHED, (
        "python -m extremum.reports.driving.settings_schema > reports/driving/settings.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_option_of_the_audit_may_stand_in_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read(tmp_path, WHOLE)
    assert set(settings.words) == {o.key for o in (*REQUEST, *FILES)}
    jsonschema.validate(tomllib.loads(WHOLE)["tool"]["extremum"], SCHEMA)
    assert settings.subjects == {
        "pkg/k.py:softmax": {"role": "softmax", "dtype": ("float64",)},
        "scipy.special:softmax": {},
    }
    words = {k: w for k, w in settings.words.items() if k not in ("exhaustive",)}
    request = Request.from_words([], words)
    assert (request.dtypes, request.properties) == (("float32", "float16"), ("finite", "accuracy"))
    assert (request.budget, request.cell_timeout, request.memory, request.seed) == (120.0, 1.5, 4 * 10**9, 7)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("dtyps = []", "tool.extremum.dtyps is not known: did you mean 'dtypes'? valid: role, of, formula"),
        ('dtypes = ["float31"]', "tool.extremum.dtypes: dtype='float31' is not a format that extremum knows: did you"),
        ("dtypes = 32", "tool.extremum.dtypes=32 is not valid: write a string, or a list of strings"),
        ("seed = true", "tool.extremum.seed=True is not valid: write a whole number"),
        ("seed = -1", "tool.extremum.seed: seed=-1 must be 0 or more"),
        ('budget = "soon"', "tool.extremum.budget: budget='soon' is not a duration; write 60, 60s, 2m or 1h"),
        ("memory = []", "tool.extremum.memory=[] is not valid: write an amount of memory"),
        (
            'cluster = "scheduler"',
            "tool.extremum.cluster: cluster='scheduler' is no address: write tcp://scheduler:8786",
        ),
        ('shard = "3/2"', "tool.extremum.shard: shard='3/2' is not a shard: 1/N to N/N are"),
        (
            'fail-on = "hig"',
            "tool.extremum.fail-on: fail-on='hig' is no severity: did you mean 'high'?",
        ),
        ("resume = 1", "tool.extremum.resume=1 is not valid: write true or false"),
        ("subjects = []", "tool.extremum.subjects=[] is not a table; write [tool.extremum.subjects]"),
        ('subjects.a = "softmax"', "tool.extremum.subjects: 'a' = 'softmax' is not a table; write { role"),
        (
            "subjects.a.seed = 1",
            "tool.extremum.subjects.'a'.seed goes with the whole audit, not with a subject; valid:",
        ),
        ("subjects.a.rol = 1", "tool.extremum.subjects.'a'.rol is not known: did you mean 'role'?"),
        ('subjects.a.role = "softmx"', "tool.extremum.subjects.'a'.role: role='softmx' is not known: did you mean"),
    ],
)
def test_what_is_not_valid_is_refused_with_file_key_and_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        read(tmp_path, f"[tool.extremum]\n{content}\n")
    assert str(caught.value).startswith(f"pyproject.toml: {message}")
    assert "\n" not in str(caught.value)


def test_names_that_are_refused_are_no_names_of_the_schema_either() -> None:
    rows: list[dict[str, Any]] = [
        {"dtyps": []},
        {"dtypes": ["float31"]},
        {"seed": "x"},
        {"subjects": {"a": {"seed": 1}}},
    ]
    for row in rows:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(row, SCHEMA)


@pytest.mark.parametrize("content", [b"[tool", b"\xff\xfe", b"a = " + b"[" * 9999, b"a = 1979-99-99"])
def test_a_file_that_is_no_toml_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"pyproject\.toml is not TOML: ") as caught:
        project_settings(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "[tool]\nextremum = {}", "[tool.other]\nx = 1", "tool = 3"])
def test_a_file_without_the_table_says_nothing(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) in (ProjectSettings(), ProjectSettings(tmp_path.resolve() / "pyproject.toml"))


def test_the_nearest_file_counts_and_its_paths_are_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.extremum]\nrole = "softmax"\njson = "-"\nreport-dir = "out"\n'
        '[tool.extremum.subjects]\n"k.py:f" = { of = "k.py:g" }\n"m:f" = {}\n'
    )
    monkeypatch.chdir(tmp_path / "a" / "b")
    settings = project_settings(Path.cwd())
    assert settings.words == {"role": "softmax", "json": "-", "report_dir": "../../out"}
    assert settings.subjects == {"../../k.py:f": {"of": "../../k.py:g"}, "m:f": {}}
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\n")
    assert project_settings(Path.cwd()).subjects is None


def test_the_command_line_wins_over_the_table_and_over_that_of_a_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    row = '"k.py:f" = { dtypes = ["float16"], properties = ["finite"] }'
    settings = read(tmp_path, f'[tool.extremum]\nseed = 3\ndtypes = ["float32"]\n[tool.extremum.subjects]\n{row}\n')
    words = {"seed": "0", "dtype": ("float64",), "role": None}
    assert settings.under(words, {"dtype"}) == {"seed": "3", "dtype": ("float64",), "role": None}
    own = {"property": ("finite",)}
    assert settings.own(["./k.py:f", "k.py:g"], {"dtype"}) == {"./k.py:f": own}
    request = Request.from_words(["k.py:f"], {"dtype": ("float64",)}, {"k.py:f": own})
    assert request.of_subject("k.py:f").properties == ("finite",)
    assert request.of_subject("k.py:f").dtypes == ("float64",)
    assert request.of_subject("k.py:g").properties is None


def test_what_the_settings_say_of_a_search_is_no_part_of_a_proof(tmp_path: Path) -> None:
    settings = read(tmp_path, "[tool.extremum]\nexamples = 3\nseed = 1\n")
    words = {"exhaustive": "gaps", "examples": None, "seed": "0"}
    assert settings.under(words, {"exhaustive"}) == {"exhaustive": "gaps", "examples": None, "seed": "1"}
