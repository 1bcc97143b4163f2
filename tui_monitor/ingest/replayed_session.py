"""A session that begins anew where its replay goes back: it is the same training, not another run."""

from __future__ import annotations

from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot


class ReplayedSession:
    """What the feed of a replay feeds; see `feed.FedSession`."""

    def __init__(self, options: DecodeOptions) -> None:
        self._options = options
        self._session = Session(options)
        self._before = 0
        """Revisions of the sessions before."""

    @property
    def revision(self) -> int:
        """Grows with every change that shows."""
        return self._before + self._session.revision

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes that are played at `now`."""
        self._session.feed(data, now)

    def settle(self, now: float) -> None:
        """Nothing was played for a while."""
        self._session.settle(now)

    def skip(self, size: int, now: float) -> None:
        """Pass over a hole of `size` bytes."""
        self._session.skip(size, now)

    def restart(self, reason: str, at: int = 0) -> None:
        """The log is played again from its begin."""
        del reason, at
        self._before = self.revision + 1
        self._session = Session(self._options)

    def finish(self) -> None:
        """All is played."""
        self._session.finish()

    @property
    def usual_silence(self) -> float:
        """As the session's."""
        return self._session.usual_silence

    def snapshot(self, now: float) -> Snapshot:
        """The picture of what was played."""
        return self._session.snapshot(now)
