"""What is known for certain behind an exponential mean.

As in `bounds`, a print tells where a sum lies, and what a batch can be narrows that. The sum fades, so
that two of them tell a weighted mean of the batches between; of their plain mean it bounds both ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from tui_monitor.core.averages import gaps
from tui_monitor.core.averages.bounds import Held, Interval
from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.averages.laws import Law

MOST = 1000
"""Batches between two prints of which a weighted mean tells anything about the plain one."""


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
        return gaps.of_fading(self.k[i - 1], self.k[i], self.law.decay, self.law.first)

    def push(self, k: int, where: Interval) -> bool:
        """The mean after `k` batches lies in `where`. False, and no change, if that is impossible."""
        self.k.append(k)
        g, before, weight = self._gap(len(self.s)), self.s[-1], self.law.weight(k)
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

    def window(self, i: int) -> Held:
        """Of the batches between prints i-1 and i; right answers are not counted here."""
        return (*self._mean(i), None)

    def _mean(self, i: int) -> Interval:
        """Bounds of the plain mean of the batches between prints i-1 and i."""
        g, before, after = self._gap(i), self.s[i - 1], self.s[i]
        weighted = Interval(
            max(self.low, (after.low - g.fade * before.high) / g.gain),
            min(self.high, (after.high - g.fade * before.low) / g.gain),
        )
        if g.n == 1:
            return weighted
        if g.n > MOST:
            return Interval(self.low, self.high)
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
