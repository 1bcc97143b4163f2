"""What is known for certain: intervals that rounding guarantees, and exact counts.

Rounding tells that a printed number is within half a quantum of the exact one. The sums behind the
prints of an epoch (see `laws`) then lie in intervals, and since each batch adds something between
`low` and `high` to S, one print narrows its neighbours: intervals are propagated forward as prints
arrive and backward over what is there. For a chain of such difference constraints this gives the
exact projections (Davis 1987, Artificial Intelligence 32:281, on bounds propagation).

An accuracy is a count: S times the batch size is an integer. Snapping intervals to integers makes
early windows exact.

This module knows no likelihood: every interval holds whatever the batches were.
"""

from __future__ import annotations

from math import ceil, floor, inf, isfinite
from typing import NamedTuple

import numpy as np

ROUND_OFF = 1e-9
"""Error of sums of floats, relative to 1."""


class Interval(NamedTuple):
    """A closed interval."""

    low: float
    high: float

    @property
    def empty(self) -> bool:
        """Whether nothing lies in it, beyond the float error of the sums."""
        low, high = self
        return low > high and low > high + ROUND_OFF * max(1.0, abs(low))

    @property
    def middle(self) -> float:
        """Its centre."""
        return 0.5 * (self.low + self.high)

    def times(self, factor: float) -> Interval:
        """The interval times a positive factor."""
        return Interval(self.low * factor, self.high * factor)


def scaled(n: int, bound: float) -> float:
    """n * bound; nothing for no batches, however wide the bound."""
    return n * bound if n else 0.0


def printed(displayed: float, quantum: float) -> Interval:
    """Where the exact number behind a print lies.

    Half a quantum either way, and a little more: frameworks accumulate in single precision, whose
    error of some 1e-7 relative moves a number across a rounding edge now and then.
    """
    half = 0.5 * quantum + 4e-7 * abs(displayed) + 1e-9
    return Interval(displayed - half, displayed + half)


class Sums:
    """Bounds on S after each print of one epoch, for numbers averaged once.

    Positions `n` are in full batches (a shorter last batch counts as a fraction).
    """

    def __init__(self, low: float, high: float, batch_size: float | None = None) -> None:
        """`low`, `high`: range of a batch's value; `batch_size`: S is a count over such a size."""
        self.low, self.high, self.batch_size = low, high, batch_size
        self.n = [0.0]
        self.s = [Interval(0.0, 0.0)]
        self._whole = [True]

    def push(self, n: float, s: tuple[float, float], *, whole: bool = True) -> bool:
        """A print after `n` batches says that S lies in `s`. False, and no change, if impossible.

        `whole`: every batch so far is a full one, so that S is a count of full batches' samples.
        """
        gap = n - self.n[-1]
        (least, most), (low, high) = self.s[-1], s
        if gap:
            least += gap * self.low
            most += gap * self.high
        low, high = max(low, least), min(high, most)
        if whole and self.batch_size:
            low, high = snap(low, high, self.batch_size)
        narrowed = Interval(low, high)
        if narrowed.empty:
            return False
        self.n.append(n)
        self.s.append(narrowed)
        self._whole.append(whole)
        return True

    def pop(self) -> None:
        """Forget the newest print."""
        self.n.pop()
        self.s.pop()
        self._whole.pop()

    def tighten(self) -> list[int]:
        """Carry what later prints say back to the earlier ones; the prints that narrowed.

        S rises by `low` to `high` a batch, so that S - n `high` never rises, S - n `low` never falls.
        """
        n = np.array(self.n)
        low, high = np.array(self.s).T
        lower, upper = low, high
        if isfinite(self.high):
            lower = np.maximum.accumulate((low - self.high * n)[::-1])[::-1] + self.high * n
        if isfinite(self.low):
            upper = np.minimum.accumulate((high - self.low * n)[::-1])[::-1] + self.low * n
        found: list[int] = []
        for i in np.flatnonzero((lower > low + ROUND_OFF) | (upper < high - ROUND_OFF)).tolist():
            narrowed = Interval(
                max(float(lower[i]), self.s[i].low), min(float(upper[i]), self.s[i].high)
            )
            if self._whole[i] and self.batch_size:
                narrowed = Interval(*snap(*narrowed, self.batch_size))
            if i and not narrowed.empty:
                self.s[i] = narrowed
                found.append(i)
        return found

    def window(self, i: int) -> Interval:
        """Bounds of the mean of S's increments between prints i-1 and i (weighted by size)."""
        gap = self.n[i] - self.n[i - 1]
        (low0, high0), (low, high) = self.s[i - 1], self.s[i]
        return Interval(max(self.low, (low - high0) / gap), min(self.high, (high - low0) / gap))

    def count(self, i: int) -> int | None:
        """The number of right answers between prints i-1 and i, where it is certain."""
        if self.batch_size is None:
            return None
        (low0, high0), (low, high) = self.s[i - 1], self.s[i]
        return round((low - low0) * self.batch_size) if low0 == high0 and low == high else None


