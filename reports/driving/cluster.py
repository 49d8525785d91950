"""Questions asked of the workers of a Dask cluster: each has its answer, whatever becomes of workers and scheduler.

Dask runs the tasks of a worker that died again. What it can't know is done here. A task during which `DEATHS` workers
died has ended them; one that had only waited on workers that died has not. A scheduler that is started anew has
forgotten everything: it is asked again what has no answer.
"""

from __future__ import annotations

import logging
import pickle
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from extremum.reference.errors import UsageError
from extremum.reports.driving.cluster_tasks import Answer, Question, answered, facts, refuse
from extremum.reports.driving.identity import code_of_extremum

CONNECT_SECONDS = 10.0
GRACE_SECONDS = 20.0  # beyond the budget: so long is what is under way waited for
RETURN_SECONDS = 300.0  # so long a scheduler that is gone is waited for
LOOK_SECONDS = 0.2
TOGETHER_SECONDS = 0.1  # in which answers are gathered, as each gathering costs milliseconds
DEATHS = 3  # of workers, while they ran one task


class _Deferred:
    """What is answered where it is unpickled: on a worker. The scheduler, which may lack extremum, sees bytes."""

    def __init__(self, given: tuple[Any, ...]) -> None:
        self.given = given

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return answered, self.given


class WorkersDied(Exception):
    """So many workers died while they ran the task that it must be its doing."""


