"""The app by its keys: what is on the screen after each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from time import monotonic
from typing import TypeVar

import pytest
from textual import events

from tests.ui import samples
from tests.ui.driving import monitor, replaying, text_of, whole
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui import app as app_module
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.feed_app import next_speed
from tui_monitor.ui.messages import SnapshotReady
from tui_monitor.ui.monitor.scene import focus_index, time_window
from tui_monitor.ui.widgets.ink_view import InkView
from tui_monitor.ui.widgets.panels import MetricPanel

SIZE = (120, 40)
Wheel = TypeVar("Wheel", events.MouseScrollUp, events.MouseScrollDown)


@pytest.fixture(autouse=True)
def every_snapshot_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for the next frame, so that no test has to."""
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)


def screen(app: MonitorApp) -> str:
    return "\n".join(text_of(app))


async def test_the_status_says_where_it_is_and_how_long_still() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        first, second = text_of(app)[:2]
    for part in ("live", "train.log", "epoch 2/3", "step 214/406", "41 steps/s", "15 s"):
        assert part in first
    for part in ("lr 0.001", "law cumulative-batch", "followed by events"):
        assert part in second


@pytest.mark.parametrize("size", [(200, 50), (120, 40), (80, 24), (60, 15), (40, 10)])
async def test_the_displayed_number_is_on_the_screen_as_printed(size: tuple[int, int]) -> None:
    snapshot = samples.training()
    app, _ = monitor(snapshot, samples.LIVE)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = screen(app)
    curve = snapshot.curves[focus_index(app.monitor.scene)]
    assert f"{curve.displayed[-1]:.4f}" in shown
    assert f"{curve.level[-1]:.4f}" in shown


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (10, 4), (39, 9), (300, 100)])
async def test_odd_sizes_do_not_crash(size: tuple[int, int]) -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for other in ((1, 1), (80, 24), size):
            await pilot.resize_terminal(*other)
            await pilot.pause()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (samples.WAITING, ("waiting for the log", "train.log is not there yet", "polling")),
        (samples.STALLED, ("stalled 3 min",)),
        (samples.ENDED, ("ended",)),
        (samples.LIVE._replace(condition="paused"), ("paused",)),
        (samples.LIVE._replace(condition="lost", detail="ssh: timed out"), ("lost", "timed out")),
    ],
)
async def test_every_condition_has_its_words(state: SourceState, words: tuple[str, ...]) -> None:
    app, _ = monitor(samples.training(), state)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        head = "\n".join(text_of(app)[:2])
    assert all(word in head for word in words)


async def test_before_the_first_snapshot_it_says_that_it_waits() -> None:
    app, feed = monitor(None, samples.WAITING)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "fills by itself" in screen(app)
        feed.send(samples.training(), samples.LIVE)
        await pilot.pause()
        assert "epoch 2/3" in screen(app)


async def test_q_ends_with_0_and_stops_the_feed() -> None:
    app, feed = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("q")
    assert app.return_code == 0
    assert app.return_value == 0
    assert feed.stops == 1


async def test_ctrl_c_ends_with_130() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+c")
    assert app.return_code == 130


async def test_space_holds_the_view_while_data_come() -> None:
    app, feed = monitor(samples.training(600), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("space")
        feed.send(samples.training(604))
        await pilot.pause()
        feed.send(samples.training(606))
        await pilot.pause()
        assert "view paused, 2 newer" in screen(app)
        assert "step 194/406" in screen(app)
        await pilot.press("space")
        assert "view paused" not in screen(app)
        assert "step 200/406" in screen(app)


async def test_frames_are_at_most_ten_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.1)
    app, feed = monitor(samples.training(600), samples.LIVE)
    received: list[int] = []
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        draw = app.monitor.receive

        def count(snapshot: Snapshot, source: SourceState, now: float) -> None:
            received.append(1)
            draw(snapshot, source, now)

        app.monitor.receive = count  # type: ignore[method-assign]
        began = monotonic()
        for _ in range(12):
            feed.send(samples.training(602))
            await pilot.pause()
        await pilot.pause(0.12)
        assert 1 <= len(received) <= (monotonic() - began) / 0.1 + 1


