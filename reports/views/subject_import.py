"""How a script or a test imports the subject of a finding: with its own library, and nothing of extremum's.

A reader's file is imported from the folder that it was audited in. A C symbol, a program or a model is called by
extremum. Where the subject is one that extremum makes of a library (`reference.subjects.autodiff`,
`reference.subjects.wrappers`), its source is written out.
"""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extremum.properties.roles.registry import role_named
from extremum.reference.subjects import autodiff, c_symbols, onnx_models, processes, wrappers
from extremum.reference.subjects.adapters import adapter_of
from extremum.reference.subjects.loading import MODEL, SHARED, is_file, is_onnx, module_of_file, parted, runtime_of
from extremum.reference.subjects.processes import PREFIX
from extremum.reference.subjects.subject import Subject, made_by, subjects

WRITTEN = "written"  # what returns what the subject has written into its last argument
SUBJECT = "subject"  # its name where its own is taken, or it has none
UNKNOWN_MODULE = "your_module"  # of a function that was audited in Python, and has no module by name


@dataclass(frozen=True)
class Import:
    """The folders that the path needs, the lines that import or define the subject, and what it is called."""

    folders: tuple[Path, ...]
    lines: tuple[str, ...]
    expression: str

    @property
    def defines(self) -> bool:
        """Whether the lines are its source, not an import."""
        return any(line.startswith("def ") for line in self.lines)


def imported(role: str, name: str, place: Mapping[str, str], taken: Collection[str] = ()) -> Import:
    """How to import the subject that a record calls `name`, as none of the names that are `taken`.

    `place` is the record's word for it, the folder of that, and how what is called is made of what the word names:
    `instance` of a class, `wrap` by what, `device`, and the library of the array `out` that it writes its answer into.
    """
    word, folder = place.get("word", ""), place.get("folder", "")
    if word.startswith(PREFIX) or parted(word)[0].endswith(SHARED) or is_onnx(word):
        return _foreign(role, word, place, taken)
    known = next((s for s in subjects(role) if s.name == name), None) if word in ("", name) else None
    place = {**(made_by(known) if known else {}), **place}
    source = _registered(known, taken) if known else _named(word or name, folder, taken)
    calls = f"{source.expression}()" if place.get("instance") else source.expression
    folders, lines, own = source.folders, source.lines, {*taken, _root(source.expression)}
    if wrap := place.get("wrap", ""):
        wrap = wrap if ":" in wrap else ":".join(wrap.rpartition(".")[::2])
        wrapper = _named(wrap, folder, own)
        own |= {_root(wrapper.expression)}
        folders, lines = tuple(dict.fromkeys((*folders, *wrapper.folders))), (*lines, *wrapper.lines)
        static = f", static_argnames={place['static']!r}" if "static" in place else ""
        calls = f"{wrapper.expression}({calls}{static})"
    called = source.expression
    if calls != called:
        called = _free(SUBJECT, own)
        own |= {called}
        lines = (*lines, f"{called} = {calls}")
    if library := place.get("out", ""):
        written = _free(WRITTEN, own)
        return Import(folders, (*lines, _written(role, called, written, library, place.get("device", ""))), written)
    return Import(folders, lines, called)


def _written(role: str, called: str, name: str, library: str, device: str) -> str:
    """The function that gives the subject an array of NaN as its last argument, on its device, and returns that."""
    signature = role_named(role).signature
    form, inputs = signature.form.removeprefix("like "), [*signature.inputs]
    x = "arguments[0]"
    shapes = {
        "rows": f"np.delete({x}.shape, [*axis.values()] or -1).tolist()" if signature.batched else "()",
        "square": f"{x}.shape * 2",
        "number": "()",
    }
    shape = f"arguments[{inputs.index(form)}].shape" if form in inputs else shapes[form]
    blank = adapter_of(library).lines.on(device).blank.replace("{shape}", shape).replace("{x}", x)
    body = [f"out = {blank}", f"{called}(*arguments, out, **axis)", "return out"]
    return "\n".join([f"\n\ndef {name}(*arguments, **axis):", *(f"    {line}" for line in body), ""])


