"""Law and batch size, told from the prints of made-up runs."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest

from tests.simulate import SHAPES, Case, Shape, Simulated
from tui_monitor.core import laws
from tui_monitor.core.evidence import Sample, Trials, in_order, infer_batch_size, most_telling
from tui_monitor.core.laws import Law
from tui_monitor.core.metrics import describe

shapes = pytest.mark.parametrize("shape", SHAPES)


def samples(run: Simulated, name: str, epochs: int = 1) -> list[Sample]:
    """A metric's prints in the first epochs."""
    return [
        Sample(
            line.epoch,
            line.k,
            line.numbers[name].displayed,
            line.numbers[name].quantum,
            line.final,
            line.k == run.case.steps,
        )
        for line in run.lines
        if line.epoch <= epochs
    ]


def score(run: Simulated, law: Law, epochs: int = 1) -> float:
    """Log-likelihood of loss and accuracy together."""
    return sum(Trials().weigh(law, describe(n), samples(run, n, epochs)) for n in run.case.names)


# --- the law --------------------------------------------------------------------------------------


@shapes
@pytest.mark.parametrize("law", [laws.STEPS, laws.STATE])
@pytest.mark.parametrize(("size", "steps", "every"), [(32, 100, 1), (256, 60, 1), (64, 1200, 12)])
def test_one_average_is_told_from_two_within_an_epoch(
    shape: Shape, law: Law, size: int, steps: int, every: int
) -> None:
    run = Simulated(Case(law, shape, size, steps, 1, every=every))
    rivals = (laws.TWICE_APPENDED, laws.TWICE_RESET)
    assert score(run, law) > max(score(run, other) for other in rivals) + 10.0


@shapes
@pytest.mark.parametrize("law", [laws.TWICE_APPENDED, laws.TWICE_RESET])
@pytest.mark.parametrize(("size", "steps", "every"), [(32, 100, 1), (256, 60, 1), (64, 1200, 12)])
def test_two_averages_are_told_from_one_within_an_epoch(
    shape: Shape, law: Law, size: int, steps: int, every: int
) -> None:
    run = Simulated(Case(law, shape, size, steps, 1, every=every))
    assert score(run, law) > score(run, laws.STATE) + 10.0


LAST_LINES = [
    (law, shape, every)
    for law in (laws.TWICE_APPENDED, laws.TWICE_RESET)
    for shape in SHAPES
    if shape != "flat"
    for every in (1.0, 4.0)
]


@pytest.mark.parametrize(("law", "shape", "every"), LAST_LINES)
def test_the_last_line_is_told_apart(law: Law, shape: Shape, every: float) -> None:
    """Whether or not the last batch has a line of its own before it."""
    other = laws.TWICE_RESET if law is laws.TWICE_APPENDED else laws.TWICE_APPENDED
    run = Simulated(Case(law, shape, 64, 400, 2, every=every))
    assert score(run, law, 2) > score(run, other, 2)


def test_an_impossible_print_counts_against_a_law() -> None:
    run = Simulated(Case(laws.STATE, "exp", 32, 60, 1))
    good = samples(run, run.accuracy)
    spoilt = [s._replace(displayed=s.displayed + 0.2) if s.k == 30 else s for s in good]
    metric = describe("accuracy")
    assert (
        Trials().weigh(laws.STATE, metric, spoilt) < Trials().weigh(laws.STATE, metric, good) - 25.0
    )


def test_nothing_weighs_nothing() -> None:
    assert Trials().weigh(laws.STATE, describe("loss"), []) == 0.0


# --- the prints that a trial uses -----------------------------------------------------------------


def sample(epoch: int, k: int, displayed: float = 0.5, *, final: bool = False) -> Sample:
    return Sample(epoch, k, displayed, 1e-4, final, final)


def test_only_finite_prints_in_order_are_used() -> None:
    prints = [
        *(sample(1, 1), sample(1, 3), sample(1, 2), sample(1, 4, nan), sample(1, 5, inf)),
        *(sample(1, 6), sample(2, 1), sample(2, 1)),
    ]
    assert [(s.epoch, s.k) for s in in_order(prints)] == [(1, 1), (1, 3), (1, 6), (2, 1), (2, 1)]


def test_a_trial_uses_the_first_prints_and_the_ends_of_epochs() -> None:
    prints = [sample(e, k, final=k == 200) for e in (1, 2, 3) for k in range(1, 201)]
    kept = list(most_telling(prints, 60))
    assert len(kept) < 90
    assert kept[:60] == prints[:60]
    assert {(s.epoch, s.k) for s in kept} >= {(e, k) for e in (1, 2, 3) for k in (199, 200)}
    assert kept == [s for s in prints if s in kept]
    assert most_telling(prints, 600) == prints


# --- the batch size -------------------------------------------------------------------------------


def inferred(run: Simulated, epochs: int = 1) -> int | None:
    found = samples(run, run.accuracy, epochs)
    return infer_batch_size(run.case.law, describe(run.accuracy), found, None, at_length=True)


CASES = [
    Case(laws.STATE, batch_size=16, steps=200),
    Case(laws.STATE, batch_size=32, steps=400),
    Case(laws.STEPS, batch_size=50, steps=300, last=13),
    Case(laws.STATE, batch_size=64, steps=900, every=9.0),
    Case(laws.STEPS, batch_size=128, steps=100),
    Case(laws.STATE, batch_size=256, steps=120, last=100),
    Case(laws.STATE, batch_size=512, steps=200),
    Case(laws.STATE, batch_size=1024, steps=100),
]


@pytest.mark.parametrize("epochs", [1, 2])
def test_the_batch_size_is_right_or_unknown(epochs: int) -> None:
    found = [
        (case.batch_size, inferred(Simulated(replace(case, shape=shape, seed=seed)), epochs))
        for case in CASES
        for seed, shape in enumerate(SHAPES)
    ]
    # the evidence asked for is 50 to 1: one in a hundred may mislead
    assert sum(size is not None and size != true for true, size in found) <= 1
    assert sum(size == true for true, size in found) >= 0.85 * len(found)


@pytest.mark.parametrize("law", [laws.TWICE_APPENDED, laws.TWICE_RESET])
def test_the_batch_size_behind_two_averages_is_right_or_unknown(law: Law) -> None:
    found = [
        (size, inferred(Simulated(Case(law, shape, size, 150, 3, seed=size)), 3))
        for size in (32, 64, 256)
        for shape in SHAPES
    ]
    assert sum(size is not None and size != true for true, size in found) == 0
    assert sum(size == true for true, size in found) >= 0.6 * len(found)


@pytest.mark.parametrize("size", [3000, 4096, 6000])
def test_a_size_beyond_what_four_digits_tell_is_right_or_unknown(size: int) -> None:
    for seed, shape in enumerate(SHAPES):
        run = Simulated(Case(laws.STATE, shape, size, 50, 4, seed=seed))
        assert inferred(run, 4) in (None, size)


def test_an_accuracy_that_counts_nothing_has_no_batch_size() -> None:
    right = [sample(1, k, 1.0) for k in range(1, 50)]
    assert infer_batch_size(laws.STATE, describe("acc"), right, None, at_length=True) is None
