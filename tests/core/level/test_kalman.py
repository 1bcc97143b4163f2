"""The filter's kernels against the same model written with matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulate import kernel_of, narrowed
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.level import kalman
from tui_monitor.core.level.kalman import ONCE, TWICE, Observation, State2, State3

bounded = settings(max_examples=60, derandomize=True)
seeds = st.integers(0, 2**20)
SILENT = Observation(0.0, 0.0, 0.0, 0.0)
NO_BATCH = TWICE.gap(7, 7)


def covariance(random: np.random.Generator, n: int) -> FloatArray:
    root = random.normal(size=(n, n))
    return np.asarray(root @ root.T, dtype=np.float64)


def state3(random: np.random.Generator) -> State3:
    c = covariance(random, 3)
    m = random.normal(size=3)
    packed = (*m, c[0, 0], c[0, 1], c[0, 2], c[1, 1], c[1, 2], c[2, 2])
    a, b, e, pp, pa, pe, aa, ae, ee = (float(v) for v in packed)
    return (a, b, e, pp, pa, pe, aa, ae, ee)


def state2(random: np.random.Generator) -> State2:
    c, m = covariance(random, 2), random.normal(size=2)
    p, a, pp, pa, aa = (float(v) for v in (*m, c[0, 0], c[0, 1], c[1, 1]))
    return (p, a, pp, pa, aa)


def moments(s: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Mean vector and covariance matrix of a packed state."""
    n = 2 if len(s) == 5 else 3
    c = np.zeros((n, n))
    c[np.triu_indices(n)] = s[n:]
    c = c + np.triu(c, 1).T
    return np.array(s[:n]), c


def one_batch(k: int, n: int, drift: float, noise: float) -> tuple[FloatArray, FloatArray]:
    """Transition and its noise over batch k, for (p, S) or (p, S, E)."""
    f = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0 / k, 1.0 / k, 1.0]])
    reach = np.array([[1.0, 0.0], [1.0, 1.0], [1.0 / k, 1.0 / k]])  # of drift, of noise
    q = reach @ np.diag([drift, noise]) @ reach.T
    return f[:n, :n], q[:n, :n]


def predict(
    m: FloatArray, c: FloatArray, k0: int, k: int, drift: float, noise: float
) -> tuple[FloatArray, FloatArray]:
    """Batch after batch."""
    for j in range(k0 + 1, k + 1):
        f, q = one_batch(j, len(m), drift, noise)
        m, c = f @ m, f @ c @ f.T + q
    return m, c


