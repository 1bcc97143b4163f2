"""What earlier lines of a log said that later ones are read by, and what must not be read twice.

Owns the names of a table's columns, the width of a window, and that a round is shown once more.
"""

from __future__ import annotations

import copy

from tui_monitor.core.formats import (
    heads,
    kohya,
    litgpt,
    mnist,
    plain,
    rich,
    table,
    tqdm,
    ultralytics,
)
from tui_monitor.core.formats.base import COLUMN
from tui_monitor.core.formats.fastai import ROW, of_table
from tui_monitor.core.formats.mmengine import (
    ENGINE,
    SCALARS_VAL,
    of_epoch,
    smoothed_over,
)
from tui_monitor.core.placing.bars import STYLES as BARS
from tui_monitor.core.placing.blocks import STYLES as OF_BLOCKS
from tui_monitor.core.placing.blocks import Block
from tui_monitor.core.placing.loops import Loops
from tui_monitor.core.placing.place import Place
from tui_monitor.core.records import Columns, Progress, Window

_OF_LOOPS = (plain.LINE, plain.HEAD, plain.DATA, plain.BELOW)


class Glossary:
    """Of one timeline; a copy of it is independent."""

    def __init__(self) -> None:
        self._columns: dict[str, Columns] = {}
        """By table."""
        self._window: int | None = None
        self._told: dict[str, float] = {}
        """Numbers that stay beside a bar."""
        self._loops = Loops()
        self._repeats = False
        self._block = Block()
        self._counted = mnist.Counted()
        self._tables_of: Progress | None = None
        """The newest line that places the tables below it."""

    def copy(self) -> Glossary:
        """An independent one."""
        twin = copy.copy(self)
        twin._loops = copy.copy(self._loops)
        return twin

    def learn(self, item: Columns | Window) -> None:
        """Take what a line says of those to come."""
        if isinstance(item, Columns):
            if item.table == heads.GOES_ON:
                begins = self._columns.get(heads.BEGINS)
                item = (begins and heads.joined(begins, item)) or item
            self._columns = {**self._columns, item.table: item}
        else:
            self._window = item.size

    def expect_repetition(self) -> None:
        """The next print is one that was there already."""
        self._repeats = True

    def read(self, item: Progress, at: Place) -> Progress | None:
        """A line as it is to be understood; None where it tells nothing."""
        repeats, self._repeats = self._repeats, False
        if item.style == ROW:
            item = of_table(item, self._names(""), at.bar_steps)
        elif item.style == ENGINE and self._window is not None:
            item = smoothed_over(item, self._window)
        elif item.style == SCALARS_VAL:
            item = of_epoch(item, at.number if at.label else None)
        elif item.style == table.ROW:
            spans = self._columns[table.ROW].spans if table.ROW in self._columns else ()
            item = table.of_table(item, self._names(table.ROW), spans)
        elif item.style == table.PLACE:
            self._tables_of = item
        elif item.style == table.OF_DATA:
            item = table.of_data(item, self._names(table.OF_DATA), self._tables_of)
        elif item.style == rich.EPOCH:
            item, self._told = self._news(item), {r.metric: r.displayed for r in item.readings}
        elif item.style == ultralytics.ROW:
            if at.run == 0 or at.evaluated:
                return None  # of a model that is only validated, or of the best one once more
            item = self._named(item, ultralytics.ROW)
        elif item.readings and item.readings[0].metric.startswith(COLUMN):
            item = self._named(item, ultralytics.BAR)
        elif item.style in _OF_LOOPS:
            item = self._loops.read(item, at)
        elif item.style == litgpt.LINE and self._window is not None:
            item = litgpt.smoothed_over(item, self._window)
        elif item.style in BARS:
            self._loops.note_bar(item)
            if kohya.averages(item):
                item = kohya.smoothed_over(item, at.length.known)
        elif item.style == tqdm.SUMMARY:
            item = self._loops.read_below_bar(item)
        elif item.style in (mnist.LINE, mnist.SHORT):
            self._counted, item = self._counted.next(item)
        elif item.style in OF_BLOCKS:
            self._block, item = self._block.read(item)
        return None if repeats or not item.readings else item

    def _news(self, item: Progress) -> Progress:
        """What of numbers that stay beside a bar is not as it was."""
        told = self._told
        news = (each for each in item.readings if told.get(each.metric) != each.displayed)
        return item._replace(readings=tuple(news))

    def _names(self, table: str) -> tuple[str, ...]:
        """Of a table's columns; none where no head was there."""
        return self._columns[table].names if table in self._columns else ()

    def _named(self, row: Progress, table: str) -> Progress:
        """A row by the names of its columns; what nothing names is left out."""
        names = self._names(table)
        known = zip(row.readings, names, strict=False)
        return row._replace(readings=tuple(each._replace(metric=name) for each, name in known))
