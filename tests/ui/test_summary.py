"""What stays in the scrollback after the screen is left."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.ui import samples
from tests.ui.driving import monitor
from tui_monitor.core.snapshot import ReplayPosition
from tui_monitor.ui.monitor.scene import View
from tui_monitor.ui.monitor.summary import summary


def test_it_holds_the_epochs_of_both_metrics_and_the_last_explanation() -> None:
    text = summary(samples.training(900), samples.LIVE, View(focus=1), 100, ascii=False)
    assert "train.log" in text
    assert text.index("acc, val_acc") < text.index("loss, val_loss")
    assert "0.9402" in text
    assert "epoch 2 → 3" in text
    assert "averaged the worse batches" in text


@pytest.mark.parametrize("width", [10, 40, 80, 300])
def test_it_is_never_wider_than_the_terminal(width: int) -> None:
    text = summary(samples.training(900), samples.LIVE, View(), width, ascii=True)
    assert text.isascii()
    assert max(cell_len(line) for line in text.splitlines()) <= max(width, 20)


def test_nothing_read_nothing_told() -> None:
    assert summary(None, samples.WAITING, View(), 80, ascii=False) == ""
    assert summary(samples.empty(), samples.WAITING, View(), 80, ascii=False) == ""


async def test_the_newest_is_told_even_if_the_view_was_paused() -> None:
    app, feed = monitor(samples.training(500), samples.LIVE)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("space")
        feed.send(samples.training(900))
        await pilot.pause(0.2)
        await pilot.press("q")
    assert "epoch 3/3" in app.summary()


def test_what_is_left_of_a_replay_has_the_name_of_the_log() -> None:
    replayed = samples.LIVE._replace(
        condition="ended", following="replay", replay=ReplayPosition(1.0, 0.0, paused=False)
    )
    text = summary(samples.training(1218), replayed, View(), 60, ascii=False)
    assert "train.log" in text.splitlines()[0]
    assert "replay" not in text
