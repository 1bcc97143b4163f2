"""What the values of options may be, read from text; the same on the command line and in a file.

Every function raises ValueError for a text that is not what its phrase says.
"""

from __future__ import annotations

from math import isfinite

from tui_monitor.settings import Size

COUNT = "a whole number, 1 or more"
SPEED = "a number, 0 or more"
SIZE = "columns and rows like 160x48, at most 1000x1000"
TARGET = "METRIC=VALUE, like val_acc=0.95"

_MOST = 1 << 53
"""Above this a count is no longer exact in floating point."""
_LARGEST_SIDE = 1000


def count(text: str) -> int:
    """A number of things, at least one."""
    number = int(text)
    if not 1 <= number <= _MOST:
        raise ValueError(text)
    return number


def speed(text: str) -> float:
    """How many times as fast; 0 is at once."""
    number = float(text)
    if not (isfinite(number) and number >= 0):
        raise ValueError(text)
    return number


def size(text: str) -> Size:
    """Columns and rows of a frame, in character cells."""
    columns, _, rows = text.lower().partition("x")
    found = Size(int(columns), int(rows))
    if not all(1 <= side <= _LARGEST_SIDE for side in found):
        raise ValueError(text)
    return found


def target(text: str) -> tuple[str, float]:
    """A metric and the value that it is wanted to reach."""
    name, _, value = text.rpartition("=")
    number = float(value)
    if not name.strip() or not isfinite(number):
        raise ValueError(text)
    return name.strip(), number
