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
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

DEFAULT_WIDTH, SIGNATURE_WIDTH = 60, 300  # characters
STAGES = "extremum."
ARRAY = re.compile(r"\b(Tensor|Array|ArrayLike|ndarray|NDArray)\b")  # in an annotation
SHARED = (".so", ".dylib", ".dll")  # suffixes of libraries of C symbols
MODEL = ".onnx"  # the suffix of a model
ONNXRUNTIME, OPENVINO = "onnxruntime:", "openvino:"  # what runs it, before its file or an operator of ONNX
LIBRARIES = ("torch", "jax")  # whose arrays a subject may take, besides NumPy's
AXES = ("axis", "dim")  # keywords by which a function takes the axis
COMPILER_LIMITS = ("recompile_limit", "cache_size_limit", "accumulated_recompile_limit", "accumulated_cache_size_limit")
COMPILED_SHAPES = 2**16
STANDARD = {"__array_api_version__", "__array_namespace_info__"}  # names that a library of the array API standard has


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


def made(spec: str, value: Any, wrap: str | None = None) -> Any:
    """What is called of a value that `spec` names: of a class an instance, made without arguments.

    `wrap` names what is called on that first, and gives what is called in its place: "torch.compile", "jax.jit",
    `module:function` or `file.py:function`. Raises `NotLoaded` where the class or the wrapper raises, or is not there.
    """
    function = value
    if inspect.isclass(value):
        try:
            function = value()
        except Exception as error:
            text = f"subject={spec!r} is a class, which is made without arguments: {type(error).__name__}"
            raise NotLoaded(f"{text}: {first_line(error)}") from None
    if wrap is None:
        return function
    place = wrap if ":" in wrap else ":".join(wrap.rpartition(".")[::2])
    try:
        wrapper = load(place)[1]
    except NotLoaded as error:
        raise NotLoaded(error.text.replace("subject", "wrap", 1), error.word, error.choices) from None
    try:
        wrapped = wrapper(function, **wrapping(wrap, function))
    except Exception as error:
        raise NotLoaded(f"wrap={wrap!r} of {spec!r} raises {type(error).__name__}: {first_line(error)}") from None
    if not callable(wrapped):
        raise NotLoaded(f"wrap={wrap!r} of {spec!r} gives {type(wrapped).__name__}, not what is callable")
    return wrapped


def wrapping(wrap: str, function: Any) -> dict[str, Any]:
    """What a compiler is told besides: JAX that it can't trace an axis, PyTorch to compile more shapes than eight."""
    if wrap == "torch.compile":
        config = importlib.import_module("torch._dynamo.config")
        for name in COMPILER_LIMITS:
            if hasattr(config, name):
                setattr(config, name, COMPILED_SHAPES)
    if wrap != "jax.jit":
        return {}
    try:
        names = signature_of(function).parameters
    except Exception:  # a class may have a signature that raises
        return {}
    static = [name for name in AXES if name in names]
    return {"static_argnames": static} if static else {}


def parted(spec: str) -> tuple[str, str]:
    """The file or module, and the attribute in it, that `spec` names; "file.py::Class::method" as pytest has it too."""
    if spec.endswith(MODEL):
        return runtime_of(spec)[1], ""
    if "::" in spec:
        place, *names = spec.split("::")
        return place, ".".join(names)
    place, _, attribute = spec.rpartition(":")
    return place, attribute


def is_onnx(spec: str) -> bool:
    """Whether this names a model in a file, or an operator of ONNX Runtime."""
    return spec.endswith(MODEL) or spec.startswith((ONNXRUNTIME, OPENVINO))


def runtime_of(spec: str) -> tuple[str, str]:
    """What runs the model or operator that `spec` names, and the file or the operator alone."""
    prefix = next((prefix for prefix in (ONNXRUNTIME, OPENVINO) if spec.startswith(prefix)), "")
    return prefix or ONNXRUNTIME, spec.removeprefix(prefix)


