"""One metric of one run: its prints as columns, decoded as they arrive and again when more is known.

A track owns the raw prints of its metric and what is derived from them under one law and one batch
size. Bounds (`chain`) and level (`following`) are carried forward print by print; when an epoch ends,
what its later prints say is carried back over it. When the law or the batch size turns out otherwise
the track is decoded again from its raw prints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, isfinite, nan, sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core import observations
from tui_monitor.core.bounds import Ends, half_width, printed
from tui_monitor.core.chain import Chain, Position
from tui_monitor.core.counts import Few, count_windows
from tui_monitor.core.following import Bookmark, Following, Heard
from tui_monitor.core.gaps import Gap
from tui_monitor.core.kalman import Told
from tui_monitor.core.laws import AS_PRINTED, INSTANTANEOUS, Law
from tui_monitor.core.level import LevelFilter
from tui_monitor.core.metrics import Metric, in_percent, is_percent_of
from tui_monitor.core.noise import Family
from tui_monitor.core.rows import Rows
from tui_monitor.core.singles import Singles
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


class Track(Rows):
    """Rows, and the state of what is carried from print to print."""

    def __init__(self, metric: Metric, law: Law, batch_size: int | None) -> None:
        super().__init__()
        self.metric = metric
        self.law = law
        self.batch_size = batch_size
        self.counted = True
        """The batch size is certain enough to count right answers by."""
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
        self._method = self._method_of_law()
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
            links=0 if self._chain is None else len(self._chain),
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
            while len(to.chain) > to.links:
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
        if chain is None or chain.rows[-1:] != [row - 1]:
            return
        self._narrowed = True
        if chain.confirm_full():
            self._window(chain, len(chain))
        else:
            self.cast_out(row - 1)

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
        links = 0 if self._chain is None else len(self._chain)
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
        if self.law.goes_on:
            place = place._replace(k=place.done, n=place.done, ragged=False)
        self._method(row, place, d)

    def _method_of_law(self) -> Callable[[int, Position, float], None]:
        """What takes a row, its place and its number, as the law would have it."""
        if not self.metric.averaged or self.law.name in AS_PRINTED:
            return self._take_as_printed
        if self.law.inverted:
            return self._take_mean
        return Singles(self, self.metric, self.law, self.following).take

    def _take_as_printed(self, row: int, _: Position, d: float) -> None:
        """What is no mean of batches is shown where the law says that none is."""
        if self.law.key == INSTANTANEOUS.key:
            self.show(row, printed(d, self.quantum[row]))

    def _open_epoch(self, epoch: int) -> None:
        first, self._epoch = not self._epoch, epoch
        if self.law.goes_on and not first:
            self.following.begin_epoch(0 if self._chain is None else self._chain.done[-1])
            return
        counted = self.metric.counts and self.countable and self.counted
        size = self.batch_size if counted else None
        self._chain = Chain(self.law, self.metric, size) if self.law.inverted else None
        self.following.begin_epoch()

    # --- running means -----------------------------------------------------------------------

    def _take_mean(self, row: int, place: Position, d: float) -> None:
        """A running mean: invert it into the window since the last print, and follow the level."""
        chain, k = self._chain, place.k
        if chain is None:
            return
        if k is None:
            if place.final and not len(chain):
                # all that the log shows of the epoch is its last number: the mean of all of it
                self.show(row, printed(d, self.quantum[row]))
            return
        if not isfinite(d):
            self._lose_sum(chain, k)
            return
        half = half_width(d, self.quantum[row])
        where, k0 = (d - half, d + half), chain.done[-1]
        if k < k0:
            self._take_late(chain, row, place, where)
            return
        if k == k0 and not (place.final and self.law.final in RESTATING):
            self.set_begin(row, k, k0)
            return  # a redraw that adds no batch
        if not chain.push(row, place, where):
            self.set_begin(row, k, k0)
            self.cast_out(row)
            culprit = chain.refuse(row, place, where)
            if culprit is None:
                return
            self.cast_out(culprit)
            self.outlier[row] = 0
        if chain.uncountable and self._epoch not in self._uncountable:
            self._lose_count(chain)
        self._window(chain, len(chain))
        self._follow(chain, row, place, k0)

    def _lose_sum(self, chain: Chain, k: int) -> None:
        """No number was printed: the sum is lost until an epoch resets it, or what spoilt it leaves."""
        if self.law.window is None:
            self._chain = None
        elif len(chain) or not chain.done[-1]:
            self._chain = Chain(self.law, self.metric, None, since=k)
            self.following.sum_began = k

    def _lose_count(self, chain: Chain) -> None:
        """The epoch holds a short batch before its end: nothing in it is a count any more.

        Where that comes again, the data are cut so that it may be anywhere: count no epoch at all.
        """
        self._uncountable.add(self._epoch)
        for index in range(1, len(chain)):
            self._window(chain, index)
        if len(self._uncountable) > 1:
            self.countable = False

    def _window(self, chain: Chain, index: int) -> None:
        """Bounds and count of the window that ends at the chain's print `index` (1-based)."""
        self.set_window(chain.rows[index - 1], chain.done[index], chain.window(index))

    def _take_late(self, chain: Chain, row: int, place: Position, where: Ends) -> None:
        """A print that comes after a later batch's (asynchronous callbacks): bounds only."""
        assert place.k is not None
        index = chain.before(place.k)
        k0 = chain.done[index]
        self.set_begin(row, place.k, k0)
        if self.places[row].k == self.from_k[row]:
            return
        window = chain.probe(index, place, where)
        if window is None:
            self.cast_out(row)
            return
        low, high = window
        self.set_window(row, place.k, (k0, low, high, None))
        if isfinite(low) and isfinite(high) and self.filter is not None:
            self.value[row] = min(max(self.filter.level, low), high)

    def _follow(self, chain: Chain, row: int, place: Position, k0: int) -> None:
        """Say what the print tells of the level, by its law."""
        assert place.k is not None
        d, quantum = self.told[row], self.quantum[row]
        tracker = self.following.tracker(d)
        if self.law.window is not None:
            level = Guess(*tracker.belief())
            guess = chain.guess(level, tracker.noise.variance(level.mean))
            self.value[row] = self.expected[row] = guess.mean
            self.following.take_newest(row, self.law.window, place.k, k0, d, quantum, guess)
            return
        told = observations.of_mean(self.law, chain, tracker, place, d, quantum)
        self._tell(row, tracker, tracker.kernel.gap(k0, place.k), told)

    def _tell(self, row: int, tracker: LevelFilter, gap: Gap, told: Told) -> None:
        """Weigh the window against what the level leads to expect, and tell the level's filter."""
        low, high = self.low[row], self.high[row]
        if low == high:
            self.value[row] = low
        elif gap.n and isfinite(high - low):
            level, variance = tracker.belief()
            spread, width = variance + tracker.noise.variance(level) / gap.n, high - low
            share = spread / (spread + max(width * width / 12.0, 1e-18))
            best = level + share * (0.5 * (low + high) - level)
            best = best if best > low else low
            self.value[row] = best if best < high else high
        self.following.take(row, tracker, gap, told)

    # --- looking back ------------------------------------------------------------------------

    def close_epoch(self) -> None:
        """The epoch is over: carry what its later prints say back over it."""
        self.following.end_epoch(self._epoch)
        if self._chain is not None and len(self._chain):
            for index in self._chain.tighten():
                self._window(self._chain, index)
        if self.law.inverted:
            self.following.smooth_epoch()
        if self._chain is not None:
            self._weigh_counts(self._chain)

    def _weigh_counts(self, chain: Chain) -> None:
        """Where counts are not certain but few, say how likely each is."""
        bounds, done = chain.right_answers()
        samples, top = np.rint(np.diff(done)), self.metric.top
        if not len(samples):
            return
        rows = np.array(chain.rows[: len(samples)])
        found = count_windows(bounds, samples, self.level.peek()[rows] / top)
        told = (samples > 0.0) & np.isfinite(found.mean)
        mean = top * found.mean[told] / samples[told]
        self.value.peek()[rows[told]] = self.expected.peek()[rows[told]] = mean
        self.possible.update((chain.rows[window], few) for window, few in found.few.items())

    def smooth_all(self) -> None:
        """Carry what all prints say back over the whole run."""
        self.following.smooth_all()

    def sd(self, row: int) -> float:
        """Standard deviation of the level at a row; nan where there is none."""
        variance = self.variance[row]
        return sqrt(variance) if variance >= 0.0 else nan
