"""The bars of a program that draws several, one after the other or nested: which one is the training.

Owns which bar's numbers count, the epochs that nobody numbers, what is news, and what of a number's
digits is left out. `frames` tells the batches.
"""

from __future__ import annotations

import copy
import re

from tui_monitor.core.formats.tqdm import announced, general
from tui_monitor.core.frames import Frame, Frames, Numbered
from tui_monitor.core.metrics import describe
from tui_monitor.core.records import Line, Progress, Reading

Shown = tuple[Line, Progress]
"""A line, and what it says with the batch and the epoch of its numbers."""
Name = tuple[str, int | None]
"""What a bar is called, and its total."""

_EVALUATES = re.compile(
    r"(?<![a-z])(?:val|valid|validat\w*|dev|eval|evaluat\w*|test|testing|infer\w*|predict\w*|sanity)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_MOST_BARS = 64
_AGAIN = 2
"""Times that another bar begins, while the training's does not, after which it is the training."""


class _Bar:
    """What is known of one bar."""

    def __init__(self) -> None:
        self.n = 0
        self.readings: tuple[Reading, ...] = ()
        self.begun = 1
        """Times since the training's bar began."""


class Bars:
    """The bars of one log. For one timeline; a copy of it is independent."""

    def __init__(self) -> None:
        self._bars: dict[Name, _Bar] = {}
        self._training: Name | None = None
        self._frames = Frames()
        self._told: dict[str, float] = {}
        """The newest values of numbers that stay beside the bar."""
        self._quanta: dict[str, float] = {}
        """The first quantum of each metric's numbers."""
        self._general: set[str] = set()
        """Metrics whose numbers have more decimals at times: tqdm leaves zeros out."""
        self._disturbed = False
        """Something else was written since the bar was drawn."""
        self._announced: tuple[int, int | None] | None = None
        self._epoch: tuple[int | None, int | None] = (None, None)
        """Number and total of the bar's epoch."""

    def copy(self) -> Bars:
        """An independent one."""
        twin = copy.copy(self)
        twin._bars = {name: copy.copy(bar) for name, bar in self._bars.items()}
        twin._frames = self._frames.copy()
        twin._told, twin._quanta = self._told.copy(), self._quanta.copy()
        twin._general = self._general.copy()
        return twin

    def note(self, text: str) -> None:
        """A line that is no bar's."""
        self._disturbed = True
        self._announced = announced(text) or self._announced

    def take(self, line: Line, item: Progress) -> list[Shown]:
        """The next state of any bar; what is now known of the training's, in order."""
        disturbed, self._disturbed = self._disturbed, False
        name = item.bar, item.steps
        if _EVALUATES.search(item.bar):
            return []
        begins, news, repeats = self._draw(name, item)
        if name != self._training and not self._is_training(name, item):
            self._disturbed = disturbed or name in self._bars
            return []
        shown: list[Shown] = []
        if name != self._training:
            shown += self._end_epoch()
            self._training, begins = name, True
        elif begins:
            shown += self._end_epoch()
        if begins:
            self._begin_epoch(item)
        if repeats and disturbed:
            return shown  # drawn again below what was written
        numbered = self._frames.take(Frame(line, item, item.step or 0, news))
        shown += self._place(numbered)
        if news and not numbered and item.step == item.steps:
            shown += self._validated(line, item)
        return shown

    def flush(self) -> list[Shown]:
        """The log ends: what can still be said."""
        return self._end_epoch()

    def _draw(self, name: Name, item: Progress) -> tuple[bool, bool, bool]:
        """Whether the bar begins, shows new numbers, and shows just what it did."""
        bar, n = self._bars.get(name), item.step or 0
        begins = bar is None or n < bar.n
        if bar is None:
            if len(self._bars) >= _MOST_BARS:
                self._bars = {each: b for each, b in self._bars.items() if each == self._training}
            bar = self._bars[name] = _Bar()
        elif begins:
            bar.begun += 1
            bar.readings = ()
        news = bool(item.readings) and item.readings != bar.readings
        repeats = not news and n == bar.n and not begins
        bar.n, bar.readings = n, item.readings
        return begins, news, repeats

    def _is_training(self, name: Name, item: Progress) -> bool:
        """Whether a bar other than the training's so far is the training's from now on."""
        if self._training is None:
            return bool(item.readings)
        if not item.readings:
            return False
        if name[0] == self._training[0] and item.epoch is not None:
            return item.epoch != self._epoch[0]  # an epoch of another length
        return self._bars[name].begun >= _AGAIN

    def _begin_epoch(self, item: Progress) -> None:
        for bar in self._bars.values():
            bar.begun = 0
        number, total = self._epoch
        if item.epoch is not None:
            self._epoch = item.epoch, item.epochs
        elif self._announced is not None:
            self._epoch, self._announced = self._announced, None
        else:
            self._epoch = (number or 0) + 1, total

    def _end_epoch(self) -> list[Shown]:
        return self._place(self._frames.end_epoch())

    def _place(self, numbered: list[Numbered]) -> list[Shown]:
        """What frames say, with their batches."""
        shown: list[Shown] = []
        for frame, k in numbered:
            item = frame.item
            readings = tuple(self._refined(each) for each in item.readings if self._new(each))
            if readings and (item.steps is None or k <= item.steps):
                shown.append((frame.line, self._with_epoch(item, readings, k)))
        return shown

    def _validated(self, line: Line, item: Progress) -> list[Shown]:
        """Of a bar that is full: numbers that came later, of the epoch's validation."""
        later = tuple(
            each
            for each in item.readings
            if describe(each.metric).split == "val" and self._new(each)
        )
        if not later:
            return []
        return [(line, self._with_epoch(item, later, item.step)._replace(final=False))]

    def _with_epoch(self, item: Progress, readings: tuple[Reading, ...], k: int | None) -> Progress:
        epoch, epochs = self._epoch
        if item.epoch is not None:
            epoch, epochs = item.epoch, item.epochs
        return item._replace(readings=readings, step=k, epoch=epoch, epochs=epochs)

    def _new(self, reading: Reading) -> bool:
        """Whether a number is not that of an epoch before, which stays beside the bar."""
        if reading.law != "epoch":
            return True
        new = self._told.get(reading.metric) != reading.displayed
        self._told[reading.metric] = reading.displayed
        return new

    def _refined(self, reading: Reading) -> Reading:
        """A reading with the quantum that its metric's numbers have."""
        name, quantum = reading.metric, reading.quantum
        if quantum and quantum != self._quanta.setdefault(name, quantum):
            self._general.add(name)
        return general(reading) if name in self._general else reading
