"""Another source read ahead, in a thread of its own: what is destroyed later has been read by then.

A decoder that has much to do, or a machine that is busy with the training, must not cost bytes of a
log that is truncated in place. Owns the pace of looking at the source.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from tui_monitor.core.snapshot import ReplayPosition
from tui_monitor.ingest.source import Chunk, Ended, Following, Pulled, Source, Waiting

_MOST = 1 << 24  # bytes held; what is beyond waits in the source
_BLOCK = 1 << 18  # bytes pulled at once
_BEAT = 0.06  # seconds between two looks while bytes come
_QUIET_BEAT = 0.1  # the same while it is quiet
_SLOW_BEAT = 0.25  # the same while it is quiet and a bell would ring
_GATHER = 0.02  # seconds between two looks at least: a stream of small writes rings for each
_QUIET = 2.0  # seconds without bytes after which it is quiet ...
_SOON_QUIET = 0.5  # ... where a bell would ring


class ReadAhead:
    """Source of what another one gives, in the same order; it owns that one."""

    def __init__(self, source: Source, *, most: int = _MOST) -> None:
        self._source = source
        self._most = most
        self._rung = threading.Event()
        self._lock = threading.Lock()
        self._ahead: deque[Pulled] = deque()
        self._held = 0  # bytes ahead
        self._state: Pulled = None  # what holds once all that is ahead is pulled
        self._failure: Exception | None = None
        self._stopping = threading.Event()
        self._heard = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"read {source.name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """As of the source."""
        return self._source.name

    @property
    def following(self) -> Following:
        """As of the source."""
        return self._source.following

    @property
    def rung(self) -> threading.Event:
        """Set when something has been read, or the source's state is another."""
        return self._rung

    def position(self) -> ReplayPosition | None:
        """As of the source."""
        return self._source.position()

    def pull(self, limit: int) -> Pulled:
        """What comes next. Raises what the source raised, once all before it is pulled."""
        with self._lock:
            if not self._ahead:
                if self._failure is not None:
                    raise self._failure
                return self._state
            pulled = self._ahead.popleft()
            if not isinstance(pulled, Chunk):
                return pulled
            if len(pulled.data) > limit:
                self._ahead.appendleft(pulled._replace(data=pulled.data[limit:]))
                pulled = pulled._replace(data=pulled.data[:limit])
            was_full = self._held >= self._most
            self._held -= len(pulled.data)
        if was_full:
            self._source.rung.set()
        return pulled

    def close(self) -> None:
        """Stop reading and close the source."""
        self._stopping.set()
        self._source.rung.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            try:
                self._loop()
            finally:
                self._source.close()
        except Exception as error:  # the thread's edge: it is raised where the bytes are pulled
            self._failure = error
            self._rung.set()

    def _loop(self) -> None:
        rung = self._source.rung
        while not self._stopping.is_set():
            rung.clear()  # before looking: what happens after the look rings again
            self._read()
            if rung.wait(self._beat()):
                self._stopping.wait(_GATHER)

    def _read(self) -> None:
        """Pull until there is no more, or enough is held."""
        while self._held < self._most and not self._stopping.is_set():
            pulled = self._source.pull(_BLOCK)
            if pulled is None or isinstance(pulled, Waiting | Ended):
                if pulled != self._state:
                    self._state = pulled
                    self._rung.set()
                return
            with self._lock:
                self._ahead.append(pulled)
                self._held += len(pulled.data) if isinstance(pulled, Chunk) else 0
            self._state = None
            self._heard = time.monotonic()
            self._rung.set()

    def _beat(self) -> float:
        rings = self._source.following == "events"
        if time.monotonic() - self._heard < (_SOON_QUIET if rings else _QUIET):
            return _BEAT
        return _SLOW_BEAT if rings else _QUIET_BEAT
