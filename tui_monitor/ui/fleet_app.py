"""The application for many runs: the list first, and any of them in the monitor's own screen."""

from __future__ import annotations

from time import monotonic

from textual.screen import Screen

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.runs import RunList
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.alerting.run_alerts import run_alerts
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.drawing.glyphs import glyphs_of
from tui_monitor.ui.messages import (
    FleetControl,
    OpenFleet,
    RecordingControl,
    RunsReady,
    SnapshotReady,
)
from tui_monitor.ui.runs.run_table import runs_summary
from tui_monitor.ui.screens.help import HelpScreen
from tui_monitor.ui.screens.monitor import MonitorLeft, MonitorScreen
from tui_monitor.ui.screens.runs import RunOpened, RunsMarked, RunsScreen
from tui_monitor.ui.widgets.run_parts import plain_scene

_TOLD_SECONDS = 30.0
"""How long what happened to a run keeps its line."""
_NOWHERE = SourceState("", "waiting", "none", None, None)


class FleetApp(MonitorApp):
    """The monitor of many runs.

    Args:
        open_fleet: Starts to look for runs; called once, after the first paint.
        ascii: Draw with ASCII only.
        blocks: Draw charts with blocks instead of braille.
        blocks: Draw charts with blocks instead of braille.
        light: Begin with the light theme.
        bell: Ring the terminal's bell at an alert.
        notify: Send an alert to the terminal as a notification (OSC 9).
    """

    def __init__(
        self,
        open_fleet: OpenFleet,
        *,
        ascii: bool = False,  # noqa: A002
        blocks: bool = False,
        light: bool = False,
        bell: bool = False,
        notify: bool = False,
    ) -> None:
        super().__init__(None, source=_NOWHERE, ascii=ascii, light=light, bell=bell, notify=notify)
        self._open_fleet = open_fleet
        self._fleet: FleetControl | None = None
        self._glyphs = glyphs_of(ascii=ascii, blocks=blocks)
        self._runs_screen = RunsScreen(self._glyphs)
        self._opened: str | None = None
        self._runs = RunList()
        self._runs_drawn = self._runs

    def first_screen(self) -> Screen[None]:
        """The list."""
        return self._runs_screen

    @property
    def runs(self) -> RunsScreen:
        """The list's screen."""
        return self._runs_screen

    def summary(self) -> str:
        """Of the opened run as of any; else the list."""
        if self._opened is not None and self._last is not None:
            return super().summary()
        scene = self._runs_screen.scene._replace(runs=self._runs)
        return runs_summary(scene, self.size.width)

    @property
    def recording(self) -> RecordingControl | None:
        """How to stop the opened run's training, if a recorder of ours runs it."""
        if self._fleet is None or self._opened is None:
            return None
        return self._fleet.recording(self._opened)

    # --- the fleet -------------------------------------------------------------------------------

    def _start_feed(self) -> None:
        if not self._exit:
            self._fleet = self._open_fleet(self._publish_runs, self._publish_run, self._fail)

    def _stop_feed(self) -> None:
        fleet, self._fleet = self._fleet, None
        if fleet is not None:
            fleet.stop()

    def _publish_runs(self, runs: RunList) -> None:
        self._post(RunsReady(runs))

    def _publish_run(self, key: str, snapshot: Snapshot, source: SourceState) -> None:
        self._post(SnapshotReady(snapshot, source, key))

    def on_runs_ready(self, message: RunsReady) -> None:
        """Keep the newest list; draw it now or at the next frame."""
        for alert in run_alerts(self._runs, message.runs, but=self._opened):
            self._alert(alert)
        self._runs = message.runs
        if not self._drawing_later:
            self._draw_when_due()

    def is_shown(self, key: str | None) -> bool:
        """Whether it is the opened run; pictures of one left in the meantime are late."""
        return key is not None and key == self._opened

    def tell_failure(self, text: str) -> None:
        """Nothing is read any more."""
        self._tell(text)

    def draw_newest(self) -> bool:
        """What has come for the screen that is shown; the list waits until it is."""
        if self._opened is not None:
            return super().draw_newest()
        if self._runs is self._runs_drawn:
            return False
        self._runs_drawn = self._runs
        self._runs_screen.receive(self._runs)
        return True

    # --- what the screens ask --------------------------------------------------------------------

    def on_run_opened(self, message: RunOpened) -> None:
        """Show a run in the monitor's screen."""
        if self._opened is not None:
            return
        self._opened = message.key
        self._newest = self._last = self._calm = None
        self._source = SourceState(message.name, "live", "none", None, None, catching_up=True)
        self._heard = monotonic()
        self._monitor = MonitorScreen(self._source, self._glyphs, one_of_many=True)
        self.push_screen(self._monitor)
        if self._fleet is not None:
            self._fleet.open(message.key)
        self.call_after_refresh(self._offer_stop, self._monitor)

    def _offer_stop(self, monitor: MonitorScreen) -> None:
        if monitor.is_attached and monitor is self._monitor:
            monitor.offer_stop(self.recording is not None)

    def on_runs_marked(self, message: RunsMarked) -> None:
        """Have the marked runs decoded."""
        if self._fleet is not None:
            self._fleet.ask(message.keys)

    def on_monitor_left(self, message: MonitorLeft) -> None:
        """Back to the list."""
        message.stop()
        self.action_runs()

    def action_runs(self) -> None:
        """Back to the list."""
        if self._opened is None:
            return
        self._opened = None
        self._source = _NOWHERE
        self.pop_screen()
        if self._fleet is not None:
            self._fleet.open(None)
        self._draw_when_due()

    # --- keys of the app, where the list is shown ------------------------------------------------

    def action_help(self) -> None:
        """Explain the screen."""
        self.push_screen(HelpScreen(plain_scene(self._glyphs)))

    def action_pause(self) -> None:
        """Hold the view of a run."""
        if self._opened is not None:
            super().action_pause()

    def action_export(self) -> None:
        """Export a run."""
        if self._opened is not None:
            super().action_export()
        else:
            self._tell("open a run to export it")

    def action_go_to(self) -> None:
        """Put the cursor on an epoch of a run."""
        if self._opened is not None:
            super().action_go_to()

    def _tell(self, notice: str) -> None:
        if self._opened is not None:
            super()._tell(notice)
            return
        text = sanitise(notice)
        self._runs_screen.tell(text)
        self.set_timer(_TOLD_SECONDS, lambda: self._runs_screen.untell(text))
