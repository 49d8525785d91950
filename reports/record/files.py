"""Files that a reader never sees by halves, and the record as text."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from errno import EISDIR
from pathlib import Path
from typing import Any

from extremum.reference.errors import UsageError
from extremum.reports.record.leftovers import mark

STANDARD_OUTPUT = "-"  # in place of a file's name


def write(path: Path, text: str) -> None:
    """Write beside, then rename: a reader never sees half a file, and an old one survives a failure."""
    write_all({path: text})


def write_all(texts: Mapping[Path, str]) -> None:
    """Write all beside their places, and only then rename: files that belong together change together.

    A text for the path "-" goes to standard output.
    """
    shown = [text for path, text in texts.items() if str(path) == STANDARD_OUTPUT]
    texts = {path: text for path, text in texts.items() if str(path) != STANDARD_OUTPUT}
    beside = {path: path.with_name(f".{path.name}.{mark()}") for path in texts}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():  # before anything is renamed
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
            beside[path].write_bytes(text.encode())
        for path, place in beside.items():
            place.replace(path)
        for text in shown:
            sys.stdout.write(text)
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
    if word is None or word == STANDARD_OUTPUT:
        return None if word is None else Path(word)
    if Path(word).is_dir():
        raise UsageError(f"{name}={word!r} is a folder; a file is needed")
    if not Path(word).parent.is_dir():
        raise UsageError(f"{name}={word!r}: there is no folder {str(Path(word).parent)!r}")
    return _checked(name, word, Path(word).parent)


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


def sealed(entry: Mapping[str, Any], head: str = "") -> tuple[str, str]:
    """The digest of an entry, and a line of JSON that holds both; `head` is the digest of what it belongs to."""
    digest = hashlib.sha256((head + json.dumps(entry, allow_nan=False)).encode()).hexdigest()
    return digest, json.dumps({"digest": digest, **entry}, allow_nan=False) + "\n"


def unsealed(raw: bytes, head: str = "") -> dict[str, Any] | None:
    """What a line says, or None unless it is to the last bit as `sealed` wrote it."""
    try:
        entry = json.loads(raw)
        rest = {name: value for name, value in entry.items() if name != "digest"}
        return entry if sealed(rest, head)[1].encode() == raw else None
    except (ValueError, AttributeError, RecursionError):
        return None


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
