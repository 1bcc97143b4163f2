"""Positions on the x axis: where a run's prints stand, batches after its begin.

Owns how long an epoch is, and from where its batches are counted. What changed since the last look is
looked at, the rest is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan
from typing import Final, NamedTuple

import numpy as np

from tui_monitor.core.averages.laws import EPOCH
from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.picture.thinning import Thinned
from tui_monitor.core.tracks.track import Track

NEVER: Final = 1 << 62
"""An epoch that none reaches."""


class _Stretch(NamedTuple):
    """Rows of one epoch that follow each other."""

    epoch: int
    first: int
    least: float
    """Least batch of the epoch among them; inf where none is known."""
    batches: float
    """Greatest one; -inf where none is known."""


class Seen:
    """A track as far as it was looked at: where its rows stand."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.rows = 0
        self.stretches: list[_Stretch] = []
        self.thinned = Thinned()
        self.changed = 0
        """First row that may differ from the picture before."""
        self.first_epoch = 1
        """The earliest epoch of such a row."""

    def look(self) -> None:
        """Take in what is new."""
        before, self.rows = self.rows, len(self.track)
        self.changed = changed = min(self.track.changes(), before)
        # epochs ascend: the first row that changed tells the earliest, then and now
        old = next((s.epoch for s in reversed(self.stretches) if s.first <= changed), NEVER)
        new = self.track.places.epoch[changed] if changed < self.rows else NEVER
        self.first_epoch = min(old if changed < before else NEVER, new)
        self._stretch_from(changed, grown=changed == before)

    def amid(self) -> FloatArray:
        """Batches done, of shape (rows,): nan where a print is its epoch's last, or none are known."""
        places = self.track.places
        return np.where(places.final(0, self.rows), nan, places.counted(slice(self.rows)))

    def done(self, row: int) -> float | None:
        """Batches done at a row, where they are known."""
        k = float(self.track.places.counted(slice(row, row + 1))[0])
        return k if k == k else None

    def _stretch_from(self, changed: int, *, grown: bool) -> None:
        """Find the stretches anew from the one that the row `changed` lies in."""
        begin, stretches, between = changed, self.stretches, grown
        while stretches and stretches[-1].first >= changed:
            between = stretches.pop().first == changed
        if stretches and not between:
            begin = stretches.pop().first
        epochs = self.track.places.epoch.peek()[begin : self.rows]
        if not epochs.size:
            return
        starts = np.concatenate(([0], np.flatnonzero(np.diff(epochs)) + 1))
        k = self.track.places.counted(slice(begin, self.rows))
        least = np.minimum.reduceat(np.nan_to_num(k, nan=inf), starts).tolist()
        batches = np.maximum.reduceat(np.nan_to_num(k, nan=-inf), starts).tolist()
        for start, low, most in zip(starts.tolist(), least, batches, strict=True):
            epoch = int(epochs[start])
            if stretches and stretches[-1].epoch == epoch:
                held = stretches[-1]
                low, most = min(low, held.least), max(most, held.batches)
                stretches[-1] = held._replace(least=low, batches=most)
            else:
                stretches.append(_Stretch(epoch, begin + start, low, most))

    def batches(self, epoch: int) -> dict[int, tuple[float, float]]:
        """Least and greatest batch of each epoch from `epoch` on, where they are known."""
        found: dict[int, tuple[float, float]] = {}
        for stretch in reversed(self.stretches):
            if stretch.epoch < epoch:
                break
            if stretch.batches > -inf:
                low, most = found.get(stretch.epoch, (inf, 0.0))
                found[stretch.epoch] = min(low, stretch.least), max(most, stretch.batches)
        return found

    def last_rows(self, epoch: int) -> dict[int, int]:
        """The newest row of each epoch from `epoch` on."""
        found: dict[int, int] = {}
        end = self.rows
        for stretch in reversed(self.stretches):
            if stretch.epoch < epoch:
                break
            found.setdefault(stretch.epoch, end - 1)
            end = stretch.first
        return found


def _counts_batches(seen: Seen) -> bool:
    """Whether the prints of a metric that is drawn tell how many batches an epoch has."""
    if seen.track.metric.split == "train":
        return seen.track.law.key != EPOCH.key
    return bool(np.isfinite(seen.amid()).any())


def _spans(seen: Seen, decoder: RunDecoder, known: FloatArray, last: int) -> FloatArray:
    """Where the count of batches stood before and after each epoch, of which the first are known.

    Shape (last, 2); nan where it is not known. An epoch that is over is as long as it says, as its
    newest batches may not be printed; a total of twice as many is that of several epochs. Where steps
    go on over epochs, each begins where it is known to; else they are counted from the run's start.
    """
    first = len(known) + 1
    newest, of_epoch, rows = decoder.prints[-1], seen.batches(first), seen.last_rows(first)
    spans = np.full((last, 2), nan)
    spans[: len(known)] = known
    done = float(np.nansum(known[:, 1] - known[:, 0]))
    for epoch in sorted(of_epoch):
        least, end = of_epoch[epoch]
        p = decoder.prints[seen.track.print_index[rows[epoch]]]
        if p.before and epoch > 1:
            spans[epoch - 2, 1] += p.before - done
            done = float(p.before)
        counted = p.before is None or (p.before == 0 and p.steps is None and least > done)
        before = done if counted else 0.0
        if p.steps is not None and (epoch < newest.epoch or newest.final):
            told = decoder.places.epoch_batches(p) or 0
            end = float(told) if end < told < 2 * end else end
        spans[epoch - 1] = before, end
        done += end - before
    return spans


class Ruler:
    """Positions on the x axis: batches since the run's start, or epochs where nothing is finer."""

    def __init__(
        self,
        seen: Sequence[Seen] = (),
        decoder: RunDecoder | None = None,
        before: Ruler | None = None,
    ) -> None:
        """`before`: that of the look before, whose epochs stay as far as nothing in them changed."""
        self._measured = next((each for each in seen if _counts_batches(each)), None)
        last = decoder.prints[-1].epoch if decoder is not None and decoder.prints else 0
        self._spans: FloatArray = np.full((last, 2), nan)
        if decoder is not None and self._measured is not None:
            known: FloatArray = np.empty((0, 2))
            if before is not None and before._measured is self._measured:
                # The newest of then may be over by now.
                known = before._spans[: max(min(self._measured.first_epoch, last) - 2, 0)]
            self._spans = _spans(self._measured, decoder, known, last)
        lengths = self._spans[:, 1] - self._spans[:, 0]
        unknown = np.isnan(lengths)
        self.by_batch = not bool(unknown.all())
        lengths = np.where(unknown, 1.0, lengths)
        self.starts: FloatArray = np.concatenate(([0.0], np.cumsum(lengths)))
        """Position where epoch e starts is starts[e - 1]; where it ends, starts[e]."""
        self.origins: FloatArray = self.starts.copy()
        """Position where the batches of epoch e are counted from is origins[e - 1]."""
        self.origins[:last] -= np.nan_to_num(self._spans[:, 0])

    def ends(self, epochs: IntArray) -> FloatArray:
        """Positions of the ends of epochs; the newest epoch's for what comes after it."""
        return np.asarray(self.starts[np.minimum(epochs, len(self.starts) - 1)])

    def position(self, epoch: int, k: float | None) -> float:
        """Position after k batches of an epoch; of its end if k is None."""
        at = min(epoch, len(self.starts) - 1)
        if not self.by_batch or k is None:
            return float(self.starts[at])
        return float(self.origins[at - 1]) + k
