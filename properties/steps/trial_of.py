"""What is found out of the function that a claimed gradient is of, in a host of its own, before any cell is judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from extremum.properties.calling.caller import Misbehaviour
from extremum.properties.calling.host_channel import Ended, Limits, NoReturn, OutOfMemory, undisturbed
from extremum.properties.calling.hosts import Host
from extremum.properties.inputs.lengths import LARGEST_POINT, tried_points
from extremum.reference.errors import UsageError, printable
from extremum.reference.subjects.loading import NotLoaded
from extremum.reference.subjects.subject import usage_error


def of_told(of: str, place: dict[str, Any], limits: Limits, libraries: Sequence[str]) -> dict[str, Any]:
    """What the cells need to know of f: its `line`, and the `length` of a vector that it answers with one number.

    `libraries` are those whose arrays it may take: it gets what the gradient gets. Raises `UsageError` where it can't
    be loaded, ends its process, or answers no such vector.
    """
    host = Host(place, limits)
    try:
        told = undisturbed(host.load)
        if "error" in told:
            error = NotLoaded(str(told["error"]), str(told["word"]), told["choices"])
            raise UsageError(str(usage_error(error)).replace("subject", "of", 1))
        about = host.about(["x"], [])
        if not about["callable"]:
            raise UsageError(f"of={of!r} is {about['type']}, not callable; a function is needed")
        return {"line": about["line"], "files": about["files"], "length": _length(of, host, libraries)}
    except Ended as end:
        raise UsageError(f"of={of!r} ended its process: {printable(str(end))}") from None
    finally:
        host.end()


def _length(of: str, host: Host, libraries: Sequence[str]) -> int:
    said, shape = "", ""
    for library in libraries:
        host.library = library
        for n in tried_points():
            try:
                out = host.answer([np.linspace(0.5, 1.0, n)], seconds=host.limits.first_call_seconds)
            except NoReturn:
                raise
            except (Misbehaviour, OutOfMemory) as error:
                said = said or str(error)
                continue
            if out.size == 1:
                return n
            shape = shape or str(out.shape)
    if shape:
        raise UsageError(f"of={of!r} returns an array of shape {shape}; a function with a scalar value is needed")
    raise UsageError(f"of={of!r} answers no vector of 1 to {LARGEST_POINT:,} entries: {printable(said)}")
