"""A command-line process's standard streams and the signals that end it; complaints on one line.

Knows no command.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

PROGRAM = "tui-monitor"
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that ask a program to end."""
_TIDYING = 1.0
"""Seconds for which a second signal does not disturb what is tidied up for the first."""
FALLBACK_SIZE = (80, 24)
"""Columns and rows of a terminal that does not know."""


class Terminated(BaseException):
    """A signal asks to end. Not an Exception, for the same reason as KeyboardInterrupt."""

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(number)
        self.code = 128 + number
        """The exit code that tells of it."""


def repair_streams() -> None:
    """Make the standard streams usable whatever the caller left of them: input that was closed is
    empty, to write to output that was closed fails.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: SIM115 - for the rest of the process
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    with suppress(AttributeError):  # a stream that a caller in this process put there
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


@contextmanager
def terminable() -> Iterator[None]:
    """Signals that end a process raise Terminated here, so that half-written files go and the terminal
    is as it was. What the caller has ignored, as nohup does, stays ignored.
    """
    number, since = 0, float("-inf")

    def terminate(signum: int, _frame: FrameType | None) -> None:
        nonlocal number, since
        if time.monotonic() - since < _TIDYING:
            return
        number, since = signum, time.monotonic()
        raise Terminated(signum)

    if threading.current_thread() is not threading.main_thread():  # signals are the caller's
        yield
        return
    heard = {each: signal.getsignal(each) for each in ENDING}
    # None: C code of the caller's listens, and could not be put back.
    previous = {each: old for each, old in heard.items() if old not in (signal.SIG_IGN, None)}
    try:
        for each in previous:
            signal.signal(each, terminate)
        yield
    except Exception:
        if number:  # what a library makes of it, as numpy of one that comes while it is imported
            raise Terminated(number) from None
        raise
    finally:
        for each, old in previous.items():
            signal.signal(each, old)


def has_terminal() -> bool:
    """Whether the process has a controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def take_standard_input() -> int:
    """The descriptor of what is piped in; standard input is the controlling terminal after.

    Raises OSError where the process has no controlling terminal.
    """
    terminal = os.open("/dev/tty", os.O_RDWR)
    piped = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    return piped


def terminal_size() -> tuple[int, int] | None:
    """Columns and rows of the terminal, as it has them itself: COLUMNS and LINES are older where they
    were exported. None without a terminal, or where it does not know.
    """
    for stream in (1, 2, 0):
        with suppress(OSError):
            size = os.get_terminal_size(stream)
            if size.columns and size.lines:
                return size.columns, size.lines
    return None


def discard_output() -> None:
    """Send what is still buffered to nowhere, so that the interpreter's last flush is calm."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def complain(message: str, code: int) -> int:
    """Write a message to standard error as one harmless line; returns the exit code."""
    with suppress(OSError):
        print(f"{PROGRAM}: {_one_line(message)}", file=sys.stderr)
    return code


def _one_line(text: str) -> str:
    """The text on one line, with nothing in it that a terminal would act on."""
    joined = " ".join(text.split())
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in joined)
