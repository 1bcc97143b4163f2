"""Two or three epochs made up so that the reason of the jump between them is known.

A scenario names the shape of the level behind the batches; a run draws its numbers from a seed,
draws the batches by chance (an accuracy's are binomial counts, a loss's gamma distributed) and writes
the log that a version of Keras would. What is printed follows from `laws.forward`, the definition.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import numpy as np

from tests.simulate import LOSS_NOISE, number
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.records import Verdict

Kind = Literal[
    "averaging",
    "staircase",
    "falling-staircase",
    "both",
    "luck",
    "learning-rate",
    "order",
    "restored",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Bar = Literal[
    "keras2-steps",
    "keras2-samples",
    "tf.keras",
    "keras3.15",
    "keras3.9",
    "keras3.12",
    "verbose2",
]
BARS: tuple[Bar, ...] = get_args(Bar)
TWICE: tuple[Bar, ...] = ("keras3.9", "keras3.12")
LAW: dict[Bar, Law] = {
    "keras2-steps": laws.STEPS,
    "keras2-samples": laws.SAMPLES,
    "tf.keras": laws.STATE,
    "keras3.15": laws.STATE,
    "keras3.9": laws.TWICE_APPENDED,
    "keras3.12": laws.TWICE_RESET,
    "verbose2": laws.SAMPLES,
}
VERDICT: dict[Kind, Verdict] = {
    "averaging": "averaging",
    "staircase": "step",
    "falling-staircase": "step",
    "both": "both",
    "luck": "noise",
    "learning-rate": "step",
    "order": "step",
    "restored": "step",
}
CAUSE: dict[Kind, str] = {
    "averaging": "averaging",
    "both": "averaging",
    "staircase": "seen before",
    "falling-staircase": "seen before",
    "learning-rate": "learning rate changed",
    "order": "order of the data",
    "restored": "weights restored",
}
"""The cause that must be named among those given, by its short name."""
EDGE = 0.1
"""Share of an epoch's batches over which the truth at its edges is taken."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make up."""

    kind: Kind = "averaging"
    bar: Bar = "keras2-steps"
    batch_size: int = 128
    steps: int = 400
    """Batches an epoch."""
    prints: int | None = None
    """Prints an epoch beside its first and last, evenly spaced; None: about every other batch."""
    seed: int = 0

    @property
    def law(self) -> Law:
        """The averaging law of the bar."""
        return LAW[self.bar]


class Truth(NamedTuple):
    """The parts of a jump, from the level behind the batches or from the batches themselves."""

    lag: float
    step: float


def level(plan: Plan, random: np.random.Generator) -> FloatArray:
    """The accuracy behind the batches, shape (epochs, steps)."""
    t = (np.arange(plan.steps) + 0.5) / plan.steps
    epochs = np.stack([t, t + 1.0, t + 2.0])
    first, gain = random.uniform(0.35, 0.6), random.uniform(0.2, 0.35)
    tau = random.uniform(0.25, 0.6)
    stairs = random.uniform(0.05, 0.1)
    learning = first + gain * (1.0 - np.exp(-epochs / tau))
    floor = np.floor(epochs)
    if plan.kind == "averaging":
        return np.asarray(learning)
    if plan.kind == "staircase":
        return np.asarray(first + stairs * floor + 0.0 * epochs)
    if plan.kind == "falling-staircase":
        slope = random.uniform(0.02, 0.05)
        return np.asarray(first + (stairs + slope) * floor - slope * (epochs - floor))
    if plan.kind == "both":
        return np.asarray(learning + stairs * floor)
    if plan.kind == "luck":
        return np.full_like(epochs, first + gain)
    if plan.kind == "learning-rate":
        quick = random.uniform(0.005, 0.02)
        drop = np.where(epochs > 1.0, stairs * (1.0 - np.exp(-(epochs - 1.0) / quick)), 0.0)
        return np.asarray(first + gain + 0.005 * np.minimum(epochs, 1.0) + drop)
    if plan.kind == "order":
        swing = random.uniform(0.1, 0.2) * random.choice((-1.0, 1.0))
        inside = swing * (t + 0.25 * np.sin(2.0 * np.pi * t + random.uniform(0.0, 6.0)) - 0.5)
        return np.asarray(first + gain + inside + 0.005 * floor)
    fall = random.uniform(0.08, 0.15)
    collapse = np.where((epochs > 0.4) & (epochs < 1.0), fall * (epochs - 0.4) / 0.6, 0.0)
    return np.asarray(first + gain - collapse)


