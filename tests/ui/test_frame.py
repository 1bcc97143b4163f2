"""Frames without a terminal show what the screen shows."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from tests.ui import samples
from tests.ui.driving import monitor, whole
from tui_monitor.core.snapshot import Snapshot, SourceState
from tui_monitor.ui.drawing.palette import DARK, Ink
from tui_monitor.ui.drawing.rows import Span
from tui_monitor.ui.drawing.svg import svg
from tui_monitor.ui.frame import frame

STATES = [
    (samples.training(), samples.LIVE),
    (samples.training(1218), samples.ENDED),
    (samples.broken(), samples.STALLED),
    (samples.empty(), samples.WAITING),
    (samples.many(9), samples.LIVE),
]


@pytest.mark.parametrize(("snapshot", "source"), STATES)
@pytest.mark.parametrize("size", [(120, 40), (60, 15)])
async def test_a_frame_is_the_screen_without_its_keys(
    snapshot: Snapshot, source: SourceState, size: tuple[int, int]
) -> None:
    app, _ = monitor(snapshot, source)
    async with app.run_test(size=size) as pilot:
        shown = await whole(app, pilot)
    assert frame(snapshot, source, size, "txt").splitlines()[:-1] == shown[:-1]


def test_svg_is_well_formed_and_the_same_every_time() -> None:
    first = frame(samples.training(), samples.LIVE, (120, 40), "svg")
    assert first == frame(samples.training(), samples.LIVE, (120, 40), "svg")
    text = "".join(ElementTree.fromstring(first).itertext())
    assert "0.9392" in text


def test_svg_of_hostile_names_is_well_formed() -> None:
    source = samples.LIVE._replace(name="</svg><script>alert(1)</script>")
    drawn = frame(samples.training(), source, (80, 24), "svg")
    assert "<script" not in drawn
    ElementTree.fromstring(drawn)


def test_html_holds_the_numbers_and_no_script() -> None:
    source = samples.LIVE._replace(name="<script>")
    page = frame(samples.training(), source, (120, 40), "html", light=True)
    assert "0.9392" in page
    assert "<script" not in page


def test_frames_are_drawn_with_blocks_where_these_are_wanted() -> None:
    drawn = frame(samples.training(), samples.LIVE, (80, 24), "txt", blocks=True)
    assert any(sign in drawn for sign in "▘▝▖▗▚▞")
    assert not any(0x2801 <= ord(sign) <= 0x28FF and sign != "⠐" for sign in drawn)


def test_ascii_frames_are_ascii() -> None:
    assert frame(samples.training(), samples.LIVE, (80, 24), "txt", ascii=True).isascii()


def test_without_colour_only_foreground_and_grounds_are_left() -> None:
    drawn = frame(samples.training(), samples.LIVE, (80, 24), "svg", color=False)
    assert "#e69f00" not in drawn
    assert "#e69f00" in frame(samples.training(), samples.LIVE, (80, 24), "svg")


@pytest.mark.parametrize("size", [(1, 1), (0, 0), (3, 50), (300, 2)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    lines = frame(samples.training(), samples.LIVE, size, "txt").splitlines()
    assert len(lines) == max(size[1], 1)


def test_a_picture_fetches_nothing_and_draws_signs_as_shapes() -> None:
    drawn = frame(samples.training(), samples.LIVE, (120, 40), "svg")
    assert "url(" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    words = "".join(ElementTree.fromstring(drawn).itertext())
    assert not any("⠀" <= char <= "⣿" or "▁" <= char <= "█" for char in words)
    assert len(drawn) < 60_000


def test_shapes_of_a_picture_stand_in_their_cells() -> None:
    row = (Span("█▄", Ink.LEVEL), Span("a<b", Ink.PLAIN), Span("⠁⣀", Ink.GHOST))
    colours = DARK.variables
    drawn = svg([row, row], 10, colours, "t")
    assert "M14 14h8.4v18h-8.4zM22.4 23h8.4v9h-8.4z" in drawn
    assert ">a&lt;b</text>" in drawn
    assert drawn.count("h0") == 2 * 3
