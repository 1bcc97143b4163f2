"""Whether a metric is a mean of batches at all: told by prints that no mean would make.

A bar may show under any name what nothing averages: a schedule, a best value so far, a count. Four
things are odd for d_k, the running mean of an epoch's first k batches, whatever these are:

| a mean of batches | but these | so does |
|---|---|---|
| moves by w/k of what w new batches differ by | move as far late as early | what is new each time |
| starts anew with each epoch | go on where they were | a schedule, a state of the run |
| moves on once it moves: no batch equals it to the last digit | jump, then stay | the best so far |
| is whole by a chance of 1/k, even of whole numbers | are whole | a count |

Each fact is a sum of log-likelihood ratios, a rival's over the mean's, that grows print by print until
it is beyond doubt either way: Wald's sequential test (1945, Annals of Mathematical Statistics 16:117).
No print counts for more than some nats: outliers, which a mean has too, decide nothing.

What cannot be told: a ratio or a root of sums over an epoch's samples (AUC, precision, RMSE) moves by
1/k like a mean, and a smooth curve that begins anew with each epoch may be a mean of batches as smooth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, log
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.inference.evidence import Sample
from tui_monitor.core.inference.marginal import Standing, covariance, mean, one_by_one

BEYOND_DOUBT = 12.0
"""Nats by which a rival must be likelier than a mean: true means, made up by thousands, come to 4."""
MOVES_BEYOND_DOUBT = 32.0
"""The same of moves: the noise of batches may grow as no model has it."""
A_MEAN = -15.0
"""Nats at which a fact is not asked for again."""
MOST = 4.0
"""Nats that one print may count."""
MOST_PRINTS = 64
"""Prints of an epoch, from its start, that are held against how a mean moves."""
MOST_TAKEN = 1000
"""Prints that are looked at within epochs at all."""
MOST_MOVES = 250
"""Moves that are, of all epochs together."""
ENOUGH_MOVES = 32
"""Moves before that is asked."""
SHRINKS = 0.65
"""Power of w/k as which moves turn less and less, below which they are worth a likelihood; 1 for a
mean of batches with a steady noise."""
CLEARLY = 0.8
"""The same above which, after twice as many moves, it is not asked for again."""
VISIBLE = 4.0
"""Units in the last digit that a mean must be expected to move before staying is odd."""
FRACTION = 0.01
"""Last digit that shows whether a number is whole."""
LARGE = 1e5
"""Numbers from here on may be whole because they are of single precision."""
NEAR = 0.2
"""Share of the way of an epoch that a number which goes on may go at once."""
TINY = 1e-15
"""Least last digit: a zero may be printed without any."""
FINEST = 1e-4
"""Least rounding, relative to how far the numbers moved: finer digits tell no more."""
ANYWHERE = 10.0
"""Variance of the level an epoch starts at, in terms of how far the numbers moved."""
NOISES: FloatArray = 2.0 / 8.0 ** np.arange(9.0)
"""Scales of a batch's noise, relative to k: after k batches it moves a mean by 1/k of itself."""
SCATTERS: FloatArray = 0.5 / 10.0 ** np.arange(6.0)
"""What a number of its own scatters by, at each print."""
WALKS: FloatArray = 4.0 / 10.0 ** np.arange(6.0)
"""How far it may have gone by the last."""


class _Move(NamedTuple):
    """From one print to the next."""

    by: float
    k: int
    """Batches done after it."""
    w: int
    """Batches that were new to it."""

    @property
    def size(self) -> float:
        """How far."""
        return abs(self.by)


