"""What chance does to a batch's value, and what the level behind it may do at once.

A batch's value scatters about the level by a variance that depends on the level; how much is known
from the batch size or learnt from what the level's filter did not expect.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

UNKNOWN_NOISE = 0.05
"""First guess of the scale of a batch's noise where nothing tells it: that of 20 samples."""

Family = Literal["fraction", "positive", "real"]


class Noise:
    """The variance of one batch's value at level p, c f(p), with c known or learnt.

    For a fraction of right answers f = p (T - p) and c = 1 / batch size, T being what all of them are
    printed as. For a loss f = |p|: over a
    training the spread of a cross-entropy between batches falls about as its square root does
    (measured on the runs of the test corpus). c is then learnt from the innovations.
    """

    def __init__(
        self,
        family: Family,
        scale: float | None = None,
        start: float | None = None,
        top: float = 1.0,
    ) -> None:
        """`scale`: c where it is known; `start`: first guess of c where it is not; `top`: T."""
        self.family = family
        self.top = top
        self.learns = scale is None
        self.scale = scale or start or UNKNOWN_NOISE
        self.evidence = 1.0

    @property
    def is_known(self) -> bool:
        """Whether c is given, or learnt from enough prints to be relied on."""
        return not self.learns or self.evidence > 10.0

    def variance(self, p: float, doubt: float = 0.0) -> float:
        """Variance of one batch's value where the level is `p`, with the variance `doubt`."""
        return self.scale * self.shape(p, doubt)

    def shape(self, p: float, doubt: float = 0.0) -> float:
        """f(p), at the noisiest level within a standard deviation: 0 right of 16 proves no certainty.

        Floored, so that the model is never certain of a perfect or an empty batch.
        """
        if self.family == "real":
            return 1.0
        # of huge numbers rounding may leave less than nothing
        sd = sqrt(doubt) if doubt > 0.0 else 0.0
        if self.family == "positive":
            noisiest = abs(p) + sd
            return noisiest if noisiest > 1e-4 else 1e-4
        top = self.top
        half = 0.5 * top
        away = abs(p - half) - sd
        if away <= 0.0:
            return half * half
        return half * half - away * away if away < 0.998 * half else 1e-3 * top * top

    def of_step(self, level: float) -> float:
        """Variance of what the level may do at once: between two epochs, or in a step within one."""
        if self.family == "fraction":
            return 0.01 * self.top * self.top
        return max(0.3 * abs(level), 1e-3) ** 2

    def learn(self, nu: float, var: float, share: float) -> None:
        """Learn from an innovation `nu` of variance `var`, of which a `share` is batch noise.

        Given the innovation, the expected square of the noise is (1 - share) + share nu^2 / var of
        what was assumed. Old evidence fades: a loss grows quieter in ways that f misses.
        """
        weight = share * share
        if not self.learns or var <= 0.0 or weight < 1e-6:
            return
        evidence = self.evidence * 0.995 + weight
        self.evidence = evidence = evidence if evidence < 200.0 else 200.0
        surprise = nu * nu / var
        ratio = (1.0 - share) + share * (surprise if surprise < 30.0 else 30.0)
        change = 1.0 + weight / evidence * (ratio - 1.0)
        self.scale *= change if change > 0.1 else 0.1
