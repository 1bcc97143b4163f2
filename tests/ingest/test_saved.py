"""Saved logs made ready for replay: pace, duration, and where an epoch begins."""

from __future__ import annotations

from typing import Any

import pytest

from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.replay import ReplaySource
from tui_monitor.ingest.saved import open_replay
from tui_monitor.ingest.source import Chunk
from tui_monitor.report.samples import SAMPLES, sample_log

LOG = sample_log("epoch-jump").read_bytes()


def opened(data: bytes, name: str, **options: Any) -> ReplaySource:
    """A replay of a log that can be replayed."""
    replay = open_replay(data, name, **options)
    assert replay is not None
    return replay


def test_a_duration_sets_the_speed() -> None:
    replay = opened(LOG, "train.log", duration=60.0)

    # The three epochs took 10798, 13127 and 11147 seconds.
    assert replay.position().speed == pytest.approx(35072 / 60, rel=0.05)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_plays_to_its_end(name: str) -> None:
    data = sample_log(name).read_bytes()
    replay = opened(data, name, speed=0.0)
    played = b""
    while isinstance(chunk := replay.pull(1 << 16), Chunk):
        played += chunk.data

    assert played == data


def test_an_epochs_predecessors_come_at_once() -> None:
    replay = opened(LOG, "train.log", speed=1e-9, from_epoch=2)
    chunk = replay.pull(1 << 20)

    assert isinstance(chunk, Chunk)
    assert chunk.data.count(b"Epoch 1/1") == 2
    assert b"0.2152" not in chunk.data


def test_an_epoch_that_is_not_there_is_told() -> None:
    with pytest.raises(TuiMonitorError, match="it has 3; give --from 1 to 3"):
        open_replay(LOG, "train.log", from_epoch=4)


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_text_without_progress_is_nothing_to_replay(data: bytes) -> None:
    assert open_replay(data, "notes.txt") is None


def test_a_hint_names_the_format() -> None:
    with pytest.raises(TuiMonitorError, match="nonsense"):
        open_replay(LOG, "train.log", format_hint="nonsense")
