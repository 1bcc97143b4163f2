"""Finds logs of several folders and globs while time goes on: a slice of work at a time.

Owns which files were looked into and what came of it; `discover` says what a log is.
"""

from __future__ import annotations

import heapq
import os
import time
from collections.abc import Callable, Iterator, Sequence

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.ingest.discover import (
    File,
    Tree,
    Unreadable,
    is_worth_another_look,
    sniff,
)
from tui_monitor.ingest.specs import Spec

_MOST_OPEN = 2000  # texts that may still become logs
_LATER = -1  # instead of a size: it could not be looked into


class LogFinder:
    """The logs below some trees. `known` are files that are followed anyway."""

    def __init__(
        self,
        specs: Sequence[Spec],
        *,
        known: Sequence[str] = (),
        format_hint: str | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._specs = [spec for spec in specs if spec.kind == "tree"]
        self._trees = [Tree(spec.source, spec.pattern, wall=wall) for spec in self._specs]
        self._prefixed = len(self._trees) > 1 or bool(known)
        self._hint = format_hint
        self._identities: dict[tuple[int, int], str] = {}
        for path in known:
            self._remember(path)
        self._due: list[tuple[float, str, File]] = []
        self._open: dict[str, int] = {}
        """Texts that may become logs, and their size when they were looked into."""
        self.first_round = True
        """Whether not everything has been looked into once."""
        self.unreadable: dict[str, str] = {}
        """What cannot be looked into, and why."""

    @property
    def folders(self) -> list[str]:
        """The folders of the trees."""
        return [spec.source for spec in self._specs]

    @property
    def busy(self) -> bool:
        """Whether there is something to read or to look into."""
        return bool(self._due) or any(tree.busy for tree in self._trees)

    def find(self) -> Iterator[File | None]:
        """Logs, the newest first, as they are found; None after every piece of work without one."""
        while True:
            tree = next((tree for tree in self._trees if tree.busy), None)
            if tree is not None:
                for found in tree.step():
                    self._take(found)
                yield None
            elif self._due:
                file = heapq.heappop(self._due)[2]
                yield file if self._is_log(file) else None
            else:
                self.first_round = False
                return

    def look_again(self, rung: set[str], *, everywhere: bool) -> None:
        """Let folders be read again that have changed: those where it rang, or all of them."""
        touched = rung | {os.path.dirname(path) for path in rung}
        for tree in self._trees:
            if not tree.busy and (everywhere or not touched.isdisjoint(tree.folders)):
                tree.begin_round()
        if not everywhere:
            return
        for path, sniffed in list(self._open.items()):
            try:
                status = os.stat(path)
            except OSError:
                del self._open[path]
                continue
            if sniffed == _LATER or is_worth_another_look(status.st_size, sniffed):
                identity = (status.st_dev, status.st_ino)
                self._push(File(path, status.st_size, status.st_mtime, identity))

    def name(self, path: str) -> str:
        """A found file's name: what lies below its tree's folder, with that where there are more."""
        for spec in self._specs:
            below = os.path.relpath(path, spec.source)
            if not below.startswith(".."):
                root = os.path.basename(os.path.abspath(spec.source))
                return sanitise(os.path.join(root, below) if self._prefixed else below)
        return sanitise(os.path.basename(path))

    def _take(self, found: File | Unreadable) -> None:
        """What a walk has come upon: news only if the file is not known by this or another name."""
        if isinstance(found, Unreadable):
            self.unreadable[found.path] = found.reason
            return
        known = self._identities.get(found.identity)
        if known is not None and (known == found.path or os.path.exists(known)):
            return
        self._identities[found.identity] = found.path
        self._push(found)

    def _push(self, file: File) -> None:
        heapq.heappush(self._due, (-file.mtime, file.path, file))

    def _is_log(self, file: File) -> bool:
        found = sniff(file.path, file.size, self._hint)
        self._open.pop(file.path, None)
        if isinstance(found, Unreadable):
            self.unreadable[file.path] = found.reason
        else:
            self.unreadable.pop(file.path, None)
        if found in ("log", "other"):
            return found == "log"
        if len(self._open) < _MOST_OPEN:
            self._open[file.path] = _LATER if isinstance(found, Unreadable) else file.size
        return False

    def _remember(self, path: str) -> None:
        try:
            status = os.stat(path)
        except OSError:
            return
        self._identities[status.st_dev, status.st_ino] = path
