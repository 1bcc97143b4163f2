"""Batches between two updates of a bar: Keras' `steps_per_execution`, found from the steps shown."""

from __future__ import annotations

from math import ceil

from tui_monitor.core.inference.spacing import Spacing


class Stride:
    """Batches between two updates of a bar: Keras' `steps_per_execution`.

    Keras 3.11 and later count the batches done: s, 2s, 3s. Keras 3.0-3.10 count 1, 1+s, 1+2s, and
    give the first update the weight of one batch, the others of s (`short_first`). With t shown and
    i updates done the printed mean d of the running means R is

        t d = R_1 + s (R_2 + .. + R_i),    so    s (R_1 + .. + R_i) = t d + (s - 1) R_1,

    which is what a bar that counts each update once prints, with the same rounding: t + s - 1 = i s.
    The last line of K batches appends the epoch's mean R_i with the weight m = max(K - t, 1):

        (t + m) d = R_1 + s (R_2 + .. + R_i) + m R_i.

    Source: keras/src/callbacks/progbar_logger.py and trainers, 3.9.2 and 3.12.0.

    Evenly spaced steps may also be those of a bar that was only drawn now and then; what the prints
    make likelier is for the decoder to say (`refute`). Where that is how time spaces them (`spacing`)
    they are taken for such until it says so.
    """

    def __init__(self) -> None:
        self.found = 1
        """The spacing of the steps, once enough of them share it."""
        self.size = 1
        """Batches an update."""
        self.short_first = False
        """The first update counts as one batch."""
        self._refuted: bool | None = None
        """The bar is updated at every batch after all; None where nobody has said."""
        self._spacing = Spacing()
        self._seen = 0

    def refute(self, *, refuted: bool) -> None:
        """Say whether the bar is updated at every batch, for all the spacing of its steps."""
        self._refuted = refuted
        self._conclude()

    @property
    def is_timed(self) -> bool:
        """Whether time alone may have spaced the steps."""
        return self._spacing.is_timed

    def _conclude(self) -> None:
        refuted = self.is_timed if self._refuted is None else self._refuted
        self.size = 1 if refuted else self.found
        self.short_first = self.size > 1 and self._spacing.first == 1

    def learn(self, step: int, pace: float | None, *, final: bool) -> bool:
        """Take the step of a print; True if what is known of the stride changes by it.

        `pace`: seconds a batch, where the bar says so.
        """
        self._spacing.take(step, pace, final=final)
        if final:
            return False
        self._seen += 1
        before, common = self.size, self._spacing.common
        # the chance that steps printed at random share a stride halves with each
        certain = common > 1 and self._seen >= 12 and self._spacing.first in (1, common)
        self.found = common if certain else 1
        self._conclude()
        return self.size != before

    def last(self, batches: int) -> tuple[int, float]:
        """Updates of an epoch of so many batches, and the weight m of its last line, in updates."""
        updates = ceil(batches / self.size)
        counted = 1 + (updates - 1) * self.size
        return updates, max(batches - counted, 1) / self.size

    def undone(
        self, displayed: float, first: float, step: int, updates: int, appended: float | None
    ) -> float:
        """What the bar would print after so many updates if each of them counted once.

        `first`: the epoch's first number, R_1; `appended`: m / s where it is the epoch's last line.
        """
        done, counted = step, float(updates)
        if appended is not None:
            # the epoch's mean once more, in place of what no update has counted yet
            counted += appended
            done = round(self.size * counted) - self.size + 1
        return (done * displayed + (self.size - 1) * first) / (self.size * counted)

    def pushes(self, step: int) -> int:
        """Updates of the bar that a shown step stands for."""
        if self.size == 1:
            return step
        return 1 + ceil((step - 1) / self.size) if self.short_first else ceil(step / self.size)
