"""The running means of one metric: each inverted into the window since the print before.

Between `chain`, which bounds the sums of one epoch, and `track`, which knows all epochs: it writes what
the prints tell into the rows, casts out those that no batches could have made, and tells the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import NamedTuple

import numpy as np

from tui_monitor.core.averages.bounds import Ends, half_width, printed
from tui_monitor.core.averages.chain import Chain
from tui_monitor.core.averages.counts import count_windows
from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.averages.sliding import Guess
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.level import observations
from tui_monitor.core.level.filter import LevelFilter
from tui_monitor.core.level.following import Following, Heard
from tui_monitor.core.level.kalman import Told
from tui_monitor.core.metrics import Metric
from tui_monitor.core.tracks.rows import Rows

RESTATING = ("reset", "running-appended")
"""Rules of a last line that tells something new of batches that were all printed before."""
MOST_UNCOUNTABLE = 1
"""Epochs with a short batch before their end; where there are more, the data are cut so that it may be
anywhere."""


class Links(NamedTuple):
    """Where a chain stood before a provisional row."""

    chain: Chain | None
    links: int
    refused: int


class Means:
    """The prints since the sums began, as bounds, and what they tell of the level."""

    def __init__(
        self, rows: Rows, metric: Metric, law: Law, batch_size: int | None, following: Following
    ) -> None:
        """`batch_size`: samples an update, where right answers are counted by them."""
        self.law = law
        self.following = following
        self.narrowed = False
        """Bounds are other than those that the filter was told of, or would be if taken anew."""
        self.uncountable: set[int] = set()
        """Epochs that hold a short batch before their end."""
        self.countable = True
        """Every batch but an epoch's last is a full one, as far as the prints have shown."""
        self._rows = rows
        self._metric = metric
        self._batch_size = batch_size
        self._chain: Chain | None = None
        """Of the newest epoch, or of all where the sums go on; None where a nan has spoilt the sum."""

    @property
    def done(self) -> int:
        """Batches done at the newest print; 0 where the sum is lost."""
        return self._chain.done[-1] if self._chain is not None else 0

    def begin(self) -> None:
        """The sums begin at zero."""
        size = self._batch_size if self.countable else None
        self._chain = Chain(self.law, self._metric, size)

    # --- back and away -----------------------------------------------------------------------

    def bookmark(self) -> Links:
        """What it takes to forget the rows taken from now on."""
        chain = self._chain
        return Links(None, 0, 0) if chain is None else Links(chain, len(chain), chain.refused)

    def back_to(self, mark: Links) -> None:
        """Forget the rows taken since."""
        self._chain = chain = mark.chain
        if chain is not None:
            while len(chain) > mark.links:
                chain.pop()
            chain.refused = mark.refused

    def obey(self, law: Law) -> None:
        """Go on by a law that averages as often."""
        self.law = self.following.law = law
        if self._chain is not None:
            self._chain.law = law

    # --- prints in ---------------------------------------------------------------------------

    def take(self, row: int, place: Position, d: float) -> None:
        """Invert a mean into the window since the last print, and follow the level."""
        chain, rows, k = self._chain, self._rows, place.k
        if chain is None:
            return
        if k is None:
            if place.final and not len(chain):
                # all that the log shows of the epoch is its last number: the mean of all of it
                rows.show(row, printed(d, rows.quantum[row]))
            return
        if not isfinite(d):
            self._lose_sum(chain, k)
            return
        half = half_width(d, rows.quantum[row])
        where, k0 = (d - half, d + half), chain.done[-1]
        if k < k0:
            self._take_late(chain, row, place, where)
            return
        if k == k0 and not (place.final and self.law.final in RESTATING):
            rows.set_begin(row, k, k0)
            return  # a redraw that adds no batch
        if not chain.push(row, place, where):
            rows.set_begin(row, k, k0)
            rows.cast_out(row)
            culprit = chain.refuse(row, place, where)
            if culprit is None:
                return
            rows.cast_out(culprit)
            rows.outlier[row] = 0
        if chain.uncountable and place.epoch not in self.uncountable:
            # nothing in the epoch is a count any more
            self.uncountable.add(place.epoch)
            self.countable = len(self.uncountable) <= MOST_UNCOUNTABLE
            for index in range(1, len(chain)):
                self._set_window(chain, index)
        self._set_window(chain, len(chain.rows))
        self._follow(chain, row, place, k0)

    def confirm_full(self, row: int) -> None:
        """A row that might have been its epoch's last was not: its batches are full."""
        self.narrowed = True
        chain = self._chain
        if chain is None or chain.rows[-1:] != [row]:
            return
        if chain.confirm_full():
            self._set_window(chain, len(chain))
        else:
            self._rows.cast_out(row)

    def _lose_sum(self, chain: Chain, k: int) -> None:
        """No number was printed: the sum is lost until an epoch resets it, or what spoilt it leaves."""
        if self.law.window is None:
            self._chain = None
        elif len(chain) or not chain.done[-1]:
            self._chain = Chain(self.law, self._metric, None, since=k)
            self.following.sum_began = k

    def _take_late(self, chain: Chain, row: int, place: Position, where: Ends) -> None:
        """A print that comes after a later batch's (asynchronous callbacks): bounds only."""
        assert place.k is not None
        rows, index = self._rows, chain.before(place.k)
        k0 = chain.done[index]
        rows.set_begin(row, place.k, k0)
        if rows.places.batches(row) == rows.from_k[row]:
            return
        window = chain.probe(index, place, where)
        if window is None:
            rows.cast_out(row)
            return
        low, high = window
        rows.set_window(row, place.k, (k0, low, high, None))
        if isfinite(low) and isfinite(high) and self.following.filter is not None:
            rows.value[row] = min(max(self.following.filter.level, low), high)

    def _set_window(self, chain: Chain, index: int) -> None:
        """Bounds and count of the window that ends at the chain's print `index` (1-based)."""
        self._rows.set_window(chain.rows[index - 1], chain.done[index], chain.window(index))

    # --- the level ---------------------------------------------------------------------------

    def _follow(self, chain: Chain, row: int, place: Position, k0: int) -> None:
        """Say what the print tells of the level, by its law."""
        assert place.k is not None
        rows, following, window = self._rows, self.following, self.law.window
        d, quantum = rows.told[row], rows.quantum[row]
        tracker = following.tracker(d)
        if window is not None:
            level = Guess(*tracker.belief())
            guess = chain.guess(level, tracker.noise.variance(level.mean))
            rows.value[row] = rows.expected[row] = guess.mean
            following.take_newest(row, window, place.k, k0, d, quantum, guess)
            return
        told = observations.of_mean(self.law, chain, tracker, place, d, quantum)
        self._tell(row, tracker, tracker.kernel.gap(k0, place.k), told)

    def _tell(self, row: int, tracker: LevelFilter, gap: Gap, told: Told) -> None:
        """Tell the level's filter, and weigh the window against what the level led to expect."""
        level, variance, noise = self.following.take(row, tracker, gap, told)
        rows = self._rows
        low, high = rows.low[row], rows.high[row]
        width = high - low
        if not width:
            rows.value[row] = low
        elif width < inf and gap.n:
            spread = variance + noise / gap.n
            share = spread / (spread + width * width / 12.0 + 1e-18)
            best = level + share * (0.5 * (low + high) - level)
            best = best if best > low else low
            rows.value[row] = best if best < high else high

    def follow_again(self, heard: Sequence[Sequence[Heard]], following: Following) -> None:
        """Tell another filter what one was told, epoch by epoch."""
        self.following = following
        *over, newest = heard
        for epoch in over:
            self._tell_once_more(epoch)
            if epoch:
                following.end_epoch(self._rows.places.epoch[epoch[0].row])
                following.smooth_epoch()
            following.begin_epoch()
        self._tell_once_more(newest)

    def _tell_once_more(self, heard: Sequence[Heard]) -> None:
        rows = self._rows
        for row, gap, o in heard:
            place, d, quantum = rows.places[row], rows.told[row], rows.quantum[row]
            assert place.k is not None
            tracker, n = self.following.tracker(d), place.k - rows.from_k[row]
            told = observations.once_more(o, self.law, tracker, place, n, d, quantum)
            self._tell(row, tracker, gap, told)

    # --- looking back ------------------------------------------------------------------------

    def end_epoch(self) -> None:
        """Carry what the epoch's later prints say back over it."""
        chain = self._chain
        if chain is not None and len(chain):
            for index in chain.tighten():
                self._set_window(chain, index)
        self.following.smooth_epoch()
        if chain is not None:
            self._weigh_counts(chain)

    def _weigh_counts(self, chain: Chain) -> None:
        """Where counts are not certain but few, say how likely each is."""
        bounds, done = chain.right_answers()
        samples, top = np.rint(np.diff(done)), self._metric.top
        if not len(samples):
            return
        rows, at = self._rows, np.array(chain.rows[: len(samples)])
        found = count_windows(bounds, samples, rows.level.peek()[at] / top)
        told = (samples > 0.0) & np.isfinite(found.mean)
        mean = top * found.mean[told] / samples[told]
        rows.value.peek()[at[told]] = rows.expected.peek()[at[told]] = mean
        few = ((chain.rows[window], counts) for window, counts in sorted(found.few.items()))
        rows.possible.put(chain.rows[0], few)
