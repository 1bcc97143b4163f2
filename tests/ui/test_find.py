"""Finding: metrics and lines by `/`, epochs by `g`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events

from tests.ui import samples
from tests.ui.driving import monitor, text_of
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.widgets.panels import MetricPanel

SIZE = (140, 40)
TAIL = ("Epoch 1/3", "WARNING: slow", "a bar", "another warning", "a bar again")


def _app() -> MonitorApp:
    app, _ = monitor(replace(samples.training(900), log_tail=TAIL), samples.LIVE)
    return app


async def test_a_metrics_name_filters_and_nothing_shows_all_again() -> None:
    app = _app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("slash", "A", "c", "c", "enter")
        await pilot.pause()
        shown = [panel for panel in app.screen.query(MetricPanel) if panel.display]
        assert [panel.rows[0][1].text for panel in shown] == ["acc"]
        await pilot.press("slash", "enter")
        await pilot.pause()
        assert len([panel for panel in app.screen.query(MetricPanel) if panel.display]) == 2


async def test_other_text_searches_the_log() -> None:
    app = _app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"warnin", "backspace", "n", "enter")
        await pilot.pause()
        shown = "\n".join(text_of(app))
    assert '2 of the last 5 lines have "warnin"' in shown
    assert "WARNING: slow" in shown
    assert "a bar again" not in shown


async def test_text_that_is_nowhere_is_told() -> None:
    app = _app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"zzz", "enter")
        await pilot.pause()
        assert 'neither a metric nor a line of the log has "zzz"' in "\n".join(text_of(app))
        await pilot.press("slash", "enter")
        await pilot.pause()
        assert "zzz" not in "\n".join(text_of(app))


async def test_lines_that_are_found_take_the_place_of_the_explanation() -> None:
    app = _app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"warn", "enter")
        await pilot.pause()
        shown = "\n".join(text_of(app))
        assert 'lines have "warn"' in shown
        assert "why it jumped" not in shown
        await pilot.press("slash", "enter")
        await pilot.pause()
        assert "why it jumped" in "\n".join(text_of(app))


async def test_lines_that_are_found_where_there_is_no_room_for_them_are_counted() -> None:
    app = _app()
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"warn", "enter")
        await pilot.pause()
        assert "lines of the log with it: 2" in "\n".join(text_of(app))


async def test_escape_leaves_everything_as_it_was() -> None:
    app = _app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        before = app.monitor.scene.view
        await pilot.press("slash", "z", "escape")
        assert app.monitor.scene.view == before


@pytest.mark.parametrize(("label", "begin"), [("1", 0.0), ("2", 406.0), ("3", 812.0)])
async def test_g_puts_the_cursor_on_an_epochs_first_print(label: str, begin: float) -> None:
    app = _app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("g", label, "enter")
        cursor = app.monitor.scene.view.cursor
    assert cursor is not None
    assert begin < cursor <= begin + 4


async def test_an_epoch_that_is_not_there_is_told() -> None:
    app = _app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("g", "7", "enter")
        await pilot.pause()
        assert "no epoch 7 here yet" in "\n".join(text_of(app))
        assert app.monitor.scene.view.cursor is None


def _type_at_once(app: MonitorApp, *keys: str) -> None:
    """As a slow line brings them: all in one read."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_what_is_typed_at_once_is_taken_in_its_order() -> None:
    app = _app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        _type_at_once(app, "slash", *"warnix", "backspace", "n", "enter")
        await pilot.pause()
        await pilot.pause()
        assert '2 of the last 5 lines have "warnin"' in "\n".join(text_of(app))
        _type_at_once(app, "slash", *"zzz", "escape")
        await pilot.pause()
        await pilot.pause()
        assert '2 of the last 5 lines have "warnin"' in "\n".join(text_of(app))
        assert not app.screen.is_modal
