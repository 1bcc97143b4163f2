"""Long columns are thinned: extremes and gaps stay, and it does not matter when one looked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.picture import thinning
from tui_monitor.core.picture.thinning import Thinned


def noise(count: int, seed: int = 3) -> FloatArray:
    return np.random.RandomState(seed).standard_normal(count)


def kept(displayed: FloatArray, level: FloatArray) -> list[int]:
    return [int(row) for row in Thinned().rows(displayed, level, 0)]


def test_a_column_that_is_short_is_kept_whole() -> None:
    column = noise(thinning.MOST)
    assert kept(column, column) == list(range(thinning.MOST))


@pytest.mark.parametrize("count", [thinning.MOST + 1, 100_000, 1_000_003])
def test_there_are_never_many_and_the_newest_are_all_there(count: int) -> None:
    rows = kept(noise(count), noise(count, 4))
    assert len(rows) <= thinning.MOST
    assert rows == sorted(set(rows))
    assert rows[-thinning.NEWEST :] == list(range(count - thinning.NEWEST, count))


def test_extremes_of_every_bin_stay() -> None:
    displayed, level = noise(200_000), noise(200_000, 4)
    rows = np.array(kept(displayed, level))
    width = thinning.bin_width(displayed.size)
    for column in (displayed, level):
        for first in range(0, thinning.binned(displayed.size), width):
            inside = rows[(rows >= first) & (rows < first + width)]
            assert column[inside].min() == column[first : first + width].min()
            assert column[inside].max() == column[first : first + width].max()


def test_gaps_stay_gaps() -> None:
    displayed = noise(100_000)
    displayed[5_000:5_100] = np.nan
    displayed[7_001] = np.inf
    rows = kept(displayed, displayed)
    assert any(np.isnan(displayed[row]) for row in rows)
    assert 7_001 in rows


@settings(max_examples=25)
@given(data=st.data())
def test_what_is_kept_does_not_depend_on_when_one_looked(data: st.DataObject) -> None:
    displayed, level = noise(140_000), noise(140_000, 4)
    thinned = Thinned()
    count = 0
    for _ in range(data.draw(st.integers(1, 4))):
        before, count = count, data.draw(st.integers(count, displayed.size))
        changed = data.draw(st.integers(0, before))
        level[changed:before] += 1.0
        rows = thinned.rows(displayed[:count], level[:count], changed)
        assert rows.tolist() == kept(displayed[:count], level[:count])
        cut = data.draw(st.integers(0, count))
        if data.draw(st.booleans()):
            count = cut
            rows = thinned.rows(displayed[:count], level[:count], count)
            assert rows.tolist() == kept(displayed[:count], level[:count])
