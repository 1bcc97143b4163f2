"""Speed and time left, from when prints arrived or, in a saved log, from what they say.

What is there when a log is opened arrives at once, whenever it was written: speeds are those of the
later half of what arrived lately, which such a beginning is no part of.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from tui_monitor.core.records import Print
from tui_monitor.core.snapshot import Pace

MEMORY_SECONDS = 60.0
"""Arrivals older than this say little of the speed now, where there are newer ones."""
LEAST_SECONDS = 1.0
"""Arrivals closer than this say nothing: a saved log arrives at once."""
UNHEARD = Pace(None, None, None)
_KEPT = 6
"""Arrivals that are kept, however old."""
_GRAIN = 0.2
"""Seconds between two arrivals that are kept."""
_LEAST_STEPS = 2
"""Steps from arrival to arrival that tell a speed: one may be half over when a log is opened."""
_SILENT = 3.0
"""Times its longest silence after which a speed is none any more."""


@dataclass(slots=True)
class _Arrival:
    at: float
    done: int


class _Speed:
    """How fast a count grows, by when it was heard of."""

    def __init__(self) -> None:
        self._heard: deque[_Arrival] = deque()

    def add(self, at: float, done: int) -> None:
        """The count is `done` at `at` (seconds)."""
        heard = self._heard
        if heard and heard[-1].at == at:  # as throughout a saved log
            heard[-1].done = done
            return
        if len(heard) > 1 and at < heard[-2].at + _GRAIN:
            heard.pop()
        heard.append(_Arrival(at, done))
        while len(heard) > _KEPT and at - heard[0].at > MEMORY_SECONDS:
            heard.popleft()

    def clear(self) -> None:
        """What comes is counted anew."""
        self._heard.clear()

    def is_over(self, now: float) -> bool:
        """Whether nothing has been heard for so long that the speed is another."""
        if len(self._heard) < 2:
            return False
        heard = list(self._heard)
        silence = max(b.at - a.at for a, b in pairwise(heard))
        return now - heard[-1].at > max(MEMORY_SECONDS, _SILENT * silence)

    def per_second(self) -> float | None:
        """The speed lately; None where too little was heard."""
        if len(self._heard) <= _LEAST_STEPS:
            return None
        heard = list(self._heard)
        middle = (heard[0].at + heard[-1].at) / 2.0
        later = heard[sum(each.at < middle for each in heard) - 1 :]
        seconds, done = later[-1].at - later[0].at, later[-1].done - later[0].done
        if len(later) <= _LEAST_STEPS or seconds < LEAST_SECONDS or done <= 0:
            return None
        return done / seconds


class PaceMeter:
    """Speed of the newest epoch; steps are as printed (batches or samples)."""

    def __init__(self) -> None:
        self._steps = _Speed()
        self._epochs = _Speed()
        self._epoch_seconds: float | None = None
        self._stride = 0
        """Steps between the newest two prints of an epoch; 0 where there is one print an epoch."""
        self._last: Print | None = None

    def add(self, p: Print, now: float) -> None:
        """A print arrived at `now` (seconds, monotonic)."""
        last, self._last = self._last, p
        if last is not None:
            if p.epoch == last.epoch and p.run == last.run:
                self._stride = max((p.step or 0) - (last.step or 0), 0) or self._stride
            else:
                self._steps.clear()
                self._stride = 0 if p.final else self._stride
            if p.run != last.run:
                self._epochs.clear()
        if p.final:
            self._epochs.add(now, p.epoch)
            self._epoch_seconds = p.elapsed if p.elapsed is not None else self._epoch_seconds
        if p.step is not None:
            self._steps.add(now, p.step)

    def pace(self, now: float | None = None) -> Pace:
        """As of the newest print; arrivals long before `now` tell no speed any more."""
        p = self._last
        if now is not None and self._steps.is_over(now):
            self._steps.clear()
        if p is None:
            return UNHEARD
        rate, left = self._rate(p), p.eta
        if left is None and rate and p.step is not None and p.steps is not None:
            left = max(p.steps - p.step, 0) / rate
        if p.before != 0:
            return Pace(rate, None, left, self.between)  # steps, and times left, are the run's
        eta_epoch = 0.0 if p.final else left
        return Pace(rate, eta_epoch, self._eta_run(p, rate, eta_epoch), self.between)

    @property
    def between(self) -> float | None:
        """Seconds from one print to the next, as the log tells of its own speed."""
        p = self._last
        if p is None:
            return None
        if not self._stride:
            return self._epoch_seconds if p.final else None
        rate = self._told(p)
        return self._stride / rate if rate else None

    def _rate(self, p: Print) -> float | None:
        """Steps a second."""
        heard = self._steps.per_second()
        return heard if heard is not None else self._told(p)

    def _told(self, p: Print) -> float | None:
        """Steps a second, as the log tells."""
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
            epochs = self._epochs.per_second()
            seconds = 1.0 / epochs if epochs else None
        if seconds is None:
            return None
        return (eta_epoch or 0.0) + left * seconds
