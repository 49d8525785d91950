"""What a claim is checked by: equations in exact arithmetic, formulas to a bound, statements about floats, and audits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from extremum.properties.calling.call import quiet
from extremum.properties.claims.claim import EXACT, FLOATING, Check, Evidence
from extremum.properties.claims.inputs import INDEX, SHAPES, Inputs, shaped, smallest, text, written
from extremum.properties.engine import Settings, judge_cell
from extremum.properties.roles.registry import role_named
from extremum.properties.values.finding import FOUND, Cell
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array, Format
from extremum.reference.subjects.subject import Subject, named, subjects

Formula = Callable[..., Any]
Holds = Callable[[Array, Format], bool]


class Mismatch(Exception):
    """A sum or difference of arrays that have not the same shape: NumPy may broadcast them, and mathematics does not."""


UNDEFINED = (ZeroDivisionError, IndexError, Mismatch)  # what a formula raises where it means nothing; else it is ours
DRAWS = 12  # of inputs to a formula, for each dtype
ROWS = 100  # random rows for each scale
JUDGED = ("proved", "held", *FOUND)  # verdicts that are evidence
SHOWN = 8  # entries of a row that are written down
SCALES = (1.0, 10.0, 100.0, 1000.0)


def equation(says: str, shapes: Mapping[str, str], left: Formula, right: Formula) -> Check:
    """left = right for all inputs, in shape and in every entry, exactly; an array of one entry is a number."""

    def differ(**inputs: Any) -> bool:
        return not same(_tried(left, inputs), _tried(right, inputs))

    def told(inputs: Inputs) -> str:
        return (
            f"{written(inputs)}: {text(_tried(left, inputs))} on the left, {text(_tried(right, inputs))} on the right"
        )

    return _refutable(says, shapes, differ, told)


def plus(a: Array, b: Array) -> Array:
    """a + b; raises `Mismatch` where their shapes differ."""
    if a.shape != b.shape:
        raise Mismatch(f"shapes {a.shape} and {b.shape}")
    return np.asarray(a + b)


def always(says: str, shapes: Mapping[str, str], holds: Callable[..., bool]) -> Check:
    """`holds` for all inputs, exactly."""
    return _refutable(says, shapes, lambda **inputs: not holds(**inputs), written)


@dataclass(frozen=True)
class Undefined:
    """The value of a formula where it means nothing: it equals no value, nor itself."""

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


def to_bound(shapes: Mapping[str, str], *formulas: Formula) -> Check:
    r"""Polynomials in the inputs, and quotients by sums of positive terms, evaluated by NumPy in each dtype, each within gamma_k times the sum of its magnitudes.

    k is the number of roundings that a term passes through at most, products and sums as the formula stands:
    gamma_k = k u / (1 - k u). Source: N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed.,
    lemma 3.1 and section 3.1; no order of a sum has a longer path. Entries lie between 1/2 and 2 in size, so that
    nothing underflows or overflows.
    """

    def run(seed: int) -> Evidence:
        generator, examined, worst = np.random.default_rng(seed), 0, 0.0
        for dtype in DEFAULT_DTYPES:
            for _ in range(DRAWS):
                inputs = _floats(shapes, FORMATS[dtype], generator)
                for formula in formulas:
                    examined += 1
                    ratio = _ratio(formula, inputs, FORMATS[dtype])
                    worst = max(worst, ratio)
                    if ratio > 1:
                        shown = written({k: _exact(v) for k, v in inputs.items()})
                        return Evidence(BOUND, False, FLOATING, examined, f"{dtype}: {shown}")
        return Evidence(BOUND, True, FLOATING, examined, measured=f"{worst:.2f} of the bound at most")

    return Check(FLOATING, run)


BOUND = (
    r"computed in floating point, it is within $\gamma_k = k u / (1 - k u)$ times the sum of the magnitudes of its "
    r"terms, $k$ the roundings that a term passes through"
)


def floats(
    says: str,
    holds: Holds,
    dtypes: Sequence[str] = DEFAULT_DTYPES,
    given: Callable[[Format, int], Iterator[Array]] | None = None,
) -> Check:
    """`holds(row, format)` in each dtype for the rows `given`: by default small integers and random numbers."""

    def run(seed: int) -> Evidence:
        examined, failing = 0, []
        with quiet(), np.errstate(all="ignore"):
            for dtype in dtypes:
                for row in (given or rows)(FORMATS[dtype], seed):
                    examined += 1
                    if not holds(row, FORMATS[dtype]):
                        failing.append(f"{dtype} {_decimals(row)}")
                        break
        return Evidence(says, not failing, FLOATING, examined, "; ".join(failing))

    return Check(FLOATING, run)


def some(says: str, found: Holds, dtypes: Sequence[str] = DEFAULT_DTYPES) -> Check:
    """In each dtype there is a row for which `found(row, format)`: the first among small integers."""

    def run(seed: int) -> Evidence:
        examined, shown = 0, []
        with quiet(), np.errstate(all="ignore"):
            for dtype in dtypes:
                for row in rows(FORMATS[dtype], seed):
                    examined += 1
                    if found(row, FORMATS[dtype]):
                        shown.append(f"{dtype} {_decimals(row)}")
                        break
        return Evidence(says, len(shown) == len(dtypes), FLOATING, examined, "; ".join(shown))

    return Check(FLOATING, run)


def rows(fmt: Format, seed: int) -> Iterator[Array]:
    """Rows of small integers, in order of size, and random ones of several scales and lengths; all finite."""
    for v in (*range(121), *range(700, 761), 1000):
        for w in (v, -v):
            for values in ((w,), (0, w), (w, w), (w, w, w)):
                yield np.array(values, fmt.dtype)
    generator = np.random.default_rng(seed)
    for scale in SCALES:
        for _ in range(ROWS):
            yield np.asarray(scale * generator.standard_normal(generator.integers(1, 9))).astype(fmt.dtype)


def audited(
    says: str,
    role: str,
    properties: Sequence[str],
    names: Sequence[str] | Subject = (),
    dtypes: Sequence[str] = DEFAULT_DTYPES,
) -> Check:
    """Cells of the audit: these properties hold of the subjects named, or of each reference that declares no failure."""

    def run(seed: int) -> Evidence:
        cells = [cell for s in chosen() for cell in _cells(s, properties, dtypes, seed, declared=bool(names))]
        unjudged = [cell.key for cell in cells if cell.verdict not in JUDGED]
        assert cells, f"{role}, {properties}: no cell"
        assert not unjudged, f"{unjudged} are no evidence"
        return Evidence(says, not any(c.found for c in cells), FLOATING, sum(c.examined for c in cells), cells=cells)

    def chosen() -> list[Subject]:
        if isinstance(names, Subject):
            return [names]
        if not names:
            return subjects(role, "reference")
        found = [named(name, role) for name in names]
        assert all(found), f"{role}: {names}"
        return [s for some in found for s in some]

    return Check(FLOATING, run)


def _cells(s: Subject, properties: Sequence[str], dtypes: Sequence[str], seed: int, declared: bool) -> Iterator[Cell]:
    for name in properties:
        for dtype in dtypes:
            if declared or not s.may_fail(name, dtype):
                key = (s.role, s.name, name, dtype, seed)
                if key not in _judged:  # several claims rest on the same cells
                    _judged[key] = _cell(s, name, dtype, seed)
                yield _judged[key]


_judged: dict[tuple[str, str, str, str, int], Cell] = {}


def _cell(s: Subject, name: str, dtype: str, seed: int) -> Cell:
    role = role_named(s.role)
    prop = role.property_named(name)
    assert prop is not None, name
    return judge_cell(s, role, prop, dtype, Settings(seed=seed, timeout=None))


def _refutable(
    says: str, shapes: Mapping[str, str], fails: Callable[..., bool], told: Callable[[Inputs], str]
) -> Check:
    def run(seed: int) -> Evidence:
        tried, counterexample = smallest(shapes, fails, seed)
        return Evidence(says, counterexample is None, EXACT, tried, told(counterexample) if counterexample else "")

    return Check(EXACT, run)


def _tried(formula: Formula, inputs: Inputs) -> Any:
    try:
        return formula(**inputs)
    except UNDEFINED as error:
        return Undefined(str(error) if isinstance(error, Mismatch) else type(error).__name__)


class Term:
    """What is known of a computed number beforehand: the sum of the magnitudes of its terms, and the roundings of each."""

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
        """By a sum of positive terms, whose size is its value; 1 / (1 + theta_k) costs 2 k (Higham, lemma 3.3)."""
        return Term(self.size / other.size, self.depth + 2 * other.depth + 1)

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Term:
        return self


def _floats(shapes: Mapping[str, str], fmt: Format, generator: np.random.Generator) -> Inputs:
    m, n = (int(k) for k in generator.integers(1, 9, 2))
    made: Inputs = {}
    for name, shape in shapes.items():
        if shape == INDEX:
            made[name] = int(generator.integers(n))
        else:
            size = SHAPES[shape](m, n)
            values = generator.uniform(0.5, 2, size) * generator.choice((-1, 1), size)
            made[name] = np.asarray(values).astype(fmt.dtype)
    return made


def _ratio(formula: Formula, inputs: Inputs, fmt: Format) -> float:
    """The largest error of a formula in floating point, of what is allowed."""
    got = np.asarray(formula(**inputs)).astype(np.float64)
    exact = np.asarray(formula(**{k: _exact(v) for k, v in inputs.items()}), object)
    terms = np.asarray(formula(**{k: _lifted(v, Term) for k, v in inputs.items()}), object)
    u = flint.fmpq(1, 2**fmt.precision)
    worst = 0.0
    for computed, value, term in zip(got.ravel(), exact.ravel(), terms.ravel(), strict=True):
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
    if len(row) > SHOWN and (row == row[0]).all():
        return f"({len(row)} times {float(row[0]):.9g})"
    return f"({', '.join(f'{float(v):.9g}' for v in row)})"
