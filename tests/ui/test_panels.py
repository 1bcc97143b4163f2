"""The explanation, the table and the time axis as rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from tests.ui import samples
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Finding, FindingKind, LawEvidence, Part
from tui_monitor.core.snapshot import EpochRow, Pace, Snapshot
from tui_monitor.ui.drawing.glyphs import ASCII, UNICODE, Glyphs
from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.plot import Window
from tui_monitor.ui.drawing.rows import Row
from tui_monitor.ui.drawing.scale import Axis
from tui_monitor.ui.monitor import jump, readout, tables
from tui_monitor.ui.monitor.layout import plan_for
from tui_monitor.ui.monitor.readout import short_name
from tui_monitor.ui.monitor.scene import (
    Scene,
    View,
    epoch_labels,
    next_print,
    planned_end,
    time_window,
)
from tui_monitor.ui.monitor.status import status_rows
from tui_monitor.ui.monitor.time_axis import LabelLine, time_labels, time_row

UNIT = Axis(0.0, 1.0, ())


def text(rows: Iterable[Row]) -> str:
    return "\n".join("".join(span.text for span in row) for row in rows)


def scene(snapshot: Snapshot, focus: int | None = 0, **view: object) -> Scene:
    return Scene(snapshot, samples.LIVE, View(focus=focus, **view))  # type: ignore[arg-type]


def with_boundary(**changes: object) -> Snapshot:
    snapshot = samples.training()
    first = replace(snapshot.boundaries[0], **changes)  # type: ignore[arg-type]
    return replace(snapshot, boundaries=(first, *snapshot.boundaries[1:]))


def bars(snapshot: Snapshot, width: int = 70) -> list[str]:
    rows = jump.jump_rows(scene(snapshot), width, 20)
    return [
        text([row])
        for row in rows
        if text([row]).lstrip().startswith(("averaging", "real", "luck"))
    ]


def test_the_bars_share_one_axis_and_grow_with_their_value() -> None:
    drawn = bars(with_boundary(lag=Part(0.04, 0.0), step=Part(-0.02, 0.0), luck=Part(0.01, 0.0)))
    axes = {row.index("│") for row in drawn}
    assert len(axes) == 1
    lengths = [row.count("━") for row in drawn]
    assert lengths[0] > lengths[1] > lengths[2]
    axis = axes.pop()
    assert "━" in drawn[0][axis:]
    assert "━" in drawn[1][:axis]
    assert "+0.0400" in drawn[0]
    assert "−0.0200" in drawn[1]


def test_a_whisker_shows_two_standard_deviations() -> None:
    drawn = bars(with_boundary(lag=Part(0.04, 0.01), step=Part(0.0, 0.01), luck=Part(0.0, None)))
    assert "╌" in drawn[0]
    assert "╌" not in drawn[2]
    assert "± 0.0200" in drawn[0]


def test_what_cannot_be_known_has_no_bars_and_leaves_room_for_what_calls_for_action() -> None:
    nothing = Part(None, None)
    snapshot = with_boundary(
        lag=nothing, step=nothing, luck=nothing, verdict="undetermined", brief="One number only."
    )
    worse = Finding("overfitting", 1, 2, "loss", "val_loss turned in epoch 1.", {})
    snapshot = replace(snapshot, findings=(worse,))
    shown = text(jump.jump_rows(scene(snapshot), 80, 4))
    assert "━" not in shown
    assert "One number only." in shown
    assert "val_loss turned" in shown
    assert "…" not in shown


def test_one_unknown_part_leaves_the_others() -> None:
    drawn = bars(with_boundary(luck=Part(None, None)))
    assert "cannot be known" in drawn[2]
    assert "±" in drawn[0]


@pytest.mark.parametrize(
    ("inertia", "words"),
    [
        ((0.0021, 0.0003), "moves the displayed number by +0.00030 or −0.0021 at most."),
        ((0.0021, math.inf), "by 0.0021 at most; upwards there is no limit."),
        ((math.inf, math.inf), ""),
        (None, ""),
    ],
)
def test_inertia(inertia: tuple[float, float] | None, words: str) -> None:
    snapshot = samples.with_curve(samples.training(), inertia=inertia)
    shown = text(jump.jump_rows(scene(snapshot), 120, 20))
    assert words in shown
    assert ("One more batch" in shown) is bool(words)


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (20, 4), (43, 19), (80, 7), (200, 60)])
def test_the_explanation_never_overflows(size: tuple[int, int]) -> None:
    rows = jump.jump_rows(scene(samples.training(), focus=1), *size)
    assert len(rows) <= size[1]


def test_the_first_epoch_has_no_boundary_yet() -> None:
    shown = text(jump.jump_rows(scene(samples.training(100)), 80, 9))
    assert "first epoch is not over yet" in shown


def test_epochs_of_numbers_of_an_unknown_law_have_no_explained_boundary() -> None:
    law = LawEvidence("unknown", None, None, settled=False)
    snapshot = replace(samples.training(1218), law=law, boundaries=())
    assert "average is not known" in text(jump.jump_rows(scene(snapshot), 80, 9))


def test_the_table_shows_the_newest_epochs_and_the_best_val() -> None:
    rows = tables.epoch_rows(scene(samples.training(1218), focus=1), 80, 3)
    shown = text(rows)
    assert len(rows) == 3
    assert "★0.9478" in shown
    assert "0.9187" not in shown


def test_wide_numbers_stand_apart() -> None:
    snapshot = samples.training(1218)
    tiny = tuple(
        row._replace(displayed=2.1318e-10, level_end=6.1391e-10, level_end_sd=4e-4, val=1.0766e-10)
        for row in snapshot.epoch_rows
    )
    for width in (44, 60, 100):
        head, *body = text(
            tables.epoch_rows(scene(replace(snapshot, epoch_rows=tiny)), width, 8)
        ).splitlines()
        assert "decoded end" in head
        for line in body:
            assert "6.1391e-10 ± 8.0000e-04 " in line + " "
            assert len(line) <= width


def test_the_selected_boundary_is_in_the_table() -> None:
    rows = tables.epoch_rows(scene(samples.training(1218), focus=1, boundary=1), 80, 3)
    assert "0.9187" in text(rows)


def test_a_narrow_table_drops_columns_not_numbers() -> None:
    shown = text(tables.epoch_rows(scene(samples.training(1218), focus=1), 30, 5))
    assert "decoded end" in shown
    assert "gap" not in shown


def test_names_that_begin_alike_are_cut_in_their_middle() -> None:
    snapshot = samples.training()
    names = ("validation_0-logloss", "validation_0-error")
    curves = tuple(
        replace(curve, metric=name) for curve, name in zip(snapshot.curves, names, strict=True)
    )
    shown = scene(replace(snapshot, curves=curves))
    assert [short_name(shown, name, 12) for name in names] == ["vali…logloss", "vali…0-error"]
    assert short_name(scene(snapshot), "validation_0-error", 12) == "validation_…"
    assert short_name(shown, "loss", 12) == "loss"


def test_names_that_begin_and_end_alike_keep_their_ends() -> None:
    snapshot = samples.training()
    names = ("output roi_a_loss_bbox", "output roi_cls_loss_bbox")
    curves = tuple(
        replace(curve, metric=name) for curve, name in zip(snapshot.curves, names, strict=True)
    )
    shown = scene(replace(snapshot, curves=curves))
    assert [short_name(shown, name, 12) for name in names] == ["…a_loss_bbox", "…s_loss_bbox"]


def test_log_lines_are_cut_not_wrapped() -> None:
    rows = tables.log_rows(scene(samples.training()), 30, 5)
    assert len(rows) == 5
    assert all(span.ink in (Ink.DIM, Ink.PLAIN) for row in rows for span in row)


def test_repeated_numbers_of_an_outer_loop_become_ordinals() -> None:
    snapshot = samples.training(1218)
    assert epoch_labels(snapshot) == {1: "1", 2: "2", 3: "3"}
    rows = tuple(row._replace(label="1") for row in snapshot.epoch_rows)
    assert epoch_labels(replace(snapshot, epoch_rows=rows, epoch_label="1")) == {}


@pytest.mark.parametrize("width", [8, 40, 80, 120, 200])
@pytest.mark.parametrize("epochs", [1, 3, 40, 1000])
def test_time_labels_fit_and_never_touch(width: int, epochs: int) -> None:
    ends = np.arange(1.0, epochs + 1) * 406
    snapshot = replace(samples.training(1218), epoch_ends=ends, epochs=epochs, epoch=epochs)
    line = time_labels(snapshot, Window(0.0, float(ends[-1]), UNIT), width)
    assert len(line) == width
    numbers = [word for word in line.split() if word != "epoch"]
    assert all(word.isdigit() for word in numbers)


def test_of_a_long_epoch_only_the_labels_that_are_seen_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A torn line may promise an epoch of 2147483648 steps."""
    written: list[int] = []
    write = LabelLine.write

    def count(line: LabelLine, column: int, label: str) -> None:
        written.append(column)
        write(line, column, label)

    monkeypatch.setattr(LabelLine, "write", count)
    snapshot = replace(samples.training(300), steps=1_000_000, epoch_ends=np.empty(0))
    for left in (0.0, 500.0, 999_900.0):
        line = time_labels(snapshot, Window(left, left + 90.0, UNIT), 80)
        assert str(int(left) + 20) in line.split()
    assert len(written) < 60


