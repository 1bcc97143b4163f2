"""What prints tell of sums of batches: Gaussian inference over the cells of an epoch.

An epoch, or a part of it, is cut into cells that end at prints or at borders of interest. Unknown are
the means z_c of the batches' values in the cells. A print observes a linear functional of them (the
averaging law), with its rounding as the error. Before any print they are a slowly changing level p
and the chance of finite batches,

    z_c = p_c + e_c,    e_c ~ N(0, v / n_c),

with p a Gaussian process: a random walk or, smoother, an integrated one, each in several sizes
(`MODELS`). Given a model all is linear and Gaussian (Rasmussen and Williams 2006, Gaussian Processes
for Machine Learning, chapter 2); models are averaged by how well they predict the prints. Where the
prints mark the borders, the sums between them follow from the prints and the models hardly matter;
where they do not, the models say how much is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray


class Model(NamedTuple):
    """How the level may move over an epoch."""

    smooth: bool
    """An integrated random walk, else a random walk."""
    size: float
    """Standard deviation of what it does over an epoch, in units of the metric's scale."""

    @property
    def weight(self) -> float:
        """How likely it is beforehand: learning curves are smooth, and rarely steep."""
        return 3.0 / (1.0 + self.size) if self.smooth else 1.0 / (1.0 + 10.0 * self.size)


