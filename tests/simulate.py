"""Training runs made up, with all that is true of them beside what a bar would print.

Shared by tests and benchmarks. A run has two metrics: an accuracy, whose batches are binomial counts,
and a loss, whose batches are gamma distributed with a variance in proportion to the level. What is
printed follows from `laws.forward`, the definition; what a print shows, from Keras' rules for digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np

from tui_monitor.core.averages import laws
from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.columns.arrays import FloatArray, IntArray
from tui_monitor.core.decoding.decoder import RunDecoder
from tui_monitor.core.decoding.estimates import of_run
from tui_monitor.core.inference.evidence import Sample
from tui_monitor.core.level import following
from tui_monitor.core.level.filter import IMPATIENT, LevelFilter
from tui_monitor.core.level.kalman import (
    ONCE,
    TWICE,
    Kernel,
    Observation,
    Pass2,
    State2,
    State3,
    Told,
)
from tui_monitor.core.level.smoother import smooth
from tui_monitor.core.noise import Noise
from tui_monitor.core.options import DecodeOptions
from tui_monitor.core.records import Estimate, Print, Reading

Shape = Literal["exp", "power", "staircase", "abrupt", "flat", "sine"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
Style = Literal["keras2", "keras3"]
LOSS_NOISE = 0.5
"""Variance of a batch's loss, times its size, relative to the level."""


@dataclass(frozen=True, slots=True)
class Case:
    """What to make up."""

    law: Law = laws.STATE
    shape: Shape = "exp"
    batch_size: int = 32
    steps: int = 200
    """Batches an epoch."""
    epochs: int = 2
    digits: int = 4
    every: float = 1.0
    """Mean number of batches between two prints; the first and the last are always printed."""
    last: int | None = None
    """Samples in an epoch's last batch; None: as many as in the others."""
    style: Style | None = None
    """The bar; None: the one that goes with the law."""
    seed: int = 0

    @property
    def repeats_last_line(self) -> bool:
        """The last batch has a line of its own before the epoch's last line."""
        return self.law.key == "state" or self.law.depth == 2

    @property
    def bar(self) -> Style:
        """The style of the bar."""
        if self.style is not None:
            return self.style
        return "keras3" if self.repeats_last_line else "keras2"

    @property
    def names(self) -> tuple[str, str]:
        """The names of loss and accuracy."""
        return "loss", "accuracy" if self.repeats_last_line else "acc"


class Number(NamedTuple):
    """A printed number."""

    text: str
    displayed: float
    quantum: float


class Shown(NamedTuple):
    """One line of a bar."""

    epoch: int
    """1-based."""
    k: int
    final: bool
    numbers: dict[str, Number]


def number(value: float, digits: int = 4) -> Number:
    """A value as Keras prints it: fixed decimals above 1e-3, else an exponent."""
    text = f"{value:.{digits}f}"
    if abs(value) > 1e-3:
        return Number(text, float(text), 10.0**-digits)
    text = f"{value:.{digits}e}"
    quantum = 10.0 ** (int(text.partition("e")[2]) - digits) if value else 0.0
    return Number(text, float(text), quantum)


