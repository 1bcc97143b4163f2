"""What the screen shows: a snapshot, the state of its source, and what the user chose to see.

Pure selection: which curve, which part of the time axis, which boundary. Nothing is computed here
that the session did not find out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Boundary
from tui_monitor.core.snapshot import Curve, Snapshot, SourceState
from tui_monitor.ui.drawing import scale
from tui_monitor.ui.drawing.glyphs import UNICODE, Glyphs

ALARMS = ("nan", "divergence", "failed")
"""Kinds of findings that are told at the top, whatever metric has the focus."""
_RESUMED = 30.0
"""Strides before its first print from which a log without epochs was not there at the begin."""
MAX_ZOOM = 12
"""Half the width at each step: beyond this a window is smaller than any run's batch."""


@dataclass(frozen=True, slots=True)
class View:
    """What the user chose. Positions are those of `Curve.x`."""

    focus: int | None = None
    """Index of the curve that keys act on; None until one is chosen, see `focus_index`."""
    maximised: bool = False
    ghost: bool = True
    band: bool = True
    log_y: bool = False
    explanation: bool = True
    epochs: bool = True
    zoom: int = 0
    left: float | None = None
    """Left edge after panning; None follows the newest print."""
    cursor: float | None = None
    boundary: int | None = None
    """The epoch before the selected boundary; None selects the latest."""
    wanted: str = ""
    """Only metrics whose name has this in it are shown; empty shows all."""
    search: str = ""
    """Only lines of the log's tail with this in them are shown; empty shows all."""
    paused: bool = False
    """The picture stands still while the session goes on."""


class Scene(NamedTuple):
    """All that a widget draws from."""

    snapshot: Snapshot | None
    source: SourceState
    view: View = View()
    glyphs: Glyphs = UNICODE
    missed: int = 0
    """Newer snapshots held back while the view is paused."""
    notice: str | None = None
    """A line of the screen's own: what a key did, why the feed failed."""


def curves(scene: Scene) -> tuple[Curve, ...]:
    """The curves to draw; none before the first snapshot.

    Of a number and its average beside it the average, if that is decoded: it tells of all batches, the
    number of few. What is asked for by name is there as well.
    """
    if scene.snapshot is None:
        return ()
    known, wanted = scene.snapshot.curves, scene.view.wanted.casefold()
    if wanted:
        return tuple(each for each in known if wanted in each.metric.casefold())
    decoded = {each.metric for each in known if each.has_level}
    return tuple(each for each in known if f"{each.metric} (avg)" not in decoded)


def matching(scene: Scene, text: str) -> View:
    """The view after `/`: metrics with `text` in their name, or else the log's lines with it."""
    known = scene.snapshot.curves if scene.snapshot is not None else ()
    metrics = any(text.casefold() in each.metric.casefold() for each in known)
    return replace(
        scene.view, wanted=text if metrics else "", search="" if metrics else text, focus=None
    )


def found_lines(scene: Scene) -> list[str]:
    """Lines of the log's tail to show, oldest first."""
    lines = scene.snapshot.log_tail if scene.snapshot is not None else ()
    search = scene.view.search.casefold()
    return [line for line in lines if search in line.casefold()]


def focus_index(scene: Scene) -> int:
    """Index of the curve that keys act on: as chosen, else the first accuracy or the first of all.

    An accuracy is what most jumps are noticed in; but one that is shown as printed explains nothing,
    and of one that has its average beside it that is explained.
    """
    shown, chosen = curves(scene), scene.view.focus
    if chosen is not None:
        return chosen % max(len(shown), 1)
    accuracies = [
        index
        for index, each in enumerate(shown)
        if each.higher_is_better and math.isfinite(each.bounds[1]) and each.has_level
    ]
    first = accuracies[0] if accuracies else 0
    names = [each.metric for each in shown]
    average = f"{names[first]} (avg)" if names else ""
    return names.index(average) if average in names else first


def focused(scene: Scene) -> Curve | None:
    """The curve that keys act on."""
    shown = curves(scene)
    return shown[focus_index(scene)] if shown else None


def newest(snapshot: Snapshot) -> float:
    """Position of the newest print of any curve; 0 before the first."""
    ends = [float(curve.x[-1]) for curve in snapshot.curves if curve.x.size]
    ends += [float(curve.val_x[-1]) for curve in snapshot.curves if curve.val_x.size]
    return max((end for end in ends if math.isfinite(end)), default=0.0)


