"""The command `extremum`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from extremum.reference.errors import UsageError
from extremum.reports.commands.lists import LISTS
from extremum.reports.driving.interrupts import as_ctrl_c
from extremum.reports.driving.options import FILES, OF_CALLS, REQUEST, Option, values
from extremum.reports.driving.settings import SUBJECTS, TABLE, project_settings

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])


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


def _declared(options: Sequence[Option]) -> Callable[[Command], Command]:
    """The options of an audit as the command's. Their words stay words: `Request.from_words` reads them."""

    def decorated(command: Command) -> Command:
        for option in reversed(options):
            attributes: dict[str, Any] = {"metavar": option.metavar, "multiple": bool(option.plural)}
            if option.default is not None:
                attributes |= {"default": option.default, "show_default": True}
            if option.flag:
                attributes = {"is_flag": True}
            if option.bare is not None:
                attributes |= {"is_flag": False, "flag_value": option.bare}
            command = click.option(f"--{option.name}", option.key, help=option.help, **attributes)(command)
        return command

    return decorated


_role = _declared([option for option in REQUEST if option.name == "role"])
_workers = click.option(
    "-n", "workers", default="auto", show_default=True, help="Worker processes; 0 runs in this one."
)
_json = click.option("--json", "json_file", metavar="FILE", help="File for the record; - is standard output.")


@main.command()
@click.argument("subject", nargs=-1)
@_declared(REQUEST)
@_workers
@_declared(FILES)
@click.option("-q", "--quiet", is_flag=True, help="Print the answer alone: one sentence a subject.")
@click.option("-v", "--verbose", is_flag=True, help="Print every cell, and findings that are declared.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["human", "json", "github"]),
    default="human",
    show_default=True,
    help="Lines for people; one document of JSON with the findings; or these, and GitHub's annotations and summary.",
)
def audit(subject: tuple[str, ...], workers: str, quiet: bool, verbose: bool, form: str, **words: Any) -> None:
    """Audit SUBJECTs; without one, those of [tool.extremum.subjects] in the nearest pyproject.toml, if it has that.

    Otherwise the references, and every supported library that is installed, with quick effort. Options not given are
    the settings'.

    Exit codes are pytest's: 0 nothing found, 1 findings, 2 interrupted, 3 internal error, 4 usage error,
    5 nothing was tested. A failure that a reference declares is shown with -v, and does not count.
    """
    settings = project_settings(Path.cwd())
    given = _given(words)
    words, named = settings.under(words, given), subject or settings.subjects
    if named is not None and not named:
        click.echo(f"extremum: [{TABLE}.{SUBJECTS}] of {settings.file} is empty: nothing was tested", err=True)
        sys.exit(5)
    if named is None and words["effort"] is None and words["exhaustive"] is None:
        words["effort"] = "quick"  # all that is installed: many subjects, which nobody here has changed
    subjects = tuple(named or _everything(words["role"]))
    own = settings.own(subjects, given)
    # A worker would be up when the first finding is there. Without hosts a subject may end it, and not this process.
    one = len(subjects) == 1 and ":" in subjects[0] and hasattr(os, "fork")
    count = 0 if one and workers == "auto" and words["exhaustive"] is None else _count(workers)
    if words["cluster"] is not None:
        if workers != "auto":
            raise UsageError(f"-n {workers} and cluster={words['cluster']!r}: the workers are the cluster's")
        count = 0
    if quiet and verbose:
        raise UsageError("-q and -v: one of them prints less, the other more")
    if form != "human" and words["json"] == "-":
        raise UsageError(f"format={form!r} and json='-': standard output holds one of them; give --json a file")
    values((*REQUEST, *FILES), words)  # a word that cannot be read is refused before anything heavy is imported
    with as_ctrl_c():
        if words["exhaustive"] is not None:
            for name in ("shard", "baseline", "strict", "fail_on"):
                if name in given:
                    raise UsageError(f"{name}={words[name]!r} goes with a search, not with exhaustive")
            sys.exit(_prove(subjects, words, own, count, verbose - quiet, form))
        from extremum.reports.commands.audit_run import run_audit
        from extremum.reports.views.summary import Detail

        detail = Detail(Detail.FINDINGS + verbose - quiet)
        console = _console("-" if form == "json" else words["json"])
        sys.exit(run_audit(subjects, words, own, count, console, detail, form))