def curve(shape: Shape, steps: int, epochs: int) -> FloatArray:
    """The accuracy behind the batches, shape (epochs, steps)."""
    t = np.arange(steps * epochs, dtype=np.float64)
    if shape == "exp":
        p = 0.95 - 0.6 * np.exp(-t / (0.5 * steps))
    elif shape == "power":
        p = 0.97 - 0.5 * (1.0 + t / 20.0) ** -0.5
    elif shape == "staircase":
        p = 0.6 + 0.1 * np.minimum(t // steps, 3.0)
    elif shape == "abrupt":
        p = np.where(t < 0.6 * steps, 0.6 + 0.1 * t / steps, 0.85)
    elif shape == "flat":
        p = np.full_like(t, 0.9)
    else:
        p = 0.8 + 0.08 * np.sin(6.0 * t / steps)
    return np.asarray(p.reshape(epochs, steps), dtype=np.float64)


class Simulated:
    """A made-up run: its truth and its lines."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.random = np.random.default_rng(case.seed)
        self.loss, self.accuracy = case.names
        self.sizes: IntArray = np.full(case.steps, case.batch_size, dtype=np.int64)
        if case.last is not None:
            self.sizes[-1] = case.last
        p = curve(case.shape, case.steps, case.epochs)
        self.level: dict[str, FloatArray] = {self.loss: 2.5 * (1.0 - p) + 0.05, self.accuracy: p}
        """The level behind each batch, by metric, shape (epochs, steps)."""
        scale = LOSS_NOISE / self.sizes
        self.batches: dict[str, FloatArray] = {
            self.loss: self.random.gamma(self.level[self.loss] / scale, scale),
            self.accuracy: self.random.binomial(self.sizes, p) / self.sizes,
        }
        """The value of each batch, by metric, shape (epochs, steps)."""
        printed = [self._printed() for _ in range(case.epochs)]
        self.lines: list[Shown] = [
            line
            for epoch in range(1, case.epochs + 1)
            for line in self._epoch(epoch, printed[:epoch])
        ]

    def _printed(self) -> list[int]:
        """After which batches of an epoch a line is printed, but for its last line."""
        printed = self.random.random(self.case.steps) < 1.0 / self.case.every
        printed[0], printed[-1] = True, printed[-1] and self.case.repeats_last_line
        return [int(i) + 1 for i in np.flatnonzero(printed)]

    def _epoch(self, epoch: int, printed: list[list[int]]) -> list[Shown]:
        """The lines of an epoch; `printed`: after which batches of this one and those before."""
        case, last = self.case, self.case.steps
        plain = replace(case.law, final="same")
        first = 0 if case.law.goes_on else epoch - 1
        sizes = (self.sizes / case.batch_size).tolist() * (epoch - first)
        values = {name: x[first:epoch].ravel().tolist() for name, x in self.batches.items()}
        after = {i * last + k for i, ks in enumerate(printed[first:]) for k in (*ks, last)}
        before = {name: laws.forward(plain, x, sizes, after) for name, x in values.items()}
        behind = {name: laws.forward(case.law, x, sizes, after) for name, x in values.items()}
        steps = [(k, False, before) for k in printed[-1]]
        steps.append((last, True, behind))
        return [
            Shown(
                epoch,
                k,
                final,
                {name: number(h[name][k - 1 - last], case.digits) for name in case.names},
            )
            for k, final, h in steps
        ]

    def pairs(self, name: str, epoch: int) -> list[tuple[int, float]]:
        """The prints of a metric in an epoch, but for its last line: (k, displayed)."""
        return [
            (line.k, line.numbers[name].displayed)
            for line in self.lines
            if line.epoch == epoch and not line.final
        ]

    def samples(self, name: str) -> list[Sample]:
        """The prints of a metric as evidence, last lines among them."""
        return [
            Sample(
                line.epoch,
                line.k,
                line.numbers[name].displayed,
                line.numbers[name].quantum,
                line.final,
                line.k == self.case.steps,
            )
            for line in self.lines
        ]

    def window(self, name: str, epoch: int, k0: int, k: int, *, weighted: bool) -> float:
        """Mean of the batches k0+1 .. k of an epoch, each counted once or by its size.

        Less than 0 is before the epoch.
        """
        first = (epoch - 1) * self.case.steps
        x = self.batches[name].ravel()[first + k0 : first + k]
        w = np.tile(self.sizes, epoch)[first + k0 : first + k]
        return float(np.average(x, weights=w if weighted else None))

    def right(self, epoch: int, k0: int, k: int) -> int:
        """Right answers in the batches k0+1 .. k of an epoch."""
        counts = self.batches[self.accuracy][epoch - 1, k0:k] * self.sizes[k0:k]
        return round(float(counts.sum()))

    # --- as prints ---------------------------------------------------------------------------

    @cached_property
    def prints(self) -> list[Print]:
        """The lines as the timeline places them."""
        case = self.case
        by_sample = case.law.key == "samples"
        done = np.cumsum(self.sizes)
        told = case.law.depth == 0 and case.law.key not in ("instantaneous", "epoch")
        return [
            Print(
                run=1,
                epoch=line.epoch,
                label=str(line.epoch),
                epochs=case.epochs,
                style="keras3-bar" if case.bar == "keras3" else "keras-bar",
                step=int(done[line.k - 1]) if by_sample else line.k,
                steps=int(done[-1]) if by_sample else case.steps,
                unit="sample" if by_sample else "batch",
                readings=tuple(
                    Reading(name, shown.displayed, shown.quantum, case.law.key if told else "")
                    for name, shown in line.numbers.items()
                ),
                final=line.final,
                line=at,
                offset=80 * at,
                eta=None,
                elapsed=None,
                per_step=None,
            )
            for at, line in enumerate(self.lines, start=1)
        ]

    def decode(self, options: DecodeOptions | None = None) -> RunDecoder:
        """The prints, decoded to the end."""
        decoder = RunDecoder(1, options or DecodeOptions())
        for p in self.prints:
            decoder.add(p)
        decoder.finish()
        return decoder

    # --- as bytes ----------------------------------------------------------------------------

    def log(self) -> bytes:
        """The lines as a log of Keras: bars redrawn in place, or, in Keras 2, a line a bar."""
        case = self.case
        text: list[str] = []
        epoch = 0
        drawn = ""
        for line, p in zip(self.lines, self.prints, strict=True):
            if line.epoch != epoch:
                epoch = line.epoch
                text.append(f"Epoch {epoch}/{case.epochs}\n")
                drawn = ""
            bar = _bar_3(p) if case.bar == "keras3" else _bar_2(p)
            fields = "".join(f" - {name}: {shown.text}" for name, shown in line.numbers.items())
            if line.final:
                ends = {name: self.level[name][epoch - 1, -1] for name in line.numbers}
                fields += "".join(f" - val_{n}: {number(v).text}" for n, v in ends.items())
            if case.repeats_last_line:
                text.append("\b" * len(drawn) + "\r" + bar + fields)
            else:
                text.append("\n" + bar + fields)
            drawn = bar + fields
            if line.final:
                text.append("\n")
        return "".join(text).encode()


def _bar_2(p: Print) -> str:
    assert p.step is not None
    assert p.steps is not None
    cells = 30 * p.step // p.steps
    bar = "=" * max(cells - 1, 0) + (">" if 0 < cells < 30 else "=" * (cells == 30))
    per = "us/sample" if p.unit == "sample" else "ms/step"
    time = f"3s 24{per}" if p.final else "ETA: 3s"
    return f"{p.step:{len(str(p.steps))}d}/{p.steps} [{bar:.<30}] - {time}"


def _bar_3(p: Print) -> str:
    assert p.step is not None
    assert p.steps is not None
    cells = 20 * p.step // p.steps
    done = f"\x1b[32m{'━' * cells}\x1b[0m" if cells else ""
    time = "7s" if p.final else f"{(p.steps - p.step) // 100}s"
    step = f"\x1b[1m{p.step:{len(str(p.steps))}d}/{p.steps}\x1b[0m"
    return f"{step} {done}\x1b[37m{'━' * (20 - cells)}\x1b[0m \x1b[1m{time}\x1b[0m 10ms/step"


def estimates(decoder: RunDecoder) -> list[Estimate]:
    """All rows, smoothed."""
    for track in decoder.tracks.values():
        track.smooth_all()
    return list(of_run(decoder))


# --- the reference ---------------------------------------------------------------------------------


def narrowed(s: State3) -> State2:
    """The same state without its E."""
    return (s[0], s[1], s[3], s[4], s[6])


def kernel_of(*, twice: bool) -> Kernel:
    """The algebra of the sums behind one average or two."""
    return TWICE if twice else ONCE


class Reference(NamedTuple):
    """A level followed without rounding, after each batch: shape (epochs, steps)."""

    live: FloatArray
    """From the batches up to there."""
    smoothed: FloatArray
    """From all batches."""


def follow_batches(run: Simulated, name: str, *, printed: bool = False) -> Reference:
    """What the decoder's own filter and smoother make of the batches, unrounded.

    The best that they could do with any prints. With `printed` they are told the sums only where the
    log prints, as much as rounding and the averaging law could leave to be known; nan elsewhere.
    """
    fraction = name == run.accuracy
    x = run.batches[name]
    noise = Noise("fraction", 1.0 / run.case.batch_size) if fraction else Noise("positive")
    first = float(x[0, 0])
    spread = 0.5 if fraction else max(abs(first), 0.1)
    tracker = LevelFilter(noise, ONCE, guess=first, spread=spread, patience=IMPATIENT)
    told = {(line.epoch - 1, line.k) for line in run.lines}
    found = Reference(np.full(x.shape, np.nan), np.full(x.shape, np.nan))
    at: list[tuple[int, int]] = []
    for epoch, sums in enumerate(np.cumsum(x, axis=1).tolist()):
        if epoch:
            tracker.restart(0.01 if fraction else (0.3 * tracker.level) ** 2)
        k0 = 0
        for k, total in enumerate(sums, start=1):
            if not printed or (epoch, k) in told:
                tracker.follow(ONCE.gap(k0, k), Observation(total, 1.0, 0.0, 0.0))
                found.live[epoch, k - 1] = tracker.level
                at.append((epoch, k - 1))
                k0 = k
    level = smooth(tracker.steps, tracker.start, tracker.noise, ONCE).level
    found.smoothed[tuple(zip(*at, strict=True))] = level
    return found


def batches_given_level(run: Simulated, name: str) -> FloatArray:
    """Each batch as its prints tell it to one who knows the level and how noisy batches are.

    The mean of the Gaussian posterior, shape (epochs, steps); nan where a batch is not printed alone or
    its size is another than that of all, and for laws that are no plain or exponential mean. What is
    printed is linear in the batches: of how they deviate from the level it tells in the same way.
    """
    case, level = run.case, run.level[name]
    found = np.full(level.shape, np.nan)
    if case.law.depth == 2 or not case.law.inverted or case.law.window is not None:
        return found
    noise = (level * (1.0 - level) if name == run.accuracy else LOSS_NOISE * level) / run.sizes
    apart = [range(epoch, epoch + 1) for epoch in range(case.epochs)]
    for epochs in [range(case.epochs)] if case.law.goes_on else apart:
        for at, deviation in _deviations(run, name, epochs, noise):
            found[at] = level[at] + deviation
    return found


def _deviations(
    run: Simulated, name: str, epochs: range, noise: FloatArray
) -> Iterator[tuple[tuple[int, int], float]]:
    """The same of epochs that share their sums: where a batch is, and how it deviates."""
    case, law = run.case, replace(run.case.law, final="same")
    kernel = following.kernel_of(law)
    here = slice(epochs.start, epochs.stop)
    sizes = (run.sizes / case.batch_size).tolist() * len(epochs)
    expected = laws.forward(law, run.level[name][here].ravel().tolist(), sizes)
    ways: list[tuple[Pass2, Gap, Told]] = []
    places: list[tuple[int, int]] = []
    state, k0 = kernel.begin(0.0, 0.0), 0
    for line in run.lines:
        if line.epoch - 1 not in epochs or line.final or run.sizes[line.k - 1] != case.batch_size:
            continue
        k, at = line.k + (line.epoch - 1 - epochs.start) * case.steps, (line.epoch - 1, line.k - 1)
        n, gap = law.weight(k), kernel.gap(k0, k)
        _, d, quantum = line.numbers[name]
        told = n * (d - expected[k - 1]), 1.0, 0.0, (n * quantum) ** 2 / 12.0
        ways.append((kernel.pass_print(state, gap, 0.0, noise[at], told), gap, told))
        places.append(at)
        state, k0 = ways[-1][0][0], k
    said = kernel.nothing
    sums: list[float] = []
    for taken, gap, told in reversed(ways):
        seen, said = kernel.look_back(said, taken, gap, told)
        sums.append(seen[2])
    sums.append(0.0)
    for (before, after), (_, gap, _), at in zip(
        pairwise(reversed(sums)), ways, places, strict=True
    ):
        if gap.n == 1:
            yield at, (after - gap.fade * before) / gap.gain
