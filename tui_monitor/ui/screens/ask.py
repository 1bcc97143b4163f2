"""Small questions over the monitor: one line of input, or one key of a few."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.rows import Row, Span, fit
from tui_monitor.ui.monitor.scene import Scene
from tui_monitor.ui.widgets.ink_view import InkView

_LONGEST = 200


class AskLine(InkView):
    """The question and what was typed so far, on one row."""

    def __init__(self, question: str, hint: str) -> None:
        super().__init__(id="ask")
        self.question = question
        self.hint = hint
        self.typed = ""

    def draw(self, scene: Scene, width: int, height: int) -> list[Row]:
        """One row; of a long text its end."""
        del height
        room = max(width - len(self.question) - 4, 1)
        shown = self.typed[-room:]
        hint = fit(self.hint, max(room - len(shown) - 2, 0), scene.glyphs.ellipsis)
        return [
            (
                Span(f" {self.question} ", Ink.KEY),
                Span(shown, Ink.STRONG),
                Span("_", Ink.CURSOR),
                Span(f"  {hint}", Ink.DIM),
            )
        ]


class AskScreen(ModalScreen[str | None]):
    """Asks for a line; its result is what was typed, None if it was left with escape."""

    ALLOW_SELECT = False

    def __init__(self, scene: Scene, question: str, hint: str) -> None:
        super().__init__()
        self._scene = scene
        self._line = AskLine(question, hint)

    def compose(self) -> ComposeResult:
        """The line, at the bottom."""
        yield self._line

    def on_mount(self) -> None:
        """Draw the question."""
        self._line.show(self._scene)

    def on_key(self, event: events.Key) -> None:
        """Take keys as they were typed: over a slow line many come at once.

        A binding with priority would overtake the letters before it.
        """
        line = self._line
        if event.key == "enter":
            self.dismiss(line.typed)
        elif event.key == "escape":
            self.dismiss(None)
        elif event.key == "backspace":
            line.typed = line.typed[:-1]
        elif event.character and event.character.isprintable():
            line.typed = (line.typed + event.character)[:_LONGEST]
        else:
            return
        line.show(self._scene)
        event.stop()


class ChooseScreen(ModalScreen[str | None]):
    """Asks for one key of a few; its result is that key, None for any other."""

    ALLOW_SELECT = False

    def __init__(self, scene: Scene, question: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._scene = scene
        self._keys = [key for key, _ in choices]
        self._line = AskLine(question, "  ".join(f"{key} {what}" for key, what in choices))

    def compose(self) -> ComposeResult:
        """The line, at the bottom."""
        yield self._line

    def on_mount(self) -> None:
        """Draw the question."""
        self._line.show(self._scene)

    def on_key(self, event: events.Key) -> None:
        """The first key answers."""
        event.stop()
        self.dismiss(event.character if event.character in self._keys else None)
