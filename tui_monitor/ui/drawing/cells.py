"""A grid of terminal cells that layers are laid on, and its rows as inked spans. Pure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tui_monitor.core.columns.arrays import IntArray
from tui_monitor.ui.drawing.palette import Ground, Ink
from tui_monitor.ui.drawing.rows import Row, Span

_INKS, _GROUNDS = tuple(Ink), tuple(Ground)


class Cells:
    """A grid of cells, (rows, columns) from the top left: code points, inks, grounds."""

    def __init__(self, rows: int, columns: int) -> None:
        self.codes: IntArray = np.full((rows, columns), ord(" "), dtype=np.int64)
        self.inks: NDArray[np.uint8] = np.zeros((rows, columns), dtype=np.uint8)
        self.grounds: NDArray[np.uint8] = np.zeros((rows, columns), dtype=np.uint8)
        self._rows: list[Row] = []

    def put(self, codes: IntArray, ink: Ink) -> None:
        """Lay code points over the grid; 0 leaves a cell as it is."""
        drawn = codes > 0
        self.codes[drawn] = codes[drawn]
        self.inks[drawn] = ink

    def column(self, column: int, sign: str, ink: Ink, *, over: bool) -> None:
        """A vertical line; without `over` only where nothing but the grid is."""
        free = np.ones(self.codes.shape[0], dtype=np.bool_)
        if not over:
            free = (self.codes[:, column] == ord(" ")) | (self.inks[:, column] == Ink.GRID)
        self.codes[free, column] = ord(sign)
        self.inks[free, column] = ink

    def rows(self, before: Cells | None = None) -> list[Row]:
        """The grid as rows of spans, neighbours of the same style joined.

        Rows that are the same in `before`, a grid whose rows were asked for, are taken from there.
        """
        if not self._rows:
            same = np.zeros(self.codes.shape[0], dtype=np.bool_)
            if before is not None and before.codes.shape == self.codes.shape:
                same = np.all(self.codes == before.codes, axis=1)
                same &= np.all(self.inks == before.inks, axis=1)
                same &= np.all(self.grounds == before.grounds, axis=1)
            self._rows = [
                before.rows()[number] if before is not None and known else self._row(number)
                for number, known in enumerate(same.tolist())
            ]
        return self._rows

    def _row(self, number: int) -> Row:
        codes, inks, grounds = self.codes[number], self.inks[number], self.grounds[number]
        if not codes.size:
            return ()
        text = codes.astype("<u4").tobytes().decode("utf-32-le")
        style = inks.astype(np.int64) * 256 + grounds
        cuts = [0, *(np.flatnonzero(style[1:] != style[:-1]) + 1).tolist(), len(text)]
        starts = cuts[:-1]
        roles = zip(inks[starts].tolist(), grounds[starts].tolist(), strict=True)
        return tuple(
            Span(text[a:b], _INKS[ink], _GROUNDS[ground])
            for (a, b), (ink, ground) in zip(pairwise(cuts), roles, strict=True)
        )
