"""One metric as rows: its readout, its chart, its axes. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, median
from tui_monitor.core.placing.unread import BARE_BARS, has_bars
from tui_monitor.core.snapshot import Curve, Snapshot
from tui_monitor.ui.drawing import chart, scale
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.cells import Cells
from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.plot import Plot, Window
from tui_monitor.ui.drawing.rows import (
    BLANK,
    Row,
    Span,
    clip,
    pack,
    packed_width,
    pad,
    pad_left,
    row_width,
    wrap,
)
from tui_monitor.ui.drawing.scale import Axis
from tui_monitor.ui.monitor.readout import bare, name_width, numbers, readout, short_name
from tui_monitor.ui.monitor.scene import (
    Scene,
    boundary_position,
    curves,
    epoch_length,
    focus_index,
    line_breaks,
    selected_boundary,
    time_window,
)
from tui_monitor.ui.monitor.time_axis import time_row

AIRY = 9
"""Rows from which a panel leaves its last row blank."""
_TWO_LINES = 10
"""Rows from which the head of a narrow panel takes two."""
_ONE_LINE = 72
"""Columns from which all of a head has room on one row."""
_LEAST_CHART = 4
"""Rows from which a panel has a chart: its head, two rows of chart, the time axis."""
_TOO_WIDE, _ROOMY = 3.0, 1.5
"""Times as wide as its data that a y axis may be before it is let go: at any time, and where an epoch
has ended."""
_GUTTER = 7
"""Least columns left of a chart: enough for most labels, so that charts stand in line."""
_LEAST_INNER = 8
"""Columns of a chart that has labels beside it."""
_LEAST_SPARK = 8
"""Cells that a line of a panel without a chart keeps for its course."""
_MIN_RULE_CELLS = 5
"""Epochs narrower than this get no rules: a fence hides what it stands before. So do checkpoints, if
there are as many of them."""


def plot_of(scene: Scene, curve: Curve) -> Plot:
    """What of a curve is drawn, as the user chose."""
    snapshot, view = scene.snapshot, scene.view
    assert snapshot is not None
    has_value = bool(np.isfinite(curve.value).any())
    line = curve.level if curve.has_level else curve.value if has_value else curve.displayed
    sd = np.where(np.isfinite(curve.level_sd), curve.level_sd, 0.0)
    boundary = selected_boundary(scene)
    own_boundary = boundary is not None and scene.view.boundary is not None
    return Plot(
        x=curve.x,
        line=line,
        band=2 * sd if view.band and curve.has_level else None,
        ghost=curve.displayed if view.ghost and line is not curve.displayed else None,
        windows=(curve.value, curve.low, curve.high) if curve.has_level else None,
        val_x=curve.val_x,
        val=curve.val,
        breaks=line_breaks(snapshot, curve.x),
        bounds=curve.bounds,
        rules=snapshot.epoch_ends,
        events=snapshot.event_x,
        selected=boundary_position(snapshot, boundary.epoch)
        if boundary is not None and own_boundary
        else None,
        cursor=view.cursor,
        rough=not curve.has_level,
    )


def y_axis_of(
    scene: Scene,
    curve: Curve,
    plot: Plot,
    height: int,
    held: Axis | None,
    too_wide: float,
) -> Axis:
    """The axis for the part of the curve that is shown."""
    left, right = time_window(scene)
    inside = slice(*np.searchsorted(plot.x, [left, right], side="right").tolist())
    line = plot.line[inside]
    columns = [line]
    if plot.band is not None and np.isfinite(line).any():
        # The usual width of the band: its wide begin would set the range otherwise.
        least, most = float(np.nanmin(line)), float(np.nanmax(line))
        columns.append(np.array(scale.spread(least, most, median(plot.band[inside]), curve.bounds)))
    beside = [plot.ghost[inside]] if plot.ghost is not None else []
    columns.append(plot.val[(plot.val_x >= left) & (plot.val_x <= right)])
    wanted = 2 if height < 5 else min(height // 3, 6)
    log, rows = scene.view.log_y, height - 1
    return scale.y_axis(
        columns,
        wanted,
        curve.bounds,
        beside=beside,
        log=log,
        held=held,
        too_wide=too_wide,
        rows=rows,
    )


@dataclass(eq=False)
class Memory:
    """What a panel keeps between two pictures, so that its range is steady and its drawing cheap."""

    key: tuple[object, ...] = ()
    """What the range was chosen for."""
    held: Axis | None = None
    """The y axis shown."""
    drawn_for: tuple[object, ...] = ()
    """What the chart was drawn for, but for its newest points."""
    epochs: int = 0
    """Finished epochs when the axis was last looked over."""
    prints: int = 0
    """Prints when the axis was last chosen without regard to the one before."""
    cells: Cells | None = None
    chart: list[Row] = field(default_factory=list)

    def axis_for(self, key: tuple[object, ...]) -> Axis | None:
        """The axis shown, if it was chosen for the same."""
        if key != self.key:
            self.key, self.held = key, None
        return self.held


def draw_panel(
    scene: Scene,
    index: int,
    width: int,
    height: int,
    memory: Memory | None = None,
    *,
    brief: bool = False,
) -> list[Row]:
    """The panel of one of the scene's curves.

    Args:
        scene: What to draw from; it has that curve.
        index: Which curve.
        width: Columns of the panel.
        height: Rows of the panel; a tall one leaves the last blank.
        memory: Of the pictures before; changed.
        brief: Numbers must be new; the chart may stay as it is, if only points were added to it.
    """
    memory = Memory() if memory is None else memory
    shown = curves(scene)
    curve, snapshot = shown[index], scene.snapshot
    assert snapshot is not None
    height -= height >= AIRY
    if height < 1 or width < 1:
        return []
    has_focus = len(shown) > 1 and index == focus_index(scene)
    if height >= _LEAST_CHART:
        # However much there is to tell: a chart must not grow and shrink with its numbers.
        lines = 2 if height >= _TWO_LINES and width < _ONE_LINE else 1
        head = readout(scene, curve, width, has_focus=has_focus, lines=lines)
        head += [BLANK] * (lines - len(head))
        size = (width, height - len(head))
        key = _drawn_for(scene, curve, size)
        if not (brief and key == memory.drawn_for):
            memory.drawn_for = key
            _draw_chart(scene, curve, size, memory)
        return head + memory.chart
    axis = _axis(scene, curve, plot_of(scene, curve), height, memory)
    return _small_rows(scene, curve, (width, height), axis, has_focus=has_focus)


def _axis(scene: Scene, curve: Curve, plot: Plot, height: int, memory: Memory) -> Axis:
    """The y axis, which stays what it was as far as it can."""
    view = scene.view
    assert scene.snapshot is not None
    # Another height has other ticks: its range may be another one.
    key = (curve.metric, scene.snapshot.run, height, view.log_y, view.zoom, view.left)
    # The end of an epoch is a good moment for a closer look.
    epochs = scene.snapshot.epoch_ends.size + scene.snapshot.ended
    too_wide = _TOO_WIDE if epochs == memory.epochs else _ROOMY
    if curve.x.size > 2 * memory.prints:
        # A log that is read in brings twice as much at once: what was chosen means little.
        memory.held, memory.prints = None, curve.x.size
    axis = y_axis_of(scene, curve, plot, height, memory.axis_for(key), too_wide)
    memory.held, memory.epochs = axis, epochs
    return axis


def _drawn_for(scene: Scene, curve: Curve, size: tuple[int, int]) -> tuple[object, ...]:
    snapshot = scene.snapshot
    assert snapshot is not None
    return (
        *(curve.metric, size, scene.view, scene.glyphs, scene.source.condition, snapshot.ended),
        *(snapshot.run, snapshot.epoch_ends.size, snapshot.event_x.size, curve.val.size),
        *(curve.has_level, snapshot.batch_size, time_window(scene)),
    )


_READABLE = (
    "Bars with numbers are read, and lines like: epoch 3 loss 0.52; --format-hint NAME names a kind of"
    " log."
)
_PUT_ON_BAR = (
    "Show one there: in tqdm set_postfix(loss=...), in Keras verbose=1 with metrics=[...]."
)


def empty_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """What stands in the charts' place before the first metric."""
    lines = scene.snapshot.lines if scene.snapshot is not None else 0
    if scene.source.condition == "lost":
        text = scene.source.detail or "The log cannot be read any more."
    elif lines:
        bars = has_bars(scene.snapshot.log_tail) if scene.snapshot is not None else False
        found = f"{BARE_BARS} so far" if bars else "no training metric among them yet"
        text = f"{fmt.lines(lines)} read, {found}. {_PUT_ON_BAR if bars else _READABLE}"
    elif scene.source.catching_up:
        text = ""
    elif scene.source.condition == "waiting":
        told = scene.source.detail
        # It may begin with a file's name, which is no word.
        told = f"W{told[1:]}" if told and told.startswith("waiting ") else told
        why = f"{told}. " if told else ""
        text = f"{why}The screen fills by itself as soon as the log appears and grows."
    elif scene.source.condition == "live":
        text = ""
    else:
        text = "Nothing has been written to it."
    return [BLANK, *((Span("   "), Span(line, Ink.DIM)) for line in wrap(text, width - 4))][:height]


