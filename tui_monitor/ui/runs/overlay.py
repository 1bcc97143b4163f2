"""Several runs on one chart a metric, above the table of what each reached. Pure.

A run is told by its sign, which stands on its line now and then, as well as by its colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from tui_monitor.core.runs import RunRow
from tui_monitor.ui.drawing import chart, raster, scale
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.cells import Cells
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.palette import Ink, series_ink
from tui_monitor.ui.drawing.plot import Window
from tui_monitor.ui.drawing.rows import (
    BLANK,
    Item,
    Row,
    Span,
    clip,
    fit,
    pack,
    pad,
    pad_left,
    wrap,
)
from tui_monitor.ui.drawing.scale import Axis
from tui_monitor.ui.monitor.metric_panel import AIRY
from tui_monitor.ui.monitor.time_axis import LabelLine
from tui_monitor.ui.runs import overlay_cursor
from tui_monitor.ui.runs.overlay_table import legend, table_rows
from tui_monitor.ui.runs.run_scene import (
    RunsScene,
    Series,
    compared_metrics,
    marked_rows,
    series_of,
)

_LEAST_CHART = 7
"""Rows of a panel at least: its title, five of chart, its axis."""
GUTTER = 7
"""Columns left of a chart."""
_SIGN_CELLS = 16
"""Columns between two signs on a line."""
_LEAST_TABLE = 10
"""Rows of the screen from which the table stands below the charts."""
_NUMBER = 6
"""Cells of a number beside a run's sign, so that numbers stand one under another."""


class Held(NamedTuple):
    """The y axes as shown before, for each metric; they are kept as far as they can be."""

    axes: dict[str, Axis]
    shown_for: tuple[object, ...] = ()


