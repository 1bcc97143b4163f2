"""Prints that show no step: they wait for the bar beside them, or are counted where there is none.

The Trainer of Hugging Face writes its numbers above a bar, and draws the bar again right after them.
"""

from __future__ import annotations

from tui_monitor.core.formats.huggingface import LOG
from tui_monitor.core.placing.place import Place
from tui_monitor.core.records import Print, Progress


class Stepless:
    """Finds the steps of such prints. Of one timeline; a copy of it is independent."""

    def __init__(self) -> None:
        self.waiting: Print | None = None
        """A print that the next state of the bar completes."""
        self._has_bar = False

    def count(self, item: Progress, at: Place, *, evaluates: bool) -> Progress:
        """The print as one more of its run; as it is where a bar is to show its step."""
        if self._has_bar:
            return item
        at.last = (at.last or 0) + (not evaluates)
        return item._replace(step=at.last, unit="round")

    def wait(self, printed: Print) -> list[Print]:
        """Withhold a print until the bar is seen: nothing is to be placed."""
        self.waiting = printed
        return []

    def show(self, bar: Progress | None, at: Place) -> list[Print]:
        """The print that waited, by the state of the bar; without a step where none comes."""
        self._has_bar = self._has_bar or bar is not None
        printed = self.waiting
        if printed is None:
            return []
        if bar is None or bar.step is None:
            at.steps = None
        elif at.steps not in (None, bar.steps):
            return []  # the bar of an evaluation
        else:
            at.last, at.steps = bar.step, bar.steps
            final = bar.step == bar.steps and printed.style == LOG
            at.open = at.open and not final
            printed = printed._replace(
                step=bar.step, steps=bar.steps, final=final, eta=bar.eta, elapsed=bar.elapsed
            )
        self.waiting = None
        return [printed]
