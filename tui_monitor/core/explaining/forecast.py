"""Learning curves: how fast a metric still improves, and what to expect of it.

Two shapes are fitted to one number an epoch, an exponential y = c + a exp(-x / t) and a power law
y = c + a x^-b, the two that learning curves are described by (Viering and Loog 2023, IEEE Trans.
PAMI 45:7799). Given t or b the rest is linear; t and b are on a grid, each value weighted by how well
it fits, with the noise unknown (a Student t marginal). Errors that last over epochs make the epochs
count for fewer. Which shape, and whether of all epochs or of the later half: what predicted the last
quarter best from those before. Real curves have no exact shape, so a fit's errors are widened by as
much as such predictions missed by more than they said.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import Literal, NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Part

Shape = Literal["exponential", "power law"]
LARGEST = 1e150
"""Numbers from here on are left out: their squares are beyond what a float holds."""
LEAST = 4
"""Epochs that a fit needs."""
HELD_OUT = (0.25, 0.4)
"""Shares of the epochs, the last ones, that are predicted from those before them."""
ENOUGH_TO_COMPARE = 8
GRID = 40
"""Values of t or b that are tried."""
STEEPEST = 100.0
"""Exponent that stands for any larger one: squares of what it makes are numbers still."""
SHAPES: tuple[Shape, ...] = ("exponential", "power law")
SAMPLES = 600
"""Draws from the posterior for questions that are not linear."""


class Curve(NamedTuple):
    """One shape fitted: a mixture over its grid of Gaussians for (c, a)."""

    shape: Shape
    bends: FloatArray
    """t or b, shape (g,)."""
    weights: FloatArray
    """Shape (g,), adding up to 1."""
    means: FloatArray
    """Of (c, a), shape (g, 2)."""
    covariances: FloatArray
    """Shape (g, 2, 2)."""
    noise: float
    """Standard deviation of one epoch's number around the curve."""
    origin: float
    """The epoch at which x starts to count."""
    scale: float
    fit: float
    """Log-likelihood of the best of the grid, up to a constant shared by the shapes."""
    doubt: float = 1.0
    """Factor on standard errors: how far earlier predictions missed, in theirs."""

    def basis(self, x: float) -> FloatArray:
        """What a is multiplied by at epoch `x`, for each of the grid."""
        return _basis(self.shape, np.array([x]), self.bends, self.origin, self.scale)[:, 0]

    def value(self, x: float) -> Part:
        """The curve at epoch `x`, with its standard error."""
        return self._moments(np.ones_like(self.bends), self.basis(x))

    def values(self, x: FloatArray) -> FloatArray:
        """The curve at epochs `x`, without errors."""
        basis = _basis(self.shape, x, self.bends, self.origin, self.scale)
        return np.asarray(
            self.weights @ self.means[:, 0] + (self.weights * self.means[:, 1]) @ basis
        )

    def change(self, before: float, after: float) -> Part:
        """What the curve does from one epoch to another."""
        return self._moments(np.zeros_like(self.bends), self.basis(after) - self.basis(before))

    def _moments(self, of_c: FloatArray, of_a: FloatArray) -> Part:
        rows = np.column_stack([of_c, of_a])
        means = np.einsum("gi,gi->g", rows, self.means)
        variances = np.einsum("gi,gij,gj->g", rows, self.covariances, rows)
        middle = float(self.weights @ means)
        with np.errstate(over="ignore", invalid="ignore"):  # far off, a curve may be anything
            spread = float(self.weights @ (variances + (means - middle) ** 2))
        return Part(middle, self.doubt * max(spread, 0.0) ** 0.5)


class Reach(NamedTuple):
    """When a target is met, in epochs from now; inf where the curve levels off before."""

    low: float
    """2.5 % of the curves that fit are there by then; likewise what follows."""
    median: float
    high: float
    chance: float
    """Share of the curves that fit which ever get there."""


