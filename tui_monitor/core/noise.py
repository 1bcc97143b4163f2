"""What chance does to a batch's value, and what the level behind it may do at once.

A batch's value scatters about the level by a variance that depends on the level; how much is known
from the batch size, or learnt from what the level's filters did not expect.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import Literal, NamedTuple

ENOUGH = 10.0
"""Prints after which a learnt scale can be relied on."""
FADING = 0.996
"""What is left of the evidence after a print: a loss grows quieter in ways that f misses."""
OUTLYING = 30.0
"""Squared innovation, in variances, that counts at most."""

Family = Literal["fraction", "positive", "real"]


class Scale(NamedTuple):
    """The scale c of the noise (see `Noise`), and how many prints of pure noise speak for it."""

    c: float
    prints: float

    def learn(self, surprise: float, share: float, kept: float = FADING) -> Scale:
        """Learn from a squared innovation in variances, of which c is behind a `share`.

        Given the innovation, the expected square of that part is (1 - share) + share * surprise of
        what was assumed. What was learnt before fades to the share `kept` of it.
        """
        weight = share * share
        if weight < 1e-6:
            return self
        evidence = self.prints * kept + weight
        ratio = (1.0 - share) + share * (surprise if surprise < OUTLYING else OUTLYING)
        change = 1.0 + weight / evidence * (ratio - 1.0)
        return Scale(self.c * (change if change > 0.1 else 0.1), evidence)


OF_COUNTS = Scale(0.05, 10.0)
"""First guess where nothing tells the scale: of a fraction of right answers that of 20 samples, .."""
OF_ANYTHING = Scale(0.05, 0.5)
""".. and of other numbers the same, but a single print shows more."""


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
        start: Scale | None = None,
        top: float = 1.0,
    ) -> None:
        """`scale`: c where it is known; `start`: first guess of c where it is not; `top`: T."""
        self.family = family
        self.top = top
        self.learns = scale is None
        guess = start or (OF_COUNTS if family == "fraction" else OF_ANYTHING)
        self.learnt = guess if scale is None else Scale(scale, inf)
        """c, as it is thought of now."""
        self._guessed = guess.prints

    @property
    def scale(self) -> float:
        """c."""
        return self.learnt.c

    @property
    def is_known(self) -> bool:
        """Whether c is given, or learnt from enough prints to be relied on."""
        return not self.learns or self.learnt.prints > self._guessed + ENOUGH

    def variance(self, p: float, doubt: float = 0.0) -> float:
        """Variance of one batch's value where the level is `p`, with the variance `doubt`."""
        return self.learnt.c * self.shape(p, doubt)

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
