"""A planned layout laid upon the monitor's widgets."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen
from textual.widget import Widget

from tui_monitor.ui.monitor.layout import SIDE_GAP, Layout
from tui_monitor.ui.widgets.panels import MetricPanel


def divide(screen: Screen[None], layout: Layout, panels: Sequence[MetricPanel]) -> None:
    """Give each part of the monitor its rows and columns; those without any are hidden."""
    heights = {
        "#status": layout.status,
        "#keys": layout.keys,
        "#jump": layout.jump,
        "#epochs": layout.epochs,
        "#log": layout.log,
    }
    for selector, height in heights.items():
        _size(screen.query_one(selector), height)
    for panel, height in zip(panels, layout.charts, strict=False):
        _size(panel, height)
    for panel in panels[len(layout.charts) :]:
        _size(panel, 0)
    side = screen.query_one("#side")
    body = screen.query_one("#body")
    body.set_class(layout.side == 0, "-stacked")
    below = layout.jump + layout.epochs + layout.log
    side.display = below > 0
    side.styles.width = layout.side or "1fr"
    side.styles.padding = (0, 0, 0, SIDE_GAP if layout.side else 0)
    side.styles.height = below if layout.side == 0 else "1fr"


def _size(part: Widget, height: int) -> None:
    part.display = height > 0
    part.styles.height = height
