"""A saved log played as if its training were running.

The pace comes from the times that the log itself prints: `pace_marks` says how much of the log
there was after how many seconds of training, `ReplaySource` deals it out by that.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.records import Header, Item, Line, Progress
from tui_monitor.core.snapshot import ReplayPosition
from tui_monitor.ingest.source import Chunk, Ended, Following, Pulled, Restarted

_UNTIMED = 0.1  # seconds a progress line takes where the log prints no times
_COARSE = 10.0  # printed elapsed seconds from which their rounding no longer matters
_BLOCK = 1 << 20  # bytes read at once

Mark = tuple[int, float]
"""Bytes of the log that there are, and the seconds of training from which on."""


class ReplaySource:
    """Source that deals out a log by its marks, with pause, speed and seek.

    A chunk ends at a mark, so a redraw comes in one piece. Speed 1 is the pace of the training,
    0 as fast as possible. For the feed thread only: others go by `FeedThread.call`.
    """

    def __init__(
        self,
        data: bytes,
        marks: Sequence[Mark],
        *,
        name: str = "replay",
        speed: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        ordered = sorted(marks) or [(0, 0.0)]
        # What lies behind the last mark comes with it: all at once if there are no marks.
        self._offsets = [min(offset, len(data)) for offset, _ in ordered[:-1]] + [len(data)]
        self._seconds = list(accumulate((at for _, at in ordered), max))
        self._data = data
        self._name = sanitise(name)
        self._clock = clock
        self._rung = threading.Event()
        self._speed = speed
        self._paused = False
        self._played = 0.0  # seconds of training played ...
        self._since = clock()  # ... at this time of the clock
        self._sent = 0
        self._sought = 0  # bytes there are whatever the time
        self._restarted = False

    @property
    def name(self) -> str:
        """The name given, safe to show."""
        return self._name

    @property
    def following(self) -> Following:
        """Always `replay`."""
        return "replay"

    @property
    def rung(self) -> threading.Event:
        """Set by whoever has a call for the feed thread."""
        return self._rung

    def close(self) -> None:
        """Nothing is held."""

    def position(self) -> ReplayPosition:
        """Where the replay stands."""
        fraction = self._sent / len(self._data) if self._data else 1.0
        return ReplayPosition(fraction, self._speed, self._paused)

    def pull(self, limit: int) -> Pulled:
        """The bytes due by now."""
        if self._restarted:
            self._restarted = False
            return Restarted("replay taken back" if self._sought else "replay from the start")
        passed = bisect_right(self._seconds, self._time())
        due = max(self._sought, self._offsets[passed - 1] if passed else 0)
        if self._sent < due:
            stop = min(due, self._sent + limit)
            if stop < due:
                mark = self._offsets[bisect_right(self._offsets, stop) - 1]
                stop = mark if self._sent < mark <= stop else stop
            chunk = Chunk(self._data[self._sent : stop])
            self._sent = stop
            return chunk
        return Ended("end of the replay") if self._sent == len(self._data) else None

    def set_speed(self, speed: float) -> None:
        """Seconds of training a second; 0: all that is left at once."""
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError("speed is finite and not negative")
        self._played = self._time()
        self._since = self._clock()
        self._speed = speed

    def pause(self) -> None:
        """Let no time pass."""
        self._played = self._time()
        self._paused = True

    def resume(self) -> None:
        """Let time pass again."""
        if self._paused:
            self._since = self._clock()
            self._paused = False

    def seek(self, offset: int) -> None:
        """Go on from this byte: what lies before it comes at once, anew if that is back."""
        offset = max(0, min(offset, len(self._data)))
        if offset < self._sent:
            self._sent = 0
            self._restarted = True
        self._sought = offset
        passed = bisect_right(self._offsets, offset)
        self._played = self._seconds[passed - 1] if passed else 0.0
        self._since = self._clock()

    def _time(self) -> float:
        """Seconds of training played by now."""
        if self._paused:
            return self._played
        if self._speed:
            return self._played + (self._clock() - self._since) * self._speed
        if self._sent == len(self._data):
            return self._seconds[-1]
        return math.inf


def pace_marks(data: bytes, parse: Callable[[Line], Iterable[Item]]) -> list[Mark]:
    """When each line of a log was complete, by the times that its progress lines print.

    An epoch lasts as long as its last line tells (elapsed, a step's time, or the time left); its
    lines lie in it by their steps. Lines without progress come with the line before them.
    """
    lines = _read_lines(data)
    ends = [line.offset for line in lines[1:]] + [len(data)]
    marks: list[Mark] = []
    now = 0.0
    for epoch in _split_epochs(zip(ends, map(parse, lines), strict=False)):
        bars = [bar for _, bar in epoch if bar is not None]
        seconds = _duration(bars)
        latest = now
        for end, bar in epoch:
            if bar is not None:
                latest = max(latest, now + seconds * _fraction(bar, bars[-1]))
            marks.append((end, latest))
        now = latest
    return marks


def _read_lines(data: bytes) -> list[Line]:
    reader = LineReader()
    lines: list[Line] = []
    for start in range(0, len(data), _BLOCK):
        lines += reader.feed(data[start : start + _BLOCK])
    return lines + reader.flush()


_Dated = tuple[int, Progress | None]


def _split_epochs(lines: Iterable[tuple[int, Iterable[Item]]]) -> Iterator[list[_Dated]]:
    """Ends and progress of the lines, epoch by epoch: at headers and where the steps start over."""
    epoch: list[_Dated] = []
    last: Progress | None = None
    for end, items in lines:
        found = list(items)
        bar = next((i for i in found if isinstance(i, Progress) and _is_of_training(i, last)), None)
        begins = any(isinstance(item, Header) for item in found)
        if bar is not None and last is not None:
            begins = begins or bar.step is None or last.step is None or bar.step < last.step
            begins = begins or bar.epoch != last.epoch
        if begins and last is not None:
            yield epoch
            epoch, last = [], None
        epoch.append((end, bar))
        last = bar or last
    if epoch:
        yield epoch


def _is_of_training(item: Progress, last: Progress | None) -> bool:
    """Whether a progress line tells how far the training is, going by the one before it.

    Lines that say by themselves where they stand may be those of a validation amid an epoch.
    """
    if item.unit is None or last is None or last.step is None:
        return True
    return item.step is not None and (item.epoch != last.epoch or item.steps in (None, last.steps))


def _fraction(bar: Progress, last: Progress) -> float:
    """How much of its epoch is over at a progress line."""
    steps = last.steps or last.step
    return min(bar.step / steps, 1.0) if bar.step is not None and steps else 1.0


def _duration(bars: Sequence[Progress]) -> float:
    """Seconds of a whole epoch, from its last line that tells."""
    for bar in reversed(bars):
        done = _fraction(bar, bars[-1])
        steps = bar.steps or bar.step or 0
        if bar.elapsed and (bar.elapsed >= _COARSE or not bar.per_step) and done:
            return bar.elapsed / done
        if bar.per_step and steps:
            return bar.per_step * steps
        if bar.eta and done < 1:
            return bar.eta / (1 - done)
    return _UNTIMED * len(bars)
