"""The level at the edges of an epoch, from that epoch's prints alone.

An edge is the first or the last tenth of an epoch's batches: long enough to be sharp, short enough to
be the edge. What is wanted is the mean of the metric over it, with its error, whatever the log prints:
every batch or six of them, averaged once or twice. `cells` has the inference.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.explaining.cells import Base, Cells, Doubt, Point
from tui_monitor.core.explaining.shown import LAST_SHARE, Shown, usable
from tui_monitor.core.noise import Noise
from tui_monitor.core.records import Part
from tui_monitor.core.tracks.track import Track

EDGE = 0.1
"""Share of an epoch's batches that is its edge."""
REACH = 0.5
"""Share of the epoch, from the edge on, that is looked at where it has prints enough."""
ENOUGH = 8
"""Prints that are enough to look no farther."""
CELLS_AN_EDGE = 6
"""Cells into which prints are gathered over the width of an edge."""
EARLY = 0.25
"""Width of a cell near the start of an epoch, as a share of the batches before it."""
APART = 2.5
"""Widths of an edge that prints may stand apart to say anything of the edge."""
LAST_SHARE_SD = 0.32
"""What is not known of the size of an epoch's last batch, in full batches."""
COUNTED = ((1.0, 0.75), (2.5, 0.2), (8.0, 0.05))
"""Factors on the noise of a batch that come into question, with their weights, where it follows from
the batch size: batches whose samples are alike scatter more."""
LEARNT = ((0.3, 0.15), (1.0, 0.6), (2.5, 0.2), (8.0, 0.05))
"""The same where it was learnt from the prints."""
UNKNOWN = tuple((factor, 1.0) for factor in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0))
"""The same where the prints have not told it yet."""


class Level(NamedTuple):
    """What an epoch's prints tell of one of its edges."""

    mean: float
    """Mean of the metric over the edge's batches."""
    variance: float
    """Of that mean as an estimate of the level behind those batches."""
    drift: float
    """What the level does there from one tenth to the next, in the order of the batches."""
    drift_variance: float
    covariance: float
    """Of `smooth` and drift."""
    seen: float
    """Share of the edge that lies between prints close enough to tell of it."""
    smooth: Part
    """The level there, if it goes on as slowly as the prints around suggest: sharper than the mean
    where nothing moves."""

    @property
    def sd(self) -> float:
        """Standard error of the mean."""
        return sqrt(self.variance)


