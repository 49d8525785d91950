"""Witnesses as tests: a file for pytest, of a few lines for each, that passes once the defect is mended.

Where one answer shows the defect, the test needs NumPy alone: it compares the entry with its exact value, by the error
bound of the role. What shows in several calls only, as the property layout does, is asked again by extremum.
"""

from __future__ import annotations

import builtins
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from extremum.properties.contested.conventions import property_of
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.witness import decode, unrepeated
from extremum.properties.values.finding import Cell, Witness
from extremum.reference.arithmetic.formats import Array
from extremum.reference.errors import printable
from extremum.reference.subjects.loading import parted
from extremum.reference.subjects.subject import Subject, made_by
from extremum.reports.record.numbers import decimals, exact_text
from extremum.reports.record.text import statement
from extremum.reports.views.array_text import array_text, modules_of, number_text
from extremum.reports.views.subject_import import imported
from extremum.reports.views.witness_checks import entry_of, shown

HEAD = '"""Inputs that extremum refuted these functions with'
EXTREMUM = "import extremum"
ML_DTYPES = "import ml_dtypes  # registers the dtypes with NumPy"
WARNINGS = (
    'pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of overflows: what comes of them is asked'
)


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
    """The lines at the top of the file: folders on the path, and each subject under a name of its own."""

    folder: Path
    taken: set[str]
    paths: dict[str, None] = field(default_factory=dict)
    lines: dict[str, None] = field(default_factory=dict)
    known: dict[tuple[str, ...], str] = field(default_factory=dict)

    def called(self, found: Found) -> str:
        """The expression that calls the subject, which is imported."""
        word = found.word if found.subject.kind == "user" else ""
        place = made_by(found.subject) | {"word": word, "folder": os.getcwd()}
        place |= {"out": found.subject.adapter.name} if found.subject.out else {}
        key = (found.cell.role, found.subject.name, *(f"{name}={place[name]}" for name in sorted(place)))
        if key not in self.known:
            source = imported(found.cell.role, found.subject.name, place, self.taken)
            self.paths |= dict.fromkeys(os.path.relpath(path, self.folder) for path in source.folders)
            self.lines |= dict.fromkeys(source.lines)
            self.known[key] = source.expression
            self.taken |= {*re.findall(r"\w+", "\n".join(source.lines))}
        return self.known[key]


def _reserved(found: Sequence[Found]) -> set[str]:
    """The names that tests have besides those of their subjects."""
    inputs = {x for row in found for x in role_named(row.cell.role).signature.inputs}
    libraries = {name for row in found for name in re.findall(r"\w+", "\n".join(row.subject.adapter.lines.imports))}
    return {"np", "pytest", "pytestmark", "sys", "Path", "base64", "zlib", "extremum", "ml_dtypes", "answer"} | {
        *inputs,
        *libraries,
        *dir(builtins),
    }


def pytest_file(found: Sequence[Found], source: str, place: Path, with_extremum: bool = False) -> str:
    """The file of tests for `place`; `with_extremum` all of them leave the judging to extremum."""
    imports = Imports(place.resolve().parent, _reserved(found))
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
    paths = [f"sys.path.insert(0, str(Path(__file__).resolve().parent / {path!r}))" for path in imports.paths]
    external = [line for line in (EXTREMUM, ML_DTYPES) if _used(line, text)]
    packed = [f"import {name}" for name in modules_of(text)]
    name = printable(Path(source).name).replace("\\", "/").replace('"', "'")
    head = [f'{HEAD}, from {name}."""', ""]
    standard = [*packed[:1], *(["import sys"] if paths else []), *packed[1:]]
    head += [*standard, *(["from pathlib import Path"] if paths else []), *([""] if standard else [])]
    head += [*external, "import numpy as np", "import pytest", "", *paths, *imports.lines, ""]
    return "\n".join([*head, WARNINGS, "", "", text, ""] if tests else [*head[:1], ""])


