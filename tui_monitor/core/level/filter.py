"""The level behind noisy batches: a state-space model and its filter.

A batch's value is x_k = p_k + n_k. The level p_k drifts, p_k = p_{k-1} + w_k; the noise n_k is what
chance does to a finite batch. Neither is printed: printed is a linear functional of the batches so
far, so the state carries beside the level the sums that the averaging laws need (see `laws`),

    S_k = b S_{k-1} + x_k        E_k = E_{k-1} + S_k / k

and a print after batch k observes n_k d = S_k (averaged once) or k d = E_k (twice), where the rounding
by a quantum q is an error of variance (n_k q)^2 / 12; b is 1 and n_k is k but for exponential means.
Prints may skip batches; the prediction over a gap is exact in the sums. At an epoch's end the sums are
reset, if the law does so, and the level carries over.

How much the level drifts is learnt by a bank of such filters (`bank`). The past sharpens as later
prints come: see `smoother`, which goes over the filter's steps again.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.level import bank, kalman
from tui_monitor.core.level.bank import Bank, State
from tui_monitor.core.level.kalman import Kernel, Observation, State3, Told
from tui_monitor.core.level.rounding import news
from tui_monitor.core.level.steps import Steps
from tui_monitor.core.noise import Noise, Scale

SILENT = Observation(0.0, 0.0, 0.0, 0.0)
"""Says nothing."""
ATTENTIVE = 16
"""Prints without surprise for each that the bank may miss."""
ALARMING = 9.0
"""Squared innovation, in variances, that is a surprise."""


class Patience(NamedTuple):
    """Prints in a row that the bank may miss where all is calm."""

    least: int
    most: int
    share: float
    """Between the two, this share of the batches that go into what is known of the level."""


PATIENCE_ONCE, PATIENCE_TWICE = Patience(8, 16, 0.15), Patience(5, 11, 0.1)
"""By how often is averaged: behind two averages a step shows late, and a late word costs more."""
IMPATIENT = Patience(0, 0, 0.0)
"""The bank hears of every print."""


Missed = tuple[int, int, int, Told]
"""Prints that the bank has not heard of yet: where their gaps begin, how many batches are in them, how
many they are, and the newest. That is the only one it will hear of: sums hold what the others told."""


Expected = tuple[float, float, float]
"""Before a print: mean and variance of the level, and the variance of one batch's noise."""


class Memory(NamedTuple):
    """A filter at a moment, to go back to."""

    bank: Bank
    now: State
    missed: Missed | None
    calm: int
    patience: float
    restart: float | None
    displayed: float | None
    steps: int
    """Taken in all."""
    noise: Scale


