"""Several runs on one chart a metric, and the table of what each reached. Pure.

A run is told by its sign, which stands on its line now and then, as well as by its colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tui_monitor.core.runs import MetricGlance, RunRow
from tui_monitor.ui import chart, raster, scale
from tui_monitor.ui import format as fmt
from tui_monitor.ui.cells import Cells
from tui_monitor.ui.chart import Window
from tui_monitor.ui.glyphs import Glyphs
from tui_monitor.ui.metric_panel import AIRY
from tui_monitor.ui.palette import Ink, series_ink
from tui_monitor.ui.rows import (
    BLANK,
    Item,
    Row,
    Span,
    clip,
    fit,
    fit_middle,
    pack,
    pad,
    pad_left,
    wrap,
)
from tui_monitor.ui.run_scene import (
    RunsScene,
    Series,
    compared_metrics,
    marked_rows,
    series_of,
    shared_ending,
)
from tui_monitor.ui.scale import Axis

_LEAST_CHART = 7
"""Rows of a panel at least: its title, five of chart, its axis."""
_GUTTER = 7
_SIGN_CELLS = 16
"""Columns between two signs on a line."""
_LEAST_TABLE = 10
"""Rows of the screen from which the table stands below the charts."""
_VALUE = 10
_NAME = 14


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
        table = [_legend(scene, width)]
    room = height - len(table) - 1
    count = min(max(room // _LEAST_CHART, 1), len(metrics), 4)
    base, rest = divmod(room, count)
    drawn = {metric: series_of(scene, metric) for metric in metrics}
    right = _extent(scene, [each for series in drawn.values() for each in series])
    rows = []
    for number, metric in enumerate(metrics[:count]):
        tall = base + (number < rest)
        airy = tall >= AIRY
        size = (width, tall - airy)
        panel, axes[metric] = _panel(scene, (metric, drawn[metric]), size, right, axes.get(metric))
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
        named: The metric and its lines.
        size: Width and height in cells.
        right: Where the x axis ends, the same for all panels.
        held: The y axis shown before.
    """
    width, height = size
    metric, series = named
    inner, tall = width - _GUTTER - 1, height - 2
    columns = [each.y for each in series]
    bounds = series[0].bounds if series else (-math.inf, math.inf)
    wanted = 2 if tall < 5 else min(tall // 3, 6)
    log = scene.view.log_y
    axis = scale.y_axis(columns, wanted, bounds, log=log, held=held, rows=tall)
    window = Window(0.0, right, axis)
    cells = draw(series, window, inner, tall, scene.glyphs)
    labels, ticks = scale.tick_labels(axis), chart.tick_rows(axis, tall)
    rows: list[Row] = [_title(scene, metric, series, width)]
    for number, row in enumerate(cells.rows()):
        label = labels[ticks[number]] if number in ticks else ""
        rows.append((Span(pad_left(label, _GUTTER - 1) + " ", Ink.AXIS), *row))
    rows.append(_axis_row(scene, right, inner))
    return rows, axis


def _title(scene: RunsScene, metric: str, series: Sequence[Series], width: int) -> Row:
    items = [Item((Span(" "), Span(fit(metric, width - 2, scene.glyphs.ellipsis), Ink.TITLE)), 0)]
    for each in series:
        newest = each.y[np.isfinite(each.y)][-1]
        sign = Span(f"{scene.glyphs.series[each.number]} ", series_ink(each.number))
        items.append(Item((sign, Span(fmt.number(float(newest)), Ink.PLAIN)), each.number + 1))
    return pack(items, width)


def _extent(scene: RunsScene, series: Sequence[Series]) -> float:
    """Where the x axis ends: with the longest run, or where that rarely gets to while it grows."""
    newest = max((float(each.x[-1]) for each in series if each.x.size), default=1.0)
    grows = any(row.state in ("live", "stalled") for row in marked_rows(scene))
    return scale.extent(newest, None if scene.view.by_step else 1.0, None, ended=not grows)


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
    """Numbers below a chart: epochs or steps done."""
    unit = "step" if scene.view.by_step else "epoch"
    axis = scale.linear_axis(0.0, right, max(width // 12, 1), (0.0, math.inf))
    line = [" "] * width
    for tick in axis.ticks:
        if not scene.view.by_step and tick != round(tick):
            continue
        label = f"{tick:g}" if tick < 1e5 else f"{tick:.0e}"
        begin = min(round(tick / right * width), width) - (len(label) if tick else 0)
        if begin >= 0 and begin + len(label) <= width:
            line[begin : begin + len(label)] = label
    return (Span(pad_left(f"{unit} ", _GUTTER), Ink.DIM), Span("".join(line), Ink.AXIS))


# --- the table -----------------------------------------------------------------------------------


def _legend(scene: RunsScene, width: int) -> Row:
    items = [
        Item(_label(scene, row, number, 24), number)
        for number, row in enumerate(marked_rows(scene))
    ]
    return (Span(" "), *pack(items, width - 1, gap=2))


def _label(scene: RunsScene, row: RunRow, number: int, width: int) -> Row:
    glyphs = scene.glyphs
    name = row.name.removesuffix(shared_ending([each.name for each in scene.runs.rows]))
    name = fit_middle(name, width, glyphs.ellipsis)
    sign = Span(f"{glyphs.series[number]} ", series_ink(number))
    return (sign, Span(name, Ink.STRONG))


def table_rows(scene: RunsScene, width: int) -> list[Row]:
    """What each marked run reached: its epochs, and the best validation of each metric."""
    marked = marked_rows(scene)
    names = _table_metrics(marked)
    name = min(max((len(row.name) for row in marked), default=_NAME), max(width // 3, _NAME))
    cells = max((width - name - 14) // (_VALUE + 7), 0)
    names = names[:cells]
    head = pad("", name + 3) + pad_left("epoch", 9)
    for each in names:
        best_of = fit(f"{scene.glyphs.best}val_{each}", _VALUE + 4, scene.glyphs.ellipsis)
        head += pad(pad_left(f"  {best_of}", _VALUE + 2), _VALUE + 7)
    best = {each: _best_of(marked, each) for each in names}
    rows: list[Row] = [(Span(" " + head, Ink.DIM),)]
    for number, row in enumerate(marked):
        label = _label(scene, row, number, name)
        blank = name + 2 - sum(len(span.text) for span in label)
        rows.append(
            (
                Span(" "),
                *label,
                Span(" " * (blank + 1)),
                Span(pad_left(_epochs(row), 9), Ink.PLAIN),
                *(span for each in names for span in _best_cell(scene, row, each, best[each])),
            )
        )
    return rows


def _table_metrics(marked: Sequence[RunRow]) -> list[str]:
    found = [
        metric.name
        for row in marked
        if row.glance is not None
        for metric in row.glance.metrics
        if metric.best_val is not None
    ]
    return sorted(dict.fromkeys(found), key=lambda name: (-found.count(name), found.index(name)))


def _best_of(marked: Sequence[RunRow], name: str) -> float | None:
    """The best value of a metric among the runs; None where there is nothing to compare."""
    known = [m for row in marked if (m := _metric(row, name)) is not None]
    values = [metric.best_val for metric in known if metric.best_val is not None]
    if len(values) < 2:
        return None
    return max(values) if known[0].higher_is_better else min(values)


def _metric(row: RunRow, name: str) -> MetricGlance | None:
    return row.glance.metric(name) if row.glance is not None else None


def _best_cell(scene: RunsScene, row: RunRow, name: str, best: float | None) -> Row:
    metric = _metric(row, name)
    if metric is None or metric.best_val is None:
        return (Span(pad_left(fmt.number(None), _VALUE + 7), Ink.FAINT),)
    star = scene.glyphs.best if metric.best_val == best else ""
    value = pad_left(star + fmt.number(metric.best_val), _VALUE)
    return (Span(f"  {value}", Ink.VAL), Span(pad(f" @{metric.best_label}", 5), Ink.DIM))


def _epochs(row: RunRow) -> str:
    glance = row.glance
    if glance is None or not glance.epoch:
        return ""
    label = glance.label or str(glance.epoch)
    return f"{label}/{glance.epochs}" if glance.epochs else label
