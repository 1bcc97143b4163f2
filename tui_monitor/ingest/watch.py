"""The bell: file system events that wake the follower early. A hint: polling alone suffices.

Events get lost (queue overflow, remote file systems, a directory replaced, a dead thread), so
nothing is concluded from them but that it may be worth looking now. While a file grows all the
time nobody listens: the follower looks at the pace of frames then, and events would only cost.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.ingest.source import Following

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

_REFRESH = 2.0  # seconds between two looks whether the bell still rings
_DEAF = 5  # times in a row that the file grew without a ring: events do not come here
_PAUSE = 0.3  # seconds without growth that end a flow
_FLOW = 1.0  # seconds of growth without such a pause after which nobody listens
_QUIET = 0.4  # seconds without growth after which somebody does again


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

    def close(self, *, wait: bool = True) -> None:
        """Stop listening; `refresh` begins again. Without `wait` its threads end a little later."""
        observer, self._observer, self._watched = self._observer, None, None
        if observer is not None:
            observer.stop()
            if wait and observer.is_alive():
                observer.join(timeout=2)

    def _ring(self) -> None:
        self.rings += 1
        self._rung.set()


class Listening:
    """When there is a bell for a file, and whether it can be relied on."""

    def __init__(
        self, path: Path, rung: threading.Event, clock: Callable[[], float], *, watch: bool = True
    ) -> None:
        self._path = path
        self._rung = rung
        self._clock = clock
        self._watch = watch
        self._bell: Bell | None = None
        self._muted = False  # nobody listens, since the file grows all the time
        self._refreshed = float("-inf")
        self._idle = False
        self._grown = float("-inf")  # time of the last growth ...
        self._flowing = 0.0  # ... and of the first since a pause
        self._unrung = 0  # times in a row that the file grew without a ring
        self._rings = 0

    @property
    def following(self) -> Following:
        """`events` while the bell is known to work, also while it is not needed; else `polling`."""
        bell = self._bell
        works = bell is not None and (self._muted or bell.alive) and self._unrung < _DEAF
        return "events" if works else "polling"

    def note(self, *, grown: bool) -> None:
        """A look at the file is over; it had grown or not."""
        if not self._watch:
            return
        now = self._clock()
        was_idle, self._idle = self._idle, not grown
        if not self._muted:
            self._count(grown_after_idle=grown and was_idle)
        if grown:
            if now - self._grown > _PAUSE:
                self._flowing = now
            self._grown = now
            if now - self._flowing >= _FLOW:
                self._mute()
        # At the second idle look: loading the listener must not delay the first bytes' way on.
        elif was_idle and now >= max(self._refreshed + _REFRESH, self._wanted()):
            self._refreshed = now
            self._listen()

    def close(self) -> None:
        """Listen no more."""
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def _count(self, *, grown_after_idle: bool) -> None:
        """Find out whether the bell rings when the file grows."""
        if self._bell is None:
            return
        rings = self._bell.rings
        if rings != self._rings:
            self._rings, self._unrung = rings, 0
        elif grown_after_idle:
            self._unrung += 1

    def _wanted(self) -> float:
        """The time from which on somebody should listen."""
        return self._grown + _QUIET if self._muted else float("-inf")

    def _mute(self) -> None:
        if self._bell is None:
            self._listen()  # tells whether it would work, for when it is needed
        if self._bell is not None and not self._muted and self._bell.alive:
            self._bell.close(wait=False)  # the bytes must not wait for it
            self._muted = True

    def _listen(self) -> None:
        self._muted = False
        if self._bell is None:
            self._bell = Bell(self._path, self._rung)
        else:
            self._bell.refresh()


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