class Epoch:
    """The prints of one metric in one epoch, as far as they can be decoded."""

    def __init__(self, track: Track, epoch: int, size: float = 0.0) -> None:
        """`size`: batches of the epoch if it is not over, else what its prints show."""
        self.track = track
        self.shown = usable(track, track.places.of_epoch(epoch))
        self.reached = float(self.shown.k[-1]) if len(self.shown) else 0.0
        """Batches done at the newest print."""
        self.size = max(size, self.reached)
        self.width = max(float(round(EDGE * self.size)), 1.0)
        """Batches of an edge."""

    def end(self) -> Level | None:
        """Level of the last tenth; None where no print tells of it."""
        last = self.reached
        wide = min(self.width, last)
        if not len(self.shown) or wide <= 0.0:
            return None
        farthest = min(last * (1.0 - REACH), last - 2.0 * wide)
        first = int(np.searchsorted(self.shown.k, farthest, side="right"))
        while first > 0 and len(self.shown) - first < ENOUGH and self._joined(first - 1):
            first -= 1
        inner = (max(last - 2.0 * wide, 0.0), last - wide)
        return self._level(self.shown.part(first), first, (last - wide, last), inner, wide)

    def start(self) -> Level | None:
        """Level of the first tenth, or of what is done of it; None where no print tells of it."""
        wide = min(self.width, self.reached)
        if not len(self.shown) or wide <= 0.0:
            return None
        k = self.shown.k
        last = int(np.searchsorted(k, self.size * REACH, side="right"))
        last = max(last, int(np.searchsorted(k, min(2.0 * wide, self.reached))) + 1)
        while last < len(self.shown) and last < ENOUGH and self._joined(last - 1):
            last += 1
        inner = (wide, min(2.0 * wide, self.reached))
        return self._level(self.shown.part(0, last), 0, (0.0, wide), inner, self.width)

    def _joined(self, at: int) -> bool:
        """Whether a print and the next stand close enough to be looked at together."""
        k = self.shown.k
        return float(k[at + 1] - k[at]) <= max(APART * self.width, 1.0)

    def _level(
        self,
        shown: Shown,
        first: int,
        edge: tuple[float, float],
        inner: tuple[float, float],
        width: float,
    ) -> Level | None:
        """Level over `edge`, and its drift from or to `inner`, its neighbour."""
        tracker = self.track.filter
        if tracker is None or not len(shown):
            return None
        base = self._base(first)
        inner = (max(inner[0], base.k), max(inner[1], base.k))
        nodes = self._nodes(shown.k, base.k, (*edge, *inner))
        cells = Cells(nodes, base, list(self._points(shown, nodes)))
        over, beside = cells.share(*edge), cells.share(*inner)
        known = cells.infer(
            over[None, :],
            np.stack([over, beside]),
            self._noise(tracker.noise, int(shown.row[-1]), float(shown.d[-1])),
            self._scale(shown),
            self.size,
        )
        if known is None:
            return None
        sign = 1.0 if inner[0] < edge[0] else -1.0
        change = np.array([0.0, sign, -sign]) if inner[1] > inner[0] else np.zeros(3)
        own = max(float(known.covariance[0, 0]), 0.0)
        metric = self.track.metric
        return Level(
            mean=min(max(float(known.mean[0]), metric.low), metric.high),
            variance=own + known.noise / (edge[1] - edge[0]),
            drift=float(change @ known.mean),
            drift_variance=max(float(change @ known.covariance @ change), 0.0),
            covariance=float(change @ known.covariance[1]),
            seen=_seen(shown.k, base.k, edge, width),
            smooth=Part(float(known.mean[1]), sqrt(max(float(known.covariance[1, 1]), 0.0))),
        )

    def _scale(self, shown: Shown) -> float:
        """What changes of the metric are measured by."""
        if self.track.metric.family == "fraction":
            return self.track.metric.top
        largest = float(np.abs(shown.d).max())
        return max(abs(float(shown.d[-1])), 1e-3 * largest, 1e-12)

    def _noise(self, noise: Noise, row: int, displayed: float) -> list[Doubt]:
        """Variances of one batch's noise that come into question around a print."""
        level = self.track.level.get(row)
        variance = noise.variance(displayed if level is None else level)
        factors = UNKNOWN
        if noise.is_known:
            factors = LEARNT if noise.learns else COUNTED
        return [Doubt(variance * factor, weight) for factor, weight in factors]

    def _base(self, first: int) -> Base:
        """Where the look begins: at the print before the first that is used, or at the start."""
        if first == 0:
            return Base(0.0)
        before, shown = first - 1, self.shown
        k, d, quantum = float(shown.k[before]), float(shown.d[before]), float(shown.quantum[before])
        rounding = (k * quantum) ** 2 / 12.0
        total = k * d
        if self.track.law.depth == 1:
            return Base(k, total, 0.0, rounding, 0.0)
        return Base(k, total, total, total**2 + k**2, rounding)

    def _nodes(self, k: FloatArray, start: float, borders: tuple[float, ...]) -> FloatArray:
        """Ends of the cells: prints as far apart as cells are to be wide, borders, and fillers."""
        spacing = self.width / CELLS_AN_EDGE
        at = {start, float(k[-1]), *(b for b in borders if b >= start)}
        wide = np.full(len(k) - 1, spacing)
        if self.track.law.depth == 2:
            # a mean of running means remembers how its first batches differed
            wide = np.minimum(spacing, EARLY * k[:-1])
        at.update(_ends(k, wide, start))
        nodes = sorted(at)
        widest = 0.5 * self.width if self.width > 2.0 else self.width
        filled = [nodes[0]]
        for node in nodes[1:]:
            gap = node - filled[-1]
            if gap > 1.5 * widest:
                count = min(int(gap / widest), 24)
                filled.extend(round(filled[-1] + gap * i / count) for i in range(1, count))
            filled.append(node)
        places = np.sort(np.array(filled, dtype=np.float64))
        return np.asarray(places[np.concatenate(([True], np.diff(places) > 1e-6))])

    def _points(self, shown: Shown, nodes: FloatArray) -> Iterator[Point]:
        """What is observed: a cell's last print; where the bar averages twice, all its prints."""
        twice = self.track.law.depth == 2
        if twice and self.track.law.final != "same":
            for at in np.flatnonzero(shown.final).tolist():
                yield self._last_of_two(shown, at)
            held = np.flatnonzero(~shown.final)
        else:
            held = np.arange(len(shown))
        cells = np.searchsorted(nodes, shown.k[held])
        begins = np.flatnonzero(np.diff(cells, prepend=-1)).tolist()
        for begin, end in pairwise([*begins, len(held)]):
            if not twice:
                yield self._point(shown, int(held[end - 1]))
                continue
            group = held[begin:end]
            d, quanta = shown.d[group].tolist(), shown.quantum[group].tolist()
            squares = {quantum: quantum**2 for quantum in set(quanta)}
            yield Point(
                k=shown.k[group],
                d=sum(d) / len(d),
                variance=sum(map(squares.__getitem__, quanta)) / (12.0 * len(d) ** 2),
                twice=True,
            )

    def _point(self, shown: Shown, at: int, short: float = 0.0) -> Point:
        """The print `at`, as of `short` batches before."""
        k, d, quantum = float(shown.k[at]) - short, float(shown.d[at]), float(shown.quantum[at])
        unsure = self._unsure(int(shown.row[at]), k, d) if shown.ragged[at] else 0.0
        return Point(np.array([k]), d, quantum**2 / 12.0 + unsure, twice=False)

    def _last_of_two(self, shown: Shown, at: int) -> Point:
        """The last line of a bar that averages twice: the running mean, alone or appended."""
        k = float(shown.k[at])
        if self.track.law.final == "reset":
            short = 1.0 - LAST_SHARE if shown.ragged[at] and k > 1.0 else 0.0
            return self._point(shown, at, short)
        quantum = float(shown.quantum[at])
        d = float(shown.d[at])
        appended = float(shown.appended[at])
        return Point(np.array([k]), d, quantum**2 / 12.0, twice=True, appended=appended)

    def _unsure(self, row: int, k: float, displayed: float) -> float:
        """Variance that a last batch of unknown size adds to the number displayed."""
        if k <= 1.0:
            return 0.0
        level = self.track.level.get(row)
        off = displayed - (displayed if level is None else level)
        return (LAST_SHARE_SD * off / k) ** 2


def steady(end: Level, start: Level) -> float:
    """What a drift that both edges show would do between their middles."""
    return 0.0 if start.drift * end.drift < 0.0 else min(start.drift, end.drift, key=abs)


def _ends(k: FloatArray, wide: FloatArray, start: float) -> Iterator[float]:
    """The last prints that lie no farther than `wide` from the end of the cell before, cell by cell.

    `wide`: of a cell that ends at each print but the last.
    """
    end, at = start, 0
    while at < len(wide):
        beyond = k[at + 1 :] - end > wide[at:]
        found = int(beyond.argmax())
        if not beyond[found]:
            return
        at += found
        end = float(k[at])
        yield end
        at += 1


def _seen(k: FloatArray, start: float, edge: tuple[float, float], width: float) -> float:
    """Share of an edge of the given width that lies between prints close enough to tell of it."""
    before = np.concatenate(([start], k[:-1]))
    inside = np.maximum(np.minimum(k, edge[1]) - np.maximum(before, edge[0]), 0.0)
    joined = k - before <= max(APART * width, 1.0)
    return float(np.cumsum(inside[joined])[-1]) / width if joined.any() else 0.0
