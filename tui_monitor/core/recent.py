"""What is known for certain behind means that forget: exponential and sliding ones.

As in `bounds`, a print tells where a sum lies, and what a batch can be narrows that. Here the window
between two prints does not follow from two sums alone: an exponential mean weighs its batches, and
from a sliding one as much leaves as comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import inf

from tui_monitor.core.bounds import Interval, scaled
from tui_monitor.core.kalman import Gap, fading_gap
from tui_monitor.core.laws import Law


class FadingSums:
    """Bounds on S after each print, for an exponential mean; k counts from where it began."""

    def __init__(self, law: Law, low: float, high: float) -> None:
        """`low`, `high`: range of a batch's value."""
        self.law, self.low, self.high = law, low, high
        self.k = [0]
        self.s = [Interval(0.0, 0.0)]
        self._tightened = 0
        """Up to this print later ones have been heard of."""

    def _gap(self, i: int) -> Gap:
        """From print i-1 to print i."""
        k0, k = self.k[i - 1], self.k[i]
        first = self.law.memory if self.law.seeded and not k0 else 1.0
        return fading_gap(k - k0, self.law.decay, first)

    def weight(self, k: int) -> float:
        """n_k, by which S is divided for the print."""
        return self.law.memory * (1.0 if self.law.seeded else 1.0 - self.law.decay**k)

    def push(self, k: int, where: Interval) -> bool:
        """The mean after `k` batches lies in `where`. False, and no change, if that is impossible."""
        self.k.append(k)
        g, before, weight = self._gap(len(self.s)), self.s[-1], self.weight(k)
        narrowed = Interval(
            max(weight * where.low, g.fade * before.low + g.gain * self.low),
            min(weight * where.high, g.fade * before.high + g.gain * self.high),
        )
        if narrowed.empty:
            self.k.pop()
            return False
        self.s.append(narrowed)
        return True

    def pop(self) -> None:
        """Forget the newest print."""
        self.k.pop()
        self.s.pop()
        self._tightened = min(self._tightened, len(self.s) - 1)

    def tighten(self) -> list[int]:
        """Carry what later prints say back to the earlier ones; the prints that narrowed."""
        found: list[int] = []
        for i in range(len(self.s) - 1, 1, -1):
            g, after, before = self._gap(i), self.s[i], self.s[i - 1]
            if not g.fade:
                continue
            narrowed = Interval(
                max(before.low, (after.low - g.gain * self.high) / g.fade),
                min(before.high, (after.high - g.gain * self.low) / g.fade),
            )
            if narrowed != before and not narrowed.empty:
                self.s[i - 1] = narrowed
                found.append(i - 1)
            elif i <= self._tightened:
                break
        self._tightened = len(self.s) - 1
        return found

    def window(self, i: int) -> Interval:
        """Bounds of the plain mean of the batches between prints i-1 and i."""
        g, before, after = self._gap(i), self.s[i - 1], self.s[i]
        weighted = Interval(
            max(self.low, (after.low - g.fade * before.high) / g.gain),
            min(self.high, (after.high - g.fade * before.low) / g.gain),
        )
        if g.n == 1:
            return weighted
        weights = [self.law.decay**m for m in range(g.n)]
        weights[-1] += g.gain - sum(weights)  # what the first batch counts more
        return plain_mean(weighted, weights, self.low, self.high)


def plain_mean(where: Interval, weights: Sequence[float], low: float, high: float) -> Interval:
    """Where the plain mean of values within [low, high] lies, if their weighted mean is in `where`.

    It is largest where the batches that weigh least have as much as they can, and smallest where
    those do that weigh most.
    """
    if low == -inf:
        return Interval(low, high)
    order, total, n = sorted(weights), sum(weights), len(weights)
    least = _filled(order[::-1], total * (where.low - low), high - low)
    most = _filled(order, total * (where.high - low), high - low)
    return Interval(low + least / n, low + most / n)


def _filled(weights: Sequence[float], budget: float, room: float) -> float:
    """Sum of values up to `room` each, taken one after the other, whose weighted sum is `budget`."""
    filled = 0.0
    for weight in weights:
        value = min(room, budget / weight)
        filled += value
        budget -= weight * value
        if budget <= 0.0:
            break
    return filled


class SlidingSums:
    """Bounds on the sum of the batches between two prints, for a mean of the newest `window`."""

    def __init__(self, window: int, low: float, high: float) -> None:
        """`low`, `high`: range of a batch's value."""
        self.size, self.low, self.high = window, low, high
        self.k = [0]
        self._where = [Interval(0.0, 0.0)]
        self.s = [Interval(0.0, 0.0)]

    def start(self, i: int) -> int:
        """Batches done before those that print i tells of: none that have left the mean."""
        return max(self.k[i - 1], self.k[i] - self.size)

    def push(self, k: int, where: Interval) -> bool:
        """The mean after `k` batches lies in `where`. False, and no change, if that is impossible.

        With W for the window, the sum of the batches after k0 is what W m has grown by, and what
        has left it: W m_k - W m_k0 + (sum of the batches k0-W+1 .. k-W).
        """
        k0, before = self.k[-1], self._where[-1]
        inside = min(k, self.size)
        n = min(k - k0, inside)
        total = where.times(inside)
        found = Interval(
            max(n * self.low, total.low - scaled(inside - n, self.high)),
            min(n * self.high, total.high - scaled(inside - n, self.low)),
        )
        if k - self.size < k0:
            last = before.times(min(k0, self.size))
            left = self._between(max(k0 - self.size, 0), max(k - self.size, 0))
            found = Interval(
                max(found.low, total.low - last.high + left.low),
                min(found.high, total.high - last.low + left.high),
            )
        if found.empty:
            return False
        self.k.append(k)
        self._where.append(where)
        self.s.append(found)
        return True

    def _between(self, first: int, last: int) -> Interval:
        """Bounds on the sum of the batches first+1 .. last."""
        low = high = 0.0
        i = bisect_right(self.k, first)
        while first < last:
            begin, end = self.start(i), self.k[i]
            if first < begin:  # never printed
                n = min(begin, last) - first
                low, high = low + scaled(n, self.low), high + scaled(n, self.high)
                first += n
                continue
            n, rest = min(end, last) - first, end - begin - (min(end, last) - first)
            low += max(self.s[i].low - scaled(rest, self.high), scaled(n, self.low))
            high += min(self.s[i].high - scaled(rest, self.low), scaled(n, self.high))
            first += n
            i += 1
        return Interval(low, high)

    def pop(self) -> None:
        """Forget the newest print."""
        self.k.pop()
        self._where.pop()
        self.s.pop()

    def tighten(self) -> list[int]:
        """What later prints say of earlier batches is in the bounds of the later ones."""
        return []

    def window(self, i: int) -> Interval:
        """Bounds of the mean of the batches that print i tells of."""
        n = self.k[i] - self.start(i)
        return Interval(self.s[i].low / n, self.s[i].high / n)
