"""A big log's end is shown while the log is read from its beginning.

Decoding takes a second or two a megabyte, so the newest part, cut at an epoch's beginning where one is
near, has a session of its own. It only makes pictures: when the feed of the whole log has taken the
same bytes, to the last one, it is let go and the feed publishes again. So whoever hears both sees
each byte's news once, from the end as long as that is shown.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from typing import NamedTuple

from tui_monitor.core import log_end
from tui_monitor.core.encoding import MARKS
from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.detect import by_name, detect
from tui_monitor.core.log_end import EndSession
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Filling, Snapshot, SourceState
from tui_monitor.core.text import LineReader
from tui_monitor.ingest.feed import Feed, Publish
from tui_monitor.ingest.recording import open_end
from tui_monitor.ingest.source import Source
from tui_monitor.ingest.turns import TurnThread

LEAST = 2 << 20
"""Bytes to read from which a log is big."""
PART = 1 << 17
"""Bytes, about, of the end that is shown: decoded within half a second."""
_HEAD = 1 << 14  # bytes of the beginning that tell what kind of log it is
_SEARCHED = 1 << 24  # bytes before the end at most that are searched for its epoch's header
_BLOCK = 1 << 16  # of them at first, and twice as many each time
_LONGEST = 1 << 8  # bytes of a header
_FIRST = 1.0  # seconds after which what is decoded of the end is shown, though there is more
_PICTURES = 0.5  # seconds between two pictures of the whole meanwhile
_NEWS = 1.0  # seconds between two accounts of how far it is
_TELLING = 1.0  # seconds of reading before its speed is told
_LOST = 5.0  # seconds without progress after which the end is let go all the same ...
_LOST_PLACE = 0.3  # ... where the file was replaced, so that nobody knows how much is to come
_EMPTY = 0.01  # seconds to wait for what is read ahead


class BigLog(NamedTuple):
    """A log file whose end is to be shown first, if it is big."""

    path: str
    options: DecodeOptions
    least: int = LEAST
    part: int = PART


class _End(NamedTuple):
    """The end that is shown."""

    begin: int
    """Byte of the log."""
    source: Source
    feed: Feed
    opened: float


class EndFirst:
    """Gives the feed of a log its turns, and shows the log's end until the feed has caught up.

    Args:
        log: The file.
        feed: Of the whole log.
        publish: Takes the pictures: of the end, with how far the whole is read, then of the whole.
    """

    def __init__(
        self,
        log: BigLog,
        feed: Feed,
        publish: Publish,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = 0.1,
    ) -> None:
        self._log = log
        self._feed = feed
        self._publish = publish
        self._clock = clock
        self._interval = interval
        self._end: _End | None = None
        self.over = False
        """The end is not, or no longer, shown: the feed publishes."""
        self._began = (0.0, 0)
        """When the whole began to be read, and how much of it was read before."""
        self._gained = (0.0, 0)
        """When it was last seen to get on, and how much was read."""
        self._newest: tuple[Snapshot, SourceState] | None = None
        self._told = float("-inf")

    def pace(self, interval: float) -> None:
        """Publish at most this often from now on (seconds)."""
        self._interval = interval
        if self._end is not None:
            self._end.feed.pace(interval)
        else:
            self._feed.pace(interval)

    def turn(self) -> float:
        """One turn of the end's feed and of the whole's; seconds to the next one, at most."""
        if self._end is None and not self.over:
            self._open()
        end = self._end
        if end is None:
            return self._feed.turn()
        end.feed.turn()
        now = self._clock()
        if end.feed.held:
            if end.feed.busy and now < end.opened + _FIRST:
                return 0.0
            end.feed.held = False
            end.feed.show()
            self._began = self._gained = now, self._feed.taken
        return self._read_on(end)

    def stop(self) -> None:
        """Let go of the end; the feed publishes from now on."""
        end, self._end = self._end, None
        self.over, self._newest = True, None
        if end is not None:
            end.source.close()
            self._feed.publish_to(self._publish)
            self._feed.pace(self._interval)

    # --- the whole -------------------------------------------------------------------------------

    def _read_on(self, end: _End) -> float:
        """Let the whole be read on as far as the end; show it once it is."""
        feed, lost = self._feed, bool(self._feed.restarts or end.feed.restarts)
        target = end.begin + end.feed.taken
        if lost:
            feed.turn()
        else:
            feed.turn(target)
        now = self._clock()
        if feed.taken > self._gained[1]:
            self._gained = now, feed.taken
        idle = now - self._gained[0]
        if self._has_caught_up(end, target) or idle >= (_LOST_PLACE if lost else _LOST):
            if end.feed.unshown:
                end.feed.show()
            self.stop()
            feed.show()
            return 0.0
        if now >= self._told + _NEWS and self._newest is not None:
            self._tell(*self._newest)
        return 0.0 if feed.busy or end.feed.busy else _EMPTY

    def _has_caught_up(self, end: _End, target: int) -> bool:
        """Whether the feed of the whole has taken, and counts, all that the end's has."""
        return self._feed.taken >= target and self._feed.settled == end.feed.settled

    # --- the end ---------------------------------------------------------------------------------

    def _open(self) -> None:
        """Begin to decode the end, if there is much before it that is not read yet."""
        self.over = True
        try:
            found = _find(self._log, self._feed.taken)
        except OSError:  # it is not there, or not to be read: the feed tells of it
            return
        if found is None:
            return
        begin, session = found
        source = open_end(self._log.path, begin)
        feed = Feed(source, session, self._take, clock=self._clock, interval=self._interval)
        feed.held = True
        # Nobody sees the pictures of the whole; what is explained for them is known later.
        self._feed.publish_to(lambda *_: None)
        self._feed.pace(_PICTURES)
        self.over = False
        self._end = _End(begin, source, feed, self._clock())

    def _take(self, snapshot: Snapshot, state: SourceState) -> None:
        self._newest = snapshot, state
        self._tell(snapshot, state)

    def _tell(self, snapshot: Snapshot, state: SourceState) -> None:
        """Publish a picture of the end with how far the whole is read."""
        end = self._end
        if end is None:
            return
        self._told = now = self._clock()
        size = max(end.begin + end.feed.taken, 1)
        read = min(self._feed.taken, size)
        filling = Filling(read, size, self._seconds_left(now, read, size))
        following = self._feed.following
        self._publish(snapshot, state._replace(following=following, filling=filling))

    def _seconds_left(self, now: float, read: int, size: int) -> float | None:
        since, before = self._began
        if now - since < _TELLING or read <= before:
            return None
        return (size - read) * (now - since) / (read - before)


