"""What a Dask scheduler costs a task, what the tasks of audits and proofs are beside that, and what fleets would take.

    python benchmarks/cluster_cost.py

Starts a scheduler and a worker on loopback and asks them questions that cost nothing: CPU milliseconds a task of the
scheduler, of the one who asks, and of the worker with the process beside it. Then the seconds of the tasks of quick and
standard audits of two references, and of a part of a proof, in this process; the scheduler's cost over them. Last, the
hours of 10, 1,000 and 10,000 workers for two large works: the work over the workers, or the scheduler's own time for
all tasks where that is more, and the start of a worker.

The seconds of thorough cells are those of SciPy's softmax in float32, per block of the plan; the audit's blocks are
counted over the table of library functions, those that are not installed too.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from math import ceil
from typing import NamedTuple

import psutil

from extremum.properties.calling.call import quiet
from extremum.properties.exhaustion.domains import DOMAINS
from extremum.properties.exhaustion.scan import pointwise, scan
from extremum.properties.inputs.effort import THOROUGH
from extremum.properties.roles.registry import roles
from extremum.properties.steps.sharing import Shared
from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, FORMATS
from extremum.reference.subjects.libraries import ROWS
from extremum.reference.subjects.subject import named
from extremum.reports.commands.prove import PART_ROWS
from extremum.reports.driving.cluster import Cluster
from extremum.reports.driving.cluster_audit import tasks_of
from extremum.reports.driving.cluster_tasks import Question
from extremum.reports.driving.judging import judge_task, settings_of
from extremum.reports.driving.request import Request, Task, resolved, tasks
from extremum.reports.driving.shards import cost

QUESTIONS = 4000
FLEETS = (10, 1_000, 10_000)
ADDRESS = "tcp://127.0.0.1:18786"
LIBRARIES = 10  # of the audit that is reckoned: as many functions each as those of the table have
LIMIT = 0.02  # of the work, which the scheduler may cost


def cpu_of(process: psutil.Process) -> float:
    """The CPU seconds of a process and of those below it."""
    each = [process, *process.children(recursive=True)]
    return sum(sum(p.cpu_times()[:2]) for p in each)


class Costs(NamedTuple):
    """CPU seconds a task, of the scheduler and of the one who asks; seconds until a worker's first answer."""

    scheduler: float
    client: float
    start: float


def costs() -> Costs:
    """Print and return the costs of a task without work."""
    port = ADDRESS.rpartition(":")[2]
    commands = {
        "scheduler": ["dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"],
        "worker": ["dask_worker", ADDRESS, "--nthreads", "1", "--no-dashboard"],
    }
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        processes = {}
        for name, words in commands.items():
            command = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]]
            process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
            stack.callback(process.terminate)
            processes[name] = psutil.Process(process.pid)
        cluster = stack.enter_context(Cluster(ADDRESS))
        began = time.perf_counter()
        list(cluster.answers([Question([(os.getpid, ())])]))
        start = time.perf_counter() - began
        before = {name: cpu_of(process) for name, process in processes.items()} | {"client": time.process_time()}
        began = time.perf_counter()
        list(cluster.answers([Question([(os.getpid, ())])] * QUESTIONS))
        seconds = time.perf_counter() - began
        after = {name: cpu_of(process) for name, process in processes.items()} | {"client": time.process_time()}
        each = {name: (cpu - before[name]) / QUESTIONS for name, cpu in after.items()}
    print(f"{QUESTIONS:,} tasks without work on one worker: {1e3 * seconds / QUESTIONS:.2f} ms a task; ", end="")
    print("CPU: " + ", ".join(f"{name} {1e3 * cost:.2f} ms" for name, cost in each.items()))
    print(f"the first answer of a worker after {start:.1f} s", flush=True)
    return Costs(each["scheduler"], each["client"], start)


def audit_tasks(subjects: Sequence[str], effort: str, scheduler: float) -> None:
    """Print the seconds of the tasks of an audit, and the scheduler's cost over them."""
    request = Request(tuple(subjects), dtypes=("float32",), effort=effort)
    shared, seconds = Shared(), list[float]()
    for batch in tasks_of(tasks(request, resolved(request)), request):
        began = time.perf_counter()
        for task in batch:
            judge_task(task, settings_of(request), shared)
        seconds.append(time.perf_counter() - began)
    shared.close()
    share = scheduler * len(seconds) / sum(seconds)
    print(f"{effort} audit of {' and '.join(subjects)}: {len(seconds)} tasks of {min(seconds):.2f} to ", end="")
    print(f"{max(seconds):.2f} s, median {statistics.median(seconds):.2f}; the scheduler costs {share:.2%}", flush=True)


