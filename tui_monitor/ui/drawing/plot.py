"""What a chart draws, and the part of it that is shown: numbers alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.ui.drawing.scale import Axis


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """What to draw. Arrays of one line have equal lengths; NaN is a break."""

    x: FloatArray
    """Positions of the prints, ascending."""
    line: FloatArray
    """The main line: the level, or the number as printed where there is none."""
    band: FloatArray | None
    """Half-width of the band around `line`."""
    ghost: FloatArray | None
    """The displayed numbers."""
    windows: tuple[FloatArray, FloatArray, FloatArray] | None
    """Window means with their bounds: value, low, high."""
    val_x: FloatArray
    val: FloatArray
    breaks: FloatArray
    """Positions that no line is drawn across."""
    rules: FloatArray
    """Epoch boundaries."""
    events: FloatArray
    selected: float | None = None
    """The boundary that is explained."""
    bounds: tuple[float, float] = (-math.inf, math.inf)
    """What the numbers can be at all; the band ends there."""
    cursor: float | None = None
    rough: bool = False
    """`line` is what was printed, which scatters: where it is dense, its mean is drawn."""


class Window(NamedTuple):
    """The part of the plane that is shown."""

    left: float
    right: float
    y: Axis