def snap(low: float, high: float, batch_size: float) -> tuple[float, float]:
    """An interval cut down to the multiples of 1 / batch_size within it."""
    return (
        ceil(low * batch_size - 1e-6) / batch_size if low > -inf else low,
        floor(high * batch_size + 1e-6) / batch_size if high < inf else high,
    )


# --- averaged twice ------------------------------------------------------------------------------

_HARMONIC = [0.0]


def harmonic(k: int) -> float:
    """1 + 1/2 + .. + 1/k."""
    for j in range(len(_HARMONIC), k + 1):
        _HARMONIC.append(_HARMONIC[-1] + 1.0 / j)
    return _HARMONIC[k]


class Path(NamedTuple):
    """sum_{j=k0+1..k} S_j / j of an extreme path, and its slopes in its two ends."""

    total: float
    slope_start: float
    slope_end: float


def highest_path(start: float, end: float, k0: int, k: int, rate: float) -> Path:
    """Largest total of a path with S_k0 <= start, S_k <= end, rising by <= `rate` a batch.

    That is sum min(start + rate (j - k0), end) / j; concave in both ends.
    """
    if rate == inf or start >= end:
        return Path(end * (harmonic(k) - harmonic(k0)), 0.0, harmonic(k) - harmonic(k0))
    turn = min(k, k0 + floor((end - start) / rate))
    rising, flat = harmonic(turn) - harmonic(k0), harmonic(k) - harmonic(turn)
    return Path((start - rate * k0) * rising + rate * (turn - k0) + end * flat, rising, flat)


def lowest_path(start: float, end: float, k0: int, k: int, rate: float) -> Path:
    """Smallest total of a path with S_k0 >= start, S_k >= end, rising by <= `rate` a batch.

    That is sum max(start, end - rate (k - j)) / j; convex in both ends.
    """
    if start >= end:
        return Path(start * (harmonic(k) - harmonic(k0)), harmonic(k) - harmonic(k0), 0.0)
    turn = k - 1 if rate == inf else max(k0, k - 1 - floor((end - start) / rate))
    flat, rising = harmonic(turn) - harmonic(k0), harmonic(k) - harmonic(turn)
    climb = 0.0 if rate == inf else rate * (k - turn) - rate * k * rising
    return Path(start * flat + end * rising + climb, flat, rising)


NEWTON_STEPS = 6
"""Every Newton iterate below is a valid bound, since the paths are convex or concave: more steps
only make it tighter, and the paths are piecewise linear, so a few reach the end."""


