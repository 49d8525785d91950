"""What an audit finds: the cell, its verdict and its witnesses, as plain data."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from extremum.reference.errors import printable

VERDICTS = ("proved", "held", "refuted", "crashed", "hung", "incomplete", "inapplicable")
FOUND = ("refuted", "crashed", "hung")
SEVERITIES = ("critical", "high", "medium", "low")  # from the gravest


def severity_rank(severity: str) -> int:
    """0 of the gravest; of none, and of one that is not known, the number of severities."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


@dataclass(frozen=True)
class Witness:
    """An input kept without loss, and what was measured when it was run again from scratch.

    `arguments` are as `properties.values.case.encode` writes them; `measured` and `allowed` are in the cell's unit.
    `got` and `exact` are the output that is worst and its exact value, `index` where it stands in its row. The
    rest is what `properties.diagnosis.symptoms` tells: the `cause`, the `correction` that clears the case, and where
    neither is known, what else it `refutes`, as "accuracy float32".
    """

    arguments: Mapping[str, Any]
    regime: str
    measured: float | str | None
    allowed: float | str | None
    got: str = ""
    exact: str = ""
    index: Sequence[int] = ()
    certified: str = ""
    cause: str = ""
    correction: str = ""
    refutes: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """The witness as JSON, without the symptoms that it has not."""
        return {name: value for name, value in vars(self).items() if value or name not in SYMPTOMS}


@dataclass
class Cell:
    """One subject, one property, one dtype, and what is known about them.

    `examined` counts the rows that were judged. `measured` and `allowed`, in `unit`, are those of the largest
    measured/allowed seen, whatever the verdict. `expected` marks a refutation that the subject declares,
    `missed` a declared one that did not come. `accepted` says why a finding does not fail the run, where the user lets
    it pass. `cause` is what `properties.diagnosis.diagnose` diagnoses a refutation
    as, `detail` what was noted besides: what the subject raised, why nothing could be judged. `profile` holds the
    largest measured/allowed by magnitude and by length of the rows, for the plot, and `shapes` what of the plan was
    visited, as `properties.values.visits` writes it. `beneath` is a witness of what fails
    still where all else that was refuted is corrected. `beyond` counts the entries of a whole domain that are off by
    more than so many ulps: the least and the most, where that is not settled.
    """

    subject: str
    role: str
    property: str
    code: str
    dtype: str
    verdict: str = "held"
    examined: int = 0
    measured: float | str | None = None
    allowed: float | str | None = None
    unit: str = ""
    regimes: list[str] = field(default_factory=list)
    cause: str = ""
    detail: str = ""
    severity: str = ""
    grade: str = ""
    simplest: Witness | None = None
    worst: Witness | None = None
    beneath: Witness | None = None
    expected: bool = False
    missed: bool = False
    accepted: str = ""
    seconds: float = 0.0
    profile: dict[str, list[list[float]]] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    beyond: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Names and messages come from the code under audit: here they enter the record, and every view of it.
        self.subject, self.cause, self.detail = map(printable, (self.subject, self.cause, self.detail))

    @builtins.property
    def key(self) -> tuple[str, str, str, str]:
        """What tells this cell from all others: role, subject, property, dtype."""
        return self.role, self.subject, self.property, self.dtype

    @builtins.property
    def found(self) -> bool:
        """Whether something was found in this cell: it was refuted, crashed or hung."""
        return self.verdict in FOUND

    @builtins.property
    def unexpected(self) -> bool:
        """Whether this cell fails the run: a finding that nobody declared or accepted, or a declared one missing."""
        return (self.found and not self.expected and not self.accepted) or self.missed

    def to_json(self) -> dict[str, Any]:
        """The cell as JSON; infinities as the strings that JSON can carry."""
        values = {name: value.to_json() if isinstance(value, Witness) else value for name, value in vars(self).items()}
        return {name: value for name, value in values.items() if value not in (None, "", {}, []) or name in REQUIRED}

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Cell:
        """The inverse of `to_json`; unknown keys are of a later version and are left out."""
        known = {f.name for f in fields(Cell)}
        values = {name: value for name, value in record.items() if name in known}
        for name in ("simplest", "worst", "beneath"):
            if values.get(name):
                values[name] = Witness(**{k: v for k, v in values[name].items() if k in _WITNESS})
        return Cell(**values)


_WITNESS = {f.name for f in fields(Witness)}
SYMPTOMS = ("cause", "correction", "refutes")
REQUIRED = (
    "subject",
    "role",
    "property",
    "code",
    "dtype",
    "verdict",
    "examined",
    "measured",
    "allowed",
    "unit",
    "regimes",
)


def number(value: float) -> float | str:
    """A float as JSON has it: "inf" and "nan" as strings."""
    return float(value) if abs(value) < float("inf") else str(float(value))
