"""A time limit on a cell that a subject which never returns cannot wait out."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

PARTS = 4  # of the limit, each with an alarm: the time that the process stands still is in one of them
LONGEST_SECONDS = 1e8  # three years: a timer takes no more
RETRY = 0.01  # seconds until the next alarm, where Python dropped one


class OutOfTime(BaseException):
    """The limit of a cell has passed. Not an `Exception`, so that no subject catches it by accident."""


class Clock:
    """Seconds of a cell: those that `spent` tells, without those for which it is excused."""

    def __init__(self, spent: Callable[[], float]) -> None:
        self._spent, self._excused = spent, 0.0
        self._began: tuple[float, float] | None = None  # what is excused now: since when, and the most of it

    def __call__(self) -> float:
        spent = self._spent()
        began, most = self._began or (spent, 0.0)
        return spent - self._excused - min(spent - began, most)

    @contextlib.contextmanager
    def excused(self, most: float) -> Iterator[None]:
        """What passes meanwhile does not count, but for what is more than so many seconds."""
        self._began = self._spent(), most
        try:
            yield
        finally:
            began, most = self._began
            self._excused += min(self._spent() - began, most)
            self._began = None


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[Clock]:
    """Raise `OutOfTime` in the main thread after `seconds`; no limit elsewhere, or where there is no SIGALRM.

    Yields its clock, which has a resolution of a quarter of the limit. For it, and for the limit, no more than that
    passes while the whole process stands still (Ctrl-Z, a frozen container, a debugger), or waits in compiled code; but
    what the thread computes counts in full.

    It interrupts Python code. A loop in compiled code ends only with its process: the watch of the workers sees to
    that.
    """
    if seconds is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield Clock(time.monotonic)
        return
    seconds = min(seconds, LONGEST_SECONDS)
    part, passed, over, began = seconds / PARTS, 0, False, time.thread_time()
    clock = Clock(lambda: max(part * passed, time.thread_time() - began))

    def expire(_number: int, _frame: FrameType | None) -> None:
        nonlocal passed
        passed += clock() < seconds  # the alarms after the last are no part of the limit
        if not over and clock() >= seconds:
            # Again every second: a subject whose bare `except:` swallows the first meets the next.
            signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)
            raise OutOfTime

    def unraised(told: sys.UnraisableHookArgs) -> None:
        if not issubclass(told.exc_type, OutOfTime):
            hook(told)
        elif not over:  # Python drops what a callback of the garbage collector or a finalizer raises: once more
            signal.setitimer(signal.ITIMER_REAL, RETRY, 1.0)

    hook, sys.unraisablehook = sys.unraisablehook, unraised
    before = signal.signal(signal.SIGALRM, expire)
    try:
        signal.setitimer(signal.ITIMER_REAL, part, part)
        yield clock
    finally:
        try:
            over = True
        finally:  # also where the alarm comes just before
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if sys.unraisablehook is unraised:  # else something that was imported has put its own there
                sys.unraisablehook = hook
