"""Logs of fastai: the bar of fastprogress, and the table with a row an epoch.

The training loss is an exponential mean over the whole fit, debiased. The bar's comment beside
iteration n is that of iteration n - 1; validation draws the same bar, and leaves the comment as it
was. Sources: fastai/learner.py, AvgSmoothLoss, Recorder; fastprogress.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tui_monitor.core.formats.base import CLOCK, COLUMN, clock_seconds, printed, self_placed
from tui_monitor.core.records import Columns, Item, Progress, Reading

BAR: Final = "fastai-bar"
"""`Epoch 1/4 : |███-----| 21.35% [19/89 00:00<00:01... 2.2881]`."""
ROW: Final = "fastai-row"
"""`0         2.134351    1.990679    0.677778  00:01`."""

_LAW = "debiased-0.98"
_LOSSES = ("train_loss", "valid_loss")
_EPOCH_WIDTH = 10
_MISSING = frozenset({"None", "#na#"})
_BAR = re.compile(
    r"\bEpoch (\d{1,9})/(\d{1,9}) {0,2}: {0,2}\|[^|\n]{0,240}\| {1,4}\d{1,3}\.\d\d% "
    rf"\[(\d{{1,12}})/(\d{{1,12}}) ({CLOCK})<({CLOCK})(?:\.\.\.)? (\d{{1,12}}\.\d{{4}}|nan|inf)\]"
)
_HEAD = re.compile(r"^\s*epoch {2,12}(train_loss {2,80}valid_loss(?: {2,80}\S{1,80}){0,30})\s*$")
_ROW = re.compile(
    r"^(\d{1,9})((?: {2,80}(?:-?\d{1,12}\.\d{6}|nan|-?inf|None|#na#)){1,30})"
    rf"( {{2,40}}{CLOCK})?\s*$"
)


class FastaiFormat:
    """fastai. See `Format`."""

    name: Final = "fastai"

    def parse(self, text: str) -> tuple[Item, ...]:
        """A state of the bar, a row of the table, or its head."""
        if "|" in text:
            match = _BAR.search(text)
            return (_bar(match),) if match and match[3] != "1" else ()
        if match := _HEAD.match(text):
            names = [name for name in match[1].split() if name != "time"]
            return (Columns(tuple(name if "loss" in name else f"val_{name}" for name in names)),)
        match = _ROW.match(text)
        if match and (match[3] or match.end(1) + _gap(match[2]) == _EPOCH_WIDTH):
            return (_row(match),)
        return ()


def _bar(match: re.Match[str]) -> Progress:
    epoch, epochs, step, steps, elapsed, left, value = match.groups()
    reading = Reading("train_loss", *printed(value), _LAW)
    return self_placed(
        *(BAR, int(step) - 1, int(steps), [reading]),
        final=False,
        epoch=int(epoch),
        epochs=int(epochs),
        eta=clock_seconds(left),
        elapsed=clock_seconds(elapsed),
    )


def _gap(values: str) -> int:
    """Blanks before the first value: of other tables of numbers, few are as wide."""
    return len(values) - len(values.lstrip())


def _row(match: re.Match[str]) -> Progress:
    """A row, whose columns beyond the losses only the table's head can name."""
    readings = tuple(
        Reading(f"{COLUMN}{column}", *printed(value), _LAW if column == 1 else "epoch")
        for column, value in enumerate(match[2].split(), start=1)
        if value not in _MISSING
    )
    return self_placed(ROW, None, None, readings, unit="epoch", final=True, epoch=int(match[1]))


def of_table(row: Progress, names: Sequence[str], steps: int | None) -> Progress:
    """A row by the names of its table's columns; what nothing names is left out.

    `steps`: batches an epoch, where bars of the epoch came before. The row stands at their end, and
    is of their epoch: it counts from 0, they from 1.
    """
    called = {f"{COLUMN}{count}": name for count, name in enumerate(names or _LOSSES, start=1)}
    known = [each for each in row.readings if each.metric in called]
    readings = tuple(each._replace(metric=called[each.metric]) for each in known)
    if steps is None:
        return row._replace(readings=tuple(each._replace(law="epoch") for each in readings))
    return row._replace(readings=readings, epoch=None, step=steps, steps=steps)
