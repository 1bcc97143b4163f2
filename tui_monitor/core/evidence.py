"""Which averaging law, and which batch size: weighed by the prints.

A law is tried on the prints of a metric twice over. Feasibility: could any batches at all, within
the metric's range, have printed this? Likelihood: how well does the level's filter predict the
prints? Two laws that differ in depth are told apart by hundreds of nats within an epoch, since under
the wrong one the decoded batches are far too smooth or far too wild. Batch sizes that the counts
allow alike are told apart by the spread of the batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import hypot, inf, isfinite, log, log2, sqrt
from typing import NamedTuple

from tui_monitor.core import kalman
from tui_monitor.core.batchsize import LARGEST, Early, Spread, candidates, support
from tui_monitor.core.bounds import DoubleSums, Sums, printed
from tui_monitor.core.laws import Law
from tui_monitor.core.level import DRIFTS, IMPROBABLE, LevelFilter, Noise, step_variance
from tui_monitor.core.metrics import Metric
from tui_monitor.core.observations import of_print

UNCOUNTABLE = 4.0
"""Nats that an epoch costs a batch size that its counts contradict: it may hold a short batch."""
MOST_PRINTS = 120
"""Prints of a metric that a law is tried on; more would not change the verdict."""
FIRST_PRINTS = 24
"""Prints by which the first guess of the noise is chosen."""
FIRST_NOISES = (0.05, 5e-3, 5e-4, 5e-5)
"""First guesses of a batch's noise where its size is not known, as `Noise.scale`: those of 20 samples a
batch and of ten, a hundred, a thousand times as many."""
INDIFFERENT = 3.0
"""Nats within which a larger guess is preferred: noise that is there is missed more dearly."""
SLOW_DRIFTS = 4
"""Drifts of the bank that are allowed where the spread of the batches is measured."""
AT_LENGTH = 300
"""The same where batch sizes are told apart by the spread of the batches."""
MODEL_SD = 0.25
"""Error of the model in the logarithm of a batch size that is read off the spread."""
RESTLESS_SD = 1.0
"""The same where the level moves as fast as a trial allows: drift and noise are hardly told apart."""
LEAST_CURVATURE = 0.5
"""Nats below which the spread says nothing of the size."""
USUAL_SIZE = 64
DECISIVE = 4.0
"""Nats by which a batch size must beat the others: some 50 to 1."""


EARLY_STEPS = 12
"""Batches at an epoch's start, in the first `EARLY_EPOCHS`, whose counts are looked at."""
EARLY_EPOCHS = 3
MOST_EARLY = 8
"""Early means that are asked whether they are counts at all: a few are enough to tell."""
LEAST_EARLY = 3
"""Early prints below which chance may fake a batch size."""
RIVAL = 10.0
"""Nats within which the counts leave another batch size in question."""


class Sample(NamedTuple):
    """One print of one metric, placed."""

    epoch: int
    k: int
    displayed: float
    quantum: float
    final: bool
    last: bool
    """Its last batch ends the epoch: a batch of unknown size, unlike those before."""


def in_order(samples: Iterable[Sample]) -> list[Sample]:
    """The prints that a trial can use: finite, and each after the one before in its epoch."""
    kept: list[Sample] = []
    for s in samples:
        if not isfinite(s.displayed):
            continue
        if kept and kept[-1].epoch == s.epoch and s.k < kept[-1].k:
            continue
        kept.append(s)
    return kept


