"""Which averaging law, and which batch size: weighed by the prints.

A law is tried on the prints of a metric twice over. Feasibility: could any batches at all, within
the metric's range, have printed this? Likelihood: how well does the level's filter predict the
prints? Two laws that differ in depth are told apart by hundreds of nats within an epoch, since under
the wrong one the decoded batches are far too smooth or far too wild. Batch sizes that the counts
allow alike are told apart by the spread of the batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import NamedTuple

from tui_monitor.core import kalman
from tui_monitor.core.batchsize import Early, candidates
from tui_monitor.core.bounds import DoubleSums, Sums, printed
from tui_monitor.core.kalman import Observation
from tui_monitor.core.laws import Law
from tui_monitor.core.level import LevelFilter, Noise, step_variance
from tui_monitor.core.metrics import Metric

CONTRADICTION = 25.0
"""Nats that an impossible print costs a law: logs do have corrupted prints, though few."""
UNCOUNTABLE = 4.0
"""Nats that an epoch costs a batch size that its counts contradict: it may hold a short batch."""
MOST_PRINTS = 120
"""Prints of a metric that a law is tried on; more would not change the verdict."""
FIRST_PRINTS = 24
"""Prints by which the first guess of the noise is chosen."""
FIRST_NOISES = (0.05, 5e-3, 5e-4, 5e-5)
"""First guesses of a batch's noise where its size is not known, as `Noise.scale`: those of 20 samples a
batch and of ten, a hundred, a thousand times as many."""
SLOW_DRIFTS = 4
"""Drifts of the bank that a trial allows."""
AT_LENGTH = 600
"""The same where batch sizes are told apart by the spread of the batches."""
DECISIVE = 4.0
"""Nats by which a batch size must beat the others: some 50 to 1."""


EARLY_STEPS = 12
"""Batches at an epoch's start, in the first `EARLY_EPOCHS`, whose counts are looked at."""
EARLY_EPOCHS = 3
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


def weigh(
    law: Law,
    metric: Metric,
    samples: Sequence[Sample],
    batch_size: int | None = None,
    most: int = MOST_PRINTS,
) -> float:
    """Log-likelihood (nats) of the prints under the law, less a price for each impossible one.

    `batch_size`: tried with the law, for a metric that counts: it fixes the noise of a batch and
    what counts are possible. No more than about `most` prints are looked at.
    """
    if not samples:
        return 0.0
    samples = most_telling(samples, most)
    if batch_size:
        return _log_likelihood(
            law, metric, samples, Noise(metric.family, 1.0 / batch_size), batch_size
        )

    def tried(start: float, some: Sequence[Sample]) -> float:
        return _log_likelihood(law, metric, some, Noise(metric.family, start=start), None)

    first = samples[:FIRST_PRINTS]
    return tried(max(FIRST_NOISES, key=lambda start: tried(start, first)), samples)


def _log_likelihood(
    law: Law, metric: Metric, samples: Sequence[Sample], noise: Noise, batch_size: int | None
) -> float:
    """Log-likelihood (nats) of prints under a law, less a price for each impossible one."""
    twice = law.depth == 2
    first = samples[0].displayed
    spread = 0.5 if metric.family == "fraction" else max(abs(first), 0.1)
    # a level that drifts like noise is no level: so slow ones only
    tracker = LevelFilter(noise, twice=twice, guess=first, spread=spread, drifts=SLOW_DRIFTS)
    impossible = 0
    epoch = k0 = 0
    before = first
    kind = DoubleSums if twice else Sums
    sums: Sums | DoubleSums = kind(metric.low, metric.high)
    counts: Sums | DoubleSums | None = None
    uncountable = 0
    for s in samples:
        if s.epoch != epoch:
            epoch, k0 = s.epoch, 0
            sums = kind(metric.low, metric.high)
            counts = kind(metric.low, metric.high, batch_size) if batch_size else None
            tracker.restart(step_variance(metric.family, tracker.level))
        if s.k == k0 and not (s.final and law.final in ("reset", "running-appended")):
            # nothing was added: the same number again, where the law has no other last line
            impossible += abs(s.displayed - before) > 1.01 * s.quantum
            continue
        if not s.final and not s.last:
            where = printed(s.displayed, s.quantum).times(s.k)
            impossible += not sums.push(s.k, where)
            if counts is not None and not counts.push(s.k, where):
                counts = None
                uncountable += 1
        tracker.observe(kalman.gap(k0, s.k, twice=twice), _observation(law, s))
        k0, before = s.k, s.displayed
    return tracker.log_likelihood - CONTRADICTION * impossible - UNCOUNTABLE * uncountable


def _observation(law: Law, s: Sample) -> Observation:
    """The print as the filter takes it; its error is the rounding."""
    k, d, rounding = float(s.k), s.displayed, s.quantum**2 / 12.0
    if law.depth == 1:
        # a last batch of another size moves the mean of k by about a batch's noise over k
        return Observation(k * d, 1.0, 0.0, k * k * rounding)
    if s.final and law.final == "reset":
        return Observation(k * d, 1.0, 0.0, k * k * rounding)
    if s.final and law.final == "running-appended":
        return Observation((k + 1.0) * d, 1.0 / k, 1.0, (k + 1.0) ** 2 * rounding)
    return Observation(k * d, 0.0, 1.0, k * k * rounding)


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
    early = list(_early_means(law, samples))
    found = [c for c in candidates(early) if c.score > -RIVAL]
    kept = current if any(c.size == current for c in found) else None
    if len(early) < LEAST_EARLY:
        return kept
    if len(found) == 1:
        return found[0].size
    if not at_length or not found:
        return kept
    scores = [c.score + weigh(law, metric, samples, c.size, AT_LENGTH) for c in found]
    best = max(range(len(found)), key=scores.__getitem__)
    rest = max(s for i, s in enumerate(scores) if i != best)
    # the noise is only a model: to overrule the counts it takes more than to agree with them
    needed = DECISIVE if best == 0 else 2.0 * DECISIVE
    return found[best].size if scores[best] - rest > needed else kept


def _early_means(law: Law, samples: Sequence[Sample]) -> Iterator[Early]:
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
