"""The list of runs as rows: how each is doing, in a line. Pure."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray, quantile
from tui_monitor.core.runs import MetricGlance, RunRow
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.glyphs import to_ascii
from tui_monitor.ui.drawing.palette import Ground, Ink, series_ink
from tui_monitor.ui.drawing.rows import (
    BLANK,
    Item,
    Row,
    Span,
    clip,
    fit,
    pack,
    pad,
    row_width,
    wrap,
)
from tui_monitor.ui.monitor.scene import level_index
from tui_monitor.ui.runs import run_scene as scenes
from tui_monitor.ui.runs.run_columns import (
    COLUMNS,
    Column,
    epoch_text,
    fitting,
    name_width,
    placed,
)
from tui_monitor.ui.runs.run_scene import RunsScene, marked_rows

_BLOCKS, _ASCII_BLOCKS = "▁▂▃▄▅▆▇█", "__..--=="


_STEEP = 2.5
"""Times the range of three quarters of a course that all of it may take."""
_SUMMED = 12
"""Runs that stay in the scrollback."""
_WIDEST = 120


def head_rows(scene: RunsScene, width: int, height: int) -> list[Row]:
    """One or two lines: how many runs there are and how they do; then what there is to tell."""
    runs, glyphs = scene.runs, scene.glyphs
    count = dict.fromkeys(("live", "stalled", "failed"), 0)
    for row in runs.rows:
        if row.state in count:
            count[row.state] += 1
    total = len(runs.rows)
    signs = {"live": (glyphs.live, Ink.GOOD), "stalled": (glyphs.stalled, Ink.WARN),
             "failed": (glyphs.lost, Ink.BAD)}  # fmt: skip
    items = [Item((Span(" "), Span(_plural(total, "run"), Ink.STRONG)), 0)]
    for state, (sign, ink) in signs.items():
        if count[state]:
            items.append(Item((Span(f"{sign} {count[state]} {state}", ink),), 1))
    shown = len(scenes.rows(scene))
    if scene.view.wanted:
        items.append(Item((Span(f'{shown} with "{scene.view.wanted}"', Ink.KEY),), 2))
    if scene.view.marked:
        items.append(Item((Span(f"{len(marked_rows(scene))} marked", Ink.FOCUS),), 2))
    if runs.looking:
        items.append(Item((Span(f"looking{glyphs.ellipsis}", Ink.DIM),), 1))
    order = f"by {scene.view.sort}{', reversed' if scene.view.reverse else ''}"
    items.append(Item((Span(order, Ink.DIM),), 3))
    first = pack(items, width)
    if height < 2:
        return [first][:height]
    told = scene.notice or runs.notice
    followed = "" if runs.following == "none" else f"followed by {runs.following}"
    text = fit(told or followed, width - 3, glyphs.ellipsis)
    second: Row = (Span("   "), Span(text, Ink.WARN if told else Ink.DIM))
    return [first, second] + [BLANK] * (height - 2)


def _plural(count: int, noun: str) -> str:
    return f"{fmt.count(count)} {noun}{'' if count == 1 else 's'}"


def list_rows(scene: RunsScene, width: int, height: int, top: int) -> list[Row]:
    """The list from row `top` on, under its head."""
    shown = scenes.rows(scene)
    if height < 1:
        return []
    if not shown:
        return _nothing(scene, width)[:height]
    shown = [row._replace(name=scenes.shortened(scene, row)) for row in shown]
    columns = fitting(scene, shown, width)
    name = name_width(columns, shown, width)
    index = scenes.cursor_index(scene, shown)
    listed = shown[top : top + height - 1]
    body = [
        _body_row(scene, row, columns, name, here=top + place == index)
        for place, row in enumerate(listed)
    ]
    if 0 <= index - top < len(body):
        here = body[index - top]
        blank = Span(" " * max(width - row_width(here), 0), Ink.PLAIN, Ground.BAR)
        body[index - top] = (*here, blank)
    rows = [_head_row(scene, columns, name), *body] if height > 1 else body
    return [clip(row, width) for row in rows[:height]]


def _nothing(scene: RunsScene, width: int) -> list[Row]:
    if scene.view.wanted:
        text = f'No run has "{scene.view.wanted}" in its name or state. / with nothing shows all.'
    elif scene.runs.looking:
        text = "Looking for training logs."
    else:
        text = (
            "No training log here yet. The list fills by itself as soon as one appears; a log that is"
            " not taken for one can be named itself."
        )
    return [BLANK, *((Span("   "), Span(line, Ink.DIM)) for line in wrap(text, width - 4))]


def _head_row(scene: RunsScene, columns: dict[str, Column], name: int) -> Row:
    metric = scene.view.metric
    text = "   " + pad("run" if metric is None else f"run, {metric}", name)
    heads = ["  " + placed(column.head, column) for column in columns.values()]
    return (Span(text + "".join(heads), Ink.DIM),)


def _body_row(
    scene: RunsScene, row: RunRow, columns: dict[str, Column], name: int, *, here: bool
) -> Row:
    ground = Ground.BAR if here else Ground.NONE
    glyphs, view = scene.glyphs, scene.view
    number = view.marked.index(row.key) if row.key in view.marked else None
    mark = glyphs.focus if here else " "
    sign = glyphs.series[number] if number is not None else " "
    ink = Ink.STRONG if row.state == "live" else Ink.PLAIN
    if row.state == "gone":
        ink = Ink.FAINT
    spans = [
        Span(mark, Ink.FOCUS, ground),
        Span(f"{sign} ", series_ink(number) if number is not None else Ink.PLAIN, ground),
        Span(pad(scenes.fit_name(row.name, name, glyphs.ellipsis), name), ink, ground),
    ]
    for key, column in columns.items():
        text, ink = _cell(scene, row, key, column.width)
        shown = placed(fit(text, column.width, glyphs.ellipsis), column)
        spans += [Span("  ", Ink.PLAIN, ground), Span(shown, ink, ground)]
    return tuple(spans)


def _cell(scene: RunsScene, row: RunRow, key: str, width: int) -> tuple[str, Ink]:
    if key == "state":
        return _state(scene, row, width)
    glance = row.glance
    metric = glance.metric(scene.view.metric) if glance is not None else None
    if glance is None or (metric is None and key != "epoch"):
        return "", Ink.FAINT
    if key == "epoch":
        return epoch_text(glance), Ink.PLAIN
    assert metric is not None
    if key == "trend":
        ink = Ink.LEVEL if row.state == "live" else Ink.WINDOW
        return sparkline(metric.trend, width, ascii=scene.glyphs.ascii), ink
    if key == "best":
        more = "" if glance.whole or metric.best_val is None else "?"
        ink = Ink.VAL if metric.best_val is not None else Ink.FAINT
        return fmt.number(metric.best_val, metric.val_decimals) + more, ink
    if key == "best_of":
        return _best_name(metric), Ink.DIM
    if key == "level":
        return _level(scene, row, metric, width)
    eta = glance.pace.eta_run if glance.pace.eta_run is not None else glance.pace.eta_epoch
    return ("", Ink.FAINT) if row.state != "live" else (fmt.clock_estimate(eta), Ink.PLAIN)


def _best_name(metric: MetricGlance | None) -> str:
    return metric.val_name or "" if metric is not None and metric.best_val is not None else ""


def _state(scene: RunsScene, row: RunRow, width: int) -> tuple[str, Ink]:
    glyphs = scene.glyphs
    if row.progress is not None and row.progress < 1 and row.key in scene.view.marked:
        return f"{glyphs.waiting} read {row.progress:.0%}", Ink.DIM
    quiet = fmt.quiet(row.quiet_seconds) if row.quiet_seconds is not None else ""
    wide = width > COLUMNS["state"].width
    word, sign, ink = {
        "live": ("live", glyphs.live, Ink.GOOD),
        "stalled": (f"stalled {quiet}" if wide else quiet, glyphs.stalled, Ink.WARN),
        "ended": ("ended", glyphs.ended, Ink.DIM),
        "failed": ("failed", glyphs.lost, Ink.BAD),
        "stopped": (f"stopped {quiet}" if wide else "stopped", glyphs.waiting, Ink.DIM),
        "waiting": (row.detail or "waiting", glyphs.waiting, Ink.DIM),
        "lost": (row.detail or "lost", glyphs.lost, Ink.BAD),
        "gone": ("gone", glyphs.lost, Ink.DIM),
        "unread": ("", glyphs.waiting, Ink.FAINT),
    }[row.state]
    if row.glance is not None and row.glance.broken and row.state != "gone":
        told = f"nan, {word}"
        sign, word, ink = glyphs.alert, told if wide and len(told) < width - 1 else "nan", Ink.BAD
    return f"{sign} {word}"[:width] if width < 2 else f"{sign} {word}", ink


def _level(scene: RunsScene, row: RunRow, metric: MetricGlance, width: int) -> tuple[str, Ink]:
    """The decoded level; the displayed number where it is not decoded."""
    wide = width > COLUMNS["level"].width
    for curve in row.snapshot.curves if row.snapshot is not None else ():
        index = level_index(curve, curve.x.size - 1) if curve.x.size else None
        if curve.metric == metric.name and index is not None:
            level, sd = float(curve.level[index]), float(curve.level_sd[index])
            text, _ = fmt.level(level, sd, curve.decimals)
            if wide and math.isfinite(sd):
                text += f" {scene.glyphs.plus_minus} {fmt.margin(2 * sd, curve.decimals)}"
            return text, Ink.LEVEL
    if metric.displayed is None:
        return "", Ink.FAINT
    if not math.isfinite(metric.displayed):
        return fmt.number(metric.displayed), Ink.BAD
    text = fmt.number(metric.displayed, metric.decimals)
    told = f"{text} displayed"
    return told if wide and len(told) <= width else text, Ink.GHOST


@lru_cache(maxsize=1024)
def sparkline(
    course: tuple[float, ...],
    width: int,
    *,
    ascii: bool = False,  # noqa: A002
) -> str:
    """A course as blocks of eighths, at most `width` of them; blank where it is not finite."""
    values = np.array(course, dtype=np.float64)
    if not np.isfinite(values).any() or width < 1:
        return ""
    blocks = _ASCII_BLOCKS if ascii else _BLOCKS
    cells = min(width, values.size)
    parts = [part for part in np.array_split(values, cells) if part.size]
    means = np.array([part[np.isfinite(part)].mean() if np.isfinite(part).any() else math.nan
                      for part in parts])  # fmt: skip
    low, high = _seen_range(means[np.isfinite(means)])
    heights = (means - low) / (high - low) if high > low else np.where(np.isnan(means), means, 0.5)
    heights = np.clip(heights, 0.0, 1.0)
    return "".join(
        " " if math.isnan(height) else blocks[min(int(height * 8), 7)] for height in heights
    )


def _seen_range(values: FloatArray) -> tuple[float, float]:
    """The range of a course but for its steep begin, beside which the rest would be flat."""
    low, lower, upper, high = (quantile(values, share) for share in (0.0, 0.25, 0.75, 1.0))
    return max(low, high - _STEEP * (high - lower)), min(high, low + _STEEP * (upper - low))


def runs_summary(scene: RunsScene, width: int) -> str:
    """What stays in the scrollback: the first rows of the list as plain text; empty without runs."""
    if not scene.runs.rows:
        return ""
    width = min(max(width, 20), _WIDEST)
    scene = scene._replace(notice=None)
    rows = [*head_rows(scene, width, 1), *list_rows(scene, width, _SUMMED + 1, 0)]
    lines = ["".join(span.text for span in row).rstrip() for row in rows]
    text = "\n".join(lines) + "\n"
    return to_ascii(text) if scene.glyphs.ascii else text
