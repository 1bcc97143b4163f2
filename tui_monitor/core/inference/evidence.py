"""Which averaging law: weighed by the prints.

A law is tried on the prints of a metric twice over. Feasibility: could any batches at all, within
the metric's range, have printed this? Likelihood: how well do an epoch's prints foretell each other
(see `marginal`)? Under the wrong law the decoded batches are far too smooth or far too wild; and only
under the right one are the first numbers of an accuracy counts. Laws of one depth differ in the last
line of an epoch only: what each makes of the last lines is kept apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from math import ceil, isfinite
from typing import NamedTuple

import numpy as np

from tui_monitor.core.averages.bounds import DoubleSums, Sums, printed
from tui_monitor.core.averages.laws import Final, Law
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.inference.batchsize import BatchSizes, Early
from tui_monitor.core.inference.marginal import NOISES, Standing, mean
from tui_monitor.core.inference.questions import IMPROBABLE, Foretold, Question, answer
from tui_monitor.core.metrics import Metric

MOST_PRINTS = 120
"""Prints of a metric that a law is tried on; more would not change the verdict."""
AT_ONCE = 32
"""The same of one epoch, from its start, where laws differ most."""
MOST_ENDS = 8
"""Last lines that it is tried on."""
BEFORE_END = 12
"""Prints of its epoch that each of these is held against."""
FIRST_PRINTS = 24
"""Prints after which the first guess of the noise stays as it is."""
INDIFFERENT = 3.0
"""Nats within which a larger noise is preferred: noise that is there is missed more dearly."""
MOST_EARLY = 8
"""First prints that are asked whether they are counts at all: a few are enough to tell."""


class Sample(NamedTuple):
    """One print of one metric, placed."""

    epoch: int
    k: int
    displayed: float
    quantum: float
    final: bool
    last: bool
    """Its last batch ends the epoch: a batch of unknown size, unlike those before."""
    appended: float = 1.0
    """Batches that a running mean counts for which the last line appends."""


def in_order(samples: Iterable[Sample], before: Sample | None = None) -> list[Sample]:
    """The prints that a trial can use: finite, of some batches, and each after the one `before` it."""
    kept: list[Sample] = []
    for s in samples:
        if not isfinite(s.displayed) or s.k < 1:
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


class Trial:
    """The laws of one depth, tried on a metric's prints as they come."""

    def __init__(self, laws: Sequence[Law], metric: Metric) -> None:
        self.laws = laws
        self.metric = metric
        self.depth = laws[0].depth
        self._epoch: list[Sample] = []
        """The newest epoch's prints that some batches could have made, but for its last line."""
        self._tried = self._asked = 0
        """Of these: on how many the law is tried, and on how many it was when last asked."""
        self._questions: list[Question] = []
        self._of_last_lines: list[Question] = []
        """To be answered: about epochs but for their last lines, and about these."""
        self._nats = [np.zeros(len(NOISES))]
        """Log-likelihood of each epoch's prints, but for its last line, by the noise."""
        self._ends: dict[Final, float] = {}
        """The same of last lines, by their rule."""
        self._sums: Sums | DoubleSums = Sums(metric.low, metric.high)
        self._impossible = 0
        """Prints that no batches could have made."""
        self._impossible_ends: dict[Final, int] = {}
        """The same of last lines, by their rule."""
        self._counts = BatchSizes(usual=True) if metric.counts else None
        self._counted = 0
        self._support: FloatArray | None = None
        """What the counts say of each noise, since they were last asked."""
        self._before: Sample | None = None
        self._unit = 0.5
        """About how far the level may be from the first number."""
        self.only_ends = False
        """From now on only last lines are to be told apart."""
        self._first_noise: float | None = None
        """What it stays."""
        self._taken = self._ended = 0

    # --- what the prints tell ----------------------------------------------------------------

    def nats(self) -> dict[Law, float]:
        """Log-likelihood of the prints under each law, less a price for each impossible one.

        More by what an accuracy's first prints tell of being counts, of any batch size.
        """
        answer(self.questions())
        nats = self._by_noise()
        if self._counts is None:
            likely = float(mean(nats))
        else:
            if self._support is None:
                self._support = self._counts.supports(1.0 / NOISES)
            likely = float(np.logaddexp.reduce(nats + self._support))
        likely -= IMPROBABLE * self._impossible
        return {law: likely + nats for law, nats in self.last_lines().items()}

    def last_lines(self) -> dict[Law, float]:
        """The same of last lines alone, in which the laws differ."""
        answer(self.questions_of_last_lines())
        return {
            law: self._ends.get(law.final, 0.0)
            - IMPROBABLE * self._impossible_ends.get(law.final, 0)
            for law in self.laws
        }

    def first_noise(self) -> float | None:
        """The first guess of the noise, as `Noise.scale`; None before any print.

        Once there are `FIRST_PRINTS` it stays as it is.
        """
        if self._first_noise is not None or not self._tried:
            return self._first_noise
        answer(self.questions())
        nats = self._by_noise()
        unit = {"fraction": 1.0, "positive": self._unit, "real": self._unit**2}
        largest = NOISES[nats > nats.max() - INDIFFERENT].max()
        found = float(largest) * unit[self.metric.family]
        if self._taken >= FIRST_PRINTS:
            self._first_noise = found
        return found

    def _by_noise(self) -> FloatArray:
        """Log-likelihood of the prints, but for last lines, by the noise."""
        return np.asarray(sum(self._nats))

    # --- questions ---------------------------------------------------------------------------

    def questions(self) -> Sequence[Question]:
        """What is to be answered before likelihoods are those of all prints taken."""
        self._ask_newest()
        found, self._questions = self._questions, []
        return [*found, *self.questions_of_last_lines()]

    def questions_of_last_lines(self) -> Sequence[Question]:
        """The same of last lines."""
        found, self._of_last_lines = self._of_last_lines, []
        return found

    def _ask_newest(self) -> None:
        """Ask for the newest epoch's prints, but for its last line."""
        if self._asked != self._tried:
            self._asked = self._tried
            hear = partial(self._hear, len(self._nats) - 1)
            self._questions.append(self._asking(self._epoch[: self._tried], hear))

    def _hear(self, epoch: int, found: Foretold) -> None:
        self._nats[epoch] = found.all

    def _hear_end(self, rule: Final, found: Foretold) -> None:
        self._ends[rule] = self._ends.get(rule, 0.0) + found.last

    def _asking(
        self, some: Sequence[Sample], then: Callable[[Foretold], None], last: Final = "same"
    ) -> Question:
        """The question for prints of one epoch; `last`: the rule of the last of them."""
        _, k, told, quantum, *_ = zip(*some, strict=True)
        at = Standing(self.depth, k, last, some[-1].appended)
        return Question(at, told, quantum, self.metric.family, self._unit, then)

    # --- prints in ---------------------------------------------------------------------------

    def take(self, samples: Iterable[Sample]) -> None:
        """Take the next prints."""
        for s in samples:
            if self._before is None and self.metric.family != "fraction":
                self._unit = max(abs(s.displayed), 0.1)
            if self._before is None or s.epoch != self._before.epoch:
                self._open()
            elif s.k == self._before.k:
                self._doubt_again(s, self._before)
            if s.final:
                self._take_end(s)
            elif not self._epoch or s.k > self._epoch[-1].k:
                self._take(s)
            self._before = s

    def _open(self) -> None:
        """An epoch begins."""
        self._ask_newest()
        self._epoch, self._tried, self._asked = [], 0, 0
        self._nats.append(np.zeros(len(NOISES)))
        kind = DoubleSums if self.depth == 2 else Sums
        self._sums = kind(self.metric.low, self.metric.high)

    def _take(self, s: Sample) -> None:
        """Take a print that adds a batch, other than a last line."""
        if self._taken >= (FIRST_PRINTS if self.only_ends else MOST_PRINTS):
            self._epoch.append(s)
            return
        self._taken += 1
        if s.last:
            self._epoch.append(s)
        elif self._sums.push(s.k, printed(s.displayed, s.quantum).times(s.k)):
            self._epoch.append(s)
            if len(self._epoch) <= AT_ONCE:
                self._tried = len(self._epoch)
            if self._counts is not None and self._counted < MOST_EARLY:
                self._counted += 1
                self._counts.take(self.metric.name, self.depth, [early(s)])
                self._support = None
        else:
            self._impossible += 1

    def _take_end(self, s: Sample) -> None:
        """Take a last line, by each rule."""
        if self._ended == MOST_ENDS:
            return
        self._ended += 1
        before = thinned(self._epoch)
        for rule in {law.final: law for law in self.laws}.values():
            adds = not before or s.k > before[-1].k
            if adds or restates(rule, s):
                hear = partial(self._hear_end, rule.final)
                self._of_last_lines.append(self._asking([*before, s], hear, rule.final))

    def _doubt_again(self, s: Sample, before: Sample) -> None:
        """Count a print that adds no batch and is another number, unless the law has it so."""
        if abs(s.displayed - before.displayed) <= 1.01 * s.quantum:
            return
        if not s.final:
            self._impossible += 1
        for law in self.laws if s.final else ():
            found = self._impossible_ends.get(law.final, 0)
            self._impossible_ends[law.final] = found + (not restates(law, s))