class DoubleSums:
    """Bounds on S and E after each print of one epoch, for numbers averaged twice.

    Between two prints E grows by sum S_j / j, where S may take any path that rises by 0 to `high` a
    batch: the extreme paths bound S at either end. Values that may be negative have no such paths;
    their S is known only where every batch is printed.
    """

    def __init__(self, low: float, high: float, batch_size: float | None = None) -> None:
        """See `Sums`. `low` must be 0 or -inf."""
        self.low, self.high, self.batch_size = low, high, batch_size
        self.k = [0]
        self.s = [Interval(0.0, 0.0)]
        self.e = [Interval(0.0, 0.0)]

    def push(self, k: int, e: Interval) -> bool:
        """A print after batch `k` says that E lies in `e`. False, and no change, if impossible."""
        k0, s0, e0 = self.k[-1], self.s[-1], self.e[-1]
        s = self.reach(s0, k0, k)
        grown = self._growth(s0, s, k0, k)
        e = Interval(max(e.low, e0.low + grown.low), min(e.high, e0.high + grown.high))
        if e.empty:
            return False
        s = self._snap(self._end(s0, s, k0, k, Interval(e.low - e0.high, e.high - e0.low)))
        if s.empty:
            return False
        if k - k0 == 1 and s.low == s.high:
            e = Interval(max(e.low, e0.low + s.low / k), min(e.high, e0.high + s.high / k))
        self.k.append(k)
        self.s.append(s)
        self.e.append(e)
        return True

    def append(self, k: int, s: Interval, e: Interval) -> bool:
        """Take S and E after batch `k` as they are; False, and no change, if S is impossible."""
        if s.empty:
            return False
        self.k.append(k)
        self.s.append(s)
        self.e.append(e)
        return True

    def pop(self) -> None:
        """Forget the newest print."""
        self.k.pop()
        self.s.pop()
        self.e.pop()

    def reach(self, s: Interval, k0: int, k: int) -> Interval:
        """Where S can be after batch k if it is in `s` after batch k0."""
        n = k - k0
        if not n:
            return s
        return Interval(s.low + n * self.low, s.high + n * self.high)

    def tighten(self) -> list[int]:
        """Carry what later prints say back to the earlier ones; the prints that narrowed."""
        found: list[int] = []
        for i in range(len(self.k) - 2, 0, -1):
            k0, k = self.k[i], self.k[i + 1]
            if k == k0:
                here, after = self.s[i], self.s[i + 1]
                s = Interval(max(here.low, after.low), min(here.high, after.high))
            else:
                e0, e = self.e[i], self.e[i + 1]
                grown = Interval(e.low - e0.high, e.high - e0.low)
                s = self._snap(self._start(self.s[i], self.s[i + 1], k0, k, grown))
                if s.empty:
                    continue
            if s != self.s[i]:
                self.s[i] = s
                found.append(i)
        return found

    def window(self, i: int) -> Interval:
        """Bounds of the mean of the batches between prints i-1 and i."""
        gap = self.k[i] - self.k[i - 1]
        before, after = self.s[i - 1], self.s[i]
        return Interval(
            max(self.low, (after.low - before.high) / gap),
            min(self.high, (after.high - before.low) / gap),
        )

    def count(self, i: int) -> int | None:
        """The number of right answers between prints i-1 and i, where it is certain."""
        before, after = self.s[i - 1], self.s[i]
        if self.batch_size is None or before.low != before.high or after.low != after.high:
            return None
        return round((after.low - before.low) * self.batch_size)

    def _growth(self, s0: Interval, s: Interval, k0: int, k: int) -> Interval:
        """Bounds of E's growth from what is known of S at both ends."""
        if k - k0 == 1:
            return Interval(s.low / k, s.high / k)
        if self.low < 0.0:
            return Interval(-inf, inf)
        return Interval(
            lowest_path(s0.low, s0.low, k0, k, self.high).total,
            highest_path(s0.high, s.high, k0, k, self.high).total,
        )

    def _end(self, s0: Interval, s: Interval, k0: int, k: int, grown: Interval) -> Interval:
        """S at the end of a gap over which E grew by `grown`."""
        if k - k0 == 1:
            return Interval(max(s.low, k * grown.low), min(s.high, k * grown.high))
        if self.low < 0.0:
            return s
        # a path's last term alone is S_k / k, so S_k <= k * growth
        high = min(s.high, k * grown.high)
        for _ in range(NEWTON_STEPS):
            path = lowest_path(s0.low, high, k0, k, self.high)
            if path.total <= grown.high or path.slope_end == 0.0:
                break
            high -= (path.total - grown.high) / path.slope_end
        low = s.low
        for _ in range(NEWTON_STEPS):
            path = highest_path(s0.high, low, k0, k, self.high)
            if path.total >= grown.low or path.slope_end == 0.0:
                break
            low += (grown.low - path.total) / path.slope_end
        return Interval(low, high)

    def _start(self, s0: Interval, s: Interval, k0: int, k: int, grown: Interval) -> Interval:
        """S at the start of a gap over which E grew by `grown`."""
        n = k - k0
        low, high = s.low - n * self.high, s.high - n * self.low
        if n == 1:
            # the growth is S_k / k
            low, high = max(low, k * grown.low - self.high), min(high, k * grown.high - self.low)
        s0 = Interval(max(s0.low, low), min(s0.high, high))
        if n == 1 or self.low < 0.0 or s0.empty:
            return s0
        # S never falls, so the growth is at least S_k0 times the sum of 1 / j
        high = min(s0.high, grown.high / (harmonic(k) - harmonic(k0)))
        for _ in range(NEWTON_STEPS):
            path = lowest_path(high, s.low, k0, k, self.high)
            if path.total <= grown.high or path.slope_start == 0.0:
                break
            high -= (path.total - grown.high) / path.slope_start
        low = s0.low
        for _ in range(NEWTON_STEPS):
            path = highest_path(low, s.high, k0, k, self.high)
            if path.total >= grown.low or path.slope_start == 0.0:
                break
            low += (grown.low - path.total) / path.slope_start
        return Interval(low, high)

    def _snap(self, s: Interval) -> Interval:
        return s if self.batch_size is None else Interval(*snap(*s, self.batch_size))
