"""Points to dots. Pure numpy; shapes are (rows from the top, columns).

Columns are cut at fixed positions, so a point that arrives touches only the columns it lies in and
the one it is joined to: the past never moves. A column keeps the least and the greatest of its
points, so no spike is lost by drawing it small.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.ui.drawing.scale import Axis

BoolArray = NDArray[np.bool_]
_ON_EDGE = 1e-9
"""Columns behind an edge within which a position is on it: they are no finer than that."""
_TALL = 3
"""Dots from the least to the greatest from which a column is not flat."""
_BRAILLE = 0x2800
_QUARTER_BITS = np.array([[1, 2], [4, 8]], dtype=np.int64)
_QUARTERS = np.array([0, *map(ord, "▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")], dtype=np.int64)
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)


class Profile(NamedTuple):
    """A line seen through columns. NaN where it is not."""

    low: FloatArray
    """Least value in each column."""
    high: FloatArray
    enter: FloatArray
    """First value in each column: what the column before is joined to."""
    leave: FloatArray
    """Last value in each column."""
    linked: BoolArray
    """Whether the line goes on from each column to the next: one shorter."""

    def scaled(self, axis: Axis) -> Profile:
        """The same in fractions of an axis. Its transform keeps the order, so it may come late."""
        low, high, enter, leave = (axis.forward(values) for values in self[:4])
        return Profile(low, high, enter, leave, self.linked)


def averaged(
    x: FloatArray, y: FloatArray, breaks: FloatArray, left: float, right: float, bins: int
) -> tuple[FloatArray, FloatArray]:
    """Mean position and value of the finite points in each of so many bins, none across a break."""
    known = np.isfinite(y) & (x >= left) & (x <= right)
    x, y = x[known], y[known]
    if not x.size:
        return x, y
    bin_of = column_of(x, left, right, bins)
    cut = (np.diff(bin_of) != 0) | (np.diff(np.searchsorted(breaks, x)) != 0)
    starts = np.concatenate(([0], np.flatnonzero(cut) + 1))
    counts = np.diff(np.append(starts, x.size))
    return np.add.reduceat(x, starts) / counts, np.add.reduceat(y, starts) / counts


def column_starts(x: FloatArray, left: float, right: float, columns: int) -> IntArray:
    """Index of the first point of each column, and one past the last: length columns + 1.

    Column k holds the points with edge k < x <= edge k+1: a position is that after a print, so
    the print at an epoch's end lies left of the boundary. The first column holds its left edge.
    """
    edges = left + (right - left) * (np.arange(columns + 1) + _ON_EDGE) / columns
    edges[-1] = right
    starts = np.searchsorted(x, edges, side="right").astype(np.int64)
    starts[0] = np.searchsorted(x, left, side="left")
    return starts


def profile(
    x: FloatArray, y: FloatArray, breaks: FloatArray, left: float, right: float, columns: int
) -> Profile:
    """What the line through the points spans in each column.

    Args:
        x: Positions, ascending.
        y: Values; NaN breaks the line.
        breaks: Positions that the line is not drawn across, ascending.
        left: Position of the first column's left edge.
        right: Position of the last column's right edge.
        columns: How many columns.
    """
    low, high, enter, leave = np.full((4, columns), np.nan)
    span = Profile(low, high, enter, leave, np.zeros(columns - 1, dtype=np.bool_))
    starts = column_starts(x, left, right, columns)
    _part(starts, x, breaks[(breaks > left) & (breaks < right)], left, right)
    held = np.flatnonzero(starts[1:] > starts[:-1])
    if not held.size:
        return span
    first, last = starts[held], starts[held + 1] - 1
    finite = np.where(np.isfinite(y), y, np.nan)
    part = finite[first[0] : last[-1] + 1]
    span.low[held] = np.fmin.reduceat(part, first - first[0])
    span.high[held] = np.fmax.reduceat(part, first - first[0])
    span.enter[held], span.leave[held] = finite[first], finite[last]
    crossed = np.searchsorted(breaks, x[last[:-1]]) != np.searchsorted(breaks, x[first[1:]])
    _join(span, held, crossed)
    return span


def _part(starts: IntArray, x: FloatArray, breaks: FloatArray, left: float, right: float) -> None:
    """Let what lies behind a break begin with the next column: one column never shows both sides."""
    columns = starts.size - 1
    column = column_of(breaks, left, right, columns)
    inner = column < columns - 1
    starts[column[inner] + 1] = np.searchsorted(x, breaks[inner], side="right")


def _join(span: Profile, held: IntArray, crossed: BoolArray) -> None:
    """Draw on from each column to the next that has points, through the empty ones between."""
    ends, begins = span.leave[held[:-1]], span.enter[held[1:]]
    joined = np.isfinite(ends) & np.isfinite(begins) & ~crossed
    span.linked[held[:-1][joined]] = True
    for number in np.flatnonzero(joined & (np.diff(held) > 1)):
        a, b = held[number], held[number + 1]
        span.linked[a:b] = True
        steps = np.arange(1, b - a) / (b - a)
        between = ends[number] + (begins[number] - ends[number]) * steps
        for values in span[:4]:
            values[a + 1 : b] = between


def paint(span: Profile, rows: int, hollow: BoolArray | None = None) -> BoolArray:
    """Dots of a profile whose values are fractions of the height: 0 bottom, 1 top.

    Of columns that are `hollow` and not flat only the least and the greatest dot.
    """
    low, high, enter, leave = (_row_of(values, rows) for values in span[:4])
    # Linked columns meet half way between the two points that they join, whatever else they hold:
    # so a steep line has no holes, and a later point of a column changes nothing before it.
    here, there = leave[:-1], enter[1:]
    middle = np.floor((here + there) / 2)
    rising, falling = span.linked & (there > here), span.linked & (there < here)
    high[:-1][rising] = np.maximum(high[:-1], middle)[rising]
    low[1:][rising] = np.minimum(low[1:], middle + 1)[rising]
    low[:-1][falling] = np.minimum(low[:-1], middle + 1)[falling]
    high[1:][falling] = np.maximum(high[1:], middle)[falling]
    row = np.arange(rows)[::-1, None]
    dots = (row >= low[None, :]) & (row <= high[None, :])
    if hollow is not None:
        dots &= ~(hollow & (high - low >= _TALL)) | (row == low) | (row == high)
    return np.asarray(dots, dtype=np.bool_)


def scatter(
    x: FloatArray, y: FloatArray, left: float, right: float, shape: tuple[int, int]
) -> BoolArray:
    """One dot a point; `y` in fractions of the height. Points outside are left out."""
    rows, columns = shape
    dots = np.zeros(shape, dtype=np.bool_)
    inside = np.isfinite(y) & (y >= 0) & (y <= 1) & (x >= left) & (x <= right)
    column = column_of(x[inside], left, right, columns)
    row = np.clip((y[inside] * rows).astype(np.int64), 0, rows - 1)
    dots[rows - 1 - row, column] = True
    return dots


def column_of(x: FloatArray, left: float, right: float, columns: int) -> IntArray:
    """Column of each position within [left, right]; a position on an edge lies left of it."""
    place = np.ceil((x - left) / (right - left) * columns - _ON_EDGE).astype(np.int64) - 1
    return np.asarray(np.clip(place, 0, columns - 1), dtype=np.int64)


def braille(dots: BoolArray) -> IntArray:
    """Code points of the braille cells of (4 h, 2 w) dots: shape (h, w), 0 where no dot is."""
    height, width = dots.shape[0] // 4, dots.shape[1] // 2
    cells = dots.reshape(height, 4, width, 2)
    masks = np.einsum("hrwc,rc->hw", cells, _BITS)
    return np.where(masks > 0, masks + _BRAILLE, 0)


def quarters(dots: BoolArray) -> IntArray:
    """Code points of the block cells of (2 h, 2 w) dots: shape (h, w), 0 where no dot is."""
    height, width = dots.shape[0] // 2, dots.shape[1] // 2
    masks = np.einsum("hrwc,rc->hw", dots.reshape(height, 2, width, 2), _QUARTER_BITS)
    return np.asarray(_QUARTERS[masks], dtype=np.int64)


def signs(dots: BoolArray, sign: str) -> IntArray:
    """Code points of cells of one dot each: `sign` where one is, else 0."""
    return np.where(dots, ord(sign), 0).astype(np.int64)


def _row_of(fraction: FloatArray, rows: int) -> FloatArray:
    """Row from the bottom; the top edge belongs to the top row. NaN stays, and paints nothing."""
    row = np.floor(fraction * rows)
    return np.where((fraction >= 1) & (fraction <= 1 + 1e-9), rows - 1.0, row)
