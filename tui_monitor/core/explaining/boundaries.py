"""The explained boundaries of a log, kept: what can no longer change is not looked at again.

A screen need not wait for all of a long log to be explained: a look may be given a limit, and what
it leaves is explained by the looks after it, newest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from operator import attrgetter

from tui_monitor.core.averages.laws import MEDIAN, OPEN, Law
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.explaining import explain
from tui_monitor.core.explaining.edges import EDGE, REACH
from tui_monitor.core.records import Boundary, Event
from tui_monitor.core.tracks.track import Track

GROWN = 1.4
"""Times the prints that an explanation rests on, after which it is made anew while the first tenth
of the epoch under way, on which it rests, is not complete."""
NEARLY = 2.0
"""The same after that: more prints only say a little more of the noise and of the trend."""
OF_ITSELF = 16
"""What an explanation costs beside the prints that it looks at, in prints."""

_epoch = attrgetter("epoch")


class Explained:
    """An explanation, and what it rests on."""

    def __init__(self, run: RunDecoder, edge: explain.Edge, events: Sequence[Event]) -> None:
        self.boundary = explain.explain(run, edge, events)
        self._basis = explain.basis(run, edge)
        self._age = len(edge.track) - edge.first_row
        self._share = _share(edge)

    def is_outdated(self, run: RunDecoder, edge: explain.Edge) -> bool:
        """Whether the log now tells more: another law, or more of the epoch under way."""
        basis = explain.basis(run, edge)
        if basis != self._basis:
            return True
        if basis.is_over or self._share >= REACH:
            return False
        grown = (len(edge.track) - edge.first_row) / self._age
        if self._share < EDGE:
            return grown > GROWN
        return grown > NEARLY or _share(edge) >= REACH


def _share(edge: explain.Edge) -> float:
    """How much of the epoch after the boundary is printed, by the size of the one before."""
    places = edge.track.places
    size, done = places.batches(edge.last_row), places.batches(-1)
    return done / size if size and done else 0.0


class Allowance:
    """Prints that one look may still look at, about."""

    def __init__(self, prints: float) -> None:
        self.left = prints

    def spend(self, prints: int) -> None:
        """An explanation has looked at so many."""
        self.left -= prints + OF_ITSELF


class OfTrack:
    """The boundaries of one metric."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.settled: list[Boundary] = []
        """Those explained for good; the oldest may be missing while some wait."""
        self.open: list[Boundary] = []
        """Those that may still change, oldest first."""
        self._law: tuple[Law, int | None, bool] | None = None
        self._row = 0
        """First row of the epoch before the first boundary that may still change."""
        self._waiting: list[explain.Edge] = []
        """Boundaries to explain for good, oldest first."""
        self._known: dict[int, Explained] = {}
        """Explanations that may still change, by their epoch."""

    @property
    def is_behind(self) -> bool:
        """Whether boundaries wait for their explanation."""
        return bool(self._waiting)

    def look(self, run: RunDecoder, events: Sequence[Event], allowed: Allowance) -> bool:
        """Take in what is new, as far as is allowed; returns whether anything changed."""
        track = self.track
        law = (track.law, track.batch_size, run.law is not None and run.law.settled)
        changed = law != self._law
        if changed:
            self._law, self._row = law, 0
            self.settled, self._waiting, self._known = [], [], {}
        still_open: list[Boundary] = []
        for edge in explain.edges(track, self._row):
            # what has begun after it may be taken back, but not the epochs on its two sides
            if track.places.epoch[-1] > edge.next_epoch:
                self._waiting.append(edge)
                self._row = edge.first_row
            else:
                size = len(track) - self._row
                still_open.append(self._explain(run, edge, events, size, allowed))
        changed |= self._catch_up(run, events, allowed)
        changed |= len(still_open) != len(self.open)
        changed |= any(a is not b for a, b in zip(still_open, self.open, strict=False))
        self.open = still_open
        return changed

    def _explain(
        self,
        run: RunDecoder,
        edge: explain.Edge,
        events: Sequence[Event],
        size: int,
        allowed: Allowance,
    ) -> Boundary:
        """What is known of a boundary, or now found out; `size`: prints of its epochs."""
        known = self._known.get(edge.epoch)
        if known is None or known.is_outdated(run, edge):
            known = self._known[edge.epoch] = Explained(run, edge, events)
            allowed.spend(size)
        return known.boundary

    def _catch_up(self, run: RunDecoder, events: Sequence[Event], allowed: Allowance) -> bool:
        """Explain what waits, newest first, as far as is allowed."""
        found: list[Boundary] = []
        while self._waiting and allowed.left > 0:
            edge = self._waiting.pop()
            before = self._waiting[-1].last_row if self._waiting else -1
            size = 2 * (edge.last_row - before)
            found.append(self._explain(run, edge, events, size, allowed))
            self._known.pop(edge.epoch, None)
        self.settled += reversed(found)
        return bool(found)


def explicable(run: RunDecoder) -> list[Track]:
    """The train metrics whose boundaries are explained, in the order printed.

    Of a number whose average stands beside it the average's are, and none of what may be anything.
    """
    return [
        track
        for name, track in run.tracks.items()
        if track.metric.split == "train"
        and f"{name} (avg)" not in run.tracks
        and track.law.key not in (OPEN.key, MEDIAN.key)
    ]


class Explainer:
    """The boundaries of each run. One for a session."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], OfTrack] = {}
        self._found: dict[int, tuple[list[OfTrack], tuple[Boundary, ...]]] = {}
        """Of each run what was last found, and of which metrics."""
        self.is_behind = False
        """Whether the last look has left boundaries to the next."""

    def find(
        self, run: RunDecoder, events: Sequence[Event], most: float = inf
    ) -> tuple[Boundary, ...]:
        """A run's boundaries, oldest first; of one boundary in the order of the metrics.

        `most`: prints to look at, about; boundaries that are left wait for the next look.
        """
        tracks = explicable(run)
        known = [self._of(run, track) for track in tracks]
        shares = [Allowance(most / len(known)) for _ in known]
        changed = [each.look(run, events, own) for each, own in zip(known, shares, strict=True)]
        self.is_behind = any(each.is_behind for each in known)
        held = self._found.get(run.run)
        if held is not None and held[0] == known and not any(changed):
            return held[1]
        found = [boundary for each in known for boundary in (*each.settled, *each.open)]
        found.sort(key=_epoch)
        self._found[run.run] = (known, tuple(found))
        return self._found[run.run][1]

    def _of(self, run: RunDecoder, track: Track) -> OfTrack:
        key = (run.run, track.metric.name)
        known = self._known.get(key)
        if known is None or known.track is not track:
            known = self._known[key] = OfTrack(track)
        return known
