"""A line a minute while a run goes on, for a reader who sees no progress bar."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress

from extremum.reports.driving.interrupts import CAN_BLOCK

BEAT_SECONDS = 60.0


class Heartbeat:
    """Calls `say` every so many seconds between `start` and `stop`, in a thread of its own."""

    def __init__(self, say: Callable[[], None], seconds: float = BEAT_SECONDS) -> None:
        self.say, self.seconds = say, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Begin; the first line comes after the first interval."""
        self._thread.start()

    def stop(self) -> None:
        """End, also where it did not begin."""
        self._over.set()

    def _beat(self) -> None:
        if CAN_BLOCK:  # signals are for the main thread, which is waiting for them
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._over.wait(self.seconds):
            with suppress(OSError, ValueError):  # who reads the lines may have left
                self.say()
