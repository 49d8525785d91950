"""The cells of an audit as pytest's items: what one does where it runs, and how a failure of it is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import pytest

from extremum.properties.steps.resolve import definition_of
from extremum.properties.values.finding import Cell
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.request import Task
from extremum.reports.record.text import finding_lines

CELL = "extremum.cell"  # the user property of an item that holds its cell
REFUSED = "extremum.refused"  # the one that holds why a cell can't be judged, for what is wrong in a role's file
CONTESTED = "extremum.contested"  # the one that holds the behaviours of a subject


class Asked(Protocol):
    """The audit that an item is of."""

    def judge(self, task: Task) -> Cell: ...

    def characterise(self, subject: Subject) -> list[dict[str, str]]: ...


class CellFailed(Exception):
    """A cell failed the run; its text is the finding."""


class AuditItem(pytest.Item):
    """One question to a subject, as a pytest item."""

    audit: Asked

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the subject is defined: JUnit's cases say so."""
        at = definition_of(self.about)
        return (Path(at[0]), at[1] - 1, self.nodeid) if at else (self.config.rootpath, None, self.nodeid)

    @property
    def about(self) -> Subject:
        """The subject that is asked."""
        raise NotImplementedError


class CellItem(AuditItem):
    """One cell."""

    task: Task

    @property
    def about(self) -> Subject:
        return self.task.subject

    def runtest(self) -> None:
        try:
            cell = self.audit.judge(self.task)
        except UsageError as error:
            self.user_properties.append((REFUSED, str(error)))
            raise
        self.user_properties.append((CELL, json.dumps(cell.to_json())))
        if cell.unexpected:
            raise CellFailed("\n".join(finding_lines(cell)))
        if cell.verdict in ("inapplicable", "incomplete"):
            pytest.skip(f"{cell.verdict}: {cell.detail}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (CellFailed, UsageError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class ContestedItem(AuditItem):
    """What one subject does where its answer is contested; it passes, whatever that is."""

    subject: Subject

    @property
    def about(self) -> Subject:
        return self.subject

    def runtest(self) -> None:
        self.user_properties.append((CONTESTED, json.dumps(self.audit.characterise(self.subject))))


class SubjectNode(pytest.Collector):
    """The cells of one subject."""

    def collect(self) -> list[pytest.Item]:
        return []
