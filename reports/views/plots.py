"""Plots of a finding: measured/allowed against the magnitude and the length of the rows, as inline SVG.

All plots of a page share their furniture (frame, ticks, labels), one drawing for each set of dtypes and each
height of the axis, which they refer to by `<use>`. Colours are mid-tones and text has the colour of
the page's, so that a plot can be read on light and on dark ground.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import asinh, ceil, inf, log10
from types import MappingProxyType
from typing import Any, NamedTuple
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup, escape
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from extremum.properties.steps.profile import LARGEST_RATIO
from extremum.properties.values.finding import Cell
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.views.telling import telling

COLOURS = MappingProxyType(
    {
        "float64": "#3b7dd8",
        "float32": "#d9822b",
        "float16": "#2f9e6e",
        "bfloat16": "#b35cc4",
        "float8_e4m3fn": "#8f8f2a",
        "float8_e5m2": "#1f9bb0",
    }
)
INK = "#010203"  # becomes currentColor
ALARM = "#cf4a3c"

WIDTH, HEIGHT = 640, 220
LEFT, PANEL, GAP, BOTTOM, TOP = 40, 264, 24, 40, 28  # in pixels; what is left stands right of the panels
LOWEST = -3  # decade below which a ratio is drawn as 0
HEIGHTS = (1, 2, 4, 8, 12)  # decades that the axis may end at
FLOOR, LOW, HIGH, ROOF = 0.04, 0.1, 0.84, 0.9  # places on the axis, of 1: zeros, the decades, the infinite ones
COLUMN = 1 / PANEL  # points that fall into one pixel are one point, the largest
DECADES = (-3, 0, 1, 2, 3, 5, 10, 38, 308)  # ticks of the magnitude


class Frame(NamedTuple):
    """What plots with the same furniture have in common."""

    dtypes: tuple[str, ...]
    decades: int  # where the axis of measured/allowed ends
    magnitude: int  # the last decade of the inputs
    length: int  # the last power of two of the row lengths


class Plots:
    """Draws the plots of one page. `name` begins the ids, so that two pages in one document do not meet."""

    def __init__(self, name: str = "plot") -> None:
        self.name = name
        self.frames: dict[Frame, str] = {}

    def draw(self, cells: Sequence[Cell], title: str) -> Markup:
        """The plot of the cells of one property and subject; empty where it would say nothing.

        `title` is what a screen reader says.
        """
        shown = telling(cells)
        if not shown:
            return Markup("")
        frame = frame_of(shown)
        reference = self.frames.setdefault(frame, f"{self.name}-{len(self.frames) + 1}")
        with settings():
            curves = _svg(_figure(frame, shown))
        return Markup(
            f'<svg class="plot" role="img" aria-label="measured/allowed: {escape(title)}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" stroke-linejoin="round"><use href="#{reference}"/>{curves}</svg>'
        )

    def furniture(self) -> Markup:
        """The drawings that the plots refer to; it belongs once into the page."""
        with settings():
            drawn = [f'<g id="{reference}">{_svg(_furniture(frame))}</g>' for frame, reference in self.frames.items()]
        return Markup(f'<svg class="defs" width="0" height="0" aria-hidden="true"><defs>{"".join(drawn)}</defs></svg>')


@contextmanager
def settings() -> Iterator[None]:
    """Matplotlib's defaults, whatever the user's style, with text kept as text."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "extremum"})
        yield


def frame_of(cells: Sequence[Cell]) -> Frame:
    """The furniture that these cells need."""
    points = [(name, x, r) for c in cells for name in ("magnitude", "length") for x, r in c.profile.get(name, [])]
    largest = max((r for _, _, r in points if r < LARGEST_RATIO), default=1.0)
    decades = next((d for d in HEIGHTS if largest <= 10.0**d), HEIGHTS[-1])
    magnitude = max((x for name, x, _ in points if name == "magnitude"), default=1.0)
    length = max((x for name, x, _ in points if name == "length"), default=1.0)
    dtypes = tuple(d for d in FORMATS if d in {c.dtype for c in cells})
    return Frame(dtypes, decades, max(1, ceil(log10(magnitude))), max(1, (int(length) - 1).bit_length()))