def thinned(prints: Sequence[Sample]) -> list[Sample]:
    """Some of an epoch's prints, evenly, and the newest."""
    every = max(1, ceil(len(prints) / BEFORE_END))
    return list(prints[::-every])[::-1]


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

    def nats(self, of: Collection[str] = ()) -> Mapping[Law, float]:
        """Log-likelihood under each law, of some metrics together; of all where there are none."""
        answer([question for trial in self._trials() for question in trial.questions()])
        return self._together(trial.nats() for trial in self._trials(of))

    def last_lines(self, depth: int, of: Collection[str] = ()) -> Mapping[Law, float]:
        """The same of last lines alone, under the laws of one depth: they differ in nothing else."""
        trials = [trial for trial in self._trials() if trial.depth == depth]
        answer([question for trial in trials for question in trial.questions_of_last_lines()])
        return self._together(t.last_lines() for t in self._trials(of) if t.depth == depth)

    def _trials(self, of: Collection[str] = ()) -> list[Trial]:
        metrics = self._of_metric.items()
        return [trial for name, each in metrics if not of or name in of for trial in each]

    def _together(self, each: Iterable[Mapping[Law, float]]) -> Mapping[Law, float]:
        found = dict.fromkeys(self.laws, 0.0)
        for of_trial in each:
            for law, nats in of_trial.items():
                found[law] += nats
        return found

    def first_noise(self, metric: str, depth: int) -> float | None:
        """The first guess of a metric's noise, as `Noise.scale`; None before it is known."""
        for trial in self._of_metric.get(metric, ()):
            if trial.depth == depth:
                return trial.first_noise()
        return None
