"""The plot of onsets: the first value that fails, against the length of the row."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor, log2, log10, nan
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from extremum.properties.onset.lines import LINES
from extremum.properties.onset.thresholds import Onset
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.views.plots import settings

# Okabe and Ito's colours, which those tell apart who see fewer of them; a line of inputs each.
COLOURS = MappingProxyType(
    {
        "all-equal": "#0072B2",
        "one-among-zeros": "#D55E00",
        "gap": "#009E73",
        "all-equal-negative": "#56B4E9",
        "one-among-zeros-negative": "#CC79A7",
    }
)
STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(  # of a kind of failure; where lines coincide all are seen
    {
        "bound": {"linewidth": 5, "alpha": 0.35, "zorder": 2},
        "overflow": {"linewidth": 1.4, "marker": "^", "markersize": 4, "zorder": 3},
        "underflow": {"linewidth": 1.4, "linestyle": "--", "marker": "v", "markersize": 4, "zorder": 3},
    }
)
MOST_LABELS = 6  # of lengths, with up to six digits each, below a panel
FLOOR = 0.06  # of a panel's height, below its logarithmic axis: the lane of those that fail at 0


def save(rows: Sequence[Onset], file: Path) -> None:
    """Write the plot, as the picture that the file's suffix names."""
    beside = file.with_name(f".{file.stem}.{os.getpid()}{file.suffix}")
    try:
        with settings():
            draw(rows).savefig(beside, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def draw(rows: Sequence[Onset]) -> Figure:
    """A panel for each dtype, a row of panels for each subject: the first v that fails, by length, kind and line."""
    subjects = list(dict.fromkeys((row.role, row.subject) for row in rows)) or [("", "")]
    dtypes = [name for name in FORMATS if name in {row.dtype for row in rows}] or [""]
    figure = Figure((1 + 3.3 * max(len(dtypes), 2), 0.9 + 3.3 * len(subjects)), layout="constrained")
    panels = figure.subplots(len(subjects), len(dtypes), squeeze=False)
    for (role, subject), across in zip(subjects, panels, strict=True):
        for dtype, axes in zip(dtypes, across, strict=True):
            chosen = [row for row in rows if (row.role, row.subject, row.dtype) == (role, subject, dtype)]
            _panel(axes, chosen)
            axes.set_title(f"{subject}, {dtype}", loc="left", fontsize=10)
        across[0].set_ylabel("first v that fails", fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("length of the row", fontsize=9)
    drawn = [row for row in rows if row.fails_at is not None]
    handles = list(_legend(drawn))
    for columns in (3, 2, 1) if handles else ():
        legend = figure.legend(
            handles=handles, loc="outside lower center", ncols=columns, fontsize=8.5, frameon=False, borderaxespad=0.6
        )
        figure.draw_without_rendering()
        box = legend.get_window_extent()
        if box.x0 >= 0 and box.x1 <= figure.bbox.width:
            break
        if columns > 1:
            legend.remove()
    return figure


def _panel(axes: Axes, rows: Sequence[Onset]) -> None:
    """One panel. A lane at the bottom is for those that fail at 0; what fails nowhere is not drawn."""
    values = [float.fromhex(row.fails_at) for row in rows if row.fails_at is not None]
    low, high = _range([v for v in values if v > 0])
    bottom = low - (high - low) * FLOOR / (1 - FLOOR)
    for kind, line in dict.fromkeys((row.kind, row.line) for row in rows):
        points = {row.length: row.fails_at for row in rows if (row.kind, row.line) == (kind, line)}
        reached = [nan if v is None else float.fromhex(v) for v in points.values()]
        heights = [bottom if v == 0 else log10(v) for v in reached]
        style = STYLES[kind] if len(points) > 1 else {"marker": "s", "markersize": 7, **STYLES[kind]}
        axes.plot([log2(n) for n in points], heights, color=COLOURS[line], clip_on=False, **style)
    ticks = _ticks(low, high)
    zero = any(v == 0 for v in values)
    axes.set_yticks([*([bottom] if zero else []), *map(log10, ticks)], [*(["0"] if zero else []), *map(_number, ticks)])
    axes.set_ylim(bottom, high)
    lengths = sorted({row.length for row in rows}) or [1]
    first, last = log2(lengths[0]), log2(lengths[-1])
    room = max(0.5, 0.03 * (last - first))
    axes.set_xlim(first - room, last + room)
    labelled = spaced(lengths)
    axes.set_xticks([log2(n) for n in labelled], [str(n) for n in labelled])
    axes.set_xticks([log2(n) for n in lengths], minor=True)
    axes.grid(color="#d8d8d8", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5, length=0)
    axes.tick_params(axis="x", which="both", length=3, color="#b0b0b0")
    for side in axes.spines.values():
        side.set_visible(False)
    if not values:
        axes.text(0.5, 0.5, "fails nowhere", transform=axes.transAxes, ha="center", fontsize=10, color="#606060")


def spaced(lengths: Sequence[int]) -> list[int]:
    """Those of the lengths whose labels have room side by side: the first and the last, and what fits between."""
    least = max(log2(lengths[-1] / lengths[0]) / MOST_LABELS, 0.01)
    kept = [lengths[0]]
    for n in lengths[1:]:
        if log2(n / kept[-1]) >= least:
            kept.append(n)
    if kept[-1] != lengths[-1]:
        kept[-1:] = [lengths[-1]] if len(kept) > 1 else [kept[0], lengths[-1]]
    return kept


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From where to where the axis goes, as decimal logarithms: a tenth of a decade at least, and some room."""
    ends = [log10(v) for v in (min(values, default=1.0), max(values, default=10.0))]
    room = max(0.05 - (ends[1] - ends[0]) / 2, 0.06 * (ends[1] - ends[0]))
    return ends[0] - room, ends[1] + room


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between: evenly spaced where the axis is short, then 1, 2 and 5, else powers of ten."""
    if high - low < 0.5:
        places = [float(v) for v in MaxNLocator(6).tick_values(10.0**low, 10.0**high)]
    else:
        step, digits = max(1, ceil((high - low) / 6)), (1, 2, 5) if high - low < 2 else (1,)
        places = [digit * 10.0**d for d in range(floor(low), ceil(high)) if d % step == 0 for digit in digits]
    return [v for v in places if v > 0 and low <= log10(v) <= high]


def _number(value: float) -> str:
    exponent = round(log10(value))
    return f"{value:g}" if 1e-3 <= value < 1e5 else f"$10^{{{exponent}}}$"


def _legend(rows: Sequence[Onset]) -> Iterator[Line2D]:
    """The kinds in grey, and the lines of inputs in their colours."""
    for kind in STYLES:
        if kind in {row.kind for row in rows}:
            yield Line2D([], [], color="#505050", label=kind, **STYLES[kind])
    for line in LINES:
        if line.name in {row.line for row in rows}:
            yield Line2D([], [], color=COLOURS[line.name], linewidth=3, label=f"{line.name}: {line.description}")
