"""Numbers that hold no batch of an earlier print: nothing of them need be inverted.

Such a number is one batch's, a whole epoch's, or a mean or sum over the batches since the print before.
"""

from __future__ import annotations

from math import isfinite

from tui_monitor.core.averages.bounds import printed
from tui_monitor.core.averages.laws import EPOCH, INSTANTANEOUS, Law
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.level.following import Following
from tui_monitor.core.metrics import Metric
from tui_monitor.core.tracks.rows import Rows


class Singles:
    """Takes the rows of one metric, each for itself."""

    def __init__(self, rows: Rows, metric: Metric, law: Law, following: Following) -> None:
        self._rows = rows
        self._metric = metric
        self._law = law
        self._following = following

    def take(self, row: int, place: Position, d: float) -> None:
        """Take a row's number, by the law."""
        if self._law.name != "interval":
            self._take_one(row, place, d)
        elif place.k is not None:
            self._take_interval(row, place.k, d)

    def _take_one(self, row: int, place: Position, d: float) -> None:
        """One batch, or a whole epoch."""
        rows, quantum = self._rows, self._rows.quantum[row]
        rows.show(row, printed(d, quantum))
        if self._law.key == EPOCH.key and place.k is not None:
            rows.from_k[row] = 0
        elif self._law.key == INSTANTANEOUS.key and place.k is not None:
            rows.from_k[row] = place.k - 1
        if self._metric.split != "val" and isfinite(d):
            self._following.take_alone(row, 1, d, quantum)

    def _take_interval(self, row: int, k: int, d: float) -> None:
        """A mean, or a sum, over the batches since the print before."""
        rows, k0 = self._rows, self._done_before(row)
        rows.set_begin(row, k, k0)
        if k <= k0:
            return
        if row == 1 and k0 > k - k0:
            # the log's first print was not the run's: it tells of as many batches as this one
            rows.touch(0)
            rows.set_begin(0, k0, 2 * k0 - k)
        parts = k - k0 if self._law.summed else 1
        where = printed(d, rows.quantum[row])
        rows.show(row, (where.low / parts, where.high / parts))
        if isfinite(d):
            rows.value[row] = d / parts
            self._following.take_alone(row, k - k0, d / parts, rows.quantum[row] / parts)

    def _done_before(self, row: int) -> int:
        """Batches done at the print before, as the law counts them."""
        places = self._rows.places
        if not row:
            return 0
        before = places[row - 1]
        if self._law.goes_on:
            return before.done or 0
        return (before.k or 0) if before.epoch == places[row].epoch else 0
