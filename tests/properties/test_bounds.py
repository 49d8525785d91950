from __future__ import annotations

import numpy as np
import pytest

from extremum.properties.model import rounding
from extremum.properties.model.property import ulp
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.softmax import ROLE, bounds
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS
from extremum.reference.arithmetic.wide import screen_arithmetic


def test_the_weighted_depth_is_never_exceeded_and_is_reached() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 10, 1000):
        x = -rng.gamma(2.0, 2.0, (2000, n))
        x[:, 0] = 0.0
        x[0, 1:] = -bounds.weighted_depth(n) - 1.0  # the row that the bound is attained at
        s = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        reached = (s * -x).sum(axis=1)
        assert reached.max() <= bounds.weighted_depth(n)
        assert reached[0] == pytest.approx(bounds.weighted_depth(n), rel=1e-6)
        assert bounds.weighted_depth(n) <= np.log(n)


def test_pairwise_depth_is_the_ceiling_of_the_logarithm() -> None:
    assert [rounding.pairwise(n) for n in (1, 2, 3, 4, 5, 1024, 1025)] == [0, 1, 2, 2, 3, 10, 11]


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_no_bound_is_vacuous(dtype: str) -> None:
    fmt = FORMATS[dtype]
    for n in (1, 33, 2**10, 2**17):
        assert bounds.sum_error(fmt, n, rounding.additions(fmt, n)) < 0.1


def test_sixteen_bit_sums_are_held_to_pairwise_and_eight_bit_ones_to_wide() -> None:
    assert rounding.additions(FORMATS["float32"], 1000) == 999
    assert rounding.additions(FORMATS["bfloat16"], 1000) == 10
    assert rounding.additions(FORMATS["float8_e5m2"], 1000) == 0


@pytest.mark.parametrize("dtype", DEFAULT_DTYPES)
def test_the_allowance_at_the_top_is_a_few_ulps_for_short_rows(dtype: str) -> None:
    fmt = FORMATS[dtype]
    x = np.zeros((1, 4), fmt.dtype)
    view = View(ROLE, fmt, Observation({"x": x}, x), screen_arithmetic(fmt))
    assert (view.narrow(view.error_bound) / ulp(view)).max() < 12


def test_rescaling_counts_the_rises_of_the_maximum() -> None:
    fmt = FORMATS["float32"]

    def cost(values: list[float]) -> float:
        x = np.array([values], np.float32)
        view = View(ROLE, fmt, Observation({"x": x}, x), screen_arithmetic(fmt))
        return float(bounds.rescaling(view)[0, 0]) / fmt.unit_roundoff

    assert cost([3.0, 3.0, 3.0]) == 0
    assert cost([3.0, 2.0, 1.0]) == cost([1.0, 2.0, 3.0]) > 0  # either direction may be the one that is taken
    assert cost([2.0, 1.0, 3.0]) < cost([2.0, 2.5, 3.0])
