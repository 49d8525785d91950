"""Calling a subject safely: copies in, copies out, and every misbehaviour as one kind of error."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import prod
from typing import Any, TypeVar

import numpy as np

from extremum.properties.calling.accepted_shapes import check_shapes
from extremum.properties.calling.array_library import Arrays
from extremum.properties.calling.call_outcomes import Declined, Effects, Expired, TooLong
from extremum.properties.calling.caller import Misbehaviour, checked
from extremum.properties.calling.host_channel import Ended, OutOfMemory
from extremum.properties.calling.hosts import Host
from extremum.properties.calling.subject_callers import Calls, in_process
from extremum.properties.calling.time_limit import Clock, OutOfTime, limited
from extremum.properties.values.signature import Arguments, Signature, first
from extremum.reference.arithmetic.exact_calls import exactly
from extremum.reference.arithmetic.formats import Array
from extremum.reference.subjects.subject import Subject

MEMORY_ERRORS = "raises MemoryError", "raises _ArrayMemoryError"
CALLS_AT_ONCE = 64  # requests that are sent to a host before their answers are read: more may fill the channel
LONG_ROW = 2**12  # entries: on a shorter row no sound algorithm is out of memory


T = TypeVar("T")


class Call:
    """A subject ready to be called with NumPy arrays, by the signature of its role.

    The subject gets fresh copies, so that it cannot harm the caller's arrays. `host` is the process that it is in;
    None: this one. `second` is another process that it is in, if there is one: `elsewhere` asks that. `of` is the
    process of the function that it is the gradient of. `last` are the arguments and the axis of the call that is under
    way, `layout` that of its arrays, and `began` is when it did, on `clock`. `prepare()` is done before the clock of
    `within` starts. `too_long` are lengths of rows, by dtype, for which its memory did not suffice. `fatal` is the call
    that ended the process in such a step, or that was under way when its time was over. `recordings` are what exact
    numbers are asked of, of functions that are recorded.
    """

    def __init__(
        self,
        subject: Subject,
        signature: Signature | None = None,
        host: Host | None = None,
        second: Host | None = None,
        of: Host | None = None,
    ) -> None:
        self.subject, self.signature = subject, signature or Signature()
        self.host, self.second, self.of = host, second, of
        self.calls_made: Calls = host or in_process(subject, self.signature)
        self.last: tuple[Arguments, int | None] | None = None
        self.fatal: tuple[Arguments, int | None] | None = None
        self.layout = "C"
        self.too_long: dict[str, int] = {} if host is None else host.too_long
        self.prepare: Callable[[], None] = lambda: None
        self.clock = Clock(time.monotonic)
        self.began = 0.0
        self.firm = False
        self.recordings: dict[tuple[int, int], Any] = {}

    @property
    def axis(self) -> str | None:
        """The keyword that the subject takes the axis by, if the role has one."""
        return self.subject.axis if self.signature.batched else None

    def seconds_in_call(self) -> float:
        """Seconds since the call that is under way began; 0 where none is."""
        return self.clock() - self.began if self.last is not None else 0.0

    def within(self, seconds: float | None, step: Callable[[], T], firm: bool = False) -> T | Expired:
        """What `step()` returns, or how it ran out of time: after `seconds`, if these are not None.

        The time of a first call on arrays of a shape is excused, unless the limit is `firm`.
        """
        self.prepare()
        self.firm = firm
        try:
            with quiet(), limited(seconds) as clock:
                self.clock = clock
                return step()
        except OutOfTime:
            return self._expired()
        except Ended:
            self.fatal = self._awaited()
            raise
        except Exception:
            # The alarm may come inside a library, which turns it into an error of its own.
            if seconds is None or self.clock() < seconds:
                raise
            return self._expired()
        finally:
            self.returned()
            for host in self._hosts:
                host.abandon()

    @property
    def _hosts(self) -> list[Host]:
        return [host for host in (self.host, self.second, self.of) if host is not None]

    def _expired(self) -> Expired:
        self.fatal = self._awaited()
        arguments, axis = self.fatal or (None, None)
        return Expired(arguments, axis, self.seconds_in_call())

    def _awaited(self) -> tuple[Arguments, int | None] | None:
        """The call that is waited for: that under way, or one that was sent ahead of it."""
        return (self.host.awaited if self.host is not None else None) or self.last

    def returned(self) -> None:
        """No call is under way: let its arguments go."""
        self.last = None

    def prepare_by(self, ordinary: Arguments) -> None:
        """Before each step see to it that a host runs, and has been called once, with rows of arguments like these.

        The first call of a process may compile: its time is no cell's. What the subject does then raises `Ended`.
        """
        self.prepare = partial(self._prepared, ordinary)

    def _prepared(self, ordinary: Arguments) -> None:
        dtype = first(ordinary).dtype.name
        for host in self._hosts:
            host.start()
            if dtype not in host.prepared:
                try:
                    with quiet(), contextlib.suppress(Misbehaviour, Declined):
                        self._at_once(host, ordinary, -1, "C", host.limits.first_call_seconds)
                except Ended:
                    self.fatal = self.last
                    raise
                host.prepared.add(dtype)

    def alone(self, arguments: Arguments, axis: int, layout: str, seconds: float) -> None:
        """Make one call on rows of arguments in a process of its own; raises as a call does, and `NoReturn`."""
        assert self.host is not None
        self.host.end()
        self.host.start()
        try:
            with quiet():
                self._at_once(self.host, arguments, axis, layout, seconds)
        finally:
            self.host.end()

    def _at_once(self, host: Host, arguments: Arguments, axis: int, layout: str, seconds: float) -> None:
        given = self.signature.of(arguments)
        if self.signature.batched:
            self._made(given, axis, lambda a: host.answer(a, axis, layout, seconds), layout)
        else:
            expected = self.signature.answer(self.signature.row(arguments, 0), -1)
            self._made(given, None, lambda a: host.answers(a, expected, layout, seconds), layout)

    def _made(
        self,
        arguments: Arguments,
        axis: int | None,
        call: Callable[[list[Array]], T],
        layout: str = "C",
        host: Host | None = None,
    ) -> T:
        """What `call` gives for the arrays; meanwhile a call is under way, in the first process unless one is given."""
        n, dtype = self._length(arguments, axis), first(arguments).dtype.name
        check_shapes(self.subject, self.signature, arguments)
        if n >= self.too_long.get(dtype, n + 1):
            raise TooLong(f"for rows of {self.too_long[dtype]:,} its memory did not suffice")
        self.begins(arguments, axis)
        self.began, self.last, self.layout = self.clock(), (arguments, axis), layout
        try:
            with self._patience(host or self.host, arguments, axis):
                result = call([np.asarray(a) for a in arguments.values()])
        except Misbehaviour as error:
            self.returned()
            if str(error).startswith(MEMORY_ERRORS):
                raise self._out_of_memory(str(error), n, dtype) from error
            raise
        except OutOfMemory as error:
            self.returned()
            raise self._out_of_memory(str(error), n, dtype) from error
        self.returned()
        return result

    def begins(self, arguments: Arguments, axis: int | None) -> None:
        """What is done before each call: nothing, but by kinds of calls that need it."""

    def _patience(
        self, host: Host | None, arguments: Arguments, axis: int | None
    ) -> contextlib.AbstractContextManager[None]:
        """For the first call of a process on arrays of these shapes: it may compile, and its time is no cell's."""
        key = axis, *((np.shape(a), np.asarray(a).dtype.name) for a in arguments.values())
        if self.firm or host is None or host.has_hung or key in host.seen:
            return contextlib.nullcontext()
        host.seen.add(key)
        return self.clock.excused(host.limits.first_call_seconds)

    def _out_of_memory(self, text: str, n: int, dtype: str) -> Exception:
        """A long row may need more memory than there is; on a short one that is a defect as any other."""
        if n < LONG_ROW:
            return Misbehaviour(text)
        self.too_long[dtype] = min(n, self.too_long.get(dtype, n))
        return TooLong(f"for rows of {n:,} it {text}")

    def _length(self, arguments: Arguments, axis: int | None) -> int:
        shape = first(arguments).shape
        return shape[-1 if axis is None else axis] if shape else 1

    def array(self, arguments: Arguments, axis: int | None = None, layout: str = "C") -> Array:
        """The answer to one call as a NumPy array of memory that nobody else holds, whatever its shape and dtype."""
        return self._made(self.signature.of(arguments), axis, lambda a: self.calls_made.answer(a, axis, layout), layout)

    def elsewhere(self, history: Sequence[Arguments], arguments: Arguments) -> Array | None:
        """The answer of the second process, which is called on the history before; None where there is no such process.

        Where it answers otherwise than here, `forget` lets the next one have no other history than that.
        """
        second = self.second
        if second is None:
            return None
        given = [self.signature.of(one) for one in (*history, arguments)]
        for one in given:  # before any is sent: an answer that nobody waits for would be taken for the next
            check_shapes(self.subject, self.signature, one)
        with second.together([([np.asarray(a) for a in one.values()], None) for one in given]) as answer:
            for one in given[:-1]:
                with contextlib.suppress(Misbehaviour):
                    self._made(one, None, lambda _: answer(), host=second)
            return self._made(given[-1], None, lambda _: answer(), host=second)

    def forget(self) -> None:
        """End the second process: the next call there is made in a new one."""
        if self.second is not None:
            self.second.end()

    def each(self, calls: Sequence[Arguments]) -> list[Array]:
        """As `rows` of each of these, which are sent to a host at once."""
        return self._each(calls, self.rows, self._as_rows)

    def arrays(self, calls: Sequence[Arguments]) -> list[Array]:
        """As `array` of each of these, which are sent to a host at once."""
        return self._each(calls, self.array, None)

    def _each(
        self,
        calls: Sequence[Arguments],
        alone: Callable[[Arguments], Array],
        judged: Callable[[Array, Arguments], Array] | None,
    ) -> list[Array]:
        if self.host is None or len(calls) < 2:
            return [alone(arguments) for arguments in calls]
        if len(calls) > CALLS_AT_ONCE:
            parts = [calls[k : k + CALLS_AT_ONCE] for k in range(0, len(calls), CALLS_AT_ONCE)]
            return [out for part in parts for out in self._each(part, alone, judged)]
        given = [self.signature.of(arguments) for arguments in calls]
        by_row = judged is not None and not self.signature.batched
        shapes = [self.signature.answer(self.signature.row(a, 0), -1) if by_row else None for a in given]
        asked = [([np.asarray(a) for a in one.values()], shape) for one, shape in zip(given, shapes, strict=True)]
        for one in given:  # before any is sent
            check_shapes(self.subject, self.signature, one)
        with self.host.together(asked) as answer:
            outs = [self._made(one, None, lambda _: answer()) for one in given]
        return outs if judged is None else [judged(out, one) for out, one in zip(outs, given, strict=True)]

    def _as_rows(self, out: Array, arguments: Arguments) -> Array:
        """A host's answer to rows of arguments, checked and flattened to (rows, width)."""
        x = first(arguments)
        if self.signature.batched:
            count = prod(x.shape[:-1])
            return checked(out, self.signature.answer(arguments, -1), x).reshape(count, -1)
        expected = self.signature.answer(self.signature.row(arguments, 0), -1)
        return checked(out, (len(x), *expected), x).reshape(len(out), -1)

    def ahead(self, arguments: Arguments) -> None:
        """Let a host begin with rows that `rows` will be asked for next, while the judge goes on."""
        if self.host is None:
            return
        given = self.signature.of(arguments)
        one = None if self.signature.batched else self.signature.answer(self.signature.row(arguments, 0), -1)
        self.host.ahead(list(given.values()), one, (given, None))

    def effects(self, arguments: Arguments, others: Arguments) -> Effects:
        """What a call on the arguments changes, and what a later call on others does to its answer: in either host."""
        given = [np.asarray(b) for b in self.signature.of(others).values()]

        def watched(calls: Calls) -> dict[str, Any]:
            return self._made(self.signature.of(arguments), None, lambda a: calls.watch(a, given))

        told = [watched(self.calls_made), *([] if self.second is None else [watched(self.second)])]
        names = "changed", "overwritten", "printed"
        changed, overwritten, printed = (max(int(t[name]) for t in told) for name in names)
        states = dict.fromkeys(str(state) for t in told for state in t["states"])
        return Effects(changed, overwritten, printed, tuple(states))

    def functions_called(self, arguments: Arguments) -> int:
        """How many functions a call calls."""
        return self._made(self.signature.of(arguments), None, self.calls_made.functions_called)

    def answer(self, arguments: Arguments, axis: int | None = None, layout: str = "C") -> Array:
        """The answer to one call, floating and of the role's shape; its values are kept whatever its dtype."""
        expected = self.signature.answer(arguments, -1 if axis is None else axis)
        return checked(self.array(arguments, axis, layout), expected, np.asarray(first(arguments)))

    def exact(self, argument: Array) -> Any:
        """The answer to an array of jets, shape (n,)."""
        if self.host is not None:
            return self.host.exact(argument)
        return exactly(self.subject.function, argument, self.subject.adapter.name, self.recordings)

    def of_exact(self, argument: Array) -> Any:
        """The answer to an array of jets of the function that it is the gradient of.

        Where that ends its process, nothing is known of the gradient: it raises `Misbehaviour`.
        """
        if self.of is not None:
            return _no_end(partial(self.of.exact, argument))
        return exactly(self._of, argument, self.subject.adapter.name, self.recordings)

    def of_value(self, x: Array) -> Any:
        """The answer to an array of floats, shape (n,), of that function; raises `Misbehaviour` likewise."""
        if self.of is not None:
            return _no_end(partial(self.of.answer, [x]))
        arrays = Arrays(self.subject.adapter.name)
        answer = self._of(arrays.give(np.array(x)))
        return answer if isinstance(answer, (int, float, complex)) else arrays.take(answer)

    @property
    def _of(self) -> Callable[..., Any]:
        assert self.subject.of is not None
        return self.subject.of

    def calls(self, arguments: Arguments) -> list[Arguments]:
        """The arguments of the calls that rows of arguments come to: one, or one for each row."""
        if self.signature.batched:
            return [self.signature.of(arguments)]
        return [self.signature.row(arguments, r) for r in range(len(first(arguments)))]

    def rows(self, arguments: Arguments, layout: str = "C") -> Array:
        """The answers to rows of arguments, under any leading axes, flattened to (rows, width)."""
        if self.signature.batched:
            count = prod(first(arguments).shape[:-1])
            return self.answer(arguments, layout=layout).reshape(count, -1)
        if self.host is None:  # one by one, so that the one that does not return is known
            return np.concatenate([self.answer(one, layout=layout).reshape(1, -1) for one in self.calls(arguments)])
        given, expected = self.signature.of(arguments), self.signature.answer(self.signature.row(arguments, 0), -1)
        out = self._made(given, None, lambda a: self.calls_made.answers(a, expected, layout), layout)
        return self._as_rows(out, arguments)


def _no_end(call: Callable[[], T]) -> T:
    """What a call of the function that a gradient is of gives; where its process ends, `Misbehaviour` of that function.

    The subject's own process goes on, so its cell does not end with it.
    """
    try:
        return call()
    except (Ended, OutOfMemory) as end:
        raise Misbehaviour(f"ends its process: {end}") from end


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence floating-point warnings: infinities and NaN are what an audit looks for."""
    import warnings

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