def is_file(place: str) -> bool:
    """Whether this is a file's path, and no module's name."""
    return place.endswith((".py", MODEL, *SHARED)) or "/" in place or "\\" in place


def module_of_file(place: Path) -> tuple[str, Path]:
    """The name of a file's module, in the packages whose folders it is in, and the folder above these."""
    names, top = [place.stem], place.parent
    while (top / "__init__.py").is_file() and top.name.isidentifier():
        names.insert(0, top.name)
        top = top.parent
    return ".".join(names[:-1] if names[1:] and names[-1] == "__init__" else names), top


def record_name(spec: str) -> str:
    """The name in a record: of a file its last part alone, so that it is the same in any folder."""
    place, attribute = parted(spec)
    runtime = OPENVINO if spec.startswith(OPENVINO) and spec.endswith(MODEL) else ""  # a model of two runtimes
    name = f"{runtime}{Path(place).name}" if is_file(place) else place
    return f"{name}:{attribute}" if attribute else name


def signature_of(function: Any) -> inspect.Signature:
    """The signature of what is called; of a torch module, whose calls take anything, that of its `forward`."""
    return inspect.signature(getattr(function, "forward", function))


def describe(function: Callable[..., Any]) -> str:
    """Where `function` is defined and with what signature, in one line."""
    try:
        name = getattr(function, "__name__", type(function).__name__)
        signature = f"{name}{_shown(signature_of(function))}"
    except Exception:  # a class may have a signature that raises
        signature = getattr(function, "__name__", type(function).__name__)
    at = definition(function)
    place = f"{Path(at[0]).name}:{at[1]}" if at else str(getattr(function, "__module__", "built in"))
    return f"{signature} at {place}"


