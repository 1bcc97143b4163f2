"""Every size makes sense, and none is overfull."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.ui.monitor import moves
from tui_monitor.ui.monitor.layout import Layout, panel_heights, plan
from tui_monitor.ui.monitor.scene import View

views = st.builds(
    View,
    focus=st.integers(0, 20),
    maximised=st.booleans(),
    explanation=st.booleans(),
    epochs=st.booleans(),
)


@given(st.integers(1, 300), st.integers(1, 120), st.integers(0, 30), st.integers(0, 99), views)
def test_the_parts_never_take_more_than_there_is(
    width: int, height: int, curves: int, epochs: int, view: View
) -> None:
    layout = plan(width, height, curves, epochs, view)
    side = layout.jump + layout.epochs + layout.log
    room = height - layout.status - layout.keys
    assert min(layout.status, layout.keys, layout.jump, layout.epochs, layout.log) >= 0
    assert all(rows >= 0 for rows in layout.charts)
    if layout.side:
        assert max(sum(layout.charts), side) <= room
        assert layout.side < width
    else:
        assert sum(layout.charts) + side <= room


@given(st.integers(1, 100), st.integers(1, 40), st.integers(0, 39))
def test_the_focused_panel_is_the_last_to_lose_its_chart(
    room: int, curves: int, focus: int
) -> None:
    focus %= curves
    heights = panel_heights(room, curves, focus)
    assert len(heights) == curves
    assert sum(heights) == room
    assert heights[focus] == max(heights[focus], *heights) or heights[focus] >= max(heights) - 1


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((200, 50), Layout(3, 1, 68, (23, 23), 26, 3, 17)),
        ((120, 40), Layout(3, 1, 46, (18, 18), 25, 3, 8)),
        ((80, 24), Layout(2, 1, 0, (7, 7), 7, 0, 0)),
        ((60, 15), Layout(1, 1, 0, (8, 1), 4, 0, 0)),
        ((40, 10), Layout(1, 1, 0, (7, 1), 0, 0, 0)),
        ((20, 5), Layout(1, 0, 0, (4, 0), 0, 0, 0)),
        ((1, 1), Layout(1, 0, 0, (0, 0), 0, 0, 0)),
    ],
)
def test_usual_sizes(size: tuple[int, int], expected: Layout) -> None:
    assert plan(*size, curves=2, epoch_rows=1, view=View()) == expected


def test_before_the_first_metric_the_log_has_the_room() -> None:
    layout = plan(80, 24, 0, 0, View())
    assert (layout.jump, layout.epochs) == (0, 0)
    assert layout.log == 24 - layout.status - layout.keys - layout.charts[0]


def test_the_table_takes_the_place_of_the_explanation_where_both_do_not_fit() -> None:
    view = View()
    assert plan(80, 24, 2, 3, view).epochs == 0
    assert plan(80, 24, 2, 3, replace(view, explanation=False)).epochs == 4


def test_lines_that_were_searched_for_are_shown() -> None:
    for size in ((80, 24), (120, 20), (200, 50)):
        assert plan(*size, 2, 3, View(search="warn")).log > 0
    table = moves.table_flipped(View(search="warn"), is_shown=False)
    assert plan(80, 24, 2, 3, table).log > 0


def test_the_table_is_turned_on_in_place_of_the_explanation() -> None:
    view = moves.table_flipped(View(), is_shown=False)
    assert plan(80, 24, 2, 3, view).epochs > 0
    assert plan(80, 24, 2, 3, moves.table_flipped(view, is_shown=True)).epochs == 0
    assert not moves.table_flipped(View(), is_shown=True).epochs


def test_a_maximised_panel_stands_alone() -> None:
    layout = plan(120, 40, 3, 2, View(focus=1, maximised=True))
    assert layout.charts == (0, 36, 0)
    assert layout.side == 0
