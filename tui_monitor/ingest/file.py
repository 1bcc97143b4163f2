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

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.ingest.opened import OpenedFile
from tui_monitor.ingest.rotated import Siblings
from tui_monitor.ingest.source import Chunk, Following, Gap, Hole, Pulled, Restarted, Waiting
from tui_monitor.ingest.trace import Trace
from tui_monitor.ingest.watch import Listening

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class FileTail:
    """Source of the bytes of a file by name, for as long as it is asked: the first file that has the
    name from byte `begin` on, others from their beginning.

    Of a file that is replaced, all is read before its successor; while that is empty, late writers
    to the old one are waited for `linger` seconds, and the old one is watched as long again.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        begin: int = 0,
        watch: bool = True,
        linger: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = Path(os.path.abspath(path))
        self._begin = begin
        self._clock = clock
        self._linger = linger
        self._rung = threading.Event()
        self._listening = Listening(self._path, self._rung, clock, watch=watch)
        self._file: OpenedFile | None = None
        self._lost: OpenedFile | None = None  # had to be closed: its trace finds the place again
        self._successor_since: float | None = None
        self._retired: tuple[OpenedFile, int, float] | None = None  # file, size, until when
        self._siblings = Siblings(self._path)
        self._missed: list[int] = []  # descriptors of files that had the name in between
        self._gaps: list[str] = []  # to be told

    @property
    def name(self) -> str:
        """The file's name, safe to show."""
        return sanitise(self._path.name)

    @property
    def following(self) -> Following:
        """`events` while they are known to come, else `polling`."""
        return self._listening.following

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
        self._listening.close()

    def pull(self, limit: int) -> Pulled:
        """The next bytes, or why there are none."""
        try:
            pulled = self._pull(limit)
        except OSError as error:
            # The descriptor may have gone stale: the fingerprint finds the place again.
            self._close_file()
            pulled = Waiting(self._explain(error))
        self._listening.note(grown=isinstance(pulled, Chunk | Hole))
        return pulled

    def _pull(self, limit: int) -> Pulled:
        if self._gaps:
            return Gap(self._gaps.pop(0))
        if self._file is None:
            return self._open() or self._read(limit)
        return self._read(limit) or self._read_missed() or self._check_name(limit)

    def _read(self, limit: int) -> Chunk | Hole | Restarted | None:
        """What has been appended to the open file."""
        file = self._file
        if file is None:
            return None
        pulled = file.read(limit)
        if isinstance(pulled, Restarted):
            self._siblings.note(file.fd)  # a copy made of what it held is no part of the log
        return pulled

    def _read_missed(self) -> Restarted | None:
        """Turn to the next of the files that came and went between two looks."""
        if not self._missed:
            return None
        self._replace(self._missed.pop(0))
        return Restarted(f"{self.name} was rotated: following the next file")

    # --- the name

    def _open(self) -> Restarted | Waiting | None:
        """Open what has the name. None: it goes on where reading stopped, or has gone already."""
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
        """Go on with another descriptor, at the same place if it holds what was read.

        None also if the file has lost the name meanwhile: the next look finds what came after it.
        """
        self._successor_since = None
        before = self._file or self._lost
        try:
            if before is None or before.trace.fits(fd):
                if not self._siblings.note(fd):
                    os.close(fd)
                    return None
                self._close_file()
                trace = before.trace if before is not None else Trace(self._begin)
                self._file = OpenedFile(fd, self.name, trace)
                self._lost = None
                return None
            if self._file is not None:
                missed = self._siblings.open_new(self._file.fd, fd)
                if missed is None:
                    os.close(fd)
                    return None
                self._gaps += missed.unread
                self._missed = missed.fds
        except OSError:
            os.close(fd)
            raise
        if self._missed:
            os.close(fd)  # found by its name again, after those that came before it
            return self._read_missed()
        self._replace(fd)
        if self._path.is_symlink():
            target = sanitise(os.path.basename(os.path.realpath(self._path)))
            return Restarted(f"{self.name} now leads to {target}")
        return Restarted(f"{self.name} was replaced: following the new file")

    def _replace(self, fd: int) -> None:
        """Begin to read another file; the one before is watched for late writers."""
        if self._file is not None:
            self._close_retired()
            until = self._clock() + self._linger
            self._retired = (self._file, self._file.trace.position, until)
        self._file, self._lost = OpenedFile(fd, self.name), None

    def _check_name(self, limit: int) -> Pulled:
        """At the end of the open file: does its name lead elsewhere by now?"""
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            return Waiting(f"{self.name} is gone; waiting for it to come back")
        except OSError as error:
            return Waiting(self._explain(error))
        if self._file is None or os.path.samestat(named, os.fstat(self._file.fd)):
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
        file, size, until = self._retired
        late = os.fstat(file.fd).st_size - size
        if late > 0:
            self._retired = (file, size + late, until)
            return Gap(f"{late} bytes came late to the file before {self.name}: not shown")
        if self._clock() >= until:
            self._close_retired()
        return None

    def _explain(self, error: OSError) -> str:
        if isinstance(error, FileNotFoundError):
            folder = os.path.abspath(os.path.dirname(self._path))
            if not os.path.isdir(folder):
                return f"waiting for {self.name}: there is no folder {folder} yet"
            return f"waiting for {self.name} to appear in {folder}"
        if isinstance(error, PermissionError):
            return f"{self.name}: permission denied; retrying"
        return f"{self.name}: {error.strerror or 'cannot be read'}; retrying"

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._lost, self._file = self._file, None

    def _close_retired(self) -> None:
        if self._retired is not None:
            self._retired[0].close()
            self._retired = None


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a device or socket"
