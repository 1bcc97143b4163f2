"""A metric's panel from picture to picture: steady, and drawn anew no more than it must be."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.ui import samples
from tui_monitor.core.records import Event, EventKind
from tui_monitor.core.snapshot import Snapshot
from tui_monitor.ui.drawing.rows import Row
from tui_monitor.ui.monitor.metric_panel import Memory, draw_panel
from tui_monitor.ui.monitor.scene import Scene, View, is_over, time_window


def scene(snapshot: Snapshot, **view: object) -> Scene:
    return Scene(snapshot, samples.LIVE, View(**view))  # type: ignore[arg-type]


def text(rows: list[Row]) -> list[str]:
    return ["".join(span.text for span in row).rstrip() for row in rows]


def test_in_a_brief_picture_the_numbers_are_new_and_the_chart_is_not() -> None:
    memory = Memory()
    first = draw_panel(scene(samples.training(600)), 0, 100, 16, memory)
    brief = draw_panel(scene(samples.training(640)), 0, 100, 16, memory, brief=True)
    whole = draw_panel(scene(samples.training(640)), 0, 100, 16, Memory())
    assert brief[0] == whole[0] != first[0]
    assert all(a is b for a, b in zip(brief[1:], first[1:], strict=True))
    later = draw_panel(scene(samples.training(640)), 0, 100, 16, memory)
    assert text(later)[1:] != text(first)[1:]


@pytest.mark.parametrize(
    "changed",
    [
        lambda: scene(samples.training(640), log_y=True),
        lambda: scene(samples.training(640), zoom=1),
        lambda: scene(samples.training(640), cursor=300.0),
        lambda: scene(samples.training(1218)),
    ],
)
def test_what_a_key_or_an_epoch_changes_is_drawn_even_in_a_brief_picture(changed: object) -> None:
    assert callable(changed)
    memory = Memory()
    draw_panel(scene(samples.training(600)), 0, 100, 16, memory)
    brief = draw_panel(changed(), 0, 100, 16, memory, brief=True)
    assert text(brief) == text(draw_panel(changed(), 0, 100, 16, memory))


@pytest.mark.parametrize(("width", "whole"), [(60, False), (80, True), (120, True)])
def test_numbers_stand_in_line_behind_names_of_any_length(width: int, whole: bool) -> None:
    snapshot = samples.with_curve(samples.training(), metric="train_loss_epoch")
    heads = [text(draw_panel(scene(snapshot), index, width, 1))[0] for index in (0, 1)]
    heads += [text(draw_panel(scene(snapshot), index, width, 12))[0] for index in (0, 1)]
    assert len({head.index("━") for head in heads}) == 1
    assert ("train_loss_epoch" in heads[0]) is whole


@pytest.mark.parametrize("width", range(60, 90))
def test_the_label_of_an_epoch_stands_right_behind_the_rule(width: int) -> None:
    rows = text(draw_panel(scene(samples.training(1218)), 0, width, 16))
    rule = max(row.rfind("│") for row in rows)
    assert any(row[rule + 1 :].startswith("epoch") for row in rows)


@pytest.mark.parametrize("width", [50, 60, 71, 72, 120])
def test_a_chart_does_not_move_when_the_cursor_comes(width: int) -> None:
    memory = Memory()
    snapshot = samples.training(900)
    rows = draw_panel(scene(snapshot), 0, width, 16, memory)
    held = memory.held
    with_cursor = draw_panel(scene(snapshot, cursor=500.0), 0, width, 16, memory)
    assert len(rows) == len(with_cursor)
    assert memory.held is held


def test_a_log_that_is_read_in_ends_with_the_axis_of_its_numbers() -> None:
    memory = Memory()
    for batch in (4, 30, 200, 1218):
        read_in = draw_panel(scene(samples.training(batch)), 0, 100, 16, memory)
    assert text(read_in) == text(draw_panel(scene(samples.training(1218)), 0, 100, 16))


def test_the_picture_of_a_log_at_rest_ends_with_its_newest_print() -> None:
    snapshot = replace(samples.training(600), ended=False)
    at_rest = scene(snapshot)._replace(source=samples.LIVE._replace(following="none"))
    assert is_over(at_rest)
    assert not is_over(scene(snapshot))
    assert time_window(at_rest)[1] == snapshot.curves[0].x[-1]
    assert time_window(scene(snapshot))[1] > snapshot.curves[0].x[-1]


def test_a_curve_of_nothing_but_nan_has_a_panel() -> None:
    snapshot = samples.training(100)
    curve = snapshot.curves[0]
    none = np.full(curve.x.size, np.nan)
    broken = replace(
        curve, displayed=none, value=none, low=none, high=none, level=none, level_sd=none,
        val_x=np.empty(0), val=np.empty(0),
    )  # fmt: skip
    for height in (1, 2, 3, 4, 12, 30):
        rows = draw_panel(scene(replace(snapshot, curves=(broken,))), 0, 60, height)
        assert len(rows) <= height
        assert "nan" in text(rows)[0]


@pytest.mark.parametrize(("kind", "marks"), [("checkpoint", 0), ("learning-rate", 40)])
def test_many_checkpoints_are_no_fence(kind: EventKind, marks: int) -> None:
    events = tuple(Event(1, 1, kind, "event", each) for each in range(1, 41))
    snapshot = replace(
        samples.training(600), events=events, event_x=np.linspace(10.0, 590.0, len(events))
    )
    assert "".join(text(draw_panel(scene(snapshot), 0, 160, 16))).count("▾") == marks


def test_a_logarithmic_axis_says_so() -> None:
    shown = text(draw_panel(scene(samples.training(600), log_y=True), 0, 100, 12))
    assert shown[-1].lstrip().startswith("log epoch 1") or "log epoch 1" in shown[-2]
    assert "log" not in "".join(text(draw_panel(scene(samples.training(600)), 0, 100, 12))[1:])


@pytest.mark.parametrize("height", [1, 6, 12])
@pytest.mark.parametrize("width", range(6, 16))
def test_a_very_narrow_panel_has_its_number_and_its_course(width: int, height: int) -> None:
    rows = text(draw_panel(scene(samples.training(900)), 0, width, height))
    assert re.search(r"\d\.\d{4}$", rows[0]), rows
    assert height == 1 or any(0x2800 < ord(sign) < 0x2900 for row in rows[1:] for sign in row)


@pytest.mark.parametrize("height", [1, 6, 12])
def test_a_narrow_panel_keeps_its_number_and_cuts_none(height: int) -> None:
    snapshot = samples.training(900)
    for width in range(16, 80):
        for index in (0, 1):
            rows = text(draw_panel(scene(snapshot), index, width, height))
            head = " ".join(rows[: 2 if height > 10 else 1])
            numbers = re.findall(r"(?<=[━┄◆±] )[0-9.]+", head)
            assert numbers, rows[0]
            assert all(re.fullmatch(r"\d\.\d{2,4}", each) for each in numbers), head
            assert "±" not in head or len(numbers) > 1
