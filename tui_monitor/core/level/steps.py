"""What the second pass over a level needs of each print: columns; no object is kept for each."""

from __future__ import annotations

from typing import Any

from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.columns.series import Floats
from tui_monitor.core.level.kalman import Told


class Steps:
    """Prints as a filter took them; entry i of every column belongs to the same print."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        """From the print before."""
        self.told: list[Told] = []
        """What was observed."""
        self.scale = Floats()
        """c of the noise."""
        self.weights: list[tuple[float, ...]] = []
        """Of the bank, after the print; the last is that of a step."""
        self.restarts: list[float | None] = []
        """The sums were reset before it, with this much extra variance of the level; None if not."""
        self._columns: tuple[Any, ...] = (
            *(self.gaps, self.told, self.scale, self.weights, self.restarts),
        )

    def __len__(self) -> int:
        return len(self.gaps)

    def add(
        self, g: Gap, o: Told, scale: float, weights: tuple[float, ...], restart: float | None
    ) -> None:
        """Add a print."""
        self.gaps.append(g)
        self.told.append(o)
        self.scale.append(scale)
        self.weights.append(weights)
        self.restarts.append(restart)

    def part(self, first: int, last: int | None = None) -> Steps:
        """Those from `first` on, up to `last`, as a copy."""
        found = Steps()
        for column, mine in zip(found._columns, self._columns, strict=True):
            column.extend(mine[first:last])
        return found

    def cut(self, first: int, last: int | None = None) -> None:
        """Forget those from `first` on, or up to `last` only."""
        for column in self._columns:
            del column[first:last]
