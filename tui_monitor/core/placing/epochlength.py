"""How many batches an epoch has, in a log whose steps go on over the ends of epochs.

All epochs are taken to be as long. Each of them ends somewhere between its newest print and the first
one of the next: after e epochs that leaves an e-th of the doubt.
"""

from __future__ import annotations

from math import ceil, inf
from typing import Final, NamedTuple


class EpochLength(NamedTuple):
    """The lengths that are possible."""

    least: float = 1.0
    most: float = inf

    @property
    def known(self) -> int | None:
        """The only one; None where there are more, or epochs differ."""
        return int(self.least) if self.least == self.most else None

    def of(self, epochs: int) -> int | None:
        """Batches of so many epochs; None where nobody knows."""
        return None if self.known is None else epochs * self.known

    def allows(self, done: int, epochs: int) -> bool:
        """Whether so many batches may be those of so many epochs."""
        return self.least <= done / epochs <= self.most and done % epochs == 0

    def narrowed(
        self, epochs: int, low: int, high: int, steps: int | None, planned: int | None
    ) -> EpochLength:
        """By the batches done as so many epochs were over: `low` to `high`.

        A total of all `planned` epochs, `steps`, tells it at once.
        """
        least, most = max(self.least, ceil(low / epochs)), min(self.most, high // epochs)
        if steps and planned and steps % planned == 0 and least <= steps // planned <= most:
            least = most = steps // planned
        return EpochLength(least, most)


ANY: Final = EpochLength()
"""Before an epoch has ended."""
