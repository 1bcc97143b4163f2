"""The likelihood of prints under a law is that of its batches, put through the law's definition."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Final, Law
from tui_monitor.core.inference import marginal
from tui_monitor.core.inference.marginal import NOISES, Standing, foretold, mean, weights

LAST = [
    (laws.STATE, "same"),
    (laws.TWICE_APPENDED, "running-appended"),
    (laws.TWICE_RESET, "reset"),
]


def batches(at: Standing) -> list[list[float]]:
    """The weight of each batch in each print."""
    return [
        [(c - w * sum(1.0 / i for i in range(1, j))) / n for j in range(1, k + 1)]
        for k, c, w, n in zip(at.k, *weights(at), strict=True)
    ]


@pytest.mark.parametrize(("law", "last"), LAST)
def test_weights_are_what_the_law_prints(law: Law, last: Final) -> None:
    values = np.random.default_rng(0).uniform(0.0, 1.0, 9).tolist()
    printed = laws.forward(law, values, [1.0] * 9)
    found = batches(Standing(law.depth, tuple(range(1, 10)), last))
    told = [np.dot(each, values[: len(each)]) for each in found]
    assert told == pytest.approx(printed)


def test_sums_over_batches() -> None:
    h = [sum(1.0 / i for i in range(1, j)) for j in range(1, 41)]
    each = np.array([[1.0, h_j, h_j**2, j * h_j] for j, h_j in enumerate(h, start=1)])
    k = np.array([0, 1, 2, 17, 17, 40])
    found = marginal._sums(k.astype(float), marginal._harmonic(40)[k])
    np.testing.assert_allclose(found.T, [each[:n].sum(axis=0) for n in k], atol=1e-12)


@pytest.mark.parametrize("depth", [1, 2])
def test_the_likelihood_is_that_of_a_gaussian(depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the covariance written out batch by batch, for prints at every batch."""
    monkeypatch.setattr(marginal, "SMOOTH", np.array([]))
    monkeypatch.setattr(marginal, "ROUGH", np.array([2.0]))
    marginal._gaps.cache_clear()
    marginal._design.cache_clear()
    n = 6
    told = np.random.default_rng(1).uniform(0.4, 0.6, n)
    variance, quantum = np.linspace(0.5, 1.0, n), np.full(n, 1e-3)
    at = Standing(depth, tuple(range(1, n + 1)))
    found = foretold([at], told[None], quantum[None], variance[None])
    shares = np.array([[*each, *[0.0] * (n - len(each))] for each in batches(at)])
    time = np.sqrt(np.arange(1, n + 1) / n)
    level = np.exp(-np.abs(time[:, None] - time) / 2.0)
    assert found.shape == (1, 1, len(NOISES), n)
    for s, nats in zip(NOISES, found[0, 0], strict=True):
        covariance = shares @ (level + s * np.diag(variance)) @ shares.T + np.eye(n) * 1e-6 / 12.0
        away = told - told[0]
        _, size = np.linalg.slogdet(2.0 * np.pi * covariance)
        density = -0.5 * (away @ np.linalg.solve(covariance, away) + size)
        assert nats.sum() == pytest.approx(density + n * log(1e-3))


def test_numbers_out_of_all_proportion_are_foretold_badly_but_foretold() -> None:
    told = np.array([0.0, 1e13, 0.0, 1e-13])
    at = Standing(1, (1, 2, 3, 4))
    found = foretold([at], told[None], np.full((1, 4), 1e-12), np.full((1, 4), 30.0))
    assert np.isfinite(found).all()
    assert found.min() < -1e6


def test_the_mean_of_likelihoods() -> None:
    nats = np.log(np.array([[1.0, 3.0], [2.0, 6.0]]))
    np.testing.assert_allclose(np.exp(mean(nats, 0)), [1.5, 4.5])
    assert np.exp(mean(nats)) == pytest.approx(3.0)
