"""The level's rows over long runs, and taken back."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulate import Case, Simulated
from tui_monitor.core import following, laws
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.options import DecodeOptions

STEPS = 60
LONG = Case(laws.STATE, "exp", batch_size=64, steps=STEPS, epochs=8)


def decoded(run: Simulated) -> RunDecoder:
    decoder = run.decode()
    for track in decoder.tracks.values():
        track.smooth_all()
    return decoder


def test_old_epochs_are_let_go_and_the_newest_are_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Simulated(LONG)
    whole = decoded(run)
    monkeypatch.setattr(following, "KEPT", 100)
    short = decoded(run)
    for name, track in short.tracks.items():
        other = whole.tracks[name]
        assert track.filter is not None
        assert other.filter is not None
        assert track.filter.taken == other.filter.taken
        assert len(other.filter.steps) == other.filter.taken
        assert len(track.filter.steps) <= 100 + 2 * (STEPS + 1)
        sd = np.sqrt(other.variance.array())
        apart = np.abs(track.level.array() - other.level.array()) / sd
        np.testing.assert_array_equal(np.isnan(track.level.array()), np.isnan(sd))
        apart = apart[np.isfinite(apart)]
        # epochs that were let go know nothing of later ones, which is little to know
        assert apart[-STEPS:].max() < 0.05
        assert np.sqrt(np.mean(apart**2)) < 0.5


@pytest.mark.parametrize("begun", [STEPS // 2, STEPS + 1, 4 * (STEPS + 1)])
def test_rows_that_are_taken_back_leave_no_trace(
    begun: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`begun`: rows before; the next one may be the first of an epoch."""
    monkeypatch.setattr(following, "KEPT", 100)
    run = Simulated(LONG)
    plain, disturbed = (RunDecoder(1, DecodeOptions(law="cumulative-sample")) for _ in range(2))
    for decoder in (plain, disturbed):
        for p in run.prints[:begun]:
            decoder.add(p)
    tracks = list(disturbed.tracks.values())
    marks = [track.checkpoint() for track in tracks]
    for p in run.prints[begun : begun + 2]:
        for track in tracks:
            reading = next(r for r in p.readings if r.metric == track.metric.name)
            place = track.places[-1]._replace(epoch=p.epoch, k=p.step, n=float(p.step or 0))
            track.add(place, reading.displayed, reading.quantum, begun)
    for track, mark in zip(tracks, marks, strict=True):
        track.rollback(mark)
    for decoder in (plain, disturbed):
        for p in run.prints[begun:]:
            decoder.add(p)
        decoder.finish()
    for name, track in plain.tracks.items():
        np.testing.assert_array_equal(track.level.array(), disturbed.tracks[name].level.array())
        np.testing.assert_array_equal(track.low.array(), disturbed.tracks[name].low.array())
