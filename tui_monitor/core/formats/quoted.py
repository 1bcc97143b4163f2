"""What a text only quotes: blocks between fences, code within a line, and the hunks of a diff.

A bar in a README or in a change of one is of no training. A fence is no fence where nothing closes it
soon: models print such signs too. A hunk tells how many lines it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 64
"""Lines of a block between fences."""
_FENCE = re.compile(r" {0,3}(```|~~~)")
_CLOSES = re.compile(r" {0,3}(?:`{3,9}|~{3,9})$")
_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_CODE = re.compile(r"`[^`]{1,4000}`")
_OLD, _NEW, _NEITHER = "-", "+", "\\"


class Quotes(Generic[T]):
    """Hears a text line by line."""

    def __init__(self) -> None:
        self._held: list[T] = []
        """Lines since a fence, which the next fence makes quoted ones."""
        self._old = self._new = 0
        """Lines of a hunk that are still to come."""

    def hear(self, text: str, line: T) -> list[T]:
        """Take the next line; the lines, in order, of which it is now known that nobody quotes them."""
        if (self._old or self._new) and self._is_of_hunk(text):
            return []
        if self._held:
            self._held.append(line)
            if _CLOSES.match(text):
                self._held = []
                return []
            return self.flush() if len(self._held) > MOST else []
        if text.startswith("@@ ") and (match := _HUNK.match(text)):
            self._old, self._new = (int(count) if count else 1 for count in match.groups())
            return []
        if _FENCE.match(text):
            self._held.append(line)
            return []
        return [line]

    def _is_of_hunk(self, text: str) -> bool:
        """Whether a line goes on with a hunk; if not, it was cut."""
        sign = text[:1]
        if sign not in ("", " ", _OLD, _NEW, _NEITHER):
            self._old = self._new = 0
            return False
        if sign != _NEITHER:
            self._old = max(self._old - (sign != _NEW), 0)
            self._new = max(self._new - (sign != _OLD), 0)
        return True

    def flush(self) -> list[T]:
        """The lines of a block that nothing closes."""
        held, self._held = self._held, []
        return held


def without_code(text: str) -> str:
    """A line without what it quotes: `12/47 [==>...] - loss: 0.6931`."""
    return _CODE.sub(" ", text) if "`" in text else text


def unquoted(lines: Iterable[tuple[str, T]]) -> list[T]:
    """What nobody quotes of a text: of its lines, each with what is wanted of it."""
    quotes: Quotes[T] = Quotes()
    kept = [each for text, line in lines for each in quotes.hear(text, line)]
    return kept + quotes.flush()
