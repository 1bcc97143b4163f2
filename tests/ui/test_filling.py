"""A big log on the screen: its end with a progress bar, then the whole in its place."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from tests.simulate import Case, Simulated
from tests.ui import samples
from tests.ui.driving import monitor, text_of
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Finding
from tui_monitor.core.runs import RunRow
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import CutRun, Filling, Snapshot, SourceState
from tui_monitor.ingest import end_first
from tui_monitor.ingest.ahead import ReadAhead
from tui_monitor.ingest.end_first import BigLog, BigLogThread
from tui_monitor.ingest.file import FileTail
from tui_monitor.ui import app as app_module
from tui_monitor.ui.alerting.alerts import alerts
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.drawing.glyphs import ASCII, UNICODE
from tui_monitor.ui.launch import RunningFeed
from tui_monitor.ui.messages import Fail, Publish, SnapshotReady
from tui_monitor.ui.monitor import status
from tui_monitor.ui.monitor.carry_over import carried_over
from tui_monitor.ui.monitor.scene import Scene, View, newest, time_window
from tui_monitor.ui.monitor.summary import summary
from tui_monitor.ui.runs import run_scene

FILLING = Filling(208_080_000, 612_000_000, 238.0)
FILLS = samples.LIVE._replace(filling=FILLING)


def end_of(snapshot: Snapshot, epochs: int) -> Snapshot:
    """The same without the first so many epochs, as a log's end shows it."""
    begin = float(snapshot.epoch_ends[epochs - 1])
    curves = []
    for each in snapshot.curves:
        kept, vals = each.x > begin, each.val_x > begin
        columns = {
            name: getattr(each, name)[kept]
            for name in ("displayed", "value", "low", "high", "level", "level_sd")
        }
        curves.append(
            replace(
                each,
                x=each.x[kept] - begin,
                x_from=np.maximum(each.x_from[kept] - begin, 0.0),
                val_x=each.val_x[vals] - begin,
                val=each.val[vals],
                **columns,
            )
        )
    return replace(
        snapshot,
        epoch=snapshot.epoch - epochs,
        epochs=None,
        curves=tuple(curves),
        epoch_ends=snapshot.epoch_ends[epochs:] - begin,
        epoch_rows=tuple(
            row._replace(epoch=row.epoch - epochs)
            for row in snapshot.epoch_rows
            if row.epoch > epochs
        ),
        boundaries=tuple(
            replace(each, epoch=each.epoch - epochs, next_epoch=each.next_epoch - epochs)
            for each in snapshot.boundaries
            if each.epoch > epochs
        ),
        cut=CutRun(snapshot.epochs, 1_000 * epochs),
    )


WHOLE = samples.training()
END = end_of(WHOLE, 1)


# --- the status line -----------------------------------------------------------------------------


def second_line(width: int, state: SourceState = FILLS, *, ascii: bool = False) -> str:  # noqa: A002
    scene = Scene(END, state, glyphs=ASCII if ascii else UNICODE)
    return "".join(span.text for span in status.status_rows(scene, width, 2)[1]).strip()


def test_the_progress_is_told_as_far_as_there_is_room() -> None:
    bar = "━━━━────────"
    assert second_line(200).startswith(
        f"showing the end · reading {bar} 34 % of 612.0 MB · 4 min left"
    )
    assert second_line(80).startswith(
        f"showing the end · reading {bar} 34 % of 612.0 MB · 4 min left"
    )
    assert second_line(60) == "showing the end · 34 % of 612.0 MB · 4 min left"
    assert second_line(44) == "showing the end · 34 % of 612.0 MB"
    assert second_line(18) == "end only · 34 %"


def test_without_unicode_it_is_told_in_ascii() -> None:
    text = second_line(80, ascii=True)
    assert text.isascii()
    assert "reading ====-------- 34 % of 612.0 MB" in text


def test_before_the_speed_is_known_no_time_is_told() -> None:
    state = samples.LIVE._replace(filling=FILLING._replace(seconds=None))
    assert "left" not in second_line(80, state)


def test_one_line_says_that_it_is_the_end_only() -> None:
    (row,) = status.status_rows(Scene(END, FILLS), 60, 1)
    assert "end only · 34 %" in "".join(span.text for span in row)


def test_epochs_are_told_as_planned() -> None:
    (row, _) = status.status_rows(Scene(END, FILLS), 100, 2)
    whole = status.status_rows(Scene(WHOLE, samples.LIVE), 100, 2)[0]
    place = "".join(span.text for span in whole).partition("epoch ")[2].split()[0]
    assert f"epoch {place}" in "".join(span.text for span in row)