@pytest.mark.parametrize("cursor", [0.0, 2.0, 250.0, 406.0, 1000.0, 1218.0])
def test_the_cursors_place_takes_the_place_of_labels(cursor: float) -> None:
    snapshot = samples.training(1218)
    row = time_row(snapshot, Window(0.0, 1218.0, UNIT), 60, cursor)
    shown = text([row])
    assert len(shown) == 60
    assert [span.ink for span in row] == [Ink.AXIS, Ink.CURSOR, Ink.AXIS]
    assert row[1].text.startswith("epoch ")
    rest = (row[0].text + " " + row[2].text).split()
    assert rest[::2] == ["epoch"] * (len(rest) // 2)


@pytest.mark.parametrize(
    ("first", "planned", "labels"), [(0, 5, "01234"), (1, 5, "12345"), (4, 8, "45678")]
)
def test_epochs_to_come_go_on_with_the_logs_numbers(first: int, planned: int, labels: str) -> None:
    """From 0, from 1, and of a run that was resumed."""
    snapshot = samples.training(900)
    rows = tuple(row._replace(label=str(row.epoch - 1 + first)) for row in snapshot.epoch_rows)
    label = str(snapshot.epoch - 1 + first)
    shown = replace(snapshot, epoch_rows=rows, epoch_label=label, epochs=planned)
    end = planned_end(shown)
    assert end is not None
    line = time_labels(shown, Window(0.0, end, UNIT), 100)
    assert re.findall(r"epoch (\d+)", line) == list(labels)


def test_no_epoch_is_labelled_beyond_the_plan() -> None:
    snapshot = replace(samples.training(1218), epochs=None)
    line = time_labels(snapshot, Window(0.0, 4 * 406.0, UNIT), 160)
    assert "epoch 3" in line
    assert "epoch 4" not in line


def test_a_plan_ends_where_its_last_epoch_does() -> None:
    assert planned_end(samples.training(100)) == 1218
    assert planned_end(samples.training(1218)) == 1218
    assert planned_end(replace(samples.training(100), epochs=None)) is None


def test_the_cursor_goes_by_prints_and_by_cells() -> None:
    x = np.arange(1.0, 101.0)
    assert next_print(x, None, -1, 0.0) == 99
    assert next_print(x, 50.0, -1, 7.5) == 42
    assert next_print(x, 50.0, 1, 7.5) == 58
    assert next_print(x, 1.0, -1, 7.5) == 1
    assert next_print(x, 100.0, 1, 0.0) == 100


def test_a_bar_gives_way_to_the_numbers_behind_it() -> None:
    line = f"400/400 [{'=' * 30}] - 5s 12ms/step - loss: 0.4342"
    snapshot = replace(samples.training(), log_tail=(line,))
    shown = text(tables.log_rows(scene(snapshot), 50, 3))
    assert shown.strip().startswith("400/400 [===")
    assert shown.rstrip().endswith("loss: 0.4342")


def test_without_validation_its_columns_make_room() -> None:
    snapshot = samples.training(900)
    rows = tuple(row._replace(val=None) for row in snapshot.epoch_rows)
    shown = text(tables.epoch_rows(scene(replace(snapshot, epoch_rows=rows)), 44, 6))
    assert "time" in shown
    assert "val" not in shown


def test_a_small_jump_is_told_like_the_numbers_that_it_lies_between() -> None:
    snapshot = with_boundary(displayed_end=0.0174, displayed_start=0.01731, jump=-9e-5)
    head = text(jump.jump_rows(scene(snapshot), 100, 12)[:1])
    assert "0.0174 → 0.0173  −0.0001" in head


def test_a_table_has_no_column_without_a_number() -> None:
    snapshot = samples.training(900)
    for gone, head in (("seconds", "time"), ("val", "val"), ("level_end", "decoded end")):
        rows = tuple(row._replace(**{gone: None}) for row in snapshot.epoch_rows)  # type: ignore[arg-type]
        assert head in text(tables.epoch_rows(scene(snapshot), 60, 6))
        assert head not in text(tables.epoch_rows(scene(replace(snapshot, epoch_rows=rows)), 60, 6))


def test_a_level_of_numbers_that_are_no_running_means_is_not_called_decoded() -> None:
    law = LawEvidence("epoch", None, None, settled=True)
    shown = text(
        tables.epoch_rows(scene(samples.with_curve(samples.training(900), law=law), focus=0), 60, 6)
    )
    assert "decoded" not in shown
    assert "level" in shown


def test_three_bars_come_before_the_title() -> None:
    shown = text(jump.jump_rows(scene(samples.training()), 50, 4))
    assert "luck" in shown


def test_a_cut_explanation_says_so() -> None:
    assert text(jump.jump_rows(scene(samples.training()), 60, 6)).endswith(" …")


def test_the_explanation_is_brief_where_not_all_of_it_has_room() -> None:
    boundary = samples.training().boundaries[0]
    narrow, wide = (
        " ".join(text(jump.jump_rows(scene(samples.training()), 80, height)).split())
        for height in (7, 24)
    )
    assert boundary.brief in narrow.replace("−", "-")
    assert not narrow.endswith("…")
    assert boundary.text in wide.replace("−", "-")


def test_a_log_without_epochs_is_told_of_none() -> None:
    snapshot = replace(
        samples.training(200), epoch_label="", epoch_ends=np.empty(0), boundaries=(), epoch_rows=(),
        pace=Pace(40.0, 5.0, None), findings=(),
    )  # fmt: skip
    shown = scene(snapshot)
    assert "epoch" not in text(status_rows(shown, 120, 2))
    window = Window(0.0, 200.0, UNIT)
    assert "epoch" not in text([time_row(snapshot, window, 60, 150.0)])
    assert "step 150" in text([time_row(snapshot, window, 60, 150.0)])
    told = text(jump.jump_rows(shown, 80, 7))
    assert "Nothing here starts over" in told
    assert plan_for(shown, 80, 24).jump < plan_for(scene(samples.training()), 80, 24).jump


def test_the_time_axis_counts_as_the_log_does() -> None:
    snapshot = replace(samples.training(300), unit="sample", steps=406 * 32, batch_size=32)
    window = Window(0.0, 406.0, UNIT)
    assert "5000" in time_labels(snapshot, window, 80)
    assert "epoch 1 sample 3200" in text([time_row(snapshot, window, 80, 100.0)])
    unknown = replace(snapshot, batch_size=None)
    assert "epoch 1 sample 100" in text([time_row(unknown, window, 80, 100.0)])


def test_no_label_is_within_a_step() -> None:
    snapshot = replace(samples.training(3), epoch_label="", epoch_ends=np.empty(0), steps=None)
    assert time_labels(snapshot, Window(0.0, 3.0, UNIT), 80).split() == ["0", "1", "2"]


def test_epochs_are_labelled_by_their_numbers() -> None:
    ends = np.arange(1.0, 51.0)
    rows = tuple(
        EpochRow(each, str(each - 1), "loss", 0.1, None, None, None, None, "")
        for each in range(1, 51)
    )
    shown = replace(
        samples.training(),
        epoch_ends=ends,
        epoch_rows=rows,
        epoch=50,
        epoch_label="49",
        epochs=None,
    )
    assert time_labels(shown, Window(0.0, 50.0, UNIT), 72).split()[2:5] == ["5", "10", "15"]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [36, 43, 44, 60, 100])