def definition(function: Callable[..., Any]) -> tuple[str, int] | None:
    """The file and the line of its `def`, where it is of Python; of an instance that of the method that is called."""
    own = inspect.unwrap(function)
    if getattr(own, "foreign", False):  # of a library or a program: what is called here only hands on
        return None
    method = getattr(type(own), "forward", None) or (type(own).__call__ if callable(own) else None)
    code = getattr(own, "__code__", None) or getattr(method, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else None


def version_of(function: Callable[..., Any]) -> str:
    """`library version` of the distribution that `function` is of, or wraps (its `library`); "" where none is known."""
    root = str(getattr(function, "library", None) or getattr(function, "__module__", None) or "").partition(".")[0]
    try:
        return f"{root} {importlib.metadata.version(root)}"
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


def about(function: Any, inputs: Sequence[str], keywords: Sequence[str]) -> dict[str, Any]:
    """What is known of a function without calling it, as JSON has it.

    `parameters` are the names of its parameters, None where it has no signature that can be read. `refusals` say for
    each keyword, and for none (""), why it does not take the inputs by position and -1 by that keyword; empty if it
    does. `arrays` are the parameters that are annotated as arrays, and `annotated` the libraries of these; `defaults`
    is what others are left at. `libraries` are loaded array libraries, `files` all that is loaded and nobody's
    installation.
    """
    name = getattr(function, "__name__", "")
    told: dict[str, Any] = {
        "callable": callable(function),
        "type": type(function).__name__,
        "name": name if isinstance(name, str) else "",
        "line": describe(function),
        "definition": definition(function),
        "module": str(getattr(function, "__module__", None) or ""),
        "version": version_of(function),
        "libraries": array_libraries(),
        "files": [str(file) for file in own_files()],
        "parameters": None,
        "shown": "",
        "arrays": [],
        "annotated": [],
        "defaults": {},
        "refusals": {},
    }
    try:
        signature = signature_of(function)
    except Exception:  # a class may have one that raises
        return told
    told["parameters"], told["shown"] = list(signature.parameters), _shown(signature)
    told["defaults"] = {
        name: _text(p.default)
        for name, p in signature.parameters.items()
        if p.default is not p.empty and name not in (*inputs, *keywords)
    }
    notes = {name: p.annotation for name, p in signature.parameters.items()}
    told["arrays"] = [name for name, note in notes.items() if ARRAY.search(getattr(note, "__name__", _text(note)))]
    known = ("numpy", *told["libraries"])
    told["annotated"] = [*dict.fromkeys(root for root in map(_library_of, notes.values()) if root in known)]
    for keyword in ("", *keywords):
        try:
            signature.bind(*inputs, **({keyword: -1} if keyword else {}))
            told["refusals"][keyword] = ""
        except TypeError as error:
            told["refusals"][keyword] = str(error)
    return told


def array_libraries() -> list[str]:
    """The loaded libraries of arrays, but NumPy: PyTorch, JAX, and each that has the array API standard's names."""
    named = [name for name in LIBRARIES if name in sys.modules]
    modules = [(name, vars(m)) for name, m in list(sys.modules.items()) if isinstance(m, ModuleType)]
    standard = [name for name, own in modules if "." not in name and STANDARD & own.keys()]
    return [*dict.fromkeys(name for name in (*named, *standard) if name != "numpy")]


def _library_of(note: Any) -> str:
    """The root of the module of an annotation, which may be a text: "torch" of torch.Tensor."""
    place = note if isinstance(note, str) else getattr(note, "__module__", None)
    return place.partition(".")[0] if isinstance(place, str) else ""


class _Shown:
    """A default that is shown by this text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _shown(signature: inspect.Signature) -> str:
    """The signature as text, with its defaults in short; "(...)" where an annotation can't be shown."""
    short = [
        p if p.default is p.empty else p.replace(default=_Shown(_text(p.default)))
        for p in signature.parameters.values()
    ]
    try:
        return str(signature.replace(parameters=short))[:SIGNATURE_WIDTH]
    except Exception:  # its text is a class's of the subject
        return "(...)"


def _text(value: Any) -> str:
    """A value in a short line: cut where it is long, "..." where it can't be shown."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a class may have a text that raises
        return "..."
    return text if len(text) <= DEFAULT_WIDTH else f"{text[: DEFAULT_WIDTH - 3]}..."


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
    if importlib.util.spec_from_file_location("it", place) is None:
        raise NotLoaded(f"subject file {str(path)!r} is not a Python file")
    name, top = module_of_file(place)
    for folder in dict.fromkeys((str(top), str(place.parent))):  # its imports work as under pytest, or when it is run
        if folder not in sys.path:
            sys.path.insert(0, folder)
    try:
        in_package = _import_in_package(name, place) if top != place.parent else None
        return in_package or _import_alone(name, place)
    except (Exception, SystemExit) as error:
        raise _not_imported(str(path), error) from None


def _import_in_package(name: str, place: Path) -> ModuleType | None:
    """The module of a package that this file is; None where another package of that name is in the way."""
    try:
        module = importlib.import_module(name)  # the package first, which may import this very file
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            return None
        raise
    return module if _is_at(module, place) else None


def _import_alone(name: str, place: Path) -> ModuleType:
    """A file as a module of no package."""
    if "." in name or (name in sys.modules and not _is_at(sys.modules[name], place)):
        name = f"extremum_subject_{abs(hash(str(place))):x}"  # never shadow a module that others import
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_at(module: ModuleType, place: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).resolve() == place


def _not_imported(place: str, error: BaseException) -> NotLoaded:
    if isinstance(error, SyntaxError):
        return NotLoaded(f"subject {place!r} is not Python: line {error.lineno}: {error.msg}", failed=True)
    text = f"subject {place!r} cannot be imported: {type(error).__name__}: {first_line(error)}"
    own = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(Path(place).resolve())
    ]
    return NotLoaded(f"{text} (line {own[-1]})" if own else text, failed=True)
