"""One metric as rows: its readout, its chart, its axes. Pure."""

from __future__ import annotations

import math

import numpy as np

from tui_monitor.core.records import Curve, Snapshot
from tui_monitor.ui import chart, scale
from tui_monitor.ui import format as fmt
from tui_monitor.ui.chart import Plot, Window
from tui_monitor.ui.palette import Ink
from tui_monitor.ui.rows import (
    BLANK,
    Item,
    Row,
    Span,
    clip,
    fit,
    pack,
    packed_width,
    pad,
    pad_left,
    row_width,
    wrap,
)
from tui_monitor.ui.scale import Axis
from tui_monitor.ui.scene import (
    Scene,
    boundary_position,
    curves,
    epoch_length,
    index_at,
    selected_boundary,
    time_window,
)
from tui_monitor.ui.time_axis import time_row

AIRY = 9
"""Rows from which a panel leaves its last row blank."""
_NAME_WIDTH = 12
_GUTTER = 6
"""Least columns left of a chart: enough for most labels, so that charts stand in line."""
_MIN_RULE_CELLS = 5
"""Epochs narrower than this get no rules: a fence hides what it stands before."""


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
        breaks=snapshot.epoch_ends if snapshot.unit != "epoch" else np.empty(0),
        rules=snapshot.epoch_ends,
        events=snapshot.event_x,
        selected=boundary_position(snapshot, boundary.epoch)
        if boundary is not None and own_boundary
        else None,
        cursor=view.cursor,
    )