def assert_same(s: Sequence[float], m: FloatArray, c: FloatArray) -> None:
    mean, cov = moments(s)
    np.testing.assert_allclose(mean, m, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(cov, c, rtol=1e-9, atol=1e-9)


@given(seed=seeds, n=st.integers(1, 25), decay=st.floats(0.5, 0.99), first=st.floats(1.0, 50.0))
@bounded
def test_a_sum_that_fades_is_predicted_batch_by_batch(
    seed: int, n: int, decay: float, first: float
) -> None:
    random = np.random.default_rng(seed)
    drift, noise = random.exponential(size=2)
    state = state2(random)
    m, c = moments(state)
    for j in range(n):
        weight = first if j == 0 else 1.0
        f = np.array([[1.0, 0.0], [weight, decay]])
        reach = np.array([[1.0, 0.0], [weight, weight]])
        m, c = f @ m, f @ c @ f.T + reach @ np.diag([drift, noise]) @ reach.T
    g = kalman.fading(decay, first).gap(0, n)
    got, *_ = kalman.pass_fading(state, g, drift, noise, SILENT)
    assert_same(got, m, c)
    assert g.gain == pytest.approx(sum(decay**j for j in range(n - 1)) + first * decay ** (n - 1))


@given(k0=st.integers(0, 500), n=st.integers(1, 60))
@bounded
def test_sums_of_a_gap_are_their_definitions(k0: int, n: int) -> None:
    g = TWICE.gap(k0, k0 + n)
    inverse = 1.0 / np.arange(k0 + 1, k0 + n + 1)
    t = np.array([inverse[m:].sum() for m in range(n)])
    u = np.array([t[m:].sum() for m in range(n)])
    steps = np.arange(1, n + 1)
    expected = [
        *(steps.sum(), (steps**2).sum()),
        *(t[0], (steps * inverse).sum(), t.sum(), (t**2).sum()),
        *(u.sum(), (u**2).sum(), (steps[::-1] * u).sum()),
    ]
    assert (g.k0, g.n) == (k0, n)
    assert g[2:11] == pytest.approx(expected, rel=1e-9)


@given(seed=seeds, k0=st.integers(0, 200), n=st.integers(1, 25))
@bounded
def test_prediction_over_a_gap_is_that_of_its_batches(seed: int, k0: int, n: int) -> None:
    random = np.random.default_rng(seed)
    drift, noise = random.exponential(size=2)
    twice = state3(random)
    got, *_ = kalman.pass3(twice, TWICE.gap(k0, k0 + n), drift, noise, SILENT)
    assert_same(got, *predict(*moments(twice), k0, k0 + n, drift, noise))
    once = state2(random)
    short, *_ = kalman.pass2(once, ONCE.gap(k0, k0 + n), drift, noise, SILENT)
    assert_same(short, *predict(*moments(once), k0, k0 + n, drift, noise))


def condition(
    m: FloatArray, c: FloatArray, h: FloatArray, y: float, r: float
) -> tuple[FloatArray, FloatArray, float, float]:
    var = float(h @ c @ h + r)
    nu = y - float(h @ m)
    gain = c @ h / var
    return m + gain * nu, c - np.outer(gain, h @ c), nu, var


@given(seed=seeds, exact=st.booleans())
@bounded
def test_an_observation_conditions_the_state(seed: int, exact: bool) -> None:
    random = np.random.default_rng(seed)
    c_s, c_e, y = (float(v) for v in random.normal(size=3))
    r = 0.0 if exact else float(random.exponential())
    twice = state3(random)
    got, nu, var, _ = kalman.pass3(twice, NO_BATCH, 1.0, 1.0, Observation(y, c_s, c_e, r))
    m, c, nu_, var_ = condition(*moments(twice), np.array([0.0, c_s, c_e]), y, r)
    assert (nu, var) == pytest.approx((nu_, var_))
    assert_same(got, m, c)
    once = state2(random)
    short, nu, var, _ = kalman.pass2(once, NO_BATCH, 1.0, 1.0, Observation(y, c_s, 0.0, r))
    m, c, nu_, var_ = condition(*moments(once), np.array([0.0, c_s]), y, r)
    assert (nu, var) == pytest.approx((nu_, var_))
    assert_same(short, m, c)


def test_an_observation_of_what_is_known_already_changes_nothing() -> None:
    known = (0.5, 2.0, 1.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0)
    sure = Observation(2.0, 1.0, 0.0, 0.0)
    assert kalman.pass3(known, NO_BATCH, 1.0, 1.0, sure)[:3] == (known, 0.0, 0.0)
    less = narrowed(known)
    other = Observation(2.5, 1.0, 0.0, 0.0)
    assert kalman.pass2(less, NO_BATCH, 1.0, 1.0, other)[:3] == (less, 0.5, 0.0)


def test_what_an_observation_carries_of_each_variance() -> None:
    h, nothing = np.array([0.0, 0.3, -1.7]), np.zeros((3, 3))
    _, noise = predict(np.zeros(3), nothing, 5, 12, 0.0, 1.0)
    _, drift = predict(np.zeros(3), nothing, 5, 12, 1.0, 0.0)
    _, level = predict(np.zeros(3), np.diag([1.0, 0.0, 0.0]), 5, 12, 0.0, 0.0)
    found = kalman.shares(TWICE.gap(5, 12), Observation(0.0, 0.3, -1.7, 0.0))
    assert found == pytest.approx((h @ noise @ h, h @ drift @ h, h @ level @ h))


def mixed(weights: Sequence[float], states: Sequence[Sequence[float]]) -> tuple[FloatArray, ...]:
    """Moments of a mixture of Gaussians."""
    parts = [moments(s) for s in states]
    mean = np.sum([w * m for w, (m, _) in zip(weights, parts, strict=True)], axis=0)
    second = sum(
        w * (c + np.outer(m - mean, m - mean)) for w, (m, c) in zip(weights, parts, strict=True)
    )
    return mean, np.asarray(second)


@given(seed=seeds)
@bounded
def test_mixtures_keep_their_moments(seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.ones(4)).tolist()
    threes, twos = [state3(random) for _ in weights], [state2(random) for _ in weights]
    assert_same(kalman.collapse3(weights, threes), *mixed(weights, threes))
    assert_same(kalman.collapse2(weights, twos), *mixed(weights, twos))
    a = weights[0]
    mixed3, *_ = kalman.pass3(threes[0], NO_BATCH, 1.0, 1.0, SILENT, threes[1], a)
    assert_same(mixed3, *mixed([1 - a, a], threes[:2]))
    mixed2, *_ = kalman.pass2(twos[0], NO_BATCH, 1.0, 1.0, SILENT, twos[1], a)
    assert_same(mixed2, *mixed([1 - a, a], twos[:2]))


def test_widening_adds_a_sum_that_is_zero() -> None:
    s = (0.7, 3.0, 0.2, 0.1, 0.5)
    mean, cov = moments(kalman.widen2(s))
    np.testing.assert_array_equal(mean, [0.7, 3.0, 0.0])
    np.testing.assert_array_equal(cov, [[0.2, 0.1, 0.0], [0.1, 0.5, 0.0], [0.0, 0.0, 0.0]])
    assert narrowed(kalman.widen2(s)) == s


def test_restarting_keeps_only_the_level() -> None:
    s = state3(np.random.default_rng(3))
    mean, cov = moments(kalman.restart3(s, 0.25))
    np.testing.assert_array_equal(mean, [s[0], 0.0, 0.0])
    np.testing.assert_array_equal(cov, np.diag([s[3] + 0.25, 0.0, 0.0]))
    assert kalman.restart2(narrowed(s), 0.25) == narrowed(kalman.restart3(s, 0.25))


# --- the smoother ---------------------------------------------------------------------------------


class Problem(NamedTuple):
    """A short log: prints after these batches of two epochs."""

    epochs: list[list[int]]
    observations: list[list[Observation]]
    drift: float
    noise: float
    start: State3
    step: float
    """Extra variance of the level between the epochs."""
    fade: float = 1.0
    """What is left of S a batch; with less than 1 it is not reset between the epochs."""


def problem(seed: int, twice: bool, exact: float) -> Problem:
    """`exact`: share of the observations that are without error."""
    random = np.random.default_rng(seed)
    epochs = [
        sorted(random.choice(np.arange(1, 9), size=random.integers(1, 6), replace=False).tolist())
        for _ in range(2)
    ]
    observations = [
        [
            Observation(
                float(random.normal()),
                *((0.0, 1.0) if twice else (1.0, 0.0)),
                0.0 if random.random() < exact else float(random.exponential()),
            )
            for _ in ks
        ]
        for ks in epochs
    ]
    drift, noise, variance = (float(v) for v in random.exponential(size=3) + 0.05)
    start = (float(random.normal()), 0.0, 0.0, variance, 0.0, 0.0, 0.0, 0.0, 0.0)
    return Problem(epochs, observations, drift, noise, start, float(random.exponential()))


def by_looking_back(p: Problem, *, with_e: bool) -> list[tuple[float, ...]]:
    """Forward with the filter, backward with the recursions under test; with E in the state or without.

    A print a row: smoothed level, its variance, smoothed sum, then squared residual and size of a
    shock before it.
    """
    kernel = kernel_of(twice=with_e) if p.fade == 1.0 else kalman.fading(p.fade, 1.0)
    epochs = [[kernel.gap(k0, k) for k0, k in zip([0, *ks], ks, strict=False)] for ks in p.epochs]
    gaps = [g for each in epochs for g in each]
    observations = [o for each in p.observations for o in each]
    state = p.start if with_e else narrowed(p.start)
    passed = []
    for i, (g, o) in enumerate(zip(gaps, observations, strict=True)):
        if i == len(epochs[0]):
            state = kernel.restart(state, p.step)
        passed.append(kernel.pass_print(state, g, p.drift, p.noise, o))
        state = passed[-1][0]
    found: list[tuple[float, ...]] = []
    said = kernel.nothing
    for i in range(len(gaps) - 1, -1, -1):
        seen, said = kernel.look_back(said, passed[i], gaps[i], observations[i])
        found.append(seen)
        if i == len(epochs[0]):
            said = kernel.carry_back(said)
    return found[::-1]


def by_conditioning(p: Problem) -> list[tuple[float, ...]]:
    """The same from one Gaussian vector of all levels and batches, conditioned on all prints."""
    sizes = [ks[-1] for ks in p.epochs]
    n = sum(sizes)
    # independent sources: the first level, a drift a batch, the step between epochs, noises
    level = np.zeros((n, 2 * n + 2))
    level[:, 0] = 1.0
    for i in range(n):
        level[i, 1 : i + 2] = 1.0
        level[i, n + 1] = float(i >= sizes[0])
    x = level.copy()
    x[:, n + 2 :] += np.eye(n)
    sources = np.diag([p.start[3], *[p.drift] * n, p.step, *[p.noise] * n])
    mean = np.zeros(2 * n + 2)
    mean[0] = p.start[0]
    rows, y, r, wanted, drifts = [], [], [], [], []
    first = 0
    for size, ks, observations in zip(sizes, p.epochs, p.observations, strict=True):
        if p.fade == 1.0:
            s = np.cumsum(x[first : first + size], axis=0)
        else:
            ages = np.subtract.outer(np.arange(first, first + size), np.arange(n))
            s = np.where(ages >= 0, p.fade ** np.maximum(ages, 0), 0.0) @ x
        e = np.cumsum(s / np.arange(1, size + 1)[:, None], axis=0)
        for k0, k, o in zip([0, *ks], ks, observations, strict=False):
            rows.append(o.c_s * s[k - 1] + o.c_e * e[k - 1])
            y.append(o.y)
            r.append(o.variance)
            wanted.append((level[first + k - 1], s[k - 1]))
            drifts.append(1 + first + k0)
        first += size
    h = np.array(rows)
    inverse = np.linalg.inv(h @ sources @ h.T + np.diag(r))
    surprise = inverse @ (np.array(y) - h @ mean)
    posterior = mean + sources @ h.T @ surprise
    left = sources - sources @ h.T @ inverse @ h @ sources
    found: list[tuple[float, ...]] = []
    for (at, total), drift in zip(wanted, drifts, strict=True):
        # a shock of the level loads on the prints as that batch's drift does
        score, told = float(h[:, drift] @ surprise), float(h[:, drift] @ inverse @ h[:, drift])
        found.append((at @ posterior, at @ left @ at, total @ posterior, -score, told))
    return found


@given(seed=seeds, twice=st.booleans(), exact=st.sampled_from([0.0, 0.5, 1.0]))
@bounded
def test_the_smoother_is_conditioning_on_all_prints(seed: int, twice: bool, exact: float) -> None:
    p = problem(seed, twice, exact)
    right = by_conditioning(p)
    for with_e in (True,) if twice else (True, False):
        for got, expected in zip(by_looking_back(p, with_e=with_e), right, strict=True):
            assert got == pytest.approx(expected, rel=1e-6, abs=1e-7)


@given(seed=seeds, fade=st.floats(0.3, 0.99), exact=st.sampled_from([0.0, 0.5]))
@bounded
def test_the_smoother_of_a_sum_that_fades_is_conditioning_too(
    seed: int, fade: float, exact: float
) -> None:
    p = problem(seed, False, exact)._replace(fade=fade)
    right = by_conditioning(p)
    for got, expected in zip(by_looking_back(p, with_e=False), right, strict=True):
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-7)
