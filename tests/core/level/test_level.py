"""The level's filter and smoother on made-up runs, whose true level is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product
from math import exp, sqrt

import numpy as np
import pytest

from tests.simulate import LOSS_NOISE, SHAPES, Case, Simulated, follow_batches, kernel_of
from tui_monitor.core.averages import laws
from tui_monitor.core.columns.arrays import FloatArray
from tui_monitor.core.level import kalman
from tui_monitor.core.level.bank import DRIFTS, PRIOR, heard, start
from tui_monitor.core.level.filter import IMPATIENT, LevelFilter
from tui_monitor.core.level.kalman import Observation
from tui_monitor.core.level.smoother import Run, Smoothed, drifting, learnt_drift, one_pass, smooth
from tui_monitor.core.level.steps import Steps
from tui_monitor.core.noise import OF_ANYTHING, Noise, Scale

ONCE = Case(law=laws.STATE, batch_size=64, steps=300)
BANK = {
    "every batch": ONCE,
    "large batches": replace(ONCE, batch_size=1024),
    "throttled": replace(ONCE, every=8.0, steps=600),
    "3 digits": replace(ONCE, batch_size=128, steps=150, digits=3),
    "twice": replace(ONCE, law=laws.TWICE_RESET),
    "twice, throttled": replace(ONCE, law=laws.TWICE_RESET, every=8.0, steps=600),
}


class Followed:
    """A metric's prints, followed and smoothed under the law that made them."""

    def __init__(
        self, run: Simulated, name: str, *, known: bool = True, sparing: bool = True
    ) -> None:
        """`known`: the noise of an accuracy is given by its batch size, else learnt.

        `sparing`: the bank need not hear of every print.
        """
        twice = run.case.law.depth == 2
        fraction = name == run.accuracy
        scale = 1.0 / run.case.batch_size if fraction and known else None
        first = run.lines[0].numbers[name].displayed
        spread = 0.5 if fraction else abs(first)
        self.filter = LevelFilter(
            Noise("fraction" if fraction else "positive", scale),
            kernel_of(twice=twice),
            guess=first,
            spread=spread,
            patience=None if sparing else IMPATIENT,
        )
        self.live: list[tuple[float, float]] = []
        truth: list[float] = []
        self.at: list[tuple[int, int]] = []
        for epoch in range(1, run.case.epochs + 1):
            if epoch > 1:
                self.filter.restart(0.01 if fraction else (0.3 * self.filter.level) ** 2)
            k0 = 0
            for line in run.lines:
                if line.epoch != epoch or line.final:
                    continue
                shown = line.numbers[name]
                k = line.k
                error = (k * shown.quantum) ** 2 / 12.0
                weights = (0.0, 1.0) if twice else (1.0, 0.0)
                g = self.filter.kernel.gap(k0, k)
                self.filter.follow(g, Observation(k * shown.displayed, *weights, error))
                self.live.append((self.filter.level, self.filter.sd))
                truth.append(float(run.level[name][epoch - 1, k - 1]))
                self.at.append((epoch - 1, k - 1))
                k0 = k
        self.truth: FloatArray = np.array(truth)
        filtered = self.filter
        self.smoothed: Smoothed = smooth(
            filtered.steps, filtered.start, filtered.noise, filtered.kernel
        )

    @property
    def error(self) -> FloatArray:
        return np.asarray(np.array(self.smoothed.level) - self.truth, dtype=np.float64)

    @property
    def sd(self) -> FloatArray:
        return np.asarray(np.sqrt(self.smoothed.variance), dtype=np.float64)

    def reference_error(self, run: Simulated, name: str) -> FloatArray:
        """The same of the smoother that is told the exact sums where there are prints."""
        best = follow_batches(run, name, printed=True).smoothed
        rows, columns = zip(*self.at, strict=True)
        return np.asarray(best[list(rows), list(columns)] - self.truth, dtype=np.float64)


