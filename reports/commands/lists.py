"""The commands that list what there is, and explain it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

import click


@click.command()
def roles() -> None:
    """List the roles: what a subject can claim to compute."""
    from extremum.properties.roles.registry import roles as known

    _table((r.name, r.call, r.value) for r in known().values())


@click.command()
@click.option("--role", help="Only subjects of this role.")
def subjects(role: str | None) -> None:
    """List the subjects that have names, and which libraries are usable.

    Those are references, mutants, functions of libraries that are installed, and operators of ONNX models.
    """
    from extremum.properties.roles.registry import role_named
    from extremum.reference.errors import printable
    from extremum.reference.subjects.libraries import libraries
    from extremum.reference.subjects.onnx_models import OPERATORS
    from extremum.reference.subjects.onnx_runtimes import RUNTIMES
    from extremum.reference.subjects.subject import subjects as known

    if role is not None:
        role_named(role)
    rows = [(s.name, s.role, s.kind, (s.function.__doc__ or s.origin).strip().splitlines()[0]) for s in known(role)]
    there = libraries()
    usable = {library.name for library in there if not library.why}
    for prefix, runtime in RUNTIMES.items():
        if runtime.module in usable:
            named = [(prefix + o.name, o.role, "library", f"an operator of {runtime.title}") for o in OPERATORS]
            rows += [row for row in named if role in (None, row[1])]
    _table(iter(rows))
    click.echo()
    _table((library.name, printable(library.line)) for library in there)


@click.command()
@click.option("--role", help="Only properties of this role.")
def properties(role: str | None) -> None:
    """List the properties: what must hold, and what does where --convention names it."""
    from extremum.properties.contested.conventions import CONVENTIONS, SEVERITY
    from extremum.properties.roles.registry import role_named
    from extremum.properties.roles.registry import roles as known

    chosen = [role_named(role)] if role else list(known().values())
    rows = [(p.code, r.name, p.name, p.severity, p.statement) for r in chosen for p in r.properties]
    named = [(c.code, "--convention", c.name, SEVERITY, c.statement) for c in CONVENTIONS.values()]
    _table(iter([*rows, *named]))


@click.command()
@click.argument("code")
@click.option("--role", help="Role whose property it is, where CODE is a name that several roles have.")
def explain(code: str, role: str | None) -> None:
    """Explain a finding's CODE (EX101 ...), or its cause ("exp overflow" ...).

    Of a property: the statement, the bound and its source, an example, the usual fix, and the mutants that it must
    refute. Its name does as well, where it is one role's alone. Of a cause: the experiment that decides it, the usual
    fix, and the mutants that have it. --role shows the mutants of one role.
    """
    from extremum.reports.views.explain import WIDTH
    from extremum.reports.views.explain import explain as explanation

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    click.echo("\n".join(explanation(code, role, min(max(width, 40), 100))))


@click.command()
@click.option("--role", help="Only properties of this role.")
@click.option("--property", "properties", multiple=True, metavar="P,...", help="Only these properties.  [default: all]")
@click.option("--dtype", multiple=True, metavar="D,...", help="Formats.  [default: float64,float32,float16,bfloat16]")
def bounds(role: str | None, properties: tuple[str, ...], dtype: tuple[str, ...]) -> None:
    """List the allowed errors: of the error model, and by role, property and format.

    What is allowed depends on the row: each cell has the smallest and the largest over ordinary rows of n entries.
    """
    from extremum.properties.roles.registry import role_named
    from extremum.properties.roles.registry import roles as known
    from extremum.reference.arithmetic.formats import DEFAULT_DTYPES, format_of
    from extremum.reports.driving.options import names
    from extremum.reports.driving.request import Request
    from extremum.reports.views.bounds_table import table

    Request(role=role, dtypes=names(dtype), properties=names(properties)).check()
    among = [role_named(role)] if role else list(known().values())
    formats = [format_of(name) for name in dict.fromkeys(names(dtype) or DEFAULT_DTYPES)]
    click.echo("\n".join(table(among, formats, names(properties))))


@click.command()
def regimes() -> None:
    """List the regimes: families of extreme inputs."""
    from extremum.properties.roles.registry import regimes as known

    _table((r.name, r.description) for r in known().values())


LISTS = (roles, subjects, properties, explain, bounds, regimes)


def _table(rows: Iterator[tuple[str, ...]]) -> None:
    table = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)] if table else []
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
