"""What the lines of a `[=>..]` bar tell of the Keras that draws them, by habits that no number shows.

Which running mean such a bar of steps shows is told by its last line alone. Keras before 2.3 calls an
accuracy `acc`; 2.3 calls it `accuracy` and shows it as the metric keeps it, but not the loss; tf.keras
2.2 and later show both so, and repeat the last line. Keras 2.0.9 to 2.3 start a new line for each state
of a bar where no terminal is attached.
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

LastLine = Literal["repeated", "single", "unsure"]
"""How a bar ends its epoch. `repeated`: the last batch has a line of its own before the epoch's last
line (tf.keras 2.2 and later). `single`: it has none though no batch went unprinted (before)."""


class Habits:
    """Of one run's bars, as their lines come."""

    def __init__(self) -> None:
        self._last_line: LastLine = "unsure"
        self._named_accuracy = False
        self._new_lines = 0
        self._unknown_length = False
        """The first epoch's bar did not know its length: tf.keras 2.0 and later."""

    def begin(self, p: Print) -> None:
        """Take what the first line of the bars tells."""
        self._unknown_length = p.style == "keras-unknown"
        self._named_accuracy = any("accuracy" in r.metric for r in p.readings)

    def hear(self, p: Print, prints: Sequence[Print]) -> bool:
        """Take a line, the newest of the `prints`. Whether a metric's law may now be another."""
        if p.unit != "batch" or p.style != "keras-bar" or p.step is None:
            return False
        if self._last_line == "repeated":
            return False
        if not p.final:
            self._new_lines += p.redrawn is False
            return self._new_lines == NEW_LINES
        before = prints[-3:-1]
        steps = [q.step for q in before if q.epoch == p.epoch and q.steps is not None]
        seen: LastLine = self._last_line
        if steps and steps[-1] == p.step:
            seen = "repeated"
        elif steps == [p.step - 2, p.step - 1]:
            seen = "single"
        changed = seen != self._last_line
        self._last_line = seen
        return changed

    def law(self, name: str) -> Law:
        """Which running mean of steps a metric of this name is."""
        if self._last_line == "repeated":
            return STATE
        if self._last_line == "single" and not self._unknown_length:
            return STATE if "accuracy" in name else STEPS
        kept = "accuracy" in name if self._new_lines >= NEW_LINES else self._named_accuracy
        if self._unknown_length:
            return SAMPLES_OPEN if kept else BATCHES_OPEN
        return SAMPLES_LIKELY if kept else BATCHES_LIKELY
