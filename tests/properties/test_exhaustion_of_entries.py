"""`--exhaustive all`: every number of a format, of functions of single entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from extremum.properties.answers.judgement import judge
from extremum.properties.exhaustion import scan as exhaustive
from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.exhaustion.scan import conclude, pointwise, provable, scan
from extremum.properties.model.property import ulp
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.formula import formula
from extremum.properties.roles.registry import role_named, roles
from extremum.properties.values.finding import Cell
from extremum.properties.values.tally import THRESHOLDS, Tally
from extremum.reference.arithmetic.formats import FORMATS, Array, Format
from extremum.reference.arithmetic.spacings import spacing
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import UsageError
from extremum.reference.sigmoid import careful_sigmoid, tanh_sigmoid
from extremum.reference.softplus import careful_softplus
from extremum.reference.subjects.subject import Subject, subjects

ALL = DOMAINS["all"]


def quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    def quiet(*arguments: Array) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    return quiet


def recorded(function: Callable[..., Any], role: Role, fmt: Format) -> Callable[..., Array]:
    """What a function answers to every number, asked once: some mutants answer another time with something else."""
    domain = ALL.of(role)
    given = list(domain.arguments(fmt, 0, domain.size(fmt)).values())
    kept = np.unique(given[1]) if len(given) > 1 else np.zeros(1, fmt.dtype)
    answers = np.zeros((len(kept), 2**16), fmt.dtype)

    def place(x: Array, *g: Array) -> tuple[Array, Array]:
        return np.searchsorted(kept, g[0]) if g else np.zeros(x.shape, int), x.view(np.uint16)

    answers[place(*given)] = np.reshape(quietly(function)(*given), (-1, 1))
    return lambda *arguments: answers[place(*arguments)]


def tallied(function: Callable[..., Any], role: str, dtype: str, block: int = exhaustive.BLOCK) -> dict[str, Tally]:
    known, fmt = role_named(role), FORMATS[dtype]
    subject = Subject("it", role, quietly(function), axis=None)
    domain = ALL.of(known)
    return scan(subject, known, pointwise(known), domain, fmt, (0, domain.size(fmt)), block)


def cell(function: Callable[..., Any], role: str, dtype: str, prop: str = "accuracy") -> Cell:
    known = role_named(role)
    chosen = known.property_named(prop)
    assert chosen is not None
    subject = Subject("it", role, quietly(function), axis=None)
    return conclude(subject, known, chosen, ALL.of(known), FORMATS[dtype], tallied(function, role, dtype)[prop])


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2", "float16", "bfloat16"])
def test_all_are_every_finite_bit_pattern_in_order_of_magnitude(dtype: str) -> None:
    fmt = FORMATS[dtype]
    x = ALL.rows(fmt, 0, ALL.size(fmt))
    assert x.shape == (2 * (fmt.largest_ordinal + 1), 1)
    assert len(np.unique(x.view(fmt.bits))) == len(x)
    wide = x[:, 0].astype(np.float64)
    assert np.isfinite(wide).all()
    half = len(x) // 2
    assert (np.diff(wide[:half]) > 0).all()
    assert (wide[half:] == -wide[:half]).all()


def test_float32_has_so_many_and_no_block_has_both_signs() -> None:
    fmt = FORMATS["float32"]
    size = ALL.size(fmt)
    assert size == 4_278_190_080
    blocks = ALL.blocks(fmt, (size // 2 - 3, size // 2 + 5), 4)
    assert blocks == [(size // 2 - 3, size // 2), (size // 2, size // 2 + 4), (size // 2 + 4, size // 2 + 5)]
    assert ALL.rows(fmt, size - 1, size)[0, 0] == -fmt.max


def test_beside_a_cotangent_all_are_every_number_for_each_of_three() -> None:
    role, fmt = role_named("silu_vjp"), FORMATS["float16"]
    domain, once = ALL.of(role), ALL.size(fmt)
    assert domain.size(fmt) == 3 * once
    across = domain.arguments(fmt, once - 2, once + 2)
    assert across["g"].ravel().tolist() == [1.0, 1.0, -3.0, -3.0]
    assert across["x"].ravel().tolist() == [-65472.0, -65504.0, 0.0, 2.0**-24]
    for start, stop in domain.blocks(fmt, (0, domain.size(fmt)), 5000):
        given = domain.arguments(fmt, start, stop)
        assert len({*np.signbit(given["x"]).ravel().tolist()}) == len({*given["g"].ravel().tolist()}) == 1
    assert domain.blocks(fmt, (7, 9), 5000) == [(7, 9)]


def test_a_product_that_is_wrong_for_one_number_and_one_cotangent_is_refuted() -> None:
    def wrong(x: Array, g: Array) -> Array:
        s = careful_sigmoid(x.astype(np.float64))
        off = np.where((x == 1.5) & (g == -3), 1.01, 1.0)
        return np.asarray(g * s * (1 - s) * off).astype(x.dtype)

    found = cell(wrong, "sigmoid_vjp", "float16")
    assert found.verdict == "refuted"
    assert found.simplest is not None
    assert "g" in found.simplest.arguments


@pytest.mark.parametrize("function", [careful_sigmoid, tanh_sigmoid])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_sound_function_is_proved_with_its_worst_case_and_counts(function: Any, dtype: str) -> None:
    fmt = FORMATS[dtype]
    found = cell(function, "sigmoid", dtype)
    assert found.verdict == "proved"
    assert found.examined == ALL.size(fmt)
    x = ALL.rows(fmt, 0, ALL.size(fmt))
    with np.errstate(all="ignore"):
        view = View(role_named("sigmoid"), fmt, Observation({"x": x}, function(x)), screen_arithmetic(fmt))
        error = abs(view.out - view.exact)
        ratio = error / view.error_bound
        expected = [int((error / ulp(view) > threshold).sum()) for threshold in THRESHOLDS]
    assert f"({float(x[ratio.argmax(), 0]):.9g})" in found.detail
    assert [least for least, most in found.beyond.values() if least == most] == expected


@pytest.mark.parametrize("role", [r for r in roles().values() if ALL.takes(r)], ids=lambda role: role.name)
def test_the_reference_in_wider_precision_is_proved_whatever_the_role(role: Role) -> None:
    (wide,) = (s for s in subjects(role.name, "reference") if s.name.startswith("wide_"))
    found = cell(wide.function, role.name, "float16")
    assert found.verdict == "proved"
    assert found.beyond["1"] == [0, 0]


@pytest.mark.parametrize("role", [r for r in roles().values() if ALL.takes(r)], ids=lambda role: role.name)
def test_the_first_look_settles_nothing_that_the_whole_bound_would_not(role: Role) -> None:
    accuracy, fmt = role.property_named("accuracy"), FORMATS["float16"]
    assert accuracy is not None
    assert accuracy.least is not None
    for subject in [*subjects(role.name, "reference"), *subjects(role.name, "mutant")[::5]]:
        chosen, domain = replace(subject, function=recorded(subject.function, role, fmt)), ALL.of(role)
        first, whole = (
            scan(chosen, role, [prop], domain, fmt, (0, domain.size(fmt)))["accuracy"].to_json()
            for prop in (accuracy, replace(accuracy, least=None))
        )
        if float(whole["worst"][0]) <= exhaustive.WORTH:
            assert float(first["worst"][0]) <= exhaustive.WORTH
            first["worst"] = whole["worst"]
        assert first == whole, subject.name


def test_what_is_no_number_is_beyond_every_threshold() -> None:
    found = cell(lambda x: np.where(x > 4, np.nan, careful_sigmoid(x)).astype(x.dtype), "sigmoid", "float16")
    count = int((ALL.rows(FORMATS["float16"], 0, 31744) > 4).sum())
    assert found.beyond["4"] == [count, count]


def test_blocks_of_any_size_give_the_same_tally() -> None:
    found = [tallied(tanh_sigmoid, "sigmoid", "bfloat16", block) for block in (1000, 2**14)]
    first, second = ({name: tally.to_json() for name, tally in one.items()} for one in found)
    assert first == second
    assert Tally.from_json(first["accuracy"]).to_json() == first["accuracy"]


@pytest.mark.parametrize(
    ("function", "prop"),
    [
        (lambda x: np.where(x == -7.5, 0, careful_sigmoid(x)).astype(x.dtype), "accuracy"),  # a single wrong entry
        (lambda x: np.where(x == x.dtype.type(40.25), np.nan, careful_sigmoid(x)).astype(x.dtype), "finite"),
        (lambda x: np.where(x > 30_000, 1.01, careful_sigmoid(x)).astype(x.dtype), "range"),
        (lambda x: careful_sigmoid(np.clip(x, -5, None)), "limits"),
        (lambda x: np.where(x > 50_000, 0.5, careful_sigmoid(x)).astype(x.dtype), "accuracy"),  # constant, and wrong
    ],
)
def test_a_planted_defect_is_refuted(function: Callable[[Array], Any], prop: str) -> None:
    assert cell(function, "sigmoid", "float16", prop).verdict == "refuted"


@pytest.mark.parametrize(
    ("text", "ulps", "function", "verdict"),
    [
        ("x*x", 0.5, lambda x: x * x, "proved"),
        ("x*x + x", 0.5, lambda x: x * x + x, "refuted"),
        ("log(x)", 1, lambda x: np.log(x.astype(np.float32)).astype(x.dtype), "proved"),
        ("1/(1 + exp(-x))", None, lambda x: 1 / (1 + np.exp(-x)), "proved"),
        ("log(cosh(x))", None, lambda x: np.log(np.cosh(x)), "refuted"),
    ],
)
def test_a_formula_is_proved_or_refuted(text: str, ulps: float | None, function: Any, verdict: str) -> None:
    role = formula(text, ulps)
    role_named(role.name)
    assert cell(function, role.name, "float16").verdict == verdict


def wrong_beside_one(x: Array) -> Array:
    y = x - x.dtype.type(1)
    return np.where((x > 1) & (x < 1.05), y * x.dtype.type(1.5), y).astype(x.dtype)


def tail_of_noise(x: Array) -> Array:
    out = np.float64(0.5) * (1 + np.tanh(x.astype(np.float64) / 2))
    return np.where((x < -10) & (x > -10.5), out + 0.5, out).astype(x.dtype)


@pytest.mark.parametrize(
    ("name", "function", "dtype"),
    [
        (formula("x-1", 4.0).name, wrong_beside_one, "float16"),
        (formula("x-1", 4.0).name, wrong_beside_one, "bfloat16"),
        (formula("x**2.0").name, lambda x: np.where(x < 0, x.dtype.type(42), x * x), "float16"),
        ("sigmoid", tail_of_noise, "float16"),
    ],
)
def test_what_is_wrong_for_a_few_numbers_of_a_block_is_not_proved(name: str, function: Any, dtype: str) -> None:
    role_named(name)
    assert cell(function, name, dtype).verdict == "refuted"


def test_the_spacing_is_that_of_the_unit() -> None:
    for fmt in (FORMATS["float32"], FORMATS["bfloat16"]):
        x = fmt.from_ordinal(np.random.default_rng(0).integers(0, fmt.largest_ordinal, (50, 1)))
        view = View(formula("x"), fmt, Observation({"x": x}, x), screen_arithmetic(fmt))
        assert (spacing(fmt, np.abs(x.astype(np.float64))) == ulp(view)).all()


@pytest.mark.parametrize("name", ["softmax", "x*y + (1)"])
def test_other_roles_have_no_such_domain(name: str) -> None:
    with pytest.raises(UsageError, match=r"takes other arguments than one number, or rows of them; valid: .*sigmoid"):
        provable(role_named(name), ALL, FORMATS["float16"], None)


def test_ulps_are_those_below_a_power_of_two_that_the_exact_value_is_next_to() -> None:
    def two_below(x: Array) -> Array:
        y = x.astype(np.float64)
        return np.where((y >= 20) & (y < 40), np.asarray(1 - 2.0**-10, x.dtype), np.tanh(y).astype(x.dtype))

    assert cell(two_below, "tanh(x) within 1.999 ulps", "float16").verdict == "refuted"
    assert not judge(np.array([1 - 2.0**-10], np.float16), formula("tanh(x)", ulps=1), np.array([25.0], np.float16)).ok
    assert judge(np.array([1 - 2.0**-11], np.float16), formula("tanh(x)", ulps=1), np.array([25.0], np.float16)).ok

    def six_above(x: Array) -> Array:
        out = careful_sigmoid(x.astype(np.float64)).astype(x.dtype)
        return np.where((x > 64) & (x < 256), np.asarray(1 + 3 * 2.0**-7, x.dtype), out)

    assert cell(six_above, "sigmoid", "bfloat16").beyond["4"] == [255, 255]


def test_what_is_not_asked_is_counted_nowhere() -> None:
    def versed(x: Array) -> Array:
        y = x.astype(np.float32)
        return np.asarray((1 - np.cos(y)) / (y * y)).astype(x.dtype)

    found = cell(versed, "(1-cos(x))/x**2", "float16")
    assert found.verdict == "proved"
    assert [least for least, _ in found.beyond.values()] == [8806, 7870, 7470, 6242]
    assert "any finite answer passes for 7,650 of them" in found.detail


def test_ulps_are_counted_once_a_function() -> None:
    found = {p.name: cell(careful_softplus, "softplus", "float16", p.name) for p in pointwise(role_named("softplus"))}
    assert {name for name, one in found.items() if one.beyond} == {"accuracy"}


def test_an_exception_where_nothing_is_asked_is_excused() -> None:
    def raises(x: Array) -> Array:
        if (x <= 0).any():
            raise ValueError("of what is not positive")
        return np.log(x.astype(np.float32)).astype(x.dtype)

    assert cell(raises, "log(x)", "float16").verdict == "proved"
