"""The flight recorder: the arguments of the call under way, in a file that outlives the process.

A subject that kills its process or never returns leaves no exception to catch. What it was called with
is in this file, and becomes the witness.
"""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import numpy as np

from extremum.reference.formats import FORMATS, Array

HEADER = 512
CAPACITY = 2**22  # bytes of arguments kept; a larger call is noted by its shape alone


class Recorder:
    """Writes each call into a memory-mapped file before it is made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("wb") as file:
            file.truncate(HEADER + CAPACITY)
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), 0)

    def note(self, x: Array, axis: int | None) -> None:
        """Remember that the subject is about to be called with `x` and `axis`."""
        data = np.ascontiguousarray(x, x.dtype.newbyteorder("="))
        head = {"dtype": x.dtype.name, "shape": x.shape, "axis": axis, "kept": data.nbytes <= CAPACITY}
        text = json.dumps(head).encode().ljust(HEADER)
        self._map[:HEADER] = text[:HEADER]
        if data.nbytes <= CAPACITY:
            self._map[HEADER : HEADER + data.nbytes] = data.tobytes()

    def close(self) -> None:
        """Let the file go."""
        self._map.close()
        self._file.close()


def read(path: Path) -> tuple[Array, int | None] | None:
    """The arguments of the last call noted in `path`, or None where there are none."""
    try:
        content = path.read_bytes()
        head: dict[str, Any] = json.loads(content[:HEADER])
    except (OSError, ValueError):
        return None
    if not head["kept"] or head["dtype"] not in FORMATS:
        return None
    dtype = FORMATS[head["dtype"]].dtype
    count = int(np.prod(head["shape"], dtype=int))
    data = np.frombuffer(content, dtype, count, HEADER).reshape(head["shape"])
    return data.copy(), head["axis"]
