"""The cursor over compared runs: where it may stand, and what each run was there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tui_monitor.core.columns.arrays import distinct
from tui_monitor.ui.drawing import scale
from tui_monitor.ui.monitor.scene import index_at, newest, next_print
from tui_monitor.ui.runs.run_scene import (
    RunsScene,
    RunsView,
    Series,
    compared_metrics,
    epochs_at,
    marked_rows,
    series_of,
)


def extent(scene: RunsScene, series: Sequence[Series]) -> float:
    """Where the x axis ends: with the longest run, or where that rarely gets to while it grows."""
    end = max((float(each.x[-1]) for each in series if each.x.size), default=1.0)
    grows = any(row.state in ("live", "stalled") for row in marked_rows(scene))
    return scale.extent(end, None if scene.view.by_step else 1.0, None, ended=not grows)


def moved(scene: RunsScene, direction: int, cells: int) -> RunsView:
    """The cursor moved by a print of any run, or by as many of the axis' `cells` as are coarser."""
    series = _all_series(scene)
    if not series:
        return scene.view
    x = distinct(np.concatenate([each.x for each in series]))
    stride = extent(scene, series) / max(cells, 1) * abs(direction)
    return replace(scene.view, at=next_print(x, scene.view.at, direction, stride))


def put(scene: RunsScene, fraction: float) -> RunsView:
    """The cursor put to a place of the axis, 0..1."""
    series = _all_series(scene)
    return replace(scene.view, at=fraction * extent(scene, series)) if series else scene.view


def _all_series(scene: RunsScene) -> list[Series]:
    return [
        each
        for metric in compared_metrics(scene)
        for each in series_of(scene, metric)
        if each.x.size
    ]


def value(scene: RunsScene, series: Series) -> float | None:
    """A line's newest value, or that at the cursor; None where its run does not reach that far."""
    at = scene.view.at
    if at is not None and at > _reach(scene, series.number) + 1e-9:
        return None
    known = np.isfinite(series.y)
    index = index_at(series.x[known], at)
    return None if index is None else float(series.y[known][index])


def _reach(scene: RunsScene, number: int) -> float:
    """How far a marked run has come, in positions of the axis."""
    snapshot = marked_rows(scene)[number].snapshot
    if snapshot is None:
        return 0.0
    end = newest(snapshot)
    return end if scene.view.by_step else float(epochs_at(snapshot, np.array([end]))[0])


def position(scene: RunsScene) -> str:
    """Where the cursor stands, as long everywhere as it can be; empty where there is none."""
    at = scene.view.at
    if at is None:
        return ""
    return f"{at:.0f}" if scene.view.by_step else f"{at:.2f}"
