"""The fused screen against the screen: the same rows looked at, the same numbers reported."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fused screens are compiled by Numba (the extra fast)")

from nightly import NIGHTLY
from shared_cells import judge_cell

from extremum.properties import engine
from extremum.properties.engine import Settings
from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.exhaustion.scan import pointwise, scan
from extremum.properties.model.fused import MARGIN, Fused, closer, exceeding, larger
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import role_named
from extremum.properties.roles.softmax import ROLE, kernel
from extremum.properties.roles.softmax import fused_screen as fused
from extremum.properties.steps.blocks import block
from extremum.properties.steps.decide import ratios, screen
from extremum.properties.steps.sharing import Shared
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.subjects.subject import named

DTYPES = ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
LENGTHS = (1, 2, 3, 5, kernel.SHORT_ROW_MAX, kernel.SHORT_ROW_MAX + 1, 64, 1000, 5000)


def spoilt(out: Array, fmt: Format, rng: np.random.Generator) -> Array:
    """Sound answers, some of them moved or replaced."""
    moved = fmt.step(out, rng.integers(-40, 41, out.shape))
    out = np.where(rng.random(out.shape) < 0.3, moved, out)
    kind = rng.integers(0, 9, len(out))
    for number, value in enumerate((0.0, fmt.eta, fmt.tiny, np.nan, 1.5, -0.0, -fmt.max)):
        place = rng.integers(0, out.shape[1], len(out))
        rows = np.flatnonzero((kind == number) & (rng.random(len(out)) < 0.5))
        out[rows, place[rows]] = np.asarray(value, fmt.dtype)
    return out


def within(role: Role, fmt: Format, out: Array) -> Array:
    """The rows whose answers the loops look at."""
    answer = np.asarray(out, np.float64)
    if role.name == "softmax":
        return np.asarray(((answer >= 0) & (answer <= 1) & ~np.signbit(answer)).all(axis=1))
    return np.asarray(((np.abs(answer) < fmt.max) & ((answer <= 0) | (role.name == "logsumexp"))).all(axis=1))


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "asked"), [("softmax", ()), ("softmax", fused.GRADES), ("log_softmax", ()), ("logsumexp", ())]
)
def test_the_ratios_are_those_of_the_screen(name: str, asked: tuple[str, ...], dtype: str, n: int) -> None:
    role, fmt, rng = role_named(name), FORMATS[dtype], np.random.default_rng(n)
    (subject,) = named("wide" if name == "softmax" else f"wide_{name}", name)
    plain = tuple(r for r in role.regimes if not r.masked)
    x = block(role.arguments, dtype, (1, n), 600, n, 0, plain).x
    with np.errstate(all="ignore"):
        observation = Observation({"x": x}, spoilt(subject.function(x).reshape(len(x), -1), fmt, rng))
        view = View(role, fmt, observation, screen_arithmetic(fmt), full_bound=False)
        seen = role.fused_screen(view, frozenset(asked))
        assert seen is not None
        assert observation.out is not None
        assert seen.lacks == frozenset(fused.GRADES) - seen.beyond.keys() or name != "softmax"
        assert set(seen.ratios) == {p.name for p in pointwise(role)}
        for prop in pointwise(role):
            measured, _, ratio = screen(view, prop)
            ratio = np.broadcast_to(ratio.max(axis=1), (len(x),))
            quick = seen.ratios[prop.name]
            known = np.isfinite(quick)
            off = np.abs(quick - ratio)[known] / np.maximum(ratio[known], 1.0)
            assert off.max(initial=0.0) <= MARGIN
            assert known[within(role, fmt, observation.out) & (ratio <= 1)].all()
            for grade, bound in prop.grades.items():
                if grade in seen.beyond:
                    over = ratios(
                        view.narrow(measured), view.narrow(view.error_bound if bound is None else bound(view))
                    ).max(axis=1)
                    assert seen.beyond[grade][known & (over > 1)].all()
                    sure = 0.499 if grade == fused.ULP else 1 - 2.0**-12  # at a power of two the lesser ulp is taken
                    assert not seen.beyond[grade][known & (over < sure)].any()


def test_answers_of_another_dtype_are_left_to_the_screen() -> None:
    fmt = FORMATS["float32"]
    x = np.zeros((3, 2), np.float32)
    view = View(ROLE, fmt, Observation({"x": x}, np.full((3, 2), 0.5 + 1e-12)), screen_arithmetic(fmt))
    assert ROLE.fused_screen(view, frozenset()) is None


@pytest.mark.parametrize("seed", range(20))
def test_the_row_of_the_largest_ratio_is_looked_at(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.choice([rng.random(), 0.0, -3.0, 0.99, 1.2], 50) + rng.random(50) * MARGIN
    seen = Fused({"accuracy": true + rng.uniform(-MARGIN, MARGIN, 50)})
    best = float(rng.choice([-1.0, 0.0, np.median(true)]))
    near = closer(seen, "accuracy", 0.999, best)
    assert near[true > 0.999].all()
    cleared = np.where(true > 0.999, -np.inf, true)
    assert near[cleared.argmax()] or cleared.max() <= max(best, MARGIN)


@pytest.mark.parametrize("seed", range(20))
def test_the_row_of_the_largest_ratio_of_many_in_doubt_is_looked_at(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.choice([1.0, 30.0, 1e9]) * (1 + rng.random(50) * MARGIN) + rng.choice([0.0, 0.5], 50)
    true[rng.random(50) < rng.choice([0.0, 0.1])] = np.inf
    seen = Fused({"accuracy": true * (1 + rng.uniform(-MARGIN, MARGIN, 50))})
    best = float(rng.choice([1.0, np.median(true), np.inf]))
    near = larger(seen, "accuracy", best)
    assert near[true.argmax()] or true.max() <= best
    assert not near[true < best * (1 - 3 * MARGIN)].any()


def numbers(cell: Cell) -> tuple[float, float]:
    assert cell.measured is not None
    assert cell.allowed is not None
    return float(cell.measured), float(cell.allowed)


@pytest.mark.parametrize("dtype", [pytest.param("float32", marks=pytest.mark.slow), "bfloat16"])
@pytest.mark.parametrize(
    "subject",
    [
        "wide",
        *([pytest.param("streaming", marks=pytest.mark.slow)] if NIGHTLY else []),
        pytest.param("tail_left_out_of_sum", marks=pytest.mark.slow),
        "subnormal_exps_flushed",
    ],
)
def test_a_cell_is_judged_alike_without_the_loops(subject: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "has_neighbours", lambda *_: False)  # they are for the loops alone
    (found,) = named(subject, "softmax")
    properties = [p for p in pointwise(ROLE) if not p.exact]

    def judged() -> list[Cell]:
        shared = Shared()
        return [engine.judge_cell(found, ROLE, p, dtype, Settings(examples=5), shared) for p in properties]

    with_loops = judged()
    monkeypatch.setattr(fused, "kernel", lambda: None)
    without = judged()
    for a, b in zip(with_loops, without, strict=True):
        assert (a.verdict, a.grade, a.examined, a.regimes) == (b.verdict, b.grade, b.examined, b.regimes)
        assert numbers(a) == pytest.approx(numbers(b), rel=1e-6)
        assert (a.simplest, a.worst) == (b.simplest, b.worst)


@pytest.mark.parametrize(("domain", "dtype"), [("gaps", "float16"), ("gaps", "bfloat16"), ("pairs", "float8_e4m3fn")])
@pytest.mark.parametrize("subject", ["wide", "shifted", "through_logsumexp", "wide_logsumexp", "wide_log_softmax"])
def test_a_domain_is_tallied_alike_without_the_loops(
    subject: str, domain: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = role_named(next((r for r in ("log_softmax", "logsumexp") if subject == f"wide_{r}"), "softmax"))
    (found,) = named(subject, role.name)
    fmt, span = FORMATS[dtype], (0, DOMAINS[domain].size(FORMATS[dtype]))
    with_loops = scan(found, role, pointwise(role), DOMAINS[domain], fmt, span)
    monkeypatch.setattr(fused, "kernel", lambda: None)
    assert with_loops == scan(found, role, pointwise(role), DOMAINS[domain], fmt, span)


def test_inputs_with_room_to_spare_are_in_the_profile() -> None:
    role = role_named("logsumexp")
    (subject,) = named("wide_logsumexp", "logsumexp")
    prop = role.property_named("between")
    assert prop is not None
    cell = judge_cell(subject, role, prop, "float32", Settings(examples=2))
    assert len(cell.profile["magnitude"]) > 200  # nearly all ratios are negative there


def test_grades_are_asked_in_their_order() -> None:
    masks = {name: np.ones(1, bool) for name in ("c", "a", "d", "b")}
    seen = []
    for grade in masks:
        still = {grade}
        for _ in exceeding(Fused({}, masks), still.copy):
            seen.append(grade)
            still.clear()
    assert seen == list(masks)
