"""The columns of the list of runs: which there is room for, and how wide they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tui_monitor.core.explaining.figures import printed_epochs
from tui_monitor.core.runs import Glance, RunRow
from tui_monitor.ui.drawing.rows import pad, pad_left
from tui_monitor.ui.runs.run_scene import RunsScene

_LEAST_NAME = 12
_NARROW = 50
"""Columns below which a state is its sign alone."""
_WIDE = 100
"""Columns from which states and levels have all their words."""
_LEAST_TREND, _WIDEST_TREND = 8, 24
_WIDEST_EPOCH = 11


class Column(NamedTuple):
    """One column of the list."""

    head: str
    width: int
    rank: int
    """The highest rank goes first where the table is too wide."""
    right: bool = True


COLUMNS = {
    "trend": Column("", 8, 5, right=False),
    "state": Column("state", 9, 0, right=False),
    "epoch": Column("epoch", 7, 1),
    "best": Column("best", 8, 2),
    "best_of": Column("", 12, 3, right=False),
    "level": Column("now", 8, 4),
    "eta": Column("ends in", 8, 6),
}


def fitting(scene: RunsScene, shown: Sequence[RunRow], width: int) -> dict[str, Column]:
    """The columns that there is room for, as wide as they must be."""
    columns = dict(COLUMNS)
    wide = width >= _WIDE
    if wide:
        columns["state"] = columns["state"]._replace(width=16)
        columns["level"] = columns["level"]._replace(head="level now", width=17, right=False)
    elif width < _NARROW:
        columns["state"] = columns["state"]._replace(head="", width=1)
    epochs = max((len(epoch_text(row.glance)) for row in shown if row.glance), default=0)
    column = columns["epoch"]
    columns["epoch"] = column._replace(width=min(max(epochs, column.width), _WIDEST_EPOCH))
    best = _shared_best(scene, shown)
    if best is not None:
        del columns["best_of"]
        head = f"best {best}" if wide else f"{scene.glyphs.best}{best}"
        columns["best"] = columns["best"]._replace(head=head, width=max(len(head), 8))
    longest = max((len(row.name) for row in shown), default=0)
    need = max(min(longest, width // 3 if wide else 16), _LEAST_NAME)
    while columns and _taken(columns) + need > width:
        del columns[max(columns, key=lambda key: columns[key].rank)]
    if wide and "trend" in columns:
        # Names first: a shorter trend says as much, half a name nothing.
        spare = width - _taken(columns) - max(longest, _LEAST_NAME)
        trend = min(max(_LEAST_TREND + spare, _LEAST_TREND), _WIDEST_TREND)
        columns["trend"] = columns["trend"]._replace(width=trend)
    return columns


def _shared_best(scene: RunsScene, shown: Sequence[RunRow]) -> str | None:
    """The validation metric that all rows are listed with; None where they differ."""
    if scene.view.metric is not None:
        return f"val_{scene.view.metric}"
    metrics = [row.glance.metric() for row in shown if row.glance is not None]
    names = {metric.val_name for metric in metrics if metric is not None and metric.val_name}
    return names.pop() if len(names) == 1 else None if names else "val"


def epoch_text(glance: Glance) -> str:
    """The epoch of all that are planned; empty before the first, or where none is counted."""
    if not glance.metrics or not (glance.label or glance.epoch > 1 or glance.unit == "epoch"):
        return ""
    label = glance.label or str(glance.epoch)
    return label + printed_epochs(glance.epochs, glance.format)


def _taken(columns: Mapping[str, Column]) -> int:
    return 3 + sum(column.width + 2 for column in columns.values())


def name_width(columns: Mapping[str, Column], shown: Sequence[RunRow], width: int) -> int:
    """Cells of the names, of which the longest may be cut."""
    longest = max((len(row.name) for row in shown), default=0)
    return min(max(longest, _LEAST_NAME), max(width - _taken(columns), 1))


def placed(text: str, column: Column) -> str:
    """A cell's text at its side of the column."""
    return pad_left(text, column.width) if column.right else pad(text, column.width)
