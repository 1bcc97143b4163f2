"""A log of which only the end is read: where to begin in it, and a session that begins there.

What lies before is not known, and nothing is made up for it. An epoch keeps the number that the log
prints; one without a number of its own is called after its place among those read, `+1`, `+2`. What
only the whole log can tell (targets, plateaus, the best epoch) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tui_monitor.core.formats.base import Format
from tui_monitor.core.lines.text import LineReader
from tui_monitor.core.placing.timeline import Timeline
from tui_monitor.core.records import Event, Finding, Header, Item, Line, Print, Progress, Unit
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import CutRun, Snapshot

_TOLD = ("nan", "divergence", "failed", "ended")
"""Kinds of findings that hold whatever came before."""
_LEAST, _MOST = 0.4, 1.5
"""How far what is read may be from what is wanted, so that it begins with an epoch."""
_DIGITS = re.compile(rb"[0-9]+")


# --- where to begin ------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where to begin reading."""

    at: int
    """Index of the first byte."""
    begins_epoch: bool
    """An epoch begins there; else its header lies before."""


def place_to_begin(
    data: bytes, log_format: Format, wanted: int, *, inside: bool = True
) -> Place | None:
    """Where to begin in a log's last bytes so that about `wanted` of them are read.

    At an epoch's begin near there, or else, if `inside` allows it, at a print inside an epoch. `data`
    itself begins inside a line. None where there is no such place.
    """
    first = line_begin(data)
    begins: list[int] = []
    prints: list[int] = []
    newest: Progress | None = None
    for line, item in _items(data[first:], log_format):
        at = first + line.offset
        if isinstance(item, Header):
            if newest is not None or not begins:
                begins.append(at)
            newest = None
        elif isinstance(item, Progress) and item.readings:
            if newest is not None and _starts_over(newest, item):
                begins.append(at)
            newest = item
            prints.append(at)
    if not prints:
        return None
    near = [at for at in begins if _LEAST <= (len(data) - at) / wanted <= _MOST]
    near = near if inside else near or begins
    if near:
        return Place(min(near, key=lambda at: abs(len(data) - at - wanted)), True)
    if not inside:
        return None
    at = next((at for at in prints if len(data) - at <= wanted), prints[-1])
    return Place(at, False)


def _items(data: bytes, log_format: Format) -> Iterator[tuple[Line, Item]]:
    for line in LineReader().feed(data):
        for item in log_format.parse(line.text):
            yield line, item


def line_begin(data: bytes) -> int:
    """Where the first line, or state of a redrawn one, begins in bytes that begin inside a line."""
    ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
    return min(ends) + 1 if ends else 0


def _starts_over(before: Progress, now: Progress) -> bool:
    """Whether a bar without a header begins its next epoch: batches may end a little out of order."""
    if now.step is None or before.step is None:
        return False
    return 2 * now.step <= before.step and now.steps == before.steps


def header_pattern(head: bytes, log_format: Format) -> re.Pattern[bytes] | None:
    """What the lines that announce epochs look like, going by the first one in a log's beginning.

    None where there is none.
    """
    for line, item in _items(head, log_format):
        if isinstance(item, Header):
            parts = _DIGITS.split(line.text.encode())
            return re.compile(rb"[\r\n]" + rb"[0-9]+".join(map(re.escape, parts)) + rb"(?=[\r\n])")
    return None


def last_header(data: bytes, pattern: re.Pattern[bytes], log_format: Format) -> bytes | None:
    """The last line that announces an epoch; None where there is none."""
    for match in reversed(list(pattern.finditer(data))):
        line = match[0][1:]
        if any(isinstance(item, Header) for item in log_format.parse(line.decode())):
            return line
    return None


# --- a session that begins there -----------------------------------------------------------------