class Cluster:
    """The workers of a scheduler, as one run asks them; a context that leaves it."""

    def __init__(self, address: str, needs: Iterable[str] = ()) -> None:
        try:
            import distributed
        except ImportError:
            raise UsageError(f"cluster={address!r} needs Dask: pip install 'extremum[cluster]'") from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it says is no line of this run's
        self._distributed: Any = distributed
        self.address, self.run = address, f"extremum-{uuid.uuid4().hex}"
        self.code, self.needs = code_of_extremum(), tuple(sorted(set(needs)))
        self.workers: list[dict[str, Any]] = []  # what those are that have answered, each kind once
        self._events: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._waiting: dict[str, tuple[int, Question]] = {}  # by the key of its task
        self._futures: dict[str, Any] = {}
        self._under_way: dict[str, str] = {}  # by the key of a task: the worker that runs it
        self._deaths = Counter[str]()
        self._client = self._connected()
        if self._client is None:
            raise UsageError(f"cluster={address!r}: no scheduler answers there")
        self._check()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            with suppress(Exception):  # the scheduler may be gone
                self._client.close(timeout=CONNECT_SECONDS)

    def answers(
        self, questions: Sequence[Question], until: float | None = None
    ) -> Iterator[tuple[int, Answer | Exception]]:
        """The number of each question and its answer, or what it raised, as they come.

        After `until`, a time of `time.monotonic()`, only what is under way is waited for, and not for long.
        """
        try:
            self._ask(enumerate(questions))
            while self._waiting:
                if until is not None and time.monotonic() > until:
                    self._cancel([key for key in self._waiting if key not in self._under_way])
                    if time.monotonic() > until + GRACE_SECONDS:
                        return
                done = list[str]()
                for kind, what in self._events_so_far():
                    if kind == "removed":
                        yield from self._died(what)
                    elif kind == "begins" and what["key"] in self._waiting:
                        self._under_way[what["key"]] = what["worker"]
                    elif kind == "done":
                        done.append(what)
                yield from self._ended([key for key in done if key in self._futures])
        finally:
            self._cancel([*self._waiting])

    def ask(self, number: int, question: Question) -> str:
        """Ask a question, also one that an answer before made necessary; the key of its task."""
        (key,) = self._ask([(number, question)])
        return key

    @property
    def differing(self) -> list[dict[str, Any]]:
        """What the workers are, each kind once, where they differ from each other or from this process."""
        return [] if self.workers in ([], [facts(self.needs)]) else list(self.workers)

    # What happens to tasks.

    def _ask(self, rows: Iterable[tuple[int, Question]]) -> list[str]:
        """Ask questions, all at once, which costs the scheduler and this process least; the keys of their tasks."""
        asked = {f"{self.run}-{uuid.uuid4().hex}": row for row in rows}
        given = [pickle.dumps(_Deferred((self.run, self.code, self.needs, question))) for _, question in asked.values()]
        futures = self._client.map(pickle.loads, given, key=list(asked), pure=False)
        self._waiting |= asked
        for key, future in zip(asked, futures, strict=True):
            self._futures[key] = future
            future.add_done_callback(lambda done: self._events.put(("done", done.key)))
        return list(asked)

    def _events_so_far(self) -> Iterator[tuple[str, Any]]:
        """What has happened, once something has or a moment has passed."""
        with suppress(Empty):
            yield self._events.get(timeout=LOOK_SECONDS)
            time.sleep(TOGETHER_SECONDS)
            while True:
                yield self._events.get_nowait()

    def _ended(self, keys: Sequence[str]) -> Iterator[tuple[int, Answer | Exception]]:
        """Tasks have ended: each with an answer, an exception, or with the scheduler."""
        answered_keys = [key for key in keys if self._futures[key].status == "finished"]
        try:
            answers = self._client.gather([self._futures[key] for key in answered_keys])
        except (CancelledError, OSError):
            answers = None
        if answers is None or any(self._futures[key].status in ("cancelled", "lost") for key in keys):
            self._begin_again()
            return
        for key, answer in zip(answered_keys, answers, strict=True):
            if answer.worker not in self.workers:
                self.workers.append(dict(answer.worker))
            yield self._taken(key), answer
        for key in keys:
            error = self._futures[key].exception() if key in self._futures else None
            if isinstance(error, self._distributed.scheduler.KilledWorker):
                yield from self._bereaved(key, again=True)
            elif error is not None:
                if isinstance(error, ModuleNotFoundError):
                    self._check()  # a worker that came later has no extremum
                yield self._taken(key), error

    def _died(self, event: dict[str, Any]) -> Iterator[tuple[int, Answer | Exception]]:
        """A worker is gone: unless it was asked to go, it may be the doing of a task that ran on it."""
        for key in [key for key, worker in self._under_way.items() if worker == event["worker"]]:
            del self._under_way[key]
            if not event.get("expected"):
                yield from self._bereaved(key)

    def _bereaved(self, key: str, again: bool = False) -> Iterator[tuple[int, Answer | Exception]]:
        """A task's worker has died; `again`: and the scheduler does not run it any more."""
        self._deaths[key] += 1
        if self._deaths[key] >= DEATHS:
            number = self._waiting[key][0]
            self._cancel([key])
            yield number, WorkersDied()
        elif again:  # it has waited where workers died
            deaths = self._deaths[key]
            self._deaths[self.ask(*self._waiting[key])] = deaths
            self._taken(key)

    def _cancel(self, keys: Sequence[str]) -> None:
        """Have tasks no longer: their processes end."""
        if keys and self._client is not None:
            with suppress(Exception):  # the scheduler may be gone
                self._client.cancel([self._futures[key] for key in keys], force=True)
        for key in keys:
            self._taken(key)

    def _taken(self, key: str) -> int:
        self._under_way.pop(key, None)
        del self._futures[key]
        return self._waiting.pop(key)[0]

    # The scheduler.

    def _connected(self) -> Any:
        """A client of the scheduler; None where there is none."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the record tells which versions differ
                client = self._distributed.Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception:  # of its own kinds too, as where TLS is not configured
            return None
        client.subscribe_topic("all", self._heard)
        client.subscribe_topic(self.run, self._heard)
        return client

    def _heard(self, event: tuple[float, Any]) -> None:
        """In the client's thread: what a worker, or the scheduler of a worker, tells."""
        told = event[1]
        if isinstance(told, dict) and told.get("action") == "begins":
            self._events.put(("begins", told))
        elif isinstance(told, dict) and told.get("action") == "remove-worker":
            self._events.put(("removed", told))

    def _begin_again(self) -> None:
        """Wait for the scheduler, and ask all that has no answer yet."""
        waiting = sorted(self._waiting.values(), key=lambda row: row[0])
        self.__exit__()
        self._waiting, self._futures, self._under_way = {}, {}, {}
        end = time.monotonic() + RETURN_SECONDS
        while (client := self._connected()) is None:
            if time.monotonic() > end:
                self._client = None
                raise UsageError(f"cluster={self.address!r}: the scheduler is gone; --resume goes on once it is back")
            time.sleep(LOOK_SECONDS)
        self._client = client
        self._ask(waiting)

    def _check(self) -> None:
        """Raise `UsageError` where a worker that is there now lacks what is needed, and name both.

        One that comes later is checked with its first task.
        """
        if not self._client.nthreads():
            raise UsageError(f"cluster={self.address!r}: the scheduler has no workers: dask worker {self.address}")
        try:
            told = self._client.run(_refusal, self.code, self.needs, on_error="return")
        except Exception:  # one of them can't even be asked
            told = {place: self._asked(place) for place in self._client.nthreads()}
        for place, refusal in told.items():
            if refusal is not None:
                self.__exit__()
                raise refusal if isinstance(refusal, UsageError) else _unable(place, refusal)

    def _asked(self, place: str) -> Any:
        try:
            return self._client.run(_refusal, self.code, self.needs, workers=[place], on_error="return").get(place)
        except Exception as error:
            return error


def _unable(place: str, error: BaseException) -> UsageError:
    if isinstance(error, ModuleNotFoundError):
        return UsageError(f"cluster: worker {place} lacks {error.name}: install it there")
    return UsageError(f"cluster: worker {place} cannot be asked: {type(error).__name__}: {error}")


def _refusal(code: str, needs: tuple[str, ...], dask_worker: Any) -> UsageError | None:
    """On a worker, which Dask gives by that name: why it cannot judge."""
    try:
        refuse(dask_worker.address, code, needs)
    except UsageError as error:
        return error
    return None