def across_magnitude(frame: Frame) -> Callable[[float], float]:
    """Where a magnitude stands, of 1: logarithmic, and compressed towards the ends of the number line.

    Without that, the decades in which exp over- and underflows would be 1 % of a float64's axis.
    """

    def place(x: float) -> float:
        return asinh((log10(x) - 2) / 0.8)

    first, last = place(10.0**-7.5), place(10.0 ** min(frame.magnitude, 308))
    return lambda x: (place(x) - first) / (last - first)


def across_length(frame: Frame) -> Callable[[float], float]:
    """Where a row length stands, of 1: logarithmic."""
    return lambda n: 0.02 + 0.96 * log10(n) / log10(2.0**frame.length)


def upwards(frame: Frame) -> Callable[[float], float]:
    """Where a finite ratio that is not 0 stands, of 1: logarithmic."""
    return lambda ratio: LOW + (HIGH - LOW) * (log10(ratio) - LOWEST) / (frame.decades - LOWEST)


def _blank() -> Figure:
    figure = Figure((WIDTH / 72, HEIGHT / 72))  # a point is a pixel of the drawing
    figure.patch.set_visible(False)
    return figure


def _box(panel: int) -> tuple[float, float, float, float]:
    """Where the first or the second panel stands in the figure: left, bottom, width, height."""
    left = LEFT + panel * (PANEL + GAP)
    return left / WIDTH, BOTTOM / HEIGHT, PANEL / WIDTH, 1 - (BOTTOM + TOP) / HEIGHT


def _furniture(frame: Frame) -> Figure:
    figure = _blank()
    magnitude, length = (figure.add_axes(_box(panel), xlim=(0, 1), ylim=(0, 1), facecolor="none") for panel in range(2))
    height = upwards(frame)
    step = max(1, ceil((frame.decades - LOWEST) / 6))
    decades = [d for d in range(LOWEST + 1, frame.decades + 1) if d % step == 0]
    for axes in (magnitude, length):
        axes.axhspan(height(1), 1, color=ALARM, alpha=0.06, linewidth=0, clip_on=False)
        for d in decades:
            axes.axhline(height(10.0**d), color=INK, alpha=0.12, linewidth=0.7, clip_on=False)
        axes.axhline(height(1), color=ALARM, linewidth=1, clip_on=False)
        axes.axhline(0, color=INK, alpha=0.4, linewidth=0.8, clip_on=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, pad=5, labelsize=9.5, labelcolor=INK)
        axes.set_yticks([])
    magnitude.set_yticks(
        [FLOOR, *(height(10.0**d) for d in decades), (ROOF + 1) / 2], ["0", *map(_power, decades), "\N{INFINITY}"]
    )
    across = across_magnitude(frame)
    ticks = [d for d in DECADES if d <= frame.magnitude]
    magnitude.set_xticks([across(10.0**d) for d in ticks], [_power(d) for d in ticks])
    along = across_length(frame)
    powers = range(0, frame.length + 1, max(1, ceil(frame.length / 8)))
    length.set_xticks([along(2.0**p) for p in powers], [str(2**p) for p in powers])
    _lettering(figure, frame, height(1))
    return figure


def _lettering(figure: Figure, frame: Frame, one: float) -> None:
    """The titles of the axes, the name of the line at 1, and the legend."""
    right: float = LEFT + 2 * PANEL + GAP
    write: dict[str, Any] = {"fontsize": 9.5, "color": INK}
    for left, name in ((LEFT, "largest magnitude in the row"), (LEFT + PANEL + GAP, "length of the row")):
        figure.text((left + PANEL / 2) / WIDTH, 6 / HEIGHT, name, ha="center", alpha=0.7, **write)
    figure.text(LEFT / WIDTH, 1 - 14 / HEIGHT, "measured / allowed, the largest seen", alpha=0.7, **write)
    line = BOTTOM + one * (HEIGHT - BOTTOM - TOP)
    figure.text((right + 5) / WIDTH, line / HEIGHT, "allowed", va="center", fontsize=9.5, color=ALARM)
    for dtype in reversed(frame.dtypes):
        figure.text(right / WIDTH, 1 - 14 / HEIGHT, dtype, ha="right", fontsize=9.5, color=COLOURS[dtype])
        right -= 12 + 5.6 * len(dtype)


