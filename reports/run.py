"""Audits from Python: the cells of a request, one after the other in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from extremum.properties.engine import Settings
from extremum.properties.roles.registry import role_named, role_of
from extremum.properties.steps.resolve import GRADIENT_OF, adapt, introduce
from extremum.properties.steps.sharing import Shared
from extremum.reference.errors import UsageError
from extremum.reports.driving.characterisation import behaviours
from extremum.reports.driving.judging import judge_task, settings_of
from extremum.reports.driving.options import names
from extremum.reports.driving.request import Request, tasks
from extremum.reports.report import Report


def audit(
    function: Callable[..., Any],
    role: str | None = None,
    dtypes: Sequence[str] | None = None,
    *,
    properties: Sequence[str] | None = None,
    regimes: Sequence[str] | None = None,
    examples: int = Settings.examples,
    seed: int = 0,
    budget: float | None = None,
    cell_timeout: float | None = Settings.timeout,
    convention: Sequence[str] | None = None,
    of: Callable[..., Any] | None = None,
    exhaustive: str | None = None,
    name: str = "",
) -> Report:
    """Audit `function` as an implementation of `role` and return the report, which a notebook shows.

    `role` may be left out where the function's name contains it. `dtypes` are names of formats (four by
    default), `budget` and `cell_timeout` are seconds, `convention` names what is accepted where opinions differ, as
    "fully-masked-row=zero". With `exhaustive`, "gaps" or "pairs", it proves what one row of two decides, over that
    domain, of float16 and bfloat16 by default. It runs in this process: a call that does not return is `hung` after
    `cell_timeout`, but one that ends the process ends this one; the command line and pytest run cells in workers.
    Raises `UsageError` for arguments that are not valid.
    """
    if not callable(function):
        raise UsageError(f"function={function!r} is not callable")
    name = name or getattr(function, "__qualname__", type(function).__name__).replace("<locals>.", "")
    request = Request(
        role=role,
        dtypes=names(dtypes),
        properties=names(properties),
        regimes=names(regimes),
        examples=examples,
        seed=seed,
        budget=budget,
        cell_timeout=cell_timeout,
        conventions=names(convention),
        exhaustive=exhaustive,
    )
    request.check()
    if of is not None and not callable(of):
        raise UsageError(f"of={of!r} is not callable")
    if of is not None and exhaustive is not None:
        raise UsageError(f"of={of!r} goes with a search, not with exhaustive")
    role_name = role or (GRADIENT_OF if of is not None else None)
    subject = adapt(function, name, role_named(role_name) if role_name else role_of(name, name), "", of)
    settings = settings_of(request)
    shared = Shared()
    cells = [judge_task(task, settings, shared) for task in tasks(request, [subject])]
    contested = behaviours(subject, request) if request.whole and not settings.budget_ended() else []
    return Report(cells, seed, ["extremum.reports.audit", name], [introduce(subject)], contested=contested)
