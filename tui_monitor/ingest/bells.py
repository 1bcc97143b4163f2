"""One bell for many folders: file system events say early where it may be worth looking.

As for a single file a hint, never needed: whoever uses it looks at everything now and then anyway.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver, ObservedWatch

MOST = 8
"""Folders listened to at once: each takes threads and one of the system's few inotify instances."""
_MOST_PATHS = 4096


class FolderBell:
    """Sets an event when something happens in some folders, and keeps the paths."""

    def __init__(self, rung: threading.Event) -> None:
        self._rung = rung
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._observer: BaseObserver | None = None
        self._watches: dict[str, ObservedWatch] = {}
        self._failed = False

    def covers(self, folder: str) -> bool:
        """Whether what happens directly in this folder is told."""
        observer = self._observer
        return folder in self._watches and observer is not None and observer.is_alive()

    def listen(self, folders: Iterable[str]) -> None:
        """Listen to the first few of these folders, and to no others."""
        wanted = list(dict.fromkeys(folders))[:MOST]
        if self._failed or (self._observer is None and not wanted):
            return
        if self._observer is None and not self._start():
            return
        for folder in [each for each in self._watches if each not in wanted]:
            watch = self._watches.pop(folder)
            assert self._observer is not None
            self._observer.unschedule(watch)
        for folder in wanted:
            if folder not in self._watches:
                self._schedule(folder)

    def take(self) -> set[str]:
        """Paths at which something has happened since the last call."""
        with self._lock:
            paths, self._paths = self._paths, set()
        return paths

    def close(self) -> None:
        """Stop listening."""
        observer, self._observer = self._observer, None
        self._watches.clear()
        if observer is not None:
            observer.stop()
            observer.join(timeout=2)

    def _start(self) -> bool:
        try:
            from watchdog.observers import Observer
        except ImportError:
            self._failed = True
            return False
        # Its warnings would be written over the screen.
        logging.getLogger("watchdog").addHandler(logging.NullHandler())
        try:
            observer = Observer()
            observer.start()
        except (OSError, RuntimeError):  # no inotify instances or threads left
            self._failed = True
            return False
        self._observer = observer
        return True

    def _schedule(self, folder: str) -> None:
        from watchdog.events import FileSystemEventHandler

        hear = self._hear

        class Handler(FileSystemEventHandler):
            """Rings for all that changes. Reading must not ring, hence no `on_any_event`."""

            def _heard(self, event: FileSystemEvent) -> None:
                hear(event.src_path, event.dest_path)

            on_modified = on_created = on_moved = on_deleted = _heard

        assert self._observer is not None
        try:
            self._watches[folder] = self._observer.schedule(Handler(), folder)
        except (OSError, RuntimeError):  # no instances or watches left, or the folder is gone
            return

    def _hear(self, *paths: bytes | str) -> None:
        with self._lock:
            if len(self._paths) < _MOST_PATHS:
                self._paths.update(os.fsdecode(path) for path in paths if path)
        self._rung.set()