def _find(log: BigLog, taken: int) -> tuple[int, EndSession] | None:
    """Where the end begins, and a session for it; None if all is better read as usual.

    Raises OSError if the file cannot be read.
    """
    if not stat.S_ISREG(os.stat(log.path).st_mode):
        return None
    with open(log.path, "rb", buffering=0) as file:
        fd = file.fileno()
        size = os.fstat(fd).st_size
        if size - taken < log.least:
            return None
        head = os.pread(fd, _HEAD, 0)
        if any(head.startswith(mark) for mark, coded in MARKS.items() if coded.width > 1):
            return None
        part = min(2 * log.part, size)
        data = os.pread(fd, part, size - part)
        whole = Session(log.options)
        whole.feed(head, 0.0)
        log_format = _format_of(log.options.format_hint, head, data)
        if log_format is None:
            return None
        inside = log_end.may_begin_inside(whole)
        place = log_end.place_to_begin(data, log_format, log.part, inside=inside)
        if place is None:
            return None
        begin = size - part + place.at
        header = None if place.begins_epoch else _header_before(fd, begin, head, log_format)
    return begin, EndSession(whole, begin, header)


def _format_of(hint: str | None, head: bytes, data: bytes) -> Format | None:
    if hint is not None:
        return by_name(hint)
    for some in (head, data):
        found = detect(line.text for line in LineReader().feed(some))
        if found is not None:
            return found
    return None


def _header_before(fd: int, begin: int, head: bytes, log_format: Format) -> bytes | None:
    """The line that announced the epoch that goes on at `begin`; None if it is not found."""
    pattern = log_end.header_pattern(head, log_format)
    stop, size = begin, _BLOCK
    while pattern is not None and stop > max(begin - _SEARCHED, 0):
        start = max(stop - size, 0)
        data = os.pread(fd, stop - start, start)
        found = log_end.last_header(data if start else b"\n" + data, pattern, log_format)
        if found is not None:
            return found
        stop, size = start + _LONGEST if start else 0, 2 * size
    return None


class BigLogThread(TurnThread):
    """Runs the feed of a log file until it is stopped, its end first; then closes the sources.

    As `feed.FeedThread` otherwise.
    """

    def __init__(
        self,
        log: BigLog,
        source: Source,
        session: Session,
        publish: Publish,
        fail: Callable[[Exception], None],
        *,
        interval: float = 0.1,
    ) -> None:
        feed = Feed(source, session, publish, interval=interval)
        first = EndFirst(log, feed, publish, interval=interval)

        def close() -> None:
            first.stop()
            source.close()

        super().__init__(first.turn, source.rung, close, fail, name=f"feed {source.name}")
