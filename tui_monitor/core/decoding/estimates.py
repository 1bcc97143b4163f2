"""The rows of a run: what each printed number reveals, as records. Refuses to decode."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.records import Estimate, Print
from tui_monitor.core.tracks.track import Track

AT_ONCE = 1024
"""Prints that are looked up together."""


def of_run(run: RunDecoder, first: int = 0) -> Iterator[Estimate]:
    """The rows of the prints from `first` on, in the log's order."""
    metrics = {name: _Metric(run, track) for name, track in run.tracks.items()}
    rows = {name: bisect_left(track.print_index, first) for name, track in run.tracks.items()}
    for begin in range(first, len(run.prints), AT_ONCE):
        for p in run.prints[begin : begin + AT_ONCE]:
            for reading in p.readings:
                name = reading.metric
                if (metric := metrics.get(name)) is not None:
                    yield metric.estimate(rows[name], p)
                    rows[name] += 1


def of_track(run: RunDecoder, track: Track, rows: range) -> Iterator[Estimate]:
    """Some rows of a metric."""
    metric = _Metric(run, track)
    for row in rows:
        yield metric.estimate(row, run.prints[track.print_index[row]])


class _Metric:
    """A metric of a run, with what all of its rows have in common."""

    def __init__(self, run: RunDecoder, track: Track) -> None:
        self._track = track
        self._run = run.run
        self._name, self._split = track.metric.name, track.metric.split
        self._law = track.law.name
        self._batch_size = run.batch_size
        self._update_size = (run.batch_size or 0) * run.stride.size
        """Samples an update of the bar; 0 where nobody knows."""
        self._margin, self._against = run.identity.rival(track.law)
        self._in_batches = run.places.in_batches

    def estimate(self, row: int, p: Print) -> Estimate:
        """What a row reveals; `p`: the print that it is of."""
        track = self._track
        from_k, count = track.from_k.get(row), track.count.get(row)
        from_batch = self._in_batches(p, from_k)
        to_batch = None
        if from_batch is not None:
            to_batch = self._in_batches(p, track.places.batches(row))
        samples = None
        if count is not None and from_k is not None and self._update_size:
            n = track.places[row].n
            samples = None if n is None else round((n - from_k) * self._update_size)
        variance = track.variance.get(row)
        few = track.possible.get(row)
        return Estimate(
            self._run,
            p.epoch,
            p.label,
            p.printed_step,
            p.steps,
            p.unit,
            self._name,
            self._split,
            track.displayed[row],
            self._law,
            from_batch,
            to_batch,
            track.value.get(row),
            track.low.get(row),
            track.high.get(row),
            count is not None,
            count,
            samples,
            track.level.get(row),
            None if variance is None else max(variance, 0.0) ** 0.5,
            self._batch_size,
            p.final,
            bool(track.outlier[row]),
            p.line,
            p.offset,
            few.counts() if few else (),
            self._margin,
            self._against,
        )
