"""Things worth knowing that the numbers show, as data.

A finding is only reported when the prints support it; words are in `wording`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from tui_monitor.core import wording
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.records import Event, Finding
from tui_monitor.core.track import Track


def find(run: RunDecoder, events: Sequence[Event]) -> Iterator[Finding]:
    """The findings of a run."""
    for track in run.tracks.values():
        yield from _not_finite(run, track)
    if run.law is not None and run.law.name == "averaged-twice" and run.law.settled:
        yield Finding("averaged-twice", run.run, None, None, wording.BAR_AVERAGES_TWICE, {})


def _not_finite(run: RunDecoder, track: Track) -> Iterator[Finding]:
    """The first nan or inf of a metric."""
    values = track.displayed.array()
    for row in range(len(values)):
        if isfinite(values[row]):
            continue
        place, p = track.places[row], run.prints[track.print_index[row]]
        text = wording.not_finite(track.metric.name, float(values[row]), place.epoch, p.step)
        yield Finding("nan", run.run, place.epoch, track.metric.name, text, {"line": float(p.line)})
        return
