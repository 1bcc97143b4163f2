"""The runs screen: the list of runs, and marked ones compared. It decides what is shown, and asks.

What is asked of the fleet goes to the app as messages: open a run, decode the marked ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen

from tui_monitor.core.runs import RunList
from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.runs import overlay_cursor
from tui_monitor.ui.runs import run_scene as scenes
from tui_monitor.ui.runs.run_scene import MOST_MARKED, SORTS, RunsScene, RunsView
from tui_monitor.ui.screens.ask import AskScreen
from tui_monitor.ui.widgets.run_parts import (
    RunCharts,
    RunKeys,
    RunsHead,
    RunsPart,
    RunTable,
    plain_scene,
)

_KEYS = [
    ("q", "quit"),
    ("?", "help"),
    ("enter", "open"),
    ("m", "mark"),
    ("o", "compare"),
    ("/", "filter"),
    ("s", "sort"),
    ("tab", "metric"),
    ("a", "by epoch or step"),
    ("l", "log y"),
    ("u", "unmark all"),
    ("c", "colours"),
]
_TALL = 18
"""Rows from which there is a second line at the top."""
_LEAST_KEYS = 9
"""Rows from which the keys are shown."""


class RunOpened(Message):
    """The user wants to see this run."""

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self.key = key
        self.name = name


class RunsMarked(Message):
    """The user wants to compare these runs, and no others."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__()
        self.keys = keys


