"""A training recorded to a log: starting its recorder, its state and exit code, its stop.

The recorder leaves a record beside the log, `LOG.run`, and holds a lock on it while it lives.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tui_monitor.core.lines.safe import sanitise
from tui_monitor.errors import TuiMonitorError
from tui_monitor.ingest.file import FileTail
from tui_monitor.ingest.source import Ended, Following, Pulled
from tui_monitor.process import terminal_size

_LOOK = 0.25  # seconds between two looks at the record
_RECORD_BYTES = 4096
_NARROWEST = 80  # columns below which bars leave metrics out


class Record(NamedTuple):
    """What is known of a recorded training."""

    recorder: int
    """Process id."""
    child: int
    """Process id of the training, which leads its own process group."""
    running: bool
    code: int | None
    """Exit code, 128+n after signal n; None while it runs, or where the recorder was killed."""
    lost: int
    """Bytes of output that could not be written."""
    terminal: str = ""
    """Device of the training's pseudo-terminal; empty without one."""
    asked: int = 0
    """Signal that the recorder sent last to have it end, when asked to; 0: it was not asked."""


def record_path(log: str | os.PathLike[str]) -> Path:
    """Where the record of a log lies."""
    return Path(f"{os.fspath(log)}.run")


def default_log(command: Sequence[str], now: float | None = None) -> str:
    """A log's name for a command: that of its script, and the local time."""
    scripts = [part for part in command if part.endswith((".py", ".sh"))]
    name = Path((scripts or list(command))[0]).stem
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "training"
    return f"{name[:60]}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}.log"


def start(
    command: Sequence[str], log: str, *, pty: bool = True, columns: int = 80, rows: int = 24
) -> None:
    """Start a training whose output goes to the end of a log; returns when it runs.

    With `pty` it writes to a pseudo-terminal of `columns` by `rows`, else straight to the file.
    Raises TuiMonitorError if it cannot be started.
    """
    environment = dict(os.environ)
    if not pty:
        environment.setdefault("PYTHONUNBUFFERED", "1")  # a file is written in large blocks else
    script = Path(__file__).with_name("recorder.py")
    size = (str(columns), str(rows)) if pty else ("0", "0")
    starter = subprocess.Popen(
        [sys.executable, "-I", str(script), log, str(record_path(log)), *size, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert starter.stdout is not None
    with starter.stdout as answer:
        line = answer.readline()
    starter.wait()
    if line == b"\n":
        return
    why = line.decode(errors="replace").strip() or "the recorder did not start"
    raise TuiMonitorError(f"cannot run {command[0]}, {why}: check the command and the log's folder")


def read_record(log: str | os.PathLike[str]) -> Record | None:
    """The record of a log; None if there is none, or nothing in it yet."""
    try:
        fd = os.open(record_path(log), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        running = _is_locked(fd)  # before reading: what an ended recorder wrote is there
        facts: dict[str, int] = {}
        terminal = ""
        for line in os.pread(fd, _RECORD_BYTES, 0).splitlines():
            found = dict(json.loads(line))
            facts.update({key: found[key] for key in found if isinstance(found[key], int)})
            terminal = str(found.get("terminal", terminal))
        recorder, child = facts["recorder"], facts["child"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    finally:
        os.close(fd)
    if min(recorder, child) <= 1:  # signals to these numbers reach others
        return None
    code, lost, asked = facts.get("code"), facts.get("lost", 0), facts.get("asked", 0)
    return Record(recorder, child, running, code, lost, terminal, asked)


def stop(log: str | os.PathLike[str], *, force: bool = False) -> bool:
    """Ask a training to end, or with `force` end it at once; whether there was one.

    Only for when the user has confirmed it. Its recorder sends SIGINT, as Ctrl+C would, after half
    a minute SIGTERM, after another SIGKILL, also if the monitor is left meanwhile; asked again, it
    does not wait. `Record.asked` tells how far it is.
    """
    record = read_record(log)
    if record is None or not record.running or record.code is not None:
        return False
    try:
        if force:
            # The recorder has not waited for it yet, so its number is not another's.
            os.killpg(record.child, signal.SIGKILL)
        else:
            os.kill(record.recorder, signal.SIGINT)
    except ProcessLookupError:
        return False
    return True


def resize(log: str | os.PathLike[str], columns: int, rows: int) -> bool:
    """Give a training's terminal another size; whether it has one and runs."""
    record = read_record(log)
    if record is None or not record.running or not record.terminal.startswith("/dev/"):
        return False
    try:
        fd = os.open(record.terminal, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(record.recorder, signal.SIGWINCH)  # which passes it on
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def _is_locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES)
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


class RecordedTail:
    """Source of a recorded log: its bytes as of any file, and its end when the training ended.

    With `screen`, which tells columns and rows, the training's terminal is as large, but not
    narrower than bars need to name their metrics.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        begin: int = 0,
        watch: bool = True,
        clock: Callable[[], float] = time.monotonic,
        screen: Callable[[], tuple[int, int] | None] | None = None,
    ) -> None:
        self._path = path
        self._tail = FileTail(path, begin=begin, watch=watch, clock=clock)
        self._clock = clock
        self._looked = float("-inf")
        self._ended: str | None = None
        self._screen = screen
        self._size: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The file's name, safe to show."""
        return self._tail.name

    @property
    def following(self) -> Following:
        """As for any file."""
        return self._tail.following

    @property
    def rung(self) -> threading.Event:
        """As for any file."""
        return self._tail.rung

    def position(self) -> None:
        """Nothing is replayed here."""

    def pull(self, limit: int) -> Pulled:
        """The next bytes; the end once the training has ended and all are pulled."""
        ended = self._look()  # before pulling: all its output is in the log then
        pulled = self._tail.pull(limit)
        return Ended(ended) if pulled is None and ended is not None else pulled

    def close(self) -> None:
        """Let go of the file; the training goes on."""
        self._tail.close()

    def _look(self) -> str | None:
        """How the training ended, if it has."""
        now = self._clock()
        if now - self._looked >= _LOOK:
            self._looked = now
            record = read_record(self._path)
            self._ended = None if record is None or record.running else _describe_end(record)
            if record is not None and record.running:
                self._fit_terminal()
        return self._ended

    def _fit_terminal(self) -> None:
        size = self._screen() if self._screen is not None else None
        if size is not None and size != self._size:
            self._size = size
            resize(self._path, max(size[0], _NARROWEST), size[1])


def _describe_end(record: Record) -> str:
    if record.code is None:
        return "the training's recorder was killed: its exit code is not known"
    lost = f"; {record.lost} bytes of output could not be written" if record.lost else ""
    if record.code > 128:
        try:
            return f"training ended by {signal.Signals(record.code - 128).name}{lost}"
        except ValueError:
            pass
    return sanitise(f"training ended with exit code {record.code}{lost}")


def open_file(path: str) -> FileTail | RecordedTail:
    """The source of a log file: with its training's end if a recorder writes it."""
    if record_path(path).exists():
        return RecordedTail(path, screen=terminal_size)
    return FileTail(path)


def open_end(path: str, begin: int) -> FileTail | RecordedTail:
    """As `open_file`, from byte `begin` on and without a bell of its own."""
    kind = RecordedTail if record_path(path).exists() else FileTail
    return kind(path, begin=begin, watch=False)