def overlay_rows(scene: RunsScene, width: int, height: int, held: Held) -> tuple[list[Row], Held]:
    """Charts of the marked runs with the table below: exactly `height` rows, and the new axes."""
    marked = marked_rows(scene)
    metrics = compared_metrics(scene)
    if not metrics or width < 20 or height < 4:
        rows = _empty(marked, width)[:height]
        return rows + [BLANK] * (height - len(rows)), held
    key = (scene.view.marked, scene.view.by_step, scene.view.log_y, height)
    axes = dict(held.axes) if key == held.shown_for else {}
    table = table_rows(scene, width)
    if height < _LEAST_CHART + len(table) + 1 or height < _LEAST_TABLE:
        table = [legend(scene, width)]
    room = height - len(table) - 1
    count = min(max(room // _LEAST_CHART, 1), len(metrics), 4)
    base, rest = divmod(room, count)
    drawn = {metric: series_of(scene, metric) for metric in metrics}
    right = overlay_cursor.extent(scene, [each for series in drawn.values() for each in series])
    rows = []
    named = min(max(cell_len(metric) for metric in metrics[:count]), width // 3)
    for number, metric in enumerate(metrics[:count]):
        tall = base + (number < rest)
        airy = tall >= AIRY
        size = (width, tall - airy)
        name = pad(fit(metric, named, scene.glyphs.ellipsis), named)
        panel, axes[metric] = _panel(scene, (name, drawn[metric]), size, right, axes.get(metric))
        rows += panel + [BLANK] * airy
    rows += [BLANK, *table]
    return [clip(row, width) for row in rows[:height]], Held(axes, key)


def _empty(marked: Sequence[RunRow], width: int) -> list[Row]:
    if not marked:
        text = "Mark runs with m: they are drawn here on one chart a metric."
    else:
        done = sum(row.progress or 0.0 for row in marked) / len(marked)
        text = f"Decoding the marked runs, {done:.0%}"
    return [BLANK, *((Span("   "), Span(line, Ink.DIM)) for line in wrap(text, width - 4))]


# --- a chart -------------------------------------------------------------------------------------


def _panel(
    scene: RunsScene,
    named: tuple[str, Sequence[Series]],
    size: tuple[int, int],
    right: float,
    held: Axis | None,
) -> tuple[list[Row], Axis]:
    """A metric's panel and the y axis it shows.

    Args:
        scene: What to draw from.
        named: The metric, as wide as all are named, and its lines.
        size: Width and height in cells.
        right: Where the x axis ends, the same for all panels.
        held: The y axis shown before.
    """
    width, height = size
    name, series = named
    inner, tall = width - GUTTER - 1, height - 2
    columns = [each.y for each in series]
    bounds = series[0].bounds if series else (-math.inf, math.inf)
    wanted = 2 if tall < 5 else min(tall // 3, 6)
    log = scene.view.log_y
    axis = scale.y_axis(columns, wanted, bounds, log=log, held=held, rows=tall)
    window = Window(0.0, right, axis)
    cells = draw(series, window, inner, tall, scene.glyphs)
    if scene.view.at is not None and inner > 0 and 0 <= scene.view.at <= right:
        column = int(raster.column_of(np.array([scene.view.at]), 0.0, right, inner)[0])
        cells.column(column, scene.glyphs.cursor, Ink.CURSOR, over=False)
    labels, ticks = scale.tick_labels(axis), chart.tick_rows(axis, tall)
    rows: list[Row] = [_title(scene, name, series, width)]
    for number, row in enumerate(cells.rows()):
        label = labels[ticks[number]] if number in ticks else ""
        rows.append((Span(pad_left(label, GUTTER - 1) + " ", Ink.AXIS), *row))
    rows.append(_axis_row(scene, right, inner))
    return rows, axis


def _title(scene: RunsScene, name: str, series: Sequence[Series], width: int) -> Row:
    """The metric, and of each run its newest value or that at the cursor, one under another."""
    items = [Item((Span(" "), Span(name, Ink.TITLE)), 0)]
    lines = {each.number: each for each in series}
    for number in range(len(marked_rows(scene))):
        ink = series_ink(number)
        line = lines.get(number)
        value = overlay_cursor.value(scene, line) if line is not None else None
        told = fmt.number(value, line.decimals) if line is not None else fmt.number(None)
        text = pad_left(told, _NUMBER)
        strength = Ink.FAINT if value is None else ink
        sign = Span(f"{scene.glyphs.series[number]} ", ink)
        items.append(Item((sign, Span(text, strength)), number + 1))
    return pack(items, width)


def draw(
    series: Sequence[Series], window: Window, width: int, height: int, glyphs: Glyphs
) -> Cells:
    """The lines as cells, each with its signs; the first marked lies on top."""
    cells = Cells(max(height, 0), max(width, 0))
    if width < 1 or height < 1:
        return cells
    if not glyphs.ascii:
        for row in chart.tick_rows(window.y, height):
            cells.codes[row, ::4] = ord(glyphs.grid)
            cells.inks[row, :] = Ink.GRID
    across, down = glyphs.dots
    for each in reversed(series):
        span = raster.profile(
            each.x, each.y, each.breaks, window.left, window.right, width * across
        )
        dots = raster.paint(span.scaled(window.y), height * down)
        if glyphs.ascii:
            codes = raster.signs(dots, glyphs.series[each.number])
        elif glyphs.dots == (2, 4):
            codes = raster.braille(dots)
        else:
            codes = raster.quarters(dots)
        cells.put(codes, series_ink(each.number))
    for each in reversed(series):
        _put_signs(cells, each, len(series), window, glyphs)
    return cells


def _put_signs(cells: Cells, series: Series, count: int, window: Window, glyphs: Glyphs) -> None:
    """Lay a run's sign on its line: at its points if they are few, else now and then."""
    height, width = cells.codes.shape
    known = np.isfinite(series.y) & (series.x >= window.left) & (series.x <= window.right)
    if not known.any():
        return
    span = raster.profile(
        series.x[known], series.y[known], series.breaks, window.left, window.right, width
    ).scaled(window.y)
    middle = (span.low + span.high) / 2
    columns = raster.column_of(series.x[known], window.left, window.right, width)
    if columns.size > width / _SIGN_CELLS * 2:
        shift = round(series.number * _SIGN_CELLS / max(count, 1))
        wanted = [*range(_SIGN_CELLS // 2 + shift, width, _SIGN_CELLS), int(columns[-1])]
    else:
        wanted = columns.tolist()
    for column in wanted:
        if 0 <= middle[column] <= 1:
            row = height - 1 - min(int(middle[column] * height), height - 1)
            cells.codes[row, column] = ord(glyphs.series[series.number])
            cells.inks[row, column] = series_ink(series.number)


def _axis_row(scene: RunsScene, right: float, width: int) -> Row:
    """Numbers below a chart: epochs or steps done; that of the cursor goes first."""
    by_step = scene.view.by_step
    head = Span(pad_left("step " if by_step else "epoch ", GUTTER), Ink.DIM)
    line, at = LabelLine(width), scene.view.at
    text = overlay_cursor.position(scene)
    shown = at is not None and 0 <= at <= right and len(text) <= width
    begin = 0 if at is None else round(at / right * width - len(text) / 2)
    begin = min(max(begin, 0), width - len(text))
    if shown:
        line.write(begin, text)
    for tick in scale.linear_axis(0.0, right, max(width // 12, 1), (0.0, math.inf)).ticks:
        if by_step or tick == round(tick):
            label = f"{tick:g}" if tick < 1e5 else f"{tick:.0e}"
            column = min(round(tick / right * width), width) - (len(label) if tick else 0)
            if column >= 0:
                line.write(column, label)
    labels = str(line)
    if not shown:
        return (head, Span(labels, Ink.AXIS))
    end = begin + len(text)
    return (
        head,
        Span(labels[:begin], Ink.AXIS),
        Span(text, Ink.CURSOR),
        Span(labels[end:], Ink.AXIS),
    )