def _figure(frame: Frame, cells: Sequence[Cell]) -> Figure:
    """The curves alone: without axes, which would cost more than all the rest."""
    figure = _blank()
    for panel, (name, place) in enumerate((("magnitude", across_magnitude(frame)), ("length", across_length(frame)))):
        left, bottom, width, height = _box(panel)
        transform = Affine2D().scale(width, height).translate(left, bottom) + figure.transFigure
        for cell in cells:
            lane = frame.dtypes.index(cell.dtype) / len(frame.dtypes)
            points = _thinned((place(x), r) for x, r in cell.profile.get(name, []))
            for path, thickness in _curves(points, upwards(frame), lane):
                patch = PathPatch(path, fill=False, linewidth=thickness, transform=transform)
                patch.set(edgecolor=COLOURS[cell.dtype], capstyle="round")
                figure.add_artist(patch)
    return figure


def _thinned(points: Iterator[tuple[float, float]]) -> list[tuple[float, float]]:
    """One point for each column of pixels: the largest."""
    columns: dict[int, tuple[float, float]] = {}
    for x, ratio in points:
        column = round(x / COLUMN)
        columns[column] = max(columns.get(column, (x, -inf)), (x, ratio), key=lambda p: p[1])
    return [columns[c] for c in sorted(columns)]


def _curves(
    points: Sequence[tuple[float, float]], height: Callable[[float], float], lane: float
) -> Iterator[tuple[Path, float]]:
    """The curve through the finite ratios, and dots in this dtype's lane for those that are infinite, or 0."""
    lines: list[list[tuple[float, float]]] = []
    bars: list[list[tuple[float, float]]] = []
    last: tuple[float, float, bool] | None = None  # x, and y in a lane, of the point before
    for x, ratio in points:
        finite = 10.0**LOWEST <= ratio < LARGEST_RATIO
        y = height(ratio) if finite else ROOF + (1 - ROOF) * lane if ratio >= LARGEST_RATIO else FLOOR * lane
        runs = lines if finite else bars
        joined = last is not None and last[2] == finite and (finite or (last[1] == y and x - last[0] < 3 * COLUMN))
        if joined:
            runs[-1].append((x, y))
        else:
            runs.append([(x, y)])
        last = x, y, finite
    dots = bars + [run for run in lines if len(run) == 1]
    for runs, width in (([run for run in lines if len(run) > 1], 1.3), (dots, 2.4)):
        if runs:
            yield _path(runs), width


def _path(runs: Sequence[Sequence[tuple[float, float]]]) -> Path:
    """Lines through the points of each run; a single point is a line to itself, which a round cap makes a dot."""
    runs = [run if len(run) > 1 else [*run, *run] for run in runs]
    codes = [code for run in runs for code in (Path.MOVETO, *[Path.LINETO] * (len(run) - 1))]
    path = Path([point for run in runs for point in run], codes)
    path.should_simplify = False
    return path


def _power(decade: int) -> str:
    """A power of ten as text."""
    if 0 <= decade <= 2:
        return str(10**decade)
    return "10" + str(decade).translate(SUPERSCRIPT)


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _svg(figure: Figure) -> str:
    """What the figure draws, as SVG elements without ids, fonts and namespaces."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    parts = []
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        element.attrib.pop("id", None)
        if element.tag != "text":
            element.text = None
        if "d" in element.attrib:
            path = re.sub(r"-?\d+\.\d+", _tenths, " ".join(element.attrib["d"].split()))
            element.set("d", re.sub(r"M (\S+ \S+) L \1(?![\d.])", r"M \1 h0", path))
        if "style" in element.attrib:
            style = re.sub(r"font: ([\d.]+px) [^;]*", r"font-size: \1", element.attrib["style"])
            element.set("style", style.replace(INK, "currentColor"))
    for group in root.findall("g"):
        parts.append(ElementTree.tostring(group, encoding="unicode"))
    return "".join(parts)


def _tenths(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
