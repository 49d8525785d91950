"""The checks of claims: equations in exact arithmetic, formulas to a bound, statements about floats, and audits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.claims.claim import EXACT, FLOATING, CellRequest, Check, ClaimRun, Evidence
from extremum.properties.claims.inputs import INDEX, SHAPES, Inputs, shaped, smallest, text, written
from extremum.properties.values.finding import FOUND
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array, Format
from extremum.reference.subjects.subject import Subject, named, subjects

Formula = Callable[..., Any]
Holds = Callable[[Array, Format], bool]


class Mismatch(Exception):
    """A sum of arrays of different shapes: NumPy may broadcast them, and mathematics does not."""


# A formula raises these where it is undefined; any other exception is a mistake in the claim.
UNDEFINED = (ZeroDivisionError, IndexError, Mismatch)
DRAWS_PER_DTYPE = 12
ROWS_PER_SCALE = 100
VERDICTS_THAT_COUNT = ("proved", "held", *FOUND)
SHOWN_ENTRIES = 8
SCALES = (1.0, 10.0, 100.0, 1000.0)


def equation(says: str, shapes: Mapping[str, str], left: Formula, right: Formula) -> Check:
    """left = right for all inputs, in shape and in every entry, exactly; an array of one entry is a number."""

    def differ(**inputs: Any) -> bool:
        return not same(_value(left, inputs), _value(right, inputs))

    def both_sides(inputs: Inputs) -> str:
        a, b = (text(_value(side, inputs)) for side in (left, right))
        return f"{written(inputs)}: {a} on the left, {b} on the right"

    return _refutable(says, shapes, differ, both_sides)


def identity(says: str, shapes: Mapping[str, str], left: Formula, right: Formula) -> tuple[Check, ...]:
    """An equation, and both sides as formulas that are computed to their bound."""
    return equation(says, shapes, left, right), to_bound(shapes, left, right)


def formulas(shapes: Mapping[str, str], *equations: tuple[str, Formula, Formula]) -> tuple[Check, ...]:
    """Equations (says, value, formula), and all their formulas computed to their bound; the values are exact alone."""
    each = (equation(says, shapes, value, formula) for says, value, formula in equations)
    return *each, to_bound(shapes, *(formula for _, _, formula in equations))


def plus(a: Array, b: Array) -> Array:
    """a + b; raises `Mismatch` where their shapes differ."""
    if a.shape != b.shape:
        raise Mismatch(f"shapes {a.shape} and {b.shape}")
    return np.asarray(a + b)


def holds_exactly(says: str, shapes: Mapping[str, str], holds: Callable[..., bool]) -> Check:
    """`holds` for all inputs, exactly."""
    return _refutable(says, shapes, lambda **inputs: not holds(**inputs), written)


@dataclass(frozen=True)
class Undefined:
    """The value of a formula where it is undefined: it equals no value, nor itself."""

    why: str

    def __str__(self) -> str:
        return f"undefined ({self.why})"


def same(left: Any, right: Any) -> bool:
    """Whether two values have the same shape and entries; an array of one entry is a number."""
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return False
    a, b = (np.asarray(v, object) for v in (left, right))
    if a.size == b.size == 1:
        return bool(a.item() == b.item())
    return a.shape == b.shape and all(p == q for p, q in zip(a.ravel(), b.ravel(), strict=True))


def to_bound(shapes: Mapping[str, str], *computed: Formula) -> Check:
    """Each formula, evaluated by NumPy in each dtype, is within gamma_k times the sum of the magnitudes of its terms.

    Formulas are polynomials in the inputs, or quotients of them by sums of positive terms. A term passes through at
    most k roundings as the formula stands, and gamma_k = k u / (1 - k u). No order of a sum has a longer path. Entries
    lie between 1/2 and 2 in size, so that nothing underflows or overflows. Source: N. J. Higham, "Accuracy and
    Stability of Numerical Algorithms", 2nd ed., lemma 3.1 and section 3.1.
    """

    def check(run: ClaimRun) -> Evidence:
        generator, examined, worst = run.generator(), 0, 0.0
        for dtype in DEFAULT_DTYPES:
            for _ in range(DRAWS_PER_DTYPE):
                inputs = _floats(shapes, FORMATS[dtype], generator)
                for formula in computed:
                    examined += 1
                    ratio = _ratio(formula, inputs, FORMATS[dtype])
                    worst = max(worst, ratio)
                    if ratio > 1:
                        shown = written({k: _exact(v) for k, v in inputs.items()})
                        return Evidence(BOUND, False, FLOATING, examined, f"{dtype}: {shown}")
        return Evidence(BOUND, True, FLOATING, examined, measured=f"{worst:.2f} of the bound at most")

    return Check(FLOATING, check)


BOUND = (
    r"computed in floating point, it is within $\gamma_k = k u / (1 - k u)$ times the sum of the magnitudes of its "
    r"terms, $k$ the roundings that a term passes through"
)


def holds_for_floats(
    says: str,
    holds: Holds,
    dtypes: Sequence[str] = DEFAULT_DTYPES,
    given: Callable[[Format, int], Iterator[Array]] | None = None,
) -> Check:
    """`holds(row, format)` in each dtype for the rows `given(format, seed)`: by default those of `rows`."""

    def check(run: ClaimRun) -> Evidence:
        firsts = _first_rows(lambda row, fmt: not holds(row, fmt), dtypes, given or rows, run.seed)
        failing = [text for _, text in firsts if text]
        return Evidence(says, not failing, FLOATING, sum(count for count, _ in firsts), "; ".join(failing))

    return Check(FLOATING, check)


def exists(says: str, found: Holds, dtypes: Sequence[str] = DEFAULT_DTYPES) -> Check:
    """In each dtype there is a row for which `found(row, format)`: the first among small integers."""

    def check(run: ClaimRun) -> Evidence:
        firsts = _first_rows(found, dtypes, rows, run.seed)
        shown = [text for _, text in firsts if text]
        return Evidence(says, len(shown) == len(dtypes), FLOATING, sum(count for count, _ in firsts), "; ".join(shown))

    return Check(FLOATING, check)


def _first_rows(
    wanted: Holds, dtypes: Sequence[str], given: Callable[[Format, int], Iterator[Array]], seed: int
) -> list[tuple[int, str]]:
    """For each dtype, how many rows were examined, and the first that is wanted as text; "" where none is."""
    result = []
    with quiet(), np.errstate(all="ignore"):
        for dtype in dtypes:
            count, shown = 0, ""
            for row in given(FORMATS[dtype], seed):
                count += 1
                if wanted(row, FORMATS[dtype]):
                    shown = f"{dtype} {_decimals(row)}"
                    break
            result.append((count, shown))
    return result


def rows(fmt: Format, seed: int) -> Iterator[Array]:
    """Rows of small integers, in order of size, and random ones of several scales and lengths; all finite."""
    for v in (*range(121), *range(700, 761), 1000):
        for w in (v, -v):
            for values in ((w,), (0, w), (w, w), (w, w, w)):
                yield np.array(values, fmt.dtype)
    generator = np.random.default_rng(seed)
    for scale in SCALES:
        for _ in range(ROWS_PER_SCALE):
            yield np.asarray(scale * generator.standard_normal(generator.integers(1, 9))).astype(fmt.dtype)


def audited(
    says: str,
    role: str,
    properties: Sequence[str],
    names: Sequence[str] | Subject = (),
    dtypes: Sequence[str] = DEFAULT_DTYPES,
) -> Check:
    """Cells of the audit: these properties hold of the subjects named, or of each reference that declares no failure."""

    def chosen() -> list[Subject]:
        if isinstance(names, Subject):
            return [names]
        if not names:
            return subjects(role, "reference")
        by_name = [named(name, role) for name in names]
        assert all(by_name), f"{role}: {names}"
        return [s for group in by_name for s in group]

    def requests() -> list[CellRequest]:
        every = [CellRequest(s, name, dtype) for s in chosen() for name in properties for dtype in dtypes]
        return [r for r in every if names or not r.subject.may_fail(r.prop, r.dtype)]

    def check(run: ClaimRun) -> Evidence:
        cells = run.cells(requests())
        unjudged = [cell.key for cell in cells if cell.verdict not in VERDICTS_THAT_COUNT]
        assert cells, f"{role}, {properties}: no cell"
        assert not unjudged, f"{unjudged} are no evidence"
        return Evidence(says, not any(c.found for c in cells), FLOATING, sum(c.examined for c in cells), cells=cells)

    return Check(FLOATING, check, requests)


def _refutable(
    says: str, shapes: Mapping[str, str], fails: Callable[..., bool], describe: Callable[[Inputs], str]
) -> Check:
    def check(run: ClaimRun) -> Evidence:
        tried, counterexample = smallest(shapes, fails, run)
        return Evidence(says, counterexample is None, EXACT, tried, describe(counterexample) if counterexample else "")

    return Check(EXACT, check)


def _value(formula: Formula, inputs: Inputs) -> Any:
    try:
        return formula(**inputs)
    except UNDEFINED as error:
        return Undefined(str(error) if isinstance(error, Mismatch) else type(error).__name__)


class Term:
    """A number before it is computed: `size` is the sum of the magnitudes of its terms, `depth` the most roundings of one."""

    __slots__ = ("depth", "size")

    def __init__(self, size: Any, depth: int = 0) -> None:
        self.size, self.depth = abs(size), depth

    def __add__(self, other: Any) -> Term:
        b = other if isinstance(other, Term) else Term(other)
        return Term(self.size + b.size, max(self.depth, b.depth) + 1)

    def __mul__(self, other: Any) -> Term:
        b = other if isinstance(other, Term) else Term(other)
        return Term(self.size * b.size, self.depth + b.depth + 1)

    def __truediv__(self, other: Term) -> Term:
        """Divide by a sum of positive terms, whose size is its value; 1 / (1 + theta_k) costs 2 k (Higham, lemma 3.3)."""
        return Term(self.size / other.size, self.depth + 2 * other.depth + 1)

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Term:
        return self


def _floats(shapes: Mapping[str, str], fmt: Format, generator: np.random.Generator) -> Inputs:
    m, n = (int(k) for k in generator.integers(1, 9, 2))
    inputs: Inputs = {}
    for name, shape in shapes.items():
        if shape == INDEX:
            inputs[name] = int(generator.integers(n))
        else:
            size = SHAPES[shape](m, n)
            values = generator.uniform(0.5, 2, size) * generator.choice((-1, 1), size)
            inputs[name] = np.asarray(values).astype(fmt.dtype)
    return inputs


def _ratio(formula: Formula, inputs: Inputs, fmt: Format) -> float:
    """The largest error of a formula in floating point, divided by its bound."""
    floating = np.asarray(formula(**inputs)).astype(np.float64)
    exact = np.asarray(formula(**{k: _exact(v) for k, v in inputs.items()}), object)
    terms = np.asarray(formula(**{k: _lifted(v, Term) for k, v in inputs.items()}), object)
    u = flint.fmpq(1, 2**fmt.precision)
    worst = 0.0
    for computed, value, term in zip(floating.ravel(), exact.ravel(), terms.ravel(), strict=True):
        error = abs(flint.fmpq(*float(computed).as_integer_ratio()) - value)
        allowed = term.depth * u / (1 - term.depth * u) * term.size
        worst = max(worst, float(flint.arb(error / allowed)) if allowed != 0 else float(error != 0) * np.inf)
    return worst


def _exact(value: Any) -> Any:
    return _lifted(value, lambda q: q)


def _lifted(value: Any, kind: Callable[[Any], Any]) -> Any:
    if isinstance(value, int):
        return value
    entries = [kind(flint.fmpq(*float(v).as_integer_ratio())) for v in np.asarray(value).ravel()]
    return shaped(entries, np.shape(value))


def _decimals(row: Array) -> str:
    if len(row) > SHOWN_ENTRIES and (row == row[0]).all():
        return f"({len(row)} times {float(row[0]):.9g})"
    return f"({', '.join(f'{float(v):.9g}' for v in row)})"
