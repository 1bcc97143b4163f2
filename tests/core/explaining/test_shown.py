"""The prints that can be inverted: the columns say what going through them one by one says."""

from __future__ import annotations

from math import isfinite

import pytest

from tests.simulate import Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.explaining.shown import LAST_SHARE, usable
from tui_monitor.core.session import Session
from tui_monitor.core.tracks.track import Track

OUT_OF_ORDER = (1, 2, 4, 3, 4, 5, 9, 7, 8, 10, 10, 12, 11)


def one_by_one(track: Track, epoch: int) -> list[tuple[int, float]]:
    """Row and batches done of each print, by the definition."""
    kept: list[tuple[int, float]] = []
    for row in track.places.of_epoch(epoch):
        place = track.places[row]
        if place.n is None or track.outlier[row] or not isfinite(track.displayed[row]):
            continue
        short = place.ragged and track.law.depth == 1 and place.n > 1
        k = place.n - (1 - LAST_SHARE) if short else place.n
        if kept and k < kept[-1][1]:
            continue
        if kept and k == kept[-1][1] and not (track.law.depth == 2 and place.final):
            kept.pop()
        kept.append((row, k))
    return kept


def tracks_of(log: bytes) -> list[Track]:
    session = Session()
    session.feed(log, 0.0)
    return [track for run in session._runs for track in run.tracks.values()]


@pytest.mark.parametrize("law", [laws.STATE, laws.STEPS, laws.TWICE_APPENDED, laws.SAMPLES])
@pytest.mark.parametrize("last", [None, 5])
def test_columns_hold_what_a_loop_finds(law: laws.Law, last: int | None) -> None:
    case = Case(law=law, steps=60, epochs=3, every=2.0, last=last)
    for track in tracks_of(Simulated(case).log()):
        for epoch in range(5):
            shown = usable(track, track.places.of_epoch(epoch))
            assert list(zip(shown.row.tolist(), shown.k.tolist(), strict=True)) == one_by_one(
                track, epoch
            )


def test_prints_out_of_order_and_wild_ones_are_left_out() -> None:
    bars = [
        b"%2d/40 [==>...] - ETA: 1s - loss: %s\n"
        % (k, b"nan" if k == 7 else b"0.%04d" % (4000 + k))
        for k in OUT_OF_ORDER
    ]
    (track,) = tracks_of(b"Epoch 1/2\n" + b"".join(bars))
    shown = usable(track, track.places.of_epoch(1))
    assert list(zip(shown.row.tolist(), shown.k.tolist(), strict=True)) == one_by_one(track, 1)
    assert len(shown) < len(OUT_OF_ORDER)
    assert len(shown.part(2, 5)) == 3
