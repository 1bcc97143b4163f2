"""A big log's end is shown while the log is read from its beginning.

Decoding takes about a second a megabyte, so the newest part, cut at an epoch's beginning where one is
near, has a session of its own, and of a log that is bigger still a longer part follows, with more
epochs to compare. They only make pictures: when what is read next, and at last the feed of the whole
log, has taken the same bytes, to the last one, the end that is shown is let go and the other publishes.
So whoever hears both sees each byte's news once.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from typing import NamedTuple

from tui_monitor.core import log_end
from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.detect import by_name, detect
from tui_monitor.core.lines.encoding import MARKS
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.log_end import EndSession
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Filling, Snapshot, SourceState
from tui_monitor.ingest.feed import Feed, Publish
from tui_monitor.ingest.recording import open_end
from tui_monitor.ingest.source import Source
from tui_monitor.ingest.turns import TurnThread

LEAST = 2 << 20
"""Bytes to read from which a log is big."""
PART = 1 << 17
"""Bytes, about, of the end that is shown: decoded within half a second."""
LONGER = (1 << 22, 1 << 25)
"""Bytes of the ends that are shown next ..."""
_MUCH_MORE = 4  # ... of a log that is so many times as big
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
    longer: tuple[int, ...] = LONGER


class _Part(NamedTuple):
    """An end of the log, or the whole of it."""

    begin: int
    """Byte of the log."""
    source: Source | None
    """Its own, to be closed with it."""
    feed: Feed
    opened: float

    def close(self) -> None:
        """Let go of it."""
        if self.source is not None:
            self.source.close()


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
        self._whole = _Part(0, None, feed, 0.0)
        self._end: _Part | None = None
        """The one that is shown."""
        self._longer: _Part | None = None
        """The one that is read, to be shown next."""
        self._to_come = list(log.longer)
        """Bytes of those after it."""
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
            self._feed.turn(most=1)  # it has the file open now, whatever becomes of its name
            self._read_next(end)
        return self._read_on(end)

    def stop(self) -> None:
        """Let go of the end; the feed publishes from now on."""
        if self._end is not None:
            self._end.close()
            self._feed.publish_to(self._publish)
            self._feed.pace(self._interval)
        if self._longer is not None:
            self._longer.close()
        self._end = self._longer = self._newest = None
        self.over = True

    # --- what is read meanwhile ------------------------------------------------------------------

    def _read_on(self, end: _Part) -> float:
        """Let the next be read on as far as the end that is shown; show it once it is."""
        lost = bool(self._feed.restarts or end.feed.restarts)
        if self._longer is not None and (lost or self._longer.feed.restarts):
            self._let_go_of_longer()
        begin, _, feed, _ = self._longer or self._whole
        target = end.begin + end.feed.taken
        if lost:
            feed.turn()
        else:
            feed.turn(target - begin)
        now = self._clock()
        if feed.taken > self._gained[1]:
            self._gained = now, feed.taken
        idle = now - self._gained[0]
        # it has caught up if it has taken, and counts, all that the end's has
        caught_up = begin + feed.taken >= target and feed.settled == end.feed.settled
        stuck = idle >= (_LOST_PLACE if lost else _LOST)
        if stuck and not caught_up and self._longer is not None:
            self._let_go_of_longer()
        elif caught_up or stuck:
            if end.feed.unshown:
                end.feed.show()
            self._show_next(end)
            return 0.0
        if now >= self._told + _NEWS and self._newest is not None:
            self._tell(*self._newest)
        return 0.0 if feed.busy or end.feed.busy else _EMPTY

    def _show_next(self, end: _Part) -> None:
        """What is read takes the place of the end that is shown."""
        longer, self._longer = self._longer, None
        if longer is None:
            self.stop()
            self._feed.show()
            return
        end.close()
        self._end = longer
        longer.feed.publish_to(self._take)
        longer.feed.pace(self._interval)
        longer.feed.show()
        self._read_next(longer)

    def _read_next(self, shown: _Part) -> None:
        """Begin to read a longer end, or else the whole."""
        cut = self._newest is not None and self._newest[0].cut is not None
        while cut and self._to_come and self._longer is None:
            part = self._to_come.pop(0)
            longer = self._opened(part, _MUCH_MORE * part)
            if longer is not None and longer.begin < shown.begin:
                self._longer = longer
                longer.feed.publish_to(_nobody)
                longer.feed.pace(_PICTURES)
            elif longer is not None:
                longer.close()
        now = self._clock()
        self._began = now, self._feed.taken
        self._gained = now, (self._longer or self._whole).feed.taken

    def _let_go_of_longer(self) -> None:
        """The file is another: nothing but the whole of it counts."""
        if self._longer is not None:
            self._longer.close()
        self._longer = None
        self._to_come.clear()
        self._gained = self._clock(), self._feed.taken

    # --- the end ---------------------------------------------------------------------------------

    def _open(self) -> None:
        """Begin to decode the end, if there is much before it that is not read yet."""
        self._end = self._opened(self._log.part, self._log.least)
        self.over = self._end is None
        if self._end is not None:
            self._end.feed.held = True
            # Nobody sees the pictures of the whole; what is explained for them is known later.
            self._feed.publish_to(_nobody)
            self._feed.pace(_PICTURES)

    def _opened(self, part: int, least: int) -> _Part | None:
        """The last `part` bytes, about, of a log of which at least so many are unread."""
        try:
            found = _find(self._log, self._feed.taken, part, least)
        except OSError:  # it is not there, or not to be read: the feed tells of it
            return None
        if found is None:
            return None
        begin, session = found
        source = open_end(self._log.path, begin)
        feed = Feed(source, session, self._take, clock=self._clock, interval=self._interval)
        return _Part(begin, source, feed, self._clock())

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


def _nobody(snapshot: Snapshot, state: SourceState) -> None:
    """Sees a picture that is not to be shown."""


def _find(log: BigLog, taken: int, part: int, least: int) -> tuple[int, EndSession] | None:
    """Where the last `part` bytes begin, about, and a session for them.

    None if less than `least` is unread, or all is better read as usual. Raises OSError if the file
    cannot be read.
    """
    if not stat.S_ISREG(os.stat(log.path).st_mode):
        return None
    with open(log.path, "rb", buffering=0) as file:
        fd = file.fileno()
        size = os.fstat(fd).st_size
        if size - taken < least:
            return None
        head = os.pread(fd, _HEAD, 0)
        if any(head.startswith(mark) for mark, coded in MARKS.items() if coded.width > 1):
            return None
        # it begins near the middle of these
        start = max(size - part - log.part, 0)
        data = os.pread(fd, min(2 * log.part, size - start), start)
        whole = Session(log.options)
        whole.feed(head, 0.0)
        log_format = _format_of(log.options.format_hint, head, data)
        if log_format is None:
            return None
        inside = log_end.may_begin_inside(whole)
        place = log_end.place_to_begin(data, log_format, log.part, inside=inside)
        if place is None:
            return None
        begin = start + place.at
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
