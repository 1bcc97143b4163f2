"""The feed: carries bytes from a source to a session and publishes what comes of them.

`Feed` decides what to do at a given time and waits for nothing; `FeedThread` gives it its turns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.snapshot import Snapshot, SourceCondition, SourceState
from tui_monitor.ingest.source import (
    Chunk,
    Ended,
    Following,
    Gap,
    Hole,
    Restarted,
    Source,
    Waiting,
)
from tui_monitor.ingest.turns import TurnThread

_LARGEST = 1 << 20  # bytes a pull at most
_SMALLEST = 1 << 14
_WORK = 0.05  # seconds of work in one turn, so that a snapshot comes through while a log is loaded
_SETTLE = 0.04  # seconds without bytes after which an unfinished line is taken as it stands
_PATIENCE = 0.15  # seconds that a picture waits at most for its newest line to be taken
_BEAT = 0.05  # seconds between two looks while an unfinished line or a replay goes on
_QUIET_BEAT = 0.1  # the same else
_SLOW_BEAT = 0.5  # the same while it is quiet and a bell would ring
_QUIET = 0.5  # seconds without bytes after which it is quiet
_FIRST = 0.3  # seconds that a source has for its first bytes before it is shown as empty
_TOLD = 10.0  # seconds for which a restart or a gap stays the news
_STALLED = 30.0  # seconds without bytes after which a log is stalled, at least
_USUAL = 3.0  # a log is not stalled before this many times its usual silence

Publish = Callable[[Snapshot, SourceState], None]


class FedSession(Protocol):
    """What the feed needs of a session."""

    @property
    def revision(self) -> int:
        """Grows with every change that shows."""

    def feed(self, data: bytes, now: float) -> None:
        """Take the next bytes."""

    def settle(self, now: float) -> None:
        """No bytes have come for a while: take the unfinished line as it stands."""

    def skip(self, size: int, now: float) -> None:
        """Take a hole: bytes that nobody wrote."""

    def restart(self, reason: str, at: int = 0) -> None:
        """What follows is a new file, or the same one cut back to its first `at` bytes."""

    def finish(self) -> None:
        """Nothing follows."""

    @property
    def usual_silence(self) -> float:
        """Seconds from one print to the next, as the log tells; 0 where it does not."""

    def snapshot(self, now: float) -> Snapshot:
        """All there is to show."""


class Feed:
    """One source, one session. Every `turn` does what is due; it is told the time."""

    def __init__(
        self,
        source: Source,
        session: FedSession,
        publish: Publish,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = 0.1,
    ) -> None:
        self._source = source
        self._session = session
        self._publish = publish
        self._clock = clock
        self._interval = interval
        self._limit = _SMALLEST
        self._last_byte: float | None = None
        self._age = 0.0  # seconds that it was old when it came
        self._began = clock()
        self._silence = 0.0  # longest lately between two arrivals
        self._settled = True
        self._busy = False
        self._ended = False
        self._waiting: str | None = None
        self._end: str | None = None
        self._news: str | None = None
        self._news_until = 0.0
        self._is_open = False  # the newest line is unfinished
        self._unshown: float | None = None  # since when there are bytes that no picture shows
        self._published = float("-inf")
        self._shown: tuple[object, ...] | None = None
        self.held = False
        """Publish nothing for now."""
        self.taken = 0
        """Bytes taken from the source, holes included."""
        self.restarts = 0
        """How often the source began anew."""

    @property
    def busy(self) -> bool:
        """Whether there may have been more to take at the last turn."""
        return self._busy

    @property
    def following(self) -> Following:
        """How growth of the source is noticed."""
        return self._source.following

    @property
    def settled(self) -> bool:
        """Whether all that was taken counts, an unfinished line included."""
        return self._settled

    @property
    def unshown(self) -> bool:
        """Whether something was taken that no picture shows."""
        return self._unshown is not None

    def show(self) -> None:
        """Publish, without waiting for its time."""
        now = self._clock()
        self._publish_now(now, self._state(now))

    def publish_to(self, publish: Publish) -> None:
        """Hand pictures to this from now on."""
        self._publish = publish

    def pace(self, interval: float) -> None:
        """Publish at most this often from now on (seconds)."""
        self._interval = interval

    def turn(self, most: int = sys.maxsize) -> float:
        """Pull, feed, settle, publish as due; return seconds to the next turn, at most.

        No more than `most` bytes are taken in all, counted as `taken`.
        """
        busy = self._busy = self._pull(most)
        now = self._clock()
        quiet = now - (self._began if self._last_byte is None else self._last_byte)
        if not busy and not self._settled and quiet >= _SETTLE:
            self._settled = True
            self._session.settle(now)
        due = self._show(now)
        return 0.0 if busy else min(self._beat(quiet), due)

    # --- in

    def _pull(self, most: int) -> bool:
        """Feed what there is for one turn; say whether there may be more."""
        until = self._clock() + _WORK
        while self.taken < most:
            pulled = self._source.pull(min(self._limit, most - self.taken))
            now = self._clock()
            if isinstance(pulled, Chunk):
                self.taken += len(pulled.data)
                self._feed(pulled.data, now)
                self._age = pulled.age
            elif isinstance(pulled, Hole):
                self.taken += pulled.size
                self._session.skip(pulled.size, now)
            elif isinstance(pulled, Restarted):
                self.restarts += 1
                self._session.restart(pulled.reason, pulled.at)
                self._ended, self._settled = False, True
                self._news, self._news_until = pulled.reason, now + _TOLD
            elif isinstance(pulled, Gap):
                self._news, self._news_until = pulled.reason, now + _TOLD
            else:
                self._rest(pulled)
                return False
            if self._clock() >= until:
                return True
        return False

    def _feed(self, data: bytes, now: float) -> None:
        if self._last_byte is not None:
            self._silence = max(now - self._last_byte, 0.9 * self._silence)
        self._session.feed(data, now)
        self._last_byte = after = self._clock()
        self._is_open = not data.endswith((b"\n", b"\r"))
        self._unshown = after if self._unshown is None else self._unshown
        self._waiting, self._settled, self._ended = None, data.endswith(b"\n"), False
        pace = len(data) / max(after - now, 1e-6)
        self._limit = int(min(max(pace * _WORK, _SMALLEST), _LARGEST))

    def _rest(self, pulled: Waiting | Ended | None) -> None:
        """Nothing came."""
        self._waiting = pulled.reason if isinstance(pulled, Waiting) else None
        if isinstance(pulled, Ended) and not self._ended:
            self._ended = True
            self._settled = True
            self._end = pulled.reason
            self._session.finish()

    # --- out

    def _show(self, now: float) -> float:
        """Publish if there is something new and it is time; return seconds until it will be."""
        state = self._state(now)
        if self._news is not None and now >= self._news_until:
            self._news = None
        current = (self._session.revision, state._replace(quiet_seconds=None))
        if self.held or current == self._shown:
            return float("inf")
        due = max(self._published + self._interval - now, self._until_settled(now))
        if self._untouched and state.detail is None:
            due = max(due, self._began + _FIRST - now)
        if due > 0:
            return due
        self._publish_now(now, state)
        return float("inf")

    @property
    def _untouched(self) -> bool:
        """Whether nothing has come of the source yet, not even its end."""
        return not (self.taken or self._ended or self._news)

    def _publish_now(self, now: float, state: SourceState) -> None:
        self._shown = (self._session.revision, state._replace(quiet_seconds=None))
        self._published, self._unshown = now, None
        self._publish(self._session.snapshot(now), state)

    def _until_settled(self, now: float) -> float:
        """Seconds that it pays to wait: the newest line would miss this picture, and be late."""
        if self._settled or not self._is_open or self._last_byte is None or self._unshown is None:
            return 0.0
        if self._interval <= _PATIENCE or now - self._unshown >= _PATIENCE:
            return 0.0
        return max(self._last_byte + _SETTLE - now, 0.0)

    def _state(self, now: float) -> SourceState:
        quiet = None if self._last_byte is None else self._quiet(now)
        replay = self._source.position()
        condition: SourceCondition = "live"
        if self._ended:
            condition = "ended"
        elif replay is not None and replay.paused:
            condition = "paused"
        elif self._waiting is not None:
            condition = "waiting"
        elif replay is None and not self._busy and self._is_stalled(now):
            condition = "stalled"
        elif replay is None and self._untouched:
            condition = "waiting"
        # The end of a replay is plain to see in its position.
        end = self._end if self._ended and replay is None else None
        detail = self._waiting or self._news or end
        return SourceState(
            self._source.name,
            condition,
            self._source.following,
            quiet,
            None if detail is None else sanitise(detail),
            replay,
            catching_up=self._busy and replay is None,
        )

    def _is_stalled(self, now: float) -> bool:
        usual = max(self._silence, self._session.usual_silence)
        return self._quiet(now) >= max(_STALLED, _USUAL * usual)

    def _quiet(self, now: float) -> float:
        """Seconds since the newest byte was written, or since the beginning of the feed."""
        if self._last_byte is None:
            return now - self._began
        return max(now - self._last_byte, 0.0) + self._age

    def _beat(self, quiet: float) -> float:
        if not self._settled:
            return max(min(_BEAT, _SETTLE - quiet), 0.0)
        following = self._source.following
        if following == "replay":
            return _BEAT
        rings = following == "events"
        return _SLOW_BEAT if rings and quiet >= _QUIET else _QUIET_BEAT


class FeedThread(TurnThread):
    """Runs a feed until it is stopped, then closes the source.

    `publish` and `fail` are called on its thread. Whatever goes wrong in source or session ends it.
    """

    def __init__(
        self,
        source: Source,
        session: FedSession,
        publish: Publish,
        fail: Callable[[Exception], None],
        *,
        interval: float = 0.1,
    ) -> None:
        feed = Feed(source, session, publish, interval=interval)
        super().__init__(feed.turn, source.rung, source.close, fail, name=f"feed {source.name}")
