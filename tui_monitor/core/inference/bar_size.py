"""Deciding the batch size that a run's bars go by: unknown, guessed, likely, certain.

It is taken for the level's noise once it is likely, and for counts, which it makes exact, once it is
certain; that is taken back where later prints make it doubtful.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy, deepcopy

from tui_monitor.core.inference.reader import Readers
from tui_monitor.core.inference.sizing import SizeEvidence
from tui_monitor.core.tracks.track import Track

LIKELY = 0.3
"""Nats by which a batch size must beat all others together to be called the run's: 4 to 3."""
CERTAIN = 5.5
"""The same to count right answers by it: 250 to 1."""
DOUBTFUL = 4.5
"""Nats below which that is taken back."""
PROVEN = CERTAIN + 4.0
"""Nats of the counts alone that the scatter cannot make doubtful: of a size and its half it speaks by
no more than these four, for its model has an error of its own (`spread`)."""
ALIKE = 1.5
"""Factor within which one guess of a size is as good as another."""


class BarSize:
    """The batch size of one run's bars."""

    def __init__(self, batch_size: int | None = None) -> None:
        """`batch_size`: where the user tells it."""
        self.batch_size = batch_size
        """Samples a batch, as likely as `LIKELY` says or told; None where it is not known."""
        self.is_certain = True
        """Right answers may be counted by it."""
        self._about: int | None = None
        """About the samples an update, where it is not certain: for the level's noise."""
        self._guessed: int | None = None
        """What that was when it was last known."""
        self._evidence: SizeEvidence | None = None
        self._read_for = (0, 0)
        """Depth and stride by which the evidence was read."""
        self._readers = Readers()

    def samples(self, stride: int) -> int | None:
        """Samples an update of `stride` batches, to go by for the level; not always to count by."""
        return self.batch_size * stride if self.batch_size and self.is_certain else self._about

    def is_stale(self, tracks: Mapping[str, Track]) -> bool:
        """Whether a metric is not what it was thought to be as its prints were read."""
        return self._readers.are_stale(tracks)

    def forget(self) -> None:
        """Read the prints anew."""
        self._evidence, self._readers = None, Readers()

    def further_on(self) -> BarSize:
        """The same, further on in the log: prints are read from there."""
        other = copy(self)
        other._evidence, other._readers = deepcopy(self._evidence), Readers()
        return other

    def weigh(self, counting: Iterable[Track], depth: int, stride: int, *, at_length: bool) -> bool:
        """Weigh the prints of metrics that count, averaged `depth` times; whether the size changes.

        `at_length`: the scatter of the batches too, which takes many prints.
        """
        if self._evidence is None or self._read_for != (depth, stride):
            self._evidence, self._read_for = SizeEvidence(stride), (depth, stride)
            self._readers = Readers()
            self._about = self._guessed = None
        elif self._evidence.settled:
            return False
        for track in counting:
            self._evidence.take(track.metric.name, depth, self._readers.read(track))
        found = self._evidence.likeliest()
        if at_length and found.margin < PROVEN:
            self._evidence.ask_scatter()
            found = self._evidence.likeliest()
        before = self.batch_size, self.is_certain, self._about
        size = found.size // stride
        if found.margin > LIKELY or (size == self.batch_size and found.margin > 0.0):
            known = size == self.batch_size and self.is_certain
            self.is_certain = found.margin > (DOUBTFUL if known else CERTAIN)
            self.batch_size = size
            self._guess(found.size)
        else:
            self.batch_size, self.is_certain = None, False
            self._guess(self._evidence.about())
        return before != (self.batch_size, self.is_certain, self._about)

    def _guess(self, about: int | None) -> None:
        """Go by another guess of the size where it matters."""
        known = self._guessed
        if about and known and about < ALIKE * known and known < ALIKE * about:
            about = known
        self._about, self._guessed = about, about or known
