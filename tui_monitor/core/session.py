"""A log being decoded: bytes in, rows and frozen snapshots out. The one owner of mutable state.

Time is an argument. An unterminated line that reads complete counts once its source is quiet
(`settle`); when the line's true end says otherwise, it is taken back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TypeGuard

import numpy as np

from tui_monitor.core import explain, view
from tui_monitor.core.decoder import RunDecoder
from tui_monitor.core.findings import Finder
from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.detect import FORMATS, by_name, detect
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.pace import PaceMeter
from tui_monitor.core.records import (
    Boundary,
    Estimate,
    Event,
    Finding,
    Item,
    Line,
    Print,
    Progress,
    RunReport,
    Snapshot,
)
from tui_monitor.core.text import LineReader
from tui_monitor.core.timeline import Timeline
from tui_monitor.core.track import Checkpoint, Track

TAIL_LINES = 400
"""Lines of the log kept to show."""
SNIFFED_LINES = 4000
"""Lines without any known format after which the first of them are let go."""


class Provisional:
    """A print taken before its line ended, and what it takes to take it back."""

    def __init__(
        self, line: Line, shown: Print, tracks: dict[Track, Checkpoint], begins_run: bool
    ) -> None:
        self.line = line
        self.shown = shown
        self.tracks = tracks
        self.begins_run = begins_run


class Explained:
    """An explanation, and what it rests on."""

    def __init__(self, run: RunDecoder, edge: explain.Edge, events: Sequence[Event]) -> None:
        self.boundary = explain.explain(run, edge, events)
        self._basis = explain.basis(run, edge)
        self._age = len(edge.track) - edge.first_row

    def is_outdated(self, run: RunDecoder, edge: explain.Edge) -> bool:
        """Whether the log now tells more: another law, the epoch grown by a tenth or over."""
        grown = len(edge.track) - edge.first_row > 1.1 * self._age
        basis = explain.basis(run, edge)
        return basis != self._basis or (grown and not basis.is_over)


class Session:
    """Decodes one log. Not thread safe: one thread feeds it and asks it."""

    def __init__(self, options: DecodeOptions | None = None) -> None:
        self.options = options or DecodeOptions()
        self.revision = 0
        self.bytes = 0
        self.lines = 0
        hint = self.options.format_hint
        self._format: Format | None = by_name(hint) if hint else None
        self._reader = LineReader()
        self._timeline = Timeline()
        self._unread: list[Line] = []
        self._runs: list[RunDecoder] = []
        self._events: list[Event] = []
        self._pace = PaceMeter()
        self._tail: deque[Line] = deque(maxlen=TAIL_LINES)
        self._open_bar: tuple[Line, int] | None = None
        """The last line, if it shows a bar's state that a later one may replace, and its step."""
        self._rate: float | None = None
        self._taken = (0, 0)
        """Up to where rows were taken: how many runs before, and how many prints of that run."""
        self._provisional: Provisional | None = None
        self._explained: dict[tuple[int, str, int], Explained] = {}
        self._finder = Finder()

    # --- bytes in ----------------------------------------------------------------------------

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes that arrived at `now` (seconds, monotonic)."""
        self.bytes += len(data)
        for line in self._reader.feed(data):
            self._take_line(line, now)
        self.revision += 1

    def settle(self, now: float) -> None:
        """The source is quiet: an unterminated line that reads complete counts."""
        line = self._reader.tail()
        if line is None:
            return
        if self._format is None and detect([line.text]) is not None:
            self._sniff(force=True, tail=line)
        if self._format is None:
            return
        held = self._provisional
        if held is not None and held.line == line:
            return
        items = self._format.parse(line.text)
        p = self._timeline.preview(line, items)
        if p is None or not self._reads_complete(p):
            return
        self._take_back()
        self._take_provisional(line, p, now)
        self.revision += 1

    def finish(self) -> None:
        """The source ended: what is unterminated is taken as it is, epochs are looked back over."""
        for line in self._reader.flush():
            self._take_line(line, self._now)
        if self._format is None:
            self._sniff(force=True)
        self._take_back()
        for placed in self._timeline.flush():
            self._take_placed(placed, self._now)
        for run in self._runs:
            run.finish()
        self.revision += 1

    def restart(self, reason: str) -> None:
        """The file was truncated or replaced: what follows is a new one."""
        for line in self._reader.flush():
            self._take_line(line, self._now)
        self._take_back()
        self._reader.restart()
        self._timeline.restart()
        self._tail.append(Line(f"-- {reason} --", 0, 0, "newline"))
        self._open_bar = None
        self.revision += 1

    _now = 0.0

    def _take_line(self, line: Line, now: float) -> None:
        self._now = now
        self.lines += 1
        if self._tail and self._tail[-1].end == "redraw" and line.text:
            self._tail.pop()
        self._tail.append(line)
        if self._format is None:
            self._unread.append(line)
            self._sniff(force=False)
            return
        self._parse(line, now)

    def _sniff(self, *, force: bool, tail: Line | None = None) -> None:
        """Find the format; lines that came before it is known are then read."""
        if not force and not any(
            detect([self._unread[-1].text]) is not None for _ in FORMATS if self._unread
        ):
            if len(self._unread) > SNIFFED_LINES:
                del self._unread[: SNIFFED_LINES // 2]
            return
        lines = self._unread if tail is None else [*self._unread, tail]
        self._format = detect([line.text for line in lines])
        waiting, self._unread = self._unread, []
        if self._format is None:
            return
        for line in waiting:
            self._parse(line, self._now)

    def _parse(self, line: Line, now: float) -> None:
        assert self._format is not None
        items = self._format.parse(line.text)
        self._fold(line, items)
        placed = self._timeline.place(line, items)
        held = self._provisional
        if held is not None and (placed or _is_print(items)):
            confirmed = [each for each in placed if _same(each, held.shown)]
            if confirmed:
                placed = [each for each in placed if each not in confirmed]
                self._provisional = None
                self._runs[-1].confirm(confirmed[0])
            else:
                self._take_back()
        for each in placed:
            self._take_placed(each, now)

    def _fold(self, line: Line, items: Sequence[Item]) -> None:
        """Let a bar's state take the place of its last one, also where each is a line of its own."""
        step, final = next(
            ((i.step, i.final) for i in items if isinstance(i, Progress) and i.steps), (None, None)
        )
        before = self._open_bar
        shown = self._tail[-2] if len(self._tail) > 1 and self._tail[-1] is line else None
        if before is not None and step is not None and shown is before[0] and step >= before[1]:
            del self._tail[-2]
        self._open_bar = None if final or step is None else (line, step)

    def _take_placed(self, placed: Print | Event, now: float) -> None:
        if isinstance(placed, Event):
            self._events.append(placed)
            if placed.learning_rate is not None:
                self._rate = placed.learning_rate
            return
        run = self._run(placed.run)
        self._note(placed, now)
        run.add(placed)

    def _run(self, number: int) -> RunDecoder:
        if not self._runs or self._runs[-1].run != number:
            if self._runs:
                self._runs[-1].finish()
            self._runs.append(RunDecoder(number, self.options))
            self._pace = PaceMeter()
        return self._runs[-1]

    def _note(self, p: Print, now: float) -> None:
        self._pace.add(p, now)
        for reading in p.readings:
            if reading.metric in ("lr", "learning_rate") and isfinite(reading.displayed):
                self._rate = reading.displayed

    # --- the unterminated line ---------------------------------------------------------------

    def _reads_complete(self, p: Print) -> bool:
        """A print shows at least the metrics of the one before it."""
        names = {r.metric for r in p.readings}
        if not names:
            return False
        last = self._runs[-1].prints[-1] if self._runs and self._runs[-1].prints else None
        if last is None or last.final:
            return True
        return {r.metric for r in last.readings} <= names

    def _take_provisional(self, line: Line, p: Print, now: float) -> None:
        begins = not self._runs or self._runs[-1].run != p.run
        run = self._run(p.run)
        before = {track: track.checkpoint() for track in run.tracks.values()}
        self._note(p, now)
        self._now = now
        run.add(p, provisional=True)
        self._provisional = Provisional(line, p, before, begins)

    def _take_back(self) -> None:
        held, self._provisional = self._provisional, None
        if held is None:
            return
        run = self._runs[-1]
        run.prints.pop()
        at, taken = self._taken
        if at == len(self._runs) - 1:
            self._taken = (at, min(taken, len(run.prints)))
        if held.begins_run:
            self._runs.pop()
            return
        for name, track in list(run.tracks.items()):
            if track in held.tracks:
                track.rollback(held.tracks[track])
            else:
                del run.tracks[name]

    # --- rows and snapshots out --------------------------------------------------------------

    def take_rows(self) -> list[Estimate]:
        """Rows since the last call, in the log's order; levels as filtered up to now.

        A print that was taken before its line ended comes again if the line ends otherwise.
        """
        rows: list[Estimate] = []
        at, taken = self._taken
        for index in range(at, len(self._runs)):
            run = self._runs[index]
            rows.extend(run.estimate(t, row) for t, row in run.rows(taken if index == at else 0))
            self._taken = (index, len(run.prints))
        return rows

    def rows(self) -> Iterator[Estimate]:
        """Every row so far, in the log's order; levels smoothed over each whole run."""
        for run in self._runs:
            for track in run.tracks.values():
                track.smooth_all()
            for track, row in run.rows():
                yield run.estimate(track, row)

    def report(self) -> tuple[RunReport, ...]:
        """What the log tells, a report a run."""
        return tuple(self._report(run) for run in self._runs)

    def _report(self, run: RunDecoder) -> RunReport:
        events = tuple(e for e in self._events if e.run == run.run)
        return RunReport(
            run=run.run,
            format=self._format.name if self._format else None,
            law=run.law,
            batch_size=run.batch_size,
            epochs=run.prints[-1].epoch if run.prints else 0,
            boundaries=self._boundaries(run, events),
            findings=self._findings(run, events),
            events=events,
        )

    def _boundaries(self, run: RunDecoder, events: Sequence[Event]) -> tuple[Boundary, ...]:
        found: list[Boundary] = []
        for track in run.tracks.values():
            if track.metric.split != "train":
                continue
            for edge in explain.edges(track):
                key = (run.run, track.metric.name, edge.epoch)
                known = self._explained.get(key)
                if known is None or known.is_outdated(run, edge):
                    known = Explained(run, edge, events)
                    self._explained[key] = known
                found.append(known.boundary)
        found.sort(key=lambda b: b.epoch)
        return tuple(found)

    def _findings(self, run: RunDecoder, events: Sequence[Event]) -> tuple[Finding, ...]:
        return self._finder.find(run, events)

    def snapshot(self, now: float) -> Snapshot:
        """All that a screen shows, as of `now`; the newest run's."""
        run = self._runs[-1] if self._runs else None
        last = run.prints[-1] if run is not None and run.prints else None
        events = tuple(e for e in self._events if run is not None and e.run == run.run)
        ruler = view.Ruler(run) if run is not None else None
        curves = (
            tuple(
                view.curve(run, track, ruler)
                for track in run.tracks.values()
                if track.metric.split == "train" and len(track)
            )
            if run is not None and ruler is not None
            else ()
        )
        ends = ruler.starts[1:] if ruler is not None else np.empty(0)
        if last is not None and not last.final:
            ends = ends[:-1]
        shown = [line.text for line in self._tail]
        tail = self._reader.tail()
        if tail is not None:
            redrawn = bool(self._tail) and self._tail[-1].end == "redraw"
            shown[len(shown) - redrawn :] = [tail.text]
        return Snapshot(
            revision=self.revision,
            format=self._format.name if self._format else None,
            runs=len(self._runs),
            run=run.run if run is not None else 0,
            epoch=last.epoch if last is not None else 0,
            epoch_label=last.label if last is not None else "",
            epochs=last.epochs if last is not None and last.epochs != 1 else None,
            step=last.step if last is not None else None,
            steps=last.steps if last is not None else None,
            unit=last.unit if last is not None else "batch",
            learning_rate=self._rate,
            batch_size=run.batch_size if run is not None else None,
            law=run.law if run is not None else None,
            curves=curves,
            epoch_ends=ends,
            epoch_rows=tuple(view.epoch_rows(run, events)) if run is not None else (),
            boundaries=self._boundaries(run, events) if run is not None else (),
            findings=self._findings(run, events) if run is not None else (),
            events=events,
            event_x=np.array([ruler.position(max(e.epoch, 1), None) for e in events])
            if ruler is not None
            else np.empty(0),
            pace=self._pace.pace(now),
            log_tail=tuple(shown),
            lines=self.lines,
            bytes=self.bytes,
            last_print=self._newest_print(),
            ended=self._timeline.ended,
        )

    def _newest_print(self) -> str | None:
        """The newest line of the log that shows progress, as printed."""
        if self._format is None:
            return None
        tail = self._reader.tail()
        newest = [tail] if tail is not None else []
        for line in [*newest, *reversed(self._tail)]:
            if line.text and _is_print(self._format.parse(line.text)):
                return line.text
        return None


def _is_print(items: Sequence[Item]) -> bool:
    return any(hasattr(item, "readings") for item in items)


def _same(placed: Print | Event, shown: Print) -> TypeGuard[Print]:
    """The print that was shown before its line ended, now for good."""
    return isinstance(placed, Print) and placed._replace(redrawn=shown.redrawn) == shown
