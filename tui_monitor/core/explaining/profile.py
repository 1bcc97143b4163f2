"""What the prints inside an epoch show as a whole: its profile in tenths, and its widest gap."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, median
from tui_monitor.core.tracks.track import Track

SECTIONS = 10
"""Parts of an epoch whose levels make its profile; each is as long as an edge."""
OF_NOISE = 5.0
"""Variance of a turn of pure chance, in variances of a section's mean: (1.5^2 + 0.5^2) on either
side."""
BEYOND = 2.0
"""Times the variance of chance that turns must have to be more than chance."""


class Profile(NamedTuple):
    """An epoch in equal parts."""

    means: FloatArray
    """Of the batches in each, shape (SECTIONS,)."""
    sd: float
    """What chance does to each."""


def profile(track: Track, epoch: int) -> Profile | None:
    """The profile of an epoch that is over; None if it is not, or has parts without prints."""
    rows = track.places.of_epoch(epoch)
    if epoch < 1 or not rows or track.filter is None:
        return None
    if not track.places.is_final(rows[-1]) and track.places.epoch[-1] == epoch:
        return None
    k = np.nan_to_num(track.places.k.peek()[rows.start : rows.stop])
    values = track.value.peek()[rows.start : rows.stop]
    k, values = k[np.isfinite(values)], values[np.isfinite(values)]
    # of prints that came out of order the later ones say nothing more
    further = k > np.concatenate(([0.0], np.maximum.accumulate(k)[:-1])) if len(k) else k > 0.0
    ends = np.concatenate(([0.0], k[further]))
    sums = np.concatenate(([0.0], np.cumsum(np.diff(ends) * values[further])))
    at = np.linspace(0.0, ends[-1], SECTIONS + 1)
    if len(ends) < 2 or float(np.diff(ends).max()) > at[1] + 1.0:
        return None
    means = np.diff(np.interp(at, ends, sums)) / at[1]
    noise = track.filter.noise.variance(float(means.mean()))
    return Profile(np.asarray(means), sqrt(noise / at[1]))


def turns(means: FloatArray) -> FloatArray:
    """What each change from one section to the next does beyond the mean of its neighbours."""
    change = np.diff(means)
    return np.asarray(change[1:-1] - 0.5 * (change[:-2] + change[2:]))


def restlessness(track: Track, epochs: tuple[int, int]) -> float:
    """Variance of what the level does by itself from tenth to tenth inside the epochs, no trend.

    A step at a boundary says something only if the level does not step like that all the time.
    """
    found = [shape for epoch in epochs if (shape := profile(track, epoch)) is not None]
    if not found:
        return 0.0
    size = np.concatenate([np.abs(turns(shape.means)) for shape in found])
    typical = median(size) / 0.6745
    chance = OF_NOISE * float(np.mean([shape.sd**2 for shape in found]))
    return typical**2 - chance if typical**2 > BEYOND * chance else 0.0


class Gap(NamedTuple):
    """The widest window between two prints of an epoch, and what comes after it."""

    epoch: int
    first: int
    """First of its batches, 1-based."""
    last: int
    mean: float
    half_width: float
    """Guaranteed by the rounding of the prints."""
    after: int
    """Batches of the epoch that come after it."""
    half_width_after: float
    """To which one of those is known, at best."""


def widest_gap(track: Track, epoch: int) -> Gap | None:
    """The widest window between two prints of an epoch, where its mean is known."""
    rows = [row for row in track.places.of_epoch(epoch) if track.value.get(row) is not None]
    if not rows:
        return None
    widest = max(rows, key=lambda row: _width(track, row))
    last = track.places.batches(widest) or 0
    after = [row for row in rows if (track.places.batches(row) or 0) > last]
    ends = max((track.places.batches(row) or 0 for row in after), default=last)
    return Gap(
        epoch=epoch,
        first=last - _width(track, widest) + 1,
        last=last,
        mean=track.value[widest],
        half_width=0.5 * (track.high[widest] - track.low[widest]),
        after=ends - last,
        half_width_after=min((_half_width(track, row) for row in after), default=0.0),
    )


def _width(track: Track, row: int) -> int:
    return (track.places.batches(row) or 0) - track.from_k[row]


def _half_width(track: Track, row: int) -> float:
    return 0.5 * (track.high[row] - track.low[row]) * _width(track, row)
