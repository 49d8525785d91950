"""`extremum trap`: a trap as a table, as a record and as a report with its picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from extremum.properties.descent.ends import COUNTED_WITHIN, Ends
from extremum.properties.descent.exact_trap import Trap
from extremum.properties.descent.study import Row, Study, study
from extremum.reference.descent.correct_rounding import FOLLOWED, Rounding, of_bits
from extremum.reference.descent.exact import parse, written
from extremum.reference.descent.smooth import NAMED
from extremum.reference.errors import UsageError, nearest
from extremum.reports.driving.console import counting, print_place, widen
from extremum.reports.driving.options import names
from extremum.reports.record.files import file_to_write, folder_to_write, indented, write
from extremum.reports.record.numbers import log10_of
from extremum.reports.record.record import version
from extremum.reports.views import html, markdown
from extremum.reports.views.extra import missing
from extremum.reports.views.summary import print_line

SCHEMA = "extremum.trap/1"
MAX_BITS = 2**14


@dataclass(frozen=True)
class TrapOptions:
    """What the command was asked for, checked before anything is followed."""

    trap: Trap
    roundings: Sequence[Rounding]
    json_file: Path | None
    folder: Path | None

    @staticmethod
    def of(
        f: str,
        start: str,
        step: str,
        dtype: Sequence[str] = (),
        bits: Sequence[int] = (),
        json_file: str | None = None,
        report_dir: str | None = None,
    ) -> TrapOptions:
        """The words of the command line as values; raises `UsageError` for the first that is not valid."""
        if f not in NAMED:
            raise UsageError(f"f={f!r} is not a function that extremum knows: {nearest(f, NAMED)}")
        chosen = names(dtype) or list(FOLLOWED)
        for name in chosen:
            if name not in FOLLOWED:
                raise UsageError(
                    f"dtype={name!r} is not a format that a trap is followed in: {nearest(name, FOLLOWED)}"
                )
        for number in bits:
            if not 2 <= number <= MAX_BITS:
                raise UsageError(f"bits={number} is not a precision: valid: 2 to {MAX_BITS}")
        trap = Trap(NAMED[f], parse(start, "start"), parse(step, "step"))
        roundings = [*(FOLLOWED[name] for name in chosen), *map(of_bits, bits)]
        json_path, folder = file_to_write("json", json_file), folder_to_write("report-dir", report_dir)
        return TrapOptions(trap, roundings, json_path, folder)


def run_trap(options: TrapOptions, console: Console) -> Study:
    """Follow the trap, show it on the console, and write the files that are wanted."""
    with counting(console, "following", len(options.roundings)) as step:
        orbits = study(options.trap, options.roundings, step=step)
    for line in sentences(orbits.trap):
        print_line(console, escape(line))
    widen(console)
    console.print()
    console.print(table(orbits.rows))
    for ends in orbits.maps:
        print_line(console, f"[dim]{escape(shares(ends))}[/]")
    record = indented(to_json(orbits))
    if options.json_file is not None:
        write(options.json_file, record)
    if options.folder is not None:
        render(orbits, options.folder, record)
        print_place(console, options.folder)
    return orbits


def sentences(trap: Trap) -> list[str]:
    """What is exact about the trap."""
    f, top = trap.function, written(trap.top)
    head = f"f(x) = {f.text}, x_0 = {written(trap.start)}, step {written(trap.step)}"
    if trap.slope is not None:
        head += f", f'(x_0) = {written(trap.slope)}"
    if trap.lands:
        lands = f"exactly: x_1 = {top}, where f' = 0 and f'' = {trap.curvature.str(6, radius=False)}: a strict maximum"
        stays = "x_2 = x_1, and so for ever" if trap.stays else "x_2 is another point"
        return [head, f"{lands}; {stays}", f"each step leads {_multiplier(trap)} times as far from it"]
    how = "is not a maximum" if trap.lands is False else "cannot be told from a maximum"
    place = f" = {written(trap.first)}" if trap.first is not None else ""
    return [head, f"exactly: x_1{place} {how}; distances are to the nearest one, {top}"]


def table(rows: Sequence[Row]) -> Table:
    """The formats, one a row."""
    grid = Table(box=None, pad_edge=False, title_justify="left")
    for name in ("format", "abs(x_1 - x*)", "leaves after", "by the law", "then"):
        grid.add_column(name, justify="right" if name in ("leaves after", "by the law") else "left", no_wrap=True)
    for row in rows:
        grid.add_row(row.format, decimal(row.distance), *map(_count, (row.escapes_after, row.predicted)), after(row))
    return grid


def after(row: Row) -> str:
    """How the orbit ends, and after how many steps that was seen or given up."""
    return f"{row.fate} (in {row.steps:,} steps)"


def shares(ends: Ends) -> str:
    """Where the starts of a map end, in a sentence."""
    counts = ends.counts(COUNTED_WITHIN)
    total = counts.total()
    parts = [f"{kind} {n:,} ({100 * n / total:.2f} %)" for kind, n in by_kind(counts).most_common()]
    return f"{ends.fmt.name}, every start with abs(x_0) <= {COUNTED_WITHIN:g}, {total:,} of them: {', '.join(parts)}"


def by_kind(counts: Mapping[Any, int]) -> Counter[str]:
    """Fates counted by kind: cycles of all periods together."""
    kinds: Counter[str] = Counter()
    for fate, n in counts.items():
        kinds[fate.kind] += n
    return kinds


def to_json(orbits: Study) -> dict[str, Any]:
    """The record: `exact`, a row for each format with numbers as C99 hex floats, and the counts of each map."""
    trap = orbits.trap
    return {
        "schema": SCHEMA,
        "tool": {"name": "extremum", "version": version()},
        "f": trap.function.name,
        "start": written(trap.start),
        "step": written(trap.step),
        "exact": {
            "lands": trap.lands,
            "stays": trap.stays,
            "slope": None if trap.slope is None else written(trap.slope),
            "first": None if trap.first is None else written(trap.first),
            "maximum": written(trap.top),
            "curvature": str(trap.curvature),
            "multiplier": str(trap.multiplier),
        },
        "rows": [asdict(row) for row in orbits.rows],
        "maps": [
            {
                "format": ends.fmt.name,
                "within": COUNTED_WITHIN,
                "counts": {str(fate): n for fate, n in ends.counts(COUNTED_WITHIN).most_common()},
                "all": {str(fate): n for fate, n in ends.counts().most_common()},
            }
            for ends in orbits.maps
        ],
    }


def render(orbits: Study, folder: Path, record: str) -> None:
    """Write report.json, report.md, report.html and, where matplotlib is installed, the picture trap.svg."""
    without = missing("matplotlib")
    drawn = "" if without else _picture(orbits)
    context = {
        "version": version(),
        "command": command(orbits),
        "sentences": sentences(orbits.trap),
        "rows": [(r, decimal(r.distance), _count(r.escapes_after), _count(r.predicted), after(r)) for r in orbits.rows],
        "maps": [(ends.fmt.name, shares(ends)) for ends in orbits.maps],
        "picture": Markup(drawn),
        "without": without,
    }
    write(folder / "report.json", record)
    if drawn:
        write(folder / "trap.svg", drawn)
    else:  # none of an earlier run beside a report that has none
        (folder / "trap.svg").unlink(missing_ok=True)
    write(folder / "report.md", markdown.filled("trap.md", **context))
    write(folder / "report.html", html.filled("trap.html", **context))


def _picture(orbits: Study) -> str:
    from extremum.reports.views.trap_picture import picture

    return picture(orbits)


def command(orbits: Study) -> str:
    """The command that gives these figures again."""
    trap = orbits.trap
    words = [
        "extremum trap",
        f"--f {trap.function.name}",
        f"--start {written(trap.start)}",
        f"--step {written(trap.step)}",
    ]
    if [r.format for r in orbits.rows] != list(FOLLOWED):
        words += [f"--bits {r.precision}" if r.format.endswith(" bits") else f"--dtype {r.format}" for r in orbits.rows]
    return " ".join(words)


def decimal(hexes: str) -> str:
    """A C99 hex float of any exponent as a decimal of two digits."""
    if hexes in ("inf", "0x0.0p+0"):
        return "inf" if hexes == "inf" else "0"
    power = log10_of(hexes)
    exponent = int(power // 1)
    return f"{10 ** (power - exponent):.1f}e{exponent:+03d}"


def _multiplier(trap: Trap) -> str:
    return str(trap.multiplier.str(4, radius=False))


def _count(number: int | None) -> str:
    return "never" if number is None else str(number)
