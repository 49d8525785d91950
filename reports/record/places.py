"""What names the subjects of a record, and where they are: in its environment, since paths are of the machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from extremum.reports.record.record import Record

NUMBERS = ("line", "column", "end_line", "end_column")  # of a row, as text, from 1; columns are of characters
NAMED = re.compile(r"(?:async\s+)?(?:def|class)\s+\w+")


class Place(NamedTuple):
    """A file, as the folder reaches it that the audit ran in, and the part of it from `line` and `column` to the end.

    Lines and columns are counted from 1; `end_column` is that after the last character.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def to_row(self) -> dict[str, str]:
        """As the environment of a record has it: text."""
        return {"file": self.file, **{name: str(getattr(self, name)) for name in NUMBERS}}


def place_at(file: str, line: int, folder: Path) -> Place:
    """The place of the `def`, `class` or `lambda` whose code begins on this line, with `folder` for the root of paths.

    Of a file that cannot be read, or is not Python, the first column of the line.
    """
    path = Path(file)
    shown = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    alone = Place(shown, line, 1, line, 1)
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return alone
    rows = text.split("\n")
    found = (node for node in ast.walk(tree) if _begins(node) == line)
    return next((_of_node(shown, node, rows) for node in found), alone)


def places(report: Record) -> Mapping[tuple[str, str], Place]:
    """The places of a record's subjects, by role and name; those that are not known are left out."""
    rows = report.environment.get("named", [])
    return {
        (row.get("role", ""), row.get("name", "")): Place(row["file"], *(int(row[name]) for name in NUMBERS))
        for row in rows
        if row.get("file") and all(row.get(name, "").isdecimal() for name in NUMBERS)
    }


def words_in(record: Record) -> dict[tuple[str, str], tuple[str, str]]:
    """The words that named the user's subjects, and what each is the gradient of, by role and name."""
    rows = record.environment.get("named", [])
    return {(r.get("role", ""), r.get("name", "")): (r.get("word", ""), r.get("of", "")) for r in rows}


def writes(record: Record, role: str, name: str) -> bool:
    """Whether a subject was called `f(*arguments, out)`, and wrote its answer there."""
    return any((s.get("role"), s.get("name")) == (role, name) and s.get("out") for s in record.subjects)


def _begins(node: ast.AST) -> int:
    """The line that the code object of this node begins on: the first decorator's, if there is one."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.lineno if isinstance(node, ast.Lambda) else 0


def _of_node(file: str, node: Any, rows: list[str]) -> Place:
    """From `def` to the end of the name; of a lambda, all of it."""

    def column(line: int, offset: int) -> int:  # `ast` counts bytes of UTF-8
        return len(rows[line - 1].encode()[:offset].decode(errors="replace")) + 1

    start = column(node.lineno, node.col_offset)
    if isinstance(node, ast.Lambda):
        end, offset = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Place(file, node.lineno, start, end, column(end, offset))
    head = NAMED.match(rows[node.lineno - 1], start - 1)
    return Place(file, node.lineno, start, node.lineno, head.end() + 1 if head else start)
