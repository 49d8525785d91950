"""The command `extremum`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from extremum.reference.errors import UsageError

PYTEST = (  # an audit reads no settings, no conftest and no plugin of the project that it is run in
    "--noconftest",
    "--strict-markers",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:terminal",
    "-p",
    "no:faulthandler",
    "-p",
    "xdist.plugin",
    "-p",
    "extremum.reports.plugin",
)


class Commands(click.Group):
    """A group whose errors are one line, and exit 4 as pytest's usage errors do."""

    def main(self, *arguments: Any, **keywords: Any) -> Any:
        try:
            return super().main(*arguments, **{**keywords, "standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help())
            sys.exit(4)
        except click.ClickException as error:
            click.echo(f"extremum: {error.format_message()}", err=True)
            sys.exit(4)
        except UsageError as error:
            click.echo(f"extremum: {error}", err=True)
            sys.exit(4)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="extremum")
def main() -> None:
    """Drives numerical code to the extremes of its number format, and proves what breaks.

    A SUBJECT is path/to/file.py:function, module:function, or a name that 'extremum subjects' lists.
    """


@main.command()
@click.argument("subject", nargs=-1)
@click.option("--role", help="Role that the subject claims to compute, where its name does not say.")
@click.option("--of", metavar="FILE.py:FUNCTION", help="Function that the subject claims to be the gradient of.")
@click.option(
    "--dtype", multiple=True, metavar="D,...", help="Dtypes to audit.  [default: float64,float32,float16,bfloat16]"
)
@click.option("--property", "properties", multiple=True, metavar="P,...", help="Properties to check.  [default: all]")
@click.option("--regime", multiple=True, metavar="G,...", help="Regimes of inputs.  [default: all]")
@click.option(
    "--convention",
    multiple=True,
    metavar="C,...",
    help="Accepted outcomes of contested inputs, as fully-masked-row=zero; 'extremum properties' lists them.",
)
@click.option(
    "--exhaustive",
    is_flag=False,
    flag_value="gaps",
    metavar="[gaps|pairs]",
    help="Prove what one row of two decides, on every gap (d, 0) or every pair of the format.",
)
@click.option("--examples", type=int, help="Examples that Hypothesis searches in each cell.")
@click.option("--budget", help="Time for the whole audit, as 60s or 2m; cells beyond it are incomplete.")
@click.option("--cell-timeout", help="Seconds after which a cell has hung.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same findings.")
@click.option("-n", "workers", default="auto", show_default=True, help="Worker processes; 0 runs in this one.")
@click.option(
    "--report-dir", default="extremum-report", show_default=True, help="Folder for report.json, .md and .html."
)
@click.option("--json", "json_file", help="File for the record.")
def audit(subject: tuple[str, ...], workers: str, exhaustive: str | None, **options: Any) -> None:
    """Audit SUBJECTs; without one, the references and every supported library that is installed.

    Exit codes are pytest's: 0 nothing found, 1 findings, 2 interrupted, 3 internal error, 4 usage error,
    5 nothing was tested. A finding that a reference declares is shown, and does not count.
    """
    if exhaustive is not None:
        _exhaust(subject, exhaustive, workers, options)
    import pytest

    words = [*PYTEST, "-c", os.devnull, "--rootdir", os.getcwd(), "-n", _workers(workers)]
    for name in subject or _everything(options["role"]):
        words += ["--subject", name]
    for option, values in _options(options):
        words.append(f"{option}={values}")
    from extremum.reports.driving.console import Patient, Terminal, summary
    from extremum.reports.driving.session import NOT_REACHED, Audit

    console = Patient()
    terminal = Terminal(console)
    with _undisturbed():
        code = int(pytest.main(words, plugins=[terminal]))
    run: Audit | None = terminal.audit
    if run is None or code == pytest.ExitCode.USAGE_ERROR:
        sys.exit(code)
    report = run.report()
    summary(report, console)
    console.print(f"report: {Path(options['report_dir']) / 'report.html'}", highlight=False, soft_wrap=True)
    for error in run.internal_errors:
        click.echo(f"extremum: internal error: {error}", err=True)
    if code == pytest.ExitCode.INTERRUPTED:
        click.echo("extremum: interrupted; what was found until then is in the report", err=True)
        sys.exit(code)
    unreached = any(c.detail == NOT_REACHED for c in report.cells)
    internal = run.internal_errors or unreached or code == pytest.ExitCode.INTERNAL_ERROR
    sys.exit(3 if internal else report.exit_code)


@main.command()
@click.argument("subject")
@click.option("--role", help="Role that the subject claims to compute, where its name does not say.")
@click.option("--dtype", multiple=True, metavar="D,...", help="Dtypes to look at.  [default: the subject's]")
@click.option("--length", multiple=True, metavar="N,...", help="Row lengths.  [default: the powers of two to 131072]")
@click.option("--json", "json_file", metavar="FILE", help="File for the record.")
@click.option("--plot", metavar="FILE", help="File for the plot, .png or .svg.")
def onset(subject: str, **options: Any) -> None:
    """Find where SUBJECT first overflows, underflows or leaves its bound, to the last bit.

    Along named lines of inputs (all entries v, one v among zeros, a gap of v ...), in each dtype and at each row
    length: the last value v at which it holds, and the next float, at which it fails.
    """
    from extremum.reports.commands.onset import Wanted, find
    from extremum.reports.driving.console import Patient

    wanted = Wanted.of(subject, **options)
    sys.exit(0 if find(wanted, Patient()).rows else 5)


@main.command()
@click.option("--f", default="sin", show_default=True, help="Function to descend on: sin, cos, bump, quartic ...")
@click.option("--start", default="2pi", show_default=True, metavar="X", help="Where to start: 2pi, 1/3, 0.5 ...")
@click.option("--step", default="3pi/2", show_default=True, metavar="EPS", help="The constant step size, above 0.")
@click.option("--dtype", multiple=True, metavar="D,...", help="Formats to follow it in.  [default: all, and x87]")
@click.option("--bits", multiple=True, type=int, metavar="N", help="Besides, a format of N bits of precision.")
@click.option("--json", "json_file", metavar="FILE", help="File for the record.")
@click.option("--report-dir", metavar="DIR", help="Folder for report.json, .md and .html, and the picture.")
def trap(**options: Any) -> None:
    """Follow a bad step size, exactly and in every format.

    Gradient descent with a constant step size: where it lands exactly, in rational multiples of pi, how far beside that
    each format lands, after how many steps it has left, and how it ends.
    """
    from extremum.reports.commands.trap import Wanted, find
    from extremum.reports.driving.console import Patient

    find(Wanted.of(**options), Patient())


@main.command()
@click.argument("claim", nargs=-1)
@click.option("--seed", type=int, default=0, show_default=True, help="Varies the inputs that the statements meet.")
@click.option("-n", "workers", default="auto", show_default=True, help="Worker processes; 0 runs in this one.")
@click.option("--json", "json_file", metavar="FILE", help="File for the record.")
@click.option(
    "--report-dir", default="extremum-claims", show_default=True, help="Folder for report.json, .md and .html."
)
def claims(claim: tuple[str, ...], workers: str, **options: Any) -> None:
    """Audit the exercises' own statements, and write the ledger.

    A CLAIM is one statement, as 3.1b.7, or all of an exercise or a part, as 3.1 or 3.1b; without one, all are run. Each
    is confirmed, true of real numbers only, refuted with its smallest counterexample and corrected, or unclear. Exit
    codes: 0 all verdicts are as recorded, 1 one differs, 2 interrupted, 4 usage error.
    """
    from extremum.reports.commands.claims import Wanted, find
    from extremum.reports.driving.console import Patient

    try:
        found = find(Wanted.of(claim, workers=_workers(workers), **options), Patient())
    except KeyboardInterrupt:
        click.echo("extremum: interrupted; no ledger was written", err=True)
        sys.exit(2)
    sys.exit(1 if any(judged.differs for judged in found) else 0)


@main.command()
def roles() -> None:
    """List the roles: what a subject can claim to compute."""
    from extremum.properties.roles.registry import roles as known

    _table((r.name, r.call, r.value) for r in known().values())


@main.command()
@click.option("--role", help="Only subjects of this role.")
def subjects(role: str | None) -> None:
    """List the subjects that have names: references, mutants, and libraries that are installed."""
    from extremum.properties.roles.registry import role_named
    from extremum.reference.subjects.subject import subjects as known

    if role is not None:
        role_named(role)
    _table((s.name, s.role, s.kind, (s.function.__doc__ or s.origin).strip().splitlines()[0]) for s in known(role))


@main.command()
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


@main.command()
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


@main.command()
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
    from extremum.reports.driving.request import Request, names
    from extremum.reports.views.bounds_table import table

    Request(role=role, dtypes=names(dtype), properties=names(properties)).check()
    among = [role_named(role)] if role else list(known().values())
    formats = [format_of(name) for name in dict.fromkeys(names(dtype) or DEFAULT_DTYPES)]
    click.echo("\n".join(table(among, formats, names(properties))))


@main.command()
def regimes() -> None:
    """List the regimes: families of extreme inputs."""
    from extremum.properties.roles.registry import regimes as known

    _table((r.name, r.description) for r in known().values())


def _exhaust(subject: tuple[str, ...], domain: str, workers: str, options: dict[str, Any]) -> NoReturn:
    from extremum.reports.commands.prove import Wanted, find
    from extremum.reports.driving.console import Patient

    wanted = Wanted.of(subject or tuple(_everything(options["role"])), domain, _workers(workers), **options)
    try:
        report = find(wanted, Patient())
    except KeyboardInterrupt:
        click.echo("extremum: interrupted; the same command goes on from where it was", err=True)
        sys.exit(2)
    sys.exit(report.exit_code)


def _everything(role: str | None) -> list[str]:
    from extremum.reference.subjects.subject import named

    return ["references", *(["libraries"] if named("libraries", role) else [])]


def _options(options: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        option = "--" + {"properties": "property", "json_file": "json"}.get(name, name).replace("_", "-")
        for one in value if isinstance(value, tuple) else [value]:
            if one is not None:
                yield option, str(one)


def _workers(text: str) -> str:
    if text != "auto" and not (text.isascii() and text.isdecimal()):
        raise UsageError(f"-n {text!r} is neither 'auto' nor a number of workers")
    return text


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the plugins that happen to be installed, here and in the workers."""
    before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"), os.environ.get("PYTEST_ADDOPTS")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        yield
    finally:
        for name, value in zip(("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS"), before, strict=True):
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _table(rows: Iterator[tuple[str, ...]]) -> None:
    table = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)] if table else []
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
