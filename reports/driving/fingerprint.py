"""What an answer of a subject depends on, as a hash: a scan is gone on from only where it is the same."""

from __future__ import annotations

import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

STAGES = "extremum."


def fingerprint(functions: list[Callable[..., Any]]) -> str:
    """A hash of the interpreter, of the files of these functions, and of every module that is loaded.

    Of the user's own modules and of extremum the contents count, of installed libraries place, size and date: so
    that another version of any is another hash, and a module that is imported later is not seen.
    """
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    standard = Path(sysconfig.get_path("stdlib")).resolve()
    digest = hashlib.sha256(sys.version.encode())
    names = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    own = [inspect.getsourcefile(inspect.unwrap(f)) for f in functions if hasattr(inspect.unwrap(f), "__code__")]
    for name, file in [*sorted(names.items()), *(("", place) for place in own)]:
        if not file:
            continue
        path = Path(file).resolve()
        library = any(folder in path.parents for folder in installed) and not name.startswith(STAGES)
        if library or not path.is_file():
            stat = path.stat() if path.is_file() else None
            digest.update(repr((name, str(path), stat and (stat.st_size, stat.st_mtime_ns))).encode())
        elif standard not in path.parents or name.startswith(STAGES):
            digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()
