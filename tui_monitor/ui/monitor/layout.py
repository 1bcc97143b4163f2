"""How the screen is divided at each size. Pure: sizes in, rows and columns out."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from tui_monitor.ui.monitor.scene import Scene, View, counts_epochs, curves, focus_index

_SIDE_FROM = 100
"""Columns from which explanation, epochs and log stand beside the charts."""
_FULL = 6
"""Least rows of a panel with a chart: its numbers, four rows of chart, its time axis."""


SIDE_GAP = 2
"""Columns between the charts and the side column, of which they are a part."""

_NOTHING = 3
"""Rows of an explanation that says that there is nothing to explain."""
_HINT = 6
"""Rows of the text that stands where there are no metrics yet; the log's tail takes the rest."""


class Layout(NamedTuple):
    """Rows of each part, 0 where it is not shown."""

    status: int
    keys: int
    side: int
    """Columns of the side column; 0 stacks everything."""
    charts: tuple[int, ...]
    """Of each curve's panel."""
    jump: int
    epochs: int
    log: int


def plan_for(scene: Scene, width: int, height: int) -> Layout:
    """The division of a screen that shows `scene`."""
    count, snapshot = len(curves(scene)), scene.snapshot
    view = replace(scene.view, focus=focus_index(scene))
    if snapshot is None:
        return plan(width, height, count, 0, view)
    explains = counts_epochs(snapshot) or bool(snapshot.findings)
    known = len(snapshot.curves)
    rows = len(snapshot.epoch_rows) // max(known, 1) if counts_epochs(snapshot) else 0
    return plan(width, height, count, rows, view, explains=explains)


def plan(
    width: int, height: int, curves: int, epoch_rows: int, view: View, *, explains: bool = True
) -> Layout:
    """Divide a screen of `width` by `height` cells among the parts.

    Args:
        width: Columns of the terminal.
        height: Rows of the terminal.
        curves: How many metrics there are.
        epoch_rows: How many rows the epoch table could fill.
        view: What the user chose; without a focus the first curve has it.
        explains: There is, or will be, something to explain.
    """
    keys = 1 if height >= 9 and width >= 30 else 0
    # On a tall screen the third row is blank: air.
    status = 3 if height >= 32 else 2 if height >= 18 else min(1, height)
    room = max(height - keys - status, 0)
    if curves == 0:
        hint = min(room, _HINT)
        return Layout(status, keys, 0, (hint,), 0, 0, room - hint)
    if view.maximised:
        return Layout(status, keys, 0, _only(room, curves, view.focus or 0), 0, 0, 0)
    if width >= _SIDE_FROM and room >= 12 and (view.explanation or view.epochs):
        parts = _beside(width, room, curves, epoch_rows, view, explains=explains)
    else:
        parts = _stacked(room, curves, epoch_rows, view, explains=explains)
    if view.search and not parts.log:
        # What was searched for is what is wanted now.
        if parts.jump:
            parts = parts._replace(jump=0, log=parts.jump)
        else:
            parts = parts._replace(epochs=0, log=parts.epochs)
    return parts._replace(status=status, keys=keys)


def panel_heights(room: int, curves: int, focus: int) -> tuple[int, ...]:
    """Share `room` rows among the panels: charts while they fit, then lines, then none.

    The focused panel always has a chart, if there is room for one at all.
    """
    if curves == 0:
        return ()
    if curves * _FULL <= room:
        base, rest = divmod(room, curves)
        return tuple(base + (number < rest) for number in range(curves))
    charts = max((room - curves) // (_FULL - 1), 1)
    lines = max(min(curves - charts, room - charts * _FULL), 0)
    shown = charts + lines
    begin = min(max(focus - shown // 2, 0), curves - shown)
    first = min(max(focus - charts // 2, begin), begin + shown - charts)
    tall = min(max(room - lines, 0), room)
    base, rest = divmod(tall, charts)
    heights = [0] * curves
    for number in range(begin, begin + shown):
        inside = first <= number < first + charts
        heights[number] = base + (number - first < rest) if inside else 1
    return tuple(heights)


def _only(room: int, curves: int, focus: int) -> tuple[int, ...]:
    return tuple(room if number == focus % curves else 0 for number in range(curves))


def _beside(
    width: int, room: int, curves: int, epoch_rows: int, view: View, *, explains: bool
) -> Layout:
    side = min(max(round(width * 0.38), 46), 68)
    left = room
    epochs = 0
    if view.epochs and epoch_rows:
        epochs = min(epoch_rows + 2, max(room // 3, 4) if view.explanation else room * 2 // 3)
        left -= epochs
    jump = 0
    if view.explanation:
        jump = min(max(room * 7 // 10, 9), 26, left) if explains else min(_NOTHING + 3, left)
        left -= jump
    log = left if left >= 3 else 0
    charts = panel_heights(room, curves, (view.focus or 0) % curves)
    return Layout(0, 0, side, charts, jump + left - log, epochs, log)


def _stacked(room: int, curves: int, epoch_rows: int, view: View, *, explains: bool) -> Layout:
    jump = epochs = log = 0
    if view.explanation and room >= 12:
        jump = min(max(room // 3, 4), 12) if explains else _NOTHING
    elif view.epochs and epoch_rows and room >= 12:
        epochs = min(epoch_rows + 1, max(room // 3, 4))
    left = room - jump - epochs
    if jump and view.epochs and epoch_rows and left >= 2 * _FULL + 6:
        epochs = min(epoch_rows + 2, left - 2 * _FULL, 9)
        left -= epochs
    if left >= max(curves, 2) * 14 + 4:
        log = min(left - max(curves, 2) * 14, 8)
        left -= log
    charts = panel_heights(left, curves, (view.focus or 0) % curves)
    return Layout(0, 0, 0, charts, jump, epochs, log)
