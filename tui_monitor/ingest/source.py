"""What the feed thread asks of a source of log bytes, and what it can be told."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple, Protocol

from tui_monitor.core.records import ReplayPosition

Following = Literal["events", "polling", "replay", "none"]


class Chunk(NamedTuple):
    """The next bytes, at least one."""

    data: bytes


class Restarted(NamedTuple):
    """What follows is a new file, from its byte 0."""

    reason: str


class Waiting(NamedTuple):
    """Nothing can be read now, or something was missed; it is worth asking again."""

    reason: str
    """One line for the user."""


class Ended(NamedTuple):
    """Nothing more comes, unless the source is moved (a replay sought back)."""

    reason: str


Pulled = Chunk | Restarted | Waiting | Ended | None
"""None: nothing new now."""


class Source(Protocol):
    """Bytes of a log, pulled. Used by one thread; only `rung` is shared with others."""

    @property
    def name(self) -> str:
        """Short, safe to show."""

    @property
    def following(self) -> Following:
        """How growth is noticed."""

    @property
    def rung(self) -> threading.Event:
        """Set when there may be something to pull: a hint, which may come late or never."""

    def pull(self, limit: int) -> Pulled:
        """What comes next, at most `limit` bytes of it. Does not block nor raise OSError."""

    def position(self) -> ReplayPosition | None:
        """Where a replay stands; None for what is followed as it grows."""

    def close(self) -> None:
        """Let go of files and threads. Pulling is over."""
