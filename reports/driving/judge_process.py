"""A process that judges for a worker of a cluster: started, asked and ended there, and what runs in it.

Workers run their tasks in threads. A cell needs a process: its time limits are signals, its subject may end it, and
what nobody waits for any more must end at once.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from extremum.reports.driving.interrupts import end_silently, end_with_parent
from extremum.reports.driving.options import THREADS
from extremum.reports.record.leftovers import remove_leftovers

LOOK_SECONDS = 0.2  # between two looks at a process that has not answered
IDLE_SECONDS = 60.0  # without a question, after which it ends
BOOT = "import sys; from extremum.reports.driving.judge_process import main; main(int(sys.argv[1]))"


class JudgeEnded(Exception):
    """The process ended before it answered."""


class JudgeStuck(Exception):
    """It has not answered within its limit, and was ended."""


class JudgeUnwanted(Exception):
    """Nobody waits for its answer, and it was ended."""


class JudgeProcess:
    """The process, from the thread that asks it. It ends with that thread."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", BOOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C at the worker's terminal is for the worker
                env={**dict.fromkeys(THREADS, "1"), **os.environ},
            )
        self._channel = Connection(ours.detach())

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(
        self,
        question: Callable[..., Any],
        *given: Any,
        seconds: float | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        """The answer to a question, which both sides import; what it raises is raised here.

        Raises `JudgeEnded`, `JudgeStuck` after so many seconds, and `JudgeUnwanted` once it is not `wanted`.
        """
        looks = 0
        try:
            self._channel.send((question, given))
            while not self._channel.poll(LOOK_SECONDS):
                looks += 1  # time is counted in looks, so that what stands still as a whole takes no time
                if not wanted():
                    raise JudgeUnwanted
                if seconds is not None and looks * LOOK_SECONDS > seconds:
                    raise JudgeStuck
            raised, answer = self._channel.recv()
        except (EOFError, OSError):
            self.end()
            raise JudgeEnded from None
        except (JudgeUnwanted, JudgeStuck):
            self.end()
            raise
        if raised:
            raise answer
        return answer

    def end(self) -> None:
        """End it, whatever it does; its hosts end with it."""
        self._process.kill()
        self._process.wait()
        self._channel.close()


# In the process.


def main(file: int) -> None:
    """Answer questions until nobody asks."""
    end_silently()
    end_with_parent()
    warnings.simplefilter("ignore")  # the one who asked has heard what its imports warn of
    remove_leftovers(None)
    channel = Connection(file)
    with suppress(EOFError, OSError):
        while channel.poll(IDLE_SECONDS):
            question, given = channel.recv()
            try:
                answer = False, question(*given)
            except Exception as error:
                answer = True, error
            channel.send(answer)
