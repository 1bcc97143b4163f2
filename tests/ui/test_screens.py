"""Whole screens, compared with pictures that someone has looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui import samples
from tests.ui.driving import monitor, replaying
from tui_monitor.core.snapshot import Snapshot, SourceState

Compare = Callable[..., bool]

LIVE = (samples.training(), samples.LIVE)
PICTURES: dict[str, tuple[tuple[Snapshot, SourceState], tuple[int, int], tuple[str, ...]]] = {
    "live_200x50": (LIVE, (200, 50), ("tab",)),
    "live_120x40": (LIVE, (120, 40), ()),
    "live_80x24": (LIVE, (80, 24), ()),
    "live_60x15": (LIVE, (60, 15), ()),
    "live_40x10": (LIVE, (40, 10), ()),
    "waiting": ((samples.empty(), samples.WAITING), (80, 24), ()),
    "ended": ((samples.training(1218), samples.ENDED), (120, 40), ()),
    "nan": ((samples.broken(), samples.STALLED), (80, 24), ()),
    "boundary": (
        (samples.training(1218), samples.ENDED),
        (120, 40),
        ("left_square_bracket",),
    ),
    "cursor": (LIVE, (120, 40), ("ctrl+left",)),
    "maximised_zoom": (
        (samples.training(1218), samples.ENDED),
        (120, 40),
        ("enter", "plus", "plus"),
    ),
    "log_y": (LIVE, (80, 24), ("l",)),
    "replay": ((samples.training(), replaying()), (120, 40), ()),
    "many": ((samples.many(7), samples.LIVE), (80, 24), ("tab", "tab")),
    "help_120x40": (LIVE, (120, 40), ("question_mark",)),
    "help_80x24": (LIVE, (80, 24), ("question_mark",)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(name: str, snap_compare: Compare) -> None:
    (snapshot, source), size, keys = PICTURES[name]
    app, _ = monitor(snapshot, source)
    assert snap_compare(app, press=keys, terminal_size=size, run_before=_settle)


def test_light(snap_compare: Compare) -> None:
    app, _ = monitor(*LIVE, light=True)
    assert snap_compare(app, terminal_size=(120, 40), run_before=_settle)


def test_ascii(snap_compare: Compare) -> None:
    app, _ = monitor(*LIVE, ascii=True)
    assert snap_compare(app, terminal_size=(80, 24), run_before=_settle)


async def _settle(pilot: Pilot[Any]) -> None:
    await pilot.pause()
