"""Conventions: one accepted outcome of a contested situation, as a property that a user can name.

`--convention fully-masked-row=zero` adds the property of that name to every subject's. Its statement, its code and
its test are those of a situation and an outcome (`properties.contested.situations`, `properties.contested.outcomes`).
"""

from __future__ import annotations

from dataclasses import dataclass

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.contested.outcomes import Outcome
from extremum.properties.contested.situations import SITUATIONS, Situation
from extremum.properties.laws.measures import counted
from extremum.properties.model.property import Property
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation
from extremum.properties.roles.registry import known_roles
from extremum.properties.values.case import Case
from extremum.reference.arithmetic.formats import format_of
from extremum.reference.errors import UsageError, nearest

LONGEST_ROW = 256  # entries; the sums of longer rows may stagnate, and that is for `accuracy` to judge
SEVERITY = "medium"  # of a subject that does not keep to a convention


@dataclass(frozen=True)
class Convention:
    """An outcome that is accepted in a situation, and no other."""

    code: str
    situation: Situation
    outcome: Outcome

    @property
    def name(self) -> str:
        """As the user writes it: `situation=outcome`."""
        return f"{self.situation.name}={self.outcome.name}"

    @property
    def statement(self) -> str:
        """What it accepts, in a sentence."""
        return f"By convention, {self.situation.description} gives {self.outcome.gives}."

    def of(self, role: Role) -> Property:
        """The property that it is for a role; it counts the calls with another outcome."""

        def observe(call: Call, case: Case) -> Observation:
            return self._observed(call, role, case)

        return Property(
            name=self.name,
            code=self.code,
            statement=self.statement,
            bound=f"{self.situation.contest}\n\nIt is asked of a subject only where --convention {self.name} names it.",
            example="",
            fix=self.outcome.fix,
            measure=counted,
            source=__name__,
            unit="calls",
            arrange=self.situation.arrange,
            observe=observe,
            severity=SEVERITY,
            lengths="few",
            rows=4,
            exact=True,
        )

    def _observed(self, call: Call, role: Role, case: Case) -> Observation:
        situation = self.situation
        if reason := situation.absent(role, format_of(case.x.dtype.name)) or situation.decided(role):
            raise Declined(reason)
        _, shape = situation.formed(role, call.calls(case.arguments)[0])
        if not self.outcome.arises(role, shape):
            raise Declined(f"{role.name} never answers with {self.outcome.gives} here")
        if not situation.least <= case.x.shape[-1] <= LONGEST_ROW:
            raise Declined(f"{situation.name} is asked of rows of {situation.least} to {LONGEST_ROW} entries")
        answers = situation.answers(call, role, case)
        wrong = [a for a in answers if not self.outcome.holds(a)]
        note = f"f({situation.written(role)}) {wrong[0].error or f'gives {wrong[0].text}'}" if wrong else ""
        return Observation(case.arguments, count=len(wrong), note=note)


CONVENTIONS = {c.name: c for s in SITUATIONS for code, outcome in s.outcomes for c in (Convention(code, s, outcome),)}


def convention_named(name: str) -> Convention:
    """The convention called `name`; raises `UsageError` with the nearest right spelling."""
    if name not in CONVENTIONS:
        situation = name.partition("=")[0]
        valid = [n for n in CONVENTIONS if n.partition("=")[0] == situation] or CONVENTIONS
        raise UsageError(f"convention={name!r} is not known: {nearest(name, valid)}")
    return CONVENTIONS[name]


def property_of(role: str, name: str) -> Property | None:
    """The property called `name` of the role called `role`, a convention's too; None where there is none."""
    known = known_roles().get(role)
    if known is None:
        return None
    return CONVENTIONS[name].of(known) if name in CONVENTIONS else known.property_named(name)
