"""The feed: what comes is fed, settled and published in time; what goes wrong is handed over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tui_monitor.core.snapshot import ReplayPosition, Snapshot, SourceState
from tui_monitor.ingest.feed import Feed, FeedThread
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.replay import ReplaySource
from tui_monitor.ingest.source import Chunk, Ended, Following, Gap, Pulled, Restarted, Waiting


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Script:
    """A source that gives what it was told to give."""

    def __init__(self) -> None:
        self.name = "script"
        self.following: Following = "events"
        self.rung = threading.Event()
        self.next: list[Pulled] = []
        self.limits: list[int] = []
        self.replay: ReplayPosition | None = None
        self.closed = False

    def pull(self, limit: int) -> Pulled:
        self.limits.append(limit)
        return self.next.pop(0) if self.next else None

    def position(self) -> ReplayPosition | None:
        return self.replay

    def close(self) -> None:
        self.closed = True


class Recorder:
    """A session that writes down what it is asked; its snapshots are its revisions."""

    def __init__(self, clock: Clock | None = None, cost: float = 0.0) -> None:
        self.calls: list[str] = []
        self.data = b""
        self.revision = 0
        self.usual_silence = 0.0
        self.clock = clock
        self.cost = cost

    def feed(self, data: bytes, now: float) -> None:
        self.calls.append("feed")
        self.data += data
        self.revision += 1
        if self.clock is not None:
            self.clock.now += self.cost * len(data)

    def settle(self, now: float) -> None:
        self.calls.append("settle")

    def skip(self, size: int, now: float) -> None:
        self.calls.append(f"skip {size}")

    def restart(self, reason: str, at: int = 0) -> None:
        self.calls.append("restart")
        self.data = b""
        self.revision += 1

    def finish(self) -> None:
        self.calls.append("finish")
        self.revision += 1

    def snapshot(self, now: float) -> Snapshot:
        return cast(Snapshot, (self.revision, len(self.data)))


class Stage:
    """A feed with all its surroundings, and what it published."""

    def __init__(self, cost: float = 0.0) -> None:
        self.clock = Clock()
        self.source = Script()
        self.session = Recorder(self.clock, cost)
        self.shown: list[SourceState] = []
        self.times: list[float] = []
        self.feed = Feed(self.source, self.session, self._publish, clock=self.clock)

    def _publish(self, snapshot: Snapshot, state: SourceState) -> None:
        self.shown.append(state)
        self.times.append(self.clock.now)

    def condition(self) -> str:
        """As published last."""
        return self.shown[-1].condition

    def detail(self) -> str | None:
        """As published last."""
        return self.shown[-1].detail

    def turn(self, *pulled: Pulled, after: float = 0.0) -> float:
        self.clock.now += after
        self.source.next += pulled
        return self.feed.turn()

    def play(self, seconds: float) -> int:
        """Let time pass as the thread would; return the turns it took."""
        until, turns = self.clock.now + seconds, 0
        while self.clock.now < until:
            self.clock.now += max(self.feed.turn(), 0.001)
            turns += 1
        return turns


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_first_bytes_after_quiet_are_published_at_once(stage: Stage) -> None:
    stage.turn(Chunk(b"x\n"))
    assert [state.condition for state in stage.shown] == ["live"]
    stage.turn(Chunk(b"abc"), after=5)
    assert stage.session.data == b"x\nabc"
    assert stage.times[-1] == stage.clock.now
    assert stage.shown[-1].quiet_seconds == 0


def test_a_source_is_not_shown_as_empty_before_it_could_be_read(stage: Stage) -> None:
    wait = stage.turn()
    assert stage.shown == []
    assert 0 < wait < 1
    stage.turn(Chunk(b"x\n"), after=0.1)
    assert [state.condition for state in stage.shown] == ["live"]


def test_an_empty_log_is_waited_for_then_stalled(stage: Stage) -> None:
    stage.play(0.5)
    assert stage.condition() == "waiting"
    stage.play(40)
    assert stage.condition() == "stalled"
    stage.turn(Chunk(b"x\n"), after=1)
    assert stage.condition() == "live"


def test_a_stream_is_published_ten_times_a_second(stage: Stage) -> None:
    for _ in range(200):
        wait = stage.turn(Chunk(b"x"))
        assert 0 <= wait <= 0.1
        stage.clock.now += 0.01
    assert 19 <= len(stage.shown) <= 21
    stage.play(0.2)
    assert stage.session.data == b"x" * 200
    gaps = [b - a for a, b in zip(stage.times, stage.times[1:], strict=False)]
    assert min(gaps) >= 0.0999


def test_nothing_new_is_not_published_again(stage: Stage) -> None:
    stage.turn(Chunk(b"x"))
    stage.play(20)
    assert len(stage.shown) == 1


def test_an_unfinished_line_settles_once_a_quiet_spell(stage: Stage) -> None:
    stage.turn(Chunk(b"x"))
    stage.play(0.03)
    assert stage.session.calls == ["feed"]
    stage.play(0.03)
    assert stage.session.calls == ["feed", "settle"]
    stage.play(5)
    stage.turn(Chunk(b"y"))
    stage.play(5)
    assert stage.session.calls == ["feed", "settle", "feed", "settle"]


def test_a_picture_waits_a_moment_for_an_unfinished_line(stage: Stage) -> None:
    stage.feed.pace(0.4)
    stage.turn(Chunk(b"5/10 loss: 0.3"), after=5)
    assert stage.shown == []
    stage.play(0.1)
    assert len(stage.shown) == 1
    assert stage.session.calls[-1] == "settle"
    # Of a line that goes on and on a picture comes in spite of it, ...
    begin = stage.clock.now
    while len(stage.shown) == 1 and stage.clock.now < begin + 5:
        stage.turn(Chunk(b"."), after=0.01)
    assert stage.clock.now - begin < 0.6
    # ... and of a finished one at once.
    stage.turn(Chunk(b"6/10 loss: 0.3\n"), after=5)
    assert len(stage.shown) == 3


def test_it_looks_seldom_when_it_is_quiet_and_a_bell_rings(stage: Stage) -> None:
    stage.play(3)
    assert stage.play(10) <= 41
    stage.source.following = "polling"
    assert 90 <= stage.play(10) <= 105


def test_a_backlog_comes_in_bounded_turns(stage: Stage) -> None:
    stage = Stage(cost=1e-6)  # a megabyte a second
    stage.turn(*[Chunk(b"x" * 16_384)] * 40)
    assert len(stage.session.calls) < 6
    assert len(stage.shown) == 1
    while stage.source.next:
        assert stage.turn() == 0 or not stage.source.next
    assert max(stage.source.limits) < 80_000
    assert len(stage.shown) >= 5


def test_conditions_follow_the_source(stage: Stage) -> None:
    stage.turn(Waiting("waiting for\x1b[2J run.log"))
    assert stage.condition() == "waiting"
    assert stage.detail() == "waiting for^[[2J run.log"
    assert stage.shown[-1].quiet_seconds is None
    stage.turn(Waiting("waiting for\x1b[2J run.log"), after=1)
    assert len(stage.shown) == 1
    stage.turn(Chunk(b"x"), after=1)
    assert stage.condition() == "live"
    assert stage.detail() is None
    stage.turn(Restarted("truncated"), Chunk(b"y"), after=1)
    assert stage.session.calls[-2:] == ["restart", "feed"]
    assert stage.detail() == "truncated"
    stage.play(15)
    assert stage.detail() is None
    stage.turn(Ended("over"))
    stage.turn(Ended("over"), after=1)
    assert stage.condition() == "ended"
    assert stage.session.calls.count("finish") == 1
    stage.turn(Restarted("sought back"), Chunk(b"z"), after=1)
    assert stage.condition() == "live"


def test_a_silence_unlike_any_before_is_a_stall(stage: Stage) -> None:
    stage.turn(Chunk(b"x"))
    stage.play(29)
    assert stage.condition() == "live"
    stage.play(2)
    assert stage.condition() == "stalled"
    stage.play(70)
    stage.turn(Chunk(b"x"))  # it was a long epoch
    assert stage.condition() == "live"
    stage.play(200)
    assert stage.condition() == "live"
    stage.play(120)
    assert stage.condition() == "stalled"


def test_a_log_that_tells_of_long_epochs_is_waited_for(stage: Stage) -> None:
    stage.session.usual_silence = 300.0
    stage.turn(Chunk(b"x\n", age=600.0))
    assert stage.condition() == "live"
    stage.play(301)
    assert stage.condition() == "stalled"


def test_a_log_that_is_old_when_it_is_opened_is_stalled_at_once(stage: Stage) -> None:
    stage.turn(Chunk(b"old\n", age=7200.0))
    assert stage.condition() == "stalled"
    assert stage.shown[-1].quiet_seconds == pytest.approx(7200.0, abs=1.0)
    stage.turn(Chunk(b"new\n"), after=1.0)
    assert stage.condition() == "live"
    stage.play(29.0)
    assert stage.condition() == "live"


def test_a_paused_replay_is_neither_stalled_nor_silent(stage: Stage) -> None:
    stage.source.replay = ReplayPosition(0.5, 1.0, True)
    stage.turn(Chunk(b"x"))
    stage.play(100)
    assert [state.condition for state in stage.shown] == ["paused"]
    stage.source.replay = ReplayPosition(0.5, 1.0, False)
    stage.turn()
    assert stage.condition() == "live"
    assert stage.shown[-1].replay == ReplayPosition(0.5, 1.0, False)


# --- the thread -----------------------------------------------------------------------------------


class Watcher:
    """Publications and failures of a thread, to be waited for."""

    def __init__(self) -> None:
        self.session = Recorder()
        self.states: list[SourceState] = []
        self.failed: list[Exception] = []
        self.changed = threading.Condition()

    def publish(self, snapshot: Snapshot, state: SourceState) -> None:
        with self.changed:
            self.states.append(state)
            self.changed.notify_all()

    def fail(self, error: Exception) -> None:
        with self.changed:
            self.failed.append(error)
            self.changed.notify_all()

    def wait_for_data(self, data: bytes) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.session.data == data, timeout=30)


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


def follow(log: Path, watcher: Watcher, *, watch: bool = True) -> FeedThread:
    tail = FileTail(log, watch=watch)
    thread = FeedThread(tail, watcher.session, watcher.publish, watcher.fail)
    thread.start()
    return thread


@pytest.fixture(params=[True, False], ids=["events", "polling"])
def thread(log: Path, watcher: Watcher, request: pytest.FixtureRequest) -> Iterator[FeedThread]:
    thread = follow(log, watcher, watch=request.param)
    yield thread
    thread.stop()
    assert not watcher.failed


@pytest.mark.usefixtures("thread")
def test_a_real_file_is_followed(log: Path, watcher: Watcher) -> None:
    log.write_bytes(b"one\n")
    watcher.wait_for_data(b"one\n")
    with log.open("ab") as file:
        file.write(b"two\n")
    watcher.wait_for_data(b"one\ntwo\n")
    log.write_bytes(b"new\n")
    watcher.wait_for_data(b"new\n")
    assert watcher.states[-1].condition == "live"
    assert watcher.states[-1].name == "run.log"


def test_calls_run_on_the_feed_thread_before_its_next_turn(watcher: Watcher) -> None:
    replay = ReplaySource(b"abc", [(1, 0.0), (3, 1000.0)])
    thread = FeedThread(replay, watcher.session, watcher.publish, watcher.fail)
    thread.start()
    watcher.wait_for_data(b"a")
    names: list[str] = []
    thread.call(lambda: names.append(threading.current_thread().name))
    thread.call(lambda: replay.set_speed(0))
    watcher.wait_for_data(b"abc")
    thread.stop()
    assert names == ["feed replay"]
    assert watcher.session.calls[-1] == "finish"


def test_a_failure_is_handed_over_and_the_source_closed(watcher: Watcher) -> None:
    class Broken(Recorder):
        def feed(self, data: bytes, now: float) -> None:
            raise ValueError("broken")

    source = Script()
    source.next = [Chunk(b"x")]
    thread = FeedThread(source, Broken(), watcher.publish, watcher.fail)
    thread.start()
    with watcher.changed:
        assert watcher.changed.wait_for(lambda: watcher.failed, timeout=30)
    thread.stop()
    assert [str(error) for error in watcher.failed] == ["broken"]
    assert source.closed


def test_stopping_is_prompt_and_closes_the_source(watcher: Watcher) -> None:
    source = Script()
    thread = FeedThread(source, watcher.session, watcher.publish, watcher.fail)
    thread.start()
    began = time.monotonic()
    thread.stop()
    assert time.monotonic() - began < 4
    assert source.closed
    thread.call(lambda: None)
    thread.stop()


def test_a_gap_is_the_news_for_a_while(stage: Stage) -> None:
    stage.turn(Gap("9 bytes came late"))
    assert stage.detail() == "9 bytes came late"
    assert stage.condition() == "live"
    assert stage.session.calls == []
    stage.play(11)
    assert stage.detail() is None


def test_the_end_and_its_reason_are_shown_until_more_comes(stage: Stage) -> None:
    stage.turn(Chunk(b"x"))
    stage.turn(Ended("training ended with exit code 3"), after=0.2)
    stage.turn(Ended("training ended with exit code 3"), after=20)
    assert stage.condition() == "ended"
    assert stage.detail() == "training ended with exit code 3"
    assert stage.session.calls == ["feed", "finish"]
    stage.turn(Chunk(b"y"), after=1)
    assert stage.condition() == "live"
    assert stage.detail() is None
