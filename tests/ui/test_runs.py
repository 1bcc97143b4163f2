"""The runs screen: its list, its charts, its keys, and the way into a run and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from tests.ui import samples
from tests.ui.driving import text_of
from tui_monitor.core.runs import Glance, MetricGlance, RunList, RunRow, RunState
from tui_monitor.core.snapshot import Pace, Snapshot
from tui_monitor.ui import app as app_module
from tui_monitor.ui.alerting.run_alerts import run_alerts
from tui_monitor.ui.drawing import scale
from tui_monitor.ui.drawing.glyphs import ASCII, UNICODE, Glyphs
from tui_monitor.ui.drawing.palette import series_ink
from tui_monitor.ui.drawing.plot import Window
from tui_monitor.ui.drawing.rows import Row, row_width
from tui_monitor.ui.fleet_app import FleetApp
from tui_monitor.ui.frame import runs_frame
from tui_monitor.ui.messages import Fail, PublishRuns, RecordingControl, ShowRun
from tui_monitor.ui.runs import overlay, run_scene, run_table
from tui_monitor.ui.runs.run_scene import RunsScene, RunsView

Compare = Callable[..., bool]
SIZES = [(200, 50), (120, 40), (80, 24), (60, 15), (40, 10)]


@pytest.fixture(autouse=True)
def every_list_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for the next frame, so that no test has to."""
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)


# --- made-up runs --------------------------------------------------------------------------------


def metric(
    name: str, displayed: float, *, val: float | None = None, best: float | None = None
) -> MetricGlance:
    trend = tuple(displayed + 1.2 / (1 + k) for k in range(40))
    better = name == "acc"
    return MetricGlance(
        name, better, displayed, trend, f"val_{name}" if val else None, val, best, "2"
    )


def glance(epoch: int = 2, loss: float = 0.31, best: float | None = 0.2411) -> Glance:
    return Glance(
        format="keras", runs=1, epoch=epoch, label=str(epoch), epochs=3, step=214, steps=406,
        unit="batch", metrics=(metric("loss", loss, val=best, best=best),
                               metric("acc", 0.94, val=0.93, best=0.9402)),
        pace=Pace(41.2, 5.0, 125.0), ended=False, failed=False, broken=(), whole=True,
    )  # fmt: skip


def run_row(
    name: str,
    state: RunState = "ended",
    *,
    quiet: float = 0.0,
    seen: Glance | None = None,
    snapshot: Snapshot | None = None,
    changed: float = 0.0,
    detail: str | None = None,
) -> RunRow:
    return RunRow(
        name, name, state, quiet, seen or glance(), snapshot, detail=detail, changed=changed
    )


def shifted(snapshot: Snapshot, by: float) -> Snapshot:
    """The same run, a little better or worse."""
    curves = tuple(
        replace(curve, level=curve.level + by, val=curve.val + by) for curve in snapshot.curves
    )
    return replace(snapshot, curves=curves)


def some_runs() -> RunList:
    whole = samples.training(1218)
    broken = replace(glance(1, float("nan"), None), broken=("loss",))
    return RunList(
        (
            run_row("base/lr-0.001.log", "live", snapshot=samples.training(), changed=9.0),
            run_row("base/lr-0.01.log", "stalled", quiet=190.0, changed=8.0),
            run_row("wide/lr-0.001.log", "ended", quiet=7200.0, snapshot=shifted(whole, 0.05),
                    seen=glance(3, 0.22, 0.2203), changed=7.0),
            run_row("wide/lr-0.01.log", "ended", quiet=9000.0, snapshot=shifted(whole, -0.04),
                    seen=glance(3, 0.26, 0.2517), changed=6.0),
            run_row("wide/lr-0.1.log", "failed", quiet=9000.0, seen=broken, changed=5.0),
            run_row("old/first.log", "stopped", quiet=864000.0, changed=1.0),
            run_row("old/gone.log", "gone", quiet=864000.0, changed=0.5),
        ),
        looking=False,
        following="events",
    )  # fmt: skip


