"""EX115 dtype."""

from __future__ import annotations

from extremum.properties.calling.call import Call
from extremum.properties.laws.measures import counted
from extremum.properties.model.property import Property
from extremum.properties.model.view import Observation
from extremum.properties.values.case import Case


def observe(call: Call, case: Case) -> Observation:
    """Count 1 where the dtype of the answer is another than that of x."""
    out = call.array(call.calls(case.arguments)[0])
    note = "" if out.dtype == case.x.dtype else f"returned {out.dtype.name} for {case.x.dtype.name}"
    return Observation(case.arguments, count=int(bool(note)), note=note)


PROPERTY = Property(
    name="dtype",
    code="EX115",
    statement="The answer has the dtype of the input.",
    bound="""Another dtype is either a silent loss of precision or, promoted, a silent doubling of memory that
    spreads through whatever is computed next. Nothing is allowed.""",
    example="float32 times np.float64(0.5), or np.array(0.5), is float64; times the Python float 0.5 it is float32.",
    fix="""make constants of the dtype of the input, and give the answer back with `astype` of that dtype where it
    was computed in a wider one. The usual causes: a float64 constant, or a Python one wrapped in an array; an
    `astype` left out at the end, or one too many.""",
    measure=counted,
    source=__name__,
    unit="answers",
    observe=observe,
    rows=4,
    lengths="few",
    severity="medium",
    exact=True,
    script=(
        "y = f({args})",
        "got = str(getattr(y, 'dtype', type(y).__name__)).removeprefix('torch.')",
        "expected = str({first}.dtype)",
    ),
)
