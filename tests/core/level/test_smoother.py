"""The second pass over a level: exactness of its parts, and where it lets the level step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests import simulate
from tests.simulate import Case, Simulated, kernel_of, narrowed
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.gaps import Gap
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.level import kalman
from tui_monitor.core.level.filter import IMPATIENT, SILENT, LevelFilter
from tui_monitor.core.level.kalman import ONCE, TWICE, Observation
from tui_monitor.core.level.smoother import (
    Legs,
    Pass,
    Run,
    drifting,
    in_pieces,
    learnt_drift,
    log_gains,
    may_step,
    one_pass,
    shocked,
    smooth,
    state_before,
    suspects,
)
from tui_monitor.core.level.steps import Steps
from tui_monitor.core.noise import Noise

GAPS = (3, 1, 40, 7, 2, 30, 5)
"""Batches between the prints of an epoch."""


def way(gaps: list[Gap], told: list[Observation], drift: list[float]) -> Legs:
    """Of one epoch, to prints with a noise of 0.5."""
    n = len(gaps)
    return Legs(gaps, [*told], [None] * n, [0.5] * n, drift, [0.0] * n, [None] * n, [True] * n)


def made_up(*, twice: bool, epochs: int = 2) -> Run:
    """Prints of arbitrary numbers; the noise is the same at any level."""
    random = np.random.default_rng(5)
    gaps, told = [], []
    for _ in range(epochs):
        k = 0
        for n in GAPS:
            k0, k = k, k + n
            weights = (0.0, 1.0) if twice else (1.0, 0.0)
            told.append(Observation(k * random.normal(1.0, 0.3), *weights, 0.01 * k * k))
            gaps.append(kernel_of(twice=twice).gap(k0, k))
    legs = way(gaps, told, [0.02] * len(gaps))
    for epoch in range(1, epochs):
        legs.restart[epoch * len(GAPS)] = 0.3
    start = (1.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if twice:
        return Run(legs, start, Noise("real"), kalman.TWICE)
    return Run(legs, narrowed(start), Noise("real"), kalman.ONCE)


def smoothed(found: Pass) -> tuple[FloatArray, ...]:
    return found.level, found.variance, found.total


# --- parts of a way -------------------------------------------------------------------------------


@pytest.mark.parametrize("twice", [False, True])
def test_a_way_in_pieces_tells_the_same(twice: bool) -> None:
    run = made_up(twice=twice)
    pieces = in_pieces(run.legs, run.kernel)
    assert len(pieces) > 3 * len(run.legs)
    assert sum(gap.n for gap in pieces.gap) == 2 * sum(GAPS)
    ends = list(zip(pieces.observation, pieces.told, strict=True))
    assert [o for o, told in ends if told] == run.legs.observation
    assert all(o is SILENT for o, told in ends if not told)
    whole, cut = one_pass(run), one_pass(run._replace(legs=pieces))
    assert cut.likely.sum() == pytest.approx(whole.likely.sum())
    for one, other in zip(smoothed(cut), smoothed(whole), strict=True):
        assert one[pieces.told] == pytest.approx(other)


def test_a_way_of_one_batch_or_with_a_step_stays_whole() -> None:
    leg = replace(made_up(twice=True).legs.part(2, 3), shock=[0.1])
    assert in_pieces(leg, TWICE) == leg
    single = made_up(twice=True).legs.part(1, 2)
    assert in_pieces(single, TWICE) == single


@pytest.mark.parametrize("room", [0.01, 5.0])
@pytest.mark.parametrize("twice", [False, True])
def test_the_gain_of_a_step_is_the_ratio_of_the_likelihoods(twice: bool, room: float) -> None:
    run = made_up(twice=twice)
    without = one_pass(run)
    gains = log_gains(without.pull, without.telling, room)
    free = may_step(run.legs)
    for i in range(len(run.legs)):
        shock = list(run.legs.shock)
        shock[i] = room
        with_step = one_pass(run._replace(legs=replace(run.legs, shock=shock)))
        if free[i]:
            assert with_step.likely.sum() - without.likely.sum() == pytest.approx(
                gains[i], abs=1e-8
            )


@pytest.mark.parametrize("twice", [False, True])
def test_a_pass_may_begin_anywhere(twice: bool) -> None:
    """From the filter's state there, with the same likelihood, and the same said of what follows."""
    run = made_up(twice=twice)
    whole = one_pass(run)
    for first in (1, len(GAPS) - 1, len(GAPS), len(GAPS) + 2):
        rest = run._replace(legs=run.legs.part(first), start=state_before(run, whole, first))
        part = one_pass(rest)
        assert part.likely == pytest.approx(whole.likely[first:])
        for one, other in zip(smoothed(part), smoothed(whole), strict=True):
            assert one == pytest.approx(other[first:])


