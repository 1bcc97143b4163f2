"""Opens the monitor on a log that grows or on one that is replayed: sources wired to the screen."""

from __future__ import annotations

from collections.abc import Callable

from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import SourceState
from tui_monitor.core.session import Session
from tui_monitor.core.text import sanitise
from tui_monitor.ingest.feed import FeedThread
from tui_monitor.ingest.replay import ReplaySource
from tui_monitor.ingest.source import Source
from tui_monitor.settings import Settings
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.messages import Fail, OpenFeed, Publish

LIVE_SECONDS = 0.4
"""Between two pictures of a log that grows, at least; after a silence the first comes at once."""


class RunningFeed:
    """A feed thread as the screen knows it, with the controls of its replay, if it is one."""

    def __init__(self, thread: FeedThread, replay: ReplayKeys | None = None) -> None:
        self._thread = thread
        self.replay = replay
        thread.start()

    def stop(self) -> None:
        """End it; returns when its thread is over."""
        self._thread.stop()


class ReplayKeys:
    """Steers a replay from the screen's thread: every call is carried to the feed's own."""

    def __init__(self, thread: FeedThread, source: ReplaySource, size: int) -> None:
        self._thread = thread
        self._source = source
        self._size = size

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
        self._thread.call(lambda: self._source.seek(round(fraction * self._size)))


def watch_log(
    open_source: Callable[[], Source], name: str, options: DecodeOptions, settings: Settings
) -> int:
    """Follow a log in the monitor until the user leaves; the exit code.

    The source is opened after the first paint; `name` is shown until then.
    """

    def open_feed(publish: Publish, fail: Fail) -> RunningFeed:
        thread = FeedThread(open_source(), Session(options), publish, fail, interval=LIVE_SECONDS)
        return RunningFeed(thread)

    beginning = SourceState(sanitise(name), "waiting", "none", None, None)
    return _run(open_feed, beginning, settings)


def replay_log(source: ReplaySource, size: int, options: DecodeOptions, settings: Settings) -> int:
    """Replay a log of `size` bytes in the monitor until the user leaves; the exit code."""

    def open_feed(publish: Publish, fail: Fail) -> RunningFeed:
        thread = FeedThread(source, Session(options), publish, fail)
        return RunningFeed(thread, ReplayKeys(thread, source, size))

    beginning = SourceState(source.name, "live", "replay", None, None, source.position())
    return _run(open_feed, beginning, settings)


def _run(open_feed: OpenFeed, source: SourceState, settings: Settings) -> int:
    app = MonitorApp(
        open_feed,
        source=source,
        ascii=settings.ascii,
        bell=settings.bell,
        notify=settings.notify,
    )
    app.run()
    code = app.return_code or 0
    # A hang-up leaves no terminal to write to; after a defect its traceback is what matters.
    if code in (0, 130, 143):
        print(app.summary(), end="", flush=True)
    return code
