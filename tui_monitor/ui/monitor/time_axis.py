"""The labels below a chart: epochs where they begin, steps inside where there is room. Pure."""

from __future__ import annotations

import math

import numpy as np

from tui_monitor.core.explaining.figures import printed_step
from tui_monitor.core.snapshot import Snapshot
from tui_monitor.ui.drawing import scale
from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.plot import Window
from tui_monitor.ui.drawing.rows import Row, Span
from tui_monitor.ui.monitor.scene import (
    counts_epochs,
    epoch_label,
    epoch_length,
    place,
    planned_epochs,
    step_noun,
    step_size,
)

_WORDED = 12
"""Cells an epoch from which its label is the word and the number."""
_STEPPED = 36
"""Cells an epoch from which steps inside it are labelled as well."""
_STEP_GAP = 14
_MOST_EPOCHS = 4096


class LabelLine:
    """A line of text that labels are laid on; what is already there stays."""

    def __init__(self, width: int) -> None:
        self._cells = [" "] * width

    def write(self, column: int, text: str) -> None:
        """Lay `text` from `column` on, if a blank is left on both sides of it."""
        begin = max(column, 0)
        around = self._cells[max(begin - 1, 0) : begin + len(text) + 1]
        if begin + len(text) <= len(self._cells) and not "".join(around).strip():
            self._cells[begin : begin + len(text)] = text

    def __str__(self) -> str:
        return "".join(self._cells)


def time_row(snapshot: Snapshot, window: Window, width: int, cursor: float | None) -> Row:
    """The labels as a row; where the cursor stands, its epoch and step take their place."""
    if cursor is None or not window.left <= cursor <= window.right:
        return (Span(time_labels(snapshot, window, width), Ink.AXIS),)
    text = _place_text(snapshot, cursor)[:width]
    column = round((cursor - window.left) / (window.right - window.left) * width - len(text) / 2)
    begin = min(max(column, 0), width - len(text))
    labels = time_labels(snapshot, window, width, (begin, text))
    return (
        Span(labels[:begin], Ink.AXIS),
        Span(text, Ink.CURSOR),
        Span(labels[begin + len(text) :], Ink.AXIS),
    )


def _place_text(snapshot: Snapshot, position: float) -> str:
    """Where a position is, as the log counts: `epoch 2 step 31`."""
    epoch, step = place(snapshot, position)
    words = [f"epoch {epoch_label(snapshot, epoch)}"] if counts_epochs(snapshot) else []
    if snapshot.unit != "epoch":
        done = step * step_size(snapshot)
        shown = printed_step(round(min(done, snapshot.steps or done)), snapshot.format)
        words.append(f"{step_noun(snapshot)} {shown}")
    return " ".join(words)


def time_labels(
    snapshot: Snapshot, window: Window, width: int, first: tuple[int, str] | None = None
) -> str:
    """One row of labels, as wide as the chart's inside.

    Args:
        snapshot: Whose epochs.
        window: The part of the time axis that is shown.
        width: Cells of the row.
        first: A column and a text that the labels give way to.
    """
    line = LabelLine(width)
    if first is not None:
        line.write(*first)
    cells = width / (window.right - window.left)
    length = epoch_length(snapshot)
    size = step_size(snapshot)
    if length is None or not counts_epochs(snapshot):
        step = max(scale.nice_step((window.right - window.left) * size, width // 12), 1.0)
        lowest, highest = math.ceil(window.left * size / step), window.right * size / step
        for number in range(lowest, math.floor(highest) + 1):
            line.write(round((number * step / size - window.left) * cells), f"{number * step:g}")
        return str(line)
    starts = _epoch_starts(snapshot, length, window)
    _label_epochs(line, snapshot, window, starts, length * cells, cells)
    if length * cells >= _STEPPED and snapshot.unit != "epoch":
        step = max(scale.nice_step(_STEP_GAP / cells * size, 1), 1.0)
        for _epoch, start in starts:
            # Of a long epoch a small part may be shown.
            lowest = math.floor((window.left - start) * size / step)
            highest = min(length, window.right - start) * size / step
            for number in range(max(lowest, 1), math.ceil(highest)):
                column = round((start + number * step / size - window.left) * cells)
                if column >= 0:
                    line.write(column, f"{number * step:g}")
    return str(line)


def _label_epochs(
    line: LabelLine,
    snapshot: Snapshot,
    window: Window,
    starts: list[tuple[int, float]],
    epoch_cells: float,
    cells: float,
) -> None:
    first, _ = place(snapshot, window.left + 1e-9)
    stride = max(1, math.ceil(scale.nice_step(max(7 / epoch_cells, 1e-9), 1)))
    for epoch, start in starts:
        # Right behind the rule, which stands in the last cell of the epoch before.
        column = math.ceil((start - window.left) * cells - 1e-9)
        label = epoch_label(snapshot, epoch)
        if epoch_cells >= _WORDED or epoch == first:
            line.write(column, f"epoch {label}")
        elif (int(label) if label.isdecimal() else epoch) % stride == 0:
            line.write(column, label)


def _epoch_starts(snapshot: Snapshot, length: float, window: Window) -> list[tuple[int, float]]:
    """Epoch and position of each begin that may be labelled, planned ones included."""
    ends = snapshot.epoch_ends
    before = int(np.searchsorted(ends, window.left, side="left"))
    epoch, start = before + 1, float(ends[before - 1]) if before else 0.0
    starts: list[tuple[int, float]] = []
    # Beyond the plan, or where there is none beyond the newest print, nothing is promised.
    last = max(planned_epochs(snapshot) or 0, snapshot.epoch, ends.size)
    while start < window.right and epoch <= last and len(starts) < _MOST_EPOCHS:
        starts.append((epoch, start))
        start = float(ends[epoch - 1]) if epoch - 1 < ends.size else start + length
        epoch += 1
    return starts
