"""Where the prints of a run stand, in updates of its bar, by what is known so far of its steps."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

from tui_monitor.core.columns.positions import Position
from tui_monitor.core.columns.prints import Prints
from tui_monitor.core.decoding.stride import Stride
from tui_monitor.core.inference.identity import BarIdentity
from tui_monitor.core.records import Print

FARTHEST = 4_000_000
"""Step of a bar beyond which no batch is counted: sums over all of an epoch's batches go by it."""


class Places:
    """Places prints by the batch size, the law and the stride that are known now."""

    def __init__(self, prints: Prints, identity: BarIdentity) -> None:
        """`prints`: those of the run, which may grow."""
        self.stride = Stride()
        self._prints = prints
        self._identity = identity
        self._epoch_starts: dict[int, int] = {}
        """Batches of the run done before each epoch, where a law goes on over their ends."""

    def of(self, p: Print) -> Position:
        """Where a print stands."""
        place = self._in_epoch(p)
        if place.k is None or not self._identity.goes_on:
            return place
        return place._replace(done=(p.before or self._epoch_start(p.epoch)) + place.k)

    def of_all(self) -> list[Position]:
        """Where each print stands, after something else is known."""
        self._epoch_starts.clear()
        places = [self.of(p) for p in self._prints]
        for i, (p, later) in enumerate(pairwise(self._prints)):
            # a print that another of its epoch follows was not the last: its batches are full
            if p.steps is None and later.epoch == p.epoch and (later.step or 0) > (p.step or 0):
                places[i] = places[i]._replace(ragged=False)
        return places

    def epoch_batches(self, last: Print) -> int | None:
        """Batches of a whole epoch by its newest print: the total that is shown, or else the step."""
        end = last if last.steps is None else last._replace(step=last.steps)
        return self._in_epoch(end).k

    def in_batches(self, p: Print, k: int | None) -> int | None:
        """Batches of its epoch done after `k` updates of the bar; None where nobody knows."""
        if p.before is None:
            return None
        if k is None or self.stride.size == 1:
            return k
        done = k * self.stride.size
        return min(done, p.steps) if p.steps is not None else done

    def _in_epoch(self, p: Print) -> Position:
        if p.before is None:
            return Position(p.epoch, None, None, ragged=False, final=p.final, done=p.step)
        if p.unit == "sample" and p.step is not None:
            size = self._identity.size.batch_size
            if size is None or p.step > FARTHEST * size:
                return Position(p.epoch, None, None, ragged=False, final=p.final)
            return Position(
                p.epoch, ceil(p.step / size), p.step / size, ragged=False, final=p.final
            )
        too_far = p.step is not None and p.step > FARTHEST and not self._identity.is_told
        if p.unit in ("batch", "round") and p.step is not None and not too_far:
            if p.final and self.stride.short_first:
                k, appended = self.stride.last(p.step)
                return Position(p.epoch, k, float(k), ragged=True, final=True, appended=appended)
            k = done = p.step - p.before
            if self.stride.size > 1:
                k = self.stride.pushes(p.step)
                done = k * self.stride.size
            ragged = p.final or p.steps is None or p.before > 0 or done >= p.steps
            return Position(p.epoch, k, float(k), ragged, p.final)
        return Position(p.epoch, None, None, ragged=False, final=p.final)

    def _epoch_start(self, epoch: int) -> int:
        """Batches of the run done before the epoch: each of those before is as long as it says."""
        starts, unknown = self._epoch_starts, [epoch]
        while unknown[-1] not in starts:
            before = self._last_before(unknown[-1])
            if before is None:
                starts[unknown[-1]] = 0
            else:
                unknown.append(before.epoch)
        for later in reversed(unknown[:-1]):
            before = self._last_before(later)
            assert before is not None
            starts[later] = starts[before.epoch] + (self.epoch_batches(before) or 0)
        return starts[epoch]

    def _last_before(self, epoch: int) -> Print | None:
        """The newest print of the epochs before one."""
        first = self._prints.of_epoch(epoch).start
        return self._prints[first - 1] if first else None
