"""What a log format is: a grammar that turns one line's text into items, without memory.

Owns the protocol and what all grammars share about printed numbers. Refuses state: where an item
belongs (run, epoch, unit, finality) is the timeline's business.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from tui_monitor.core.records import Item


class Format(Protocol):
    """A family of logs that print alike."""

    @property
    def name(self) -> str:
        """Short lower-case name, as a user would type it in a hint."""
        ...

    def parse(self, text: str) -> tuple[Item, ...]:
        """What a line's text says, in text order; empty for text that is not the format's own.

        The same text always gives the same items. Never raises, whatever the text.
        """
        ...


@lru_cache(maxsize=64)
def power_of_ten(exponent: int) -> float:
    """The float nearest to 10**exponent (a float power may miss it by a rounding)."""
    return float(f"1e{exponent}")
