"""The application and its feed: opening it, hearing from it, steering what it follows.

A feed runs on threads of its own; whatever it says comes as a message.
"""

from __future__ import annotations

from textual.message import Message

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.messages import (
    Feed,
    FeedFailed,
    OpenFeed,
    RecordingControl,
    ReplayControl,
    SnapshotReady,
    Told,
)
from tui_monitor.ui.screens.ask import AskScreen, ChooseScreen
from tui_monitor.ui.screens.monitor import MonitorScreen
from tui_monitor.ui.terminal.guest import TerminalApp

STOPS = {"y": "asked the training to end", "k": "killed the training"}
"""Keys that stop a recorded training, and what is told then."""
_TOLD_SECONDS = 30.0
"""How long an alert keeps its line."""
_SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 0.0)
"""What `,` and `.` go through; the last is as fast as possible."""


class FeedApp(TerminalApp):
    """An application with one feed and a monitor's screen for it.

    Args:
        open_feed: Starts the feed; None where a subclass knows better.
        monitor: The screen that the keys act on.
        source: What is known of the source before the feed says more.
    """

    def __init__(
        self, open_feed: OpenFeed | None, monitor: MonitorScreen, source: SourceState
    ) -> None:
        super().__init__()
        self._open_feed = open_feed
        self._feed: Feed | None = None
        self._monitor = monitor
        self._source = source

    @property
    def monitor(self) -> MonitorScreen:
        """The main screen."""
        return self._monitor

    @property
    def recording(self) -> RecordingControl | None:
        """How to stop the training that is shown, if a recorder of ours runs it."""
        return self._feed.recording if self._feed is not None else None

    # --- the feed ------------------------------------------------------------------------------

    def _start_feed(self) -> None:
        if not self._exit and self._open_feed is not None:
            self._feed = self._open_feed(self._publish, self._fail)
            self._monitor.offer_stop(self.recording is not None)

    def _stop_feed(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.stop()

    def _publish(self, snapshot: Snapshot, source: SourceState) -> None:
        self._post(SnapshotReady(snapshot, source))

    def _fail(self, error: BaseException) -> None:
        self._post(FeedFailed(str(error) or type(error).__name__))

    def _post(self, message: Message) -> None:
        try:
            self.post_message(message)
        except RuntimeError:
            # The loop is closed: the app is over, and a feed that does not know yet may go on.
            if self.is_running:
                raise

    def tell_of(self, text: str) -> None:
        """Have a line told; from any thread."""
        self._post(Told(text))

    def on_told(self, message: Told) -> None:
        """Show what a thread has to say."""
        self._tell(message.text)

    def _tell(self, notice: str) -> None:
        """Show a line for a while."""
        text, monitor = sanitise(notice), self._monitor
        monitor.tell(text)
        self.set_timer(_TOLD_SECONDS, lambda: monitor.untell(text))

    # --- keys ----------------------------------------------------------------------------------

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
            # What was told is of another place.
            self._monitor.tell(None)
            self._replay.seek_fraction(float(fraction))

    def action_go_to(self) -> None:
        """Ask for an epoch: a replay goes there, else the cursor does."""
        control = self._replay
        if control is None:
            self._monitor.action_go_to()
            return

        def go(text: str | None) -> None:
            if text and text.strip():
                self._monitor.tell(None)
                control.seek_epoch(text.strip(), lambda why: self._post(Told(why)))

        hint = "its number, as shown: the replay goes there"
        self.push_screen(AskScreen(self._monitor.scene, "epoch", hint), go)

    def action_runs(self) -> None:
        """Of one log there is no list."""
        self._tell("one log only: name several, or a folder, to list and compare runs")

    def action_stop_training(self) -> None:
        """Ask whether the recorded training is to end, and end it."""
        control = self.recording
        if control is None:
            return

        def stop(key: str | None) -> None:
            if key in STOPS:
                done = control.stop(force=key == "k")
                self._tell(STOPS[key] if done else "the training is over already")

        choices = (("y", "yes, let it end itself"), ("k", "kill it at once"), ("n", "no"))
        self.push_screen(ChooseScreen(self._monitor.scene, "stop the training?", choices), stop)

    @property
    def _replay(self) -> ReplayControl | None:
        return self._feed.replay if self._feed is not None else None


def next_speed(speed: float, direction: int) -> float:
    """The next of the speeds a replay can have."""
    if direction > 0:
        faster = [each for each in _SPEEDS if each > speed or each == 0]
        return 0.0 if speed == 0 else faster[0]
    slower = [each for each in _SPEEDS if each > 0 and (speed == 0 or each < speed)]
    return slower[-1] if slower else _SPEEDS[0]
