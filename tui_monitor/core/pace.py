"""Speed and time left, from when prints arrived or, in a saved log, from what they say."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tui_monitor.core.records import Print
from tui_monitor.core.snapshot import Pace

MEMORY_SECONDS = 60.0
"""Arrivals older than this say little of the speed now."""
LEAST_SECONDS = 1.0
"""Arrivals closer than this say nothing: a saved log arrives at once."""
UNHEARD = Pace(None, None, None)


class _Arrival(NamedTuple):
    at: float
    done: int
    epoch: int


class PaceMeter:
    """Speed of the newest epoch; steps are as printed (batches or samples)."""

    def __init__(self) -> None:
        self._arrivals: deque[_Arrival] = deque()
        self._epoch_seconds: float | None = None
        self._last: Print | None = None

    def add(self, p: Print, now: float) -> None:
        """A print arrived at `now` (seconds, monotonic)."""
        arrivals = self._arrivals
        if self._last is not None and (p.run, p.epoch) != (self._last.run, self._last.epoch):
            arrivals.clear()
        self._last = p
        if p.final and p.elapsed is not None:
            self._epoch_seconds = p.elapsed
        if p.step is None:
            return
        arrivals.append(_Arrival(now, p.step, p.epoch))
        while len(arrivals) > 2 and now - arrivals[0].at > MEMORY_SECONDS:
            arrivals.popleft()

    def pace(self, now: float | None = None) -> Pace:
        """As of the newest print; arrivals long before `now` tell no speed any more."""
        p = self._last
        if now is not None and self._arrivals and now - self._arrivals[-1].at > MEMORY_SECONDS:
            self._arrivals.clear()
        if p is None:
            return UNHEARD
        rate, left = self._rate(p), p.eta
        if left is None and rate and p.step is not None and p.steps is not None:
            left = max(p.steps - p.step, 0) / rate
        if p.before != 0:
            return Pace(rate, None, left)  # steps, and times left, are the run's
        eta_epoch = 0.0 if p.final else left
        return Pace(rate, eta_epoch, self._eta_run(p, rate, eta_epoch))

    def _rate(self, p: Print) -> float | None:
        """Steps a second."""
        if len(self._arrivals) > 2:
            first, last = self._arrivals[0], self._arrivals[-1]
            seconds = last.at - first.at
            if seconds >= LEAST_SECONDS and last.done > first.done:
                return (last.done - first.done) / seconds
        if p.per_step:
            return 1.0 / p.per_step
        if p.eta and p.step is not None and p.steps is not None and p.steps > p.step:
            return (p.steps - p.step) / p.eta
        if p.final and p.elapsed and p.step is not None:
            return p.step / p.elapsed
        return None

    def _eta_run(self, p: Print, rate: float | None, eta_epoch: float | None) -> float | None:
        """Seconds to the end of the last planned epoch; of one epoch at a time nobody can tell."""
        if p.epochs is None or p.epochs == 1:
            return None
        # The epochs before a resumed run are counted by its numbers.
        number = int(p.label) if p.label.isdecimal() else p.epoch
        left = max(p.epochs - max(number, p.epoch), 0)
        if left == 0:
            return eta_epoch
        seconds = self._epoch_seconds
        if rate and p.steps is not None and (seconds is None or not p.final):
            seconds = p.steps / rate
        if seconds is None:
            return None
        return (eta_epoch or 0.0) + left * seconds