def test_numbers_beyond_all_proportion_ask_for_no_step() -> None:
    """What rounding leaves of the prints' information may be less than nothing."""
    random = np.random.default_rng(0)
    less = 0
    for _ in range(20):
        gaps, told, drift = [], [], []
        k = 0
        for n in random.integers(1, 4, 8).tolist():
            k0, k = k, k + n
            y = k * float(random.choice([0.0, 1e12]))
            told.append(Observation(y, 0.0, 1.0, 1e-9 * k * k))
            gaps.append(TWICE.gap(k0, k))
            drift.append(float(random.choice([1e-7, 3.0])))
        legs = way(gaps, told, drift)
        start = (1e12, 0.0, 0.0, 1e24, 0.0, 0.0, 0.0, 0.0, 0.0)
        found = one_pass(Run(legs, start, Noise("positive"), kalman.TWICE))
        less += int((found.telling == 0.0).any())
        gains = log_gains(found.pull, found.telling, 1e23)
        assert (gains[found.telling == 0.0] == 0.0).all()
        assert np.isfinite(gains).all()
    assert less


# --- drift ----------------------------------------------------------------------------------------


def followed(x: FloatArray, scale: float) -> LevelFilter:
    """Batches of an accuracy, unrounded, one at a time."""
    tracker = LevelFilter(
        Noise("fraction", scale), ONCE, guess=float(x[0]), spread=0.5, patience=IMPATIENT
    )
    for total in np.cumsum(x).tolist():
        tracker.follow(ONCE.gap(0, 1), Observation(total, 1.0, 0.0, 0.0))
    return tracker


def test_weights_that_were_kept_keep_their_drift() -> None:
    """Prints where the bank was not run have the drift of the print before them."""
    random = np.random.default_rng(6)
    steps = followed(random.binomial(64, np.repeat([0.6, 0.7], 60)) / 64, 1 / 64).steps
    kept = [steps.weights[i - i % 3] for i in range(len(steps))]
    drift = learnt_drift(kept)
    assert drift == [drift[i - i % 3] for i in range(len(drift))]
    assert len(set(drift)) > 10


def test_one_print_is_smoothed() -> None:
    tracker = followed(np.array([0.5]), 1 / 64)
    result = smooth(tracker.steps, tracker.start, tracker.noise, tracker.kernel)
    assert result.level.shape == (1,)
    assert result.level[0] == pytest.approx(tracker.level, abs=tracker.sd)


# --- steps of the level ---------------------------------------------------------------------------

Curve = Callable[[str, int, int], FloatArray]


def stepping(at: int, before: float, after: float) -> Curve:
    """A curve that steps at one batch of the first epoch."""

    def curve(_: str, steps: int, epochs: int) -> FloatArray:
        t = np.arange(steps * epochs)
        return np.where(t < at, before, after).reshape(epochs, steps)

    return curve