class FakeFleet:
    """Publishes one list when it is opened, and later ones on request."""

    def __init__(self, first: RunList) -> None:
        self.first = first
        self.opened: list[str | None] = []
        self.asked: list[tuple[str, ...]] = []
        self.stops = 0
        self.stopped: list[bool] = []
        self.send: PublishRuns = lambda runs: None
        self.show: ShowRun = lambda key, snapshot, source: None

    def __call__(self, publish: PublishRuns, show: ShowRun, fail: Fail) -> FakeFleet:
        self.send, self.show = publish, show
        publish(self.first)
        return self

    def open(self, key: str | None) -> None:
        self.opened.append(key)

    def ask(self, keys: Sequence[str]) -> None:
        self.asked.append(tuple(keys))

    def recording(self, key: str) -> RecordingControl | None:
        return FakeRecording(self.stopped) if key == "base/lr-0.001.log" else None

    def stop(self) -> None:
        self.stops += 1


class FakeRecording:
    """Notes how it is stopped."""

    def __init__(self, stopped: list[bool]) -> None:
        self.stopped = stopped

    def stop(self, *, force: bool) -> bool:
        self.stopped.append(force)
        return True


def fleet_app(runs: RunList | None = None, **options: bool) -> tuple[FleetApp, FakeFleet]:
    fleet = FakeFleet(runs if runs is not None else some_runs())
    return FleetApp(fleet, **options), fleet


def shown(app: FleetApp) -> str:
    return "\n".join(text_of(app))


def scene(runs: RunList | None = None, **view: Any) -> RunsScene:
    return RunsScene(runs if runs is not None else some_runs(), RunsView(**view))


def text(rows: Sequence[Row]) -> str:
    return "\n".join("".join(span.text for span in row).rstrip() for row in rows)


# --- the list ------------------------------------------------------------------------------------


async def test_a_row_tells_how_its_run_does() -> None:
    app, _ = fleet_app()
    async with app.run_test(size=(140, 24)) as pilot:
        await pilot.pause()
        screen = shown(app)
        live = next(line for line in screen.splitlines() if "base/lr-0.001" in line)
    level = samples.training().curves[0]
    for part in ("▍", "● live", "2/3", "0.2411", f"{level.level[-1]:.4f}", "2:05"):
        assert part in live
    assert "█" in live
    assert "stalled 3 min" in screen
    assert "best val_loss" in screen
    assert "nan, failed" in screen
    assert "7 runs   ● 1 live   ◌ 1 stalled" in screen


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (10, 4), (39, 9), *SIZES, (300, 80)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    app, _ = fleet_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("m", "m", "m", "o")
        await pilot.resize_terminal(80, 24)
        await pilot.resize_terminal(*size)
        await pilot.pause()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_no_row_is_wider_than_the_screen(width: int, glyphs: Glyphs) -> None:
    runs = scene(marked=("base/lr-0.001.log",))._replace(glyphs=glyphs)
    held = overlay.Held({})
    rows = [
        *run_table.head_rows(runs, width, 2),
        *run_table.list_rows(runs, width, 20, 0),
        *overlay.overlay_rows(runs, width, 30, held)[0],
    ]
    assert max(map(row_width, rows)) <= width


async def test_with_ascii_everything_is() -> None:
    app, _ = fleet_app(ascii=True)
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        await pilot.press("m", "down", "m", "o")
        await pilot.pause()
        assert shown(app).isascii()
        assert "a lr-0.001" in shown(app).replace("base/", "")


@pytest.mark.parametrize(("width", "kept"), [(40, "epoch"), (60, "★val_loss"), (80, "ends in")])
def test_what_matters_most_stays_where_it_is_narrow(width: int, kept: str) -> None:
    assert kept in text(run_table.list_rows(scene(), width, 10, 0))


def test_the_metric_is_named_in_each_row_where_runs_differ() -> None:
    other = replace(glance(), metrics=(metric("mse", 0.1, val=0.2, best=0.15),))
    runs = RunList((run_row("a.log"), run_row("b.log", seen=other)), looking=False)

    listed = text(run_table.list_rows(scene(runs), 120, 10, 0))

    assert "val_loss" in listed
    assert "val_mse" in listed


def test_a_best_value_of_a_log_not_read_whole_is_in_doubt() -> None:
    part = replace(glance(), whole=False)
    assert "0.2411?" in text(
        run_table.list_rows(scene(RunList((run_row("a", seen=part),))), 120, 9, 0)
    )


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("newest", "base/lr-0.001.log", "old/gone.log"),
        ("name", "base/lr-0.001.log", "wide/lr-0.1.log"),
        ("best", "wide/lr-0.001.log", "wide/lr-0.1.log"),
        ("epoch", "wide/lr-0.001.log", "wide/lr-0.1.log"),
    ],
)
def test_rows_are_ordered_as_asked(key: str, first: str, last: str) -> None:
    names = [row.name for row in run_scene.rows(scene(sort=key))]
    assert (names[0], names[-1]) == (first, last)
    assert [row.name for row in run_scene.rows(scene(sort=key, reverse=True))] == names[::-1]


