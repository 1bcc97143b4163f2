"""The level behind noisy batches: a state-space model, its filter and its smoother.

A batch's value is x_k = p_k + n_k. The level p_k drifts, p_k = p_{k-1} + w_k; the noise n_k is what
chance does to a finite batch. Neither is printed: printed is a linear functional of the batches so
far, so the state carries beside the level the sums that the averaging laws need (see `laws`),

    S_k = S_{k-1} + x_k        E_k = E_{k-1} + S_k / k

and a print after batch k observes k d = S_k (averaged once) or k d = E_k (twice), where the rounding
by a quantum q is an error of variance (k q)^2 / 12. Prints may skip batches; the prediction over a
gap is exact in the sums. At an epoch's end the sums are reset and the level carries over.

How much the level drifts is learnt: a bank of filters, each with a drift of its own, is weighted by
how well it predicts, and the drift may change at any print (interacting multiple model: Blom and
Bar-Shalom 1988, IEEE Trans. Automatic Control 33:780). The past sharpens as later prints come: see
`smoother`, which goes over the filter's steps again.
"""

from __future__ import annotations

from math import exp, log, pi, sqrt
from typing import Any, Literal, NamedTuple

from tui_monitor.core import kalman
from tui_monitor.core.kalman import Gap, Observation, State3

DRIFTS = (1e-7, 1e-5, 1e-3, 5e-2, 3.0)
"""The bank: variance of one batch's drift, relative to the variance of one batch's noise."""
PRIOR = (0.24, 0.24, 0.24, 0.2, 0.08)
"""How likely each drift is before any print, and after a change of drift."""
SWITCH = 0.001
"""Chance that the drift changes from one print to the next."""
JUMP = 1e-4
"""Chance that the level steps between two prints; the drift after it is any."""
FLOOR = 1e-12
"""Least weight of a filter: it may be wanted again."""
STALE = 1.0
"""Standard deviations of the rounding by which a twice averaged number must be expected to have moved
since one was used, for another to say something new: until then it is rounded in the same way."""
SURPRISE = 5.0
"""The same of a move that was not expected, after which the number is used all the same."""
UNSURPRISING = 4.0
"""Squared innovation, in variances, up to which a print is no sign of a step."""
SLIGHT = 1e-3
"""Share of a mixture that is left out."""
SILENT = Observation(0.0, 0.0, 0.0, 0.0)
"""Says nothing."""
ATTENTIVE = 16
"""Prints since the last surprise for each that the bank may miss."""
ALARMING = 9.0
"""Squared innovation, in variances, after which the bank hears of every print for a while."""
LONGEST = 4
"""Prints of which the bank hears one, at the least."""
UNKNOWN_NOISE = 0.05
"""First guess of the scale of a batch's noise where nothing tells it: that of 20 samples."""
IMPROBABLE = 25.0
"""Nats that a print costs at most: no model is surer than that, and logs do have corrupted prints."""

Family = Literal["fraction", "positive", "real"]


