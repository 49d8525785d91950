"""What a role's truth gives: the exact answer, and the parts that its bounds are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from extremum.reference.arithmetic.formats import Array

Columns = slice | Array
RELATIVE = 2.0**-48  # 32 units of float64, for one function and some operations; no library states less as a proof


@dataclass(frozen=True)
class Truth:
    """The exact answer to rows of arguments, in values of one arithmetic.

    `value` has shape (rows, width), width being the entries of one answer; or it is a function of the columns
    wanted, where the whole would be too much to compute for a few of them. `parts` is the role's own affair. `off` is a
    function of the columns too: what the value may be off in a screen; None: `RELATIVE` of it.
    """

    value: Any | Callable[[Columns], Any]
    parts: Any = None
    off: Callable[[Columns], Any] | None = None

    def exact(self, columns: Columns = slice(None)) -> Any:
        """The exact answer in those columns, shape (rows, columns)."""
        return self.value(columns) if callable(self.value) else self.value[:, columns]
