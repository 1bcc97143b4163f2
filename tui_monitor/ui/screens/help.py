"""The help screen: keys, signs, what the numbers are, why they jump, what cannot be the cause."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui_monitor.ui.drawing.glyphs import Glyphs
from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.rows import BLANK, Row, Span, pad, row_width, wrap
from tui_monitor.ui.monitor.scene import Scene
from tui_monitor.ui.widgets.ink_view import InkView

_TEXT = (
    (
        "The number in a progress bar",
        "Most bars print the average of all batches since the epoch began: at batch 400 a new one "
        "counts for 1/400. The blue line is the level behind it, decoded from the rounded prints; "
        "± and the band are two standard errors. Grey is the number as displayed, too high or too "
        "low if the model is elsewhere by now.",
    ),
    (
        "Why it jumps between two epochs",
        "The average starts over. jump = lag + step + luck, exactly. Lag: old, worse batches still "
        "weigh in the epoch's last number. Step: the level really is another on the other side "
        "(samples seen before, another learning rate, restored weights, the data's order). Luck: "
        "the first print holds few batches. Within chance: luck suffices, and neither of the others "
        "is sure. Undetermined: the prints cannot tell; the text says what would.",
    ),
    (
        "What cannot cause it",
        "A big update after each epoch: weights are updated at every batch. Adaptive optimisers or "
        "momentum: they know of no epochs. A loss that settles: it does so batch by batch, which "
        "makes a lag, not a step. Shuffling: it changes the next batch, not the model.",
    ),
    (
        "Validation above training",
        "val is measured after the epoch, the displayed number averaged over it: compare val with "
        "the level at the epoch's end. Dropout and augmentation act in training only.",
    ),
    (
        "The law, on the second line",
        "What kind of average the displayed numbers are, found out from the prints: all that is "
        "decoded rests on it. If you know better, --law NAME fixes it.",
    ),
)
_PALETTE = "ctrl+p"
"""Not offered in ASCII."""
_KEYS = (
    ("q", "quit"),
    ("space", "pause the view or a replay"),
    ("left right", "cursor; ctrl: far; esc: back"),
    ("[ ]", "boundary before, after"),
    ("tab", "next metric"),
    ("enter", "maximise the metric"),
    ("+ - 0", "zoom in, out, whole run"),
    ("shift+left right", "pan"),
    ("e t", "explanation, epochs"),
    ("d b l", "displayed, band, log y"),
    ("/", "filter metrics, search the log"),
    ("g", "cursor to an epoch"),
    ("x", "export curves or picture"),
    ("click wheel", "cursor or boundary; zoom"),
    ("|", "braille or blocks"),
    ("c", "dark or light"),
    (", . home end", "replay: slower, faster, ends"),
    ("r", "back to the list of runs"),
    ("m o u", "list: mark, compare, unmark"),
    ("s a", "list: sort; by epoch or step"),
    ("S", "stop a recorded training"),
    (_PALETTE, "commands by name"),
    ("ctrl+l", "draw everything anew"),
)
_KEY_CELLS = 18
_SIGN_CELLS = 6
_ENTRY_CELLS = 49
"""Of a sign or a key with what it means."""


def help_rows(width: int, glyphs: Glyphs) -> list[Row]:
    """The page, wrapped to `width`: keys and signs, in two columns if they fit, then the words.

    Keys are looked up again and again, the words are read once.
    """
    signs: list[Row] = [
        (Span(pad(sign, _SIGN_CELLS), ink), Span(what, Ink.PLAIN))
        for sign, ink, what in _signs(glyphs)
    ]
    keys: list[Row] = [
        (Span(pad(key, _KEY_CELLS), Ink.KEY), Span(what, Ink.PLAIN))
        for key, what in _KEYS
        if key != _PALETTE or not glyphs.ascii
    ]
    rows: list[Row] = [(Span("Keys", Ink.TITLE),), *_columns(keys, width)]
    rows += [BLANK, (Span("Signs", Ink.TITLE),), *_columns(signs, width)]
    for title, text in _TEXT:
        rows += [BLANK, (Span(title, Ink.TITLE),)]
        told = text.replace("±", glyphs.plus_minus)
        rows += [(Span(line, Ink.PLAIN),) for line in wrap(told, width)]
    return rows


def _signs(glyphs: Glyphs) -> list[tuple[str, Ink, str]]:
    """What a chart and its head are drawn with."""
    return [
        (glyphs.line, Ink.LEVEL, "the level"),
        (glyphs.ghost, Ink.GHOST, "the number as displayed"),
        (glyphs.val, Ink.VAL, "validation"),
        (glyphs.window, Ink.WINDOW, "mean of the batches between two prints"),
        (glyphs.rule, Ink.RULE, "the end of an epoch"),
        (glyphs.selected, Ink.SELECTED, "the boundary that is explained"),
        (glyphs.event, Ink.EVENT, "checkpoint, learning rate, stop"),
        (f"{glyphs.above} {glyphs.below}", Ink.LEVEL, "the level leaves the chart"),
        (glyphs.best, Ink.VAL, "the best validation"),
        (glyphs.alert, Ink.BAD, "nan, divergence, a failed training"),
    ]


def _columns(entries: list[Row], width: int) -> list[Row]:
    """Entries below each other, in two columns if there is room."""
    columns = 2 if width >= 2 * _ENTRY_CELLS else 1
    tall = -(-len(entries) // columns)
    rows: list[Row] = []
    for number in range(tall):
        row: Row = ()
        for entry in entries[number::tall]:
            blank = _ENTRY_CELLS * (len(row) > 0) - row_width(row)
            row += (Span(" " * max(blank, 0)), *entry)
        rows.append(row)
    return rows


class HelpText(InkView):
    """The page as a widget as tall as its text."""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `help_rows`."""
        del height
        rows = help_rows(width, scene.glyphs)
        self.styles.height = len(rows)
        return rows


class _Page(VerticalScroll):
    """Scrolls at once: keys that come together, held or over a slow line, all count."""

    def action_scroll_down(self) -> None:
        self.scroll_relative(y=1, animate=False, immediate=True)

    def action_scroll_up(self) -> None:
        self.scroll_relative(y=-1, animate=False, immediate=True)


class HelpScreen(ModalScreen[None]):
    """Over the monitor; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter,space", "app.pop_screen", "Close")
    ]
    ALLOW_SELECT = False

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene
        self.set_class(scene.glyphs.ascii, "-ascii")

    def compose(self) -> ComposeResult:
        """A page that scrolls where it does not fit."""
        with _Page(id="page") as page:
            page.border_subtitle = "esc: close  up, down: scroll"
            yield HelpText(id="help")

    def on_mount(self) -> None:
        """Draw the page."""
        self.query_one(HelpText).show(self._scene)
