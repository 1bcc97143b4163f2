"""The band behind a level: its edges as blocks, an eighth of a cell fine, its inside a ground."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.ui.drawing import raster
from tui_monitor.ui.drawing.cells import Cells
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.palette import Ground, Ink
from tui_monitor.ui.drawing.plot import Plot, Window
from tui_monitor.ui.drawing.raster import BoolArray

_LEAST_BAND = 0.8
"""Rows that a band is high at least where it is drawn."""
STEADY = 4
"""Cells over which a band is drawn or not at least: patches would say nothing."""
_BLOCKS = 0x2580
"""U+2581 to U+2587 fill one to seven eighths of a cell from below."""


def draw_band(
    cells: Cells, plot: Plot, band: FloatArray, window: Window, glyphs: Glyphs
) -> BandCover | None:
    """Lay the band's edges as blocks, an eighth of a cell fine; its inside is a ground."""
    height, width = cells.codes.shape
    lower, upper = (
        raster.profile(
            plot.x, plot.line + sign * band, plot.breaks, window.left, window.right, width
        )
        for sign in (-1, 1)
    )
    low, high = _edges(lower.low, upper.high, plot, window)
    # What it is high at one place, be the line as steep as it may.
    begin = np.subtract(*_edges(lower.enter, upper.enter, plot, window)[::-1])
    end = np.subtract(*_edges(lower.leave, upper.leave, plot, window)[::-1])
    low[~_is_steady(np.fmin(begin, end) * height >= _LEAST_BAND)] = np.nan
    row = np.arange(height)[::-1, None]
    bottom = np.clip(low * height - row, 0.0, 1.0)
    top = np.clip(high * height - row, 0.0, 1.0)
    cover = np.nan_to_num(top - bottom)
    if glyphs.ascii:
        cells.put(raster.signs(cover > 0.5, ":"), Ink.BAND)
        return None
    from_below = np.where((bottom == 0) & (cover > 0), np.round(top * 8), 0).astype(np.int64)
    from_above = np.where((top == 1) & (bottom > 0), np.round(bottom * 8), 0).astype(np.int64)
    cells.put(_eighths(from_below), Ink.BAND)
    cells.put(_eighths(from_above), Ink.VOID)
    return BandCover(
        full=np.round(cover * 8) == 8,
        void=(from_above > 0) & (from_above < 8),
        behind=cover >= 0.5,
    )


def _edges(
    low: FloatArray, high: FloatArray, plot: Plot, window: Window
) -> tuple[FloatArray, FloatArray]:
    """Both edges of the band in fractions of the axis, within what the metric can be."""
    low, high = (window.y.forward(np.clip(each, *plot.bounds)) for each in (low, high))
    # It may reach below 0, where a logarithmic axis has no place: it goes on to the edge.
    return np.where(np.isnan(low) & np.isfinite(high), -1.0, low), high


def _is_steady(wide: BoolArray) -> BoolArray:
    """Where a band is drawn: of a narrow one only patches would be left, as a cell has one ground."""
    shown = wide.copy()
    for value in (True, False):
        cuts = np.flatnonzero(np.diff(shown)) + 1
        for begin, end in pairwise([0, *cuts.tolist(), shown.size]):
            inner = not value or (begin > 0 and end < shown.size)
            if shown[begin] != value and inner and end - begin < STEADY:
                shown[begin:end] = value
    return shown


class BandCover(NamedTuple):
    """Which cells the band lies behind: (rows, columns) each."""

    full: BoolArray
    void: BoolArray
    """The band is what is left of the cell when its lower part is cut free."""
    behind: BoolArray
    """If a line runs here: a cell has one ground only, so it is all or nothing."""


def lay_band(cells: Cells, cover: BandCover) -> None:
    """Give the cells their ground once it is known what is drawn in them."""
    block = (cells.inks == Ink.BAND) | (cells.inks == Ink.VOID)
    cells.grounds[block & cover.void] = Ground.BAND
    cells.grounds[~block & (cover.full | cover.behind)] = Ground.BAND


def _eighths(filled: IntArray) -> IntArray:
    """Blocks that fill 1 to 7 eighths of a cell from below; 0 for none and for all."""
    return np.where((filled > 0) & (filled < 8), _BLOCKS + filled, 0)
