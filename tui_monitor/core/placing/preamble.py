"""Tells a training program that was started again from the next turn of its own outer loop.

A program that calls `fit(epochs=1)` in a loop prints `Epoch 1/1` before each; so does one that is
started again and appends to the same log. What stands between two fits tells them apart: a program
prints its preamble (shapes, the model's summary, banners) once, before the first fit, and the
counter of its loop starts over.

Owns that evidence. Refuses to place anything: the timeline asks it at a header and decides.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import NamedTuple

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MAX_TEXT = 200
_MAX_LINES = 1000
_MAX_TEMPLATES = 4000
# Lines of the preamble that stand there again, of at least half of them, before it counts as new.
_MIN_REPEATED = 3
_MIN_REPEATED_UNFINISHED = 2


class _Counter(NamedTuple):
    """A line of the loop whose first number goes up in even steps, or stays."""

    first: int
    last: int
    stride: int | None
    """None until it has gone up."""

    def next(self, value: int) -> _Counter | None:
        """The counter after it says `value`; None if that is no counter's way to go on."""
        gain = value - self.last
        if gain == 0:
            return self
        if gain < 0 or self.stride not in (None, gain):
            return None
        return _Counter(self.first, value, gain)


class Preamble:
    """Plain lines between the prints of a log, as evidence of a start."""

    def __init__(self) -> None:
        self._gap: list[str] = []
        self._start_up = False
        # Replaced, never changed in place: copies share them.
        self._opening: frozenset[str] | None = None
        self._between: frozenset[str] | None = None
        self._counters: Mapping[str, _Counter | None] = {}

    def copy(self) -> Preamble:
        """An independent one that knows the same."""
        twin = copy.copy(self)
        twin._gap = self._gap.copy()
        return twin

    def note(self, text: str) -> None:
        """A plain line stands in the log."""
        if len(self._gap) < _MAX_LINES and not text.isspace():
            self._gap.append(text[:_MAX_TEXT])

    def note_start_up(self) -> None:
        """A message stands in the log that a program prints only as it starts."""
        self._start_up = True

    def clear(self) -> None:
        """A print of a fit stands in the log: what follows is a new stretch of plain lines."""
        if self._gap:
            self._gap.clear()
        self._start_up = False

    @property
    def start_up(self) -> bool:
        """Whether a start-up message came since the last print."""
        return self._start_up

    def repeated(self, *, unfinished: bool) -> bool:
        """Whether the lines since the last print show that the program was started again.

        `unfinished`: the fit before was cut short, so that less is needed to believe it.
        """
        if self._start_up:
            return True
        templates = self._templates()
        if (self._between is not None or unfinished) and self._opening is not None:
            once = self._opening - (self._between or frozenset())
            again = len(once & templates.keys())
            enough = _MIN_REPEATED_UNFINISHED if unfinished else _MIN_REPEATED
            if again >= enough and 2 * again >= len(once):
                return True
        return any(
            self._fell_back(template, value, unfinished=unfinished)
            for template, value in templates.items()
        )

    def begin_fit(self, *, new_run: bool) -> None:
        """A fit begins here: learn from the lines before it."""
        templates = self._templates()
        if self._opening is None:
            self._opening = frozenset(templates)
        if new_run:
            self._counters = {
                template: _Counter(value, value, None)
                for template, value in templates.items()
                if value is not None and value <= 1
            }
        else:
            between = self._between or frozenset()
            if len(between) < _MAX_TEMPLATES:
                self._between = between | templates.keys()
            self._counters = {
                template: counter and self._advance(counter, templates.get(template))
                for template, counter in self._counters.items()
            }
        self.clear()

    def _fell_back(self, template: str, value: int | None, *, unfinished: bool) -> bool:
        counter = self._counters.get(template)
        if counter is None or value is None or value > counter.first:
            return False
        if counter.stride is None:
            return False
        return unfinished or counter.last - counter.first >= 2 * counter.stride

    @staticmethod
    def _advance(counter: _Counter, value: int | None) -> _Counter | None:
        return counter if value is None else counter.next(value)

    def _templates(self) -> dict[str, int | None]:
        """Lines with their numbers blanked, with the first number where it is whole."""
        templates: dict[str, int | None] = {}
        for text in self._gap:
            number = _NUMBER.search(text)
            if number is None:
                templates[text.strip()] = None
            else:
                value = int(number[0]) if number[0].isdecimal() and len(number[0]) < 10 else None
                templates.setdefault(_NUMBER.sub("#", text).strip(), value)
        return templates
