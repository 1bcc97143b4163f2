"""How likely a law makes the prints of an epoch, whichever way the level went.

Whatever is printed is a weighted mean of the batches so far, and a law is the weights: of batch j

    (c - w h_j) / n,    h_j = 1 + 1/2 + .. + 1/(j-1)

after batch k, with c = 1, w = 0, n = k for a running mean, and c = h_{k+1}, w = 1, n = k for a mean of
running means. If batches scatter by a variance of s f(p) about a level p, and the level is a Gaussian
process in the square root of time, all prints are Gaussian together; the Cholesky factor of their
covariance foretells each from those before it (Rasmussen and Williams 2006, Gaussian Processes for
Machine Learning, 2.2 and 5.2). That is done for some scales s of the noise and some ways that a level
may go, and for the prints of several metrics and laws at once: most of them are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log, pi, prod
from typing import NamedTuple

import numpy as np

from tui_monitor.core.averages.laws import Final
from tui_monitor.core.columns.arrays import FloatArray

NOISES: FloatArray = 0.5 / 6.0 ** np.arange(8.0)
"""Scales of a batch's noise, s: for a fraction those of 2, 12, 72, .. 559,872 samples a batch."""
SMOOTH: FloatArray = np.array([0.25, 1.0, 4.0, 16.0])
"""How far a level without corners goes until it turns (Matérn, 3/2); all prints are 1."""
ROUGH: FloatArray = np.array([1.0, 100.0])
"""The same of a level that goes as chance has it (Matérn, 1/2)."""
FINEST = 1e-11
"""Least variance of a rounding: below it sums of floats are no better."""
PORTION = 20_000
"""Numbers in the matrices that are factored at once: memory for more is taken from the system, and
given back, each time."""
UNBOUNDED = 1e200
"""Stands for a variance beyond all others."""


class Standing(NamedTuple):
    """Where the prints of an epoch stand, and how often is averaged. A log's metrics share them."""

    depth: int
    k: tuple[int, ...]
    """Batches before each print, ascending."""
    last: Final = "same"
    """The rule of the last of them."""
    appended: float = 1.0
    """Batches that a running mean counts for which it appends."""


class Weights(NamedTuple):
    """What each print is of the batches before it. Arrays of shape (prints,)."""

    c: FloatArray
    w: FloatArray
    n: FloatArray


def weights(at: Standing) -> Weights:
    """The weights of the batches in each print, the last by its own rule."""
    gaps = _gaps(at.k)
    n, h = gaps.ends.copy(), gaps.harmonic.copy()
    c, w = (h, np.ones(len(n))) if at.depth == 2 else (np.ones(len(n)), np.zeros(len(n)))
    if at.last == "running-appended":
        c[-1], w[-1] = h[-1] + at.appended / n[-1], 1.0
        n[-1] += at.appended
    elif at.last == "reset":
        c[-1], w[-1] = 1.0, 0.0
    return Weights(c, w, n)


@lru_cache(maxsize=16)
def _harmonic(n: int) -> FloatArray:
    """h_{k+1} = 1 + 1/2 + .. + 1/k, of k = 0 .. n."""
    return np.concatenate(([0.0], np.cumsum(1.0 / np.arange(1, n + 1))))


def _sums(n: FloatArray, h: FloatArray) -> FloatArray:
    """Over the batches j = 1 .. n, the sums of 1, h_j, h_j^2 and j h_j: 4 x len(n). `h`: h_{n+1}.

    Summed by parts (Graham, Knuth and Patashnik 1994, Concrete Mathematics, 2.6).
    """
    squares = n * h * h - (2.0 * n + 1.0) * h + 2.0 * n
    return np.array([n, n * (h - 1.0), squares, 0.5 * n * (n + 1.0) * h - 0.25 * n * (n + 3.0)])


class _Gaps(NamedTuple):
    """The batches between prints, and the level there. Arrays of gaps, if not told otherwise.

    A gap is empty where a last line restates the print before it.
    """

    ends: FloatArray
    """Batches before each print."""
    harmonic: FloatArray
    """h_{k+1} there."""
    size: FloatArray
    """Batches."""
    h: FloatArray
    """Mean of h_j."""
    scatter: FloatArray
    """Sum of squares of h_j about that."""
    share: FloatArray
    """Sum of the shares of the gap that are over by each batch."""
    h_share: FloatArray
    """Sum of h_j times that."""
    before: FloatArray
    """1 where a print has a gap behind it, else 0: prints x gaps."""
    level: FloatArray
    """Covariance of the level, one for each way it may go, at the start of the epoch and the prints:
    ways x gaps + 1 x gaps + 1."""


@lru_cache(maxsize=8)
def _gaps(k: tuple[int, ...]) -> _Gaps:
    counts = np.array((0, *k))
    harmonic = _harmonic(1 << k[-1].bit_length())[counts]
    ends = counts.astype(np.float64)
    over = _sums(ends, harmonic)
    size, h, squares, late = over[:, 1:] - over[:, :-1]
    some = np.maximum(size, 1.0)
    # learning is fast at first: of the square root of time a level is as smooth early as late
    time = np.sqrt(ends / k[-1])
    turned = np.abs(time[:, None] - time) / np.append(SMOOTH / 3.0**0.5, ROUGH)[:, None, None]
    level = np.exp(-turned)
    level[: len(SMOOTH)] *= 1.0 + turned[: len(SMOOTH)]
    return _Gaps(
        ends=ends[1:],
        harmonic=harmonic[1:],
        size=size,
        h=h / some,
        scatter=np.maximum(squares - h * h / some, 0.0),
        share=0.5 * (size + 1.0),
        h_share=(late - ends[:-1] * h) / some,
        before=np.tri(len(k)),
        level=level,
    )


