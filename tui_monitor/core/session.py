"""A log being decoded: bytes in, rows and frozen snapshots out. The one owner of mutable state.

Time is an argument. An unterminated line that reads complete counts once its source is quiet
(`settle`); when the line's true end says otherwise, it is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

import numpy as np

from tui_monitor.core.decoding import estimates
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.decoding.provisional import Provisional, reads_complete
from tui_monitor.core.explaining.boundaries import Explainer
from tui_monitor.core.explaining.findings import Finder
from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.detect import Sniffer, by_name, detect, quoted_format
from tui_monitor.core.formats.quoted import unquoted
from tui_monitor.core.lines.logtail import LogTail
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.picture.pace import PaceMeter
from tui_monitor.core.picture.view import RunView
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import (
    Boundary,
    Estimate,
    Event,
    Finding,
    Item,
    Line,
    Print,
    RunReport,
)
from tui_monitor.core.snapshot import Goal, Snapshot

SNIFFED_LINES = 4000
"""Lines without any known format after which the first of them are let go, .."""
SNIFFED_CHARS = 1 << 24
""".. or this many characters."""
EXPLAINED = 1 << 14
"""Prints, about, that a snapshot looks at to explain what is over: some 0.1 s."""


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
        self._unread_chars = 0
        self._sniffer = Sniffer()
        self._runs: list[RunDecoder] = []
        self._events: dict[int, list[Event]] = {}
        """Of each run."""
        self._told_events: dict[int, tuple[Event, ...]] = {}
        """The same, as they were when they were last asked for."""
        self._pace = PaceMeter()
        self._tail = LogTail()
        self._rate: float | None = None
        self._taken = (0, 0)
        """Up to where rows were taken: how many runs before, and how many prints of that run."""
        self._provisional: Provisional | None = None
        self._explainer = Explainer()
        self._finder = Finder()
        self._view: RunView | None = None
        self._finished = False

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
        if p is None or not reads_complete(p, self._last_print()):
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
        self._finished = True
        self.revision += 1

    def skip(self, size: int, now: float) -> None:
        """A hole of the source: `size` bytes, at least one, that nobody wrote."""
        for line in self._reader.skip(size):
            self._take_line(line, now)
        self.revision += 1

    def restart(self, reason: str, at: int = 0) -> None:
        """The file was truncated or replaced: what follows is a new one.

        With `at`: it was cut back to its first `at` bytes, which were fed, and goes on there.
        """
        for line in self._reader.flush():
            self._take_line(line, self._now)
        self._take_back()
        self._reader.restart(at)
        self._timeline.restart()
        self._tail.mark(reason)
        self.revision += 1

    _now = 0.0

    def _take_line(self, line: Line, now: float) -> None:
        self._now = now
        self.lines += 1
        self._tail.add(line)
        if self._format is None:
            self._unread.append(line)
            self._unread_chars += len(line.text)
            self._sniff(force=False)
            return
        self._parse(line, now)

    def _sniff(self, *, force: bool, tail: Line | None = None) -> None:
        """Find the format; lines that came before it is known are then read."""
        if not force and not self._sniffer.hear(self._unread[-1].text):
            if len(self._unread) > SNIFFED_LINES or self._unread_chars > SNIFFED_CHARS:
                del self._unread[: len(self._unread) // 2]
                self._unread_chars = sum(len(line.text) for line in self._unread)
            return
        lines = self._unread if tail is None else [*self._unread, tail]
        self._format = self._sniffer.find(line.text for line in lines)
        if self._format is None:
            return
        waiting, self._unread = unquoted((line.text, line) for line in self._unread), []
        for line in waiting:
            self._parse(line, self._now)

    def _parse(self, line: Line, now: float) -> None:
        assert self._format is not None
        items = self._format.parse(line.text)
        self._tail.fold(line, items)
        placed = self._timeline.place(line, items)
        held = self._provisional
        if held is not None and (placed or _is_print(items)):
            first = next((each for each in placed if isinstance(each, Print)), None)
            if first is not None and held.is_confirmed_by(first):
                placed = [each for each in placed if each is not first]
                self._provisional = None
                self._runs[-1].confirm(first)
            else:
                self._take_back()
        for each in placed:
            self._take_placed(each, now)

    def _take_placed(self, placed: Print | Event, now: float) -> None:
        if isinstance(placed, Event):
            self._events.setdefault(placed.run, []).append(placed)
            if placed.learning_rate is not None:
                self._rate = placed.learning_rate
            return
        run = self._run(placed.run)
        self._note(placed, now)
        run.add(placed)
        if placed.final:
            self._timeline.next_fit_differs = run.next_fit_differs

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

    def _last_print(self) -> Print | None:
        return self._runs[-1].prints[-1] if self._runs and self._runs[-1].prints else None

    def _take_provisional(self, line: Line, p: Print, now: float) -> None:
        begins = not self._runs or self._runs[-1].run != p.run
        run = self._run(p.run)
        self._provisional = Provisional(line, p, run, begins_run=begins)
        self._note(p, now)
        self._now = now
        run.add(p, provisional=True)

    def _take_back(self) -> None:
        held, self._provisional = self._provisional, None
        if held is None:
            return
        held.undo()
        at, taken = self._taken
        if at == len(self._runs) - 1:
            self._taken = (at, min(taken, len(self._runs[-1].prints)))
        if held.begins_run:
            self._runs.pop()

    # --- rows and snapshots out --------------------------------------------------------------

    def take_rows(self) -> list[Estimate]:
        """Rows since the last call, in the log's order; levels as filtered up to now.

        A print that was taken before its line ended comes again if the line ends otherwise.
        """
        rows: list[Estimate] = []
        at, taken = self._taken
        for index in range(at, len(self._runs)):
            run = self._runs[index]
            rows.extend(estimates.of_run(run, taken if index == at else 0))
            self._taken = (index, len(run.prints))
        return rows

    @property
    def quoted_format(self) -> str | None:
        """Name of the format that reads what the log only quotes, where nothing else is read."""
        found = quoted_format(line.text for line in self._unread)
        return None if found is None else found.name

    @property
    def has_rows(self) -> bool:
        """Whether a number of a metric that is wanted was printed."""
        return any(run.tracks for run in self._runs)

    def rows(self) -> Iterator[Estimate]:
        """Every row so far, in the log's order; levels smoothed over each whole run."""
        for run in self._runs:
            for track in run.tracks.values():
                track.smooth_all()
            yield from estimates.of_run(run)

    def report(self) -> tuple[RunReport, ...]:
        """What the log tells, a report a run."""
        return tuple(self._report(run) for run in self._runs)

    def _report(self, run: RunDecoder) -> RunReport:
        events = self._events_of(run.run)
        return RunReport(
            run=run.run,
            format=self._format.name if self._format else None,
            law=run.law,
            batch_size=run.batch_size,
            epochs=run.prints[-1].epoch if run.prints else 0,
            boundaries=self._explainer.find(run, events),
            findings=self._findings(run, events, exact=True),
            events=events,
            batch_size_certain=run.batch_size_certain,
            as_printed=run.as_printed,
        )

    def _findings(
        self, run: RunDecoder, events: Sequence[Event], *, exact: bool
    ) -> tuple[Finding, ...]:
        return self._finder.find(run, events, self._goals(run), exact=exact)

    def _events_of(self, run: int) -> tuple[Event, ...]:
        """The events of a run, as the same tuple while none is added."""
        events, told = self._events.get(run, ()), self._told_events.get(run, ())
        if len(told) < len(events):
            told = self._told_events[run] = tuple(events)
        return told

    def _goals(self, run: RunDecoder) -> tuple[Goal, ...]:
        is_newest = run is self._runs[-1]
        eta = self._pace.pace().eta_epoch if is_newest and self.options.targets else None
        return self._finder.goals(run, self.options.targets, eta)

    @property
    def usual_silence(self) -> float:
        """Seconds from one print to the next, as the log tells; 0 where it does not."""
        return self._pace.between or 0.0

    def snapshot(self, now: float) -> Snapshot:
        """All that a screen shows, as of `now`; the newest run's.

        Of a long log that came at once the older boundaries come with the next snapshots: the
        revision grows until they are all there.
        """
        run = self._runs[-1] if self._runs else None
        last = run.prints[-1] if run is not None and run.prints else None
        events = self._events_of(run.run) if run is not None else ()
        seen = self._look_at(run) if run is not None else None
        ends = seen.ruler.starts[1:] if seen is not None else np.empty(0)
        if last is not None and not last.final:
            ends = ends[:-1]
        unfinished = self._reader.tail()
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
            curves=seen.curves() if seen is not None else (),
            epoch_ends=ends,
            epoch_rows=seen.epoch_rows(events) if seen is not None else (),
            boundaries=self._explained(run, events) if run is not None else (),
            findings=self._findings(run, events, exact=self._timeline.ended)
            if run is not None
            else (),
            events=events,
            event_x=seen.event_x(events) if seen is not None else np.empty(0),
            pace=self._pace.pace(now),
            log_tail=self._tail.texts(unfinished),
            lines=self.lines,
            bytes=self.bytes,
            last_print=self._tail.newest(unfinished, self._shows_progress),
            ended=self._timeline.ended,
            goals=self._goals(run) if run is not None else (),
            batch_size_certain=run is None or run.batch_size_certain,
        )

    def _explained(self, run: RunDecoder, events: Sequence[Event]) -> tuple[Boundary, ...]:
        """What is explained of a run by now; what is left is news of the next snapshots."""
        found = self._explainer.find(run, events, EXPLAINED)
        self.revision += self._explainer.is_behind
        return found

    def _look_at(self, run: RunDecoder) -> RunView:
        """What is to be seen of a run, with what is new in it."""
        if self._view is None or self._view.decoder is not run:
            self._view = RunView(run)
        self._view.look(ended=self._finished or self._timeline.ended)
        return self._view

    def _shows_progress(self, text: str) -> bool:
        return self._format is not None and _is_print(self._format.parse(text))


def _is_print(items: Sequence[Item]) -> bool:
    return any(hasattr(item, "readings") for item in items)
