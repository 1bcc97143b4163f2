"""The level of one metric, row by row as its prints come, and again when an epoch is over.

Between `level` and `smoother`, which know prints, and `track`, which knows rows: it chooses the noise
to begin with, remembers which row each step of the filter is, and writes level and variance into the
columns. Values follow the level where they are not certain.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor, log, sqrt
from typing import NamedTuple

import numpy as np

from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.averages.laws import EPOCH, INSTANTANEOUS, Law
from tui_monitor.core.averages.sliding import Guess
from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.core.columns.series import Columns
from tui_monitor.core.level import kalman, observations
from tui_monitor.core.level.bank import State
from tui_monitor.core.level.filter import SILENT, Expected, LevelFilter, Memory
from tui_monitor.core.level.kalman import Kernel, Told
from tui_monitor.core.level.smoother import smooth
from tui_monitor.core.level.steps import Steps
from tui_monitor.core.level.trend import TREND
from tui_monitor.core.metrics import Metric
from tui_monitor.core.noise import OF_ANYTHING, Noise, Scale

LOSS_SPREAD, SPREAD_TOLD = 1.0, 40.0
"""First guess of the variance of a batch's loss, times its size, over the loss: 0.5 to 1.5 in the
cross-entropies of the test corpus, from 32 to 1024 samples a batch and 0.1 to 3 in loss. And how many
prints that counts for."""
NOISE_FOUND = 20.0
"""Prints that a noise counts for which was found as laws were weighed."""
ALONE_TOLD = 0.2
"""Prints that the first guess counts for where each number stands alone: it is far off for a smooth
series, and how much one scatters is soon seen."""
EPOCH_SCATTER = 0.005
"""First guess of what whole epochs scatter by, as a share of what is thought possible at first."""


SHARP = 0.01
"""Variance of a window behind a sliding mean, in terms of one batch's, up to which the level goes by
it: its error comes again with each window that follows from it, which the filter does not know."""
KEPT = 20_000
"""Steps that are kept to be smoothed again as a whole, and those of the newest epoch."""
PICTURED = 1 << 16
"""Steps that a picture looks back over at most, 10 us each; later ones it shows as they came."""
FIRST_SEEN = 24
"""Prints after which a past is first looked back over in a picture, before its epoch is over, .."""
GROWN = 1.5
""".. and how much its prints grow until it is again."""


def kernel_of(law: Law) -> Kernel:
    """The algebra of the sums that a law prints, or of a level with a slope where it prints none."""
    if law.depth == 2:
        return kalman.TWICE
    if law.decay < 1.0:
        return kalman.fading(law.decay, law.first, goes_on=law.goes_on)
    if law.key in (EPOCH.key, INSTANTANEOUS.key):
        return TREND
    return kalman.ONCE


def grown(steps: int) -> int:
    """The largest number, up to `steps`, of prints after which a past is looked back over."""
    if steps < FIRST_SEEN:
        return 0
    times = floor(log(steps / FIRST_SEEN, GROWN) + 1e-9)
    return min(ceil(FIRST_SEEN * GROWN**times), steps)


class Begin(NamedTuple):
    """Where an epoch begins."""

    step: int
    """Index of its first step, of all that were taken."""
    state: State | None
    """Before that; None before the run's first print."""


class Heard(NamedTuple):
    """What the filter was told of a row."""

    row: int
    gap: Gap
    told: Told


class Bookmark(NamedTuple):
    """Where the following stood before a provisional row."""

    begin: Begin
    """Of the newest epoch."""
    tracker: LevelFilter | None
    memory: Memory | None
    sum_began: int


class Course(NamedTuple):
    """A level over rows, as columns of equal length."""

    rows: IntArray
    level: FloatArray
    variance: FloatArray

    def of(self, row: int) -> tuple[float, float] | None:
        """Level and standard deviation at a row; None where it is none of these."""
        at = int(np.searchsorted(self.rows, row))
        if at == len(self.rows) or self.rows[at] != row:
            return None
        return float(self.level[at]), sqrt(max(float(self.variance[at]), 0.0))


class _Back(NamedTuple):
    """What is seen looking back: the level, and the sums after each of the filter's steps."""

    course: Course
    steps: Steps
    total: FloatArray


