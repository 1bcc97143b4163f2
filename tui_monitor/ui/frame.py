"""One frame without a terminal: the monitor's picture as SVG, HTML or text.

It lays out and draws with the same functions as the live screen, so a frame shows what the screen
would show; it starts no application.
"""

from __future__ import annotations

import io
from typing import Literal

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import Theme

from tui_monitor.core.runs import RunList
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.drawing.glyphs import ASCII, UNICODE, glyphs_of, to_ascii
from tui_monitor.ui.drawing.palette import DARK, LIGHT, Ground, Ink, style_of
from tui_monitor.ui.drawing.rows import BLANK, Row, Span, clip, row_width
from tui_monitor.ui.drawing.svg import svg
from tui_monitor.ui.monitor import jump, metric_panel, status, tables
from tui_monitor.ui.monitor.layout import SIDE_GAP, Layout, plan_for
from tui_monitor.ui.monitor.scene import Scene, View, curves
from tui_monitor.ui.runs import run_table
from tui_monitor.ui.runs.run_scene import RunsScene

Kind = Literal["svg", "html", "txt"]


def frame(
    snapshot: Snapshot,
    source: SourceState,
    size: tuple[int, int],
    kind: Kind,
    *,
    ascii: bool = False,  # noqa: A002
    blocks: bool = False,
    light: bool = False,
    color: bool = True,
    view: View | None = None,
) -> str:
    """The picture of a snapshot, `size` (columns, rows) large.

    Args:
        snapshot: What to draw.
        source: Where it comes from.
        size: Columns and rows; at least 1 each.
        kind: `svg`, `html` (one page each) or `txt` (lines without trailing blanks).
        ascii: Draw with ASCII only.
        blocks: Draw curves with quarters of cells instead of braille.
        light: Dark signs on a light ground.
        color: False leaves out the colours; svg and html keep foreground and background.
        view: What of it; by default what the screen shows before any key.
    """
    width, height = max(size[0], 1), max(size[1], 1)
    glyphs = glyphs_of(ascii=ascii, blocks=blocks)
    scene = Scene(snapshot, source, view or View(), glyphs)
    rows = screen_rows(scene, width, height)
    return picture(rows, scene, (width, height), kind, light=light, color=color)


def runs_frame(
    runs: RunList,
    size: tuple[int, int],
    kind: Kind,
    *,
    ascii: bool = False,  # noqa: A002
    color: bool = True,
) -> str:
    """The picture of a list of runs; see `frame`."""
    width, height = max(size[0], 1), max(size[1], 1)
    glyphs = ASCII if ascii else UNICODE
    shown = RunsScene(runs, glyphs=glyphs)
    head = run_table.head_rows(shown, width, min(2, height))
    rows = [*head, *run_table.list_rows(shown, width, height - len(head), 0)]
    rows = [clip(row, width) for row in rows[:height]]
    rows += [BLANK] * (height - len(rows))
    scene = Scene(None, SourceState("runs", "live", "none", None, None), glyphs=glyphs)
    return picture(rows, scene, (width, height), kind, light=False, color=color)


def picture(
    rows: list[Row], scene: Scene, size: tuple[int, int], kind: Kind, *, light: bool, color: bool
) -> str:
    """Rows as a page or as text; `scene` gives their signs and their title."""
    width, height = size
    theme = LIGHT if light else DARK
    if kind == "txt":
        lines = ("".join(_text(span, scene) for span in row).rstrip() for row in rows)
        return "\n".join(lines) + "\n"
    if kind == "svg":
        name = to_ascii(scene.source.name) if scene.glyphs.ascii else scene.source.name
        return svg(_plain_rows(rows, scene, color=color), width, theme.variables, name)
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, record=True,
        color_system="truecolor", legacy_windows=False, no_color=False,
    )  # fmt: skip
    console.print(Segments(_segments(rows, scene, theme, width, color=color)), end="")
    return console.export_html(theme=_terminal_theme(theme), inline_styles=True)


