"""The bell: file system events that wake the follower early. A hint: polling alone suffices.

Events get lost (queue overflow, remote file systems, a directory replaced, a dead thread), so
nothing is concluded from them but that it may be worth looking now.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver


class Bell:
    """Sets an event when something happens to a file or to its name."""

    def __init__(self, path: Path, rung: threading.Event) -> None:
        self._path = path
        self._rung = rung
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None  # device and inode of the directory
        self.rings = 0
        """Times that it has rung."""
        self.refresh()

    @property
    def alive(self) -> bool:
        """Whether events are being listened for."""
        observer = self._observer
        return (
            observer is not None
            and observer.is_alive()
            and all(emitter.is_alive() for emitter in observer.emitters)
        )

    def refresh(self) -> None:
        """Listen anew if the directory has been replaced or the listening has died."""
        try:
            status = os.stat(self._path.parent)
        except OSError:
            self.close()
            return
        directory = (status.st_dev, status.st_ino)
        if self.alive and directory == self._watched:
            return
        self.close()
        self._observer = _observe(self._path, self._ring)
        self._watched = directory

    def close(self) -> None:
        """Stop listening."""
        observer, self._observer, self._watched = self._observer, None, None
        if observer is not None:
            observer.stop()
            if observer.is_alive():
                observer.join(timeout=2)

    def _ring(self) -> None:
        self.rings += 1
        self._rung.set()


def _observe(path: Path, ring: Callable[[], None]) -> BaseObserver | None:
    """Start to listen for events of one name in its directory; None where that is not possible."""
    try:
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer
    except ImportError:
        return None

    class Handler(FileSystemEventHandler):
        """Rings for one name. Reading the file must not ring, hence no `on_any_event`."""

        def _heard(self, event: FileSystemEvent) -> None:
            if path.name in (_name(event.src_path), _name(event.dest_path)):
                ring()

        on_modified = on_created = on_moved = on_deleted = _heard

    # Its warnings would be written over the screen.
    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    observer: BaseObserver | None = None
    try:
        observer = Observer()
        observer.schedule(Handler(), str(path.parent))
        observer.start()
    except (OSError, RuntimeError):  # no instances, watches or threads left; directory gone
        if observer is not None:
            observer.stop()
        return None
    return observer


def _name(path: bytes | str) -> str:
    return os.path.basename(os.fsdecode(path))
