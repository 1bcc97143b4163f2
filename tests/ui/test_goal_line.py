"""Targets on the status line."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from tests.ui.samples import LIVE
from tui_monitor.core.options import DecodeOptions, Target
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Goal
from tui_monitor.ui.monitor.scene import Scene
from tui_monitor.ui.monitor.status import status_rows

FORESEEN = Goal("acc", 0.95, True, "foreseen", epochs=(5.0, 8.0, 20.0), seconds=(50.0, 80.0, 200.0))


def second_line(*goals: Goal) -> str:
    session = Session(DecodeOptions(targets=(Target("acc", 0.5),)))
    session.feed(b"Epoch 1/9\n - 3s - acc: 0.4000\n", 0.0)
    snapshot = replace(session.snapshot(0.0), goals=goals)
    rows = status_rows(Scene(snapshot, LIVE), 120, 2)
    return "".join(span.text for span in rows[1])


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        (FORESEEN, "acc 0.95 in 8 epochs (5 to 20), 1 min 20 s"),
        (FORESEEN._replace(epochs=(5.0, 8.0, inf), seconds=None), "8 epochs (5 to never)   "),
        (FORESEEN._replace(state="after the end"), "acc 0.95 not before the run ends"),
        (Goal("acc", 0.95, True, "met", now=0.96, met_in=12), "acc 0.95 met in epoch 12"),
        (Goal("acc", 0.95, True, "not foreseeable"), "acc 0.95 not foreseeable"),
        (Goal("acc", 0.95, True, "too early"), "acc 0.95 too early to tell"),
        (Goal("auc", 0.95, True, "absent"), "no auc in the log"),
    ],
)
def test_a_target_is_told_in_a_few_words(goal: Goal, told: str) -> None:
    assert told in second_line(goal)


def test_without_a_target_the_line_has_none() -> None:
    assert "acc" not in second_line()
