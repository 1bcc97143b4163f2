"""The recorder: runs a training apart from any terminal and writes what it prints to a log.

A script of its own, started by `recording`: it outlives the monitor, so it imports nothing of it.
It owns the pseudo-terminal, the log and the record beside the log, and ends with the training.

    recorder.py LOG RECORD COLUMNS ROWS CMD [ARGUMENT ...]      (COLUMNS 0: no pseudo-terminal)

The first line on its standard output is empty, or says why nothing was started. Signals to it:
SIGINT stops the training, gently first (see `Stop`); SIGTERM is passed on to the training and its
children, as is SIGWINCH, the news that its terminal has another size.
"""

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections import deque
from collections.abc import Sequence

_BLOCK = 1 << 16
_HELD = 1 << 24  # bytes kept while the log cannot be written; more of them are lost
_RETRY = 1.0  # seconds between two tries to write
_QUIET = 0.5  # seconds without output after the training's end, where others hold its terminal
_LONGEST = 5.0  # the same, whether quiet or not
_GRACE = 30  # seconds that a training has to save its state, after each signal that asks it to end
_HEARD = (
    signal.SIGINT, signal.SIGALRM, signal.SIGTERM, signal.SIGWINCH, signal.SIGHUP, signal.SIGQUIT,
)  # fmt: skip


class Log:
    """The log file, which a full disk must not turn into a training that waits."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held: deque[bytes] = deque()
        self._size = 0
        self._next_try = 0.0
        self.lost = 0
        """Bytes that could not be written."""

    def write(self, data: bytes) -> None:
        """Write, or hold for later."""
        self._held.append(data)
        self._size += len(data)
        while self._size > _HELD:
            dropped = len(self._held.popleft())
            self._size -= dropped
            self.lost += dropped
        self.flush()

    def flush(self, *, last: bool = False) -> None:
        """Write what is held, if it is time to try again."""
        if not last and time.monotonic() < self._next_try:
            return
        try:
            while self._held:
                data = self._held.popleft()
                self._size -= len(data)
                written = 0
                try:
                    while written < len(data):
                        written += os.write(self._fd, data[written:])
                except OSError:
                    self._held.appendleft(data[written:])
                    self._size += len(data) - written
                    raise
        except OSError:
            self._next_try = time.monotonic() + _RETRY
            if last:
                self.lost += self._size


class Stop:
    """Ends a training and its children: SIGINT, as by Ctrl+C; later SIGTERM; at last SIGKILL.

    Each next signal comes after `_GRACE` seconds, or as soon as the stop is asked for again.
    """

    def __init__(self, child: "subprocess.Popen[bytes]", record: int) -> None:
        self._child = child
        self._record = record
        self._left = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]

    def go_on(self) -> None:
        """Send the next signal, and have an alarm ring for the one after it."""
        if not self._left:
            return
        number = self._left.pop(0)
        _note(self._record, {"asked": int(number)})
        signal.alarm(_GRACE if self._left else 0)
        signal_group(self._child, number)


def signal_group(child: "subprocess.Popen[bytes]", number: int) -> None:
    """Signal the training and its children, unless it has been waited for."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)


def main(arguments: Sequence[str]) -> None:
    """Start the training; the caller gets one line and goes on without us."""
    log_path, record_path, columns, rows, *command = arguments
    if os.fork():
        os._exit(0)
    os.setsid()
    # A script's background job ignores it, and the training, which is asked to end by it, would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    made: list[str] = []
    try:
        record = _open_record(record_path)
        made.append(record_path)
        if not os.path.lexists(log_path):
            made.append(log_path)
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        child, terminal, device = _start(command, log, int(columns), int(rows))
    except OSError as error:
        for path in made:
            with contextlib.suppress(OSError):
                os.unlink(path)
        place = f", {error.filename}" if error.filename not in (None, command[0]) else ""
        os.write(1, f"{error.strerror or error}{place}\n".encode(errors="replace"))
        return
    _listen(child, Stop(child, record))
    _note(record, {"recorder": os.getpid(), "child": child.pid, "terminal": device})
    os.write(1, b"\n")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    lost = 0
    if terminal is not None:
        writer = Log(log)
        _carry(terminal, writer, child)
        os.close(terminal)
        lost = writer.lost
    code = child.wait()
    _note(record, {"code": code if code >= 0 else 128 - code, "lost": lost})


def _open_record(path: str) -> int:
    """The record, locked for as long as this process lives."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    record = os.open(path, flags, 0o600)
    try:
        fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(errno.EBUSY, "a training is being recorded there", path) from None
    os.fchmod(record, 0o600)
    os.ftruncate(record, 0)
    return record


def _note(record: int, facts: "dict[str, int | str]") -> None:
    """Append a line, in one write, so that no reader sees half of it."""
    with contextlib.suppress(OSError):  # a full disk: the training matters more
        os.write(record, json.dumps(facts).encode() + b"\n")


def _start(
    command: Sequence[str], log: int, columns: int, rows: int
) -> tuple["subprocess.Popen[bytes]", "int | None", str]:
    """Start the training in a session of its own; our end of its terminal, if any, and its name.

    Nobody can answer it, so it has no input and no controlling terminal: what asks gets an end of
    file at once and does not wait for ever.
    """
    if not columns:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        return child, None, ""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    modes = termios.tcgetattr(theirs)
    modes[1] &= ~termios.OPOST  # the log holds what was written, its line ends unchanged
    modes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, start_new_session=True
    )
    device = os.ttyname(theirs)
    os.close(theirs)
    return child, ours, device


def _listen(child: "subprocess.Popen[bytes]", stop: Stop) -> None:
    """Set what signals to the recorder do. It is the training that they are for."""

    def handle(number: int, _frame: object) -> None:
        if number in (signal.SIGINT, signal.SIGALRM):
            stop.go_on()
        elif number in (signal.SIGTERM, signal.SIGWINCH):
            signal_group(child, number)

    # Handlers, since the training would inherit SIG_IGN.
    for number in _HEARD:
        signal.signal(number, handle)


def _carry(terminal: int, log: Log, child: "subprocess.Popen[bytes]") -> None:
    """Write what comes from the terminal until all who hold it are gone, or the training is."""
    ended = heard = 0.0
    while True:
        ready = select.select([terminal], [], [], 0.1)[0]
        now = time.monotonic()
        if ready:
            try:
                data = os.read(terminal, _BLOCK)
            except OSError:  # EIO: nobody holds it any more
                data = b""
            if not data:
                break
            log.write(data)
            heard = now
        else:
            log.flush()
        if child.poll() is not None:
            ended = ended or now
            if now - max(heard, ended) >= _QUIET or now - ended >= _LONGEST:
                break
    log.flush(last=True)


if __name__ == "__main__":
    main(sys.argv[1:])
