"""The explained boundaries of a log, kept: what can no longer change is not looked at again."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core import explain
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.laws import Law
from tui_monitor.core.records import Boundary, Event
from tui_monitor.core.track import Track

GROWN = 1.1
"""Times the prints that an explanation rests on, after which it is made anew."""


class Explained:
    """An explanation, and what it rests on."""

    def __init__(self, run: RunDecoder, edge: explain.Edge, events: Sequence[Event]) -> None:
        self.boundary = explain.explain(run, edge, events)
        self._basis = explain.basis(run, edge)
        self._age = len(edge.track) - edge.first_row

    def is_outdated(self, run: RunDecoder, edge: explain.Edge) -> bool:
        """Whether the log now tells more: another law, the epoch grown by a tenth or over."""
        grown = len(edge.track) - edge.first_row > GROWN * self._age
        basis = explain.basis(run, edge)
        return basis != self._basis or (grown and not basis.is_over)


class OfTrack:
    """The boundaries of one metric."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self._law: tuple[Law, int | None, bool] | None = None
        self._settled: list[Boundary] = []
        self._row = 0
        """First row of the epoch before the first boundary that may still change."""
        self._open: dict[int, Explained] = {}
        """The others, by their epoch."""

    def find(self, run: RunDecoder, events: Sequence[Event]) -> list[Boundary]:
        """All of them, oldest first."""
        track = self.track
        law = (track.law, track.batch_size, run.law is not None and run.law.settled)
        if law != self._law:
            self._law, self._row, self._settled, self._open = law, 0, [], {}
        found: list[Boundary] = []
        for edge in explain.edges(track, self._row):
            known = self._open.get(edge.epoch)
            if known is None or known.is_outdated(run, edge):
                known = self._open[edge.epoch] = Explained(run, edge, events)
            # what has begun after it may be taken back, but not the epochs on its two sides
            if track.places[-1].epoch > edge.next_epoch:
                self._settled.append(known.boundary)
                self._row = edge.first_row
                del self._open[edge.epoch]
            else:
                found.append(known.boundary)
        return [*self._settled, *found]


class Explainer:
    """The boundaries of each run. One for a session."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], OfTrack] = {}

    def find(self, run: RunDecoder, events: Sequence[Event]) -> tuple[Boundary, ...]:
        """A run's boundaries, oldest first; of one boundary in the order of the metrics."""
        found: list[Boundary] = []
        for name, track in run.tracks.items():
            if track.metric.split != "train":
                continue
            known = self._known.get((run.run, name))
            if known is None or known.track is not track:
                known = self._known[run.run, name] = OfTrack(track)
            found.extend(known.find(run, events))
        found.sort(key=_epoch)
        return tuple(found)


def _epoch(boundary: Boundary) -> int:
    return boundary.epoch
