"""The prints of one metric, where each stands, and how what is found of it is written down."""

from __future__ import annotations

from math import inf, isfinite, nan

from tui_monitor.core.averages.bounds import Ends
from tui_monitor.core.averages.chain import Window
from tui_monitor.core.averages.counts import FewCounts
from tui_monitor.core.columns.positions import Positions
from tui_monitor.core.columns.series import ABSENT, Columns


class Rows(Columns):
    """Columns, one row a print, and the position of each."""

    def __init__(self) -> None:
        super().__init__()
        self.places = Positions()
        self.possible = FewCounts()
        """Counts of a row's window, where it is one of a few; known once its epoch is over."""

    def set_begin(self, row: int, k: int, k0: int) -> None:
        """The row's window begins after batch `k0`, where the row is of batch `k`.

        Both are of the epoch, or of the run where a law goes on over the ends of epochs.
        """
        self.from_k[row] = k0 - k + (self.places.batches(row) or 0)

    def set_window(self, row: int, k: int, window: Window) -> None:
        """What the row's window holds; infinite bounds tell nothing."""
        begins, low, high, count = window
        self.touch(row)
        self.set_begin(row, k, begins)
        self.low[row] = low if -inf < low < inf else nan
        self.high[row] = high if -inf < high < inf else nan
        self.count[row] = ABSENT if count is None else count

    def show(self, row: int, where: Ends) -> None:
        """The number is its own estimate."""
        if isfinite(self.displayed[row]):
            self.value[row] = self.displayed[row]
            self.low[row], self.high[row] = where

    def cast_out(self, row: int) -> None:
        """A print that no batches could have made tells nothing."""
        self.touch(row)
        self.outlier[row] = 1
        self.value[row] = self.low[row] = self.high[row] = nan
        self.count[row] = ABSENT
