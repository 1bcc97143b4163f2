"""A track's prints as evidence: each is read once, where it may stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tui_monitor.core.inference.evidence import Sample, in_order
from tui_monitor.core.metrics import Metric
from tui_monitor.core.tracks.track import Track


class Reader:
    """Reads a track's prints as evidence, each of them once."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._row = 0
        self._before: Sample | None = None

    def read(self, track: Track) -> list[Sample]:
        """The prints that came since the last call."""
        found = in_order(self._rest(track), self._before)
        self._before = found[-1] if found else self._before
        return found

    def skip(self, track: Track) -> None:
        """Of the prints since, only the newest is to be read."""
        self._row = max(self._row, len(track) - 1)

    def _rest(self, track: Track) -> Iterator[Sample]:
        first, last, places = self._row, len(track), track.places
        if first < last and places.is_ragged(last - 1) and not places.is_final(last - 1):
            # the next print may tell that its last batch was a full one
            last -= 1
        if first >= last:
            return
        self._row, top = last, track.metric.top
        rows = zip(
            places.epoch[first:last],
            places.k[first:last],
            track.told[first:last],
            track.quantum[first:last],
            places.final(first, last).tolist(),
            places.ragged(first, last).tolist(),
            places.appended(range(first, last)).tolist(),
            strict=True,
        )
        for epoch, k, told, quantum, final, ragged, appended in rows:
            if k == k:
                yield Sample(epoch, int(k), told / top, quantum / top, final, ragged, appended)


class Readers:
    """A reader for each metric, by its name."""

    def __init__(self) -> None:
        self._of_metric: dict[str, Reader] = {}

    def read(self, track: Track) -> list[Sample]:
        """The prints of a track that came since the last call."""
        return self._of_metric.setdefault(track.metric.name, Reader(track.metric)).read(track)

    def are_stale(self, tracks: Mapping[str, Track]) -> bool:
        """Whether a metric is not what it was thought to be as its first prints were read."""
        return any(tracks[name].metric != each.metric for name, each in self._of_metric.items())
