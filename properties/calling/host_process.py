"""The process of a host: it imports the subject, makes the calls that the judge asks for, and answers.

`properties.calling.hosts` starts it, in an environment that may not have extremum: it needs the standard library and
NumPy alone. It is two processes. The first only supervises: when the judge lets go of it, or the second ends, it kills
all that the second has started, in whatever session that is, and ends as the second did. The second serves requests.

A request is a line of JSON on a socket, and so is an answer; arrays lie in files that only these two have, one after
the other, in C order. There are several files for each direction, so that a request may be sent ahead.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # of prctl(2)
OUTPUT_KEPT = 2**20  # bytes of what is printed
WARNINGS_KEPT, WARNING_WIDTH = 4, 300  # of an import; characters
BROKEN = 71  # exit status where the device computes nothing any more
KILLING_SECONDS = 5.0  # until the supervisor gives up killing what is started faster than it kills


def main(*given: Any) -> None:
    """Supervise, and serve in a process of its own. The files of three modules are given, and open files."""
    loading, caller, arrays, channel, lifeline, asked, answered = given
    _supervise(lifeline, [channel, *asked, *answered])
    _leave_no_core()
    modules = _module(loading), _module(caller), _module(arrays)
    Service(*modules, socket.socket(fileno=channel), asked, answered).serve()


def _supervise(lifeline: int, others: Sequence[int]) -> None:
    """Go on in a child; this process waits for the child to end, or for `lifeline` to be closed at its other end."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    supervisor = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(lifeline)
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != supervisor:
                os._exit(1)
        return
    for number in others:  # so that the judge sees the channel closed when the child ends
        os.close(number)
    status = _wait(child, lifeline)
    _kill_descendants(child)
    if status is not None and os.WIFSIGNALED(status):
        _leave_no_core()
        with contextlib.suppress(OSError):  # SIGKILL has no handler
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(0 if status is None else os.WEXITSTATUS(status))


def _leave_no_core() -> None:
    """A crash is told by its signal: nobody reads the memory."""
    import resource  # here: the judge imports this module on Windows too, which has none

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _wait(child: int, lifeline: int) -> int | None:
    """The status of the child when it has ended, or None when the judge let go first."""
    if not hasattr(os, "pidfd_open"):
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return status
            if select.select([lifeline], [], [], 0.05)[0]:
                return None
    ended = os.pidfd_open(child)
    if ended in select.select([lifeline, ended], [], [])[0]:
        return os.waitpid(child, 0)[1]
    return None


def _kill_descendants(child: int) -> None:
    """Kill the child and all that it has started: what loses its parent becomes a child of this process."""
    end = time.monotonic() + KILLING_SECONDS
    own = f"/proc/self/task/{os.getpid()}/children"
    while time.monotonic() < end:
        try:
            with open(own) as file:
                children = [int(word) for word in file.read().split()]
        except OSError:  # not Linux: the child alone is known
            children = [child]
        for process in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _module(file: str) -> ModuleType:
    """The module in a file. It is not among those that are loaded, and its code does not tell where it is."""
    name = f"_host_{os.path.basename(file).removesuffix('.py')}"
    code = SourceFileLoader(name, file).get_code(name)
    assert code is not None
    module = sys.modules[name] = ModuleType(name)  # a dataclass looks for it while it is made
    try:
        exec(_placeless(code), vars(module))
    finally:
        del sys.modules[name]
    return module