def screen_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """The whole screen as rows, without the keys' line: exactly `height` of them."""
    layout = plan_for(scene, width, height)
    rows = status.status_rows(scene, width, layout.status)
    rows += [BLANK] * (layout.status - len(rows))
    if layout.side:
        left = _charts(scene, layout, width - layout.side)
        right = _side(scene, layout, layout.side - SIDE_GAP)
        tall = max(len(left), len(right))
        left += [BLANK] * (tall - len(left))
        right += [BLANK] * (tall - len(right))
        gap = width - layout.side + SIDE_GAP
        rows += [(*_filled(a, gap), *b) for a, b in zip(left, right, strict=True)]
    else:
        rows += _charts(scene, layout, width) + _side(scene, layout, width)
    rows = [clip(row, width) for row in rows[:height]]
    return rows + [BLANK] * (height - len(rows))


def _charts(scene: Scene, layout: Layout, width: int) -> list[Row]:
    rows: list[Row] = []
    shown = curves(scene)
    if not shown:
        rows = metric_panel.empty_rows(scene, width, layout.charts[0])
        return rows + [BLANK] * (layout.charts[0] - len(rows))
    for index, height in enumerate(layout.charts):
        if height:
            panel = metric_panel.draw_panel(scene, index, width, height)
            rows += panel + [BLANK] * (height - len(panel))
    return rows


def _side(scene: Scene, layout: Layout, width: int) -> list[Row]:
    rows: list[Row] = []
    for draw, height in (
        (jump.jump_rows, layout.jump),
        (tables.epoch_rows, layout.epochs),
        (tables.log_rows, layout.log),
    ):
        part = draw(scene, width, height) if height else []
        rows += part + [BLANK] * (height - len(part))
    return rows


def _filled(row: Row, width: int) -> Row:
    cut = clip(row, width)
    return (*cut, Span(" " * (width - row_width(cut))))


def _text(span: Span, scene: Scene) -> str:
    return to_ascii(span.text) if scene.glyphs.ascii else span.text


def _plain_rows(rows: list[Row], scene: Scene, *, color: bool) -> list[Row]:
    """Rows as they are to be drawn: with the signs and inks that are wanted."""
    return [
        tuple(Span(_text(span, scene), _ink(span.ink, color=color), span.ground) for span in row)
        for row in rows
    ]


def _ink(ink: Ink, *, color: bool) -> Ink:
    """Without colour every ink is the plain one, but for what cuts the band's edges."""
    return ink if color or ink in (Ink.VOID, Ink.BAND) else Ink.PLAIN


def _segments(
    rows: list[Row], scene: Scene, theme: Theme, width: int, *, color: bool
) -> list[Segment]:
    styles = _styles(theme, color=color)
    plain = styles[Ink.PLAIN, Ground.NONE]
    segments: list[Segment] = []
    for row in rows:
        for span in row:
            text, style = _text(span, scene), styles[span.ink, span.ground]
            blanks = len(text) - len(text.lstrip(" "))
            # Some readers drop a text's leading blanks: those stand alone.
            segments += [Segment(" " * blanks, style), Segment(text[blanks:], style)]
        segments += [Segment(" " * (width - row_width(row)), plain), Segment.line()]
    return segments


def _styles(theme: Theme, *, color: bool) -> dict[tuple[Ink, Ground], Style]:
    return {
        (ink, ground): style_of(theme.variables, _ink(ink, color=color), ground)
        for ink in Ink
        for ground in Ground
    }


def _terminal_theme(theme: Theme) -> TerminalTheme:
    def triplet(colour: str | None) -> tuple[int, int, int]:
        return Color.parse(colour or "black").rgb

    ansi = [triplet(theme.foreground)] * 8
    return TerminalTheme(triplet(theme.background), triplet(theme.foreground), ansi, ansi)
