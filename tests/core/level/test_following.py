"""The level's rows over long runs, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise, permutations
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.simulate import Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.level import following
from tui_monitor.core.metrics import describe
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.tracks.track import Track

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
METRICS = st.sampled_from(["accuracy", "loss"])
ROWS = st.lists(st.tuples(ADDED, NUMBERS, st.booleans()), min_size=1, max_size=40)


def columns(track: Track) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    floats = (track.value, track.low, track.high, track.expected, track.level, track.variance)
    integers = (track.from_k, track.count, track.outlier)
    return [np.array(column, dtype=np.float64) for column in (*floats, *integers)]


ONCE = (laws.STATE, laws.STEPS, laws.BATCHES_OPEN)
TWICE = (laws.TWICE_RESET, laws.TWICE_APPENDED)
Take = Callable[[Track], object]


def taken(
    rows: list[tuple[int, float, bool]],
    metric: str,
    law: laws.Law,
    when: int,
    then: Take,
    size: int | None = None,
) -> Track:
    """A track of these rows; once there are so many, something is done to it."""
    track = Track(describe(metric), law, size)
    for row, (place, number) in enumerate(placed(rows), 1):
        track.add(place, number, 1e-4, row)
        if row == min(when, len(rows)):
            then(track)
    return track


def placed(rows: list[tuple[int, float, bool]]) -> Iterator[tuple[Position, float]]:
    """The position and the number of each row."""
    epoch, k, ends = 1, 0, False
    for added, number, ragged in rows:
        k += added
        if k < 1 or (ends and added > 3):
            epoch, k = epoch + 1, max(added, 1)
        ends = ragged
        yield Position(epoch, k, float(k), ragged=ragged, final=ragged and added > 1), number


def assert_alike(one: Track, other: Track) -> None:
    for a, b in zip(columns(one), columns(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.epoch_ends == other.epoch_ends


@example(
    [(2, 0.25, True), (0, 0.0, False), (2, 0.0, True), (1, 0.0, False)],
    "accuracy",
    laws.TWICE_RESET,
    4,
    None,
).via("a number that was impossible as an epoch's last, and was not the last")
@given(
    ROWS, METRICS, st.sampled_from(ONCE + TWICE), st.integers(1, 40), st.sampled_from([None, 32])
)
def test_followed_again_is_as_decoded_again(
    rows: list[tuple[int, float, bool]], metric: str, law: laws.Law, when: int, size: int | None
) -> None:
    def guessed(again: Take, track: Track) -> None:
        track.batch_size, track.counted, track._first_noise = size, False, 0.01
        again(track)

    followed, decoded = (
        taken(rows, metric, law, when, partial(guessed, again))
        for again in (Track.follow_again, Track.decode_again)
    )
    assert_alike(followed, decoded)


@given(
    rows=ROWS,
    metric=METRICS,
    pair=st.sampled_from([*permutations(ONCE, 2), *permutations(TWICE)]),
    when=st.integers(1, 40),
    size=st.sampled_from([None, 32]),
)
def test_another_law_is_as_decoded_again(
    rows: list[tuple[int, float, bool]],
    metric: str,
    pair: tuple[laws.Law, laws.Law],
    when: int,
    size: int | None,
) -> None:
    before, law = pair

    def decode_again(track: Track) -> None:
        track.law = law
        track.decode_again()

    obeyed = taken(rows, metric, before, when, lambda track: track.obey(law), size)
    assert_alike(obeyed, taken(rows, metric, before, when, decode_again, size))


@pytest.mark.parametrize("pair", [*permutations(ONCE, 2), *permutations(TWICE)])
@pytest.mark.parametrize("rows", [STEPS - 1, STEPS])
def test_a_last_line_is_taken_anew_by_another_law(
    pair: tuple[laws.Law, laws.Law], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, law = pair
    run = Simulated(replace(LONG, law=law, last=7))
    obeyed, decoded = (Track(describe(run.accuracy), each, None) for each in (before, law))
    for row, line in enumerate(run.lines[:rows]):
        number = line.numbers[run.accuracy]
        ends = line.k == STEPS
        place = Position(1, line.k, float(line.k), ragged=ends, final=ends)
        for track in (obeyed, decoded):
            track.add(place, number.displayed, number.quantum, row)
    monkeypatch.delattr(Track, "decode_again")
    obeyed.obey(law)
    assert_alike(obeyed, decoded)


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
        assert_alike(track, decoded.tracks[name])


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


# --- before the epoch is over ---------------------------------------------------------------------

SINGLES = (laws.INTERVAL, laws.INSTANTANEOUS, laws.EPOCH)


@given(
    ROWS,
    METRICS,
    st.sampled_from((*ONCE, *TWICE, *SINGLES)),
    st.frozensets(st.integers(1, 40)),
    st.sampled_from((6, following.KEPT)),
)
def test_looking_back_before_the_end_changes_no_row(
    rows: list[tuple[int, float, bool]],
    metric: str,
    law: laws.Law,
    looks: frozenset[int],
    kept: int,
) -> None:
    with mock.patch.multiple(following, FIRST_SEEN=3, KEPT=kept):
        watched, left = (Track(describe(metric), law, None) for _ in range(2))
        for row, (place, number) in enumerate(placed(rows)):
            for track in (watched, left):
                track.add(place, number, 1e-4, row)
            if row in looks:
                watched.following.seen(is_over=row % 2 == 0)
        for is_over in (False, True):
            one, other = (track.following.seen(is_over=is_over) for track in (watched, left))
            assert (one is None) == (other is None)
            for column, same in zip(one or (), other or (), strict=True):
                np.testing.assert_array_equal(column, same)
        assert_alike(watched, left)
        for track in (watched, left):
            track.close_epoch()
        assert_alike(watched, left)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(laws.STATE, batch_size=32, steps=600, epochs=1), id="once"),
        pytest.param(Case(laws.TWICE_RESET, batch_size=32, steps=600, epochs=1), id="twice"),
        pytest.param(Case(laws.INTERVAL, batch_size=4, steps=600, epochs=1), id="interval"),
    ],
)
def test_the_past_sharpens_before_the_epoch_is_over(case: Case) -> None:
    for name in case.names:
        live, sharp = [], []
        for seed in range(4):
            run = Simulated(replace(case, seed=seed))
            decoder = RunDecoder(1, DecodeOptions(batch_size=case.batch_size, law=case.law.name))
            for p in run.prints[:500]:
                decoder.add(p)
            track = decoder.tracks[name]
            course = track.following.seen(is_over=False)
            assert course is not None
            assert course.rows.tolist() == list(range(following.grown(500)))
            truth = run.level[name][0, course.rows]
            live.append(track.level.array()[course.rows] - truth)
            sharp.append(course.level - truth)
        assert np.sqrt(np.mean(np.square(sharp))) < 0.8 * np.sqrt(np.mean(np.square(live)))


def test_prints_grow_by_half_until_a_past_is_looked_back_over_again() -> None:
    found = [following.grown(n) for n in range(2000)]
    assert found == sorted(found)
    assert not any(found[: following.FIRST_SEEN])
    assert all(found[n] == n for n in set(found) - {0})
    for before, after in pairwise(sorted(set(found) - {0})):
        assert 1.45 * before < after < 1.55 * before


def test_what_was_seen_of_rows_that_are_taken_back_is_forgotten() -> None:
    shown: list[list[float]] = []
    for first in (0.25, 0.5):
        track = Track(describe("accuracy"), laws.STATE, None)
        mark = track.checkpoint()
        for number in (first, 0.5):
            track.rollback(mark)
            track.add(Position(1, 1, 1.0, ragged=False, final=False), number, 1e-4, 0)
            course = track.following.seen(is_over=True)
            assert course is not None
            shown.append(course.level.tolist())
    assert shown[1] == shown[2] == shown[3] != shown[0]