def test_numbers_in_names_are_ordered_as_numbers() -> None:
    runs = RunList(tuple(run_row(f"run{number}.log") for number in (10, 9, 1)))
    names = [row.name for row in run_scene.rows(scene(runs, sort="name"))]
    assert names == ["run1.log", "run9.log", "run10.log"]


def test_runs_that_grow_do_not_change_places() -> None:
    for newer in ("a", "b"):
        runs = RunList(
            tuple(run_row(name, "live", changed=float(name == newer)) for name in ("b", "a"))
        )
        assert [row.name for row in run_scene.rows(scene(runs))] == ["a", "b"]


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["a/train.log", "b/train.log"], ["a", "b"]),
        (["a/train.log", "b/train.log", "c/out.csv"], ["a", "b", "c/out.csv"]),
        (["a/train.log", "b/train.log", "b/out.csv"], ["a", "b/train.log", "b/out.csv"]),
        (["a/train.log", "a/b/train.log"], ["a/train", "a/b"]),
        (["train.log", "b/train.log"], ["train", "b"]),
        (["a.log", "b/c.log"], ["a", "b/c"]),
        (["a.log", "b.out"], ["a.log", "b.out"]),
        (["a.log"], ["a.log"]),
        ([".log", "a.log"], [".log", "a.log"]),
        (["/a", "/b"], ["/a", "/b"]),
    ],
)
def test_what_tells_a_name_from_no_other_is_left_out(names: list[str], short: list[str]) -> None:
    assert list(run_scene.short_names(tuple(names)).values()) == short


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "frameworks/darknet_pjreddie"),
        (21, "…rks/darknet_pjreddie"),
        (18, "…/darknet_pjreddie"),
        (12, "dark…jreddie"),
    ],
)
def test_the_last_part_of_a_name_is_kept_whole(width: int, shown: str) -> None:
    assert run_scene.fit_name("frameworks/darknet_pjreddie", width, "…") == shown


@pytest.mark.parametrize(
    ("index", "height", "top", "expected"),
    [(0, 10, 0, 0), (9, 10, 0, 0), (10, 10, 0, 1), (3, 10, 5, 3), (99, 10, 0, 90), (5, 200, 7, 0)],
)
def test_the_list_scrolls_as_little_as_it_must(
    index: int, height: int, top: int, expected: int
) -> None:
    assert run_scene.window_top(index, 100, height, top) == expected


def test_a_course_keeps_its_shape_and_its_gaps() -> None:
    assert run_table.sparkline((1.0, 0.5, math.nan, 0.0), 10) == "█▅ ▁"
    steep = (100.0, *(k / 30 for k in range(30, 0, -1)))
    assert len(set(run_table.sparkline(steep, 31))) > 4
    assert run_table.sparkline((2.0, 2.0), 10) == "▅▅"
    assert run_table.sparkline((math.nan,), 10) == ""
    assert run_table.sparkline((), 10) == ""
    assert len(run_table.sparkline(tuple(map(float, range(100))), 10)) == 10
    assert run_table.sparkline((1.0, 0.0), 10, ascii=True).isascii()


# --- keys ----------------------------------------------------------------------------------------


async def test_a_filter_shows_what_has_all_its_words() -> None:
    app, _ = fleet_app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"wide ended", "enter")
        await pilot.pause()
        screen = shown(app)
        assert "wide/lr-0.001" in screen
        assert "base/" not in screen
        assert "lr-0.1 " not in screen
        assert '2 with "wide ended"' in screen
        await pilot.press("escape")
        assert "base/" in shown(app)


async def test_the_cursor_stays_with_its_run_while_others_come() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        await pilot.press("down", "down")
        more = (run_row("aaa.log", "live"), *some_runs().rows)
        fleet.send(some_runs()._replace(rows=more))
        await pilot.pause()
        row = run_scene.under_cursor(app.runs.scene)
        assert row is not None
        assert row.name == "wide/lr-0.001.log"


