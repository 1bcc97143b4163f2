"""Prints that show no step: they wait for the bar beside them, or are counted where there is none.

The Trainer of Hugging Face writes its numbers above a bar, and draws the bar again right after them. A
loop may print several times an epoch and show nothing but the epoch: its prints are counted from the
epoch's begin. Of which batches their numbers are nobody can tell, so these are shown as printed.
"""

from __future__ import annotations

from tui_monitor.core.formats.huggingface import LOG
from tui_monitor.core.metrics import describe
from tui_monitor.core.placing.place import Place
from tui_monitor.core.records import Print, Progress, Reading

_AGAIN = 2
"""Other numbers of epochs that had one already, after which a metric is none of whole epochs: once an
epoch may be taken up again, or a validation go by the same name.
"""


class Stepless:
    """Finds the steps of such prints. Of one timeline; a copy of it is independent."""

    def __init__(self) -> None:
        self.waiting: Print | None = None
        """A print that the next state of the bar completes."""
        self._has_bar = False
        self._epoch = (0, 0)
        """Run and epoch of what follows, which is replaced, never changed: copies share it."""
        self._shown: dict[str, Reading] = {}
        """The epoch's newest number of each metric without a step."""
        self._prints = 0
        """Of the epoch, of such metrics."""
        self._again: dict[str, int] = {}
        """How often in the run a metric has shown another number of the same epoch."""

    def count(self, item: Progress, at: Place, *, evaluates: bool) -> Progress:
        """The print as one more of its run; as it is where a bar is to show its step."""
        if self._has_bar:
            return item
        at.last = (at.last or 0) + (not evaluates)
        return item._replace(step=at.last, unit="round")

    def within_epoch(self, item: Progress, at: Place) -> Progress:
        """A print of an epoch as a whole, or as one of several within it where its metrics are such."""
        if item.unit != "epoch" or item.step is not None:
            return item
        numbers = {each.metric: each for each in item.readings if _is_of_epoch(each)}
        if not numbers:
            return item
        run, before = self._epoch[0], self._shown
        if run != at.run:
            self._again = {}
        if self._epoch != (at.run, at.epoch):
            self._epoch, self._prints, before = (at.run, at.epoch), 0, {}
        again = before.keys() & numbers.keys()
        others = {name for name in again if _differ(before[name], numbers[name])}
        if others:
            counted = {name: self._again.get(name, 0) + 1 for name in others}
            self._again = {**self._again, **counted}
        self._shown = {**before, **numbers}
        self._prints += 1
        several = {name for name in self._again if self._again[name] >= _AGAIN} & numbers.keys()
        if not several:
            return item
        readings = tuple(
            each._replace(law="unknown") if each.metric in several else each
            for each in item.readings
        )
        return item._replace(readings=readings, step=self._prints, unit="round", final=False)

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


def _is_of_epoch(reading: Reading) -> bool:
    """Whether a number of a training is one of an epoch as a whole, going by what is printed."""
    return reading.law == "epoch" and describe(reading.metric).split == "train"


def _differ(one: Reading, other: Reading) -> bool:
    """Whether two prints cannot be of the same number, rounded to other digits."""
    return abs(one.displayed - other.displayed) > 0.5 * (one.quantum + other.quantum)
