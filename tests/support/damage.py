"""Files that extremum reads again, damaged: truncated, with a bit flipped, a value of another type or a name changed.

Each is asked for in this process: it gives what was written, less than that, or `UsageError` in one line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from extremum.properties.contested.situations import Behaviour
from extremum.properties.steps.witness import decode
from extremum.properties.values.finding import Cell, Witness
from extremum.properties.values.tally import Tally
from extremum.reference.errors import UsageError
from extremum.reports.commands.prove import State
from extremum.reports.driving.journal import NAME, Held, Journal, read
from extremum.reports.driving.replays import kept_in, kept_of
from extremum.reports.record.baseline import Baseline, read_baseline, text, updated
from extremum.reports.record.changes import compared
from extremum.reports.record.files import lines
from extremum.reports.record.reading import read_report
from extremum.reports.record.record import Record
from extremum.reports.views.github import annotated, summary_of_step
from extremum.reports.views.issue_text import Measured, issue_text
from extremum.reports.views.json_document import document
from extremum.reports.views.sarif import sarif

KEY = {"code": ["a", "b"], "subject": ["softmax", "naive"], "properties": ["finite"], "dtype": "float32"}
REQUEST = {"seed": 0, "dtype": ["float32"], "subject f (softmax)": "sha256:1"}
LONG = {"dtype": "float32", "shape": [1, 99], "values": [float(n).hex() for n in range(99)]}  # which is packed
WITNESS = Witness({"x": {"dtype": "float32", "shape": [1, 1], "values": ["0x1.0p+0"]}}, "ordinary", 2.0, 0.0)
WORST = Witness({"x": LONG}, "ordinary", 3.0, 0.0)
CELLS = [
    Cell("f.py:f", "softmax", name, "EX101", "float32", "refuted", simplest=WITNESS, worst=WORST)
    for name in ("finite", "nonnegative", "accuracy")
]
NAMED = {"name": "f.py:f", "role": "softmax", "word": "f.py:f", "of": "", "file": "f.py", "line": "1", "column": "1"}
NAMED |= {"end_line": "1", "end_column": "6"}
ENTRY = {"role": "softmax", "subject": "f.py:f", "property": "finite", "dtype": "float32", "code": "EX101"}
ENTRY |= {"status": "STILL"}
BEHAVIOURS = [Behaviour("f.py:f", "softmax", "nan", "float32", "raises ValueError")]
OTHERS: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 1.5, 10**400, "", "x" * 1000, [], {}, [[]], {"a": {}}, "__class__", "\ud800"]
)


def state() -> State:
    """What a scan has come to."""
    made = State()
    made.take((0, 1 << 22), {"finite": Tally(1 << 22, (0.5, 17), 3, [1, 2, 3], [2], frozenset({"a"}))})
    made.take((1 << 23, 3 << 22), {"finite": Tally(1 << 22)})
    return made


def written(folder: Path) -> dict[str, Path]:
    """A checkpoint, a journal and a record, as they are written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / name for name in ("baseline", "checkpoint", "journal", "record")}
    state().save(paths["checkpoint"], KEY)
    journal = Journal(folder / NAME, REQUEST, Held())
    for cell in CELLS:
        journal.cell(cell)
    journal.contested("softmax", "f.py:f", BEHAVIOURS)
    journal.close(over=False)
    (folder / NAME).rename(paths["journal"])
    words = ["extremum", "audit", "f.py:f"]
    environment = {"named": [NAMED], "baseline": [ENTRY], "versions": {"numpy": "2"}, "simd": ["AVX2"]}
    record = Record(list(CELLS), command=words, environment=environment, contested=BEHAVIOURS)
    paths["record"].write_text(lines(record.to_json()))
    paths["baseline"].write_text(text(updated(Baseline(), CELLS, {}, date(2026, 1, 1))))
    return paths


def damaged(content: bytes, draw: Callable[[Any], Any]) -> bytes:
    """The content with one to three changes."""
    for _ in range(draw(st.integers(1, 3))):
        how = draw(st.sampled_from(["cut", "flip", "insert", "repeat", "type", "rename"]))
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        if how == "cut":
            content = content[:at]
        elif how == "flip" and content:
            content = content[:at] + bytes([content[at] ^ (1 << draw(st.integers(0, 7)))]) + content[at + 1 :]
        elif how == "insert":
            content = content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[at:]
        elif how == "repeat":
            content = content[:at] + content[draw(st.integers(0, at)) :]
        else:
            content = _confused(content, how, draw)
    return content


def _confused(content: bytes, how: str, draw: Callable[[Any], Any]) -> bytes:
    """One line of the JSON with another value, or another name, somewhere in it."""
    rows = content.split(b"\n") if content.startswith(b'{"digest"') else [content]
    number = draw(st.integers(0, len(rows) - 1))
    try:
        value = json.loads(rows[number])
    except (ValueError, RecursionError):
        return content
    places = list(_places(value))
    if places:
        holder, place = draw(st.sampled_from(places))
        if how == "rename" and isinstance(holder, dict):
            holder[draw(st.text(max_size=9))] = holder.pop(place)
        else:
            holder[place] = draw(OTHERS)
    rows[number] = json.dumps(value).encode()
    return b"\n".join(rows)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, part in list(inner):
        yield value, place
        yield from _places(part)


def believed(name: str, path: Path) -> str:
    """What is wrong with what this file is taken for, or an empty string; raises `UsageError` as its reader does."""
    if name == "checkpoint":
        found = State.load(path, KEY)
        return "" if found in (state(), State()) else "a checkpoint is believed"
    if name == "journal":
        held = read(path, REQUEST)
        known = [json.dumps(cell.to_json()) for cell in CELLS]
        same = all(json.dumps(cell.to_json()) in known for cell in held.cells.values())
        return "" if same and all(b == BEHAVIOURS for b in held.contested.values()) else "a journal is believed"
    if name == "baseline":
        for entry in read_baseline(path).entries:
            entry.expired(date(2026, 1, 2))
            _decoded([row.witness for c in entry.cells for row in kept_of(c, entry.word, entry.of)])
        return ""
    record = read_report(path)  # it is rendered, and its witnesses are run again
    _decoded([row.witness for row in kept_in(record)])
    compared(record, record)
    json.loads(sarif(record))
    json.loads(document(record, 1, None, ""))
    annotated(record, None, Path.cwd())
    summary_of_step(record, None)
    for finding in record.findings[:1]:
        issue_text(finding, record, Measured("", "", "", "f"))
    return ""


def _decoded(witnesses: Iterable[Witness]) -> None:
    for witness in witnesses:
        decode(witness.arguments)


def wrong_answers(folder: Path, count: int, start: int = 0) -> list[str]:
    """What is wrong with the answers to so many damaged files: each is read, and none may raise but `UsageError`."""
    contents = {name: path.read_bytes() for name, path in written(folder).items()}
    said: list[str] = []
    place = folder / "damaged"

    @seed(start)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(sorted(contents)), st.data())
    def tried(name: str, data: st.DataObject) -> None:
        content = damaged(contents[name], data.draw)
        place.write_bytes(content)
        try:
            wrong = believed(name, place)
        except UsageError as error:
            wrong = "" if len(str(error).splitlines()) == 1 else f"not one line: {error}"
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            said.append(f"{name}: {wrong}: {content[:200]!r}")

    tried()
    return said
