"""The changed cells alone make a terminal show what Textual's own output would."""

from __future__ import annotations

from dataclasses import replace

import pyte
import pytest
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from tests.ui import samples
from tests.ui.driving import FakeFeed, text_of
from tui_monitor.ui import app as app_module
from tui_monitor.ui.app import MonitorApp
from tui_monitor.ui.terminal import celldiff, guest
from tui_monitor.ui.terminal.celldiff import SWITCH, Painted, changed_cells, rows_update

RED, BLUE = Style(color="red"), Style(color="blue", bgcolor="white")


class TwoTerminals:
    """One is sent what Textual sends, the other the changed cells only."""

    def __init__(self, width: int, height: int) -> None:
        self.console = Console(force_terminal=True, color_system="truecolor", width=width)
        self.screens = [pyte.Screen(width, height) for _ in range(2)]
        self.streams = [pyte.Stream(each) for each in self.screens]
        self.painted = Painted()
        self.sent = [0, 0]

    def show(self, update: LayoutUpdate | ChopsUpdate) -> None:
        whole = update.render_segments(self.console).replace("\n", "")
        for number, text in enumerate((whole, self.painted.update(update, self.console))):
            self.streams[number].feed(text)
            self.sent[number] += len(text)

    def differing(self) -> list[tuple[int, int]]:
        a, b = (each.buffer for each in self.screens)
        size = self.screens[0]
        return [
            (x, y)
            for y in range(size.lines)
            for x in range(size.columns)
            if _looks(a[y][x]) != _looks(b[y][x])
        ]


def _looks(cell: pyte.screens.Char) -> tuple[object, ...]:
    """What of a cell can be seen: of a blank only the ground and what is drawn through it."""
    if cell.data == " ":
        return cell.data, cell.bg, cell.underscore, cell.strikethrough, cell.reverse
    return tuple(cell)


class Watched(MonitorApp):
    """Every update of its screen goes to both terminals."""

    terminals: TwoTerminals

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        update: object = renderable
        # As Textual itself: in a batch nothing is shown.
        if isinstance(update, (LayoutUpdate, ChopsUpdate)) and not self._batch_count:
            self.terminals.show(update)
        super()._display(screen, renderable)


async def test_a_session_at_the_keys_leaves_no_cell_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)
    feed = FakeFeed(samples.training(600), samples.LIVE)
    app = Watched(feed.open, source=samples.LIVE)
    app.terminals = TwoTerminals(100, 30)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        for batch in range(602, 626, 4):
            feed.send(samples.training(batch))
            await pilot.pause()
        live = list(app.terminals.sent)
        wide = samples.training(626)
        curves = tuple(replace(curve, metric="訓練📈é́") for curve in wide.curves)
        feed.send(replace(wide, curves=curves, log_tail=("訓練 é́ 損失", "ab訓練")))
        await pilot.pause()
        for key in ("tab", "left", "enter", "enter", "question_mark", "escape", "c", "e", "t"):
            await pilot.press(key)
            await pilot.pause()
            assert app.terminals.differing() == []
    assert live[1] < live[0] / 2


async def test_rows_that_are_sent_past_the_compositor_are_those_that_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)
    feed = FakeFeed(samples.training(600), samples.LIVE)
    app = Watched(feed.open, source=samples.LIVE)
    app.terminals = TwoTerminals(100, 30)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()

        async def is_shown() -> bool:
            await pilot.pause()
            seen = [line.rstrip() for line in app.terminals.screens[1].display]
            return seen == text_of(app)

        assert await is_shown()
        for batch in range(602, 614, 4):
            feed.send(samples.training(batch))
            assert await is_shown()
        await pilot.press("question_mark")
        await pilot.pause()
        feed.send(samples.training(640))  # drawn below the page
        await pilot.pause()
        page = app.screen.query_one("#page").region
        left = {app.terminals.screens[1].display[y][page.x] for y in page.line_range}
        assert len(left) == 3  # its border is whole: two corners and a line
        await pilot.press("escape")
        assert await is_shown()
        feed.send(samples.training(620))
        assert await is_shown()
        with app.batch_update():
            feed.send(samples.training(626))
            await pilot.pause()
        assert await is_shown()


async def test_without_updates_of_rows_the_compositor_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app_module, "FRAME_SECONDS", 0.0)
    monkeypatch.setattr(guest, "rows_update", lambda rows, height: None)
    feed = FakeFeed(samples.training(600), samples.LIVE)
    app = Watched(feed.open, source=samples.LIVE)
    app.terminals = TwoTerminals(100, 30)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        feed.send(samples.training(640))
        await pilot.pause()
        await pilot.pause()
        seen = [line.rstrip() for line in app.terminals.screens[1].display]
        assert seen == text_of(app)


def test_an_update_of_rows_is_drawn_as_the_compositor_draws_it() -> None:
    terminals = TwoTerminals(30, 4)
    rows = [(10, 2, _strip("right", RED)), (0, 2, _strip("left", BLUE)), (3, 0, _strip("top", RED))]
    update = rows_update(rows, 4)
    assert isinstance(update, ChopsUpdate)
    terminals.show(update)
    assert terminals.differing() == []
    assert terminals.screens[1].display[2].rstrip() == "left      right"
    assert terminals.screens[1].display[0].rstrip() == "   top"
    assert rows_update([], 4) is None


