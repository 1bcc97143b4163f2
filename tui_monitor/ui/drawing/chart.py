"""A chart as cells: numbers in, glyphs and inks out. Pure; it knows no widget and no colour.

The layers, from the back: grid, epoch rules, band, window means, displayed line, level, validation
points, marks where the level leaves the chart, event marks, cursor. A cell shows its topmost layer,
and the band behind it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, IntArray, median
from tui_monitor.ui.drawing import raster
from tui_monitor.ui.drawing.band import STEADY, draw_band, lay_band
from tui_monitor.ui.drawing.cells import Cells
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.plot import Plot, Window
from tui_monitor.ui.drawing.raster import BoolArray
from tui_monitor.ui.drawing.scale import Axis

_CLOUD_LIMIT = 1.0
"""Points a dot column beyond which single window means only show that batches differ."""
_CROWD = 0.2
"""Validation points a column from which they are a line."""
_DENSE = 4
"""Displayed numbers in a dot column from which their least and greatest are drawn."""
_ROUGH = 2
"""The same where nothing is decoded, and the numbers scatter about no line."""
_WALL, _LEAST_WALL = 0.15, 6
"""Share of the chart's height, and dots, that most columns of a line fill where it is a wall."""
_MOSTLY = 0.5
"""Share of the columns that a band takes where it stands for the edges of the line before it."""
_ENOUGH, _COARSEST = 16, 4
"""Numbers that a mean is drawn of, and the most dot columns that it may take for them."""
_SPARSE = 0.5
"""Points a dot column up to which a window mean is drawn with its bounds."""
_NEAR = 4
"""Cells behind a line that leaves the chart within which it is told how far it goes."""


def draw(plot: Plot, window: Window, width: int, height: int, glyphs: Glyphs) -> Cells:
    """The chart's inside, without its axes: `height` rows of `width` cells."""
    cells = Cells(height, width)
    if width < 1 or height < 1 or not window.right > window.left:
        return cells
    _draw_grid(cells, window, glyphs)
    if plot.selected is not None:
        _draw_rule(cells, window, plot.selected, glyphs.selected, Ink.SELECTED)
    for place in plot.rules:
        _draw_rule(cells, window, float(place), glyphs.rule, Ink.RULE)
    cover = None
    if plot.band is not None:
        cover = draw_band(cells, plot, plot.band, window, glyphs)
    if plot.windows is not None:
        _draw_windows(cells, plot.x, plot.windows, window, glyphs)
    if plot.ghost is not None:
        _draw_line(cells, plot, plot.ghost, window, glyphs, Ink.GHOST, dense=_DENSE)
    banded = cover is not None and bool(cover.behind.any(axis=0).mean() > _MOSTLY)
    _draw_main(cells, plot, window, glyphs, banded=banded)
    _draw_points(cells, plot, window, glyphs)
    _draw_beyond(cells, plot, window, glyphs)
    _draw_events(cells, plot, window, glyphs)
    if plot.cursor is not None and window.left <= plot.cursor <= window.right:
        column = _cell_column(plot.cursor, window, width)
        cells.column(column, glyphs.cursor, Ink.CURSOR, over=False)
    if cover is not None:
        lay_band(cells, cover)
    return cells


def tick_rows(axis: Axis, height: int) -> dict[int, int]:
    """Row (from the top) of each tick that has one of its own: row to index of the tick."""
    rows: dict[int, int] = {}
    if height < 1:
        return rows
    places = axis.forward(np.array(axis.ticks, dtype=np.float64))
    for number, place in enumerate(places):
        if -1e-9 <= place <= 1 + 1e-9:
            row = height - 1 - min(int(place * height), height - 1)
            rows.setdefault(row, number)
    return rows


def windows_are_informative(
    plot_x: FloatArray, low: FloatArray, high: FloatArray, window: Window
) -> bool:
    """Whether the shown windows' bounds are narrow beside the range, and few enough to see."""
    shown = (plot_x > window.left) & (plot_x <= window.right) & np.isfinite(low) & np.isfinite(high)
    if window.y.log or not shown.any():
        return False
    typical = median(high[shown] - low[shown])
    return typical < 0.15 * (window.y.high - window.y.low)


def sparkline(plot: Plot, left: float, right: float, axis: Axis, width: int) -> str:
    """One row of eighth blocks: the main line's mean height in each column; blank where none."""
    blocks = "▁▂▃▄▅▆▇█"
    span = raster.profile(plot.x, plot.line, plot.breaks, left, right, max(width, 1))
    middle = axis.forward(span.low / 2 + span.high / 2)
    return "".join(
        " " if math.isnan(place) else blocks[min(max(int(place * 8), 0), 7)] for place in middle
    )


