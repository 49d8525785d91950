"""Settings: `[tool.extremum]` of the nearest pyproject.toml, as the words that a command line would have.

The command line wins over the table, and over the tables of single subjects too.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extremum.reference.errors import UsageError, nearest
from extremum.reference.subjects.loading import is_file, is_onnx, parted, runtime_of
from extremum.reports.driving.options import FILES, REQUEST, Option, values
from extremum.reports.record.files import STANDARD_OUTPUT

if TYPE_CHECKING:
    import pytest

NAME = "pyproject.toml"
TABLE = "tool.extremum"
SUBJECTS = "subjects"
OWN_WORDS = "extremum_own"  # the option of pytest that holds, as JSON, what the settings say of single subjects
COMMON = {o.setting: o for o in (*REQUEST, *FILES)}
OF_A_SUBJECT = {o.setting: o for o in REQUEST if not o.common}

Words = Mapping[str, Any]  # a command line's, by the key of the option


@dataclass(frozen=True)
class ProjectSettings:
    """What a settings file says: words of the audit, and of its subjects by the word that names each.

    `subjects` is None where the file has no table of them. Paths are as the current folder reaches them.
    """

    file: Path | None = None
    words: Words = field(default_factory=dict)
    subjects: Mapping[str, Words] | None = None

    def under(self, words: Words, given: Collection[str]) -> dict[str, Any]:
        """The words of a command line, of which those `given` win over the file's.

        Where a proof is asked for, what the file says of a search is left out.
        """
        proof = words.get("exhaustive") if "exhaustive" in given else None
        searched = {o.key for o in REQUEST if o.search_only} if proof is not None else set()
        return {**words, **{k: w for k, w in self.words.items() if k not in given and k not in searched}}

    def own(self, named: Sequence[str], given: Collection[str]) -> dict[str, dict[str, Any]]:
        """The words that each of these subjects has for itself, but those `given` for all."""
        tables = {_identity(word): words for word, words in (self.subjects or {}).items()}
        found = {word: tables.get(_identity(word), {}) for word in named}
        left = {word: {k: w for k, w in words.items() if k not in given} for word, words in found.items()}
        return {word: words for word, words in left.items() if words}


def project_settings(folder: Path) -> ProjectSettings:
    """The settings of the nearest pyproject.toml, in this folder or above it.

    Raises `UsageError` in one line, with the file, the key and what would be valid, for the first that is not.
    """
    folder = folder.resolve()
    file = next((place / NAME for place in (folder, *folder.parents) if (place / NAME).is_file()), None)
    if file is None:
        return ProjectSettings()
    shown = os.path.relpath(file)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{shown} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown} is not TOML: {error}") from None
    table = content.get("tool", {})
    for name in TABLE.split(".")[1:]:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    try:
        return _settings(file, table)
    except UsageError as error:
        raise UsageError(f"{shown}: {error}") from None


def take_settings(config: pytest.Config) -> None:
    """Add to pytest's options what the settings say, for the workers too."""
    settings = project_settings(config.invocation_params.dir)
    words = {option.key: config.getoption(option.destination, None) for option in (*REQUEST, *FILES)}
    given = {key for key, word in words.items() if word not in (None, [], False)}
    named = list(config.getoption("subject"))
    if config.getoption("extremum"):
        if not settings.subjects:
            raise UsageError(f"--extremum: no pyproject.toml here or above has subjects in [{TABLE}.{SUBJECTS}]")
        named += [word for word in settings.subjects if word not in named]
    for option in (*REQUEST, *FILES):
        setattr(config.option, option.destination, settings.under(words, given).get(option.key))
    config.option.subject = named
    setattr(config.option, OWN_WORDS, json.dumps(settings.own(named, given)))


def _settings(file: Path, table: Any) -> ProjectSettings:
    if not isinstance(table, dict):
        raise UsageError(f"{TABLE}={table!r} is not a table")
    here = file.parent
    words = _words({k: v for k, v in table.items() if k != SUBJECTS}, TABLE, COMMON, [*COMMON, SUBJECTS], here)
    if SUBJECTS not in table:
        return ProjectSettings(file, words)
    rows = table[SUBJECTS]
    where = f"{TABLE}.{SUBJECTS}"
    if not isinstance(rows, dict):
        example = '"pkg/kernels.py:softmax" = { role = "softmax" }'
        raise UsageError(f"{where}={rows!r} is not a table; write [{where}], and below it {example}")
    subjects = {}
    for name, row in rows.items():
        if not isinstance(row, dict):
            raise UsageError(f'{where}: {name!r} = {row!r} is not a table; write {{ role = "softmax" }}, or {{}}')
        word = _placed(name, here, "spec")
        subjects[word] = _words(row, f"{where}.{name!r}", OF_A_SUBJECT, list(OF_A_SUBJECT), here)
    return ProjectSettings(file, words, subjects)


def _words(
    table: Mapping[str, Any], where: str, options: Mapping[str, Option], valid: Sequence[str], folder: Path
) -> dict[str, Any]:
    words = {}
    for name, value in table.items():
        if name not in options:
            known = "goes with the whole audit, not with a subject; " if name in COMMON else "is not known: "
            raise UsageError(f"{where}.{name} {known}{nearest(name, valid)}")
        option = options[name]
        word = _word(option, value, f"{where}.{name}")
        if option.plural:
            word = tuple(_placed(part, folder, option.place) for part in word)
        elif option.place:
            word = _placed(word, folder, option.place)
        _check(option, word, f"{where}.{name}")
        words[option.key] = word
    return words


def _word(option: Option, value: Any, where: str) -> Any:
    """A value of TOML as the command line's word; raises `UsageError` where it is of another type."""
    if option.flag:
        valid, fits = "true or false", isinstance(value, bool)
    elif option.plural:
        valid = "a string, or a list of strings"
        value = [value] if isinstance(value, str) else value
        fits = isinstance(value, list) and all(isinstance(part, str) for part in value)
    else:
        valid, fits = option.kind.valid, isinstance(value, option.kind.types) and not isinstance(value, bool)
    if not fits:
        raise UsageError(f"{where}={value!r} is not valid: write {valid}")
    if option.plural:
        return tuple(value)
    return value if option.flag else str(value)


def _check(option: Option, word: Any, where: str) -> None:
    if option.place == "path" or option.flag:
        return  # a folder is made when it is needed
    from extremum.reports.driving.request import Request

    try:
        if option in REQUEST:
            Request.from_words([], {option.key: word})
        else:
            values([option], {option.key: word})
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _placed(word: str, folder: Path, place: str) -> str:
    """A word that the current folder's command line would have for this, which is relative to `folder`."""
    if not place or word == STANDARD_OUTPUT or folder == Path.cwd():
        return word
    path, runtime, rest = word, "", ""
    if place == "spec" and ":" in word:
        path = parted(word)[0]
        runtime, _, rest = word.partition(path)
    if place == "spec" and not is_file(path):
        return word
    return f"{runtime}{os.path.relpath(folder / path)}{rest}"


def _identity(word: str) -> tuple[str, str]:
    """What two words have in common that name the same subject."""
    place, attribute = parted(word) if ":" in word or is_onnx(word) else ("", word)
    attribute = runtime_of(word)[0] if is_onnx(word) and is_file(place) else attribute
    return (str(Path(place).resolve()) if is_file(place) else place), attribute
