"""Colours come from one place and can be told apart."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

import tui_monitor.ui
from tui_monitor.ui.drawing.palette import DARK, LIGHT, Ground, Ink

FOLDER = Path(tui_monitor.ui.__file__).parent
SERIES = (Ink.LEVEL, Ink.GHOST, Ink.VAL, Ink.EVENT, Ink.SELECTED)


def test_no_colour_is_written_outside_the_palette() -> None:
    found = [
        path.name
        for path in [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.tcss")]
        if path.name != "palette.py" and re.search(r"#[0-9a-fA-F]{6}\b", path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_text_stands_out_from_its_ground(theme: Theme) -> None:
    for ink in (Ink.PLAIN, Ink.STRONG, Ink.TITLE, Ink.LEVEL, Ink.VAL, Ink.BAD, Ink.GOOD, Ink.KEY):
        assert _contrast(theme, ink) >= 4.0, ink
    assert _contrast(theme, Ink.DIM) >= 3.5
    assert _contrast(theme, Ink.GHOST) >= 2.8


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("missing", ["protan", "deutan", "tritan", "none"])
def test_series_differ_for_every_kind_of_eye(theme: Theme, missing: str) -> None:
    for one, other in combinations(SERIES, 2):
        a, b = (_seen(theme.variables[ink.variable], missing) for ink in (one, other))
        assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 28, (one, other)


def _contrast(theme: Theme, ink: Ink) -> float:
    lights = sorted(
        Color.parse(theme.variables[name]).brightness
        for name in (ink.variable, Ground.NONE.variable)
    )
    linear = [_linear_light(theme.variables[name]) for name in (ink.variable, "ground-none")]
    assert lights[0] < lights[1]
    return (max(linear) + 0.05) / (min(linear) + 0.05)


def _linear_light(colour: str) -> float:
    red, green, blue = (_linear(part) for part in Color.parse(colour).rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: int) -> float:
    share = part / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
_VISION = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deutan": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritan": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def _seen(colour: str, missing: str) -> tuple[float, ...]:
    linear = [_linear(part) for part in Color.parse(colour).rgb]
    seen = (sum(a * b for a, b in zip(row, linear, strict=True)) for row in _VISION[missing])
    return tuple(255 * max(part, 0.0) ** (1 / 2.2) for part in seen)