async def test_the_cursor_reads_every_series_with_its_bounds() -> None:
    snapshot = samples.training()
    app, _ = monitor(snapshot, samples.LIVE)
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.pause()
        await pilot.press("left", "left")
        cursor = app.monitor.scene.view.cursor
        assert cursor is not None
        index = int(snapshot.curves[0].x.searchsorted(cursor))
        shown = screen(app)
        for curve in snapshot.curves:
            assert f"{curve.level[index]:.4f}" in shown
            assert f"{curve.displayed[index]:.4f}" in shown
            assert f"{curve.low[index]:.4f} to {curve.high[index]:.4f}" in shown
        assert f"epoch 2 step {cursor - 406:g}" in shown
        await pilot.press("escape")
        assert app.monitor.scene.view.cursor is None


async def test_the_cursor_moves_by_at_least_a_cell_and_stops_at_the_ends() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("left")
        first = app.monitor.scene.view.cursor
        assert first is not None
        assert first < 620 - 10
        await pilot.press(*["ctrl+left"] * 6)
        assert app.monitor.scene.view.cursor == 2
        await pilot.press("right")
        assert app.monitor.scene.view.cursor != 2
        await pilot.press(*["ctrl+right"] * 6)
        assert app.monitor.scene.view.cursor == 620


async def test_brackets_select_boundaries() -> None:
    app, _ = monitor(samples.training(1218), samples.ENDED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "epoch 2 → 3" in screen(app)
        await pilot.press("left_square_bracket")
        assert "epoch 1 → 2" in screen(app)
        assert app.monitor.scene.view.boundary == 1
        await pilot.press("left_square_bracket")
        assert app.monitor.scene.view.boundary == 1
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert app.monitor.scene.view.boundary is None


async def test_tab_moves_the_focus_and_the_explanation_with_it() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert focus_index(app.monitor.scene) == 1
        assert "One more batch moves" in screen(app)
        await pilot.press("tab")
        assert "One more batch" not in screen(app)
        await pilot.press("shift+tab")
        assert app.monitor.scene.view.focus == 1


async def test_enter_maximises_and_restores() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        shown = [panel for panel in app.screen.query(MetricPanel) if panel.display]
        assert len(shown) == 1
        assert shown[0].size.width == SIZE[0]
        await pilot.press("enter")
        assert len([panel for panel in app.screen.query(MetricPanel) if panel.display]) == 2


@pytest.mark.parametrize(
    ("key", "field"),
    [("d", "ghost"), ("b", "band"), ("l", "log_y"), ("e", "explanation"), ("t", "epochs")],
)
async def test_a_key_flips_a_part_and_flips_it_back(key: str, field: str) -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        before, view = await whole(app, pilot), getattr(app.monitor.scene.view, field)
        await pilot.press(key)
        flipped = await whole(app, pilot)
        assert getattr(app.monitor.scene.view, field) is not view
        if key != "b":
            assert flipped != before
        await pilot.press(key)
        assert await whole(app, pilot) == before


async def test_zoom_and_pan_move_the_time_axis() -> None:
    app, _ = monitor(samples.training(1218), samples.ENDED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "epoch 1" in screen(app)
        await pilot.press("plus", "plus")
        axis = text_of(app)[20]
        assert "epoch 1" not in axis
        await pilot.press("shift+left")
        assert app.monitor.scene.view.left == pytest.approx(1218 * 0.75 - 1218 / 16)
        await pilot.press("shift+right", "minus", "minus")
        assert app.monitor.scene.view.zoom == 0
        await pilot.press("plus", "0")
        assert app.monitor.scene.view.zoom == 0


async def test_help_opens_scrolls_and_closes() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        assert len(app.screen_stack) == 3
        await pilot.press("end")
        await pilot.press("escape")
        assert len(app.screen_stack) == 2


async def test_help_is_true_to_the_matter() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        words = " ".join(screen(app).split())
    for claim in ("Adaptive", "momentum:", "settles:", "Shuffling:", "augmentation"):
        assert claim in words


async def test_colours_change_and_the_text_does_not() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        before = screen(app)
        await pilot.press("c")
        await pilot.pause()
        assert app.theme == "monitor-light"
        assert screen(app) == before
        strip = app.screen.query_one("#status", InkView).render_line(0)
        light = app.theme_variables["ground-none"].lower()
        assert all(
            segment.style is not None
            and segment.style.bgcolor is not None
            and segment.style.bgcolor.name == light
            for segment in strip
        )


async def test_ctrl_l_draws_anew() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        before = await whole(app, pilot)
        await pilot.press("ctrl+l")
        assert await whole(app, pilot) == before


async def test_replay_keys_steer_the_replay() -> None:
    app, feed = monitor(samples.training(), replaying())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "replay ×8  43%" in screen(app)
        await pilot.press("comma", "full_stop", "home", "end", "space")
        assert feed.control is not None
        assert feed.control.asked == [
            ("speed", 4.0), ("speed", 16.0), ("seek", 0.0), ("seek", 1.0), ("pause", 0.0)
        ]  # fmt: skip
        assert not app.monitor.scene.view.paused
        feed.send(samples.training(), replaying(paused=True))
        await pilot.pause()
        await pilot.press("space")
        assert feed.control.asked[-1] == ("resume", 0.0)


async def test_what_was_told_goes_with_the_place_that_a_replay_leaves() -> None:
    app, _ = monitor(samples.training(), replaying())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.tell_of("the training has ended")
        await pilot.pause()
        assert "the training has ended" in screen(app)
        await pilot.press("home")
        assert "the training has ended" not in screen(app)


async def test_replay_keys_do_nothing_without_a_replay() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        before = screen(app)
        await pilot.press("comma", "full_stop", "home", "end")
        assert screen(app) == before


@pytest.mark.parametrize(
    ("speed", "direction", "expected"),
    [(1.0, 1, 2.0), (1.0, -1, 0.5), (3.0, 1, 4.0), (256.0, 1, 0.0), (0.0, 1, 0.0), (0.0, -1, 256.0),
     (0.25, -1, 0.25), (1000.0, 1, 0.0)],
)  # fmt: skip
def test_speeds_go_up_to_as_fast_as_possible(speed: float, direction: int, expected: float) -> None:
    assert next_speed(speed, direction) == expected


async def test_a_failed_feed_is_told_and_what_was_read_stays() -> None:
    app, feed = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert feed.fail is not None
        feed.fail(OSError("[/red] disk on fire"))
        await pilot.pause()
        shown = screen(app)
    assert "[/red] disk on fire" in shown
    assert "epoch 2/3" in shown


async def test_an_alarm_is_told_at_the_top() -> None:
    app, _ = monitor(samples.broken(), samples.LIVE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = text_of(app)
    assert "loss is nan since epoch 2" in shown[1]
    assert "displayed nan" in shown[2]


async def test_metrics_may_come_and_go() -> None:
    app, feed = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.pause()
        for count in (7, 1, 30, 0):
            snapshot = samples.many(count) if count else samples.empty()
            feed.send(snapshot)
            await pilot.pause()
            shown = [panel for panel in app.screen.query(MetricPanel) if panel.display]
            assert len(shown) >= min(count, 1)
            assert ("metric_0" in screen(app)) is (count > 0)


HOSTILE = (
    "[/]",
    "[@click=app.quit]x[/]",
    "[bold",
    "\x1b]0;x\x07",
    "\ud800",
    "訓練📈",
    "a" * 5000,
    "",
)


async def test_hostile_text_is_only_text() -> None:
    app, feed = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        for text in HOSTILE:
            feed.send(hostile(text), samples.LIVE._replace(name=text, detail=text))
            await pilot.pause()
            await pilot.press("left", "left_square_bracket")
            assert "[" not in text or text in screen(app)
            styles = [
                segment.style
                for part in app.screen.query(InkView)
                for y in range(part.size.height)
                for segment in part.render_line(y)
            ]
            assert all(style is not None and not style.meta and not style.link for style in styles)
        assert app.is_running


def hostile(text: str) -> Snapshot:
    """A snapshot with `text` wherever a log's text can be."""
    snapshot = samples.training()
    curves = tuple(replace(curve, metric=text, val_metric=text) for curve in snapshot.curves)
    boundaries = tuple(replace(each, metric=text, text=text) for each in snapshot.boundaries)
    rows = tuple(row._replace(metric=text, label=text, marks=text) for row in snapshot.epoch_rows)
    return replace(
        snapshot, curves=curves, boundaries=boundaries, epoch_rows=rows, log_tail=(text,) * 9,
        epoch_label=text,
    )  # fmt: skip


def test_of_waiting_snapshots_only_the_last_is_handled() -> None:
    older = SnapshotReady(samples.training(600), samples.LIVE)
    newer = SnapshotReady(samples.training(602), samples.LIVE)
    assert older.can_replace(newer)


async def test_nothing_is_repainted_when_nothing_has_changed() -> None:
    app, feed = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        asked: list[InkView] = []
        for part in app.screen.query(InkView):
            part.refresh = lambda *_, **__: pytest.fail("a whole picture")  # type: ignore[method-assign]
        sent: list[int] = []

        def count(view: InkView, rows: Iterable[int]) -> None:
            asked.append(view)
            sent.extend(rows)

        app.send_rows = count  # type: ignore[method-assign,assignment]
        feed.send(samples.training())
        await pilot.pause()
        assert asked == []
        feed.send(samples.training(622))
        await pilot.pause()
        # Rows, not widgets: every repaint names them.
        assert asked
        assert len(sent) < 40


async def test_nothing_is_drawn_while_the_terminal_has_not_taken_the_last_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, feed = monitor(samples.training(600), samples.LIVE)
    behind = True
    monkeypatch.setattr(app, "_terminal_is_behind", lambda: behind)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        feed.send(samples.training(602))
        await pilot.pause()
        assert app.monitor.scene.snapshot is None
        behind = False
        await pilot.pause(0.1)
        assert "step 196/406" in screen(app)


def wheel(kind: type[Wheel], panel: MetricPanel, column: int) -> Wheel:
    """The wheel turned over a column of a panel."""
    x, y = panel.region.x + column, panel.region.y + 3
    return kind(panel, column, 3, 0, 0, 0, False, False, False, screen_x=x, screen_y=y)


async def test_the_mouse_focuses_and_zooms() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        second = list(app.screen.query(MetricPanel))[1]
        await pilot.click(second)
        assert app.monitor.scene.view.focus == 1
        app.monitor.on_mouse_scroll_up(wheel(events.MouseScrollUp, second, 40))
        assert app.monitor.scene.view.zoom == 1
        app.monitor.on_mouse_scroll_down(wheel(events.MouseScrollDown, second, 40))
        assert app.monitor.scene.view.zoom == 0


async def test_the_wheel_keeps_what_is_under_the_pointer() -> None:
    app, _ = monitor(samples.training(1218), samples.ENDED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        panel = app.screen.query(MetricPanel).first()
        column = panel.size.width // 3
        fraction = panel.fraction_at(column)
        assert fraction is not None

        def place() -> float:
            left, right = time_window(app.monitor.scene)
            return left + fraction * (right - left)

        before = place()
        for zoom in (1, 2, 3):
            app.monitor.on_mouse_scroll_up(wheel(events.MouseScrollUp, panel, column))
            assert app.monitor.scene.view.zoom == zoom
            assert place() == pytest.approx(before)
        app.monitor.on_mouse_scroll_down(wheel(events.MouseScrollDown, panel, column))
        assert place() == pytest.approx(before)


async def test_the_wheel_at_the_newest_keeps_it_in_sight() -> None:
    app, _ = monitor(samples.training(1218), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        panel = app.screen.query(MetricPanel).first()
        column = panel.size.width - 3
        app.monitor.on_mouse_scroll_up(wheel(events.MouseScrollUp, panel, column))
        assert app.monitor.scene.view.zoom == 1
        assert app.monitor.scene.view.left is None


async def test_a_stalled_sources_silence_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = monitor(samples.training(), samples.STALLED)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "stalled 3 min" in screen(app)
        later = monotonic() + 60
        monkeypatch.setattr(app_module, "monotonic", lambda: later)
        app._tick()
        await pilot.pause()
        assert "stalled 4 min" in screen(app)


async def test_a_bar_changes_between_braille_and_blocks() -> None:
    app, _ = monitor(samples.training(), samples.LIVE)
    async with app.run_test(size=SIZE) as pilot:
        braille = "".join(await whole(app, pilot))
        await pilot.press("vertical_line")
        blocks = "".join(await whole(app, pilot))
        await pilot.press("vertical_line")
        again = "".join(await whole(app, pilot))
    assert again == braille
    assert any(0x2800 < ord(char) < 0x2900 for char in braille)
    assert not any(0x2800 < ord(char) < 0x2900 for char in blocks)
