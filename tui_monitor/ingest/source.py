"""What the feed thread asks of a source of log bytes, and what it can be told."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple, Protocol

from tui_monitor.core.snapshot import ReplayPosition

Following = Literal["events", "polling", "replay", "none"]


OLD = 1.0
"""Seconds since it was written from which what is found counts as old."""


class Chunk(NamedTuple):
    """The next bytes, at least one."""

    data: bytes
    age: float = 0.0
    """Seconds since they were written, where that is known: a log may be old when it is opened."""


class Hole(NamedTuple):
    """The next bytes are NULs that nobody wrote: a hole of the file, of any size."""

    size: int
    """Bytes, at least one."""


class Restarted(NamedTuple):
    """What follows is a new file, or an old one that was cut back and goes on from there."""

    reason: str
    at: int = 0
    """Byte of the file at which what follows begins: what lies before it was delivered."""


class Gap(NamedTuple):
    """Bytes of the log are missing, or came too late for their place."""

    reason: str
    """One line for the user, with how much where that is known."""


class Waiting(NamedTuple):
    """Nothing can be read now; it is worth asking again."""

    reason: str
    """One line for the user."""


class Ended(NamedTuple):
    """Nothing more comes, unless the source is moved (a replay sought back)."""

    reason: str
    """One line for the user."""


Pulled = Chunk | Hole | Restarted | Gap | Waiting | Ended | None
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
