"""The options of an audit: one table, which the command, pytest and Python read alike."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

from extremum.reference.errors import UsageError
from extremum.reports.cli import audit as command
from extremum.reports.driving.options import FILES, REQUEST, Option, values
from extremum.reports.driving.request import CHECKED_NAMES, Request
from extremum.reports.run import audit

by_name = pytest.mark.parametrize("option", REQUEST, ids=[option.name for option in REQUEST])


def sound_softmax(x: Any, axis: int = -1) -> Any:
    return x


@by_name
def test_an_option_is_a_field_of_the_request_and_an_argument_of_audit(option: Option) -> None:
    assert option.field in {field.name for field in dataclasses.fields(Request)}
    of_functions = set(inspect.signature(audit).parameters) | {"c_signature"}  # a C symbol is no function in Python
    assert {option.field, option.field.removesuffix("s")} & of_functions


def test_the_command_has_every_option_in_the_order_of_the_table() -> None:
    names = [parameter.opts[0] for parameter in command.params if parameter.param_type_name == "option"]
    assert names == [*(f"--{o.name}" for o in REQUEST), "-n", *(f"--{o.name}" for o in FILES), "-q", "-v", "--format"]


def test_every_check_of_names_is_of_an_option() -> None:
    assert set(CHECKED_NAMES) < {option.name for option in REQUEST}


def test_words_become_the_request_that_python_makes() -> None:
    words = {"dtype": ("float32,float16", "bfloat16"), "property": (), "budget": "2m", "seed": "7", "role": None}
    request = Request.from_words(["naive"], words)
    assert request == Request(("naive",), dtypes=("float32", "float16", "bfloat16"), budget=120.0, seed=7)


@pytest.mark.parametrize(
    ("name", "word", "message"),
    [
        ("dtype", ("float31",), "dtype='float31' is not a format that extremum knows: did you mean 'float32'?"),
        ("property", ("finit",), "property='finit' is not known: did you mean 'finite'?"),
        ("regime", ("tie",), "regime='tie' is not known: did you mean 'ties'?"),
        ("convention", ("one-inf=na",), "convention='one-inf=na' is not known: did you mean 'one-inf=nan'?"),
        ("role", "softmx", "role='softmx' is not known: did you mean 'softmax'?"),
        ("exhaustive", "gap", "exhaustive='gap' is no domain: did you mean 'gaps'?"),
        ("effort", "qick", "effort='qick' is not known: did you mean 'quick'? valid: quick, standard, thorough"),
        ("seed", "x", "seed='x' is not a whole number"),
        ("examples", "-1", "examples=-1 must be 0 or more"),
        ("budget", "soon", "budget='soon' is not a duration; write 60, 60s, 2m or 1h"),
        ("cell_timeout", "0s", "cell-timeout='0s' must be a positive number of seconds"),
    ],
)
def test_a_word_that_is_not_valid_is_quoted_with_what_is(name: str, word: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Request.from_words([], {name: word})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"seed": "x"}, "seed='x' is not a whole number"),
        ({"seed": -1}, "seed=-1 must be 0 or more"),
        ({"examples": 1.5}, "examples=1.5 is not a whole number"),
        ({"effort": "hard"}, "effort='hard' is not known: "),
        ({"budget": 0}, "budget=0 must be a positive number of seconds"),
        ({"cell_timeout": "60s"}, "cell_timeout='60s' must be a positive number of seconds"),
        ({"dtypes": ["float32", "float31"]}, "dtype='float31' is not a format that extremum knows"),
    ],
)
def test_an_argument_that_is_not_valid_is_quoted_with_what_is(argument: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        audit(sound_softmax, **argument)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("option", [option for option in REQUEST if option.search_only], ids=lambda o: o.name)
def test_what_a_search_alone_reads_does_not_go_with_a_proof(option: Option) -> None:
    words = {"of": "mine.py:f", "regime": ("ties",), "convention": ("one-inf=nan",), "effort": "quick", "examples": "3"}
    word = words[option.name]
    with pytest.raises(UsageError, match=f"^{option.name}=.* goes with a search, not with exhaustive"):
        Request.from_words([], {"exhaustive": "gaps", option.key: word})


def test_a_report_is_refused_where_it_cannot_be_written(tmp_path: Any) -> None:
    assert values(FILES, {"report_dir": str(tmp_path / "new"), "json": None}) == {"report_dir": tmp_path / "new"}
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"^report-dir='.*file/x' cannot be written"):
        values(FILES, {"report_dir": str(tmp_path / "file" / "x")})
    with pytest.raises(UsageError, match=r"^json='.*' is a folder; a file is needed"):
        values(FILES, {"json": str(tmp_path)})


def test_a_subjects_own_formula_stands_in_place_of_the_role_of_the_audit() -> None:
    own = {"a.py:f": {"formula": "x*erf(x)", "ulps": "4"}}
    request = Request.from_words(["a.py:f", "b.py:softmax"], {"role": "softmax"}, own)
    assert request.of_subject("a.py:f").role_name == "x*erf(x) within 4 ulps"
    assert request.of_subject("b.py:softmax").role_name == "softmax"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"ulps": "4"}, "ulps=4.0 goes with a formula"),
        ({"formula": "x", "ulps": "0"}, "ulps=0.0 must be a positive number"),
        ({"formula": "x", "ulps": "four"}, "ulps='four' is not a number"),
        ({"formula": "x", "role": "softmax"}, "role='softmax' and formula='x': one of them"),
        ({"formula": "x.y"}, "formula='x.y': 'x.y' at character 1 is not known: valid are numbers"),
    ],
)
def test_a_formula_that_cannot_be_asked_for_is_refused(words: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        Request.from_words(["a.py:f"], words)
    assert str(raised.value).startswith(said)