@main.command()
@click.argument("file")
@click.option("--subject", metavar="SUBJECT", help="Subject to ask in place of each finding's own.")
@click.option("--write", "tests", metavar="FILE.py", help="File of tests to write: a few lines for each witness.")
@click.option("--with-extremum", is_flag=True, help="The tests of --write may need extremum, not NumPy alone.")
@click.option("--npz", "arrays_folder", metavar="DIR", help="Folder for the witnesses' arrays, an .npz file for each.")
@_declared(OF_CALLS)
def replay(
    file: str, subject: str | None, tests: str | None, with_extremum: bool, arrays_folder: str | None, **words: Any
) -> None:
    """Run the witnesses in FILE, a report.json, again: FIXED, STILL, WORSE or ERROR, a line each.

    WORSE: the error has grown by more than a tenth, and where it is counted in ulps by more than one; or the call ends
    its process now, or does not return. ERROR: it could not be run. Exit codes: 0 all fixed, 1 not all, 4 usage error.
    """
    settings = project_settings(Path.cwd())
    values(REQUEST, words)
    with as_ctrl_c():
        from extremum.reports.commands.replay import run_replay
        from extremum.reports.driving.replays import Replays

        replays = Replays(words, _given(words), settings, subject)
        code = run_replay(file, replays, _console(None), tests=tests, arrays=arrays_folder, with_extremum=with_extremum)
    sys.exit(code)


@main.command()
@click.argument("report")
@click.option("-o", "output", default="extremum-baseline.json", show_default=True, help="File of the baseline.")
def baseline(report: str, output: str) -> None:
    """Make a baseline of the findings in REPORT, or bring the one that is there up to date.

    Then `extremum audit --baseline FILE` runs its witnesses again, and fails on what is new or worse alone. What people
    wrote into an entry stays: `reason`, the date that it `expires`, and keys of their own.
    """
    from extremum.reports.commands.update_baseline import run_baseline

    sys.exit(run_baseline(report, output, _console(None)))


@main.command()
@click.argument("report")
@click.argument("code", required=False)
@_declared(OF_CALLS)
def issue(report: str, code: str | None, **words: Any) -> None:
    """Print a finding of REPORT as the body of a bug report that a maintainer can act on: the worst, or that of CODE.

    CODE is a property's, as EX105, its name, or a cause, as "exp overflow". The function is called, for what a usual
    test says of it.
    """
    settings = project_settings(Path.cwd())
    values(REQUEST, words)
    with as_ctrl_c():
        from extremum.reports.commands.issue import run_issue
        from extremum.reports.driving.replays import Replays

        sys.exit(run_issue(report, code, Replays(words, _given(words), settings)))


@main.command()
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
def init(dry_run: bool) -> None:
    """Set up this repository: settings, a test and a workflow, for the functions that are named for a role.

    A function's name equals, ends with or contains the role's. The repository is read, and nothing of it imported; a
    file that is there is left as it is, and so are settings.
    """
    from extremum.reports.commands.init import run_init

    sys.exit(run_init(Path.cwd(), dry_run, _console(None)))


@main.command()
@click.argument("report", nargs=-1, required=True)
@_declared([option for option in FILES if option.name in ("report-dir", "json")])
def merge(report: tuple[str, ...], **words: Any) -> None:
    """Make the report of one run from the REPORTs of all its shards ('extremum audit --shard K/N').

    It is the record that one run would have, whatever the order. Exit codes are those of that run; reports that
    overlap, contradict each other or leave a shard out are exit 4.
    """
    from extremum.reports.commands.merge import run_merge

    sys.exit(run_merge(report, words["report_dir"], words["json"], _console(words["json"])))


@main.command()
@click.argument("old")
@click.argument("new")
def diff(old: str, new: str) -> None:
    """Compare the reports OLD and NEW: what is new, worse, better or fixed, by subject; grades, and time of verdicts.

    An error is worse or better by more than a tenth, and where it is counted in ulps by more than one. UNJUDGED: a
    finding of OLD whose cell NEW has not judged. Exit codes: 0 nothing is new or worse, 1 something is, 4 usage error.
    """
    from extremum.reports.commands.diff import run_diff

    sys.exit(run_diff(old, new, _console(None)))


@main.command()
@click.argument("subject")
@_role
@click.option("--dtype", multiple=True, metavar="D,...", help="Dtypes to look at.  [default: the subject's]")
@click.option("--length", multiple=True, metavar="N,...", help="Row lengths.  [default: the powers of two to 131072]")
@_json
@click.option("--plot", metavar="FILE", help="File for the plot, .png or .svg.")
def onset(subject: str, **words: Any) -> None:
    """Find where SUBJECT first overflows, underflows or leaves its bound, to the last bit.

    Along named lines of inputs (all entries v, one v among zeros, a gap of v ...), in each dtype and at each row
    length: the last value v at which it holds, and the next float, at which it fails.
    """
    from extremum.reports.commands.onset import OnsetOptions, run_onset

    onsets = run_onset(OnsetOptions.of(subject, **words), _console(words["json_file"]))
    sys.exit(0 if onsets.rows else 5)