def _strip(text: str, style: Style) -> Strip:
    return Strip([Segment(text, style)])


def _line(y: int, *pieces: tuple[str, Style]) -> LayoutUpdate:
    strip = Strip([Segment(text, style) for text, style in pieces])
    return LayoutUpdate([[strip]], Region(0, y, strip.cell_length, 1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((("hello", RED),), (("hallo", RED),)),
        ((("hello", RED),), (("hello", BLUE),)),
        ((("訓練ab", RED),), (("a訓練b", RED),)),
        ((("a訓練b", RED),), (("訓x練b", RED),)),
        ((("ab訓", RED),), (("abcd", BLUE),)),
        ((("abcdefghijklmnop", RED),), (("Xbcdefghijklmnop", RED),)),
        ((("e\u0301x", RED),), (("ex", RED),)),
    ],
)
def test_a_changed_row(
    before: tuple[tuple[str, Style], ...], after: tuple[tuple[str, Style], ...]
) -> None:
    terminals = TwoTerminals(20, 3)
    terminals.show(_line(1, *before))
    terminals.show(_line(1, *after))
    assert terminals.differing() == []


def test_the_same_again_sends_nothing_until_all_is_forgotten() -> None:
    painted, console = Painted(), Console(force_terminal=True, color_system="truecolor")
    first = painted.update(_line(0, ("hello", RED)), console)
    assert painted.update(_line(0, ("hello", RED)), console) == ""
    painted.forget()
    assert painted.update(_line(0, ("hello", RED)), console) == first


def test_one_changed_cell_is_one_short_sequence() -> None:
    painted, console = Painted(), Console(force_terminal=True, color_system="truecolor")
    painted.update(_line(0, ("0.9312 and a long rest", RED)), console)
    sent = painted.update(_line(0, ("0.9313 and a long rest", RED)), console)
    assert sent == "\x1b[1;6H\x1b[31m3\x1b[0m"


def test_a_picture_of_another_size_is_sent_whole() -> None:
    """A terminal that has become smaller cuts what is still drawn for the old size."""
    painted, console = Painted(), Console(force_terminal=True, color_system="truecolor")
    screen = pyte.Screen(10, 4)
    stream = pyte.Stream(screen)
    old = [_strip(text, RED) for text in (*[" " * 12] * 5, "x" * 12)]
    new = [_strip(text, RED) for text in (*[" " * 10] * 3, " " * 9 + "y")]
    for strips in (old, new):
        region = Region(0, 0, strips[0].cell_length, len(strips))
        stream.feed(painted.update(LayoutUpdate([[strip] for strip in strips], region), console))
    assert screen.display == [strip.text for strip in new]


def test_long_blanks_are_erased_where_that_colours_them() -> None:
    console = Console(force_terminal=True, color_system="truecolor")
    ground = Style(bgcolor="blue")
    update = _line(0, ("a" + " " * 30 + "b", ground))
    painted = Painted()
    sent = painted.update(update, console)
    assert "\x1b[30X\x1b[30C" in sent
    terminals = TwoTerminals(40, 2)
    terminals.show(_line(0, ("x" * 32, RED)))
    terminals.show(update)
    assert terminals.differing() == []


@pytest.mark.parametrize(
    ("environment", "erases"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "screen-256color", "TMUX": "/tmp/t,1,0"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "xterm-256color", "STY": "1.pts"}, False),
    ],
)
def test_nothing_is_erased_in_screen(environment: dict[str, str], erases: bool) -> None:
    assert celldiff.erases_in_colour(environment) is erases


def test_the_ink_of_a_blank_is_not_sent() -> None:
    painted, console = Painted(), Console(force_terminal=True, color_system="truecolor")
    painted.update(_line(0, ("    ", RED)), console)
    assert painted.update(_line(0, ("    ", Style(color="green", bold=True))), console) == ""
    underlined = Style(color="green", underline=True)
    assert painted.update(_line(0, ("    ", underlined)), console) != ""


class Strange:
    """An update of a Textual that is not known here."""

    def render_segments(self, console: Console) -> str:
        return "its own"


def test_updates_of_an_unknown_kind_are_left_alone() -> None:
    strange = Strange()
    assert changed_cells(strange, Painted()) is strange


def test_updates_that_cannot_be_read_are_sent_as_textual_does() -> None:
    painted, console = Painted(), Console(force_terminal=True)
    update = LayoutUpdate([[Strip([Segment("a")])]], Region(0, 0, 1, 1))
    other = changed_cells(update, painted)
    assert isinstance(other, CompositorUpdate)
    del update.region
    update.render_segments = Strange().render_segments  # type: ignore[method-assign]
    assert other.render_segments(console) == "its own"
    assert painted.gave_up
    assert changed_cells(update, painted) is update


def test_the_switch_has_whole_rows_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "1")
    update = LayoutUpdate([[Strip([Segment("a")])]], Region(0, 0, 1, 1))
    assert changed_cells(update, Painted()) is update


def test_a_textual_without_these_classes_sends_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celldiff, "_private_classes", lambda: None)
    update = LayoutUpdate([[Strip([Segment("a")])]], Region(0, 0, 1, 1))
    assert changed_cells(update, Painted()) is update
