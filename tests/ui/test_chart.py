"""Numbers to cells, without any widget."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.ui.drawing import chart, raster, scale
from tui_monitor.ui.drawing.glyphs import ASCII, UNICODE
from tui_monitor.ui.drawing.palette import Ground, Ink
from tui_monitor.ui.drawing.plot import Plot, Window

NONE = np.empty(0)
UNIT = scale.Axis(0.0, 1.0, (0.0, 0.5, 1.0))


def plot(x: FloatArray, y: FloatArray, **more: object) -> Plot:
    fields: dict[str, object] = {
        "band": None, "ghost": None, "windows": None, "val_x": NONE, "val": NONE,
        "breaks": NONE, "rules": NONE, "events": NONE,
    }  # fmt: skip
    return Plot(x=x, line=y, **(fields | more))  # type: ignore[arg-type]


def lines(plotted: Plot, window: Window, width: int, height: int, ascii: bool = False) -> list[str]:  # noqa: A002
    cells = chart.draw(plotted, window, width, height, ASCII if ascii else UNICODE)
    return ["".join(span.text for span in row) for row in cells.rows()]


def floats(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def test_a_rising_line_in_ascii() -> None:
    drawn = lines(
        plot(floats(1, 2, 3, 4), floats(0, 1 / 3, 2 / 3, 1)), Window(0, 4, UNIT), 4, 4, True
    )
    assert drawn == ["   *", "  * ", " *  ", "*   "]


def test_a_falling_line_in_braille_has_no_holes() -> None:
    drawn = lines(plot(floats(1, 8), floats(1, 0)), Window(0, 8, UNIT), 4, 1)
    dots = [bin(ord(char) - 0x2800).count("1") for char in drawn[0]]
    assert all(count >= 2 for count in dots)


@pytest.mark.parametrize(
    ("mask", "code"),
    [((0, 0), 0x01), ((0, 1), 0x08), ((1, 0), 0x02), ((3, 0), 0x40), ((3, 1), 0x80)],
)
def test_braille_dots_are_where_unicode_puts_them(mask: tuple[int, int], code: int) -> None:
    dots = np.zeros((4, 2), dtype=np.bool_)
    dots[mask] = True
    assert raster.braille(dots)[0, 0] == 0x2800 + code


def test_nan_is_a_gap_and_never_bridged() -> None:
    drawn = lines(
        plot(floats(1, 2, 3, 4, 5), floats(0.5, 0.5, math.nan, 0.5, 0.5)),
        Window(0, 5, UNIT),
        5,
        1,
        True,
    )
    assert drawn == ["** **"]


def test_infinity_is_a_gap() -> None:
    drawn = lines(plot(floats(1, 2, 3), floats(0.5, math.inf, 0.5)), Window(0, 3, UNIT), 3, 1, True)
    assert drawn == ["* *"]


def test_a_line_is_not_drawn_across_a_break() -> None:
    window = Window(0, 9, UNIT)
    whole = lines(plot(floats(1, 9), floats(0.5, 0.5)), window, 9, 1, True)
    broken = lines(plot(floats(1, 9), floats(0.5, 0.5), breaks=floats(5)), window, 9, 1, True)
    assert whole == ["*********"]
    assert broken == ["*       *"]


def test_a_single_point_is_seen() -> None:
    drawn = lines(plot(floats(2), floats(0.5)), Window(0, 4, UNIT), 4, 2)
    assert sum(char not in " ·" for row in drawn for char in row) == 1


def test_a_constant_series_is_one_flat_row() -> None:
    x = np.arange(1.0, 101.0)
    drawn = lines(plot(x, np.full(100, 0.9)), Window(0, 100, UNIT), 20, 5, True)
    assert [row.count("*") for row in drawn] == [20, 0, 0, 0, 0]


def test_spikes_survive_a_million_points_in_few_columns() -> None:
    x = np.arange(1.0, 1_000_001.0)
    y = np.full(x.size, 0.1)
    y[123_456] = 0.95
    drawn = lines(plot(x, y), Window(0, 1e6, UNIT), 40, 10, True)
    assert drawn[0].count("*") == 1


def test_huge_and_tiny_values_stay_inside() -> None:
    y = floats(1e-300, 1e300, -1e300, math.nan, 5.0)
    axis = scale.y_axis([y], 4, (-math.inf, math.inf))
    drawn = lines(plot(floats(1, 2, 3, 4, 5), y), Window(0, 5, axis), 10, 4)
    assert all(len(row) == 10 for row in drawn)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 5), (5, 0), (1, 1)])
def test_no_room_is_no_crash(width: int, height: int) -> None:
    cells = chart.draw(plot(floats(1), floats(0.5)), Window(0, 1, UNIT), width, height, UNICODE)
    assert len(cells.rows()) == height


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 1) | st.just(math.nan), min_size=2, max_size=120),
    st.integers(1, 40),
    st.booleans(),
)
def test_the_past_never_moves(values: list[float], width: int, only_ascii: bool) -> None:
    """A point more changes no cell left of the column of the point before it."""
    y = floats(*values)
    x = np.arange(1.0, y.size + 1)
    window = Window(0, 128, UNIT)
    before = lines(plot(x[:-1], y[:-1]), window, width, 6, only_ascii)
    after = lines(plot(x, y), window, width, 6, only_ascii)
    joined = int(raster.column_of(x[-2:-1], 0, 128, width)[0])
    assert [row[:joined] for row in before] == [row[:joined] for row in after]


def test_a_point_on_an_edge_lies_left_of_it() -> None:
    starts = raster.column_starts(floats(1, 2, 3, 4), 0, 4, 2)
    assert starts.tolist() == [0, 2, 4]
    assert raster.column_of(floats(2, 2.1), 0, 4, 2).tolist() == [0, 1]


def test_an_epochs_end_validation_and_last_print_share_a_column_at_any_width() -> None:
    ends: FloatArray = np.arange(1.0, 52.0, dtype=np.float64) * np.float64(469.0)
    for left, right, columns in ((10364.9, 31094.7, 104), (0.0, 8535.8, 133), (0.0, 17071.6, 84)):
        inside = ends[(ends > left) & (ends <= right)]
        starts = raster.column_starts(inside, left, right, 2 * columns)
        dots = np.searchsorted(starts, np.arange(inside.size), side="right") - 1
        assert (dots // 2 == raster.column_of(inside, left, right, columns)).all()


def test_the_band_lies_behind_the_line() -> None:
    x = np.arange(1.0, 21.0)
    cells = chart.draw(
        plot(x, np.full(20, 0.5), band=np.full(20, 0.25)), Window(0, 20, UNIT), 20, 8, UNICODE
    )
    grounds = (cells.grounds == Ground.BAND).any(axis=1)
    assert grounds.tolist() == [False, False, True, True, True, True, False, False]


def test_the_bands_edges_are_an_eighth_of_a_cell_fine() -> None:
    x = np.arange(1.0, 5.0)
    cells = chart.draw(
        plot(x, np.full(4, 0.5), band=np.full(4, 0.3125)), Window(0, 4, UNIT), 4, 4, UNICODE
    )
    assert chr(cells.codes[0, 0]) == "▂"
    assert Ink(int(cells.inks[0, 0])) is Ink.BAND
    assert chr(cells.codes[3, 0]) == "▆"
    assert Ink(int(cells.inks[3, 0])) is Ink.VOID
    assert Ground(int(cells.grounds[3, 0])) is Ground.BAND


def test_series_are_told_apart_without_colour() -> None:
    x = np.arange(1.0, 11.0)
    drawn = lines(
        plot(x, np.full(10, 0.9), ghost=np.full(10, 0.1), val_x=floats(5), val=floats(0.5),
             rules=floats(5), events=floats(8)),
        Window(0, 10, UNIT), 10, 3, True,
    )  # fmt: skip
    assert drawn == ["*******v**", "    V     ", ".........."]


def test_an_event_gives_way_to_the_line_at_the_top() -> None:
    x = np.arange(1.0, 11.0)
    drawn = lines(plot(x, np.full(10, 0.9), events=floats(8)), Window(0, 10, UNIT), 10, 3, True)
    assert drawn == ["**********", "          ", "       v  "]


def test_a_selected_boundary_stands_out() -> None:
    cells = chart.draw(
        plot(floats(1), floats(0.1), rules=floats(5), selected=5.0),
        Window(0, 10, UNIT),
        10,
        4,
        UNICODE,
    )
    assert chr(cells.codes[1, 4]) == UNICODE.selected


def test_window_means_show_only_where_their_bounds_are_narrow() -> None:
    x = np.arange(1.0, 11.0)
    low, high = np.full(10, 0.4), np.full(10, 0.45)
    window = Window(0, 10, UNIT)
    assert chart.windows_are_informative(x, low, high, window)
    assert not chart.windows_are_informative(x, low, high + 0.5, window)
    assert not chart.windows_are_informative(x, low * np.nan, high, window)


def test_a_sparkline_of_numbers_near_infinity_is_drawn() -> None:
    huge = plot(floats(1, 2, 3, 4), floats(0.5, 1.7e308, 1.7e308, 0.5))
    assert chart.sparkline(huge, 0.0, 4.0, UNIT, 4) == "▅██▅"


def test_a_sparkline_is_one_row_of_blocks() -> None:
    x = np.arange(1.0, 9.0)
    drawn = chart.sparkline(plot(x, np.linspace(0, 1, 8)), 0, 16, UNIT, 16)
    assert len(drawn) == 16
    assert list(drawn[:8]) == sorted(drawn[:8])
    assert drawn[8:].strip() == ""


@pytest.mark.parametrize(
    ("dots", "sign"),
    [("10/00", "▘"), ("01/01", "▐"), ("11/11", "█"), ("01/10", "▞"), ("11/01", "▜")],
)
def test_quarters_of_a_cell(dots: str, sign: str) -> None:
    grid = np.array([[dot == "1" for dot in row] for row in dots.split("/")])
    assert raster.quarters(grid).tolist() == [[ord(sign)]]
    assert raster.quarters(np.zeros((2, 4), dtype=np.bool_)).tolist() == [[0, 0]]


def test_where_the_line_leaves_the_chart_it_says_how_far_it_goes() -> None:
    x = np.arange(1.0, 41.0)
    y = np.where(x <= 4, 9.75, 0.5)
    drawn = lines(plot(x, y), Window(0, 40, UNIT), 40, 5)
    assert drawn[0].startswith("↑↑↑↑")
    assert "9.75" in drawn[0]
    low = lines(plot(x, -y), Window(0, 40, scale.Axis(-1.0, 0.0, ())), 40, 5, ascii=True)
    assert low[-1].startswith("____*-9.75")


def test_the_way_out_never_hides_a_line() -> None:
    x = np.arange(1.0, 11.0)
    y = np.where(x == 5, 3.0, 0.95)
    drawn = lines(plot(x, y), Window(0, 10, UNIT), 10, 4)
    assert "↑" not in drawn[0].replace("↑", "", 1)
    assert sum("⠀" < char <= "⣿" for char in drawn[0]) >= 8


def test_a_narrow_band_is_not_drawn_in_patches() -> None:
    x = np.arange(1.0, 41.0)
    y = 0.5 + 0.3 * np.sin(x / 5)
    for half, banded in ((0.02, False), (0.2, True)):
        shown = chart.draw(plot(x, y, band=np.full(40, half)), Window(0, 40, UNIT), 40, 10, UNICODE)
        assert bool((shown.grounds == Ground.BAND).any()) is banded


def test_rows_that_are_as_before_are_taken_from_before() -> None:
    x = np.arange(1.0, 41.0)
    y = 0.1 + 0.02 * x
    first = chart.draw(plot(x[:30], y[:30]), Window(0, 40, UNIT), 40, 10, UNICODE)
    before = first.rows()
    second = chart.draw(plot(x, y), Window(0, 40, UNIT), 40, 10, UNICODE)
    after = second.rows(first)
    fresh = chart.draw(plot(x, y), Window(0, 40, UNIT), 40, 10, UNICODE).rows()
    assert after == fresh
    same = [a is b for a, b in zip(before, after, strict=True)]
    assert any(same)
    assert not all(same)


def test_a_band_is_drawn_over_some_cells_or_not_at_all() -> None:
    x = np.arange(1.0, 61.0)
    half = np.where((x % 7 < 2) | (x > 40), 0.2, 0.02)
    half[(x > 45) & (x < 48)] = 0.02
    drawn = chart.draw(plot(x, np.full(60, 0.5), band=half), Window(0, 60, UNIT), 60, 10, UNICODE)
    behind = (drawn.grounds == Ground.BAND).any(axis=0)
    assert not behind[:40].any()
    assert behind[42:45].all()
    assert behind[48:].all()


def test_a_steep_line_makes_no_band() -> None:
    x = np.arange(1.0, 41.0)
    y = np.clip((x - 15) / 10, 0.0, 1.0)
    drawn = chart.draw(plot(x, y, band=np.full(40, 0.02)), Window(0, 40, UNIT), 10, 10, UNICODE)
    assert not (drawn.grounds == Ground.BAND).any()


def test_single_batches_are_no_wall_before_the_level() -> None:
    x = np.arange(1.0, 801.0)
    noisy = np.tile(floats(0.1, 0.9), 400)
    drawn = "".join(lines(plot(x, np.full(800, 0.5), ghost=noisy), Window(0, 800, UNIT), 40, 8))
    dots = sum(bin(ord(char) - 0x2800).count("1") for char in drawn if char >= "\u2800")
    assert dots == 3 * 80
    few = lines(plot(x[:80], np.full(80, 0.5), ghost=noisy[:80]), Window(0, 80, UNIT), 40, 8)
    assert sum(char >= "\u2800" for row in few for char in row) > 40 * 6


def test_numbers_that_are_shown_as_printed_are_no_wall_either() -> None:
    x = np.arange(1.0, 4001.0)
    y: FloatArray = np.where(x % 2 > 0, 0.1, 0.9)
    window = Window(0.0, 4000.0, UNIT)
    cells = chart.draw(plot(x, y, rough=True), window, 60, 20, UNICODE)
    level, ghost = (cells.inks == ink for ink in (Ink.LEVEL, Ink.GHOST))
    # The mean in the middle, the least and the greatest about it.
    assert set(np.flatnonzero(level.any(axis=1))) <= {9, 10}
    assert level.any(axis=0).sum() >= 58
    assert np.flatnonzero(ghost.any(axis=1)).tolist() in ([1, 18], [2, 17], [1, 17])
    few = chart.draw(plot(x[:60], y[:60], rough=True), Window(0.0, 60.0, UNIT), 60, 20, UNICODE)
    assert not (few.inks == Ink.GHOST).any()


def test_a_level_that_is_restless_within_columns_is_no_wall() -> None:
    x = np.arange(1.0, 801.0)
    level = 0.2 + x / 2000.0 + np.tile(floats(-0.2, 0.2), 400)
    for width, lines_drawn in ((0.05, 1), (0.001, 3)):
        restless = plot(x, level, band=np.full(800, width))
        cells = chart.draw(restless, Window(0, 800, UNIT), 40, 20, UNICODE)
        dots = sum(bin(code - 0x2800).count("1") for code in cells.codes.ravel() if code > 0x27FF)
        # A line, and the band behind it as high as it goes; where that is too narrow, two edges.
        assert 80 * (lines_drawn - 1) < dots <= 80 * lines_drawn + 20
        assert bool((cells.grounds == Ground.BAND).any()) is (lines_drawn == 1)
    calm = plot(x, 0.2 + x / 2000.0, band=np.full(800, 0.01))
    assert (chart.draw(calm, Window(0, 800, UNIT), 40, 20, UNICODE).inks == Ink.LEVEL).any()


def test_dense_validation_is_no_wall() -> None:
    x = np.arange(1.0, 801.0)
    val = np.tile(floats(0.1, 0.9), 400)
    empty = plot(x, np.full(800, math.nan), val_x=x, val=val)
    cells = chart.draw(empty, Window(0, 800, UNIT), 40, 8, UNICODE)
    dots = sum(bin(code - 0x2800).count("1") for code in cells.codes.ravel() if code > 0x27FF)
    # A line of means and two edges.
    assert dots <= 3 * 80 + 8
    assert (cells.inks == Ink.VAL).any(axis=0).all()


def test_means_of_what_is_printed_do_not_move_when_more_is() -> None:
    random = np.random.default_rng(3)
    x = np.arange(1.0, 4001.0)
    y = random.uniform(0.2, 0.8, x.size)
    window = Window(0.0, 4000.0, UNIT)
    before, after = (
        chart.draw(plot(x[:count], y[:count], rough=True), window, 60, 20, UNICODE)
        for count in (2000, 2400)
    )
    assert (before.codes[:, :28] == after.codes[:, :28]).all()


def test_means_are_taken_within_epochs_and_of_finite_numbers() -> None:
    x, y = floats(1, 2, 3, 4, 5), floats(1, 3, math.nan, 5, 7)
    places, means = raster.averaged(x, y, floats(2.5), 0.0, 8.0, 1)
    assert places.tolist() == [1.5, 4.5]
    assert means.tolist() == [2.0, 6.0]
    assert not raster.averaged(x, np.full(5, math.nan), NONE, 0.0, 8.0, 1)[0].size


@pytest.mark.parametrize("width", [12, 13, 20, 40, 100])
def test_how_far_a_line_goes_is_told_with_a_sign_even_where_it_fills_the_cell(width: int) -> None:
    falling = plot(floats(1, 2, 3, 40), floats(0.1298, 0.93, 0.95, 0.96))
    window = Window(0.0, 40.0, scale.Axis(0.92, 1.0, (0.95,)))
    assert re.search("↓[^↓]{0,4}0.1298", lines(falling, window, width, 4)[-1])
