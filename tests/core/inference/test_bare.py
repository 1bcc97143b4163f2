"""A number of unknown averaging is told apart by how it moves."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from tests.simulate import SHAPES, Case, Shape, Simulated
from tui_monitor.core.averages import laws
from tui_monitor.core.averages.laws import Law
from tui_monitor.core.inference.bare import Bare, Claimed
from tui_monitor.core.metrics import describe
from tui_monitor.core.session import Session


def moved(case: Case, name: str) -> Bare:
    found = Bare(describe(name))
    for line in Simulated(case).lines:
        shown = line.numbers[name]
        found.take(line.epoch, line.k, shown.displayed, shown.quantum)
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("every", [1.0, 5.0])
@pytest.mark.parametrize("size", [16, 512])
def test_a_running_mean_is_told_from_what_is_none(shape: Shape, every: float, size: int) -> None:
    """Means that forget look so too where the level steps as each epoch begins."""
    others = [laws.INSTANTANEOUS, laws.INTERVAL]
    if shape != "staircase":
        others += [laws.SEEDED_90, laws.SLIDING_10]
    for digits in (3, 5):
        case = Case(laws.PLAIN, shape, size, 90, 4, digits, every, seed=3)
        for name in ("loss", "acc"):
            assert moved(case, name).margin > 0.0
            for law in others:
                other = Case(law, shape, size, 90, 4, digits, every, seed=3)
                assert moved(other, name).margin < 12.0


def test_it_is_settled_in_the_second_epoch() -> None:
    run = Simulated(Case(laws.PLAIN, steps=90, epochs=2, seed=1))
    found = Bare(describe("loss"))
    for line in run.lines:
        shown = line.numbers["loss"]
        found.take(line.epoch, line.k, shown.displayed, shown.quantum)
        if line.epoch == 1:
            assert found.margin == 0.0
        if found.law is not None:
            break
    assert found.law is laws.PLAIN
    assert (line.epoch, line.k) <= (2, 30)


@pytest.mark.parametrize(
    ("law", "every", "expected"),
    [
        (laws.INSTANTANEOUS, 1.0, laws.INSTANTANEOUS),
        (laws.INSTANTANEOUS, 4.0, laws.OPEN),
        (laws.INTERVAL, 4.0, laws.OPEN),
        (laws.SEEDED_90, 1.0, laws.OPEN),
        (laws.SLIDING_20, 1.0, laws.OPEN),
    ],
)
def test_single_batches_are_told_where_each_is_printed(
    law: Law, every: float, expected: Law
) -> None:
    for seed in range(3):
        found = moved(Case(law, "power", 32, 120, 4, every=every, seed=seed), "loss")
        assert found.law is expected


def test_what_is_no_number_is_left_out() -> None:
    found = Bare(describe("loss"))
    for epoch in (1, 2):
        for k, x in enumerate(np.random.default_rng(1).normal(size=40), start=1):
            found.take(epoch, k, nan if k % 7 == 0 else x, 1e-4)
    assert found.margin < 0.0


def test_a_count_below_zero_and_a_number_near_infinity_tell_nothing() -> None:
    found = Bare(describe("loss"))
    for epoch, first in ((1, 1), (2, -20)):
        for k, x in enumerate(np.random.default_rng(1).normal(size=40), start=first):
            found.take(epoch, k, 1.7e308 if k == 11 else x, 1e-4)
    assert np.isfinite(found.nats)
    assert found.margin < 0.0


def test_prints_that_never_move_settle_nothing() -> None:
    found = Bare(describe("loss"))
    for epoch in (1, 2, 3):
        for k in range(1, 50):
            found.take(epoch, k, 0.5, 1e-4)
    assert not np.isnan(found.margin)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (laws.SEEDED_98, None),
        (laws.INSTANTANEOUS, laws.INSTANTANEOUS),
        (laws.SLIDING_10, laws.OPEN),
    ],
)
@pytest.mark.parametrize("shape", ["power", "flat"])
@pytest.mark.parametrize("digits", [3, 5])
def test_what_is_told_to_be_an_exponential_mean_may_not_be_possible(
    law: Law, expected: Law | None, shape: Shape, digits: int
) -> None:
    """Ignite's bar shows what a program has attached to it: a RunningAverage, or an output as it is."""
    for seed in range(3):
        told = Claimed(describe("batch loss"), laws.SEEDED_98)
        for line in Simulated(Case(law, shape, 32, 100, 2, digits, seed=seed)).lines:
            shown = line.numbers["loss"]
            told.take(line.epoch, line.k, shown.displayed, shown.quantum)
        assert told.law is expected


def test_a_bar_of_ignite_without_a_running_average_shows_batches() -> None:
    losses = 2.0 + np.random.default_rng(2).normal(size=120) * 0.1
    session = Session()
    for i, loss in enumerate(losses):
        epoch, step = divmod(i, 60)
        bar = f"Epoch [{epoch + 1}/2]: [{step + 1}/60]   5%|██     "
        session.feed(f"{bar}, batch loss={loss:.3g} [00:00<00:01]\r".encode(), 0.0)
    session.finish()
    rows = list(session.rows())
    assert len(rows) == 120
    assert {row.law for row in rows} == {"instantaneous"}
    assert not any(row.outlier for row in rows)
