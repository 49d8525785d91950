"""The fused screen against the screen: the same rows looked at, the same numbers reported."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fused screens are compiled by Numba (the extra fast)")

from extremum.properties.decide import ratios, screen
from extremum.properties.exhaustive import pointwise
from extremum.properties.fused import MARGIN
from extremum.properties.role import Observation, View
from extremum.properties.softmax import ROLE, fused, kernel
from extremum.properties.sweep import block
from extremum.reference.formats import FORMATS
from extremum.reference.softmax.wide import wide
from extremum.reference.wide import screen_arithmetic

DTYPES = ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
LENGTHS = (1, 2, 3, 5, kernel.SHORT, kernel.SHORT + 1, 17, 64, 1000, 5000)
PLAIN = tuple(r for r in ROLE.regimes if not r.masked)


def answers(x, fmt, rng):
    """Answers of a sound softmax, some of them spoilt a little or a lot."""
    out = wide(x)
    moved = fmt.step(out, rng.integers(-40, 41, out.shape))
    out = np.where(rng.random(out.shape) < 0.3, moved, out)
    kind = rng.integers(0, 8, len(x))
    for number, value in ((0, 0.0), (1, fmt.eta), (2, fmt.tiny), (3, np.nan), (4, 1.5), (5, -0.0)):
        place = rng.integers(0, out.shape[1], len(x))
        spoilt = np.flatnonzero((kind == number) & (rng.random(len(x)) < 0.5))
        out[spoilt, place[spoilt]] = np.asarray(value, fmt.dtype)
    return out


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_ratios_are_those_of_the_screen(dtype, n):
    fmt, rng = FORMATS[dtype], np.random.default_rng(n)
    x = block(ROLE.arguments, dtype, (1, n), 600, n, 0, PLAIN).x
    with np.errstate(all="ignore"):
        observation = Observation({"x": x}, answers(x, fmt, rng))
        view = View(ROLE, fmt, observation, screen_arithmetic(fmt), careful=False)
        seen = fused.fused(view, frozenset(fused.GRADES))
        for prop in pointwise(ROLE):
            measured, _, ratio = screen(view, prop)
            ratio = np.broadcast_to(ratio.max(axis=1), (len(x),))
            quick = seen.ratios[prop.name]
            known = np.isfinite(quick)
            assert np.abs(quick - ratio)[known].max(initial=0.0) <= MARGIN + (ratio[known].max(initial=0.0) * 2.0**-21)
            answer = np.asarray(observation.out, np.float64)
            inside = ((answer >= 0) & (answer <= 1) & ~np.signbit(answer)).all(axis=1)
            assert known[inside & (ratio <= 1)].all()
            for name, allowance in prop.grades.items():
                if name in seen.beyond:
                    over = ratios(view.narrow(measured), view.narrow(allowance(view))).max(axis=1)
                    assert seen.beyond[name][known & (over > 1)].all()
                    sure = 0.499 if name == fused.ULP else 1 - 2.0**-12  # at a power of two the lesser ulp is taken
                    assert not seen.beyond[name][known & (over < sure)].any()
