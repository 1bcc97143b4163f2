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
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pyte
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


_LOOK = 0.02
"""Seconds that one look at what the terminal was sent waits for something."""


QUIET = 0.1
"""Seconds without a byte after which a program that waits has drawn all it wants."""


PATIENCE = 1.5
"""The same where what was held back, a picture a second of a log that grows, is to be drawn too."""


SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-c", os.environ["PROGRAM"]])
_, status = os.waitpid(child, os.WUNTRACED)
assert os.WIFSTOPPED(status)
os.tcsetpgrp(0, os.getpid())
os.write(1, b"STOPPED")
os.read(0, 100)
os.tcsetpgrp(0, child)
os.killpg(child, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""As much of a shell as job control needs: PROGRAM runs in the foreground, and again after a line."""


class Terminal:
    """A child on a pseudo-terminal of 80 by 24."""

    started: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, program: str = PROGRAM, *arguments: str, **environment: str) -> None:
        known = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
        self.fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=ROOT,
            env={**os.environ, **known, **environment},
            start_new_session=True,
        )
        os.close(child)
        self.started.append(self.process)

    def is_waiting(self) -> bool:
        """Whether no thread of it has anything to do; one that waits for the processor has."""
        # A thread may wake one that was looked at before it, and then wait itself.
        return self._all_wait() and self._all_wait()

    def _all_wait(self) -> bool:
        for thread in Path(f"/proc/{self.process.pid}/task").glob("*/stat"):
            with suppress(OSError):  # it has ended
                if thread.read_text().rpartition(")")[2].split()[0] in "RD":
                    return False
        return True  # as on another system, where its silence is all there is to go by

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        """What comes within a time, or until something is in it."""
        data, end = b"", time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in data):
            if select.select([self.fd], [], [], _LOOK)[0]:
                try:
                    data += os.read(self.fd, 1 << 16)
                except OSError:
                    break
        return data

    def leave(self) -> tuple[bytes, int]:
        """The rest of the output, and the exit code."""
        data = self.read(30)
        return data, self.process.wait(30)


@pytest.fixture(autouse=True)
def _no_program_is_left() -> Iterator[None]:
    yield
    while Terminal.started:
        process = Terminal.started.pop()
        process.kill()
        process.wait()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    os.close(opened.fd)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(terminal: Terminal, number: signal.Signals) -> None:
    terminal.read(40, until=b"0.9392")
    terminal.process.send_signal(number)
    rest, code = terminal.leave()
    assert all(sequence in rest for sequence in RESTORED)
    assert code == 128 + number


SIGNALLED_AT = """
import os, signal, sys
from tests.ui import samples
from tests.ui.driving import monitor
from tui_monitor.ui.screens.monitor import MonitorScreen
from tui_monitor.ui.terminal.keyboard import PatientDriver

def signalled(owner, name):
    plain = getattr(owner, name)
    def call(*arguments):
        made = plain(*arguments)
        os.kill(os.getpid(), signal.SIGHUP)
        return made
    setattr(owner, name, call)

signalled(*{place})
app, feed = monitor(samples.training(), samples.LIVE)
app.run()
sys.exit(app.return_code or 0)
"""


@pytest.mark.parametrize(
    "place",
    ['(PatientDriver, "start_application_mode")', '(MonitorScreen, "compose")'],
)
def test_a_signal_while_the_first_screen_is_made_leaves_the_terminal_as_it_was(place: str) -> None:
    terminal = Terminal(SIGNALLED_AT.format(place=place))
    data, code = terminal.leave()
    os.close(terminal.fd)
    assert code == 128 + signal.SIGHUP
    assert all(sequence in data for sequence in RESTORED)
    assert b"Traceback" not in data


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_while_the_screen_is_loaded_leaves_the_terminal_as_it_was(
    number: signal.Signals, tmp_path: Path
) -> None:
    terminal = Terminal(
        "import sys; from tui_monitor.__main__ import main; sys.exit(main())",
        str(tmp_path / "later.log"),
    )
    seen = terminal.read(30, until=b"reading")
    terminal.process.send_signal(number)
    data, code = terminal.leave()
    os.close(terminal.fd)
    assert code == 128 + number
    assert (seen + data).count(b"\x1b[?1049h") == (seen + data).count(b"\x1b[?1049l") == 1
    assert b"\x1b[?25h" in data
    assert b"Traceback" not in data


def test_nothing_is_sent_while_nothing_happens_and_q_restores(terminal: Terminal) -> None:
    terminal.read(40, until=b"0.9392")
    terminal.read(0.6)
    assert terminal.read(1.5) == b""
    os.write(terminal.fd, b"q")
    rest, code = terminal.leave()
    assert all(sequence in rest for sequence in RESTORED)
    assert code == 0


def test_bytes_that_are_no_text_do_not_end_the_program(terminal: Terminal) -> None:
    """As a terminal in Latin-1 sends for an accent."""
    terminal.read(40, until=b"0.9392")
    os.write(terminal.fd, b"\xe9")
    terminal.read(QUIET)
    os.write(terminal.fd, b"\xe9\xff\xfe")
    terminal.read(0.6)
    os.write(terminal.fd, b"q")
    rest, code = terminal.leave()
    assert all(sequence in rest for sequence in RESTORED)
    assert code == 0


def test_without_colour_only_greys_are_sent() -> None:
    opened = Terminal(NO_COLOR="1")
    data = opened.read(40, until=b"0.9392") + opened.read(0.3)
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


class Emulated:
    """The program on a terminal that is drawn by an emulator."""

    def __init__(self, columns: int, rows: int, program: str = PROGRAM, **environment: str) -> None:
        self.terminal = Terminal(program, **environment)
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self.terminal.read(0.0)
        self.feed(40, until=b"0.9392")
        self.resize(columns, rows)

    def feed(self, seconds: float, until: bytes | None = None) -> int:
        data = self.terminal.read(seconds, until)
        self._stream.feed(data)
        return len(data)

    def settle(self, quiet: float = QUIET) -> None:
        """Until nothing has come for a while, and nothing is on its way."""
        end = time.monotonic() + 30
        # The last look is for what was drawn between the other two, while we had no processor.
        while self.feed(quiet) or not self.terminal.is_waiting() or self.feed(_LOOK):
            assert time.monotonic() < end, "it draws without end"

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.terminal.fd, termios.TIOCSWINSZ, size)
        self.terminal.process.send_signal(signal.SIGWINCH)

    def press(self, keys: bytes) -> None:
        os.write(self.terminal.fd, keys)

    def cells(self) -> list[list[tuple[object, ...]]]:
        """What can be seen of every cell."""
        blank = ("fg", "bold", "italics")
        return [
            [
                tuple(v for k, v in cell._asdict().items() if cell.data != " " or k not in blank)
                for cell in (self.screen.buffer[y][x] for x in range(self.screen.columns))
            ]
            for y in range(self.screen.lines)
        ]

    def close(self) -> None:
        self.press(b"q")
        self.terminal.leave()
        os.close(self.terminal.fd)


def test_what_was_sent_cell_by_cell_is_what_a_whole_repaint_shows() -> None:
    emulated = Emulated(100, 30)
    steps: list[bytes | tuple[int, int]] = [
        *(b"\t", b"\x1b[D\x1b[D", b"[", b"\r", b"+", b"0", b"\r", b"e", b"t", b"e"),
        *((120, 40), (61, 15), (40, 10), (1, 1), (200, 50)),
        *(b"?", b"\x1b[B\x1b[B\x1b[B", (80, 20), b"\x1b[6~", b"?"),
        *(b"/acc", (90, 28), b"\r", b"/\r", b"c", b"|", b"x"),
    ]
    for step in steps:
        if isinstance(step, bytes):
            emulated.press(step)
        else:
            emulated.resize(*step)
        emulated.settle()
        shown = emulated.cells()
        emulated.press(b"\x0c")
        emulated.settle()
        assert emulated.cells() == shown, step
    emulated.press(b"\x1b")
    emulated.settle()
    emulated.close()


def test_a_storm_of_resizes_ends_in_a_whole_picture() -> None:
    emulated = Emulated(80, 24)
    for number in range(60):
        emulated.resize(20 + 7 * number % 180, 3 + 5 * number % 50)
    emulated.resize(100, 30)
    emulated.settle(PATIENCE)
    shown = emulated.cells()
    picture = "\n".join(emulated.screen.display)
    assert "0.9392" in picture, picture
    emulated.press(b"\x0c")
    emulated.settle(PATIENCE)
    assert emulated.cells() == shown
    emulated.close()


INTERRUPTED = """
import fcntl, os, signal, struct, termios
ask = os.get_terminal_size
def interrupted(*of):
    size = ask(*of)
    if size == (90, 20):
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        os.kill(os.getpid(), signal.SIGWINCH)
    return size
os.get_terminal_size = interrupted
"""
"""The terminal is resized again while the program looks at its size."""


def test_of_sizes_that_follow_closely_the_last_one_counts() -> None:
    emulated = Emulated(80, 24, INTERRUPTED + PROGRAM)
    emulated.settle()
    emulated.resize(90, 20)
    emulated.settle()
    emulated.screen.resize(30, 100)
    emulated.press(b"\x0c")
    emulated.settle()
    assert emulated.screen.display[-1].startswith(" q quit")
    emulated.close()


def test_the_terminal_knows_its_size_better_than_the_environment() -> None:
    emulated = Emulated(90, 20, COLUMNS="80", LINES="24")
    emulated.settle()
    assert emulated.screen.display[-1].startswith(" q quit")
    assert max(len(line.rstrip()) for line in emulated.screen.display) > 80
    emulated.close()


def test_a_terminal_that_goes_without_a_word_ends_the_program() -> None:
    opened = Terminal()
    opened.read(40, until=b"0.9392")
    os.close(opened.fd)
    assert opened.process.wait(40) != 0


def test_ctrl_z_gives_the_terminal_back_and_fg_draws_everything_anew() -> None:
    opened = Terminal(SHELL, PROGRAM=PROGRAM)
    opened.read(20, until=b"0.9392")
    opened.read(0.3)
    os.write(opened.fd, b"\x1a")
    stopped = opened.read(20, until=b"STOPPED")
    assert all(sequence in stopped for sequence in RESTORED)
    os.write(opened.fd, b"\n")
    again = opened.read(20, until=b"0.9392")
    assert b"\x1b[?1049h" in again
    assert b"train.log" in again
    os.write(opened.fd, b"q")
    rest, code = opened.leave()
    os.close(opened.fd)
    assert all(sequence in rest for sequence in RESTORED)
    assert code == 0
