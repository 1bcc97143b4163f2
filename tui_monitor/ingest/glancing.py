"""One log of many, read for its row in the list: little of it, seldom, and with no file kept open.

A large log is first read from its end, then, when there is time, whole: a best validation may lie
anywhere. Whoever wants more than the row follows the log with a feed.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tui_monitor.core.glance import GlanceReader, as_of_end
from tui_monitor.core.log_end import line_begin
from tui_monitor.core.runs import Glance

WHOLE = 1 << 18
"""Bytes of a log that is read whole at first sight."""
END = 1 << 17
"""Bytes read of the end of a larger one."""
SLICE = 1 << 18
"""Bytes read in one go."""
RESTING = 300.0
"""Seconds without growth after which what is needed to read on is let go."""
_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class Stamp(NamedTuple):
    """What tells that a file has changed."""

    size: int
    mtime_ns: int
    device: int
    inode: int


def stamp_of(path: str) -> Stamp:
    """The stamp of the file that has this name now; OSError if there is none."""
    status = os.stat(path)
    return Stamp(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)


class GlancedLog:
    """A log's glance, kept up to date as far as it is asked to."""

    def __init__(self, path: str, format_hint: str | None = None) -> None:
        self._path = path
        self._hint = format_hint
        self._reader: GlanceReader | None = None
        self._offset = 0
        self._fresh: GlanceReader | None = None
        """Reads the log whole while `_reader` has read its end only."""
        self._filled = 0
        self._inside = False
        """What is read next begins somewhere inside a line."""
        self._seen: Stamp | None = None
        self.glance: Glance | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of the log has been read; else `fill` goes on with that."""
        return self.glance is not None and self.glance.whole

    def look(self, stamp: Stamp, now: float, *, resting: bool) -> bool:
        """Read what is new as of `stamp`; whether there is more to read.

        `now` is the time (seconds, monotonic). `resting`: it will hardly grow, so what is unfinished
        in it stays so. Raises OSError if the log cannot be read; then nothing has changed.
        """
        before = self._seen
        if self._reader is None or (before is not None and _is_other(before, stamp)):
            self._start(stamp)
        assert self._reader is not None
        reader = self._reader
        data = self._read(self._offset, min(SLICE, max(stamp.size - self._offset, 0)))
        self._offset += len(data)
        self._seen = stamp
        reader.feed(data[line_begin(data) :] if self._inside else data, now)
        self._inside = self._inside and not data
        more = bool(data) and self._offset < stamp.size
        if resting and not more:
            self.glance = as_of_end(reader.finish())
            self._reader = None
        else:
            self.glance = reader.glance()
        return more

    def fill(self, now: float) -> bool:
        """Read a slice of a log of which only the end was read; whether there is more."""
        if self._fresh is None:
            self._fresh, self._filled = GlanceReader(self._hint), 0
        data = self._read(self._filled, SLICE)
        self._filled += len(data)
        self._fresh.feed(data, now)
        if len(data) == SLICE:
            return True
        self._offset = self._filled
        if self._reader is None:
            self.glance = as_of_end(self._fresh.finish())
        else:
            self._reader = self._fresh
            self.glance = self._fresh.glance()
        self._fresh = None
        return False

    def _start(self, stamp: Stamp) -> None:
        """Begin to read, or begin anew in another file."""
        cut = stamp.size > WHOLE
        self._offset = stamp.size - END if cut else 0
        self._inside = cut
        self._reader = GlanceReader(self._hint, cut=cut)
        self._fresh = None

    def _read(self, offset: int, size: int) -> bytes:
        if size <= 0:
            return b""
        fd = os.open(self._path, _OPEN_FLAGS)
        try:
            return os.pread(fd, size, offset)
        finally:
            os.close(fd)


def _is_other(before: Stamp, now: Stamp) -> bool:
    """Whether a file was replaced or cut back, going by its stamp."""
    replaced = (before.device, before.inode) != (now.device, now.inode)
    return replaced or now.size < before.size
