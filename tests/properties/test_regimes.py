from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extremum.properties.inputs.draw import Drawn, Sampled
from extremum.properties.inputs.lengths import every_length, few_lengths, moderate_lengths
from extremum.properties.inputs.regimes import REGIMES, Regime, log_max
from extremum.properties.roles.registry import regimes
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Array, Format

EVERY = list(REGIMES.values())
by_name = pytest.mark.parametrize("regime", EVERY, ids=lambda r: r.name)
F64 = FORMATS["float64"]


def sampled(regime: Regime, fmt: Format, rows: int, n: int, seed: int = 0) -> Array:
    return regime.fill(Sampled(np.random.default_rng(seed), fmt, rows, n))


@by_name
def test_rows_are_of_the_dtype_and_finite_but_for_masks(regime: Regime) -> None:
    for dtype, n in product(DEFAULT_DTYPES, (1, 2, 3, 33, 1000)):
        x, case = sampled(regime, FORMATS[dtype], 4, n), (dtype, n)
        assert (x.dtype, x.shape) == (FORMATS[dtype].dtype, (4, n)), case
        assert not np.isnan(x).any(), case
        assert np.isfinite(x).any(axis=1).all(), case
        assert regime.masked or np.isfinite(x).all(), case
        if regime.masked and n > 3:
            assert np.isneginf(x).any(), case


@by_name
def test_hypothesis_draws_what_the_sweep_samples(regime: Regime) -> None:
    fmt = FORMATS["float32"]

    @settings(max_examples=25, database=None, deadline=None)
    @given(st.data())
    def drawn(data: st.DataObject) -> None:
        n = data.draw(st.integers(1, 40))
        x = regime.fill(Drawn(data.draw, fmt, 2, n))
        assert (x.dtype, x.shape) == (fmt.dtype, (2, n))
        assert np.isfinite(x).any(axis=1).all()

    drawn()


REACHES: dict[str, Callable[[Array], object]] = {
    "all-equal": lambda x: (x == x[:, :1]).all(),
    "overflow-edge": lambda x: (x > log_max(F64)).any() and ((x < log_max(F64)) & (x > log_max(F64) - 1e-9)).any(),
    "ties-at-the-overflow-edge": lambda x: 0 < np.isinf(16 * np.exp(x)).mean() < 1 and np.isfinite(np.exp(x)).all(),
    "underflow-edge": lambda x: (np.exp(x) == 0).any() and (np.exp(x) > 0).any(),
    "far-negative": lambda x: (np.exp(x) == 0).all(),
    "largest": lambda x: (np.abs(x) == F64.max).any(axis=1).mean() > 0.5,
    "subnormal-gaps": lambda x: ((np.exp(x) > 0) & (np.exp(x) < F64.tiny)).mean() > 0.05,
    "near-ties": lambda x: (np.ptp(x, axis=1) <= 8 * np.spacing(np.abs(x).max(axis=1))).all(),
    "ascending": lambda x: (np.diff(x, axis=1) >= 0).all(),
    "descending": lambda x: (np.diff(x, axis=1) <= 0).all(),
    "large-offset": lambda x: (np.abs(x).min(axis=1) > 50).all(),
    "signed-zeros": lambda x: (np.signbit(x) & (x == 0)).any(),
    "subnormal-inputs": lambda x: (np.abs(x) < F64.tiny).all() and (x != 0).any(),
    "one-dominant": lambda x: (np.sort(x, axis=1)[:, -1] - np.sort(x, axis=1)[:, -2] >= 0.5).all(),
    "ties": lambda x: max(len(np.unique(row)) for row in x) == 2,
    "any-finite": lambda x: (np.abs(x) > 1e100).mean() > 0.2 and (np.abs(x) < 1e-100).mean() > 0.2,
}


@pytest.mark.parametrize("name", REACHES)
def test_a_regime_reaches_the_place_that_it_is_for(name: str) -> None:
    with np.errstate(over="ignore", under="ignore"):
        assert REACHES[name](sampled(REGIMES[name], F64, 200, 16))


def test_masks_lie_where_their_names_say() -> None:
    def hidden(name: str) -> Array:
        return np.isneginf(sampled(REGIMES[name], F64, 1, 9, seed=4))[0]

    assert hidden("masked-end")[-1]
    assert not hidden("masked-end")[0]
    assert hidden("masked-start")[0]
    assert not hidden("masked-start")[-1]
    assert hidden("masked-all-but-one").sum() == 8
    for name in ("masked-causal", "masked-ragged", "masked-scattered"):
        assert len({tuple(row) for row in np.isneginf(sampled(REGIMES[name], F64, 8, 40)).tolist()}) > 1, name


def test_lengths_hold_every_short_one_and_the_neighbours_of_powers_of_two() -> None:
    lengths = set(every_length(0))
    assert set(range(1, 34)) <= lengths
    assert all({p - 1, p, p + 1} <= lengths for p in (64, 128, 1024, 2048))
    assert all(lengths & {p - 1, p, p + 1} for p in (2**14, 2**15, 2**16))
    assert 2**17 in lengths
    assert max(few_lengths(0)) < max(moderate_lengths(0)) < 2**17


def test_a_description_is_a_whole_sentence() -> None:
    for regime in regimes().values():
        assert regime.description.endswith("."), regime.name
        assert "\n" not in regime.description
    assert "subnormal" in regimes()["subnormal-gaps"].description
