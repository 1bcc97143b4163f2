"""How many answers of a window were right, where the bounds leave few counts possible.

Right answers so far are a chain of whole numbers: bounds leave each print a few of them, and from one
print to the next grows a binomial count about the level. What all prints of an epoch say of one
window is found by going over the chain forward and back (Rabiner 1989, Proc. IEEE 77:257).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tui_monitor.core.arrays import BoolArray, FloatArray, IntArray
from tui_monitor.core.bounds import Interval
from tui_monitor.core.records import PossibleCount

MOST = 5
"""Counts of a window beyond which they are not named one by one."""
MOST_STATES = 12
"""Counts of right answers so far beyond which a print tells its neighbours nothing."""
MOST_WINDOWS = 4096
"""Windows that are looked at together: what is farther away tells nothing."""
SLACK = 1e-6
"""By how much of a count a bound may miss it: the error of the sums."""


class Counted(NamedTuple):
    """What the windows of an epoch hold, of shape (n,)."""

    mean: FloatArray
    """Expected count; nan where it is one of many."""
    possible: list[tuple[PossibleCount, ...]]
    """The counts themselves, where there are a few."""


def count_windows(
    sums: Sequence[Interval], samples: Sequence[int], levels: Sequence[float]
) -> Counted:
    """What each window holds, given all.

    `sums`: bounds on the right answers before the first window and after each, n + 1 of them.
    `samples`, `levels`: of each of the n windows, how many answers it holds and the share of right
    ones that they scatter about.
    """
    n = len(samples)
    found = Counted(np.full(n, np.nan), [()] * n)
    low, high = np.array(sums).reshape(-1, 2).T
    low, high = np.ceil(low - SLACK), np.floor(high + SLACK)
    size, share = np.array(samples, dtype=np.float64), np.array(levels, dtype=np.float64)
    for first in range(0, n, MOST_WINDOWS):
        here = slice(first, first + MOST_WINDOWS)
        ends = slice(first, first + MOST_WINDOWS + 1)
        piece = _Piece(low[ends], high[ends], size[here], share[here])
        found.mean[piece.at + first] = piece.mean()
        for i, counts in piece.few():
            found.possible[i + first] = counts
    return found


class _Piece:
    """Windows in a row, of which those are looked at whose ends have few counts each."""

    def __init__(
        self, low: FloatArray, high: FloatArray, samples: FloatArray, levels: FloatArray
    ) -> None:
        width = high - low + 1.0
        few = (width >= 1.0) & (width <= MOST_STATES)
        self.at: IntArray = np.flatnonzero(few[:-1] & few[1:])
        """The windows looked at, m of them."""
        most = int(width[few].max(initial=1.0))
        states = np.arange(most)
        open_: BoolArray = few[:, None] & (states < width[:, None])
        before, after = self.at, self.at + 1
        self.counts: FloatArray = (low[after, None, None] + states) - (
            low[before, None, None] + states[:, None]
        )
        """The count of a window from each state before it to each after, shape (m, states, states)."""
        n = samples[self.at, None, None]
        p = np.clip(levels[self.at, None, None], 0.5 / n, 1.0 - 0.5 / n)
        growth = np.exp(-0.5 * (self.counts - n * p) ** 2 / (n * p * (1.0 - p)))
        possible = (self.counts >= 0.0) & (self.counts <= n)
        possible &= open_[before, :, None] & open_[after, None, :]
        growth *= possible
        self.joint: FloatArray = self._given_all(growth, open_.astype(np.float64))
        """How likely each of them is, given all prints."""

    def _given_all(self, growth: FloatArray, even: FloatArray) -> FloatArray:
        forward, backward = even.copy(), even.copy()
        ones = np.ones(even.shape[1])
        for i, each in zip(self.at.tolist(), growth, strict=True):
            known = forward[i] @ each
            total = known @ ones
            if total > 0.0:
                forward[i + 1] = known / total
        for i, each in zip(self.at[::-1].tolist(), growth[::-1], strict=True):
            known = each @ backward[i + 1]
            total = known @ ones
            if total > 0.0:
                backward[i] = known / total
        joint = forward[self.at, :, None] * growth * backward[self.at + 1, None, :]
        total = joint.sum(axis=(1, 2), keepdims=True)
        return np.asarray(np.divide(joint, total, out=joint, where=total > 0.0))

    def mean(self) -> FloatArray:
        """The expected count of each window looked at; nan where none is possible."""
        mean = (self.joint * self.counts).sum(axis=(1, 2))
        return np.where(self.joint.any(axis=(1, 2)), mean, np.nan)

    def few(self) -> list[tuple[int, tuple[PossibleCount, ...]]]:
        """The windows with few counts, and these."""
        most = self.joint.shape[1]
        apart = range(1 - most, most)
        likely = np.stack(
            [self.joint.diagonal(d, axis1=1, axis2=2).sum(axis=1) for d in apart], axis=1
        )
        number = (likely > 0.0).sum(axis=1)
        found: list[tuple[int, tuple[PossibleCount, ...]]] = []
        for j in np.flatnonzero((number > 1) & (number <= MOST)).tolist():
            same = round(float(self.counts[j, 0, 0]))
            counts = tuple(
                PossibleCount(same + d, probability)
                for d, probability in zip(apart, likely[j].tolist(), strict=True)
                if probability > 0.0
            )
            found.append((int(self.at[j]), counts))
        return found
