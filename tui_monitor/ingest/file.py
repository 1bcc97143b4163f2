"""A file that grows, followed by name through rotation, truncation and replacement.

A file is known by its open descriptor and by a fingerprint of what was read of it: its first bytes
and those before the read position. Inode numbers alone tell nothing (they are reused, and change
under some network file systems), nor do sizes (a file can be truncated and grow back unseen).
"""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tui_monitor.core.text import sanitise
from tui_monitor.ingest.rotated import Siblings
from tui_monitor.ingest.source import Chunk, Following, Gap, Pulled, Restarted, Waiting
from tui_monitor.ingest.trace import Trace
from tui_monitor.ingest.watch import Bell

_KEPT = 1 << 16  # bytes kept of a shorter file that no other log begins with ...
_KEPT_PART = 8  # ... or this part of what was read: less may be the same preamble of a new run
_HOLE = 8  # NULs in a row that may be a hole of the file
_REFRESH = 2.0  # seconds between two looks whether the bell still rings
_DEAF = 5  # times in a row that the file grew without a ring: events do not come here
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class FileTail:
    """Source of the bytes of a file by name, from its beginning, for as long as it is asked.

    Of a file that is replaced, all is read before its successor; while that is empty, late writers
    to the old one are waited for `linger` seconds, and the old one is watched as long again.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        watch: bool = True,
        linger: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = Path(os.path.abspath(path))
        self._clock = clock
        self._linger = linger
        self._watch = watch
        self._rung = threading.Event()
        self._bell: Bell | None = None
        self._refreshed = float("-inf")
        self._idle = False
        self._unrung = 0  # times in a row that the file grew without a ring
        self._rings = 0
        self._fd: int | None = None
        self._trace = Trace()
        self._successor_since: float | None = None
        self._retired: tuple[int, int, float] | None = None  # descriptor, size, until when
        self._siblings = Siblings(self._path)
        self._missed: list[int] = []  # descriptors of files that had the name in between

    @property
    def name(self) -> str:
        """The file's name, safe to show."""
        return sanitise(self._path.name)

    @property
    def following(self) -> Following:
        """`events` while the bell is known to work, else `polling`."""
        bell = self._bell
        return "events" if bell is not None and bell.alive and self._unrung < _DEAF else "polling"

    @property
    def rung(self) -> threading.Event:
        """Set by file system events."""
        return self._rung

    def position(self) -> None:
        """Nothing is replayed here."""

    def close(self) -> None:
        """Let go of the file and of the bell."""
        self._close_file()
        self._close_retired()
        for fd in self._missed:
            os.close(fd)
        self._missed.clear()
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def pull(self, limit: int) -> Pulled:
        """The next bytes, or why there are none."""
        try:
            pulled = self._pull(limit)
        except OSError as error:
            # The descriptor may have gone stale: the fingerprint finds the place again.
            self._close_file()
            pulled = Waiting(self._explain(error))
        self._listen(grown=isinstance(pulled, Chunk))
        return pulled

    def _pull(self, limit: int) -> Pulled:
        if self._fd is None:
            return self._open() or self._read(limit)
        return self._read(limit) or self._read_missed() or self._check_name(limit)

    def _read_missed(self) -> Restarted | None:
        """Turn to the next of the files that came and went between two looks."""
        if not self._missed:
            return None
        self._replace(self._missed.pop(0))
        return Restarted(f"{self.name} was rotated: following the next file")

    # --- reading

    def _read(self, limit: int) -> Chunk | Restarted | None:
        """What has been appended; or that the file is not what was read any more."""
        fd, trace = self._fd, self._trace
        if fd is None:
            return None
        data = os.pread(fd, limit, trace.position)
        # Checked after reading: if the part read before is still there, so was it at the reading.
        if not trace.fits(fd):
            return self._start_over(fd)
        trace.size = os.fstat(fd).st_size
        if data.startswith(bytes(_HOLE)):
            return self._read_nuls(fd, data)
        text = data.rstrip(b"\0")
        if len(data) - len(text) >= _HOLE:
            data = text  # a hole may begin here: looked at in its turn
        if not data:
            return None
        trace.add(data)
        return Chunk(data)

    def _read_nuls(self, fd: int, data: bytes) -> Chunk | None:
        """NULs at the position: go past them at once if they are a hole of the file.

        NULs at the file's end are left for now: they may be space laid out in advance, to be filled.
        """
        position = self._trace.position
        begin = _find(fd, position, "SEEK_DATA")
        if begin is None:
            return None
        if begin > position:
            self._trace.skip(begin)
            return Chunk(bytes(_HOLE))  # tells the reader of lines that there was a hole
        nuls = len(data) - len(data.lstrip(b"\0"))
        hole = _find(fd, position, "SEEK_HOLE") or position
        end = min(position + nuls, hole) if hole > position else position + nuls
        if end >= os.fstat(fd).st_size or _find(fd, end, "SEEK_DATA") is None:
            return None
        self._trace.add(data[: end - position])
        return Chunk(data[: end - position])

    def _start_over(self, fd: int) -> Restarted:
        """The open file was cut back, truncated or rewritten in place."""
        trace = self._trace
        unread, size = trace.size - trace.position, os.fstat(fd).st_size
        lost = f"; {unread} bytes not yet read are lost" if unread > 0 else ""
        kept = trace.kept(fd, size) if 0 < size < trace.position else 0
        if kept >= min(_KEPT, trace.position / _KEPT_PART) and kept:
            cut = trace.position - kept
            trace.cut(fd, kept)
            return Restarted(f"{self.name} was cut back by {cut} bytes and goes on{lost}", kept)
        how = "truncated" if size < trace.position else "rewritten"
        self._trace = Trace()
        self._siblings.note()
        return Restarted(f"{self.name} was {how}: read from its start{lost}")

    # --- the name

    def _open(self) -> Restarted | Waiting | None:
        """Open what has the name. None: it goes on where reading stopped."""
        opened = self._open_named()
        if isinstance(opened, Waiting):
            return opened
        return self._adopt(opened)

    def _open_named(self) -> int | Waiting:
        """A descriptor of the file that has the name now; opening must not block."""
        mode = os.stat(self._path).st_mode
        if not stat.S_ISREG(mode):
            return Waiting(f"{self.name} is {_kind(mode)}, not a file; waiting for a file")
        fd = os.open(self._path, _OPEN_FLAGS)
        if not stat.S_ISREG(os.fstat(fd).st_mode):  # swapped in between
            os.close(fd)
            return Waiting(f"{self.name} is not a file; waiting for a file")
        return fd

    def _adopt(self, fd: int) -> Restarted | None:
        """Go on with another descriptor, at the same place if it holds what was read."""
        self._successor_since = None
        try:
            same = self._trace.fits(fd)
        except OSError:
            os.close(fd)
            raise
        if same:
            self._close_file()
            self._fd = fd
            self._siblings.note()
            return None
        if self._fd is not None and (missed := self._siblings.open_new(self._fd, fd)):
            os.close(fd)  # found by its name again, after those that came before it
            self._missed = missed
            return self._read_missed()
        self._replace(fd)
        if self._path.is_symlink():
            target = sanitise(os.path.basename(os.path.realpath(self._path)))
            return Restarted(f"{self.name} now leads to {target}")
        return Restarted(f"{self.name} was replaced: following the new file")

    def _replace(self, fd: int) -> None:
        """Begin to read another file; the one before is watched for late writers."""
        if self._fd is not None:
            self._close_retired()
            self._retired = (self._fd, self._trace.position, self._clock() + self._linger)
        self._fd = fd
        self._trace = Trace()
        self._siblings.note()

    def _check_name(self, limit: int) -> Pulled:
        """At the end of the open file: does its name lead elsewhere by now?"""
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            return Waiting(f"{self.name} is gone; waiting for it to come back")
        except OSError as error:
            return Waiting(self._explain(error))
        if self._fd is None or os.path.samestat(named, os.fstat(self._fd)):
            self._successor_since = None
            return self._check_retired()
        now = self._clock()
        if self._successor_since is None:
            self._successor_since = now
        empty = stat.S_ISREG(named.st_mode) and not named.st_size
        if empty and now < self._successor_since + self._linger:
            return None  # its writer may still be writing to the old file
        try:
            opened = self._open_named()
        except OSError as error:
            return Waiting(self._explain(error))  # the old file stays open
        if isinstance(opened, Waiting):
            return opened
        # The successor has begun, so its predecessor's end is final now.
        last = self._read(limit)
        if last is not None:
            os.close(opened)
            return last
        return self._adopt(opened) or self._read(limit)

    def _check_retired(self) -> Gap | None:
        """Late writes to the file followed before, which come too late to be shown in order."""
        if self._retired is None:
            return None
        fd, size, until = self._retired
        late = os.fstat(fd).st_size - size
        if late > 0:
            self._retired = (fd, size + late, until)
            return Gap(f"{late} bytes came late to the file before {self.name}: not shown")
        if self._clock() >= until:
            self._close_retired()
        return None

    def _explain(self, error: OSError) -> str:
        if isinstance(error, FileNotFoundError):
            return f"waiting for {self.name} to appear"
        if isinstance(error, PermissionError):
            return f"{self.name}: permission denied; retrying"
        return f"{self.name}: {error.strerror or 'cannot be read'}; retrying"

    # --- the bell, the descriptors

    def _listen(self, *, grown: bool) -> None:
        """Keep the bell alive, and find out whether it rings when the file grows."""
        if not self._watch:
            return
        rings = self._bell.rings if self._bell is not None else 0
        if rings != self._rings:
            self._rings, self._unrung = rings, 0
        elif grown and self._idle:
            self._unrung += 1
        was_idle, self._idle = self._idle, not grown
        now = self._clock()
        # At the second idle pull: loading the listener must not delay the first bytes' way on.
        if was_idle and not grown and now - self._refreshed >= _REFRESH:
            self._refreshed = now
            if self._bell is None:
                self._bell = Bell(self._path, self._rung)
            else:
                self._bell.refresh()

    def _close_file(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _close_retired(self) -> None:
        if self._retired is not None:
            os.close(self._retired[0])
            self._retired = None


def _find(fd: int, position: int, what: Literal["SEEK_DATA", "SEEK_HOLE"]) -> int | None:
    """Where data, or a hole, begin at a position or behind it; None behind the last data.

    Where the system does not know holes, all is data: the position itself.
    """
    whence: int | None = getattr(os, what, None)
    if whence is None:
        return position
    try:
        return os.lseek(fd, position, whence)
    except OSError as error:
        return None if error.errno == errno.ENXIO else position


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a device or socket"
