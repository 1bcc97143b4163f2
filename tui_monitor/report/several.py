"""Reports on several logs: which logs sources mean, rows of them as they grow, lines of them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import NamedTuple

from tui_monitor.core.explaining.figures import number
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.runs import Glance, RunList, RunRow
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.finder import LogFinder
from tui_monitor.ingest.fleet import Fleet
from tui_monitor.ingest.glancing import Stamp, stamp_of
from tui_monitor.ingest.source import Ended, Source
from tui_monitor.ingest.specs import Spec, Stream
from tui_monitor.report.follow import BEAT, SETTLE, take
from tui_monitor.report.plain import UPDATE_SECONDS, place_of, update_line
from tui_monitor.report.source import BLOCK_BYTES

_FOLDERS_BEAT = 2.5
"""Seconds between two looks for new ones."""


def logs_of(specs: Sequence[Spec], format_hint: str | None = None) -> list[str]:
    """The logs that sources mean now, those of a folder by name; TuiMonitorError if it has none."""
    found: list[str] = []
    for spec in specs:
        if spec.kind != "tree":
            found.append(spec.source)
            continue
        finder = LogFinder([spec], format_hint=format_hint)
        logs = sorted(file.path for file in finder.find() if file is not None)
        if not logs:
            raise _nothing_below(spec, finder.unreadable)
        found += logs
    return list(dict.fromkeys(found))


def _nothing_below(spec: Spec, unreadable: Mapping[str, str]) -> TuiMonitorError:
    """The error to show for a folder or glob without a log."""
    where = "/".join((spec.source, *spec.pattern))
    why = "".join(f" ({path}: {reason})" for path, reason in list(unreadable.items())[:1])
    if spec.pattern:
        return TuiMonitorError(f"no training log matches, {where}{why}: name another glob")
    return TuiMonitorError(
        f"no training log below it, {where}{why}: name another folder, or the log itself"
    )


# --- rows ----------------------------------------------------------------------------------------


class _Follower:
    """One of several logs that are followed."""

    def __init__(self, name: str, source: Source, path: str | None, options: DecodeOptions) -> None:
        self.name = name
        self.source = source
        self.session = Session(options)
        self.ended = False
        self._path = path
        self._stamp: Stamp | None = None
        self._fed: float | None = None  # when the unsettled bytes came

    def pull(self, now: float) -> bool:
        """Read what is there; whether anything came of it."""
        if self._path is not None and self._fed is None:
            try:
                stamp: Stamp | None = stamp_of(self._path)
            except OSError:
                stamp = None
            if stamp is not None and stamp == self._stamp:
                return False
            self._stamp = stamp
        pulled = self.source.pull(BLOCK_BYTES)
        if take(self.session, pulled, now):
            self._fed = now
            self.ended = isinstance(pulled, Ended)
            return True
        if self._fed is None or now - self._fed < SETTLE:
            return False
        self._fed = None
        self.session.settle(now)
        return True


def follow_several(
    specs: Sequence[Spec], streams: Sequence[Stream], options: DecodeOptions
) -> Generator[tuple[str, Session], None, None]:
    """A log's name and its session whenever it has grown; logs that appear are followed too.

    Goes on until all have ended, if they ever do, and closes them.
    """
    paths = [spec.source for spec in specs if spec.kind == "file"]
    finder = LogFinder(specs, known=paths, format_hint=options.format_hint)
    followers = [_Follower(s.name, s.open_source(), None, options) for s in streams]
    followers += [_Follower(path, FileTail(path, watch=False), path, options) for path in paths]
    looked = float("-inf")
    try:
        while True:
            now = time.monotonic()
            if finder.folders and now - looked >= _FOLDERS_BEAT:
                looked = now
                finder.look_again(set(), everywhere=True)
                logs = [file.path for file in finder.find() if file is not None]
                followers += [
                    _Follower(path, FileTail(path, watch=False), path, options) for path in logs
                ]
            busy = False
            for each in followers:
                while not each.ended and each.pull(time.monotonic()):
                    busy = True
                    yield each.name, each.session
            if not finder.folders and all(each.ended for each in followers):
                return
            if not busy:
                time.sleep(BEAT)
    finally:
        for each in followers:
            each.source.close()


# --- lines ---------------------------------------------------------------------------------------


class _Told(NamedTuple):
    line: str
    at: float


def updates_of_several(
    specs: Sequence[Spec],
    streams: Sequence[Stream],
    options: DecodeOptions,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[str]:
    """A line with its name whenever a run has moved on; of a finished run one line.

    Ends when all are streams and have ended.
    """
    newest: list[RunList] = []
    fleet = Fleet(specs, streams, options, newest.append, _ignore, live_seconds=UPDATE_SECONDS)
    told: dict[str, _Told] = {}
    before: dict[str, RunRow] = {}
    try:
        while True:
            wait = fleet.turn()
            now = clock()
            rows = newest[-1].rows if newest else ()
            del newest[:-1]
            for row in rows:
                last = told.get(row.key)
                if before.get(row.key) is row or (last and now < last.at + UPDATE_SECONDS):
                    continue
                before[row.key] = row
                line = _line(row)
                if line and (last is None or line != last.line):
                    told[row.key] = _Told(line, now)
                    yield f"{row.name}: {line}"
            over = all(row.state in ("ended", "lost") for row in rows)
            if rows and over and len(rows) == len(streams):
                return
            fleet.rung.wait(wait)
            fleet.rung.clear()
    finally:
        fleet.close()


def _ignore(key: str, snapshot: Snapshot, state: SourceState) -> None:
    """No run is opened here."""


def _line(row: RunRow) -> str:
    """Where a run stands: as decoded, or as printed where it is not; how it ended."""
    line = update_line(row.snapshot) if row.snapshot is not None else ""
    if not line and row.glance is not None:
        line = _printed(row.glance)
    if row.state in ("ended", "failed", "gone", "lost") and line:
        return f"{line}  {row.state}"
    return line


def _printed(glance: Glance) -> str:
    if not glance.metrics:
        return ""
    parts = [place_of(glance, glance.label or str(glance.epoch))]
    for metric in glance.metrics:
        if metric.displayed is not None:
            parts.append(f"{metric.name} {number(metric.displayed, metric.decimals)}")
        if metric.val is not None:
            parts.append(f"{metric.val_name} {number(metric.val, metric.val_decimals)}")
    return "  ".join(parts)


def survey(specs: Sequence[Spec], streams: Sequence[Stream], options: DecodeOptions) -> RunList:
    """All runs as they are now; each log is read once, none is decoded."""
    newest: list[RunList] = []
    fleet = Fleet(specs, streams, options, newest.append, _ignore, listen=False, most_live=0)
    try:
        while fleet.turn() <= 0 or fleet.looking or not newest or newest[-1].looking:
            pass
    finally:
        fleet.close()
    return newest[-1]
