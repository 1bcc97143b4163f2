"""The bars of a program that draws several, one after the other or nested: which one is the training.

Owns which bar's numbers count and which are a validation's, the epochs that nobody numbers, what is
news, and what of a number's digits is left out. `frames` tells the batches.
"""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from typing import Literal

from tui_monitor.core.formats import cifarbar, progressbar, tqdm
from tui_monitor.core.formats.tqdm import announced, general
from tui_monitor.core.placing.framerules import Beside, Frame, Numbered
from tui_monitor.core.placing.frames import Frames
from tui_monitor.core.records import Line, Progress, Reading

Shown = tuple[Line, Progress]
"""A line, and what it says with the batch and the epoch of its numbers."""
Name = tuple[str, int | None]
"""What a bar is called, and its total."""
_DRAWN_ONCE = frozenset({cifarbar.BAR, progressbar.BAR})
"""Styles of bars that are drawn once a batch, with its numbers."""
STYLES = _DRAWN_ONCE | {tqdm.BAR}
"""Of the states of such bars."""

_VALIDATES = re.compile(
    r"(?<![a-z])(?:val|valid|validat\w*|dev|eval|evaluat\w*)(?![a-z])", re.IGNORECASE
)
_OTHER = re.compile(
    r"(?<![a-z])(?:test|testing|infer\w*|predict\w*|sanity)(?![a-z])", re.IGNORECASE
)
_MOST_BARS = 64
_AGAIN = 2
"""Times that another bar begins, while the training's does not, after which it is the training."""


@lru_cache(maxsize=_MOST_BARS)
def _kind(bar: str) -> Literal["training", "validation", "other"]:
    """What a bar is of, going by what it is called."""
    if _OTHER.search(bar):
        return "other"
    return "validation" if _VALIDATES.search(bar) else "training"


class _Bar:
    """What is known of one bar."""

    def __init__(self, style: str) -> None:
        self.n = self.line = 0
        """Its position, and the line in which it began."""
        self.readings: tuple[Reading, ...] = ()
        self.begun = 1
        """Times since the training's bar began."""
        self.epoch: int | None = None
        """Of its newest state, where that says so."""
        self.ended: int | None = None
        """The line of that state, where nothing is drawn over it."""
        self.frames = Frames(Beside() if style in _DRAWN_ONCE else None)

    def copy(self) -> _Bar:
        """An independent one."""
        twin = copy.copy(self)
        twin.frames = self.frames.copy()
        return twin

    def comes_again(self, line: Line, item: Progress) -> bool:
        """Whether a state that is no farther back is of a new bar: all that is kept are full ones."""
        if item.steps is not None and item.step != item.steps:
            return False
        if item.epoch is not None and self.epoch is not None:
            return item.epoch != self.epoch
        left = self.ended is not None and line.number > self.ended + 1
        return left and item.step == self.n and item.readings != self.readings


