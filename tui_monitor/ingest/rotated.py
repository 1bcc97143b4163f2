"""Files that had a log's name between two looks: found by the names that rotation gives them.

Owns what is known of the rotated parts beside a log, their order, and the unpacking of those that
were compressed. Inode numbers are reused as soon as a part is deleted, so content decides.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from tui_monitor.core.lines.safe import sanitise

_HEAD = 4096  # first bytes by which a file is known
_UNPACKED = 1 << 28  # bytes unpacked of one part at most
_BLOCK = 1 << 20
_LATE = 5 * 10**9  # nanoseconds that a file may be written to after its successor
_SMALL = 100_000  # numbers below count the rotations, from the newest; others are dates
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


Identity = tuple[int, int]
"""Device and inode."""


class Part(NamedTuple):
    """A rotated part as it was listed."""

    path: Path
    numbers: tuple[int, ...]
    """Those in what follows the log's name."""
    packed: str
    """The ending of its kind of compression; empty: none."""
    changed: int
    """Time of its last change, nanoseconds."""
    size: int
    head: bytes
    """Its first bytes; none of a packed one."""

    def is_same(self, other: Part) -> bool:
        """Whether this is what was listed before as `other`, under the same identity."""
        if self.changed == other.changed and self.size == other.size:
            return True
        grown = self.size >= other.size and self.head.startswith(other.head)
        return grown and bool(other.head)


class Missed(NamedTuple):
    """Files that had the log's name between two looks."""

    fds: list[int]
    """Open for reading, oldest first."""
    unread: list[str]
    """What could not be read of them: a line for the user each."""


class Siblings:
    """The rotated parts of a log, `NAME.1` or `NAME-20240131` or packed, as listed last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = re.compile(
            re.escape(path.name) + r"[.-](?P<numbers>\d[\w.:+-]*?)(?P<packed>\.gz|\.bz2|\.xz)?"
        )
        self._noted: dict[Identity, Part] = {}

    def note(self, fd: int) -> bool:
        """Take note of those there are now; False if `fd` has lost the log's name meanwhile."""
        self._noted = self._list()
        return self._is_named(fd)

    def open_new(self, before: int, after: int) -> Missed | None:
        """Those that came since, written after the file open as `before` and ahead of `after`.

        Copies and packed forms of what was there before are not among them. None if `after` has
        lost the log's name meanwhile: others may have come after it, so it is too early to tell.
        """
        listed = self._list()
        if not self._is_named(after):
            return None
        noted, self._noted = self._noted, listed
        if self._path.is_symlink():
            return Missed([], [])  # it leads from file to file: none was renamed
        status = os.fstat(before)
        own, head = _identity(status), os.pread(before, _HEAD, 0)
        known = {own, _identity(os.fstat(after))}
        new = [
            part
            for identity, part in listed.items()
            if identity not in known
            and not (identity in noted and part.is_same(noted[identity]))
            and part.changed >= status.st_mtime_ns - _LATE
        ]
        plain = [part for part in new if not part.packed and not (head and part.head == head)]
        heads = {part.head for part in [*noted.values(), *plain] if part.head} | {head}
        packed = [part for part in new if part.packed]
        return _open_in_turn(plain, packed, heads, listed.get(own))

    def _is_named(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(fd))
        except OSError:
            return False

    def _list(self) -> dict[Identity, Part]:
        found: dict[Identity, Part] = {}
        try:
            with os.scandir(self._path.parent) as entries:
                for entry in entries:
                    match = self._name.fullmatch(entry.name)
                    if match is not None and entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        found[_identity(status)] = _part(Path(entry.path), match, status)
        except OSError:  # the directory has just gone: what it held is not known
            return found
        return found


def _part(path: Path, name: re.Match[str], status: os.stat_result) -> Part:
    packed = name["packed"] or ""
    head = b""
    if not packed:
        try:
            with open(path, "rb", opener=lambda name, _: os.open(name, _OPEN_FLAGS)) as file:
                head = file.read(_HEAD)
        except OSError:
            head = b""  # not readable for us: its size and time have to do
    numbers = tuple(int(each[:20]) for each in re.findall(r"\d+", name["numbers"], re.ASCII))
    return Part(path, numbers, packed, status.st_mtime_ns, status.st_size, head)


def _open_in_turn(
    plain: Iterable[Part], packed: Iterable[Part], heads: set[bytes], before: Part | None
) -> Missed:
    """Open parts, oldest first; packed ones unless one with such a head is there or is known."""
    opened: list[tuple[Part, int]] = []
    unread: list[str] = []
    for part in plain:
        try:
            fd = os.open(part.path, _OPEN_FLAGS)
        except OSError as error:
            unread.append(f"{sanitise(part.path.name)} cannot be read ({error.strerror})")
            continue
        if stat.S_ISREG(os.fstat(fd).st_mode):
            opened.append((part, fd))
        else:
            os.close(fd)
    names = {part.path.name for part, _ in opened}
    for part in packed:
        if part.path.name.removesuffix(part.packed) in names:
            continue  # it is being packed just now
        try:
            fd, whole = _unpack(part)
        except (OSError, EOFError, ValueError) as error:
            unread.append(sanitise(f"{part.path.name} cannot be unpacked ({error})")[:200])
            continue
        if os.pread(fd, _HEAD, 0) in heads:
            os.close(fd)
            continue
        opened.append((part, fd))
        if not whole:
            unread.append(f"{sanitise(part.path.name)} was read to {_UNPACKED >> 20} MiB only")
    opened.sort(key=lambda each: _age(each[0], before))
    return Missed([fd for _, fd in opened], unread)


def _age(part: Part, before: Part | None) -> tuple[int, ...]:
    """Sorts parts from the oldest to the newest.

    Clocks of file systems are coarse, so where rotations are counted the numbers decide: away from
    that of the file before, whichever way they count.
    """
    counts = len(part.numbers) == 1 and part.numbers[0] < _SMALL
    if counts and before is not None and len(before.numbers) == 1:
        return (abs(part.numbers[0] - before.numbers[0]),)
    return (part.changed, -part.numbers[0]) if counts else (part.changed, *part.numbers)


def _unpack(part: Part) -> tuple[int, bool]:
    """A descriptor of an unnamed file with a packed part's content, and whether that is all.

    Raises OSError, EOFError or ValueError where it is broken.
    """
    # Imported here, as the packers: hardly ever needed, and each takes a while.
    import tempfile
    import zlib

    with tempfile.TemporaryFile() as file, _open_packed(part) as content:
        size = 0
        try:
            while size < _UNPACKED and (data := content.read(min(_BLOCK, _UNPACKED - size))):
                file.write(data)
                size += len(data)
            whole = not content.read(1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        file.flush()
        return os.dup(file.fileno()), whole


def _open_packed(part: Part) -> BinaryIO:
    if part.packed == ".gz":
        import gzip

        return cast(BinaryIO, gzip.open(part.path))
    if part.packed == ".bz2":
        import bz2

        return cast(BinaryIO, bz2.open(part.path))
    import lzma

    return cast(BinaryIO, lzma.open(part.path))


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