def rms(errors: FloatArray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


# --- over a bank of runs --------------------------------------------------------------------------


Bank = dict[tuple[str, str, str], tuple[Simulated, Followed]]


@pytest.fixture(scope="module")
def bank() -> Bank:
    """Every case with every shape and both metrics; by case, shape and metric."""
    found: Bank = {}
    for name, case in BANK.items():
        for seed, shape in enumerate(SHAPES):
            run = Simulated(replace(case, shape=shape, seed=seed))
            for kind, metric in (("loss", run.loss), ("accuracy", run.accuracy)):
                found[name, shape, kind] = (run, Followed(run, metric))
    return found


@pytest.mark.parametrize("kind", ["accuracy", "loss"])
def test_the_band_holds_the_truth_as_often_as_it_says(bank: Bank, kind: str) -> None:
    inside = np.concatenate(
        [np.abs(f.error) <= 1.96 * f.sd for key, (_, f) in bank.items() if key[2] == kind]
    )
    assert 0.90 <= inside.mean() <= 0.99


@pytest.mark.parametrize("kind", ["accuracy", "loss"])
@pytest.mark.parametrize(
    ("case", "most"), [(name, 1.6 if "twice" in name else 1.15) for name in BANK]
)
def test_rounding_costs_the_level_little(bank: Bank, case: str, most: float, kind: str) -> None:
    """Where the bar averages twice, rounding weighs more: errors grow with the square of k."""
    rounded, unrounded = [], []
    for shape in SHAPES:
        run, followed = bank[case, shape, kind]
        rounded.append(followed.error)
        name = run.loss if kind == "loss" else run.accuracy
        unrounded.append(followed.reference_error(run, name))
    assert rms(np.concatenate(rounded)) <= most * rms(np.concatenate(unrounded))


@pytest.mark.parametrize("kind", ["accuracy", "loss"])
@pytest.mark.parametrize("case", BANK)
def test_looking_back_sharpens(bank: Bank, case: str, kind: str) -> None:
    each = [bank[case, shape, kind][1] for shape in SHAPES]
    live = [np.array([level for level, _ in f.live]) - f.truth for f in each]
    assert rms(np.concatenate([f.error for f in each])) < 0.8 * rms(np.concatenate(live))


def test_the_newest_level_is_the_same_forward_and_backward(bank: Bank) -> None:
    """The smoother's last value differs from the filter's only by the drift, which it fixes."""
    for _, followed in bank.values():
        level, sd = followed.live[-1]
        assert abs(followed.smoothed.level[-1] - level) < sd


@pytest.mark.parametrize("case", ["every batch", "large batches", "throttled", "3 digits"])
def test_the_noise_of_a_loss_is_learnt(bank: Bank, case: str) -> None:
    found = []
    for shape in SHAPES:
        run, followed = bank[case, shape, "loss"]
        found.append(followed.filter.noise.scale * run.case.batch_size / LOSS_NOISE)
    assert 0.5 < np.exp(np.mean(np.log(found))) < 2.0
    assert 1 / 3 < min(found) <= max(found) < 3.0


def test_the_noise_of_an_accuracy_is_learnt_where_the_batch_size_is_unknown() -> None:
    for shape in SHAPES:
        run = Simulated(replace(ONCE, shape=shape, seed=3))
        scale = Followed(run, run.accuracy, known=False).filter.noise.scale
        assert 0.5 / 64 < scale < 2.0 / 64, shape


def test_a_step_behind_two_averages_is_placed_where_it_is() -> None:
    """A filter notices it tens of prints late."""
    run = Simulated(Case(laws.TWICE_RESET, "abrupt", batch_size=1024, steps=406, seed=1))
    followed = Followed(run, run.accuracy)
    step = followed.at.index((0, 243))
    size = followed.truth[step + 1] - followed.truth[step - 1]
    live = np.array([level for level, _ in followed.live]) - followed.truth
    assert (np.abs(live) > 0.2 * size).sum() > 10
    assert (np.abs(followed.error) > 0.2 * size).sum() < 3


# --- drift ----------------------------------------------------------------------------------------


def feed(tracker: LevelFilter, x: list[float]) -> None:
    """Batches, unrounded, one at a time."""
    for value in x:
        tracker.follow(kalman.ONCE.gap(0, 1), Observation(value, 1.0, 0.0, 0.0))
        tracker.restart(0.0)


RANDOM_WALKS = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 5e-2)
"""Variance of a batch's drift, relative to that of its noise: of a filter, and between two."""


