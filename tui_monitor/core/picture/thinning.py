"""Which rows of a long column a picture needs: no extreme is lost, and there are never many.

The newest rows are all kept. Older ones stand in bins of a power of two rows; of each bin the rows
with the least and the greatest number displayed and level are kept, and one without a number, so
that a gap stays one. What is kept depends on the columns alone, not on when it was asked.
"""

from __future__ import annotations

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, IntArray

MOST = 1 << 15
"""Rows kept at most; a column that is no longer is kept whole."""
NEWEST = 1 << 13
"""Newest rows of a longer one that are all kept, and up to a bin more."""
_PER_BIN = 5
_LEAST_BIN = 8
_BLOCK = 1 << 17
"""Rows looked at in one go, so that the arrays in between stay small."""


def bin_width(rows: int) -> int:
    """Rows a bin of a column of so many; 1: all are kept."""
    if rows <= MOST:
        return 1
    width = _LEAST_BIN
    while _PER_BIN * rows > width * (MOST - NEWEST - width):
        width *= 2
    return width


def binned(rows: int) -> int:
    """How many of the first rows stand in bins."""
    width = bin_width(rows)
    return 0 if width == 1 else max(rows - NEWEST, 0) // width * width


def extremes(
    displayed: FloatArray, level: FloatArray, first: int, last: int, width: int
) -> IntArray:
    """The rows to keep of [first, last), both multiples of `width`; ascending."""
    parts = [
        _of_block(displayed, level, begin, min(begin + _BLOCK // width * width, last), width)
        for begin in range(first, last, _BLOCK // width * width)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _of_block(
    displayed: FloatArray, level: FloatArray, first: int, last: int, width: int
) -> IntArray:
    bins = np.arange((last - first) // width)
    kept = np.zeros((bins.size, width), dtype=np.bool_)
    for column in (displayed, level):
        block = column[first:last].reshape(-1, width)
        absent = ~np.isfinite(block)
        kept[bins, np.where(absent, np.inf, block).argmin(axis=1)] = True
        kept[bins, np.where(absent, -np.inf, block).argmax(axis=1)] = True
        if column is displayed:
            gap = absent.argmax(axis=1)
            kept[bins, gap] |= absent[bins, gap]
    return np.flatnonzero(kept) + first


class Thinned:
    """The kept rows of a column that grows, without looking at all of it again."""

    def __init__(self) -> None:
        self._kept: IntArray = np.empty(0, dtype=np.int64)
        self._width = 1
        self._binned = 0

    def rows(self, displayed: FloatArray, level: FloatArray, changed: int) -> IntArray:
        """Indices to keep, ascending.

        Args:
            displayed: The column as it is now.
            level: The same.
            changed: Rows from here on may differ from when this was last called.
        """
        count = displayed.size
        width, last = bin_width(count), binned(count)
        first = min(self._binned, last, changed // width * width)
        if width != self._width:
            first = 0
        new = extremes(displayed, level, first, last, width)
        old = self._kept[: np.searchsorted(self._kept, first)]
        self._kept = np.concatenate((old, new)) if new.size or old.size != self._kept.size else old
        self._width, self._binned = width, last
        return np.concatenate((self._kept, np.arange(last, count)))
