"""The zoo: whatever a subject does, it has its own verdict, and its neighbour the cells that it has alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from nightly import NIGHTLY
from zoo_runs import NEIGHBOUR, REPORT, UNPRINTABLE, Kind, Run, audit, groups, kinds, untimed

QUICK = {  # a dozen that their trial call or their import decides
    *("division_trap", "fork_whose_parent_leaves", "illegal_instruction", "import_crashes", "import_exits"),
    *("import_leaves", "import_raises", "kills_its_parent", "leaves_with_five", "returns_nothing", "returns_text"),
    "segmentation_fault_always",
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="they do what Linux has, and are looked for in /proc")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The neighbour without any other."""
    properties = sorted({name for kind in kinds() for name in kind.verdicts})
    return audit(tmp_path_factory.mktemp("alone"), [], properties=properties)


def ends_of(group: Sequence[Kind]) -> str:
    return f"{group[0].name}-{group[-1].name}"


def checked(run: Run, group: Sequence[Kind]) -> None:
    found = any(verdict != "held" for kind in group for verdict in kind.verdicts.values())
    assert run.code == found, run.said
    assert {kind.name: run.verdicts(kind.name) for kind in group} == {kind.name: kind.verdicts for kind in group}
    assert set(run.verdicts(NEIGHBOUR).values()) == {"held"}
    assert "Traceback" not in run.said
    assert not UNPRINTABLE.search(run.said)
    assert run.reports == REPORT
    assert not run.left


def test_a_dozen_that_crash_leave_or_answer_with_something_else_have_their_verdicts(tmp_path: Path) -> None:
    group = [kind for kind in kinds() if kind.name in QUICK]
    assert len(group) == len(QUICK)
    checked(audit(tmp_path, group), group)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "1", "2"] if NIGHTLY else ["0"])
@pytest.mark.parametrize("group", groups(kinds()), ids=ends_of)
def test_each_kind_has_its_verdict_and_the_neighbour_the_cells_that_it_has_alone(
    tmp_path: Path, alone: Run, group: list[Kind], workers: str
) -> None:
    run = audit(tmp_path, group, workers)
    checked(run, group)
    own = untimed(alone.cells[NEIGHBOUR])
    assert untimed(run.cells[NEIGHBOUR]) == {name: own[name] for name in group[0].verdicts}


def test_there_are_a_hundred_kinds_and_each_says_what_it_is() -> None:
    assert len(kinds()) >= 100
    assert all(kind.meaning and kind.verdicts for kind in kinds())
