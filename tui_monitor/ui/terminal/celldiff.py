"""Sends the terminal only the cells that differ from what it shows.

Textual's compositor sends whole rows of every widget that asks for a repaint and compares nothing;
over a slow line that is most of the traffic. `Painted` remembers each cell that was sent, and turns
an update of the compositor into the shortest runs of changed cells. `rows_update` makes such an
update of rows that are known to have changed, for which the compositor would go over every widget.
Both know two private classes of Textual: the tests hold the output, replayed by a terminal emulator,
equal to Textual's own. Where another Textual has them no more, or other ones, its own output is
sent; so it is with SWITCH set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

if TYPE_CHECKING:
    from textual._compositor import ChopsUpdate, LayoutUpdate

SWITCH = "TUI_MONITOR_WHOLE_ROWS"
"""Environment variable that has whole rows sent: for a terminal that shows anything odd."""
Cell = tuple[str, Style]
"""A cell's text and style; the second half of a wide character has the text ''."""
_NEAR = 5
"""Unchanged cells between two changed ones that are sent along: moving the cursor costs as much."""
_LEAST_ERASED = 12
"""Blank cells from which erasing them is shorter than sending them."""
_PLAIN = Style()
_UNKNOWN: Cell = ("\0", _PLAIN)
_RESET = "\x1b[0m"
_BOLD, _NOT_BOLD = "1", "22"
_LONG_BLANK = " " * _LEAST_ERASED
_BLANKS = re.compile(_LONG_BLANK + " *")


class _Pen(NamedTuple):
    """What a style asks of the terminal, as parameters of an SGR sequence."""

    attributes: str = ""
    foreground: str = "39"
    background: str = "49"

    def after(self, held: _Pen) -> str:
        """The sequence that changes the pen `held` to this one, with no more than differs."""
        parts: list[str] = []
        if self.attributes != held.attributes:
            if held.attributes not in ("", _BOLD):
                held = _Pen()
                parts.append("0")
            elif held.attributes:
                parts.append(_NOT_BOLD)
            if self.attributes:
                parts.append(self.attributes)
        if self.foreground != held.foreground:
            parts.append(self.foreground)
        if self.background != held.background:
            parts.append(self.background)
        return f"\x1b[{';'.join(parts)}m" if parts else ""


@lru_cache(maxsize=1024)
def _blank_style(style: Style) -> Style:
    """The style of a blank: of its own only what shows without a sign."""
    if style.underline or style.reverse or style.strike or style.overline or style.underline2:
        return style
    return Style(bgcolor=style.bgcolor)


@lru_cache(maxsize=1024)
def _pen_of(style: Style, colors: ColorSystem) -> _Pen:
    attributes = style.without_color._make_ansi_codes(colors)
    pen = _Pen(attributes)
    if style.color is not None:
        pen = pen._replace(foreground=";".join(style.color.downgrade(colors).get_ansi_codes()))
    if style.bgcolor is not None:
        codes = style.bgcolor.downgrade(colors).get_ansi_codes(foreground=False)
        pen = pen._replace(background=";".join(codes))
    return pen


class Painted:
    """What the terminal shows, as far as it was sent from here."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell]] = {}
        self._size: Size | None = None
        """Of the last picture that was drawn whole."""
        self.gave_up = bool(os.environ.get(SWITCH))
        """Whole rows are sent, as Textual does it."""
        self._erases = erases_in_colour(os.environ)

    def give_up(self) -> None:
        """From now on let Textual send what it sends."""
        self.gave_up = True
        self._rows.clear()

    def forget(self) -> None:
        """Nothing is known any more: the next update is sent whole."""
        self._rows.clear()

    def update(self, update: LayoutUpdate | ChopsUpdate, console: Console) -> str:
        """The terminal sequence that brings what is shown up to `update`."""
        from textual._compositor import LayoutUpdate

        if isinstance(update, LayoutUpdate) and update.region.size != self._size:
            # What was drawn since the terminal was resized still had the old size: it may have been
            # cut or wrapped, and lie where nobody sent it.
            self.forget()
            self._size = update.region.size
        colors = getattr(console, "_color_system", None) or ColorSystem.TRUECOLOR
        out: list[str] = []
        pen = _Pen()
        for x, y, strip in _pieces(update):
            pen = self._row(x, y, _cells(strip), colors, pen, out)
        # Whatever else writes to the terminal expects a plain pen.
        return "".join([*out, _RESET]) if out else ""

    def _row(
        self, x: int, y: int, cells: list[Cell], colors: ColorSystem, pen: _Pen, out: list[str]
    ) -> _Pen:
        """Add what changes the row to `out`; returns the pen that the terminal then holds."""
        shown = self._rows.setdefault(y, [])
        if len(shown) < x + len(cells):
            shown.extend([_UNKNOWN] * (x + len(cells) - len(shown)))
        before = shown[x : x + len(cells)]
        if before == cells:
            return pen
        for begin, end in _runs(before, cells):
            out.append(f"\x1b[{y + 1};{x + begin + 1}H")
            for style, group in groupby(cells[begin:end], key=_style_of):
                wanted = _pen_of(style, colors)
                text = "".join(text for text, _ in group)
                if not style.color and pen.attributes in ("", _BOLD) and text.isspace():
                    # No ink is seen on a blank: the one that is held will do.
                    wanted = pen._replace(background=wanted.background)
                out.append(wanted.after(pen))
                out.append(_erased(text) if self._erases else text)
                pen = wanted
        shown[x : x + len(cells)] = cells
        return pen


def erases_in_colour(environment: Mapping[str, str]) -> bool:
    """Whether erased cells take on the background: everywhere but in screen."""
    of_screen = environment.get("TERM", "").startswith("screen") and not environment.get("TMUX")
    return not (of_screen or environment.get("STY"))


def _erased(text: str) -> str:
    """The text with long runs of blanks as sequences that erase as many cells."""
    if _LONG_BLANK not in text:
        return text
    # Erasing (ECH) leaves the cursor where it was.
    return _BLANKS.sub(lambda run: f"\x1b[{len(run[0])}X\x1b[{len(run[0])}C", text)


def changed_cells(update: object, painted: Painted) -> object:
    """The compositor's update as one of changed cells; anything else as it is."""
    private = _private_classes()
    if private is None or painted.gave_up or not isinstance(update, private[1:]):
        return update
    made: object = private[0](update, painted)
    return made


