"""The resident memory of a host and of all processes that it started, as Linux tells it; elsewhere it is not known."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
TREE_SECONDS = 0.25  # between two looks at the processes that a host started
TREE_SHARE = 64  # looking takes one part in so many of the time, at most


class ResidentMemory:
    """The memory of a process, which is looked at in a few microseconds, and now and then that of all below `root`.

    What it started is below `root` too when it has left it, as what a process leaves behind is its supervisor's.
    """

    def __init__(self, pid: int, root: int) -> None:
        self.root = root
        self._next_tree = 0.0
        self._file: int | None = None
        with suppress(OSError):
            self._file = os.open(f"/proc/{pid}/statm", os.O_RDONLY)

    def close(self) -> None:
        """Close what it reads."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def exceeds(self, limit: int) -> bool:
        """Whether the process needs more bytes, alone or with all that is below `root`."""
        if self._file is None:
            return False
        try:
            alone = int(os.pread(self._file, 256, 0).split()[1]) * PAGE_BYTES
        except (OSError, IndexError, ValueError):  # it has ended
            return False
        if alone > limit or time.monotonic() < self._next_tree:
            return alone > limit
        began = time.monotonic()
        try:
            return self._tree_exceeds(limit)
        finally:  # a subject that forks in each call may leave thousands
            took = time.monotonic() - began
            self._next_tree = began + max(TREE_SECONDS, TREE_SHARE * took)

    def _tree_exceeds(self, limit: int) -> bool:
        processes = list(descendants(self.root))
        # What processes share, as a fork its parent's pages, counts in each: only where the sum is beyond the limit is
        # it worth the milliseconds to divide these by the number of processes that share them.
        if len(processes) < 2 or sum(map(resident_bytes, processes)) <= limit:
            return False
        return sum(map(proportional_bytes, processes)) > limit


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process started, and those that they started, which live."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError, ValueError):
            for child in map(int, task.read_text().split()):
                yield child
                yield from descendants(child)


def resident_bytes(pid: int) -> int:
    """The resident memory of a process; 0 of one that has ended."""
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    return 0


def proportional_bytes(pid: int) -> int:
    """The same with pages that several processes share divided among them."""
    with suppress(OSError, IndexError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
