"""The picture of a trap: f and its iterates, their distance from the maximum, and where every start of 16 bits ends."""

from __future__ import annotations

import io
from math import ceil, log2, log10
from types import MappingProxyType

import flint
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from extremum.properties.descent.ends import COUNTED_WITHIN, Ends
from extremum.properties.descent.exact_trap import Trap
from extremum.properties.descent.following import FIXED, LEAVES, MAXIMUM, MINIMUM
from extremum.properties.descent.study import Row, Study
from extremum.reference.descent import exact
from extremum.reference.descent.smooth import FLOATS
from extremum.reports.record.numbers import log10_of
from extremum.reports.views import plots

COLOURS = MappingProxyType({**plots.COLOURS, "x87": "#7a5c3e"})
FURTHER = ("#1f9bb0", "#8f8f2a", "#cf4a3c", "#5a5a5a")  # of formats of any number of bits
KINDS = MappingProxyType(  # of fates: their colour in the map
    {
        MAXIMUM.kind: "#cf4a3c",
        MINIMUM.kind: "#2f9e6e",
        FIXED.kind: "#8a8a8a",
        "cycle": "#3b7dd8",
        LEAVES.kind: "#202020",
    }
)
AFTER = 4  # steps that are drawn after the escape
SMALLEST = -330.0  # decade at which the axis of distances ends


def picture(orbits: Study) -> str:
    """The picture as one SVG."""
    with plots.settings():
        heights = [3.1, 3.4, *([3.0] if orbits.maps else [])]
        figure = Figure((9.6, sum(heights)), layout="constrained", facecolor="white")
        grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
        _iterates(figure.add_subplot(grid[0, :]), orbits)
        _distances(figure.add_subplot(grid[1, :]), orbits)
        for column, ends in enumerate(orbits.maps):
            wide = grid[2, :] if len(orbits.maps) == 1 else grid[2, column]
            _map(figure.add_subplot(wide), ends)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", dpi=110, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _iterates(axes: Axes, orbits: Study) -> None:
    """f, and the iterates of one format, until some steps after it has left: of float32 if it was followed."""
    trap = orbits.trap
    row = next((r for r in orbits.rows if r.format == "float32"), orbits.rows[0])
    last = (row.escapes_after or len(row.points)) + AFTER
    x = np.array([float.fromhex(p) for p in row.points[: last + 1]])
    top = _float(trap.top)
    low, high = min(x.min(), top), max(x.max(), top)
    room = 0.08 * (high - low) + 0.2
    line = np.linspace(low - room, high + room, 1200)
    y = _values(trap, x)
    axes.plot(line, _values(trap, line), color="#9a9a9a", linewidth=1.2, zorder=1)
    axes.plot(x, y, color=_colour(row, 0), linewidth=0.9, alpha=0.75, zorder=2)
    axes.plot(x, y, "o", color=_colour(row, 0), markersize=4, zorder=3)
    axes.plot([top], _values(trap, np.array([top])), "*", color=KINDS[MAXIMUM.kind], markersize=13, zorder=4)
    near = abs(x - top) < 0.02 * (high - low)
    for k in np.flatnonzero(~near):
        axes.annotate(f"$x_{{{k}}}$", (x[k], y[k]), (4, 5), textcoords="offset points", fontsize=9)
    caught = np.flatnonzero(near)
    if caught.size:
        label = f"$x_{{{caught[0]}}}$ .. $x_{{{caught[-1]}}}$" if caught.size > 1 else f"$x_{{{caught[0]}}}$"
        axes.annotate(
            label, (top, _values(trap, np.array([top]))[0]), (-9, 5), textcoords="offset points", fontsize=9, ha="right"
        )
    axes.set_title(
        f"f(x) = {trap.function.text}: the iterates in {row.format}, and where the step lands exactly",
        loc="left",
        fontsize=10,
    )
    axes.margins(y=0.18)
    _plain(axes)


def _distances(axes: Axes, orbits: Study) -> None:
    """abs(x_k - x*) against k on a log scale, with the law of escape as a thin line."""
    slope = log10(float(orbits.trap.multiplier.mid()))
    lowest = 0.0
    for place, row in enumerate(orbits.rows):
        logs = [log10_of(d) if d != "0x0.0p+0" else None for d in row.distances]
        k = [i for i, v in enumerate(logs) if v is not None and i >= 1 and v > SMALLEST]
        heights = [v for i, v in enumerate(logs) if i in set(k) and v is not None]
        colour = _colour(row, place)
        axes.plot(k, heights, color=colour, linewidth=1.5, marker="o", markersize=2.6, label=row.format, zorder=3)
        if heights and row.predicted and slope > 0:
            last = 1 + (-1 - heights[0]) / slope
            axes.plot([1, last], [heights[0], -1.0], color=colour, linewidth=6, alpha=0.18, zorder=2)
        lowest = min([lowest, *heights])
    axes.axhline(-1, color="#cf4a3c", linewidth=0.9)
    axes.text(
        0.995, -1, "1/10", transform=axes.get_yaxis_transform(), ha="right", va="bottom", color="#cf4a3c", fontsize=9
    )
    step = max(1, ceil(-lowest / 7))
    ticks = range(0, ceil(lowest) - step - 1, -step)
    axes.set_yticks(list(ticks), [f"$10^{{{t}}}$" for t in ticks])
    axes.set_ylim(lowest - 1, 2.2)
    axes.set_xlabel("step k", fontsize=9)
    axes.set_title(r"$|x_k - x^*|$, and in pale what the law of escape says", loc="left", fontsize=10)
    axes.legend(fontsize=8.5, frameon=False, loc="lower right", ncols=2)
    _plain(axes)


def _map(axes: Axes, ends: Ends) -> None:
    """Where every start of a format ends, coloured by how; a point is a start, and they stand in order."""
    chosen = np.abs(ends.starts) <= COUNTED_WITHIN
    starts = ends.starts[chosen]
    kinds = np.array([fate.kind for fate in ends.fates])[ends.fate[chosen]]
    for kind, colour in KINDS.items():
        of = kinds == kind
        if of.any():
            place = np.flatnonzero(of)
            axes.plot(place, ends.ends[chosen][of], ".", color=colour, markersize=1.6, rasterized=True, mew=0)
    counted = [(kind, float(np.mean(kinds == kind))) for kind in KINDS if (kinds == kind).any()]
    handles = [
        Line2D([], [], color=KINDS[k], marker="s", linestyle="", label=f"{k} {100 * n:.2f} %") for k, n in counted
    ]
    axes.legend(handles=handles, fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    axes.set_title(f"{ends.fmt.name}: every start, and where it ends", loc="left", fontsize=10)
    axes.set_xlabel("$x_0$, in the order of the floats", fontsize=9)
    small = 2.0 ** (log2(ends.fmt.tiny) // 2)
    marks = {
        -COUNTED_WITHIN: f"-{COUNTED_WITHIN:g}",
        -small: f"-{small:.0e}",
        0.0: "0",
        small: f"{small:.0e}",
        COUNTED_WITHIN: f"{COUNTED_WITHIN:g}",
    }
    axes.set_xticks(np.searchsorted(starts, list(marks)).tolist(), list(marks.values()))
    axes.set_xlim(0, len(starts))
    _plain(axes)


def _values(trap: Trap, x: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    return np.asarray(trap.function.value(x, FLOATS))


def _float(x: exact.Exact) -> float:
    with flint.ctx.workprec(64):
        return float(exact.ball(x))


def _colour(row: Row, place: int) -> str:
    return COLOURS.get(row.format, FURTHER[place % len(FURTHER)])


def _plain(axes: Axes) -> None:
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
