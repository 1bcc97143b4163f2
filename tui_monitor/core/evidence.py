"""Which averaging law: weighed by the prints.

A law is tried on the prints of a metric twice over. Feasibility: could any batches at all, within
the metric's range, have printed this? Likelihood: how well does the level's filter predict the
prints? Two laws that differ in depth are told apart by hundreds of nats within an epoch, since under
the wrong one the decoded batches are far too smooth or far too wild; and only under the right one
are the first numbers of an accuracy counts. Laws of one depth differ in the
last line of an epoch only: they share a filter, and what each makes of the last lines is kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from tui_monitor.core import kalman
from tui_monitor.core.batchsize import BatchSizes, Early
from tui_monitor.core.bounds import DoubleSums, Sums, printed
from tui_monitor.core.laws import Final, Law
from tui_monitor.core.level import IMPROBABLE, LevelFilter
from tui_monitor.core.metrics import Metric
from tui_monitor.core.noise import Noise, step_variance
from tui_monitor.core.observations import of_print

MOST_PRINTS = 120
"""Prints of a metric that a law is tried on; more would not change the verdict."""
MOST_ENDS = 20
"""Last lines after these that it is tried on all the same, each with `BEFORE_END` prints before it."""
BEFORE_END = 2
FIRST_PRINTS = 24
"""Prints by which the first guess of the noise is chosen."""
FIRST_NOISES = (0.05, 5e-3, 5e-4, 5e-5)
"""First guesses of a batch's noise where its size is not known, as `Noise.scale`: those of 20 samples a
batch and of ten, a hundred, a thousand times as many."""
INDIFFERENT = 3.0
"""Nats within which a larger guess is preferred: noise that is there is missed more dearly."""
HOPELESS = 20.0
"""Nats after which a guess is dropped before that."""
MOST_EARLY = 8
"""Early prints that are asked whether they are counts at all: a few are enough to tell."""


class Sample(NamedTuple):
    """One print of one metric, placed."""

    epoch: int
    k: int
    displayed: float
    quantum: float
    final: bool
    last: bool
    """Its last batch ends the epoch: a batch of unknown size, unlike those before."""


def in_order(samples: Iterable[Sample], before: Sample | None = None) -> list[Sample]:
    """The prints that a trial can use: finite, and each after the one `before` in its epoch."""
    kept: list[Sample] = []
    for s in samples:
        if not isfinite(s.displayed):
            continue
        if before is not None and before.epoch == s.epoch and s.k < before.k:
            continue
        kept.append(s)
        before = s
    return kept


def early(s: Sample) -> Early:
    """A print as bounds on a count."""
    where = printed(s.displayed, s.quantum)
    return Early(s.epoch, s.k, s.displayed, 0.5 * (where.high - where.low))


class Follower:
    """The level's filter of one first guess of the noise, and what it makes of each last line."""

    def __init__(self, metric: Metric, depth: int, noise: float, first: float) -> None:
        """`noise`: as `Noise.scale`; `first`: the first number printed."""
        self.noise = noise
        self._twice = depth == 2
        spread = 0.5 if metric.family == "fraction" else max(abs(first), 0.1)
        self._filter = LevelFilter(
            Noise(metric.family, start=noise),
            twice=self._twice,
            guess=first,
            spread=spread,
        )
        self._family = metric.family
        self._k0 = 0
        self._nats = 0.0
        """Log-likelihood of all prints but last lines."""
        self._ends: dict[Final, float] = {}
        """The same of last lines, by their rule."""

    def nats(self, final: Final) -> float:
        """Log-likelihood of the prints, if last lines obey a rule."""
        return self._nats + self._ends.get(final, 0.0)

    @property
    def best(self) -> float:
        """The same, by the rule that suits best."""
        return self._nats + max(self._ends.values(), default=0.0)

    def restart(self) -> None:
        """An epoch begins."""
        self._k0 = 0
        self._filter.restart(step_variance(self._family, self._filter.level))

    def take(self, law: Law, s: Sample) -> None:
        """Take a print other than a last line; `law`: any of the depth."""
        if s.k > self._k0:
            self._nats += self._observe(law, s)
            self._k0 = s.k

    def take_end(self, laws: Iterable[Law], s: Sample) -> None:
        """Take a last line, by each of the laws, and go on with the likeliest."""
        told = dict.fromkeys(laws, 0.0)
        before = self._filter.memory()
        for law in told:
            if s.k > self._k0 or restates(law, s):
                told[law] = self._observe(law, s)
                self._filter.recall(before)
        for law, nats in told.items():
            self._ends[law.final] = self._ends.get(law.final, 0.0) + nats
        best = max(told, key=lambda law: self._ends[law.final])
        if s.k > self._k0 or restates(best, s):
            self._observe(best, s)
        self._k0 = s.k

    def _observe(self, law: Law, s: Sample) -> float:
        before = self._filter.log_likelihood
        told = of_print(law, s.k, s.displayed, s.quantum, final=s.final)
        self._filter.observe(kalman.gap(self._k0, s.k, self._twice), told)
        return self._filter.log_likelihood - before


