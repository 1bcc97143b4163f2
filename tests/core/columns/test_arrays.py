"""The small functions on arrays against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tui_monitor.core.columns.arrays import FloatArray, distinct, median, quantile

NUMBERS = st.floats(-1e6, 1e6)


def columns(least: int = 0, *, nan: bool = False) -> st.SearchStrategy[FloatArray]:
    """Columns of `least` numbers or more."""
    cells = NUMBERS | st.just(np.nan) if nan else NUMBERS
    return arrays.arrays(np.float64, st.integers(least, 9), elements=cells)


@given(columns(1, nan=True))
def test_the_median_is_that_of_numpy(values: FloatArray) -> None:
    assert median(values) == pytest.approx(np.median(values), rel=0, abs=0, nan_ok=True)
    assert median(values.tolist()) == pytest.approx(median(values), rel=0, abs=0, nan_ok=True)


def test_none_have_no_median() -> None:
    assert np.isnan(median([]))


@given(columns(1), st.floats(0.0, 1.0))
def test_quantiles_are_those_of_numpy(values: FloatArray, share: float) -> None:
    assert quantile(values, share) == pytest.approx(np.quantile(values, share), abs=1e-9)


@given(columns())
def test_distinct_numbers_are_those_of_numpy(values: FloatArray) -> None:
    assert np.array_equal(distinct(values), np.unique(values))
