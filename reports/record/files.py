"""Files that a reader never sees by halves, and the record as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extremum.reference.errors import UsageError
from extremum.reports.record.leftovers import mark


def write(path: Path, text: str) -> None:
    """Write beside, then rename: a reader never sees half a file, and an old one survives a failure."""
    write_all({path: text})


def write_all(texts: Mapping[Path, str]) -> None:
    """Write all beside their places, and only then rename: files that belong together change together."""
    beside = {path: path.with_name(f".{path.name}.{mark()}") for path in texts}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside[path].write_bytes(text.encode())
        for path, place in beside.items():
            place.replace(path)
    finally:
        for place in beside.values():
            place.unlink(missing_ok=True)


def folder_to_write(name: str, word: str | None) -> Path | None:
    """The folder that the option `name` asks for, made now; None where it asks for none.

    Raises `UsageError` before the audit, not after it, where no file could be written there.
    """
    return None if word is None else _checked(name, word, Path(word))


def file_to_write(name: str, word: str | None) -> Path | None:
    """The file that the option `name` asks for; None where it asks for none.

    Raises `UsageError` before the audit, not after it, where that is a folder or could not be written.
    """
    if word is not None and Path(word).is_dir():
        raise UsageError(f"{name}={word!r} is a folder; a file is needed")
    return None if word is None else _checked(name, word, Path(word).parent)


def _checked(name: str, word: str, folder: Path) -> Path:
    """The path `word`, if a file can be written into `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".extremum.{mark()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise UsageError(f"{name}={str(folder)!r} cannot be written: {error.strerror or error}") from None
    return Path(word)


def indented(record: Mapping[str, Any]) -> str:
    """A record of a few kilobytes as JSON."""
    return json.dumps(record, indent=1, allow_nan=False) + "\n"


def lines(record: Mapping[str, Any]) -> str:
    """The record as JSON, a cell a line: quick to write, and a difference between two records shows as lines."""

    def text(value: object) -> str:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(json.dumps(item, allow_nan=False) for item in value) + "\n]"
        return json.dumps(value, allow_nan=False)

    return "{\n" + ",\n".join(f"{json.dumps(name)}: {text(value)}" for name, value in record.items()) + "\n}\n"
