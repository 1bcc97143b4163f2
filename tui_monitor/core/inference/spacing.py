"""How far apart a bar's prints are, and whether time alone may have spaced them so.

Keras draws a bar at most every 0.05 s: of batches of 30 ms each it shows steps 1, 3, 5, .. just as
evenly as where it is updated once in two batches. Source: keras/src/utils/progbar.py.
"""

from __future__ import annotations

from collections import Counter
from math import gcd

THROTTLE = 0.05
"""Seconds between two prints at least."""
SLACK = 1.5
"""Times as long as that may be, as batches take more and less time than they do on average."""
VARIED = 6
"""Prints that are another distance apart than most, after which it is not time that spaces them."""


class Spacing:
    """Of one bar's steps, epoch after epoch."""

    def __init__(self) -> None:
        self.common = 0
        """What all steps but an epoch's last are apart, or a multiple of it; 0 before the second."""
        self.first: int | None = None
        """Step of each epoch's first print; 0 where they differ."""
        self._gaps: Counter[int] = Counter()
        self._last = 0
        """Step of the newest print of its epoch; 0 before the first."""
        self._pace: float | None = None
        """Seconds a batch, as the bar says."""

    def take(self, step: int, pace: float | None, *, final: bool) -> None:
        """Take a print; `final`: the last of its epoch."""
        if final:
            self._last = 0
            return
        if step <= self._last:
            self._last = 0
        if self._last == 0:
            self.first = step if self.first in (None, step) else 0
        else:
            self.common = gcd(self.common, step - self._last)
            self._gaps[step - self._last] += 1
        self._last = step
        self._pace = pace if pace is not None else self._pace

    @property
    def is_timed(self) -> bool:
        """Whether the bar may be updated at every batch, and drawn whenever it may be."""
        if self.first != 1 or self._pace is None or not self._gaps:
            return False
        gap, times = self._gaps.most_common(1)[0]
        return (gap - 1) * self._pace < SLACK * THROTTLE and self._gaps.total() - times < VARIED