async def test_a_run_is_opened_and_left() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert fleet.opened == ["base/lr-0.01.log"]
        fleet.show("base/lr-0.01.log", samples.training(), samples.LIVE)
        await pilot.pause()
        assert "epoch 2/3" in shown(app)
        assert "r runs" in shown(app)
        fleet.show("wide/lr-0.1.log", samples.broken(), samples.LIVE)  # late: left in the meantime
        await pilot.pause()
        assert "nan" not in shown(app)
        await pilot.press("r")
        await pilot.pause()
        assert fleet.opened[-1] is None
        assert "7 runs" in shown(app)


async def test_the_training_of_an_opened_run_is_stopped_if_it_is_recorded() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        fleet.show("base/lr-0.001.log", samples.training(), samples.LIVE)
        await pilot.pause()
        assert "S stop training" in shown(app)
        await pilot.press("S", "y")
        await pilot.pause()
        assert fleet.stopped == [False]
        await pilot.press("r")
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert fleet.opened[-1] == "base/lr-0.01.log"
        assert "S stop training" not in shown(app)


async def test_escape_leaves_a_run_once_nothing_is_left_to_undo() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        fleet.show("base/lr-0.001.log", samples.training(), samples.LIVE)
        await pilot.pause()
        await pilot.press("left", "escape")
        await pilot.pause()
        assert fleet.opened == ["base/lr-0.001.log"]
        await pilot.press("escape")
        await pilot.pause()
        assert fleet.opened[-1] is None


async def test_marked_runs_are_asked_for_and_drawn() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        await pilot.press("m", "down", "m", "m", "o")
        await pilot.pause()
        assert fleet.asked[-1] == ("base/lr-0.001.log", "wide/lr-0.001.log", "wide/lr-0.01.log")
        screen = shown(app)
        for part in ("loss   ●", "val_loss", "acc", "epoch 0", "★val_loss", "★0.2203 @2"):
            assert part in screen
        await pilot.press("a")
        await pilot.pause()
        assert "step 0" in shown(app)
        fleet.asked.clear()
        await pilot.press("u")
        await pilot.pause()
        assert fleet.asked == [()]
        assert "Mark runs with m" in shown(app)


async def test_no_more_runs_are_marked_than_can_be_told_apart() -> None:
    runs = RunList(tuple(run_row(f"{number}.log") for number in range(10)), looking=False)
    app, fleet = fleet_app(runs)
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*["m"] * 9)
        await pilot.pause()
        assert len(fleet.asked[-1]) == run_scene.MOST_MARKED
        assert "at most 8 runs" in shown(app)


async def test_tab_goes_through_the_metrics() -> None:
    app, _ = fleet_app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        await pilot.press("tab", "tab")
        assert app.runs.scene.view.metric == "acc"
        assert "best val_acc" in shown(app)
        await pilot.press("tab")
        assert app.runs.scene.view.metric is None


async def test_keys_of_a_single_run_do_nothing_in_the_list() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        await pilot.press("comma", "full_stop", "g", "S", "r", "x")
        await pilot.pause()
        assert "open a run to export it" in shown(app)
        assert fleet.opened == []


async def test_a_click_moves_the_cursor_and_two_open() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        await pilot.click("#runs-list", offset=(10, 3))
        row = run_scene.under_cursor(app.runs.scene)
        assert row is not None
        assert row.name == "wide/lr-0.001.log"
        await pilot.click("#runs-list", offset=(10, 2), times=2)
        await pilot.pause()
        assert fleet.opened == ["base/lr-0.01.log"]


async def test_leaving_stops_the_fleet_and_sums_up() -> None:
    app, fleet = fleet_app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q")
    assert fleet.stops == 1
    assert app.return_code == 0
    assert "base/lr-0.001" in app.summary()
    assert "1 live" in app.summary()


async def test_an_empty_list_says_what_it_waits_for() -> None:
    app, fleet = fleet_app(RunList())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Looking for training logs" in shown(app)
        fleet.send(RunList(looking=False))
        await pilot.pause()
        assert "No training log here yet" in shown(app)
        fleet.send(some_runs())
        await pilot.pause()
        assert "7 runs" in shown(app)


async def test_hostile_names_are_only_text() -> None:
    runs = RunList(tuple(run_row(name) for name in ("[/]", "[@click=app.quit]x[/b]", "訓練📈")))
    app, _ = fleet_app(runs)
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        assert "[@click=app.quit]x[/b]" in shown(app)
        assert app.return_code is None


