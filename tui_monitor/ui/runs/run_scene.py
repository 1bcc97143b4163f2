"""What the runs screen shows: the list, and what the user chose to see of it. Pure selection."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from rich.cells import cell_len

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.runs import RunList, RunRow
from tui_monitor.core.snapshot import Curve, Snapshot
from tui_monitor.ui.drawing.glyphs import UNICODE, Glyphs
from tui_monitor.ui.drawing.rows import fit_end, fit_middle
from tui_monitor.ui.monitor.scene import line_breaks

MOST_MARKED = 8
"""Runs compared at once: as many as there are signs and colours that can be told apart."""
SortKey = Literal["newest", "name", "best", "epoch"]
SORTS: tuple[SortKey, ...] = ("newest", "name", "best", "epoch")
_RANK = {"live": 0, "stalled": 1, "waiting": 2, "lost": 2}
_DIGITS = re.compile(r"([0-9]+)")
_MOST_DIGITS = 18
_SPLIT_FROM = 120
"""Columns from which list and charts stand side by side."""


@dataclass(frozen=True, slots=True)
class RunsView:
    """What the user chose."""

    cursor: str | None = None
    """Key of the row that keys act on; None is the first."""
    sort: SortKey = "newest"
    reverse: bool = False
    wanted: str = ""
    """Only rows with all these words in their name or state; empty shows all."""
    marked: tuple[str, ...] = ()
    """Keys of the runs to compare, in the order marked."""
    metric: str | None = None
    """The metric that is listed; None: of each run its main one."""
    charts: bool = False
    """The marked runs are drawn."""
    by_step: bool = False
    """They are aligned by step instead of by epoch."""
    log_y: bool = False
    at: float | None = None
    """Where the cursor over the charts stands, in epochs or steps; None: there is none."""


class RunsScene(NamedTuple):
    """All that the runs screen draws from."""

    runs: RunList = RunList()
    view: RunsView = RunsView()
    glyphs: Glyphs = UNICODE
    notice: str | None = None
    """A line of the screen's own: what a key did."""


class Series(NamedTuple):
    """One run's line in a chart of several."""

    number: int
    """Which of the marked runs: its sign and its colour."""
    x: FloatArray
    """Epochs, or steps, since the run's start; ascending."""
    y: FloatArray
    bounds: tuple[float, float]
    """What the metric can be at all."""
    breaks: FloatArray
    """Positions that no line is drawn across."""
    decimals: int
    """That its numbers are told with."""


def rows(scene: RunsScene) -> list[RunRow]:
    """The rows to show, in their order."""
    words = scene.view.wanted.casefold().split()
    found = [row for row in scene.runs.rows if all(_has(row, word) for word in words)]
    found.sort(key=lambda row: _sort_key(row, scene.view))
    return found[::-1] if scene.view.reverse else found


def _has(row: RunRow, word: str) -> bool:
    return word in row.name.casefold() or word in row.state


def _sort_key(row: RunRow, view: RunsView) -> tuple[object, ...]:
    if view.sort == "name":
        return (_natural(row.name),)
    if view.sort == "epoch":
        return (-row.glance.epoch if row.glance is not None else math.inf, _natural(row.name))
    if view.sort == "best":
        return (*_best_key(row, view.metric), _natural(row.name))
    rank = _RANK.get(row.state, 3)
    # Those that grow would change places all the time if they were ordered by that.
    return (rank, -row.changed if rank == 3 else 0.0, _natural(row.name))


def _best_key(row: RunRow, metric: str | None) -> tuple[float, str, float]:
    """Runs with a best value first; those of one metric together, the best first."""
    glance = row.glance.metric(metric) if row.glance is not None else None
    if glance is None or glance.best_val is None:
        return (1.0, "", 0.0)
    sign = -1.0 if glance.higher_is_better else 1.0
    return (0.0, glance.name, sign * glance.best_val)


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """A name's parts, so that `run10` comes behind `run9`."""
    parts = _DIGITS.split(name.casefold())
    return tuple((int(part[:_MOST_DIGITS]) if part.isdecimal() else 0, part) for part in parts)


@lru_cache(maxsize=4)  # asked for at every picture
def short_names(names: tuple[str, ...]) -> dict[str, str]:
    """Each name without what tells it from no other.

    A log that is the only one below its folder, and is called as others are, is told by its folder;
    an ending that all have, like `.log`, is left out.
    """
    below = Counter(folder for name in names for folder in _folders(name))
    alike = Counter(name.rpartition("/")[2] for name in names)
    endings = {name[name.rfind(".") :] if name.rfind(".") > 0 else "" for name in names}
    ending = endings.pop() if len(names) > 1 and len(endings) == 1 else ""
    short: dict[str, str] = {}
    for name in names:
        folder, _, base = name.rpartition("/")
        is_told = folder != "" and below[folder] == 1 and alike[base] > 1
        short[name] = folder if is_told else name.removesuffix(ending)
    return short


def _folders(name: str) -> list[str]:
    """The folders that a name tells, the outermost first."""
    return [name[: match.start()] for match in re.finditer("/", name) if match.start()]


def shortened(scene: RunsScene, row: RunRow) -> str:
    """A run's name in this list."""
    return short_names(tuple(each.name for each in scene.runs.rows)).get(row.name, row.name)


