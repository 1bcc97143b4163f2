"""The fleet: which runs there are, which are decoded, what is told of them; by a clock of its own."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.runs import RunList, RunRow
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ingest import glancing
from tui_monitor.ingest.choosing import MOST_LIVE
from tui_monitor.ingest.fleet import Fleet
from tui_monitor.ingest.fleet_thread import FleetThread
from tui_monitor.ingest.glancing import GlancedLog, stamp_of
from tui_monitor.ingest.source import Chunk, Ended, Following, Pulled
from tui_monitor.ingest.specs import Spec, Stream, spec_of

HEAD = b"Train on 640 samples\nEpoch 1/3\n"


def epoch(number: int, loss: float, *, of: int = 3, val: float | None = None) -> bytes:
    """An epoch of ten batches of 64 samples, its header included."""
    lines = [f"Epoch {number}/{of}"]
    lines += [
        f"{64 * k:3d}/640 [==>.......] - ETA: {10 - k}s - loss: {loss + 0.1 * (10 - k):.4f}"
        for k in range(1, 10)
    ]
    end = f" - val_loss: {val:.4f}" if val is not None else ""
    return "\n".join([*lines, f"640/640 [==========] - 10s - loss: {loss:.4f}{end}\n"]).encode()


FINISHED = epoch(1, 0.9, val=0.8) + epoch(2, 0.5, val=0.6) + epoch(3, 0.4, val=0.7)
RUNNING = epoch(1, 0.9, val=0.8) + epoch(2, 0.5)[:300]


class Stage:
    """A fleet with a clock and a wall clock that go on as they are told."""

    def __init__(self, *sources: str, streams: tuple[Stream, ...] = (), **options: int) -> None:
        self.now = 1000.0
        self.wall = 1_700_000_000.0
        self.lists: list[RunList] = []
        self.shown: list[tuple[str, Snapshot, SourceState]] = []
        self.fleet = Fleet(
            [spec_of(source) for source in sources],
            streams,
            DecodeOptions(),
            self.lists.append,
            lambda *shown: self.shown.append(shown),
            clock=lambda: self.now,
            wall=lambda: self.wall,
            listen=False,
            **options,
        )

    def run(self, seconds: float = 1.0) -> float:
        """Turns for some seconds, ten a second; what the last one asked to wait."""
        wait = 0.0
        for _ in range(max(round(seconds * 10), 1)):
            wait = self.fleet.turn()
            self.now += 0.1
            self.wall += 0.1
        return wait

    def row(self, name: str) -> RunRow:
        return next(row for row in self.lists[-1].rows if row.name == name)

    def names(self) -> list[str]:
        return sorted(row.name for row in self.lists[-1].rows)

    def write(self, path: Path, data: bytes, *, age: float = 0.0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (self.wall - age, self.wall - age))
        return path

    def append(self, path: Path, data: bytes) -> None:
        with path.open("ab") as file:
            file.write(data)
        os.utime(path, (self.wall, self.wall))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(str(tmp_path))


def test_a_folder_becomes_a_list_of_its_runs(stage: Stage, tmp_path: Path) -> None:
    stage.write(tmp_path / "a" / "done.log", FINISHED, age=1e6)
    stage.write(tmp_path / "b" / "cut.log", RUNNING, age=1e6)
    stage.write(tmp_path / "b" / "now.log", RUNNING, age=1)
    stage.write(tmp_path / "notes.txt", b"nothing\n")

    stage.run()

    assert {row.name: row.state for row in stage.lists[-1].rows} == {
        "a/done.log": "ended", "b/cut.log": "stopped", "b/now.log": "live"
    }  # fmt: skip
    assert not stage.lists[-1].looking
    glance = stage.row("a/done.log").glance
    assert glance is not None
    metric = glance.metric()
    assert metric is not None
    assert (metric.name, metric.best_val, metric.best_label) == ("loss", 0.6, "2")
    assert (glance.label, glance.epochs) == ("3", 3)


@pytest.mark.parametrize("ahead", [10.0, 1e6, 1e9])
def test_a_run_of_a_clock_that_is_ahead_is_not_live_for_ever(
    stage: Stage, tmp_path: Path, ahead: float
) -> None:
    stage.write(tmp_path / "far.log", RUNNING, age=-ahead)
    stage.run()
    assert stage.row("far.log").state == "live"
    for _ in range(20):
        stage.now, stage.wall = stage.now + 10_000, stage.wall + 10_000
        stage.run()
    assert stage.row("far.log").state == "stopped"


def test_the_list_comes_before_all_logs_are_read(stage: Stage, tmp_path: Path) -> None:
    stage.write(tmp_path / "new.log", RUNNING, age=1)
    for number in range(30):
        stage.write(tmp_path / f"{number}.log", FINISHED, age=1e6)
    clock = stage.fleet._clock

    def slow() -> float:
        stage.now += 0.02
        return clock()

    stage.fleet._clock = slow
    while not stage.lists or not stage.lists[-1].rows:
        stage.fleet.turn()

    assert "new.log" in stage.names()
    assert len(stage.names()) < 31
    assert stage.lists[-1].looking


def test_only_what_grows_is_decoded(stage: Stage, tmp_path: Path) -> None:
    stage.write(tmp_path / "done.log", FINISHED, age=1e6)
    stage.write(tmp_path / "now.log", RUNNING, age=1)

    stage.run(2)

    assert stage.row("done.log").snapshot is None
    assert stage.row("now.log").snapshot is not None


def test_what_was_asked_for_is_decoded_once_and_let_go(stage: Stage, tmp_path: Path) -> None:
    path = stage.write(tmp_path / "done.log", FINISHED, age=1e6)
    stage.run()

    stage.fleet.ask([str(path)])
    stage.run(3)

    snapshot = stage.row("done.log").snapshot
    assert snapshot is not None
    assert snapshot.epoch == 3
    assert not open_files(tmp_path)
    stage.run(3)
    assert stage.row("done.log").snapshot is snapshot


def test_an_opened_run_is_shown_until_it_is_left(stage: Stage, tmp_path: Path) -> None:
    path = stage.write(tmp_path / "one" / "now.log", RUNNING, age=1)
    stage.run(2)
    assert stage.shown == []

    stage.fleet.open(str(path))
    assert [key for key, _, _ in stage.shown] == [str(path)]  # at once: it was decoded already
    assert stage.shown[0][2].name == stage.lists[-1].rows[0].name == "one/now.log"
    stage.append(path, epoch(2, 0.5)[300:])
    stage.run()
    assert stage.shown[-1][1].step == 640

    stage.fleet.open(None)
    count = len(stage.shown)
    stage.append(path, epoch(3, 0.4))
    stage.run()
    assert len(stage.shown) == count


def test_a_finished_log_that_grows_again_is_live(stage: Stage, tmp_path: Path) -> None:
    path = stage.write(tmp_path / "done.log", FINISHED, age=1e6)
    stage.run()
    stage.append(path, epoch(4, 0.3, of=6))

    stage.run(4)

    row = stage.row("done.log")
    assert row.state == "live"
    assert row.glance is not None
    assert row.glance.label == "4"
    assert row.snapshot is not None


def test_a_run_that_stays_silent_is_stalled_then_stopped(stage: Stage, tmp_path: Path) -> None:
    stage.write(tmp_path / "now.log", RUNNING, age=1)
    stage.run()
    assert stage.row("now.log").state == "live"

    stage.now, stage.wall = stage.now + 100, stage.wall + 100
    stage.run()
    assert (stage.row("now.log").state, stage.row("now.log").quiet_seconds) == ("stalled", 60.0)

    stage.now, stage.wall = stage.now + 1e6, stage.wall + 1e6
    stage.run(6)
    assert stage.row("now.log").state == "stopped"
    assert not open_files(tmp_path)


def test_new_logs_appear_and_are_told(stage: Stage, tmp_path: Path) -> None:
    stage.write(tmp_path / "a.log", FINISHED, age=1e6)
    stage.run(3)
    stage.write(tmp_path / "late" / "b.log", RUNNING)

    stage.run(6)

    assert stage.names() == ["a.log", "late/b.log"]
    assert stage.lists[-1].notice == "new: late/b.log"
    stage.run(30)
    assert stage.lists[-1].notice is None


def test_a_log_that_vanishes_is_told_and_stays_in_the_list(stage: Stage, tmp_path: Path) -> None:
    path = stage.write(tmp_path / "a.log", FINISHED, age=1e6)
    stage.run(3)
    path.unlink()

    stage.run(3)
    assert stage.row("a.log").state == "gone"
    assert stage.lists[-1].notice == "a.log is gone"

    stage.write(path, RUNNING)
    stage.run(3)
    assert stage.row("a.log").state == "live"


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    stage = Stage(str(tmp_path / "a.log"), str(tmp_path / "b.log"))
    stage.write(tmp_path / "b.log", FINISHED, age=1e6)
    stage.run()
    row = stage.row("a.log")
    assert (row.state, row.detail) == ("waiting", "waiting for a.log to appear")

    stage.write(tmp_path / "a.log", RUNNING)
    stage.run(4)

    assert stage.row("a.log").state == "live"


def test_no_more_logs_are_decoded_unasked_than_agreed(stage: Stage, tmp_path: Path) -> None:
    for number in range(MOST_LIVE + 5):
        stage.write(tmp_path / f"{number}.log", RUNNING, age=1)

    stage.run(3)

    assert all(row.state == "live" for row in stage.lists[-1].rows)
    assert sum(row.snapshot is not None for row in stage.lists[-1].rows) == MOST_LIVE
    assert len(open_files(tmp_path)) <= MOST_LIVE


def test_when_descriptors_run_out_nothing_is_lost(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stage.write(tmp_path / "a.log", FINISHED, age=1e6)
    stage.run()
    really = os.open

    def refuse(name: str, *rest: int) -> int:
        if str(name).startswith(str(tmp_path)):
            raise OSError(errno.EMFILE, "Too many open files")
        return really(name, *rest)

    monkeypatch.setattr(os, "open", refuse)
    stage.append(path, epoch(4, 0.3, of=6))
    stage.run(3)
    assert stage.row("a.log").detail == "too many open files"

    monkeypatch.undo()
    stage.run(3)

    row = stage.row("a.log")
    assert row.detail is None
    assert row.glance is not None
    assert row.glance.label == "4"


def test_a_defect_in_one_run_leaves_the_others(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.write(tmp_path / "bad.log", RUNNING + b"poison\n", age=1)
    stage.write(tmp_path / "good.log", RUNNING, age=1)
    feed = Session.feed

    def fail(session: Session, data: bytes, now: float) -> None:
        if b"poison" in data:
            raise ZeroDivisionError("division by zero")
        feed(session, data, now)

    monkeypatch.setattr(Session, "feed", fail)
    stage.run(2)

    assert (stage.row("bad.log").state, stage.row("bad.log").detail) == ("lost", "division by zero")
    assert stage.row("good.log").snapshot is not None


def test_an_idle_fleet_asks_for_a_turn_seldom(stage: Stage, tmp_path: Path) -> None:
    for number in range(20):
        stage.write(tmp_path / f"{number}.log", FINISHED, age=1e6)
    stage.run(3)
    count = len(stage.lists)

    waits = []
    for _ in range(20):
        waits.append(stage.fleet.turn())
        stage.now += waits[-1] + 1e-3
        stage.wall += waits[-1] + 1e-3

    assert sum(waits) >= 0.3 * len(waits)
    assert len(stage.lists) == count


class Scripted:
    """A source that gives what it was told to give."""

    def __init__(self, *pulls: Pulled) -> None:
        self.name = "pipe"
        self.following: Following = "none"
        self.rung = threading.Event()
        self.pulls = list(pulls)
        self.closed = False

    def pull(self, limit: int) -> Pulled:
        return self.pulls.pop(0) if self.pulls else None

    def position(self) -> None:
        return None

    def close(self) -> None:
        self.closed = True


def test_it_tells_how_it_follows_once_it_listens(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(FINISHED)
    lists: list[RunList] = []
    fleet = Fleet([spec_of(str(tmp_path))], (), DecodeOptions(), lists.append, lambda *_: None)
    end = time.monotonic() + 20
    while not lists or lists[-1].following != "events":
        assert time.monotonic() < end
        fleet.turn()
    fleet.close()
    assert {told.following for told in lists} == {"none", "events"}


def test_named_files_alone_are_listened_to(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(RUNNING)
    lists: list[RunList] = []
    fleet = Fleet(
        [spec_of(str(tmp_path / "a.log"))], (), DecodeOptions(), lists.append, lambda *_: None
    )
    end = time.monotonic() + 20
    while not lists or lists[-1].following != "events":
        assert time.monotonic() < end
        fleet.turn()
    fleet.close()


def test_a_stream_is_a_run_like_any_other(tmp_path: Path) -> None:
    source = Scripted(Chunk(RUNNING))
    stage = Stage(str(tmp_path), streams=(Stream("-", "standard input", lambda: source),))
    stage.write(tmp_path / "a.log", FINISHED, age=1e6)
    stage.run(2)
    row = stage.row("standard input")
    assert row.state == "live"
    assert row.glance is not None
    assert row.snapshot is not None

    source.pulls = [Chunk(epoch(2, 0.5)[300:]), Ended("end of input")]
    stage.run(2)

    assert stage.row("standard input").state == "ended"
    stage.fleet.close()
    assert source.closed


def open_files(folder: Path) -> list[str]:
    """Descriptors of this process that lead below a folder."""
    found: list[str] = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{fd}"))
        except OSError:
            continue
    return [path for path in found if path.startswith(str(folder))]


# --- a log at a glance, a piece at a time --------------------------------------------------------


def test_a_large_log_is_read_from_its_end_and_then_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("WHOLE", 2000), ("END", 1500), ("SLICE", 1000)):
        monkeypatch.setattr(glancing, name, size)
    path = tmp_path / "a.log"
    early = epoch(1, 0.9, of=9, val=0.1)
    path.write_bytes(early + b"".join(epoch(k, 0.5, of=9, val=0.6) for k in range(2, 9)))
    log = GlancedLog(str(path))
    stamp = stamp_of(str(path))
    while log.look(stamp, 0.0, resting=False):
        pass
    assert log.glance is not None
    assert (log.glance.label, log.glance.whole) == ("8", False)
    assert log.glance.metrics[0].best_val == 0.6

    while log.fill(0.0):
        pass

    assert log.glance.whole
    assert log.glance.metrics[0].best_val == 0.1


@pytest.mark.parametrize("resting", [False, True])
def test_a_glance_of_a_growing_log_is_that_of_the_whole(tmp_path: Path, resting: bool) -> None:
    path = tmp_path / "a.log"
    log = GlancedLog(str(path))
    for end in range(100, len(FINISHED) + 100, 100):
        path.write_bytes(FINISHED[:end])
        log.look(stamp_of(str(path)), 0.0, resting=resting)
    whole = GlancedLog(str(path))
    whole.look(stamp_of(str(path)), 0.0, resting=resting)

    assert log.glance == whole.glance


def test_a_log_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(FINISHED)
    log = GlancedLog(str(path))
    log.look(stamp_of(str(path)), 0.0, resting=False)
    path.write_bytes(RUNNING)

    log.look(stamp_of(str(path)), 0.0, resting=False)

    assert log.glance is not None
    assert log.glance.label == "2"


# --- the thread and its bell ---------------------------------------------------------------------


def test_the_thread_notices_new_logs_and_ends(tmp_path: Path) -> None:
    found = threading.Event()

    def publish(runs: RunList) -> None:
        if any(row.name == "b.log" for row in runs.rows):
            found.set()

    (tmp_path / "a.log").write_bytes(FINISHED)
    failures: list[Exception] = []
    spec = Spec("tree", str(tmp_path))
    fleet = Fleet([spec], [], DecodeOptions(), publish, lambda *_: None)
    thread = FleetThread(fleet, failures.append)
    thread.start()
    try:
        (tmp_path / "b.log").write_bytes(FINISHED)
        assert found.wait(20)
    finally:
        thread.stop()
    assert failures == []
    assert not any(each.name == "fleet" for each in threading.enumerate())


def test_a_bell_for_folders_tells_which_path(tmp_path: Path) -> None:
    from tui_monitor.ingest.bells import FolderBell

    rung = threading.Event()
    bell = FolderBell(rung)
    try:
        bell.listen([str(tmp_path)])
        assert bell.covers(str(tmp_path))
        (tmp_path / "a.log").write_bytes(b"x")
        assert rung.wait(10)
        assert str(tmp_path / "a.log") in bell.take()
        bell.listen([])
        assert not bell.covers(str(tmp_path))
    finally:
        bell.close()


def test_a_bell_that_cannot_listen_is_only_silent(tmp_path: Path) -> None:
    from tui_monitor.ingest.bells import FolderBell

    bell = FolderBell(threading.Event())
    try:
        bell.listen([str(tmp_path / "nowhere")])
        assert not bell.covers(str(tmp_path / "nowhere"))
    finally:
        bell.close()


@pytest.mark.parametrize("failing", ["__init__", "schedule", "start"])
def test_without_events_folders_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    import watchdog.observers

    from tui_monitor.ingest.bells import FolderBell

    def exhausted(*_: object, **__: object) -> None:
        raise OSError(24, "inotify instance limit reached")

    monkeypatch.setattr(watchdog.observers.Observer, failing, exhausted)
    bell = FolderBell(threading.Event())
    for _ in range(2):
        bell.listen([str(tmp_path)])
        assert not bell.covers(str(tmp_path))
    bell.close()
