"""What a role is, and the experiment that a cell makes. Every role module fills a `Role` in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw, Sampled
from extremum.properties.inputs.lengths import LONGEST_VOCABULARY
from extremum.properties.inputs.regimes import PLAIN, Regime
from extremum.properties.model.fused import Fused
from extremum.properties.model.property import Property
from extremum.properties.model.view import Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array, Format
from extremum.reference.arithmetic.wide import BALLS, Arithmetic
from extremum.reference.truth import Truth


def rows_alone(draw: Draw, regime: Regime) -> Arguments:
    """The arguments of a role that takes rows `x` and nothing else."""
    return {"x": regime.fill(draw)}


@dataclass(frozen=True)
class Role:
    """A mathematical function that an implementation claims to compute.

    `truth(arguments, arithmetic)` gives the exact answer to rows of arguments, `error_bound(view)` what one sound
    answer may be off. `arguments(draw, regime)` makes rows of arguments. Rows have at most `longest` entries, and a
    block of the sweep at most `rows` rows; matrices have `heights(n)` rows of n, each of them tried. The exact values
    of a `bounded` role never leave the range of a format. What the screen can't clear is certified in `certifier`.
    Where exponentials of the first argument have edges, it is `edged`: `properties.onset.thresholds` looks for them.
    It is `shiftable` where the first argument is rows of logits, of which a softmax is computed on the way: the
    diagnosis then shifts, cuts and stretches these rows. It is `entrywise` where an entry of the answer is a function
    of that entry of the arguments alone.
    Of what is contested, `contested` names the situations that arise (None: all). `may_overflow(view)` is where what a
    sound algorithm computes on its way may leave the range, so that an infinity or NaN is no flaw. Where `error_bound`
    lets a flush to zero pass, `gradual_bound(view)` is what gradual underflow may cost. `masked` is what an entry of
    -inf in the first argument gets, exactly; None: the answer has no entry for it. `derived_for(arguments, fmt)` are
    the rows (rows,) that `error_bound` is derived for, where others may leave the range; None: all of finite numbers.
    `fused(view, open_grades)` screens all properties that one call decides in one pass, if it can
    (`properties.model.fused`); None: it cannot.
    """

    name: str
    call: str
    value: str
    truth: Callable[[Arguments, Arithmetic], Truth]
    error_bound: Callable[[View], Any]
    properties: tuple[Property, ...]
    signature: Signature = field(default_factory=Signature)
    regimes: tuple[Regime, ...] = PLAIN
    arguments: Callable[[Draw, Regime], Arguments] = rows_alone
    longest: int = LONGEST_VOCABULARY  # entries
    rows: int = 96  # of a block, at most: fewer where an answer is a matrix
    heights: Callable[[int], Sequence[int]] = lambda _n: (1,)  # one row of n: no matrix
    bounded: bool = False
    edged: bool = True
    shiftable: bool = False
    entrywise: bool = False
    certifier: Arithmetic = BALLS
    contested: tuple[str, ...] | None = None
    may_overflow: Callable[[View], Array] = lambda _view: np.zeros((1, 1), bool)  # broadcasts: nothing is excused
    gradual_bound: Callable[[View], Any] | None = None
    masked: float | None = None
    derived_for: Callable[[Arguments, Format], Array] | None = None
    fused: Callable[[View, frozenset[str]], Fused | None] | None = None

    @property
    def has_fused(self) -> bool:
        """Whether some properties are screened in one compiled pass, where Numba is installed."""
        return self.fused is not None

    def fused_screen(self, view: View, open_grades: frozenset[str]) -> Fused | None:
        """What the compiled pass tells, or None where there is none for these rows."""
        # `fused` gives None too, without Numba or for rows that it does not take: then the properties look themselves.
        return None if self.fused is None else self.fused(view, open_grades)

    def property_named(self, name: str) -> Property | None:
        """The property called `name`, or None."""
        return next((p for p in self.properties if p.name == name), None)

    def swept(self, prop: Property) -> tuple[Property, ...]:
        """The experiments of a property whose rows are swept: its own, and one on the rows of the first property."""
        most = self.properties[0]
        if prop.on_sweep is None:
            return (prop,)
        return prop, replace(prop.on_sweep, rows=most.rows, lengths=most.lengths, longest=most.longest)

    def regime_named(self, name: str) -> Regime | None:
        """The regime called `name`, or None."""
        return next((r for r in self.regimes if r.name == name), None)

    def ordinary(self, fmt: Format, n: int = 3, rows: int = 2) -> Arguments:
        """Rows of arguments that any subject of the role answers."""
        return self.sampled(np.random.default_rng(0), fmt, n, rows)

    def sampled(self, rng: np.random.Generator, fmt: Format, n: int, rows: int) -> Arguments:
        """Rows of ordinary arguments from a generator."""
        # The first height is the plainest: square where there are matrices.
        return self.arguments(Sampled(rng, fmt, rows, n, self.heights(n)[0]), self.plain)

    @property
    def plain(self) -> Regime:
        """The regime of ordinary arguments."""
        return self.regime_named("ordinary") or self.regimes[0]


@dataclass(frozen=True)
class Experiment:
    """A property of a subject in a dtype: a cell that is being judged.

    Where it is not `fused`, no fused screen rates its rows, nor the rows near them.
    """

    call: Call
    role: Role
    prop: Property
    fmt: Format
    fused: bool = True

    def observe(self, case: Case) -> Observation:
        """Make the calls of the property on `case`."""
        return self.prop.observation_of(self.call, case)
