"""How a script or a test imports the subject of a finding: with its own library, and nothing of extremum's.

A reader's file is imported from the folder that it was audited in. A C symbol or a program is called by extremum. Where
the subject is one that extremum makes of a library (`reference.subjects.autodiff`, `reference.subjects.wrappers`), its
source is written out.
"""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from extremum.properties.roles.registry import role_named
from extremum.properties.steps.trial import answer_of
from extremum.reference.subjects import autodiff, c_symbols, processes, wrappers
from extremum.reference.subjects.loading import SHARED, is_file, module_of_file, parted
from extremum.reference.subjects.processes import PREFIX
from extremum.reference.subjects.subject import subjects

SUBJECT = "subject"  # its name where its own is taken
UNKNOWN_MODULE = "your_module"  # of a function that was audited in Python, and has no module by name


@dataclass(frozen=True)
class Import:
    """The folder that the path needs (or None), the lines that import or define the subject, and what it is called."""

    folder: Path | None
    lines: tuple[str, ...]
    expression: str

    @property
    def defines(self) -> bool:
        """Whether the lines are its source, not an import."""
        return any(line.startswith("def ") for line in self.lines)

    def beside(self, taken: Collection[str]) -> Import:
        """The same, under another name where its own is taken."""
        root, dot, rest = self.expression.partition(".")
        if root not in taken:
            return self
        if self.defines:
            return Import(self.folder, (*self.lines, f"{SUBJECT} = {root}"), f"{SUBJECT}{dot}{rest}")
        *lines, last = self.lines
        return Import(self.folder, (*lines, f"{last} as {SUBJECT}"), f"{SUBJECT}{dot}{rest}")


def imported(role: str, name: str, word: str = "", folder: str = "") -> Import:
    """How to import the subject that a record calls `name`, which was named by `word` in `folder`."""
    known = next((s for s in subjects(role) if s.name == name), None) if word in ("", name) else None
    if known is not None:
        place, attribute = known.function.__module__, known.function.__name__
        method = name.partition(":")[0].replace("-", "_"), attribute
        if isinstance(getattr(autodiff, method[0], None), autodiff.Tool):
            return _of_tool(*method)
        if place == wrappers.__name__:
            return Import(None, (_source(known.function),), attribute)
        return _of_module(place, attribute)
    place, attribute = parted(word or name)
    if is_file(place):
        module, top = module_of_file(Path(os.path.abspath(Path(folder, place))))
        return Import(top, *_from(module, attribute))
    return _of_module(place or UNKNOWN_MODULE, attribute, Path(folder) if folder else None)


def foreign(role: str, word: str, place: Mapping[str, str]) -> Import | None:
    """How a C symbol or a program is called, by extremum's own means; None for a Python function."""
    folder, file = place.get("folder", ""), parted(word)[0]
    if not word.startswith(PREFIX) and not file.endswith(SHARED):
        return None
    signature = role_named(role).signature
    if word.startswith(PREFIX):
        call = f"started({word!r}, {role!r}, {list(signature.inputs)!r}, {signature.batched})"
        lines: tuple[str, ...] = ("import os", f"from {processes.__name__} import started", f"os.chdir({folder!r})")
    else:
        path, symbol = os.path.abspath(Path(folder, file)), parted(word)[1]
        form = f"{place.get('c_signature', '')!r}, {dict(signature.inputs)!r}, {answer_of(signature)!r}"
        call = f"bound({path!r}, {symbol!r}, {form})"
        lines = (f"from {c_symbols.__name__} import bound",)
    return Import(None, (*lines, f"subject = {call}"), "subject")


def made(source: Import, place: Mapping[str, str]) -> Import:
    """What is called of what is imported: an instance of a class, or what a wrapper makes of it."""
    expression = f"{source.expression}()" if place.get("instance") else source.expression
    lines, wrap = source.lines, place.get("wrap", "")
    if wrap:
        module, attribute = parted(wrap) if ":" in wrap else wrap.rpartition(".")[::2]
        found = imported("", "", f"{module}:{attribute}", place.get("folder", ""))
        lines, expression = (*lines, *found.lines), f"{found.expression}({expression})"
    return replace(source, lines=lines, expression=expression)


def _of_module(place: str, attribute: str, folder: Path | None = None) -> Import:
    top = place.partition(".")[0]
    beside = folder is not None and ((folder / f"{top}.py").is_file() or (folder / top).is_dir())
    return Import(folder if beside else None, *_from(place, attribute))


def _from(place: str, attribute: str) -> tuple[tuple[str, ...], str]:
    root = attribute.partition(".")[0]
    if all(part.isidentifier() for part in (*place.split("."), *attribute.split("."))):
        return (f"from {place} import {root}",), attribute
    return ("from importlib import import_module",), f"getattr(import_module({place!r}), {attribute!r})"


def _of_tool(name: str, method: str) -> Import:
    """The source of one of a library's gradients, as a user writes it."""
    tool: autodiff.Tool = getattr(autodiff, name)
    function = getattr(autodiff.Tool, method)
    source = inspect.getsource(function)
    parts = {f: getattr(tool, f) for f in ("pull_back", "softmax_of", "logsumexp_of") if f"self.{f}" in source}
    return Import(None, (*(_source(f, n) for n, f in parts.items()), _source(function)), method)


class _Bare(ast.NodeTransformer):
    """A function without annotations and without `self`."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.args.args = [a for a in node.args.args if a.arg != "self"]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        own = isinstance(node.value, ast.Name) and node.value.id == "self"
        return ast.Name(node.attr, node.ctx) if own else node


def _source(function: Callable[..., Any], name: str = "") -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    (body,) = tree.body
    assert isinstance(body, ast.FunctionDef)
    body.name = name or body.name
    return ast.unparse(ast.fix_missing_locations(_Bare().visit(tree)))
