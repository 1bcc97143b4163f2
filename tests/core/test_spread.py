"""The scatter of batches tells their size, whatever the level does meanwhile."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest

from tests.simulate import SHAPES, Case, Shape, Simulated
from tui_monitor.core import laws
from tui_monitor.core.arrays import FloatArray
from tui_monitor.core.spread import GRID, PER_OCTAVE, Spread, smeared

OCTAVE = log(2.0)


def told(run: Simulated, guess: float | None = None) -> FloatArray:
    spread = read(run)
    found = spread.likelihood(guess or run.case.batch_size)
    assert found is not None
    return found


def read(run: Simulated) -> Spread:
    spread = Spread(run.case.law.depth)
    for line in run.lines:
        if not line.final and line.k < run.case.steps:
            n = line.numbers[run.accuracy]
            spread.take(line.epoch, line.k, n.displayed, n.quantum)
    return spread


def size(likelihood: FloatArray) -> float:
    """Logarithm of the likeliest size."""
    return float(GRID[likelihood.argmax()])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("case", "error"),
    [
        (Case(laws.STATE, batch_size=4096, steps=50, epochs=4), 0.5),
        (Case(laws.STEPS, batch_size=32, steps=400), 0.4),
        (Case(laws.STATE, batch_size=256, steps=1000, every=10.0), 0.5),
        (Case(laws.TWICE_RESET, batch_size=64, steps=400), 0.9),
        (Case(laws.TWICE_APPENDED, batch_size=512, steps=900, every=5.0), 0.9),
    ],
    ids=["4096", "steps", "throttled", "twice", "twice, throttled"],
)
def test_the_scatter_tells_the_size(case: Case, error: float, shape: Shape) -> None:
    errors = [
        size(told(Simulated(replace(case, shape=shape, seed=seed)))) - log(case.batch_size)
        for seed in range(4)
    ]
    assert abs(np.mean(errors)) < error
    assert max(map(abs, errors)) < 2.5 * error


def test_a_wrong_guess_does_no_harm() -> None:
    run = Simulated(Case(laws.STATE, batch_size=256, steps=200))
    assert size(told(run, 32.0)) == pytest.approx(log(256), abs=0.5)
    assert size(told(run, 2048.0)) == pytest.approx(log(256), abs=0.5)


def test_epochs_are_weighed_as_they_come() -> None:
    """What was asked before does not change what is answered."""
    run = Simulated(Case(laws.STATE, batch_size=64, steps=60, epochs=3))
    asked = Spread(1)
    for line in run.lines:
        n = line.numbers[run.accuracy]
        asked.take(line.epoch, line.k, n.displayed, n.quantum)
        if line.k % 20 == 0:
            asked.likelihood(64.0)
    at_once = Spread(1)
    for line in run.lines:
        n = line.numbers[run.accuracy]
        at_once.take(line.epoch, line.k, n.displayed, n.quantum)
    assert asked.likelihood(64.0) == pytest.approx(at_once.likelihood(64.0))


def test_few_prints_and_perfect_batches_tell_nothing() -> None:
    assert Spread(1).likelihood(32.0) is None
    few = Spread(1)
    for k in range(1, 7):
        few.take(1, k, 0.5 + 0.01 * k, 1e-4)
    assert few.likelihood(32.0) is None
    perfect = Spread(1)
    for k in range(1, 100):
        perfect.take(1, k, 1.0, 1e-4)
    assert perfect.likelihood(32.0) is None


def test_the_error_of_the_model_leaves_no_size_out() -> None:
    sharp = -0.5 * ((GRID - log(64.0)) / 0.05) ** 2
    found = smeared(sharp)
    assert size(found) == pytest.approx(log(64.0), abs=0.2)
    octave = int(found.argmax()) + PER_OCTAVE
    assert -5.0 < found[octave] < -2.0
    assert found.min() > -30.0
