"""The prints of one metric in one epoch, as a chain of bounds on the sums behind them.

Between `bounds`, which knows intervals, and `track`, which knows columns: it turns printed numbers
into bounds by the law's rules, the last line's included, keeps prints apart that no batches could
have made, and answers what a window holds.
"""

from __future__ import annotations

from math import inf, nan

import numpy as np

from tui_monitor.core.averages.bounds import DoubleSums, Ends, Interval, Sums, scaled
from tui_monitor.core.averages.fading import FadingSums
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.averages.sliding import Guess, SlidingSums
from tui_monitor.core.columns.arrays import FloatArray, as_array
from tui_monitor.core.columns.positions import Position
from tui_monitor.core.metrics import Metric

NEVER_REPEATS = 2
"""After so many impossible prints in a row the print before them is the one doubted."""


AnySums = Sums | DoubleSums | FadingSums | SlidingSums


Window = tuple[int, float, float, int | None]
"""What a print tells of the batches since the one before: how many were done before these, bounds of
their mean (nan of none), and their right answers, where that number is certain."""


class Chain:
    """Bounds on the sums after each print since they were last reset to zero.

    Its prints are counted from 1; 0 is the start.
    """

    def __init__(self, law: Law, metric: Metric, batch_size: int | None, *, since: int = 0) -> None:
        """`batch_size`: samples an update of the bar, where the metric counts and it is known.

        `since`: batches before those that a sliding mean will tell of.
        """
        self.law = law
        self.metric = metric
        self.rows: list[int] = []
        """Of each print."""
        self.done = [since]
        """Batches done, at the start and at each print."""
        self.places: list[Position] = []
        self._where: list[Ends] = []
        """Of each printed number."""
        self._sums: AnySums = self._make(batch_size)
        self._batch_size = batch_size
        self._samples = batch_size
        """The same, kept where the counts are given up."""
        self._ragged: dict[int, Ends] = {}
        """Bounds of windows that end with a batch of unknown size, by the print's index."""
        self.refused = 0
        """Impossible prints since the newest that was taken."""
        self.uncountable = False
        """The epoch holds something else than full batches: its sums are no counts."""

    def _make(self, batch_size: int | None) -> AnySums:
        low, high = self.metric.low, self.metric.high
        if self.law.decay < 1.0:
            return FadingSums(self.law, low, high)
        if self.law.window is not None:
            return SlidingSums(self.law.window, low, high, self.done[0])
        kind = DoubleSums if self.law.depth == 2 else Sums
        return kind(low, high, batch_size and batch_size / self.metric.top)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def last(self) -> Ends:
        """Bounds on S after the newest print."""
        return self._sums.s[-1]

    def before(self, k: int) -> int:
        """The newest print at or before batch `k`."""
        index = len(self)
        while index and self.done[index] > k:
            index -= 1
        return index

    def push(self, row: int, at: Position, where: Ends) -> bool:
        """Take a print. False, and no change, if no batches at all could have printed it."""
        assert at.k is not None
        if not (self._push(at, where) or (self._batch_size and self._give_up_counts(at, where))):
            return False
        self.rows.append(row)
        self.done.append(at.k)
        self.places.append(at)
        self._where.append(where)
        self.refused = 0
        return True

    def _give_up_counts(self, at: Position, where: Ends) -> bool:
        """What no counts could have printed, sums may have: a short batch came before the end."""
        counted, size = self._sums, self._batch_size
        self._batch_size, self._sums = None, self._make(None)
        if all(map(self._push, [*self.places, at], [*self._where, where])):
            self.uncountable = True
            return True
        self._sums, self._batch_size = counted, size
        return False

    def pop(self) -> tuple[int, Position, Ends]:
        """Forget the newest print; returns it as `push` takes it."""
        self._sums.pop()
        self.done.pop()
        return self.rows.pop(), self.places.pop(), self._where.pop()

    def refuse(self, row: int, at: Position, where: Ends) -> int | None:
        """An impossible print stays out. When the next is impossible too, the one before them may be
        the culprit: if the chain takes the print without it, that one's row is returned, now out.
        """
        self.refused += 1
        if self.refused < NEVER_REPEATS or not self.rows:
            return None
        refused, suspect = self.refused, self.pop()
        if self.push(row, at, where):
            return suspect[0]
        self.push(*suspect)
        self.refused = refused
        return None

    def confirm_full(self) -> bool:
        """The newest print was not its epoch's last: its batches are full. False if impossible."""
        row, at, where = self.pop()
        return self.push(row, at._replace(ragged=False), where)

    def guess(self, level: Guess, noise: float) -> Guess:
        """Mean of the newest window of a sliding mean, by the level and one batch's noise."""
        assert isinstance(self._sums, SlidingSums)
        return self._sums.guess(level, noise)

    def tighten(self) -> list[int]:
        """Carry what later prints say back to the earlier ones; the prints (1-based) whose windows
        it changes.
        """
        narrowed = self._sums.tighten()
        ends = {i for before in narrowed for i in (before, before + 1)}
        return sorted(i for i in ends if i <= len(self))

    def window(self, index: int) -> Window:
        """What print `index` tells of the batches since the print before."""
        k0, sums = self.done[index - 1], self._sums
        if k0 == self.done[index]:
            return k0, nan, nan, None
        if self.places[index - 1].ragged:
            return (k0, *self._ragged[index], None)
        if isinstance(sums, SlidingSums):
            k0 = sums.start(index)
        return (k0, *sums.window(index))

    def right_answers(self) -> tuple[FloatArray, FloatArray]:
        """Bounds on the right answers before the first print and after each, and of how many samples.

        Of shapes (n + 1, 2) and (n + 1,), as far as all batches are full ones; n = 0 where they are not
        counted, or averaged twice, which leaves few of them to tell.
        """
        sums, size = self._sums, self._batch_size
        if size is None or not isinstance(sums, Sums):
            return np.zeros((1, 2)), np.zeros(1)
        full = next((i for i, at in enumerate(self.places, start=1) if at.ragged), len(sums.n))
        return as_array(sums.s[:full]) * (size / self.metric.top), np.array(sums.n[:full]) * size

    def probe(self, index: int, at: Position, where: Ends) -> Ends | None:
        """Bounds of the window from print `index` (0: the start) to a print that came late.

        None if no batches at all could have printed it. Of a mean that forgets none are known.
        """
        assert at.k is not None
        assert at.n is not None
        if self.law.forgets:
            return self.metric.low, self.metric.high
        trial = self._make(self._batch_size)
        sums, (low, high) = self._sums, where
        if isinstance(sums, Sums) and isinstance(trial, Sums):
            trial.n, trial.s = [sums.n[index]], [sums.s[index]]
            possible = trial.push(at.n, (at.n * low, at.n * high))
        elif isinstance(sums, DoubleSums) and isinstance(trial, DoubleSums):
            trial.n, trial.s, trial.e = [sums.n[index]], [sums.s[index]], [sums.e[index]]
            possible = trial.push(at.k, (at.k * low, at.k * high))
        return trial.window(1)[:2] if possible else None

    # --- rules of the laws -------------------------------------------------------------------

    def _push(self, at: Position, where: Ends) -> bool:
        sums, (low, high) = self._sums, where
        _, k, n, ragged, *_ = at
        assert k is not None
        assert n is not None
        if ragged:
            return self._push_ragged(at, k, Interval(low, high))
        if isinstance(sums, Sums):
            return sums.push(n, (n * low, n * high))
        if isinstance(sums, DoubleSums):
            return sums.push(k, (k * low, k * high))
        return sums.push(k, Interval(low, high))

    def _push_ragged(self, at: Position, k: int, where: Interval) -> bool:
        """A print after a last batch of unknown size: it bounds its window, and S by the window."""
        sums, final = self._sums, at.final
        assert isinstance(sums, Sums | DoubleSums)
        rule = self.law.final if final else "same"
        e = Interval(-inf, inf)
        if isinstance(sums, Sums):
            k0, s0 = round(sums.n[-1]), Interval(*sums.s[-1])
            mean = self._mean_of_one_average(k0, k, s0, where, final=final)
        else:
            k0, s0 = sums.n[-1], Interval(*sums.s[-1])
            appended = at.appended if rule == "running-appended" else 0.0
            running = where if rule == "reset" else self._running(sums, k, appended, where)
            mean = self._mean(k0, k, s0, running)
            if rule == "same":
                e = where.times(k)
        if k == k0:
            mean = Interval(self.metric.low, self.metric.high)
        if mean.empty:
            return False
        n = k - k0
        s = Interval(s0.low + scaled(n, mean.low), s0.high + scaled(n, mean.high))
        if isinstance(sums, Sums):
            taken = sums.push(float(k), s, whole=False)
        else:
            taken = sums.append(k, s, e)
        if taken:
            self._ragged[len(sums.s) - 1] = mean
        return taken

    def _mean_of_one_average(
        self, k0: int, k: int, s0: Interval, where: Interval, *, final: bool
    ) -> Interval:
        """The window's mean by the rule of the line, or by all the rules that it may obey."""
        rule = self.law.final
        unsure = rule in ("either", "open")
        found: list[Interval] = []
        if unsure or (rule == "same" and self.law.name != "cumulative-batch"):
            found.append(self._mean(k0, k, s0, where))
        if final and (unsure or rule == "mean-appended"):
            found.append(self._plain_mean(k0, k, s0, where))
        if not found or (unsure and not final):
            found.append(self._difference(k0, k, s0, where))
        if final and rule == "open":
            found.append(self._mean_without_last(k0, k, s0, where))
        return Interval(min(i.low for i in found), max(i.high for i in found))

    def _difference(self, k0: int, k: int, s0: Interval, where: Interval) -> Interval:
        """The window's plain mean from a plain mean of the epoch, (K d - S_k0) / (K - k0)."""
        n = max(k - k0, 1)
        return self._possible((k * where.low - s0.high) / n, (k * where.high - s0.low) / n)

    def _mean(self, k0: int, k: int, s0: Interval, running: Interval) -> Interval:
        """The window's mean, weighted by size, from the weighted mean R_K of the epoch.

        With r of a full batch in the last one it is ((K - 1 + r) R_K - S_k0) / (K - 1 + r - k0),
        which rises or falls steadily with r, from the least share that there can be to 1.
        """
        if k == k0:
            return Interval(self.metric.low, self.metric.high)
        least = 1.0 / self._samples if self._samples else 1e-9
        ends = [
            Interval((n * running.low - s0.high) / (n - k0), (n * running.high - s0.low) / (n - k0))
            for n in (k - 1.0 + least, float(k))
        ]
        return self._possible(min(i.low for i in ends), max(i.high for i in ends))

    def _plain_mean(self, k0: int, k: int, s0: Interval, where: Interval) -> Interval:
        """The window's plain mean where the last line is d = (K U + M) / (K + 1).

        M weighs the last batch x by its size, from almost none to a full batch's, so d - U is between
        0 and (U - x) / (K^2 - 1); and x can be no more than the whole of the window's sum.
        """
        if k == 1 or self.metric.low < 0.0:
            return self._possible(-inf, inf)
        share = 1.0 / (k * k - 1.0)
        low = where.low / (1.0 + share)
        if self.metric.high < inf:
            high = (where.high + share * self.metric.high) / (1.0 + share)
        else:
            high = max(where.high, (where.high - share * s0.low) * (k + 1.0) / k)
        n = k - k0
        return self._possible((k * low - s0.high) / n, (k * high - s0.low) / n)

    def _mean_without_last(self, k0: int, k: int, s0: Interval, where: Interval) -> Interval:
        """The window's mean where the last line is (S_{K-1} + M) / K: the last batch may be any."""
        n = max(k - k0, 1)
        low = k * where.low - where.high - s0.high + self.metric.low
        high = k * where.high - where.low - s0.low + self.metric.high
        return self._possible(low / n, high / n)

    def _possible(self, low: float, high: float) -> Interval:
        """What of an interval a batch's value can be; nan, of infinite sums, is no bound."""
        low = low if low > self.metric.low else self.metric.low
        high = high if high < self.metric.high else self.metric.high
        return Interval(low, high)

    def _running(self, sums: DoubleSums, k: int, appended: float, where: Interval) -> Interval:
        """R_K of a bar that averages twice.

        Since the print before, E grew by sum_{k0<j<K} S_j / j + R_K, and the last line may append R_K
        so many times more; after a line of the same step only what is appended is new.
        """
        k0, s0, e0 = sums.n[-1], Interval(*sums.s[-1]), Interval(*sums.e[-1])
        copies = appended + 1.0 if k > k0 or not appended else appended
        total = where.times(k + appended)
        most = sum((s0.high + scaled(j - k0, sums.high)) / j for j in range(k0 + 1, k))
        least = sum((s0.low + scaled(j - k0, sums.low)) / j for j in range(k0 + 1, k))
        return Interval(
            max((total.low - e0.high - most) / copies, self.metric.low),
            min((total.high - e0.low - least) / copies, self.metric.high),
        )
