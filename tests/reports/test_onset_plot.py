"""The plot of onsets: its legend is whole, and its ticks stand at the lengths that were asked for."""

from __future__ import annotations

from itertools import pairwise
from math import log2

import pytest

from extremum.properties.onset.lines import LINES
from extremum.properties.onset.thresholds import Onset
from extremum.reference.arithmetic.formats import FORMATS
from extremum.reports.views.onset_plot import COLOURS, draw, spaced

POWERS = [2**k for k in range(18)]


def onsets(lengths: list[int], dtypes: list[str], subjects: int = 1) -> list[Onset]:
    return [
        Onset(f"subject_{i}", "softmax", dtype, length, line.name, kind, (8.0).hex(), float(9 + length).hex(), "nan")
        for i in range(subjects)
        for dtype in dtypes
        for line in LINES
        for length in lengths
        for kind in ("bound", "overflow", "underflow")
    ]


@pytest.mark.parametrize("lengths", [[4], [1, 2], [1, 2, 5, 100, 5000], POWERS])
@pytest.mark.parametrize(
    ("dtypes", "subjects"), [(["float32"], 1), (["float32", "float16"], 2), (list(FORMATS)[:4], 1)]
)
def test_the_legend_is_whole_and_the_ticks_are_at_the_lengths(
    lengths: list[int], dtypes: list[str], subjects: int
) -> None:
    figure = draw(onsets(lengths, dtypes, subjects))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.bbox.width
    assert len(legend.get_texts()) == 3 + len(COLOURS)
    for axes in figure.axes:
        ticks = {*axes.get_xticks().tolist(), *axes.get_xticks(minor=True).tolist()}
        assert sorted(ticks) == [log2(n) for n in lengths]
        assert [text.get_text() for text in axes.get_xticklabels()] == [str(n) for n in spaced(lengths)]
        low, high = axes.get_xlim()
        assert low < log2(lengths[0])
        assert log2(lengths[-1]) < high
        places = [text.get_window_extent() for text in axes.get_xticklabels()]
        assert all(a.x1 < b.x0 for a, b in pairwise(places))


def test_a_single_length_is_seen_in_every_kind() -> None:
    (axes,) = draw(onsets([7], ["float32"])).axes
    assert all(line.get_marker() not in ("None", "") for line in axes.lines)


def test_labels_are_spaced() -> None:
    assert spaced([3]) == [3]
    assert spaced([3, 4]) == [3, 4]
    assert spaced(POWERS) == [1, 8, 64, 512, 4096, 131072]
