"""What each of several compared runs reached, in a table or in a line. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core.explaining.figures import printed_epochs
from tui_monitor.core.runs import MetricGlance, RunRow
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.palette import Ink, series_ink
from tui_monitor.ui.drawing.rows import Item, Row, Span, fit, pack, pad, pad_left
from tui_monitor.ui.runs.run_scene import RunsScene, fit_name, marked_rows, shortened

_VALUE = 10
_NAME = 14


def legend(scene: RunsScene, width: int) -> Row:
    """The runs by name, where there is no room for more."""
    items = [
        Item(_label(scene, row, number, 24), number)
        for number, row in enumerate(marked_rows(scene))
    ]
    return (Span(" "), *pack(items, width - 1, gap=2))


def _label(scene: RunsScene, row: RunRow, number: int, width: int) -> Row:
    glyphs = scene.glyphs
    name = fit_name(shortened(scene, row), width, glyphs.ellipsis)
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
    value = pad_left(star + fmt.number(metric.best_val, metric.val_decimals), _VALUE)
    return (Span(f"  {value}", Ink.VAL), Span(pad(f" @{metric.best_label}", 5), Ink.DIM))


def _epochs(row: RunRow) -> str:
    glance = row.glance
    if glance is None or not glance.epoch:
        return ""
    label = glance.label or str(glance.epoch)
    return label + printed_epochs(glance.epochs, glance.format)
