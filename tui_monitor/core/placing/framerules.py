"""How the frames of an epoch's bar are read: which batch the numbers of each are of.

The rules that `frames` chooses from: numbers so many batches after the position that they are drawn
at, or as many as the bar then moves over, be it one a batch, several, or one every few batches.
"""

from __future__ import annotations

import copy
from typing import NamedTuple, Protocol

from tui_monitor.core.records import Line, Progress

ALIKE = 3
"""Numbers after which it is settled what they have in common."""
FARTHEST = 1000
"""Batches between two numbers that come into question."""


class Frame(NamedTuple):
    """A state of the bar."""

    line: Line
    item: Progress
    n: int
    """Position as drawn."""
    news: bool
    """It shows numbers, and not those of the frame before."""


Numbered = tuple[Frame, int]
"""A frame, and the batch of its numbers."""


class Rule(Protocol):
    """How the frames of an epoch are read."""

    def take(self, frame: Frame) -> list[Numbered]:
        """The next frame; the numbers whose batches are now known, in order."""
        ...

    def end_epoch(self) -> list[Numbered]:
        """No frame of the epoch comes any more."""
        ...

    def copy(self) -> Rule:
        """An independent one."""
        ...


class Offset:
    """Numbers so many batches after the position that they are drawn at."""

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self._n = 0
        self._k = 0
        """The newest batch whose numbers are known."""
        self._repeats = False
        """Numbers are drawn again when they are set to what they were."""

    def copy(self) -> Offset:
        """An independent one."""
        return copy.copy(self)

    def take(self, frame: Frame) -> list[Numbered]:
        """See `Rule`."""
        moved, self._n = frame.n != self._n, frame.n
        k = frame.n + self._offset
        if frame.item.steps:
            k = min(k, frame.item.steps)  # the last batch may be short
        if k <= self._k or not frame.item.readings or (moved and not frame.news):
            return []
        if not frame.news and frame.n == frame.item.steps and not self._repeats:
            return []  # a full bar is drawn once more in any case
        self._repeats |= not frame.news
        self._k = k
        return [(frame, k)]

    def end_epoch(self) -> list[Numbered]:
        """See `Rule`."""
        self._n = self._k = 0
        return []


class Beside:
    """Numbers of the position that they are drawn at."""

    def __init__(self) -> None:
        self._k = 0
        """The newest of these."""

    def copy(self) -> Beside:
        """An independent one."""
        return copy.copy(self)

    def take(self, frame: Frame) -> list[Numbered]:
        """See `Rule`."""
        if frame.n <= self._k or not frame.item.readings:
            return []
        self._k = frame.n
        return [(frame, frame.n)]

    def end_epoch(self) -> list[Numbered]:
        """See `Rule`."""
        self._k = 0
        return []


