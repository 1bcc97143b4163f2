"""Where the epochs of a saved log begin, so that a replay can go to one."""

from __future__ import annotations

from typing import NamedTuple

from tui_monitor.core.formats.detect import by_name, detect
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Print


class Begin(NamedTuple):
    """The first print of an epoch."""

    run: int
    epoch: int
    """1-based ordinal within the run."""
    label: str
    """As printed; empty if the log prints none."""
    offset: int
    """Byte of the log."""


def epoch_begins(data: bytes, format_hint: str | None = None) -> list[Begin]:
    """The epochs of a log, in its order; empty if no format reads it."""
    reader = LineReader()
    lines = reader.feed(data) + reader.flush()
    log_format = by_name(format_hint) if format_hint else detect(line.text for line in lines)
    begins: list[Begin] = []
    if log_format is None:
        return begins
    timeline = Timeline()
    for line in lines:
        for placed in timeline.place(line, log_format.parse(line.text)):
            last = begins[-1] if begins else None
            if isinstance(placed, Print) and (
                last is None or last[:2] != (placed.run, placed.epoch)
            ):
                begins.append(Begin(placed.run, placed.epoch, placed.label, placed.offset))
    return begins


def find_epoch(begins: list[Begin], number: str, at: int) -> Begin | None:
    """The epoch of this number, as a screen shows it, of the run in which byte `at` lies.

    Where the log repeats its numbers, as an outer loop around one-epoch fits does, ordinals count.
    """
    before = [begin.run for begin in begins if begin.offset <= at]
    run = before[-1] if before else (begins[0].run if begins else 0)
    own = [begin for begin in begins if begin.run == run]
    labels = [begin.label for begin in own]
    repeated = len(set(labels)) < len(labels)
    return next(
        (each for each in own if number == (str(each.epoch) if repeated else each.label)), None
    )
