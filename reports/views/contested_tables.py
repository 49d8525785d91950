"""The tables that show what subjects do where the answer is contested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from extremum.properties.contested.situations import SITUATIONS, Behaviour


class Contested(NamedTuple):
    """What the subjects of one role do in contested situations. Subjects are columns, or rows where they are many.

    `described` says what the situations are, `dtype` is what most subjects were given.
    """

    role: str
    dtype: str
    corner: str
    rows: Sequence[str]
    columns: Sequence[str]
    fields: Mapping[tuple[str, str], Behaviour]
    described: Mapping[str, str]


def tables(contested: Sequence[Behaviour], many: int) -> list[Contested]:
    """One table for each role; more than `many` subjects are its rows."""
    of_roles = []
    for role in dict.fromkeys(b.role for b in contested):
        behaviours = [b for b in contested if b.role == role]
        dtype = Counter(b.dtype for b in behaviours).most_common(1)[0][0]
        situations = list(dict.fromkeys(b.situation for b in behaviours))
        subjects = list(dict.fromkeys(b.subject for b in behaviours))
        described = {s.name: s.description for s in SITUATIONS if s.name in situations}
        if len(subjects) > many:
            corner, rows, columns = "subject", subjects, situations
            fields = {(b.subject, b.situation): b for b in behaviours}
        else:
            corner, rows, columns = "situation", situations, subjects
            fields = {(b.situation, b.subject): b for b in behaviours}
        of_roles.append(Contested(role, dtype, corner, rows, columns, fields, described))
    return of_roles
