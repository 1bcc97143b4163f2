"""How likely a law makes the prints of an epoch, whichever way the level went.

Whatever is printed is a weighted mean of the batches so far, and a law is the weights: of batch j

    (c - w h_j) / n,    h_j = 1 + 1/2 + .. + 1/(j-1)

after batch k, with c = 1, w = 0, n = k for a running mean, and c = h_{k+1}, w = 1, n = k for a mean of
running means. If batches scatter by a variance of s f(p) about a level p, and the level is a Gaussian
process in the square root of time, all prints are Gaussian together; the Cholesky factor of their
covariance foretells each from those before it (Rasmussen and Williams 2006, Gaussian Processes for
Machine Learning, 2.2 and 5.2). That is done for some scales s of the noise and some ways that a level
may go.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.arrays import FloatArray
from tui_monitor.core.laws import Final

NOISES: FloatArray = 0.5 / 6.0 ** np.arange(8.0)
"""Scales of a batch's noise, s: for a fraction those of 2, 12, 72, .. 559,872 samples a batch."""
SMOOTH: FloatArray = np.array([0.25, 1.0, 4.0, 16.0])
"""How far a level without corners goes until it turns (Matérn, 3/2); all prints are 1."""
ROUGH: FloatArray = np.array([1.0, 100.0])
"""The same of a level that goes as chance has it (Matérn, 1/2)."""
FINEST = 1e-11
"""Least variance of a rounding: below it sums of floats are no better."""
UNBOUNDED = 1e200
"""Stands for a variance beyond all others."""


class Row(NamedTuple):
    """A print as a weighted mean of the batches up to k."""

    k: int
    c: float
    w: float
    n: float


def row(depth: int, k: int, last: Final = "same", appended: float = 1.0) -> Row:
    """What is printed after batch k, or, by its rule, on a last line.

    `appended`: batches that a running mean counts for which the last line appends.
    """
    if last == "running-appended":
        return Row(k, float(_harmonic(k)[k]) + appended / k, 1.0, k + appended)
    if depth == 1 or last == "reset":
        return Row(k, 1.0, 0.0, float(k))
    return Row(k, float(_harmonic(k)[k]), 1.0, float(k))


def _harmonic(n: int) -> FloatArray:
    """h_1, h_2, .. and at least to h_{n+1}."""
    return _harmonic_sums(1 << n.bit_length())


@lru_cache(maxsize=16)
def _harmonic_sums(n: int) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(1.0 / np.arange(1, n + 1))))


class _Design(NamedTuple):
    """What prints share whatever they say. Arrays of prints x prints, if not told otherwise."""

    level: FloatArray
    """Covariance that the level gives, one for each way it may go: ways x prints x prints."""
    gap: NDArray[np.int64]
    """Index of the last gap between prints that both have behind them."""
    batch: FloatArray
    """Sums over the batches of each gap of 1, h and h^2: 3 x gaps."""
    weight: FloatArray
    """With what weights these make up the covariance of the noise: 3 x prints x prints."""
    at: NDArray[np.int64]
    """The first print after each gap."""


@lru_cache(maxsize=8)
def _design(rows: tuple[Row, ...]) -> _Design:
    """Between two prints the level is taken to go straight. A log's metrics share designs."""
    k, c, w, n = np.array(rows).T
    stops, at = np.unique(k, return_index=True)
    starts = np.concatenate(([0.0], stops[:-1]))
    lengths = stops - starts
    first = starts.astype(np.int64)
    h = _harmonic(int(stops[-1]))[: int(stops[-1])]
    share = np.arange(1.0, len(h) + 1.0) - np.repeat(starts, lengths.astype(np.int64))
    batch = np.stack([lengths, np.add.reduceat(h, first), np.add.reduceat(h * h, first)])
    reached = (stops <= k[:, None]) / n[:, None]
    whole = reached * (np.outer(c, batch[0]) - np.outer(w, batch[1]))
    halves = np.outer(c, 0.5 * (lengths + 1.0)) - np.outer(
        w, np.add.reduceat(h * share, first) / lengths
    )
    nodes = np.zeros((len(k), len(stops) + 1))
    nodes[:, 1:] = reached * halves
    nodes[:, :-1] += whole - nodes[:, 1:]
    # learning is fast at first: of the square root of time a level is as smooth early as late
    time = np.sqrt(np.concatenate(([0.0], stops)) / stops[-1])
    lag = np.abs(time[:, None] - time)
    turned = 3.0**0.5 * lag / SMOOTH[:, None, None]
    smooth, rough = (1.0 + turned) * np.exp(-turned), np.exp(-lag / ROUGH[:, None, None])
    level = nodes @ np.concatenate([smooth, rough]) @ nodes.T
    weight = np.stack([np.outer(c, c), -np.outer(c, w) - np.outer(w, c), np.outer(w, w)])
    gap = np.searchsorted(stops, np.minimum(k[:, None], k))
    return _Design(level, gap, batch, weight / np.outer(n, n), at)


class Ways(NamedTuple):
    """How prints vary together under a law. Arrays of prints x prints, if not told otherwise."""

    level: FloatArray
    """Covariance that the level gives, one for each way it may go: ways x prints x prints."""
    noise: FloatArray
    """Covariance that the noise of the batches gives."""


def covariance(rows: Sequence[Row], variance: FloatArray) -> Ways:
    """Of prints; `variance`: of the batches before each of them, shape (prints,)."""
    design = _design(tuple(rows))
    summed = np.cumsum(design.batch * variance[design.at], axis=1)[:, design.gap]
    return Ways(design.level, (design.weight * summed).sum(axis=0))


def one_by_one(covariance: FloatArray, told: FloatArray, quantum: FloatArray) -> FloatArray:
    """Log-likelihood of each print, given those before it, by each covariance: shape (.., prints).

    Means are those of the first print. In nats of the number among all that could be printed.
    """
    rounding = np.maximum(quantum**2 / 12.0, FINEST)
    size = len(told)
    # bordered by the numbers, the factor's last row is what each was foretold wrongly by
    both = np.empty((*covariance.shape[:-2], size + 1, size + 1))
    both[..., :size, :size] = covariance + np.diag(rounding)
    both[..., size, :size] = told - told[0]
    both[..., size, size] = UNBOUNDED
    factor = np.linalg.cholesky(both)
    sd = np.diagonal(factor, axis1=-2, axis2=-1)[..., :size]
    cell = 0.5 * np.log(6.0 / pi * rounding)
    return np.asarray(cell - np.log(sd) - 0.5 * factor[..., size, :size] ** 2)


def foretold(
    rows: Sequence[Row], told: FloatArray, quantum: FloatArray, variance: FloatArray
) -> FloatArray:
    """Log-likelihood of each print, given those before it: shape (ways of the level, `NOISES`, prints).

    `told` are the numbers and `quantum` their rounding, in units of what the level may be away from
    the first of them; `variance`: of the batches before each print, for s = 1.
    """
    level, noise = covariance(rows, variance)
    return one_by_one(level[:, None] + NOISES[:, None, None] * noise, told, quantum)


def mean(nats: FloatArray, axis: int | None = None) -> FloatArray:
    """The logarithm of the mean of likelihoods."""
    count = nats.size if axis is None else nats.shape[axis]
    return np.asarray(np.logaddexp.reduce(nats, axis=axis) - log(count))