def fit(x: FloatArray, y: FloatArray, low: float = -inf, high: float = inf) -> Curve | None:
    """The better of the two shapes; `low` and `high`: where the metric can level off at all.

    `x`: numbers of the epochs, ascending, at least 1. None for fewer than `LEAST` epochs, or where
    the numbers are all the same.
    """
    x, y = _usable(x, y)
    if len(x) < LEAST or float(np.ptp(y)) == 0.0 or float(np.ptp(x)) == 0.0:
        return None
    bounds = (low, high)
    if len(x) < ENOUGH_TO_COMPARE:
        return max((_fit(shape, x, y, bounds) for shape in SHAPES), key=lambda curve: curve.fit)
    begins = (0, len(x) // 2) if len(x) >= 3 * ENOUGH_TO_COMPARE else (0,)
    choices = [(shape, begin) for shape in SHAPES for begin in begins]
    tests = {
        choice: [_backtest(choice, x, y, share, bounds) for share in HELD_OUT] for choice in choices
    }
    best = min(choices, key=lambda choice: sum(error for error, _ in tests[choice]))
    shape, begin = best
    missed = max(z for _, z in tests[best])
    return _fit(shape, x[begin:], y[begin:], bounds)._replace(doubt=max(1.0, missed))


def _backtest(
    choice: tuple[Shape, int],
    x: FloatArray,
    y: FloatArray,
    share: float,
    bounds: tuple[float, float],
) -> tuple[float, float]:
    """How well the first epochs predict the last: mean square error, and the miss in its own errors.

    `choice`: the shape and where the fit begins, of all epochs; the same share of fewer is used.
    """
    shape, begin = choice
    held = max(round(share * len(x)), 2)
    kept = len(x) - held
    begin = begin * kept // len(x)
    early = _fit(shape, x[begin:kept], y[begin:kept], bounds)
    errors = y[kept:] - early.values(x[kept:])
    late = slice(held // 2, None)
    expected = early.value(float(x[kept:][late].mean()))
    spread = np.hypot(expected.sd or 0.0, early.noise / len(errors[late]) ** 0.5)
    return float(np.mean(errors**2)), abs(float(errors[late].mean())) / max(float(spread), 1e-300)


def _basis(
    shape: Shape, x: FloatArray, bends: FloatArray, origin: float, scale: float
) -> FloatArray:
    """Shape (g, n)."""
    if shape == "exponential":
        # long before the epochs that it is fitted to a curve may be as steep as anything
        return np.asarray(
            np.exp(np.minimum((origin - x[None, :]) / scale / bends[:, None], STEEPEST))
        )
    return np.asarray((np.maximum(x[None, :], 1.0) / max(origin, 1.0)) ** -bends[:, None])


def _fit(shape: Shape, x: FloatArray, y: FloatArray, bounds: tuple[float, float]) -> Curve:
    """A shape fitted on a coarse grid of bends, then on a fine one where those fit."""
    widest = (0.03, 10.0) if shape == "exponential" else (0.05, 4.0)
    coarse = _on_grid(shape, x, y, bounds, np.geomspace(*widest, GRID))
    likely = np.flatnonzero(coarse.weights > 1e-5)
    first = coarse.bends[max(int(likely[0]) - 1, 0)]
    last = coarse.bends[min(int(likely[-1]) + 1, GRID - 1)]
    return _on_grid(shape, x, y, bounds, np.geomspace(first, last, GRID))


def _on_grid(
    shape: Shape, x: FloatArray, y: FloatArray, bounds: tuple[float, float], bends: FloatArray
) -> Curve:
    origin, scale, n = float(x[0]), float(np.ptp(x)), len(x)
    basis = _basis(shape, x, bends, origin, scale)
    # normal equations of c + a * basis; the sums are all that n epochs are needed for
    sums, products = basis.sum(axis=1), np.einsum("gn,gn->g", basis, basis)
    normal = np.stack([np.full_like(sums, n), sums, sums, products], axis=1).reshape(-1, 2, 2)
    inverse = np.linalg.pinv(normal)
    moments = np.stack([np.full_like(sums, y.sum()), basis @ y], axis=1)
    means = np.einsum("gij,gj->gi", inverse, moments)
    residuals = y[None, :] - means[:, :1] - means[:, 1:] * basis
    squares = np.einsum("gn,gn->g", residuals, residuals)
    squares = np.maximum(squares, 1e-18 + 1e-12 * float(np.var(y)))
    possible = (means[:, 0] >= bounds[0]) & (means[:, 0] <= bounds[1])
    if not possible.any():
        possible[:] = True
    best = int(np.argmin(np.where(possible, squares, inf)))
    count = max(_independent(residuals[best]), 3.0)
    logs = np.where(possible, -0.5 * (count - 1.0) * np.log(squares), -inf)
    weights = np.exp(logs - logs.max())
    variance = squares / n * count / max(count - 2.5, 0.5)
    return Curve(
        shape=shape,
        bends=bends,
        weights=np.asarray(weights / weights.sum()),
        means=means,
        covariances=np.asarray(inverse * (variance * n / count)[:, None, None]),
        noise=float(variance[best] ** 0.5),
        origin=origin,
        scale=scale,
        fit=float(logs.max()),
    )


def _independent(residuals: FloatArray) -> float:
    """How many independent errors the residuals are worth, by their correlation with the next."""
    n = len(residuals)
    if n < ENOUGH_TO_COMPARE:
        return float(n)
    centred = residuals - residuals.mean()
    total = float(centred @ centred)
    rho = float(centred[1:] @ centred[:-1]) / total if total > 0.0 else 0.0
    rho = min(max(rho, 0.0), 0.95)
    return n * (1.0 - rho) / (1.0 + rho)


def _usable(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    usable = np.isfinite(x) & (np.abs(y) < LARGEST)
    return x[usable], y[usable]


def trend(x: FloatArray, y: FloatArray) -> Part:
    """Slope of a straight line, an epoch, with its standard error; unknown for fewer than 3."""
    x, y = _usable(x, y)
    if len(x) < 3 or float(np.ptp(x)) == 0.0:
        return Part(None, None)
    centred = x - x.mean()
    total = float(centred @ centred)
    slope = float(centred @ y) / total
    residuals = y - y.mean() - slope * centred
    count = max(_independent(residuals), 2.5)
    variance = float(residuals @ residuals) / len(x) * count / (count - 2.0)
    return Part(slope, (variance * len(x) / count / total) ** 0.5)


def epochs_to(
    x: FloatArray,
    y: FloatArray,
    target: float,
    *,
    higher_is_better: bool,
    low: float = -inf,
    high: float = inf,
) -> Reach | None:
    """When the fitted curve meets a target, in epochs after the last of `x`.

    None where nothing can be fitted. Zero if an epoch has met it already.
    """
    x, y = _usable(x, y)
    if not len(x):
        return None
    last = float(x[-1])
    best = float(y.max() if higher_is_better else y.min())
    if (best >= target) if higher_is_better else (best <= target):
        return Reach(0.0, 0.0, 0.0, 1.0)
    curve = fit(x, y, low, high)
    if curve is None:
        return None
    met = _crossings(curve, target, higher_is_better=higher_is_better) - last
    met = np.maximum(np.sort(np.where(np.isnan(met), inf, met)), 0.0)
    early, middle, late = (_at(met, share) for share in (0.025, 0.5, 0.975))
    return Reach(early, middle, late, float(np.isfinite(met).mean()))


def _at(ordered: Sequence[float] | FloatArray, share: float) -> float:
    return float(ordered[min(int(share * len(ordered)), len(ordered) - 1)])


def _crossings(curve: Curve, target: float, *, higher_is_better: bool) -> FloatArray:
    """The epoch at which each of a sample of curves meets the target; inf where it never does."""
    random = np.random.default_rng(0)
    which = random.choice(len(curve.bends), size=SAMPLES, p=curve.weights)
    normal = curve.doubt * random.standard_normal((SAMPLES, 2))
    roots = np.linalg.cholesky(
        curve.covariances + 1e-18 * np.eye(2) * np.maximum(1.0, np.abs(curve.covariances).max())
    )
    c, a = (curve.means[which] + np.einsum("sij,sj->si", roots[which], normal)).T
    bend = curve.bends[which]
    with np.errstate(all="ignore"):
        left = (target - c) / a
        if curve.shape == "exponential":
            x = curve.origin - curve.scale * bend * np.log(left)
        else:
            x = max(curve.origin, 1.0) * left ** (-1.0 / bend)
    improving = (a < 0.0) == higher_is_better
    reachable = improving & (left > 0.0) & (left <= 1.0)
    already = improving & (left > 1.0)
    return np.asarray(np.where(already, curve.origin, np.where(reachable, x, inf)))


def is_known(part: Part) -> bool:
    """Whether a part has a value and an error."""
    return part.value is not None and part.sd is not None and isfinite(part.sd)
