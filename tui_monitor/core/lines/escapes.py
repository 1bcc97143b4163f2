"""Escape sequences of terminals in a log's text: where they are, and which leave the line."""

from __future__ import annotations

import re
from typing import Protocol

# Every repeat is bounded: what is longer is no escape sequence but text, and is shown as such.
ESCAPE = re.compile(
    r"\x1b(?:"
    r"\[([0-?]{0,64})[ -/]{0,4}([@-~])"  # control sequence: parameters, final
    r"|[]PX^_][^\0-\x1f]{0,240}(?:\x07|\x1b\\)"  # strings: titles, links, clipboard
    r"|[ -/]{1,4}[0-~]"
    r"|[0-OQ-WYZ\\`-~])"
)
_CUT = re.compile(
    ESCAPE.pattern
    + r"|(?P<cut>\x1b(?:\[[0-?]{0,64}[ -/]{0,4}|[]PX^_][^\0-\x1f]{0,240}\x1b?|[ -/]{0,4}))\Z"
)
_REACH = 256  # units; no escape sequence is longer

_COLOUR = re.compile(r"\x1b\[[0-9;]{0,64}m")

LEAVING = frozenset("ABEFGHJKf")  # finals that move to another line, or may erase this one


def leaves_line(escape: re.Match[str]) -> bool:
    """Whether an escape sequence takes the cursor off the text just written, or erases it."""
    parameters, final = escape[1], escape[2]
    if final in ("J", "K"):
        return parameters in ("1", "2", "3")
    return final in LEAVING


class Places(Protocol):
    """Where in the source each unit of a text lies."""

    def __getitem__(self, index: int, /) -> int:
        """Of the unit with this index."""
        ...


class Uncoloured:
    """A text without its colours, which often are all that is escaped, and where its units lie."""

    def __init__(self, units: str, places: Places, at: int) -> None:
        """`units`: the text with its colours, of which the first unit lies at `places[at]`."""
        self.text = _COLOUR.sub("", units)
        self._units, self._places, self._at = units, places, at

    def __getitem__(self, index: int) -> int:
        at = index
        for colour in _COLOUR.finditer(self._units):
            if colour.start() > at:
                break
            at += len(colour[0])
        return self._places[self._at + at]


def find_cut(units: str) -> int | None:
    """Index of an escape sequence that the end of the units has cut, if there is one."""
    if units.find("\x1b", max(0, len(units) - _REACH)) < 0:
        return None
    body = max(map(units.rfind, "\b\n\r")) + 1
    for escape in _CUT.finditer(units, body):
        if escape.lastgroup == "cut":
            return escape.start()
    return None