def short_script(found: Found, folder: Path) -> str | None:
    """A script for `folder` of some ten lines that shows a defect in one call; None where that takes several."""
    alone = _one_call(found)
    if alone is None:
        return None
    (arguments, row), imports, library = alone, Imports(folder, _reserved([found])), found.subject.adapter.lines
    library = library.on(found.subject.device)
    function, record = imports.called(found), found.witness.arguments
    given = [f"{x} = {array_text(a, record[x])}" for x, a in arguments.items() if a.ndim]
    call = f"answer = {_call(found, function, arguments)}"
    paths = [f"sys.path.insert(0, {path!r})" for path in imports.paths if path != "."]
    said = ""
    if found.witness.got:
        exact = exact_text(found.witness.exact, found.cell.dtype) if found.witness.exact else ""
        said = f"  # {decimals(found.witness.got, found.cell.dtype)}{f'; the exact value is {exact}' if exact else ''}"
    shape = role_named(found.cell.role).signature.answer(arguments, -1)
    entry = _entry(arguments, row, found) if found.cell.verdict == "refuted" and shape else "answer"
    head = [f"import {name}" for name in sorted({*modules_of("\n".join(given)), *(["sys"] if paths else [])})]
    head += [ML_DTYPES] if found.cell.dtype.startswith(("bfloat", "float8")) else []
    lines = [
        *library.first,
        *head,
        "import numpy as np",
        *library.imports,
        *paths,
        *imports.lines,
        *library.settings,
        "",
        *given,
        call,
    ]
    return "\n".join([*lines, f"print({entry}){said}"])


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
    lines = [f"    {x} = {array_text(a, found.witness.arguments[x])}" for x, a in arguments.items() if a.ndim]
    lines.append(f"    answer = {_call(found, function, arguments)}")
    if with_extremum:
        given = ", ".join(x if a.ndim else number_text(a) for x, a in arguments.items())
        lines.append(f'    extremum.assert_within(answer, "{cell.role}", {given})')
    else:
        lines.append(f"    {check}")
    return lines


def _one_call(found: Found) -> tuple[Mapping[str, Array], int] | None:
    """The arguments of the one call that shows it, and the row in it; None where there is not one call."""
    cell, role = found.cell, role_named(found.cell.role)
    prop, record = property_of(cell.role, cell.property), found.witness.arguments
    if unrepeated(found.witness):
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
    alone, seen = _one_call(found), shown(found.cell, found.witness)
    if alone is None or seen is None:
        return None
    arguments, row = alone
    shape = seen.signature.answer(arguments, -1)
    if found.cell.verdict != "refuted" or found.witness.certified == "the call itself":  # that it returns shows it
        return f"assert np.shape(answer) == {shape}"
    entry = entry_of(seen)
    if entry is None:
        return None
    at = _entry(arguments, row, found)
    excused = f" or not np.isfinite({at})" if entry.excused else ""  # an overflow on the way
    return f"assert abs(float({at}) - {entry.exact!r}) <= {entry.allowed:.4g}{excused}"


def _entry(arguments: Mapping[str, Array], row: int, found: Found) -> str:
    """The entry of the answer that the witness is about."""
    signature = role_named(found.cell.role).signature
    shape = signature.answer(arguments, -1)
    if not shape:
        return "answer"
    count = len(next(iter(signature.flat(arguments).values()))) if signature.batched else 1
    place = np.unravel_index(row * (int(np.prod(shape)) // count) + found.witness.index[1], shape)
    return f"answer[{', '.join(map(str, place))}]"


def _call(found: Found, function: str, arguments: Mapping[str, Array]) -> str:
    subject, signature = found.subject, role_named(found.cell.role).signature
    library = subject.adapter.lines.on(subject.device)
    given = []
    for x, a in arguments.items():
        if a.ndim:
            given.append(library.given.replace("{dtype}", found.cell.dtype).replace("{x}", x))
        elif subject.numbers:
            given.append(number_text(a))
        else:
            given.append(library.given_as_is.replace("{x}", f"np.array({number_text(a)})"))
    keyword = [f"{subject.axis}=-1"] if signature.batched and subject.axis else []
    called = library.taken.replace("{call}", f"{function}({', '.join([*given, *keyword])})")
    return called if not library.imports else f"({called})"