@main.command()
@click.option("--f", default="sin", show_default=True, help="Function to descend on: sin, cos, bump, quartic ...")
@click.option("--start", default="2pi", show_default=True, metavar="X", help="Where to start: 2pi, 1/3, 0.5 ...")
@click.option("--step", default="3pi/2", show_default=True, metavar="EPS", help="The constant step size, above 0.")
@click.option("--dtype", multiple=True, metavar="D,...", help="Formats to follow it in.  [default: all, and x87]")
@click.option("--bits", multiple=True, type=int, metavar="N", help="Besides, a format of N bits of precision.")
@_json
@click.option("--report-dir", metavar="DIR", help="Folder for report.json, .md and .html, and the picture.")
def trap(**words: Any) -> None:
    """Follow a bad step size, exactly and in every format.

    Gradient descent with a constant step size: where it lands exactly, in rational multiples of pi, how far beside that
    each format lands, after how many steps it has left, and how it ends.
    """
    from extremum.reports.commands.trap import TrapOptions, run_trap

    run_trap(TrapOptions.of(**words), _console(words["json_file"]))


@main.command()
@click.argument("claim", nargs=-1)
@click.option("--seed", type=int, default=0, show_default=True, help="Varies the inputs that the statements meet.")
@_workers
@_json
@click.option(
    "--report-dir", default="extremum-claims", show_default=True, help="Folder for report.json, .md and .html."
)
def claims(claim: tuple[str, ...], workers: str, **words: Any) -> None:
    """Audit the exercises' own statements, and write the ledger.

    A CLAIM is one statement, as 3.1b.7, or all of an exercise or a part, as 3.1 or 3.1b; without one, all are run. Each
    is confirmed, true of real numbers only, refuted with its smallest counterexample and corrected, or unclear. Exit
    codes: 0 all verdicts are as recorded, 1 one differs, 2 interrupted, 4 usage error.
    """
    from extremum.reports.commands.claims import ClaimsOptions, run_claims

    try:
        ledger = run_claims(ClaimsOptions.of(claim, workers=_count(workers), **words), _console(words["json_file"]))
    except KeyboardInterrupt:
        click.echo("extremum: interrupted; no ledger was written", err=True)
        sys.exit(2)
    sys.exit(1 if any(judged.differs for judged in ledger) else 0)


for _command in LISTS:
    main.add_command(_command)


def _console(json_file: str | None) -> Console:
    """Standard output, or standard error where the record goes to standard output."""
    from extremum.reports.driving.console import PipeSafeConsole

    return PipeSafeConsole(emoji=False, stderr=json_file == "-")


def _prove(
    subjects: Sequence[str], words: dict[str, Any], own: dict[str, Any], workers: int, louder: int, form: str
) -> int:
    from extremum.reports.commands.prove import ProofOptions, run_proofs
    from extremum.reports.views.summary import Detail

    try:
        options, detail = ProofOptions.of(subjects, words, workers, own), Detail(Detail.FINDINGS + louder)
        console = _console("-" if form == "json" else words["json"])
        return run_proofs(options, console, detail, form).exit_code
    except KeyboardInterrupt:
        click.echo("extremum: interrupted; the same command goes on from where it was", err=True)
        return 2


def _everything(role: str | None) -> list[str]:
    from extremum.reference.subjects.subject import named

    return ["references", *(["libraries"] if named("libraries", role) else [])]


def _given(names: Iterable[str]) -> set[str]:
    """Those of the command's parameters that its user has written."""
    context = click.get_current_context()
    return {name for name in names if context.get_parameter_source(name) is not ParameterSource.DEFAULT}


def _count(workers: str) -> int:
    """The number of workers that `-n` asks for."""
    if workers == "auto":
        return os.cpu_count() or 1
    if not (workers.isascii() and workers.isdecimal()):
        raise UsageError(f"-n {workers!r} is neither 'auto' nor a number of workers")
    cores = os.cpu_count() or 1
    if len(workers) > 9 or int(workers) > cores:
        click.echo(f"extremum: -n {workers} is more than there are cores: {cores} workers", err=True)
        return cores
    return int(workers)


if __name__ == "__main__":
    main()