def counts_epochs(snapshot: Snapshot) -> bool:
    """Whether the log tells of epochs at all; its end alone may not know their numbers."""
    label = snapshot.epoch_label
    known = bool(label) and not label.startswith("+")
    return snapshot.epoch > 1 or known or snapshot.unit == "epoch"


def step_noun(snapshot: Snapshot) -> str:
    """What the log counts as steps, in a word. Lines that tell no step are counted as prints."""
    if snapshot.unit == "round":
        return "round" if snapshot.format == "boosting" else "print"
    return "step" if snapshot.unit == "batch" else snapshot.unit


def step_size(snapshot: Snapshot) -> int:
    """How many of what the log counts as steps one position of the time axis is."""
    return (snapshot.batch_size or 1) if snapshot.unit == "sample" else 1


def epoch_length(snapshot: Snapshot) -> float | None:
    """Positions an epoch: that of the first one, or as planned; None where neither is known."""
    if snapshot.epoch_ends.size:
        return float(snapshot.epoch_ends[0]) or None
    if snapshot.unit == "epoch":
        return 1.0
    if not snapshot.steps:
        return None
    if snapshot.unit == "sample":
        size = snapshot.batch_size
        return float(math.ceil(snapshot.steps / size)) if size else None
    return float(snapshot.steps)


def planned_end(snapshot: Snapshot) -> float | None:
    """Position where the run is planned to end; None where the log does not say."""
    length, planned = epoch_length(snapshot), planned_epochs(snapshot)
    if length is None or not planned:
        return None
    done = snapshot.epoch_ends.size
    reached = float(snapshot.epoch_ends[-1]) if done else 0.0
    return reached + max(planned - done, 0) * length


def planned_epochs(snapshot: Snapshot) -> int | None:
    """Epochs of this run, those before a resumed one left out; None where the log does not say."""
    if snapshot.epochs is None:
        return None
    label = epoch_labels(snapshot).get(snapshot.epoch, "")
    before = int(label) - snapshot.epoch if label.isdecimal() else 0
    return max(snapshot.epochs - max(before, 0), snapshot.epoch)


def is_over(scene: Scene) -> bool:
    """Whether nothing more is expected: the log says so, or nobody looks at whether it grows."""
    snapshot, source = scene.snapshot, scene.source
    at_rest = source.following == "none" and source.condition in ("live", "ended")
    return at_rest or (snapshot is not None and snapshot.ended)


def time_window(scene: Scene) -> tuple[float, float]:
    """The shown part of the time axis, the same for every chart."""
    snapshot, view = scene.snapshot, scene.view
    if snapshot is None:
        return 0.0, 1.0
    last, ended = newest(snapshot), is_over(scene)
    begin, length, planned = axis_begin(snapshot), epoch_length(snapshot), planned_end(snapshot)
    if not begin:
        end = scale.extent(last, length, planned, ended=ended)
        return scale.zoomed(end, last, view.zoom, view.left, ended)
    unit = length - begin if length is not None and length > last else None
    end = scale.extent(last - begin, unit, None, ended=ended)
    left = None if view.left is None else view.left - begin
    shown = scale.zoomed(end, last - begin, view.zoom, left, ended)
    return begin + shown[0], begin + shown[1]


@lru_cache(maxsize=2)  # asked for several times a chart
def axis_begin(snapshot: Snapshot) -> float:
    """Position where the time axis begins: 0, but where a log without epochs begins late.

    So do a resumed run, and the end of a big log. A round number, which stays what it is.
    """
    if counts_epochs(snapshot):
        return 0.0
    begins = [tuple(curve.x[:2].tolist()) for curve in snapshot.curves if curve.x.size > 1]
    if not begins:
        return 0.0
    first, second = min(begins)
    stride = max(second - first, 1.0)
    grain = 10.0 ** math.ceil(math.log10(stride) + 1.0)
    return first // grain * grain if first >= _RESUMED * stride else 0.0


def place(snapshot: Snapshot, position: float) -> tuple[int, float]:
    """A position's epoch, 1-based, and the batches since that epoch began."""
    before = int(np.searchsorted(snapshot.epoch_ends, position, side="left"))
    begin = float(snapshot.epoch_ends[before - 1]) if before else 0.0
    return before + 1, position - begin


def line_breaks(snapshot: Snapshot, x: FloatArray) -> FloatArray:
    """Positions that no line through the prints at `x` is drawn across: where averages start over.

    With one print an epoch there is nothing to start over, and lines go on.
    """
    ends = snapshot.epoch_ends
    return ends if snapshot.unit != "epoch" and x.size > ends.size + 1 else np.empty(0)


