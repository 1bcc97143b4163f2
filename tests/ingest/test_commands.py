"""Sources from the command line, with real terminals, pipes and processes."""

from __future__ import annotations

import fcntl
import os
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pyte
import pytest

from tui_monitor.ingest.recording import read_record, stop
from tui_monitor.report.samples import sample_log

COMMAND = [sys.executable, "-m", "tui_monitor"]
SAMPLE = sample_log("epoch-jump").read_bytes()
HOSTILE = b"\x11\x03\x1a\x04\x1cq\x1b\x1b[A\x1bq\x1b[27;5u\x1b[200~q\x1b[201~\x1b[<0;1;1Mq\r\n"


class Screen:
    """A program whose controlling terminal is ours."""

    opened: ClassVar[list[Screen]] = []

    def __init__(self, argv: list[str], stdin: int | None, cwd: Path) -> None:
        self.fd, line = os.openpty()
        fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, os.ttyname(line), *argv],
            stdin=line if stdin is None else stdin,
            stdout=line,
            stderr=line,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path.cwd())},
            start_new_session=True,
        )
        os.close(line)
        self.shown = pyte.Screen(100, 24)
        self.stream = pyte.ByteStream(self.shown)
        self.opened.append(self)

    def wait_for(self, words: str) -> None:
        """Until words stand on the screen."""
        end = time.monotonic() + 60
        while not any(words in line for line in self.shown.display):
            assert time.monotonic() < end, "\n".join(self.shown.display)
            if select.select([self.fd], [], [], 0.05)[0]:
                # pyte takes the answer to a keyboard protocol for text
                self.stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*u", b"", os.read(self.fd, 1 << 16)))

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        """What is sent within a time, or until something is in it."""
        seen, end = b"", time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in seen):
            if select.select([self.fd], [], [], 0.02)[0]:
                try:
                    seen += os.read(self.fd, 1 << 16)
                except OSError:
                    break
        if until is not None:
            assert until in seen, seen[-2000:]
        return seen

    def close(self) -> None:
        self.opened.remove(self)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.fd)