def _draw_grid(cells: Cells, window: Window, glyphs: Glyphs) -> None:
    if glyphs.ascii:
        return
    for row in tick_rows(window.y, cells.codes.shape[0]):
        cells.codes[row, ::4] = ord(glyphs.grid)
        cells.inks[row, :] = Ink.GRID


def _draw_rule(cells: Cells, window: Window, place: float, sign: str, ink: Ink) -> None:
    # A rule at an edge of the chart is the edge itself.
    if window.left < place < window.right:
        column = _cell_column(place, window, cells.codes.shape[1])
        cells.column(column, sign, ink, over=False)


def _draw_windows(
    cells: Cells,
    x: FloatArray,
    windows: tuple[FloatArray, FloatArray, FloatArray],
    window: Window,
    glyphs: Glyphs,
) -> None:
    rows, columns = _dot_shape(cells, glyphs)
    inside = slice(*np.searchsorted(x, [window.left, window.right], side="right").tolist())
    shown, (value, low, high) = x[inside], (column[inside] for column in windows)
    density = shown.size / columns
    if density > _CLOUD_LIMIT:
        return
    dots = raster.scatter(
        shown, window.y.forward(value), window.left, window.right, (rows, columns)
    )
    if density <= _SPARSE:
        none = np.empty(0)
        lower, upper = (
            raster.profile(shown, part, none, window.left, window.right, columns).scaled(window.y)
            for part in (low, high)
        )
        filled = np.zeros(columns, dtype=np.bool_)
        filled[raster.column_of(shown, window.left, window.right, columns)] = True
        bar = lower._replace(high=upper.high, linked=np.zeros_like(lower.linked))
        dots |= raster.paint(bar, rows) & filled[None, :]
    cells.put(_pack(dots, glyphs, glyphs.window), Ink.WINDOW)


def _draw_line(
    cells: Cells,
    plot: Plot,
    y: FloatArray,
    window: Window,
    glyphs: Glyphs,
    ink: Ink,
    dense: int = 0,
) -> None:
    rows, columns = _dot_shape(cells, glyphs)
    span = raster.profile(plot.x, y, plot.breaks, window.left, window.right, columns)
    sign, hollow = glyphs.ghost if ink is Ink.GHOST else glyphs.line, None
    if dense:
        # Single batches, as displayed, would be a wall before the level: their edges say as much.
        starts = raster.column_starts(plot.x, window.left, window.right, columns)
        hollow = np.diff(starts) >= dense
    cells.put(_pack(raster.paint(span.scaled(window.y), rows, hollow), glyphs, sign), ink)


def _draw_main(cells: Cells, plot: Plot, window: Window, glyphs: Glyphs, *, banded: bool) -> None:
    """The main line. Where it would be a wall, its means between the least and the greatest.

    `banded`: a band shows already how far it goes.
    """
    rows, columns = _dot_shape(cells, glyphs)
    bins, dense = _bins(plot.x, window, columns)
    if not (plot.rough or _is_wall(plot, window, rows, dense)):
        dense[:] = False
    if not dense.any():
        _draw_line(cells, plot, plot.line, window, glyphs, Ink.LEVEL)
        return
    if not banded:
        edges = Ink.GHOST if plot.rough else Ink.LEVEL
        _draw_line(cells, plot, plot.line, window, glyphs, edges, dense=_ROUGH)
    inner = (plot.breaks > window.left) & (plot.breaks < window.right)
    # Of epochs that are narrow the pieces would be dots.
    breaks = plot.breaks if np.count_nonzero(inner) * _COARSEST < bins else np.empty(0)
    x, y = raster.averaged(plot.x, plot.line, breaks, window.left, window.right, bins)
    _draw_line(cells, replace(plot, x=x, breaks=breaks), y, window, glyphs, Ink.LEVEL)


def _is_wall(plot: Plot, window: Window, rows: int, dense: BoolArray) -> bool:
    """Whether a line that is dense goes up and down within most of its columns, far."""
    if np.count_nonzero(dense) < STEADY:
        return False
    span = raster.profile(plot.x, plot.line, plot.breaks, window.left, window.right, dense.size)
    span = span.scaled(window.y)
    tall = (span.high - span.low)[dense]
    return median(np.nan_to_num(tall)) * rows > max(_WALL * rows, _LEAST_WALL)


