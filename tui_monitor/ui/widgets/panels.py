"""The parts of the screen. Each hands its scene to a pure function that makes its rows."""

from __future__ import annotations

from tui_monitor.ui import jump, metric_panel, status, tables
from tui_monitor.ui.rows import Row
from tui_monitor.ui.scene import Scene, curves
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
        self._held: tuple[float, float] | None = None
        self._held_for: tuple[object, ...] = ()

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `metric_panel.draw_panel`."""
        shown = curves(scene)
        if not shown or scene.snapshot is None:
            return metric_panel.empty_rows(scene, width, height) if self.index == 0 else []
        if self.index >= len(shown):
            return []
        view = scene.view
        # Another height has other ticks: its range may be another one.
        metric = shown[self.index].metric
        key = (metric, scene.snapshot.run, height, view.log_y, view.zoom, view.left)
        if key != self._held_for:
            self._held, self._held_for = None, key
        rows, self._held = metric_panel.draw_panel(scene, self.index, width, height, self._held)
        return rows


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

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `status.key_row`."""
        keys = self._keys
        if scene.source.replay is not None:
            keys = [*keys[:2], (", .", "speed"), *keys[2:]]
        return [status.key_row(keys, width)][:height]
