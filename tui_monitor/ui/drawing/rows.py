"""Rows of inked text: what every part of the screen is drawn as, before any terminal.

A row is a tuple of spans; a span is plain text with a role. Nothing here knows a colour, a widget
or markup, so text from a log can't become anything but text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from tui_monitor.ui.drawing.palette import Ground, Ink


class Span(NamedTuple):
    """A piece of one row."""

    text: str
    ink: Ink = Ink.PLAIN
    ground: Ground = Ground.NONE


Row = tuple[Span, ...]
BLANK: Row = ()
_GLUE = "\u00a0"
_BLANKS = re.compile(r"[ \t\r\n]+")
_MARGIN = re.compile(r"(?<![^ ])(?:[^ \w]*\d[^ ]* )?(?:±|\+/-) [^ ]+")


def row_width(row: Iterable[Span]) -> int:
    """Width in terminal cells."""
    return sum(cell_len(span.text) for span in row)


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, cut to at most `width` cells; a cut shows as an ellipsis."""
    if cell_len(text) <= width:
        return text
    if width <= len(ellipsis):
        return ellipsis[: max(width, 0)]
    return set_cell_size(text, width - len(ellipsis)).rstrip() + ellipsis


def fit_end(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, cut to at most `width` cells at its beginning."""
    if cell_len(text) <= width:
        return text
    if width <= len(ellipsis):
        return ellipsis[: max(width, 0)]
    return ellipsis + set_cell_size(text[::-1], width - len(ellipsis))[::-1].lstrip()


def fit_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, cut to at most `width` cells in its middle: names differ at their ends."""
    if cell_len(text) <= width:
        return text
    if width <= len(ellipsis):
        return ellipsis[: max(width, 0)]
    begin = width // 3
    end = set_cell_size(text[::-1], width - begin - len(ellipsis))[::-1]
    return set_cell_size(text, begin).rstrip() + ellipsis + end.lstrip()


def pad(text: str, width: int) -> str:
    """`text` made exactly `width` cells wide, from the left."""
    return set_cell_size(text, max(width, 0))


def pad_left(text: str, width: int) -> str:
    """`text` made at least `width` cells wide, against the right edge."""
    return " " * max(width - cell_len(text), 0) + text


def clip(row: Row, width: int) -> Row:
    """The row's first `width` cells."""
    kept: list[Span] = []
    left = width
    for span in row:
        if left <= 0:
            break
        size = cell_len(span.text)
        kept.append(span if size <= left else span._replace(text=set_cell_size(span.text, left)))
        left -= size
    return tuple(kept)


def spread(left: Row, right: Row, width: int) -> Row:
    """`left` at the left edge and `right` at the right one; `right` goes if both don't fit."""
    gap = width - row_width(left) - row_width(right)
    if not right or gap < 1:
        return clip(left, width)
    return (*left, Span(" " * gap), *right)


class Item(NamedTuple):
    """A piece of a line that may be left out where there is no room."""

    spans: Row
    rank: int
    """The highest rank goes first."""


def pack(items: Sequence[Item], width: int, gap: int = 3) -> Row:
    """As many items as fit into `width`, in their order, `gap` cells apart; low ranks stay."""
    kept = list(items)
    while kept and packed_width(kept, gap) > width and len(kept) > 1:
        kept.remove(max(reversed(kept), key=lambda item: item.rank))
    spans: list[Span] = []
    for number, item in enumerate(kept):
        if number:
            spans.append(Span(" " * gap))
        spans.extend(item.spans)
    return clip(tuple(spans), width)


def packed_width(items: Sequence[Item], gap: int = 3) -> int:
    """Width of all the items, `gap` cells apart."""
    return sum(row_width(item.spans) for item in items) + gap * (len(items) - 1)


def wrap(text: str, width: int) -> list[str]:
    """`text` broken at blanks into lines of at most `width` cells; longer words are cut.

    A number and its width, `0.5 ± 0.1`, stay together.
    """
    if width < 1:
        return []
    lines: list[str] = []
    line = ""
    glued = _MARGIN.sub(lambda found: _glued(found[0], width), text)
    for word in _BLANKS.split(glued.strip()):
        while cell_len(word) > width:
            if line:
                lines.append(line)
                line = ""
            head = set_cell_size(word, width).rstrip()
            lines.append(head)
            word = word[len(head) :] if head else ""
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return [line.replace(_GLUE, " ") for line in lines]


def _glued(margin: str, width: int) -> str:
    return margin.replace(" ", _GLUE) if cell_len(margin) <= width else margin