class Bars:
    """The bars of one log. For one timeline; a copy of it is independent."""

    def __init__(self) -> None:
        self._bars: dict[Name, _Bar] = {}
        self._training: Name | None = None
        self._told: dict[str, float] = {}
        """The newest values of numbers that stay beside the bar."""
        self._quanta: dict[str, float] = {}
        """The first quantum of each metric's numbers."""
        self._general: set[str] = set()
        """Metrics whose numbers have more decimals at times: tqdm leaves zeros out."""
        self._disturbed = False
        """Something else was written since a bar was drawn, which is drawn again below it."""
        self._announced: tuple[int, int | None] | None = None
        self._announced_in = 0
        """The line that said so."""
        self._begun_anew = self._of_run = False
        """The training's bar began more than once; or it is one for all epochs."""
        self._validation: Shown | None = None
        """The newest state of the bar of a validation."""
        self._epoch: tuple[int | None, int | None] = (None, None)
        """Number and total of the bar's epoch."""
        self._headed = self._tests = False
        """A line announced it; and the bar of a test is drawn that is as long as the training's."""

    def copy(self) -> Bars:
        """An independent one."""
        twin = copy.copy(self)
        twin._bars = {name: bar.copy() for name, bar in self._bars.items()}
        twin._told, twin._quanta = self._told.copy(), self._quanta.copy()
        twin._general = self._general.copy()
        return twin

    def note(self, line: Line) -> None:
        """A line that is no bar's."""
        self._disturbed = True
        self._hear(line)

    def _hear(self, line: Line) -> None:
        """A line that may announce an epoch, if need be behind a bar: this has no line's end."""
        text = line.text.rpartition("]")[2] if "%|" in line.text else line.text
        if (epoch := announced(text)) is not None:
            self._announced, self._announced_in = epoch, line.number

    def take(self, line: Line, item: Progress) -> list[Shown]:
        """The next state of any bar; what is now known of the training's, in order."""
        shown = self._take(line, item)
        if not line.text.endswith("]"):
            self._hear(line)
        return shown

    def _take(self, line: Line, item: Progress) -> list[Shown]:
        disturbed, self._disturbed = self._disturbed, False
        name = item.bar, item.steps
        kind = _kind(item.bar)
        if kind == "other":
            return []
        if kind == "validation" or self._is_test(name, item):
            return self._validate(line, item)
        begins = self._begins(name, line, item)
        trains = name == self._training
        new_epoch = begins if trains else self._is_training(name, item)
        shown: list[Shown] = []
        if new_epoch:
            shown += self._end_epoch()
        if trains or new_epoch:
            shown += self._end_validation()
        if new_epoch:
            self._training = name
            self._begin_epoch(name, item)
        bar = self._bars[name]
        if trains and not begins and self._goes_on(bar, item):
            shown += self._end_epoch()
        if begins:
            bar.frames.end_epoch()
        news = bool(item.readings) and item.readings != bar.readings
        redrawn = disturbed and not news and not begins and item.step == bar.n
        bar.n, bar.readings, bar.epoch = item.step or 0, item.readings, item.epoch
        bar.ended = line.number if line.end == "newline" else None
        frame = Frame(line, item, bar.n, news)
        if begins and news and item.step == item.steps:
            numbered = [(frame, bar.n)]  # all that is kept of the epoch is its full bar
        else:
            numbered = [] if redrawn else bar.frames.take(frame)
        if name != self._training:
            full = item.step == item.steps
            return self._validate(line, item) if full and self._validates(name) else []
        shown += self._place(numbered)
        if news and not numbered and item.step == item.steps:
            shown += self._ended(line, item)
        return shown

    @property
    def trains(self) -> bool:
        """Whether one of them is a training's."""
        return self._training is not None

    @property
    def full(self) -> bool:
        """Whether the training's bar stands at its end, as far as anybody knows that."""
        if self._training is None:
            return False
        return self._training[1] in (None, self._bars[self._training].n)

    def end_epoch(self) -> list[Shown]:
        """A line sums the epoch up: what can still be said of it."""
        return [*self._end_epoch(), *self._end_validation()]

    def flush(self) -> list[Shown]:
        """The log ends: what can still be said."""
        shown = self._end_epoch()
        if self._validation is not None and self._validation[1].step == self._validation[1].steps:
            shown += self._end_validation()
        return shown

    def _validate(self, line: Line, item: Progress) -> list[Shown]:
        """The next state of a validation's bar; of one that is left, what it showed last."""
        self._validation = (line, item) if item.readings else None
        left = item.step == item.steps and line.end == "newline"
        return self._end_validation() if left else []

    def _end_validation(self) -> list[Shown]:
        """What the bar of a validation showed last: its numbers are the epoch's."""
        if self._validation is None or self._training is None:
            return []
        (line, item), self._validation = self._validation, None
        readings = tuple(
            each._replace(
                metric=each.metric if each.metric.startswith("val") else f"val_{each.metric}",
                law="epoch",
            )
            for each in item.readings
            if each.law != "instantaneous"
        )
        ended = item._replace(readings=readings, step=None, steps=None, epoch=None, final=False)
        return [(line, ended)] if readings else []

    def _begins(self, name: Name, line: Line, item: Progress) -> bool:
        """Whether a bar begins, for the first time or anew."""
        bar = self._bars.get(name)
        if bar is not None and (item.step or 0) >= bar.n and not bar.comes_again(line, item):
            return False
        if bar is None:
            if len(self._bars) >= _MOST_BARS:
                self._bars = {each: b for each, b in self._bars.items() if each == self._training}
            bar = self._bars[name] = _Bar(item.style)
            if 1 < (item.step or 0) != item.steps:
                bar.readings = item.readings  # they may be old: the log begins inside an epoch
        else:
            bar.begun += 1
            if item.step:
                bar.readings = ()  # at the very beginning those of the epoch before may be left
            self._begun_anew |= name == self._training
        bar.line = line.number
        return True

    def _is_test(self, name: Name, item: Progress) -> bool:
        """Whether a bar like the training's is of a test: no line announces an epoch for it."""
        if item.style not in _DRAWN_ONCE or name != self._training or self._announced is not None:
            self._tests = False
        elif self._headed and (item.step or 0) <= self._bars[name].n:
            self._tests = True
        return self._tests

    def _is_training(self, name: Name, item: Progress) -> bool:
        """Whether a bar other than the training's so far is the training's from now on."""
        if self._training is None:
            return bool(item.readings)
        if not item.readings:
            return False
        if name[0] == self._training[0] and item.epoch is not None:
            return item.epoch != self._epoch[0]  # an epoch of another length
        return self._bars[name].begun >= _AGAIN

    def _validates(self, name: Name) -> bool:
        """Whether a bar that is called as the training's is drawn once more for each of its epochs."""
        return (
            self._training is not None
            and name[0] == self._training[0]
            and self._bars[name].begun > 0
        )

    def _begin_epoch(self, name: Name, item: Progress) -> None:
        for bar in self._bars.values():
            bar.begun = 0
        number, total = self._epoch
        self._headed = self._announced is not None
        if item.epoch is not None:
            self._epoch = item.epoch, item.epochs
        elif self._announced is not None and self._announced_in <= self._bars[name].line:
            self._epoch, self._announced = self._announced, None
        else:
            self._epoch = (number or 0) + 1, total

    def _goes_on(self, bar: _Bar, item: Progress) -> bool:
        """Whether a bar that is one for all epochs has come to the next, which a line announced."""
        told, number = self._announced, self._epoch[0] or 0
        if told is None or self._announced_in < bar.line or self._begun_anew:
            return False
        if item.epoch is not None or (item.step or 0) <= bar.n:
            return False
        self._announced = None
        if told[0] not in (number, number + 1):
            return False  # late
        self._of_run = True
        if told[0] == number:
            return False  # where it ends is not told as long as its total is that of all epochs
        self._epoch = told
        return True

    def _end_epoch(self) -> list[Shown]:
        if self._training is None:
            return []
        return self._place(self._bars[self._training].frames.end_epoch())

    def _place(self, numbered: list[Numbered]) -> list[Shown]:
        """What frames say, with their batches."""
        shown: list[Shown] = []
        for frame, k in numbered:
            item = frame.item
            readings = tuple([self._refined(each) for each in item.readings if self._new(each)])
            if readings and (item.steps is None or k <= item.steps):
                shown.append((frame.line, self._with_epoch(item, readings, k)))
        return shown

    def _ended(self, line: Line, item: Progress) -> list[Shown]:
        """Of a bar that is full: numbers of the epoch as a whole, which come later."""
        of_epoch = [each for each in item.readings if each.law == "epoch"]
        if all(self._told.get(each.metric) == each.displayed for each in of_epoch):
            return []
        frames = self._bars[item.bar, item.steps].frames
        shown = [] if frames.are_understood else self._place(frames.end_epoch())
        later = tuple(each for each in of_epoch if self._new(each))
        return [*shown, (line, self._with_epoch(item, later, item.step)._replace(final=False))]

    def _with_epoch(self, item: Progress, readings: tuple[Reading, ...], k: int | None) -> Progress:
        epoch, epochs = self._epoch
        if item.epoch is not None:
            epoch, epochs = item.epoch, item.epochs
        place = k, epoch, epochs, self._of_run
        if place == (item.step, item.epoch, item.epochs, item.of_run) and readings == item.readings:
            return item  # as from most bars
        return item._replace(
            readings=readings, step=k, epoch=epoch, epochs=epochs, of_run=self._of_run
        )

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
