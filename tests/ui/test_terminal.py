"""The app on a real pseudo-terminal: what it leaves behind, and what it sends while idle."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from tests.ui import samples
from tests.ui.driving import monitor
app, feed = monitor(samples.training(), samples.LIVE)
app.run()
sys.exit(app.return_code or 0)
"""
RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?2004l")
"""Alternate screen off, cursor on, mouse off, bracketed paste off."""


class Terminal:
    """A child on a pseudo-terminal of 80 by 24."""

    def __init__(self, **environment: str) -> None:
        known = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
        self.fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=ROOT,
            env={**os.environ, **known, **environment},
            start_new_session=True,
        )
        os.close(child)

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        """What comes within a time, or until something is in it."""
        data, end = b"", time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in data):
            if select.select([self.fd], [], [], 0.02)[0]:
                try:
                    data += os.read(self.fd, 1 << 16)
                except OSError:
                    break
        return data

    def leave(self) -> tuple[bytes, int]:
        """The rest of the output, and the exit code."""
        data = self.read(10)
        return data, self.process.wait(10)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    os.close(opened.fd)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(terminal: Terminal, number: signal.Signals) -> None:
    terminal.read(20, until=b"0.9392")
    terminal.process.send_signal(number)
    rest, code = terminal.leave()
    assert all(sequence in rest for sequence in RESTORED)
    assert code == 128 + number


def test_nothing_is_sent_while_nothing_happens_and_q_restores(terminal: Terminal) -> None:
    terminal.read(20, until=b"0.9392")
    terminal.read(0.6)
    assert terminal.read(1.5) == b""
    os.write(terminal.fd, b"q")
    rest, code = terminal.leave()
    assert all(sequence in rest for sequence in RESTORED)
    assert code == 0


def test_without_colour_only_greys_are_sent() -> None:
    opened = Terminal(NO_COLOR="1")
    data = opened.read(20, until=b"0.9392") + opened.read(0.3)
    os.write(opened.fd, b"q")
    rest, code = opened.leave()
    os.close(opened.fd)
    colours = [
        part.split(b"m")[0].split(b";")[:3]
        for part in (data + rest).split(b"38;2;")[1:]
    ]  # fmt: skip
    assert colours
    assert all(red == green == blue for red, green, blue in colours)
    assert code == 0
