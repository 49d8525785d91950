"""Witnesses as tests: a file for pytest, of a few lines for each, that passes once the defect is mended.

Where one answer shows the defect, the test needs NumPy alone: it compares the entry with its exact value, by the error
bound of the role. What shows in several calls only, as the property layout does, is asked again by extremum.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from extremum.properties.contested.conventions import property_of
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.witness import SEEN_ONCE, decode
from extremum.properties.values.finding import Cell, Witness
from extremum.reference.arithmetic.formats import Array, format_of
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import printable
from extremum.reference.subjects.loading import is_file, parted
from extremum.reference.subjects.subject import Subject
from extremum.reports.record.text import statement
from extremum.reports.views.script import value_text

HEAD = '"""Inputs that extremum refuted these functions with'
WRITTEN_OUT = 64  # entries of an array that are written one by one
SLACK = 1.001  # of a tolerance that is written with four digits
EXTREMUM = "import extremum"
ML_DTYPES = "import ml_dtypes  # registers the dtypes with NumPy"
WARNINGS = (
    'pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of overflows: what comes of them is asked'
)
NATIVE = ("float64", "float32", "float16")


@dataclass(frozen=True)
class Found:
    """A finding's witness, and the subject as it was resolved from `word`."""

    cell: Cell
    kind: str
    witness: Witness
    subject: Subject
    word: str


