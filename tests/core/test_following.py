"""The level's rows over long runs, and taken back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulate import Case, Simulated
from tui_monitor.core import following, laws
from tui_monitor.core.chain import Position
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.metrics import describe
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.track import Track

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


ADDED = st.integers(-3, 6)
"""Batches since the print before: a few, none, or one that comes late; or another epoch."""
NUMBERS = st.sampled_from([0.0, 0.25, 0.4, 0.5, 0.5312, 0.9999, 1.0, float("nan")])
ROWS = st.lists(st.tuples(ADDED, NUMBERS, st.booleans()), min_size=1, max_size=40)


def columns(track: Track) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    floats = (track.value, track.low, track.high, track.expected, track.level, track.variance)
    integers = (track.from_k, track.count, track.outlier)
    return [np.array(column, dtype=np.float64) for column in (*floats, *integers)]


@given(
    rows=ROWS,
    metric=st.sampled_from(["accuracy", "loss"]),
    law=st.sampled_from([laws.STATE, laws.STEPS, laws.TWICE_RESET, laws.TWICE_APPENDED]),
    size=st.sampled_from([None, 32]),
    when=st.integers(1, 40),
)
def test_followed_again_is_as_decoded_again(
    rows: list[tuple[int, float, bool]], metric: str, law: laws.Law, size: int | None, when: int
) -> None:
    followed, decoded = (Track(describe(metric), law, None) for _ in range(2))
    epoch, k = 1, 0
    for row, (added, number, ragged) in enumerate(rows, 1):
        k += added
        if k < 1 or (rows[row - 2][2] and row > 1 and added > 3):
            epoch, k = epoch + 1, max(added, 1)
        place = Position(epoch, k, float(k), ragged=ragged, final=ragged and added > 1)
        for track in (followed, decoded):
            track.add(place, number, 1e-4, row)
        if row == min(when, len(rows)):
            for track in (followed, decoded):
                track.batch_size, track.counted = size, False
            decoded._first_noise = 0.01
            decoded.decode_again()
            followed._first_noise = 0.01
            followed.follow_again()
    for one, other in zip(columns(followed), columns(decoded), strict=True):
        np.testing.assert_array_equal(one, other)
    assert followed.epoch_ends == decoded.epoch_ends


@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET])
def test_a_short_last_batch_and_stale_prints_are_told_anew(law: laws.Law) -> None:
    """What these say hangs on the level that is followed."""
    case = Case(law, "exp", batch_size=8, steps=150, epochs=3, last=1, digits=3)
    followed, decoded = (RunDecoder(1, DecodeOptions(law=law.name)) for _ in range(2))
    for decoder, again in ((followed, Track.follow_again), (decoded, Track.decode_again)):
        for p in Simulated(case).prints[:400]:
            decoder.add(p)
        for track in decoder.tracks.values():
            track.batch_size, track.counted = 8, False
            track.decode_again()
            track.batch_size = 400
            again(track)
    for name, track in followed.tracks.items():
        for one, other in zip(columns(track), columns(decoded.tracks[name]), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET])
def test_bounds_are_not_inverted_again_for_a_guess_of_the_noise(
    law: laws.Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = RunDecoder(1, DecodeOptions(law=law.name))
    for p in Simulated(Case(law, "exp", batch_size=64, steps=STEPS, epochs=3)).prints[:100]:
        decoder.add(p)
    loss = decoder.tracks["loss"]
    before = loss.level.array()
    loss.batch_size = None
    monkeypatch.delattr(Track, "decode_again")
    loss.guess_noise(0.3)
    assert np.any(loss.level.array() != before)