class Doubt:
    """The facts against a metric's being a mean, as its prints come."""

    def __init__(self) -> None:
        self._epoch: list[Sample] = []
        """The newest epoch's first prints, each of them adding a batch."""
        self._weighed = 0
        """Of these: how many were when moves were weighed last."""
        self._first: Sample | None = None
        self._last: Sample | None = None
        """The newest epoch's first and newest print."""
        self._move: _Move | None = None
        self._moves = _Slope()
        self._newest = self._over = 0.0
        """Nats that moves tell of the newest epoch, and of those before."""
        self._goes_on = self._stays = self._whole = 0.0
        self._taken = 0

    @property
    def is_over(self) -> bool:
        """Whatever is still to come, the metric is a mean as far as can be told."""
        return not self.asks_each and self._goes_on <= A_MEAN

    @property
    def asks_each(self) -> bool:
        """Prints within an epoch may yet tell more, not only its first and its last."""
        if self._taken >= MOST_TAKEN:
            return False
        return self._in_question or max(self._stays, self._whole) > A_MEAN

    @property
    def is_certain(self) -> bool:
        """The metric is no mean of batches."""
        others = max(self._goes_on, self._stays, self._whole)
        return others > BEYOND_DOUBT or self._over + self._newest > MOVES_BEYOND_DOUBT

    def take(self, samples: Iterable[Sample]) -> None:
        """Take the next prints, in order."""
        for s in samples:
            before = self._last
            self._taken += 1
            if before is None or before.epoch != s.epoch:
                self._open(s, before)
            elif not s.final and not s.last and s.k > before.k:
                self._take(s, before)
            if s.displayed != round(s.displayed) or s.quantum > FRACTION:
                self._whole = -inf
            self._last = s

    def _open(self, s: Sample, before: Sample | None) -> None:
        """An epoch's first print."""
        if before is not None and self._first is not None and self._first.k == s.k:
            self._goes_on += went_on(self._first, before, s)
        self._first, self._move = s, None
        self._over, self._newest = self._over + self._newest, 0.0
        self._epoch, self._weighed = [s], 0

    def _take(self, s: Sample, before: Sample) -> None:
        """A print that adds batches."""
        move = _Move(s.displayed - before.displayed, s.k, s.k - before.k)
        if self._stays > A_MEAN and self._move is not None:
            self._stays += stayed(self._move, move, s.quantum)
        if self._whole > A_MEAN and self._move is not None:
            self._whole += counted(s.displayed, self._move, move)
        if len(self._epoch) < MOST_PRINTS and self._in_question:
            self._epoch.append(s)
            if self._move is not None:
                # less where the move before led to: a trend is no noise
                turned = abs(move.by - self._move.by * move.w / self._move.w)
                self._moves.take(log(move.w / move.k), log(max(turned, 0.25 * s.quantum, TINY)))
        self._move = move

    @property
    def _in_question(self) -> bool:
        """Whether moves may yet tell more."""
        if self._moves.count >= 2 * ENOUGH_MOVES and self._moves.slope > CLEARLY:
            return False
        return self._over + self._newest > A_MEAN and self._moves.count < MOST_MOVES

    def weigh(self, depths: Sequence[int]) -> None:
        """Hold moves against those of means; `depths`: how often the bar may average."""
        if self._moves.count < ENOUGH_MOVES or len(self._epoch) <= max(2, self._weighed):
            return
        if self._over + self._newest > A_MEAN and self._moves.slope < SHRINKS:
            self._weighed = len(self._epoch)
            self._newest = unlike_means(self._epoch, depths)


class _Slope:
    """Regression on a straight line through the mean, as the points come."""

    def __init__(self) -> None:
        self.count = 0
        self._x = self._y = self._xx = self._xy = 0.0

    def take(self, x: float, y: float) -> None:
        """Take a point."""
        self.count += 1
        self._x += x
        self._y += y
        self._xx += x * x
        self._xy += x * y

    @property
    def slope(self) -> float:
        """Of the line; 0 where it may be any."""
        variance = self._xx - self._x**2 / self.count if self.count else 0.0
        return (self._xy - self._x * self._y / self.count) / variance if variance > 1e-9 else 0.0


def limited(nats: float) -> float:
    """What a print may count."""
    return min(max(nats, -MOST), MOST)