@dataclass
class Imports:
    """The lines at the top of the file: folders on the path, and names imported once."""

    folder: Path
    paths: dict[str, None] = field(default_factory=dict)
    lines: dict[str, None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def called(self, found: Found) -> str:
        """The expression that calls the subject, which is imported."""
        if found.subject.kind == "user":
            place, attribute = parted(found.word)
        else:
            place, attribute = found.subject.function.__module__, found.subject.function.__name__
        if is_file(place):
            place, top = _dotted(Path(place).resolve())
            self.paths[os.path.relpath(top, self.folder)] = None
        root, _, rest = attribute.partition(".")
        name = root if self.names.setdefault(root, place) == place else f"{place.replace('.', '_')}_{root}"
        self.lines[f"from {place} import {root}" + ("" if name == root else f" as {name}")] = None
        return f"{name}.{rest}" if rest else name


def pytest_file(found: Sequence[Found], source: str, place: Path, with_extremum: bool = False) -> str:
    """The file of tests for `place`; `with_extremum` all of them leave the judging to extremum."""
    imports = Imports(place.resolve().parent)
    names: dict[str, int] = {}
    tests: dict[tuple[str, ...], str] = {}
    for row in found:
        body = tuple(_body(row, imports, with_extremum))
        if body in tests:  # one input shows several properties
            continue
        words = (parted(row.cell.subject)[1] or row.cell.subject, row.cell.property, row.cell.dtype, row.kind)
        name = re.sub(r"\W+", "_", "_".join(words)).strip("_")
        names[name] = number = names.get(name, 0) + 1
        head = [f"def test_{name}{f'_{number}' if number > 1 else ''}():", f'    """{statement(row.cell)}"""']
        tests[body] = "\n".join([*head, *body])
    text = "\n\n\n".join(tests.values())
    paths = [f"sys.path.insert(0, str(Path(__file__).resolve().parent / {json.dumps(path)}))" for path in imports.paths]
    external = [line for line in (EXTREMUM, ML_DTYPES) if _used(line, text)]
    head = [f'{HEAD}, from {printable(Path(source).name)}."""', ""]
    head += ["import sys", "from pathlib import Path", ""] if paths else []
    head += [*external, "import numpy as np", "import pytest", "", *paths, *imports.lines, ""]
    return "\n".join([*head, WARNINGS, "", "", text, ""] if tests else [*head[:1], ""])


def _used(line: str, body: str) -> bool:
    return "extremum." in body if line == EXTREMUM else bool(re.search(r'"(bfloat16|float8)', body))


def _body(found: Found, imports: Imports, with_extremum: bool) -> list[str]:
    cell, function = found.cell, imports.called(found)
    check = None if with_extremum else _numpy_check(found)
    alone = _one_call(found)
    if alone is None or (check is None and not with_extremum):
        asked = f"role={cell.role!r}, dtypes=[{cell.dtype!r}], properties=[{cell.property!r}]"
        return [f"    extremum.assert_sound({function}, {asked})".replace("'", '"')]
    arguments, _ = alone
    lines = [f"    {x} = {_array(a, found.witness.arguments[x])}" for x, a in arguments.items() if a.ndim]
    lines.append(f"    answer = {_call(found, function, arguments)}")
    if with_extremum:
        given = ", ".join(x if a.ndim else _number(a) for x, a in arguments.items())
        lines.append(f'    extremum.assert_within(answer, "{cell.role}", {given})')
    else:
        lines.append(f"    {check}")
    return lines


def _one_call(found: Found) -> tuple[Mapping[str, Array], int] | None:
    """The arguments of the one call that shows it, and the row in it; None where there is not one call."""
    cell, role = found.cell, role_named(found.cell.role)
    prop, record = property_of(cell.role, cell.property), found.witness.arguments
    if SEEN_ONCE in found.witness.certified:
        return None  # it depends on what was called before
    ended = cell.verdict != "refuted"
    plain = all(a.get("layout", "C") == "C" and "recipe" not in a for a in record.values())
    if prop is None or not (prop.one_call or ended) or not plain or record.keys() != role.signature.inputs.keys():
        return None
    arguments, row = decode(record).arguments, found.witness.index[0] if found.witness.index else 0
    if role.signature.batched:
        return arguments, row
    stacked = role.signature.stacked(arguments)
    return {x: a[row if len(a) > row else 0] for x, a in stacked.items()}, 0


def _numpy_check(found: Found) -> str | None:
    """The line that asserts what NumPy alone can tell of the answer; None where that would not show the defect."""
    alone = _one_call(found)
    if alone is None:
        return None
    (arguments, row), role = alone, role_named(found.cell.role)
    shape = role.signature.answer(arguments, -1)
    witness = found.witness
    if found.cell.verdict != "refuted" or witness.certified == "the call itself":  # that it returns is what it shows
        return f"assert np.shape(answer) == {shape}"
    rows = role.signature.flat(arguments) if role.signature.batched else {x: a[None] for x, a in arguments.items()}
    count = len(next(iter(rows.values())))
    got, column, fmt = float.fromhex(witness.got), witness.index[1], format_of(found.cell.dtype)
    out = np.zeros((count, int(np.prod(shape)) // count if role.signature.batched else int(np.prod(shape))))
    if column >= out.shape[1]:
        return None
    view = View(role, fmt, Observation(rows, out), screen_arithmetic(fmt))
    exact, bound = (
        float(np.broadcast_to(view.narrow(value), out.shape)[row, column]) for value in (view.exact, view.error_bound)
    )
    place = np.unravel_index(row * out.shape[1] + column, shape) if shape else ()
    entry = f"answer[{', '.join(map(str, place))}]" if shape else "answer"
    if not abs(exact) + bound < fmt.max:
        return None
    if not np.isfinite(got):
        return f"assert np.isfinite({entry})"
    allowed = bound * SLACK + abs(exact) * 2.0**-53
    if not abs(got - exact) > allowed * SLACK:
        return None
    return f"assert abs(float({entry}) - {exact!r}) <= {allowed:.4g}"


def _call(found: Found, function: str, arguments: Mapping[str, Array]) -> str:
    subject, signature = found.subject, role_named(found.cell.role).signature
    library = subject.adapter.lines
    given = []
    for x, a in arguments.items():
        if a.ndim:
            given.append(library.given.replace("{dtype}", found.cell.dtype).replace("{x}", x))
        elif subject.numbers:
            given.append(_number(a))
        else:
            given.append(library.given_as_is.replace("{x}", f"np.array({_number(a)})"))
    keyword = [f"{subject.axis}=-1"] if signature.batched and subject.axis else []
    called = library.taken.replace("{call}", f"{function}({', '.join([*given, *keyword])})")
    return called if not library.imports else f"({called})"


def _number(a: Array) -> str:
    return str(int(a)) if a.dtype.kind in "iub" else repr(float(a))


def _array(a: Array, record: Mapping[str, Any]) -> str:
    """The array in decimals that give the same floats again; a long one by what repeats in it."""
    if a.size > WRITTEN_OUT or a.dtype.kind in "iub":
        return value_text(record)
    texts = iter([_decimal(value) for value in a.ravel()])
    dtype = f"np.{a.dtype.name}" if a.dtype.name in NATIVE else f'"{a.dtype.name}"'
    return f"np.array({_nested(texts, a.shape)}, dtype={dtype})"


def _nested(texts: Iterator[str], shape: Sequence[int]) -> str:
    if not shape:
        return next(texts)
    return f"[{', '.join(_nested(texts, shape[1:]) for _ in range(shape[0]))}]"


def _decimal(value: Any) -> str:
    if not np.isfinite(value):
        return {"nan": "np.nan", "inf": "np.inf"}.get(str(float(value)), "-np.inf")
    short = str(value)
    with np.errstate(all="ignore"):
        same = type(value)(float(short)) == value
    return short if same and ("." in short or "e" in short) else repr(float(value))


def _dotted(file: Path) -> tuple[str, Path]:
    """The name that a file's module has in the packages around it, and the folder above these."""
    names, top = [file.stem], file.parent
    while (top / "__init__.py").is_file():
        names.insert(0, top.name)
        top = top.parent
    return ".".join(names), top
