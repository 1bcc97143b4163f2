"""A big log's end is shown first: at once, honestly, and until the whole is read."""

from __future__ import annotations

import dataclasses
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ingest.playing import bars, decoded
from tests.simulate import Case, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.session import Session
from tui_monitor.core.snapshot import Curve, Snapshot, SourceState
from tui_monitor.ingest import end_first, member
from tui_monitor.ingest.ahead import ReadAhead
from tui_monitor.ingest.end_first import BigLog, BigLogThread, EndFirst
from tui_monitor.ingest.feed import Feed
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.fleet import Fleet
from tui_monitor.ingest.recording import RecordedTail, open_end, record_path
from tui_monitor.ingest.source import Chunk, Restarted
from tui_monitor.ingest.specs import spec_of

PART = 6000
LEAST = 20_000


def turn_until(turn: Callable[[], float], reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end
        if turn() > 0:
            time.sleep(0.002)


class Stage:
    """A log file and the feed that shows its end first, turned by hand."""

    def __init__(
        self, path: Path, *, least: int = LEAST, part: int = PART, longer: tuple[int, ...] = ()
    ) -> None:
        self.path = path
        self.session = Session()
        self.source = FileTail(path, watch=False)
        self.shown: list[tuple[Snapshot, SourceState]] = []
        self.now = 0.0
        self.feed = Feed(self.source, self.session, self.take, clock=self.clock, interval=0.0)
        log = BigLog(os.fspath(path), DecodeOptions(), least, part, longer)
        self.first = EndFirst(log, self.feed, self.take, clock=self.clock, interval=0.0)

    def clock(self) -> float:
        """Goes on by a turn's time whenever it is looked at: each turn takes a few kilobytes."""
        self.now += 0.05
        return self.now

    def take(self, snapshot: Snapshot, state: SourceState) -> None:
        self.shown.append((snapshot, state))

    def until_shown(self) -> Snapshot:
        """The first picture."""
        self.turn_until(lambda: bool(self.shown))
        return self.shown[0][0]

    def until_over(self) -> Snapshot:
        """The last picture once the whole is read."""
        self.turn_until(lambda: self.first.over and not self.feed.busy and self.feed.settled)
        self.first.turn()
        return self.shown[-1][0]

    def turn_until(self, reached: Callable[[], bool]) -> None:
        turn_until(self.first.turn, reached)

    def close(self) -> None:
        self.first.stop()
        self.source.close()


@pytest.fixture
def stages() -> Iterator[list[Stage]]:
    opened: list[Stage] = []
    yield opened
    for stage in opened:
        stage.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    path.write_bytes(Simulated(Case(steps=60, epochs=16, every=3.0)).log())
    return path


def read_plainly(path: Path) -> Session:
    session = Session()
    session.feed(path.read_bytes(), 0.0)
    session.settle(1.0)
    return session


def assert_alike(found: object, wanted: object, where: str = "") -> None:
    """The same to the last bit, arrays and all."""
    if isinstance(wanted, np.ndarray):
        assert isinstance(found, np.ndarray), where
        np.testing.assert_array_equal(found, wanted, where)
    elif isinstance(wanted, Curve):
        for field in dataclasses.fields(wanted):
            name = field.name
            assert_alike(getattr(found, name), getattr(wanted, name), f"{where}.{name}")
    elif isinstance(wanted, tuple) and not hasattr(wanted, "_fields"):
        assert isinstance(found, tuple), where
        assert len(found) == len(wanted), where
        for index, (a, b) in enumerate(zip(found, wanted, strict=True)):
            assert_alike(a, b, f"{where}[{index}]")
    else:
        assert found == wanted or repr(found) == repr(wanted), where


def assert_same_picture(found: Snapshot, wanted: Snapshot) -> None:
    for field in dataclasses.fields(Snapshot):
        if field.name == "boundaries":
            continue
        # What depends on when it was read, and how often a picture was taken.
        if field.name not in ("revision", "pace"):
            assert_alike(getattr(found, field.name), getattr(wanted, field.name), field.name)
    # Explanations are made while a log is read: they know a little less of the noise.
    assert len(found.boundaries) == len(wanted.boundaries)
    for a, b in zip(found.boundaries, wanted.boundaries, strict=True):
        assert (a.run, a.epoch, a.metric, a.jump) == (b.run, b.epoch, b.metric, b.jump)
        for part in ("lag", "step", "luck"):
            one, other = getattr(a, part), getattr(b, part)
            assert (one.value is None) == (other.value is None)
            if one.value is not None:
                assert abs(one.value - other.value) <= other.sd


# --- the end -------------------------------------------------------------------------------------


def test_the_first_picture_is_of_the_end(log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(log))
    snapshot = stage.until_shown()
    state = stage.shown[0][1]
    assert snapshot.epoch_label == "16"
    assert snapshot.cut is not None
    assert state.filling is not None
    assert state.filling.size == log.stat().st_size
    assert not state.catching_up
    assert state.filling.read == 0
    assert 0.4 * PART <= snapshot.bytes <= 1.5 * PART


def test_what_is_told_of_the_progress_only_grows(log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(log))
    stage.first._told = 0.0
    stage.until_over()
    told = [state.filling for _, state in stage.shown if state.filling is not None]
    assert told
    assert [each.read for each in told] == sorted(each.read for each in told)
    assert all(each.read <= each.size for each in told)
    assert stage.shown[-1][1].filling is None


@pytest.mark.parametrize("law", [laws.STATE, laws.STEPS, laws.TWICE_RESET])
@pytest.mark.parametrize("seed", range(3))
def test_then_the_whole_is_as_if_read_plainly(
    tmp_path: Path,
    stages: list[Stage],
    monkeypatch: pytest.MonkeyPatch,
    law: laws.Law,
    seed: int,
) -> None:
    # Findings are kept as they were at the last picture before an epoch ended.
    monkeypatch.setattr(end_first, "_PICTURES", 1e9)
    chance = random.Random(seed)
    case = Case(
        law=law,
        steps=chance.randint(10, 300),
        epochs=chance.randint(2, 8),
        every=chance.choice([2.0, 5.0, 10.0]),
        seed=seed,
    )
    path = tmp_path / "run.log"
    data = Simulated(case).log()
    if chance.random() < 0.5:
        data = data[: -chance.randint(1, 400)]
    path.write_bytes(data)
    part = chance.randint(500, max(len(data) // 2, 501))
    longer = tuple(sorted(chance.randint(part, len(data)) for _ in range(seed)))
    stages.append(stage := Stage(path, least=1000, part=part, longer=longer))
    stage.until_shown()
    assert stage.shown[0][1].filling is not None
    stage.until_over()
    plain = read_plainly(path)
    for _ in range(20):  # explanations come a few a picture
        found, wanted = stage.session.snapshot(3.0), plain.snapshot(3.0)
    assert_same_picture(found, wanted)
    assert_alike(decoded(stage.session), decoded(plain))


def test_lines_that_are_appended_meanwhile_are_in_both(log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(log))
    stage.until_shown()
    more = b"Epoch 41/99\n60/60 [=====] - 1s - loss: 7.5000 - accuracy: 0.5\n"
    with log.open("ab") as file:
        file.write(more)
    stage.first.turn()
    of_end = [snapshot for snapshot, state in stage.shown if state.filling is not None]
    assert of_end[-1].epoch_label == "41"
    whole = stage.until_over()
    assert whole.epoch == 17
    assert_alike(decoded(stage.session), decoded(read_plainly(log)))


def test_end_and_whole_meet_at_the_same_byte(log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(log))
    stage.until_shown()
    lines = bars(1)
    while not stage.first.over:
        with log.open("ab") as file:
            file.write(next(lines))
        end = stage.first._end
        assert end is not None
        stage.first.turn()
        assert stage.feed.taken <= end.begin + end.feed.taken
    last = [shown for shown, state in stage.shown if state.filling is not None][-1]
    whole = next(shown for shown, state in stage.shown if state.filling is None)
    assert whole.log_tail[-3:] == last.log_tail[-3:]


def test_an_unfinished_line_is_in_the_whole_as_it_was_in_the_end(
    log: Path, stages: list[Stage]
) -> None:
    with log.open("ab") as file:
        file.write(b"Epoch 41/99\n 7/60 [=>...] - ETA: 1s - loss: nan - accuracy: 0.5000")
    stages.append(stage := Stage(log))
    stage.until_shown()
    stage.turn_until(lambda: stage.first.over)
    last = [shown for shown, state in stage.shown if state.filling is not None][-1]
    whole = next(shown for shown, state in stage.shown if state.filling is None)
    assert (last.step, whole.step) == (7, 7)


# --- longer ends -----------------------------------------------------------------------------------


@pytest.fixture
def long_log(tmp_path: Path) -> Path:
    path = tmp_path / "long.log"
    path.write_bytes(Simulated(Case(steps=60, epochs=80, every=3.0)).log())
    return path


LONGER = (3 * PART, 6 * PART, 1000 * PART)
"""The last is longer than the log that is long."""


def test_longer_ends_follow_each_other(long_log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(long_log, longer=LONGER))
    stage.until_over()
    begins: list[int] = []
    for snapshot, state in stage.shown:
        if state.filling is not None:
            assert snapshot.cut is not None
            assert snapshot.epoch_label == "80"
            if snapshot.cut.begin not in begins:
                begins.append(snapshot.cut.begin)
    assert begins == sorted(begins, reverse=True)
    size = long_log.stat().st_size
    for begin, part in zip(begins, (PART, *LONGER), strict=False):
        assert abs(size - begin - part) < PART
    assert len(begins) == 3
    assert stage.shown[-1][0].cut is None
    assert_alike(decoded(stage.session), decoded(read_plainly(long_log)))


def test_no_time_is_told_before_the_whole_is_read(long_log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(long_log, longer=LONGER))
    stage.until_shown()
    while stage.first._longer is not None:
        stage.first.turn()
        assert stage.feed.taken == 1
    assert all(
        state.filling is not None and state.filling.seconds is None for _, state in stage.shown
    )


def test_what_is_appended_while_a_longer_end_is_read_is_in_it(
    long_log: Path, stages: list[Stage]
) -> None:
    stages.append(stage := Stage(long_log, longer=LONGER))
    stage.until_shown()
    with long_log.open("ab") as file:
        file.write(b"Epoch 81/99\n60/60 [=====] - 1s - loss: 7.5000 - accuracy: 0.5\n")
    stage.turn_until(lambda: (cut := stage.shown[-1][0].cut) is None or cut.begin < PART)
    longer = [shown for shown, state in stage.shown if state.filling is not None]
    assert {shown.epoch_label for shown in longer} == {"80", "81"}
    assert longer[-1].epoch_label == "81"
    assert stage.until_over().epoch == 81


@pytest.mark.parametrize("how", ["truncated", "rotated"])
def test_a_longer_end_is_let_go_where_the_file_is_another(
    long_log: Path, stages: list[Stage], how: str
) -> None:
    stages.append(stage := Stage(long_log, longer=LONGER))
    stage.until_shown()
    assert stage.first._longer is not None
    after = b"Epoch 1/3\n 5/60 [=>...] - ETA: 1s - loss: 0.7000 - accuracy: 0.5000\n"
    if how == "rotated":
        long_log.rename(long_log.with_name("long.log.1"))
    long_log.write_bytes(after)
    snapshot = stage.until_over()
    assert (snapshot.run, snapshot.epoch, snapshot.step) == (2 if how == "rotated" else 1, 1, 5)
    assert stage.first._longer is None


# --- where the end is not shown ------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nothing of a training\n" * 5000,
        "Epoch 1/2\n".encode("utf-16") + b"7/9 [==>] - loss: 0.5\n" * 3000,
        b"\0" * 100_000,
    ],
    ids=["empty", "no training", "utf-16", "nuls"],
)
def test_what_has_no_end_to_show_is_read_plainly(
    tmp_path: Path, stages: list[Stage], data: bytes
) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(data)
    stages.append(stage := Stage(path))
    stage.first.turn()
    assert stage.first.over


def test_a_small_log_is_read_plainly(log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(log, least=log.stat().st_size + 1))
    stage.until_over()
    assert all(state.filling is None for _, state in stage.shown)


def test_a_log_that_is_not_there_is_waited_for(tmp_path: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(tmp_path / "none.log"))
    stage.first.turn()
    assert stage.shown[-1][1].condition == "waiting"
    stages.append(stage := Stage(tmp_path))
    stage.first.turn()
    assert stage.shown[-1][1].condition == "waiting"


# --- what is done to the file meanwhile ----------------------------------------------------------


def test_a_log_that_is_truncated_meanwhile_is_read_anew(log: Path, stages: list[Stage]) -> None:
    stages.append(stage := Stage(log))
    stage.until_shown()
    log.write_bytes(b"Epoch 1/3\n 5/60 [=>...] - ETA: 1s - loss: 0.7000 - accuracy: 0.5000\n")
    snapshot = stage.until_over()
    assert (snapshot.epoch, snapshot.step) == (1, 5)
    assert snapshot.cut is None
    assert stage.shown[-1][1].filling is None


def test_a_log_that_is_rotated_meanwhile_is_read_to_its_successors_end(
    log: Path, stages: list[Stage]
) -> None:
    stages.append(stage := Stage(log))
    stage.until_shown()
    before = log.read_bytes()
    log.rename(log.with_name("run.log.1"))
    after = b"Epoch 1/3\n 5/60 [=>...] - ETA: 1s - loss: 0.7000 - accuracy: 0.5000\n"
    log.write_bytes(after)
    snapshot = stage.until_over()
    assert (snapshot.run, snapshot.epoch, snapshot.step) == (2, 1, 5)
    clean = Session()
    clean.feed(before, 0.0)
    clean.restart("rotated")
    clean.feed(after, 0.0)
    assert decoded(stage.session) == decoded(clean)


@pytest.mark.parametrize("recorded", [False, True])
def test_the_end_is_followed_as_the_whole_is(log: Path, recorded: bool) -> None:
    if recorded:
        record_path(log).touch()
    source = open_end(os.fspath(log), 100)
    try:
        assert isinstance(source, RecordedTail) == recorded
        assert source.pull(50) == Chunk(log.read_bytes()[100:150])
        os.truncate(log, 90)
        assert isinstance(source.pull(50), Restarted)
        assert source.pull(50) == Chunk(log.read_bytes()[:50])
    finally:
        source.close()


# --- in a list -----------------------------------------------------------------------------------


def test_a_run_that_is_opened_from_a_list_shows_its_end_first(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_bytes(log.read_bytes() * 5)
    monkeypatch.setattr(member, "BigLog", lambda path, options: BigLog(path, options, LEAST, PART))
    shown: list[tuple[Snapshot, SourceState]] = []
    fleet = Fleet(
        [spec_of(os.fspath(log.parent))],
        (),
        DecodeOptions(),
        lambda _: None,
        lambda _, snapshot, state: shown.append((snapshot, state)),
        listen=False,
    )
    try:
        for _ in range(3):
            fleet.turn()
        fleet.open(os.fspath(log))
        turn_until(fleet.turn, lambda: any(state.filling for _, state in shown))
        assert shown[-1][0].epoch_label == "16"
        count = len(shown)
        fleet.open(None)
        turn_until(fleet.turn, lambda: fleet._members[os.fspath(log)]._end_first is None)
        assert len(shown) == count
        fleet.open(os.fspath(log))
        turn_until(
            fleet.turn, lambda: shown[-1][1].filling is None and not shown[-1][1].catching_up
        )
        assert shown[-1][0].cut is None
        assert shown[-1][0].runs == 5
    finally:
        fleet.close()


# --- its cost ------------------------------------------------------------------------------------


def test_what_is_read_before_the_first_picture_is_the_same_for_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = 0
    pread = os.pread

    def counting(fd: int, size: int, offset: int) -> bytes:
        nonlocal taken
        data = pread(fd, size, offset)
        taken += len(data)
        return data

    monkeypatch.setattr(os, "pread", counting)
    one = Simulated(Case(steps=20, epochs=40)).log()
    read: list[int] = []
    for times in (1, 40):
        path = tmp_path / f"{times}.log"
        path.write_bytes(one * times)
        taken = 0
        assert end_first._find(
            BigLog(os.fspath(path), DecodeOptions(), LEAST, PART), 0, PART, LEAST
        )
        read.append(taken)
    assert read[0] == read[1] <= 2 * PART + (1 << 14)


def test_the_header_of_a_long_epoch_is_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    case = Case(law=laws.STEPS, steps=30_000, epochs=1)
    path.write_bytes(b"Epoch 1/8\n" * 8 + Simulated(case).log().replace(b" 1/1\n", b" 7/8\n", 1))
    found = end_first._find(BigLog(os.fspath(path), DecodeOptions(), LEAST, PART), 0, PART, LEAST)
    assert found is not None
    begin, session = found
    session.feed(path.read_bytes()[begin:], 0.0)
    snapshot = session.snapshot(1.0)
    assert (snapshot.epoch_label, snapshot.epoch) == ("7", 1)
    assert snapshot.cut is not None
    assert snapshot.cut.epochs == 8


def test_the_thread_shows_the_end_and_stops_at_once(log: Path) -> None:
    log.write_bytes(log.read_bytes() * 30)
    first = threading.Event()
    failures: list[Exception] = []
    shown: list[SourceState] = []

    def take(snapshot: Snapshot, state: SourceState) -> None:
        shown.append(state)
        first.set()

    big = BigLog(os.fspath(log), DecodeOptions(), LEAST, PART)
    thread = BigLogThread(big, ReadAhead(FileTail(log)), Session(), take, failures.append)
    thread.start()
    assert first.wait(20)
    before = time.process_time()
    thread.stop()
    assert time.process_time() - before < 1.0
    assert not failures
    assert shown[-1].filling is not None
    assert threading.active_count() == 1 or not any(
        each.name.startswith(("feed", "read")) for each in threading.enumerate()
    )
