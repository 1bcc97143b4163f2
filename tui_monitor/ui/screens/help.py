"""The help screen: what the numbers are, why they jump, which explanations are wrong."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui_monitor.ui.palette import Ink
from tui_monitor.ui.rows import BLANK, Row, Span, pad, wrap
from tui_monitor.ui.scene import Scene
from tui_monitor.ui.widgets.ink_view import InkView

_TEXT = (
    (
        "The number in a progress bar",
        "Most bars print the average of all batches since the epoch began: at batch 400 a new one "
        "counts for 1/400. The blue line is the level behind it, decoded from the rounded prints; "
        "± and the band are two standard errors. Grey is the number as displayed, too high or too "
        "low if the model is elsewhere by now; faint dots are means of single windows. At an arrow "
        "the line leaves the chart.",
    ),
    (
        "Why it jumps between two epochs",
        "The average starts over. jump = lag + step + luck, exactly. Lag: old, worse batches still "
        "weigh in the epoch's last number. Step: the level really is another on the other side "
        "(samples seen before, another learning rate, restored weights, the data's order). Luck: "
        "the first print holds few batches.",
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
)
_KEYS = (
    ("q", "quit"),
    ("space", "pause the view; pause a replay"),
    ("left right", "cursor; ctrl: far; esc: back"),
    ("[ ]", "boundary before, after"),
    ("tab", "next metric"),
    ("enter", "maximise the metric"),
    ("+ - 0", "zoom in, out, whole run"),
    ("shift+left right", "pan"),
    ("e t", "explanation, epochs"),
    ("d b l", "displayed, band, log y"),
    ("/", "filter metrics; search the log"),
    ("g", "cursor to an epoch"),
    ("x", "export curves or picture"),
    ("|", "braille or blocks"),
    ("c", "dark or light"),
    (", . home end", "replay: slower, faster, ends"),
    ("r", "back to the list of runs"),
    ("m o u", "list: mark, compare, unmark"),
    ("s a", "list: sort; by epoch or step"),
    ("S", "stop a recorded training"),
    ("ctrl+p", "commands by name"),
    ("ctrl+l", "draw everything anew"),
)
_KEY_CELLS = 18


def help_rows(width: int) -> list[Row]:
    """The page, wrapped to `width`: the words, then the keys, in two columns if they fit."""
    rows: list[Row] = []
    for title, text in _TEXT:
        rows.append((Span(title, Ink.TITLE),))
        rows += [(Span(line, Ink.PLAIN),) for line in wrap(text, width)]
        rows.append(BLANK)
    rows.append((Span("Keys", Ink.TITLE),))
    entries: list[Row] = [
        (Span(pad(key, _KEY_CELLS), Ink.KEY), Span(pad(what, 32), Ink.PLAIN)) for key, what in _KEYS
    ]
    columns = 2 if width >= 2 * (_KEY_CELLS + 32) else 1
    tall = -(-len(entries) // columns)
    for number in range(tall):
        row: Row = ()
        for entry in entries[number::tall]:
            row += entry
        rows.append(row)
    return rows


class HelpText(InkView):
    """The page as a widget as tall as its text."""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """See `help_rows`."""
        del scene, height
        rows = help_rows(width)
        self.styles.height = len(rows)
        return rows


class HelpScreen(ModalScreen[None]):
    """Over the monitor; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter,space", "app.pop_screen", "Close")
    ]
    ALLOW_SELECT = False

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene

    def compose(self) -> ComposeResult:
        """A page that scrolls where it does not fit."""
        with VerticalScroll(id="page"):
            yield HelpText(id="help")

    def on_mount(self) -> None:
        """Draw the page."""
        self.query_one(HelpText).show(self._scene)
