"""Against the usual checkers: who notices that a claimed gradient is wrong, and in what time, in float64.

    python benchmarks/gradient_checkers.py [N ...]

The claims are the mutants of softmax_vjp and of the gradients of <w, x>, <x, A x>, norm(B x)^2 and norm(B x - c)^2, and
the sound references of these roles, for an x of 8, 64, 400 and 2000 entries; B has as many rows, up to 65. A mutant
takes part if the property named for it is one of values, and fails in float64: those of layout, purity, dtype, shape,
determinism and row_independence are left out, since no checker looks at these. So are, where they are right, those in
`TAILS`, which skip what is beyond the last whole vector, and those in `SQUARE`, whose product needs a square B.

A checker gets a function whose forward is sound NumPy and whose backward is the claim, at normal random arguments in
float64, with its defaults for tolerance and step:

- torch.autograd.gradcheck, fully and with `fast_mode`: an autograd.Function. Softmax is checked as a vector.
- jax.test_util.check_grads of order 1 in reverse mode: a custom_vjp of two callbacks. Softmax is a vector, too.
- scipy.optimize.check_grad, for scalars alone: softmax is <g, softmax(x)> for a normal random g. It leaves judging the
  error that it returns to its user: here up to 1e-6 of the norm of the claimed gradient, or of 1, is accepted.

extremum decides each property of values on the checkers' input, and on a case from every regime of the role at that
length, and stops at the first refutation. A case has at most `ROWS` rows, and one where they are large; A of more than
400 columns comes from the regimes `LARGE` alone. Beside it stands extremum on the checkers' input alone.

Printed, for each length: the mutants that are accepted, the sound forms that are refused, and the seconds for the first
sound form of each role, added over the five roles, with nothing cached but what a claim of two entries has imported and
compiled; and how many times as long extremum takes. A sound form costs extremum most, since nothing ends it early. Then
who accepts the two textbook cases, and by name every sound form that is refused and every mutant that extremum accepts.
Exits with 1 where extremum accepts a mutant or refuses a sound form.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.inputs.draw import Sampled
from extremum.properties.inputs.regimes import Regime
from extremum.properties.laws import contract
from extremum.properties.model.role import Experiment, Role
from extremum.properties.roles.registry import role_named
from extremum.properties.steps.decide import decide
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import FORMATS, Array
from extremum.reference.subjects.subject import Subject, subjects

FMT = FORMATS["float64"]
SIZES = (8, 64, 400, 2000)
OF_CONTRACT = frozenset(p.name for p in (*contract.BATCHED, *contract.BY_ROW))
TEXTBOOK = ("all_zero_gradient", "diagonal_only_vjp")
TAILS = ("tail_left_out_of_inner_product", "tail_of_x_skipped", "last_row_skipped", "last_sample_skipped")
TALLEST = 65  # rows of B; odd, so that there is a tail to skip
SQUARE = ("transpose_forgotten", "outer_transpose_forgotten", "matrix_for_its_transpose")
ROWS, ENTRIES = 16, 2**14  # of a case of several rows
LARGE = ("ordinary-system", "cancelling-columns", "huge-products", "tiny-products", "subnormal-vectors")
ALONE = "extremum, on the same input"
ACCEPTED = 1e-6  # of scipy's check_grad


def softmax(x: Array) -> Array:
    """The function of role softmax_vjp."""
    e = np.exp(x - x.max())
    return np.asarray(e / e.sum())


FUNCTIONS: dict[str, Callable[..., Array]] = {  # of each role, given its arguments
    "softmax_vjp": lambda x, **_: softmax(x),
    "inner_product_gradient": lambda w, x: w @ x,
    "quadratic_form_gradient": lambda A, x: x @ (A @ x),
    "squared_norm_gradient": lambda B, x: np.sum((B @ x) ** 2),
    "least_squares_gradient": lambda B, x, c: np.sum((B @ x - c) ** 2),
}


@dataclass(frozen=True)
class Claim:
    """A function and what is claimed to pull a cotangent `g` back through it, at `x`."""

    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array], Array]
    x: Array
    g: Array


@lru_cache(maxsize=1)
def arguments_of(role: str, n: int) -> Arguments:
    """Normal random arguments for the checkers."""
    rng, shapes = np.random.default_rng(n), {"A": (n, n), "B": (min(n, TALLEST), n), "c": (min(n, TALLEST),)}
    return {name: rng.normal(0, 1, shapes.get(name, (n,))) for name in role_named(role).signature.inputs}


@lru_cache(maxsize=1)
def forward_of(role: str, n: int) -> Callable[[Array], Array]:
    """The function of x; a number is kept, since one checker asks the same for every claim."""
    given = arguments_of(role, n)

    def f(x: Array) -> Array:
        return np.asarray(FUNCTIONS[role](**{**given, "x": x}))

    known = lru_cache(maxsize=None)(lambda key: f(np.frombuffer(key)))
    return f if role == "softmax_vjp" else lambda x: known(x.tobytes())


def claim_of(subject: Subject, n: int) -> Claim:
    """What `subject` claims, for the checkers."""
    given, vector = arguments_of(subject.role, n), subject.role == "softmax_vjp"

    def backward(x: Array, g: Array) -> Array:
        passed = {**given, "x": x.copy(), **({"g": g.copy()} if vector else {})}
        y = np.asarray(subject.function(*passed.values()))
        return np.array(y if vector else g * y)

    return Claim(forward_of(subject.role, n), backward, given["x"], given["g"] if vector else np.ones(()))


def by_gradcheck(claim: Claim, fast_mode: bool = False) -> bool:
    """Whether PyTorch's gradcheck accepts the claim."""
    import torch

    class Claimed(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return torch.from_numpy(claim.forward(x.detach().numpy()))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:  # type: ignore[override, unused-ignore]
            return torch.from_numpy(claim.backward(ctx.saved_tensors[0].detach().numpy(), g.numpy()))

    x = torch.tensor(claim.x, requires_grad=True)
    return bool(torch.autograd.gradcheck(Claimed.apply, (x,), fast_mode=fast_mode, raise_exception=False))


def by_check_grads(claim: Claim) -> bool:
    """Whether JAX's check_grads accepts the claim."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    like = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (claim.forward(claim.x), claim.x)]
    forward = jax.custom_vjp(lambda x: jax.pure_callback(lambda v: claim.forward(np.asarray(v)), like[0], x))

    def back(x: Any, g: Any) -> tuple[Any]:
        return (jax.pure_callback(lambda v, h: claim.backward(np.asarray(v), np.asarray(h)), like[1], x, g),)

    forward.defvjp(lambda x: (forward(x), x), back)
    try:
        check_grads(forward, (jax.numpy.asarray(claim.x),), order=1, modes=["rev"])
    except AssertionError:
        return False
    return True


def by_check_grad(claim: Claim) -> bool:
    """Whether the error that SciPy's check_grad returns is small."""
    from scipy.optimize import check_grad

    def scalar(x: Array) -> float:
        return float(np.sum(claim.g * claim.forward(x)))

    error = check_grad(scalar, lambda x: claim.backward(x, claim.g), claim.x)
    return bool(error <= ACCEPTED * max(1.0, float(np.linalg.norm(claim.backward(claim.x, claim.g)))))


@lru_cache(maxsize=32)
def rows_of(role: str, regime: Regime, n: int, m: int) -> Arguments:
    """A few rows of arguments from a regime."""
    rows = max(min(ROWS, ENTRIES // (m * n)), 1)
    return role_named(role).arguments(Sampled(np.random.default_rng([n, regime.number]), FMT, rows, n, m), regime)


def cases(role: Role, n: int) -> Iterator[tuple[Arguments, int, bool]]:
    """What the checkers get, and rows from each regime; with each, the rows of a matrix, and whether it is masked."""
    inputs = role.signature.inputs
    m = n if "A" in inputs else min(n, TALLEST) if "B" in inputs else 1
    yield {name: a[None] for name, a in arguments_of(role.name, n).items()}, m, False
    for regime in role.regimes:
        if n <= 400 or "A" not in inputs or regime.name in LARGE:
            yield rows_of(role.name, regime, n, m), m, regime.masked


def by_extremum(subject: Subject, n: int, most: int | None = None) -> bool:
    """Whether each property of values holds on all cases, or on the first."""
    role, call = role_named(subject.role), Call(subject, role_named(subject.role).signature)
    for made, m, masked in islice(cases(role, n), most):
        for prop in (p for p in role.properties if p.masked == masked and p.name not in OF_CONTRACT):
            draw = Sampled(np.random.default_rng(n), FMT, len(made["x"]), n, m)
            if decide(Experiment(call, role, prop, FMT), prop.case_of(draw, made)).refuted:
                return False
    return True


CHECKERS: dict[str, tuple[str, Callable[[Subject, int], bool]]] = {  # the module that it needs, and what it does
    "torch gradcheck": ("torch", lambda s, n: by_gradcheck(claim_of(s, n))),
    "torch gradcheck, fast": ("torch", lambda s, n: by_gradcheck(claim_of(s, n), fast_mode=True)),
    "jax check_grads": ("jax", lambda s, n: by_check_grads(claim_of(s, n))),
    "scipy check_grad": ("scipy", lambda s, n: by_check_grad(claim_of(s, n))),
    ALONE: ("extremum", lambda s, n: by_extremum(s, n, most=1)),
    "extremum": ("extremum", by_extremum),
}


@dataclass
class Score:
    """What one checker did at one length."""

    accepted: list[Subject] = field(default_factory=list)
    refused: list[Subject] = field(default_factory=list)
    seconds: float = 0.0


def sound(role: Role) -> list[Subject]:
    """The references that declare nothing in float64."""
    every = subjects(role.name, "reference")
    return [s for s in every if not any(FMT.name in d for d in (*s.fails.values(), *s.may.values()))]


def wrong(role: Role, n: int) -> list[Subject]:
    """The mutants whose values are wrong in float64 at length `n`."""
    right = (*(TAILS if n % 8 == 0 else ()), *(SQUARE if n > TALLEST else ()))
    every = (s for s in subjects(role.name, "mutant") if s.name not in right)
    return [s for s in every if any(p not in OF_CONTRACT and s.must_fail(p, FMT.name) for p in s.fails)]


def scored(name: str, n: int, among: list[Subject] | None) -> Score:
    """The score of one checker at one length; mutants that are not `among` these are refused, as is known."""
    score, check = Score(), CHECKERS[name][1]
    for role in map(role_named, FUNCTIONS):
        for cache in (arguments_of, forward_of, rows_of):
            cache.cache_clear()
        arguments_of(role.name, n)
        for number, reference in enumerate(sound(role)):
            start = time.perf_counter()
            if not check(reference, n):
                score.refused.append(reference)
            score.seconds += time.perf_counter() - start if number == 0 else 0.0
        pool = [mutant for mutant in wrong(role, n) if among is None or mutant in among]
        score.accepted += [mutant for mutant in pool if check(mutant, n)]
    return score


def show(n: int, scores: dict[str, Score]) -> None:
    """Print the table of one length."""
    roles, ours = [role_named(name) for name in FUNCTIONS], scores["extremum"].seconds
    mutants, references = sum(len(wrong(r, n)) for r in roles), sum(len(sound(r)) for r in roles)
    left_out = sum(len(subjects(r.name, "mutant")) for r in roles) - mutants
    print(f"\nn = {n}, {left_out} mutants left out\n")
    print("| checker | mutants accepted | sound forms refused | seconds | extremum's, in these |")
    print("|---|---|---|---|---|")
    for name, score in scores.items():
        accepted, refused = f"{len(score.accepted)} of {mutants}", f"{len(score.refused)} of {references}"
        print(f"| {name} | {accepted} | {refused} | {score.seconds:.3g} | {ours / score.seconds:.2g} |", flush=True)


def textbook(scores: dict[int, dict[str, Score]]) -> None:
    """Print who accepts the textbook cases at each length."""
    print(
        "\n| n | " + " | ".join(f"accept `{case}`" for case in TEXTBOOK) + " |\n" + "|---" * (len(TEXTBOOK) + 1) + "|"
    )
    for n, of_length in scores.items():
        who = [[name for name, s in of_length.items() if case in [m.name for m in s.accepted]] for case in TEXTBOOK]
        print(f"| {n} | " + " | ".join("; ".join(names) or "none" for names in who) + " |")


def main(sizes: list[int]) -> int:
    """Score every checker at every length, and print; 1 where extremum is wrong."""
    for name in [name for name, (module, _) in CHECKERS.items() if not importlib.util.find_spec(module)]:
        print(f"{name}: {CHECKERS.pop(name)[0]} is not installed, skipped")
    scores: dict[int, dict[str, Score]] = {}
    with quiet():
        for _, check in CHECKERS.values():  # what it imports and compiles once is not counted
            check(subjects("softmax_vjp", "reference")[0], 2)
        for n in sizes:
            done = scores.setdefault(n, {})
            for name in CHECKERS:
                done[name] = scored(name, n, done[ALONE].accepted if name == "extremum" else None)
            show(n, done)
    textbook(scores)
    print()
    for n, of_length in scores.items():
        for name, s in ((name, s) for name, score in of_length.items() for s in score.refused):
            print(f"n = {n}: {name} refuses {s.role} {s.name}, which is sound")
        for s in of_length["extremum"].accepted:
            print(f"n = {n}: extremum accepts {s.role} {s.name}, which is wrong")
    return int(any(s["extremum"].accepted or s["extremum"].refused for s in scores.values()))


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or list(SIZES)))
