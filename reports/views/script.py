"""A script that shows a finding: it exits with 1 until the defect is mended, and then with 0.

NumPy is all that it needs, besides the subject, and ml_dtypes for the formats that NumPy lacks. It runs in any folder.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from extremum.properties.steps.witness import decode, unrepeated
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.signature import Signature
from extremum.reference.subjects.adapters import adapter_of
from extremum.reports.views.array_text import array_text, modules_of
from extremum.reports.views.shown_witness import Shown
from extremum.reports.views.subject_import import imported
from extremum.reports.views.witness_checks import Check, check_of, shown
from extremum.reports.views.witness_words import Words

LAYOUTS = {  # as `properties.calling.caller.present` makes them
    "F": '{x} = np.array({x}.T, order="C").T',
    "reversed": "{x} = np.ascontiguousarray({x}[..., ::-1])[..., ::-1]",
    "rows-reversed": "{x} = np.ascontiguousarray({x}[::-1])[::-1]",
    "rows-sliced": "host = np.zeros((*{x}.shape[:-1], {x}.shape[-1] + 3), {x}.dtype)\n"
    "host[..., : {x}.shape[-1]] = {x}\n"
    "{x} = host[..., : {x}.shape[-1]]",
    "sliced": "host = np.zeros((*{x}.shape[:-1], 2 * {x}.shape[-1] + 1), {x}.dtype)\n"
    "host[..., 1::2] = {x}\n"
    "{x} = host[..., 1::2]",
    "broadcast": "{x} = np.broadcast_to({x}[:1].copy(), {x}.shape)",
    "read-only": "{x}.flags.writeable = False",
    "offset": "host = np.zeros({x}.size + 1, {x}.dtype)\nhost[1:] = {x}.ravel()\n{x} = host[1:].reshape({x}.shape)",
    "byte-swapped": '{x} = {x}.astype({x}.dtype.newbyteorder(">"))',
}
UNTIL = "Exits with 1 until this is mended, and then with 0."
WAIT_SECONDS = 60  # for a call that did not return
IN_A_PROCESS = """\
if sys.argv[1:] != ["call"]:  # the call {ends}: it is made in a process of its own
    try:
        done = subprocess.run([sys.executable, __file__, "call"], capture_output=True, text=True, timeout={seconds})
    except subprocess.TimeoutExpired:
        sys.exit("got no answer in {seconds} s")
    print(done.stdout + done.stderr[-500:], "exit code", done.returncode)
    assert done.returncode == 0 and "answered" in done.stdout
    sys.exit()