def part_of_a_proof(scheduler: float) -> float:
    """Print and return the seconds of one part of the proof of `shifted` on every float32 gap."""
    (subject,), role = named("shifted", "softmax"), roles()["softmax"]
    domain, fmt = DOMAINS["gaps"], FORMATS["float32"]
    with quiet():
        scan(subject, role, pointwise(role), domain, fmt, (0, 1))
        began = time.perf_counter()
        scan(subject, role, pointwise(role), domain, fmt, (0, PART_ROWS))
        seconds = time.perf_counter() - began
    print(f"a part of a proof, {PART_ROWS:,} float32 gaps: {seconds:.2f} s; ", end="")
    print(f"the scheduler costs {scheduler / seconds:.2%}", flush=True)
    return seconds


def thorough_audit() -> tuple[int, float]:
    """Print the tasks and the seconds of a thorough audit of the table's functions; return those of `LIBRARIES`."""
    request = Request(("scipy",), role="softmax", dtypes=("float32",), effort=THOROUGH.name)
    shared, began, blocks = Shared(), time.perf_counter(), 0.0
    for task in tasks(request, resolved(request)):
        judge_task(task, settings_of(request), shared)
        blocks += cost(task.role, task.property, 0, THOROUGH)
    shared.close()
    per_block = (time.perf_counter() - began) / blocks
    (any_subject,) = named("shifted", "softmax")
    count, seconds = 0, 0.0
    for role in (roles()[role] for _, role, *_ in ROWS):
        cells = [Task(any_subject, role, p, dtype) for dtype in DEFAULT_DTYPES for p in role.properties]
        count += len(tasks_of(cells, request))
        seconds += per_block * sum(cost(role, task.property, 0, THOROUGH) for task in cells)
    libraries = len({name.partition("-")[0] for name, *_ in ROWS})
    print(
        f"a thorough audit of {len(ROWS)} functions of {libraries} libraries in {len(DEFAULT_DTYPES)} dtypes: ", end=""
    )
    print(f"{count:,} tasks, {shown(seconds)} of one worker ({1e3 * per_block:.1f} ms a block)", flush=True)
    return count * LIBRARIES // libraries, seconds * LIBRARIES / libraries


def fleets(work: str, count: int, seconds: float, known: Costs) -> None:
    """Print what so many workers would take for a work of so many tasks, and how many pay.

    Each task costs time of two processes that no worker takes off them: the scheduler, and the one who asks.
    """
    part, alone = seconds / count, max(known.scheduler, known.client)
    told = [
        f"{workers:,} workers {shown(known.start + max(ceil(count / workers) * part, count * alone))}"
        for workers in FLEETS
    ]
    most = min(count, int(part / alone))
    print(f"{work}, {count:,} tasks: {', '.join(told)}; more than {most:,} workers gain nothing", flush=True)


def shown(seconds: float) -> str:
    """A time as people say it."""
    for unit, size in (("years", 365.25 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"


def main() -> None:
    """Measure and print."""
    known = costs()
    print(f"the scheduler stays below {LIMIT:.0%} of tasks of {1e3 * known.scheduler / LIMIT:.0f} ms and more")
    for effort in ("quick", "standard"):
        audit_tasks(("shifted", "careful_sigmoid"), effort, known.scheduler)
    part, domain, fmt = part_of_a_proof(known.scheduler), DOMAINS["gaps"], FORMATS["float32"]
    parts = ceil(domain.size(fmt) / PART_ROWS)
    fleets("every float32 pair modulo shift (the gaps)", parts, parts * part, known)
    pairs = ceil((2 * fmt.largest_ordinal + 2) ** 2 / PART_ROWS)
    fleets("every float32 pair", pairs, pairs * part, known)
    count, seconds = thorough_audit()
    fleets(f"a thorough audit of {LIBRARIES} libraries", count, seconds, known)


if __name__ == "__main__":
    main()
