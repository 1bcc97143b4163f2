"""The colours of the screen, by role, and nothing else: the only module that writes a colour.

Every drawn span names an `Ink` (its foreground role) and a `Ground` (its background role). A theme
gives each role a colour, as a variable. The hues are those of Okabe
and Ito (2008), which people with any of the common colour-vision deficiencies can tell apart;
on the light theme they are darkened to keep their contrast.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from rich.style import Style
from textual.theme import Theme


class Ink(IntEnum):
    """What a span of text is, which decides its colour."""

    PLAIN = 0
    STRONG = 1
    """A number that the eye should find first."""
    DIM = 2
    FAINT = 3
    TITLE = 4
    FOCUS = 5
    """Marks the panel that keys act on."""
    LEVEL = 6
    """The decoded level of the training metric."""
    GHOST = 7
    """The number that the log displays."""
    VAL = 8
    WINDOW = 9
    """Decoded window means."""
    RULE = 10
    """Epoch boundaries."""
    GRID = 11
    AXIS = 12
    EVENT = 13
    CURSOR = 14
    SELECTED = 15
    """The boundary that is explained."""
    LAG = 16
    STEP = 17
    LUCK = 18
    GOOD = 19
    WARN = 20
    BAD = 21
    KEY = 22
    BAND = 23
    """The band's colour as a foreground, for cells that it covers in part."""
    VOID = 24
    """The background's colour as a foreground: cuts the upper part of a covered cell free."""
    SERIES_1 = 25
    """Of runs that are compared; likewise the seven that follow."""
    SERIES_2 = 26
    SERIES_3 = 27
    SERIES_4 = 28
    SERIES_5 = 29
    SERIES_6 = 30
    SERIES_7 = 31
    SERIES_8 = 32

    @property
    def variable(self) -> str:
        """Name of the theme variable that holds its colour."""
        return f"ink-{self.name.lower()}"


class Ground(IntEnum):
    """What lies behind a span."""

    NONE = 0
    BAND = 1
    """Two standard deviations around the level."""
    BAR = 2
    """The unfilled part of a progress bar, the row under the eye."""

    @property
    def variable(self) -> str:
        """Name of the theme variable that holds its colour."""
        return f"ground-{self.name.lower()}"


def series_ink(number: int) -> Ink:
    """The ink of one of several runs, counted from 0."""
    return Ink(Ink.SERIES_1 + number % (Ink.SERIES_8 - Ink.SERIES_1 + 1))


BOLD = frozenset({Ink.STRONG, Ink.TITLE, Ink.KEY})
"""Inks drawn bold."""


_DARK = {
    Ink.PLAIN: "#b9c2cb",
    Ink.STRONG: "#f1f5f8",
    Ink.DIM: "#7d8894",
    Ink.FAINT: "#46515c",
    Ink.TITLE: "#dde4ea",
    Ink.FOCUS: "#56b4e9",
    Ink.LEVEL: "#56b4e9",
    Ink.GHOST: "#7f8b97",
    Ink.VAL: "#e69f00",
    Ink.WINDOW: "#2f5570",
    Ink.RULE: "#3a444f",
    Ink.GRID: "#242c34",
    Ink.AXIS: "#6b7682",
    Ink.EVENT: "#f0e442",
    Ink.CURSOR: "#f1f5f8",
    Ink.SELECTED: "#f2a9d4",
    Ink.LAG: "#8fa0b0",
    Ink.STEP: "#56b4e9",
    Ink.LUCK: "#6a5f86",
    Ink.GOOD: "#1fb88b",
    Ink.WARN: "#f0e442",
    Ink.BAD: "#f0733a",
    Ink.KEY: "#9fb4c4",
    Ink.BAND: "#1c3647",
    Ink.VOID: "#0e1216",
    Ink.SERIES_1: "#56b4e9",
    Ink.SERIES_2: "#e69f00",
    Ink.SERIES_3: "#1fb88b",
    Ink.SERIES_4: "#f2a9d4",
    Ink.SERIES_5: "#f0e442",
    Ink.SERIES_6: "#f0733a",
    Ink.SERIES_7: "#a99cf0",
    Ink.SERIES_8: "#dde4ea",
}
_LIGHT = {
    Ink.PLAIN: "#394149",
    Ink.STRONG: "#0b0f13",
    Ink.DIM: "#6a737d",
    Ink.FAINT: "#b4bbc2",
    Ink.TITLE: "#1c2228",
    Ink.FOCUS: "#0072b2",
    Ink.LEVEL: "#0072b2",
    Ink.GHOST: "#838c95",
    Ink.VAL: "#a86300",
    Ink.WINDOW: "#a9cbe2",
    Ink.RULE: "#c5cbd1",
    Ink.GRID: "#e3e6e9",
    Ink.AXIS: "#7b848d",
    Ink.EVENT: "#574b00",
    Ink.CURSOR: "#0b0f13",
    Ink.SELECTED: "#7d1e5c",
    Ink.LAG: "#77838f",
    Ink.STEP: "#0072b2",
    Ink.LUCK: "#9a8fb8",
    Ink.GOOD: "#007a58",
    Ink.WARN: "#8a7400",
    Ink.BAD: "#b84a00",
    Ink.KEY: "#3f5a6e",
    Ink.BAND: "#d3e5f1",
    Ink.VOID: "#fbfaf7",
    Ink.SERIES_1: "#0072b2",
    Ink.SERIES_2: "#a86300",
    Ink.SERIES_3: "#007a58",
    Ink.SERIES_4: "#b0458a",
    Ink.SERIES_5: "#574b00",
    Ink.SERIES_6: "#c23b00",
    Ink.SERIES_7: "#5b48b8",
    Ink.SERIES_8: "#1c2228",
}
_GROUNDS_DARK = {Ground.NONE: "#0e1216", Ground.BAND: "#1c3647", Ground.BAR: "#1c242c"}
_GROUNDS_LIGHT = {Ground.NONE: "#fbfaf7", Ground.BAND: "#d3e5f1", Ground.BAR: "#ebeae5"}


def style_of(variables: Mapping[str, str], ink: Ink, ground: Ground) -> Style:
    """How a span is drawn in the theme that has these variables."""
    return Style(
        color=variables[ink.variable], bgcolor=variables[ground.variable], bold=ink in BOLD
    )


def _variables(inks: dict[Ink, str], grounds: dict[Ground, str]) -> dict[str, str]:
    named = {role.variable: colour for role, colour in inks.items()}
    return named | {role.variable: colour for role, colour in grounds.items()}


def _theme(name: str, inks: dict[Ink, str], grounds: dict[Ground, str], *, dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=inks[Ink.LEVEL],
        secondary=inks[Ink.GHOST],
        accent=inks[Ink.VAL],
        warning=inks[Ink.WARN],
        error=inks[Ink.BAD],
        success=inks[Ink.GOOD],
        foreground=inks[Ink.PLAIN],
        background=grounds[Ground.NONE],
        surface=grounds[Ground.NONE],
        panel=grounds[Ground.BAR],
        dark=dark,
        variables=_variables(inks, grounds),
    )


DARK = _theme("monitor-dark", _DARK, _GROUNDS_DARK, dark=True)
LIGHT = _theme("monitor-light", _LIGHT, _GROUNDS_LIGHT, dark=False)
