"""The templates of the report, compiled once for all runs where the package's own folder can be written to."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).parent / "templates"
COMPILED = TEMPLATES / "__pycache__"


class Compiled(jinja2.FileSystemBytecodeCache):
    """What Jinja compiled, beside the templates; nothing where that can't be written, or where Python keeps nothing."""

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Read a compiled template."""
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep a compiled template."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                COMPILED.mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


def environment(**options: Any) -> jinja2.Environment:
    """An environment for the templates, in which an undefined name is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        bytecode_cache=Compiled(str(COMPILED), f"jinja-{jinja2.__version__}-{_filters()}-%s.cache"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )


def _filters() -> str:
    """A fingerprint of this folder's code: Jinja applies filters to constants while it compiles."""
    code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return hashlib.sha256(code).hexdigest()[:8]
