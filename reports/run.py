"""Audits from Python: the cells of a request, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from extremum.properties.calling.host_channel import Limits
from extremum.properties.calling.hosts import CAN_HOST, Host
from extremum.properties.engine import Settings
from extremum.properties.inputs.effort import STANDARD
from extremum.properties.model.role import Role
from extremum.properties.roles.registry import known, role_named, role_of
from extremum.properties.steps.parameters import GRADIENT_OF
from extremum.properties.steps.resolve import OWN_PROCESS, adapt, introduce
from extremum.properties.steps.sharing import Shared
from extremum.properties.steps.trial import tried
from extremum.reference.errors import UsageError
from extremum.reference.subjects.subject import Subject
from extremum.reports.driving.characterisation import behaviours
from extremum.reports.driving.judging import Turns
from extremum.reports.driving.notebook import progress
from extremum.reports.driving.options import names
from extremum.reports.driving.request import Request, scheduled, tasks
from extremum.reports.report import Report


def audit(
    function: Callable[..., Any],
    role: str | Role | None = None,
    dtypes: Sequence[Any] | None = None,
    *,
    formula: str | None = None,
    ulps: float | None = None,
    properties: Sequence[str] | None = None,
    regimes: Sequence[str] | None = None,
    effort: str = STANDARD.name,
    examples: int = Settings.examples,
    seed: int = 0,
    budget: float | None = None,
    cell_timeout: float | None = Settings.timeout,
    import_timeout: float = Limits.import_seconds,
    first_call_timeout: float = Limits.first_call_seconds,
    memory: int | None = None,
    arrays: str | None = None,
    device: str | None = None,
    python: str | None = None,
    wrap: str | None = None,
    out: bool = False,
    convention: Sequence[str] | None = None,
    of: Callable[..., Any] | None = None,
    exhaustive: str | None = None,
    name: str = "",
    isolated: bool = False,
) -> Report:
    """Audit `function` as an implementation of `role` and return the report, which a notebook shows.

    `role` is a name, or what `formula` returns; it may be left out where the function's name contains it, and where
    `formula` says what is computed, as "x*erf(x)", to so many `ulps` if these are given. `dtypes` are names of formats
    or NumPy's dtypes (four by default), `effort` is "quick", "standard" or "thorough", the size of the plan, `budget`
    and `cell_timeout` are seconds, `convention` names what is accepted where opinions differ, as
    "fully-masked-row=zero". With `out` it is called `f(*arguments, out)`, and its answer is what it has written into
    that array, which is full of NaN first. With `exhaustive`, "gaps", "pairs" or "all", it proves what one row decides,
    over that domain, of float16 and bfloat16 by default. It is called in this process: a call that does not return is
    `hung` after `cell_timeout`, but one that ends the process ends this one. An `isolated` function is called in a
    process of its own, as on the command line: that imports it, so it must be one that its module or file has by name.
    There the import may take `import_timeout` seconds and the first call `first_call_timeout`, and the process `memory`
    bytes (a quarter of the machine's); it gets `arrays` of that library on that `device`, `python` is the path of the
    interpreter, and `wrap` names what is called on it first. Raises `UsageError` for arguments that are not valid.

    >>> report = extremum.audit(lambda x: x, role="softmax", dtypes=["float32"], properties=["sum_to_one"])
    >>> report.ok, [cell.verdict for cell in report.cells]
    (False, ['refuted'])
    """
    if not callable(function):
        raise UsageError(f"function={function!r} is not callable")
    name = name or getattr(function, "__qualname__", type(function).__name__).replace("<locals>.", "")
    request = Request(
        role=known(role).name if isinstance(role, Role) else role,
        formula=formula,
        ulps=ulps,
        dtypes=names([d if isinstance(d, str) else np.dtype(d).name for d in _several(dtypes)]),
        properties=names(properties),
        regimes=names(regimes),
        effort=effort,
        examples=examples,
        seed=seed,
        budget=budget,
        cell_timeout=cell_timeout,
        import_timeout=import_timeout,
        first_call_timeout=first_call_timeout,
        memory=memory,
        arrays=arrays,
        device=device,
        python=python,
        wrap=wrap,
        out=out,
        conventions=names(convention),
        exhaustive=exhaustive,
    )
    request.check()
    request.check_formula()
    if of is not None and not callable(of):
        raise UsageError(f"of={of!r} is not callable")
    if of is not None and exhaustive is not None:
        raise UsageError(f"of={of!r} goes with a search, not with exhaustive")
    role_name = request.role_name or (GRADIENT_OF if of is not None else None)
    wanted, shared = role_named(role_name) if role_name else None, Shared()
    if isolated and not CAN_HOST:
        raise UsageError(f"isolated=True needs {OWN_PROCESS}")
    if isolated:
        subject = _hosted(function, name, wanted, request, of, shared)
    elif given := [
        f"{name}={value!r}"
        for name, value in (("arrays", arrays), ("device", device), ("python", python), ("wrap", wrap))
        if value is not None
    ]:
        raise UsageError(f"{given[0]} goes with isolated=True")
    else:
        subject = adapt(function, name, wanted or role_of(name, name), "", of, out=out)
    turns, asked = Turns(request, shared), tasks(request, [subject])
    try:
        judged = {}
        with progress(len(asked)) as tell:
            for task in scheduled(asked, request):
                judged[task.key] = cell = turns.judge(task)
                tell(cell)
        host = shared.host(subject, role_named(subject.role).signature, request.limits)
        within = request.whole and not turns.settings(subject).budget_ended()
        contested = behaviours(subject, request, host=host) if within else []
    finally:
        shared.close()
    cells = [judged[task.key] for task in asked]
    return Report(cells, seed, ["extremum.reports.audit", name], [introduce(subject)], contested=contested)


def _hosted(
    function: Callable[..., Any],
    name: str,
    wanted: Role | None,
    request: Request,
    of: Callable[..., Any] | None,
    shared: Shared,
) -> Subject:
    """The function as a subject in a process of its own, which `shared` keeps. Raises `UsageError` for a misfit."""

    def keep(tried: Subject, host: Host) -> None:
        shared.adopt(replace(tried, name=name), host)

    of_word = None if of is None else _importable(of)
    subject = replace(tried(_importable(function), wanted, request.wish(keep), of_word), name=name)
    if subject.misfit:
        raise UsageError(subject.misfit)
    return subject


def _several(given: Any) -> Sequence[Any]:
    return given if isinstance(given, (list, tuple)) else [] if given is None else [given]


def _importable(function: Callable[..., Any]) -> str:
    """What another process imports the function by; raises `UsageError` where it cannot."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    code = getattr(function, "__code__", None)
    if code is None or "<" in name or not Path(code.co_filename).is_file():
        raise UsageError(f"function={function!r} cannot be imported elsewhere: isolated=True needs one of a file")
    return f"{code.co_filename if module == '__main__' else module}:{name}"