Walks = dict[float, list[tuple[float, float, float, float]]]


@pytest.fixture(scope="module")
def walks() -> Walks:
    """Of accuracies whose level is a random walk of known drift, run by run.

    Errors as decoded, and where the drift is told; shares inside the band in the end, and live.
    """
    found: Walks = {}
    for drift, seed in product(RANDOM_WALKS, range(6)):
        random = np.random.default_rng(seed)
        moves = random.normal(0.0, sqrt(drift * 0.21 / 128), 2000)
        level = (0.7 + np.cumsum(moves)).clip(0.3, 0.97)
        x = (random.binomial(128, level) / 128).tolist()
        tracker = LevelFilter(Noise("fraction", 1 / 128), kalman.ONCE, guess=x[0], spread=0.5)
        live: list[tuple[float, float]] = []
        for k, total in enumerate(np.cumsum(x).tolist()):
            tracker.follow(kalman.ONCE.gap(k, k + 1), Observation(total, 1.0, 0.0, 0.0))
            live.append(tracker.belief())
        decoded = smooth(tracker.steps, tracker.start, tracker.noise, kalman.ONCE)
        legs = drifting(tracker.steps, [drift] * len(x))
        told = one_pass(Run(legs, tracker.start, tracker.noise, kalman.ONCE))
        errors = [each - level for each in (decoded.level, told.level, np.array(live)[:, 0])]
        sds = np.sqrt([decoded.variance, told.variance, np.array(live)[:, 1]])
        inside = [float(np.mean(np.abs(e) <= 1.96 * sd)) for e, sd in zip(errors, sds, strict=True)]
        run = (rms(errors[0]), rms(errors[1]), inside[0], inside[2])
        found.setdefault(drift, []).append(run)
    return found


def test_a_random_walk_of_any_drift_is_followed_as_if_that_were_known(walks: Walks) -> None:
    for runs in walks.values():
        decoded, told, _, _ = np.array(runs).T
        assert rms(decoded) < 1.15 * rms(told)


def test_the_band_holds_a_random_walk_of_any_drift(walks: Walks) -> None:
    shares = {drift: np.array(runs)[:, 2:].mean(axis=0) for drift, runs in walks.items()}
    assert min(end for end, _ in shares.values()) > 0.84
    assert min(live for _, live in shares.values()) > 0.92
    assert 0.92 < np.mean(list(shares.values())) < 0.98


def test_the_drift_learnt_rises_where_the_level_steps() -> None:
    random = np.random.default_rng(2)
    x = random.binomial(256, np.repeat([0.6, 0.85], 200)) / 256
    tracker = LevelFilter(
        Noise("fraction", 1 / 256), kalman.ONCE, guess=x[0], spread=0.5, patience=IMPATIENT
    )
    feed(tracker, x.tolist())
    drift = np.array(learnt_drift(tracker.steps.weights))
    quiet = np.concatenate([drift[20:190], drift[210:]])
    assert drift[198:204].max() > 100.0 * np.median(quiet)
    result = smooth(tracker.steps, tracker.start, tracker.noise, tracker.kernel)
    level = np.array(result.level)
    assert np.abs(level[:198] - 0.6).max() < 0.05
    assert np.abs(level[202:] - 0.85).max() < 0.05


def test_a_flat_level_is_learnt_to_be_flat() -> None:
    drifts: list[float] = []
    for seed in range(5):
        run = Simulated(replace(ONCE, shape="flat", seed=seed))
        followed = Followed(run, run.accuracy)
        drifts.append(learnt_drift(followed.filter.steps.weights)[300])
    assert np.median(drifts) < 2e-5
    # all 600 batches of 64 tell of the one level
    assert followed.sd[-1] < 3.0 * sqrt(0.09 / 64 / 600)


def test_the_bank_is_a_distribution() -> None:
    assert sum(PRIOR) == pytest.approx(1.0)
    assert len(PRIOR) == len(DRIFTS)
    run = Simulated(replace(ONCE, shape="abrupt"))
    for weights in Followed(run, run.loss).filter.steps.weights:
        assert sum(weights) == pytest.approx(1.0)
        assert min(weights) > 0.0


