"""The monitor: it keeps the newest scene, lays the parts out and turns keys into views."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen

from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.drawing.glyphs import BLOCKS, UNICODE, Glyphs
from tui_monitor.ui.monitor import moves
from tui_monitor.ui.monitor import scene as scenes
from tui_monitor.ui.monitor.carry_over import carried_over
from tui_monitor.ui.monitor.layout import Layout, plan_for
from tui_monitor.ui.monitor.scene import Scene, View
from tui_monitor.ui.screens.ask import AskScreen
from tui_monitor.ui.screens.division import divide
from tui_monitor.ui.widgets.panels import (
    EpochTable,
    JumpPanel,
    KeyLine,
    LogTail,
    MetricPanel,
    StatusLine,
)

_TOLD_SECONDS = 10.0
SIDE_SECONDS = 1.0
"""Between two pictures of explanation, epochs and log, at least; a key's effect shows at once."""
_KEYS = [
    ("q", "quit"),
    ("?", "help"),
    ("space", "pause"),
    ("\u2190 \u2192", "cursor"),
    ("[ ]", "boundary"),
    ("tab", "panel"),
    ("enter", "maximise"),
    ("+ -", "zoom"),
    ("e", "why"),
    ("t", "epochs"),
    ("d", "displayed"),
    ("b", "band"),
    ("l", "log y"),
    ("/", "find"),
    ("g", "epoch"),
    ("x", "export"),
    ("c", "colours"),
]


class MonitorLeft(Message):
    """The user goes back from a picture that is already at rest."""


