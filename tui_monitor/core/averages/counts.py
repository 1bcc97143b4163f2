"""How many answers of a window were right, where the bounds leave few counts possible.

Right answers so far are a chain of whole numbers: bounds leave each print a few of them, and from one
print to the next grows a binomial count about the level. What all prints of an epoch say of one
window is found by going over the chain forward and back (Rabiner 1989, Proc. IEEE 77:257).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.core.columns.series import Floats, Integers
from tui_monitor.core.records import PossibleCount

MOST = 5
"""Counts of a window beyond which they are not named one by one."""
MOST_STATES = 12
"""Counts of right answers so far beyond which a print tells its neighbours nothing."""
MOST_WINDOWS = 4096
"""Windows that are looked at together: what is farther away tells nothing."""
PIECE = 16
"""Windows that are gone over one by one; pieces of so many go side by side."""
RUN_UP = 16
"""Windows before a piece whose bounds still tell something of it."""
SLACK = 1e-6
"""By how much of a count a bound may miss it: the error of the sums."""


class Few(NamedTuple):
    """The few counts that a window may hold."""

    first: int
    likely: tuple[float, ...]
    """How likely that one is, and each after it."""

    def counts(self) -> tuple[PossibleCount, ...]:
        """One by one."""
        return tuple(
            PossibleCount(count, probability)
            for count, probability in enumerate(self.likely, start=self.first)
            if probability > 0.0
        )


class FewCounts:
    """The few counts of many windows, as columns, by their rows."""

    def __init__(self) -> None:
        self._rows, self._first, self._likely = Integers(), Integers(), Floats()
        self._ends = Integers()
        """Of what `_likely` tells of each window."""

    def put(self, first: int, found: Iterable[tuple[int, Few]]) -> None:
        """Take those of rows in ascending order, in place of what was known from row `first` on."""
        self._cut(bisect_left(self._rows, first))
        for row, few in found:
            self._rows.append(row)
            self._first.append(few.first)
            self._likely.extend(few.likely)
            self._ends.append(len(self._likely))

    def _cut(self, windows: int) -> None:
        self._likely.cut(self._ends[windows - 1] if windows else 0)
        for column in (self._rows, self._first, self._ends):
            column.cut(windows)

    def get(self, row: int) -> Few | None:
        """Those of a row, where there are a few."""
        at = bisect_left(self._rows, row)
        if at == len(self._rows) or self._rows[at] != row:
            return None
        begin = self._ends[at - 1] if at else 0
        return Few(self._first[at], tuple(self._likely[begin : self._ends[at]]))


class Counted(NamedTuple):
    """What the windows of an epoch hold."""

    mean: FloatArray
    """Expected count, of shape (n,); nan where it is one of many."""
    few: dict[int, Few]
    """Windows, by their place in the epoch, that may hold a few counts."""


def count_windows(sums: FloatArray, samples: FloatArray, levels: FloatArray) -> Counted:
    """What each window holds, given all.

    `sums`: bounds on the right answers before the first window and after each, shape (n + 1, 2).
    `samples`, `levels`: of each of the n windows, how many answers it holds and the share of right
    ones that they scatter about, shape (n,).
    """
    n = len(samples)
    found = Counted(np.full(n, np.nan), {})
    low, high = np.ceil(sums[:, 0] - SLACK), np.floor(sums[:, 1] + SLACK)
    for first in range(0, n, MOST_WINDOWS):
        here = slice(first, first + MOST_WINDOWS)
        ends = slice(first, first + MOST_WINDOWS + 1)
        piece = _Piece(low[ends], high[ends], samples[here], levels[here])
        found.mean[piece.at + first] = piece.mean()
        found.few.update((i + first, few) for i, few in piece.few())
    return found


class _Piece:
    """Windows in a row, of which those are looked at whose ends have few counts each.

    A chain's state is by how much a print's count exceeds the least it can be; a window's count follows
    from how far the states at its two ends are apart, which is one of 2 states - 1.
    """

    def __init__(
        self, low: FloatArray, high: FloatArray, samples: FloatArray, levels: FloatArray
    ) -> None:
        width = high - low + 1.0
        few = (width >= 1.0) & (width <= MOST_STATES)
        self.at: IntArray = np.flatnonzero(few[:-1] & few[1:])
        """The windows looked at, m of them."""
        states = int(width[few].max(initial=1.0))
        apart = np.arange(1 - states, states)[:, None]
        self.counts: FloatArray = low[self.at + 1] - low[self.at] + apart
        """The count of a window whose states are so far apart, shape (2 states - 1, m)."""
        n = samples[self.at]
        p = np.clip(levels[self.at], 0.5 / n, 1.0 - 0.5 / n)
        growth = np.exp(-0.5 * (self.counts - n * p) ** 2 / (n * p * (1.0 - p)))
        growth *= (self.counts >= 0.0) & (self.counts <= n)
        even = few & (np.arange(states)[:, None] < width)
        self.likely: FloatArray = self._given_all(growth, even.astype(np.float64))
        """How likely each of them is, given all prints."""

    def _given_all(self, growth: FloatArray, even: FloatArray) -> FloatArray:
        """`growth` weighted by what the prints before each window say, and those after it."""
        there = np.zeros((len(growth), even.shape[1] - 1))
        there[:, self.at] = growth
        both = np.stack((there.T, there[::-1, ::-1].T))
        forth, back = spread(both, np.stack((even.T, even[:, ::-1].T)))
        before, after = forth[self.at].T, back[::-1][self.at + 1].T
        states = len(even)
        pairs = np.zeros_like(growth)
        for first in range(states):
            pairs[states - 1 - first : 2 * states - 1 - first] += before[first] * after
        likely = growth * pairs
        total = likely.sum(axis=0)
        return np.asarray(np.divide(likely, total, out=likely, where=total > 0.0))

    def mean(self) -> FloatArray:
        """The expected count of each window looked at; nan where none is possible."""
        mean = (self.likely * self.counts).sum(axis=0)
        return np.where(self.likely.any(axis=0), mean, np.nan)

    def few(self) -> Iterator[tuple[int, Few]]:
        """The windows that may hold more than one count but not many, and these."""
        possible = self.likely > 0.0
        first = possible.argmax(axis=0)
        last = len(possible) - 1 - possible[::-1].argmax(axis=0)
        at = np.flatnonzero((first < last) & (last < first + MOST))
        first = first[at]
        padded = np.pad(self.likely, ((0, MOST), (0, 0)))
        likely = padded[first[:, None] + np.arange(MOST), at[:, None]]
        few = map(Few, self.counts[first, at].astype(int).tolist(), map(tuple, likely.tolist()))
        return zip(self.at[at].tolist(), few, strict=True)


def spread(growth: FloatArray, even: FloatArray) -> FloatArray:
    """How likely each state is after each window, given the windows before.

    Of some chains at once: shape (chains, n + 1, states). `growth`: how likely a window takes a state
    to one that is 1 - states .. states - 1 away, (chains, n, 2 states - 1); `even`: what is open after
    each print, (chains, n + 1, states). Pieces go side by side, each begun some windows early: what is
    farther away tells nothing.
    """
    (chains, n, _), states = growth.shape, even.shape[2]
    pieces = ceil(n / PIECE)
    run_up = RUN_UP if pieces > 1 else 0
    length = run_up + pieces * PIECE
    windows = np.zeros((chains, length, growth.shape[2]))
    windows[:, run_up : run_up + n] = growth
    # from each state, by row, to each other, by column
    steps = np.ascontiguousarray(sliding_window_view(windows, states, axis=2)[:, :, ::-1])
    # nothing is told of the first state, and nothing after the last
    found = np.zeros((chains, length + 1, states))
    found[:, :run_up] = even[:, :1]
    found[:, run_up : run_up + n + 1] = even
    at = found[:, :length:PIECE][:, :pieces]
    for window in range(run_up + min(n, PIECE)):
        after = found[:, window + 1 :: PIECE][:, :pieces]
        known = (at[:, :, None] @ steps[:, window::PIECE][:, :pieces])[:, :, 0] * after
        total = known.sum(axis=2, keepdims=True)
        at = np.divide(known, total, out=after.copy(), where=total > 0.0)
        if window >= run_up:
            after[...] = at
    return found[:, run_up : run_up + n + 1]
