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

from collections.abc import Sequence
from math import ceil, floor, inf, isfinite
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import as_array

ROUND_OFF = 1e-9
"""Error of sums of floats, relative to 1."""


class Interval(NamedTuple):
    """A closed interval."""

    low: float
    high: float

    @property
    def empty(self) -> bool:
        """Whether nothing lies in it, beyond the float error of the sums."""
        return is_empty(*self)

    @property
    def middle(self) -> float:
        """Its centre."""
        return 0.5 * (self.low + self.high)

    def times(self, factor: float) -> Interval:
        """The interval times a positive factor."""
        return Interval(self.low * factor, self.high * factor)


Ends = tuple[float, float]
"""The same, unnamed: low and high."""

Held = tuple[float, float, int | None]
"""What the batches between two prints hold: bounds of their mean, and how many right answers, where
that is certain."""


def scaled(n: int, bound: float) -> float:
    """n * bound; nothing for no batches, however wide the bound."""
    return n * bound if n else 0.0


def printed(displayed: float, quantum: float) -> Interval:
    """Where the exact number behind a print lies.

    Half a quantum either way, and a little more: frameworks accumulate in single precision, whose
    error of some 1e-7 relative moves a number across a rounding edge now and then.
    """
    half = half_width(displayed, quantum)
    return Interval(displayed - half, displayed + half)


def half_width(displayed: float, quantum: float) -> float:
    """How far at most the exact number behind a print lies from it."""
    return 0.5 * quantum + 4e-7 * abs(displayed) + 1e-9


def overlap(low: float, high: float, least: float, most: float) -> Ends:
    """What lies between the first two and between the last two."""
    return (least if least > low else low), (most if most < high else high)


def is_empty(low: float, high: float) -> bool:
    """Whether nothing lies between, beyond the float error of the sums."""
    return low > high and low > high + ROUND_OFF * max(1.0, abs(low))


class _Bounds:
    """Bounds on S after each print of one epoch."""

    n: Sequence[float]
    """Batches done, at the start and at each print."""

    def __init__(self, low: float, high: float, batch_size: float | None = None) -> None:
        """`low`, `high`: range of a batch's value; `batch_size`: S is a count over such a size."""
        self.low, self.high, self.batch_size = low, high, batch_size
        self.s: list[Ends] = [(0.0, 0.0)]
        """Bounds on S there."""

    def window(self, i: int) -> Held:
        """Of S's increments between prints i-1 and i."""
        (low0, high0), (low, high) = self.s[i - 1], self.s[i]
        gap = self.n[i] - self.n[i - 1]
        count = None
        if self.batch_size and low0 == high0 and low == high:
            count = round((low - low0) * self.batch_size)
        least, most = (low - high0) / gap, (high - low0) / gap
        return (
            least if least > self.low else self.low,
            most if most < self.high else self.high,
            count,
        )


class Sums(_Bounds):
    """Bounds on S after each print of one epoch, for numbers averaged once.

    Positions `n` are in full batches: a shorter last one counts as a fraction, and weighs as much.
    """

    def __init__(self, low: float, high: float, batch_size: float | None = None) -> None:
        super().__init__(low, high, batch_size)
        self.n: list[float] = [0.0]
        self._whole = [True]

    def push(self, n: float, s: Ends, *, whole: bool = True) -> bool:
        """A print after `n` batches says that S lies in `s`. False, and no change, if impossible.

        `whole`: every batch so far is a full one, so that S is a count of full batches' samples.
        """
        gap = n - self.n[-1]
        (least, most), (low, high) = self.s[-1], s
        if gap:
            least += gap * self.low
            most += gap * self.high
        low = least if least > low else low
        high = most if most < high else high
        if whole and self.batch_size:
            low, high = snap(low, high, self.batch_size)
        if low > high and is_empty(low, high):
            return False
        self.n.append(n)
        self.s.append((low, high))
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
        low, high = as_array(self.s).T
        lower, upper = low, high
        if isfinite(self.high):
            lower = np.maximum.accumulate((low - self.high * n)[::-1])[::-1] + self.high * n
        if isfinite(self.low):
            upper = np.minimum.accumulate((high - self.low * n)[::-1])[::-1] + self.low * n
        found: list[int] = []
        for i in np.flatnonzero((lower > low + ROUND_OFF) | (upper < high - ROUND_OFF)).tolist():
            narrowed = overlap(*self.s[i], float(lower[i]), float(upper[i]))
            if self._whole[i] and self.batch_size:
                narrowed = snap(*narrowed, self.batch_size)
            if i and not is_empty(*narrowed):
                self.s[i] = narrowed
                found.append(i)
        return found


def snap(low: float, high: float, batch_size: float) -> Ends:
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


