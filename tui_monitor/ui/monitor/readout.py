"""The numbers of a panel's head: now, or at the cursor. They are the chart's legend as well. Pure."""

from __future__ import annotations

import math

import numpy as np
from rich.cells import cell_len

from tui_monitor.core.snapshot import Curve
from tui_monitor.ui.drawing import format as fmt
from tui_monitor.ui.drawing.palette import Ink
from tui_monitor.ui.drawing.rows import (
    Item,
    Row,
    Span,
    fit,
    fit_end,
    fit_middle,
    pack,
    packed_width,
    pad,
)
from tui_monitor.ui.monitor.scene import Scene, curves, index_at, level_index

_GAP = 2
_VERDICT_WIDTH = len("too high")
_WELL, _STILL = 1.4, 0.8
"""Times what stands behind ± that a displayed number must be off to be called so, and to remain so."""
_LOOKED_BACK = 256
"""Prints among which it may have come to be called so."""
NAME_WIDTH = 12
"""Cells of a metric's name where there is little room."""
_LAGGING = ("cumulative-batch", "cumulative-sample", "averaged-twice", "exponential", "sliding")
"""Laws whose numbers hold old batches; others tell the truth, if of a few batches only."""
_LEVEL_WIDTH, _MARGIN_WIDTH = 6, 7
"""Cells of a level and of what stands behind ±, so that what follows keeps its place."""


def readout(scene: Scene, curve: Curve, width: int, *, has_focus: bool, lines: int) -> list[Row]:
    """The panel's head: the numbers now, or at the cursor. It is the chart's legend as well.

    Where there is no room for all, the words go before the numbers do. What there is room for does
    not depend on the numbers, so that nothing moves with them.
    """
    glyphs = scene.glyphs
    cells = name_width(scene, width)
    name = pad(short_name(scene, curve.metric, cells), cells)
    title = Item((Span(glyphs.focus if has_focus else " ", Ink.FOCUS), Span(name, Ink.TITLE)), 0)
    for words, verdict in ((True, True), (True, False), (False, True), (False, False)):
        items = [title, *numbers(scene, curve, words=words, verdict=verdict)]
        rows = [items]
        if lines > 1 and len(items) > 2:
            rows = [items[:2], [items[2]._replace(spans=(Span(" "), *items[2].spans)), *items[3:]]]
        if all(packed_width(row, _GAP) <= width for row in rows):
            break
    if packed_width(items[:2], _GAP) > width:
        items = [title, *numbers(scene, curve, words=False, margin=False)]
        if packed_width(items[:2], _GAP) > width:
            return [bare(scene, curve, width, has_focus=has_focus)]
        rows = [items]
    return [pack(row, width, _GAP) for row in rows]


def bare(scene: Scene, curve: Curve, width: int, *, has_focus: bool) -> Row:
    """Where there is next to no room: the number alone, behind as much of the name as fits."""
    first = numbers(scene, curve, words=False, margin=False)[0].spans
    number = first[-1]._replace(text=first[-1].text.strip())
    room = width - cell_len(number.text) - 2
    if room < 1 or len(first) < 2:
        # A number that is cut is another one.
        return (number,) if cell_len(number.text) <= width else ()
    room = min(room, name_width(scene, width))
    mark = Span(scene.glyphs.focus if has_focus else " ", Ink.FOCUS)
    name = pad(short_name(scene, curve.metric, room), room)
    return (mark, Span(name, Ink.TITLE), Span(" "), number)


def short_name(scene: Scene, metric: str, width: int) -> str:
    """A metric's name, cut where it does not come to look like another's: at its end at best."""
    ellipsis = scene.glyphs.ellipsis
    cut = fit(metric, width, ellipsis)
    if cut == metric:
        return cut
    others = [each.metric for each in curves(scene) if each.metric != metric]
    for cutter in (fit, fit_middle, fit_end):
        cut = cutter(metric, width, ellipsis)
        if all(cutter(other, width, ellipsis) != cut for other in others):
            break
    return cut


