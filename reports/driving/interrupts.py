"""Ctrl-C reaches every process of the terminal at once: the controller acts on it, and its workers end silently.

Imported at every start of pytest, so it imports nothing heavy.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 128 + signal.SIGINT  # the exit status of a process that SIGINT ended, as shells have it
CAN_BLOCK = hasattr(signal, "pthread_sigmask")  # not on Windows


@contextmanager
def blocked() -> Iterator[None]:
    """Block SIGINT in this thread; one that comes is acted on afterwards.

    A process that is started meanwhile inherits the block, so that nothing interrupts it in the middle of an import,
    which would print a traceback. `end_silently` lifts it there; a process that does not call it keeps it.
    """
    if not CAN_BLOCK:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_silently() -> None:
    """End this process without a traceback when SIGINT comes, or has come while it was blocked."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    if CAN_BLOCK:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
