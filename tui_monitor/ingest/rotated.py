"""Files that had a log's name between two looks: found by the names that rotation gives them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_SAME = 4096  # first bytes by which a copy of what was read is known
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_PACKED = (".gz", ".bz2", ".xz", ".zst")

Identity = tuple[int, int]
"""Device and inode: of files that are there at the same time, that is enough."""


class Siblings:
    """The rotated files beside a log, `NAME.1` or `NAME-20240131`, as noted last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._noted: dict[Identity, Path] | None = None

    def note(self) -> None:
        """Take note of those there are now."""
        self._noted = self._list()

    def open_new(self, before: int, after: int) -> list[int]:
        """Descriptors of those that came since, oldest first.

        They were written after the file open as `before` and ahead of its successor, open as
        `after`; neither of them is among them, nor are copies of `before`.
        """
        if self._noted is None:
            return []
        known = {_identity(os.fstat(before)), _identity(os.fstat(after)), *self._noted}
        begun = os.fstat(before).st_mtime_ns
        head = os.pread(before, _SAME, 0)
        found: list[tuple[int, int]] = []
        for identity, path in self._list().items():
            if identity in known:
                continue
            try:
                fd = os.open(path, _OPEN_FLAGS)
            except OSError:
                continue
            status = os.fstat(fd)
            copied = os.pread(fd, len(head), 0) == head
            if not stat.S_ISREG(status.st_mode) or copied or status.st_mtime_ns < begun:
                os.close(fd)
                continue
            found.append((status.st_mtime_ns, fd))
        return [fd for _, fd in sorted(found)]

    def _list(self) -> dict[Identity, Path]:
        found: dict[Identity, Path] = {}
        try:
            with os.scandir(self._path.parent) as entries:
                for entry in entries:
                    name = entry.name
                    if not name.startswith((f"{self._path.name}.", f"{self._path.name}-")):
                        continue
                    if not name.endswith(_PACKED) and entry.is_file(follow_symlinks=False):
                        found[_identity(entry.stat(follow_symlinks=False))] = Path(entry.path)
        except OSError:  # the directory has just gone: what it held is not known
            return found
        return found


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