def most_telling(samples: Sequence[Sample], most: int) -> Sequence[Sample]:
    """The first `most` prints, and of later epochs the last lines with what stands before them."""
    if len(samples) <= most:
        return samples
    ends = [i for i, s in enumerate(samples) if s.final and i >= most][: most // 6]
    late = sorted({j for i in ends for j in (i - 2, i - 1, i) if j >= most})
    return [*samples[:most], *(samples[i] for i in late)]


class Trials:
    """Laws tried on the prints of one metric, again and again as these grow in number."""

    def __init__(self) -> None:
        self.first_noise: dict[int, float] = {}
        """The first guess of the noise that suits best, by how often is averaged."""
        self._counted: dict[int, tuple[int, float]] = {}
        """Early means that were asked whether they are counts, and what they said, likewise."""

    def weigh(self, law: Law, metric: Metric, samples: Sequence[Sample]) -> float:
        """Log-likelihood (nats) of the prints under the law, less a price for each impossible one.

        No more than about `MOST_PRINTS` prints are looked at.
        """
        if not samples:
            return 0.0
        samples = most_telling(samples, MOST_PRINTS)
        start = self.first_noise.get(law.depth)
        if start is None:
            start = first_noise(law, metric, samples[:FIRST_PRINTS])
            if len(samples) >= FIRST_PRINTS:
                self.first_noise[law.depth] = start
        tracker = followed(law, metric, samples, Noise(metric.family, start=start))
        return tracker.log_likelihood - IMPROBABLE * impossible(law, metric, samples)

    def counted(self, law: Law, metric: Metric, samples: Sequence[Sample]) -> float:
        """Nats by which the first means of an epoch are counts under the law, of any batch size."""
        if not metric.counts:
            return 0.0
        early = list(islice(early_means(law, samples), MOST_EARLY))
        asked, nats = self._counted.get(law.depth, (0, 0.0))
        if len(early) > asked:
            nats = support(early)
            self._counted[law.depth] = (len(early), nats)
        return nats


def first_noise(law: Law, metric: Metric, samples: Sequence[Sample]) -> float:
    """The first guess of the noise, as `Noise.scale`: the largest that the prints allow."""
    likelihood = {
        start: followed(law, metric, samples, Noise(metric.family, start=start)).log_likelihood
        for start in FIRST_NOISES
    }
    best = max(likelihood.values())
    return max(start for start, nats in likelihood.items() if nats > best - INDIFFERENT)


def followed(
    law: Law, metric: Metric, samples: Sequence[Sample], noise: Noise, drifts: int = len(DRIFTS)
) -> LevelFilter:
    """The level's filter after the prints."""
    twice = law.depth == 2
    first = samples[0].displayed
    spread = 0.5 if metric.family == "fraction" else max(abs(first), 0.1)
    tracker = LevelFilter(noise, twice=twice, guess=first, spread=spread, drifts=drifts)
    epoch = k0 = 0
    for s in samples:
        if s.epoch != epoch:
            epoch, k0 = s.epoch, 0
            tracker.restart(step_variance(metric.family, tracker.level))
        if s.k > k0 or _restates(law, s):
            told = of_print(law, s.k, s.displayed, s.quantum, final=s.final)
            tracker.observe(kalman.gap(k0, s.k, twice=twice), told)
            k0 = s.k
    return tracker


def impossible(
    law: Law, metric: Metric, samples: Sequence[Sample], batch_size: int | None = None
) -> int:
    """Prints that no batches could have made; with a batch size, epochs whose counts contradict it."""
    kind = DoubleSums if law.depth == 2 else Sums
    found = epoch = k0 = 0
    sums: Sums | DoubleSums | None = None
    before = 0.0
    for s in samples:
        if s.epoch != epoch:
            epoch, k0 = s.epoch, 0
            sums = kind(metric.low, metric.high, batch_size)
        if s.k == k0 and not _restates(law, s):
            # nothing was added: the same number again, where the law has no other last line
            found += batch_size is None and abs(s.displayed - before) > 1.01 * s.quantum
            continue
        if sums is not None and not s.final and not s.last:
            possible = sums.push(s.k, printed(s.displayed, s.quantum).times(s.k))
            found += not possible
            if batch_size is not None and not possible:
                sums = None
        k0, before = s.k, s.displayed
    return found


def _restates(law: Law, s: Sample) -> bool:
    """Whether a print says something new though it adds no batch."""
    return s.final and law.final in ("reset", "running-appended")


def infer_batch_size(
    law: Law,
    metric: Metric,
    samples: Sequence[Sample],
    current: int | None,
    *,
    at_length: bool,
) -> int | None:
    """The batch size behind the prints of an accuracy, where the evidence decides.

    `current`: what was inferred before; it stays while the counts allow it and nothing beats it.
    `at_length`: sizes that the counts do not tell apart are weighed by the spread of the batches.
    """
    early = list(early_means(law, samples))
    if not early:
        return None
    if not at_length:
        if len(early) < LEAST_EARLY:
            return current
        found = [c for c in candidates(early) if c.score > -RIVAL]
        if len(found) == 1:
            return found[0].size
        return current if any(c.size == current for c in found) else None
    guess = current or next((c.size for c in candidates(early)), USUAL_SIZE)
    some = most_telling(samples, AT_LENGTH)
    spread = spread_of_batches(law, metric, some, guess)
    found = candidates(early, spread)
    scores = [c.score - UNCOUNTABLE * impossible(law, metric, some, c.size) for c in found]
    if not scores:
        return None
    best = max(range(len(found)), key=scores.__getitem__)
    rest = max((s for i, s in enumerate(scores) if i != best), default=-inf)
    if scores[best] - rest > DECISIVE:
        return found[best].size
    return current if any(c.size == current for c in found) else None


def spread_of_batches(
    law: Law, metric: Metric, samples: Sequence[Sample], guess: int
) -> Spread | None:
    """The size whose noise makes the prints likeliest, with its error; None where none stands out.

    A parabola through three log-likelihoods, a factor of two apart, around the largest.
    """
    tried: dict[int, LevelFilter] = {}

    def likelihood(octave: int) -> float:
        if octave not in tried:
            noise = Noise(metric.family, 2.0**-octave)
            # a level that drifts like noise is no level: so slow ones only
            tried[octave] = followed(law, metric, samples, noise, SLOW_DRIFTS)
        return tried[octave].log_likelihood

    top = round(log2(LARGEST))
    at = min(max(round(log2(guess)), 1), top - 1)
    while 0 < at < top:
        below, here, above = likelihood(at - 1), likelihood(at), likelihood(at + 1)
        if max(below, above) <= here:
            curvature = 2.0 * here - below - above
            if curvature < LEAST_CURVATURE:
                return None
            vertex = at + 0.5 * (above - below) / curvature
            restless = [step.weights[SLOW_DRIFTS - 1] > 0.5 for step in tried[at].steps]
            model = RESTLESS_SD if sum(restless) > 0.5 * len(restless) else MODEL_SD
            return Spread(vertex * log(2.0), hypot(log(2.0) / sqrt(curvature), model))
        at += 1 if above > below else -1
    return None


def early_means(law: Law, samples: Sequence[Sample]) -> Iterator[Early]:
    """The running means R of the first batches of each epoch, with their rounding.

    Of later epochs the first batch only: it is a full one, while a generator's short batch, which
    may come anywhere, would tell against the truth again and again.
    """
    before: Sample | None = None
    for s in samples:
        if s.final or s.last or s.k > (EARLY_STEPS if s.epoch <= EARLY_EPOCHS else 1):
            continue
        where = printed(s.displayed, s.quantum)
        half = 0.5 * (where.high - where.low)
        if law.depth == 1 or s.k == 1:
            yield Early(s.k, s.displayed, half)
        elif before is not None and before.epoch == s.epoch and before.k == s.k - 1 and s.k <= 4:
            # R_k = k D_k - (k - 1) D_(k-1)
            mean = s.k * s.displayed - before.k * before.displayed
            yield Early(s.k, mean, half * (2 * s.k - 1))
        before = s