"""
COMPARED = """\
print(f"got {got!r}, expected {expected!r}, allowed difference {allowed:.4g}")
assert got == expected or abs(got - expected) <= allowed
"""
EXCUSED = """\
print(f"got {got!r}, expected {expected!r}, allowed difference {allowed:.4g}")
assert got == expected or abs(got - expected) <= allowed or not np.isfinite(got)  # an overflow on the way is excused
"""
EQUAL = """\
print(f"got {got!r}, expected {expected!r}")
assert got == expected
"""
OTHERWISE = """\
print("got", got)  # how far it may be from the exact value is not known here: compare it by eye
assert repr(got) != {before!r}
"""


def script(
    cell: Cell, witness: Witness, subject: Mapping[str, str], place: Mapping[str, str] | None = None, says: str = ""
) -> str:
    """Python that builds the witness bit for bit, calls the subject, and asserts what it should give.

    `subject` is the report's record of the subject, `place` the word that named it and the folder, `says` what is
    wrong, in a sentence.
    """
    found, place = shown(cell, witness), {**(place or {}), **({"out": subject["arrays"]} if subject.get("out") else {})}
    arguments = {_identifier(name): argument for name, argument in witness.arguments.items()}
    signature = found.signature if found else Signature({x: len(a["shape"]) for x, a in arguments.items()})
    ended = cell.verdict in ("crashed", "hung")  # the witness is the one call
    library, stacked = _library(subject), found is not None and found.stacked
    start = [IN_A_PROCESS.format(ends=_ends(cell), seconds=WAIT_SECONDS)] if ended else []
    texts = _arguments(found, arguments)
    body = ['np.seterr(all="ignore")', *library.settings, *(f"{name} = {text}" for name, text in texts.items())]
    if found is not None and "axis" in arguments and not subject.get("axis") and not ended:  # its rows lie last
        body.append("x, axis = np.moveaxis(x, axis, -1).copy(), -1")
    tail = _ended(signature) if ended else _asserted(found, cell, witness, signature)
    imports = [line for line in tail if line.startswith("import ")]
    body += [line for line in tail if line not in imports]
    taken = _names([*library.imports, *imports, *start, *body, _function(cell, subject, signature, stacked, "f")])
    source = imported(cell.role, cell.subject, {"word": cell.subject if ":" in cell.subject else "", **place}, taken)
    start += [f"sys.path.insert(0, {str(path)!r})  # where {_file_of(cell)} is" for path in source.folders]
    exotic = any(a["dtype"].startswith(("bfloat", "float8")) for a in arguments.values())
    standard = {name for line in imports for name in line.removeprefix("import ").split(", ")}
    standard |= {*modules_of("\n".join(texts.values()))}
    standard |= {"subprocess", "sys"} if ended else {"sys"} if source.folders else set()
    external = ["import ml_dtypes  # registers the dtype with NumPy"] if exotic else []
    parts = [
        f'"""{_title(cell, witness, says)}"""',
        "\n".join(f"import {name}" for name in sorted(standard)),
        "\n".join(library.first),
        "\n".join([*external, "import numpy as np", *library.imports]),
        "\n".join(start),
        *(["\n".join(source.lines)] if not source.defines else ["\n" + "\n\n\n".join(source.lines) + "\n"]),
        _function(cell, subject, signature, stacked, source.expression),
        "\n".join(body),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _names(lines: Sequence[str]) -> set[str]:
    """The names that lines of Python use or give, built-in functions too: what is imported has none of them."""
    nodes = [*ast.walk(ast.parse("\n".join(lines)))]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    given = {
        alias.asname or alias.name.partition(".")[0] for n in nodes if isinstance(n, ast.Import) for alias in n.names
    }
    return used | given | {arg.arg for arg in nodes if isinstance(arg, ast.arg)} | {"np", "sys", "subprocess"}


def _asserted(found: Shown | None, cell: Cell, witness: Witness, signature: Signature) -> list[str]:
    if found is None:
        before = repr(float.fromhex(witness.got.partition(" ")[0] or "nan"))
        call = f"got = float(np.ravel(f({', '.join(signature.inputs)}))[{_flat(witness)}])"
        return [call, OTHERWISE.format(before=before)]
    layouts = {x: layout for x, layout in _layouts(found).items() if layout in LAYOUTS}
    if layouts and cell.property == "layout":
        words = Words(found)
        shape = witness.certified == "the call itself"
        check = check_of(found)
        call = f"np.shape(f({words['args']}))" if shape else f"float(f({words['args']}){words['at']})"
        other = f"np.shape(f({words['copies']}))" if shape else f"float(f({words['copies']}){words['at']})"
        presented = [LAYOUTS[layout].format(x=x) for x, layout in layouts.items()]
        return [f"expected = {other}", *presented, f"got = {call}", *_end(check)]
    presented = [LAYOUTS[layout].format(x=x) for x, layout in layouts.items()]
    check = check_of(found)
    if check.allowed is not None and not isfinite(check.allowed):
        return _asserted(None, cell, witness, signature)
    if unrepeated(witness) and check.allowed is not None:  # it was right when it was run again
        return [
            *presented,
            "for _ in range(100):",
            *textwrap.indent("\n".join(check.lines), "    ").split("\n"),
            *textwrap.indent("\n".join(_end(check)), "    ").split("\n"),
        ]
    return [*presented, *check.lines, *_end(check)]


def _end(check: Check) -> list[str]:
    own = any(line.startswith("allowed =") for line in check.lines)
    if check.allowed is None and not own:
        return [EQUAL.rstrip()]
    return [*([] if own else [f"allowed = {check.allowed:.4g}"]), (EXCUSED if check.excused else COMPARED).rstrip()]


def _ended(signature: Signature) -> list[str]:
    return [f"f({', '.join(signature.inputs)})", 'print("answered")']


def _flat(witness: Witness) -> int:
    return witness.index[1] if len(witness.index) > 1 else 0


def _layouts(found: Shown) -> dict[str, str]:
    return {x: found.witness.arguments[x].get("layout", "C") for x in found.signature.inputs}


def _arguments(found: Shown | None, arguments: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The expressions that give the arguments, bit for bit."""
    if found is None:
        return {x: _recorded(a) for x, a in arguments.items()}
    given: dict[str, Any] = dict(found.case.arguments)
    if not found.signature.batched and not found.stacked:  # what the property adds has an axis of rows still
        given |= {x: a[0] for x, a in given.items() if x not in found.signature.inputs and a.ndim}
    return {x: array_text(a, arguments[x] if x in found.signature.inputs else None) for x, a in given.items()}


