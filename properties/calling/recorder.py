"""The flight recorder: the arguments of the call under way, in a file that outlives the process.

A subject that kills its process or never returns leaves no exception to catch. What it was called with
is in this file, and becomes the witness.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import FORMATS

HEADER = 512
STATE = struct.Struct("<qqq")  # at the end of the header: process, number of the call, and 1 while it is under way
TEXT = HEADER - STATE.size
DTYPES = {"int64": np.dtype(np.int64), "bool": np.dtype(np.bool_)} | {name: fmt.dtype for name, fmt in FORMATS.items()}
CAPACITY = 2**22  # bytes of arguments kept; a larger call is noted by its shape alone


class Recorded(NamedTuple):
    """Which call it is: of what process, and its number."""

    process: int
    number: int


class Recorder:
    """Writes each call into a memory-mapped file before it is made, and whether it has come back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("wb") as file:
            file.truncate(HEADER + CAPACITY)
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), 0)
        self._calls = 0

    def note(self, arguments: Arguments, axis: int | None) -> None:
        """Remember that the subject is about to be called with `arguments` and `axis`."""
        arrays = [np.ascontiguousarray(a, a.dtype.newbyteorder("=")) for a in arguments.values()]
        size = sum(a.nbytes for a in arrays)
        kinds = [(name, a.dtype.name, a.shape) for name, a in arguments.items()]
        head = {"arguments": kinds, "axis": axis, "kept": size <= CAPACITY}
        self._map[:TEXT] = json.dumps(head).encode().ljust(TEXT)[:TEXT]
        place = HEADER
        for a in arrays if size <= CAPACITY else []:
            self._map[place : place + a.nbytes] = a.reshape(-1).view(np.uint8).data
            place += a.nbytes
        self._calls += 1
        self._state(1)

    def back(self) -> None:
        """The call has come back, or nothing is called for now."""
        self._state(0)

    def _state(self, under_way: int) -> None:
        STATE.pack_into(self._map, TEXT, os.getpid(), self._calls, under_way)

    def close(self) -> None:
        """Let the file go."""
        self._map.close()
        self._file.close()


def calling(path: Path) -> Recorded | None:
    """The call that is under way according to `path`, or None where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(TEXT)
            process, number, under_way = STATE.unpack(file.read(STATE.size))
    except (OSError, struct.error):
        return None
    return Recorded(process, number) if under_way else None


def read(path: Path) -> tuple[Arguments, int | None] | None:
    """The arguments of the last call noted in `path`, or None where there are none."""
    try:
        content = path.read_bytes()
        head: dict[str, Any] = json.loads(content[:TEXT])
    except (OSError, ValueError):
        return None
    if not head["kept"] or any(dtype not in DTYPES for _, dtype, _ in head["arguments"]):
        return None
    arguments, offset = {}, HEADER
    for name, dtype, shape in head["arguments"]:
        count = int(np.prod(shape, dtype=int))
        data = np.frombuffer(content, DTYPES[dtype], count, offset).reshape(shape)
        arguments[name], offset = data.copy(), offset + data.nbytes
    return arguments, head["axis"]
