"""A pipe read ahead: every byte once, its writer never waits, its end is calm."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_monitor.ingest import pipe
from tui_monitor.ingest.pipe import PipeSource
from tui_monitor.ingest.source import Chunk, Ended, Pulled


class Pipe:
    def __init__(self) -> None:
        reader, self.writer = os.pipe()
        self.source = PipeSource(reader)

    def next(self) -> Pulled:
        """What comes next, waited for."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            pulled = self.source.pull(1 << 16)
            if pulled is not None:
                return pulled
            self.source.rung.wait(0.05)
            self.source.rung.clear()
        raise AssertionError("nothing came")

    def rest(self) -> bytes:
        data = b""
        while isinstance(pulled := self.next(), Chunk):
            data += pulled.data
        assert isinstance(pulled, Ended)
        return data


@pytest.fixture
def piped() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.source.close()


def test_all_bytes_and_then_the_end_for_good(piped: Pipe) -> None:
    os.write(piped.writer, b"\x11\x03\x1a\x1b[A")
    assert piped.next() == Chunk(b"\x11\x03\x1a\x1b[A")
    assert piped.source.pull(10) is None
    os.write(piped.writer, b"last")
    os.close(piped.writer)
    assert piped.rest() == b"last"
    assert piped.source.pull(10) == Ended("end of standard input")


def test_the_writer_does_not_wait_for_a_reader_that_does_nothing(
    piped: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 MB, more than is kept in memory, and nobody pulls."""
    block = bytes(range(256)) * 4096
    began = time.monotonic()
    for _ in range(20):
        data = block
        while data:
            data = data[os.write(piped.writer, data) :]
    took = time.monotonic() - began
    os.close(piped.writer)
    assert took < 10
    assert piped.rest() == block * 20


def test_where_nothing_can_be_kept_the_writer_waits_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep, full = pipe._Backlog.put, threading.Event()
    full.set()

    def put(backlog: pipe._Backlog, data: bytes) -> None:
        if full.is_set():
            raise OSError(28, "No space left on device")
        keep(backlog, data)

    monkeypatch.setattr(pipe._Backlog, "put", put)
    piped = Pipe()
    os.write(piped.writer, b"one")
    time.sleep(0.02)
    assert piped.source.pull(10) is None
    full.clear()
    assert piped.next() == Chunk(b"one")
    os.close(piped.writer)
    assert piped.rest() == b""
    piped.source.close()


def test_closing_while_the_pipe_is_silent_leaves_nothing_open(piped: Pipe) -> None:
    piped.source.close()
    piped.source.close()
    with pytest.raises(BrokenPipeError):
        os.write(piped.writer, b"x")
    os.close(piped.writer)


def test_a_regular_file_on_standard_input(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"whole")
    made = Pipe.__new__(Pipe)
    made.source = PipeSource(os.open(tmp_path / "log", os.O_RDONLY))
    assert made.rest() == b"whole"
    made.source.close()


def test_a_writer_far_ahead_waits_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 1 << 20
    monkeypatch.setattr(pipe, "_ON_DISK", most)
    piped = Pipe()
    block = bytes(range(256)) * 1024
    blocks = 2 * most // len(block)
    written = 0

    def write() -> None:
        nonlocal written
        for _ in range(blocks):
            rest = block
            while rest:
                size = os.write(piped.writer, rest)
                rest = rest[size:]
                written += size
        os.close(piped.writer)

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.5)
    assert most - (1 << 17) <= written <= most + (1 << 18)
    assert piped.rest() == block * blocks
    writer.join()
    piped.source.close()