def _small_rows(
    scene: Scene, curve: Curve, size: tuple[int, int], axis: Axis, *, has_focus: bool
) -> list[Row]:
    """A panel that has no room for a chart: `size` is (width, height) in cells."""
    width, height = size
    if height == 1:
        return [_one_line(scene, curve, width, axis, has_focus=has_focus)]
    header = readout(scene, curve, width, has_focus=has_focus, lines=1)
    spark = chart.sparkline(plot_of(scene, curve), *time_window(scene), axis, width - 2)
    return [*header, (Span(" "), Span(_safe_blocks(spark, scene), Ink.LEVEL))][:height]


def _one_line(scene: Scene, curve: Curve, width: int, axis: Axis, *, has_focus: bool) -> Row:
    cells = name_width(scene, width)
    name = pad(short_name(scene, curve.metric, cells), cells)
    mark = Span(scene.glyphs.focus if has_focus else " ", Ink.FOCUS)
    head: Row = (mark, Span(name, Ink.TITLE), Span("  "))
    told = numbers(scene, curve, words=width >= 60)
    # The course says more than the last of the numbers, but not more than the first.
    room = width - row_width(head)
    if packed_width(told[:1]) <= room - _LEAST_SPARK - 2:
        head += pack(told, room - _LEAST_SPARK - 2, gap=2)
    else:
        told = numbers(scene, curve, words=False, margin=False)[:1]
        if packed_width(told) > room:
            return bare(scene, curve, width, has_focus=has_focus)
        head += pack(told, room)
    room = width - row_width(head) - 2
    if room < 6:
        return clip(head, width)
    spark = chart.sparkline(plot_of(scene, curve), *time_window(scene), axis, min(room, 40))
    return (*head, Span("  "), Span(_safe_blocks(spark, scene), Ink.LEVEL))


