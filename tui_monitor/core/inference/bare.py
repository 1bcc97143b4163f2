"""What a number tells of whose averaging nobody tells: the epoch so far, a batch alone, or who knows.

Such a mean moves by about s sqrt(n) / k where n more batches make it one of k, and jumps when the next
epoch begins; a number that tells of single batches, or of a fixed number of them, moves by as much late
as early. Both are weighed as the scale of moves that are otherwise alike (Laplace distributed, each
scale the likeliest). A first epoch is not asked: at its begin all numbers move fast. And no mean moves
farther than a batch can make it.

Of what is no such mean, single batches move to and fro: each move takes half of the one before back
(autocorrelation -1/2), where means over several batches, which share some, do not.

Of a number that a format takes for a mean, though a program may have made it another, it is asked
whether it can be one.
"""

from __future__ import annotations

from math import inf, isfinite, log, sqrt

from tui_monitor.core.averages.bounds import Interval, Sums, printed
from tui_monitor.core.averages.laws import INSTANTANEOUS, OPEN, PLAIN, SAMPLES_OPEN, Law
from tui_monitor.core.metrics import Metric, in_percent, is_percent_of

CERTAIN = 12.0
"""Nats after which it is settled. Exponential and sliding means may then be taken for the mean of an
epoch where the level steps as each epoch begins: 3 of 240 made-up runs."""
TO_AND_FRO = -0.3
"""Autocorrelation of the moves of single batches at most."""
CORRUPTED = 1
"""Impossible prints that a log may have all the same."""
UNLIKELY = 0.05
"""Share of them that it may have."""
LARGEST_MOVE = 1e100
"""Beyond, a move tells nothing: sums of its squares would be infinite."""
LEAST_MOVES = 8
"""Moves of an epoch before it is asked."""


class Bare:
    """The moves of one metric's prints."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.nats = 0.0
        """By which epochs that are over speak for a mean, against single batches."""
        self._epoch: int | None = None
        self._asked = False
        """The newest epoch is not the first."""
        self._k = 0
        self._shown = inf
        self._alone = ToAndFro()
        self._impossible = 0
        """Prints that a mean of no batches could have been."""
        self._begin()

    def _begin(self) -> None:
        self._moves = 0
        self._plain = self._scaled = self._scales = 0.0
        """Of the newest epoch: sums of moves, of moves over the scale of a mean's, of its logarithm."""
        self._sums = Sums(self.metric.low, self.metric.high)

    @property
    def margin(self) -> float:
        """Nats by which all prints so far speak for a mean; -inf where it is impossible."""
        return -inf if self._impossible > CORRUPTED else self.nats + self._of_epoch()

    @property
    def law(self) -> Law | None:
        """What they settle, `OPEN` if it is something else; None while they settle nothing."""
        margin = self.margin
        if abs(margin) <= CERTAIN:
            return None
        if margin > 0.0:
            return SAMPLES_OPEN if self.metric.counts else PLAIN
        return self._alone.law

    def _of_epoch(self) -> float:
        n = self._moves
        if n < LEAST_MOVES or not self._asked:
            return 0.0
        return n * log(self._plain / n) - n * log(self._scaled / n) - self._scales

    def take(self, epoch: int, k: int, displayed: float, quantum: float) -> None:
        """Take a print after batch `k` of its epoch."""
        if epoch != self._epoch:
            self.nats += self._of_epoch()
            self._asked, self._epoch = self._epoch is not None, epoch
            self._k = 0
            self._begin()
        self._alone.take(displayed - self._shown, skips=self._k > 0 and k > self._k + 1)
        move = abs(displayed - self._shown)
        # a move is told no finer than the last digit; none at all tells nothing
        least = max(0.5 * quantum, 1e-12 * abs(displayed))
        follows = k > max(self._k, 0)  # a log that is not what it seems may count below 0
        if least < move < LARGEST_MOVE and follows:
            scale = sqrt(k - self._k) / k
            if self._moves:
                scale = max(scale, least * self._moves / self._scaled)
            self._moves += 1
            self._plain += move
            self._scaled += move / scale
            self._scales += log(scale)
        if is_percent_of(self.metric, displayed):
            self.metric = in_percent(self.metric)
            self._sums = Sums(self.metric.low, self.metric.high)
        if isfinite(displayed) and follows:
            where = printed(displayed, quantum).times(k)
            self._impossible += not self._sums.push(float(k), where)
        self._k, self._shown = k, displayed


class Claimed:
    """The moves of one metric's prints that are told to be a mean's, of the epoch or exponential."""

    def __init__(self, metric: Metric, law: Law) -> None:
        self._metric = metric
        self._told = law
        self._epoch: int | None = None
        self._k = self._prints = self._impossible = 0
        self._where = Interval(-inf, inf)
        self._shown = inf
        self._alone = ToAndFro()

    @property
    def law(self) -> Law | None:
        """What they are instead; None as long as they may be what they are told to be."""
        allowed = max(float(CORRUPTED), UNLIKELY * self._prints)
        return self._alone.law if self._impossible > allowed else None

    def take(self, epoch: int, k: int, displayed: float, quantum: float) -> None:
        """Take a print after batch `k` of its epoch."""
        if is_percent_of(self._metric, displayed):
            self._metric = in_percent(self._metric)
        where, follows = printed(displayed, quantum), epoch == self._epoch and k > self._k
        self._alone.take(displayed - self._shown, skips=follows and k > self._k + 1)
        if follows and isfinite(displayed):
            # what is new has the rest of the weight, and each of its batches is within the range
            forgets = self._told.decay < 1.0
            left = self._told.decay ** (k - self._k) if forgets else self._k / k
            least = left * self._where.low + (1.0 - left) * self._metric.low
            most = left * self._where.high + (1.0 - left) * self._metric.high
            self._prints += 1
            self._impossible += where.high < least or where.low > most
        self._epoch, self._k, self._where, self._shown = epoch, k, where, displayed


class ToAndFro:
    """Whether moves take back some of the one before."""

    def __init__(self) -> None:
        self._move = 0.0
        self._squares = self._products = 0.0
        """Sums of moves times themselves, and times the one before."""
        self._skips = False
        """Some batches have no print of their own."""

    def take(self, move: float, *, skips: bool) -> None:
        """Take a move, and whether it is over several batches."""
        if not -LARGEST_MOVE < move < LARGEST_MOVE:
            move = 0.0
        self._squares += move * move
        self._products += move * self._move
        self._move = move
        self._skips |= skips

    @property
    def law(self) -> Law:
        """What numbers are that move so, if they are no means of the epoch."""
        alone = self._products < TO_AND_FRO * self._squares and not self._skips
        return INSTANTANEOUS if alone else OPEN