class MonitorScreen(Screen[None]):
    """The whole picture. Only this screen writes to its widgets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cursor(-1)", "Cursor to the print before"),
        Binding("right", "cursor(1)", "Cursor to the print after"),
        Binding("ctrl+left", "cursor(-20)", "Cursor far back", show=False),
        Binding("ctrl+right", "cursor(20)", "Cursor far on", show=False),
        Binding("escape", "leave", "Back to the newest", show=False),
        Binding("left_square_bracket", "boundary(-1)", "Boundary before"),
        Binding("right_square_bracket", "boundary(1)", "Boundary after"),
        Binding("tab", "panel(1)", "Next panel"),
        Binding("shift+tab", "panel(-1)", "Panel before", show=False),
        Binding("enter", "flip('maximised')", "Maximise"),
        Binding("plus,equals_sign", "zoom(1)", "Zoom in"),
        Binding("minus", "zoom(-1)", "Zoom out"),
        Binding("0", "zoom(0)", "Whole run"),
        Binding("shift+left", "pan(-1)", "Pan back"),
        Binding("shift+right", "pan(1)", "Pan on"),
        Binding("e", "flip('explanation')", "Why it jumped"),
        Binding("t", "flip_table", "Epochs"),
        Binding("d", "flip('ghost')", "Displayed number"),
        Binding("b", "flip('band')", "Band"),
        Binding("l", "flip('log_y')", "Logarithmic y"),
        Binding("vertical_line", "blocks", "Braille or blocks", show=False),
        # With priority: what is typed behind them at once is the answer.
        Binding("slash", "search", "Filter metrics, search the log", show=False, priority=True),
        Binding("g", "app.go_to", "Go to an epoch", show=False, priority=True),
    ]
    ALLOW_SELECT = False

    def __init__(self, source: SourceState, glyphs: Glyphs, *, one_of_many: bool = False) -> None:
        super().__init__()
        self._one_of_many = one_of_many
        self._scene = Scene(None, source, glyphs=glyphs)
        self._waiting: Snapshot | None = None
        self._layout_now: Layout | None = None
        self._status, self._keys = StatusLine(id="status"), self._key_line()
        self._panels = [MetricPanel()]
        self._side = (JumpPanel(id="jump"), EpochTable(id="epochs"), LogTail(id="log"))
        self._received = self._side_drawn = -math.inf
        """When a snapshot came last, and when explanation, epochs and log were last drawn."""

    @property
    def scene(self) -> Scene:
        """What is shown now."""
        return self._scene

    def compose(self) -> ComposeResult:
        """The parts, top to bottom; charts are added as metrics appear."""
        yield self._status
        with Horizontal(id="body"):
            yield Vertical(*self._panels, id="charts")
            yield Vertical(*self._side, id="side")
        yield self._keys

    def _key_line(self) -> KeyLine:
        keys = [("< >" if key == "\u2190 \u2192" else key, what) for key, what in _KEYS]
        keys = keys if self._scene.glyphs.ascii else _KEYS
        runs = [("r", "runs")] if self._one_of_many else []
        return KeyLine([*keys[:2], *runs, *keys[2:]], id="keys")

    def on_mount(self) -> None:
        """Draw the empty picture at once."""
        self._apply()

    def on_resize(self) -> None:
        """Divide the screen anew."""
        self._apply(moving=True)

    # --- what comes in ---------------------------------------------------------------------

    def receive(self, snapshot: Snapshot, source: SourceState, now: float) -> None:
        """Show a newer snapshot, or hold it back while the view is paused.

        Tables and text follow the numbers once a second: no eye reads them more often.
        """
        if self._scene.view.paused:
            self._waiting = snapshot
            missed = self._scene.missed + 1
            self._scene = self._scene._replace(source=source, missed=missed)
        else:
            self._scene = self._scene._replace(source=source)
            self._replace(snapshot)
        self._received = now
        is_due = now >= self._side_drawn + SIDE_SECONDS
        if is_due:
            self._side_drawn = now
        self._apply(side=is_due)

    def _replace(self, snapshot: Snapshot) -> None:
        """Show another snapshot; what the user chose to see stays in view."""
        view = carried_over(self._scene, snapshot)
        self._scene = self._scene._replace(snapshot=snapshot, view=view)

    def draw_held_back(self, now: float) -> None:
        """Draw tables and text that wait for a snapshot that does not come; asked now and then."""
        if self._side_drawn < self._received <= now - SIDE_SECONDS / 2:
            self._side_drawn = now
            self._apply()

    def receive_source(self, source: SourceState) -> None:
        """Show a newer state of the source only."""
        self._scene = self._scene._replace(source=source)
        self._status.show(self._scene)

    def tell(self, notice: str | None) -> None:
        """Show a line of the screen's own, or take it away."""
        self._scene = self._scene._replace(notice=notice)
        self._status.show(self._scene)

    def untell(self, notice: str) -> None:
        """Take a line away, if it is still there."""
        if self._scene.notice == notice and self.is_attached:
            self.tell(None)

    def _tell_briefly(self, notice: str) -> None:
        self.tell(notice)
        self.set_timer(_TOLD_SECONDS, lambda: self.untell(notice))

    def set_paused(self, paused: bool) -> None:
        """Hold the picture, or go on with the newest."""
        newest = self._waiting or self._scene.snapshot
        self._waiting = None
        if not paused and newest is not None:
            self._replace(newest)
        self._scene = self._scene._replace(missed=0)
        self._change(replace(self._scene.view, paused=paused))

    # --- what keys do ------------------------------------------------------------------------

    def action_flip(self, what: str) -> None:
        """Turn one part of the picture on or off."""
        view = self._scene.view
        flipped: dict[str, Any] = {what: not getattr(view, what)}
        self._change(replace(view, **flipped))

    def action_flip_table(self) -> None:
        """Show the table of epochs, or don't."""
        is_shown = self._layout_now is not None and self._layout_now.epochs > 0
        self._change(moves.table_flipped(self._scene.view, is_shown=is_shown))

    def action_panel(self, direction: int) -> None:
        """Focus the next or previous metric."""
        count = len(scenes.curves(self._scene))
        if count:
            focus = (scenes.focus_index(self._scene) + direction) % count
            self._change(replace(self._scene.view, focus=focus))

    def action_cursor(self, direction: int) -> None:
        """Move the cursor by a print, or by a cell where prints are denser than cells."""
        cells = self.query_one("#charts").size.width - 8
        self._change(moves.cursor_moved(self._scene, direction, cells))

    def action_leave(self) -> None:
        """Back to what is new: no cursor, no selected boundary, no pan, no maximised panel."""
        rest = moves.at_rest(self._scene.view)
        if rest == self._scene.view:
            self.post_message(MonitorLeft())
        self._change(rest)

    def action_boundary(self, direction: int) -> None:
        """Select the boundary before or after the selected one; past the last: the latest."""
        self._change(moves.boundary_moved(self._scene, direction))

    def action_zoom(self, direction: int) -> None:
        """Zoom the time axis in or out, about the cursor if there is one; 0 shows all."""
        self._change(moves.zoomed(self._scene, direction))

    def action_pan(self, direction: int) -> None:
        """Move the shown part of the time axis by a quarter of its width."""
        self._change(moves.panned(self._scene, direction))

    def action_blocks(self) -> None:
        """Draw with blocks instead of braille, or with braille again."""
        if not self._scene.glyphs.ascii:
            glyphs = UNICODE if self._scene.glyphs == BLOCKS else BLOCKS
            self._scene = self._scene._replace(glyphs=glyphs)
            self._apply()

    def action_search(self) -> None:
        """Ask for a text: metrics that have it in their name, or else lines of the log."""
        hint = "a metric's name, or text of the log; empty shows all"
        self.app.push_screen(AskScreen(self._scene, "/", hint), self._search)

    def _search(self, text: str | None) -> None:
        if text is None:
            return
        self._change(scenes.matching(self._scene, text))
        searched, found = self._scene.view.search, len(scenes.found_lines(self._scene))
        if searched and not found:
            self._tell_briefly(f'neither a metric nor a line of the log has "{searched}"')
        elif searched and self._layout_now is not None and not self._layout_now.log:
            self._tell_briefly(f"lines of the log with it: {found}, which need a larger terminal")
        else:
            self.tell(None)

    def action_go_to(self) -> None:
        """Ask for an epoch and put the cursor on its first print."""
        self.app.push_screen(AskScreen(self._scene, "epoch", "its number, as shown"), self._go_to)

    def _go_to(self, text: str | None) -> None:
        if not text or self._scene.snapshot is None:
            return
        view = moves.at_epoch(self._scene, text.strip())
        if view is None:
            self._tell_briefly(f"no epoch {text.strip()} here yet")
            return
        self.tell(None)
        self._change(view)

    def offer_stop(self, offered: bool) -> None:
        """Show the key that stops a recorded training, or don't."""
        self._keys.offer_stop(offered)
        self._keys.show(self._scene)

    # --- the mouse, which nothing needs --------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Focus the metric that was clicked; select the boundary near the pointer or read there."""
        panel = event.widget
        if not isinstance(panel, MetricPanel):
            return
        scene = self._scene._replace(view=replace(self._scene.view, focus=panel.index))
        self._change(moves.clicked(scene, panel.fraction_at(event.x), panel.chart_cells))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in about the pointer."""
        self._zoom_at(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out about the pointer."""
        self._zoom_at(event, -1)

    def _zoom_at(self, event: events.MouseEvent, direction: int) -> None:
        at = [
            panel.fraction_at(event.screen_offset.x - panel.region.x)
            for panel in self._panels
            if panel.region.contains_point(event.screen_offset)
        ]
        self._change(moves.zoomed(self._scene, direction, at[0] if at else None))

    # --- drawing -------------------------------------------------------------------------------

    def _change(self, view: View) -> None:
        self._scene = self._scene._replace(view=view)
        self._apply()

    def _apply(self, *, side: bool = True, moving: bool = False) -> None:
        """Lay out what has changed its size, then let every part draw what has changed in it.

        Without `side` explanation, epochs, log and the charts' insides stay as they are, unless the
        layout changes. `moving`: the parts change their sizes anyway.
        """
        scene, panels = self._scene, self._panels
        layout = plan_for(scene, self.size.width, self.size.height)
        added = [MetricPanel() for _ in range(len(scenes.curves(scene)) - len(panels))]
        if added:
            self.query_one("#charts").mount(*added)
            panels += added
            self._layout_now = None
        for index, panel in enumerate(panels):
            panel.index = index
        if layout != self._layout_now:
            self._layout_now, side, moving = layout, True, True
            divide(self, layout, panels)
        brief = not side and scene.source.replay is None
        parts = [self._status, *panels, *(self._side if side else ()), self._keys]
        for part in parts:
            part.show(scene, brief=brief, moving=moving)