def fit_name(name: str, width: int, ellipsis: str) -> str:
    """A name in `width` cells: its end whole, if its last part fits, since that tells the most."""
    folder, _, last = name.rpartition("/")
    if folder and cell_len(f"{ellipsis}/{last}") <= width:
        return fit_end(name, width, ellipsis)
    return fit_middle(last if cell_len(name) > width else name, width, ellipsis)


def cursor_index(scene: RunsScene, shown: Sequence[RunRow]) -> int:
    """Place of the row under the cursor; 0 where it is not shown."""
    keys = [row.key for row in shown]
    return keys.index(scene.view.cursor) if scene.view.cursor in keys else 0


def moved(scene: RunsScene, by: int) -> RunsView:
    """The view with the cursor `by` rows farther down, at most at an end."""
    shown = rows(scene)
    if not shown:
        return scene.view
    index = min(max(cursor_index(scene, shown) + by, 0), len(shown) - 1)
    return replace(scene.view, cursor=shown[index].key)


def under_cursor(scene: RunsScene) -> RunRow | None:
    """The row that keys act on."""
    shown = rows(scene)
    return shown[cursor_index(scene, shown)] if shown else None


def window_top(index: int, count: int, height: int, top: int) -> int:
    """First row to show of `count` so that row `index` is seen, moved as little as can be."""
    top = min(max(top, index - height + 1), index)
    return min(max(top, 0), max(count - height, 0))


def metric_names(scene: RunsScene) -> list[str]:
    """The train metrics of all runs, the most usual first."""
    names = Counter(
        metric.name
        for row in scene.runs.rows
        if row.glance is not None
        for metric in row.glance.metrics
    )
    order = {name: place for place, name in enumerate(names)}
    return sorted(names, key=lambda name: (-names[name], order[name]))


def marked_rows(scene: RunsScene) -> list[RunRow]:
    """The runs to compare, in the order marked; those that are there no more are left out."""
    known = {row.key: row for row in scene.runs.rows}
    return [known[key] for key in scene.view.marked if key in known]


def is_split(scene: RunsScene, width: int) -> bool:
    """Whether list and charts stand side by side."""
    return scene.view.charts and width >= _SPLIT_FROM


# --- what the marked runs have in common ---------------------------------------------------------


def compared_metrics(scene: RunsScene) -> list[str]:
    """Metrics of the marked runs that are worth a chart: shared ones first, val behind train.

    Of a number and its average beside it the average, where all that print the one print the other.
    """
    count: Counter[str] = Counter()
    for row in marked_rows(scene):
        for curve in row.snapshot.curves if row.snapshot is not None else ():
            count[curve.metric] += 1
            if curve.val_metric is not None and np.isfinite(curve.val).any():
                count[curve.val_metric] += 1
    order = {name: place for place, name in enumerate(count)}
    chosen = scene.view.metric

    def rank(name: str) -> tuple[object, ...]:
        base = name.removeprefix("val_")
        first = base != chosen if chosen is not None else base != "loss"
        return (first, -count[name], order.get(base, len(order)), name != base)

    alone = [name for name in count if name == chosen or count[f"{name} (avg)"] < count[name]]
    return sorted(alone, key=rank)


def series_of(scene: RunsScene, metric: str) -> list[Series]:
    """The lines of a metric: of each marked run that prints it and is decoded."""
    found: list[Series] = []
    for number, row in enumerate(marked_rows(scene)):
        snapshot = row.snapshot
        if snapshot is not None and snapshot.cut is not None:
            continue  # where in the run its end lies is not known
        for curve in snapshot.curves if snapshot is not None else ():
            if snapshot is not None and metric in (curve.metric, curve.val_metric):
                series = _series(number, snapshot, curve, metric, by_step=scene.view.by_step)
                if np.isfinite(series.y).any():
                    found.append(series)
                break
    return found


def _series(number: int, snapshot: Snapshot, curve: Curve, metric: str, *, by_step: bool) -> Series:
    if metric == curve.val_metric:
        x, y, breaks = curve.val_x, curve.val, np.empty(0)
        decimals = curve.val_decimals
    else:
        has_value = bool(np.isfinite(curve.value).any())
        y = curve.level if curve.has_level else curve.value if has_value else curve.displayed
        x = curve.x
        breaks, decimals = line_breaks(snapshot, x), curve.decimals
    if not by_step:
        x, breaks = epochs_at(snapshot, x), epochs_at(snapshot, breaks)
    return Series(number, x, y, curve.bounds, breaks, decimals)


def epochs_at(snapshot: Snapshot, x: FloatArray) -> FloatArray:
    """Positions of a run as epochs since its start: 1.5 is half way through the second."""
    ends = np.concatenate(([0.0], snapshot.epoch_ends))
    lengths = np.diff(ends)
    length = float(lengths[-1]) if lengths.size else _planned_length(snapshot)
    ends = np.append(ends, ends[-1] + length)
    beyond = np.maximum(x - ends[-1], 0.0) / length
    return np.asarray(np.interp(x, ends, np.arange(ends.size)) + beyond, dtype=np.float64)


def _planned_length(snapshot: Snapshot) -> float:
    if snapshot.unit == "epoch":
        return 1.0
    newest = max((float(curve.x[-1]) for curve in snapshot.curves if curve.x.size), default=1.0)
    steps = float(snapshot.steps or 0)
    if snapshot.unit == "sample":
        steps = math.ceil(steps / snapshot.batch_size) if snapshot.batch_size else 0.0
    return max(steps, newest, 1.0)