@lru_cache(maxsize=1)
def _private_classes() -> tuple[type, type, type] | None:
    """An update of changed cells, and the two of Textual that it may stand for, if they are there."""
    try:
        from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
    except ImportError:
        return None

    class CellUpdate(CompositorUpdate):
        """An update of the compositor, sent as its changed cells."""

        def __init__(self, update: LayoutUpdate | ChopsUpdate, painted: Painted) -> None:
            self._update = update
            self._painted = painted

        def render_segments(self, console: Console) -> str:
            """See `Painted.update`."""
            try:
                return self._painted.update(self._update, console)
            except (AttributeError, TypeError, ValueError, LookupError):
                # Another Textual has other updates; it knows how to send its own.
                self._painted.give_up()
                return self._update.render_segments(console)

    return CellUpdate, LayoutUpdate, ChopsUpdate


def rows_update(rows: Iterable[tuple[int, int, Strip]], height: int) -> object:
    """An update as the compositor makes it: column, row and strip of each row, in any order.

    Args:
        rows: What to draw; parts of one row of the screen do not overlap.
        height: Rows of the screen.

    None where there is nothing to draw, or Textual has no such updates.
    """
    private, ordered = _private_classes(), sorted(rows, key=_place_of)
    if private is None or not ordered:
        return None
    chops: list[dict[int, Strip | None]] = [{} for _ in range(height)]
    ends: list[list[int]] = [[] for _ in range(height)]
    spans: list[tuple[int, int, int]] = []
    for x, y, strip in ordered:
        chops[y][x] = strip
        ends[y].append(x + strip.cell_length)
        spans.append((y, x, x + strip.cell_length))
    update: object = private[2](chops, spans, ends)
    return update


def _place_of(piece: tuple[int, int, Strip]) -> tuple[int, int]:
    return piece[1], piece[0]


def _style_of(cell: Cell) -> Style:
    return cell[1]


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Where the update draws which strip: column, row, strip."""
    from textual._compositor import LayoutUpdate

    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
        return
    for y, x1, x2 in update.spans:
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is None or x > x2 or end <= x1:
                continue
            whole = x1 <= x < x2 and end <= x2
            yield x, y, chop if whole else chop.crop(0, min(end, x2) - x)


def _cells(strip: Strip) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        known = style or _PLAIN
        is_plain = text.isascii() and text.isprintable()
        if is_plain or (cell_len(text) == len(text) and "\u200d" not in text):
            blank = _blank_style(known)
            cells += [(char, known if char != " " else blank) for char in text]
            continue
        for char in text:
            width = get_character_cell_size(char)
            if width == 0 and cells:
                # A combining sign belongs to the last cell that has a text of its own.
                place = next((i for i in range(len(cells) - 1, -1, -1) if cells[i][0]), 0)
                cells[place] = (cells[place][0] + char, cells[place][1])
            else:
                cells.append((char, known))
                cells += [("", known)] * (width - 1)
    return cells


def _runs(before: list[Cell], after: list[Cell]) -> list[tuple[int, int]]:
    """Begin and end of each run to send. A wide character is never cut."""
    runs: list[tuple[int, int]] = []
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        begin, end = place, place + 1
        while begin > 0 and after[begin][0] == "":
            begin -= 1
        while end < len(after) and after[end][0] == "":
            end += 1
        if runs and begin - runs[-1][1] <= _NEAR:
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((begin, end))
    return runs
