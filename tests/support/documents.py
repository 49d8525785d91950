"""The documents of the repository: their code blocks, and the commands that they tell a reader to give."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "properties/roles/README.md", "tests/README.md")
DOCS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))
PROGRAMS = ("extremum", "pytest", "python", "python3", "ruff", "bash", "pip")


def text_of(document: str) -> str:
    """The text of a document, named from the root."""
    return (ROOT / document).read_text(encoding="utf-8")


def fenced(document: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(document), re.DOTALL | re.MULTILINE)


def indented(document: str) -> list[str]:
    """The indented blocks, without what a shell's here-document holds."""
    bare = re.sub(r"^```.*?^```", "", text_of(document), flags=re.DOTALL | re.MULTILINE)
    blocks = re.findall(r"(?:\A|\n\n)((?:    .*\n|\n(?=    ))+)", bare)
    bodies = (re.sub(r"^ *cat > .*?<<'PY'\n.*?^ *PY\n", "", block, flags=re.DOTALL | re.MULTILINE) for block in blocks)
    return [textwrap.dedent(body).strip("\n") for body in bodies]


def is_command(line: str) -> bool:
    """Whether a line begins with a program."""
    return line.split(" ", maxsplit=1)[0] in PROGRAMS


def outputs(document: str) -> list[str]:
    """The indented blocks that are no commands."""
    return [block for block in indented(document) if not is_command(block)]


def commands(document: str) -> list[str]:
    """What a reader is told to type: lines of indented blocks, and what stands in backticks after a program."""
    lines = [line for block in indented(document) if is_command(block) for line in block.splitlines() if line]
    spans = [span for span in re.findall(r"`([^`\n]+)`", text_of(document)) if is_command(span) and " " in span]
    parts = (part.strip() for line in (*lines, *spans) for part in re.sub(r" +# .*", "", line).split(" && "))
    return list(dict.fromkeys(part for part in parts if is_command(part)))
