"""The application: it keeps the newest snapshot and hands it to the screen.

It draws at most ten times a second, never while the terminal has not taken the last frame, and not
at all when nothing has changed. It alone reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.alerting.alerts import Alert, alerts
from tui_monitor.ui.drawing.glyphs import glyphs_of
from tui_monitor.ui.drawing.palette import DARK, LIGHT
from tui_monitor.ui.export import ExportKind, export
from tui_monitor.ui.feed_app import FeedApp
from tui_monitor.ui.messages import FeedFailed, OpenFeed, PassOn, SnapshotReady
from tui_monitor.ui.monitor.summary import summary
from tui_monitor.ui.screens.ask import ChooseScreen
from tui_monitor.ui.screens.help import HelpScreen
from tui_monitor.ui.screens.monitor import MonitorScreen

FRAME_SECONDS = 0.1
EXPORTS = (("c", "CSV"), ("j", "JSON lines"), ("s", "SVG"), ("h", "HTML"), ("t", "text"))
"""Keys that say what to export, and what they stand for."""
_RETRY_SECONDS = 0.025
"""Between two looks whether the terminal has taken the last frame."""
_NOT_OFFERED = ("command_palette", "screen.copy_text", "app.focus_next", "app.focus_previous")
"""Actions that the command palette leaves out: itself, and those of Textual without a use here."""


class MonitorApp(FeedApp):
    """The monitor as a Textual application.

    Args:
        open_feed: Starts what reads the log; called once, after the first paint. None where a
            subclass knows better.
        source: What to show of the source before the feed says more.
        ascii: Draw with ASCII only.
        blocks: Draw charts with blocks instead of braille.
        light: Begin with the light theme.
        bell: Ring the terminal's bell at an alert.
        notify: Send an alert to the terminal as a notification (OSC 9).
    """

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "tui-monitor"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave(0)", "Quit"),
        Binding("ctrl+c", "leave(130)", "Quit", show=False, priority=True),
        Binding("question_mark", "help", "Help"),
        Binding("space", "pause", "Pause"),
        Binding("comma", "replay_speed(-1)", "Replay slower", show=False),
        Binding("full_stop", "replay_speed(1)", "Replay faster", show=False),
        Binding("home", "replay_seek(0)", "Replay from its begin", show=False),
        Binding("end", "replay_seek(1)", "Replay to its end", show=False),
        Binding("r", "runs", "Runs", show=False),
        Binding("S", "stop_training", "Stop the recorded training", show=False),
        Binding("x", "export", "Export", show=False),
        Binding("c", "colours", "Dark or light", show=False),
        Binding("ctrl+l", "repaint", "Draw everything anew", show=False, priority=True),
    ]

    def __init__(
        self,
        open_feed: OpenFeed | None,
        *,
        source: SourceState,
        ascii: bool = False,  # noqa: A002
        blocks: bool = False,
        light: bool = False,
        bell: bool = False,
        notify: bool = False,
    ) -> None:
        monitor = MonitorScreen(source, glyphs_of(ascii=ascii, blocks=blocks))
        super().__init__(open_feed, monitor, source)
        self.use_command_palette = not ascii  # it is drawn by Textual, with other signs
        self._light = light
        self._rings, self._notifies = bell, notify
        self.pass_on: PassOn | None = None
        """Where alerts go beyond this terminal."""
        self._heard = 0.0
        self._newest: tuple[Snapshot, SourceState] | None = None
        self._last: tuple[Snapshot, SourceState] | None = None
        """The newest that was heard, drawn or not."""
        self._calm: tuple[Snapshot, SourceState] | None = None
        """The newest with all there was to read: what comes after it is news."""
        self._drawn = 0.0
        self._drawing_later = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The dark palette stands in for what a theme leaves out."""
        return DARK.variables

    async def on_mount(self) -> None:
        """Paint first; the feed may take its time to open."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if self._light else DARK.name
        await self.push_screen(self.first_screen())
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._start_feed)

    def on_unmount(self) -> None:
        """Leave no thread behind."""
        self._stop_feed()

    def first_screen(self) -> Screen[None]:
        """What is shown when the app opens."""
        return self._monitor

    def summary(self) -> str:
        """What should stay in the scrollback."""
        scene = self._monitor.scene
        newest = self._last[0] if self._last else None
        ascii_only = scene.glyphs.ascii
        return summary(newest, self._source, scene.view, self.size.width, ascii=ascii_only)

    # --- what comes in -------------------------------------------------------------------------

    def on_snapshot_ready(self, message: SnapshotReady) -> None:
        """Keep the newest; draw it now or at the next frame."""
        if not self.is_shown(message.key):
            return
        newest = (message.snapshot, message.source)
        for alert in alerts(self._calm, newest):
            self._alert(alert)
        if not message.source.catching_up:
            self._calm = newest
        self._newest = self._last = newest
        self._source, self._heard = message.source, monotonic()
        if not self._drawing_later:
            self._draw_when_due()

    def is_shown(self, key: str | None) -> bool:
        """Whether it is this run that the monitor's screen shows."""
        return key is None

    def _alert(self, alert: Alert) -> None:
        """Tell it on a line of its own for a while, and beyond the screen if the user wants it."""
        text = sanitise(alert.text)
        # Elsewhere it must be told of which log; here that is plain to see.
        self._tell(text.removeprefix(f"{self._source.name}: "))
        if self._rings:
            self.bell()
        if self._notifies:
            self.send_notification(text)
        if self.pass_on is not None:
            self.pass_on(alert.kind, text, self._source.name)

    def on_feed_failed(self, message: FeedFailed) -> None:
        """Say it; what was read stays on the screen."""
        self.tell_failure(message.text)

    def tell_failure(self, text: str) -> None:
        """Nothing is read any more."""
        self._source = self._source._replace(condition="lost", detail=text)
        self._monitor.receive_source(self._source)

    def _draw_when_due(self) -> None:
        self._drawing_later = False
        wait = self._drawn + FRAME_SECONDS - monotonic()
        if wait > 0 or self._terminal_is_behind():
            self._drawing_later = True
            self.set_timer(max(wait, _RETRY_SECONDS), self._draw_when_due)
            return
        if self.draw_newest():
            self._drawn = monotonic()

    def draw_newest(self) -> bool:
        """Hand on what has come since the last picture; whether there was anything."""
        newest, self._newest = self._newest, None
        if newest is not None:
            self._monitor.receive(*newest, monotonic())
        return newest is not None

    def _tick(self) -> None:
        """Let the length of a silence grow; nothing is sent where the text stays the same."""
        self._monitor.draw_held_back(monotonic())
        if self._source.condition == "stalled" and self._source.quiet_seconds is not None:
            quiet = self._source.quiet_seconds + monotonic() - self._heard
            self._monitor.receive_source(self._source._replace(quiet_seconds=quiet))

    # --- keys ------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Explain the screen."""
        self.push_screen(HelpScreen(self._monitor.scene))

    def action_export(self) -> None:
        """Ask what to write into the current folder, and write it."""
        scene = self._monitor.scene
        if scene.snapshot is None:
            self._monitor.tell("nothing to export yet")
            return
        self.push_screen(ChooseScreen(scene, "export", EXPORTS), self._export)

    def _export(self, key: str | None) -> None:
        kinds: dict[str | None, ExportKind] = {
            "c": "csv", "j": "jsonl", "s": "svg", "h": "html", "t": "txt"
        }  # fmt: skip
        kind = kinds.get(key)
        if kind is None:
            return
        size, light = (self.size.width, self.size.height), self.theme == LIGHT.name
        try:
            path = export(self._monitor.scene, kind, size, Path.cwd(), light=light)
        except OSError as error:
            self._monitor.tell(f"not exported, {error.strerror or error}")
        else:
            self._monitor.tell(sanitise(f"exported to {path}"))

    def action_colours(self) -> None:
        """Change between the dark and the light theme."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette (ctrl+p) offers: the keys of this screen, by name."""
        offered: dict[str, SystemCommand] = {}
        # Of several keys for the same the one that is shown.
        active = sorted(screen.active_bindings.values(), key=lambda each: not each.binding.show)
        for namespace, binding, enabled, _ in active:
            if enabled and binding.description and binding.action not in _NOT_OFFERED:
                command = SystemCommand(
                    binding.description,
                    f"key {self.get_key_display(binding)}",
                    partial(self._run_named, namespace, binding.action),
                )
                offered.setdefault(binding.description, command)
        yield from offered.values()

    async def _run_named(self, namespace: DOMNode, action: str) -> None:
        await self.run_action(action, namespace)
