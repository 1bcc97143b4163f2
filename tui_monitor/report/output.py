"""Where a report's text goes: standard output, or a file that is whole or not there at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from tui_monitor.errors import TuiMonitorError


@contextmanager
def open_output(path: str | None, source: str, *, streaming: bool = False) -> Iterator[TextIO]:
    """A text stream to the output; None is standard output.

    A regular file takes its name only when the block ends without an exception; with `streaming` it
    is written in place, for readers that follow it. Raises TuiMonitorError if the output is the
    source or cannot be written.
    """
    if path is None:
        yield sys.stdout
        return
    with suppress(OSError):
        if os.path.samefile(path, source):
            raise TuiMonitorError(f"output is the source, {path}: name another --output")
    try:
        with _in_place(path) if streaming or _is_special(path) else _renamed(path) as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise TuiMonitorError(
            f"{error.strerror or error}, {path}: name an --output that can be written"
        ) from error


def _is_special(path: str) -> bool:
    """Whether the path is a device or a pipe, which a rename would replace."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False


def _in_place(path: str) -> TextIO:
    return open(path, "w", encoding="utf-8", newline="")


@contextmanager
def _renamed(path: str) -> Iterator[TextIO]:
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    part = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        with open(part, "x", encoding="utf-8", newline="") as stream:
            with suppress(FileNotFoundError):
                os.fchmod(stream.fileno(), stat.S_IMODE(os.stat(target).st_mode))
            yield stream
        os.replace(part, target)
    finally:
        # Not there any more, if it has taken its name.
        with suppress(FileNotFoundError):
            os.unlink(part)
