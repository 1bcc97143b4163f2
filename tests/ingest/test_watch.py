"""The bell rings for one name, and its absence is known."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest
import watchdog.observers

from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.source import Chunk, Following
from tui_monitor.ingest.watch import Bell, Listening


def is_alive(bell: Bell) -> bool:
    """Asked anew each time, which a type checker would not expect of a property."""
    return bell.alive


def how(tail: FileTail) -> Following:
    return tail.following


def test_rings_for_its_file_and_not_for_others(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    rung = threading.Event()
    bell = Bell(log, rung)
    assert is_alive(bell)
    (tmp_path / "other").write_bytes(b"x")
    log.write_bytes(b"x")
    assert rung.wait(5)
    rung.clear()
    os.replace(log, tmp_path / "run.log.1")
    assert rung.wait(5)
    assert log.name == "run.log"
    bell.close()
    assert not is_alive(bell)


def test_reading_does_not_ring(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"x")
    rung = threading.Event()
    bell = Bell(log, rung)
    log.read_bytes()
    assert not rung.wait(0.1)
    bell.close()


def test_a_directory_made_anew_is_listened_to(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    rung = threading.Event()
    bell = Bell(folder / "run.log", rung)
    os.rename(folder, tmp_path / "old")
    bell.refresh()
    assert not is_alive(bell)
    folder.mkdir()
    bell.refresh()
    assert is_alive(bell)
    rung.clear()
    (folder / "run.log").write_bytes(b"x")
    assert rung.wait(5)
    bell.close()


@pytest.mark.parametrize("failing", ["__init__", "schedule", "start"])
def test_without_events_it_polls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise OSError(24, "inotify instance limit reached")

    monkeypatch.setattr(watchdog.observers.Observer, failing, exhausted)
    log = tmp_path / "run.log"
    tail = FileTail(log)
    for _ in range(3):
        tail.pull(10)
    assert how(tail) == "polling"
    log.write_bytes(b"x")
    assert tail.pull(10) == Chunk(b"x")
    tail.close()


def test_without_watchdog_it_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchdog.observers", None)
    log = tmp_path / "run.log"
    tail = FileTail(log)
    for _ in range(3):
        tail.pull(10)
    assert how(tail) == "polling"
    log.write_bytes(b"x")
    assert tail.pull(10) == Chunk(b"x")
    tail.close()


def test_a_missing_folder_is_polled_for(tmp_path: Path) -> None:
    tail = FileTail(tmp_path / "none" / "run.log")
    for _ in range(3):
        tail.pull(10)
    assert how(tail) == "polling"
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "run.log").write_bytes(b"x")
    assert tail.pull(10) == Chunk(b"x")
    tail.close()


def test_growth_without_rings_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote file system: listening succeeds, nothing is ever heard."""
    monkeypatch.setattr(Bell, "_ring", lambda self: None)
    log = tmp_path / "run.log"
    log.write_bytes(b"a")
    tail = FileTail(log)
    for _ in range(3):
        tail.pull(10)
    assert how(tail) == "events"
    for _ in range(6):
        with log.open("ab") as file:
            file.write(b"a")
        tail.pull(10)
        tail.pull(10)
    assert how(tail) == "polling"
    tail.close()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nobody_listens_while_the_file_grows_all_the_time(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    clock = Clock()
    listening = Listening(log, threading.Event(), clock)
    for _ in range(3):
        listening.note(grown=False)
    assert threading.active_count() > 1
    assert listening.following == "events"
    alone = threading.active_count()
    bell = listening._bell
    assert bell is not None
    for _ in range(30):
        clock.now += 0.05
        bell._ring()
        listening.note(grown=True)
        listening.note(grown=False)
    assert listening.following == "events"  # it works, and is not needed now
    end = time.monotonic() + 20
    while threading.active_count() >= alone:
        assert time.monotonic() < end, "its threads are still there"
        time.sleep(0.01)
    clock.now += 5
    for _ in range(2):
        listening.note(grown=False)
    while threading.active_count() != alone:  # the last of the threads before may still be ending
        assert time.monotonic() < end, "it listens with more threads, or with none"
        time.sleep(0.01)
    assert listening.following == "events"
    listening.close()


def test_a_log_that_grows_steadily_when_it_is_opened_is_not_said_to_be_polled(
    tmp_path: Path,
) -> None:
    clock = Clock()
    listening = Listening(tmp_path / "run.log", threading.Event(), clock)
    for _ in range(30):
        clock.now += 0.05
        listening.note(grown=True)
        listening.note(grown=False)
    assert listening.following == "events"
    listening.close()


def test_a_line_now_and_then_is_listened_for(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    clock = Clock()
    rung = threading.Event()
    listening = Listening(log, rung, clock)
    for _ in range(9):
        clock.now += 1.0
        listening.note(grown=True)
        for _ in range(3):
            listening.note(grown=False)
    log.write_bytes(b"x")
    assert rung.wait(5)
    listening.close()
