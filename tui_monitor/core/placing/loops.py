"""Lines of home-made loops, by the lines above them: which epoch they are of, and what they repeat.

An epoch may be announced on a line of its own, a validation stand below the line or the bar of its
epoch, and a line sum up what steps have shown. Owns what of such lines is news, and where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tui_monitor.core.formats import plain
from tui_monitor.core.metrics import base_name, describe
from tui_monitor.core.placing.place import Place
from tui_monitor.core.records import Progress, Reading

_AVERAGED = re.compile(r"^(?:avg|average|mean|epoch|overall)_")
"""What a name begins with where a line sums an epoch up."""
DISTINCT = 1000.0
"""Steps of its last digit that a number has that is never the same by chance."""


class Loops:
    """Of one timeline; a copy of it is independent."""

    def __init__(self) -> None:
        self._head: Progress | None = None
        """The newest line that announces an epoch or a step for those below it."""
        self._line: Progress | None = None
        """The newest line that says itself where it stands."""
        self._below: frozenset[str] = frozenset()
        """Metrics shown below these, or below a bar."""
        self._first: frozenset[str] = frozenset()
        """Those of the first line below."""
        self._stepped: frozenset[str] = frozenset()
        """Metrics that steps have shown of the newest epoch."""
        self._evaluated: dict[str, Reading] = {}
        """The newest validation that lines with a step have shown."""
        self._data = ""
        """What names of metrics begin with on the next line below, .."""
        self._data_of_list = ""
        """.. and on the rows of the list that it began."""

    def read(self, item: Progress, at: Place) -> Progress:
        """A line of a loop as it is to be understood; without what its epoch showed already."""
        if item.style == plain.HEAD:
            self._data_of_list = ""
            if item.epoch is None and self._data:  # of a step of a validation
                self._head = self._line = None
                return item
            if item.epoch is None and self._head is not None:
                item = item._replace(epoch=self._head.epoch, epochs=self._head.epochs)
            self._head, self._below, self._first = item, frozenset(), frozenset()
            return item
        data = self._data or self._data_of_list
        of_list = item.style == plain.BELOW and item.bar
        self._data_of_list = data if of_list else ""
        self._data = item.bar if item.style == plain.DATA else ""
        if data and item.style == plain.BELOW:
            item = plain.of_data(item, data)
        if item.style == plain.LINE and self._is_of_another_count(item, at):
            return item._replace(readings=())
        if item.style == plain.LINE:
            item = self._without_old(item)
            self._line, self._below = item, frozenset()
            if item.epoch is not None:
                self._head = None
        if self._head is not None and item.epoch is None:
            item = plain.of_head(item, self._head)
        elif item.style == plain.BELOW:
            item = self._below_line(item)
        readings = item.readings
        if item.style == plain.BELOW:
            names = frozenset(each.metric for each in readings)
            self._first = self._first or names
            again = self._head is not None and names == self._first and _trains(readings)
            readings = () if self._below & names and not again else readings
            self._below |= names
        readings = self._not_summed_up(item, readings, at)
        return item if readings is item.readings else item._replace(readings=readings)

    def _is_of_another_count(self, item: Progress, at: Place) -> bool:
        """Whether a line of a validation counts its own steps: it is on the way through it."""
        if item.step is None or item.epoch is None or item.epoch != at.number or at.last is None:
            return False
        return item.step < at.last and all(
            describe(each.metric).split == "val" for each in item.readings
        )

    def _without_old(self, item: Progress) -> Progress:
        """A line without what it only shows once more of a validation of an earlier step."""
        if item.step is None or not _trains(item.readings):
            return item
        before = self._evaluated
        shown = {r.metric: r for r in item.readings if describe(r.metric).split == "val"}
        if not shown:
            return item
        self._evaluated = shown
        return item._replace(
            readings=tuple(
                each
                for each in item.readings
                if before.get(each.metric) != each or not _tells_apart(each)
            )
        )

    def note_bar(self, item: Progress) -> None:
        """Remember what a bar shows of an epoch, or of its validation."""
        if item.step is None:
            self._below |= {each.metric for each in item.readings}
        else:
            self._stepped, self._below = self._stepped | _base_names(item.readings), frozenset()

    def read_below_bar(self, item: Progress) -> Progress:
        """What sums an epoch up below its bar, but for what the bar or a line before has shown."""
        readings = tuple(
            each
            for each in item.readings
            if each.metric not in self._below and self._is_news(each.metric)
        )
        self._below |= {each.metric for each in readings}
        return item._replace(readings=readings)

    def _below_line(self, item: Progress) -> Progress:
        """What is below a line with its own place: a validation there, or nothing of it."""
        line = self._line
        readings = tuple(each for each in item.readings if not each.metric.startswith("train_"))
        if line is None or any(describe(each.metric).split != "val" for each in readings):
            return item._replace(readings=())
        item = item._replace(readings=readings)
        if line.step is None:
            return item._replace(epoch=line.epoch, epochs=line.epochs)
        return item._replace(epoch=line.epoch, epochs=line.epochs, unit="batch", final=False)

    def _not_summed_up(
        self, item: Progress, readings: tuple[Reading, ...], at: Place
    ) -> tuple[Reading, ...]:
        """The numbers of an epoch that its steps have not shown already."""
        if item.step is not None:
            before = self._stepped if at.number == item.epoch else frozenset()
            self._stepped = before | _base_names(readings)
            return readings
        if at.last is None or at.number != item.epoch:
            return readings
        return tuple(each for each in readings if self._is_news(each.metric))

    def _is_news(self, name: str) -> bool:
        """Whether a number of an epoch is no sum of what its steps have shown already."""
        summed = _AVERAGED.sub("", base_name(name))
        return describe(name).split == "val" or summed not in self._stepped


def _tells_apart(reading: Reading) -> bool:
    """Whether a number has so many digits that another evaluation would hardly show the same."""
    return 0.0 < DISTINCT * reading.quantum <= abs(reading.displayed)


def _trains(readings: Iterable[Reading]) -> bool:
    return any(describe(each.metric).split == "train" for each in readings)


def _base_names(readings: Iterable[Reading]) -> frozenset[str]:
    return _stripped(tuple([each.metric for each in readings]))


@lru_cache(maxsize=256)
def _stripped(names: tuple[str, ...]) -> frozenset[str]:
    """The names without the data that they are of; lines of a log show the same ones again."""
    return frozenset(map(base_name, names))