def index_at(x: FloatArray, position: float | None) -> int | None:
    """Index of the last print at or before a position (None: the newest); None if there is none."""
    if position is None:
        return x.size - 1 if x.size else None
    index = int(np.searchsorted(x, position + 1e-9, side="right")) - 1
    return index if index >= 0 else None


def level_index(curve: Curve, index: int) -> int | None:
    """Index of the level that stands for a print; None where there is none.

    A last line that repeats its bar's last step brings no level of its own: the bar's holds.
    """
    first = int(np.searchsorted(curve.x, curve.x[index], side="left"))
    known = np.flatnonzero(np.isfinite(curve.level[first : index + 1]))
    if not known.size or not math.isfinite(curve.displayed[index]):
        return None
    return first + int(known[-1])


def boundary_epochs(scene: Scene) -> list[int]:
    """Epochs before each explained boundary of the shown run, ascending."""
    snapshot = scene.snapshot
    if snapshot is None:
        return []
    return sorted({each.epoch for each in snapshot.boundaries if each.run == snapshot.run})


def selected_boundary(scene: Scene) -> Boundary | None:
    """The boundary to explain: of the focused metric, the selected or the latest one.

    Of a metric whose average stands beside it, the average's.
    """
    snapshot, curve = scene.snapshot, focused(scene)
    if snapshot is None or curve is None:
        return None
    of_run = [each for each in snapshot.boundaries if each.run == snapshot.run]
    of_metric = [each for each in of_run if each.metric == curve.metric]
    of_metric = of_metric or [each for each in of_run if each.metric == f"{curve.metric} (avg)"]
    if scene.view.boundary is None:
        return of_metric[-1] if of_metric else None
    return next((each for each in of_metric if each.epoch == scene.view.boundary), None)


def boundary_position(snapshot: Snapshot, epoch: int) -> float | None:
    """Position of the boundary after an epoch."""
    if 1 <= epoch <= snapshot.epoch_ends.size:
        return float(snapshot.epoch_ends[epoch - 1])
    return None


def epoch_begin(snapshot: Snapshot, label: str) -> float | None:
    """Position where the epoch with this number, as shown, begins; None if there is none yet."""
    labels = epoch_labels(snapshot)
    known = {labels.get(epoch, str(epoch)): epoch for epoch in range(1, snapshot.epoch + 1)}
    epoch = known.get(label)
    if epoch is None or epoch - 1 > snapshot.epoch_ends.size:
        return None
    return float(snapshot.epoch_ends[epoch - 2]) if epoch > 1 else 0.0


def epoch_label(snapshot: Snapshot, epoch: int) -> str:
    """One epoch's number as shown; see `epoch_labels`. The log's numbers go on in those to come."""
    labels = epoch_labels(snapshot)
    newest = labels.get(snapshot.epoch, "")
    if epoch > snapshot.epoch and newest.isdecimal():
        return str(int(newest) + epoch - snapshot.epoch)
    return labels.get(epoch, str(epoch))


@lru_cache(maxsize=2)  # asked for several times a picture, of a table that may be long
def epoch_labels(snapshot: Snapshot) -> dict[int, str]:
    """The epochs' numbers as the log prints them; none where the log repeats its numbers.

    An outer loop around one-epoch fits prints `Epoch 1/1` again and again: there ordinals serve.
    """
    labels = {row.epoch: row.label for row in snapshot.epoch_rows if row.label}
    if snapshot.epoch_label:
        labels.setdefault(snapshot.epoch, snapshot.epoch_label)
    return labels if len(set(labels.values())) == len(labels) else {}


def next_print(x: FloatArray, position: float | None, direction: int, stride: float) -> float:
    """Position of the print at least one print and `stride` away; the first or last at the end.

    Args:
        x: Positions of the prints, not empty.
        position: Where the cursor is; None is the newest print.
        direction: -1 to older, 1 to newer.
        stride: Least distance, that of a chart's cell, so that each move can be seen.
    """
    index = index_at(x, position)
    if index is None:
        index = 0
    here = float(x[index]) if position is None else position
    if direction < 0:
        there = int(np.searchsorted(x, here - stride + 1e-9, side="right")) - 1
        index = min(there, index - 1)
    else:
        there = int(np.searchsorted(x, here + stride - 1e-9, side="left"))
        index = max(there, index + 1)
    return float(x[min(max(index, 0), x.size - 1)])