def test_numbers_of_the_table_never_touch(glyphs: Glyphs, width: int) -> None:
    shown = scene(samples.training(1218))._replace(glyphs=glyphs)
    head, *body = text(tables.epoch_rows(shown, width, 8)).splitlines()
    columns = len(re.findall(r"[a-z]+(?: end)?", head))
    for line in body:
        assert len(line) <= width
        plain = re.sub(r" (?:\u00b1|\+/-) [0-9.]+", "", line)
        assert len(plain.split()) >= columns


def test_where_there_is_little_room_the_boundary_is_named_beside_its_jump() -> None:
    rows = jump.jump_rows(scene(samples.training()), 60, 4)
    assert "epoch 1 \u2192 2" in text(rows[:1])
    assert "averaging" in text(rows[:1])


def test_of_what_calls_for_action_the_worst_comes_first() -> None:
    kinds: tuple[FindingKind, ...] = ("plateau", "overfitting", "nan")
    found = tuple(Finding(kind, 1, 2, "loss", f"It is {kind}.", {}) for kind in kinds)
    shown = text(jump.jump_rows(scene(replace(samples.training(), findings=found)), 80, 30))
    places = [shown.index(f"It is {kind}.") for kind in kinds]
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize(("log", "noun"), [("boosting", "round"), ("huggingface", "print")])
def test_lines_without_steps_are_prints_but_where_they_are_rounds(log: str, noun: str) -> None:
    snapshot = replace(samples.training(), unit="round", format=log, steps=None, step=12)
    assert f"{noun} 12" in text(status_rows(scene(snapshot), 120, 2))