def _bins(x: FloatArray, window: Window, columns: int) -> tuple[int, BoolArray]:
    """In how many bins to take means of rough numbers, and the columns that are dense with them.

    None is dense, and there are as many bins as columns, where the numbers themselves can be drawn.
    """
    counts = np.diff(raster.column_starts(x, window.left, window.right, columns))
    density = float(counts.sum()) / max(int(np.count_nonzero(counts)), 1)
    if density < _ROUGH:
        return columns, np.zeros(columns, dtype=np.bool_)
    # In powers of two: a past that changed with every print would flicker.
    wide = 1 << math.ceil(math.log2(max(_ENOUGH / density, 1.0)))
    return max(columns // min(wide, _COARSEST), 1), counts >= _ROUGH


def _draw_points(cells: Cells, plot: Plot, window: Window, glyphs: Glyphs) -> None:
    """Validation as points; as a line that ends in a point where there are too many."""
    rows, columns = cells.codes.shape
    inside = (plot.val_x >= window.left) & (plot.val_x <= window.right)
    x, val = plot.val_x[inside], plot.val[inside]
    if x.size > _CROWD * columns:
        codes = _pack(_val_dots(x, val, window, _dot_shape(cells, glyphs)), glyphs, glyphs.val)
        # Where the two lines share cells they take turns, or one would seem to be missing.
        codes[:, ::2][cells.inks[:, ::2] == Ink.LEVEL] = 0
        cells.put(codes, Ink.VAL)
        x, val = x[-1:], val[-1:]
    place = window.y.forward(val)
    points = raster.scatter(x, place, window.left, window.right, (rows, columns))
    cells.put(raster.signs(points, glyphs.val), Ink.VAL)


def _val_dots(x: FloatArray, val: FloatArray, window: Window, shape: tuple[int, int]) -> BoolArray:
    """Dots of a line through validation points; of dense ones, of their mean and their edges."""
    rows, columns = shape
    none, (left, right, _) = np.empty(0), window
    span = raster.profile(x, val, none, left, right, columns)
    bins, dense = _bins(x, window, columns)
    if bins == columns:
        return raster.paint(span.scaled(window.y), rows)
    dots = raster.paint(span.scaled(window.y), rows, dense)
    mean = raster.profile(
        *raster.averaged(x, val, none, left, right, bins), none, left, right, columns
    )
    return dots | raster.paint(mean.scaled(window.y), rows)


def _draw_beyond(cells: Cells, plot: Plot, window: Window, glyphs: Glyphs) -> None:
    """Say where the line leaves the chart, and how far it goes: it must not seem to end there."""
    width = cells.codes.shape[1]
    span = raster.profile(plot.x, plot.line, plot.breaks, window.left, window.right, width)
    edges = (
        (0, span.high > window.y.high, glyphs.above, np.fmax),
        (-1, span.low < window.y.low, glyphs.below, np.fmin),
    )
    for row, off, sign, farthest in edges:
        free = (cells.codes[row] == ord(" ")) | (cells.inks[row] == Ink.GRID)
        marked = np.flatnonzero(off & free)
        cells.codes[row, marked], cells.inks[row, marked] = ord(sign), Ink.LEVEL
        if not off.any():
            continue
        limit = float(farthest.reduce(span.high if row == 0 else span.low))
        # Where the line itself fills the cells the number brings the sign along.
        text = f"{limit:.4g}" if marked.size else f"{sign}{limit:.4g}"
        first = int(np.flatnonzero(off)[-1]) + (2 if marked.size else 1)
        for begin in range(first, first + _NEAR):
            room = slice(begin, begin + len(text) + 1)
            if begin + len(text) < width and free[room].all():
                cells.codes[row, room] = [ord(char) for char in f"{text} "]
                cells.inks[row, room] = Ink.AXIS
                break


def _draw_events(cells: Cells, plot: Plot, window: Window, glyphs: Glyphs) -> None:
    inside = plot.events[(plot.events >= window.left) & (plot.events <= window.right)]
    columns = raster.column_of(inside, window.left, window.right, cells.codes.shape[1])
    lines = (Ink.LEVEL, Ink.GHOST, Ink.VAL)
    for column in columns.tolist():
        # At the top, unless a line runs there and none does at the bottom.
        row = -1 if cells.inks[0, column] in lines and cells.inks[-1, column] not in lines else 0
        cells.codes[row, column] = ord(glyphs.event)
        cells.inks[row, column] = Ink.EVENT


def _dot_shape(cells: Cells, glyphs: Glyphs) -> tuple[int, int]:
    height, width = cells.codes.shape
    return height * glyphs.dots[1], width * glyphs.dots[0]


def _pack(dots: BoolArray, glyphs: Glyphs, sign: str) -> IntArray:
    if glyphs.ascii:
        return raster.signs(dots, sign)
    return raster.braille(dots) if glyphs.dots == (2, 4) else raster.quarters(dots)


def _cell_column(place: float, window: Window, width: int) -> int:
    return int(raster.column_of(np.array([place]), window.left, window.right, width)[0])
