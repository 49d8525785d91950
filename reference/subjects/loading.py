"""Loading what `module:attribute` or `file.py:attribute` names, and saying what it is.

A host runs this file beside the subject, in an environment that may not have extremum: it needs the standard library
alone, and imports nothing of extremum.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

DEFAULT_WIDTH, SIGNATURE_WIDTH = 40, 300  # characters
STAGES = "extremum."
ARRAY = re.compile(r"\b(Tensor|Array|ArrayLike|ndarray|NDArray)\b")  # in an annotation
LIBRARIES = ("torch", "jax")  # whose arrays a subject may take, besides NumPy's


class NotLoaded(Exception):
    """Why nothing was loaded, in one line; `word` is misspelt where `choices` are what it may have meant.

    `failed`: there is such a file or module, and its own code raised, or is not Python.
    """

    def __init__(
        self, text: str, word: str = "", choices: Sequence[str] | None = None, *, failed: bool = False
    ) -> None:
        super().__init__(text)
        self.text, self.word, self.choices, self.failed = text, word, choices, failed


def load(spec: str) -> tuple[str, Any]:
    """Import what `spec` names; return its record name and the value.

    Raises `NotLoaded` where the file or module is missing, cannot be imported, is not Python, or has no such attribute.
    """
    place, attribute = parted(spec)
    module = _import_file(Path(place)) if is_file(place) else _import_module(place)
    value: Any = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            functions = [n for n, v in vars(value).items() if callable(v) and not n.startswith("_")]
            raise NotLoaded(f"subject={spec!r}: {place} has no {part!r}", part, functions)
        value = getattr(value, part)
    return record_name(spec), value


def parted(spec: str) -> tuple[str, str]:
    """The file or module, and the attribute in it, that `spec` names; "file.py::Class::method" as pytest has it too."""
    if "::" in spec:
        place, *names = spec.split("::")
        return place, ".".join(names)
    place, _, attribute = spec.rpartition(":")
    return place, attribute


def is_file(place: str) -> bool:
    """Whether this is a file's path, and no module's name."""
    return place.endswith(".py") or "/" in place or "\\" in place


def record_name(spec: str) -> str:
    """The name in a record: of a file its last part alone, so that it is the same in any folder."""
    place, attribute = parted(spec)
    return f"{Path(place).name if is_file(place) else place}:{attribute}"


def describe(function: Callable[..., Any]) -> str:
    """Where `function` is defined and with what signature, in one line."""
    try:
        signature = f"{getattr(function, '__name__', 'function')}{_shown(inspect.signature(function))}"
    except Exception:  # a class may have a signature that raises
        signature = getattr(function, "__name__", type(function).__name__)
    code = getattr(inspect.unwrap(function), "__code__", None)
    place = (
        f"{Path(code.co_filename).name}:{code.co_firstlineno}"
        if code
        else str(getattr(function, "__module__", "built in"))
    )
    return f"{signature} at {place}"


def version_of(function: Callable[..., Any]) -> str:
    """`library version` of the distribution that `function` comes from, or an empty string."""
    root = str(getattr(function, "__module__", None) or "").partition(".")[0]
    try:
        return f"{root} {importlib.metadata.version(root)}"
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


def about(function: Any, inputs: Sequence[str], keywords: Sequence[str]) -> dict[str, Any]:
    """What is known of a function without calling it, as JSON has it.

    `parameters` are the names of its parameters, None where it has no signature that can be read. `refusals` say for
    each keyword, and for none (""), why it does not take the inputs by position and -1 by that keyword; empty if it
    does. `arrays` are the parameters that are annotated as arrays, `defaults` what others are left at. `libraries` are
    loaded array libraries, `files` all that is loaded and nobody's installation.
    """
    name = getattr(function, "__name__", "")
    told: dict[str, Any] = {
        "callable": callable(function),
        "type": type(function).__name__,
        "name": name if isinstance(name, str) else "",
        "line": describe(function),
        "module": str(getattr(function, "__module__", None) or ""),
        "version": version_of(function),
        "libraries": [library for library in LIBRARIES if library in sys.modules],
        "files": [str(file) for file in own_files()],
        "parameters": None,
        "shown": "",
        "arrays": [],
        "defaults": {},
        "refusals": {},
    }
    try:
        signature = inspect.signature(function)
    except Exception:  # a class may have one that raises
        return told
    told["parameters"], told["shown"] = list(signature.parameters), _shown(signature)
    told["defaults"] = {
        name: f"{p.default!r:.40}"
        for name, p in signature.parameters.items()
        if p.default is not p.empty and name not in (*inputs, *keywords)
    }
    notes = {name: p.annotation for name, p in signature.parameters.items()}
    told["arrays"] = [name for name, note in notes.items() if ARRAY.search(getattr(note, "__name__", str(note)))]
    for keyword in ("", *keywords):
        try:
            signature.bind(*inputs, **({keyword: -1} if keyword else {}))
            told["refusals"][keyword] = ""
        except TypeError as error:
            told["refusals"][keyword] = str(error)
    return told


def _shown(signature: inspect.Signature) -> str:
    """The signature as text; a default that takes a line of its own is left out."""
    short = [
        p if len(repr(p.default)) <= DEFAULT_WIDTH else p.replace(default=...) for p in signature.parameters.values()
    ]
    return str(signature.replace(parameters=short))[:SIGNATURE_WIDTH]


def own_files() -> list[Path]:
    """The files of loaded modules that are nobody's installation, and not extremum's."""
    installed = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")]
    loaded = [(name, module) for name, module in list(sys.modules.items()) if name != "__main__"]
    theirs = [module for name, module in loaded if not name.startswith((STAGES, "_host_"))]
    files = [getattr(module, "__file__", None) for module in theirs]
    paths = {Path(file).resolve() for file in files if isinstance(file, str) and file.endswith(".py")}
    return sorted(p for p in paths if p.is_file() and not any(place in p.parents for place in installed))


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


def first_line(error: BaseException) -> str:
    """The first line of an exception's text."""
    return (str(error).splitlines() or [""])[0]


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise NotLoaded(f"subject module {name!r} is not installed and not on the path") from None
        raise _not_imported(name, error) from None
    except (Exception, SystemExit) as error:
        raise _not_imported(name, error) from None


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        here = [str(p) for p in Path(path.parent).glob("*.py")] if path.parent.is_dir() else []
        raise NotLoaded(f"subject file {str(path)!r} does not exist", str(path), here)
    place = path.resolve()
    name, top = _dotted(place)
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) != str(place):
        name = f"extremum_subject_{abs(hash(str(place))):x}"  # never shadow a module that others import
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise NotLoaded(f"subject file {str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    for folder in dict.fromkeys(
        (str(top), str(place.parent))
    ):  # its own imports work as under pytest, or when it is run
        if folder not in sys.path:
            sys.path.insert(0, folder)
    sys.modules[name] = module
    try:
        if "." in name:
            importlib.import_module(name.rpartition(".")[0])
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _not_imported(str(path), error) from None
    return module


def _dotted(place: Path) -> tuple[str, Path]:
    """The name of a file's module, in the packages whose folders it is in, and the folder above these."""
    names, top = [place.stem], place.parent
    while (top / "__init__.py").is_file() and top.name.isidentifier():
        names.insert(0, top.name)
        top = top.parent
    return ".".join(names), top


def _not_imported(place: str, error: BaseException) -> NotLoaded:
    if isinstance(error, SyntaxError):
        return NotLoaded(f"subject {place!r} is not Python: line {error.lineno}: {error.msg}", failed=True)
    text = f"subject {place!r} cannot be imported: {type(error).__name__}: {first_line(error)}"
    return NotLoaded(text, failed=True)