def y_axis_of(
    scene: Scene, curve: Curve, plot: Plot, height: int, held: tuple[float, float] | None
) -> Axis:
    """The axis for the part of the curve that is shown."""
    left, right = time_window(scene)
    inside = slice(*np.searchsorted(plot.x, [left, right], side="right").tolist())
    line = plot.line[inside]
    columns = [line]
    if plot.band is not None and np.isfinite(line).any():
        # The usual width of the band: its wide begin would set the range otherwise.
        half = float(np.median(plot.band[inside]))
        columns.append(np.array([np.nanmin(line) - half, np.nanmax(line) + half]))
    if plot.ghost is not None:
        columns.append(plot.ghost[inside])
    columns.append(plot.val[(plot.val_x >= left) & (plot.val_x <= right)])
    wanted = 2 if height < 5 else min(height // 3, 6)
    return scale.y_axis(columns, wanted, curve.bounds, log=scene.view.log_y, held=held)


def draw_panel(
    scene: Scene, index: int, width: int, height: int, held: tuple[float, float] | None
) -> tuple[list[Row], tuple[float, float]]:
    """The panel of one of the scene's curves, and the y range it shows.

    Args:
        scene: What to draw from; it has that curve.
        index: Which curve.
        width: Columns of the panel.
        height: Rows of the panel; a tall one leaves the last blank.
        held: The y range shown before, which is kept as far as it can be.
    """
    shown = curves(scene)
    curve = shown[index]
    height -= height >= AIRY
    axis = y_axis_of(scene, curve, plot_of(scene, curve), height, held)
    has_focus = len(shown) > 1 and index == scene.view.focus % len(shown)
    rows = panel_rows(scene, curve, (width, height), axis, has_focus=has_focus)
    return rows, (axis.low, axis.high)


def empty_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """What stands in the charts' place before the first metric."""
    lines = scene.snapshot.lines if scene.snapshot is not None else 0
    if lines:
        text = f"{fmt.count(lines)} lines read, no training metric among them yet."
    elif scene.source.condition == "waiting":
        text = "The screen fills by itself as soon as the log appears and grows."
    else:
        text = "Nothing read yet."
    return [BLANK, *((Span("   "), Span(line, Ink.DIM)) for line in wrap(text, width - 4))][:height]


def panel_rows(
    scene: Scene, curve: Curve, size: tuple[int, int], axis: Axis, *, has_focus: bool
) -> list[Row]:
    """The whole panel: `size` is (width, height) in cells."""
    width, height = size
    snapshot = scene.snapshot
    assert snapshot is not None
    if height < 1 or width < 1:
        return []
    if height == 1:
        return [_one_line(scene, curve, width, axis, has_focus=has_focus)]
    header = readout(scene, curve, width, has_focus=has_focus, lines=2 if height >= 8 else 1)
    rest = height - len(header)
    if rest < 3:
        plot = plot_of(scene, curve)
        spark = chart.sparkline(plot, *time_window(scene), axis, width - 2)
        return [*header, (Span(" "), Span(_safe_blocks(spark, scene), Ink.LEVEL))][:height]
    return header + _chart_rows(scene, curve, axis, width, rest)


def readout(scene: Scene, curve: Curve, width: int, *, has_focus: bool, lines: int) -> list[Row]:
    """The panel's head: the numbers now, or at the cursor. It is the chart's legend as well.

    Where there is no room for all, the words go before the numbers do.
    """
    glyphs = scene.glyphs
    name = fit(curve.metric, max(_NAME_WIDTH, width // 4), glyphs.ellipsis)
    title = Item((Span(glyphs.focus if has_focus else " ", Ink.FOCUS), Span(name, Ink.TITLE)), 0)
    for words in (True, False):
        items = [title, *_numbers(scene, curve, words=words)]
        if packed_width(items) <= width:
            return [pack(items, width)]
        if words and lines > 1 and len(items) > 2:
            second = [items[2]._replace(spans=(Span("  "), *items[2].spans)), *items[3:]]
            if packed_width(second) <= width:
                return [pack(items[:2], width), pack(second, width)]
    return [pack(items, width)]


def _numbers(scene: Scene, curve: Curve, *, words: bool) -> list[Item]:
    glyphs, cursor = scene.glyphs, scene.view.cursor
    index = index_at(curve.x, cursor)
    if index is None:
        return [Item((Span("no print here yet", Ink.DIM),), 0)]
    items: list[Item] = []
    level = float(curve.level[index])
    if math.isfinite(level):
        items.append(Item(_level_spans(scene, level, float(curve.level_sd[index])), 0))
    sign, ink = (glyphs.ghost, Ink.GHOST) if items else (glyphs.line, Ink.LEVEL)
    displayed = float(curve.displayed[index])
    bad = not math.isfinite(displayed)
    strength = Ink.BAD if bad else Ink.PLAIN if items else Ink.STRONG
    items.append(_item(sign, ink, "displayed " if words else "", (displayed, strength), 1))
    low, high = float(curve.low[index]), float(curve.high[index])
    if cursor is not None and math.isfinite(low) and math.isfinite(high):
        bounds = Span(f"{fmt.number(low)} to {fmt.number(high)}", Ink.PLAIN)
        word = Span("window " if words else "", Ink.DIM)
        items.append(Item((Span(f"{glyphs.window} ", Ink.GHOST), word, bounds), 3))
    val = index_at(curve.val_x, cursor)
    if val is not None:
        number = float(curve.val[val])
        items.append(_item(glyphs.val, Ink.VAL, "val " if words else "", (number, Ink.VAL), 2))
    return items


def _item(sign: str, ink: Ink, word: str, number: tuple[float, Ink], rank: int) -> Item:
    value, strength = number
    return Item(
        (Span(f"{sign} ", ink), Span(word, Ink.DIM), Span(fmt.number(value), strength)), rank
    )


def _level_spans(scene: Scene, level: float, sd: float) -> Row:
    glyphs = scene.glyphs
    mark = Span(f"{glyphs.line} ", Ink.LEVEL)
    if not math.isfinite(sd):
        return (mark, Span(fmt.number(level), Ink.STRONG))
    beside = f"{glyphs.plus_minus} {fmt.margin(2 * sd)}"
    return (mark, Span(f"{fmt.number(level)} ", Ink.STRONG), Span(beside, Ink.LEVEL))


def _one_line(scene: Scene, curve: Curve, width: int, axis: Axis, *, has_focus: bool) -> Row:
    name = pad(fit(curve.metric, _NAME_WIDTH, scene.glyphs.ellipsis), _NAME_WIDTH)
    mark = Span(scene.glyphs.focus if has_focus else " ", Ink.FOCUS)
    head: Row = (mark, Span(name, Ink.TITLE), Span(" "))
    head += pack(_numbers(scene, curve, words=width >= 60), max(width - row_width(head), 0), gap=2)
    room = width - row_width(head) - 2
    if room < 6:
        return clip(head, width)
    spark = chart.sparkline(plot_of(scene, curve), *time_window(scene), axis, min(room, 40))
    return (*head, Span("  "), Span(_safe_blocks(spark, scene), Ink.LEVEL))


def _safe_blocks(spark: str, scene: Scene) -> str:
    return spark.translate(str.maketrans("▁▂▃▄▅▆▇█", "__..--==")) if scene.glyphs.ascii else spark


def _chart_rows(scene: Scene, curve: Curve, axis: Axis, width: int, height: int) -> list[Row]:
    snapshot = scene.snapshot
    assert snapshot is not None
    labels = scale.tick_labels(axis)
    gutter = max(_GUTTER, max((len(label) for label in labels), default=0) + 2)
    inner, tall = width - gutter - 1, height - 1
    if inner < 8:
        return [BLANK] * height
    left, right = time_window(scene)
    window = Window(left, right, axis)
    plot = _thinned(plot_of(scene, curve), snapshot, window, inner)
    cells = chart.draw(plot, window, inner, tall, scene.glyphs)
    ticks = chart.tick_rows(axis, tall)
    rows: list[Row] = []
    for number, row in enumerate(cells.rows()):
        label = labels[ticks[number]] if number in ticks else ""
        rows.append((Span(pad_left(label, gutter - 1) + " ", Ink.AXIS), *row))
    rows.append((Span(" " * gutter), *time_row(snapshot, window, inner, scene.view.cursor)))
    return rows


def _thinned(plot: Plot, snapshot: Snapshot, window: Window, width: int) -> Plot:
    """The plot without what would only be clutter at this size."""
    length = epoch_length(snapshot) or math.inf
    fence = length / (window.right - window.left) * width < _MIN_RULE_CELLS
    cloud = plot.windows is not None and chart.windows_are_informative(
        plot.x, plot.windows[1], plot.windows[2], window
    )
    return Plot(
        x=plot.x,
        line=plot.line,
        band=plot.band,
        ghost=plot.ghost,
        windows=plot.windows if cloud else None,
        val_x=plot.val_x,
        val=plot.val,
        breaks=plot.breaks,
        rules=np.empty(0) if fence else plot.rules,
        events=plot.events,
        selected=plot.selected,
        cursor=plot.cursor,
    )
