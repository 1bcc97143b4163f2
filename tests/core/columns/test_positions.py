"""Positions kept in columns are those that were taken."""

from __future__ import annotations

from math import isnan

from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.columns.positions import Position, Positions

places = st.builds(
    Position,
    epoch=st.integers(1, 5),
    k=st.none() | st.sampled_from([0, 1, 2**53]),
    n=st.none() | st.sampled_from([0.0, 1.0, 1.25, 4e15]),
    ragged=st.booleans(),
    final=st.booleans(),
    appended=st.sampled_from([1.0, 0.5]),
    done=st.none() | st.integers(0, 2**53),
)


@given(
    taken=st.lists(places, min_size=1, max_size=30),
    later=st.lists(st.tuples(st.integers(0, 40), places), max_size=5),
    left=st.integers(0, 30),
)
def test_positions_are_what_was_taken(
    taken: list[Position], later: list[tuple[int, Position]], left: int
) -> None:
    taken.sort(key=lambda place: place.epoch)
    kept = Positions()
    for place in taken:
        kept.append(place)
    for row, place in later:
        row %= len(taken)
        taken[row] = kept[row] = place._replace(epoch=taken[row].epoch)
    assert list(kept) == taken
    assert kept[-1] == taken[-1]
    assert kept[1:-1] == taken[1:-1]
    assert [kept.batches(row) for row in range(len(kept))] == [place.k for place in taken]
    assert kept.appended(range(len(taken))).tolist() == [place.appended for place in taken]
    assert kept.ragged().tolist() == [place.ragged for place in taken]
    assert kept.final(1, 4).tolist() == [place.final for place in taken[1:4]]
    n = kept.full_batches(range(len(taken))).tolist()
    assert [None if isnan(each) else each for each in n] == [place.n for place in taken]
    known = [place.done if place.k is None else place.k for place in taken]
    counted = kept.counted(slice(None)).tolist()
    assert [None if isnan(each) else each for each in counted] == known
    for epoch in range(7):
        rows = [row for row, place in enumerate(taken) if place.epoch == epoch]
        assert list(kept.of_epoch(epoch)) == rows
        assert list(kept.of_epoch(epoch, least=3)) == [row for row in rows if row >= 3]
    kept.cut(left)
    assert list(kept) == taken[:left]
    for place in taken:
        kept.append(place)
    assert list(kept) == taken[:left] + taken
