"""What the lines of a `[=>..]` bar tell of the Keras that draws them, by habits that no number shows.

Which running mean such a bar of steps shows is told by its last line alone. Keras before 2.3 calls an
accuracy `acc`; 2.3 calls it `accuracy` and shows it as the metric keeps it, but not the loss; tf.keras
2.2 and later show both so, and repeat the last line. Keras 2.0.9 to 2.3 start a new line for each state
of a bar where no terminal is attached. Only tf.keras 2.0 and 2.1, which show what 2.3 does, announce a
training `for` so many steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tui_monitor.core.averages.laws import (
    BATCHES_LIKELY,
    BATCHES_OPEN,
    SAMPLES_LIKELY,
    SAMPLES_OPEN,
    STATE,
    STEPS,
    Law,
)
from tui_monitor.core.records import Print

NEW_LINES = 3
"""States of a bar that begin new lines, after which this is its habit."""

LEAST_GAPS = 3
"""Gaps between an epoch's prints before they tell how many batches one spans at most."""
OVERDUE = 2
"""Epochs whose last batch had no line of its own though one was due, after which that is no chance."""

LastLine = Literal["repeated", "single", "unsure"]
"""How a bar ends its epoch. `repeated`: the last batch has a line of its own before the epoch's last
line (tf.keras 2.2 and later). `single`: it has none though one was due: no batch went unprinted, or
as many as ever before (before)."""


class Habits:
    """Of one run's bars, as their lines come."""

    def __init__(self) -> None:
        self._last_line: LastLine = "unsure"
        self._named_accuracy = self._for_steps = False
        self.draws_cells = False
        """The bars are those of Keras 1 and 2: `[==>..]`."""
        self._new_lines = 0
        self._epoch = 0
        """Of the newest print; of that epoch: .."""
        self._last = 0
        """.. its farthest step, .."""
        self._gaps = 0
        self._widest = 0
        """.. how many gaps there are between its prints, and batches in the widest."""
        self._overdue = 0
        """Epochs at whose end a line was due and did not come, where batches go unprinted."""
        self._unknown_length = False
        """The first epoch's bar did not know its length: tf.keras 2.0 and later."""

    def begin(self, p: Print) -> None:
        """Take what the first line of the bars tells."""
        self._unknown_length = p.style == "keras-unknown"
        self._named_accuracy = any("accuracy" in r.metric for r in p.readings)
        self._for_steps = p.style == "keras-bar-for-steps"
        self.draws_cells = p.style == "keras-bar"

    def hear(self, p: Print, prints: Sequence[Print]) -> bool:
        """Take a line, the newest of the `prints`. Whether a metric's law may now be another."""
        if p.unit != "batch" or p.style != "keras-bar" or p.step is None:
            return False
        if self._last_line == "repeated":
            return False
        if not p.final:
            self._measure(p.epoch, p.step)
            self._new_lines += p.redrawn is False
            return self._new_lines == NEW_LINES
        before = prints[-3:-1]
        steps = [q.step for q in before if q.epoch == p.epoch and q.steps is not None]
        seen: LastLine = self._last_line
        if steps and steps[-1] == p.step:
            seen = "repeated"
        elif steps == [p.step - 2, p.step - 1]:
            seen = "single"
        else:
            self._overdue += self._was_due(p.epoch, p.step)
            if self._overdue >= OVERDUE:
                seen = "single"
        changed = seen != self._last_line
        self._last_line = seen
        return changed

    def _measure(self, epoch: int, step: int) -> None:
        """Take how far a print is from the one before."""
        if epoch != self._epoch:
            self._epoch = epoch
            self._gaps = self._widest = 0
        else:
            self._gaps += 1
            self._widest = max(self._widest, step - self._last)
        self._last = step

    def _was_due(self, epoch: int, steps: int) -> bool:
        """Whether the last of an epoch's batches comes as late as any print ever did."""
        known = epoch == self._epoch and self._gaps >= LEAST_GAPS
        return known and steps - self._last >= self._widest > 1

    def law(self, name: str) -> Law:
        """Which running mean of steps a metric of this name is."""
        if self._last_line == "repeated":
            return STATE
        if self._for_steps or (self._last_line == "single" and not self._unknown_length):
            return STATE if "accuracy" in name else STEPS
        kept = "accuracy" in name if self._new_lines >= NEW_LINES else self._named_accuracy
        if self._unknown_length:
            return SAMPLES_OPEN if kept else BATCHES_OPEN
        return SAMPLES_LIKELY if kept else BATCHES_LIKELY
