"""What becomes of a view when a log's end, shown first, gives way to more of the log. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

from tui_monitor.core.snapshot import Snapshot, is_longer
from tui_monitor.ui.monitor.scene import MAX_ZOOM, Scene, View, curves, focused, newest, time_window


def carried_over(scene: Scene, more: Snapshot) -> View:
    """The view of the same prints in `more`, which takes the place of the scene's snapshot.

    Cursor, selected boundary and left edge stay where they are in the log, a part that is zoomed
    into keeps its length, about, and the metric in focus its focus. What follows the newest print goes
    on doing so.
    """
    before, view = scene.snapshot, scene.view
    if before is None or before.cut is None:
        return view
    if more.cut is not None and not is_longer(more, before):
        return view
    shift = newest(more) - newest(before)
    epochs = more.epoch - before.epoch
    after = scene._replace(snapshot=more, view=replace(view, zoom=0, left=None))
    return replace(
        view,
        focus=_focus(scene, after),
        zoom=_zoom(scene, after),
        left=None if view.left is None else max(view.left + shift, 0.0),
        cursor=None if view.cursor is None else view.cursor + shift,
        boundary=None if view.boundary is None else view.boundary + epochs,
    )


def _focus(before: Scene, after: Scene) -> int | None:
    """Index of the metric that has the focus."""
    curve = focused(before)
    names = [each.metric for each in curves(after)]
    if before.view.focus is None or curve is None or curve.metric not in names:
        return before.view.focus
    return names.index(curve.metric)


def _zoom(before: Scene, after: Scene) -> int:
    """The zoom at which a part of the axis is as long as it was; the whole stays the whole."""
    if not before.view.zoom:
        return 0
    left, right = time_window(before)
    begin, end = time_window(after)
    if right <= left or end <= begin:
        return before.view.zoom
    return min(max(round(math.log2((end - begin) / (right - left))), 0), MAX_ZOOM)
