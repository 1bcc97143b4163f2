"""The rows of a run: what each printed number reveals, as records.

Rows are made of columns, many at once: made one by one they cost several times as much. Refuses to
decode.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat

from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.records import Estimate, PossibleCount, Print
from tui_monitor.core.series import ABSENT
from tui_monitor.core.track import Track

AT_ONCE = 1024
"""Prints whose rows are made together."""


def of_run(run: RunDecoder, first: int = 0) -> Iterator[Estimate]:
    """The rows of the prints from `first` on, in the log's order."""
    for begin in range(first, len(run.prints), AT_ONCE):
        prints = run.prints[begin : begin + AT_ONCE]
        rows = {name: _of_prints(run, track, prints, begin) for name, track in run.tracks.items()}
        for p in prints:
            for reading in p.readings:
                if (found := rows.get(reading.metric)) is not None:
                    yield next(found)


def _of_prints(
    run: RunDecoder, track: Track, prints: Sequence[Print], begin: int
) -> Iterator[Estimate]:
    """The rows of a metric that are of some prints, of which the first is the run's `begin`-th."""
    index = track.print_index
    rows = range(bisect_left(index, begin), bisect_left(index, begin + len(prints)))
    return of_track(run, track, rows, [prints[i - begin] for i in index[rows.start : rows.stop]])


def of_track(
    run: RunDecoder, track: Track, rows: range, prints: Sequence[Print] | None = None
) -> Iterator[Estimate]:
    """Some rows of a metric; `prints`: those that they are of, if they are at hand."""
    at = slice(rows.start, rows.stop)
    if prints is None:
        prints = [run.prints[i] for i in track.print_index[at]]
    in_batches = run.places.in_batches
    from_k, count = _integers(track.from_k[at]), _integers(track.count[at])
    from_batch = list(map(in_batches, prints, from_k))
    to_batch = map(in_batches, prints, map(track.places.batches, rows))
    columns: tuple[Iterable[object], ...] = (
        repeat(run.run),
        [p.epoch for p in prints],
        [p.label for p in prints],
        [p.step for p in prints],
        [p.steps for p in prints],
        [p.unit for p in prints],
        repeat(track.metric.name),
        repeat(track.metric.split),
        track.displayed[at],
        repeat(track.law.name),
        from_batch,
        [None if first is None else k for first, k in zip(from_batch, to_batch, strict=True)],
        _floats(track.value[at]),
        _floats(track.low[at]),
        _floats(track.high[at]),
        [known is not None for known in count],
        count,
        _samples(run, track, rows, from_k, count),
        _floats(track.level[at]),
        [None if v is None else max(v, 0.0) ** 0.5 for v in _floats(track.variance[at])],
        repeat(run.batch_size),
        [p.final for p in prints],
        map(bool, track.outlier[at]),
        [p.line for p in prints],
        [p.offset for p in prints],
        map(_possible(track), rows),
        *map(repeat, run.identity.rival(track.law)),
    )
    return map(Estimate._make, zip(*columns, strict=False))  # some are without end


def _samples(
    run: RunDecoder,
    track: Track,
    rows: range,
    from_k: Sequence[int | None],
    count: Sequence[int | None],
) -> Iterable[int | None]:
    """How many samples the windows hold of which the right answers are known."""
    if run.batch_size is None or count.count(None) == len(count):
        return repeat(None)
    size = run.batch_size * run.stride.size
    to = track.places.full_batches(rows).tolist()
    return [
        None if known is None or begin is None or end != end else round((end - begin) * size)
        for known, begin, end in zip(count, from_k, to, strict=True)
    ]


def _possible(track: Track) -> Callable[[int], tuple[PossibleCount, ...]]:
    """What tells the counts that a row's window may hold, where they are few."""

    def possible(row: int) -> tuple[PossibleCount, ...]:
        few = track.possible.get(row)
        return few.counts() if few else ()

    return possible


def _floats(column: Iterable[float]) -> list[float | None]:
    """The numbers of a column of floats, None where they are absent."""
    return [None if value != value else value for value in column]


def _integers(column: Iterable[int]) -> list[int | None]:
    """The numbers of a column of integers, None where they are absent."""
    return [None if value == ABSENT else value for value in column]
