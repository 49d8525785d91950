"""Files that a reader never sees by halves, and the record as text."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extremum.reference.errors import UsageError


def write(path: Path, text: str) -> None:
    """Write beside, then rename: a reader never sees half a file, and an old one survives a failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def writable(path: Path, option: str) -> None:
    """Raise `UsageError` now, not after the audit, where a file could not be written into the folder `path`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".extremum.{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise UsageError(f"{option}={str(path)!r} cannot be written: {error.strerror or error}") from None


def writable_file(path: Path, option: str) -> None:
    """Raise `UsageError` now, not after the audit, where `path` is a folder or could not be written."""
    if path.is_dir():
        raise UsageError(f"{option}={str(path)!r} is a folder; a file is needed")
    writable(path.parent, option)


def lines(record: Mapping[str, Any]) -> str:
    """The record as JSON, a cell a line: quick to write, and a difference between two records shows as lines."""

    def text(value: object) -> str:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(json.dumps(item, allow_nan=False) for item in value) + "\n]"
        return json.dumps(value, allow_nan=False)

    return "{\n" + ",\n".join(f"{json.dumps(name)}: {text(value)}" for name, value in record.items()) + "\n}\n"
