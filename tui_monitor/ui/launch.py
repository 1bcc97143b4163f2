"""Opens the monitor on logs that grow or on one that is replayed: sources wired to the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import SourceCondition, SourceState
from tui_monitor.ingest.end_first import BigLog, BigLogThread
from tui_monitor.ingest.epoch_index import Begin, epoch_begins, find_epoch
from tui_monitor.ingest.feed import FeedThread
from tui_monitor.ingest.fleet import Fleet
from tui_monitor.ingest.fleet_thread import FleetThread
from tui_monitor.ingest.recording import read_record
from tui_monitor.ingest.recording import stop as stop_training
from tui_monitor.ingest.replay import ReplaySource
from tui_monitor.ingest.replayed_session import ReplayedSession
from tui_monitor.ingest.source import Source
from tui_monitor.ingest.specs import Spec, Stream
from tui_monitor.ingest.turns import TurnThread
from tui_monitor.settings import Settings
from tui_monitor.ui.alerting.webhook import Webhook
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.fleet_app import FleetApp
from tui_monitor.ui.messages import Fail, OpenFeed, Publish, PublishRuns, ShowRun

LIVE_SECONDS = 0.4
"""Between two pictures of a log that grows, at least; after a silence the first comes at once."""
_SWITCH_SECONDS = 0.001
"""For which a thread may run while others wait to."""


class RunningFeed:
    """A feed thread as the screen knows it, with what can be done to what it follows."""

    def __init__(
        self,
        thread: TurnThread,
        replay: ReplayKeys | None = None,
        recording: RecordedTraining | None = None,
    ) -> None:
        self._thread = thread
        self.replay = replay
        self.recording = recording
        thread.start()

    def stop(self) -> None:
        """End it; returns when its thread is over."""
        self._thread.stop()


class RecordedTraining:
    """A training that a recorder of ours runs."""

    def __init__(self, log: str) -> None:
        self._log = log

    def stop(self, *, force: bool) -> bool:
        """Ask it to end, or end it at once; whether it was still running."""
        return stop_training(self._log, force=force)


def _recording(log: str | None) -> RecordedTraining | None:
    record = read_record(log) if log is not None else None
    return (
        RecordedTraining(log) if log is not None and record is not None and record.running else None
    )


class RunningFleet:
    """A fleet's thread as the screen knows it."""

    def __init__(self, thread: FleetThread) -> None:
        self.open, self.ask, self.stop = thread.open, thread.ask, thread.stop
        thread.start()

    def recording(self, key: str) -> RecordedTraining | None:
        """How to stop a run's training; the key of a file is its path."""
        return _recording(key)


class ReplayKeys:
    """Steers a replay from the screen's thread: every call is carried to the feed's own."""

    def __init__(
        self, thread: FeedThread, source: ReplaySource, data: bytes, format_hint: str | None
    ) -> None:
        self._thread = thread
        self._source = source
        self._data = data
        self._hint = format_hint
        self._begins: list[Begin] | None = None

    def set_speed(self, factor: float) -> None:
        """1 is the pace of the training, 0 as fast as possible."""
        self._thread.call(lambda: self._source.set_speed(factor))

    def pause(self) -> None:
        """Stand still."""
        self._thread.call(self._source.pause)

    def resume(self) -> None:
        """Go on."""
        self._thread.call(self._source.resume)

    def seek_fraction(self, fraction: float) -> None:
        """Go to a place in the log: 0 its begin, 1 its end."""
        self._thread.call(lambda: self._source.seek(round(fraction * len(self._data))))

    def seek_epoch(self, label: str, complain: Callable[[str], None]) -> None:
        """Go to the begin of an epoch; `complain` is told on the feed's thread that there is none."""

        def seek() -> None:
            if self._begins is None:
                self._begins = epoch_begins(self._data, self._hint)
            at = round(self._source.position().fraction * len(self._data))
            begin = find_epoch(self._begins, label, at)
            if begin is None:
                complain(f"no epoch {label} in this log")
            else:
                self._source.seek(begin.offset)

        self._thread.call(seek)


def watch_log(
    open_source: Callable[[], Source],
    name: str,
    options: DecodeOptions,
    settings: Settings,
    *,
    log: str | None = None,
) -> int:
    """Follow a log in the monitor until the user leaves; the exit code.

    The source is opened after the first paint; `name` is shown until then. `log` is its path, if it
    is a file.
    """

    def open_feed(publish: Publish, fail: Fail) -> RunningFeed:
        source, session = open_source(), Session(options)
        thread: TurnThread
        if log is None:
            thread = FeedThread(source, session, publish, fail, interval=LIVE_SECONDS)
        else:
            big = BigLog(log, options)
            thread = BigLogThread(big, source, session, publish, fail, interval=LIVE_SECONDS)
        return RunningFeed(thread, recording=_recording(log))

    # What is there is being read, from the first picture on; only a file can be waited for.
    is_there = log is None or os.path.exists(log)
    condition: SourceCondition = "live" if is_there else "waiting"
    beginning = SourceState(sanitise(name), condition, "none", None, None, catching_up=is_there)
    return _run(open_feed, beginning, settings)


def watch_runs(
    specs: Sequence[Spec], streams: Sequence[Stream], options: DecodeOptions, settings: Settings
) -> int:
    """Follow many runs until the user leaves; the exit code."""

    def open_fleet(publish: PublishRuns, show: ShowRun, fail: Fail) -> RunningFleet:
        return RunningFleet(FleetThread(Fleet(specs, streams, options, publish, show), fail))

    _heed_colour(settings)
    app = FleetApp(
        open_fleet,
        ascii=settings.ascii,
        blocks=settings.blocks,
        light=settings.light,
        bell=settings.bell,
        notify=settings.notify,
    )
    return _run_app(app, settings)


def replay_log(
    source: ReplaySource, data: bytes, options: DecodeOptions, settings: Settings
) -> int:
    """Replay a log's bytes in the monitor until the user leaves; the exit code."""

    def open_feed(publish: Publish, fail: Fail) -> RunningFeed:
        thread = FeedThread(source, ReplayedSession(options), publish, fail)
        return RunningFeed(thread, ReplayKeys(thread, source, data, options.format_hint))

    beginning = SourceState(source.name, "live", "replay", None, None, source.position())
    return _run(open_feed, beginning, settings)


def _run(open_feed: OpenFeed, source: SourceState, settings: Settings) -> int:
    _heed_colour(settings)
    app = MonitorApp(
        open_feed,
        source=source,
        ascii=settings.ascii,
        blocks=settings.blocks,
        light=settings.light,
        bell=settings.bell,
        notify=settings.notify,
    )
    return _run_app(app, settings)


def _heed_colour(settings: Settings) -> None:
    """Tell Textual, which only asks the environment, whether to draw in colour."""
    if settings.color:
        os.environ.pop("NO_COLOR", None)
    else:
        os.environ["NO_COLOR"] = "1"


def _run_app(app: MonitorApp, settings: Settings) -> int:
    webhook = None if settings.webhook is None else Webhook(settings.webhook, app.tell_of)
    if webhook is not None:
        app.pass_on = webhook.post
    # Keys and pictures are not to wait long for the thread that decodes, at each turn of theirs.
    sys.setswitchinterval(_SWITCH_SECONDS)
    app.run()
    if webhook is not None:
        webhook.close()
    code = app.return_code or 0
    # A hang-up leaves no terminal to write to; after a defect its traceback is what matters.
    if code in (0, 130, 143):
        print(app.summary(), end="", flush=True)
    return code
