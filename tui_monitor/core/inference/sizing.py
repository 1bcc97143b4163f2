"""What the prints of a run's accuracies tell of its batch size, as they come.

Brings counts (`batchsize`) and scatter (`spread`) together. The scatter is asked only where the counts
leave a doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

import numpy as np

from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.inference.batchsize import BatchSizes, Curve, Likeliest
from tui_monitor.core.inference.evidence import Sample, early
from tui_monitor.core.inference.spread import GRID, Spread, smeared

ABOUT = 0.4
"""Standard deviation of the logarithm of a size that is known well enough for the noise."""


class SizeEvidence:
    """All that speaks for a batch size, in samples an update of the bar."""

    def __init__(self, stride: int = 1) -> None:
        """`stride`: batches an update of the bar."""
        self._sizes = BatchSizes(stride)
        self._spreads: dict[str, Spread] = {}
        self._scatter: FloatArray | None = None
        """Log-likelihood of the sizes of `GRID`, when the scatter was last asked."""
        self._fresh = False
        """It was asked of all prints taken."""

    @property
    def settled(self) -> bool:
        """The counts leave no doubt; more prints are not looked at."""
        return self._sizes.settled

    def take(self, metric: str, depth: int, samples: Iterable[Sample]) -> None:
        """Take the next prints of an accuracy that is averaged `depth` times."""
        if self.settled:
            return
        full = [s for s in samples if not s.final and not s.last]
        self._sizes.take(metric, depth, map(early, full))
        spread = self._spreads.get(metric)
        if spread is None:
            spread = self._spreads[metric] = Spread(depth)
        for s in full:
            spread.take(s.epoch, s.k, s.displayed, s.quantum)
            self._fresh = False

    def ask_scatter(self) -> None:
        """Weigh the scatter of the batches seen so far."""
        if self.settled:
            return
        guess = self._sizes.likeliest(self._curve).size
        found = [told for s in self._spreads.values() if (told := s.likelihood(guess)) is not None]
        # the accuracies of one log scatter together: no more certain than one of them
        self._scatter = smeared(np.mean(found, axis=0)) if found else None
        self._fresh = True

    @property
    def _curve(self) -> Curve | None:
        return None if self._scatter is None else (GRID, self._scatter)

    def likeliest(self) -> Likeliest:
        """The likeliest size, by all that is known; the scatter counts if it was asked of all prints.

        What it told of some of them must not make a size certain that the others speak against.
        """
        return self._sizes.likeliest(self._curve if self._fresh else None)

    def about(self) -> int | None:
        """About the size, where the scatter tells that much: enough to know the batches' noise."""
        if self._curve is None:
            return None
        log_size, sd = self._sizes.about(self._curve)
        return max(round(exp(log_size)), 1) if sd < ABOUT else None
