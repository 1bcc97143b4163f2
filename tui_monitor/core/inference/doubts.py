"""Which metrics of a run are means of batches, as far as their prints have shown.

A name that promises a range, a loss's or an accuracy's, is believed: frameworks average these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.core.inference.reader import Reader
from tui_monitor.core.inference.unaveraged import Doubt
from tui_monitor.core.metrics import describe
from tui_monitor.core.tracks.track import Track


class Doubts:
    """The doubts about each metric, and what came of them."""

    def __init__(self, found: set[str] | None = None) -> None:
        self.as_printed = found or set()
        """Metrics that were found to be no means of batches, whatever their names say: for good."""
        self._of_metric: dict[str, Doubt] = {}
        self._readers: dict[str, Reader] = {}

    def forget(self) -> None:
        """Prints stand elsewhere than thought: read them anew."""
        self._of_metric, self._readers = {}, {}

    def means(self, tracks: Mapping[str, Track]) -> list[Track]:
        """The metrics of the bar that are means of batches, as far as is known."""
        return [
            track
            for name, track in tracks.items()
            if track.metric.averaged
            and track.metric.split == "train"
            and name not in self.as_printed
        ]

    def weigh(self, tracks: Mapping[str, Track], depths: Sequence[int]) -> bool:
        """Read what came since; whether a metric is found to be no mean.

        `depths`: how often the bar may average.
        """
        known = len(self.as_printed)
        for track in self.means(tracks):
            unknown = describe(track.metric.name).family == "real"
            if unknown and self._is_no_mean(track, depths):
                self.as_printed.add(track.metric.name)
        return len(self.as_printed) > known

    def _is_no_mean(self, track: Track, depths: Sequence[int]) -> bool:
        name = track.metric.name
        doubt = self._of_metric.setdefault(name, Doubt())
        if doubt.is_over:
            return False
        reader = self._readers.setdefault(name, Reader(track.metric))
        if not doubt.asks_each:
            reader.skip(track)
        doubt.take(reader.read(track))
        doubt.weigh(depths)
        return doubt.is_certain
