"""Statements that hold in every one of some named cases, and derivatives as limits, enclosed in balls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flint

from extremum.properties.claims.claim import EXACT, Check, ClaimRun, Evidence

DIFFERENCE_BITS = 512

Cases = Sequence[tuple[str, bool]]  # the name of a case, and whether the statement holds there


def holds_in_cases(says: str, arithmetic: str, cases: Callable[[ClaimRun], Cases]) -> Check:
    """A statement that holds in every one of the named cases; the first in which it does not is the witness."""

    def check(run: ClaimRun) -> Evidence:
        results = cases(run)
        failing = [name for name, holds in results if not holds]
        shown = failing[:1] if arithmetic == EXACT else failing
        return Evidence(says, not failing, arithmetic, len(results), "; ".join(shown))

    return Check(arithmetic, check)


def differences(run: ClaimRun) -> Cases:
    """Quotients of differences of sine tend to the cosine: abs(sin(x + h) - sin x - h cos x) <= h^2 / 2.

    That is Taylor's formula with abs(f'') <= 1.
    """
    return _at_small_steps(run, lambda x, h: abs((x + h).sin() - x.sin() - h * x.cos()) <= h * h / 2)


def exponential_differences(run: ClaimRun) -> Cases:
    """Quotients of differences of exp tend to exp: 0 <= exp(x + h) - exp(x) - h exp(x) <= h^2 exp(x + h) / 2.

    That is Taylor's formula for h > 0, where f'' = exp is at most exp(x + h).
    """

    def holds(x: Any, h: Any) -> bool:
        rest = (x + h).exp() - x.exp() - h * x.exp()
        return bool(rest >= 0) and bool(rest <= h * h * (x + h).exp() / 2)

    return _at_small_steps(run, holds)


def _at_small_steps(run: ClaimRun, holds: Callable[[Any, Any], bool]) -> Cases:
    """Whether `holds(x, h)` at random x, in balls, for h from 2^-5 to 2^-100."""
    points = run.generator().uniform(-100, 100, 20).tolist()
    with flint.ctx.workprec(DIFFERENCE_BITS):
        return [
            (f"x = {x.str(6, radius=False)}, h = 2^-{k}", bool(holds(x, flint.arb(2) ** -k)))
            for x in map(flint.arb, points)
            for k in range(5, 101, 5)
        ]


def continuous(run: ClaimRun) -> Cases:
    """The cosine is continuous, with Lipschitz constant 1."""
    pairs = run.generator().uniform(-100, 100, (40, 2)).tolist()
    return [
        (f"{a:.6g}, {b:.6g}", bool(abs(flint.arb(a).cos() - flint.arb(b).cos()) <= abs(flint.arb(a) - flint.arb(b))))
        for a, b in pairs
    ]
