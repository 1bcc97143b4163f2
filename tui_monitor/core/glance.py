"""A log at a glance: where its newest run stands, and its numbers as printed. Nothing is decoded.

It reads with the same lines, formats and timeline as a session, at about a fiftieth of the cost, so
that a folder of hundreds of logs can be listed.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from math import inf, isfinite, nan

from tui_monitor.core.formats.base import Format
from tui_monitor.core.formats.detect import Sniffer, by_name
from tui_monitor.core.formats.quoted import unquoted
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.metrics import (
    base_name,
    decimals,
    describe,
    finer,
    in_percent,
    is_percent_of,
)
from tui_monitor.core.picture.pace import UNHEARD, PaceMeter
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Event, Item, Line, Print
from tui_monitor.core.runs import Glance, MetricGlance

TREND = 48
"""Points kept of a metric's course: at most twice as many."""
_UNREAD_LINES = 4000
"""Lines without any known format after which the first half of them is let go."""


class Trend:
    """The course of a number, in points that each stand for equally many values."""

    def __init__(self) -> None:
        self._points: list[float] = []
        self._stride = 1
        self._sum, self._count = 0.0, 0

    def add(self, value: float) -> None:
        """The next value; nan and infinities leave a gap."""
        self._sum += value if isfinite(value) else nan
        self._count += 1
        if self._count < self._stride:
            return
        self._points.append(self._sum / self._count)
        self._sum, self._count = 0.0, 0
        if len(self._points) >= 2 * TREND:
            pairs = zip(self._points[::2], self._points[1::2], strict=True)
            self._points = [(a + b) / 2 for a, b in pairs]
            self._stride *= 2

    def points(self) -> tuple[float, ...]:
        """The course so far, oldest first."""
        if self._count:
            return (*self._points, self._sum / self._count)
        return tuple(self._points)


class _Digits:
    """What the prints of a metric tell of how many decimals it is told with."""

    def __init__(self) -> None:
        self._finest, self._most = inf, 0.0

    def hear(self, displayed: float, quantum: float) -> None:
        """The next print."""
        if displayed > self._most:
            self._most = displayed
        self._finest = finer(self._finest, displayed, quantum)

    def decimals(self, name: str) -> int:
        """Of the metric of this name."""
        metric = describe(name)
        metric = in_percent(metric) if is_percent_of(metric, self._most) else metric
        return decimals(metric, self._finest)


class _Metric:
    """What is kept of a train metric and its validation twin."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.higher_is_better = describe(name).higher_is_better
        self.displayed: float | None = None
        self.trend = Trend()
        self.digits, self.val_digits = _Digits(), _Digits()
        self.val_name: str | None = None
        self.val: float | None = None
        self.best: tuple[float, str] | None = None
        """Best finite validation, and its epoch."""

    def add(self, displayed: float, quantum: float) -> None:
        self.displayed = displayed
        self.trend.add(displayed)
        self.digits.hear(displayed, quantum)

    def add_val(self, name: str, value: float, quantum: float, label: str) -> None:
        self.val_name, self.val = name, value
        self.val_digits.hear(value, quantum)
        if not isfinite(value):
            return
        sign = 1.0 if self.higher_is_better else -1.0
        if self.best is None or sign * value > sign * self.best[0]:
            self.best = (value, label)

    def glance(self) -> MetricGlance:
        best, label = self.best if self.best is not None else (None, "")
        return MetricGlance(
            self.name, self.higher_is_better, self.displayed, self.trend.points(),
            self.val_name, self.val, best, label,
            self.digits.decimals(self.name), self.val_digits.decimals(self.val_name or self.name),
        )  # fmt: skip


class _Run:
    """What is kept of the newest run."""

    def __init__(self) -> None:
        self.metrics: dict[str, _Metric] = {}
        self.last: Print | None = None
        self.failed = False
        self.counts = True
        """The log's own numbers of epochs grow: an outer loop calls each of its epochs the first."""
        self.pace = PaceMeter()

    def add(self, p: Print, now: float) -> None:
        if self.last is not None and p.epoch != self.last.epoch:
            self.counts = self.counts and _number(p.label) > _number(self.last.label)
        self.last, self.failed = p, False
        self.pace.add(p, now)
        label = p.label if p.label and self.counts else str(p.epoch)
        for metric, displayed, quantum, _ in p.readings:
            known = _split_of(metric)
            if known == "other":
                continue
            name = self._twin(metric) if known == "val" else metric
            kept = self.metrics.get(name)
            if kept is None:
                kept = self.metrics[name] = _Metric(name)
            if known == "val":
                kept.add_val(metric, displayed, quantum, label)
            else:
                kept.add(displayed, quantum)

    def _twin(self, validation: str) -> str:
        """The train metric that a validation is of."""
        base = base_name(validation)
        return next((name for name in self.metrics if base_name(name) == base), base)


