"""What earlier lines of a log said that later ones are read by, and what must not be read twice.

Owns the names of a table's columns, the width of a window, and that a round is shown once more.
"""

from __future__ import annotations

import re

from tui_monitor.core.formats import plain, rich, table, tqdm, ultralytics
from tui_monitor.core.formats.base import COLUMN
from tui_monitor.core.formats.fastai import ROW, of_table
from tui_monitor.core.formats.mmengine import ENGINE, smoothed_over
from tui_monitor.core.metrics import base_name, describe
from tui_monitor.core.place import Place
from tui_monitor.core.records import Columns, Progress, Reading, Window

_AVERAGED = re.compile(r"^(?:avg|average|mean|epoch|overall)_")
"""What a name begins with where a line sums an epoch up."""
_OF_LOOPS = (plain.LINE, plain.HEAD, plain.DATA, plain.BELOW)


class Glossary:
    """Of one timeline; a copy of it is independent."""

    def __init__(self) -> None:
        self._columns: dict[str, tuple[str, ...]] = {}
        """By table."""
        self._window: int | None = None
        self._told: dict[str, float] = {}
        """Numbers that stay beside a bar."""
        self._head: Progress | None = None
        """The newest line that announces an epoch for those below it."""
        self._line: Progress | None = None
        """The newest line that says itself where it stands; of no training is what is below it."""
        self._below: frozenset[str] = frozenset()
        """Metrics shown there."""
        self._stepped: frozenset[str] = frozenset()
        """Metrics that the steps of the newest epoch have shown."""
        self._data = ""
        """What names of metrics begin with on the next line below."""
        self._repeats = False

    def learn(self, item: Columns | Window) -> None:
        """Take what a line says of those to come."""
        if isinstance(item, Columns):
            self._columns = {**self._columns, item.table: item.names}
        else:
            self._window = item.size

    def expect_repetition(self) -> None:
        """The next print is one that was there already."""
        self._repeats = True

    def read(self, item: Progress, at: Place) -> Progress | None:
        """A line as it is to be understood; None where it tells nothing."""
        repeats, self._repeats = self._repeats, False
        if item.style == ROW:
            item = of_table(item, self._columns.get("", ()), at.bar_steps)
        elif item.style == ENGINE and self._window is not None:
            item = smoothed_over(item, self._window)
        elif item.style == table.ROW:
            item = table.of_table(item, self._columns.get(table.ROW, ()))
        elif item.style == rich.EPOCH:
            item, self._told = self._news(item), {r.metric: r.displayed for r in item.readings}
        elif item.style == ultralytics.ROW:
            if at.run == 0 or at.evaluated:
                return None  # of a model that is only validated, or of the best one once more
            item = self._named(item, ultralytics.ROW)
        elif item.readings and item.readings[0].metric.startswith(COLUMN):
            item = self._named(item, ultralytics.BAR)
        elif item.style in _OF_LOOPS:
            item = self._of_loop(item, at)
        elif item.style == tqdm.BAR:
            self._note_bar(item)
        elif item.style == tqdm.SUMMARY:
            item = self._below_bar(item)
        return None if repeats or not item.readings else item

    def _news(self, item: Progress) -> Progress:
        """What of numbers that stay beside a bar is not as it was."""
        told = self._told
        news = (each for each in item.readings if told.get(each.metric) != each.displayed)
        return item._replace(readings=tuple(news))

    def _of_loop(self, item: Progress, at: Place) -> Progress:
        """A line of a loop, by the head above it; without what its epoch showed already."""
        if item.style == plain.HEAD:
            self._head, self._below = item, frozenset()
            return item
        data, self._data = self._data, item.bar
        if data and item.style == plain.BELOW:
            item = plain.of_data(item, data)
        if item.style == plain.LINE:
            self._line, self._below = item, frozenset()
            if item.epoch is not None:
                self._head = None
        if self._head is not None and item.epoch is None:
            item = item._replace(epoch=self._head.epoch, epochs=self._head.epochs)
        elif item.style == plain.BELOW:
            item = self._below_line(item)
        readings = item.readings
        if item.style == plain.BELOW:
            names = {each.metric for each in readings}
            readings = () if self._below & names else readings
            self._below |= names
        return item._replace(readings=self._not_summed_up(item, readings, at))

    def _note_bar(self, item: Progress) -> None:
        """Remember what a bar shows of an epoch, and of its validation."""
        names = frozenset(base_name(each.metric) for each in item.readings)
        if item.step is not None:
            self._stepped, self._below = self._stepped | names, frozenset()
        else:
            self._below |= {each.metric for each in item.readings}

    def _below_bar(self, item: Progress) -> Progress:
        """What sums up an epoch below its bar, but for what the bar or a line before has shown."""
        readings = tuple(
            each
            for each in item.readings
            if each.metric not in self._below and self._is_news(each.metric)
        )
        self._below |= {each.metric for each in readings}
        return item._replace(readings=readings)

    def _is_news(self, name: str) -> bool:
        """Whether a number of an epoch is no sum of what its steps have shown already."""
        summed = _AVERAGED.sub("", base_name(name))
        return describe(name).split == "val" or summed not in self._stepped

    def _below_line(self, item: Progress) -> Progress:
        """What is below a line with its own place: a validation there, or nothing of it."""
        line = self._line
        if line is None or any(describe(each.metric).split != "val" for each in item.readings):
            return item._replace(readings=())
        if line.step is None:
            return item._replace(epoch=line.epoch, epochs=line.epochs)
        return item._replace(epoch=line.epoch, epochs=line.epochs, unit="batch", final=False)

    def _not_summed_up(
        self, item: Progress, readings: tuple[Reading, ...], at: Place
    ) -> tuple[Reading, ...]:
        """The numbers of an epoch that its steps have not shown already."""
        if item.step is not None:
            names = frozenset(base_name(each.metric) for each in readings)
            self._stepped = names | (self._stepped if at.number == item.epoch else frozenset())
            return readings
        if at.last is None or at.number != item.epoch:
            return readings
        return tuple(each for each in readings if self._is_news(each.metric))

    def _named(self, row: Progress, table: str) -> Progress:
        """A row by the names of its columns; what nothing names is left out."""
        names = self._columns.get(table, ())
        known = zip(row.readings, names, strict=False)
        return row._replace(readings=tuple(each._replace(metric=name) for each, name in known))
