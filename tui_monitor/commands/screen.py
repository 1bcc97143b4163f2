"""Whether a screen can be drawn here, quick imports of what draws it, and text for those without."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tui_monitor.errors import TuiMonitorError
from tui_monitor.process import PROGRAM, has_terminal
from tui_monitor.settings import Settings


def no_screen(*, piped: bool = False) -> str | None:
    """Why no screen can be drawn here; None if one can. `piped`: a log comes on standard input."""
    # Textual draws on standard error.
    if not all(stream and stream.isatty() for stream in (sys.stdout, sys.stderr)):
        return "standard output or error is not one"
    if not piped and not (sys.stdin and sys.stdin.isatty()):
        return "standard input is not one"
    if piped and not has_terminal():
        return "there is none to read keys from"
    if os.environ.get("TERM", "") in ("", "dumb"):
        return "TERM is dumb or not set"
    return None


def require_screen(instead: str, *, piped: bool = False) -> None:
    """TuiMonitorError, with the commands to use instead, where no screen can be drawn."""
    reason = no_screen(piped=piped)
    if reason is not None:
        raise TuiMonitorError(
            f"the screen needs a terminal, {reason}: use `{instead}`, "
            f"`{PROGRAM} decode SOURCE --follow` or `{PROGRAM} snapshot SOURCE`"
        )


def is_plain(instead: str, *, plain: bool, piped: bool) -> bool:
    """Whether to write lines: asked for, or a terminal that no screen can be drawn on.

    Raises TuiMonitorError where neither a screen nor lines are wanted: output that nobody watches.
    """
    if plain or (no_screen(piped=piped) is not None and sys.stdout.isatty()):
        return True
    require_screen(instead, piped=piped)
    return False


@contextmanager
def quick_imports() -> Iterator[None]:
    """Imports make many objects and no garbage: without the collector they take a tenth less."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def write_lines(lines: Iterable[str], settings: Settings) -> None:
    """Write each line to standard output as soon as it is there."""
    for line in lines:
        print(as_set(line, settings), flush=True)


def as_set(text: str, settings: Settings) -> str:
    """The text, with ASCII signs only where that is set."""
    if not settings.ascii:
        return text
    near = {0xB1: "+/-", 0x2192: "->", 0xA6: "|"}
    return text.translate(near).encode("ascii", "replace").decode()
