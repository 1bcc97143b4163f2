"""What reaches the screen from outside, and what the screen asks of it.

One replaceable message carries the newest snapshot; another says that the feed is over because of
an error. The protocols are all that the screen knows of whatever reads the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from textual.message import Message

from tui_monitor.core.records import Snapshot, SourceState


class SnapshotReady(Message, bubble=False):
    """A newer snapshot is there. Of several waiting ones only the last is handled."""

    def __init__(self, snapshot: Snapshot, source: SourceState) -> None:
        super().__init__()
        self.snapshot = snapshot
        self.source = source

    def can_replace(self, message: Message) -> bool:
        """Whether this one may stand for `message`."""
        return isinstance(message, SnapshotReady)


class FeedFailed(Message, bubble=False):
    """The feed ended with an error."""

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


class Feed(Protocol):
    """What runs while the screen is open."""

    @property
    def replay(self) -> ReplayControl | None:
        """How to steer it, if it is a replay."""

    def stop(self) -> None:
        """End it; returns when its thread is over. May be called twice."""


Publish = Callable[[Snapshot, SourceState], None]
Fail = Callable[[BaseException], None]
OpenFeed = Callable[[Publish, Fail], Feed]
"""Starts a feed; both callbacks may be called from any thread."""