class Following:
    """The level behind the rows of one metric, under one law and one batch size."""

    def __init__(
        self,
        rows: Columns,
        metric: Metric,
        law: Law,
        batch_size: int | None,
        first_noise: float | None,
    ) -> None:
        """`batch_size`: samples an update, where known; else `first_noise` guesses at `Noise.scale`."""
        self.metric = metric
        self.law = law
        self.filter: LevelFilter | None = None
        """None before the first print."""
        self.epoch_ends: dict[int, tuple[float, float]] = {}
        """Level and variance at the end of each epoch that is over, from the prints up to there."""
        self.sum_began = 0
        """Behind a sliding mean: batches done when the filter's sum was last reset."""
        self._rows = rows
        self._batch_size = batch_size
        self._first_noise = first_noise
        self._step_rows: list[int] = []
        """The row of each step that is kept."""
        self._begins = [Begin(0, None)]
        """Of the epochs whose steps are kept, the newest last."""
        self._looked_back: tuple[tuple[int, int], _Back] | None = None
        """From which step to which was last looked back over, and what was seen: an epoch that a
        picture shows from its end is soon closed."""

    def begin_epoch(self, done: int = 0) -> None:
        """The level may step; the sums are reset if the law does so.

        `done`: batches of the run before, where that goes on.
        """
        if self.filter is None:
            return
        if self.law.window is None or done <= self.sum_began:
            # numbers of whole epochs go on from one to the next
            step = self.filter.noise.of_step(self.filter.level)
            self.filter.restart(0.0 if self.law.key == EPOCH.key else step)
        self._begins.append(Begin(self.filter.taken, self.filter.now))
        self._let_go(self.filter)

    def _let_go(self, tracker: LevelFilter) -> None:
        """Forget the oldest epochs' steps, once there are many later ones."""
        old = 0
        while tracker.taken - self._begins[old + 1].step > KEPT:
            old += 1
        if old:
            steps = self._begins[old].step - self._begins[0].step
            tracker.forget(steps)
            del self._step_rows[:steps]
            del self._begins[:old]

    def tracker(self, first: float) -> LevelFilter:
        """The filter; begun at the `first` number printed."""
        if self.filter is None:
            spread = (
                0.5 * self.metric.top if self.metric.family == "fraction" else max(abs(first), 0.1)
            )
            kernel = kernel_of(self.law)
            self.filter = LevelFilter(self._noise(spread), kernel, guess=first, spread=spread)
            self._begins = [Begin(0, self.filter.start)]
        return self.filter

    def _noise(self, spread: float) -> Noise:
        """The noise of a batch, as far as its size tells; of an epoch, some of the first `spread`."""
        top = self.metric.top
        if self.law.key == EPOCH.key:
            c = (EPOCH_SCATTER * spread) ** 2 / Noise(self.metric.family, top=top).shape(spread)
            return Noise(self.metric.family, start=OF_ANYTHING._replace(c=c), top=top)
        if not self._batch_size:
            guess = Scale(self._first_noise, NOISE_FOUND) if self._first_noise else None
            if guess is None and kernel_of(self.law).slopes and self.metric.family != "fraction":
                guess = OF_ANYTHING._replace(prints=ALONE_TOLD)
            return Noise(self.metric.family, start=guess, top=top)
        if self.metric.counts:
            return Noise(self.metric.family, 1.0 / self._batch_size, top=top)
        if self.metric.family == "positive":
            return Noise("positive", start=Scale(LOSS_SPREAD / self._batch_size, SPREAD_TOLD))
        return Noise(self.metric.family, top=top)

    def take(self, row: int, tracker: LevelFilter, g: Gap, o: Told) -> Expected:
        """The row's print, as the filter is told it; returns what was expected before."""
        expected = tracker.follow(g, o)
        rows, metric = self._rows, self.metric
        level, rows.variance[row] = tracker.belief()
        # a level is a mean of values: it lies where they may lie
        if level < metric.low:
            level = metric.low
        rows.level[row] = level if level < metric.high else metric.high
        self._step_rows.append(row)
        return expected

    def take_alone(self, row: int, n: int, mean: float, quantum: float) -> None:
        """The row's print, which tells of `n` batches and of no others."""
        tracker = self.tracker(mean)
        tracker.restart(0.0)
        told = observations.of_window(Guess(mean, quantum * quantum / 12.0), n)
        self.take(row, tracker, tracker.kernel.gap(0, n), told)

    def take_newest(
        self, row: int, window: int, k: int, k0: int, d: float, quantum: float, guess: Guess
    ) -> None:
        """The row's print, the mean of the newest batches; the filter hears of each batch once.

        Of the new ones, where the `guess` knows their mean well. Else of the mean as it is: the
        filter's sum begins anew after each that it is told, and the next is the first that holds no
        batch from before.
        """
        tracker = self.tracker(d)
        if k > window and k0 <= window:
            self.sum_began = k0
        if k > window and k0 == self.sum_began:
            tracker.restart(0.0)
        inside = min(k, window)
        untold = k - inside - self.sum_began
        noise = tracker.noise.variance(tracker.level)
        told: Told = SILENT
        if window < k <= k0 + window and k0 == self.sum_began and guess.variance < SHARP * noise:
            told = observations.of_window(guess, k - k0)
        elif untold >= 0:
            told = observations.of_newest(tracker, inside, untold, d, quantum)
        if told is not SILENT and k > window:
            self.sum_began = k
        self.take(row, tracker, tracker.kernel.gap(k0, k), told)

    # --- once more ---------------------------------------------------------------------------

    def heard(self) -> list[list[Heard]] | None:
        """What the filter was told, epoch by epoch; None where the oldest of it is forgotten."""
        if self.filter is None:
            return [[]]
        if self._begins[0].step:
            return None
        steps = self.filter.steps
        told = list(map(Heard, self._step_rows, steps.gaps, steps.told))
        begins = [begin.step for begin in self._begins]
        return [told[first:last] for first, last in pairwise([*begins, len(told)])]

    # --- going back --------------------------------------------------------------------------

    def bookmark(self) -> Bookmark:
        """What it takes to forget the rows taken from now on."""
        memory = None if self.filter is None else self.filter.memory()
        return Bookmark(self._begins[-1], self.filter, memory, self.sum_began)

    def back_to(self, mark: Bookmark) -> None:
        """Forget the rows taken since."""
        self.filter, self.sum_began = mark.tracker, mark.sum_began
        kept = 0 if mark.memory is None else mark.memory.steps
        if self._looked_back is not None and self._looked_back[0][1] > kept:
            self._looked_back = None
        if self.filter is not None and mark.memory is not None:
            self.filter.recall(mark.memory)
            del self._step_rows[len(self.filter.steps) :]
            while self._begins[-1] is not mark.begin:
                self._begins.pop()
        else:
            self._step_rows.clear()
            self._begins = [mark.begin]

    # --- looking back ------------------------------------------------------------------------

    def end_epoch(self, epoch: int) -> None:
        """Remember the end of an epoch as its own prints tell it."""
        if self.filter is not None and self._begins[-1].step < self.filter.taken:
            self.epoch_ends[epoch] = (self.filter.level, self.filter.variance)

    def smooth_epoch(self) -> None:
        """Carry what later prints say back over the newest epoch."""
        self._smooth_from(self._begins[-1])

    def smooth_all(self) -> None:
        """Carry it back over the whole run, as far as it is kept."""
        self._smooth_from(self._begins[0])

    def _not_over(self) -> Begin:
        """Where that begins which later prints tell of: sums with the epoch, all else with the run."""
        return self._begins[-1 if self.law.inverted else 0]

    @property
    def pending(self) -> int:
        """The first row whose level later prints may still tell otherwise."""
        first = self._not_over().step - self._begins[0].step
        return self._step_rows[first] if first < len(self._step_rows) else len(self._rows)

    def seen(self, *, is_over: bool) -> Course | None:
        """The level of what is not yet looked back over, as prints tell it by now; changes no row.

        Of what `is_over` given all of them; else the past up to where they last had grown by half. None
        where that is nothing.
        """
        begin, taken = self._not_over(), 0 if self.filter is None else self.filter.taken
        steps = min(taken - begin.step, PICTURED)
        found = self._back_from(begin, begin.step + (steps if is_over else grown(steps)))
        return None if found is None else found.course

    def _back_from(self, begin: Begin, last: int) -> _Back | None:
        """What the prints up to the step `last`, of all, say of those since an epoch's begin."""
        if self.filter is None or begin.state is None or begin.step >= last:
            return None
        if self._looked_back is not None and self._looked_back[0] == (begin.step, last):
            return self._looked_back[1]
        kept = self._begins[0].step
        here = slice(begin.step - kept, last - kept)
        steps = self.filter.steps.part(here.start, here.stop)
        at = np.array(self._step_rows[here])
        result = smooth(steps, begin.state, self.filter.noise, self.filter.kernel)
        level = result.level.clip(self.metric.low, self.metric.high)
        found = _Back(Course(at, level, result.variance), steps, result.total)
        self._looked_back = (begin.step, last), found
        return found

    def _smooth_from(self, begin: Begin) -> None:
        """Write down the same, by all prints."""
        found = self._back_from(begin, 0 if self.filter is None else self.filter.taken)
        if found is None:
            return
        (at, level, variance), steps, total = found
        rows = self._rows
        rows.touch(int(at[0]))
        rows.level.peek()[at] = level
        rows.variance.peek()[at] = variance
        if not self.law.inverted:
            return
        # a window's mean is what S grew by; it lies within the window's bounds
        n = np.array([gap.gain for gap in steps.gaps])
        before = np.concatenate(([begin.state[1] if begin.state else 0.0], total[:-1]))
        if self.law.decay < 1.0:
            before *= [gap.fade for gap in steps.gaps]
        if self.law.decay == 1.0 or not self.law.goes_on:
            before[[restart is not None for restart in steps.restarts]] = 0.0
        mean = (total - before) / np.maximum(n, 1.0)
        low, high, expected = rows.low.peek()[at], rows.high.peek()[at], rows.expected.peek()[at]
        told = (n > 0) & (np.isfinite(low) | np.isfinite(high))
        value = np.where(np.isnan(expected), np.fmin(np.fmax(mean, low), high), expected)
        rows.value.peek()[at[told]] = value[told]
