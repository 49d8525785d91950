"""A process that answers calls by frames on its standard input and output, as a function of NumPy arrays.

A request is a line of JSON with the names, dtypes and shapes of the arguments, then their bytes: little-endian, in C
order. An answer is such a line and the bytes of one array, or a line with an `error`. `docs/frames.md` has examples.
"""

from __future__ import annotations

import inspect
import json
import os
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import prod
from typing import IO, Any

import numpy as np

from extremum.reference.subjects.loading import NotLoaded

PREFIX = "exec:"
PIPE_BYTES = 2**15  # that a pipe takes while nobody reads
LARGEST_ANSWER = 2**31  # bytes
LINE_BYTES = 2**20  # of the line of an answer
MALFORMED = 65  # exit status of the host where an answer is no frame


def words_of(spec: str) -> list[str]:
    """The words of a program's command. Raises `NotLoaded` where there is none, or a quotation mark stays open."""
    try:
        words = shlex.split(spec.removeprefix(PREFIX))
    except ValueError as error:
        raise NotLoaded(f"subject={spec!r} is no command: {str(error).lower()}") from None
    if not words:
        raise NotLoaded(f"subject={spec!r} names no program: write exec:./program and its words")
    return words


class NoFrame(Exception):
    """What came is no answer by the protocol; the text says why."""


class Process:
    """A program that is started at the first call, and anew where it has ended."""

    def __init__(self, spec: str, role: str, inputs: Sequence[str], batched: bool) -> None:
        self.words = words_of(spec)
        self.role, self.inputs, self.scalars = role, list(inputs), {"axis": -1} if batched else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._calls = 0
        self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            try:
                self._process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            except OSError as error:
                raise NotLoaded(f"subject 'exec:{self.words[0]}' cannot be started: {error.strerror}") from None
        return self._process

    def __call__(self, *arguments: Any) -> Any:
        """The answer to one call. Raises `RuntimeError` with what the process says in place of one.

        Where the process ends, or its answer is no frame after the first, the caller's process ends alike.
        """
        process = self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        self._calls += 1
        arrays = [np.asarray(a, order="C") for a in arguments]
        rows = [
            {"name": name, "dtype": a.dtype.name, "shape": a.shape, "bytes": a.nbytes}
            for name, a in zip(self.inputs, arrays, strict=True)
        ]
        request = {"call": self._calls, "role": self.role, "arguments": rows, "scalars": self.scalars}
        sent = b"".join([json.dumps(request).encode() + b"\n", *(_bytes(a) for a in arrays)])
        try:
            with _writing(process.stdin, sent):
                return self._answer(process.stdout)
        except (NoFrame, OSError, EOFError) as error:
            self._ended(process, error)
            raise RuntimeError(f"answers with no frame: {error}") from None

    def _ended(self, process: subprocess.Popen[bytes], error: Exception) -> None:
        """End as the process did; or where what it answered is no frame. To its first call that is told instead."""
        try:
            status = process.wait(timeout=1.0 if isinstance(error, EOFError) else 0.05)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()  # which closes its pipes
            self._process = None
            if self._calls > 1:
                os._exit(MALFORMED)
            return
        if status < 0:
            os.kill(os.getpid(), -status)
        if status or self._calls > 1:
            os._exit(status or MALFORMED)

    def _answer(self, stream: IO[bytes]) -> Any:
        line = stream.readline(LINE_BYTES)
        if not line:
            raise EOFError("the process has ended, or closed its output")
        try:
            told = json.loads(line)
            call = told["call"]
        except (ValueError, TypeError, KeyError):
            raise NoFrame(f"{line[:60]!r} is no line of JSON with a call") from None
        if call != self._calls:
            raise NoFrame(f"it answers call {call!r}, not {self._calls}")
        if "error" in told:
            raise RuntimeError(str(told["error"]))
        try:
            dtype, shape, size = number_dtype(told["dtype"]), tuple(map(int, told["shape"])), int(told["bytes"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise NoFrame(f"{line[:80]!r} has no dtype, shape and bytes that are valid") from None
        if min(shape, default=0) < 0 or size != prod(shape) * dtype.itemsize or size > LARGEST_ANSWER:
            raise NoFrame(f"{size} bytes are not those of {dtype.name} of shape {shape}")
        data = stream.read(size)
        if len(data) != size:
            raise EOFError(f"{len(data)} of {size} bytes came")
        return np.frombuffer(data, dtype.newbyteorder("<")).reshape(shape).astype(dtype)


def started(spec: str, role: str, inputs: Sequence[str], batched: bool) -> Callable[..., Any]:
    """The program that `spec` names, as a function of the role's arguments. Raises `NotLoaded`."""
    process = Process(spec, role, inputs, batched)

    def called(*arguments: Any) -> Any:
        return process(*arguments)

    called.__name__ = called.__qualname__ = os.path.basename(process.words[0])
    called.__module__ = "a process"
    names = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in inputs]
    called.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
    called.foreign = True  # type: ignore[attr-defined]
    return called


@contextmanager
def _writing(stream: IO[bytes], data: bytes) -> Iterator[None]:
    """Write beside the block what a pipe may not take at once: a process may answer before it has read all."""
    if len(data) <= PIPE_BYTES:
        _write(stream, data)
        yield
        return
    thread = threading.Thread(target=_write, args=(stream, data), daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=1.0)


def _write(stream: IO[bytes], data: bytes) -> None:
    with suppress(OSError):  # the process has ended, which the answer tells
        stream.write(data)
        stream.flush()


def _bytes(a: Any) -> bytes:
    if a.dtype.kind in "fiu":
        a = a.astype(a.dtype.newbyteorder("<"), copy=False)
    return bytes(a.tobytes())


def number_dtype(name: str) -> np.dtype[Any]:
    """The dtype of numbers of that name. Raises `ValueError`, `TypeError` or `AttributeError` where there is none."""
    if name.startswith(("bfloat", "float8")):
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
    dtype = np.dtype(name)
    if not isinstance(name, str) or dtype.kind not in "fiub":
        raise ValueError(name)
    return dtype