class DoubleSums(_Bounds):
    """Bounds on S and E after each print of one epoch, for numbers averaged twice.

    Between two prints E grows by sum S_j / j, where S may take any path that rises by 0 to `high` a
    batch: the extreme paths bound S at either end. Values that may be negative have no such paths;
    their S is known only where every batch is printed.
    """

    def __init__(self, low: float, high: float, batch_size: float | None = None) -> None:
        """`low` must be 0 or -inf."""
        super().__init__(low, high, batch_size)
        self.n: list[int] = [0]
        self.e: list[Ends] = [(0.0, 0.0)]

    def push(self, k: int, e: Ends) -> bool:
        """A print after batch `k` says that E lies in `e`. False, and no change, if impossible."""
        k0, s0, (least, most) = self.n[-1], self.s[-1], self.e[-1]
        s = self.reach(s0, k0, k)
        slowest, fastest = self._growth(s0, s, k0, k)
        low, high = overlap(*e, least + slowest, most + fastest)
        if is_empty(low, high):
            return False
        s = self._snap(self._end(s0, s, k0, k, (low - most, high - least)))
        if is_empty(*s):
            return False
        if k - k0 == 1 and s[0] == s[1]:
            low, high = overlap(low, high, least + s[0] / k, most + s[1] / k)
        self.n.append(k)
        self.s.append(s)
        self.e.append((low, high))
        return True

    def append(self, k: int, s: Ends, e: Ends) -> bool:
        """Take S and E after batch `k` as they are; False, and no change, if S is impossible."""
        if is_empty(*s):
            return False
        self.n.append(k)
        self.s.append(s)
        self.e.append(e)
        return True

    def pop(self) -> None:
        """Forget the newest print."""
        self.n.pop()
        self.s.pop()
        self.e.pop()

    def reach(self, s: Ends, k0: int, k: int) -> Ends:
        """Where S can be after batch k if it is in `s` after batch k0."""
        n = k - k0
        return (s[0] + n * self.low, s[1] + n * self.high) if n else s

    def tighten(self) -> list[int]:
        """Carry what later prints say back to the earlier ones; the prints that narrowed."""
        found: list[int] = []
        for i in range(len(self.n) - 2, 0, -1):
            k0, k = self.n[i], self.n[i + 1]
            if k == k0:
                s = overlap(*self.s[i], *self.s[i + 1])
            else:
                (low0, high0), (low, high) = self.e[i], self.e[i + 1]
                grown = low - high0, high - low0
                s = self._snap(self._start(self.s[i], self.s[i + 1], k0, k, grown))
                if is_empty(*s):
                    continue
            if s != self.s[i]:
                self.s[i] = s
                found.append(i)
        return found

    def _growth(self, s0: Ends, s: Ends, k0: int, k: int) -> Ends:
        """Bounds of E's growth from what is known of S at both ends."""
        (least0, most0), (least, most) = s0, s
        if k - k0 == 1:
            return least / k, most / k
        if self.low < 0.0:
            return -inf, inf
        return (
            lowest_path(least0, least0, k0, k, self.high).total,
            highest_path(most0, most, k0, k, self.high).total,
        )

    def _end(self, s0: Ends, s: Ends, k0: int, k: int, grown: Ends) -> Ends:
        """S at the end of a gap over which E grew by `grown`."""
        (least, most), (slowest, fastest) = s0, grown
        low, high = s
        if k - k0 == 1:
            return overlap(low, high, k * slowest, k * fastest)
        if self.low < 0.0:
            return s
        # a path's last term alone is S_k / k, so S_k <= k * growth
        high = min(high, k * fastest)
        for _ in range(NEWTON_STEPS):
            path = lowest_path(least, high, k0, k, self.high)
            if path.total <= fastest or path.slope_end == 0.0:
                break
            high -= (path.total - fastest) / path.slope_end
        for _ in range(NEWTON_STEPS):
            path = highest_path(most, low, k0, k, self.high)
            if path.total >= slowest or path.slope_end == 0.0:
                break
            low += (slowest - path.total) / path.slope_end
        return low, high

    def _start(self, s0: Ends, s: Ends, k0: int, k: int, grown: Ends) -> Ends:
        """S at the start of a gap over which E grew by `grown`."""
        n, (least, most), (slowest, fastest) = k - k0, s, grown
        low, high = overlap(*s0, least - n * self.high, most - n * self.low)
        if n == 1:
            # the growth is S_k / k
            low, high = overlap(low, high, k * slowest - self.high, k * fastest - self.low)
        if n == 1 or self.low < 0.0 or is_empty(low, high):
            return low, high
        # S never falls, so the growth is at least S_k0 times the sum of 1 / j
        high = min(high, fastest / (harmonic(k) - harmonic(k0)))
        for _ in range(NEWTON_STEPS):
            path = lowest_path(high, least, k0, k, self.high)
            if path.total <= fastest or path.slope_start == 0.0:
                break
            high -= (path.total - fastest) / path.slope_start
        for _ in range(NEWTON_STEPS):
            path = highest_path(low, most, k0, k, self.high)
            if path.total >= slowest or path.slope_start == 0.0:
                break
            low += (slowest - path.total) / path.slope_start
        return low, high

    def _snap(self, s: Ends) -> Ends:
        return snap(*s, self.batch_size) if self.batch_size else s
