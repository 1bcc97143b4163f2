"""Keys of the app that reach beyond the picture: a replay's epochs, a recorded training, commands."""

from __future__ import annotations

import pytest

from tests.ui import samples
from tests.ui.driving import FakeFeed, monitor, replaying, text_of
from tui_monitor.ui import app as app_module
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.messages import RecordingControl
from tui_monitor.ui.widgets.panels import MetricPanel

SIZE = (120, 40)


@pytest.fixture(autouse=True)
def every_snapshot_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for the next frame, so that no test has to."""
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)


def screen(app: MonitorApp) -> str:
    return "\n".join(text_of(app))


# --- a replay ------------------------------------------------------------------------------------


async def test_g_takes_a_replay_to_an_epoch() -> None:
    app, feed = monitor(samples.training(), replaying())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("g", "3", "enter")
        await pilot.pause()
        assert feed.control is not None
        assert feed.control.asked == [("epoch", 3.0)]
        assert app.monitor.scene.view.cursor is None


async def test_an_epoch_that_a_replay_has_not_is_told() -> None:
    app, feed = monitor(samples.training(), replaying())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("g", "x", "enter")
        await pilot.pause()
        assert "no epoch x in this log" in screen(app)
        await pilot.press("g", "escape")
        assert feed.control is not None
        assert feed.control.asked == []


# --- a recorded training -------------------------------------------------------------------------


class FakeRecording:
    """Notes how it is stopped."""

    def __init__(self, *, running: bool = True) -> None:
        self.running = running
        self.stops: list[bool] = []

    def stop(self, *, force: bool) -> bool:
        self.stops.append(force)
        return self.running


class RecordingFeed(FakeFeed):
    """The feed of a training that a recorder runs."""

    def __init__(self, recorded: FakeRecording) -> None:
        super().__init__(samples.training(), samples.LIVE)
        self.recorded = recorded

    @property
    def recording(self) -> RecordingControl | None:
        return self.recorded


@pytest.mark.parametrize(
    ("key", "stops", "told"),
    [
        ("y", [False], "asked the training to end"),
        ("k", [True], "killed the training"),
        ("n", [], "stop training"),
        ("escape", [], "stop training"),
        ("q", [], "stop training"),
    ],
)
async def test_a_training_is_stopped_only_when_that_is_confirmed(
    key: str, stops: list[bool], told: str
) -> None:
    recorded = FakeRecording()
    app = MonitorApp(RecordingFeed(recorded).open, source=samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("S")
        await pilot.pause()
        assert not recorded.stops
        assert "stop the training?" in screen(app)
        await pilot.press(key)
        await pilot.pause()
        assert recorded.stops == stops
        assert told in screen(app)
        assert app.return_code is None


async def test_a_training_that_is_over_can_not_be_stopped() -> None:
    app = MonitorApp(RecordingFeed(FakeRecording(running=False)).open, source=samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("S", "y")
        await pilot.pause()
        assert "over already" in screen(app)


async def test_what_is_not_recorded_can_not_be_stopped() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "stop training" not in screen(app)
        await pilot.press("S")
        await pilot.pause()
        assert len(app.screen_stack) == 2


# --- commands, the mouse -------------------------------------------------------------------------


async def test_the_palette_runs_a_command_by_its_name() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        names = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Quit", "Zoom in", "Logarithmic y", "Export", "Epochs"} <= names
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert len(titles) == len(names)
        assert not {"Copy selected text", "Focus Next"} & names
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"logarithmic")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.monitor.scene.view.log_y


async def test_in_ascii_nothing_over_the_picture_has_other_signs() -> None:
    app, _ = monitor(samples.training(), samples.LIVE, ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        for _ in range(3):
            await pilot.pause(0.3)
            shown = [strip.text for strip in app.screen._compositor.render_strips()]
            assert shown[0].startswith("+--")
            assert "".join(shown).isascii()
            await pilot.press("pagedown")
        await pilot.press("escape", "ctrl+p")
        await pilot.pause()
        assert app.screen is app.monitor


async def test_a_click_selects_the_boundary_there_or_reads_there() -> None:
    app, _ = monitor(samples.training(1218), samples.ENDED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        panel = app.screen.query(MetricPanel).first()
        rows = [panel.render_line(y).text for y in range(8)]
        rule = min(row.index("│") for row in rows if "│" in row)
        views = []
        for column in (rule - 10, rule, 1):
            await pilot.click(panel, offset=(column, 6))
            await pilot.pause()
            views.append(app.monitor.scene.view)
        assert [view.boundary for view in views] == [None, 1, 1]
        read = views[0].cursor
        assert read is not None
        assert 200 < read < samples.STEPS
        assert [view.cursor for view in views] == [read] * 3


async def test_of_one_log_there_is_no_list() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        assert "one log only" in screen(app)
