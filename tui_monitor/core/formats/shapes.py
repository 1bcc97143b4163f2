"""Lines that differ in their digits alone say the same of other numbers: how is found once a shape.

A line's shape is the line with zeros for digits. Which of its numbers a grammar reads, and as what,
is found by reading it again with other digits: what follows the same number each time is that number.
A shape of which anything else depends on digits has no template, and is read as ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from math import isfinite
from typing import Final, NamedTuple

from tui_monitor.core.formats.base import printed
from tui_monitor.core.records import Item, Progress, Reading, Span

_ZEROS: Final = str.maketrans("123456789", "000000000")
_NUMBER = re.compile(r"(?<![\w.])[+-]?\d{1,24}(?:\.\d{1,24})?(?:[eE][+-]?\d{1,3})?")
_WORD = re.compile(r"(?<![\w.])[A-Za-z_][A-Za-z_@/.-]{0,40}\d[\w@/.-]{0,40}")
"""A name with digits, which are no number."""
_DIGITS: Final = ("3141592653589793238", "2718281828459045235", "9689173457128953421")
"""Of the lines that are read besides, each number's from another one on."""
_MOST: Final = 1024
"""Shapes that are remembered."""


Parse = Callable[[str], tuple[Item, ...]]


class _Value(NamedTuple):
    """A metric of a shape's lines, and where its number stands; nowhere if it is always nan or inf."""

    metric: str
    law: str
    span: Span | None
    reading: Reading


class _Template(NamedTuple):
    """What a line of a shape says, but for its numbers, and where these stand."""

    item: Progress
    places: tuple[Span | None, ...]
    """Of step, steps, epoch and epochs; None where the line does not show it."""
    values: tuple[_Value, ...]
    words: tuple[tuple[Span, str], ...]
    """Names with digits, which a line has to have as well."""

    def fill(self, text: str) -> Progress:
        """What a line of this shape says."""
        step, steps, epoch, epochs = [
            int(text[span[0] : span[1]]) if span else None for span in self.places
        ]
        readings = [
            Reading(metric, *printed(text[span[0] : span[1]]), law) if span else reading
            for metric, law, span, reading in self.values
        ]
        item = self.item
        return Progress(
            *(item.style, step, steps, tuple(readings), item.final, item.per_sample),
            *(item.eta, item.elapsed, item.per_step, item.unit, epoch, epochs),
            *(item.epochs_done, item.bar, item.of_run, item.from_zero),
        )


class Shapes:
    """A grammar of single lines, and what it remembers of how they look, not of what they say."""

    def __init__(self, parse: Parse) -> None:
        self._parse = parse
        self._templates: dict[str, _Template | None] = {}
        self._once: set[str] = set()
        """Shapes of one line so far."""

    def parse(self, text: str) -> tuple[Item, ...]:
        """What the grammar reads of a line."""
        shape = text.translate(_ZEROS)
        template = self._templates.get(shape)
        if template is not None and all(text[at[0] : at[1]] == word for at, word in template.words):
            return (template.fill(text),)
        items = self._parse(text)
        if items and shape not in self._templates:
            self._learn(shape, text)
        return items

    def _learn(self, shape: str, text: str) -> None:
        """Find the template of a shape that has come for the second time."""
        if shape in self._once:
            if len(self._templates) >= _MOST:
                self._templates.clear()
            self._templates[shape] = _template(text, self._parse)
            return
        if len(self._once) >= _MOST:
            self._once.clear()
        self._once.add(shape)


def _template(text: str, parse: Parse) -> _Template | None:
    """The template of a line's shape; None if what is read depends on more than where numbers stand."""
    spans = [match.span() for match in _NUMBER.finditer(text)]
    texts = [text, *(_with_digits(text, spans, digits) for digits in _DIGITS)]
    items = [item for each in texts for item in parse(each) if isinstance(item, Progress)]
    if len(items) != len(texts) or len(set(map(_but_numbers, items))) > 1:
        return None
    numbers = {span: [each[span[0] : span[1]] for each in texts] for span in spans}
    places: list[Span | None] = []
    for column in zip(*((i.step, i.steps, i.epoch, i.epochs) for i in items), strict=True):
        shown = any(each is not None for each in column)
        places.append(_standing(column, numbers, _whole) if shown else None)
        if shown and places[-1] is None:
            return None
    values: list[_Value] = []
    for column in zip(*(item.readings for item in items), strict=True):
        span = _standing([each[1:3] for each in column], numbers, printed)
        if span is None and any(isfinite(each.displayed) for each in column):
            return None
        values.append(_Value(column[0].metric, column[0].law, span, column[0]))
    words = tuple((match.span(), match[0]) for match in _WORD.finditer(text))
    return _Template(items[0], tuple(places), tuple(values), words) if values else None


def _with_digits(text: str, spans: Sequence[Span], digits: str) -> str:
    """A line of the same shape with other numbers."""
    written = list(text)
    for nth, span in enumerate(spans):
        supply = islice(cycle(digits), nth, None)
        for at in range(*span):
            if text[at].isdecimal():
                written[at] = next(supply)
    return "".join(written)


def _but_numbers(item: Progress) -> tuple[object, ...]:
    """What a line says but for the numbers that a template has places for."""
    told = item._replace(step=None, steps=None, epoch=None, epochs=None, readings=())
    return (told, *((each.metric, each.law) for each in item.readings))


def _standing(
    column: Sequence[object], numbers: Mapping[Span, Sequence[str]], read: Callable[[str], object]
) -> Span | None:
    """Where the one number stands that is always what is read."""
    found = [
        span
        for span, texts in numbers.items()
        if all(read(text) == value for text, value in zip(texts, column, strict=True))
    ]
    return found[0] if len(found) == 1 else None


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
