"""A log file that is open: read from where reading stopped, whatever was done to its content.

Owns holes, files cut back, truncated and rewritten in place. It knows no name but the one to tell
the user; `file` follows that.
"""

from __future__ import annotations

import errno
import os
import time
from typing import Literal

from tui_monitor.ingest.source import OLD, Chunk, Hole, Restarted
from tui_monitor.ingest.trace import Trace, was_cut_back

_HOLE = 8  # NULs in a row that may be a hole of the file


class OpenedFile:
    """A descriptor, which it owns, and the trace of what was read of the file."""

    def __init__(self, fd: int, name: str, trace: Trace | None = None) -> None:
        self.fd = fd
        self.trace = trace or Trace()
        self._name = name
        self._found = os.fstat(fd).st_size  # bytes that were there before anybody looked

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.fd)

    def read(self, limit: int) -> Chunk | Hole | Restarted | None:
        """What has been appended; or that the file is not what was read any more."""
        fd, trace = self.fd, self.trace
        data = os.pread(fd, limit, trace.position)
        # Checked after reading: if the part read before is still there, so was it at the reading.
        if not trace.fits(fd):
            return self._start_over()
        now = os.fstat(fd)
        trace.size = now.st_size
        if data.startswith(bytes(_HOLE)):
            return self._read_nuls(data)
        text = data.rstrip(b"\0")
        if len(data) - len(text) >= _HOLE:
            data = text  # a hole may begin here: looked at in its turn
        if not data:
            return None
        trace.add(data)
        age = time.time() - now.st_mtime
        is_found = now.st_size == trace.position <= self._found
        return Chunk(data, age if is_found and age >= OLD else 0.0)

    def _read_nuls(self, data: bytes) -> Chunk | Hole | None:
        """NULs at the position: go past them at once if they are a hole of the file.

        NULs at the file's end are left for now: they may be space laid out in advance, to be filled.
        """
        fd, position = self.fd, self.trace.position
        begin = _find(fd, position, "SEEK_DATA")
        if begin is None:
            return None
        if begin > position:
            self.trace.skip(begin)
            return Hole(begin - position)
        nuls = len(data) - len(data.lstrip(b"\0"))
        hole = _find(fd, position, "SEEK_HOLE") or position
        end = min(position + nuls, hole) if hole > position else position + nuls
        if end >= os.fstat(fd).st_size or _find(fd, end, "SEEK_DATA") is None:
            return None
        self.trace.add(data[: end - position])
        return Chunk(data[: end - position])

    def _start_over(self) -> Restarted:
        """The file was cut back, truncated or rewritten in place."""
        trace, size = self.trace, os.fstat(self.fd).st_size
        unread = trace.size - trace.position
        lost = f"; {unread} bytes not yet read are lost" if unread > 0 else ""
        kept = trace.kept(self.fd, size)
        shorter = size < trace.position
        if was_cut_back(kept, trace.position, shorter=shorter):
            cut = trace.position - kept
            trace.cut(kept, lambda size, offset: os.pread(self.fd, size, offset))
            return Restarted(f"{self._name} was cut back by {cut} bytes and goes on{lost}", kept)
        how = "truncated" if shorter else "rewritten"
        self.trace = Trace()
        return Restarted(f"{self._name} was {how}: read from its start{lost}")


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
