"""A command-line process's standard streams and SIGTERM; complaints on one line.

Knows no command.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

PROGRAM = "tui-monitor"
FALLBACK_SIZE = (80, 24)
"""Columns and rows of a terminal that does not know."""


class Terminated(BaseException):
    """SIGTERM arrived. Not an Exception, for the same reason as KeyboardInterrupt."""


def repair_streams() -> None:
    """Make standard output and error usable whatever the caller left of them."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    with suppress(AttributeError):  # a stream that a caller in this process put there
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises Terminated here, so that half-written files go and the code is 143."""

    def terminate(_signum: int, _frame: FrameType | None) -> None:
        raise Terminated

    try:
        previous = signal.signal(signal.SIGTERM, terminate)
    except ValueError:  # not the main thread: signals are the caller's
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


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
