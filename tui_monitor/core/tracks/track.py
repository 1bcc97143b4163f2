"""One metric of one run: its prints as columns, decoded as they arrive and again when more is known.

A track owns the raw prints of its metric and what is derived from them under one law and one batch
size. Bounds (`chain`) and level (`following`) are carried forward print by print; when an epoch ends,
what its later prints say is carried back over it. When the law or the batch size turns out otherwise
the track is decoded again from its raw prints, as far as that changes them: another guess of the noise
leaves the bounds as they are, another rule of last lines all but these.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, nan, sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core.averages.bounds import printed
from tui_monitor.core.averages.counts import FewCounts
from tui_monitor.core.averages.laws import AS_PRINTED, INSTANTANEOUS, Law
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.level.filter import LevelFilter
from tui_monitor.core.level.following import Bookmark, Following
from tui_monitor.core.metrics import Metric, decimals, finer, in_percent, is_percent_of
from tui_monitor.core.noise import Family
from tui_monitor.core.tracks.means import Links, Means
from tui_monitor.core.tracks.rows import Rows
from tui_monitor.core.tracks.singles import Singles


class Checkpoint(NamedTuple):
    """A track before a provisional row."""

    rows: int
    epoch: int
    links: Links
    metric: Metric
    finest: float
    following: Following
    bookmark: Bookmark


class Track(Rows):
    """Rows, and the state of what is carried from print to print."""

    def __init__(self, metric: Metric, law: Law, batch_size: int | None) -> None:
        super().__init__()
        self.metric = metric
        self.law = law
        self.batch_size = batch_size
        self.counted = True
        """The batch size is certain enough to count right answers by."""
        self.countable = True
        """Every batch but an epoch's last is a full one, as far as the prints have shown."""
        self.finest = inf
        """Least quantum of its large prints, by which `decimals` tells it."""
        self._first_noise: float | None = None
        self._forget()

    def _forget(self) -> None:
        """Back to before the first print; the raw columns stay."""
        self.possible = FewCounts()
        self.following = Following(self, self.metric, self.law, self.batch_size, self._first_noise)
        self._means = Means(self, self.metric, self.law, self.counted_by, self.following)
        self._method = self._method_of_law()
        self._epoch = 0
        self._before_last_line: Checkpoint | None = None
        """Before the newest line that ended an epoch."""

    @property
    def filter(self) -> LevelFilter | None:
        """The level's filter; None before the first print that it is told."""
        return self.following.filter

    @property
    def decimals(self) -> int:
        """Decimals that its numbers are told with."""
        return decimals(self.metric, self.finest)

    @property
    def epoch_ends(self) -> dict[int, tuple[float, float]]:
        """Level and variance at the end of each epoch that is over, from the prints up to there."""
        return self.following.epoch_ends

    # --- prints in ---------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """What it takes to forget the rows added from now on."""
        return Checkpoint(
            rows=len(self.places),
            epoch=self._epoch,
            links=self._means.bookmark(),
            metric=self.metric,
            finest=self.finest,
            following=self.following,
            bookmark=self.following.bookmark(),
        )

    def rollback(self, to: Checkpoint) -> None:
        """Forget the rows added since the checkpoint."""
        self.finest = to.finest
        self.cut(to.rows)
        self.places.cut(to.rows)
        if self.following is not to.following:
            # they had all rows decoded again
            self.metric = to.metric
            self.decode_again()
            return
        self._epoch = to.epoch
        self._means.back_to(to.links)
        self.following.back_to(to.bookmark)

    def add(
        self,
        place: Position,
        displayed: float,
        quantum: float,
        print_index: int,
        told: float | None = None,
    ) -> int:
        """Take a print, which the law takes for `told`; returns its row."""
        row = len(self.displayed)
        if place.final and self.law.depth:
            self._before_last_line = self.checkpoint()
        self.places.append(place)
        self.grow(displayed, displayed if told is None else told, quantum, print_index)
        if not (self.metric.low <= displayed <= self.metric.high or self.law.summed):
            self._doubt_range(displayed)
        self.finest = finer(self.finest, displayed, quantum)
        if row and self.places.is_ragged(row - 1):
            self._confirm_full(row)
        self._take(row, place)
        if not self._means.countable:
            self.countable = False
            self.decode_again()
        return row

    def _confirm_full(self, row: int) -> None:
        """The print before, of an epoch of unknown length, was not the last: its batches are full."""
        before, place = self.places[row - 1], self.places[row]
        if before.epoch != place.epoch or before.k is None or place.k is None:
            return
        if place.k <= before.k:
            return
        self.places[row - 1] = before._replace(ragged=False)
        self._means.confirm_full(row - 1)

    def _doubt_range(self, displayed: float) -> None:
        """A range that the name promised and a print contradicts is dropped, or is that of percent."""
        if not isfinite(displayed) or self.metric.low <= displayed <= self.metric.high + 1e-9:
            return
        if is_percent_of(self.metric, displayed):
            self.metric = in_percent(self.metric)
            self.decode_again(last=len(self.places) - 1)
            return
        low = 0.0 if displayed > 0.0 and self.metric.low == 0.0 else -inf
        family: Family = "positive" if low == 0.0 else "real"
        self.metric = self.metric._replace(family=family, low=low, high=inf, counts=False)
        self.decode_again(last=len(self.places) - 1)

    def guess_noise(self, scale: float | None) -> None:
        """Take a guess of the batches' noise, as `Noise.scale`, while their size is unknown."""
        if scale is None or scale == self._first_noise:
            return
        self._first_noise = scale
        if not self.batch_size and self.law.depth:
            self.follow_again()

    def obey(self, law: Law) -> None:
        """Another law is found to be obeyed: decode again what that changes.

        Laws that average equally often differ in lines that may end an epoch. As long as there was none
        but the newest, only that is taken anew.
        """
        alike = 0 < law.depth == self.law.depth and not self._means.narrowed
        self.law, rows = law, len(self)
        first = next(
            iter(np.flatnonzero(self.places.ragged() | self.places.final()).tolist()), rows
        )
        before = self._before_last_line
        if alike and first == rows:
            self.touch(0)
            self._means.obey(law)
        elif alike and before is not None and self._is_all_since(before, first):
            place, index, told = self.places[first], self.print_index[first], self.told[first]
            displayed, quantum = self.displayed[first], self.quantum[first]
            self.rollback(before)
            self.touch(0)
            self._means.obey(law)
            self.add(place, displayed, quantum, index, told)
        else:
            self.decode_again()

    def _is_all_since(self, before: Checkpoint, row: int) -> bool:
        """Whether the newest row is all that was taken since, and it left the others alone."""
        if before.rows != row or row != len(self) - 1 or self._epoch in self._means.uncountable:
            return False
        now, then = self._means.bookmark(), before.links
        same = now.chain is then.chain and self.following is before.following
        return same and now.links == then.links + (not self.outlier[row])

    @property
    def counted_by(self) -> int | None:
        """Samples a batch, where right answers are counted by them."""
        counts = self.metric.counts and self.countable and self.counted
        return self.batch_size if counts else None

    def decode_again(self, last: int | None = None) -> None:
        """Decode all rows (or those before `last`) again, after the law or batch size was set."""
        self._forget()
        for row in range(len(self.places) if last is None else last):
            self.clear(row)
            self._take(row, self.places[row])

    def follow_again(self) -> None:
        """Follow the level behind running means again, after only a guess of its noise was set.

        Bounds stay as they are, unless they are not what the level was told, or it has set values by
        itself: then all is decoded again.
        """
        heard = self.following.heard()
        late = np.isfinite(self.value.peek()) & np.isnan(self.level.peek())
        if heard is None or self._means.narrowed or late.any():
            self.decode_again()
            return
        self.touch(0)
        self.following = Following(self, self.metric, self.law, self.batch_size, self._first_noise)
        self._means.follow_again(heard, self.following)

    def _take(self, row: int, place: Position) -> None:
        if place.epoch != self._epoch:
            self.close_epoch()
            self._open_epoch(place.epoch)
        if self.law.goes_on:
            place = place._replace(k=place.done, n=place.done, ragged=False)
        elif self.law.decay < 1.0:  # each batch counts once, whatever its size
            place = place._replace(n=place.k, ragged=False)
        self._method(row, place, self.told[row])

    def _method_of_law(self) -> Callable[[int, Position, float], None]:
        """What takes a row, its place and its number, as the law would have it."""
        if not self.metric.averaged or self.law.name in AS_PRINTED:
            return self._take_as_printed
        if self.law.inverted:
            return self._means.take
        return Singles(self, self.metric, self.law, self.following).take

    def _take_as_printed(self, row: int, _: Position, d: float) -> None:
        """What is no mean of batches is shown where the law says that none is."""
        if self.law.key == INSTANTANEOUS.key:
            self.show(row, printed(d, self.quantum[row]))

    def _open_epoch(self, epoch: int) -> None:
        first, self._epoch = not self._epoch, epoch
        if self.law.goes_on and not first:
            self.following.begin_epoch(self._means.done)
            return
        if self.law.inverted:
            self._means.begin()
        self.following.begin_epoch()

    # --- looking back ------------------------------------------------------------------------

    def close_epoch(self) -> None:
        """The epoch is over: carry what its later prints say back over it."""
        self.following.end_epoch(self._epoch)
        if self.law.inverted:
            self._means.end_epoch()

    def smooth_all(self) -> None:
        """Carry what all prints say back over the whole run."""
        self.following.smooth_all()

    def sd(self, row: int) -> float:
        """Standard deviation of the level at a row; nan where there is none."""
        variance = self.variance[row]
        return sqrt(variance) if variance >= 0.0 else nan
