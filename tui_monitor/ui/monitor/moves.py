"""What keys and clicks make of a view: cursor, zoom, pan, boundaries. Pure."""

from __future__ import annotations

from dataclasses import replace

from tui_monitor.ui.monitor import scene as scenes
from tui_monitor.ui.monitor.scene import MAX_ZOOM, Scene, View

_NEAR = 2.0
"""Cells from a boundary that still mean it."""
_EDGE = 0.1
"""Of the axis behind which a pointer means the newest."""


def at_rest(view: View) -> View:
    """Back to what is new: no cursor, no selected boundary, no pan, no maximised panel."""
    return replace(view, cursor=None, boundary=None, left=None, maximised=False)


def cursor_moved(scene: Scene, direction: int, cells: int) -> View:
    """The cursor moved by a print, or by as many of the axis' `cells` where they are coarser."""
    curve, view = scenes.focused(scene), scene.view
    if curve is None or not curve.x.size:
        return view
    left, right = scenes.time_window(scene)
    cell = (right - left) / max(cells, 1)
    sign = 1 if direction > 0 else -1
    return with_cursor(scene, scenes.next_print(curve.x, view.cursor, sign, cell * abs(direction)))


def with_cursor(scene: Scene, cursor: float) -> View:
    """The cursor at a place, which is brought into sight."""
    view = scene.view
    left, right = scenes.time_window(scene)
    if view.zoom and not left < cursor <= right:
        view = replace(view, left=max(cursor - (right - left) / 2, 0.0))
    return replace(view, cursor=cursor)


def at_epoch(scene: Scene, number: str) -> View | None:
    """The cursor on the first print of an epoch; None if there is no such epoch yet."""
    curve, snapshot = scenes.focused(scene), scene.snapshot
    if snapshot is None or curve is None or not curve.x.size:
        return None
    begin = scenes.epoch_begin(snapshot, number)
    return None if begin is None else with_cursor(scene, scenes.next_print(curve.x, begin, 1, 0.0))


def boundary_moved(scene: Scene, direction: int) -> View:
    """The boundary before or after the shown one; past the last: whichever is the latest."""
    epochs, view = scenes.boundary_epochs(scene), scene.view
    if not epochs:
        return view
    # What is shown where none is selected is the latest: back means before that one.
    shown = len(epochs) - 1 if direction < 0 else len(epochs)
    place = epochs.index(view.boundary) if view.boundary in epochs else shown
    place = max(place + direction, 0)
    boundary = epochs[place] if place < len(epochs) else None
    return replace(view, boundary=boundary, explanation=True)


def table_flipped(view: View, *, is_shown: bool) -> View:
    """The table of epochs shown or not; in place of the explanation where both have no room."""
    if view.epochs and view.explanation and not is_shown:
        return replace(view, explanation=False)
    return replace(view, epochs=not view.epochs)


def clicked(scene: Scene, fraction: float | None, cells: int) -> View:
    """The boundary within a cell or two of the pointer, or else the cursor there; see `boundary_at`."""
    view, curve = boundary_at(scene, fraction, cells), scenes.focused(scene)
    if view is not scene.view or fraction is None or curve is None:
        return view
    left, right = scenes.time_window(scene)
    index = scenes.index_at(curve.x, left + fraction * (right - left))
    return view if index is None else replace(view, cursor=float(curve.x[index]))


def boundary_at(scene: Scene, fraction: float | None, cells: int) -> View:
    """The explained boundary within a cell or two of a place on the time axis, if there is one.

    `fraction` is how far along the axis the place is, 0..1; `cells` how wide the axis is.
    """
    snapshot = scene.snapshot
    if fraction is None or snapshot is None or cells < 1:
        return scene.view
    left, right = scenes.time_window(scene)
    position = left + fraction * (right - left)
    known = {
        each: scenes.boundary_position(snapshot, each) for each in scenes.boundary_epochs(scene)
    }
    away = {epoch: abs(at - position) for epoch, at in known.items() if at is not None}
    nearest = min(away, key=away.__getitem__, default=None)
    if nearest is None or away[nearest] > _NEAR * (right - left) / cells:
        return scene.view
    return replace(scene.view, boundary=nearest, explanation=True)


def zoomed(scene: Scene, direction: int, pointer: float | None = None) -> View:
    """Zoomed in or out, about the pointer or else the cursor; direction 0 shows all.

    `pointer` is how far along the time axis it is, 0..1: what is drawn there stays there. At what is
    newest, or without either, the newest stays in sight.
    """
    view = scene.view
    zoom = min(max(view.zoom + direction, 0), MAX_ZOOM)
    if direction == 0 or zoom == 0:
        return replace(view, zoom=0, left=None)
    left, right = scenes.time_window(scene)
    span = (right - left) * 2.0 ** (view.zoom - zoom)
    if pointer is not None and scene.snapshot is not None:
        place = left + pointer * (right - left)
        at_newest = view.left is None and place >= scenes.newest(scene.snapshot) - _EDGE * span
        return replace(
            view, zoom=zoom, left=None if at_newest else max(place - pointer * span, 0.0)
        )
    if view.cursor is None and view.left is None:
        return replace(view, zoom=zoom)
    centre = view.cursor if view.cursor is not None else (left + right) / 2
    return replace(view, zoom=zoom, left=max(centre - span / 2, 0.0))


def panned(scene: Scene, direction: int) -> View:
    """The shown part of the time axis moved by a quarter of its width."""
    if scene.snapshot is None or not scene.view.zoom:
        return scene.view
    left, right = scenes.time_window(scene)
    moved = max(left + direction * (right - left) / 4, 0.0)
    at_end = moved + (right - left) >= scenes.newest(scene.snapshot) and direction > 0
    return replace(scene.view, left=None if at_end else moved)
