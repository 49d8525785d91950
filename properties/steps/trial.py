"""The trial call: whether what a user names fits its role, found out in its host before any cell is judged.

It is called on ordinary arguments in each dtype. Where it ends its process or does not return, that is the verdict of
all cells of the dtype. One that raises, or answers with a wrong type or shape, in every dtype is a misfit: it does not
compute what the role does, and nothing would be learnt from its cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from extremum.properties.calling.call import Call
from extremum.properties.calling.call_outcomes import Declined
from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, Limits, NoReturn, OutOfMemory, undisturbed
from extremum.properties.calling.hosts import Host
from extremum.properties.calling.subject_callers import host_of
from extremum.properties.inputs.lengths import point_lengths
from extremum.properties.model.role import Role
from extremum.properties.model.view import Observation, View
from extremum.properties.roles.registry import VECTORS, of_vectors, role_named, role_of, roles
from extremum.properties.steps.parameters import (
    AXIS_KEYWORDS,
    GRADIENT_OF,
    axis_of,
    keywords_of,
    numbers_as,
    passed,
    without_of,
)
from extremum.properties.steps.trial_of import of_told
from extremum.properties.values.signature import Arguments
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS, Format
from extremum.reference.arithmetic.wide import screen_arithmetic
from extremum.reference.errors import UsageError, nearest, printable
from extremum.reference.subjects.adapters import ADAPTERS, Adapter, adapter_of, candidates
from extremum.reference.subjects.c_symbols import EXAMPLE
from extremum.reference.subjects.loading import MODEL, SHARED, NotLoaded, is_onnx, parted, record_name
from extremum.reference.subjects.onnx_models import operator
from extremum.reference.subjects.processes import PREFIX, words_of
from extremum.reference.subjects.subject import NATIVE, RANKS, Subject, usage_error

FITS = ""  # what a trial says where there is nothing to say
OF_DTYPES = "in its C signature", "in the model"  # what is said of arrays of another dtype than its own
CLOSE = 0.05  # relative and absolute: another role whose values are that near is what the subject may be
SUGGESTION_SECONDS = 5.0
FOREIGN, FOREIGN_RANKS = "C-order", (2,)  # arrays of C symbols and programs: matrices, with rows along the last axis


Keep = Callable[[Subject, Host], None]


@dataclass(frozen=True)
class Wish:
    """How a subject is to be tried: what its host may take, in which dtypes (None: all), and what the user said of it.

    `arrays` names the library whose arrays it takes, `device` where these lie, `python` the interpreter that has its
    libraries, `wrap` what is called on it first, `c_signature` the form of a C symbol. With `out` it is called
    `f(*arguments, out)`. `keep` takes over the host of a subject that fits.
    """

    limits: Limits = field(default_factory=Limits)
    dtypes: Sequence[str] | None = None
    arrays: str | None = None
    device: str | None = None
    python: str | None = None
    wrap: str | None = None
    c_signature: str | None = None
    out: bool = False
    keep: Keep | None = None


def tried(spec: str, wanted: Role | None, wish: Wish, of: str | None = None) -> Subject:
    """The subject that `spec` names, as its host tells, with what the trial call decided: `unfit`, `misfit`.

    Without a role that is `wanted`, its name tells it. `of` names the function that it is the gradient of. Raises
    `UsageError` where there is no such function, or it takes other arguments than the role's.
    """
    python = {} if wish.python is None else {"python": wish.python}
    wrap = {} if wish.wrap is None else {"wrap": wish.wrap}
    device = {} if wish.device is None else {"device": wish.device}
    foreign = _foreign(spec, wanted, wish)
    host, kept = Host({"spec": spec, **python, **wrap, **device, **foreign}, wish.limits), False
    try:
        told, ended = undisturbed(host.load), None
    except Ended as end:
        told, ended = {}, f"subject={spec!r} ended its process at import: {end}"
    try:
        heard = told.get("warnings", [])
        if "error" in told and not told["failed"]:
            raise usage_error(NotLoaded(str(told["error"]), str(told["word"]), told["choices"]))
        name = printable(record_name(spec))
        role = wanted or _role_of(spec)
        subject = Subject(name, role.name, _elsewhere, "user", None, origin=spec, place=host.origin, out=wish.out)
        if ended or "error" in told:
            return _misfit(subject, ended or str(told["error"]))
        if (role.name == GRADIENT_OF) != (of is not None):
            raise UsageError(without_of(name))
        try:
            told = undisturbed(lambda: host.about(passed(role, wish.out), AXIS_KEYWORDS))
        except Ended as end:
            return _misfit(subject, f"subject={spec!r} ended its process when its signature was read: {end}")
        if not told["callable"]:
            raise UsageError(f"subject={spec!r} is {told['type']}, not callable; a function is needed")
        told = {**told, "warnings": heard}
        axis = axis_of(told, name, role, wish.out)
        adapters = [ADAPTERS[FOREIGN]] if foreign else _adapters(told, wish)
        if device or wish.arrays:
            absent = {adapter.name: absent_on(host, adapter.name) for adapter in adapters}
            adapters = [adapter for adapter in adapters if not absent[adapter.name]]
            if not adapters:
                return _without(subject, absent, wish)
        keywords = [axis or None] if axis is not None else [*keywords_of(role), None]
        rows = [
            replace(subject, about=told, axis=keyword, adapter=adapter, numbers=numbers, sizes=told["sizes"])
            for keyword in keywords
            for adapter in adapters
            for numbers in numbers_as(told, role, adapter)
        ]
        if of is not None:
            place = {"spec": of, **python, **device}
            known = of_told(of, place, wish.limits, [adapter.name for adapter in adapters])
            length = known["length"]
            point = None if length in point_lengths(0) else length
            rows = [replace(s, of_origin=of, of_place=place, about={**told, "of": known}, point=point) for s in rows]
        subject = interpretable(_fitting(rows, role, host, wish.dtypes or DEFAULT_DTYPES))
        if wish.keep is not None and not subject.unfit:
            host.call_as(host_of(subject, role.signature, wish.limits))
            wish.keep(subject, host)
            kept = True
        return subject
    finally:
        if not kept:
            host.end()


def _role_of(spec: str) -> Role:
    """The role that the name of a function, a symbol, a program or a model has in it."""
    if spec.endswith(MODEL):
        return role_of(Path(parted(spec)[0]).stem, spec)
    if not spec.startswith(PREFIX) and not is_onnx(spec):
        return role_of(spec.rpartition(":")[2], spec)
    try:
        if is_onnx(spec):
            return role_named(operator(spec).role)
        return role_of(Path(words_of(spec)[0]).stem, spec)
    except NotLoaded as error:
        raise usage_error(error) from None


def _foreign(spec: str, wanted: Role | None, wish: Wish) -> dict[str, Any]:
    """What the host of a C symbol, a program or a model needs to know besides; nothing of a Python function."""
    program, symbol = spec.startswith(PREFIX), parted(spec)[0].endswith(SHARED)
    if symbol and wish.c_signature is None:
        raise UsageError(f"subject={spec!r} is a C symbol: add --c-signature, as {EXAMPLE!r}")
    if wish.c_signature is not None and not symbol:
        raise UsageError(f"c-signature={wish.c_signature!r} goes with library.so:symbol, not with {spec!r}")
    if not program and not symbol and not is_onnx(spec):
        return {}
    options = {"wrap": wish.wrap, "arrays": wish.arrays, "python": wish.python, "out": wish.out or None}
    options |= {"device": wish.device}
    for option, value in options.items():
        if value is not None:
            raise UsageError(f"{option}={value!r} goes with a Python function, not with {spec!r}")
    signature, role = (wanted or _role_of(spec)).signature, wanted or _role_of(spec)
    if is_onnx(spec):
        return {"onnx": {"role": role.name, "inputs": dict(signature.inputs), "batched": signature.batched}}
    if program:
        return {"exec": {"role": role.name, "inputs": list(signature.inputs), "batched": signature.batched}}
    return {"c": {"signature": wish.c_signature, "inputs": dict(signature.inputs), "answer": signature.form}}


def _adapters(told: Mapping[str, Any], wish: Wish) -> list[Adapter]:
    """The adapters to try; with `out` those whose arrays can be written into."""
    found = candidates(told["module"], told["libraries"], told["annotated"])
    chosen = [adapter_of(wish.arrays)] if wish.arrays else found
    taken = [adapter for adapter in chosen if adapter.lines.blank or not wish.out]
    if not taken:
        raise UsageError(f"out goes with arrays that can be written into, which {wish.arrays}'s cannot")
    return taken


def absent_on(host: Host, library: str) -> str:
    """Why the host gets no arrays of that library, or not on its device; "" where it does."""
    try:
        return host.absent(library)
    except Ended as end:
        return f"{library} or its device is not there: asked for it, the process ended: {end}"


def _without(subject: Subject, absent: Mapping[str, str], wish: Wish) -> Subject:
    """The subject, no cell of which is tried, since the device is not here; `UsageError` where the arrays are not."""
    if wish.device is None:
        raise UsageError(f"arrays={wish.arrays!r}: {absent[str(wish.arrays)]}; {nearest(str(wish.arrays), ADAPTERS)}")
    reason = next((why for name, why in absent.items() if name != "numpy"), next(iter(absent.values())))
    return skipped(subject, reason)


def skipped(subject: Subject, reason: str) -> Subject:
    """The subject, all of whose cells are inapplicable for this reason."""
    return replace(subject, unfit=dict.fromkeys(FORMATS, ("inapplicable", printable(reason))))


def interpretable(subject: Subject) -> Subject:
    """The subject; in Triton's interpreter without the formats to which that truncates, where a GPU rounds.

    Their conversions are of Triton's own (`triton.runtime.interpreter`, as of 3.9), those to the others NumPy's.
    """
    if not subject.interpreted or subject.misfit:
        return subject
    reason = "Triton's interpreter truncates where a GPU rounds to this format: what it answers is not the kernel's"
    return replace(
        subject, unfit={**subject.unfit, **{d: ("inapplicable", reason) for d in FORMATS if d not in NATIVE}}
    )


def _fitting(rows: Sequence[Subject], role: Role, host: Host, dtypes: Sequence[str]) -> Subject:
    """The first of these ways to call a subject in which it fits in some dtype; of none, the first way as a misfit."""
    told: dict[str, tuple[str, str]] = {}
    for subject in rows:
        trials = _trials(subject, role, host, dtypes)
        if any(not verdict and not text for verdict, text in trials.values()):
            ended = {dtype: (verdict, text) for dtype, (verdict, text) in trials.items() if verdict}
            fitting = next(dtype for dtype, trial in trials.items() if not any(trial))
            matrices = subject.adapter.name == FOREIGN and not is_onnx(subject.origin)
            ranks = FOREIGN_RANKS if matrices else _ranks(subject, role, host, FORMATS[fitting])
            about = {**subject.about, "beside": printable(host.beside)}
            return replace(subject, unfit=ended, ranks=ranks, about=about)
        told = told or trials
    for subject in rows if role.signature.batched else ():
        trials = _trials(subject, of_vectors(role), host, dtypes)
        if any(not any(trial) for trial in trials.values()) and all(_raised(told[dtype]) for dtype in trials):
            ended = {dtype: (verdict, text) for dtype, (verdict, text) in trials.items() if verdict}
            return replace(subject, unfit=ended, ranks=VECTORS)
    subject = rows[0]
    ended = {dtype: (verdict, text) for dtype, (verdict, text) in told.items() if verdict}
    if ended:
        return replace(subject, unfit=ended)
    others = [dtype for dtype in DEFAULT_DTYPES if dtype not in dtypes]
    if any(not any(trial) for trial in _trials(subject, role, host, others).values()):
        return subject  # it refuses these dtypes, and no other
    text = min((text for _, text in told.values()), key=lambda said: any(words in said for words in OF_DTYPES))
    wanted = f"{_wanted(subject, role)}{_suggestion(subject, role, host)}"
    return _misfit(subject, f"subject={subject.name!r} is no {role.name}: {text}; {wanted}")


def _raised(trial: tuple[str, str]) -> bool:
    verdict, text = trial
    return not verdict and text.startswith("it raises ")


def _trials(subject: Subject, role: Role, host: Host, dtypes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """By dtype: ("", "") where it fits; the verdict of all cells and why; or "" and what came in place of an answer."""
    return {dtype: _trial(subject, role, host, ordinary(subject, role, FORMATS[dtype])) for dtype in dtypes}


def _ranks(subject: Subject, role: Role, host: Host, fmt: Format) -> tuple[int, ...]:
    """The numbers of dimensions that it takes: all but those with which it raises, where it does not for a matrix."""
    if not role.signature.batched:
        return RANKS
    arguments, taken = ordinary(subject, role, fmt), []
    for rank in RANKS:
        shaped = {name: a[0] if rank == 1 else a.reshape((1,) * (rank - 2) + a.shape) for name, a in arguments.items()}
        if not _raised(_trial(subject, role, host, shaped)):
            taken.append(rank)
    return tuple(taken) or RANKS


def ordinary(subject: Subject, role: Role, fmt: Format) -> Arguments:
    """Rows of ordinary arguments, of a length that the function answers which it is the gradient of."""
    of = subject.about.get("of", {})
    n = of["length"] if of else subject.point or subject.length
    return role.ordinary(fmt) if n is None else role.ordinary(fmt, n)


def _trial(
    subject: Subject, role: Role, host: Host, arguments: Arguments, seconds: float | None = None
) -> tuple[str, str]:
    host.call_as(host_of(subject, role.signature, host.limits))
    one = arguments if role.signature.batched else role.signature.row(arguments, 0)
    given = [np.asarray(a) for a in role.signature.of(one).values()]
    try:
        out = undisturbed(lambda: host.answer(given, seconds=seconds or host.limits.first_call_seconds))
    except NoReturn as end:
        return "hung", str(end)
    except Ended as end:
        return "crashed", f"the process ended: {end}"
    except Misbehaviour as error:
        return "", FITS if error.grave else f"it {error}"  # what wants to end the process is a finding, of each cell
    except OutOfMemory as error:
        return "crashed", f"it {error}, for ordinary arguments"
    expected = role.signature.answer(one, -1)
    if out.shape != expected:
        return "", f"it returned shape {_shape(out.shape)}"
    return "", FITS


def _misfit(subject: Subject, text: str) -> Subject:
    text = printable(text)
    return replace(subject, misfit=text, unfit=dict.fromkeys(FORMATS, ("crashed", text)))


def _wanted(subject: Subject, role: Role) -> str:
    one = ordinary(subject, role, FORMATS["float32"])
    one = one if role.signature.batched else role.signature.row(one, 0)
    given = ", ".join(f"{name} of shape {_shape(np.shape(a))}" for name, a in role.signature.of(one).items())
    return f"for {given} role {role.name} returns an array of shape {_shape(role.signature.answer(one, -1))}"


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _suggestion(subject: Subject, role: Role, host: Host) -> str:
    """The roles whose values it answers with, as an option to give."""
    others = [other for other in roles().values() if other.name not in (role.name, GRADIENT_OF)]
    names = [other.name for other in others if _computes(subject, other, host)]
    return f"; it fits --role {' or '.join(names)}" if names else ""


def _computes(subject: Subject, role: Role, host: Host) -> bool:
    """Whether the subject's answers to ordinary arguments of a role are about what the role's are."""
    fmt = FORMATS["float32"]
    try:
        axis = axis_of(subject.about, subject.name, role, subject.out)
    except (UsageError, KeyError):
        return False
    here = replace(subject, role=role.name, axis=axis or None)
    arguments = role.ordinary(fmt)
    if _trial(here, role, host, arguments, SUGGESTION_SECONDS) != ("", FITS):
        return False
    try:
        out = Call(here, role.signature, host=host).rows(arguments)
        view = View(role, fmt, Observation(arguments, out), screen_arithmetic(fmt))
        return bool(np.allclose(view.narrow(view.out), view.narrow(view.exact), CLOSE, CLOSE))
    except (Misbehaviour, Declined, Ended):
        return False


def told_apart(subject: Subject) -> bool:
    """Whether a process finds it by `to_json` alone, and not by its name: a user's, and a library's on a device."""
    return subject.place is not None and (subject.kind == "user" or bool(subject.device))


def to_json(subject: Subject) -> dict[str, Any]:
    """What a process of the same audit needs to know of a subject that was tried here."""
    named = ("name", "role", "axis", "numbers", "out", "sizes", "origin", "place", "of_origin", "of_place", "about")
    kept = {name: getattr(subject, name) for name in (*named, "unfit", "misfit", "ranks", "point")}
    return {**kept, "arrays": subject.adapter.name}


def from_json(row: Mapping[str, Any]) -> Subject:
    """The inverse of `to_json`."""
    given = dict(row)
    adapter = adapter_of(given.pop("arrays"))
    unfit = {dtype: (str(verdict), str(text)) for dtype, (verdict, text) in given.pop("unfit").items()}
    ranks = tuple(given.pop("ranks"))
    return Subject(function=_elsewhere, kind="user", adapter=adapter, unfit=unfit, ranks=ranks, **given)


def _elsewhere(*_arguments: Any, **_keywords: Any) -> Any:
    raise RuntimeError("this function is in its host")
