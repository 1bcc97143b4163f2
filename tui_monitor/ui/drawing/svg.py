"""Rows of inked text as a picture in SVG. Pure; nothing of it is fetched from anywhere.

Braille, blocks and rules are drawn as shapes, so a chart looks the same whatever fonts a viewer has;
every word of text stands in its own cells, so columns stay columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len

from tui_monitor.ui.drawing.palette import BOLD, Ground, Ink
from tui_monitor.ui.drawing.rows import Row, Span

_WIDTH, _HEIGHT = 8.4, 18.0
"""Of a cell, in pixels at a font size of 14."""
_MARGIN = 14.0
_BASE = 13.0
"""Of a row: from its top to the line that letters stand on."""
_FONTS = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
_BRAILLE_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each bit of a braille sign."""
_QUARTERS = dict(zip("▘▝▀▖▌▞▛▗▚▐▜▄▙▟█", range(1, 16), strict=True))
_BARS = {
    "━": (0.0, 0.44, 1.0, 0.12),
    "─": (0.0, 0.47, 1.0, 0.05),
    "│": (0.45, 0.0, 0.1, 1.0),
    "▍": (0.0, 0.0, 0.375, 1.0),
}
"""Left, top, width and height of a sign's shape, in fractions of a cell."""


class _Drawing:
    """Shapes and words, gathered by what colour they have."""

    def __init__(self) -> None:
        self.grounds: dict[Ground, list[str]] = defaultdict(list)
        self.shapes: dict[Ink, list[str]] = defaultdict(list)
        self.dots: dict[Ink, list[str]] = defaultdict(list)
        self.words: list[str] = []
        self.inks: set[Ink] = set()
        """Of words and shapes."""

    def span(self, x: float, y: float, span: Span) -> None:
        """Draw a span whose first cell has its top left corner at (x, y)."""
        if span.ink is Ink.VOID:
            self._cut(x, y, span)
            return
        if span.ground is not Ground.NONE:
            self.grounds[span.ground].append(_box(x, y, cell_len(span.text) * _WIDTH, _HEIGHT))
        for kind, group in groupby(span.text, key=_kind):
            text = "".join(group)
            if kind == "word":
                self._word(x, y, text, span.ink)
            elif kind == "dots":
                for number, char in enumerate(text):
                    self._braille(x + number * _WIDTH, y, ord(char) - 0x2800, span.ink)
            elif kind != "blank":
                self._shapes(x, y, text, span.ink)
            x += cell_len(text) * _WIDTH

    def _cut(self, x: float, y: float, span: Span) -> None:
        """Of a ground that the blocks cut free from below, draw what is left."""
        for char, group in groupby(span.text):
            count = len(list(group))
            left = 1 - (ord(char) - 0x2580) / 8 if "▁" <= char <= "█" else 0.0
            self.grounds[span.ground].append(_box(x, y, count * _WIDTH, left * _HEIGHT))
            x += count * _WIDTH

    def _word(self, x: float, y: float, text: str, ink: Ink) -> None:
        self.inks.add(ink)
        bold = " b" if ink in BOLD else ""
        long = f' textLength="{_px(cell_len(text) * _WIDTH)}"' if cell_len(text) > 1 else ""
        self.words.append(
            f'<text class="i{ink.value}{bold}" x="{_px(x)}" y="{_px(y + _BASE)}"{long}>'
            f"{escape(text)}</text>"
        )

    def _braille(self, x: float, y: float, mask: int, ink: Ink) -> None:
        for bit, (column, row) in enumerate(_BRAILLE_DOTS):
            if mask >> bit & 1:
                across, down = (column + 0.5) * _WIDTH / 2, (row + 0.5) * _HEIGHT / 4
                self.dots[ink].append(f"M{_px(x + across)} {_px(y + down)}h0")

    def _shapes(self, x: float, y: float, text: str, ink: Ink) -> None:
        self.inks.add(ink)
        for char, group in groupby(text):
            count = len(list(group))
            for left, top, width, height in _boxes(char):
                if width == 1.0:
                    whole = _box(x, y + top * _HEIGHT, count * _WIDTH, height * _HEIGHT)
                    self.shapes[ink].append(whole)
                    continue
                for number in range(count):
                    begin = x + (number + left) * _WIDTH
                    self.shapes[ink].append(
                        _box(begin, y + top * _HEIGHT, width * _WIDTH, height * _HEIGHT)
                    )
            x += count * _WIDTH


def svg(rows: Sequence[Row], columns: int, colours: Mapping[str, str], title: str) -> str:
    """The picture of rows of at most `columns` cells.

    Args:
        rows: Top to bottom.
        columns: Cells of a row.
        colours: Those of the inks and grounds, by their `variable`.
        title: What a viewer may tell of the picture.
    """
    drawing = _Drawing()
    for number, row in enumerate(rows):
        x, y = _MARGIN, _MARGIN + number * _HEIGHT
        for span in row:
            drawing.span(x, y, span)
            x += cell_len(span.text) * _WIDTH
    width, height = columns * _WIDTH + 2 * _MARGIN, len(rows) * _HEIGHT + 2 * _MARGIN
    inks = "".join(f".i{ink.value}{{fill:{colours[ink.variable]}}}" for ink in sorted(drawing.inks))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_px(width)} {_px(height)}" '
        f'width="{_px(width)}" height="{_px(height)}" role="img" aria-label={quoteattr(title)}>',
        f"<title>{escape(title)}</title>",
        f"<style>text{{font:14px {_FONTS};white-space:pre}}.b{{font-weight:bold}}"
        f".d{{fill:none;stroke-width:2.8;stroke-linecap:round}}{inks}</style>",
        f'<rect width="100%" height="100%" rx="8" fill="{colours[Ground.NONE.variable]}"/>',
    ]
    parts += [
        f'<path fill="{colours[ground.variable]}" d="{"".join(boxes)}"/>'
        for ground, boxes in drawing.grounds.items()
    ]
    parts += [f'<path class="i{k.value}" d="{"".join(v)}"/>' for k, v in drawing.shapes.items()]
    parts += [
        f'<path class="d" stroke="{colours[ink.variable]}" d="{"".join(dots)}"/>'
        for ink, dots in drawing.dots.items()
    ]
    return "\n".join([*parts, *drawing.words, "</svg>\n"])


def _kind(char: str) -> str:
    if char == " " or char == "⠀":
        return "blank"
    if "⠀" < char <= "⣿":
        return "dots"
    return "shape" if char in _BARS or "▁" <= char <= "█" or char in _QUARTERS else "word"


def _boxes(char: str) -> list[tuple[float, float, float, float]]:
    """A sign's shape as boxes: left, top, width, height in fractions of a cell."""
    if char in _BARS:
        return [_BARS[char]]
    if "▁" <= char <= "█":
        part = (ord(char) - 0x2580) / 8
        return [(0.0, 1 - part, 1.0, part)]
    mask = _QUARTERS[char]
    return [(bit % 2 / 2, bit // 2 / 2, 0.5, 0.5) for bit in range(4) if mask >> bit & 1]


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{_px(x)} {_px(y)}h{_px(width)}v{_px(height)}h-{_px(width)}z"


def _px(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
