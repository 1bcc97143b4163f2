"""The parts of the screen. Each hands its scene to a pure function that makes its rows."""

from __future__ import annotations

from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.rows import Row
from tui_monitor.ui.monitor import jump, metric_panel, status, tables
from tui_monitor.ui.monitor.scene import Scene, curves
from tui_monitor.ui.widgets.ink_view import InkView


class StatusLine(InkView):
    """The one or two lines at the top."""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `status.status_rows`."""
        return status.status_rows(scene, width, height)


class MetricPanel(InkView):
    """One metric. It holds its y range, so that it grows in steps and never breathes."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.index = 0
        """Which of the scene's curves it shows."""
        self._memory = metric_panel.Memory()

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `metric_panel.draw_panel`."""
        shown = curves(scene)
        if not shown or scene.snapshot is None:
            return metric_panel.empty_rows(scene, width, height) if self.index == 0 else []
        if self.index >= len(shown):
            return []
        return metric_panel.draw_panel(
            scene, self.index, width, height, self._memory, brief=self.brief
        )

    @property
    def chart_cells(self) -> int:
        """Columns of the chart's inside; 0 where there is none."""
        return max(self.size.width - self._gutter - 1, 0) if self._gutter else 0

    def fraction_at(self, column: int) -> float | None:
        """How far along the time axis a column of the panel lies, 0..1; None beside the chart."""
        cells = self.chart_cells
        place = column - self._gutter
        return (place + 0.5) / cells if 0 <= place < cells else None

    @property
    def _gutter(self) -> int:
        """Columns left of the chart: those of its y axis, which are drawn as one span."""
        axes = [len(row[0].text) for row in self.rows if len(row) > 1 and row[0].ink is Ink.AXIS]
        return max(axes, default=0)


class JumpPanel(InkView):
    """Why the displayed number jumped."""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `jump.jump_rows`."""
        return jump.jump_rows(scene, width, height)


class EpochTable(InkView):
    """The epochs of the focused metric."""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `tables.epoch_rows`."""
        return tables.epoch_rows(scene, width, height)


class LogTail(InkView):
    """The last lines of the log."""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `tables.log_rows`."""
        return tables.log_rows(scene, width, height)


class KeyLine(InkView):
    """The keys, at the bottom."""

    def __init__(self, keys: list[tuple[str, str]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._keys = keys
        self._stops = False
        self._drawn_for: tuple[object, ...] = ()

    def offer_stop(self, offered: bool) -> None:
        """Show the key that stops a recorded training, or don't."""
        self._stops = offered

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `status.key_row`."""
        wanted = (width, scene.source.replay is None, self._stops)
        if wanted == self._drawn_for:
            return self.rows[:height]
        self._drawn_for, keys = wanted, self._keys
        if scene.source.replay is not None:
            keys = [*keys[:2], (", .", "speed"), *keys[2:]]
        if self._stops:
            keys = [*keys[:2], ("S", "stop training"), *keys[2:]]
        return [status.key_row(keys, width)][:height]
