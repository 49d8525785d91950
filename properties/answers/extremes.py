"""Extreme arguments of a role, for a reader's own tests: as an iterator, and as a strategy of Hypothesis.

Both give `(x,)`, `(x, g)` and the like: what `f(*arguments)` and `judge(f(*arguments), role, *arguments)` take. A role
that takes rows under leading axes gets some rows in each call, another one row; labels are ints and step sizes floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from extremum.properties.inputs.draw import LONGEST_DRAWN, Drawn
from extremum.properties.inputs.lengths import LONG, few_lengths
from extremum.properties.inputs.regimes import Regime
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.blocks import block
from extremum.properties.steps.search import LONGEST_SEARCHED, ROW_COUNTS
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import Array, Format, format_of
from extremum.reference.errors import UsageError, nearest

ROWS = 4  # of a call, or calls of a regime and length
LONG_LENGTHS = (2049, 4099, 50257)  # beyond which a sum in 16 bits stagnates; a vocabulary
Given = tuple[Any, ...]


def extremes(
    role: str | Role, dtype: str, *, regimes: Sequence[str] | None = None, seed: int = 0
) -> Iterator[tuple[str, Given]]:
    """Pairs of a regime and arguments of `role` in `dtype`, from short rows to long ones: some hundreds.

    The same `seed` gives the same. `regimes` are the families to take, all of the role's by default; those with
    entries of -inf are left out where the format has no infinity. The arrays are fresh, of NumPy, and finite or -inf.
    Raises `UsageError` for a role, a dtype or a regime that is not known.

    >>> for regime, (x,) in extremum.extremes("softmax", "float32", regimes=["all-equal"]):
    ...     assert regime == "all-equal" and (x[..., :1] == x).all()
    """
    found, fmt = _role(role), format_of(dtype)
    return _extremes(found, fmt, _regimes(found, fmt, regimes), seed)


def regime_names(role: str | Role, dtype: str, regimes: Sequence[str] | None = None) -> list[str]:
    """The regimes that `extremes` goes through."""
    return [regime.name for regime in _regimes(_role(role), format_of(dtype), regimes)]


def arguments(
    role: str | Role, dtype: str, *, regimes: Sequence[str] | None = None, longest: int = LONGEST_SEARCHED
) -> st.SearchStrategy[Given]:
    """A strategy of Hypothesis for arguments of `role` in `dtype`, with rows of at most `longest` entries.

    They come from the same families as those of an audit, and shrink to short rows of plain ones. `regimes` and what is
    raised are those of `extremes`.
    """
    found, fmt = _role(role), format_of(dtype)
    if not isinstance(longest, int) or longest < 1:
        raise UsageError(f"longest={longest!r} is no number of entries: valid are 1 and more")
    return _arguments(found, fmt, _regimes(found, fmt, regimes), min(longest, found.longest))


def _extremes(role: Role, fmt: Format, regimes: Sequence[Regime], seed: int) -> Iterator[tuple[str, Given]]:
    for n in [n for n in (*few_lengths(seed), *LONG_LENGTHS) if n <= role.longest]:
        for m in role.heights(n):
            for regime in regimes:
                if n > LONG and not (regime.long and role.signature.entries(m, n) <= LONG_LENGTHS[-1]):
                    continue
                rows = block(role.arguments, fmt.name, (m, n), ROWS, 1, seed, (regime,))
                for given in _calls(role, fmt, rows.arguments):
                    yield regime.name, given


@st.composite
def _arguments(
    draw: Callable[[st.SearchStrategy[Any]], Any], role: Role, fmt: Format, regimes: Sequence[Regime], longest: int
) -> Given:
    regime, rows = draw(st.sampled_from(list(regimes))), draw(st.sampled_from(ROW_COUNTS))
    n = draw(st.integers(1, longest))
    m = draw(st.sampled_from(role.heights(n)))
    count = rows if role.signature.batched and n <= LONGEST_DRAWN else 1
    return _calls(role, fmt, role.arguments(Drawn(draw, fmt, count, n, m), regime))[0]


def _calls(role: Role, fmt: Format, rows: Arguments) -> list[Given]:
    """The arguments of the calls that rows of arguments come to, in fresh arrays."""
    if role.signature.batched:
        return [tuple(rows[name].copy() for name in role.signature.inputs)]
    count = len(next(iter(rows.values())))
    return [tuple(_own(a, fmt) for a in role.signature.row(rows, index).values()) for index in range(count)]


def _own(a: Array, fmt: Format) -> Any:
    """A fresh array; an int for a label, a float for a number, or a scalar where a float would promote the arrays."""
    if a.ndim:
        return a.copy()
    if a.dtype.kind in "iu":
        return int(a)
    return float(a) if fmt.native else a[()]


def _role(role: str | Role) -> Role:
    return role if isinstance(role, Role) else role_named(role)


def _regimes(role: Role, fmt: Format, names: Sequence[str] | None) -> list[Regime]:
    known = {regime.name: regime for regime in role.regimes if fmt.has_infinity or not regime.masked}
    chosen = list(known) if names is None else [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in known:
            raise UsageError(f"regimes={name!r} is not one of {role.name} in {fmt.name}: {nearest(name, known)}")
    return [known[name] for name in chosen]