def _placeless(code: CodeType) -> CodeType:
    inner = tuple(_placeless(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_filename="<host>", co_consts=inner)


class Service:
    """Answers requests, one after the other, until the judge closes the channel."""

    def __init__(
        self,
        loading: ModuleType,
        caller: ModuleType,
        arrays: ModuleType,
        channel: socket.socket,
        asked: Sequence[int],
        answered: Sequence[int],
    ) -> None:
        import numpy

        self.np, self.loading, self.caller, self.arrays = numpy, loading, caller, arrays
        self.channel, self.asked, self.answered = channel, asked, answered
        self.places = [0] * len(answered)  # in each file: where the next answer goes
        self.function: Any = None
        self.instance = False  # whether it is one of the class that was named
        self.sizes: dict[str, Any] = {}  # of arguments, where what was named takes no others
        self.device = ""  # that its arrays are put on
        self.files: list[str] = []  # that it is in, besides those of Python
        self.recordings: dict[tuple[int, int], Any] = {}  # of the function, as `answered` keeps them
        self.process = os.getpid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who interrupts this process ends it: no call has raised that
        self.output = os.dup(1)  # the subject may close its own
        self.mode = caller.float_mode()  # before the subject is imported
        sys.path.insert(0, os.getcwd())  # as for what is started by `python -m`; not before: it may hold a json.py

    def serve(self) -> None:
        """Answer every request."""
        self._send({"process": self.process})
        for request in self._requests():
            self.np.seterr(all="ignore")  # infinities and NaN are what an audit looks for
            try:
                answer = getattr(self, f"do_{request['do']}")(request)
            except self.arrays.BrokenDevice as broken:  # which no other process shares: the next one may do better
                os.write(2, f"{broken}\n".encode())
                os._exit(BROKEN)
            if os.getpid() != self.process:  # a fork of the subject's that came out of the call
                os._exit(0)
            self._send({**answer, "number": request["number"]})
            if os.fstat(self.output).st_size > OUTPUT_KEPT:
                os.ftruncate(self.output, 0)

    def do_load(self, request: dict[str, Any]) -> dict[str, Any]:
        """Import the subject; what the judge has on its path is found too."""
        sys.path.extend(place for place in request["path"] if place not in sys.path)
        self.device = request.get("device", "")
        if self.device == self.arrays.INTERPRET:
            os.environ.update([self.arrays.INTERPRETED])
        with warnings.catch_warnings(record=True) as heard:
            failed = self._import(request)
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        return failed or {"warnings": [_shown(warning) for warning in heard[:WARNINGS_KEPT]]}

    def _import(self, request: dict[str, Any]) -> dict[str, Any]:
        """Import the subject: nothing, or why that failed."""
        try:
            if "registered" in request:
                from extremum.reference.subjects.subject import registered

                self.function = registered(*request["registered"]).function
            elif "exec" in request:
                from extremum.reference.subjects.processes import started

                self.function = started(request["spec"], **request["exec"])
            elif "c" in request:
                from extremum.reference.subjects.c_symbols import bound

                place, symbol = self.loading.parted(request["spec"])
                self.function, self.files = bound(place, symbol, **request["c"]), [os.path.abspath(place)]
            elif "onnx" in request:
                from extremum.reference.subjects.onnx_models import opened

                self.function = opened(request["spec"], **request["onnx"])
                self.sizes = self.function.sizes
                file = os.path.abspath(self.loading.runtime_of(request["spec"])[1])
                self.files = [file] if os.path.isfile(file) else []
            else:
                spec = request["spec"]
                value = self.loading.load(spec)[1]
                self.instance = isinstance(value, type)
                self.function = self.loading.made(spec, value, request.get("wrap"))
        except Exception as error:
            if type(error).__name__ != "NotLoaded":  # of this process, or of extremum where that is installed here
                raise
            told: Any = error
            return {"error": told.text, "word": told.word, "choices": told.choices, "failed": told.failed}
        return {}

    def do_about(self, request: dict[str, Any]) -> dict[str, Any]:
        """What is known of the subject without calling it."""
        told = self.loading.about(self.function, request["inputs"], request["keywords"])
        files = [*self.files, *told["files"]]
        return {**told, "instance": self.instance, "sizes": self.sizes, "files": files}

    def do_absent(self, request: dict[str, Any]) -> dict[str, Any]:
        """Why there are no arrays of that library here, or not on the device."""
        return {"absent": self.arrays.Arrays(request["library"], self.device).absent()}

    def do_fingerprint(self, _request: dict[str, Any]) -> dict[str, Any]:
        """The fingerprint of all that is loaded."""
        digest = hashlib.sha256(self.loading.fingerprint([self.function]).encode())
        for file in self.files:
            with open(file, "rb") as content:
                digest.update(content.read())
        return {"fingerprint": digest.hexdigest()}

    def do_answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """One call, or one for each row where the request has the shape that is expected of each."""
        slot = request["slot"]
        place = self.places[slot] = 0 if request["first"] else self.places[slot]
        try:
            arrays, caller = self._arrays(request), self._caller(request)
            if request["expected"] is None:
                out = caller.lent(arrays, request["axis"], request["layout"])
            else:
                out = caller.answers(arrays, tuple(request["expected"]), request["layout"])
            native = out if out.dtype.isnative else out.astype(out.dtype.newbyteorder("="))
            self._check(native)
        except self.caller.Misbehaviour as error:
            return {"misbehaviour": str(error), "grave": error.grave}
        if native.nbytes:
            _write(self.answered[slot], self.np.ascontiguousarray(native).reshape(-1).view(self.np.uint8), place)
        self.places[slot] += native.nbytes
        form = {"dtype": native.dtype.name, "shape": native.shape, "swapped": native is not out, "place": place}
        return {**form, "beside": caller.beside}

    def do_watch(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a call changes: the arrays are those of a call, and then those of another."""
        before = os.fstat(self.output).st_size
        try:
            arrays = self._arrays(request)
            half = len(arrays) // 2
            effects = self._caller(request).watch(arrays[:half], arrays[half:], self.mode)
        except self.caller.Misbehaviour as error:
            return {"misbehaviour": str(error), "grave": error.grave}
        with contextlib.suppress(Exception):  # it may be anything that the subject put there
            sys.stdout.flush()
        ctypes.CDLL(None).fflush(None)  # what C code has printed waits in a buffer of its own
        lines = os.pread(self.output, 2**16, before).splitlines() if os.fstat(self.output).st_size > before else ()
        return {**effects, "printed": effects["printed"] + len(lines)}

    def do_exact(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to exact numbers, where extremum is installed here."""
        try:
            from extremum.reference.arithmetic.exact_text import answered
        except ImportError:
            return {"unanswered": "can't be asked for exact numbers: extremum is not installed beside it"}
        return answered(self.function, request, self.recordings)

    def do_count(self, request: dict[str, Any]) -> dict[str, Any]:
        """How many functions a call calls."""
        try:
            return {"count": self._caller(request).functions_called(self._arrays(request))}
        except self.caller.Misbehaviour as error:
            return {"misbehaviour": str(error), "grave": error.grave}

    def _check(self, out: Any) -> None:
        """Raise `Misbehaviour` where the name of the dtype does not tell the judge what it is."""
        try:
            known = self.caller.dtype_named(out.dtype.name) == out.dtype
        except (TypeError, AttributeError):
            known = False
        if not known:
            raise self.caller.Misbehaviour(f"returned an array of dtype {out.dtype}")

    def _caller(self, request: dict[str, Any]) -> Any:
        arrays = self.arrays.Arrays(request["library"], self.device)
        return self.caller.Caller(self.function, arrays, request["keyword"], request["numbers"], request["out"])

    def _arrays(self, request: dict[str, Any]) -> list[Any]:
        """The arguments, in memory of their own: the subject may write into them."""
        arrays, place = [], request["place"]
        for dtype, shape in request["arrays"]:
            array = self.np.empty(shape, self.caller.dtype_named(dtype))
            memory: Any = array.reshape(-1).view(self.np.uint8)
            if array.nbytes:
                os.preadv(self.asked[request["slot"]], [memory], place)
            place += array.nbytes
            arrays.append(array)
        return arrays

    def _requests(self) -> Iterator[dict[str, Any]]:
        with self.channel.makefile("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def _send(self, answer: dict[str, Any]) -> None:
        self.channel.sendall(json.dumps(answer).encode() + b"\n")


def _shown(warning: warnings.WarningMessage) -> str:
    """A warning in one line."""
    try:
        text = (str(warning.message).splitlines() or [""])[0]
    except Exception:  # its text is the subject's
        text = "..."
    place = f"{os.path.basename(warning.filename)}:{warning.lineno}"
    return f"{place}: {warning.category.__name__}: {text}"[:WARNING_WIDTH]


def _write(file: int, data: Any, place: int) -> None:
    done, view = 0, memoryview(data)
    while done < len(view):
        done += os.pwrite(file, view[done:], place + done)