def _recorded(argument: Mapping[str, Any]) -> str:
    if "recipe" in argument:
        return "None  # its recipe is of another version of extremum"
    return array_text(decode({"x": argument}).x, argument)


def _library(subject: Mapping[str, str]) -> Any:
    return adapter_of(subject.get("arrays", "") or "numpy").lines.on(subject.get("device", ""))


def _function(cell: Cell, subject: Mapping[str, str], signature: Signature, stacked: bool, name: str) -> str:
    """The line that makes the subject `f`, of the role's arguments as NumPy arrays.

    `stacked` arguments are rows for one call each.
    """
    inputs = list(signature.inputs)
    head = f"f = lambda {', '.join([*inputs, *(['axis=-1'] if signature.batched else [])])}"
    keyword = f", {subject['axis']}=axis" if signature.batched and subject.get("axis") else ""
    as_they_are = cell.property.startswith(("integer=", "boolean="))  # conventions: the dtype is what they are about
    library = _library(subject)
    given = (library.given_as_is if as_they_are else library.given).replace("{dtype}", cell.dtype)
    number = library.given_as_is if subject.get("numbers") == "arrays" else "{x}"
    arrays = ((given if rank else number).replace("{x}", x) for x, rank in signature.inputs.items())
    taken = "{call}" if cell.property == "dtype" else library.taken
    body = taken.replace("{call}", f"{name}({', '.join(arrays)}{keyword})")
    if stacked:  # one call for each row
        rows = f"zip({', '.join(inputs)})" if len(inputs) > 1 else inputs[0]
        body = f"np.stack([{body} for {', '.join(inputs)} in {rows}])"
    return f"{head}: {body}"


def _title(cell: Cell, witness: Witness, says: str) -> str:
    what = says or (f"{cell.property} fails" if cell.verdict == "refuted" else f"it {cell.verdict}")
    first = f"{cell.subject} as {cell.role} in {cell.dtype}: {what}".replace("\\", "/").replace('"""', "'''")
    why = unrepeated(witness)
    again = f" {why[:1].upper()}{why[1:]}." if why else ""
    lines = textwrap.wrap(f"{first.rstrip('.')}.{again}", 100)
    return "\n".join([*lines, "", UNTIL, ""])


def _ends(cell: Cell) -> str:
    return "ended its process" if cell.verdict == "crashed" else "did not return"


def _file_of(cell: Cell) -> str:
    return cell.subject.rpartition(":")[0] or cell.subject


def _identifier(name: str) -> str:
    return name if name.isidentifier() else re.sub(r"\W", "_", f"_{name}")