def name_width(scene: Scene, width: int) -> int:
    """Cells of a name in panels so wide, so that the numbers of all stand one under another."""
    longest = max((cell_len(each.metric) for each in curves(scene)), default=0)
    return min(longest, max(NAME_WIDTH, width // 4))


def numbers(
    scene: Scene, curve: Curve, *, words: bool, verdict: bool = False, margin: bool = True
) -> list[Item]:
    """The numbers with their signs, the more important with the lower ranks.

    Args:
        scene: What to draw from.
        curve: Whose numbers.
        words: Say what they are.
        verdict: Say of a displayed average whether it is too high or too low.
        margin: Say how sure the level is.
    """
    glyphs, cursor = scene.glyphs, scene.view.cursor
    index = index_at(curve.x, cursor)
    if index is None:
        return [Item((Span("no print here yet", Ink.DIM),), 0)]
    items: list[Item] = []
    known, displayed = level_index(curve, index), float(curve.displayed[index])
    if known is not None:
        level, sd = float(curve.level[known]), float(curve.level_sd[known])
        spans = _level_spans(scene, level, sd, curve.decimals)
        items.append(Item(spans if margin else spans[:2], 0))
    # What is drawn as the level where there is one is the displayed number where there is none.
    sign, ink = (glyphs.ghost, Ink.GHOST) if curve.has_level else (glyphs.line, Ink.LEVEL)
    bad = not math.isfinite(displayed)
    strength = Ink.BAD if bad else Ink.PLAIN if items else Ink.STRONG
    number = fmt.number(displayed, curve.decimals)
    shown = _item(sign, ink, "displayed " if words else "", Span(number, strength), 1)
    if verdict and curve.has_level and curve.law.name in _LAGGING:
        off = 0 if known is None else _side(curve, index)
        shown = shown._replace(spans=(*shown.spans, Span(" "), _verdict(off)))
    items.append(shown)
    low, high = float(curve.low[index]), float(curve.high[index])
    if cursor is not None and math.isfinite(low) and math.isfinite(high):
        bounds = Span(_between(low, high, curve.decimals), Ink.PLAIN)
        word = Span("window " if words else "", Ink.DIM)
        items.append(Item((Span(f"{glyphs.window} ", Ink.WINDOW), word, bounds), 3))
    val = index_at(curve.val_x, cursor)
    if val is not None:
        number = fmt.number(float(curve.val[val]), curve.val_decimals)
        items.append(_item(glyphs.val, Ink.VAL, "val " if words else "", Span(number, Ink.VAL), 2))
    return items


def _between(low: float, high: float, decimals: int) -> str:
    """Bounds; as one number, as wide, where they are the same with as many decimals as are shown."""
    begin, end = fmt.number(low, decimals), fmt.number(high, decimals)
    both = f"{begin} to {end}"
    return both if begin != end else pad(begin, len(both))


def _side(curve: Curve, index: int) -> int:
    """Whether a displayed number is too high (1) or too low (-1) to tell where the training is, or not.

    It is said once the number is well outside of what stands behind ±, and until it is inside again.
    """
    last = slice(max(index - _LOOKED_BACK, 0), index + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = (curve.displayed[last] - curve.level[last]) / (2 * curve.level_sd[last])
    off = off[~np.isnan(off)]
    if not off.size:
        return 0
    side = 1 if off[-1] > 0 else -1
    back = np.flatnonzero(side * off <= _STILL)
    begin = int(back[-1]) + 1 if back.size else 0
    return side if (side * off[begin:] > _WELL).any() else 0


def _verdict(off: int) -> Span:
    """Whether a displayed number tells where the training is."""
    text = "too high" if off > 0 else "too low" if off < 0 else ""
    return Span(pad(text, _VERDICT_WIDTH), Ink.WARN)


def _item(sign: str, ink: Ink, word: str, number: Span, rank: int) -> Item:
    return Item((Span(f"{sign} ", ink), Span(word, Ink.DIM), number), rank)


def _level_spans(scene: Scene, level: float, sd: float, decimals: int) -> Row:
    glyphs = scene.glyphs
    mark = Span(f"{glyphs.line} ", Ink.LEVEL)
    if not math.isfinite(sd):
        return (mark, Span(fmt.number(level, decimals), Ink.STRONG))
    shown, _ = fmt.level(level, sd, decimals)
    beside = f"{glyphs.plus_minus} {fmt.margin(2 * sd, decimals)}"
    # Both together as wide as most: what stands behind must not move with every digit.
    room = len(glyphs.plus_minus) + _MARGIN_WIDTH + max(_LEVEL_WIDTH - len(shown), 0)
    return (
        mark,
        Span(f"{shown} ", Ink.STRONG),
        Span(pad(beside, max(room, len(beside))), Ink.LEVEL),
    )
