"""How far a file was read, and what identifies the part read: a fingerprint of its content.

The first bytes and those before the read position are kept as they are. Checksums at line ends in
between tell how much of a file that has become shorter is still what was read.
"""

from __future__ import annotations

import os
from array import array
from zlib import crc32

_HEAD = 4096  # bytes of a file's beginning that identify it
_RECENT = 256  # bytes before the read position that do
_SPACING = 16  # a checksum every position >> _SPACING bytes: about 65 000 for each factor of e
_UNBROKEN = 1 << 16  # bytes without a line end after which a checksum comes all the same


class Trace:
    """The read position in a file and the fingerprint of what lies before it."""

    def __init__(self) -> None:
        self.position = 0
        self.size = 0
        """As last seen."""
        self._head = b""
        self._recent = b""
        self._begins = array("Q")  # of the stretches that have a checksum
        self._ends = array("Q")
        self._sums = array("L")
        self._begin = 0  # of the stretch that has none yet
        self._sum = 0

    @property
    def recent(self) -> bytes:
        """The last bytes before the position, at most 256."""
        return self._recent

    def add(self, data: bytes) -> None:
        """Take note of the bytes read at the position."""
        if len(self._head) < _HEAD and self.position == len(self._head):
            self._head = (self._head + data[:_HEAD])[:_HEAD]
        self._recent = (self._recent + data[-_RECENT:])[-_RECENT:]
        self._sum_up(data)
        self.position += len(data)
        self.size = max(self.size, self.position)

    def skip(self, position: int) -> None:
        """Go on behind a hole, of which nothing identifies anything."""
        self._close_stretch(self.position)
        self._begin = self.position = position
        self._recent = b""
        self.size = max(self.size, position)

    def fits(self, fd: int) -> bool:
        """Whether the file holds the part that was read."""
        start = self.position - len(self._recent)
        return (
            os.pread(fd, len(self._recent), start) == self._recent
            and os.pread(fd, len(self._head), 0) == self._head
            and (self._recent != b"" or os.fstat(fd).st_size >= self.position)
        )

    def kept(self, fd: int, size: int) -> int:
        """How many bytes of a file of `size` bytes, fewer than were read, are those read.

        Exact where a log is cut at a line end and less than 4 MiB were read; beyond, what follows
        the last checksum that holds counts as new, a few lines at most. A last line without an end
        counts as kept.
        """
        kept = 0
        stretches = zip(self._begins, self._ends, self._sums, strict=True)
        for begin, end, known in stretches:
            if end > size:
                break
            if crc32(os.pread(fd, end - begin, begin)) != known:
                return kept
            kept = end
        if not kept:
            return 0
        # No old line ends between here and the size: if one does now, its line is new.
        return kept if b"\n" in os.pread(fd, size - kept, kept) else size

    def cut(self, fd: int, position: int) -> None:
        """Forget what was read from a position on."""
        while self._ends and self._ends[-1] > position:
            self._begins.pop()
            self._ends.pop()
            self._sums.pop()
        self._begin = self._ends[-1] if self._ends else 0
        self._sum = crc32(os.pread(fd, position - self._begin, self._begin))
        self._head = self._head[:position]
        start = max(position - _RECENT, 0)
        self._recent = os.pread(fd, position - start, start)
        self.position = self.size = position

    def _sum_up(self, data: bytes) -> None:
        """Extend the checksums over the bytes at the position."""
        view, at = memoryview(data), 0
        spacing = max(self.position >> _SPACING, 1)
        while True:
            end = data.find(b"\n", max(at, self._begin + spacing - 1 - self.position))
            if end < 0:
                break
            self._sum = crc32(view[at : end + 1], self._sum)
            at = end + 1
            self._close_stretch(self.position + at)
        self._sum = crc32(view[at:], self._sum)
        stop = self.position + len(data)
        if stop - self._begin >= max(_UNBROKEN, spacing):
            self._close_stretch(stop)

    def _close_stretch(self, end: int) -> None:
        if end > self._begin:
            self._begins.append(self._begin)
            self._ends.append(end)
            self._sums.append(self._sum)
        self._begin, self._sum = end, 0
