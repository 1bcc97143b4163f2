"""A replay deals out a log by its marks, and takes commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Header, Item, Line, Progress
from tui_monitor.ingest.replay import ReplaySource, pace_marks
from tui_monitor.ingest.replayed_session import ReplayedSession
from tui_monitor.ingest.source import Chunk, Ended, Restarted


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


LOG = b"0123456789"
MARKS = [(2, 0.0), (4, 1.0), (7, 3.0), (10, 4.0)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replay(clock: Clock) -> ReplaySource:
    return ReplaySource(LOG, MARKS, clock=clock)


def due(replay: ReplaySource, limit: int = 100) -> bytes:
    data = b""
    while isinstance(pulled := replay.pull(limit), Chunk | Restarted):
        data += pulled.data if isinstance(pulled, Chunk) else b"|"
    return data


def test_marks_set_the_pace(replay: ReplaySource, clock: Clock) -> None:
    assert due(replay) == b"01"
    clock.now += 0.9
    assert due(replay) == b""
    clock.now += 0.2
    assert due(replay) == b"23"
    clock.now += 10
    assert due(replay) == b"456789"
    assert isinstance(replay.pull(10), Ended)
    assert replay.position().fraction == 1.0


def test_chunks_end_at_marks_where_the_limit_allows(replay: ReplaySource, clock: Clock) -> None:
    clock.now += 10
    assert [replay.pull(5), replay.pull(5), replay.pull(2)] == [
        *(Chunk(b"0123"), Chunk(b"456"), Chunk(b"78"))
    ]


def test_speed_changes_take_effect_from_now_on(replay: ReplaySource, clock: Clock) -> None:
    replay.set_speed(10)
    clock.now += 0.11
    assert due(replay) == b"0123"
    replay.set_speed(0.5)
    clock.now += 3.7
    assert due(replay) == b""
    clock.now += 0.4
    assert due(replay) == b"456"
    replay.set_speed(0)
    assert due(replay) == b"789"
    with pytest.raises(ValueError, match="speed"):
        replay.set_speed(-1)


def test_pause_stops_the_time(replay: ReplaySource, clock: Clock) -> None:
    clock.now += 0.5
    replay.pause()
    clock.now += 100
    assert due(replay) == b"01"
    assert replay.position() == (0.2, 1.0, True)
    replay.resume()
    clock.now += 0.4
    assert due(replay) == b""
    clock.now += 0.2
    assert due(replay) == b"23"


def test_seek_back_restarts_and_plays_up_to_there_at_once(
    replay: ReplaySource, clock: Clock
) -> None:
    clock.now += 10
    due(replay)
    replay.seek(4)
    assert isinstance(replay.pull(10), Restarted)
    assert replay.pull(10) == Chunk(b"0123")
    assert replay.pull(10) is None
    clock.now += 2.1
    assert due(replay) == b"456"


def test_a_replay_that_goes_back_shows_the_same_run_again() -> None:
    bars = [f"{k}/9 [==>.......] - ETA: 1s - loss: 0.{k}000\n".encode() for k in range(1, 9)]
    session, fresh = ReplayedSession(DecodeOptions()), ReplayedSession(DecodeOptions())
    seen = [session.revision]
    for part in (bars, bars[:3]):
        session.restart("replay from the start")
        seen.append(session.revision)
        session.feed(b"".join(part), 1.0)
        seen.append(session.revision)
    fresh.feed(b"".join(bars[:3]), 1.0)
    assert seen == sorted(set(seen))
    again = session.snapshot(2.0)
    assert (again.run, again.runs, again.step) == (1, 1, 3)
    assert again.bytes == fresh.snapshot(2.0).bytes


def test_seek_forward_while_paused(replay: ReplaySource, clock: Clock) -> None:
    replay.pause()
    assert due(replay) == b"01"
    replay.seek(7)
    assert due(replay) == b"23456"
    clock.now += 100
    assert due(replay) == b""


def test_a_log_without_marks_comes_at_once(clock: Clock) -> None:
    assert due(ReplaySource(LOG, [], clock=clock)) == LOG
    empty = ReplaySource(b"", [], clock=clock)
    assert isinstance(empty.pull(10), Ended)
    assert empty.position().fraction == 1.0


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 100)), max_size=8), st.integers(1, 70))
def test_everything_is_played_once_whatever_the_marks(
    marks: list[tuple[int, float]], limit: int
) -> None:
    clock = Clock()
    log = bytes(range(50))
    replay = ReplaySource(log, marks, clock=clock)
    got = b""
    for _ in range(120):
        got += due(replay, limit)
        clock.now += 1
    assert got == log


# --- the pace -------------------------------------------------------------------------------------


def bar(step: int | None, steps: int | None, **times: float) -> Progress:
    eta, elapsed, per_step = map(times.get, ("eta", "elapsed", "per_step"))
    return Progress("bar", step, steps, (), None, False, eta, elapsed, per_step)


def marks_of(lines: list[list[Item]]) -> list[tuple[int, float]]:
    """Marks of a log of as many lines of two bytes, in which those things are found."""
    marks = pace_marks(b"x\n" * len(lines), lambda line: lines[line.number - 1])
    assert [end for end, _ in marks] == [2 * n for n in range(1, len(lines) + 1)]
    return marks


def seconds(lines: list[list[Item]]) -> list[float]:
    return [at for _, at in marks_of(lines)]


def test_steps_share_an_epoch_by_its_last_line() -> None:
    epoch: list[list[Item]] = [
        [Header(1, 2, "1")],
        [bar(1, 4, eta=9.0)],
        [],
        [bar(2, 4, eta=8.0)],
        [bar(4, 4, elapsed=20.0)],
    ]
    assert seconds(epoch + epoch) == [0, 5, 5, 10, 20, 20, 25, 25, 30, 40]


def test_a_step_time_is_finer_than_short_elapsed_seconds() -> None:
    assert seconds([[bar(1, 4)], [bar(4, 4, elapsed=1.0, per_step=0.3)]]) == pytest.approx(
        [0.3, 1.2]
    )


def test_an_epoch_cut_short_lasts_as_its_time_left_says() -> None:
    assert seconds([[bar(1, 4, eta=3.0)], [bar(2, 4, eta=4.0)]]) == [2, 4]


def test_steps_that_start_over_begin_an_epoch_without_a_header() -> None:
    epoch: list[list[Item]] = [[bar(1, 2)], [bar(2, 2, elapsed=10.0)]]
    assert seconds(epoch + epoch) == [5, 10, 15, 20]


def test_a_line_an_epoch_and_lines_without_times() -> None:
    assert seconds([[bar(None, None, elapsed=3.0)], [bar(None, None, elapsed=4.0)]]) == [3, 7]
    assert seconds([[bar(None, None)], [bar(None, None)]]) == pytest.approx([0.1, 0.2])
    assert seconds([[], []]) == [0, 0]
    assert pace_marks(b"", lambda line: []) == []


def test_a_redraw_ends_with_its_backspaces() -> None:
    def parse(line: Line) -> list[Item]:
        return [bar(int(line.text[0]), 2, elapsed=10.0)]

    assert pace_marks(b"1/2\b\b\b\r2/2\n", parse) == [(7, 5.0), (11, 10.0)]
