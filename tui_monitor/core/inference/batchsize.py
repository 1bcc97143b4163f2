"""The batch size, read off the counts behind the prints of accuracies.

An accuracy is a count: the first number of an epoch, say 0.5996, is c / b for a whole c. Rounding
leaves a print one count of a batch of b, or several, or none; against any number at all it is likelier
by how many there are over how many there would be on average, so that a size is supported the more,
the fewer fractions would have fit. Where a log averages once each print is a count of k batches;
where it averages twice the counts c_1, c_1 + c_2, .. behind E_k = c_1 + (c_1 + c_2) / 2 + .. are
followed as paths.

What the counts cannot tell apart, mostly a size and its double, the scatter of the batches does (see
`spread`). Both multiply a prior that knows how people choose batch sizes, with a share for numbers
that are no counts at all. A print that no count fits does not exclude a size: a generator that comes to
the end of its data in mid-epoch yields a short batch there, and nothing after it in that epoch
is a count of full batches.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cache
from math import exp, lcm, log, log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.columns.arrays import FloatArray, IntArray

LARGEST = 8192
"""Largest batch size considered: above it, four digits say little of one batch."""
BROKEN = 0.005
"""Chance, from one print to the next, that a short batch came between."""
UNCOUNTED = 0.01
"""Chance that what is called an accuracy is no count of right answers."""
CROWDED = 1.5
"""Counts either side of a print, above which it says nothing of a size."""
LEAST_SCATTER = 0.7
"""Variance of a window's count below which the next count is no surprise: in batches that are all
right every size finds its counts."""
IMPLAUSIBLE = 2e-8
"""Odds against the likeliest at which a size is dropped."""
USUAL = 0.005
"""Share of the likeliest size's prior above which a size is often chosen."""
RIVAL = 0.01
"""The same at which it is not looked at more closely."""
ENOUGH = 15.0
"""Nats after which no more counts are looked at."""
MOST_SKIPPED = 4
"""Batches between two prints over which counts are followed where a log averages twice."""
MOST_PATHS = 20_000
"""Paths of counts that are followed."""
TINY = 1e-300
"""Least weight that can be told from none."""


POWERS = (0.1, 0.1, 0.15, 0.5, 1.0, 2.0, 1.5, 1.5, 1.0, 0.7, 0.5, 0.3, 0.2, 0.1)
"""How often 1, 2, 4, .. 8192 are chosen. 32 is what Keras does unless told otherwise."""
PREFERRED = {
    round(digits * unit): share
    for unit in (10, 100, 1000)
    for digits, share in ((1.0, 0.2), (2.0, 0.2), (2.5, 0.05), (5.0, 0.2))
}
"""How often preferred numbers (10, 20, 25, 50, ..) are, relative to a power of two of their size."""


@cache
def _prior() -> FloatArray:
    """How often a batch size is chosen; powers of two lead, then preferred and other round numbers.

    A large number that is neither is one of many such, and each of them is rarer for it.
    """
    b = np.arange(1, LARGEST + 1)
    prior = np.full(LARGEST, 0.004)
    prior[(b % 5 == 0) | (b % 4 == 0)] = 0.02
    prior[(b % 100 == 0) | ((b % 10 == 0) & (b <= 100))] = 0.3
    prior *= np.minimum(1.0, 64.0 / b)
    for number, share in PREFERRED.items():
        about = float(np.interp(log2(number), range(len(POWERS)), POWERS))
        prior[number - 1] = max(prior[number - 1], share * about)
    for power, chosen in enumerate(POWERS):
        if 3 << power <= LARGEST:
            prior[(3 << power) - 1] = 0.2 * chosen
        prior[(1 << power) - 1] = chosen
    return np.asarray(prior / prior.sum(), dtype=np.float64)


Curve = tuple[FloatArray, FloatArray]
"""Logarithms of sizes, ascending, and what is said of each, in nats."""


class Early(NamedTuple):
    """A number printed after an epoch's first k batches, all full: exactly, within `half` of it."""

    epoch: int
    k: int
    displayed: float
    half: float


class Likeliest(NamedTuple):
    """The likeliest batch size, and the nats by which it beats all others together."""

    size: int
    margin: float


