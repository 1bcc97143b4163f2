"""What is read ahead comes in the order of the source, and is there when the source is not."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_monitor.ingest.ahead import ReadAhead
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.source import Chunk, Ended, Following, Gap, Hole, Pulled, Restarted, Waiting


class Script:
    """A source that gives what is written, then the last of it for ever."""

    name = "script"
    following: Following = "polling"

    def __init__(self, *script: Pulled | Exception) -> None:
        self.rung = threading.Event()
        self.script = list(script)
        self.given = 0
        self.closed = False

    def pull(self, limit: int) -> Pulled:
        given = self.script[min(self.given, len(self.script) - 1)]
        self.given += 1
        if isinstance(given, Exception):
            raise given
        return given

    def position(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def until(happens: Callable[[], object]) -> None:
    end = time.monotonic() + 40
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def test_all_comes_in_order_and_in_pieces_of_the_size_asked_for() -> None:
    script = (Chunk(b"abcdef"), Hole(9), Restarted("cut", 3), Gap("gap"), Chunk(b"g"), Ended("end"))
    source = Script(*script)
    ahead = ReadAhead(source)
    until(lambda: source.given >= len(script))
    assert ahead.rung.is_set()
    pulled = [ahead.pull(4) for _ in range(8)]
    assert pulled == [Chunk(b"abcd"), Chunk(b"ef"), *script[1:], Ended("end")]
    ahead.close()
    assert source.closed


def test_a_state_lasts_until_the_next() -> None:
    source = Script(Waiting("not there"))
    ahead = ReadAhead(source)
    until(lambda: ahead.pull(9) == Waiting("not there"))
    ahead.rung.clear()
    source.script = [Chunk(b"a"), None]
    source.given = 0
    assert ahead.rung.wait(5)
    until(lambda: ahead.pull(9) == Chunk(b"a"))
    assert ahead.pull(9) is None
    ahead.close()


def test_no_more_is_held_than_allowed() -> None:
    source = Script(Chunk(b"x" * 10))
    ahead = ReadAhead(source, most=35)
    until(lambda: source.given == 4)
    time.sleep(0.1)
    assert source.given == 4
    assert ahead.pull(10) == Chunk(b"x" * 10)
    until(lambda: source.given == 5)
    ahead.close()


def test_a_failure_comes_after_what_was_read() -> None:
    ahead = ReadAhead(Script(Chunk(b"a"), ValueError("broken")))
    until(lambda: ahead.pull(9) == Chunk(b"a"))
    with pytest.raises(ValueError, match="broken"):
        until(lambda: ahead.pull(9))
    ahead.close()


def test_what_is_truncated_has_been_read_before_it_is_pulled(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"first\n")
    ahead = ReadAhead(FileTail(log))
    until(ahead.rung.is_set)
    os.truncate(log, 0)
    with log.open("ab") as file:
        file.write(b"second\n")
    pulled: list[Pulled] = []

    def take() -> bool:
        pulled.append(ahead.pull(100))
        return pulled[-1] == Chunk(b"second\n")

    until(take)
    assert Chunk(b"first\n") in pulled
    ahead.close()
