"""From a run's tracks to what a screen draws: columns with positions, and the table of epochs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan, sqrt

import numpy as np

from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.laws import EPOCH
from tui_monitor.core.records import Curve, EpochRow, Event, FloatArray, LawEvidence
from tui_monitor.core.track import Track

NO_LAW = LawEvidence("unknown", None, None, settled=False)


class Ruler:
    """Positions on the x axis: batches since the run's start, or epochs where nothing is finer."""

    def __init__(self, decoder: RunDecoder) -> None:
        self.by_batch = False
        size: dict[int, float] = {}
        for track in decoder.tracks.values():
            if track.metric.split != "train" or track.law.key == EPOCH.key:
                continue
            for place in track.places:
                if place.k is not None:
                    self.by_batch = True
                    size[place.epoch] = max(size.get(place.epoch, 0.0), float(place.k))
            break
        last = max((p.epoch for p in decoder.prints[-1:]), default=0)
        lengths = [size.get(e, 1.0) if self.by_batch else 1.0 for e in range(1, last + 1)]
        self.starts: FloatArray = np.concatenate(([0.0], np.cumsum(lengths)))
        """Position where epoch e starts is starts[e - 1]; where it ends, starts[e]."""

    def position(self, epoch: int, k: float | None) -> float:
        """Position after k batches of an epoch; of its end if k is None."""
        at = min(epoch, len(self.starts) - 1)
        if not self.by_batch or k is None:
            return float(self.starts[at])
        return float(self.starts[at - 1]) + k


def curve(decoder: RunDecoder, track: Track, ruler: Ruler) -> Curve:
    """The columns of a train metric, in ascending position."""
    epochs = np.array([p.epoch for p in track.places], dtype=np.int64)
    k = np.array([nan if p.k is None else p.k for p in track.places], dtype=np.float64)
    starts = ruler.starts[np.minimum(epochs, len(ruler.starts) - 1) - 1]
    ends = ruler.starts[np.minimum(epochs, len(ruler.starts) - 1)]
    from_k = track.from_k.array().astype(np.float64)
    if ruler.by_batch:
        x = np.where(np.isnan(k), ends, starts + k)
        x_from = np.where(from_k < 0, x, starts + from_k)
    else:
        x, x_from = ends, starts
    order = np.argsort(x, kind="stable")
    variance = track.variance.array()
    val = decoder.tracks.get(f"val_{track.metric.name}")
    val_x, val_y = _val_points(val, ruler)
    return Curve(
        metric=track.metric.name,
        val_metric=None if val is None else val.metric.name,
        higher_is_better=track.metric.higher_is_better,
        bounds=(track.metric.low, track.metric.high),
        x=x[order],
        x_from=x_from[order],
        displayed=track.displayed.array()[order],
        value=track.value.array()[order],
        low=track.low.array()[order],
        high=track.high.array()[order],
        level=track.level.array()[order],
        level_sd=np.sqrt(np.maximum(variance, 0.0))[order],
        val_x=val_x,
        val=val_y,
        law=decoder.law or NO_LAW,
        inertia=inertia(track),
    )


def _val_points(val: Track | None, ruler: Ruler) -> tuple[FloatArray, FloatArray]:
    if val is None:
        return np.empty(0), np.empty(0)
    xs = [ruler.position(p.epoch, None) for p in val.places]
    return np.array(xs, dtype=np.float64), val.displayed.array()


def inertia(track: Track) -> tuple[float, float] | None:
    """Most that one more batch can move the displayed number, down and up.

    After k batches a running mean R moves to (k R + x) / (k + 1): by at most (high - R) / (k + 1) up
    and (R - low) / (k + 1) down. A bar that averages twice shows D, which the new R draws along by
    (R - D) / (k + 1); R itself is decoded there, and taken two standard errors farther.
    """
    if not len(track) or not track.law.depth or track.filter is None:
        return None
    place, d = track.places[-1], track.displayed[-1]
    if place.k is None or not isfinite(d) or place.final:
        return None
    k = place.k
    low, high = track.metric.low, track.metric.high
    if track.law.depth == 1:
        lowest, highest = d - (d - low) / (k + 1.0), d + (high - d) / (k + 1.0)
    else:
        total, error = track.filter.state[1], 2.0 * sqrt(max(track.filter.state[6], 0.0))
        lowest = (total - error + low) / (k + 1.0)
        highest = (total + error + high) / (k + 1.0)
        lowest, highest = d + (lowest - d) / (k + 1.0), d + (highest - d) / (k + 1.0)
    return (max(d - lowest, 0.0), max(highest - d, 0.0))


def epoch_rows(decoder: RunDecoder, events: Sequence[Event]) -> list[EpochRow]:
    """The table of epochs, a row an epoch and train metric."""
    marks: dict[int, list[str]] = {}
    for event in events:
        if event.kind != "other" and event.kind not in marks.setdefault(event.epoch, []):
            marks[event.epoch].append(event.kind)
    rows: list[EpochRow] = []
    for track in decoder.tracks.values():
        if track.metric.split != "train":
            continue
        val = decoder.tracks.get(f"val_{track.metric.name}")
        vals = {} if val is None else {p.epoch: val.displayed[i] for i, p in enumerate(val.places)}
        last = {place.epoch: row for row, place in enumerate(track.places)}
        for epoch, row in last.items():
            level, sd = _level_end(track, epoch, row)
            p = decoder.prints[track.print_index[row]]
            rows.append(
                EpochRow(
                    epoch=epoch,
                    label=p.label,
                    metric=track.metric.name,
                    displayed=track.displayed[row],
                    level_end=level,
                    level_end_sd=sd,
                    val=vals.get(epoch),
                    seconds=p.elapsed if p.final else None,
                    marks=", ".join(marks.get(epoch, [])),
                )
            )
    rows.sort(key=lambda r: r.epoch)
    return rows


def _level_end(track: Track, epoch: int, row: int) -> tuple[float | None, float | None]:
    """Decoded level after an epoch's newest print, and its standard deviation."""
    known = track.epoch_ends.get(epoch)
    if known is None:
        level = track.level.get(row)
        return level, None if level is None else track.sd(row)
    return known[0], sqrt(known[1])
