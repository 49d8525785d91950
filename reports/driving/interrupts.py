"""Ctrl-C reaches every process of the terminal at once: the controller acts on it, and its workers end silently.

SIGTERM does as Ctrl-C does. Imported at every start of pytest, so it imports nothing heavy.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

INTERRUPTED = 128 + signal.SIGINT  # the exit status of a process that SIGINT ended, as shells have it
CAN_BLOCK = hasattr(signal, "pthread_sigmask")  # not on Windows
SIGNALS = (signal.SIGINT, signal.SIGTERM)
PR_SET_PDEATHSIG = 1  # of prctl(2)
LOOK_SECONDS = 0.5


@contextmanager
def blocked() -> Iterator[None]:
    """Block both signals in this thread; one that comes is acted on afterwards.

    A process that is started meanwhile inherits the block, so that nothing interrupts it in the middle of an import,
    which would print a traceback. `end_silently` lifts it there; a process that does not call it keeps it.
    """
    if not CAN_BLOCK:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_silently() -> None:
    """End this process without a traceback when a signal comes, or has come while it was blocked."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a fork inherits the controller's
    if CAN_BLOCK:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def end_with_parent() -> None:
    """See to it that this process ends when its parent does, whatever it is doing then.

    Linux does that; elsewhere a thread looks, which a call that never lets go of the interpreter keeps from it.
    """
    import ctypes

    parent = os.getppid()
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0:
        if os.getppid() != parent:
            os._exit(1)
        return

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def interrupting() -> Callable[[], None]:
    """From now on SIGTERM raises KeyboardInterrupt, as SIGINT does; what this returns puts both back.

    A signal that is handled by others, or ignored, as `nohup` has it, stays so.
    """
    if signal.getsignal(signal.SIGTERM) is signal.default_int_handler:
        return lambda: None  # who did this before puts them back
    before = {s: signal.getsignal(s) for s in SIGNALS}
    if before[signal.SIGTERM] is signal.SIG_DFL:
        _handle({signal.SIGTERM: signal.default_int_handler})
    return partial(_handle, before)


def deaf() -> Callable[[], None]:
    """From now on both signals do nothing: what they asked for is being done. What this returns undoes it."""
    heard = [s for s in SIGNALS if signal.getsignal(s) is signal.default_int_handler]
    _handle(dict.fromkeys(heard, _nothing))
    return partial(_handle, dict.fromkeys(heard, signal.default_int_handler))


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """SIGTERM does as Ctrl-C while the block runs. After an interruption both do nothing to the end of the process."""
    undo = interrupting()
    try:
        yield
    except KeyboardInterrupt:
        deaf()
        raise
    finally:
        deafened = [s for s in SIGNALS if signal.getsignal(s) is _nothing]
        if deafened:  # ignored: at its end Python takes away all handlers but this one, and a signal would kill
            _handle(dict.fromkeys(deafened, signal.SIG_IGN))
        else:
            undo()


def _handle(handlers: Mapping[signal.Signals, Any]) -> None:
    if threading.current_thread() is threading.main_thread():  # no other may
        for s, handler in handlers.items():
            if handler is not None:  # as it is told where it is not Python's
                signal.signal(s, handler)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    # A function, and not SIG_IGN, which a process that is started meanwhile would inherit.
    return None
