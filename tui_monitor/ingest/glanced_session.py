"""A session whose bytes also make a glance: for what is no file and cannot be read twice."""

from __future__ import annotations

from tui_monitor.core.glance import GlanceReader
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.runs import Glance
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot


class GlancedSession:
    """What a feed feeds (see `feed.FedSession`): both the session and the glance get all of it."""

    def __init__(self, options: DecodeOptions) -> None:
        self.session = Session(options)
        self._reader = GlanceReader(options.format_hint)
        self._glanced: tuple[int, Glance] | None = None
        """As of how many bytes, and what it was."""

    def glance(self) -> Glance | None:
        """What a row of the list says of it; None before the first byte."""
        size = self.session.bytes
        if size and (self._glanced is None or self._glanced[0] != size):
            self._glanced = (size, self._reader.glance())
        return self._glanced[1] if self._glanced is not None else None

    @property
    def revision(self) -> int:
        """As the session's."""
        return self.session.revision

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes that arrived at `now`."""
        self.session.feed(data, now)
        self._reader.feed(data, now)

    def settle(self, now: float) -> None:
        """The source is quiet."""
        self.session.settle(now)

    def skip(self, size: int, now: float) -> None:
        """Pass over a hole of `size` bytes."""
        self.session.skip(size, now)
        self._reader.feed(bytes(min(size, 8)), now)  # as many as end a line

    def restart(self, reason: str, at: int = 0) -> None:
        """What follows is a new log, or goes on at byte `at`."""
        self.session.restart(reason, at)
        self._reader.restart()

    def finish(self) -> None:
        """The source ended."""
        self.session.finish()

    @property
    def usual_silence(self) -> float:
        """As the session's."""
        return self.session.usual_silence

    def snapshot(self, now: float) -> Snapshot:
        """The session's picture."""
        return self.session.snapshot(now)
