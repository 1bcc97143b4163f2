"""One run of a fleet: what is known of it, what is read of it, its row in the list.

It decides nothing of its own: the fleet says when to look, what to decode and what to let go.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.runs import Glance, RunRow, RunState
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ingest.discover import reason_of
from tui_monitor.ingest.end_first import BigLog, EndFirst
from tui_monitor.ingest.feed import Feed, Publish
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.glanced_session import GlancedSession
from tui_monitor.ingest.glancing import RESTING, GlancedLog, Stamp, stamp_of
from tui_monitor.ingest.recording import RecordedTail, record_path
from tui_monitor.ingest.source import Source

STALLED = 60.0
"""Seconds without growth after which a run that is not over counts as stalled, at least."""
STOPPED = 12 * 3600.0
"""Seconds after which nobody waits for it any more."""
_USUAL = 3.0  # times its usual silence before a run is stalled


class Member:
    """A run. `path` is that of a file; what is none has `open_source` instead."""

    def __init__(
        self,
        key: str,
        name: str,
        options: DecodeOptions,
        *,
        path: str | None = None,
        open_source: Callable[[], Source] | None = None,
    ) -> None:
        self.key = key
        self.name = name
        self.path = path
        self._options = options
        self._open = open_source
        self._log = GlancedLog(path, options.format_hint) if path is not None else None
        self._watched: GlancedSession | None = None
        self._session: Session | None = None
        self._source: Source | None = None
        self._feed: Feed | None = None
        self._publish: Publish | None = None
        self._end_first: EndFirst | None = None
        """Shows the end of a big log, while somebody looks at it."""
        self._clock: Callable[[], float] = time.monotonic
        self._interval = 0.1
        self.stamp: Stamp | None = None
        self._stamped = 0.0
        """When it was first seen so (the fleet's clock)."""
        self._grew: float | None = None
        """When it was seen to grow (the fleet's clock)."""
        self._silence = 0.0
        self.gone = False
        self.error: str | None = None
        self.defect: str | None = None
        """Why it is not read any more."""
        self.snapshot: Snapshot | None = None
        self.state: SourceState | None = None
        self._decoded: Stamp | None = None
        self.due = 0.0
        """When its feed is to have its next turn."""
        self.caught_up = False
        """All there was has been decoded."""
        self._row: RunRow | None = None
        self._row_basis: tuple[object, ...] = ()

    # --- looking ---------------------------------------------------------------------------------

    def restat(self, now: float) -> bool:
        """Look at the file's name; whether there is anything to read, or it has come or gone."""
        assert self.path is not None
        try:
            stamp = stamp_of(self.path)
        except FileNotFoundError:
            changed = not self.gone and self.stamp is not None
            self.gone = self.stamp is not None
            self.error = None if self.gone else f"waiting for {self.name} to appear"
            return changed
        except OSError as error:
            self.error = reason_of(error)
            return False
        before, self.stamp = self.stamp, stamp
        back, self.gone = self.gone, False
        if stamp != before:
            self._stamped = now
        elif not back and self.error is None:
            return False
        if before is not None and stamp.size != before.size:
            if self._grew is not None:
                self._silence = max(now - self._grew, 0.9 * self._silence)
            self._grew = now
        return True

    def look(self, now: float, *, wall: float) -> bool:
        """Read what is new for the glance; whether there is more to read."""
        if self._log is None or self.stamp is None or self.defect is not None:
            return False
        try:
            more = self._log.look(self.stamp, now, resting=self.quiet(now, wall) > RESTING)
        except OSError as error:
            self.error = reason_of(error)
            return False
        self.error = None
        return more

    @property
    def needs_filling(self) -> bool:
        """Whether only the end of the log has been read so far."""
        return self._log is not None and self._log.glance is not None and not self._log.is_whole

    def fill(self, now: float) -> bool:
        """Read a slice of the whole; whether there is more."""
        assert self._log is not None
        try:
            return self._log.fill(now)
        except OSError as error:
            self.error = reason_of(error)
            return False

    @property
    def glance(self) -> Glance | None:
        """What was seen of it."""
        if self._watched is not None:
            return self._watched.glance()
        return self._log.glance if self._log is not None else None

    # --- decoding --------------------------------------------------------------------------------

    @property
    def decoding(self) -> bool:
        """Whether it has a feed now."""
        return self._feed is not None

    @property
    def is_stream(self) -> bool:
        """Whether it is no file: then it is always decoded."""
        return self.path is None

    @property
    def is_decoded(self) -> bool:
        """Whether all that the file holds now has been decoded once."""
        return self._decoded is not None and self._decoded == self.stamp

    def start(
        self, publish: Callable[[Snapshot, SourceState], None], clock: Callable[[], float]
    ) -> None:
        """Begin to decode it."""
        self._publish, self._clock = publish, clock
        if self._open is not None:
            self._source = self._open()
            self._watched = GlancedSession(self._options)
            self._session = self._watched.session
            self._feed = Feed(self._source, self._watched, publish, clock=clock)
        else:
            assert self.path is not None
            recorded = record_path(self.path).exists()
            # The fleet has one bell for all.
            self._source = (RecordedTail if recorded else FileTail)(self.path, watch=False)
            self._session = Session(self._options)
            self._feed = Feed(self._source, self._session, publish, clock=clock)
        self.due, self.caught_up = 0.0, False

    def pace(self, interval: float) -> None:
        """Publish what is decoded at most this often (seconds)."""
        self._interval = interval
        paced = self._end_first or self._feed
        if paced is not None:
            paced.pace(interval)

    def show_end(self, wanted: bool) -> None:
        """Show the end of a big log while it is read, or what is read so far."""
        if self._feed is None or self.path is None or wanted == (self._end_first is not None):
            return
        if self._end_first is not None:
            self._end_first.stop()
            self._end_first = None
        elif self._publish is not None and not self.caught_up:
            log = BigLog(self.path, self._options)
            self._end_first = EndFirst(
                log, self._feed, self._publish, clock=self._clock, interval=self._interval
            )

    def turn(self) -> float:
        """Let the feed do what is due; seconds to its next turn, at most."""
        assert self._feed is not None
        assert self._session is not None
        stamp, before = self.stamp, self._session.bytes
        wait = (self._end_first or self._feed).turn()
        if wait > 0 and self._session.bytes == before:
            self.caught_up = True
            self._decoded = stamp
        return wait

    def stop(self) -> None:
        """Let go of the feed; what it published stays."""
        self.show_end(False)
        source, self._source, self._feed, self._session = self._source, None, None, None
        if source is not None:
            source.close()

    # --- telling ---------------------------------------------------------------------------------

    def quiet(self, now: float, wall: float) -> float:
        """Seconds since it grew; infinite where that is not known."""
        if self._grew is not None:
            return max(now - self._grew, 0.0)
        if self.stamp is not None:
            age = wall - self.stamp.mtime_ns / 1e9
            # A time to come is one by another clock, or by this one before it was set back.
            return age if age >= 0.0 else max(now - self._stamped, 0.0)
        if self.state is not None and self.state.quiet_seconds is not None:
            return self.state.quiet_seconds
        return float("inf")

    def is_live(self, now: float, wall: float) -> bool:
        """Whether it may be expected to grow."""
        return self.row_state(now, wall) in ("live", "stalled") or self.is_stream

    def row_state(self, now: float, wall: float) -> RunState:
        """How it is doing."""
        if self.defect is not None:
            return "lost"
        if self.gone:
            return "gone"
        if self.is_stream and self.state is not None and self.state.condition != "live":
            condition = self.state.condition
            return "live" if condition == "paused" else condition
        glance = self.glance
        if glance is None:
            return "waiting" if self.error is not None or self.stamp is None else "unread"
        if glance.failed:
            return "failed"
        if glance.ended:
            return "ended"
        quiet = self.quiet(now, wall)
        usual = max(self._silence, glance.pace.between or 0.0)
        if quiet < max(STALLED, _USUAL * usual):
            return "live"
        return "stalled" if quiet < STOPPED else "stopped"

    def row(self, now: float, wall: float) -> RunRow:
        """Its row; the same object as before where nothing has changed that shows."""
        quiet = _coarse(self.quiet(now, wall))
        glance, progress = self.glance, self._progress()
        detail = self.defect or self.error or (self.state.detail if self.state else None)
        state = self.row_state(now, wall)
        basis = (state, quiet, glance, self.snapshot, progress, detail, self.stamp)
        if self._row is not None and basis == self._row_basis:
            return self._row
        self._row_basis = basis
        row = RunRow(
            key=self.key,
            name=self.name,
            state=state,
            quiet_seconds=quiet,
            glance=glance,
            snapshot=self.snapshot,
            progress=progress,
            detail=None if detail is None else sanitise(detail),
            changed=self.stamp.mtime_ns / 1e9 if self.stamp is not None else 0.0,
        )
        if self._row is not None and row == self._row:
            return self._row
        self._row = row
        return row

    def _progress(self) -> float | None:
        if self._session is None or self.caught_up or self.stamp is None:
            return None
        return min(self._session.bytes / max(self.stamp.size, 1), 1.0)


def _coarse(seconds: float) -> float | None:
    """A silence told so coarsely that it changes seldom; None where it is not known."""
    if seconds == float("inf"):
        return None
    for step in (3600.0, 60.0, 10.0):
        if seconds >= step:
            return seconds // step * step
    return 0.0


def folder_of(path: str) -> str:
    """The folder that a file lies in."""
    return os.path.dirname(os.path.abspath(path))