class Trial:
    """The laws of one depth, tried on a metric's prints as they come."""

    def __init__(self, laws: Sequence[Law], metric: Metric) -> None:
        self.laws = laws
        self.metric = metric
        self.depth = laws[0].depth
        self._followers: list[Follower] = []
        self._sums: Sums | DoubleSums | None = None
        self._impossible = 0
        """Prints that no batches could have made."""
        self._impossible_ends: dict[Final, int] = {}
        """The same of last lines, by their rule."""
        self._counts = BatchSizes(usual=True) if metric.counts else None
        self._counted = 0
        self._before: Sample | None = None
        self.only_ends = False
        """From now on only last lines are to be told apart."""
        self._taken = self._ended = 0
        self._waiting: list[Sample] = []

    @property
    def first_noise(self) -> float | None:
        """The first guess of the noise, as `Noise.scale`: the largest that the prints allow."""
        if not self._followers:
            return None
        likeliest = max(f.best for f in self._followers)
        return max(f.noise for f in self._followers if f.best > likeliest - INDIFFERENT)

    @property
    def is_guessed(self) -> bool:
        """Whether enough prints were seen for that guess."""
        return self._taken >= FIRST_PRINTS

    def nats(self, law: Law) -> float:
        """Log-likelihood of the prints under a law, less a price for each impossible one.

        More by what an accuracy's first prints tell of being counts, of any batch size.
        """
        noise = self.first_noise
        impossible = self._impossible + self._impossible_ends.get(law.final, 0)
        found = (f.nats(law.final) for f in self._followers if f.noise == noise)
        counted = 0.0 if self._counts is None else self._counts.support
        return next(found, 0.0) + counted - IMPROBABLE * impossible

    def take(self, samples: Iterable[Sample]) -> None:
        """Take the next prints; beyond some only last lines, and what stands before these."""
        for s in samples:
            if self._taken < MOST_PRINTS and not self.only_ends:
                self._taken += 1
                self._try(s)
            elif not s.final:
                self._waiting = [*self._waiting[1 - BEFORE_END :], s]
            elif self._ended < MOST_ENDS:
                self._ended += 1
                for waiting in self._waiting:
                    self._try(waiting)
                self._waiting.clear()
                self._try(s)

    def _try(self, s: Sample) -> None:
        before = self._before
        if before is None:
            self._followers = [
                Follower(self.metric, self.depth, noise, s.displayed) for noise in FIRST_NOISES
            ]
        if before is None or s.epoch != before.epoch:
            kind = DoubleSums if self.depth == 2 else Sums
            self._sums, before = kind(self.metric.low, self.metric.high), None
            for follower in self._followers:
                follower.restart()
        self._doubt(s, before)
        if self._counts is not None and self._counted < MOST_EARLY and not s.final and not s.last:
            self._counted += self._counts.take(self.metric.name, self.depth, [early(s)])
        for follower in self._followers:
            if s.final:
                follower.take_end(self.laws, s)
            else:
                follower.take(self.laws[0], s)
        if len(self._followers) > 1:
            self._narrow()
        self._before = s

    def _narrow(self) -> None:
        """Drop first guesses of the noise that will not be chosen; in time, all but one."""
        if self._taken >= FIRST_PRINTS:
            chosen = self.first_noise
            self._followers = [f for f in self._followers if f.noise == chosen]
        else:
            least = max(f.best for f in self._followers) - HOPELESS
            self._followers = [f for f in self._followers if f.best > least]

    def _doubt(self, s: Sample, before: Sample | None) -> None:
        """Count a print that no batches could have made; `before`: the epoch's print before."""
        assert self._sums is not None
        if before is not None and s.k == before.k:
            # nothing was added: the same number again, where the law has no other last line
            if abs(s.displayed - before.displayed) <= 1.01 * s.quantum:
                return
            if not s.final:
                self._impossible += 1
            for law in self.laws if s.final else ():
                found = self._impossible_ends.get(law.final, 0)
                self._impossible_ends[law.final] = found + (not restates(law, s))
        elif not s.final and not s.last:
            possible = self._sums.push(s.k, printed(s.displayed, s.quantum).times(s.k))
            self._impossible += not possible


def restates(law: Law, s: Sample) -> bool:
    """Whether a print says something new though it adds no batch."""
    return s.final and law.final in ("reset", "running-appended")


class Trials:
    """All laws that come into question, tried on the metrics of a run as prints come."""

    def __init__(self, laws: Sequence[Law]) -> None:
        self.laws = laws
        depths = sorted({law.depth for law in laws})
        self._groups = [[law for law in laws if law.depth == depth] for depth in depths]
        self._of_metric: dict[str, list[Trial]] = {}

    def take(self, metric: Metric, samples: Sequence[Sample]) -> None:
        """Take a metric's next prints."""
        trials = self._of_metric.get(metric.name)
        if trials is None:
            trials = [Trial(laws, metric) for laws in self._groups]
            self._of_metric[metric.name] = trials
        for trial in trials:
            trial.take(samples)

    def keep(self, depth: int) -> None:
        """Go on with the laws of one depth."""
        self.laws = [law for law in self.laws if law.depth == depth]
        self._groups = [self.laws] if self.laws else []
        for name, trials in self._of_metric.items():
            self._of_metric[name] = [trial for trial in trials if trial.depth == depth]
            for trial in self._of_metric[name]:
                trial.only_ends = True

    def nats(self) -> Mapping[Law, float]:
        """Log-likelihood under each law, of all metrics together."""
        return {
            law: sum(
                trial.nats(law)
                for trials in self._of_metric.values()
                for trial in trials
                if trial.depth == law.depth
            )
            for law in self.laws
        }

    def first_noise(self, metric: str, depth: int) -> float | None:
        """The first guess of a metric's noise, as `Noise.scale`; None before it is known."""
        for trial in self._of_metric.get(metric, ()):
            if trial.depth == depth and trial.is_guessed:
                return trial.first_noise
        return None
