"""A print taken before its line ended, and what it takes to take it back."""

from __future__ import annotations

from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.records import Line, Print


class Provisional:
    """Made before the run is given the print. `begins_run`: it is the run's first."""

    def __init__(self, line: Line, shown: Print, run: RunDecoder, *, begins_run: bool) -> None:
        self.line = line
        self.shown = shown
        self.begins_run = begins_run
        self._run = run
        self._tracks = {track: track.checkpoint() for track in run.tracks.values()}

    def undo(self) -> None:
        """Make the run forget the print, which is its last one."""
        run = self._run
        run.prints.pop()
        if self.begins_run:
            return  # with all its tracks
        for name, track in reversed(list(run.tracks.items())):
            if track in self._tracks:
                track.rollback(self._tracks[track])
            else:
                run.forget(name)

    def is_confirmed_by(self, first: Print) -> bool:
        """Whether the first print of the line, now that it has ended, is the one that was shown."""
        return first._replace(redrawn=self.shown.redrawn) == self.shown


def reads_complete(p: Print, last: Print | None) -> bool:
    """Whether a print of an unfinished line shows at least the metrics of the one before it."""
    names = {r.metric for r in p.readings}
    if not names:
        return False
    return last is None or last.final or {r.metric for r in last.readings} <= names
