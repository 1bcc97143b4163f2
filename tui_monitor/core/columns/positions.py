"""Where in its epoch each print of a metric stands: as many columns of numbers, not as objects."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import NamedTuple, overload

import numpy as np

from tui_monitor.core.columns.arrays import BoolArray, FloatArray, IntArray
from tui_monitor.core.columns.series import ABSENT, Flags, Floats, Integers


class Position(NamedTuple):
    """Where in its epoch a print stands, in updates of the bar."""

    epoch: int
    """1-based ordinal."""
    k: int | None
    """Batches done; None where they cannot be known."""
    n: float | None
    """The same in full batches: a shorter last one counts as a fraction."""
    ragged: bool
    """Its last batch may end the epoch, and then may be shorter by an unknown amount."""
    final: bool
    appended: float = 1.0
    """How many updates the last line counts for where it appends the epoch's mean once more."""
    done: int | None = None
    """Batches done since the run began."""


RAGGED, FINAL = 1, 2


class Positions(Sequence[Position]):
    """Positions in the order of their prints, which is that of their epochs."""

    def __init__(self) -> None:
        self.epoch = Integers()
        self.k = Floats()
        """nan where it cannot be known."""
        self._ends = Flags()
        """Sums of `RAGGED` and `FINAL`."""
        self._rare: dict[int, tuple[float | None, float]] = {}
        """n and appended of the rows where they are not k and 1."""
        self._done = Integers()
        """Empty as long as batches of the run are not counted."""

    def append(self, place: Position) -> None:
        """Add a position."""
        epoch, k, n, ragged, final, appended, done = place
        row = len(self.epoch)
        self.epoch.append(epoch)
        self.k.append(nan if k is None else k)
        self._ends.append(ragged + FINAL * final)
        if n != k or appended != 1.0:
            self._rare[row] = n, appended
        if done is not None or self._done:
            self._count(row, ABSENT if done is None else done)

    def _count(self, row: int, done: int) -> None:
        self._done.extend([ABSENT] * (len(self.epoch) - len(self._done)))
        self._done[row] = done

    def cut(self, length: int) -> None:
        """Forget all from `length` on."""
        for column in (self.epoch, self.k, self._ends, self._done):
            column.cut(length)
        self._rare = {row: rare for row, rare in self._rare.items() if row < length}

    def batches(self, row: int) -> int | None:
        """k of a row."""
        k = self.k[row]
        return int(k) if k == k else None

    def counted(self, at: slice | IntArray) -> FloatArray:
        """k of rows, or else batches done since the run began; nan where neither is known."""
        k: FloatArray = self.k.peek()[at]
        if not self._done:
            return k.copy()
        done = self._done.peek()[at]
        return np.where(np.isnan(k) & (done != ABSENT), done, k)

    def full_batches(self, rows: range) -> FloatArray:
        """n of rows, nan where it cannot be known."""
        n = self.k.peek()[rows.start : rows.stop].copy()
        for row in self._rare.keys() & rows:
            n[row - rows.start] = nan if (rare := self._rare[row][0]) is None else rare
        return n

    def appended(self, rows: range) -> FloatArray:
        """How many updates the last line counts for, of rows."""
        return np.array([self._rare.get(row, (nan, 1.0))[1] for row in rows], dtype=np.float64)

    def is_ragged(self, row: int) -> bool:
        """Whether a row may end its epoch."""
        return bool(self._ends[row] & RAGGED)

    def is_final(self, row: int) -> bool:
        """Whether a row is its epoch's last line."""
        return bool(self._ends[row] & FINAL)

    def ragged(self, first: int = 0, last: int | None = None) -> BoolArray:
        """Which rows may end their epochs."""
        return (self._ends.peek()[first:last] & RAGGED).astype(np.bool_)

    def final(self, first: int = 0, last: int | None = None) -> BoolArray:
        """Which rows are their epochs' last lines."""
        return (self._ends.peek()[first:last] & FINAL).astype(np.bool_)

    def of_epoch(self, epoch: int, least: int = 0) -> range:
        """The rows of an epoch, of those from `least` on."""
        return self.epoch.equal_to(epoch, least)

    def __len__(self) -> int:
        return len(self.epoch)

    @overload
    def __getitem__(self, row: int) -> Position: ...

    @overload
    def __getitem__(self, row: slice) -> list[Position]: ...

    def __getitem__(self, row: int | slice) -> Position | list[Position]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        row = row if row >= 0 else row + len(self)
        k = self.batches(row)
        n, appended = self._rare.get(row) or (None if k is None else float(k), 1.0)
        ragged, final = self.is_ragged(row), self.is_final(row)
        done = self._done.get(row) if self._done else None
        return Position(self.epoch[row], k, n, ragged, final, appended, done)

    def __setitem__(self, row: int, place: Position) -> None:
        """What is found out of a position later: all but its epoch."""
        _, k, n, ragged, final, appended, done = place
        self.k[row] = nan if k is None else k
        self._ends[row] = ragged + FINAL * final
        self._rare.pop(row, None)
        if n != k or appended != 1.0:
            self._rare[row] = n, appended
        if done is not None or self._done:
            self._count(row, ABSENT if done is None else done)
