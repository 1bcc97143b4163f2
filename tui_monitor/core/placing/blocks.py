"""Prints that stand on several lines: rows below a head, in a box, or of a step that two lines tell.

Owns what the lines so far have shown of the print that they make up.
"""

from __future__ import annotations

from typing import NamedTuple

from tui_monitor.core.formats import composer, deepspeed, stablebaselines
from tui_monitor.core.records import Progress, Reading

STYLES = frozenset(
    {
        *(composer.HEAD, composer.ROW, deepspeed.OPTIMIZER, deepspeed.PIPELINE),
        *(stablebaselines.RULE, stablebaselines.SECTION),
        *(stablebaselines.ROW, stablebaselines.TIMESTEPS),
    }
)
"""Of lines that make up such a print."""


class Block(NamedTuple):
    """The print under way."""

    place: Progress | None = None
    """The line that tells where it stands."""
    placed: bool = False
    """A row has taken that place: others stand where the training is."""
    held: tuple[Reading, ...] = ()
    """Numbers that wait for the line that places them."""
    section: str = ""
    """That the rows below are of."""

    def read(self, item: Progress) -> tuple[Block, Progress]:
        """The print with its next line, and what that line shows; without readings if nothing yet."""
        if item.style in (composer.HEAD, composer.ROW):
            return self._below_head(item)
        if item.style in (deepspeed.OPTIMIZER, deepspeed.PIPELINE):
            return self._of_step(item)
        return self._in_box(item)

    def _below_head(self, item: Progress) -> tuple[Block, Progress]:
        if item.style == composer.HEAD:
            return Block(item), item
        if self.place is None:
            return self, item._replace(readings=())
        if self.placed or item.readings[0].law == "epoch":
            return self, item
        place = self.place
        item = item._replace(step=place.step, steps=place.steps, epoch=place.epoch)
        return self._replace(placed=True), item

    def _in_box(self, item: Progress) -> tuple[Block, Progress]:
        """What stands above the row that tells the step waits for it."""
        if item.style == stablebaselines.RULE:
            return Block(), item
        if item.style == stablebaselines.SECTION:
            return self._replace(section=item.bar), item
        if item.style == stablebaselines.TIMESTEPS:
            placed = bool(self.held)
            return self._replace(place=item, placed=placed), item._replace(readings=self.held)
        of = self.section
        readings = tuple(stablebaselines.of_section(each, of) for each in item.readings)
        if self.place is None:
            return self._replace(held=self.held + readings), item._replace(readings=())
        if not self.placed:  # nothing stood above it
            item = item._replace(step=self.place.step)
        return self._replace(placed=True), item._replace(readings=readings)

    def _of_step(self, item: Progress) -> tuple[Block, Progress]:
        """The losses of a step have the learning rate that a line before tells of it."""
        if item.style == deepspeed.OPTIMIZER:
            return Block(item), item._replace(readings=())
        if self.place is None or self.place.step != item.step:
            return self, item
        return self, item._replace(readings=item.readings + self.place.readings)
