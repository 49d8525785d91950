"""Two reports compared: what is new, fixed, better or worse in the second, by subject.

Cells are compared, and told by the finding that they are of. A cell is worse by the rule of a replay: the error has
grown by more than a tenth, and where it is counted in ulps by more than one; or the call crashes or hangs now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan

from extremum.properties.steps.rerun import BETTER, FIXED, STILL, WORSE, by_error
from extremum.properties.values.finding import Cell
from extremum.reports.record.findings import Finding
from extremum.reports.record.record import Record

NEW, UNJUDGED = "NEW", "UNJUDGED"
CHANGES = (NEW, WORSE, BETTER, FIXED, UNJUDGED, STILL)
FAILING = (NEW, WORSE)

Key = tuple[str, str]  # a property and a dtype


@dataclass(frozen=True)
class Change:
    """What became of the cells of one finding: pairs of a cell before and after, of which one may be missing.

    Without the first, nothing is known of the cell from before; without the second, it is not known now.
    """

    status: str
    finding: Finding
    pairs: Sequence[tuple[Cell | None, Cell | None]]


@dataclass(frozen=True)
class Compared:
    """One subject in two reports. `before` is its name in the first where that is another; `cells` are those of both.

    `changes` are in the order of `CHANGES`.
    """

    subject: str
    role: str
    before: str
    changes: Sequence[Change]
    cells: Sequence[tuple[Cell, Cell]]

    @property
    def grades(self) -> list[tuple[Cell, Cell]]:
        """The cells that hold in both, and whose grade is another."""
        held = [(old, new) for old, new in self.cells if not old.found and not new.found]
        return [(old, new) for old, new in held if old.grade and new.grade and old.grade != new.grade]

    @property
    def seconds(self) -> tuple[float, float]:
        """What the verdicts on the cells of both took, before and after."""
        return sum(old.seconds for old, _ in self.cells), sum(new.seconds for _, new in self.cells)


def compared(old: Record, new: Record) -> list[Compared]:
    """Each subject of the two, those of the second first; one that is named otherwise now stands with its old name."""
    before, after = _by_subject(old), _by_subject(new)
    known = _renamed(before, after)
    left = [subject for subject in before if subject not in known.values()]
    pairs = [(known.get(subject), subject) for subject in after]
    return [
        *(_of(was, before.get(was, {}) if was else {}, now, after[now], old, new) for was, now in pairs),
        *(_of(subject, before[subject], subject, {}, old, new) for subject in left),
    ]


def _by_subject(report: Record) -> dict[tuple[str, str], dict[Key, Cell]]:
    table: dict[tuple[str, str], dict[Key, Cell]] = {}
    for cell in report.cells:
        table.setdefault((cell.role, cell.subject), {})[cell.property, cell.dtype] = cell
    return table


def _renamed(
    before: Mapping[tuple[str, str], Mapping[Key, Cell]], after: Mapping[tuple[str, str], Mapping[Key, Cell]]
) -> dict[tuple[str, str], tuple[str, str]]:
    """The subject of the first report that each of the second is: of its name, or of its role and a witness of its."""
    known = {subject: subject for subject in after if subject in before}
    for subject, cells in after.items():
        if subject in known:
            continue
        others = (s for s in before if s[0] == subject[0] and s not in after and s not in known.values())
        same = next((s for s in others if _alike(s, before[s], subject, cells)), None)
        if same is not None:
            known[subject] = same
    return known


def _alike(was: tuple[str, str], before: Mapping[Key, Cell], now: tuple[str, str], after: Mapping[Key, Cell]) -> bool:
    """Whether the function has the same name in another file, or one of its witnesses is the same."""
    if was[1].rpartition(":")[2] == now[1].rpartition(":")[2]:
        return True
    pairs = [(before[key].simplest, after[key].simplest) for key in before.keys() & after.keys()]
    return any(a and b and a.arguments == b.arguments for a, b in pairs)


def _of(
    was: tuple[str, str] | None,
    before: Mapping[Key, Cell],
    now: tuple[str, str],
    after: Mapping[Key, Cell],
    old: Record,
    new: Record,
) -> Compared:
    statuses = {key: _status(before.get(key), after.get(key)) for key in dict.fromkeys([*after, *before])}
    of_new = [f for f in new.findings if f.key == now]
    of_old = [f for f in old.findings if f.key == was]
    changes = [
        *_changes(of_new, statuses, (NEW, WORSE, BETTER, STILL), before, after),
        *_changes(of_old, statuses, (FIXED, UNJUDGED), before, after),
    ]
    changes.sort(key=lambda change: CHANGES.index(change.status))
    both = [
        (before[key], after[key]) for key in after if key in before and _judged(before[key]) and _judged(after[key])
    ]
    return Compared(now[1], now[0], was[1] if was is not None and was != now else "", changes, both)


def _changes(
    findings: Iterable[Finding],
    statuses: Mapping[Key, str],
    among: Sequence[str],
    before: Mapping[Key, Cell],
    after: Mapping[Key, Cell],
) -> Iterator[Change]:
    """The cells of the findings by status, each with the first finding that it is of."""
    told: set[Key] = set()
    for finding in findings:
        keys = [(cell.property, cell.dtype) for f in (finding, *finding.hides) for cell in f.cells]
        own = [key for key in dict.fromkeys(keys) if key not in told]
        told |= {*own}
        for status in among:
            pairs = [(before.get(key), after.get(key)) for key in own if statuses.get(key) == status]
            if pairs:
                yield Change(status, finding, pairs)


def _status(old: Cell | None, new: Cell | None) -> str:
    """What became of a cell; empty where it was no finding, and is none."""
    was, now = old is not None and _bad(old), new is not None and _bad(new)
    if not was or old is None:
        return NEW if now else ""
    if new is None or not _judged(new):
        return UNJUDGED
    if not now:
        return FIXED
    if (old.verdict == "refuted") != (new.verdict == "refuted"):
        return WORSE if old.verdict == "refuted" else BETTER
    return by_error(_number(old), _number(new), new.unit)


def _bad(cell: Cell) -> bool:
    """Whether it is a finding that no reference declares, also one that is let pass; or a declared one is missing."""
    return (cell.found and not cell.expected) or cell.missed


def _judged(cell: Cell) -> bool:
    return cell.verdict not in ("incomplete", "inapplicable")


def _number(cell: Cell) -> float:
    return float(nan if cell.measured is None else cell.measured)
