"""Statements that hold in every one of some named cases, and derivatives as limits, seen in balls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import flint
import numpy as np

from extremum.properties.claims.claim import EXACT, Check, Evidence

BITS = 512  # of the balls


def told(says: str, arithmetic: str, cases: Callable[[int], Sequence[tuple[str, bool]]]) -> Check:
    """A statement that holds in every one of the named cases; the first in which it does not is the witness."""

    def run(seed: int) -> Evidence:
        found = cases(seed)
        failing = [name for name, holds in found if not holds]
        shown = failing[:1] if arithmetic == EXACT else failing
        return Evidence(says, not failing, arithmetic, len(found), "; ".join(shown))

    return Check(arithmetic, run)


def differences(seed: int) -> list[tuple[str, bool]]:
    """Whether quotients of differences of sine tend to the cosine: abs(sin(x + h) - sin x - h cos x) <= h^2 / 2.

    That is Taylor's formula with abs(f'') <= 1, here seen in balls at h from 2^-5 to 2^-100.
    """
    generator = np.random.default_rng(seed)
    made = []
    with flint.ctx.workprec(BITS):
        for x in map(flint.arb, generator.uniform(-100, 100, 20).tolist()):
            for k in range(5, 101, 5):
                h = flint.arb(2) ** -k
                gap = abs((x + h).sin() - x.sin() - h * x.cos())
                made.append((f"x = {x.str(6, radius=False)}, h = 2^-{k}", bool(gap <= h * h / 2)))
    return made


def exponential_differences(seed: int) -> list[tuple[str, bool]]:
    """Whether quotients of differences of exp tend to exp: 0 <= exp(x + h) - exp(x) - h exp(x) <= h^2 exp(x + h) / 2.

    That is Taylor's formula for h > 0, with f'' = exp no more than exp(x + h), here seen in balls from 2^-5 to 2^-100.
    """
    generator = np.random.default_rng(seed)
    made = []
    with flint.ctx.workprec(BITS):
        for x in map(flint.arb, generator.uniform(-100, 100, 20).tolist()):
            for k in range(5, 101, 5):
                h = flint.arb(2) ** -k
                gap = (x + h).exp() - x.exp() - h * x.exp()
                holds = bool(gap >= 0) and bool(gap <= h * h * (x + h).exp() / 2)
                made.append((f"x = {x.str(6, radius=False)}, h = 2^-{k}", holds))
    return made


def continuous(seed: int) -> list[tuple[str, bool]]:
    """Whether the cosine is continuous, with Lipschitz constant 1, seen in balls."""
    generator = np.random.default_rng(seed)
    pairs = generator.uniform(-100, 100, (40, 2)).tolist()
    return [
        (f"{a:.6g}, {b:.6g}", bool(abs(flint.arb(a).cos() - flint.arb(b).cos()) <= abs(flint.arb(a) - flint.arb(b))))
        for a, b in pairs
    ]
