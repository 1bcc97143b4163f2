"""What reaches the screen from outside, and what the screen asks of it.

One replaceable message carries the newest snapshot; another says that the feed is over because of
an error. The protocols are all that the screen knows of whatever reads the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from textual.message import Message

from tui_monitor.core.runs import RunList
from tui_monitor.core.snapshot import Snapshot, SourceState, is_longer


class SnapshotReady(Message, bubble=False):
    """A newer snapshot is there. Of several waiting ones only the last is handled."""

    def __init__(self, snapshot: Snapshot, source: SourceState, key: str | None = None) -> None:
        super().__init__()
        self.snapshot = snapshot
        self.source = source
        self.key = key
        """Which of several runs it is of."""

    def can_replace(self, message: Message) -> bool:
        """Whether this one may stand for `message`: not for the last one of a log's end."""
        if not isinstance(message, SnapshotReady):
            return False
        if is_longer(self.snapshot, message.snapshot):
            return False
        return (message.source.filling is None) == (self.source.filling is None)


class RunsReady(Message, bubble=False):
    """A newer list of runs is there. Of several waiting ones only the last is handled."""

    def __init__(self, runs: RunList) -> None:
        super().__init__()
        self.runs = runs

    def can_replace(self, message: Message) -> bool:
        """Whether this one may stand for `message`."""
        return isinstance(message, RunsReady)


class FeedFailed(Message, bubble=False):
    """The feed ended with an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Told(Message, bubble=False):
    """A line for the user."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ReplayControl(Protocol):
    """What the keys of a replay do. Safe to call from the app's thread; returns at once."""

    def set_speed(self, factor: float) -> None:
        """1 is the pace of the training, 0 as fast as possible."""

    def pause(self) -> None:
        """Stand still."""

    def resume(self) -> None:
        """Go on."""

    def seek_fraction(self, fraction: float) -> None:
        """Go to a place in the log: 0 its begin, 1 its end."""

    def seek_epoch(self, label: str, complain: Callable[[str], None]) -> None:
        """Go to the begin of the epoch with this number; `complain` is told why that cannot be.

        It is called on another thread.
        """


class RecordingControl(Protocol):
    """What can be done to a training that a recorder of ours has started."""

    def stop(self, *, force: bool) -> bool:
        """Ask it to end, or end it at once; whether it was still running."""


class FleetControl(Protocol):
    """What is asked of many runs. Safe to call from the app's thread; returns at once."""

    def open(self, key: str | None) -> None:
        """Show this run from now on, or none."""

    def ask(self, keys: Sequence[str]) -> None:
        """Decode these runs."""

    def recording(self, key: str) -> RecordingControl | None:
        """How to stop a run's training, if a recorder of ours runs it."""

    def stop(self) -> None:
        """End all; returns when the thread is over. May be called twice."""


class Feed(Protocol):
    """What runs while the screen is open."""

    @property
    def replay(self) -> ReplayControl | None:
        """How to steer it, if it is a replay."""

    @property
    def recording(self) -> RecordingControl | None:
        """How to stop the training, if a recorder of ours runs it."""

    def stop(self) -> None:
        """End it; returns when its thread is over. May be called twice."""


Publish = Callable[[Snapshot, SourceState], None]
Fail = Callable[[BaseException], None]
OpenFeed = Callable[[Publish, Fail], Feed]
"""Starts a feed; both callbacks may be called from any thread."""
PublishRuns = Callable[[RunList], None]
ShowRun = Callable[[str, Snapshot, SourceState], None]
OpenFleet = Callable[[PublishRuns, ShowRun, Fail], FleetControl]
"""Starts to look for many runs; all callbacks may be called from any thread."""
PassOn = Callable[[str, str, str], None]
"""Takes an alert's kind and text, and the name of its source; returns at once."""
