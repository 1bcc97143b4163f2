"""Alerts: what is news, and how it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ui import samples
from tests.ui.driving import monitor, text_of, whole
from tui_monitor.core.records import Finding
from tui_monitor.core.snapshot import Snapshot
from tui_monitor.ui import app as app_module
from tui_monitor.ui.alerting.alerts import alerts
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.terminal.notify import notification

NAN = Finding("nan", 1, 2, "loss", "loss is nan since epoch 2, step 96.", {})


def _kinds(before: Snapshot, now: Snapshot) -> list[str]:
    return [each.kind for each in alerts((before, samples.LIVE), (now, samples.LIVE))]


def test_what_was_there_at_the_opening_is_no_news() -> None:
    assert alerts(None, (samples.broken(), samples.LIVE)) == []
    assert _kinds(samples.empty(), samples.broken()) == []


def test_a_nan_is_told_once() -> None:
    assert _kinds(samples.training(), samples.broken()) == ["alarm"]
    assert _kinds(samples.broken(), samples.broken()) == []


def test_the_end_of_a_run() -> None:
    assert "ended" in _kinds(samples.training(1200), samples.training(1218))


def test_a_stall_and_a_loss_of_the_log() -> None:
    shown = samples.training()
    now = alerts((shown, samples.LIVE), (shown, samples.STALLED))
    assert [each.kind for each in now] == ["stalled"]
    lost = samples.LIVE._replace(condition="lost", detail="permission denied")
    assert [each.text for each in alerts((shown, samples.LIVE), (shown, lost))] == [
        "permission denied"
    ]


@pytest.mark.parametrize(
    ("vals", "best"),
    [
        ([0.5, 0.4, 0.3], True),
        ([0.5, 0.4, 0.4], False),
        ([0.3, 0.4, 0.35], False),
        ([0.5, np.nan, 0.3], False),
        ([0.5, 0.4], False),
        ([0.5, 0.4, np.nan], False),
    ],
)
def test_the_best_validation(vals: list[float], best: bool) -> None:
    x = np.arange(1.0, len(vals) + 1)
    before = samples.with_curve(samples.training(), val_x=x[:-1], val=np.array(vals[:-1]))
    now = samples.with_curve(samples.training(), val_x=x, val=np.array(vals))
    assert _kinds(before, now) == (["best"] if best else [])


@pytest.mark.parametrize("rings", [False, True])
async def test_an_alert_has_a_line_and_rings_only_if_asked(
    rings: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)
    rung: list[bool] = []
    monkeypatch.setattr(MonitorApp, "bell", lambda self: rung.append(True))
    app, feed = monitor(samples.training(), samples.LIVE, bell=rings)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        feed.send(replace(samples.training(), findings=(NAN,)))
        await pilot.pause()
        assert "loss is nan since epoch 2" in text_of(app)[1]
        app.monitor.untell(NAN.text)
        assert app.monitor.scene.notice is None
    assert rung == ([True] if rings else [])


async def test_an_alert_has_the_name_of_its_log_beyond_the_screen_only() -> None:
    passed: list[str] = []
    app, feed = monitor(samples.training(), samples.LIVE)
    app.pass_on = lambda kind, text, name: passed.append(text)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        feed.send(replace(samples.training(), ended=True))
        await pilot.pause()
        assert app.monitor.scene.notice == "the training has ended"
    assert passed == ["train.log: the training has ended"]


def test_a_notification_holds_nothing_that_a_terminal_acts_on() -> None:
    sent = notification("loss\x1b]52;c;x\x07 is nan\n" + "x" * 500, {})
    assert sent.startswith("\x1b]9;loss]52;c;x is nan")
    assert sent.endswith("\x07")
    assert sent[1:-1].isprintable()
    assert len(sent) < 220


def test_nothing_is_news_while_a_log_is_read_in() -> None:
    early, late = samples.training(600), samples.broken()
    reading = samples.LIVE._replace(catching_up=True)
    assert alerts((early, samples.LIVE), (late, samples.LIVE))
    assert alerts((early, samples.LIVE), (late, reading)) == []
    assert alerts(None, (late, samples.LIVE)) == []


async def test_what_a_log_held_when_it_was_opened_is_no_alert() -> None:
    reading = samples.LIVE._replace(catching_up=True)
    app, feed = monitor(samples.training(600), reading)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "reading" in (await whole(app, pilot))[0]
        feed.send(samples.broken(), reading)
        feed.send(samples.broken(), samples.LIVE)
        shown = await whole(app, pilot)
        assert "live" in shown[0]
        assert app.monitor.scene.notice is None


def test_the_best_validation_has_the_decimals_of_the_log() -> None:
    x = np.arange(1.0, 4.0)
    before = samples.with_curve(samples.training(), val_x=x[:2], val=np.array([9.5, 9.25]))
    now = samples.with_curve(
        samples.training(), val_x=x, val=np.array([9.5, 9.25, 8.125]), val_decimals=2
    )
    (best,) = alerts((before, samples.LIVE), (now, samples.LIVE))
    assert best.text == f"best {now.curves[0].val_metric} so far: 8.12"
