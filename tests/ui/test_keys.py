"""Every key, in every kind of picture: it may do nothing, but it never breaks anything."""

from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.events import Key

from tests.ui import samples
from tests.ui.driving import monitor, replaying, whole
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.screens import help as help_page
from tui_monitor.ui.screens.monitor import MonitorScreen

STATES: dict[str, tuple[Snapshot | None, SourceState]] = {
    "waiting": (None, samples.WAITING),
    "empty": (samples.empty(), samples.LIVE),
    "live": (samples.training(), samples.LIVE),
    "nan": (samples.broken(), samples.STALLED),
    "many": (samples.many(9), samples.LIVE),
    "replay": (samples.training(1218), replaying()),
}
LEAVING = {"q", "ctrl+c", "ctrl+z"}


def bound_keys() -> list[str]:
    """All keys that the monitor knows."""
    keys: list[str] = []
    for owner in (MonitorApp, MonitorScreen):
        for binding in owner.BINDINGS:
            assert isinstance(binding, Binding)
            keys += binding.key.split(",")
    return [key for key in dict.fromkeys(keys) if key not in LEAVING]


@pytest.mark.parametrize(
    ("state", "size"), [*((state, (120, 40)) for state in STATES), ("live", (40, 10))]
)
async def test_no_key_breaks_anything(state: str, size: tuple[int, int]) -> None:
    snapshot, source = STATES[state]
    app, feed = monitor(snapshot, source)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in bound_keys():
            await pilot.press(key)
            # A dialogue or a page may have opened; the key after it is for the monitor again.
            while len(app.screen_stack) > 2:
                await pilot.press("escape")
                await pilot.pause()
        await pilot.press("escape", "escape")
        feed.send(samples.training(1218), samples.LIVE)
        if app.monitor.scene.view.paused:
            await pilot.press("space")
        assert any("acc" in line for line in await whole(app, pilot))
    assert app.return_code in (0, None)


def test_every_key_of_the_line_at_the_bottom_is_bound_and_explained() -> None:
    from tui_monitor.ui.screens.monitor import _KEYS

    named = {
        "?": "question_mark", "← →": "left", "[ ]": "left_square_bracket", "+ -": "plus",
        "/": "slash",
    }  # fmt: skip
    bound = {*bound_keys(), "q"}
    explained = " ".join(keys for keys, _ in help_page._KEYS) + " left right ?"
    for key, _ in _KEYS:
        assert named.get(key, key) in bound
        assert key in explained or named.get(key, key) in explained


async def test_keys_that_come_together_all_scroll_the_help() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        for key in ["down"] * 10 + ["up"] * 3:
            app.post_message(Key(key, None))
        await pilot.pause()
        assert app.screen.query_one("#page").scroll_offset.y == 7
