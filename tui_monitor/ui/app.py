"""The application: it opens the feed, keeps the newest snapshot and hands it to the screen.

It draws at most ten times a second, never while the terminal has not taken the last frame, and not
at all when nothing has changed. It alone reads a clock.
"""

from __future__ import annotations

import asyncio
import fcntl
import signal
import sys
import termios
import threading
from pathlib import Path
from time import monotonic
from typing import ClassVar, cast

from rich.console import RenderableType
from rich.segment import Segments
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_monitor.core.records import Snapshot, SourceState
from tui_monitor.core.text import sanitise
from tui_monitor.ui.alerts import Alert, alerts
from tui_monitor.ui.celldiff import CellUpdate, Painted
from tui_monitor.ui.export import ExportKind, export
from tui_monitor.ui.glyphs import ASCII, UNICODE
from tui_monitor.ui.messages import Feed, FeedFailed, OpenFeed, ReplayControl, SnapshotReady
from tui_monitor.ui.palette import DARK, LIGHT
from tui_monitor.ui.screens.ask import ChooseScreen
from tui_monitor.ui.screens.help import HelpScreen
from tui_monitor.ui.screens.monitor import MonitorScreen
from tui_monitor.ui.summary import summary

FRAME_SECONDS = 0.1
EXPORTS = (("c", "CSV"), ("j", "JSON lines"), ("s", "SVG"), ("h", "HTML"), ("t", "text"))
"""Keys that say what to export, and what they stand for."""
_RETRY_SECONDS = 0.025
"""Between two looks whether the terminal has taken the last frame."""
_LONGEST_NOTE = 200
_TOLD_SECONDS = 30.0
"""How long an alert keeps its line."""
_TAKEN = 256
"""Bytes waiting for the terminal up to which it has as good as taken the last frame."""
_SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 0.0)
"""What `,` and `.` go through; the last is as fast as possible."""