class Noise:
    """The variance of one batch's value at level p, c f(p), with c known or learnt.

    For a fraction of right answers f = p (1 - p) and c = 1 / batch size. For a loss f = |p|: over a
    training the spread of a cross-entropy between batches falls about as its square root does
    (measured on the runs of the test corpus). c is then learnt from the innovations.
    """

    def __init__(
        self, family: Family, scale: float | None = None, start: float | None = None
    ) -> None:
        """`scale`: c where it is known; `start`: first guess of c where it is not."""
        self.family = family
        self.learns = scale is None
        self.scale = scale or start or UNKNOWN_NOISE
        self.evidence = 1.0

    @property
    def is_known(self) -> bool:
        """Whether c is given, or learnt from enough prints to be relied on."""
        return not self.learns or self.evidence > 10.0

    def variance(self, p: float, sd: float = 0.0) -> float:
        """Variance of one batch's value where the level is `p`, known to `sd`."""
        return self.scale * self.shape(p, sd)

    def shape(self, p: float, sd: float = 0.0) -> float:
        """f(p), at the noisiest level within a standard deviation: 0 right of 16 proves no certainty.

        Floored, so that the model is never certain of a perfect or an empty batch.
        """
        if self.family == "fraction":
            away = abs(p - 0.5) - sd
            return 0.25 - away * away if 0.0 < away < 0.499 else (1e-3 if away > 0.0 else 0.25)
        if self.family == "positive":
            return max(abs(p) + sd, 1e-4)
        return 1.0

    def learn(self, nu: float, var: float, share: float) -> None:
        """Learn from an innovation `nu` of variance `var`, of which a `share` is batch noise.

        Given the innovation, the expected square of the noise is (1 - share) + share nu^2 / var of
        what was assumed. Old evidence fades: a loss grows quieter in ways that f misses.
        """
        if not self.learns or var <= 0.0:
            return
        weight = share * share
        if weight < 1e-6:
            return
        self.evidence = min(self.evidence * 0.995 + weight, 200.0)
        ratio = (1.0 - share) + share * min(nu * nu / var, 30.0)
        self.scale *= max(1.0 + weight / self.evidence * (ratio - 1.0), 0.1)


def step_variance(family: Family, level: float) -> float:
    """What the level may do at once: between two epochs, or in a step within one."""
    return 0.01 if family == "fraction" else max(0.3 * abs(level), 1e-3) ** 2


class Step(NamedTuple):
    """One print as the filter took it; all that the second pass needs."""

    gap: Gap
    observation: Observation
    scale: float
    """c of the noise at that print."""
    weights: tuple[float, ...]
    """Of the bank, after the print; the last is that of a step."""
    restart: float | None
    """The sums were reset before it, with this much extra variance of the level; None if not."""


class Missed(NamedTuple):
    """Prints that the bank has not heard of."""

    gap: Gap
    """Over all of them."""
    observation: Observation
    """The newest."""
    prints: int


class Memory(NamedTuple):
    """A filter at a moment, to go back to."""

    weights: list[float]
    states: list[tuple[float, ...]]
    mean: tuple[float, ...]
    shown: tuple[float, ...]
    missed: Missed | None
    calm: int
    restart: float | None
    used: tuple[int, float] | None
    steps: int
    """Taken in all."""
    scale: float
    evidence: float
    log_likelihood: float


