"""What the terminal shows at once, while the screen is loaded. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tui_monitor.process import FALLBACK_SIZE, terminal_size

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
"""Alternate screen, as the monitor takes it itself a moment later; no cursor."""
_LEAVE = "\x1b[?1049l\x1b[?25h"
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
KEYS = "q quit  ? help  space pause  ← → cursor  [ ] boundary  tab panel  enter maximise  + - zoom"
"""Where the monitor's own line of keys begins."""
_OUTPUT = 2
"""The monitor draws on standard error."""


def splash(name: str, columns: int, rows: int, *, ascii: bool) -> str:  # noqa: A002
    """The sequence that draws it. `name` holds nothing that a terminal acts on."""
    sign, keys = ("o", KEYS.replace("← →", "< >")) if ascii else ("○", KEYS)
    drawn = f"{_ENTER}\x1b[1;1H" + f" {sign} reading   {name}"[:columns]
    if rows > 2:
        drawn += f"\x1b[{rows};1H{_DIM}" + f" {keys}"[:columns] + _PLAIN
    return drawn


@contextmanager
def splashed(name: str, *, ascii: bool) -> Iterator[None]:  # noqa: A002
    """Show it, until the monitor's own picture takes its place; if that never comes, take it away."""
    if not os.isatty(_OUTPUT):
        yield
        return
    columns, rows = terminal_size() or FALLBACK_SIZE
    with ExitStack() as stack:
        stack.callback(_write, _LEAVE)  # first: a signal may come between
        _write(splash(name, columns, rows, ascii=ascii))
        yield
        stack.pop_all()


def _write(text: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        os.write(_OUTPUT, text.encode("utf-8", "replace"))