class Within:
    """Numbers of the batches after the position that they are drawn at, as many as there are."""

    def __init__(self) -> None:
        self._agreed = 0
        """Moves in a row that were of as many batches as numbers came before."""
        self._group = 1
        """Frames a batch."""
        self._misses = 0
        """Moves in a row that were of more."""
        self._sparse: Sparse | None = None
        self._begin()

    def _begin(self) -> None:
        self._n: int | None = None
        self._cut = False
        """Numbers beside the newest position may be missing: the log begins there."""
        self._beside: list[Frame] = []
        """Frames with numbers at the newest position."""
        self._known = 0
        """How many of them have been told."""
        self._quiet = False
        """One of them shows no news."""
        self._before = 0
        """Frames with numbers at positions before."""
        self._marks: list[Mark] = []

    def copy(self) -> Within:
        """An independent one."""
        twin = copy.copy(self)
        twin._beside, twin._marks = self._beside.copy(), self._marks.copy()
        twin._sparse = self._sparse.copy() if self._sparse is not None else None
        return twin

    def take(self, frame: Frame) -> list[Numbered]:
        """See `Rule`."""
        if self._n is None:
            self._n, self._cut = frame.n, frame.n > 0 and bool(frame.item.readings)
        if frame.n != self._n:
            known = self._move(self._n, frame.n)
            if frame.news:  # the bar has moved without a frame of its own
                self._beside, self._known = [frame], 1
                known.append((frame, frame.n + 1))
            return known
        if not frame.item.readings:
            return []
        self._beside.append(frame)
        self._quiet |= not frame.news
        if self._sparse is not None or self._agreed < ALIKE - 1:
            return []
        if self._group > 1 and not self._before:
            return []  # the epoch's first frames may show no numbers yet
        if self._group == 1 and self._quiet:
            return []  # a batch whose numbers are the same, or the bar drawn again below other text
        return self._tell(self._n)

    def end_epoch(self) -> list[Numbered]:
        """See `Rule`."""
        known: list[Numbered] = []
        if self._beside and self._sparse is None and not (self._misses or self._cut):
            known = self._leave(self._n or 0, self._beside[0].item.steps)
        self._begin()
        if self._sparse is not None:
            self._sparse.begin()
        return known

    def _leave(self, n: int, steps: int | None) -> list[Numbered]:
        """The log leaves the bar at `n`: it was full, and erased, or the program has stopped."""
        if steps is None or not self._fits(steps - n):
            news = [frame.news for frame in self._beside]
            self._beside = self._beside[: [*news, False].index(False)]
        return self._tell(n)

    def _fits(self, moved: int) -> bool:
        """Whether there are as many frames as batches, once repetitions are left out if need be."""
        fresh = [frame for frame in self._beside if frame.news]
        missing = moved * self._group - len(self._beside)
        if 0 < missing < self._group and not self._before:
            self._beside = self._beside[:1] * missing + self._beside
        elif len(fresh) == moved * self._group:
            self._beside = fresh
        return len(self._beside) == moved * self._group

    def _tell(self, n: int) -> list[Numbered]:
        """The numbers not yet told that are complete: each batch has as many frames as the others."""
        turns = range(self._known + 1, len(self._beside) + 1)
        self._known = len(self._beside)
        return [
            (self._beside[turn - 1], n + turn // self._group)
            for turn in turns
            if turn % self._group == 0
        ]

    def _move(self, before: int, n: int) -> list[Numbered]:
        """The bar, which stood at `before`, stands at `n` now."""
        count = len(self._beside)
        known: list[Numbered] = []
        if not self._cut and (count or self._before):
            known = self._place(before, n)
        self._before += count
        self._n, self._beside, self._known = n, [], 0
        self._quiet = self._cut = False
        return known

    def _place(self, before: int, n: int) -> list[Numbered]:
        marks = [
            Mark(frame, self._before + turn, before, n) for turn, frame in enumerate(self._beside)
        ]
        if self._sparse is not None and len(marks) != max(n - before, 2):
            return self._sparse.locate(marks)
        self._sparse = None
        self._marks += marks
        group, rest = divmod(len(self._beside), n - before)
        if not self._fits(n - before) and group and not rest and not self._agreed:
            self._group = group
        if len(self._beside) == (n - before) * self._group:
            self._agreed += 1
            self._misses = 0
            if self._agreed >= ALIKE:
                self._marks.clear()
            return self._tell(before)
        self._agreed = 0
        self._misses += n - before > len(marks)
        if self._misses < ALIKE - 1:
            return []
        self._sparse = Sparse()
        return self._sparse.locate(self._marks)


class Mark(NamedTuple):
    """A number of one of the batches low + 1 .. high."""

    frame: Frame
    before: int
    """Numbers of the epoch before it."""
    low: int
    high: int


class Sparse:
    """Numbers of every K-th batch: 1, K + 1, 2K + 1, .. or K, 2K, 3K, .."""

    def __init__(self) -> None:
        self._possible = [
            (first, every) for every in range(2, FARTHEST + 1) for first in (1, every)
        ]
        """First batches, and batches between two, that come into question."""
        self._waiting: list[Mark] = []

    def copy(self) -> Sparse:
        """An independent one."""
        twin = copy.copy(self)
        twin._waiting = self._waiting.copy()
        return twin

    def begin(self) -> None:
        """The next epoch begins; what waits stays unknown."""
        self._waiting.clear()

    def locate(self, marks: list[Mark]) -> list[Numbered]:
        """Take the next numbers; those whose batches are now known."""
        for mark in marks:
            left = [
                (first, every)
                for first, every in self._possible
                if mark.low < first + mark.before * every <= mark.high
            ]
            if left:  # else it is one besides, as of an epoch's last batch
                self._possible = left
                self._waiting.append(mark)
        if len(self._possible) > 1:
            return []
        ((first, every),) = self._possible
        known, self._waiting = self._waiting, []
        return [
            (mark.frame, k)
            for mark in known
            if mark.low < (k := first + mark.before * every) <= mark.high
        ]
