"""What a run needs for a while: its files and folders bear its process, so that a later run knows what was left.

A process that is killed takes nothing away. The next run does, where it can tell that the process is gone.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

PREFIX = "extremum-"


def mark() -> str:
    """The part of a name that tells whose it is: this machine's, and this process's."""
    return f"{_machine()}-{os.getpid()}"


def scratch() -> Path:
    """A new folder for this run, among the temporary ones."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{mark()}-"))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is there while the block runs."""
    folder = scratch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(report_dir: Path | None) -> None:
    """Remove what runs that are gone left among the temporary folders, and half written in the folder of a report."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}{_machine()}-*"):
        if _left(folder, rf"{re.escape(PREFIX)}\w+-(\d+)-.*") and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
    beside = f".*.{_machine()}-*"
    for file in (*report_dir.glob(beside), *report_dir.glob(f"scripts/{beside}")) if report_dir is not None else ():
        if _left(file, r"\..*-(\d+)"):
            with suppress(OSError):
                file.unlink()


@cache
def _machine() -> str:
    """A hash of the machine and, where processes of a container have numbers of their own, of that container.

    A number says nothing of another machine's process, whose folder may be the same by a network or a mount.
    """
    names = [platform.node()]
    with suppress(OSError):
        names.append(os.readlink("/proc/self/ns/pid"))
    return f"{zlib.crc32(repr(names).encode()):08x}"


def _left(place: Path, pattern: str) -> bool:
    """Whether it is ours, and of a process that is gone."""
    match = re.fullmatch(pattern, place.name)
    if match is None or os.name != "posix":  # elsewhere asking for a process may end it
        return False
    try:
        if place.lstat().st_uid != os.getuid():
            return False
        os.kill(int(match[1]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