def went_on(first: Sample, last: Sample, now: Sample) -> float:
    """Nats by which an epoch that begins near the end of the one before is likelier of no mean.

    Means of as few batches, the two epochs' first numbers are as far from the mean of one as from
    that of the other: a share r of the distance of one is all that there is of the other by a chance
    of about r.
    """
    digit = max(last.quantum, now.quantum, TINY)
    before = abs(last.displayed - first.displayed) + digit
    after = abs(now.displayed - last.displayed) + digit
    if max(before, after) <= VISIBLE * digit:
        return 0.0
    return limited(log(NEAR * before / after))


def stayed(before: _Move, now: _Move, quantum: float) -> float:
    """Nats by which a number that stays, or not, after it moved is likelier of no mean.

    The batches that moved a mean differ from it by k/w times the move; if the next do as well, all
    places that it may move to are as likely, and within the last digit are two of them.
    """
    places = before.size * now.w / now.k / quantum if quantum else 0.0
    if places < VISIBLE:
        return 0.0
    stays = now.size < 0.5 * quantum
    return limited(log(0.25 * places) if stays else -log(2.0 - 4.0 / places))


def counted(displayed: float, before: _Move, now: _Move) -> float:
    """Nats by which a whole number that has changed is likelier a count.

    Steps of one size leave nothing to chance: a mean of such steps goes on so too, but for one that
    comes from zero.
    """
    steady = now.size * before.w == before.size * now.w
    from_zero = now.size * now.k == abs(displayed) * now.w
    if now.size < 1.0 or (steady and not from_zero) or abs(displayed) >= LARGE:
        return 0.0
    return limited(log(now.k))


def unlike_means(prints: Sequence[Sample], depths: Sequence[int]) -> float:
    """Nats by which prints are likelier of no mean, whichever of `depths` the bar averages by.

    The rival is a number of its own at each print: a random walk with white noise. The means are of
    batches about any level (see `marginal`), with a noise that is steady or grows with k.
    """
    told = np.array([s.displayed for s in prints])
    quantum = np.array([s.quantum for s in prints])
    unit = float(np.abs(told - told[0]).max())
    if not VISIBLE * quantum.max() < unit < inf:
        return 0.0
    told, quantum = told / unit, np.maximum(quantum / unit, FINEST)
    k = np.array([float(s.k) for s in prints])
    share = k / k[-1]
    walk = np.minimum(share[:, None], share)
    own = SCATTERS[:, None, None] * np.eye(len(k))
    nats = mixed((WALKS[:, None, None] * walk)[:, None], own[None], told, quantum)
    least = inf
    for depth in depths:
        of_depth = mixed(*of_mean(depth, prints, share), told, quantum)
        least = min(least, float((nats - of_depth).clip(-MOST, MOST).sum()))
        if least <= 0.0:
            break  # one likelier mean is enough
    return least


def of_mean(
    depth: int, prints: Sequence[Sample], share: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Covariances of prints of a mean, averaged `depth` times, by the level and by the noise.

    Of each shape (.., prints, prints).
    """
    at = Standing(depth, tuple(s.k for s in prints))
    found = [covariance(at, variance) for variance in (np.ones(len(share)), share**2)]
    noises = float(prints[-1].k) * NOISES[:, None, None]
    noise = np.stack([noises * ways.noise for ways in found])
    return found[0].level[:, None, None], noise[None]


def mixed(
    level: FloatArray, noise: FloatArray, told: FloatArray, quantum: FloatArray
) -> FloatArray:
    """Log-likelihood of each print but the first, given those before it, under one of any.

    `level` and `noise`: see `one_by_one`.
    """
    found = one_by_one(level + ANYWHERE, noise, told, quantum)[..., 1:]
    return np.diff(mean(np.cumsum(found, axis=-1).reshape(-1, len(told) - 1), 0), prepend=0.0)