class _EndTimeline(Timeline):
    """The timeline of a log's end: epochs of the run that it cuts have names, not ordinals.

    `first`: the log's first print, which tells what the steps of bars like it count.
    """

    def __init__(self, first: Print | None) -> None:
        super().__init__()
        self._first = first
        self._unit: Unit | None = None
        self._headed = False
        self._number = -1
        """The greatest number of an epoch so far."""
        self._begins_run = False

    @property
    def is_cut(self) -> bool:
        """Whether the newest run began before what is read."""
        return self._at.run == 1 and not self._begins_run

    def _place_header(self, line: Line, header: Header, placed: list[Print | Event]) -> None:
        if self._at.run == 0:
            self._begins_run = header.number == 1 and header.total != 1
        # an outer loop calls each of its epochs the first
        self._headed = header.total != 1
        super()._place_header(line, header, placed)
        self._headed = False

    def _place_progress(self, line: Line, item: Progress, placed: list[Print | Event]) -> None:
        if self._first is not None and is_alike(self._first, item):
            self._unit = self._first.unit
            if self.is_cut and self._at.unit is None:
                self._at.unit = self._unit
        self._headed = item.epoch is not None
        super()._place_progress(line, item, placed)
        self._headed = False

    def _begin_epoch(self, label: str, *, new_run: bool) -> None:
        super()._begin_epoch(label, new_run=new_run)
        if not self.is_cut:
            return
        if new_run:
            self._at.unit = self._unit
        if self._headed and label.isdecimal() and int(label) > self._number:
            self._number = int(label)
        else:
            self._at.label = f"+{self._at.epoch}"


def may_begin_inside(whole: Session) -> bool:
    """Whether windows can be decoded without an epoch's first prints, as far as is known by now.

    Not those of a bar whose first update has a weight of its own, see `Stride`.
    """
    return not whole._runs or whole._runs[0].stride.size == 1


def is_alike(first: Print, later: Print | Progress) -> bool:
    """Whether a print is, going by its looks, of the same program as the log's first one."""
    return (first.style, first.steps) == (later.style, later.steps)


class EndSession(Session):
    """Decodes a log's end; begins inside the log, at byte `at`.

    Args:
        whole: Of the same log; it has read some of the beginning, and what that tells of the format
            and of the bars is taken over.
        at: Byte of the log at which what it is fed begins.
        header: The line that announced the epoch, where it lies before.
    """

    def __init__(self, whole: Session, at: int, header: bytes | None = None) -> None:
        super().__init__(whole.options)
        self._format = whole._format
        self._at = at
        self._begun = whole._runs[0] if whole._runs and whole._runs[0].prints else None
        first = self._begun.prints[0] if self._begun is not None else None
        self._place = self._timeline = _EndTimeline(first)
        self._timeline.learn_from(whole._timeline)
        self._reader.restart(at)
        if header is not None:
            for line in LineReader().feed(header + b"\n"):
                self._take_line(line, 0.0)

    def _note(self, p: Print, now: float) -> None:
        run, begun = self._runs[-1], self._begun
        if not self._place.is_cut:
            super()._note(p, now)
            return
        if not run.prints and begun is not None and is_alike(begun.prints[0], p):
            # What the first prints of an epoch tell of the bars may lie before.
            run.go_on_from(begun)
        # The planned epochs that are left follow from the number.
        super()._note(p._replace(epoch=int(p.label)) if p.label.isdecimal() else p, now)

    def snapshot(self, now: float) -> Snapshot:
        """What the end shows, as of `now`."""
        shown = super().snapshot(now)
        if not self._place.is_cut or not self._runs:
            return shown
        label = self._runs[-1].prints[-1].label if self._runs[-1].prints else ""
        return replace(
            shown,
            epochs=None,
            findings=tuple(_told(shown.findings)),
            goals=(),
            cut=CutRun(shown.epochs if label.isdecimal() else None, self._at),
        )


def _told(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Those that hold whatever came before the log's end."""
    for each in findings:
        if each.kind == "divergence":
            now = each.numbers["now"]
            yield replace(
                each,
                text=f"{each.metric} rises far above its best in what is read so far, to {now:.4g}:"
                " the training diverges.",
            )
        elif each.kind in _TOLD:
            yield each
