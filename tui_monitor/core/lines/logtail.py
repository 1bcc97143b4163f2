"""The newest lines of a log, as a terminal would show them: a progress bar is one line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from tui_monitor.core.records import Item, Line, Progress

KEPT_LINES = 400
"""Lines of the log kept to show."""


class LogTail:
    """Lines in, newest last; a state of a bar takes the place of the one before it."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=KEPT_LINES)
        self._bar: tuple[Line, int] | None = None
        """The last line, if it shows a bar's state that a later one may replace, and its step."""

    def add(self, line: Line) -> None:
        """The next line; it is drawn over the one before if that is redrawn."""
        lines = self._lines
        if lines and lines[-1].end == "redraw" and line.text:
            lines.pop()
        lines.append(line)

    def fold(self, line: Line, items: Sequence[Item]) -> None:
        """What the line added last says: states of a bar on lines of their own are one line too."""
        before, self._bar = self._bar, None
        for item in items:
            if isinstance(item, Progress) and item.steps and item.unit is None:
                break
        else:
            return
        if item.step is None:
            return
        if before is not None and item.step >= before[1]:
            lines = self._lines
            if len(lines) > 1 and lines[-1] is line and lines[-2] is before[0]:
                del lines[-2]
        if not item.final:
            self._bar = line, item.step

    def mark(self, reason: str) -> None:
        """Tell where a new file begins."""
        self._lines.append(Line(f"-- {reason} --", 0, 0, "newline"))
        self._bar = None

    def texts(self, unfinished: Line | None) -> tuple[str, ...]:
        """The lines as shown, the unfinished one last."""
        shown = [line.text for line in self._lines]
        if unfinished is not None:
            redrawn = bool(self._lines) and self._lines[-1].end == "redraw"
            shown[len(shown) - redrawn :] = [unfinished.text]
        return tuple(map(str.expandtabs, shown))

    def newest(self, unfinished: Line | None, wanted: Callable[[str], bool]) -> str | None:
        """The newest line of which `wanted` is true; None if none is."""
        newest = [unfinished] if unfinished is not None else []
        for line in [*newest, *reversed(self._lines)]:
            if line.text and wanted(line.text):
                return line.text.expandtabs()
        return None