def test_a_log_without_epochs_that_begins_late_has_an_axis_that_does() -> None:
    def of(x: FloatArray) -> Scene:
        curve = samples.training(x.size).curves[0]
        parts = replace(curve, x=x, x_from=x - 10.0, val_x=np.empty(0), val=np.empty(0))
        snapshot = replace(
            samples.training(x.size), curves=(parts,), epoch_ends=np.empty(0), epochs=None,
            epoch=1, epoch_label="", steps=None, epoch_rows=(), boundaries=(),
        )  # fmt: skip
        return scene(snapshot)

    late = np.arange(300_010.0, 306_000.0, 10.0)
    for size in (2, 30, 590):
        left, right = time_window(of(late[:size]))
        assert left == 300_000.0
        assert late[size - 1] <= right < 310_000.0
    early = of(np.arange(10.0, 6000.0, 10.0))
    assert time_window(early)[0] == 0.0
    resumed = of(late)
    zoomed = time_window(resumed._replace(view=View(zoom=2, left=301_000.0)))
    assert zoomed[0] == 301_000.0
    planned = resumed._replace(snapshot=replace(of(late).snapshot, steps=400_000))  # type: ignore[type-var]
    assert time_window(planned) == (300_000.0, 400_000.0)


def test_numbers_in_percent_have_the_decimals_of_the_log_everywhere() -> None:
    percent = {
        name: 100.0 * getattr(samples.training(1218).curves[1], name)
        for name in ("displayed", "value", "low", "high", "level", "level_sd", "val")
    }
    snapshot = samples.training(1218)
    curve = replace(snapshot.curves[1], decimals=2, val_decimals=3, bounds=(0.0, 100.0), **percent)
    rows = [
        row._replace(
            displayed=100.0 * row.displayed,
            level_end=100.0 * (row.level_end or 0.0),
            level_end_sd=0.001,
            val=100.0 * (row.val or 0.0),
        )
        for row in snapshot.epoch_rows
        if row.metric == "acc"
    ]
    first = next(each for each in snapshot.boundaries if each.metric == "acc")
    boundary = replace(
        first, decimals=2, displayed_end=91.25, displayed_start=94.5, jump=3.25, text="", brief="",
        lag=Part(2.0, 0.001), step=Part(1.0, 0.5), luck=Part(0.25, 0.5), causes=(),
    )  # fmt: skip
    shown = scene(
        replace(snapshot, curves=(curve,), epoch_rows=tuple(rows), boundaries=(boundary,)),
        cursor=500.0,
    )
    told = text(readout.readout(shown, curve, 120, has_focus=False, lines=1))
    assert "window" in told
    val = f"{100.0 * snapshot.curves[1].val[0]:.3f}"
    assert val in told
    told = told.replace(val, "")
    told += text(jump.jump_rows(shown, 80, 4))
    assert "91.25 → 94.50  +3.25" in told
    assert "+2.00 ± 0.01" in told
    assert {len(each) for each in re.findall(r"\d+\.(\d+)", told)} <= {1, 2}
    table = text(tables.epoch_rows(shown, 100, 8))
    assert f"{rows[0].displayed:.2f} " in table
    assert " ± 0.01 " in table
    assert f"{rows[0].val:.3f} " in table
