"""What a mean over the newest W batches tells of those that came since the print before.

The sum of the new batches is what W m has grown by, and what has left it: with m after k0 and after k
batches, W m_k - W m_k0 + (sum of the batches k0-W+1 .. k-W). So a window is told by older windows, for
certain as bounds and, as roundings add up from window to window, likelier as an estimate that what the
level leads to expect holds back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from tui_monitor.core.averages.bounds import Held, Interval, scaled


class Guess(NamedTuple):
    """Mean of a window, and the variance that it is known to."""

    mean: float
    variance: float


class Part(NamedTuple):
    """Batches that lie in one window, or in none that was printed."""

    window: int | None
    """The print that ends it."""
    n: int
    """How many."""
    rest: int
    """How many others are in it."""


class SlidingSums:
    """Windows between prints; k counts from where the mean began."""

    def __init__(self, window: int, low: float, high: float, since: int = 0) -> None:
        """`low`, `high`: range of a batch's value; `since`: batches before those of the first print."""
        self.size, self.low, self.high = window, low, high
        self.k = [since]
        self.s = [Interval(0.0, 0.0)]
        """Bounds on the sum of each window."""
        self._where = [Interval(0.0, 0.0)]
        self._guesses: list[Guess | None] = [None]

    def start(self, i: int) -> int:
        """Batches done before those that print i tells of: none that have left the mean."""
        return max(self.k[i - 1], self.k[i] - self.size)

    def push(self, k: int, where: Interval) -> bool:
        """The mean after `k` batches lies in `where`. False, and no change, if that is impossible."""
        k0 = self.k[-1]
        inside = min(k, self.size)
        n = min(k - k0, inside)
        total = where.times(inside)
        found = Interval(
            max(n * self.low, total.low - scaled(inside - n, self.high)),
            min(n * self.high, total.high - scaled(inside - n, self.low)),
        )
        if n < inside:
            last = self._where[-1].times(min(k0, self.size))
            left = self._between(*self._leaving(k0, k))
            found = Interval(
                max(found.low, total.low - last.high + left.low),
                min(found.high, total.high - last.low + left.high),
            )
        if found.empty:
            return False
        self.k.append(k)
        self.s.append(found)
        self._where.append(where)
        self._guesses.append(None)
        return True

    def pop(self) -> None:
        """Forget the newest print."""
        for column in (self.k, self.s, self._where, self._guesses):
            column.pop()

    def tighten(self) -> list[int]:
        """What later prints say of earlier batches is in the bounds of the later ones."""
        return []

    def window(self, i: int) -> Held:
        """Of the batches that print i tells of; right answers are not counted here."""
        n = self.k[i] - self.start(i)
        return self.s[i].low / n, self.s[i].high / n, None

    def guess(self, level: Guess, noise: float) -> Guess:
        """The newest window's mean, by the prints and by what the level leads to expect.

        `noise`: variance of one batch.
        """
        k0, k = self.k[-2:]
        inside = min(k, self.size)
        n = k - self.start(len(self.k) - 1)
        where = self._where[-1]
        total, variance = inside * where.middle, _of_rounding(inside, where)
        if n < inside:
            before, kept = self._where[-2], min(k0, self.size)
            total -= kept * before.middle
            variance += _of_rounding(kept, before)
            for part in self._parts(*self._leaving(k0, k)):
                added = self._guess_of(part, level, noise)
                total += added.mean
                variance += added.variance
        expected = level.variance + noise / n
        share = expected / max(expected + variance / n**2, 1e-300)
        mean = level.mean + share * (total / n - level.mean)
        low, high, _ = self.window(len(self.k) - 1)
        found = Guess(min(max(mean, low), high), (1.0 - share) * expected)
        self._guesses[-1] = found
        return found

    def _leaving(self, k0: int, k: int) -> tuple[int, int]:
        """After which batch those begin that leave the mean from k0 to k, and which is the last."""
        return max(k0 - self.size, 0), max(k - self.size, 0)

    def _parts(self, first: int, last: int) -> Iterator[Part]:
        """In which windows the batches first+1 .. last lie."""
        i = bisect_right(self.k, first)
        while first < last:
            begin, end = self.start(i), self.k[i]
            if first < begin:
                n = min(begin, last) - first
                yield Part(None, n, 0)
            else:
                n = min(end, last) - first
                yield Part(i, n, end - begin - n)
                i += 1
            first += n

    def _between(self, first: int, last: int) -> Interval:
        """Bounds on the sum of the batches first+1 .. last."""
        low = high = 0.0
        for window, n, rest in self._parts(first, last):
            least, most = scaled(n, self.low), scaled(n, self.high)
            if window is not None:
                least = max(least, self.s[window].low - scaled(rest, self.high))
                most = min(most, self.s[window].high - scaled(rest, self.low))
            low, high = low + least, high + most
        return Interval(low, high)

    def _guess_of(self, part: Part, level: Guess, noise: float) -> Guess:
        """The sum of some batches of a window, and its variance."""
        n = part.n
        known = None if part.window is None else self._guesses[part.window]
        if known is None:
            return Guess(n * level.mean, n * noise + n * n * level.variance)
        # a part of a window scatters about its mean
        scatter = noise * n * part.rest / (n + part.rest)
        return Guess(n * known.mean, n * n * known.variance + scatter)


def _of_rounding(n: int, where: Interval) -> float:
    """Variance of a sum of n that its mean's rounding makes."""
    return (n * (where.high - where.low)) ** 2 / 12.0