class RunsScreen(Screen[None]):
    """All runs. Only this screen writes to its widgets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Row before", show=False),
        Binding("down,j", "move(1)", "Row after", show=False),
        Binding("pageup", "page(-1)", "Page before", show=False),
        Binding("pagedown", "page(1)", "Page after", show=False),
        Binding("home", "move(-1000000)", "First row", show=False),
        Binding("end", "move(1000000)", "Last row", show=False),
        Binding("enter", "open", "Open"),
        Binding("m,space", "mark", "Mark"),
        Binding("u", "unmark", "Unmark all"),
        Binding("o", "compare", "Compare"),
        Binding("escape", "leave", "Back to the list", show=False),
        # With priority: what is typed behind it at once is the answer.
        Binding("slash", "filter", "Filter", priority=True),
        Binding("s", "sort(1)", "Sort"),
        Binding("S", "reverse", "Sort the other way", show=False),
        Binding("tab", "metric(1)", "Next metric"),
        Binding("shift+tab", "metric(-1)", "Metric before", show=False),
        Binding("left", "cursor(-1)", "Cursor to the print before", show=False),
        Binding("right", "cursor(1)", "Cursor to the print after", show=False),
        Binding("ctrl+left", "cursor(-20)", "Cursor far back", show=False),
        Binding("ctrl+right", "cursor(20)", "Cursor far on", show=False),
        Binding("a", "align", "By epoch or step"),
        Binding("l", "log", "Logarithmic y"),
    ]
    ALLOW_SELECT = False

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._scene = RunsScene(glyphs=glyphs)

    @property
    def scene(self) -> RunsScene:
        """What is shown now."""
        return self._scene

    def compose(self) -> ComposeResult:
        """The parts, top to bottom."""
        yield RunsHead(id="runs-head")
        with Horizontal(id="runs-body"):
            yield RunTable(id="runs-list")
            yield RunCharts(id="runs-charts")
        yield RunKeys(_KEYS, id="runs-keys")

    def on_mount(self) -> None:
        """Draw the empty list at once."""
        self._apply()

    def on_resize(self) -> None:
        """Divide the screen anew."""
        self._apply()

    def receive(self, runs: RunList) -> None:
        """Show a newer list."""
        first = self._scene.view.cursor is None and not runs.looking
        self._scene = self._scene._replace(runs=runs)
        if first:
            # From now on the cursor stays with its run.
            self._scene = self._scene._replace(view=scenes.moved(self._scene, 0))
        self._apply()

    def tell(self, notice: str | None) -> None:
        """Show a line of the screen's own, or take it away."""
        self._scene = self._scene._replace(notice=notice)
        self._apply()

    def untell(self, notice: str) -> None:
        """Take a line away, if it is still there."""
        if self._scene.notice == notice:
            self.tell(None)

    # --- what keys do ----------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._change(scenes.moved(self._scene, by))

    def action_page(self, direction: int) -> None:
        """Move the cursor by a page."""
        page = max(self.query_one(RunTable).size.height - 2, 1)
        self._change(scenes.moved(self._scene, direction * page))

    def action_open(self) -> None:
        """Open the run under the cursor."""
        row = scenes.under_cursor(self._scene)
        if row is not None:
            self._change(replace(self._scene.view, cursor=row.key))
            self.post_message(RunOpened(row.key, row.name))

    def action_mark(self) -> None:
        """Mark the run under the cursor, or unmark it; then on to the next."""
        row, view = scenes.under_cursor(self._scene), self._scene.view
        if row is None:
            return
        if row.key in view.marked:
            marked = tuple(key for key in view.marked if key != row.key)
        elif len(view.marked) < MOST_MARKED:
            marked = (*view.marked, row.key)
        else:
            self.tell(f"at most {MOST_MARKED} runs can be told apart: unmark one first")
            return
        self._mark(marked)
        self._change(scenes.moved(self._scene, 1))

    def action_unmark(self) -> None:
        """Unmark all runs."""
        self._mark(())

    def _mark(self, marked: tuple[str, ...]) -> None:
        self._scene = self._scene._replace(notice=None)
        self._change(replace(self._scene.view, marked=marked))
        self.post_message(RunsMarked(marked))

    def action_compare(self) -> None:
        """Draw the marked runs, or go back to the list alone."""
        self._change(replace(self._scene.view, charts=not self._scene.view.charts))

    def action_leave(self) -> None:
        """Back to the newest, then to the list, then to the list without a filter."""
        view = self._scene.view
        if view.charts and view.at is not None:
            self._change(replace(view, at=None))
        elif view.charts:
            self._change(replace(view, charts=False))
        else:
            self._change(replace(view, wanted=""))

    def action_filter(self) -> None:
        """Ask for words that names or states must have."""
        hint = "words of names or states; empty shows all"
        self.app.push_screen(AskScreen(plain_scene(self._scene.glyphs), "/", hint), self._filter)

    def _filter(self, text: str | None) -> None:
        if text is not None:
            self._change(replace(self._scene.view, wanted=text))

    def action_sort(self, direction: int) -> None:
        """Order the list by the next of the things it can be ordered by."""
        place = SORTS.index(self._scene.view.sort) + direction
        self._change(replace(self._scene.view, sort=SORTS[place % len(SORTS)], reverse=False))

    def action_reverse(self) -> None:
        """Order the list the other way round."""
        self._change(replace(self._scene.view, reverse=not self._scene.view.reverse))

    def action_metric(self, direction: int) -> None:
        """List the next metric; behind the last one each run's main metric again."""
        names: list[str | None] = [None, *scenes.metric_names(self._scene)]
        view = self._scene.view
        place = names.index(view.metric) if view.metric in names else 0
        self._change(replace(view, metric=names[(place + direction) % len(names)]))

    def action_cursor(self, direction: int) -> None:
        """Move the cursor over the charts by a print, or by a cell where prints are denser."""
        if self._scene.view.charts:
            cells = self.query_one(RunCharts).chart_cells
            self._change(overlay_cursor.moved(self._scene, direction, cells))

    def action_align(self) -> None:
        """Align the compared runs by epoch or by step."""
        self._change(replace(self._scene.view, by_step=not self._scene.view.by_step, at=None))

    def action_log(self) -> None:
        """Draw with a logarithmic y axis, or without."""
        self._change(replace(self._scene.view, log_y=not self._scene.view.log_y))

    # --- the mouse, which nothing needs ----------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a row, which a double click opens, or over the charts."""
        table = event.widget
        if isinstance(table, RunCharts):
            fraction = table.fraction_at(event.x)
            if fraction is not None:
                self._change(overlay_cursor.put(self._scene, fraction))
            return
        if not isinstance(table, RunTable) or event.y < 1:
            return
        shown = scenes.rows(self._scene)
        place = table.top + event.y - 1
        if place < len(shown):
            self._change(replace(self._scene.view, cursor=shown[place].key))
            if event.chain > 1:
                self.action_open()

    def on_mouse_scroll_up(self) -> None:
        """Move the cursor up."""
        self.action_move(-3)

    def on_mouse_scroll_down(self) -> None:
        """Move the cursor down."""
        self.action_move(3)

    # --- drawing ---------------------------------------------------------------------------------

    def _change(self, view: RunsView) -> None:
        self._scene = self._scene._replace(view=view)
        self._apply()

    def _apply(self) -> None:
        """Divide the screen, then let every part draw what has changed in it."""
        scene, (width, height) = self._scene, self.size
        split = scenes.is_split(scene, width)
        heights = {
            "#runs-head": (2 if height >= _TALL else 1) + (height >= 2 * _TALL),
            "#runs-keys": 1 if height >= _LEAST_KEYS else 0,
        }
        for selector, rows in heights.items():
            part = self.query_one(selector)
            part.display = rows > 0
            part.styles.height = rows
        table, charts = self.query_one(RunTable), self.query_one(RunCharts)
        table.display = split or not scene.view.charts
        charts.display = scene.view.charts
        table.styles.width = max(width * 2 // 5, 48) if split else "1fr"
        for each in self.query(RunsPart):
            each.show_runs(scene)
