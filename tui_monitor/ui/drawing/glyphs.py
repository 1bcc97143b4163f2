"""The signs that the screen is drawn with: Unicode with braille, or plain ASCII.

Series are told apart by their signs as well as by colour, so a screen without colour, or without
anything beyond ASCII, stays readable.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from rich.cells import cell_len


class Glyphs(NamedTuple):
    """One set of signs. Each is one cell wide unless it says otherwise."""

    ascii: bool
    dots: tuple[int, int]
    """Dots of a chart's cell: across, down."""
    line: str
    """The level, in a legend."""
    ghost: str
    """The displayed number, in a legend."""
    val: str
    window: str
    rule: str
    selected: str
    """The rule of the boundary that is explained."""
    event: str
    cursor: str
    above: str
    """The line runs above the chart."""
    below: str
    grid: str
    corner: str
    """Where the y axis meets a tick."""
    bar: str
    """A filled bar's cell."""
    bar_rest: str
    whisker: str
    """How far a bar may be off."""
    bar_axis: str
    focus: str
    plus_minus: str
    """May be wider than a cell."""
    minus: str
    arrow: str
    """May be wider than a cell."""
    times: str
    ellipsis: str
    live: str
    waiting: str
    stalled: str
    ended: str
    lost: str
    paused: str
    best: str
    alert: str
    rule_across: str
    separator: str
    series: str
    """Eight signs, one a run that is compared."""


UNICODE = Glyphs(
    ascii=False,
    dots=(2, 4),
    line="━",
    ghost="┄",
    val="◆",
    window="⠐",
    rule="│",
    selected="╎",
    event="▾",
    cursor="│",
    above="↑",
    below="↓",
    grid="·",
    corner="┤",
    bar="━",
    bar_rest="─",
    whisker="╌",
    bar_axis="│",
    focus="▍",
    plus_minus="±",
    minus="−",
    arrow="→",
    times="×",
    ellipsis="…",
    live="●",
    waiting="○",
    stalled="◌",
    ended="■",
    lost="✗",
    paused="‖",
    best="★",
    alert="▲",
    rule_across="─",
    separator="·",
    series="●▲■◆○△□◇",
)

BLOCKS = UNICODE._replace(dots=(2, 2))
"""For terminals whose font has no braille, or a faint one: quarters of a cell."""

ASCII = Glyphs(
    ascii=True,
    dots=(1, 1),
    line="*",
    ghost=".",
    val="V",
    window="'",
    rule="|",
    selected="#",
    event="v",
    cursor="|",
    above="^",
    below="_",
    grid=" ",
    corner="|",
    bar="=",
    bar_rest="-",
    whisker="-",
    bar_axis="|",
    focus=">",
    plus_minus="+/-",
    minus="-",
    arrow="->",
    times="x",
    ellipsis="~",
    live="*",
    waiting="o",
    stalled="?",
    ended="#",
    lost="X",
    paused="=",
    best="*",
    alert="!",
    rule_across="-",
    separator="-",
    series="abcdefgh",
)


def glyphs_of(*, ascii: bool, blocks: bool) -> Glyphs:  # noqa: A002
    """The set of signs for what was asked for."""
    return ASCII if ascii else BLOCKS if blocks else UNICODE


_NEAREST = str.maketrans(
    {
        "±": "~",
        "−": "-",
        "–": "-",
        "—": "-",
        "→": ">",
        "↑": "^",
        "↓": "_",
        "×": "x",
        "…": "~",
        "·": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "≤": "<",
        "≥": ">",
        "≈": "~",
        "━": "=",
        "─": "-",
        "│": "|",
        "█": "#",
        "•": "*",
        "µ": "u",
        "α": "a",
        "β": "b",
    }
)


def to_ascii(text: str) -> str:
    """`text` in ASCII, as many cells wide: accents dropped, `?` where nothing is near."""
    if text.isascii():
        return text
    return "".join(_ascii_of(char) for char in text.translate(_NEAREST))


def _ascii_of(char: str) -> str:
    if char.isascii():
        return char
    width = cell_len(char)
    base = unicodedata.normalize("NFKD", char)[0]
    return base if base.isascii() and width == 1 else "?" * width