class LevelFilter:
    """Prints in, level and standard deviation out; keeps what smoothing needs."""

    def __init__(
        self,
        noise: Noise,
        kernel: Kernel,
        *,
        guess: float,
        spread: float,
        patience: Patience | None = None,
    ) -> None:
        """`guess` and `spread`: the level before any print and its standard deviation.

        `patience`: prints that the bank may miss; None: by how often the law averages.
        """
        self.noise = noise
        self.kernel = kernel
        self.steps = Steps()
        """As far as they are kept; see `forget`."""
        self._forgotten = 0
        self.start: State = kernel.begin(guess, spread * spread)
        """Before any print."""
        self.now = self.start
        """The state after the newest print, as the kernel keeps it."""
        self._bank = bank.start(kernel, self.now, noise.learnt)
        self._missed: Missed | None = None
        self._calm = 0
        """Prints since an epoch began or one was a surprise."""
        by_law = PATIENCE_TWICE if kernel is kalman.TWICE else PATIENCE_ONCE
        self._limits = by_law if patience is None else patience
        self._patience = 0.0
        """Prints in a row that the bank may miss now."""
        self._restart: float | None = 0.0
        self._displayed: float | None = None
        """The number of the epoch that was last told for itself; see `rounding.News`."""

    def belief(self) -> tuple[float, float]:
        """Mean and variance of the level after the newest print."""
        now = self.now
        variance = now[self.kernel.pp]
        return now[0], variance if variance > 0.0 else 0.0

    @property
    def level(self) -> float:
        """Mean of the level after the newest print."""
        return self.now[0]

    @property
    def variance(self) -> float:
        """Variance of the level after the newest print."""
        return self.belief()[1]

    @property
    def sd(self) -> float:
        """Standard deviation of the level after the newest print."""
        return sqrt(self.variance)

    @property
    def state(self) -> State3:
        """The same as `now`, with an E whatever the kernel."""
        m = self.now
        if len(m) == len(kalman.NOTHING3):
            return (m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8])
        return kalman.widen2((m[0], m[1], m[2], m[3], m[4]))

    @property
    def surprised(self) -> bool:
        """Whether the newest print was far from what was expected."""
        return self._calm == 0 and self._restart is None

    # --- back and away -----------------------------------------------------------------------

    def memory(self) -> Memory:
        """The filter as it is now."""
        return Memory(
            self._bank,
            self.now,
            self._missed,
            self._calm,
            self._patience,
            self._restart,
            self._displayed,
            self.taken,
            self.noise.learnt,
        )

    def recall(self, memory: Memory) -> None:
        """Back to what it was."""
        self._bank, self.now = memory.bank, memory.now
        self._missed, self._calm = memory.missed, memory.calm
        self._patience = memory.patience
        self._restart, self._displayed = memory.restart, memory.displayed
        self.steps.cut(memory.steps - self._forgotten)
        self.noise.learnt = memory.noise

    @property
    def taken(self) -> int:
        """Prints taken in all."""
        return self._forgotten + len(self.steps)

    def forget(self, steps: int) -> None:
        """Let go of so many of the oldest steps: they cannot be smoothed again."""
        self.steps.cut(0, steps)
        self._forgotten += steps

    # --- prints in ---------------------------------------------------------------------------

    def restart(self, extra: float) -> None:
        """The sums are reset if the law does so; the level may step by `extra` variance."""
        self._tell_bank()
        self._bank = bank.restarted(self._bank, self.kernel, extra)
        self.now = self._bank.mean
        self._restart = (self._restart or 0.0) + extra
        self._calm = 0
        self._patience = 0.0
        self._displayed = None

    def follow(self, g: Gap, o: Told) -> Expected:
        """Take a print after the gap, and spare the bank where nothing surprises.

        What is observed are sums: hearing of one print in a few, with the gap over all of them, the
        bank misses little more than the rounding of the others. Returns what was expected before.
        """
        kernel = self.kernel
        if kernel is kalman.TWICE:
            o = self._news(g, o)
        silent = o is SILENT
        if silent and self._missed and self._missed[3] is not SILENT:
            self._tell_bank()
        before = self.now
        level, doubt = before[0], before[kernel.pp]
        noise = self.noise.variance(level, doubt)
        now, nu, variance, _ = kernel.pass_print(before, g, self._bank.drift * noise, noise, o)
        self._calm += 1
        if nu * nu > ALARMING * variance and not silent:
            self._tell_bank()
            self._calm = 0
        k0, n, prints, _ = self._missed or (g.k0, 0, 0, o)
        self._missed = (k0, n + g.n, prints + 1, o)
        if silent or (prints < self._patience and self._calm):
            self.now = now
        else:
            self._tell_bank()
            least, most, share = self._limits
            slow = share * self._bank.memory / max(g.n, 1)
            self._patience = min(self._calm // ATTENTIVE, max(least, slow), most)
        self.steps.add(g, o, self.noise.learnt.c, self._bank.weights, self._restart)
        self._restart = None
        return level, doubt if doubt > 0.0 else 0.0, noise

    def _tell_bank(self) -> None:
        """Tell the bank of what it missed, if anything; it tells how noisy the batches are."""
        if self._missed is None:
            return
        k0, n, prints, newest = self._missed
        g = self.kernel.gap(k0, k0 + n)
        self._bank = bank.heard(self._bank, self.kernel, self.noise, g, newest, prints)
        self._missed, self.now = None, self._bank.mean
        self.noise.learnt = self._bank.scale

    def _news(self, g: Gap, o: Told) -> Told:
        """What a number that is averaged twice tells beyond what its rounding has told before."""
        number, c_s, c_e, rounding = o
        if c_e != 1.0 or c_s != 0.0 or not rounding:
            return o
        before = self.now
        noise = self.noise.variance(before[0], before[self.kernel.pp])
        drift = self._bank.drift * noise
        ahead, *_ = self.kernel.pass_print(before, g, drift, noise, SILENT)
        expected, variance = ahead[2], ahead[8]
        told = news(expected, variance, number, rounding) if variance > 0.0 else None
        if told is None:
            return SILENT
        if told.astray:
            k, d = g.k0 + g.n, self._displayed
            if d is not None and (number - k * d) ** 2 < rounding:
                return SILENT  # the same is displayed: it was told
            self._displayed = number / k
        return told.number, c_s, c_e, told.error
