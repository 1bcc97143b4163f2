"""Which folders are walked, which files are looked into, what is a training log.

What is decided is apart from what is read. Folders are looked at again by their times, so that a
quiet tree costs a `stat` a folder.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import deque
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from tui_monitor.core.formats.detect import by_name, detect
from tui_monitor.core.lines.text import LineReader
from tui_monitor.ingest.specs import leads

MOST_FOLDERS = 20_000
"""Folders of one tree at most: a home directory by mistake must not be walked for hours."""
SNIFFED = 1 << 15
"""Bytes of a file's begin and of its end that are looked into."""
_DEEPEST = 24
_AGAIN, _UNREAD = -1, -2  # instead of a folder's time: to be read again; could not be read
_COARSE = 3.0  # seconds: times of folders may be no finer, so a change as young is looked at again
_ANEW = 40  # rounds after which every folder is read again, whatever its time
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "lost+found"})
_NO_LOG = re.compile(
    r"""\. (?:
    7z|avi|bin|bmp|bz2|cc?|ckpt|cpp|css|diff|dll|docx?|egg|exe|feather|flac|gif|go|gz|h|h5|hdf5|html|ico
    |ipynb|jar|java|jpe?g|js|keras|lock|md|mp3|mp4|np[yz]|o|onnx|parquet|patch|pb|pdf|pickle|pkl|png|pptx?
    |pth?|py[ci]?|rar|rs|rst|run|safetensors|sh|so|sqlite|svg|tar|tcss|tfrecord|tflite|tgz|tiff?|toml
    |ts|ttf|wav|webp|whl|woff2?|xlsx?|xz|ya?ml|zip|zst
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""Ends of names that are no logs, whatever is in them; a README may well quote a progress bar."""


class File(NamedTuple):
    """A file as a walk found it."""

    path: str
    size: int
    mtime: float
    identity: tuple[int, int]
    """Device and inode: a link to the same file has the same."""


class Unreadable(NamedTuple):
    """Something that cannot be looked into, with the reason, as one line for the user."""

    path: str
    reason: str


Verdict = Literal["log", "other", "open"]
"""Of a file: a training log; none; or text that may become one."""


# --- what is decided -----------------------------------------------------------------------------


def is_walked(name: str, pattern: Sequence[str] = ()) -> bool:
    """Whether a folder of this name is looked into; hidden ones only where a glob names them."""
    if name.startswith("."):
        return any(part.startswith(".") and fnmatchcase(name, part) for part in pattern)
    return name not in _SKIPPED_FOLDERS


def is_candidate(name: str) -> bool:
    """Whether a file may be a log, going by its name."""
    if name.startswith((".", "~")) or name.endswith("~"):
        return False
    return _NO_LOG.fullmatch(os.path.splitext(name)[1]) is None


def verdict(head: bytes, tail: bytes, format_hint: str | None = None) -> Verdict:
    """What a file is, by its begin and its end."""
    if not _is_text(head):
        return "other"
    for part in (head, tail):
        reader = LineReader()
        texts = [line.text for line in reader.feed(part) + reader.flush()]
        if detect(texts) is not None or (
            format_hint and any(map(by_name(format_hint).parse, texts))
        ):
            return "log"
    return "open"


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    control = sum(head.count(byte) for byte in (b"\0", b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"))
    return control * 50 <= len(head)


def is_worth_another_look(size: int, sniffed: int) -> bool:
    """Whether a text that was no log yet has grown enough to be looked into again."""
    return size < sniffed or size > sniffed + min(sniffed, SNIFFED)


# --- what is read --------------------------------------------------------------------------------


def sniff(path: str, size: int, format_hint: str | None = None) -> Verdict | Unreadable:
    """What a file is; opens it for a moment."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            head = os.pread(fd, SNIFFED, 0)
            tail = os.pread(fd, SNIFFED, max(size - SNIFFED, SNIFFED)) if size > SNIFFED else b""
        finally:
            os.close(fd)
    except OSError as error:
        return Unreadable(path, reason_of(error))
    return verdict(head, tail, format_hint)


class Tree:
    """The files below a folder, found a folder at a time. Symbolic links are followed, loops not."""

    def __init__(
        self,
        folder: str,
        pattern: Sequence[str] = (),
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._root = folder
        self._pattern = tuple(pattern)
        self._wall = wall
        self._due: deque[str] = deque([folder])
        self._times: dict[str, int] = {}
        """Of each folder that was due so far, its time then."""
        self._visited: dict[tuple[int, int], str] = {}
        self._round = 0

    @property
    def folders(self) -> list[str]:
        """Those read so far, the outer ones first."""
        return list(self._times)

    @property
    def busy(self) -> bool:
        """Whether folders are left to be read in this round."""
        return bool(self._due)

    def begin_round(self) -> None:
        """Look which folders have changed since they were read; those are due again."""
        self._round += 1
        anew = self._round % _ANEW == 0
        for path, before in list(self._times.items()):
            try:
                now = os.stat(path).st_mtime_ns
            except OSError:
                if path != self._root:
                    del self._times[path]
                elif path not in self._due:
                    self._due.append(path)
                self._visited = {key: at for key, at in self._visited.items() if at != path}
                continue
            if anew or now != before:
                self._due.append(path)
        if self._root not in self._times and self._root not in self._due:
            self._due.append(self._root)

    def step(self) -> list[File | Unreadable]:
        """Read one folder that is due: the candidates in it, or why it cannot be read."""
        path = self._due.popleft()
        try:
            status = os.stat(path)
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
        except OSError as error:
            return self._fail(path, error)
        if self._visited.setdefault((status.st_dev, status.st_ino), path) != path:
            return []
        settled = self._wall() - status.st_mtime > _COARSE
        self._times[path] = status.st_mtime_ns if settled else _AGAIN
        return [each for entry in found if (each := self._take(entry)) is not None]

    def _fail(self, path: str, error: OSError) -> list[File | Unreadable]:
        gone = isinstance(error, FileNotFoundError)
        if gone and path != self._root:
            self._times.pop(path, None)
            return []
        told = self._times.get(path) == _UNREAD
        self._times[path] = _UNREAD
        return [] if told else [Unreadable(path, reason_of(error))]

    def _take(self, entry: os.DirEntry[str]) -> File | Unreadable | None:
        parts = os.path.relpath(entry.path, self._root).split("/")
        leading = leads(parts, self._pattern)
        if leading == "no":
            return None
        try:
            status = entry.stat()
        except OSError as error:  # a dangling link, or gone since
            gone = isinstance(error, FileNotFoundError)
            return None if gone else Unreadable(entry.path, reason_of(error))
        identity = (status.st_dev, status.st_ino)
        if stat.S_ISDIR(status.st_mode):
            known = identity in self._visited or entry.path in self._times
            room = len(self._times) + len(self._due) < MOST_FOLDERS and len(parts) <= _DEEPEST
            if not known and room and is_walked(entry.name, self._pattern):
                self._due.append(entry.path)
            return None
        if leading == "on" or not stat.S_ISREG(status.st_mode) or not is_candidate(entry.name):
            return None
        return File(entry.path, status.st_size, status.st_mtime, identity)


def reason_of(error: OSError) -> str:
    """Why a file or folder cannot be read, in a few words."""
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, FileNotFoundError):
        return "not there"
    return (error.strerror or "cannot be read").lower()
