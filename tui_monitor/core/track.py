"""One metric of one run: its prints as columns, decoded as they arrive and again when more is known.

A track owns the raw prints of its metric and what is derived from them under one law and one batch
size. Bounds (`chain`) and level (`following`) are carried forward print by print; when an epoch ends,
what its later prints say is carried back over it. When the law or the batch size turns out otherwise
the track is decoded again from its raw prints, as far as that changes them: another guess of the noise
leaves the bounds as they are, another rule of last lines all but these.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, nan, sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core import observations
from tui_monitor.core.bounds import Interval, printed
from tui_monitor.core.chain import Chain, Position
from tui_monitor.core.counts import Few, count_windows
from tui_monitor.core.following import Bookmark, Following, Heard
from tui_monitor.core.gaps import Gap
from tui_monitor.core.kalman import Observation
from tui_monitor.core.laws import AS_PRINTED, EPOCH, INSTANTANEOUS, Law
from tui_monitor.core.level import LevelFilter
from tui_monitor.core.metrics import Metric, in_percent, is_percent_of
from tui_monitor.core.noise import Family
from tui_monitor.core.series import ABSENT, Columns
from tui_monitor.core.sliding import Guess

RESTATING = ("reset", "running-appended")
"""Rules of a last line that tells something new of batches that were all printed before."""


class Checkpoint(NamedTuple):
    """A track before a provisional row."""

    rows: int
    epoch: int
    chain: Chain | None
    links: int
    refused: int
    metric: Metric
    following: Following
    bookmark: Bookmark


class Track(Columns):
    """Columns, one row a print, and the state of what is carried from print to print."""

    def __init__(self, metric: Metric, law: Law, batch_size: int | None) -> None:
        super().__init__()
        self.metric = metric
        self.law = law
        self.batch_size = batch_size
        self.counted = True
        """The batch size is certain enough to count right answers by."""
        self.places: list[Position] = []
        self.possible: dict[int, Few] = {}
        """Counts of a row's window, where it is one of a few; known once its epoch is over."""
        self.countable = True
        """Every batch but an epoch's last is a full one, as far as the prints have shown."""
        self._first_noise: float | None = None
        self._forget()

    def _forget(self) -> None:
        """Back to before the first print; the raw columns stay."""
        self.possible.clear()
        self.following = Following(self, self.metric, self.law, self.batch_size, self._first_noise)
        self._epoch = 0
        self._uncountable: set[int] = set()
        self._narrowed = False
        """Bounds are narrower than those that the level's filter was told of."""
        self._before_last_line: Checkpoint | None = None
        """Before the newest line that ended an epoch."""
        self._chain: Chain | None = None
        """Of the newest epoch, or of all where the sums go on; None where nothing is averaged, or a nan
        has swallowed the sum."""

    @property
    def filter(self) -> LevelFilter | None:
        """The level's filter; None before the first print that it is told."""
        return self.following.filter

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
            chain=self._chain,
            links=0 if self._chain is None else len(self._chain.links),
            refused=0 if self._chain is None else self._chain.refused,
            metric=self.metric,
            following=self.following,
            bookmark=self.following.bookmark(),
        )

    def rollback(self, to: Checkpoint) -> None:
        """Forget the rows added since the checkpoint."""
        self.cut(to.rows)
        del self.places[to.rows :]
        if self.following is not to.following:
            # they had all rows decoded again
            self.metric = to.metric
            self.decode_again()
            return
        self._epoch = to.epoch
        self._chain = to.chain
        if to.chain is not None:
            while len(to.chain.links) > to.links:
                to.chain.pop()
            to.chain.refused = to.refused
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
        row = len(self.places)
        if place.final and self.law.depth:
            self._before_last_line = self.checkpoint()
        self.places.append(place)
        self.grow(displayed, displayed if told is None else told, quantum, print_index)
        if not (self.metric.low <= displayed <= self.metric.high or self.law.summed):
            self._doubt_range(displayed)
        if row and self.places[row - 1].ragged:
            self._confirm_full(row)
        self._take(row)
        if not self.countable and self._uncountable:
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
        chain = self._chain
        if chain is None or not chain.links or chain.links[-1].row != row - 1:
            return
        self._narrowed = True
        if chain.confirm_full():
            self._window(chain, len(chain.links))
        else:
            self._cast_out(row - 1)

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
        alike = 0 < law.depth == self.law.depth and not self._narrowed
        self.law, rows = law, len(self)
        first = next(
            (i for i, place in enumerate(self.places) if place.ragged or place.final), rows
        )
        before = self._before_last_line
        if alike and first == rows:
            self._go_on_by(law)
        elif alike and before is not None and self._is_all_since(before, first):
            place, index, told = self.places[first], self.print_index[first], self.told[first]
            displayed, quantum = self.displayed[first], self.quantum[first]
            self.rollback(before)
            self._go_on_by(law)
            self.add(place, displayed, quantum, index, told)
        else:
            self.decode_again()

    def _is_all_since(self, before: Checkpoint, row: int) -> bool:
        """Whether the newest row is all that was taken since, and it left the others alone."""
        if before.rows != row or row != len(self) - 1 or self._epoch in self._uncountable:
            return False
        links = 0 if self._chain is None else len(self._chain.links)
        same = self._chain is before.chain and self.following is before.following
        return same and links == before.links + (not self.outlier[row])

    def _go_on_by(self, law: Law) -> None:
        self.touch(0)
        self.following.law = law
        if self._chain is not None:
            self._chain.law = law

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
            self._take(row)

    def follow_again(self) -> None:
        """Follow the level behind running means again, after only a guess of its noise was set.

        Bounds stay as they are, unless they are not what the level was told, or it has set values by
        itself: then all is decoded again.
        """
        heard = self.following.heard()
        late = np.isfinite(self.value.peek()) & np.isnan(self.level.peek())
        if heard is None or self._narrowed or late.any():
            self.decode_again()
            return
        self.touch(0)
        self.following = Following(self, self.metric, self.law, self.batch_size, self._first_noise)
        *over, newest = heard
        for epoch in over:
            self._tell_once_more(epoch)
            if epoch:
                self.following.end_epoch(self.places[epoch[0].row].epoch)
                self.following.smooth_epoch()
            self.following.begin_epoch()
        self._tell_once_more(newest)

    def _tell_once_more(self, rows: Sequence[Heard]) -> None:
        for row, gap, o in rows:
            place, d, quantum = self.places[row], self.told[row], self.quantum[row]
            assert place.k is not None
            tracker, n = self.following.tracker(d), place.k - self.from_k[row]
            told = observations.once_more(o, self.law, tracker, place, n, d, quantum)
            self._tell(row, tracker, gap, told)

    def _take(self, row: int) -> None:
        place, d = self.places[row], self.told[row]
        if place.epoch != self._epoch:
            self.close_epoch()
            self._open_epoch(place.epoch)
        if not self.metric.averaged or self.law.name in AS_PRINTED:
            if self.law.key == INSTANTANEOUS.key:
                self._show(row, printed(d, self.quantum[row]))
            return
        if self.law.goes_on:
            place = place._replace(k=place.done, n=place.done, ragged=False)
        if self._chain is not None:
            if place.k is not None:
                self._take_mean(self._chain, row, place, d)
            elif place.final and not self._chain.links:
                # all that the log shows of the epoch is its last number: the mean of all of it
                self._show(row, printed(d, self.quantum[row]))
        elif self.law.name == "interval" and place.k is not None:
            self._take_interval(row, place.k, d)
        elif not self.law.inverted:
            self._take_single(row, place, d)

    def _show(self, row: int, where: Interval) -> None:
        """The number is its own estimate."""
        if isfinite(self.displayed[row]):
            self.value[row] = self.displayed[row]
            self.low[row], self.high[row] = where

    def _open_epoch(self, epoch: int) -> None:
        first, self._epoch = not self._epoch, epoch
        if self.law.goes_on and not first:
            self.following.begin_epoch(0 if self._chain is None else self._chain.last_k)
            return
        counted = self.metric.counts and self.countable and self.counted
        size = self.batch_size if counted else None
        self._chain = Chain(self.law, self.metric, size) if self.law.inverted else None
        self.following.begin_epoch()

    # --- single values -----------------------------------------------------------------------

    def _take_single(self, row: int, place: Position, d: float) -> None:
        """A number that stands for itself: one batch, or a whole epoch."""
        self._show(row, printed(d, self.quantum[row]))
        if self.law.key == EPOCH.key and place.k is not None:
            self.from_k[row] = 0
        elif self.law.key == INSTANTANEOUS.key and place.k is not None:
            self.from_k[row] = place.k - 1
        if self.metric.split == "val" or not isfinite(d):
            return
        self.following.take_alone(row, 1, d, self.quantum[row])

    def _take_interval(self, row: int, k: int, d: float) -> None:
        """A mean, or a sum, over the batches since the print before."""
        k0 = self._done_before(row)
        self._set_begin(row, k, k0)
        if k <= k0:
            return
        if row == 1 and k0 > k - k0:
            # the log's first print was not the run's: it tells of as many batches as this one
            self.touch(0)
            self._set_begin(0, k0, 2 * k0 - k)
        parts = k - k0 if self.law.summed else 1
        where = printed(d, self.quantum[row])
        self._show(row, Interval(where.low / parts, where.high / parts))
        if not isfinite(d):
            return
        self.value[row] = d / parts
        self.following.take_alone(row, k - k0, d / parts, self.quantum[row] / parts)

    def _done_before(self, row: int) -> int:
        """Batches done at the print before, as the law counts them."""
        if not row:
            return 0
        before = self.places[row - 1]
        if self.law.goes_on:
            return before.done or 0
        return (before.k or 0) if before.epoch == self.places[row].epoch else 0

    def _set_begin(self, row: int, k: int, k0: int) -> None:
        """The row's window begins after batch `k0`, where the row is of batch `k`."""
        self.from_k[row] = k0 if not self.law.goes_on else k0 - k + (self.places[row].k or 0)

    # --- running means -----------------------------------------------------------------------

    def _take_mean(self, chain: Chain, row: int, place: Position, d: float) -> None:
        """A running mean: invert it into the window since the last print, and follow the level."""
        assert place.k is not None
        if not isfinite(d):
            self._lose_sum(chain, place.k)
            return
        where = printed(d, self.quantum[row])
        k0, index = chain.before(place.k)
        if place.k < chain.last_k:
            self._set_begin(row, place.k, k0)
            self._take_late(chain, row, place, index, where)
            return
        if place.k == k0 and not (place.final and self.law.final in RESTATING):
            self._set_begin(row, place.k, k0)
            return  # a redraw that adds no batch
        if not chain.push(row, place, where):
            self._set_begin(row, place.k, k0)
            self._cast_out(row)
            culprit = chain.refuse(row, place, where)
            if culprit is None:
                return
            self._cast_out(culprit.row)
            self.outlier[row] = 0
        if chain.uncountable and self._epoch not in self._uncountable:
            self._lose_count(chain)
        self._window(chain, len(chain.links))
        self._follow(chain, row, place, k0)

    def _lose_sum(self, chain: Chain, k: int) -> None:
        """No number was printed: the sum is lost until an epoch resets it, or what spoilt it leaves."""
        if self.law.window is None:
            self._chain = None
        elif chain.links or not chain.last_k:
            self._chain = Chain(self.law, self.metric, None, since=k)
            self.following.sum_began = k

    def _lose_count(self, chain: Chain) -> None:
        """The epoch holds a short batch before its end: nothing in it is a count any more.

        Where that comes again, the data are cut so that it may be anywhere: count no epoch at all.
        """
        self._uncountable.add(self._epoch)
        for index in range(1, len(chain.links)):
            self._window(chain, index)
        if len(self._uncountable) > 1:
            self.countable = False

    def _cast_out(self, row: int) -> None:
        """A print that no batches could have made tells nothing."""
        self.touch(row)
        self.outlier[row] = 1
        self.value[row] = self.low[row] = self.high[row] = nan
        self.count[row] = ABSENT

    def _window(self, chain: Chain, index: int) -> None:
        """Bounds and count of the window that ends at the chain's print `index` (1-based)."""
        row, k, *_ = chain.links[index - 1]
        self.touch(row)
        self._set_begin(row, k, chain.begins(index))
        window = chain.window(index)
        if window is not None:
            self._set_bounds(row, window)
            count = chain.count(index)
            self.count[row] = ABSENT if count is None else count

    def _set_bounds(self, row: int, window: Interval) -> None:
        low, high = window
        self.low[row] = low if isfinite(low) else nan
        self.high[row] = high if isfinite(high) else nan

    def _take_late(
        self, chain: Chain, row: int, place: Position, index: int, where: Interval
    ) -> None:
        """A print that comes after a later batch's (asynchronous callbacks): bounds only."""
        if self.places[row].k == self.from_k[row]:
            return
        window = chain.probe(index, place, where)
        if window is None:
            self._cast_out(row)
            return
        self._set_bounds(row, window)
        if isfinite(window.low) and isfinite(window.high) and self.filter is not None:
            self.value[row] = min(max(self.filter.level, window.low), window.high)

    def _follow(self, chain: Chain, row: int, place: Position, k0: int) -> None:
        """Tell the level's filter, and weigh the window against what the level leads to expect."""
        assert place.k is not None
        d, quantum = self.told[row], self.quantum[row]
        tracker = self.following.tracker(d)
        if self.law.window is not None:
            noise = tracker.noise.variance(tracker.level)
            guess = chain.guess(Guess(tracker.level, tracker.variance), noise)
            self.value[row] = self.expected[row] = guess.mean
            self.following.take_newest(row, self.law.window, place.k, k0, d, quantum, guess)
            return
        told = observations.of_mean(self.law, chain, tracker, place, d, quantum)
        self._tell(row, tracker, tracker.kernel.gap(k0, place.k), told)

    def _tell(self, row: int, tracker: LevelFilter, gap: Gap, told: Observation) -> None:
        """Tell the level's filter, and weigh the window against what it led to expect."""
        level, variance = tracker.level, tracker.variance
        noise = tracker.noise.variance(level)
        self.following.take(row, tracker, gap, told)
        low, high = self.low[row], self.high[row]
        if gap.n and isfinite(low) and isfinite(high):
            spread = variance + noise / gap.n
            rounding = max((high - low) ** 2 / 12.0, 1e-18)
            share = spread / (spread + rounding)
            best = level + share * (0.5 * (low + high) - level)
            self.value[row] = min(max(best, low), high)

    # --- looking back ------------------------------------------------------------------------

    def close_epoch(self) -> None:
        """The epoch is over: carry what its later prints say back over it."""
        self.following.end_epoch(self._epoch)
        if self._chain is not None and self._chain.links:
            for index in self._chain.tighten():
                self._window(self._chain, index)
        if self.law.inverted:
            self.following.smooth_epoch()
        if self._chain is not None:
            self._weigh_counts(self._chain)

    def _weigh_counts(self, chain: Chain) -> None:
        """Where counts are not certain but few, say how likely each is."""
        bounds = chain.right_answers()
        links = chain.links[: max(len(bounds) - 1, 0)]
        if not links:
            return
        rows = np.array([link.row for link in links])
        ends = np.array([0.0, *(link.at.n or 0.0 for link in links)])
        samples = np.rint(np.diff(ends) * (self.batch_size or 0))
        top = self.metric.top
        found = count_windows(bounds, samples, self.level.peek()[rows] / top)
        told = (samples > 0.0) & np.isfinite(found.mean)
        mean = top * found.mean[told] / samples[told]
        self.value.peek()[rows[told]] = self.expected.peek()[rows[told]] = mean
        self.possible.update((links[window].row, few) for window, few in found.few.items())

    def smooth_all(self) -> None:
        """Carry what all prints say back over the whole run."""
        self.following.smooth_all()

    def sd(self, row: int) -> float:
        """Standard deviation of the level at a row; nan where there is none."""
        variance = self.variance[row]
        return sqrt(variance) if variance >= 0.0 else nan
