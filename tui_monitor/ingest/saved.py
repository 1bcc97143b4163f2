"""A saved log made ready for replay: its format, its pace, and where an epoch begins in it."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.detect import by_name, detect
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Line, Print
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.replay import ReplaySource, pace_marks


def open_replay(
    data: bytes,
    name: str,
    *,
    format_hint: str | None = None,
    speed: float = 1.0,
    duration: float | None = None,
    from_epoch: int | None = None,
) -> ReplaySource | None:
    """The source that replays a log's bytes; None if no format reads them.

    `speed` 1 is the pace of the training, 0 as fast as possible; with `duration` (seconds) instead,
    the whole log takes about that long. What lies before epoch `from_epoch` (ordinal, of the first run
    that has it) comes at once. Raises TuiMonitorError if there is none, or the hint means nothing.
    """
    reader = LineReader()
    lines = reader.feed(data) + reader.flush()
    log_format = by_name(format_hint) if format_hint else detect(line.text for line in lines)
    if log_format is None:
        return None
    marks = pace_marks(data, lambda line: log_format.parse(line.text))
    if duration is not None:
        # Two digits: the speed is shown, and nobody counts the seconds.
        speed = float(f"{marks[-1][1] / duration:.2g}")
    source = ReplaySource(data, marks, name=name, speed=speed)
    if from_epoch is not None:
        source.seek(_epoch_offset(lines, log_format, from_epoch, name))
    return source


def _epoch_offset(lines: Sequence[Line], log_format: Format, epoch: int, name: str) -> int:
    """Byte offset of an epoch's first print."""
    timeline = Timeline()
    last = 0
    for line in lines:
        for item in timeline.place(line, log_format.parse(line.text)):
            if isinstance(item, Print):
                last = max(last, item.epoch)
                if item.epoch >= epoch:
                    return item.offset
    raise TuiMonitorError(f"no epoch {epoch}, {name}: it has {last}; give --from 1 to {last}")
