"""Exercise 2.3: a step size that leads gradient descent to a maximum."""

from __future__ import annotations

from fractions import Fraction

import flint

from extremum.properties.claims import descents
from extremum.properties.claims.checks import audited
from extremum.properties.claims.claim import EXACT, Claim
from extremum.properties.claims.descents import COSINE, SIN, TOP, TRAP, descends, exactly, in_each_format, slope, tops
from extremum.properties.claims.limits import continuous, differences, holds_in_cases
from extremum.reference.descent.exact import PI, number, written
from extremum.reference.descent.smooth import EXACT as NUMBERS

COMPUTED = audited(
    r"`np.cos` is the gradient of the sum of `np.sin`, to half the digits, by balls",
    "gradient_of",
    ["finite", "derivative"],
    COSINE,
    ["float64", "float32"],
)

PART = (
    Claim(
        id="2.3.1",
        statement=r"There are a smooth $f$, a start and step sizes $\varepsilon_k$ for which $f(x_k)$ converges to a local maximum.",
        verdict="exact only",
        checks=(
            exactly(
                r"with $f = \sin$, $x_0 = 2 \pi$ and all $\varepsilon_k = 3 \pi / 2$, $f(x_k) = 1 = \max f$ for all $k \geq 1$",
                lambda: bool(TRAP.lands and TRAP.stays and SIN.value(TRAP.first, NUMBERS) == 1),
            ),
            in_each_format(r"$f(x_k)$ stays within 0.005 of its maximum, for all $k \geq 1$", descents.value_stays),
        ),
        correction=r"In floating point $f(x_k)$ is near its maximum for some steps, and falls away.",
        corrected=(
            in_each_format(
                r"$f(x_1)$ and $f(x_2)$ are above 0.95, and some $f(x_k)$ is not",
                lambda o, r: (
                    all(bool(flint.arb(x).sin() > flint.arb("0.95")) for x in o.points[1:3])
                    and not descents.value_stays(o, r)[0],
                    "",
                ),
            ),
        ),
    ),
    Claim(
        id="2.3.2",
        statement=r"The function is smooth, that is, continuously differentiable.",
        printed=r"f: \mathbb{R} \to \mathbb{R}",
        verdict="confirmed",
        checks=(
            holds_in_cases(r"quotients of differences of $\sin$ tend to $\cos$", EXACT, differences),
            holds_in_cases(r"$\cos$ is continuous", EXACT, continuous),
            COMPUTED,
        ),
    ),
    Claim(
        id="2.3.3",
        statement=r"$f'(0) \neq 0$ is asked of the start $x_0$: that the descent does not rest there from the first.",
        printed=r"f'(0) \neq 0",
        verdict="refuted",
        checks=(
            holds_in_cases(
                r"where $f'(0) \neq 0$, the first step leads away from $x_0$",
                EXACT,
                lambda run: descents.moves(run, lambda x: slope(number(0)) == 0),
            ),
        ),
        correction=r"It is $f'(x_0) \neq 0$ that has to be asked.",
        corrected=(
            holds_in_cases(
                r"where $f'(x_0) \neq 0$, the first step leads away from $x_0$",
                EXACT,
                lambda run: descents.moves(run, lambda x: slope(x) == 0),
            ),
            exactly(r"$f'(x_0) = 1 \neq 0$ in the construction", lambda: TRAP.slope == 1),
        ),
    ),
    Claim(
        id="2.3.4",
        statement=r"Gradient descent finds a local minimum of any function.",
        verdict="refuted",
        checks=(
            exactly(
                r"descent on $\sin$ from $2 \pi$ with the step $3 \pi / 2$ does not end at a maximum",
                lambda: not (TRAP.lands and TRAP.stays),
            ),
        ),
        correction=r"With a step below $2 / L$, $L$ a Lipschitz constant of $f'$, $f(x_k)$ does not rise.",
        corrected=(descends(Fraction(1, 2)), descends(Fraction(99, 100))),
    ),
    Claim(
        id="2.3.5",
        statement=r"The method is $x_i + 1 = x_i - \varepsilon f'(x_i)$.",
        printed=r"x_i + 1 = x_i - \varepsilon f'(x_i)",
        verdict="refuted",
        checks=(
            exactly(
                r"as printed, 1 is added to $x_i$: $x_0 + 1 = x_0 - \varepsilon f'(x_0)$",
                lambda: TRAP.start + 1 == TRAP.start - TRAP.step * SIN.slope(TRAP.start, NUMBERS),
            ),
        ),
        correction=r"The 1 belongs to the index: $x_{i+1} = x_i - \varepsilon f'(x_i)$.",
        corrected=(
            exactly(
                r"$2 \pi - \frac{3}{2} \pi \cos(2 \pi) = \frac{1}{2} \pi$, the point that follows",
                lambda: TRAP.start - TRAP.step * SIN.slope(TRAP.start, NUMBERS) == PI / 2,
            ),
            audited("references of the step keep its bound", "descent_step", ["accuracy", "zero_gradient"]),
        ),
    ),
    Claim(
        id="2.3.6",
        statement=r"The derivative of $f(n) = \sin(n)$ is $\cos(n)$.",
        printed=r"f(n) = \sin(n), \quad f'(n) = \cos(n)",
        verdict="confirmed",
        checks=(holds_in_cases(r"quotients of differences of $\sin$ tend to $\cos$", EXACT, differences), COMPUTED),
    ),
    Claim(
        id="2.3.7",
        statement=r"At $x_0 = 2 \pi$, $f'(x_0) = \cos(2 \pi) = 1$.",
        printed=r"f'(x_0) = \cos(2\pi) = 1",
        verdict="confirmed",
        checks=(
            exactly(r"$\cos(2 \pi) = 1$", lambda: SIN.slope(2 * PI, NUMBERS) == 1),
            in_each_format(
                r"the cosine of the float next to $2 \pi$, correctly rounded, is 1", descents.slope_at_start
            ),
        ),
    ),
    Claim(
        id="2.3.8",
        statement=r"$f(x_0) = \sin(2 \pi) = 0$.",
        printed=r"f(x_0) = \sin(2\pi) \Rightarrow f(x_0) = 0",
        verdict="confirmed",
        checks=(
            exactly(r"$\sin(2 \pi) = 0$", lambda: SIN.value(2 * PI, NUMBERS) == 0),
            in_each_format(r"the sine of the float next to $2 \pi$ is within $2 \pi u$ of 0", descents.sine_at_start),
        ),
    ),
    Claim(
        id="2.3.9",
        statement=r"$f(x_0) = 0$ shows that $x_0$ is not a local maximum.",
        verdict="refuted",
        checks=(holds_in_cases(r"where $f(x_0) = 0$, $x_0$ is not a local maximum", EXACT, descents.vanishing),),
        correction=r"It is $f'(x_0) = 1 \neq 0$ that shows it: at a local maximum $f'$ is 0.",
        corrected=(
            holds_in_cases(
                "at every strict maximum of the functions that are known here $f' = 0$", EXACT, descents.fermat
            ),
            exactly(r"$f'(2 \pi) \neq 0$", lambda: SIN.slope(2 * PI, NUMBERS) != 0),
        ),
    ),
    Claim(
        id="2.3.10",
        statement=r"$x_1 = 2 \pi - \frac{3}{2} \pi \cos(2 \pi) = \frac{1}{2} \pi$.",
        printed=r"x_1 = 2\pi - \frac{3}{2}\pi \cdot \cos(2\pi) = \frac{1}{2}\pi",
        verdict="confirmed",
        checks=(
            exactly(r"$x_1 = \pi / 2$", lambda: TRAP.first == PI / 2),
            in_each_format(r"$x_1$ is within $4 \pi u (1 + u)$ of $\pi / 2$", descents.within_first),
        ),
    ),
    Claim(
        id="2.3.11",
        statement=r"$x_2 = \frac{1}{2} \pi - \frac{3}{2} \pi \cos(\frac{1}{2} \pi) = \frac{1}{2} \pi$.",
        printed=r"x_2 = \frac{1}{2}\pi - \frac{3}{2}\pi \cdot \cos(\frac{1}{2}\pi) = \frac{1}{2}\pi",
        verdict="confirmed",
        checks=(
            exactly(r"$x_2 = \pi / 2$", lambda: TRAP.second == PI / 2),
            in_each_format(
                r"$x_2$ is within $(d (1 + \frac{3}{2} \pi (1 + u)^3) + \frac{\pi}{2} u) (1 + u)$ of $\pi / 2$, with $d = 4 \pi u (1 + u)$",
                descents.within_second,
            ),
        ),
    ),
    Claim(
        id="2.3.12",
        statement=r"As $x_1 = x_2$, all that follow are the same.",
        printed=r"x_1 = x_2 = x_3 = \dots = x_n",
        verdict="exact only",
        checks=(
            exactly(
                r"$x_2 = x_1$, and so each $x_{k+1}$, which is the same function of $x_k$", lambda: TRAP.stays is True
            ),
            in_each_format(r"all $x_k$ from $x_1$ on are equal", descents.stays),
        ),
        correction=r"In floating point $x_1$ lies beside the maximum, and each step leads about 5.71 times as far away, to first order.",
        corrected=(
            exactly(
                r"the multiplier $1 - \varepsilon f''(\pi / 2)$ is $1 + 3 \pi / 2 > 5.71$",
                lambda: bool(TRAP.multiplier > flint.arb("5.71")),
            ),
            in_each_format("every orbit leaves", lambda o, r: (o.escapes_after(TOP) is not None, "stays")),
        ),
    ),
    Claim(
        id="2.3.13",
        statement=r"$x_0$ is none of $x_1, \dots, x_n$.",
        printed=r"x_0 \neq x; \quad x \in \{x_1, x_2, \dots, x_n\}",
        verdict="confirmed",
        checks=(
            exactly(
                r"$x_0 = 2 \pi$ is not $\pi / 2$, which all others are",
                lambda: TRAP.first != TRAP.start and TRAP.stays is True,
            ),
            in_each_format(
                r"$x_0$ does not come again, in all steps until the orbit is a cycle, or in 10,000", descents.never_back
            ),
        ),
    ),
    Claim(
        id="2.3.14",
        statement=r"So gradient descent on $\sin$ from $2 \pi$ with the step $\frac{3}{2} \pi$ converges to the local maximum at $\frac{1}{2} \pi$.",
        printed=r"f(x) = \sin(x), \quad x_0 = 2\pi, \quad \varepsilon = \frac{3}{2}\pi",
        verdict="exact only",
        checks=(
            exactly(
                r"$x_k = \pi / 2$ for all $k \geq 1$, where $f' = 0$ and $f'' < 0$: a strict local maximum",
                lambda: bool(TRAP.lands and TRAP.stays),
            ),
            in_each_format(r"the orbit stays within 0.1 of the maximum", descents.keeps),
        ),
        correction=r"It lands there in one step, and nothing is drawn there: a maximum with $f'' < 0$ repels under every step size above 0. In floating point the orbit leaves, after 3 to 25 steps.",
        corrected=(
            holds_in_cases(
                r"at the maxima of the functions that are known here, all with $f'' < 0$, $1 - \varepsilon f'' > 1$, for steps from $10^{-3}$ to $10^3$",
                EXACT,
                lambda run: [
                    (
                        f"f = {f.name}, x = {written(x)}, step {step}",
                        bool(1 - flint.arb(step) * f.ball(f.curvature, x) > 1),
                    )
                    for f, x in tops()
                    for step in ("0.001", "0.1", "1", "4.8", "1000")
                ],
            ),
            in_each_format(
                "the orbit leaves after 3 to 25 steps",
                lambda o, r: (3 <= (o.escapes_after(TOP) or 0) <= 25, f"{o.escapes_after(TOP)} steps"),
            ),
        ),
    ),
)
