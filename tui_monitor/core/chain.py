"""The prints of one metric in one epoch, as a chain of bounds on the sums behind them.

Between `bounds`, which knows intervals, and `track`, which knows columns: it turns printed numbers
into bounds by the law's rules, the last line's included, keeps prints apart that no batches could
have made, and answers what a window holds.
"""

from __future__ import annotations

from math import inf, isfinite
from typing import NamedTuple

from tui_monitor.core.bounds import DoubleSums, Interval, Sums, harmonic
from tui_monitor.core.laws import Law
from tui_monitor.core.metrics import Metric

NEVER_REPEATS = 2
"""After so many impossible prints in a row the print before them is the one doubted."""


class Position(NamedTuple):
    """Where in its epoch a print stands, in updates of the bar."""

    epoch: int
    """1-based ordinal."""
    k: int | None
    """Batches done; None where they cannot be known."""
    n: float | None
    """The same in full batches: a shorter last one counts as a fraction."""
    ragged: bool
    """Its last batch may end the epoch, and then may be shorter by an unknown amount."""
    final: bool


class Link(NamedTuple):
    """A print of the chain."""

    row: int
    k: int
    at: Position
    where: Interval
    """Of the printed number."""


class Chain:
    """Bounds on the sums after each print of one epoch; the sums start at zero."""

    def __init__(self, law: Law, metric: Metric, batch_size: int | None) -> None:
        """`batch_size`: samples an update of the bar, where the metric counts and it is known."""
        self.law = law
        self.metric = metric
        self.links: list[Link] = []
        self._sums: Sums | DoubleSums = self._make(batch_size)
        self._batch_size = batch_size
        self._refused = 0
        self.uncountable = False
        """The epoch holds something else than full batches: its sums are no counts."""

    def _make(self, batch_size: int | None) -> Sums | DoubleSums:
        kind = DoubleSums if self.law.depth == 2 else Sums
        return kind(self.metric.low, self.metric.high, batch_size)

    @property
    def last(self) -> Interval:
        """Bounds on S after the newest print."""
        return self._sums.s[-1]

    @property
    def last_k(self) -> int:
        """Batches done at the newest print; 0 before the first."""
        return self.links[-1].k if self.links else 0

    def before(self, k: int) -> tuple[int, int]:
        """Batches done at the newest print at or before batch `k`, and how many prints that is."""
        for index in range(len(self.links), 0, -1):
            if self.links[index - 1].k <= k:
                return self.links[index - 1].k, index
        return 0, 0

    def push(self, row: int, at: Position, where: Interval) -> bool:
        """Take a print. False, and no change, if no batches at all could have printed it."""
        assert at.k is not None
        if not self._push(at, where) and not (self._batch_size and self._give_up_counts(at, where)):
            return False
        self.links.append(Link(row, at.k, at, where))
        self._refused = 0
        return True

    def _give_up_counts(self, at: Position, where: Interval) -> bool:
        """What no counts could have printed, sums may have: a short batch came before the end."""
        counted, size = self._sums, self._batch_size
        self._batch_size, self._sums = None, self._make(None)
        if all(self._push(link.at, link.where) for link in self.links) and self._push(at, where):
            self.uncountable = True
            return True
        self._sums, self._batch_size = counted, size
        return False

    def pop(self) -> None:
        """Forget the newest print."""
        self.links.pop()
        self._sums.pop()

    def refuse(self, row: int, at: Position, where: Interval) -> Link | None:
        """An impossible print stays out. When the next is impossible too, the one before them may be
        the culprit: if the chain takes the print without it, that one is returned, now out.
        """
        self._refused += 1
        if self._refused < NEVER_REPEATS or not self.links:
            return None
        suspect = self.links[-1]
        self.pop()
        if self.push(row, at, where):
            return suspect
        self._push(suspect.at, suspect.where)
        self.links.append(suspect)
        return None

    def confirm_full(self) -> bool:
        """The newest print was not its epoch's last: its batches are full. False if impossible."""
        link = self.links[-1]
        self.pop()
        return self.push(link.row, link.at._replace(ragged=False), link.where)

    def tighten(self) -> None:
        """Carry what later prints say back to the earlier ones."""
        self._sums.tighten()

    def window(self, index: int) -> Interval | None:
        """Bounds of the mean between the print before and print `index` (1-based); None if empty."""
        link = self.links[index - 1]
        if index > 1 and self.links[index - 2].k == link.k:
            return None
        return self._sums.window(index)

    def count(self, index: int) -> int | None:
        """Right answers in that window, where they are certain."""
        return None if self.links[index - 1].at.ragged else self._sums.count(index)

    def probe(self, index: int, at: Position, where: Interval) -> Interval | None:
        """Bounds of the window from print `index` (0: the start) to a print that came late.

        None if no batches at all could have printed it.
        """
        assert at.k is not None
        assert at.n is not None
        trial = self._make(self._batch_size)
        sums = self._sums
        if isinstance(sums, Sums) and isinstance(trial, Sums):
            trial.n, trial.s = [sums.n[index]], [sums.s[index]]
            possible = trial.push(at.n, where.times(at.n))
        elif isinstance(sums, DoubleSums) and isinstance(trial, DoubleSums):
            trial.k, trial.s, trial.e = [sums.k[index]], [sums.s[index]], [sums.e[index]]
            possible = trial.push(at.k, where.times(at.k))
        return trial.window(1) if possible else None

    # --- rules of the laws -------------------------------------------------------------------

    def _push(self, at: Position, where: Interval) -> bool:
        sums = self._sums
        assert at.k is not None
        assert at.n is not None
        if isinstance(sums, Sums):
            return sums.push(at.n, self._sum_behind(sums, at, where), whole=not at.ragged)
        if at.ragged:
            return self._push_ragged(sums, at, where)
        return sums.push(at.k, where.times(at.k))

    def _sum_behind(self, sums: Sums, at: Position, where: Interval) -> Interval:
        """S behind a running mean; a last batch of unknown size widens it."""
        assert at.n is not None
        s = where.times(at.n)
        if not at.ragged:
            return s
        if not isfinite(self.metric.low):
            return Interval(-inf, inf)
        largest = min(self.metric.high, s.high - sums.s[-1].low + 1.0)
        if self.law.final == "mean-appended":
            # (K U + M) / (K + 1): M, which weighs the last batch by its size, counts once in K + 1
            slack = max(where.high, largest - where.low) / max(at.n - 1.0, 1.0)
            return Interval(s.low - slack, s.high + slack)
        return Interval(s.low - where.high, s.high + largest)

    def _push_ragged(self, sums: DoubleSums, at: Position, where: Interval) -> bool:
        """A bar that averages twice, after a last batch of unknown size: R_K is its unknown.

        Since the print before, E grew by sum_{k0<j<K} S_j / j + c R_K, where c is 1, or 2 where the
        last line appends R_K once more; where the last line is R_K itself there is nothing to solve.
        """
        assert at.k is not None
        k, k0, s0, e0 = at.k, sums.k[-1], sums.s[-1], sums.e[-1]
        rule = self.law.final if at.final else "same"
        e = running = Interval(-inf, inf)
        if rule == "reset":
            running = where
        elif sums.low >= 0.0 and k > k0:
            copies = 2.0 if rule == "running-appended" else 1.0
            total = where.times(k + copies - 1.0)
            most = sum((s0.high + (j - k0) * sums.high) / j for j in range(k0 + 1, k))
            least = s0.low * (harmonic(k - 1) - harmonic(k0))
            running = Interval(
                (total.low - e0.high - most) / copies, (total.high - e0.low - least) / copies
            )
            e = total if rule == "same" else e
        running = Interval(max(running.low, sums.low), min(running.high, sums.high))
        slack = max(abs(running.low), abs(running.high))
        reach = sums.reach(s0, k0, k)
        s = Interval(
            max(k * running.low - slack, reach.low), min(k * running.high + slack, reach.high)
        )
        return sums.append(k, s, e)