class LevelFilter:
    """The bank, live: prints in, level and standard deviation out; keeps what smoothing needs."""

    def __init__(
        self, noise: Noise, *, twice: bool, guess: float, spread: float, drifts: int = len(DRIFTS)
    ) -> None:
        """`guess` and `spread`: the level before any print and its standard deviation.

        `drifts`: how many of the bank's drifts are allowed, the slowest first.
        """
        self.noise = noise
        self.twice = twice
        self.steps: list[Step] = []
        """As far as they are kept; see `forget`."""
        self._forgotten = 0
        self.log_likelihood = 0.0
        start: State3 = (guess, 0.0, 0.0, spread * spread, 0.0, 0.0, 0.0, 0.0, 0.0)
        self.start = start
        total = sum(PRIOR[:drifts])
        self._drifts = DRIFTS[:drifts]
        self._prior = tuple(p / total for p in PRIOR[:drifts])
        self._weights: list[float] = [*self._prior, 0.0]
        self._told = tuple(self._weights)
        self._drift = 0.0
        """Mean of the bank's drifts, by their weights."""
        self._kernel = kalman.TWICE if twice else kalman.ONCE
        first: tuple[float, ...] = start if twice else kalman.narrow3(start)
        self._mean: tuple[float, ...] = first
        self._states: list[tuple[float, ...]] = [first] * (drifts + 1)
        self._shown = first
        self._missed: Missed | None = None
        self._calm = 0
        """Prints since an epoch began, or one was a surprise."""
        self._restart: float | None = 0.0
        self._used: tuple[int, float] | None = None
        """Batch and number of the newest print of the epoch that told something."""

    @property
    def level(self) -> float:
        """Mean of the level after the newest print."""
        return self._shown[0]

    @property
    def sd(self) -> float:
        """Standard deviation of the level after the newest print."""
        return sqrt(max(self._shown[self._kernel.pp], 0.0))

    @property
    def state(self) -> State3:
        """The collapsed state after the newest print."""
        m = self._shown
        if self.twice:
            return (m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8])
        return kalman.widen2((m[0], m[1], m[2], m[3], m[4]))

    def memory(self) -> Memory:
        """The filter as it is now."""
        return Memory(
            self._weights,
            self._states,
            self._mean,
            self._shown,
            self._missed,
            self._calm,
            self._restart,
            self._used,
            self.taken,
            self.noise.scale,
            self.noise.evidence,
            self.log_likelihood,
        )

    def recall(self, memory: Memory) -> None:
        """Back to what it was."""
        self._weights, self._states, self._mean = memory.weights, memory.states, memory.mean
        self._shown, self._missed, self._calm = memory.shown, memory.missed, memory.calm
        self._restart, self._used = memory.restart, memory.used
        del self.steps[memory.steps - self._forgotten :]
        self.noise.scale, self.noise.evidence = memory.scale, memory.evidence
        self.log_likelihood = memory.log_likelihood

    @property
    def taken(self) -> int:
        """Prints taken in all."""
        return self._forgotten + len(self.steps)

    def forget(self, steps: int) -> None:
        """Let go of so many of the oldest steps: they cannot be smoothed again."""
        del self.steps[:steps]
        self._forgotten += steps

    def restart(self, extra: float) -> None:
        """The sums are reset; the level carries over, with `extra` variance for a real step."""
        self._catch_up()
        self._states = [self._kernel.restart(s, extra) for s in self._states]
        self._mean = self._shown = self._kernel.collapse(self._weights, self._states)
        self._restart, self._used = extra, None
        self._calm = 0

    def _step(self, state: tuple[float, ...]) -> tuple[float, ...]:
        """The state where the level may have stepped."""
        at = self._kernel.pp
        variance = state[at] + step_variance(self.noise.family, state[0])
        return (*state[:at], variance, *state[at + 1 :])

    def _is_stale(self, g: Gap, o: Observation) -> bool:
        """Whether a twice averaged number must still be rounded like the one that was used last.

        D = E / k moves by (R - D) / k a batch. Far into an epoch that is less than its last digit, and
        then many numbers share one rounding error: to take each for new evidence would make the
        filter as certain as it is wrong.
        """
        k = g.k0 + g.n
        if self._used is None or not g.k0:
            return False
        since, d = self._used
        n = k - since
        rounding = o.variance / (k * k)
        m = self._shown
        mean = m[1] / g.k0
        noise = self.noise.variance(m[0]) * n * (n + 1) * (2 * n + 1) / (6.0 * k * k)
        move = ((mean - d) ** 2 + m[6] / (g.k0 * g.k0)) * n * n + noise
        moved = (o.y / k - d) ** 2
        return move < STALE**2 * rounding * k * k and moved < SURPRISE**2 * rounding

    def follow(self, g: Gap, o: Observation) -> None:
        """Take a print after the gap, and spare the bank where nothing surprises.

        Sums tell it what it missed: it hears of one print in a few, with the gap over all of them.
        """
        o = self._fresh(g, o)
        self._calm += 1
        missed = self._missed
        if (missed.prints + 1 if missed else 1) < min(self._calm // ATTENTIVE, LONGEST):
            noise = self.noise.variance(self._shown[0], self.sd)
            state, nu, var, _ = self._kernel.pass_print(
                self._shown, g, self._drift * noise, noise, o
            )
            if nu * nu <= ALARMING * var:
                self._shown = state
                if missed:
                    g_all = kalman.joined(missed.gap, g)
                    self._missed = Missed(g_all, o, missed.prints + 1)
                else:
                    self._missed = Missed(g, o, 1)
                self._keep(g, o)
                return
            self._calm = 0
        self._tell_bank(g, o)
        self._keep(g, o)

    def observe(self, g: Gap, o: Observation) -> None:
        """Take a print after the gap, and tell the whole bank of it."""
        o = self._fresh(g, o)
        self._tell_bank(g, o)
        self._keep(g, o)

    def _fresh(self, g: Gap, o: Observation) -> Observation:
        """The observation, or none where it is stale."""
        if o.c_e == 1.0 and o.c_s == 0.0:
            if self._is_stale(g, o):
                return SILENT
            self._used = (g.k0 + g.n, o.y / (g.k0 + g.n))
        return o

    def _keep(self, g: Gap, o: Observation) -> None:
        self.steps.append(Step(g, o, self.noise.scale, self._told, self._restart))
        self._restart = None

    def _catch_up(self) -> None:
        """Tell the bank what it missed."""
        if self._missed:
            gap, o, _ = self._missed
            self._missed = None
            self._tell_bank(gap, o)

    def _tell_bank(self, g: Gap, o: Observation) -> None:
        """Weigh the drifts by what they led to expect."""
        prints = 1
        if self._missed:
            prints += self._missed.prints
            g = kalman.joined(self._missed.gap, g)
            self._missed = None
        mean, pass_print = self._mean, self._kernel.pass_print
        noise = self.noise.variance(mean[0], sqrt(max(mean[self._kernel.pp], 0.0)))
        stepped = self._weights[-1]
        switch = SWITCH * prints
        coming = (1.0 - JUMP) * (switch * (1.0 - stepped) + stepped)
        staying = (1.0 - JUMP) * (1.0 - switch)
        passed: list[Any] = []
        likely: list[float] = []
        surprises: list[float] = []
        for drift, w, s, p in zip(
            self._drifts, self._weights, self._states, self._prior, strict=False
        ):
            come = coming * p
            c = staying * w + come
            share = come / c
            _, nu, var, _ = taken = pass_print(
                s, g, drift * noise, noise, o, mean, share if share > SLIGHT else 0.0
            )
            passed.append(taken)
            likely.append(c / sqrt(var) if var > 0.0 else c)
            surprises.append(nu * nu / var if var > 0.0 else 0.0)
        if min(surprises) > UNSURPRISING:
            _, nu, var, _ = taken = pass_print(self._step(mean), g, 0.0, noise, o, mean)
            passed.append(taken)
            likely.append(JUMP / sqrt(var))
            surprises.append(nu * nu / var)
        else:
            passed.append((mean, 0.0, 0.0, None))
            likely.append(0.0)
            surprises.append(0.0)
        # densities relative to the least surprise's, which keeps them from vanishing
        least = min(surprises)
        likely = [c * exp(0.5 * (least - x)) for c, x in zip(likely, surprises, strict=True)]
        total = sum(likely)
        if o.variance > 0.0:
            # of the number among all that could be printed: density times the width of a rounding
            cell = 0.5 * log(6.0 / pi * o.variance)
            self.log_likelihood += max(min(log(total) - 0.5 * least + cell, 0.0), -IMPROBABLE)
        self._weights = weights = [max(w / total, FLOOR) for w in likely]
        self._states = states = [s for s, _, _, _ in passed]
        self._mean = self._shown = self._kernel.collapse(weights, states)
        self._told = tuple(weights)
        self._drift = sum([d * w for d, w in zip(self._drifts, weights, strict=False)])
        if self.noise.learns:
            _, nu, var, _ = passed[likely.index(max(likely))]
            if var > 0.0:
                self.noise.learn(nu, var, noise * kalman.noise_share(g, o) / var)
