"""Contested semantics: inputs whose right answer nobody can prove, and the answers of a subject to them.

A row of `SITUATIONS` is a situation with the outcomes that are in use, each with the code of the convention that
accepts it (`properties.contested.conventions`). `characterise` names the outcome that a subject shows, or describes the
answer. It reports no finding: only a convention that a user names makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call, quiet
from extremum.properties.calling.call_outcomes import Declined, Expired
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, NoReturn, undisturbed
from extremum.properties.calling.hosts import Host
from extremum.properties.contested.outcomes import (
    EMPTY,
    EXACT,
    FLOAT64,
    FLOATING,
    INFINITE,
    LIMIT,
    MINUS_INF,
    NAN,
    ONE_ENTRY,
    PROPAGATES,
    RAISES,
    SHARED,
    UNCHANGED,
    UNIFORM,
    WIDER,
    ZERO,
    Answer,
    Outcome,
)
from extremum.properties.contested.step_sizes import above_the_range, below_the_range, between_floats, has_every_step
from extremum.properties.inputs.draw import Draw, Sampled
from extremum.properties.model.role import Role
from extremum.properties.values.case import Case
from extremum.properties.values.signature import Arguments, Shape, first
from extremum.reference.arithmetic.formats import Array, Format, format_of
from extremum.reference.errors import printable
from extremum.reference.subjects.subject import Subject

TAME_MAX = 8.0  # the size of all other entries of a row: the contested one alone should decide
CALL_SECONDS = 5.0
USUAL_LENGTH = 3  # of a row that a situation is asked of
PREFERRED_DTYPE = "float32"
PREFERRED_DTYPE_OF_STEPS = "float16"  # whose range the rates of optimizers leave
STEP = "step_size"


@dataclass(frozen=True)
class CallForm:
    """How rows are handed over: the change to an argument, and the same change as a reader writes it.

    `change` and `written` take the number of the argument's axes too. With `alone` only the first argument is changed.
    """

    change: Callable[[Array, int], Array]
    written: Callable[[str, int], str]
    alone: bool = False


def _cut(a: Array, rank: int) -> Array:
    nothing: tuple[Any, ...] = (..., *[slice(0)] * rank)
    return a[nothing]


AS_IT_IS = CallForm(lambda a, _: a, lambda x, _: x)
NO_ENTRIES = CallForm(_cut, lambda x, rank: f"{x}[..., {', '.join([':0'] * rank)}]")
NO_ROWS = CallForm(lambda a, _: a[:0], lambda x, _: f"{x}[:0]")
INTEGERS = CallForm(lambda a, _: a.astype(np.int64), lambda x, _: f"{x}.astype(np.int64)", alone=True)
BOOLEANS = CallForm(lambda a, _: a.astype(np.bool_), lambda x, _: f"{x}.astype(bool)", alone=True)
A_NUMBER = CallForm(lambda a, _: a.reshape(()), lambda x, _: f"{x}.reshape(())")


def _plain(_draw: Draw, x: Array) -> Array:
    return x


def _masked(_draw: Draw, x: Array) -> Array:
    return np.full_like(x, -np.inf)


def _one_inf(draw: Draw, x: Array) -> Array:
    return np.where(_from_somewhere(draw, x) == 0, np.inf, x)


def _several_inf(draw: Draw, x: Array) -> Array:
    return np.where(_from_somewhere(draw, x) < max(2, x.shape[1] // 2), np.inf, x)


def _nan(draw: Draw, x: Array) -> Array:
    return np.where(_from_somewhere(draw, x) == 0, np.nan, x)


def _integers(_draw: Draw, x: Array) -> Array:
    return np.asarray(np.rint(x)) + 0.0


def _booleans(_draw: Draw, x: Array) -> Array:
    return np.where(x > 0, 1.0, 0.0)


@dataclass(frozen=True)
class Situation:
    """An input whose answer is contested: `fill` puts it into rows of the first argument, `form` is that of the call.

    `outcomes` pair the code of a convention with its outcome, in the order in which they are recognised. A row needs
    `least` entries. Where a role has the property named by `settled`, that property decides and nothing is contested.
    With `steps` it is about the step size, and those are the rows of all arguments that it is asked of.
    """

    name: str
    description: str
    contest: str
    outcomes: tuple[tuple[str, Outcome], ...]
    fill: Callable[[Draw, Array], Array] = _plain
    form: CallForm = AS_IT_IS
    infinite: bool = False
    least: int = 1
    settled: str = ""
    steps: Callable[[Draw, Arguments], Arguments] | None = None

    def arrange(self, draw: Draw, arguments: Arguments) -> Case:
        """The case that it makes of rows of arguments; a situation about a number takes one entry of each."""
        if self.steps is not None:
            return Case(arguments if has_every_step(draw.fmt) else self.steps(draw, arguments))
        if self.form is A_NUMBER:
            arguments = {
                name: np.zeros_like(a[:1]) if a.dtype.kind in "iu" else a[(slice(1),) * a.ndim]
                for name, a in arguments.items()
            }
        x = first(arguments)
        wide = np.asarray(x.reshape(len(x), -1), np.float64)
        tame = np.clip(np.nan_to_num(wide, posinf=TAME_MAX, neginf=-TAME_MAX), -TAME_MAX, TAME_MAX)
        filled = draw.fmt.round(self.fill(draw, tame)).reshape(x.shape)
        return Case({name: filled if a is x else a for name, a in arguments.items()})

    def absent(self, role: Role, fmt: Format) -> str:
        """Why it does not arise for this role and format, or an empty string."""
        listed = self.steps is None if role.contested is None else self.name in role.contested
        if not listed or (self.steps is not None and STEP not in role.signature.inputs):
            return f"it does not arise for {role.name}"
        if self.steps is not None and has_every_step(fmt):
            return f"every step size is a float of {fmt.name}"
        if self.infinite and not fmt.has_infinity:
            return f"{fmt.name} has no infinity"
        if self.form is NO_ROWS and not role.signature.batched:
            return f"{role.name} is called row by row: it is never given a batch without rows"
        return ""

    def decided(self, role: Role) -> str:
        """Why it is no contest for this role, or an empty string."""
        settles = bool(self.settled) and role.property_named(self.settled) is not None
        return f"of {role.name} it is no contest: property {self.settled} judges it" if settles else ""

    def changed(self, role: Role) -> dict[str, int]:
        """The arguments that are given in another form, with their numbers of axes."""
        with_axes = {name: rank for name, rank in role.signature.inputs.items() if rank}
        return dict(list(with_axes.items())[: 1 if self.form.alone else None])

    def written(self, role: Role) -> str:
        """The arguments of a call as a reader writes them."""
        changed = self.changed(role)
        return ", ".join(self.form.written(x, changed[x]) if x in changed else x for x in role.signature.inputs)

    def answers(self, call: Call, role: Role, case: Case) -> list[Answer]:
        """The answers of the subject to the calls that make up the case."""
        inputs = case.arguments
        count = 1 if role.signature.batched else len(case.x)
        each = [inputs if count == 1 else {k: a[r : r + 1] for k, a in inputs.items()} for r in range(count)]
        return [self._answer(call, role, rows) for rows in each]

    def formed(self, role: Role, arguments: Arguments) -> tuple[Arguments, Shape]:
        """The arguments of a call in the form of this situation, and the shape that the role gives the answer."""
        changed = self.changed(role)
        formed = {name: self.form.change(a, changed[name]) if name in changed else a for name, a in arguments.items()}
        return formed, () if self.form is A_NUMBER else role.signature.answer(formed, -1)

    def _answer(self, call: Call, role: Role, rows: Arguments) -> Answer:
        formed, shape = self.formed(role, call.calls(rows)[0])
        try:
            return Answer(role, rows, first(formed).dtype, shape, call.array(formed))
        except Misbehaviour as error:
            return Answer(role, rows, first(formed).dtype, shape, error=str(error))


SITUATIONS = (
    Situation(
        "fully-masked-row",
        "a row of -inf alone",
        "Of softmax it is 0/0: every exp(-inf) is 0. Libraries answer NaN; kernels of attention answer zeros, so that "
        "a query that sees nothing adds nothing; where a mask is a large negative number, the answer is uniform.",
        (("EX801", NAN), ("EX802", ZERO), ("EX803", MINUS_INF), ("EX804", UNIFORM), ("EX805", RAISES)),
        _masked,
        infinite=True,
        settled="infinities",
    ),
    Situation(
        "one-inf",
        "a row with one entry of +inf",
        "As that entry grows, softmax tends to a one-hot row. The shifted form gives NaN, since inf - inf is NaN.",
        (("EX811", NAN), ("EX812", LIMIT), ("EX813", RAISES)),
        _one_inf,
        infinite=True,
        settled="infinities",
    ),
    Situation(
        "several-inf",
        "a row with +inf in two entries or more",
        "The limit depends on how fast each of them grows. Growing alike, they share what there is; the shifted form "
        "gives NaN, since inf - inf is NaN.",
        (("EX821", NAN), ("EX822", SHARED), ("EX823", RAISES)),
        _several_inf,
        infinite=True,
        least=2,
        settled="infinities",
    ),
    Situation(
        "nan",
        "a row with one entry of NaN",
        "NaN says that something went wrong before. Handed on throughout the row it is seen; a maximum that drops NaN "
        "leaves numbers beside it, and an exception stops a whole batch for one row.",
        (("EX831", PROPAGATES), ("EX832", RAISES)),
        _nan,
    ),
    Situation(
        "empty-row",
        "a row without entries (n = 0)",
        "There is nothing to answer, but the maximum of nothing is an error in NumPy, and -inf in the extended reals.",
        (("EX841", EMPTY), ("EX842", MINUS_INF), ("EX843", RAISES)),
        form=NO_ENTRIES,
    ),
    Situation(
        "empty-batch",
        "a batch without rows",
        "There is nothing to answer, and no reduction along the row is of nothing; what reshapes with -1 fails.",
        (("EX851", EMPTY), ("EX852", RAISES)),
        form=NO_ROWS,
    ),
    Situation(
        "integer",
        "a row of integers",
        "NumPy promotes integers to float64, PyTorch refuses them; an answer in the integer dtype loses all that "
        "is not whole.",
        (("EX861", FLOAT64), ("EX862", FLOATING), ("EX863", RAISES)),
        _integers,
        INTEGERS,
    ),
    Situation(
        "boolean",
        "a row of booleans",
        "As numbers they are 0 and 1, but NumPy's exp makes float16 of them, and NumPy does not subtract them.",
        (("EX871", FLOAT64), ("EX872", FLOATING), ("EX873", RAISES)),
        _booleans,
        BOOLEANS,
    ),
    Situation(
        "zero-dimensional",
        "a number without axes",
        "A number has no axes. NumPy's reductions take the axis -1 all the same, and PyTorch takes the number for a "
        "row of one entry; what moves the axis, or indexes it, raises.",
        (("EX881", ONE_ENTRY), ("EX882", RAISES)),
        form=A_NUMBER,
    ),
    Situation(
        "step-below-range",
        "a step size below half the smallest subnormal of the dtype (1e-8 in float16)",
        "Rounded to the dtype it is zero, and no step is taken; a fused update multiplies in a wider format and takes "
        "it. NumPy rounds a Python float to the dtype of the array beside it, and widens the array for an np.float64.",
        (("EX891", EXACT), ("EX892", WIDER), ("EX893", UNCHANGED), ("EX894", RAISES)),
        steps=below_the_range,
    ),
    Situation(
        "step-between-floats",
        "a step size between two floats of the dtype (0.1)",
        "Rounded to the dtype it is off by a rounding, as small as that of the product. An array library may promote "
        "the arrays instead: NumPy does for an np.float64, and ml_dtypes for a Python float beside bfloat16.",
        (("EX895", EXACT), ("EX896", WIDER), ("EX897", RAISES)),
        steps=between_floats,
    ),
    Situation(
        "step-above-range",
        "a step size beyond the largest finite value of the dtype (1e5 in float16)",
        "Rounded to the dtype it is infinite, and so is every step; a fused update multiplies in a wider format, and "
        "is right where the gradient is small.",
        (("EX883", EXACT), ("EX884", WIDER), ("EX885", INFINITE), ("EX886", NAN), ("EX887", RAISES)),
        steps=above_the_range,
    ),
)


@dataclass(frozen=True)
class Behaviour:
    """What a subject does in a contested situation, in a few words."""

    subject: str
    role: str
    situation: str
    dtype: str
    what: str

    def __post_init__(self) -> None:
        for name in ("subject", "what"):  # from the code under audit, as in a cell
            object.__setattr__(self, name, printable(getattr(self, name)))

    def to_json(self) -> dict[str, str]:
        """The row of the record."""
        head = {"subject": self.subject, "role": self.role, "situation": self.situation}
        return {**head, "dtype": self.dtype, "behaviour": self.what}

    @staticmethod
    def from_json(record: Any) -> Behaviour:
        """The inverse of `to_json`."""
        return Behaviour(*(record[key] for key in ("subject", "role", "situation", "dtype", "behaviour")))


def characterise(subject: Subject, role: Role, dtype: str, host: Host | None = None) -> Iterator[Behaviour]:
    """The behaviour of the subject in each situation that arises, from one call each."""
    fmt, call = format_of(dtype), Call(subject, role.signature, host)
    call.prepare_by(role.ordinary(fmt, subject.length or USUAL_LENGTH))
    for situation in arising(role, fmt):
        yield Behaviour(subject.name, role.name, situation.name, dtype, _shown(call, role, situation, fmt))


def arising(role: Role, fmt: Format) -> list[Situation]:
    """The situations that arise for this role and format."""
    return [s for s in SITUATIONS if not s.absent(role, fmt)]


def dtype_for(
    subject: Subject,
    role: Role,
    dtypes: Sequence[str] | None = None,
    host: Host | None = None,
) -> str:
    """The dtype to characterise the subject in: the preferred one where it takes that, else the first that it takes."""
    names = preferred(role, dtypes or subject.dtypes)
    call = Call(subject, role.signature, host)
    for name in names:
        arguments = role.ordinary(format_of(name), subject.length or USUAL_LENGTH, rows=1)
        call.prepare_by(arguments)
        try:
            outcome = undisturbed(partial(call.within, CALL_SECONDS, partial(call.rows, arguments)))
        except (Misbehaviour, Declined, Ended):
            continue
        if not isinstance(outcome, Expired):
            return name
    return names[0]


def preferred(role: Role, dtypes: Sequence[str]) -> list[str]:
    """The dtypes in the order in which they are tried: float32 first, and float16 where a step size is contested."""
    best = PREFERRED_DTYPE_OF_STEPS if STEP in role.signature.inputs else PREFERRED_DTYPE
    return sorted(dtypes, key=lambda name: name != best)


def _shown(call: Call, role: Role, situation: Situation, fmt: Format) -> str:
    n = call.subject.length or USUAL_LENGTH
    if n < situation.least:
        return f"not asked: it takes rows of {n:,} alone"
    case = situation.arrange(Sampled(np.random.default_rng(0), fmt, 1, n), role.ordinary(fmt, n, rows=1))
    try:
        answers = undisturbed(partial(call.within, CALL_SECONDS, partial(situation.answers, call, role, case)))
    except NoReturn:
        return "does not return"
    except Ended:
        return "ends the process"
    except Declined as refusal:
        return f"not asked: {refusal}"
    if isinstance(answers, Expired):
        return "does not return"
    (answer,) = answers
    with quiet():
        shown = next((o.shown for _, o in situation.outcomes if o.holds(answer)), "{answer}")
    return shown.format(answer=answer.text, dtype="" if answer.out is None else answer.out.dtype.name)


def _from_somewhere(draw: Draw, x: Array) -> Array:
    """The distance of each place from one that is drawn, counted around the end of the row."""
    n = x.shape[1]
    return np.asarray((np.arange(n) - draw.integers(0, n - 1)) % n)