class Counts:
    """The prints of one accuracy in one epoch, as counts of batches of each of some sizes."""

    def __init__(self, epoch: int, depth: int, number: int) -> None:
        """`depth`: how often is averaged; `number`: of sizes."""
        self.epoch = epoch
        self._intact = np.ones(number)
        """Chance that every batch so far was full."""
        self._k, self._sum = 0, 0.0
        """Batches at the newest print that told something, and k d there."""
        self._newest = 0
        """Batches at the newest print."""
        self._paths = Paths(number) if depth == 2 else None

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Go on with some of the sizes."""
        self._intact = self._intact[kept]
        if self._paths is not None:
            self._paths.keep(kept)

    def tells(self, p: Early, size: float) -> bool:
        """Whether a print may tell anything about `size` or a larger one, by where it stands."""
        if p.k <= self._newest:
            return False
        if self._paths is None:
            return p.half * p.k * size <= CROWDED
        return not self._paths.lost and p.half * p.k * unit(self._k, p.k) * size <= CROWDED

    def take(self, p: Early, sizes: FloatArray, guess: float) -> FloatArray:
        """Take a print; returns its likelihood against any number, of as many sizes as it tells of.

        `sizes` ascend, and the smallest are told of. `guess`: about the size, to tell whether counts
        scatter at all.
        """
        before, self._newest = self._k, p.k
        scatters = self._scatters(p, guess)
        parts = 1 if self._paths is None else unit(before, p.k)
        slack = p.half * p.k * parts * sizes
        slack = slack[: slack.searchsorted(CROWDED, "right")]
        told_of = len(slack)
        if self._paths is None:
            middle = p.k * p.displayed * sizes[:told_of]
            fits = np.floor(middle + slack) - np.ceil(middle - slack) + 1.0
        else:
            fits = self._paths.step(p, parts, sizes[:told_of], slack)
        # every size is as likely to go on as before where counts do not scatter
        told = fits / (2.0 * slack) if scatters else np.sign(fits)
        self._intact *= 1.0 - BROKEN
        intact = self._intact[:told_of]
        likelihood = 1.0 + intact * (told - 1.0)
        intact *= told / likelihood
        return np.asarray(likelihood)

    def _scatters(self, p: Early, guess: float) -> bool:
        """Whether the batches since the last print that told something may well have differed."""
        total = p.k * p.displayed
        n = p.k - self._k
        mean = (total - self._sum) / n
        if self._paths is not None:
            # the newest running mean, taken for the newest batch
            n = 1
        mean = min(max(mean, 0.0), 1.0)
        found = 0.0 < p.displayed < 1.0 and n * guess * mean * (1.0 - mean) >= LEAST_SCATTER
        if found or self._paths is not None:
            self._k, self._sum = p.k, total
        return found


def unit(k0: int, k: int) -> int:
    """What E grows by from batch k0 to k, in answers, is a multiple of one over this."""
    return lcm(*range(k0 + 1, k + 1)) if k - k0 <= MOST_SKIPPED else sys.maxsize


class Paths:
    """The counts that may stand behind the prints so far, where a log averages twice.

    Of each size any number of pairs: the sum e of c_j / j after the newest print, and bounds on the
    right answers c so far. Where no batch goes unprinted c is known, as k times what e grew by.
    """

    def __init__(self, number: int) -> None:
        """`number`: of sizes."""
        self._owner: IntArray = np.arange(number)
        """Index of a path's size, ascending."""
        self._e: FloatArray = np.zeros(number)
        self._low: FloatArray = np.zeros(number)
        self._high: FloatArray = np.zeros(number)
        self._k = 0
        self.lost = False
        """They have become too many."""

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Go on with some of the sizes."""
        mine = kept[self._owner]
        self._owner = (np.cumsum(kept) - 1)[self._owner[mine]]
        self._e, self._low, self._high = self._e[mine], self._low[mine], self._high[mine]

    def step(self, p: Early, parts: int, sizes: FloatArray, slack: FloatArray) -> FloatArray:
        """Follow the paths of the first sizes to the next print: how many of each come of one.

        `parts`: see `unit`; `slack`: half the paths that any number would have. A size that has none
        left, or was once too crowded to be followed, gets as many: it is told nothing of.
        """
        n, self._k = p.k - self._k, p.k
        some = int(self._owner.searchsorted(len(sizes)))
        owner, e = self._owner[:some], self._e[:some]
        lowest, highest = self._low[:some], self._high[:some] + n * sizes[owner]
        middle, half = parts * (p.k * p.displayed * sizes[owner] - e), slack[owner]
        first, last = np.ceil(middle - half), np.floor(middle + half)
        if n == 1:
            first, last = np.maximum(first, lowest), np.minimum(last, highest)
        found = np.maximum(last - first + 1.0, 0.0).astype(np.int64)
        ends = np.cumsum(found)
        if some and ends[-1] > MOST_PATHS:
            self.lost = True
            return 2.0 * slack
        self._owner = np.repeat(owner, found)
        nth = np.arange(len(self._owner)) - np.repeat(ends - found, found)
        grown: FloatArray = np.repeat(first, found) + nth
        self._e = np.repeat(e, found) + grown / parts
        if n == 1:
            self._low = self._high = grown
        else:
            self._low, self._high = np.repeat(lowest, found), np.repeat(highest, found)
        before = np.bincount(owner, minlength=len(sizes))
        after = np.bincount(self._owner, minlength=len(sizes))
        return np.where(before, after / np.maximum(before, 1), 2.0 * slack)


class BatchSizes:
    """The sizes that come into question for a run's bars, and what its counts say of each."""

    def __init__(self, stride: int = 1, *, usual: bool = False) -> None:
        """`stride`: batches an update of the bar; sizes are then those of updates.

        `usual`: only such as are often chosen, which is quicker.
        """
        prior = _prior()
        chosen = np.flatnonzero(prior > (USUAL * prior.max() if usual else 0.0))
        self.sizes: FloatArray = stride * (chosen + 1.0).astype(np.float64)
        self._weight: FloatArray = prior[chosen] / prior[chosen].sum()
        """Prior, times likelihood of all prints."""
        self._none = log(UNCOUNTED)
        """The same in nats, of numbers that are no counts."""
        self._counts: dict[str, Counts] = {}
        """Of each metric, in its newest epoch."""
        self._guess, self._smallest = 32.0, 1.0
        self.settled = False
        """The counts leave no doubt: no more of them are looked at."""

    @property
    def support(self) -> float:
        """Nats by which the prints speak for being counts, of batches of any size; or for none."""
        counts = (1.0 - UNCOUNTED) * float(self._weight.sum())
        return log(counts + exp(self._none)) - self._none + log(UNCOUNTED)

    def supports(self, sizes: FloatArray) -> FloatArray:
        """The same of batches that scatter as those of about each of `sizes` do, a geometric series.

        Numbers that are no counts may scatter in any way, and so may a few that are.
        """
        log_sizes = np.log(sizes)
        step = log_sizes[1] - log_sizes[0]
        nearest = np.rint((np.log(self.sizes) - log_sizes[0]) / step).astype(np.int64)
        weight = np.bincount(nearest.clip(0, len(sizes) - 1), self._weight, len(sizes))
        beside = 0.06 * (np.append(weight[1:], 0.0) + np.append(0.0, weight[:-1]))
        smeared = 0.85 * weight + beside + 0.03 * weight.sum() / len(sizes)
        counts = (1.0 - UNCOUNTED) * smeared * (weight.sum() / smeared.sum())
        each = np.log(counts + exp(self._none) / len(sizes)) - self._none + log(UNCOUNTED)
        return np.asarray(each)

    def take(self, metric: str, depth: int, prints: Iterable[Early]) -> int:
        """Take the next prints of an accuracy; returns how many told something.

        `depth`: how often is averaged.
        """
        counts = self._counts.get(metric)
        told = 0
        for p in prints:
            if self.settled:
                break
            if counts is None or counts.epoch != p.epoch:
                counts = self._counts[metric] = Counts(p.epoch, depth, len(self.sizes))
            if counts.tells(p, self._smallest):
                self._weigh(counts.take(p, self.sizes, self._guess))
                told += 1
        return told

    def _weigh(self, likelihood: FloatArray) -> None:
        """Take a print's `likelihood` of the smallest sizes; drop sizes that have no weight left."""
        self._weight[: len(likelihood)] *= likelihood
        best = int(self._weight.argmax())
        top = float(self._weight[best])
        self._weight /= top
        self._none -= log(top)
        self._guess = float(self.sizes[best])
        self._smallest = float(self.sizes[(self._weight > RIVAL).argmax()])
        self.settled = self._weight.sum() - 1.0 + exp(self._none) < exp(-ENOUGH)
        kept = self._weight > IMPLAUSIBLE
        if np.count_nonzero(kept) < 0.7 * len(kept):
            self.sizes, self._weight = self.sizes[kept], self._weight[kept]
            for counts in self._counts.values():
                counts.keep(kept)

    def _posterior(self, spread: Curve | None) -> FloatArray:
        """Posterior of the sizes, up to a factor that `_none` shares."""
        if spread is None:
            return self._weight
        return np.asarray(self._weight * np.exp(np.interp(np.log(self.sizes), *spread)))

    def about(self, spread: Curve) -> tuple[float, float]:
        """The logarithm of the size and its standard deviation, as far as it matters for noise."""
        weight = self._posterior(spread)
        weight = weight / weight.sum()
        log_size = np.log(self.sizes)
        mean = float(weight @ log_size)
        return mean, float(np.sqrt(weight @ (log_size - mean) ** 2))

    def likeliest(self, spread: Curve | None = None) -> Likeliest:
        """The likeliest size. `spread`: logarithms of sizes, and what their scatter says of them."""
        weight = self._posterior(spread)
        best = int(weight.argmax())
        rest = float(weight[:best].sum() + weight[best + 1 :].sum()) + exp(self._none)
        return Likeliest(int(self.sizes[best]), log(max(weight[best], TINY)) - log(max(rest, TINY)))


def support(prints: Sequence[Early], depth: int, stride: int = 1) -> tuple[float, int]:
    """Nats by which prints speak for being counts at all, and how many of them tell anything.

    `stride`: batches an update of the bar.
    """
    sizes = BatchSizes(stride)
    told = sizes.take("", depth, prints)
    return sizes.support, told