async def test_the_command_palette_offers_the_keys_of_the_screen() -> None:
    app, _ = fleet_app()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        names = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Quit", "Filter", "Compare", "Mark"} <= names
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"compare")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.runs.scene.view.charts


# --- what is drawn of several --------------------------------------------------------------------


def test_epochs_of_different_lengths_are_laid_over_each_other() -> None:
    short = samples.training(812)
    long = replace(short, epoch_ends=short.epoch_ends * 2)
    x = np.array([203.0, 406.0, 609.0, 812.0])
    assert run_scene.epochs_at(short, x).tolist() == [0.5, 1.0, 1.5, 2.0]
    assert run_scene.epochs_at(long, 2 * x).tolist() == [0.5, 1.0, 1.5, 2.0]
    assert run_scene.epochs_at(long, np.array([2436.0])).tolist() == [3.0]


def test_a_line_is_told_by_its_sign_as_well_as_by_its_colour() -> None:
    marked = ("base/lr-0.001.log", "wide/lr-0.001.log")
    series = run_scene.series_of(scene(marked=marked), "loss")
    axis = scale.y_axis([each.y for each in series], 4, (0.0, 5.0))
    cells = overlay.draw(series, Window(0.0, 3.0, axis), 80, 12, UNICODE)
    for number in range(2):
        found = cells.codes == ord(UNICODE.series[number])
        assert found.any()
        assert set(cells.inks[found].tolist()) == {int(series_ink(number))}


def test_a_run_that_is_not_decoded_yet_is_waited_for() -> None:
    runs = scene(marked=("base/lr-0.01.log",))
    assert "Decoding the marked runs" in text(
        overlay.overlay_rows(runs, 80, 20, overlay.Held({}))[0]
    )


def test_of_a_number_and_its_average_the_average_is_compared() -> None:
    loss, acc = samples.training(900).curves
    both = (loss, replace(loss, metric="loss (avg)", val_metric=None), acc)
    snapshot = replace(samples.training(900), curves=both)
    alone = replace(samples.training(900), curves=(loss, acc))
    a, b = run_row("a", snapshot=snapshot), run_row("b", snapshot=snapshot)
    runs = RunList((a, b))
    shown = scene(runs, marked=("a", "b"), charts=True)
    assert "loss" not in run_scene.compared_metrics(shown)
    assert "loss (avg)" in run_scene.compared_metrics(shown)
    # Of a run that prints no average the number is compared.
    mixed = RunList((a, run_row("b", snapshot=alone)))
    shown = scene(mixed, marked=("a", "b"), charts=True)
    assert "loss" in run_scene.compared_metrics(shown)


def _titles(shown: RunsScene, width: int = 100) -> list[str]:
    rows, _ = overlay.overlay_rows(shown, width, 40, overlay.Held({}))
    return [line for line in text(rows).splitlines() if "\u25cf" in line and "loss" in line]


def test_the_cursor_reads_every_run_at_one_place() -> None:
    whole = samples.training(1218)
    curve = whole.curves[0]
    runs = RunList(
        tuple(
            run_row(name, snapshot=shifted(whole, by))
            for name, by in (("a", 0.0), ("b", 0.5), ("c", 0.25))
        )
    )
    marked = scene(runs, marked=("a", "b", "c"), charts=True, by_step=True)
    at = replace(marked.view, at=float(curve.x[10]))
    loss, val_loss = _titles(marked._replace(view=at))[:2]
    level = float(curve.level[10])
    assert [f"{level + by:.4f}" in loss for by in (0.0, 0.5, 0.25)] == [True] * 3
    # Before the first validation there is nothing to read.
    assert val_loss.count("\u2013") == 3
    # Numbers stand one under another, at the cursor and without it.
    places = {line.index("\u25cf") for line in (*_titles(marked), loss, val_loss)}
    assert len(places) == 1


def test_nothing_is_read_of_a_run_that_has_not_come_so_far() -> None:
    runs = RunList(
        (run_row("a", snapshot=samples.training(1218)), run_row("b", snapshot=samples.training()))
    )
    marked = scene(runs, marked=("a", "b"), charts=True, at=2.5)
    loss = _titles(marked)[0]
    assert loss.split("\u25b2")[1].split()[0] == "\u2013"
    assert loss.split("\u25cf")[1].split()[0] != "\u2013"