def _number(label: str) -> int:
    return int(label) if label.isdecimal() else -1


class GlanceReader:
    """Reads one log. `cut`: what it is fed begins somewhere inside the log."""

    def __init__(self, format_hint: str | None = None, *, cut: bool = False) -> None:
        self._format: Format | None = by_name(format_hint) if format_hint else None
        self._cut = cut
        self._reader = LineReader()
        self._timeline = Timeline()
        self._unread: list[Line] = []
        self._sniffer = Sniffer()
        self._number = 0
        self._run = _Run()
        self._now = 0.0

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes that arrived at `now` (seconds, monotonic)."""
        self._now = now
        self._take(self._reader.feed(data))

    def restart(self) -> None:
        """What follows is a new file."""
        self._take(self._reader.flush())
        self._reader.restart()
        self._timeline.restart()

    def glance(self) -> Glance:
        """What there is to see; an unfinished line counts as it stands, for this once."""
        tail = self._reader.tail()
        lines = [tail] if tail is not None else []
        if self._format is None:
            twin = copy.copy(self)
            twin._timeline, twin._run = Timeline(), _Run()
            twin._unread, twin._sniffer = self._unread.copy(), self._sniffer.copy()
            twin._take(lines)
            return twin._conclude()
        timeline = self._timeline.copy()
        placed = [each for line in lines for each in timeline.place(line, self._parse(line))]
        placed += timeline.flush()
        if not placed:
            return self._describe(timeline)
        twin = copy.copy(self)
        twin._run = copy.deepcopy(self._run)
        for each in placed:
            twin._add(each)
        return twin._describe(timeline)

    def finish(self) -> Glance:
        """The same where nothing follows; the reader is of no use after."""
        self._take(self._reader.flush())
        return self._conclude()

    def _conclude(self) -> Glance:
        for placed in self._timeline.flush():
            self._add(placed)
        return self._describe(self._timeline)

    def _describe(self, timeline: Timeline) -> Glance:
        run = self._run
        p = run.last
        metrics = tuple(each.glance() for each in run.metrics.values())
        return Glance(
            format=self._format.name if self._format else None,
            runs=self._number,
            epoch=p.epoch if p is not None else 0,
            label=p.label if p is not None and (run.counts or self._cut) else "",
            epochs=p.epochs if p is not None and p.epochs != 1 else None,
            step=p.step if p is not None else None,
            steps=p.steps if p is not None else None,
            unit=p.unit if p is not None else "batch",
            metrics=metrics,
            pace=run.pace.pace() if p is not None else UNHEARD,
            ended=timeline.ended,
            failed=run.failed,
            broken=tuple(each.name for each in metrics if _is_broken(each)),
            whole=not self._cut,
        )

    def _parse(self, line: Line) -> tuple[Item, ...]:
        assert self._format is not None
        return self._format.parse(line.text)

    def _take(self, lines: list[Line]) -> None:
        if self._format is None:
            self._unread += lines
            if any(self._sniffer.hear(line.text) for line in lines):
                self._format = self._sniffer.find(line.text for line in self._unread)
            if self._format is None:
                if len(self._unread) > _UNREAD_LINES:
                    del self._unread[: _UNREAD_LINES // 2]
                return
            lines, self._unread = unquoted((line.text, line) for line in self._unread), []
        for line in lines:
            for placed in self._timeline.place(line, self._parse(line)):
                self._add(placed)

    def _add(self, placed: Print | Event) -> None:
        if placed.run != self._number and isinstance(placed, Print):
            self._number = placed.run
            self._run = _Run()
        if isinstance(placed, Print):
            self._run.add(placed, self._now)
        elif placed.text.startswith("Traceback"):
            self._run.failed = True


def as_of_end(glance: Glance) -> Glance:
    """The same of a log that has not grown for long: nothing is left to wait for."""
    return replace(glance, pace=UNHEARD)


_SPLITS: dict[str, str] = {}
_MOST_NAMES = 4096


def _split_of(name: str) -> str:
    """The split of a metric of this name: each print of each log asks."""
    split = _SPLITS.get(name)
    if split is None:
        split = describe(name).split
        if len(_SPLITS) < _MOST_NAMES:
            _SPLITS[name] = split
    return split


def _is_broken(metric: MetricGlance) -> bool:
    newest = (metric.displayed, metric.val)
    return any(value is not None and not isfinite(value) for value in newest)
