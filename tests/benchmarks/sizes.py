"""How often the batch size of a run is found, and how far its margin can be believed.

    python -m tests.benchmarks.sizes [--runs N] [--seed S]

makes up runs at random, of every law that averages, and prints Markdown. `told` are runs with at least
three early prints: such that a count of right answers is finer than the last digit, k q b < 1 after
batch k. Where a log averages twice a print tells a count only if the batches before it were printed
too, and k^2 q b < 1: that share is `told twice`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import exp
from typing import NamedTuple

import numpy as np

from tests.simulate import SHAPES, Case, Shown, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.inference.bar_size import CERTAIN, LIKELY
from tui_monitor.core.inference.batchsize import Likeliest
from tui_monitor.core.inference.sizing import SizeEvidence

LAWS = (laws.STATE, laws.STEPS, laws.TWICE_APPENDED, laws.TWICE_RESET)
SIZES = (
    *(8, 16, 20, 32, 32, 32, 48, 50, 64, 64, 64, 100, 128, 128, 200, 250, 256, 256, 300),
    *(500, 512, 1000, 1024, 2048, 4096),
)
STEPS = (40, 100, 200, 400, 938, 1875)
EVERY = (1.0, 1.0, 1.5, 4.0, 15.0)
ENOUGH = 3
"""Early prints that a run must have to count as told."""
MARGINS = (-99.0, 0.0, LIKELY, 2.0, 3.0, CERTAIN, 8.0, 12.0, 99.0)


class Measured(NamedTuple):
    """One run."""

    case: Case
    found: Likeliest
    told: bool
    told_twice: bool

    @property
    def right(self) -> bool:
        """Whether the likeliest size is the true one."""
        return self.found.size == self.case.batch_size


def made_up(random: np.random.Generator) -> Case:
    """A run drawn at random."""
    size = int(random.choice(SIZES))
    return Case(
        law=LAWS[random.integers(len(LAWS))],
        shape=SHAPES[random.integers(len(SHAPES))],
        batch_size=size,
        steps=int(random.choice(STEPS)),
        epochs=int(random.integers(1, 6)),
        every=float(random.choice(EVERY)),
        last=int(random.integers(1, size + 1)),
        seed=int(random.integers(1 << 30)),
    )


def measure(case: Case) -> Measured:
    """Infer the batch size of a run whose law is known."""
    run = Simulated(case)
    name, steps = run.accuracy, case.steps
    evidence = SizeEvidence()
    evidence.take(name, case.law.depth, run.samples(name))
    evidence.ask_scatter()
    full = [line for line in run.lines if not line.final and line.k < steps]
    telling = [line for line in full if 0.0 < line.numbers[name].displayed < 1.0]
    q = 10.0**-case.digits * case.batch_size
    early = sum(line.k * q < 1.0 for line in telling)
    in_a_row = sum(line.k**2 * q < 1.0 for line in unbroken(full))
    return Measured(case, evidence.likeliest(), early >= ENOUGH, in_a_row >= ENOUGH)


def unbroken(lines: Iterable[Shown]) -> Iterable[Shown]:
    """The lines that have all batches of their epoch before them printed."""
    epoch = done = 0
    for line in lines:
        if line.epoch != epoch:
            epoch, done = line.epoch, 0
        if line.k == done + 1:
            done = line.k
            yield line


def share(part: int, whole: int) -> str:
    """Percentage."""
    return f"{100.0 * part / whole:.1f} %" if whole else "-"


def found_row(name: str, runs: Sequence[Measured]) -> str:
    """A line of the first table: sizes that are said, and right."""
    likely = [m for m in runs if m.found.margin > LIKELY]
    certain = [m for m in runs if m.found.margin > CERTAIN]
    cells = [
        *(name, str(len(runs)), share(sum(m.right for m in likely), len(runs))),
        *(share(sum(not m.right for m in likely), len(runs)), share(len(certain), len(runs))),
        str(sum(not m.right for m in certain)),
    ]
    return f"| {' | '.join(cells)} |"


def margin_rows(runs: Sequence[Measured]) -> Iterable[str]:
    """The lines of the second table: how often margins keep what they promise."""
    for low, high in pairwise(MARGINS):
        some = [m for m in runs if low < m.found.margin <= high]
        promised = float(np.mean([1.0 / (1.0 + exp(-m.found.margin)) for m in some] or [0.0]))
        right = share(sum(m.right for m in some), len(some))
        yield f"| {low:g} to {high:g} | {len(some)} | {right} | {100.0 * promised:.1f} % |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How often the batch size of a run is found.")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    random = np.random.default_rng(options.seed)
    runs = [measure(made_up(random)) for _ in range(options.runs)]
    once = [m for m in runs if m.case.law.depth == 1]
    twice = [m for m in runs if m.case.law.depth == 2]
    print("| runs | number | said, right | said, wrong | certain | certain, wrong |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(found_row("averaged once", once))
    print(found_row("averaged once, told", [m for m in once if m.told]))
    print(found_row("averaged twice", twice))
    print(found_row("averaged twice, told", [m for m in twice if m.told]))
    print(found_row("averaged twice, told twice", [m for m in twice if m.told_twice]))
    print("\n| margin, nats | runs | right | promised |\n| --- | --- | --- | --- |")
    print("\n".join(margin_rows(runs)))


if __name__ == "__main__":
    main()
