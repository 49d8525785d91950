"""A Dask cluster on loopback: a scheduler and workers in processes of their own, which tests kill, add and restart."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 240.0  # a busy machine is given


def wait_for(what: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until `what()` is true, while that process lives."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, f"{what} has not come"
        assert process is None or process.poll() is None, process.communicate() if process else ""
        time.sleep(0.05)


def kill_the_worker() -> None:
    """In the process beside a worker's thread: kill the worker."""
    os.kill(os.getppid(), signal.SIGKILL)


class DaskCluster:
    """The cluster; `folder` has the logs of its processes, by their names."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder, self.processes = folder, dict[str, subprocess.Popen[bytes]]()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.start()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the scheduler, at the address that it had."""
        self._run("scheduler", "dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        wait_for(self._answers)

    def add(self, name: str, *options: str, **environment: str) -> None:
        """Add a worker of one thread, and wait for it. What it starts has the variable `WORKER` with its name."""
        given = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder), *options)
        self._run(name, "dask_worker", self.address, *given, WORKER=name, **environment)
        wait_for(lambda: "Registered to" in (self.folder / f"{name}.log").read_text())

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()

    def judges(self) -> list[int]:
        """The processes that judge for its workers."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if b"judge_process" in (place / "cmdline").read_bytes() and self._mark in (
                    place / "environ"
                ).read_bytes().split(b"\0"):
                    found.append(int(place.name))
        return found

    @property
    def _mark(self) -> bytes:
        return f"CLUSTER_OF_A_TEST={self.folder}".encode()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def _run(self, name: str, module: str, *words: str, **environment: str) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "HYPOTHESIS"))}
        with (self.folder / f"{name}.log").open("w") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *words],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**clean, "CLUSTER_OF_A_TEST": str(self.folder), **environment},
            )
