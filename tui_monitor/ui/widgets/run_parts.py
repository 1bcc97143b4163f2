"""The parts of the runs screen. Each hands its scene to a pure function that makes its rows."""

from __future__ import annotations

from tui_monitor.core.snapshot import SourceState
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.rows import Row
from tui_monitor.ui.monitor import status
from tui_monitor.ui.monitor.layout import SIDE_GAP
from tui_monitor.ui.monitor.scene import Scene
from tui_monitor.ui.runs import overlay, run_scene, run_table
from tui_monitor.ui.runs.run_scene import RunsScene
from tui_monitor.ui.widgets.ink_view import InkView


def plain_scene(glyphs: Glyphs) -> Scene:
    """A scene of no run, for what draws with its glyphs alone."""
    return Scene(None, SourceState("", "waiting", "none", None, None), glyphs=glyphs)


class RunsPart(InkView):
    """Draws from what the runs screen shows."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._runs = RunsScene()

    def show_runs(self, runs: RunsScene) -> None:
        """Draw another picture of the runs."""
        self._runs = runs
        self.show(plain_scene(runs.glyphs))

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `draw_runs`."""
        del scene
        return self.draw_runs(self._runs, width, height)

    def draw_runs(self, runs: RunsScene, width: int, height: int) -> list[Row]:
        """The rows to show, at most `height`, each at most `width` cells wide."""
        raise NotImplementedError


class RunsHead(RunsPart):
    """The lines at the top."""

    def draw_runs(self, runs: RunsScene, width: int, height: int) -> list[Row]:
        """See `run_table.head_rows`."""
        return run_table.head_rows(runs, width, height)


class RunTable(RunsPart):
    """The list. It scrolls as little as it must to show the row under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.top = 0
        """First row shown."""

    def draw_runs(self, runs: RunsScene, width: int, height: int) -> list[Row]:
        """See `run_table.list_rows`."""
        shown = run_scene.rows(runs)
        index = run_scene.cursor_index(runs, shown)
        self.top = run_scene.window_top(index, len(shown), max(height - 1, 1), self.top)
        # Where charts stand beside it, it keeps its distance.
        gap = SIDE_GAP if runs.view.charts else 0
        return run_table.list_rows(runs, width - gap, height, self.top)


class RunCharts(RunsPart):
    """The marked runs on charts. It holds their ranges, so that they grow in steps."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._held = overlay.Held({})

    def draw_runs(self, runs: RunsScene, width: int, height: int) -> list[Row]:
        """See `overlay.overlay_rows`."""
        drawn, self._held = overlay.overlay_rows(runs, width, height, self._held)
        return drawn

    @property
    def chart_cells(self) -> int:
        """Columns of the charts' insides."""
        return max(self.size.width - overlay.GUTTER - 1, 0)

    def fraction_at(self, column: int) -> float | None:
        """How far along the axis a column of the widget lies, 0..1; None beside the charts."""
        place, cells = column - overlay.GUTTER, self.chart_cells
        return (place + 0.5) / cells if 0 <= place < cells else None


class RunKeys(RunsPart):
    """The keys, at the bottom."""

    def __init__(self, keys: list[tuple[str, str]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.keys = keys

    def draw_runs(self, runs: RunsScene, width: int, height: int) -> list[Row]:
        """One row, as many keys as fit."""
        keys, move = self.keys, "< >" if runs.glyphs.ascii else "\u2190 \u2192"
        if runs.view.charts:
            keys = [*keys[:2], (move, "cursor"), *keys[2:]]
        return [status.key_row(keys, width)][:height]
