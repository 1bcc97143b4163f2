"""The level of numbers that stand alone: its algebra with a slope, and what the slope is good for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.averages import laws
from tui_monitor.core.averages.gaps import of_one_average
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.level import trend
from tui_monitor.core.level.bank import DRIFTS, SLOPED
from tui_monitor.core.level.filter import LevelFilter
from tui_monitor.core.level.kalman import Observation
from tui_monitor.core.level.smoother import smooth, transition
from tui_monitor.core.metrics import describe
from tui_monitor.core.noise import Noise
from tui_monitor.core.tracks.track import Track

ONE = of_one_average(1)
QUANTUM = 1e-8

# --- the algebra ----------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**20), n=st.integers(1, 8))
@settings(max_examples=60, derandomize=True)
def test_the_smoother_is_conditioning_on_all_numbers(seed: int, n: int) -> None:
    """Against one Gaussian vector of first state, drifts and bends; slopes are lost for a share."""
    random = np.random.default_rng(seed)
    drift, bend, noise, rounding = random.exponential(size=(4, n))
    keep = np.where(random.random(n) < 0.3, random.random(n), 1.0)
    y, (p, b) = random.normal(size=n), random.normal(size=2)
    root = random.normal(size=(2, 2))
    first = root @ root.T
    sources = np.diag(np.concatenate(([0.0, 0.0], drift, bend)))
    sources[:2, :2] = first
    mean = np.concatenate(([p, b], np.zeros(2 * n)))
    level, slope = np.zeros((2, 2 + 2 * n))
    level[0] = slope[1] = 1.0
    levels, slopes = [], []
    for i in range(n):
        slope = keep[i] * slope
        slope[2 + n + i] += 1.0
        level = level + slope
        level[2 + i] += 1.0
        levels.append(level)
        slopes.append(slope)
    h = np.array(levels)
    inverse = np.linalg.inv(h @ sources @ h.T + np.diag(noise + rounding))
    posterior = mean + sources @ h.T @ inverse @ (y - h @ mean)
    left = sources - sources @ h.T @ inverse @ h @ sources

    state = (float(p), float(b), float(first[0, 0]), float(first[0, 1]), float(first[1, 1]))
    passed = []
    told = [Observation(float(y[i]), 1.0, 0.0, float(rounding[i])) for i in range(n)]
    for i in range(n):
        state = trend.turned(state, float(keep[i]), float(bend[i]))
        taken = trend.pass_print(state, ONE, float(drift[i]), float(noise[i]), told[i])
        passed.append(taken)
        state = taken[0]
    said = trend.TREND.nothing
    for i in reversed(range(n)):
        back = (said[0], said[1], said[2], said[3], said[4])
        seen, said = trend.look_back(back, passed[i], ONE, told[i])
        said = trend.turned(said, float(keep[i]), 0.0)
        assert seen[0] == pytest.approx(levels[i] @ posterior, rel=1e-6, abs=1e-7)
        assert seen[1] == pytest.approx(levels[i] @ left @ levels[i], rel=1e-6, abs=1e-7)
        assert seen[2] == pytest.approx(slopes[i] @ posterior, rel=1e-6, abs=1e-7)


def test_a_level_without_a_slope_only_drifts() -> None:
    state = trend.without_slope((1.0, 0.3, 2.0, 0.5, 0.7))
    assert trend.doubt(state) == 2.0
    after, nu, variance, _ = trend.pass_print(state, ONE, 0.5, 1.0, (2.0, 1.0, 0.0, 0.25))
    assert (nu, variance) == (1.0, 3.75)
    assert after == pytest.approx((1.0 + 2.5 / 3.75, 0.0, 2.5 - 2.5**2 / 3.75, 0.0, 0.0))


def test_the_filters_with_a_slope_are_part_of_a_distribution() -> None:
    assert sum(SLOPED.prior) == pytest.approx(1.0)
    assert transition(SLOPED.prior).sum(axis=1) == pytest.approx(1.0)
    for scale in (None, 0.04):
        tracker = LevelFilter(Noise("real", scale), trend.TREND, guess=0.0, spread=1.0)
        for number in np.random.default_rng(3).normal(np.arange(60) / 5.0, 0.2).tolist():
            tracker.restart(0.0)
            tracker.follow(ONE, Observation(number, 1.0, 0.0, 0.0))
        weights = np.array(tracker.steps.weights)
        assert weights.sum(axis=1) == pytest.approx(1.0)
        # the slope is found, and it is the filters with a slope that are believed
        assert weights[-1, len(DRIFTS) : -1].sum() > 0.5
        assert tracker.now[1] == pytest.approx(0.2, abs=0.05)
        level = smooth(tracker.steps, tracker.start, tracker.noise, tracker.kernel).level
        error = level - np.arange(60) / 5.0
        assert np.sqrt(np.mean(error[20:] ** 2)) < 0.15


# --- what it is good for --------------------------------------------------------------------------


class Followed(NamedTuple):
    """Errors of the level, and its standard deviation, shape (rows,); live and in the end."""

    live: FloatArray
    live_sd: FloatArray
    end: FloatArray
    end_sd: FloatArray


def followed(level: FloatArray, noise: float, law: laws.Law, seed: int = 0) -> Followed:
    """Numbers about a level, each a batch's or an epoch's."""
    numbers = level + np.random.default_rng(seed).normal(0.0, noise, len(level))
    track = track_of(numbers.tolist(), law)
    live = np.array(track_live)
    track.close_epoch()
    track.smooth_all()
    sd = np.sqrt(track.variance.array())
    return Followed(live[:, 0] - level, live[:, 1], track.level.array() - level, sd)


track_live: list[tuple[float, float]] = []


def track_of(numbers: list[float], law: laws.Law) -> Track:
    track = Track(describe("loss"), law, None)
    track_live.clear()
    for row, number in enumerate(numbers):
        track.add(place(row, law), number, QUANTUM, row)
        track_live.append((track.level[row], track.sd(row)))
    return track


def place(row: int, law: laws.Law) -> Position:
    if law is laws.EPOCH:
        return Position(row + 1, 1, 1.0, ragged=False, final=True)
    return Position(1, row + 1, row + 1.0, ragged=False, final=False)


T = np.arange(150) / 150.0
SERIES = {
    "flat": np.full(150, 1.0),
    "line": 1.5 - T,
    "exp": 0.5 + np.exp(-4.0 * T),
    "power": 0.3 + 1.5 * (1.0 + 50.0 * T) ** -0.5,
    "staircase": 1.5 - 0.25 * np.floor(4.0 * T),
    "abrupt": np.where(T < 0.6, 1.5 - 0.1 * T, 1.0),
    "sine": 1.0 + 0.3 * np.sin(4.0 * np.pi * T),
}
ALONE = [laws.EPOCH, laws.INSTANTANEOUS]


@pytest.mark.parametrize(
    ("shape", "law"),
    [("line", laws.EPOCH), ("exp", laws.EPOCH), ("line", laws.INSTANTANEOUS)],
)
def test_a_smooth_series_is_followed_without_lag(shape: str, law: laws.Law) -> None:
    found = followed(SERIES[shape], 1e-4, law)
    settled = slice(50, None)
    # a level that only drifts is behind by a third of a step, which is 0.007 a line
    assert np.abs(found.live[settled]).mean() < 5e-4
    assert np.abs(found.end[settled]).mean() < 2e-4


@pytest.mark.parametrize(("law", "most"), [(laws.EPOCH, 0.001), (laws.INSTANTANEOUS, 0.004)])
def test_a_zigzag_about_a_line_has_a_narrow_band(law: laws.Law, most: float) -> None:
    zigzag = 0.001 * (-1.0) ** np.arange(80)
    slope = 0.6 - 0.004 * np.arange(80)
    track = track_of((slope + zigzag).tolist(), law)
    assert track.sd(79) < most
    assert track.level[79] == pytest.approx(slope[79], abs=0.001)
    track.smooth_all()
    assert track.sd(60) < most / 2.0
    assert track.level[60] == pytest.approx(slope[60], abs=0.0005)


@pytest.mark.parametrize("law", ALONE)
@pytest.mark.parametrize("shape", SERIES)
def test_the_band_holds_the_level(shape: str, law: laws.Law) -> None:
    live, end = [], []
    for seed, noise in enumerate((1e-6, 1e-4, 1e-3, 1e-2, 0.05)):
        found = followed(SERIES[shape], noise, law, seed)
        live.append(np.abs(found.live) <= 1.96 * found.live_sd)
        end.append(np.abs(found.end) <= 1.96 * found.end_sd)
    assert np.mean(live) > 0.9
    assert np.mean(end) > 0.9


@pytest.mark.parametrize("law", ALONE)
def test_a_step_is_a_step_and_not_a_slope(law: laws.Law) -> None:
    for seed in range(8):
        found = followed(SERIES["staircase"], 0.01, law, seed)
        assert np.sqrt(np.mean(found.end**2)) < 0.006


@pytest.mark.parametrize("law", ALONE)
def test_numbers_that_are_taken_back_leave_no_trace(law: laws.Law) -> None:
    numbers = (1.0 / np.arange(1.0, 61.0)).tolist()
    plain, disturbed = (Track(describe("loss"), law, None) for _ in range(2))
    for row, number in enumerate(numbers):
        mark = disturbed.checkpoint()
        disturbed.add(place(row, law), 7.0, QUANTUM, row)
        disturbed.rollback(mark)
        for track in (plain, disturbed):
            track.add(place(row, law), number, QUANTUM, row)
    for track in (plain, disturbed):
        track.smooth_all()
    np.testing.assert_array_equal(plain.level.array(), disturbed.level.array())
    np.testing.assert_array_equal(plain.variance.array(), disturbed.variance.array())


@pytest.mark.parametrize("law", ALONE)
def test_what_is_no_number_breaks_no_slope(law: laws.Law) -> None:
    numbers = (2.0 - 0.01 * np.arange(100)).tolist()
    numbers[60:63] = [float("nan"), float("inf"), float("nan")]
    track = track_of(numbers, law)
    assert np.isnan(track.level[61])
    assert track.level[99] == pytest.approx(numbers[99], abs=0.005)