class Made:
    """A run made up from a plan: its log, and all that is true of it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = np.random.default_rng(
            (plan.seed, KINDS.index(plan.kind), BARS.index(plan.bar))
        )
        accuracy = "acc" if plan.bar.startswith(("keras2", "verbose")) else "accuracy"
        self.names = ("loss", accuracy)
        self.accuracy = accuracy
        p = np.clip(level(plan, self.random), 0.01, 0.99)
        self.level: dict[str, FloatArray] = {"loss": 2.0 * (1.0 - p) + 0.05, accuracy: p}
        """The level behind each batch, by metric, shape (epochs, steps)."""
        scale = LOSS_NOISE / plan.batch_size
        self.batches: dict[str, FloatArray] = {
            "loss": self.random.gamma(self.level["loss"] / scale, scale),
            accuracy: self.random.binomial(plan.batch_size, p) / plan.batch_size,
        }
        """The value of each batch, by metric, shape (epochs, steps)."""
        self.log = self._log()

    @property
    def edge(self) -> int:
        """Batches of an edge."""
        return max(round(EDGE * self.plan.steps), 1)

    def truth(self, metric: str, epoch: int, displayed_end: float, *, of_batches: bool) -> Truth:
        """The true parts at the end of an epoch (1-based)."""
        values = (self.batches if of_batches else self.level)[metric]
        end = float(values[epoch - 1, -self.edge :].mean())
        start = float(values[epoch, : self.edge].mean())
        return Truth(end - displayed_end, start - end)

    def decidable(self, metric: str, epoch: int, displayed_end: float) -> bool:
        """Whether chance leaves a part that carries the jump four standard errors from zero.

        With all batches known. A part carries if it is at least a quarter of the movement.
        """
        truth = self.truth(metric, epoch, displayed_end, of_batches=False)
        at = float(self.level[metric][epoch - 1, -1])
        batch = at * (1.0 - at) if metric == self.accuracy else at * LOSS_NOISE
        sd = float(np.sqrt(batch / self.plan.batch_size / self.edge))
        lag, step = abs(truth.lag), abs(truth.step)
        if self.plan.kind == "luck":
            return self.plan.steps >= 100
        carries = [
            part for part in (lag / sd, step / (1.5 * sd)) if part * sd > 0.25 * (lag + step)
        ]
        return all(part > 5.0 for part in carries)

    # --- the log -----------------------------------------------------------------------------

    def _log(self) -> bytes:
        lines: list[str] = []
        for epoch in range(3):
            lines.append(f"Epoch {epoch + 1}/3\n")
            lines.append(self._epoch(epoch))
            if self.plan.kind == "learning-rate" and epoch == 0:
                rate = "\nEpoch 00001: ReduceLROnPlateau reducing learning rate to 0.0001.\n"
                lines.append(rate)
            if self.plan.kind == "restored" and epoch == 0:
                lines.append("Restoring model weights from the end of the best epoch\n")
        return "".join(lines).encode()

    def _steps(self) -> list[int]:
        last = self.plan.steps
        if self.plan.prints is not None:
            even = np.linspace(0.0, last, self.plan.prints + 2)[1:-1]
            return sorted({1, *np.round(even).astype(int).tolist()})
        chosen = np.flatnonzero(self.random.random(last) < 0.5) + 1
        return sorted({1, *chosen.tolist()} - {last})

    def _epoch(self, epoch: int) -> str:
        law, last = self.plan.law, self.plan.steps
        weights = [1.0] * last
        values = {name: x[epoch].tolist() for name, x in self.batches.items()}
        within = {
            n: laws.forward(replace(law, final="same"), x, weights) for n, x in values.items()
        }
        end = {name: laws.forward(law, x, weights)[-1] for name, x in values.items()}
        final = self._fields(end) + self._extra(epoch)
        if self.plan.bar == "verbose2":
            return f" - 3s{final}\n"
        bars = [
            self._bar(k, over=False) + self._fields({n: h[k - 1] for n, h in within.items()})
            for k in self._steps()
        ]
        if self.plan.bar not in ("keras2-steps", "keras2-samples"):
            at_end = {n: h[-1] for n, h in within.items()}
            bars.append(self._bar(last, over=False) + self._fields(at_end))
        bars.append(self._bar(last, over=True) + final)
        if self.plan.bar.startswith("keras2"):
            return "\n" + "\n".join(bars) + "\n"
        return "\r" + "\r".join(bars) + "\n"

    def _extra(self, epoch: int) -> str:
        """Validation, which does not follow a staircase, and the learning rate."""
        still = self.plan.kind in ("staircase", "falling-staircase")
        ends = {n: self.level[n][0 if still else epoch, -1] for n in self.names}
        text = self._fields({f"val_{n}": float(v) for n, v in ends.items()})
        if self.plan.kind == "learning-rate":
            text += f" - lr: {number(0.001 if epoch == 0 else 0.0001).text}"
        return text

    @staticmethod
    def _fields(values: dict[str, float]) -> str:
        return "".join(f" - {name}: {number(value).text}" for name, value in values.items())

    def _bar(self, k: int, *, over: bool) -> str:
        last = self.plan.steps
        unit = self.plan.batch_size if self.plan.bar == "keras2-samples" else 1
        done, total = k * unit, last * unit
        step = f"{done:{len(str(total))}d}/{total}"
        if self.plan.bar.startswith("keras3"):
            cells = 20 * k // last
            drawn = f"\x1b[32m{'━' * cells}\x1b[0m" if cells else ""
            time = "7s" if over else f"{(last - k) // 100}s"
            rest = f"\x1b[37m{'━' * (20 - cells)}\x1b[0m \x1b[1m{time}\x1b[0m 10ms/step"
            return f"\x1b[1m{step}\x1b[0m {drawn}{rest}"
        cells = 30 * k // last
        drawn = "=" * max(cells - 1, 0) + (">" if 0 < cells < 30 else "=" * (cells == 30))
        return f"{step} [{drawn:.<30}] - {'3s 24ms/step' if over else 'ETA: 3s'}"