def test_no_prints_have_no_level() -> None:
    nowhere = (0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert all(
        column.shape == (0,) for column in smooth(Steps(), nowhere, Noise("real"), kalman.ONCE)
    )


# --- sparing the bank -----------------------------------------------------------------------------


def times_heard(tracker: LevelFilter) -> int:
    """Prints that changed the bank's weights."""
    return sum(a != b for a, b in pairwise(tracker.steps.weights))


@pytest.mark.parametrize("twice", [False, True])
def test_sparing_the_bank_costs_little(twice: bool) -> None:
    law = laws.TWICE_RESET if twice else laws.STATE
    live: list[float] = []
    end: list[float] = []
    for shape, seed in product(SHAPES, (5, 6, 7)):
        run = Simulated(Case(law, shape, batch_size=128, steps=800, seed=seed))
        for name in (run.loss, run.accuracy):
            sparing, sparse = Followed(run, name), Followed(run, name, sparing=False)
            heard = times_heard(sparing.filter)
            assert heard < 0.4 * len(sparing.filter.steps)
            assert heard < times_heard(sparse.filter)
            said = [np.array([level for level, _ in f.live]) - f.truth for f in (sparing, sparse)]
            live.append(rms(said[0]) / rms(said[1]))
            end.append(rms(sparing.error) / rms(sparse.error))
    for ratios in (live, end):
        assert np.exp(np.mean(np.log(ratios))) < 1.05
        assert max(ratios) < 1.75


@pytest.mark.parametrize("twice", [False, True])
def test_a_surprise_is_heard_at_once(twice: bool) -> None:
    law = laws.TWICE_RESET if twice else laws.STATE
    run = Simulated(Case(law, "flat", batch_size=128, steps=300, epochs=1))
    tracker = Followed(run, run.loss).filter
    k = run.case.steps
    weights = (0.0, 1.0) if twice else (1.0, 0.0)
    before = tracker.steps.weights[-1]
    level, change = tracker.level, 2.0 * tracker.level
    # a batch far above all others
    y = tracker.state[1] + level + change
    if twice:
        y = tracker.state[2] + y / (k + 1) + 1.0
    tracker.follow(kernel_of(twice=twice).gap(k, k + 1), Observation(y, *weights, 1e-6))
    assert tracker.steps.weights[-1] != before


def test_nothing_is_missed_at_an_epochs_end() -> None:
    """What the bank had not heard of it hears before the sums are gone."""
    missed = 0
    for steps in range(795, 800):
        run = Simulated(Case(laws.STATE, "flat", batch_size=128, steps=steps, epochs=1))
        sparing = Followed(run, run.accuracy).filter
        sparse = Followed(run, run.accuracy, sparing=False).filter
        missed += sparing.steps.weights[-1] == sparing.steps.weights[-2]
        for tracker in (sparing, sparse):
            tracker.restart(0.0)
        assert sparing.level == pytest.approx(sparse.level, abs=0.5 * sparse.sd)
        assert sparing.sd == pytest.approx(sparse.sd, rel=0.3)
        # all of the epoch's batches tell of its level
        level = float(run.level[run.accuracy][0, -1])
        assert sparing.level == pytest.approx(level, abs=4.0 * sqrt(0.1 / 128 / steps))
    assert missed > 1


def test_a_mixture_whose_variance_cancels_has_no_step() -> None:
    """Sums of numbers of five digits and more, on a broken line."""
    sure, cancelled = (0.5, 0.0, 1e-9, 0.0, 1e-9), (0.5, 0.0, 1e-9, 0.0, -1e-3)
    before = start(kalman.ONCE, sure, Scale(1e-9, 1.0))._replace(mean=cancelled)
    print_ = Observation(100.0, 1.0, 0.0, 1e-9)
    found = heard(before, kalman.ONCE, Noise("real", 1e-9), kalman.ONCE.gap(0, 0), print_)
    assert sum(found.weights) == pytest.approx(1.0)
    assert found.weights[-1] < 1e-9


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("twice", [False, True])
def test_a_filter_goes_back_to_what_it_was(twice: bool) -> None:
    law = laws.TWICE_RESET if twice else laws.STATE
    run = Simulated(Case(law=law, steps=80, epochs=1))
    tracker = Followed(run, run.loss).filter
    k = run.case.steps
    before = (tracker.level, tracker.sd, tracker.state, tracker.noise.scale, len(tracker.steps))
    memory = tracker.memory()
    weights = (0.0, 1.0) if twice else (1.0, 0.0)
    after = Observation(5.0 * k, *weights, 0.1)
    tracker.follow(kernel_of(twice=twice).gap(k, k + 3), after)
    tracker.restart(0.2)
    said = (tracker.level, tracker.sd, tracker.noise.scale)
    tracker.recall(memory)
    assert before == (
        *(tracker.level, tracker.sd, tracker.state),
        *(tracker.noise.scale, len(tracker.steps)),
    )
    tracker.follow(kernel_of(twice=twice).gap(k, k + 3), after)
    tracker.restart(0.2)
    assert said == (tracker.level, tracker.sd, tracker.noise.scale)


# --- noise ----------------------------------------------------------------------------------------


def test_a_known_noise_stays_known() -> None:
    noise = Noise("fraction", 1 / 32)
    tracker = LevelFilter(noise, kalman.ONCE, guess=0.5, spread=0.5)
    for number in (0.1, 0.9, 0.2, 0.8):
        tracker.restart(0.0)
        tracker.follow(kalman.ONCE.gap(0, 1), Observation(number, 1.0, 0.0, 1e-9))
    assert noise.scale == 1 / 32
    assert noise.variance(0.5) == pytest.approx(0.25 / 32)
    assert noise.is_known


def test_the_noise_is_never_nothing() -> None:
    assert Noise("fraction", 1.0).variance(1.0) > 0.0
    assert Noise("fraction", 1.0).variance(1.7) > 0.0
    assert Noise("positive", 1.0).variance(0.0) > 0.0
    assert Noise("real", 2.0).variance(-3.0) == 2.0


def test_noise_is_learnt_from_innovations_and_only_from_its_share() -> None:
    random = np.random.default_rng(4)
    scale = Scale(1.0, 0.5)
    for nu in random.normal(0.0, 3.0, 3000):
        scale = scale.learn(nu * nu / scale.c, 1.0)
    assert scale.c == pytest.approx(9.0, rel=0.4)
    assert scale.learn(100.0, 0.0) == scale


NUMBERS = 120


def alone(numbers: Sequence[float], start: Scale) -> LevelFilter:
    """The filter after numbers that each stand for one batch and are hardly rounded."""
    noise = Noise("real", start=start)
    tracker = LevelFilter(noise, kalman.ONCE, guess=numbers[0], spread=1.0)
    assert not noise.is_known
    for number in numbers:
        tracker.restart(0.0)
        tracker.follow(kalman.ONCE.gap(0, 1), Observation(number, 1.0, 0.0, 1e-12))
    return tracker


@pytest.mark.parametrize("guess", [1e-4, 1e-2, 1.0])
def test_much_noise_about_a_calm_level_is_not_taken_for_a_restless_one(guess: float) -> None:
    random = np.random.default_rng(5)
    tracker = alone(random.normal(1.0, 0.1, NUMBERS).tolist(), OF_ANYTHING._replace(c=guess))
    assert tracker.noise.is_known
    assert tracker.noise.scale == pytest.approx(0.01, rel=0.5)
    assert tracker.level == pytest.approx(1.0, abs=0.05)
    assert tracker.sd < 0.05


@pytest.mark.parametrize("guess", [1e-6, 1e-4, OF_ANYTHING.c])
def test_a_smooth_curve_is_followed_whatever_noise_was_guessed(guess: float) -> None:
    curve = [2.0 * exp(-i / 40) for i in range(NUMBERS)]
    tracker = alone(curve, OF_ANYTHING._replace(c=guess))
    behind = tracker.level - curve[-1]
    assert abs(behind) < curve[-2] - curve[-1]
