"""The scatter of batches tells their size, whatever the level does meanwhile."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import log

import numpy as np
import pytest

from tests.simulate import SHAPES, Case, Shape, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.inference.spread import (
    BEND,
    DEGREE,
    GRID,
    PER_OCTAVE,
    PLACES,
    STEP,
    Spread,
    carried,
    or_rough,
    smeared,
)

OCTAVE = log(2.0)


def told(run: Simulated, guess: float | None = None) -> FloatArray:
    spread = read(run)
    found = spread.likelihood(guess or run.case.batch_size)
    assert found is not None
    return found


def read(run: Simulated) -> Spread:
    spread = Spread(run.case.law.depth)
    for s in run.samples(run.accuracy):
        if not s.final and not s.last:
            spread.take(s.epoch, s.k, s.displayed, s.quantum)
    return spread


def for_half(case: Case, seed: int) -> float:
    """Nats by which the scatter speaks for batches half the size."""
    found = smeared(told(Simulated(replace(case, seed=seed))))
    true = log(case.batch_size)
    return float(np.interp(true - OCTAVE, GRID, found) - np.interp(true, GRID, found))


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


def test_a_step_does_not_look_like_smaller_batches() -> None:
    """It comes between two prints that are told apart; the level bends there too."""
    case = Case(laws.TWICE_RESET, "abrupt", batch_size=1024, steps=406)
    assert np.mean([for_half(case, seed) for seed in range(24)]) < -1.2


def test_a_bend_does_not_look_like_smaller_batches() -> None:
    case = Case(laws.STATE, "power", batch_size=32, steps=1875, epochs=1, every=60.0)
    assert np.mean([for_half(case, seed) for seed in range(24)]) < -0.4


def test_one_rough_block_does_not_outvote_others() -> None:
    """However rough it is: a block that is 10 octaves rougher says little of 512 or 1024."""
    rough = or_rough(-0.5 * ((GRID - log(1.0)) / 0.5) ** 2)
    at_512, at_1024 = np.interp([log(512), log(1024)], GRID, rough)
    assert 0.0 < at_512 - at_1024 < 0.5
    usual = or_rough(-0.5 * ((GRID - log(1024.0)) / 0.5) ** 2)
    at_512, at_1024 = np.interp([log(512), log(1024)], GRID, usual)
    assert at_1024 - at_512 > 0.7


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("first", [0, 7])
def test_what_prints_show_is_what_the_law_makes_of_the_batches(depth: int, first: int) -> None:
    k = first + np.array([0, 1, 4, 5, 12, 23])
    gone = k - first
    batches = int(gone[-1])
    time = np.arange(1.0, batches + 1.0)

    def shown(values: FloatArray) -> FloatArray:
        sums = np.cumsum(values, axis=0)
        if depth == 2:
            sums = np.cumsum(sums / (first + time)[:, None], axis=0)
        return np.asarray(np.vstack([np.zeros(values.shape[1]), sums])[gone])

    trend, breaks, noise = carried(k, depth)
    powers = (time[:, None] / batches) ** np.arange(DEGREE + 1)
    assert trend[:, : DEGREE + 1] == pytest.approx(shown(powers))
    each = shown(np.eye(batches))
    assert noise == pytest.approx(each @ each.T)
    assert PLACES == 2
    places = np.array([0, 1, 2, 4, 5, 8, 12, 17])
    steps = (time[:, None] > places).astype(np.float64)
    assert breaks[:, :8] == pytest.approx(shown(STEP * steps))
    slopes = np.maximum(time[:, None] - gone[:-1], 0) / batches
    assert breaks[:, 8:] == pytest.approx(shown(BEND * slopes), abs=1e-12)


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


def test_prints_millions_of_batches_apart_tell_nothing_and_cost_nothing() -> None:
    spread = Spread(1)
    for k in range(1, 40):
        spread.take(1, k * 4_000_000, 0.5 + 0.001 * (k % 3), 1e-4)
    tracemalloc.start()
    assert spread.likelihood(100.0) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000