def known_noise(run: Simulated) -> tuple[Steps, LevelFilter, FloatArray]:
    """The accuracy's prints as the filter took them, and the true level after each."""
    twice = run.case.law.depth == 2
    first = run.lines[0].numbers[run.accuracy].displayed
    noise = Noise("fraction", 1.0 / run.case.batch_size)
    tracker = LevelFilter(
        noise, kernel_of(twice=twice), guess=first, spread=0.5, patience=IMPATIENT
    )
    truth: list[float] = []
    for epoch in range(1, run.case.epochs + 1):
        if epoch > 1:
            tracker.restart(0.01)
        k0 = 0
        for line in run.lines:
            if line.epoch != epoch or line.final:
                continue
            k, shown = line.k, line.numbers[run.accuracy]
            weights = (0.0, 1.0) if twice else (1.0, 0.0)
            o = Observation(k * shown.displayed, *weights, (k * shown.quantum) ** 2 / 12.0)
            tracker.follow(kernel_of(twice=twice).gap(k0, k), o)
            truth.append(float(run.level[run.accuracy][epoch - 1, k - 1]))
            k0 = k
    return tracker.steps, tracker, np.array(truth)


STEPPED = {
    "once": Case(laws.STATE, batch_size=256, steps=400),
    "once, throttled": Case(laws.STATE, batch_size=256, steps=800, every=12.0),
    "twice": Case(laws.TWICE_RESET, batch_size=1024, steps=400),
    "twice, throttled": Case(laws.TWICE_RESET, batch_size=256, steps=800, every=12.0),
}


@pytest.mark.parametrize("name", STEPPED)
def test_a_step_costs_few_prints(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is placed to a print or two, and the band owns to the doubt."""
    case = STEPPED[name]
    at = 2 * case.steps // 5
    monkeypatch.setattr(simulate, "curve", stepping(at, 0.6, 0.8))
    outside, astray = 0, 0
    squares: list[float] = []
    for seed in range(12):
        steps, tracker, truth = known_noise(Simulated(replace(case, seed=seed)))
        result = smooth(steps, tracker.start, tracker.noise, tracker.kernel)
        error = np.abs(result.level - truth)
        squares.append(float(np.mean(error**2)))
        astray += int((error > 0.05).sum())
        near = int(np.argmax(truth > 0.7))
        around = slice(near - 4, near + 4)
        outside += int((error > 1.96 * np.sqrt(result.variance))[around].sum())
    assert astray <= 12
    assert outside <= 12
    assert np.sqrt(np.mean(squares)) < 0.007


@pytest.mark.parametrize("shape", ["exp", "flat", "sine"])
@pytest.mark.parametrize("law", [laws.STATE, laws.TWICE_RESET])
def test_a_level_that_never_steps_is_not_made_to(law: laws.Law, shape: simulate.Shape) -> None:
    for seed in range(3):
        run = Simulated(Case(law, shape, batch_size=128, steps=300, seed=seed))
        steps, tracker, _ = known_noise(run)
        legs = drifting(steps, learnt_drift(steps.weights))
        made = Run(legs, tracker.start, tracker.noise, tracker.kernel)
        found = one_pass(made)
        tried = suspects(made.legs, found)
        assert not any(shocked(made, found, at, near) for at, near in tried)


def test_room_for_a_step_is_shared_out() -> None:
    """Among the places where it may be, by how likely each is."""
    random = np.random.default_rng(8)
    level = np.repeat([0.6, 0.63], 150)
    steps = followed(random.binomial(512, level) / 512, 1 / 512).steps
    legs = drifting(steps, [1e-6] * len(steps))
    run = Run(legs, ONCE.begin(0.6, 0.25), Noise("fraction", 1 / 512), ONCE)
    better = shocked(run, one_pass(run), 150, range(100, 200))
    assert better is not None
    shocks = np.array(better.legs.shock)
    assert (shocks > 0.0).sum() > 1
    assert shocks.sum() == pytest.approx(0.01, rel=0.05)
    assert shocks[140:160].sum() > 0.9 * shocks.sum()
    assert one_pass(better).likely.sum() > one_pass(run).likely.sum()
