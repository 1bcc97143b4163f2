"""Learning curves: fits and forecasts against curves that are known."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.explaining import forecast


def exponential(x: FloatArray, c: float, a: float, t: float) -> FloatArray:
    return np.asarray(c + a * np.exp(-x / t))


def power(x: FloatArray, c: float, a: float, b: float) -> FloatArray:
    return np.asarray(c + a * x**-b)


@pytest.mark.parametrize("shape", ["exponential", "power law"])
def test_the_intervals_of_a_forecast_hold_the_truth(shape: str) -> None:
    hits = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        n = int(random.integers(20, 100))
        x = np.arange(1.0, n + 1.0)
        ahead = np.array([float(n), n + 0.5 * n])
        c, a = random.uniform(0.05, 0.3), random.uniform(0.5, 1.5)
        bend = random.uniform(0.2, 0.7) * n if shape == "exponential" else random.uniform(0.3, 1.2)
        true = exponential if shape == "exponential" else power
        y = true(x, c, a, bend) + random.normal(0.0, random.choice([0.003, 0.02]), n)
        curve = forecast.fit(x, y, low=0.0)
        assert curve is not None
        change = curve.change(ahead[0], ahead[1])
        assert change.value is not None
        assert change.sd is not None
        expected = float(np.diff(true(ahead, c, a, bend))[0])
        hits += abs(change.value - expected) <= 1.96 * change.sd
    assert hits >= 52


def test_the_shape_that_predicts_is_chosen() -> None:
    x = np.arange(1.0, 81.0)
    random = np.random.default_rng(1)
    noise = random.normal(0.0, 0.003, 80)
    fitted = forecast.fit(x, exponential(x, 0.1, 1.0, 15.0) + noise)
    assert fitted is not None
    assert fitted.shape == "exponential"
    fitted = forecast.fit(x, power(x, 0.1, 1.0, 0.8) + noise)
    assert fitted is not None
    assert fitted.shape == "power law"


@pytest.mark.parametrize("huge", [1e155, -1e300])
def test_numbers_whose_squares_overflow_are_left_out(huge: float) -> None:
    x = np.arange(1.0, 41.0)
    y = exponential(x, 0.1, 1.0, 15.0)
    spoilt = np.where(x == 20.0, huge, y)
    fitted, clean = forecast.fit(x, spoilt), forecast.fit(x[x != 20.0], y[x != 20.0])
    assert fitted is not None
    assert clean is not None
    assert fitted.value(50.0) == clean.value(50.0)
    assert forecast.trend(x, spoilt) == forecast.trend(x[x != 20.0], y[x != 20.0])
    assert forecast.fit(x, huge * y) is None


def test_curves_too_far_apart_tell_nothing() -> None:
    x = np.arange(1.0, 41.0)
    random = np.random.default_rng(3)
    fitted = forecast.fit(x, power(x, 0.1, 1.0, 0.8) + random.normal(0.0, 0.003, 40))
    assert fitted is not None
    assert forecast.is_known(fitted.value(50.0))
    assert not forecast.is_known(fitted._replace(means=1e170 * fitted.means).value(50.0))


def test_a_curve_that_bends_another_way_is_doubted() -> None:
    x = np.arange(1.0, 61.0)
    random = np.random.default_rng(2)
    y = np.where(x < 45.0, 1.0 - 0.01 * x, 0.55 - 0.03 * (x - 45.0))
    curve = forecast.fit(x, y + random.normal(0.0, 0.003, 60))
    assert curve is not None
    assert curve.doubt > 2.0


def test_too_few_or_equal_numbers_are_not_fitted() -> None:
    assert forecast.fit(np.arange(1.0, 4.0), np.array([3.0, 2.0, 1.0])) is None
    assert forecast.fit(np.arange(1.0, 9.0), np.ones(8)) is None
    assert forecast.fit(np.full(8, 3.0), np.arange(8.0)) is None


def test_a_slope_has_the_error_of_its_scatter() -> None:
    hits = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        x = np.arange(12.0)
        slope = forecast.trend(x, 0.5 - 0.01 * x + random.normal(0.0, 0.02, 12))
        assert slope.value is not None
        assert slope.sd is not None
        hits += abs(slope.value + 0.01) <= 2.2 * slope.sd
    assert 180 <= hits <= 200
    assert forecast.trend(np.arange(2.0), np.arange(2.0)).value is None


def test_when_a_target_is_met() -> None:
    x = np.arange(1.0, 41.0)
    y = 1.0 - exponential(x, 0.02, 0.6, 20.0) + np.random.default_rng(3).normal(0.0, 0.002, 40)
    target = 1.0 - float(exponential(np.array([60.0]), 0.02, 0.6, 20.0)[0])
    reach = forecast.epochs_to(x, y, target, higher_is_better=True, high=1.0)
    assert reach is not None
    assert reach.low <= 20.0 <= reach.high
    assert reach.low <= reach.median <= reach.high
    assert reach.chance > 0.95


def test_a_target_beyond_the_curve_is_not_met() -> None:
    x = np.arange(1.0, 41.0)
    y = exponential(x, 0.3, 0.6, 5.0) + np.random.default_rng(3).normal(0.0, 0.002, 40)
    reach = forecast.epochs_to(x, y, 0.1, higher_is_better=False, low=0.0)
    assert reach is not None
    assert reach.median == reach.high == inf
    assert reach.chance < 0.1


def test_a_target_met_already_takes_no_epochs() -> None:
    x = np.arange(1.0, 11.0)
    reach = forecast.epochs_to(x, 1.0 / x, 0.2, higher_is_better=False)
    assert reach == forecast.Reach(0.0, 0.0, 0.0, 1.0)
    assert forecast.epochs_to(x[:0], x[:0], 0.2, higher_is_better=False) is None


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, np.nan, np.inf, 1e9])), max_size=40
    ),
    st.floats(-10.0, 10.0),
    st.booleans(),
)
def test_any_numbers_are_survived(values: list[float], target: float, higher: bool) -> None:
    x, y = np.arange(1.0, len(values) + 1.0), np.array(values, dtype=np.float64)
    curve = forecast.fit(x, y)
    if curve is not None:
        change = curve.change(float(len(values)), float(len(values)) + 10.0)
        assert change.sd is not None
        assert change.sd >= 0.0
    reach = forecast.epochs_to(x, y, target, higher_is_better=higher)
    if reach is not None:
        assert 0.0 <= reach.low <= reach.median <= reach.high


@pytest.mark.parametrize("shape", forecast.SHAPES)
def test_a_curve_at_several_epochs_is_that_at_each(shape: forecast.Shape) -> None:
    true = exponential if shape == "exponential" else power
    x = np.arange(1.0, 41.0)
    y = true(x, 0.2, 1.0, 9.0 if shape == "exponential" else 0.8)
    fitted = forecast.fit(x, y + np.random.default_rng(3).normal(0.0, 0.003, 40))
    assert fitted is not None
    at = np.array([1.0, 7.5, 40.0, 90.0])
    assert fitted.values(at).tolist() == pytest.approx([fitted.value(e).value for e in at.tolist()])


def test_long_before_what_it_is_fitted_to_a_curve_is_a_number() -> None:
    x = np.arange(1.0, 400.0)
    y = np.where(x < 380.0, 0.9, exponential(x - 380.0, 0.3, 0.6, 1.0))
    curve = forecast.fit(x[380:], y[380:], low=0.0)
    assert curve is not None
    curve = curve._replace(shape="exponential")
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(curve.change(-100_000.0, 1.0).value or 0.0)
