"""The batch size, read off the scatter of the batches.

A batch of b samples scatters about the level p of an accuracy with a variance of p (1 - p) / b. An
epoch's prints are cut into short blocks, over each of which the level is a cubic in time; that, and
the sums at the block's start, are projected out (restricted likelihood: Patterson and Thompson 1971,
Biometrika 58:545). What is left is the batches' noise, carried through the averaging law, and rounding;
how likely it is, as a function of b, is the evidence. Fast learning does not disturb it. A level that
steps or bends looks like more noise, and noise like smaller batches: a block may have one step or
bend, anywhere, and be rougher than all that, by any factor, so that one block never outvotes the
others. Batches that are no random samples are left: this measures log b with an error of its own
(`MODEL`), however many prints there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.columns.arrays import FloatArray

DEGREE = 3
"""Of the polynomial that the level follows over a block."""
BLOCK = 26
"""Prints a block."""
WIDEST = 1_000_000
"""The most batches a block: sums over all of them are taken."""
SHORTEST = 8
"""The fewest of an epoch's last: a few more than what is projected out."""
BLOCKS_AN_EPOCH = 8
"""At most, spread over the epoch."""
MOST_BLOCKS = 16
"""Blocks beyond which the error of the model is all that is left."""
PER_OCTAVE = 4
OCTAVES = 18
SMALLEST = -4
"""Octave where the grid begins: far below any size, for blocks that are rougher than noise."""
GRID: FloatArray = log(2.0) * (SMALLEST + np.arange(OCTAVES * PER_OCTAVE + 1) / PER_OCTAVE)
"""Logarithms of the sizes for which the likelihood is computed."""
ROUGH = 0.12
"""Chance that a block is rougher than noise."""
ROUGHER = 4.0
"""By how many octaves it then is, on average (exponential: no block is too rough to be believed)."""
MODEL = ((0.12, 0.85), (0.5, 0.12), (1.5, 0.03))
"""Error of the model in log b, as a mixture: standard deviations and how likely each is. In 29 of the
30 logs of the test corpus with enough prints it is too small to be told from chance; in the other,
whose batches are learnt by heart and scatter less for it, it is 0.9."""
STEPPED = 0.3
"""Chance that the level steps or bends in a block."""
STEP = 0.1
"""Standard deviation of such a step."""
BEND = 1.0
"""Standard deviation of such a change of slope, of the level over a block's batches."""
PLACES = 2
"""Batches between two prints after which the level may step."""
LEAST_VARIANCE = 0.01
"""Least p (1 - p) of a block whose scatter is near enough to a Gaussian."""
TELLING = 0.3
"""Least variance of the noise between two prints of a block, in variances of their rounding."""
FAR = 2.0
"""Factor by which a guess of the size must have been wrong for prints to be chosen anew."""
TINY = 1e-300
"""Least likelihood that can be told from none."""


def looks_like() -> FloatArray:
    """How likely a block of a size of `GRID`, by row, looks like one of another, by column."""
    row = np.arange(len(GRID))
    lag = row[:, None] - row
    shorter = exp(-1.0 / (ROUGHER * PER_OCTAVE))
    rougher = np.where(lag > 0, (1.0 - shorter) * shorter ** (lag - 1.0), 0.0)
    # what is rougher than the grid reaches looks like its smallest size
    rougher[:, 0] += shorter**row
    return ROUGH * rougher + (1.0 - ROUGH) * np.eye(len(GRID))


LOOKS_LIKE = looks_like()


class Point(NamedTuple):
    """A print: y = k d, the standard deviation of its rounding, and the d displayed."""

    k: int
    y: float
    rounding: float
    displayed: float


START = Point(0, 0.0, 0.0, 0.0)
"""Of an epoch."""


