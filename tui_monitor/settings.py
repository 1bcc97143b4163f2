"""What the command line fixes, frozen; each field with its unit.

Free of heavy imports: the parser fills it before numpy or Textual are loaded.
"""

from __future__ import annotations

from typing import NamedTuple

LAWS = (
    "instantaneous",
    "cumulative-batch",
    "cumulative-sample",
    "averaged-twice",
    "exponential",
    "sliding",
    "interval",
    "epoch",
    "median",
    "unknown",
)
"""Names of the averaging laws; a test holds them equal to `core.records.LawName`."""

GLYPHS = ("auto", "braille", "block", "ascii")
"""What charts are drawn with; `auto`: braille where the terminal can be expected to have it."""
THEMES = ("dark", "light")


class Size(NamedTuple):
    """Of a screen or a frame, in character cells."""

    columns: int
    rows: int


class Settings(NamedTuple):
    """The options that every command knows."""

    law: str | None = None
    """One of `LAWS`; None: chosen from format and prints."""
    batch_size: int | None = None
    """Samples a batch; None: inferred."""
    format_hint: str | None = None
    """Name of the log's format; None: detected."""
    metric: str | None = None
    """Glob of metric names to keep; None keeps all."""
    color: bool = True
    """False with `--no-color` or a non-empty NO_COLOR."""
    ascii: bool = False
    """Draw and write with ASCII signs only."""
    bell: bool = False
    """Ring the terminal's bell at an alert."""
    targets: tuple[tuple[str, float], ...] = ()
    """Metrics and the values that they are wanted to reach."""
    notify: bool = False
    """Send alerts to the terminal as notifications."""
    blocks: bool = False
    """Draw charts with quarters of a cell instead of braille."""
    light: bool = False
    """Dark signs on a light ground."""
    webhook: str | None = None
    """Address that alerts are sent to; a secret."""
