"""What a property is: a statement about a role, in the form that it takes in floating point."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.inputs.draw import Draw
from extremum.properties.inputs.shapes import Place
from extremum.properties.model.view import Measured, Observation, View
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Signature
from extremum.reference.arithmetic.formats import Array

Measure = Callable[[View], Measured]


def alone(call: Call, case: Case) -> Observation:
    """The usual experiment: one call on the rows."""
    return Observation(case.arguments, call.rows(case.arguments))


def ulp(view: View) -> Array:
    """The spacing of the format's floats at the exact answer: the unit of `accuracy`."""
    # Below `tiny` the spacing stays what it is there, and zero has no exponent; a value beyond the range would have an
    # ulp that no float of the format has.
    exact = np.clip(np.abs(view.narrow(view.exact)), view.fmt.tiny, view.fmt.max)
    return np.asarray(np.ldexp(1.0, np.frexp(exact)[1] - view.fmt.precision))


def roundoff(view: View) -> Array:
    """The unit roundoff: the unit of an error beside quantities of size one, shape (1, 1)."""
    return np.full((1, 1), view.fmt.unit_roundoff)


def subnormal(view: View) -> Array:
    """The smallest subnormal: the unit of an error below the normal range, shape (1, 1)."""
    return np.full((1, 1), view.fmt.eta)


def one(_view: View) -> Array:
    """The unit of a property that is measured as it stands."""
    return np.ones((1, 1))


@dataclass(frozen=True)
class Property:
    """A statement about a role, in the form that it takes in floating point: its text, its measure, its experiment.

    `statement` is one sentence, `bound` what is allowed and why, in paragraphs, with its source; `example` shows a
    failure, `fix` its usual causes and the usual fix. `source` is the module that derives the bound, where that is not
    the module of `measure`. `measure` gives (measured, allowed), arrays that broadcast to (rows, n). `arrange` makes a
    case of rows of arguments; None: the arguments as they are. `observe` makes the calls; None: one call on the rows.
    `rows` (a block's) and `lengths` say how much of the sweep it affords, and `longest` how long rows are, where it is
    another number than the role's. An `exact` property is a comparison that needs no truth, and `proof` is what it is.
    Where nothing is allowed, a violation of no more than `petty(view)` breaks the sentence and costs no digit: its
    severity is low. `grades` tell how good an answer is where it holds, from best to worst, each with what it allows;
    None is the role's own error bound. `script` are the lines of a script that compares: they define `got` and
    `expected` by the arguments and the function `f`, and `allowed` where that is not what the property allows. `{args}`
    in them are the arguments of one call, `{at}` the place of the worst entry in its answer; all such words
    are in `reports.views.witness_words`. `beside` tells, where two answers are compared, what the second one is.
    """

    name: str
    code: str
    measure: Measure
    unit: str
    scale: Callable[[View], Array] = one  # what `unit` names, as numbers: only for display, since a ratio has no unit
    arrange: Callable[[Draw, Arguments], Case] | None = None
    observe: Callable[[Call, Case], Observation] | None = None
    severity: str = "high"
    lengths: str = "every"  # which list of row lengths (`steps.blocks.LENGTHS`)
    rows: int = 96  # of a block: fewer where a row costs several calls
    places: Callable[[Signature, int], Sequence[Place]] | None = None  # visited besides, by the strength of the plan
    at: Callable[[Place, Arguments], Case] | None = None  # the case of rows of arguments at a place
    on_sweep: Property | None = None  # the same statement, as an experiment that as many rows as the sweep has afford
    masked: bool = False  # rows come from the masked regimes instead: only they have -inf
    exact: bool = False  # a ratio above 1 refutes as it stands: there is no error of a truth to certify away
    asks_twice: bool = False  # its experiment asks a second process too, where the subject has another history
    proof: str = "an exact comparison"
    longest: int | None = None  # of a row; None: the role's
    petty: Callable[[View], Any] | None = None
    clear: Callable[[View, View | None], bool] | None = None
    least: Callable[[View], Any] | None = None  # for a first look: no bound that is allowed anywhere is below it
    counted: bool = False  # whether a scan counts how many entries are off by so many ulps
    grades: Mapping[str, Callable[[View], Any] | None] = field(default_factory=dict)
    beside: str = "by another call"
    script: tuple[str, ...] = ("got, expected = float(f({args}){at}), {exact}",)
    statement: str = ""
    bound: str = ""
    example: str = ""
    fix: str = ""
    source: str = ""

    @property
    def one_call(self) -> bool:
        """Whether the experiment is one call on the rows as they are, which other properties make too."""
        return self.arrange is None and self.observe is None

    @property
    def pointwise(self) -> bool:
        """Whether the answer to a row decides it, whatever rows it comes with."""
        # Fused screens, climbs and neighbours go on from such rows, and take entries to be finite.
        return self.one_call and not self.masked

    def case_of(self, draw: Draw, arguments: Arguments) -> Case:
        """The case that the property makes of rows of arguments."""
        return Case(arguments) if self.arrange is None else self.arrange(draw, arguments)

    def observation_of(self, call: Call, case: Case) -> Observation:
        """What the calls of the property gave."""
        return alone(call, case) if self.observe is None else self.observe(call, case)

    def grade_of(self, exceeded: Collection[str]) -> str:
        """The best grade of a subject of which the property held, where rows exceed those grades; "beyond" if none."""
        # What holds never exceeds the role's own bound (None), though a first look without some terms may have said so.
        return next((name for name, bound in self.grades.items() if name not in exceeded or bound is None), "beyond")