class Epoch:
    """An epoch's prints, cut into blocks that begin with the last print of the one before."""

    def __init__(self, depth: int) -> None:
        """`depth`: how often is averaged."""
        self.depth = depth
        self._points: list[Point] = []
        self._kept = [START]
        """Those so far apart that what they show moves by about its rounding."""
        self._seen = 0
        """Points that these were chosen from."""
        self._told: dict[tuple[int, int], FloatArray | None] = {}
        """What each block tells, by its first and its last print of these."""

    def take(self, point: Point) -> None:
        """Take the next print."""
        self._points.append(point)

    def forget(self) -> None:
        """Choose prints anew."""
        self._kept, self._seen = [START], 0
        self._told.clear()

    def blocks(self, guess: float) -> Iterator[FloatArray]:
        """Log-likelihood over `GRID`, of each block that tells something. `guess`: see `Spread`."""
        self._choose(guess)
        starts = range(0, len(self._kept) - SHORTEST + 1, BLOCK - 1)
        some = min(len(starts), BLOCKS_AN_EPOCH)
        for i in range(some):
            first = starts[i * len(starts) // some]
            block = self._kept[first : first + BLOCK]
            at = first, len(block)
            if at not in self._told:
                self._told[at] = of_block(block, self.depth)
            told = self._told[at]
            if told is not None:
                yield told

    def _choose(self, guess: float) -> None:
        for point in self._points[self._seen :]:
            n, k, d = point.k - self._kept[-1].k, point.k, point.displayed
            noise = max(d * (1.0 - d), LEAST_VARIANCE) / guess
            moved = n * noise if self.depth == 1 else n * n * n * noise / (3.0 * k * k)
            if n > 0 and moved >= TELLING * point.rounding**2:
                self._kept.append(point)
        self._seen = len(self._points)


class Spread:
    """What the scatter of one accuracy's batches tells of their size, epoch by epoch."""

    def __init__(self, depth: int) -> None:
        """`depth`: how often is averaged."""
        self.depth = depth
        self._epochs: list[Epoch] = []
        self._epoch = 0
        self._guess = 1.0

    def take(self, epoch: int, k: int, displayed: float, quantum: float) -> None:
        """Take a print after batch k > 0 of an epoch; none of its batches is a short one."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._epochs.append(Epoch(self.depth))
        rounding = max(k * quantum / sqrt(12.0), 1e-9)
        self._epochs[-1].take(Point(k, k * displayed, rounding, displayed))

    def likelihood(self, guess: float) -> FloatArray | None:
        """Log-likelihood (nats) of the sizes of `GRID`; None as long as the prints tell nothing.

        `guess`: about the size: prints are left out that follow so soon on others that rounding
        hides what batches of that size do.
        """
        if not self._guess / FAR < guess < self._guess * FAR:
            self._guess = guess
            for epoch in self._epochs:
                epoch.forget()
        found: list[FloatArray] = []
        for epoch in self._epochs:
            if len(found) < MOST_BLOCKS:
                found.extend(epoch.blocks(self._guess))
        return np.asarray(np.sum(found, axis=0)) if found else None


def of_block(block: Sequence[Point], depth: int) -> FloatArray | None:
    """Log-likelihood of the sizes of `GRID`, given one block; None where it tells nothing."""
    k, told, rounding, _ = zip(*block, strict=True)
    if k[-1] - k[0] > WIDEST:
        return None
    design = _design(k, rounding, depth)
    # an epoch's sums start at zero, and that is no print
    y = np.array(told if k[0] else told[1:])
    p = float(design.level @ y)
    if p * (1.0 - p) < LEAST_VARIANCE:
        return None
    residual = design.residual @ y
    weight = 1.0 / (1.0 + p * (1.0 - p) * design.variance[:, None] * np.exp(-GRID))
    nats = 0.5 * (np.log(weight) - residual[:, None] ** 2 * weight).sum(axis=0)
    return or_rough(or_stepped(nats, weight, residual, design.shock))


class _Design(NamedTuple):
    """What blocks share whatever they say, if their prints stand alike."""

    level: FloatArray
    """The mean level over the block, of the prints."""
    residual: FloatArray
    """What is left of the prints without the trend, turned so that all of it is independent: residuals
    x prints. Rounding gives each a variance of 1."""
    variance: FloatArray
    """What batches of variance 1 add to that."""
    shock: FloatArray
    """What a step or bend of one standard deviation does to them: residuals x places."""


@lru_cache(maxsize=16)
def _design(k: tuple[int, ...], rounding: tuple[float, ...], depth: int) -> _Design:
    trend, breaks, noise = carried(np.array(k), depth)
    if k[0] == 0:
        trend, breaks, noise = trend[1:, : DEGREE + 1], breaks[1:], noise[1:, 1:]
        rounding = rounding[1:]
    known = trend.shape[1]
    q, r = np.linalg.qr(trend, mode="complete")
    mean = np.zeros(known)
    mean[: DEGREE + 1] = 1.0 / np.arange(1, DEGREE + 2)
    rest = q[:, known:].T
    scaled = rest * rounding
    white = np.linalg.solve(np.linalg.cholesky(scaled @ scaled.T), rest)
    variance, axes = np.linalg.eigh(white @ noise @ white.T)
    residual = axes.T @ white
    level = np.linalg.solve(r[:known].T, mean) @ q[:, :known].T
    return _Design(level, residual, variance, residual @ breaks)


def carried(k: NDArray[np.int64], depth: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What the prints after batches k[0], k[1], .. of an epoch show of the level and of the batches.

    Rows are prints. Columns of the first array: the powers of time 0 to `DEGREE`, and the sums at
    print 0; of the second: a step of the level by `STEP`, at `PLACES` in each gap, and a bend by
    `BEND`, at each print but the last. The third is the covariance that batches of variance 1 give.
    """
    n = k - k[0]
    batch = np.arange(1, n[-1] + 1)
    places = (n[:-1, None] + np.diff(n)[:, None] * np.arange(PLACES) // PLACES).ravel()
    # they ascend; `np.unique` would load all of masked arrays for it
    places = places[np.diff(places, prepend=-1) > 0]
    level = np.cumsum(np.vander(batch / n[-1], DEGREE + 1, increasing=True), axis=0)
    since = np.maximum(n[:, None] - places, 0).astype(np.float64)
    after = np.maximum(n[:, None] - n[:-1], 0).astype(np.float64)
    both = np.minimum(n[:, None], n)
    start = np.ones((len(k), 1))
    if depth == 1:
        steps, bends, noise = since, 0.5 * after * (after + 1.0), both.astype(np.float64)
    else:
        share = 1.0 / (k[0] + batch)
        level = np.cumsum(level * share[:, None], axis=0)
        harmonic = np.concatenate([[0.0], np.cumsum(share)])
        h = harmonic[n]
        start = np.column_stack([start, h])
        # sums over the batches m since c of (m - c) / m and (m - c) (m - c + 1) / 2 m
        steps = since - (k[0] + places) * np.maximum(h[:, None] - harmonic[places], 0.0)
        c = k[:-1]
        bends = 0.25 * after * (after + 3.0 - 2.0 * c)
        bends += 0.5 * c * (c - 1.0) * np.maximum(h[:, None] - h[:-1], 0.0)
        # sums over the batches b before both of (h_i - h_b) (h_j - h_b)
        once, squared = np.cumsum([harmonic, harmonic**2], axis=1)[:, both - 1] * (both > 0)
        noise = both * np.outer(h, h) - (h[:, None] + h) * once + squared
    level = np.vstack([np.zeros(DEGREE + 1), level])[n]
    breaks = np.column_stack([STEP * steps, BEND / n[-1] * bends])
    return np.column_stack([level, start]), breaks, noise


def or_stepped(
    told: FloatArray, weight: FloatArray, residual: FloatArray, shock: FloatArray
) -> FloatArray:
    """The same of a block whose level may step or bend once, anywhere.

    `weight`: 1 / variance of the residuals, by size; `shock`: what a step or bend of one standard
    deviation does to them, at each place.
    """
    pull = (shock * residual[:, None]).T @ weight
    wider = 1.0 + (shock**2).T @ weight
    gain = 0.5 * pull**2 / wider
    top = gain.max(axis=0)
    stepped = (np.exp(gain - top) / np.sqrt(wider)).mean(axis=0)
    return np.asarray(told + top + np.log((1.0 - STEPPED) * np.exp(-top) + STEPPED * stepped))


def or_rough(told: FloatArray) -> FloatArray:
    """The same of a block whose level may be rougher than a polynomial, which looks like more noise."""
    top = told.max()
    return np.asarray(top + np.log(np.maximum(LOOKS_LIKE @ np.exp(told - top), TINY)))


def errors() -> FloatArray:
    """How likely the error of the model is -n, .., n steps of `GRID`, which has n."""
    step = GRID[1] - GRID[0]
    error = step * np.arange(-len(GRID), len(GRID) + 1)
    weight = sum(c / sd * np.exp(-0.5 * (error / sd) ** 2) for sd, c in MODEL)
    return np.asarray(weight / np.sum(weight))


ERRORS = errors()


def smeared(told: FloatArray) -> FloatArray:
    """Log-likelihood over `GRID` with the error of the model, in nats below its largest."""
    likely = np.exp(told - told.max())
    beyond = np.ones(len(GRID))
    ends = np.concatenate([likely[0] * beyond, likely, likely[-1] * beyond])
    found = np.convolve(ends, ERRORS, "valid")
    return np.asarray(np.log(np.maximum(found / found.max(), TINY)))
