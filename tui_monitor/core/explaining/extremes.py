"""What is looked for over all rows of a metric, without looking at old rows again."""

from __future__ import annotations

import numpy as np

from tui_monitor.core.columns.series import Floats
from tui_monitor.core.tracks.track import Track

UNSETTLED = 64
"""Newest rows that are looked at each time, at least: a print may be taken back. And so are those whose
levels are not yet smoothed for good."""
LATE = 3
"""Newest rows whose numbers stand for now."""


def levels_of(track: Track) -> Floats:
    """What a metric's prints say of where the training is, for each row.

    That is the displayed number, but for means of earlier batches, and for sums, which grow with the
    number of batches.
    """
    return track.level if track.law.inverted or track.law.summed else track.displayed


class Extremes:
    """The first and the best level of a track, and its first number that is none."""

    def __init__(self) -> None:
        self.not_finite: int | None = None
        """First row that shows nan or inf."""
        self.first: int | None = None
        """First row whose level is known."""
        self.best: int | None = None
        """Row of the lowest level."""
        self.late: tuple[float, ...] = ()
        """The newest known levels, `LATE` at most."""
        self._settled = 0
        self._kept: tuple[int | None, int | None, int | None] = (None, None, None)

    def look(self, track: Track) -> None:
        """Take in what is new."""
        rows = len(track)
        if rows < self._settled:  # decoded anew
            self._kept, self._settled = (None, None, None), 0
        self.not_finite, self.first, self.best = self._kept
        settled = max(min(rows - UNSETTLED, track.following.pending), self._settled)
        self._scan(track, self._settled, settled)
        self._kept, self._settled = (self.not_finite, self.first, self.best), settled
        self._scan(track, settled, rows)

    def _scan(self, track: Track, start: int, end: int) -> None:
        if end <= start:
            return
        levels = levels_of(track).peek()
        if self.not_finite is None:
            bad = np.flatnonzero(~np.isfinite(track.displayed.peek()[start:end]))
            self.not_finite = start + int(bad[0]) if len(bad) else None
        known = start + np.flatnonzero(np.isfinite(levels[start:end]))
        if not len(known):
            return
        self.first = int(known[0]) if self.first is None else self.first
        lowest = int(known[int(np.argmin(levels[known]))])
        if self.best is None or levels[lowest] < levels[self.best]:
            self.best = lowest
        self.late = (*self.late, *levels[known[-LATE:]].tolist())[-LATE:]
