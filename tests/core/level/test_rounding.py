"""What rounded numbers tell a filter that expects them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.simulate import SHAPES, Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.level import filter as level_filter
from tui_monitor.core.level.rounding import NARROW, News, news
from tui_monitor.core.options import DecodeOptions


@given(
    expected=st.floats(-100.0, 100.0),
    spread=st.floats(1e-3, 100.0),
    half=st.floats(0.2, 5.0),
    off=st.floats(-0.99, 0.99),
)
def test_what_is_told_leads_to_what_is_left_of_what_was_expected(
    expected: float, spread: float, half: float, off: float
) -> None:
    """`half` the interval is so many standard deviations; its middle is `off` by a share of that."""
    number = expected + off * half * spread
    told = news(expected, spread**2, number, (half * spread) ** 2 / 3.0)
    assume(told is not None)
    assert told is not None
    x = number + half * spread * np.linspace(-1.0, 1.0, 20_001)
    density = np.exp(-0.5 * ((x - expected) / spread) ** 2)
    mean = np.average(x, weights=density)
    variance = np.average((x - mean) ** 2, weights=density)
    precision = 1.0 / spread**2 + 1.0 / told.error
    assert 1.0 / precision == pytest.approx(variance, rel=1e-3)
    after = (expected / spread**2 + told.number / told.error) / precision
    assert after == pytest.approx(mean, abs=1e-3 * spread)


def test_a_number_that_was_to_be_expected_is_no_news() -> None:
    assert news(5.0, 1.0, 5.1, 3.0**2 / 3.0) is None
    assert news(5.0, 1.0, 5.9, 1.0 / 3.0) is not None  # its last digit has just changed


@pytest.mark.parametrize("number", [0.0, 8.1, 100.0])
def test_a_number_far_from_what_was_expected_is_told_as_it_is(number: float) -> None:
    assert news(5.0, 1.0, number, 3.0) == (number, 3.0, True)


def test_fine_digits_are_told_as_they_are() -> None:
    rounding = (NARROW / 2.0) ** 2 / 3.0
    assert news(5.0, 1.0, 5.01, rounding) == (5.01, rounding, False)


def errors_of_level() -> list[float]:
    """Behind two averages, of batches so large that a number stays for some prints."""
    found = []
    for shape, seed in product(SHAPES, range(2)):
        run = Simulated(Case(laws.TWICE_RESET, shape, 1024, 400, seed=seed))
        track = run.decode(DecodeOptions(law="averaged-twice", batch_size=1024)).tracks["accuracy"]
        at = track.places.epoch.array() - 1, track.places.k.array().astype(int) - 1
        found.append(track.level.array() - run.level["accuracy"][at])
    return [float(np.sqrt(np.nanmean(error**2))) for error in found]


def test_when_a_digit_changes_tells_more_than_each_number_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = errors_of_level()
    monkeypatch.setattr(level_filter, "news", lambda _expected, _variance, *told: News(*told))
    assert np.exp(np.mean(np.log(told) - np.log(errors_of_level()))) < 0.95


def test_a_number_that_stays_just_beside_what_was_expected_is_no_burst() -> None:
    """The second print of such a number has the rounding error of the first."""
    case = Case(laws.TWICE_APPENDED, "flat", 64, 400, epochs=2, last=20, seed=1)
    run = Simulated(case)
    level = run.decode().tracks["accuracy"].level.array()
    assert np.sqrt(np.nanmean((level - 0.9) ** 2)) < 0.004