class MonitorApp(App[int]):
    """The monitor as a Textual application.

    Args:
        open_feed: Starts what reads the log; called once, after the first paint.
        source: What to show of the source before the feed says more.
        ascii: Draw with ASCII only.
        light: Begin with the light theme.
        bell: Ring the terminal's bell at an alert.
        notify: Send an alert to the terminal as a notification (OSC 9).
    """

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "tui-monitor"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "leave(0)", "Quit"),
        Binding("ctrl+c", "leave(130)", "Quit", show=False, priority=True),
        Binding("question_mark", "help", "Help"),
        Binding("space", "pause", "Pause"),
        Binding("comma", "replay_speed(-1)", "Replay slower", show=False),
        Binding("full_stop", "replay_speed(1)", "Replay faster", show=False),
        Binding("home", "replay_seek(0)", "Replay from its begin", show=False),
        Binding("end", "replay_seek(1)", "Replay to its end", show=False),
        Binding("x", "export", "Export", show=False),
        Binding("c", "colours", "Dark or light", show=False),
        Binding("ctrl+l", "repaint", "Draw everything anew", show=False),
    ]

    def __init__(
        self,
        open_feed: OpenFeed,
        *,
        source: SourceState,
        ascii: bool = False,  # noqa: A002
        light: bool = False,
        bell: bool = False,
        notify: bool = False,
    ) -> None:
        super().__init__()
        self._open_feed = open_feed
        self._feed: Feed | None = None
        self._light = light
        self._rings, self._notifies = bell, notify
        self._monitor = MonitorScreen(source, ASCII if ascii else UNICODE)
        self._source = source
        self._heard = 0.0
        self._newest: tuple[Snapshot, SourceState] | None = None
        self._last: tuple[Snapshot, SourceState] | None = None
        """The newest that was heard, drawn or not."""
        self._drawn = 0.0
        self._drawing_later = False
        self._painted = Painted()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The dark palette stands in for what a theme leaves out."""
        return DARK.variables

    def on_mount(self) -> None:
        """Paint first; the feed may take its time to open."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if self._light else DARK.name
        self.push_screen(self._monitor)
        self._catch_signals()
        self.app_resume_signal.subscribe(self, lambda _app: self._painted.forget())
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._start_feed)

    def on_unmount(self) -> None:
        """Leave no thread behind."""
        self._stop_feed()

    @property
    def monitor(self) -> MonitorScreen:
        """The main screen."""
        return self._monitor

    def summary(self) -> str:
        """What should stay in the scrollback."""
        scene = self._monitor.scene
        newest = self._last[0] if self._last else None
        ascii_only = scene.glyphs.ascii
        return summary(newest, self._source, scene.view, self.size.width, ascii=ascii_only)

    # --- the feed ------------------------------------------------------------------------------

    def _start_feed(self) -> None:
        if not self._exit:
            self._feed = self._open_feed(self._publish, self._fail)

    def _stop_feed(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.stop()

    def _publish(self, snapshot: Snapshot, source: SourceState) -> None:
        self._post(SnapshotReady(snapshot, source))

    def _fail(self, error: BaseException) -> None:
        self._post(FeedFailed(str(error) or type(error).__name__))

    def _post(self, message: SnapshotReady | FeedFailed) -> None:
        try:
            self.post_message(message)
        except RuntimeError:
            # The loop is closed: the app is over, and a feed that does not know yet may go on.
            if self.is_running:
                raise

    def on_snapshot_ready(self, message: SnapshotReady) -> None:
        """Keep the newest; draw it now or at the next frame."""
        for alert in alerts(self._last, (message.snapshot, message.source)):
            self._alert(alert)
        self._newest = self._last = (message.snapshot, message.source)
        self._source, self._heard = message.source, monotonic()
        if not self._drawing_later:
            self._draw_when_due()

    def _alert(self, alert: Alert) -> None:
        """Tell it on a line of its own for a while, and beyond the screen if the user wants it."""
        text = sanitise(alert.text)
        self._monitor.tell(text)
        self.set_timer(_TOLD_SECONDS, lambda: self._monitor.untell(text))
        if self._rings:
            self.bell()
        if self._notifies and self._driver is not None and not self.is_headless:
            self._driver.write(notification(text))

    def on_feed_failed(self, message: FeedFailed) -> None:
        """Say it; what was read stays on the screen."""
        self._source = self._source._replace(condition="lost", detail=message.text)
        self._monitor.receive_source(self._source)

    def _draw_when_due(self) -> None:
        self._drawing_later = False
        wait = self._drawn + FRAME_SECONDS - monotonic()
        if wait > 0 or self._terminal_is_behind():
            self._drawing_later = True
            self.set_timer(max(wait, _RETRY_SECONDS), self._draw_when_due)
            return
        newest, self._newest = self._newest, None
        if newest is not None:
            self._drawn = monotonic()
            self._monitor.receive(*newest)

    def _terminal_is_behind(self) -> bool:
        """Whether output waits to be written: a slow line must not fill up with old frames."""
        writer = getattr(self._driver, "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        return (queue is not None and queue.qsize() > 0) or unread_output() > _TAKEN

    def _tick(self) -> None:
        """Let the length of a silence grow; nothing is sent where the text stays the same."""
        if self._source.condition == "stalled" and self._source.quiet_seconds is not None:
            quiet = self._source.quiet_seconds + monotonic() - self._heard
            self._monitor.receive_source(self._source._replace(quiet_seconds=quiet))

    # --- the terminal ----------------------------------------------------------------------------

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send changed cells only; see `celldiff`."""
        update: object = renderable
        if isinstance(update, (LayoutUpdate, ChopsUpdate)) and not self.is_inline:
            update = CellUpdate(update, self._painted)
        super()._display(screen, cast("RenderableType | None", update))

    def on_resize(self) -> None:
        """A resized terminal may have moved or cut what it showed."""
        self._painted.forget()

    def action_repaint(self) -> None:
        """Send every cell: something else wrote to the terminal."""
        self._painted.forget()
        self.screen.refresh(layout=True)

    def _fatal_error(self) -> None:
        """End on a defect of ours without the values of variables, which hold the log's text."""
        from rich.traceback import Traceback

        self._exit_renderables.append(
            Segments(self.console.render(Traceback(show_locals=False, width=None)))
        )
        self._close_messages_no_wait()

    # --- keys ------------------------------------------------------------------------------------

    def action_leave(self, code: int) -> None:
        """End with an exit code; a training goes on."""
        self.exit(code, return_code=code)

    def action_help(self) -> None:
        """Explain the screen."""
        self.push_screen(HelpScreen(self._monitor.scene))

    def action_pause(self) -> None:
        """Hold a replay, or else the view."""
        control, position = self._replay, self._source.replay
        if control is None or position is None:
            self._monitor.set_paused(not self._monitor.scene.view.paused)
        elif position.paused:
            control.resume()
        else:
            control.pause()

    def action_replay_speed(self, direction: int) -> None:
        """Replay slower or faster."""
        control, position = self._replay, self._source.replay
        if control is not None and position is not None:
            control.set_speed(next_speed(position.speed, direction))

    def action_replay_seek(self, fraction: int) -> None:
        """Go to the begin or the end of the log."""
        if self._replay is not None:
            self._replay.seek_fraction(float(fraction))

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

    @property
    def _replay(self) -> ReplayControl | None:
        return self._feed.replay if self._feed is not None else None

    # --- signals ---------------------------------------------------------------------------------

    def _catch_signals(self) -> None:
        """End cleanly, with the terminal as it was; Textual itself would leave it raw."""
        if self.is_headless or threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
            number = getattr(signal, name, None)
            if number is not None:
                loop.add_signal_handler(number, self.action_leave, 128 + number)


def unread_output() -> int:
    """Bytes written to the terminal that it has not taken yet; 0 where that cannot be told."""
    try:
        # Textual writes to the process's own standard error.
        waiting = fcntl.ioctl(2, termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(waiting, sys.byteorder)


def notification(text: str) -> str:
    """The sequence (OSC 9) that shows a text as a notification of the desktop."""
    plain = "".join(char for char in text if char.isprintable())
    return f"\x1b]9;{plain[:_LONGEST_NOTE]}\x07"


def next_speed(speed: float, direction: int) -> float:
    """The next of the speeds a replay can have."""
    if direction > 0:
        faster = [each for each in _SPEEDS if each > speed or each == 0]
        return 0.0 if speed == 0 else faster[0]
    slower = [each for each in _SPEEDS if each > 0 and (speed == 0 or each < speed)]
    return slower[-1] if slower else _SPEEDS[0]
