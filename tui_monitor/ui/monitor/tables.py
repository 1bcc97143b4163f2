"""The epoch table and the tail of the log as rows. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from rich.cells import cell_len

from tui_monitor.core.snapshot import Curve, EpochRow
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.palette import Ground, Ink
from tui_monitor.ui.drawing.rows import Row, Span, clip, fit, pad, pad_left
from tui_monitor.ui.monitor.scene import (
    Scene,
    epoch_labels,
    focused,
    found_lines,
    selected_boundary,
)


class _Column(NamedTuple):
    head: str
    width: int
    least: int
    """Columns that it can do with."""
    rank: int
    """The highest rank goes first where the table is too wide."""


_AIRY = 6
_BAR = re.compile(r"([=.\-#━─█░▏ ])\1{7,}")
"""A run of one sign in a line of a log: a part of a progress bar."""
_LEAST_BAR = 3
_AS_IT_IS = ("instantaneous", "epoch", "median", "unknown")
"""Laws whose numbers are no running means: a level of theirs is smoothed, not decoded."""
_COLUMNS = {
    "epoch": _Column("epoch", 5, 5, 0),
    "displayed": _Column("displayed", 10, 9, 1),
    "end": _Column("decoded end", 16, 15, 0),
    "val": _Column("val", 8, 7, 0),
    "gap": _Column("gap", 8, 8, 4),
    "seconds": _Column("time", 8, 7, 3),
    "marks": _Column("", 16, 16, 5),
}


def title_row(scene: Scene) -> Row:
    """The name of the focused metric and of its validation twin."""
    curve = focused(scene)
    names = [name for name in (curve.metric, curve.val_metric) if name] if curve else []
    return (Span(" "), Span(", ".join(names), Ink.TITLE))


def epoch_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """The epochs of the focused metric, the newest last; the oldest go where there is no room."""
    curve = focused(scene)
    if scene.snapshot is None or curve is None or height < 2:
        return []
    rows = [row for row in scene.snapshot.epoch_rows if row.metric == curve.metric]
    # What the best epoch is, a log's end can't tell.
    best = _best_val(rows, curve) if scene.snapshot.cut is None else None
    # A tall table leaves its last row blank.
    room = height - 1 - (height >= _AIRY)
    boundary = selected_boundary(scene)
    explained = boundary.epoch if boundary is not None and scene.view.boundary else None
    first = max(len(rows) - room, 0)
    if explained is not None:
        place = next((i for i, row in enumerate(rows) if row.epoch == explained), first)
        first = min(first, max(place - 1, 0))
    labels = epoch_labels(scene.snapshot)
    shown = [
        row._replace(label=labels.get(row.epoch, str(row.epoch)))
        for row in rows[first : first + room]
    ]
    cells = [
        {
            key: _cell(scene, curve, row, key, is_best=best is not None and row.epoch == best.epoch)
            for key in _COLUMNS
        }
        for row in shown
    ]
    longest = {key: max((cell_len(each[key][0]) for each in cells), default=0) for key in _COLUMNS}
    columns = _fitting(scene.glyphs, longest, width - 1, _told(rows))
    if "end" in columns and curve.law.name in _AS_IT_IS:
        columns["end"] = columns["end"]._replace(head="level")
    head = tuple(
        Span(pad_left(column.head, column.width + 1), Ink.DIM) for column in columns.values()
    )
    body = [
        _body_row(each, columns, explained=row.epoch == explained)
        for row, each in zip(shown, cells, strict=True)
    ]
    return [clip(row, width) for row in (head, *body)]


def _told(rows: list[EpochRow]) -> set[str]:
    """The columns that any epoch has something in."""
    told = {"epoch", "displayed", "marks"}
    if any(row.level_end is not None for row in rows):
        told.add("end")
    if any(row.val is not None for row in rows):
        told |= {"val", "gap"} if "end" in told else {"val"}
    if any(row.seconds is not None for row in rows):
        told.add("seconds")
    return told


def _fitting(
    glyphs: Glyphs, longest: Mapping[str, int], width: int, told: set[str]
) -> dict[str, _Column]:
    """Of the columns `told` those that there is room for, by their keys.

    `longest`: the widest cell of each.
    """
    kept = {key: each for key, each in _COLUMNS.items() if key in told}
    if "end" in kept:
        end, more = kept["end"], len(glyphs.plus_minus) - 1
        kept["end"] = end._replace(width=end.width + more, least=end.least + more)
    for key, column in kept.items():
        room, least = max(column.width, longest[key]), max(column.least, longest[key])
        kept[key] = column._replace(width=room, least=least)
    while len(kept) > 1 and sum(each.least + 1 for each in kept.values()) > width:
        del kept[max(kept, key=lambda key: kept[key].rank)]
    if sum(each.width + 1 for each in kept.values()) > width:
        return {key: each._replace(width=each.least) for key, each in kept.items()}
    return kept


def _best_val(rows: list[EpochRow], curve: Curve) -> EpochRow | None:
    known = [row for row in rows if row.val is not None and math.isfinite(row.val)]
    if len(known) < 2:
        return None
    sign = 1 if curve.higher_is_better else -1
    return max(known, key=lambda row: sign * (row.val or 0.0))


def _body_row(
    cells: Mapping[str, tuple[str, Ink]], columns: Mapping[str, _Column], *, explained: bool
) -> Row:
    ground = Ground.BAR if explained else Ground.NONE
    spans: list[Span] = []
    for key, column in columns.items():
        text, ink = cells[key]
        placed = pad("  " + text, column.width + 1) if key == "marks" else text
        spans.append(Span(pad_left(placed, column.width + 1), ink, ground))
    return tuple(spans)


def _cell(scene: Scene, curve: Curve, row: EpochRow, key: str, *, is_best: bool) -> tuple[str, Ink]:
    glyphs, decimals = scene.glyphs, curve.decimals
    if key == "epoch":
        return row.label, Ink.PLAIN
    if key == "displayed":
        return fmt.number(row.displayed, decimals), Ink.GHOST
    if key == "end":
        if row.level_end is None:
            return fmt.number(None), Ink.FAINT
        if row.level_end_sd is None:
            return fmt.number(row.level_end, decimals), Ink.LEVEL
        end, error = fmt.level(row.level_end, row.level_end_sd, decimals)
        return f"{end} {glyphs.plus_minus} {error}", Ink.LEVEL
    if key == "val":
        mark = glyphs.best if is_best else ""
        return (
            f"{mark}{fmt.number(row.val, curve.val_decimals)}",
            Ink.VAL if row.val is not None else Ink.FAINT,
        )
    if key == "gap":
        if row.val is None or row.level_end is None:
            return fmt.number(None), Ink.FAINT
        gap = row.val - row.level_end
        return fmt.change(gap, abs(gap), glyphs.minus, decimals=decimals), Ink.DIM
    if key == "seconds":
        return fmt.clock(row.seconds), Ink.DIM
    return fit(row.marks, _COLUMNS[key].width - 2, glyphs.ellipsis), Ink.EVENT


def log_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """The last lines of the log, or those that were searched for, the newest last."""
    if scene.snapshot is None or height < 1:
        return []
    lines = found_lines(scene)
    rows = [_log_row(scene, line, width) for line in lines[-height:]]
    if not scene.view.search:
        return rows
    of = f"{len(lines)} of the last {len(scene.snapshot.log_tail)} lines"
    told = fit(f'{of} have "{scene.view.search}"', width - 1, scene.glyphs.ellipsis)
    return [(Span(" "), Span(told, Ink.KEY)), *rows[-(height - 1) :]][:height]


def _squeezed(line: str, width: int) -> str:
    """A line that is too wide with its bars shortened: what is worth reading stands behind them."""
    excess = cell_len(line) - width
    if excess <= 0:
        return line
    bars = [bar.end() - bar.start() for bar in _BAR.finditer(line)]
    total = sum(bars)
    if not total:
        return line
    kept = max(total - excess, _LEAST_BAR * len(bars)) / total
    return _BAR.sub(lambda bar: bar[0][: max(int(len(bar[0]) * kept), _LEAST_BAR)], line)


def _log_row(scene: Scene, line: str, width: int) -> Row:
    shown = fit(_squeezed(line, width - 1), width - 1, scene.glyphs.ellipsis)
    search = scene.view.search
    # Case folding may change a text's length: then nothing is marked.
    begin = shown.casefold().find(search.casefold()) if search else -1
    if begin < 0 or len(shown.casefold()) != len(shown):
        return (Span(" "), Span(shown, Ink.DIM))
    end = begin + len(search)
    return (
        Span(" "),
        Span(shown[:begin], Ink.DIM),
        Span(shown[begin:end], Ink.STRONG),
        Span(shown[end:], Ink.DIM),
    )
