"""Averaging laws, told from the prints of made-up runs."""

from __future__ import annotations

from math import inf, nan

import pytest

from tests.simulate import SHAPES, Case, Shape, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.inference.evidence import MOST_PRINTS, Sample, Trial, Trials, in_order
from tui_monitor.core.metrics import describe

shapes = pytest.mark.parametrize("shape", SHAPES)


def samples(run: Simulated, name: str, epochs: int = 1) -> list[Sample]:
    """A metric's prints in the first epochs."""
    return [s for s in run.samples(name) if s.epoch <= epochs]


def scores(run: Simulated, found: list[Law], epochs: int = 1) -> dict[Law, float]:
    """Log-likelihood of loss and accuracy together, under each law."""
    trials = Trials(found)
    for name in run.case.names:
        trials.take(describe(name), samples(run, name, epochs))
    return dict(trials.nats())


def score(law: Law, found: list[Sample]) -> float:
    """Log-likelihood of an accuracy's prints."""
    trial = Trial([law], describe("accuracy"))
    trial.take(found)
    return trial.nats()[law]


# --- the law --------------------------------------------------------------------------------------


@shapes
@pytest.mark.parametrize("law", [laws.STEPS, laws.STATE])
@pytest.mark.parametrize(("size", "steps", "every"), [(32, 100, 1), (256, 60, 1), (64, 1200, 12)])
def test_one_average_is_told_from_two_within_an_epoch(
    shape: Shape, law: Law, size: int, steps: int, every: int
) -> None:
    run = Simulated(Case(law, shape, size, steps, 1, every=every))
    rivals = [laws.TWICE_APPENDED, laws.TWICE_RESET]
    found = scores(run, [law, *rivals])
    assert found[law] > max(found[other] for other in rivals) + 10.0


@shapes
@pytest.mark.parametrize("law", [laws.TWICE_APPENDED, laws.TWICE_RESET])
@pytest.mark.parametrize(("size", "steps", "every"), [(32, 100, 1), (256, 60, 1), (64, 1200, 12)])
def test_two_averages_are_told_from_one_within_an_epoch(
    shape: Shape, law: Law, size: int, steps: int, every: int
) -> None:
    run = Simulated(Case(law, shape, size, steps, 1, every=every))
    found = scores(run, [law, laws.STATE])
    assert found[law] > found[laws.STATE] + 10.0


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
    found = scores(run, [law, other, laws.STATE], 2)
    assert found[law] > found[other]


def test_an_impossible_print_counts_against_a_law() -> None:
    run = Simulated(Case(laws.STATE, "exp", 32, 60, 1))
    good = samples(run, run.accuracy)
    spoilt = [s._replace(displayed=s.displayed + 0.2) if s.k == 30 else s for s in good]
    without = [s for s in good if s.k != 30]
    assert score(laws.STATE, spoilt) == pytest.approx(score(laws.STATE, without) - 25.0)


def test_a_last_line_that_changes_without_a_batch_counts_against_a_law() -> None:
    """Only a law that has another rule for its last line prints another number there."""
    run = Simulated(Case(laws.STATE, "exp", 32, 60, 1))
    good = samples(run, run.accuracy)
    spoilt = [s._replace(displayed=s.displayed + 0.01) if s.final else s for s in good]
    assert score(laws.STATE, spoilt) < score(laws.STATE, good) - 20.0


def test_nothing_weighs_nothing() -> None:
    assert score(laws.STATE, []) == pytest.approx(0.0)


def test_it_does_not_matter_how_often_is_weighed() -> None:
    run = Simulated(Case(laws.TWICE_RESET, "exp", 32, 150, 3))
    found = samples(run, run.accuracy, 3)
    one, other = (
        Trial([laws.TWICE_APPENDED, laws.TWICE_RESET], describe("accuracy")) for _ in range(2)
    )
    one.take(found)
    for s in found:
        other.take([s])
        assert other.nats()[laws.TWICE_RESET] <= 0.0
    assert one.nats() == other.nats()
    assert one.first_noise() == other.first_noise()


def test_laws_of_another_depth_are_dropped() -> None:
    run = Simulated(Case(laws.TWICE_RESET, "exp", 32, 60, 1))
    trials = Trials([laws.TWICE_APPENDED, laws.TWICE_RESET, laws.STATE])
    found = samples(run, run.accuracy)
    trials.take(describe("accuracy"), found[:30])
    trials.keep(2)
    trials.take(describe("accuracy"), found[30:])
    kept = trials.nats()
    assert set(kept) == {laws.TWICE_APPENDED, laws.TWICE_RESET}
    assert kept[laws.TWICE_RESET] > kept[laws.TWICE_APPENDED]
    assert trials.first_noise("accuracy", 2) is not None
    assert trials.first_noise("accuracy", 1) is None


def test_laws_of_one_depth_differ_by_their_last_lines() -> None:
    run = Simulated(Case(laws.TWICE_RESET, "exp", 32, 60, 2))
    both = [laws.TWICE_APPENDED, laws.TWICE_RESET]
    asked, whole = (Trials([*both, laws.STATE]) for _ in range(2))
    for trials in (asked, whole):
        trials.take(describe("accuracy"), samples(run, run.accuracy, 2))
    of_last_lines, nats = asked.last_lines(2), whole.nats()
    one, other = (found[both[1]] - found[both[0]] for found in (of_last_lines, nats))
    assert one == pytest.approx(other)
    assert one > 1.0
    # what was left unasked is asked later
    assert asked.nats() == pytest.approx(nats)


# --- the prints that a trial uses -----------------------------------------------------------------


def sample(epoch: int, k: int, displayed: float = 0.5, *, final: bool = False) -> Sample:
    return Sample(epoch, k, displayed, 1e-4, final, final)


def test_only_finite_prints_in_order_are_used() -> None:
    prints = [
        *(sample(1, 1), sample(1, 3), sample(1, 2), sample(1, 4, nan), sample(1, 5, inf)),
        *(sample(1, 6), sample(2, 1), sample(2, 1)),
    ]
    assert [(s.epoch, s.k) for s in in_order(prints)] == [(1, 1), (1, 3), (1, 6), (2, 1), (2, 1)]


def test_in_order_goes_on_where_it_stopped() -> None:
    before = sample(1, 5)
    assert in_order([sample(1, 4), sample(1, 6), sample(2, 1)], before) == [
        sample(1, 6),
        sample(2, 1),
    ]


def test_a_long_epoch_is_tried_at_its_start_and_at_its_end() -> None:
    """Prints between them are not looked at, so that an impossible one there costs nothing."""
    run = Simulated(Case(laws.STEPS, "exp", 32, 400, 1))
    good = samples(run, run.accuracy)

    def spoilt(k: int) -> float:
        prints = [s._replace(displayed=s.displayed + 0.2) if s.k == k else s for s in good]
        return score(laws.STEPS, prints)

    def without(k: int) -> float:
        return score(laws.STEPS, [s for s in good if s.k != k])

    assert spoilt(300) == score(laws.STEPS, good)
    for k in (20, MOST_PRINTS - 10, 400):
        assert spoilt(k) == pytest.approx(without(k) - 25.0)