_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
os.close(fd)
os.execvp(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def piped(tmp_path: Path) -> Iterator[tuple[Screen, int]]:
    reader, writer = os.pipe()
    screen = Screen([*COMMAND, "-"], reader, tmp_path)
    os.close(reader)
    yield screen, writer
    screen.close()


def test_no_byte_of_a_pipe_is_a_key_and_its_end_is_calm(piped: tuple[Screen, int]) -> None:
    screen, writer = piped
    os.write(writer, HOSTILE * 20 + SAMPLE)
    screen.wait_for("406/406")
    os.write(writer, HOSTILE * 20)
    screen.read(1.0)
    assert screen.process.poll() is None
    os.close(writer)
    screen.wait_for("end of standard input")
    used = _cpu(screen.process.pid)
    screen.read(1.0)
    assert _cpu(screen.process.pid) - used < 0.3
    os.write(screen.fd, b"q")
    rest = screen.read(10)
    assert screen.process.wait(30) == 0
    assert b"\x1b[?1049l" in rest


def test_every_byte_there_is_leaves_the_monitor_where_it_is(piped: tuple[Screen, int]) -> None:
    """Single bytes, pairs with escape, and what terminals send for keys, mouse and paste."""
    screen, writer = piped
    os.write(writer, SAMPLE)
    screen.wait_for("406/406")
    singles = bytes(range(256))
    escaped = b"".join(b"\x1b" + bytes([byte]) for byte in range(256))
    controls = b"".join(b"\x1b[" + bytes([byte]) + b"\x9b" + bytes([byte]) for byte in range(256))
    for data in (singles, escaped, controls, HOSTILE, singles * 64):
        os.write(writer, data + b"\n")
    screen.read(1.5)
    assert screen.process.poll() is None
    shuffled = bytearray(singles * 256)
    random.Random(3).shuffle(shuffled)
    os.write(writer, shuffled[:60_000])
    screen.read(1.0)
    assert screen.process.poll() is None
    os.write(writer, b"\r\n" + SAMPLE)
    screen.read(0.5)
    os.close(writer)
    screen.wait_for("end of standard input")
    os.write(screen.fd, b"q")
    screen.read(10)
    assert screen.process.wait(30) == 0


def test_the_writer_never_waits_for_a_terminal_that_takes_nothing(
    piped: tuple[Screen, int],
) -> None:
    """A slow link, or Ctrl+S: what is drawn stays with us, and the log comes in all the same."""
    screen, writer = piped
    screen.read(30, until=b"\x1b[?1049h")
    line = b"%3d/406 [=====>.....] - ETA: 1s - loss: 0.5123 - acc: 0.7512\n"
    longest = 0.0
    for step in range(1, 407):
        data = line % step * 300
        while data:
            began = time.monotonic()
            data = data[os.write(writer, data[: 1 << 16]) :]
            longest = max(longest, time.monotonic() - began)
    assert longest < 5
    os.close(writer)


def _cpu(pid: int) -> float:
    """Seconds of processor time used so far; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_writer_never_waits_for_the_screen(piped: tuple[Screen, int]) -> None:
    """From before the screen is there until after: a write of more than a pipe holds."""
    screen, writer = piped
    screen.read(30, until=b"\x1b[?1049h")
    began = time.monotonic()
    data = b"no progress here, only words\n" * 200_000
    while data:
        data = data[os.write(writer, data[: 1 << 16]) :]
    assert time.monotonic() - began < 20
    os.close(writer)


def test_a_pipe_without_a_screen(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "-", "--plain"], input=SAMPLE, capture_output=True, timeout=30, cwd=tmp_path
    )
    assert done.returncode == 0
    assert b"epoch 3" in done.stdout
    assert done.stderr == b""


def test_a_pipe_and_no_terminal_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "-"], input=SAMPLE, capture_output=True, timeout=30, start_new_session=True
    )
    assert done.returncode == 2
    assert b"--plain" in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.fixture(autouse=True)
def _no_training_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    while Screen.opened:
        Screen.opened[-1].close()
    stop(tmp_path / "a.log", force=True)


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    argv = [*COMMAND, "run", "--plain", "--log", "a.log", *arguments]
    return subprocess.run(argv, capture_output=True, timeout=30, cwd=tmp_path)


@pytest.mark.parametrize("pty", [[], ["--no-pty"]])
def test_the_exit_code_of_a_training_is_passed_on(tmp_path: Path, pty: list[str]) -> None:
    (tmp_path / "sample").write_bytes(SAMPLE)
    done = run(tmp_path, *pty, "--", "sh", "-c", "cat sample; exit 7")
    assert done.returncode == 7
    assert b"epoch 3" in done.stdout
    assert (tmp_path / "a.log").read_bytes() == SAMPLE
    assert run(tmp_path, "--", "sh", "-c", "kill -9 $$").returncode == 137


def test_a_training_that_cannot_start_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "--", "./none")
    assert done.returncode == 2
    assert done.stderr.startswith(b"tui-monitor: cannot run ./none, No such file")
    assert not any(tmp_path.iterdir())


def test_a_log_is_kept_where_its_training_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(SAMPLE)
    assert run(tmp_path, "--", "./none").returncode == 2
    assert (tmp_path / "a.log").read_bytes() == SAMPLE
    assert len(list(tmp_path.iterdir())) == 1


def test_a_killed_monitor_leaves_the_training_and_is_taken_up_again(tmp_path: Path) -> None:
    (tmp_path / "sample").write_bytes(SAMPLE)
    log = tmp_path / "a.log"
    training = ["sh", "-c", "cat sample; sleep 60"]
    screen = Screen([*COMMAND, "run", "--log", "a.log", "--", *training], None, tmp_path)
    screen.wait_for("406/406")
    os.killpg(screen.process.pid, signal.SIGKILL)
    screen.close()
    record = read_record(log)
    assert record is not None
    assert record.running

    again = Screen([*COMMAND, "a.log"], None, tmp_path)
    again.wait_for("406/406")
    os.kill(again.process.pid, signal.SIGHUP)
    again.read(10)
    again.close()
    record = read_record(log)
    assert record is not None
    assert record.running

    third = Screen([*COMMAND, "a.log"], None, tmp_path)
    third.wait_for("406/406")
    assert stop(log)
    third.wait_for("training ended by SIGINT")
    third.close()


@pytest.mark.slow
def test_a_training_outlives_twenty_monitors(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    training = ["sh", "-c", "until [ -e done ]; do echo tick; sleep 0.05; done; exit 5"]
    argv = [*COMMAND, "run", "--plain", "--log", "a.log", "--", *training]
    for death in range(20):
        monitor = subprocess.Popen(
            argv, cwd=tmp_path, stdout=subprocess.DEVNULL, start_new_session=True
        )
        end = time.monotonic() + 40
        while not log.exists() or not log.stat().st_size:
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.1 + 0.02 * death)
        os.killpg(monitor.pid, signal.SIGKILL if death % 2 else signal.SIGHUP)
        monitor.wait()
        record = read_record(log)
        assert record is not None
        assert record.running
        argv = [*COMMAND, "a.log", "--plain"]
    (tmp_path / "done").touch()
    end = time.monotonic() + 40
    while (record := read_record(log)) is not None and record.running:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert record is not None
    assert record.code == 5
    assert set(log.read_text().split()) == {"tick"}


def test_leaving_the_monitor_says_that_the_training_goes_on(tmp_path: Path) -> None:
    training = ["sh", "-c", "sleep 60"]
    screen = Screen([*COMMAND, "run", "--log", "a.log", "--", *training], None, tmp_path)
    screen.read(30, until=b"a.log")
    time.sleep(0.3)
    os.write(screen.fd, b"q")
    screen.read(30, until=b"the training goes on, recorded in a.log")
    assert screen.process.wait(30) == 0
    screen.close()