MODELS = (
    *(Model(False, size) for size in (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
    *(Model(True, size) for size in (0.1, 0.5, 2.5)),
)
"""From flat to steep; an exponential that settles in a third of an epoch is a smooth one of size 3."""
SPREAD = 4.0
"""Standard deviation of the level before any print, in units of the scale: nothing is assumed."""
SLOPE_SPREAD = 2.0
"""The same of its slope, a smooth model's, an epoch."""
TINY = 1e-14
"""Least variance of an observation, in squared units of the scale: keeps the algebra regular."""


class Point(NamedTuple):
    """What one print, or several together, observe."""

    k: FloatArray
    """Batches done at each of the prints, in full batches."""
    d: float
    """Their mean, as displayed."""
    variance: float
    """Of the rounding."""
    twice: bool
    """The bar averages twice: d = E_k / k, else d = S_k / k."""
    appended: float = 0.0
    """The weight m of R in the last line of a bar that averages twice: d = (E_k + m R_k) / (k + m)."""


class Base(NamedTuple):
    """Where the look begins: batches done, and S and E there with their variances."""

    k: float
    s: float = 0.0
    e: float = 0.0
    s_variance: float = 0.0
    e_variance: float = 0.0


class Doubt(NamedTuple):
    """A variance of one batch's noise that comes into question."""

    variance: float
    weight: float
    """How likely beforehand."""


class Outcome(NamedTuple):
    """Posterior of linear functionals: first those of the batches' means, then those of the level."""

    mean: FloatArray
    """Shape (m,)."""
    covariance: FloatArray
    """Shape (m, m)."""
    noise: float
    """Variance of one batch, averaged over those that came into question."""


class Cells:
    """Cells with what is observed of them. Nodes are batches done, ascending; cells lie between."""

    def __init__(self, nodes: FloatArray, base: Base, points: Sequence[Point]) -> None:
        """`nodes`: shape (G + 1,), the first is the base's."""
        self.nodes = nodes
        self.sizes: FloatArray = np.diff(nodes)
        self._base = base
        self._once, self._twice = self._sums(any_twice=any(point.twice for point in points))
        held = self._functionals(points)
        self.design: FloatArray = np.ascontiguousarray(held[:, :-2])
        """Shape (prints, G): what each print holds of each cell's mean."""
        of_base = np.ascontiguousarray(held[:, -2:])
        shown = np.array([point.d for point in points])
        self.seen: FloatArray = shown - of_base @ np.array([base.s, base.e])
        spread = np.diag([base.s_variance, base.e_variance])
        rounding = np.diag([point.variance for point in points])
        self.error: FloatArray = of_base @ spread @ of_base.T + rounding
        """Covariance of the prints' errors."""
        self.wobble: FloatArray = self._wobble(points)
        """What a batch's noise of variance 1 adds to it: batches differ inside a cell, and E shows."""

    def _sums(self, *, any_twice: bool) -> tuple[FloatArray, FloatArray]:
        """S and E at each node as functionals of (cells' means, base S, base E)."""
        cells = len(self.sizes)
        once = np.zeros((cells + 1, cells + 2))
        once[:, :cells] = np.tri(cells + 1, cells, -1) * self.sizes
        once[:, cells] = 1.0
        twice = np.zeros_like(once)
        twice[0, cells + 1] = 1.0
        if any_twice:
            h1, h2 = _running(self.nodes[:-1], self.nodes[1:])
            gains = h1[:, None] * once[:-1]
            gains[np.arange(cells), np.arange(cells)] += h2
            twice[1:] = twice[0] + np.cumsum(gains, axis=0)
        return once, twice

    def _functionals(self, points: Sequence[Point]) -> FloatArray:
        """The prints as functionals of (cells' means, base S, base E)."""
        last = np.array([point.k[-1] for point in points])
        cell = np.clip(np.searchsorted(self.nodes, last) - 1, 0, len(self.sizes) - 1)
        held = np.asarray(self._once[cell] / last[:, None])
        held[np.arange(len(points)), cell] += (last - self.nodes[cell]) / last
        for at, point in enumerate(points):
            if point.twice:
                held[at] = self._of_two(point, int(cell[at]))
        return held

    def _of_two(self, point: Point, c: int) -> FloatArray:
        """A print of a bar that averages twice, whose last batch is in cell `c`."""
        k, last, begun = point.k, float(point.k[-1]), float(self.nodes[c])
        once, own = self._once[c], np.zeros(len(self.sizes) + 2)
        own[c] = 1.0
        h1, h2 = _running(begun, k)
        over = k + point.appended
        held: FloatArray = self._twice[c] * _mean(1.0 / over) + once * _mean(h1 / over)
        held += own * _mean(h2 / over)
        if point.appended:
            share = point.appended / (last * (last + point.appended))
            held += share * (once + own * (last - begun))
        return held

    def _wobble(self, points: Sequence[Point]) -> FloatArray:
        """The sum of a Brownian bridge over a cell of n batches has the variance (n^3 - n) / 12."""
        last = np.array([point.k[-1] if point.twice else np.inf for point in points])
        begun = self.nodes[:-1] < last[:, None]
        n = self.sizes
        variance = np.maximum(n**3 - n, 0.0) / 12.0 / self.nodes[1:] ** 2
        held = np.where(begun, 1.0 / last[:, None], 0.0)
        return np.asarray((held * variance) @ held.T)

    def share(self, low: float, high: float) -> FloatArray:
        """Weights of the cells' means in the mean over batches `low` to `high`; both are nodes."""
        inside = (self.nodes[:-1] >= low - 1e-9) & (self.nodes[1:] <= high + 1e-9)
        weights = np.where(inside, self.sizes, 0.0)
        return np.asarray(weights / max(float(weights.sum()), 1e-12))

    def infer(
        self,
        of_batches: FloatArray,
        of_level: FloatArray,
        noise: Sequence[Doubt],
        scale: float,
        epoch: float,
    ) -> Outcome | None:
        """Posterior of functionals of the cells' means, rows of `of_batches`, and of the level's.

        `noise`: variances of one batch that come into question; `scale`: of the metric; `epoch`:
        batches of the whole epoch. None where the numbers lie too far apart for the arithmetic.
        """
        held = self.design.sum(axis=1)
        around = float(np.mean(self.seen / np.maximum(held, 1e-12)))
        seen = (self.seen - around * held) / scale
        wanted = np.vstack([of_batches, of_level])
        batches = np.zeros_like(wanted)
        batches[: len(of_batches)] = of_batches
        time = (0.5 * (self.nodes[:-1] + self.nodes[1:]) - self.nodes[0]) / epoch
        drift = _drifts(np.vstack([self.design, wanted]), time)
        everything = np.vstack([self.design, batches])
        chance = (everything / self.sizes) @ everything.T
        m = len(seen)
        chance[:m, :m] += self.wobble
        variance = np.array([doubt.variance for doubt in noise]) / scale**2
        prior = drift[None] + variance[:, None, None, None] * chance
        prior = prior.reshape(-1, *prior.shape[2:])
        prior[:, :m, :m] += self.error / scale**2 + TINY * np.eye(m)
        likely = np.array([[d.weight * model.weight for model in MODELS] for d in noise]).ravel()
        try:
            known, share = _condition(prior, seen, likely)
        except np.linalg.LinAlgError:
            return None
        mean, covariance = _average(share, *known)
        if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
            return None
        of_noise = share.reshape(len(noise), -1).sum(axis=1) @ variance
        return Outcome(
            scale * mean + around * wanted.sum(axis=1),
            np.asarray(scale**2 * covariance),
            float(scale**2 * of_noise),
        )


def _drifts(functionals: FloatArray, time: FloatArray) -> FloatArray:
    """Prior covariance, under each model, of functionals of the level at some times.

    `functionals`: shape (f, G); the result has the shape (models, f, f).
    """
    first, last = np.minimum.outer(time, time), np.maximum.outer(time, time)
    smooth = functionals @ (first * first * (3.0 * last - first) / 6.0) @ functionals.T
    walk = functionals @ first @ functionals.T
    held, sloped = functionals.sum(axis=1), functionals @ time
    level = SPREAD**2 * np.outer(held, held)
    straight = level + SLOPE_SPREAD**2 * np.outer(sloped, sloped)
    return np.array(
        [
            straight + model.size**2 * smooth if model.smooth else level + model.size**2 * walk
            for model in MODELS
        ]
    )


def _condition(
    prior: FloatArray, seen: FloatArray, likely: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    """Means and covariances of what was not seen, given what was, under each model; their weights.

    `prior`: covariance of both, shape (models, m + f, m + f), the seen first; `likely`: weights of
    the models before.
    """
    m = len(seen)
    spread, across, own = prior[:, :m, :m], prior[:, :m, m:], prior[:, m:, m:]
    root = np.linalg.cholesky(spread)
    given = np.broadcast_to(seen[:, None], (len(prior), m, 1))
    solved = np.linalg.solve(root, np.concatenate([given, across], axis=2))
    z, half = solved[:, :, 0], solved[:, :, 1:]
    turned = half.transpose(0, 2, 1)
    logs = np.log(likely) - 0.5 * (z * z).sum(axis=1)
    logs -= np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    share = np.exp(logs - logs.max())
    means = (turned @ z[:, :, None])[:, :, 0]
    return (means, own - turned @ half), np.asarray(share / share.sum())


def _average(
    share: FloatArray, means: FloatArray, covariances: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of a mixture of Gaussians."""
    middle = share @ means
    apart = means - middle
    covariance = np.einsum("i,ijk->jk", share, covariances)
    return np.asarray(middle), np.asarray(covariance + (apart * share[:, None]).T @ apart)


def _mean(values: FloatArray) -> float:
    return float(values.sum()) / len(values)


def _running(k0: FloatArray | float, k: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    """What E gains from batch k0 to k of S at k0, and of the mean between (see `gaps.Gap`)."""
    first = np.rint(np.asarray(k0, dtype=np.float64)).astype(np.int64)
    last = np.rint(np.asarray(k, dtype=np.float64)).astype(np.int64)
    harmonic = _harmonic(int(last.max()).bit_length())
    h1 = harmonic[last] - harmonic[first]
    return h1, np.asarray(last - first - first * h1)


@lru_cache(maxsize=4)
def _harmonic(bits: int) -> FloatArray:
    """1 + 1/2 + .. + 1/k for each k below 2^bits."""
    return np.concatenate(([0.0], np.cumsum(1.0 / np.arange(1.0, 2.0**bits))))