@pytest.mark.parametrize("width", [5, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("height", [1, 2])
def test_no_line_is_too_wide(width: int, height: int) -> None:
    for row in status.status_rows(Scene(END, FILLS), width, height):
        assert sum(len(span.text) for span in row) <= width


def test_the_summary_says_that_it_is_of_the_end() -> None:
    text = summary(END, FILLS, View(), 80, ascii=False)
    assert "Of the log's end only: 34 % of 612.0 MB was read." in text
    assert "end only" not in summary(WHOLE, samples.LIVE, View(), 80, ascii=False)
    assert "★" not in text


# --- the view ------------------------------------------------------------------------------------


def test_cursor_and_boundary_stay_where_they_are_in_the_log() -> None:
    ends = float(WHOLE.epoch_ends[0])
    view = View(cursor=50.0, boundary=1, left=20.0, zoom=1)
    carried = carried_over(Scene(END, FILLS, view), WHOLE)
    assert carried.cursor == 50.0 + ends
    assert carried.boundary == 2
    assert carried.left == 20.0 + ends


def test_a_part_that_is_zoomed_into_stays_as_long() -> None:
    before = Scene(END, FILLS, View(zoom=2))
    after = Scene(WHOLE, samples.LIVE, carried_over(before, WHOLE))
    left, right = time_window(before)
    begin, end = time_window(after)
    assert 0.7 <= (end - begin) / (right - left) <= 1.42
    assert after.view.left is None
    assert begin <= newest(WHOLE) <= end


def test_the_whole_stays_the_whole_and_a_metric_keeps_the_focus() -> None:
    turned = replace(WHOLE, curves=WHOLE.curves[::-1])
    carried = carried_over(Scene(END, FILLS, View(focus=0, log_y=True)), turned)
    assert carried == View(focus=1, log_y=True)


def test_a_longer_end_takes_the_place_of_a_shorter_one() -> None:
    longer, view = replace(WHOLE, cut=CutRun(None, 500)), View(cursor=50.0, boundary=1)
    carried = carried_over(Scene(END, FILLS, view), longer)
    assert carried.cursor == 50.0 + float(WHOLE.epoch_ends[0])
    assert carried.boundary == 2
    assert carried_over(Scene(longer, FILLS, view), END) == view


def test_nothing_else_moves_a_view() -> None:
    view = View(cursor=50.0, zoom=2, focus=1)
    assert carried_over(Scene(END, FILLS, view), END) == view
    assert carried_over(Scene(WHOLE, FILLS, view), WHOLE) == view
    assert carried_over(Scene(None, FILLS, view), WHOLE) == view


def test_runs_are_not_laid_over_each_other_by_their_ends() -> None:
    scene = run_scene.RunsScene(view=run_scene.RunsView(marked=("a",)))
    row = RunRow("a", "a", "live", 0.0, None, WHOLE, None, None, 0.0)
    runs = scene.runs._replace(rows=(row,))
    assert run_scene.series_of(scene._replace(runs=runs), WHOLE.curves[0].metric)
    cut = runs._replace(rows=(row._replace(snapshot=END),))
    assert not run_scene.series_of(scene._replace(runs=cut), WHOLE.curves[0].metric)


# --- alerts --------------------------------------------------------------------------------------

NAN = Finding("nan", 1, 2, "loss", "loss is nan since epoch 2, step 96.", {})


def test_news_of_the_end_are_told_at_once_and_not_again_with_the_whole() -> None:
    broken = replace(END, findings=(NAN,))
    assert [each.kind for each in alerts((END, FILLS), (broken, FILLS))] == ["alarm"]
    whole = replace(WHOLE, findings=(replace(NAN, run=3),))
    assert alerts((broken, FILLS), (whole, samples.LIVE)) == []
    assert alerts((whole, samples.LIVE), (whole, samples.LIVE)) == []
    longer = replace(broken, cut=CutRun(None, 0), findings=(replace(NAN, run=2),))
    assert alerts((broken, FILLS), (longer, FILLS)) == []


def test_the_best_so_far_is_not_known_of_the_end() -> None:
    curve = WHOLE.curves[0]
    many = np.linspace(0.9, 0.1, 6) if not curve.higher_is_better else np.linspace(0.1, 0.9, 6)
    before = replace(WHOLE, curves=(replace(curve, val=many[:5], val_x=np.arange(5.0)),))
    now = replace(WHOLE, curves=(replace(curve, val=many, val_x=np.arange(6.0)),))
    assert [each.kind for each in alerts((before, FILLS), (now, FILLS))] == ["best"]
    now = replace(now, cut=CutRun(None, 0))
    assert alerts((before, FILLS), (now, FILLS)) == []


def test_the_last_picture_of_the_end_is_always_heard() -> None:
    last, whole = SnapshotReady(END, FILLS), SnapshotReady(WHOLE, samples.LIVE)
    assert not whole.can_replace(last)
    assert SnapshotReady(END, FILLS).can_replace(last)
    assert not SnapshotReady(replace(END, cut=CutRun(None, 0)), FILLS).can_replace(last)
    assert whole.can_replace(SnapshotReady(WHOLE, samples.LIVE))


# --- the app on a real file ----------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    path.write_bytes(Simulated(Case(steps=100, epochs=30, every=2.0)).log())
    return path


def opened(log: Path) -> MonitorApp:
    """The monitor on a file that counts as big."""

    def open_feed(publish: Publish, fail: Fail) -> RunningFeed:
        big = BigLog(os.fspath(log), DecodeOptions(), 10_000, 20_000)
        source = ReadAhead(FileTail(log))
        return RunningFeed(BigLogThread(big, source, Session(), publish, fail, interval=0.05))

    return MonitorApp(open_feed, source=samples.WAITING)


async def until(pilot: Pilot[int], reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not reached():
        assert time.monotonic() < end
        await pilot.pause(0.02)


async def test_the_end_is_shown_then_the_whole(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)
    app = opened(log)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.monitor.scene.snapshot is not None)
        scene = app.monitor.scene
        assert scene.source.filling is not None
        assert "showing the end" in "\n".join(text_of(app))
        assert "epoch 30/30" in text_of(app)[0]
        app.monitor.action_panel(1)  # a pilot's keys wait for the machine to be idle
        app.monitor.action_panel(1)
        app.monitor.action_cursor(-1)
        app.monitor.action_cursor(-1)
        before = app.monitor.scene
        assert before.source.filling is not None
        assert before.view.cursor is not None
        assert before.snapshot is not None
        shown = np.flatnonzero(before.snapshot.curves[1].x == before.view.cursor)
        away = before.snapshot.curves[1].x.size - int(shown[0])
        await until(pilot, lambda: app.monitor.scene.source.filling is None)
        await pilot.pause(0.1)
        scene = app.monitor.scene
        assert scene.snapshot is not None
        assert scene.snapshot.cut is None
        assert scene.snapshot.epoch == 30
        assert scene.view.focus == 1
        assert scene.view.cursor == scene.snapshot.curves[1].x[-away]
        assert "showing the end" not in "\n".join(text_of(app))


async def test_what_breaks_meanwhile_is_told_once(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(end_first, "_NEWS", 0.0)
    app = opened(log)
    app.pass_on = lambda kind, text, name: told.append(kind)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app._calm is not None)
        assert app._calm is not None
        assert app._calm[1].filling is not None
        with log.open("ab") as file:
            file.write(b"Epoch 31/40\n")
            for step in (1, 2, 3):
                file.write(b"%d/100 [=>...] - ETA: 1s - loss: nan - accuracy: 0.5\n" % step)
        await until(pilot, lambda: bool(told))
        await until(pilot, lambda: app.monitor.scene.source.filling is None)
        with log.open("ab") as file:
            file.write(b"4/100 [=>...] - ETA: 1s - loss: nan - accuracy: 0.5\n")
        await until(pilot, lambda: bool(app._last and app._last[0].step == 4))
        assert told == ["alarm"]


async def test_leaving_meanwhile_takes_no_time(log: Path) -> None:
    log.write_bytes(log.read_bytes() * 20)
    app = opened(log)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.monitor.scene.snapshot is not None)
        before = time.process_time()
        await app.run_action("leave(0)")
    assert time.process_time() - before < 1.0
    assert "Of the log's end only" in app.summary()


async def test_a_paused_view_is_carried_over_when_it_goes_on() -> None:
    app, feed = monitor(END, FILLS)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("left", "space")
        cursor = app.monitor.scene.view.cursor
        assert cursor is not None
        feed.send(WHOLE, samples.LIVE)
        await pilot.pause(0.2)
        assert app.monitor.scene.view.cursor == cursor
        await pilot.press("space")
        assert app.monitor.scene.view.cursor == cursor + float(WHOLE.epoch_ends[0])
