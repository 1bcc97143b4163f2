"""A file that grows, followed by name through rotation, truncation and replacement.

A file is known by its open descriptor and by a fingerprint of what was read of it: its first bytes
and those before the read position. Inode numbers alone tell nothing (they are reused, and change
under some network file systems), nor do sizes (a file can be truncated and grow back unseen).
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tui_monitor.core.text import sanitise
from tui_monitor.ingest.source import Chunk, Following, Pulled, Restarted, Waiting
from tui_monitor.ingest.watch import Bell

_HEAD = 4096  # bytes of a file's beginning that identify it
_RECENT = 256  # bytes before the read position that do
_REFRESH = 2.0  # seconds between two looks whether the bell still rings
_DEAF = 5  # times in a row that the file grew without a ring: events do not come here
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class _Trace:
    """How far a file was read, and what identifies the part read."""

    def __init__(self) -> None:
        self.position = 0
        self.size = 0
        """As last seen."""
        self._head = b""
        self._recent = b""

    def add(self, data: bytes) -> None:
        """Take note of the bytes read at the position."""
        if len(self._head) < _HEAD:
            self._head = (self._head + data[:_HEAD])[:_HEAD]
        self._recent = (self._recent + data[-_RECENT:])[-_RECENT:]
        self.position += len(data)
        self.size = max(self.size, self.position)

    def fits(self, fd: int) -> bool:
        """Whether the file holds the part that was read."""
        start = self.position - len(self._recent)
        return (
            os.pread(fd, len(self._recent), start) == self._recent
            and os.pread(fd, len(self._head), 0) == self._head
        )


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
        self._trace = _Trace()
        self._successor_since: float | None = None
        self._retired: tuple[int, int, float] | None = None  # descriptor, size, until when

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
        return self._read(limit) or self._check_name(limit)

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
        if not data:
            return None
        trace.add(data)
        return Chunk(data)

    def _start_over(self, fd: int) -> Restarted:
        """The open file was truncated or rewritten in place."""
        unread = self._trace.size - self._trace.position
        shrunk = os.fstat(fd).st_size < self._trace.position
        self._trace = _Trace()
        reason = f"{self.name} was {'truncated' if shrunk else 'rewritten'}: read from its start"
        return Restarted(reason + (f"; {unread} bytes not yet read are lost" if unread > 0 else ""))

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
            return None
        if self._fd is not None:
            self._close_retired()
            self._retired = (self._fd, self._trace.position, self._clock() + self._linger)
        self._fd = fd
        self._trace = _Trace()
        if self._path.is_symlink():
            target = sanitise(os.path.basename(os.path.realpath(self._path)))
            return Restarted(f"{self.name} now leads to {target}")
        return Restarted(f"{self.name} was replaced: following the new file")

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

    def _check_retired(self) -> Waiting | None:
        """Late writes to the file followed before, which come too late to be shown in order."""
        if self._retired is None:
            return None
        fd, size, until = self._retired
        late = os.fstat(fd).st_size - size
        if late > 0:
            self._retired = (fd, size + late, until)
            return Waiting(f"{late} bytes came late to the file before {self.name}: not shown")
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


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a device or socket"