@pytest.mark.parametrize(
    ("width", "glyphs"), [(20, UNICODE), (37, ASCII), (60, UNICODE), (200, ASCII)]
)
@pytest.mark.parametrize("at", [0.0, 0.01, 1.5, 2.999, 3.0, 7.0])
def test_the_cursor_has_room_everywhere(width: int, glyphs: Glyphs, at: float) -> None:
    runs = some_runs()
    keys = tuple(row.key for row in runs.rows[:4])
    marked = scene(runs, marked=keys, charts=True, at=at)._replace(glyphs=glyphs)
    for by_step in (False, True):
        view = replace(marked.view, by_step=by_step)
        rows, _ = overlay.overlay_rows(marked._replace(view=view), width, 24, overlay.Held({}))
        assert all(row_width(row) <= width for row in rows)


async def test_keys_and_a_click_move_the_cursor_over_the_charts() -> None:
    app, _ = fleet_app(some_runs())

    def at() -> float | None:
        return app.runs.scene.view.at

    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        await pilot.press("left")
        assert at() is None  # there are no charts yet
        await pilot.press("m", "down", "m", "o", "left")
        first = at()
        assert first is not None
        assert f"{first:.2f}" in shown(app)
        await pilot.press("ctrl+left")
        assert (at() or 0.0) < first
        await pilot.press("a")
        assert at() is None  # steps are no epochs
        await pilot.press("a")
        await pilot.click("#runs-charts", offset=(50, 3))
        assert at() is not None
        await pilot.press("escape")
        assert at() is None
        assert app.runs.scene.view.charts


def test_ranges_are_held_between_pictures() -> None:
    runs = scene(marked=("base/lr-0.001.log",))
    _, held = overlay.overlay_rows(runs, 80, 20, overlay.Held({}))
    assert overlay.overlay_rows(runs, 80, 20, held)[1] == held
    assert "loss" in held.axes


# --- alerts and frames ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "words"),
    [("ended", "has ended"), ("failed", "has failed"), ("stalled", "nothing has come")],
)
def test_what_happens_to_a_run_is_told(state: RunState, words: str) -> None:
    before = RunList((run_row("a", "live"),), looking=False)
    now = RunList((run_row("a", state),), looking=False)
    (alert,) = run_alerts(before, now)
    assert words in alert.text
    assert run_alerts(before, now, but="a") == []
    assert run_alerts(before._replace(looking=True), now) == []
    assert run_alerts(before, before) == []


def test_nan_is_told_once() -> None:
    sick = run_row("a", "live", seen=replace(glance(), broken=("loss",)))
    before, now = RunList((run_row("a", "live"),), looking=False), RunList((sick,), looking=False)
    (alert,) = run_alerts(before, now)
    assert alert.text == "a: loss is nan or infinite"
    assert run_alerts(now, RunList((sick._replace(quiet_seconds=10.0),), looking=False)) == []


@pytest.mark.parametrize("kind", ["txt", "svg", "html"])
def test_a_frame_of_the_list_needs_no_terminal(kind: Any) -> None:
    assert "lr-0.01" in runs_frame(some_runs(), (100, 20), kind)


# --- whole screens -------------------------------------------------------------------------------

COMPARED = ("m", "down", "m", "m", "o")
PICTURES: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "list_120x40": ((120, 40), ()),
    "list_80x24": ((80, 24), ("m", "down")),
    "list_40x10": ((40, 10), ()),
    "compare_160x48": ((160, 48), COMPARED),
    "compare_80x24": ((80, 24), COMPARED),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(name: str, snap_compare: Compare) -> None:
    size, keys = PICTURES[name]
    app, _ = fleet_app()
    assert snap_compare(app, press=keys, terminal_size=size, run_before=_settle)


async def _settle(pilot: Pilot[Any]) -> None:
    await pilot.pause()


def test_a_level_of_the_list_has_no_digits_that_its_error_hides() -> None:
    curve = samples.training().curves[0]
    vague = samples.with_curve(samples.training(), level_sd=np.full(curve.x.size, 0.085))
    listed = text(run_table.list_rows(scene(RunList((run_row("a", snapshot=vague),))), 140, 9, 0))
    assert re.search(r" 0\.\d\d ± 0\.17", listed)
