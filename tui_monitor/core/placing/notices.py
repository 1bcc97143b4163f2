"""What a log tells beside its numbers, as events: callbacks' messages, tracebacks, starts anew.

Owns whether the training was stopped or has failed, by what was said of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_monitor.core.placing.place import Place
from tui_monitor.core.records import Event, EventKind, Line, Notice

_EXCEPTION = re.compile(r"[A-Za-z_][\w.]{0,100}(?::|$)")
_MAX_EVENT_TEXT = 400
_TRACEBACK = "Traceback (most recent call last)"
_SCHEDULER = "LearningRateScheduler"


class Notices:
    """Of one timeline. A shallow copy of it is independent."""

    def __init__(self) -> None:
        self.stopped = False
        self.failed = False
        self._early: tuple[tuple[Notice, Line], ...] = ()
        """Of the epoch whose header comes next."""
        self._traceback: Line | None = None
        """Where one began whose exception is still to come."""

    def go_on(self) -> None:
        """The training does, whatever was said."""
        self.stopped = self.failed = False

    def take(self, line: Line, notice: Notice, at: Place) -> list[Event]:
        """The next notice."""
        placed = self.end_traceback(at)
        if notice.kind == "traceback":
            self._traceback, self.failed = line, True
        elif is_early(notice, at):
            self._early += ((notice, line),)
        elif notice.kind == "nan-stop":
            self.stopped = True
            placed.append(event(line, "other", notice.text, at))
        elif notice.kind != "restart" and notice.kind != "best-follows":
            self.stopped |= notice.kind == "early-stopping"
            placed.append(event(line, notice.kind, notice.text, at, notice.learning_rate))
        return placed

    def read_plain(self, line: Line, at: Place) -> list[Event]:
        """A line without items, which may be of a traceback."""
        if self._traceback is not None and _EXCEPTION.match(line.text):
            return self.end_traceback(at, line.text.rstrip(": "))
        if _TRACEBACK in line.text:
            self._traceback, self.failed = line, True
        return []

    def end_traceback(self, at: Place, exception: str = "") -> list[Event]:
        """A traceback with its last line, or without where something else came first."""
        began, self._traceback = self._traceback, None
        if began is None:
            return []
        text = f"Traceback: {exception}" if exception else "Traceback"
        return [event(began, "other", text[:_MAX_EVENT_TEXT], at)]

    def settle(self, at: Place) -> Sequence[Event]:
        """All that a print, or the end of the log, settles."""
        if self._traceback is None and not self._early:
            return ()
        return [*self.end_traceback(at), *self.place_early(at)]

    def place_early(self, at: Place) -> list[Event]:
        """What was said of the epoch that has now begun."""
        early, self._early = self._early, ()
        return [event(line, "learning-rate", n.text, at, n.learning_rate) for n, line in early]


def event(
    line: Line, kind: EventKind, text: str, at: Place, learning_rate: float | None = None
) -> Event:
    """A notice with its place."""
    return Event(max(at.run, 1), at.epoch, kind, text.expandtabs(), line.number, learning_rate)


def is_early(notice: Notice, at: Place) -> bool:
    """Whether a notice is of the epoch that comes next: schedulers speak before the header."""
    if notice.kind != "learning-rate" or _SCHEDULER not in notice.text:
        return False
    return not at.open or (at.number is not None and notice.epoch not in (at.number, at.number - 1))
