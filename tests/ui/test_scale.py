"""Axes with round ends that stay where they are."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.ui.drawing import scale

ANY = (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("span", "wanted", "step"),
    [(1.0, 5, 0.2), (1.0, 10, 0.1), (0.07, 4, 0.02), (2.5, 5, 0.5), (900.0, 4, 500.0)],
)
def test_steps_are_round(span: float, wanted: int, step: float) -> None:
    assert scale.nice_step(span, wanted) == pytest.approx(step)


def test_a_linear_axis_holds_its_data_between_round_ends() -> None:
    axis = scale.linear_axis(0.6312, 0.9471, 4, (0.0, 1.0))
    assert (axis.low, axis.high) == (0.6, 0.95)
    assert axis.ticks == (0.6, 0.7, 0.8, 0.9)
    assert scale.tick_labels(axis) == ("0.6", "0.7", "0.8", "0.9")


def test_an_axis_never_leaves_what_the_metric_can_be() -> None:
    axis = scale.linear_axis(0.97, 1.0, 3, (0.0, 1.0))
    assert axis.high == 1.0


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.integers(1, 9))
def test_any_data_lie_on_their_axis(a: float, b: float, wanted: int) -> None:
    axis = scale.linear_axis(min(a, b), max(a, b), wanted, ANY)
    slack = 1e-6 * max(abs(a), abs(b), 1e-3)
    assert axis.low < axis.high
    assert axis.low <= min(a, b) + slack
    assert axis.high >= max(a, b) - slack
    assert len(axis.ticks) <= 2 * wanted + 2
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in axis.ticks)


@settings(max_examples=300)
@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
    st.integers(2, 60),
    st.integers(2, 6),
    st.sampled_from([ANY, (0.0, math.inf), (0.0, 1.0)]),
)
def test_ticks_stand_in_the_middle_of_rows(
    low: float, span: float, rows: int, wanted: int, bounds: tuple[float, float]
) -> None:
    if bounds[0] == 0.0:
        low = abs(low) % 1.0
        span = min(span, bounds[1] - low)
    if span <= 1e-9 * max(abs(low), 1e-3):
        return
    axis = scale.row_axis(low, low + span, rows, wanted, bounds)
    slack = 1e-6 * (abs(low) + span)
    assert axis.low <= low + slack
    assert axis.high >= low + span - slack
    places = axis.forward(np.array(axis.ticks)) * rows % 1.0
    assert places == pytest.approx(0.5, abs=1e-3)
    row = (axis.high - axis.low) / rows
    inside = (axis.low >= bounds[0] - row / 2 - slack, axis.high <= bounds[1] + row / 2 + slack)
    # All of a range that is bounded on both sides need not be a whole number of round rows.
    assert all(inside) if math.inf in bounds else any(inside)
    distances = np.diff(axis.forward(np.array(axis.ticks)) * rows)
    assert distances == pytest.approx(np.full(distances.size, distances[:1].sum()), rel=1e-3)


def test_labels_are_as_exact_as_their_ticks() -> None:
    axis = scale.Axis(0.1, 0.9, (0.25, 0.5, 0.75))
    assert scale.tick_labels(axis) == ("0.25", "0.50", "0.75")


def test_the_fall_at_the_begin_does_not_flatten_the_rest() -> None:
    x = np.arange(2000)
    loss = 10 * np.exp(-x / 60) + 0.1 + 0.1 * np.exp(-x / 1000)
    axis = scale.y_axis([loss], 4, (0.0, math.inf), rows=16)
    assert axis.high < 1.5
    slow = 10 * np.exp(-x / 600)
    assert scale.y_axis([slow], 4, (0.0, math.inf), rows=16).high > 9.9


def test_what_is_beside_may_double_the_range_at_most() -> None:
    level, shown = np.linspace(0.1, 0.2, 100), np.linspace(5.0, 0.3, 100)
    axis = scale.y_axis([level], 4, (0.0, math.inf), beside=[shown], rows=16)
    assert 0.29 < axis.high < 0.35
    assert scale.y_axis([], 4, ANY, beside=[shown]).high == pytest.approx(5.0)


def test_an_axis_stays_the_same_while_the_data_fit() -> None:
    axis = scale.y_axis([np.array([0.2, 0.8])], 4, (0.0, 1.0), rows=12)
    again = scale.y_axis([np.array([0.3, 0.75])], 4, (0.0, 1.0), rows=12, held=axis)
    assert again is axis
    wider = scale.y_axis([np.array([0.05, 0.75])], 4, (0.0, 1.0), rows=12, held=axis)
    assert wider.low <= 0.05
    assert wider.high >= 0.75


def test_the_range_only_grows_while_data_arrive() -> None:
    held: tuple[float, float] | None = None
    seen: list[tuple[float, float]] = []
    data = 2.3 * np.exp(-np.arange(400) / 100)
    for count in range(1, 400, 3):
        axis = scale.y_axis([data[:count]], 4, (0.0, math.inf), held=held)
        held = (axis.low, axis.high)
        seen.append(held)
    ranges = list(dict.fromkeys(seen[1:]))
    assert len(ranges) <= 8
    assert all(a[0] >= b[0] and a[1] <= b[1] for a, b in pairwise(ranges[2:]))


def test_a_range_far_too_wide_is_let_go() -> None:
    data = np.array([0.91, 0.92])
    axis = scale.y_axis([data], 4, (0.0, 1.0), held=(0.0, 1.0))
    assert axis.high - axis.low < 0.1


def test_a_few_wild_points_do_not_flatten_the_rest() -> None:
    data = np.concatenate([np.linspace(0.4, 0.5, 200), [1e6]])
    assert scale.y_axis([data], 4, (0.0, math.inf)).high < 1


@pytest.mark.parametrize(
    "data",
    [
        *([], [math.nan], [math.inf, -math.inf], [0.0], [5.0, 5.0], [1e300, -1e300], [1e-320]),
        *([1.0, 1.7e308], [-1.7e308, 1.7e308], [1e150, -1e150], [0.0, 5e-324]),
    ],
)
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("rows", [0, 2, 20])
def test_odd_data_have_an_axis(data: list[float], log: bool, rows: int) -> None:
    axis = scale.y_axis([np.array(data, dtype=np.float64)], 4, ANY, log=log, rows=rows)
    assert math.isfinite(axis.low)
    assert math.isfinite(axis.high)
    assert axis.low < axis.high
    assert len(scale.tick_labels(axis)) == len(axis.ticks)


def test_what_lies_far_outside_an_axis_has_a_finite_place() -> None:
    axis = scale.linear_axis(0.0, 1e-6, 4, ANY)
    values = np.array([-1.7e308, -math.inf, 5e-7, math.inf, 1.7e308])
    fractions = axis.forward(values)
    assert np.isfinite(fractions).all()
    assert list(np.sign(fractions)) == [-1, -1, 1, 1, 1]
    assert np.isnan(axis.forward(np.array([math.nan]))).all()


def test_a_log_axis_has_round_ends_and_decades() -> None:
    axis = scale.log_axis(0.00031, 2.3, 4)
    assert axis.low == pytest.approx(0.0003)
    assert axis.high == pytest.approx(3.0)
    assert scale.tick_labels(axis) == ("0.001", "0.01", "0.1", "1")
    place = axis.forward(np.array([0.0, -1.0, 0.03]))
    assert np.isnan(place[:2]).all()
    assert place[2] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("newest", "length", "planned", "ended", "end"),
    [
        (10, 406, 1218, False, 1218),  # a short plan is shown whole
        (10, 406, 40600, False, 406),  # a long one grows by a third or a half, in whole epochs
        (407, 406, 40600, False, 812),
        (1000, 406, 40600, False, 1218),
        (1219, 406, 40600, False, 1624),
        (1625, 406, 40600, False, 2436),
        (30000, 406, 40600, False, 38976),
        (39000, 406, 40600, False, 40600),
        (10, None, None, False, 64),
        (65, None, None, False, 128),
        (777, 406, 1218, True, 777),
    ],
)
def test_the_time_axis_jumps_in_steps(
    newest: float, length: float | None, planned: float | None, ended: bool, end: float
) -> None:
    assert scale.extent(newest, length, planned, ended=ended) == pytest.approx(end)


def test_zoom_follows_in_quarters_of_its_width() -> None:
    windows = {scale.zoomed(1024, newest, 3, None, False) for newest in range(600, 700)}
    assert len(windows) <= 5
    assert all(right - left == 128 for left, right in windows)
    assert all(right >= 600 for _, right in windows)


def test_a_panned_window_stays_inside_the_run() -> None:
    assert scale.zoomed(1000, 900, 1, -50.0, False) == (0.0, 500.0)
    assert scale.zoomed(1000, 900, 1, 999.0, False) == (500.0, 1000.0)


def test_what_cannot_be_is_not_on_the_axis() -> None:
    axis = scale.y_axis([np.zeros(9)], 2, (0.0, 1.0), rows=5)
    assert min(axis.ticks) == 0.0
    assert max(axis.ticks) > 0.0
    assert scale.spread(0.0, 0.5, 0.1, (0.0, 1.0)) == (0.0, 0.6)
    assert scale.spread(-2.0, 0.5, 0.1, (0.0, 1.0)) == (-2.0, 0.6)


def test_a_logarithmic_axis_of_one_decade_has_two_ticks() -> None:
    assert len(scale.log_axis(0.15, 2.0, 2).ticks) >= 2