class _Design(NamedTuple):
    """What prints share whatever they say."""

    level: FloatArray
    """Covariance that the level gives, one for each way it may go: ways x prints x prints."""
    noise: FloatArray
    """Factor of the covariance that batches of variance 1 give: prints x 2 gaps.

    The weights of a gap's batches are a constant and a multiple of h_j.
    """


@lru_cache(maxsize=8)
def _design(at: Standing) -> _Design:
    """Between two prints the level is taken to go straight."""
    c, w, n = (column[:, None] for column in weights(at))
    gaps = _gaps(at.k)
    reached = gaps.before / n
    each = reached * (c - w * gaps.h)
    later = reached * (c * gaps.share - w * gaps.h_share)
    ends = np.zeros((len(n), len(n) + 1))
    ends[:, 1:] = later
    ends[:, :-1] += each * gaps.size - later
    noise = np.concatenate([each * np.sqrt(gaps.size), reached * w * np.sqrt(gaps.scatter)], axis=1)
    return _Design(ends @ gaps.level @ ends.T, noise)


class Ways(NamedTuple):
    """How prints vary together under a law. Arrays of prints x prints, if not told otherwise."""

    level: FloatArray
    """Covariance that the level gives, one for each way it may go: ways x prints x prints."""
    noise: FloatArray
    """Covariance that the noise of the batches gives."""


def covariance(at: Standing, variance: FloatArray) -> Ways:
    """Of prints; `variance`: of the batches before each of them, shape (prints,)."""
    level, noise = _design(at)
    return Ways(level, _noise(noise, variance))


def _noise(factor: FloatArray, variance: FloatArray) -> FloatArray:
    """Covariance that batches give: shape (.., prints, prints); see `_Design` for the factor."""
    of_gaps = np.concatenate([variance, variance], axis=-1)[..., None, :]
    return np.asarray(factor * of_gaps @ np.swapaxes(factor, -2, -1))


def one_by_one(
    level: FloatArray, noise: FloatArray, told: FloatArray, quantum: FloatArray
) -> FloatArray:
    """Log-likelihood of each print, given those before it: shape (ways, .., prints).

    `level` and `noise` are covariances, shape (ways, .., prints, prints) where some axes may be 1, that
    add up to that of the prints; `told` are the numbers and `quantum` their rounding, shape
    (.., prints). Means are those of the first print. In nats of the number among all that could be
    printed.
    """
    rounding = np.maximum(quantum**2 / 12.0, FINEST)
    cell = 0.5 * np.log(6.0 / pi * rounding)
    away = told - told[..., :1]
    shape = np.broadcast(level, noise).shape
    some = max(1, PORTION // prod(shape[1:]))
    found = np.empty(shape[:-1])
    for first in range(0, shape[0], some):
        part = slice(first, first + some)
        of_level, of_noise = (each if len(each) == 1 else each[part] for each in (level, noise))
        found[part] = cell + _density(of_level, of_noise, rounding, away)
    return found


def _density(
    level: FloatArray, noise: FloatArray, rounding: FloatArray, away: FloatArray
) -> FloatArray:
    """Logarithm of the density of each number, given those before it, but for a constant."""
    size = away.shape[-1]
    shape = np.broadcast(level, noise).shape
    # bordered by the numbers, the factor's last row is what each was foretold wrongly by
    both = np.empty((*shape[:-2], size + 1, size + 1))
    np.add(level, noise, out=both[..., :size, :size])
    diagonal = _diagonal(both)
    diagonal[..., :size] += rounding
    diagonal[..., size] = UNBOUNDED
    both[..., size, :size] = away
    factor = np.linalg.cholesky(both)
    wrong = factor[..., size, :size]
    return np.asarray(-np.log(_diagonal(factor)[..., :size]) - 0.5 * wrong * wrong)


def _diagonal(matrices: FloatArray) -> FloatArray:
    """A view."""
    size = matrices.shape[-1]
    return matrices.reshape(*matrices.shape[:-2], -1)[..., :: size + 1]


def foretold(
    at: Sequence[Standing], told: FloatArray, quantum: FloatArray, variance: FloatArray
) -> FloatArray:
    """Log-likelihood of each print, given those before it: shape (ways, sets, `NOISES`, prints).

    Of some sets of as many prints each, arrays of shape (sets, prints): the numbers and their rounding,
    in units of what the level may be away from the first of a set, and the `variance` of the batches
    before each print, for s = 1.
    """
    designs = [_design(each) for each in at]
    level = np.array([design.level for design in designs]).swapaxes(0, 1)[:, :, None]
    noise = _noise(np.array([design.noise for design in designs]), variance)
    scaled = NOISES[:, None, None] * noise[None, :, None]
    return one_by_one(level, scaled, told[:, None], quantum[:, None])


def mean(nats: FloatArray, axis: int | None = None) -> FloatArray:
    """The logarithm of the mean of likelihoods."""
    count = nats.size if axis is None else nats.shape[axis]
    return np.asarray(np.logaddexp.reduce(nats, axis=axis) - log(count))
