"""How far a file was read, and what identifies the part read: a fingerprint of its content.

The first bytes and those before the read position are kept as they are. Checksums at line ends in
between tell how much of a file that has become shorter is still what was read.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Callable, Iterator
from zlib import crc32

_HEAD = 4096  # bytes of a file's beginning that identify it
_RECENT = 256  # bytes before the read position that do
_SPACING = 16  # a checksum every position >> _SPACING bytes: about 65 000 for each factor of e
_UNBROKEN = 1 << 16  # bytes without a line end after which a checksum comes all the same
_KEPT = 1 << 16  # bytes kept of a file that no other log begins with ...
_KEPT_PART = 8  # ... of a shorter one, this part of what was read: less may be a new run's preamble
_LINE_END = re.compile(rb"[\r\n]")  # bars that are redrawn end their states by carriage returns


class Trace:
    """The read position in a file and the fingerprint of what was read before it.

    `begin`: where reading begins; what lies before identifies nothing.
    """

    def __init__(self, begin: int = 0) -> None:
        self.position = begin
        self.size = begin
        """As last seen."""
        self._head = b""
        self._recent = b""
        self._begins = array("Q")  # of the stretches that have a checksum
        self._ends = array("Q")
        self._sums = array("I")
        self._begin = begin  # of the stretch that has none yet
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
        """How many bytes of a file of `size` bytes, which holds not all that was read, are those read.

        Exact where a log is cut at a line end and less than 4 MiB were read; beyond, what follows
        the last checksum that holds counts as new, a few lines at most. A last line without an end
        counts as kept, where the file ends with it.
        """
        kept = 0
        for begin, end, known in self.stretches():
            if end > size:
                break
            if crc32(os.pread(fd, end - begin, begin)) != known:
                return kept
            kept = end
        if not kept or size >= self.position:
            return kept
        # No old line ends between here and the size: if one does now, its line is new.
        return kept if _LINE_END.search(os.pread(fd, size - kept, kept)) else size

    def cut(self, position: int, read: Callable[[int, int], bytes]) -> None:
        """Forget what was read from a position on; `read` gives so many bytes from an offset."""
        while self._ends and self._ends[-1] > position:
            self._begins.pop()
            self._ends.pop()
            self._sums.pop()
        self._begin = self._ends[-1] if self._ends else 0
        self._sum = crc32(read(position - self._begin, self._begin))
        self._head = self._head[:position]
        start = max(position - _RECENT, 0)
        self._recent = read(position - start, start)
        self.position = self.size = position

    def stretches(self) -> Iterator[tuple[int, int, int]]:
        """Begin, end and checksum of what was read, in order; holes and the last bytes have none."""
        return zip(self._begins, self._ends, self._sums, strict=True)

    def _sum_up(self, data: bytes) -> None:
        """Extend the checksums over the bytes at the position."""
        view, at = memoryview(data), 0
        spacing = max(self.position >> _SPACING, 1)
        while True:
            found = _LINE_END.search(data, max(at, self._begin + spacing - 1 - self.position))
            if found is None:
                break
            self._sum = crc32(view[at : found.end()], self._sum)
            at = found.end()
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


def was_cut_back(kept: int, position: int, *, shorter: bool) -> bool:
    """Whether a file that holds the first `kept` bytes of those read up to `position` is the same.

    Else it is another log that begins like it. `shorter`: its size is less than the position.
    """
    return 0 < kept >= (min(_KEPT, position / _KEPT_PART) if shorter else _KEPT)


class Comparison:
    """How much of a file is what was read of it before, while it is read again from its start."""

    def __init__(self, trace: Trace) -> None:
        self._stretches = trace.stretches()
        self._next = next(self._stretches, None)
        self._position = trace.position
        self._base = 0  # offset of the first byte held
        self._held = bytearray()
        self.kept = 0
        """Bytes from the start that are as they were."""
        self._differs = False  # behind those kept
        self.shorter = False
        """Whether the file has ended with less than was read before."""

    @property
    def over(self) -> bool:
        """Whether it is known by now what was done to the file."""
        if not self._differs:
            return False
        kept, position = self.kept, self._position
        if was_cut_back(kept, position, shorter=True) > was_cut_back(kept, position, shorter=False):
            return self._base + len(self._held) >= position
        return True

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the file."""
        self._held += data
        while not self._differs and self._next is not None:
            begin, end, known = self._next
            if end > self._base + len(self._held):
                break
            if crc32(self.read(end - begin, begin)) == known:
                self.kept = end
                self._next = next(self._stretches, None)
            else:
                self._differs = True
        self._differs = self._differs or self._next is None
        if self.kept > 2 * _KEPT:
            drop = max(self.kept - _RECENT - self._base, 0)
            del self._held[:drop]
            self._base += drop

    def finish(self) -> None:
        """The file ends here: a last line without an end counts as kept."""
        size = self._base + len(self._held)
        self.shorter = size < self._position
        if self.shorter and self.kept and not _LINE_END.search(self.rest):
            self.kept = size

    @property
    def rest(self) -> bytes:
        """What was fed behind the part kept."""
        return bytes(self._held[self.kept - self._base :])

    @property
    def seen(self) -> bytes:
        """All that was fed, unless more of it was kept than other logs begin with."""
        return bytes(self._held)

    def read(self, size: int, offset: int) -> bytes:
        """Bytes of the file, of those still held."""
        return bytes(self._held[offset - self._base : offset - self._base + size])
