"""What this system lacks of the limits on a subject, for the header of an audit."""

from __future__ import annotations

import os
import signal

from extremum.properties.calling.hosts import CAN_HOST

RESIDENT = "/proc/self/statm"  # of another process too: its memory, as a host is watched by
CHILDREN = f"/proc/self/task/{os.getpid()}/children"  # by which a host finds what its subject has started


def missing_limits() -> str:
    """A line of what does not hold here, as on macOS and on Windows; "" where all does."""
    timed = CAN_HOST or hasattr(signal, "setitimer")
    rows = (
        (CAN_HOST, "a process of its own for each subject"),
        (CAN_HOST, "--import-timeout"),
        (CAN_HOST, "--first-call-timeout"),
        (timed, "--cell-timeout"),
        (CAN_HOST and os.path.exists(RESIDENT), "--memory"),
        (not CAN_HOST or os.path.exists(CHILDREN), "an end of what a subject leaves running"),
    )
    lacking = [what for there, what in rows if not there]
    return f"this system does not have: {', '.join(lacking)}" if lacking else ""
