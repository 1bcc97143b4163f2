"""A stream that comes once, a pipe or standard input, read ahead so that its writer never waits."""

from __future__ import annotations

import errno
import os
import selectors
import tempfile
import threading
import time

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.ingest.source import Chunk, Ended, Following, Pulled

_IN_MEMORY = 1 << 23  # bytes; what is read ahead beyond goes to a temporary file
_ON_DISK = 1 << 30  # bytes of it; a writer that is so far ahead has to wait until all is taken
_BLOCK = 1 << 16
_FULL = 0.05  # seconds between two tries where nothing more can be kept


class _Backlog:
    """Bytes read ahead: in memory, then in an unnamed file. Shared by two threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by its owner
        self._read = 0
        self._written = 0

    def put(self, data: bytes) -> None:
        """Keep bytes. Raises OSError, and keeps none of them, where there is no space."""
        with self._lock:
            if self._written + len(data) > _ON_DISK:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            self._file.seek(self._written)
            self._file.write(data)
            self._file.flush()
            self._written += len(data)

    def take(self, limit: int) -> bytes:
        """The next bytes, at most `limit`; none if there are none."""
        with self._lock:
            if self._read == self._written:
                return b""
            self._file.seek(self._read)
            data = self._file.read(min(limit, self._written - self._read))
            self._read += len(data)
            if self._read == self._written:
                self._file.seek(0)
                self._file.truncate()
                self._read = self._written = 0
            return data

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()
            self._read = self._written = 0


class PipeSource:
    """Source of the bytes of an open descriptor, until its writers close it.

    A thread of its own reads ahead. It owns the descriptor; for as long as there is space for
    temporary files, and up to a GiB of them, the writer never waits for the decoder.
    """

    def __init__(self, fd: int, name: str = "standard input") -> None:
        self._fd = fd
        self._name = sanitise(name)
        self._rung = threading.Event()
        self._backlog = _Backlog()
        self._end: str | None = None  # set after the last byte is in the backlog
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name=f"read {self._name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The name given, safe to show."""
        return self._name

    @property
    def following(self) -> Following:
        """Always `events`: the pipe itself tells."""
        return "events"

    @property
    def rung(self) -> threading.Event:
        """Set when bytes have come, and at the end."""
        return self._rung

    def position(self) -> None:
        """Nothing is replayed here."""

    def pull(self, limit: int) -> Pulled:
        """The next bytes; the end once all are pulled."""
        end = self._end  # before the look: what came ahead of the end is in the backlog then
        data = self._backlog.take(limit)
        if data:
            return Chunk(data)
        return None if end is None else Ended(end)

    def close(self) -> None:
        """Stop reading and let go of the descriptor: the writer gets SIGPIPE."""
        if self._waker < 0:
            return
        os.close(self._waker)
        self._waker = -1
        self._thread.join()
        os.close(self._wake)
        os.close(self._fd)
        self._backlog.close()

    def _run(self) -> None:
        try:
            self._read_ahead()
            self._end = f"end of {self._name}"
        except OSError as error:
            self._end = f"{self._name}: {error.strerror or 'cannot be read'}"
        self._rung.set()

    def _read_ahead(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            try:
                selector.register(self._fd, selectors.EVENT_READ)
                polled = True
            except OSError:  # a regular file, always ready
                polled = False
            kept = b""
            while True:
                if kept:
                    time.sleep(_FULL)
                wait = None if polled and not kept else 0
                if self._wake in {key.fd for key, _ in selector.select(wait)}:
                    return
                data = kept or os.read(self._fd, _BLOCK)
                if not data:
                    return
                kept = b"" if self._keep(data) else data
                self._rung.set()

    def _keep(self, data: bytes) -> bool:
        try:
            self._backlog.put(data)
        except OSError:  # no space for temporary files: the writer has to wait for the decoder
            return False
        return True
