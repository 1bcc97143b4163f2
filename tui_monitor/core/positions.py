"""Where in its epoch each print of a metric stands: as many columns of numbers, not as objects."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import NamedTuple, overload

import numpy as np

from tui_monitor.core.arrays import BoolArray, FloatArray
from tui_monitor.core.series import ABSENT, Flags, Floats, Integers


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


class Positions(Sequence[Position]):
    """Positions in the order of their prints, which is that of their epochs."""

    def __init__(self) -> None:
        self.epoch = Integers()
        self.k = Floats()
        """nan where it cannot be known, as is n."""
        self.n = Floats()
        self.ragged = Flags()
        self.final = Flags()
        self._done = Integers()
        self._appended: dict[int, float] = {}
        """Where it is not 1."""

    def append(self, place: Position) -> None:
        """Add a position."""
        epoch, k, n, ragged, final, appended, done = place
        if appended != 1.0:
            self._appended[len(self.epoch)] = appended
        self.epoch.append(epoch)
        self.k.append(nan if k is None else k)
        self.n.append(nan if n is None else n)
        self.ragged.append(ragged)
        self.final.append(final)
        self._done.append(ABSENT if done is None else done)

    def cut(self, length: int) -> None:
        """Forget all from `length` on."""
        for column in (self.epoch, self.k, self.n, self.ragged, self.final, self._done):
            column.cut(length)
        self._appended = {row: n for row, n in self._appended.items() if row < length}

    def batches(self, row: int) -> int | None:
        """k of a row."""
        k = self.k[row]
        return int(k) if k == k else None

    def of_epoch(self, epoch: int, least: int = 0) -> range:
        """The rows of an epoch, of those from `least` on."""
        epochs = self.epoch.peek()[least:]
        first, last = np.searchsorted(epochs, (epoch, epoch + 1)).tolist()
        return range(least + first, least + last)

    def appended(self, rows: range) -> FloatArray:
        """How many updates each of these rows counts for, of shape (rows,)."""
        return np.array([self._appended.get(row, 1.0) for row in rows], dtype=np.float64)

    def ends_or_may(self) -> BoolArray:
        """Which prints end their epochs, or may: of shape (rows,)."""
        return self.ragged.peek() | self.final.peek()

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
        return Position(
            self.epoch[row],
            self.batches(row),
            self.n.get(row),
            bool(self.ragged[row]),
            bool(self.final[row]),
            self._appended.get(row, 1.0),
            self._done.get(row),
        )

    def __setitem__(self, row: int, place: Position) -> None:
        """What is found out of a position later: all but its epoch."""
        _, k, n, self.ragged[row], self.final[row], appended, done = place
        self.k[row] = nan if k is None else k
        self.n[row] = nan if n is None else n
        self._done[row] = ABSENT if done is None else done
        self._appended.pop(row, None)
        if appended != 1.0:
            self._appended[row] = appended
