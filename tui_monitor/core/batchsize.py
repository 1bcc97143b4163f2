"""The batch size, read off the prints.

An accuracy is a count: the first number of an epoch, say 0.5996, is c / b for a whole c. A size b
that makes every early print such a fraction is supported by each of them, the more the rarer such
fractions are: a random number lies within half a quantum q of a multiple of 1 / b with a chance of
about q b. The posterior over sizes multiplies these chances with a prior that knows how people
choose batch sizes. A print that is no such fraction does not exclude a size: a generator that comes
to the end of its data in mid-epoch yields a short batch there. What the counts cannot tell apart,
mostly a size and its double, the spread of the batches does: a batch of b has a variance of
p (1 - p) / b, so that the level's filter measures log b (see `evidence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.arrays import FloatArray

LARGEST = 8192
"""Largest batch size considered: above it, four digits say little of one batch."""


STRAY = 0.02
"""Share of early prints that are expected not to fit, short batches being in them."""


HELD = 0.95
"""Share of the posterior that the candidates must hold together."""


class Early(NamedTuple):
    """The mean R of an epoch's first k batches, all full, lies within `half` of `mean`."""

    k: int
    mean: float
    half: float


class Candidate(NamedTuple):
    """A batch size with its log posterior, in nats relative to the best one."""

    size: int
    score: float


class Spread(NamedTuple):
    """What the spread of the batches tells of the logarithm of their size."""

    log_size: float
    sd: float


def _log_prior() -> FloatArray:
    """How often a batch size is chosen; powers of two lead, then round numbers.

    A large number that is no power of two is one of many such, and each of them is rarer for it.
    """
    b = np.arange(1, LARGEST + 1)
    prior = np.full(LARGEST, 0.004)
    prior[(b % 5 == 0) | (b % 4 == 0)] = 0.02
    prior[(b % 100 == 0) | ((b % 10 == 0) & (b <= 100))] = 0.3
    prior *= np.minimum(1.0, 64.0 / b)
    for power in range(14):
        if 3 << power <= LARGEST:
            prior[(3 << power) - 1] = 0.2
        if 1 << power <= LARGEST:
            prior[(1 << power) - 1] = 1.0 if 3 <= power <= 11 else 0.2
    return np.asarray(np.log(prior), dtype=np.float64)


def _posterior(early: Sequence[Early], b: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Logarithm of prior and likelihood of the sizes `b`, and which of them the means speak of."""
    score = _log_prior()
    heard = np.zeros(LARGEST, dtype=bool)
    for k, mean, half in early:
        count = mean * k * b
        slack = half * k * b + 1e-9
        telling = slack < 0.5
        fits = np.abs(count - np.rint(count)) <= slack
        # of the density that a fraction of b concentrates on its counts, against any number at all
        likelihood = np.where(fits, (1.0 - STRAY) / (2.0 * slack), STRAY)
        score += np.where(telling, np.log(likelihood), 0.0)
        heard |= telling & (mean > 0.0) & (mean < 1.0)
    return score, heard


def support(early: Sequence[Early]) -> float:
    """Nats by which the means speak for being counts, of batches of any size, against any numbers."""
    score, _ = _posterior(early, np.arange(1, LARGEST + 1, dtype=np.float64))
    return float(np.logaddexp.reduce(score) - np.logaddexp.reduce(_log_prior()))


def candidates(
    early: Sequence[Early], spread: Spread | None = None, most: int = 6
) -> list[Candidate]:
    """The sizes that the early means support, and the spread where it is known; best first.

    Empty without evidence, and where `most` sizes hold too little of the posterior: then none is
    supported.
    """
    b = np.arange(1, LARGEST + 1, dtype=np.float64)
    score, heard = _posterior(early, b)
    score[~heard] = -np.inf
    if spread is not None:
        score -= 0.5 * ((np.log(b) - spread.log_size) / spread.sd) ** 2
    top = float(score.max())
    if not np.isfinite(top):
        return []
    order = np.argsort(-score)[:most]
    posterior = np.exp(score - top)
    if posterior[order].sum() < HELD * posterior.sum():
        return []
    return [Candidate(int(i) + 1, float(score[i]) - top) for i in order if posterior[i] > 0.0]
