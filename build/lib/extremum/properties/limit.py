"""A time limit on a cell that a subject which never returns cannot wait out."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class OutOfTime(BaseException):
    """The limit of a cell has passed. Not an `Exception`, so that no subject catches it by accident."""


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise `OutOfTime` in the main thread after `seconds`; no limit elsewhere, or where there is no SIGALRM.

    It interrupts Python code. A loop in compiled code ends only with its process: the worker's watchdog
    sees to that.
    """
    if seconds is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, expire)
    # Again every second: a subject whose bare `except:` swallows the first meets the next.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