def _foreign(role: str, word: str, place: Mapping[str, str], taken: Collection[str]) -> Import:
    """How a C symbol, a program or a model is called, by extremum's own means."""
    folder, signature, name = place.get("folder", ""), role_named(role).signature, _free(SUBJECT, taken)
    if word.startswith(PREFIX):
        call = f"started({word!r}, {role!r}, {list(signature.inputs)!r}, {signature.batched})"
        lines: tuple[str, ...] = ("import os", f"from {processes.__name__} import started", f"os.chdir({folder!r})")
    elif is_onnx(word):
        runtime, file = runtime_of(word)
        path = f"{runtime}{os.path.abspath(Path(folder, file)) if file.endswith(MODEL) else file}"
        call = f"opened({path!r}, {role!r}, {dict(signature.inputs)!r}, {signature.batched})"
        lines = (f"from {onnx_models.__name__} import opened",)
    else:
        file, symbol = parted(word)
        form = f"{place.get('c_signature', '')!r}, {dict(signature.inputs)!r}, {signature.form!r}"
        call = f"bound({os.path.abspath(Path(folder, file))!r}, {symbol!r}, {form})"
        lines = (f"from {c_symbols.__name__} import bound",)
    return Import((), (*lines, f"{name} = {call}"), name)


def _registered(known: Subject, taken: Collection[str]) -> Import:
    """How to import a subject that extremum knows by name."""
    place, attribute = known.function.__module__, known.function.__name__
    method = known.name.partition(":")[0].replace("-", "_"), attribute
    if isinstance(getattr(autodiff, method[0], None), autodiff.Tool):
        source = _of_tool(*method)
    elif place == wrappers.__name__:
        source = Import((), (_source(getattr(wrappers, attribute)),), attribute)  # not what imports it late
    else:
        return _of_module(place, attribute, None, taken)
    if attribute not in taken:
        return source
    called = _free(SUBJECT, taken)
    return Import((), (*source.lines, f"{called} = {attribute}"), called)


def _named(word: str, folder: str, taken: Collection[str]) -> Import:
    """How to import what a word of the command line names, in the folder of that."""
    place, attribute = parted(word)
    if is_file(place):
        module, top = module_of_file(Path(os.path.abspath(Path(folder, place))))
        return Import((top,), *_from(module, attribute, taken))
    return _of_module(place or UNKNOWN_MODULE, attribute, Path(folder) if folder else None, taken)


def _of_module(place: str, attribute: str, folder: Path | None, taken: Collection[str]) -> Import:
    top = place.partition(".")[0]
    beside = folder is not None and ((folder / f"{top}.py").is_file() or (folder / top).is_dir())
    return Import((folder,) if folder is not None and beside else (), *_from(place, attribute, taken))


def _from(place: str, attribute: str, taken: Collection[str]) -> tuple[tuple[str, ...], str]:
    root, dot, rest = attribute.partition(".")
    if not all(part.isidentifier() for part in (*place.split("."), *attribute.split("."))):
        return ("from importlib import import_module",), f"getattr(import_module({place!r}), {attribute!r})"
    if root not in taken:
        return (f"from {place} import {root}",), attribute
    name = _free(SUBJECT, taken)
    return (f"from {place} import {root} as {name}",), f"{name}{dot}{rest}"


def _root(expression: str) -> str:
    return expression.partition(".")[0]


def _free(name: str, taken: Collection[str]) -> str:
    """The name, or with a number behind it, as none that is taken."""
    return next(n for n in (name, *(f"{name}_{i}" for i in range(2, len(taken) + 3))) if n not in taken)


def _of_tool(name: str, method: str) -> Import:
    """The source of one of a library's gradients, as a user writes it."""
    tool: autodiff.Tool = getattr(autodiff, name)
    function = getattr(autodiff.Tool, method)
    source = inspect.getsource(function)
    parts = {f: getattr(tool, f) for f in ("pull_back", "softmax_of", "logsumexp_of") if f"self.{f}" in source}
    return Import((), (*(_source(f, n) for n, f in parts.items()), _source(function)), method)


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