def _safe_blocks(spark: str, scene: Scene) -> str:
    return spark.translate(str.maketrans("▁▂▃▄▅▆▇█", "__..--==")) if scene.glyphs.ascii else spark


def _draw_chart(scene: Scene, curve: Curve, size: tuple[int, int], memory: Memory) -> None:
    """Draw the chart with its axes, `size` (width, height) in cells, into the memory."""
    snapshot = scene.snapshot
    assert snapshot is not None
    width, height = size
    plot = plot_of(scene, curve)
    axis = _axis(scene, curve, plot, height, memory)
    labels = scale.tick_labels(axis)
    gutter = max(_GUTTER, max((len(label) for label in labels), default=0) + 2)
    inner, tall = width - gutter - 1, height - 1
    if inner < _LEAST_INNER:
        # A course without its labels says more than labels without a course.
        gutter, inner, labels = 1, width - 2, ("",) * len(labels)
    if inner < 2:
        memory.cells, memory.chart = None, [BLANK] * height
        return
    window = Window(*time_window(scene), axis)
    cells = chart.draw(_thinned(plot, snapshot, window, inner), window, inner, tall, scene.glyphs)
    ticks = chart.tick_rows(axis, tall)
    rows: list[Row] = []
    for number, row in enumerate(cells.rows(memory.cells)):
        label = labels[ticks[number]] if number in ticks else ""
        rows.append((Span(pad_left(label, gutter - 1) + " ", Ink.AXIS), *row))
    corner = Span(pad_left("log ", gutter), Ink.AXIS) if axis.log else Span(" " * gutter)
    rows.append((corner, *time_row(snapshot, window, inner, scene.view.cursor)))
    memory.cells, memory.chart = cells, rows


def _thinned(plot: Plot, snapshot: Snapshot, window: Window, width: int) -> Plot:
    """The plot without what would only be clutter at this size."""
    length = epoch_length(snapshot) or math.inf
    fence = length / (window.right - window.left) * width < _MIN_RULE_CELLS
    cloud = plot.windows is not None and chart.windows_are_informative(
        plot.x, plot.windows[1], plot.windows[2], window
    )
    return replace(
        plot,
        windows=plot.windows if cloud else None,
        rules=np.empty(0) if fence else plot.rules,
        events=_marked(snapshot, window, width),
    )


def _marked(snapshot: Snapshot, window: Window, width: int) -> FloatArray:
    """Positions of events to mark: where there are many, checkpoints are not worth it."""
    events = snapshot.event_x
    inside = np.count_nonzero((events >= window.left) & (events <= window.right))
    if inside * _MIN_RULE_CELLS <= width:
        return events
    return events[[each.kind != "checkpoint" for each in snapshot.events]]
